/*
 * test_mime.c - the parts of a message, and what a reader sees of them
 */
#include "base/limits.h"
#include "base/utf8.h"
#include "mail/mime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct arena arena;

/* Parse a message that is written as `Content-…` fields, an empty line and a body. */
static struct mime *
parse(struct slice text, const struct mime_limits *limits)
{
	struct mime_field fields[8];
	size_t n = 0;

	arena_reset(&arena);
	for (struct slice line; text.n > 0; n++) {
		line = slice_cut(text, '\n', &text);
		if (line.n == 0)
			break;
		assert_true(n < 8);
		fields[n].name = slice_cut(line, ':', &fields[n].value);
	}
	return mime_parse(fields, n, text, limits, &arena);
}

/* Write a part and those in it: `multipart/mixed(text/plain image/png)`. */
static const struct mime_part *
show_part(const struct mime_part *p, struct buf *out)
{
	const struct mime_part *next = p->next;
	const char *before = "(";

	buf_add(out, p->type);
	for (; next != NULL && next->parent == p; before = " ") {
		buf_str(out, before);
		next = show_part(next, out);
	}
	if (*before == ' ')
		buf_char(out, ')');
	return next;
}

/* What a reader sees, as text: the structure, then a line for each text and each file. */
static const char *
show(struct mime *m)
{
	static struct buf out;

	buf_clear(&out);
	assert_non_null(m);
	assert_null(show_part(m->parts, &out));
	buf_char(&out, '\n');
	for (const struct mime_text *t = mime_texts(m); t != NULL; t = t->next) {
		assert_true(utf8_valid(t->text));
		buf_str(&out, t->html ? "html " : "text ");
		for (size_t i = 0; i < t->text.n; i++)
			buf_char(&out, t->text.p[i] == '\n' ? '|' : t->text.p[i]);
		buf_char(&out, '\n');
	}
	for (const struct mime_attachment *at = mime_attachments(m); at != NULL; at = at->next) {
		struct buf content = { 0 };

		mime_content(at, &content);
		assert_int_equal(content.n, mime_size(at));
		buf_printf(&out, "file %.*s", SLICE_ARG(at->type));
		for (const struct field_value *v = at->names; v != NULL; v = v->next)
			buf_printf(&out, " \"%.*s\"", SLICE_ARG(v->text));
		buf_printf(&out, " %zu\n", content.n);
		buf_free(&content);
	}
	if (m->cut != NULL)
		buf_printf(&out, "cut %s\n", m->cut);
	return out.p;
}

static void
assert_shows(struct slice text, const char *wanted)
{
	const char *got = show(parse(text, NULL));

	if (strcmp(got, wanted) != 0)
		fail_msg("of\n%.*s\ncame\n%s\nwanted was\n%s", SLICE_ARG(text), got, wanted);
}

struct row {
	struct slice text;
	const char *shown;
};

static void
assert_all_show(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_shows(rows[i].text, rows[i].shown);
}
#define ASSERT_ALL_SHOW(rows) assert_all_show(rows, sizeof(rows) / sizeof((rows)[0]))

#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n"

static void
one_part(void **state)
{
	static const struct row rows[] = {
		{ SLICE("\nhello\r\nyou\r\n"), "text/plain\ntext hello|you|\n" },
		{ SLICE("\na\rb\r\r\nc\0\r\0\nd\r\n\0"), "text/plain\ntext a|b||c||d|\n" },
		{ SLICE("Content-Type: text/html\n\n<b>hi</b>"), "text/html\nhtml <b>hi</b>\n" },
		{ SLICE("Content-Type: TEXT/HTML ; x=y\n\nx"), "text/html\nhtml x\n" },
		{ SLICE("Content-Type: text\n\nx"), "text/plain\ntext x\n" },
		{ SLICE("Content-Type: text/html charset=utf-8\n\nx"), "text/html\nhtml x\n" },
		{ SLICE("Content-Type: nonsense; boundary=b\n\nx"), "text/plain\ntext x\n" },
		{ SLICE("Content-Type: text/odd\n\nx"), "text/odd\ntext x\n" },
		{ SLICE("Content-Type: text/html\nContent-Type: image/png\n\nx"),
		    "text/html\nhtml x\n" },
		{ SLICE("Content-Type: image/png\n\nx"), "image/png\nfile image/png 1\n" },
		{ SLICE("\n"), "text/plain\n" },
		{ SLICE("content-transfer-encoding: BASE64 (x)\n\ndmlhZ3Jh"),
		    "text/plain\ntext viagra\n" },
		{ SLICE("Content-Transfer-Encoding: quoted-printable\n\nvia= \r\ngra=21"),
		    "text/plain\ntext viagra!\n" },
		{ SLICE("Content-Transfer-Encoding: x-odd\n\ndmlh"), "text/plain\ntext dmlh\n" },
		{ SLICE("Content-Transfer-Encoding: 7bit\n\ndmlhZ3Jh"),
		    "text/plain\ntext dmlhZ3Jh\n" },
		/* nothing else to show than what is attached */
		{ SLICE("Content-Type: text/html\n"
			"Content-Disposition: attachment; filename=a.html\n\nx"),
		    "text/html\nhtml x\nfile text/html \"a.html\" 1\n" },
		{ SLICE("\na\rb\0c\r\n"), "text/plain\ntext a|bc|\n" },
	};

	(void)state;
	ASSERT_ALL_SHOW(rows);
}

static void
charsets(void **state)
{
	static const struct row rows[] = {
		{ SLICE("Content-Type: text/plain; charset=koi8-r\n\n\xd7\xc9"),
		    "text/plain\ntext ви\n" },
		{ SLICE("Content-Type: text/plain; charset=\"utf-8\"\n\n\xc3\xa9\xff"),
		    "text/plain\ntext é\xef\xbf\xbd\n" },
		{ SLICE("Content-Type: text/html\n\n<meta charset=\"koi8-r\">\xd7\xc9"),
		    "text/html\nhtml <meta charset=\"koi8-r\">ви\n" },
		{ SLICE("Content-Type: text/html; charset=utf-8\n\n<meta charset=koi8-r>\xc3\xa9"),
		    "text/html\nhtml <meta charset=koi8-r>é\n" },
		{ SLICE("Content-Type: text/html\n\n<meta charset=utf-16>\xc3\xa9"),
		    "text/html\nhtml <meta charset=utf-16>é\n" },
		{ SLICE("Content-Type: text/plain; charset=utf-16le\n"
			"Content-Transfer-Encoding: base64\n\ndgBpAA0ACgA="),
		    "text/plain\ntext vi|\n" },
	};

	(void)state;
	ASSERT_ALL_SHOW(rows);
}

static void
multiparts(void **state)
{
	static const struct row rows[] = {
		{ SLICE(MIXED "before\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: text/html\r\n\r\n"
			      "two\r\n--b--\r\nbehind\r\n"),
		    "multipart/mixed(text/plain text/html)\ntext one\nhtml two\n" },
		{ SLICE(MIXED "--b\n\none\n--b\n\ntwo\n--b--\n"),
		    "multipart/mixed(text/plain text/plain)\ntext one\ntext two\n" },
		{ SLICE(
		      MIXED "--b\r\nContent-Type: multipart/alternative;\r\n\tboundary=\"c d\"\r\n"
			    "\r\n--c d\r\n\r\none\r\n--c d\r\nContent-Type: text/html\r\n\r\ntwo"
			    "\r\n--c d--\r\n--b\r\nContent-Type: image/png; name=x.png\r\n\r\nPNG"
			    "\r\n--b--"),
		    "multipart/mixed(multipart/alternative(text/plain text/html) image/png)\n"
		    "text one\nhtml two\nfile image/png \"x.png\" 3\n" },
		{ SLICE("Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: hi\n\none\n"
			"--b\nContent-Type: text/plain\n\ntwo\n--b--"),
		    "multipart/digest(message/rfc822(text/plain) text/plain)\n"
		    "text hi\ntext one\ntext two\nfile message/rfc822 16\n" },
		/* the last line end is the boundary's, others are content */
		{ SLICE(MIXED "--b\n\none - --b\n-b\n - \n--\n --b\n--b--"),
		    "multipart/mixed(text/plain)\ntext one - --b|-b| - |--| --b\n" },
		{ SLICE(MIXED "--b\r\n\r\none\r\n\r\n--b--"),
		    "multipart/mixed(text/plain)\ntext one|\n" },
		{ SLICE("Content-Type: multipart; boundary=b\n\n--b\n\none\n--b--"),
		    "multipart/mixed(text/plain)\ntext one\n" },
	};

	(void)state;
	ASSERT_ALL_SHOW(rows);
}

static void
broken_boundaries(void **state)
{
	static const struct row rows[] = {
		/* no end */
		{ SLICE(MIXED "--b\r\n\r\none\r\n"), "multipart/mixed(text/plain)\ntext one|\n" },
		/* no boundary parameter; none that is found */
		{ SLICE("Content-Type: multipart/mixed\n\none\r\n"), "text/plain\ntext one|\n" },
		{ SLICE(MIXED "--c\r\n\r\none\r\n"), "text/plain\ntext --c||one|\n" },
		{ SLICE(MIXED), "text/plain\n" },
		{ SLICE(MIXED "--b--\r\none"), "text/plain\ntext --b--|one\n" },
		/* one that the other begins with */
		{ SLICE(MIXED "--b\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n"
			      "--bb\r\n\r\none\r\n--bb--\r\n--b\r\n\r\ntwo\r\n--b--\r\n"),
		    "multipart/mixed(multipart/mixed(text/plain) text/plain)\n"
		    "text one\ntext two\n" },
		{ SLICE(MIXED "--b\r\nContent-Type: multipart/mixed; boundary=b--\r\n\r\n"
			      "--b--\r\n\r\none\r\n--b----\r\n--b\r\n\r\ntwo\r\n--b--\r\n"),
		    "multipart/mixed(multipart/mixed(text/plain) text/plain)\n"
		    "text one\ntext two\n" },
		/* both the same */
		{ SLICE(MIXED "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
			      "--b\r\n\r\none\r\n--b--\r\n--b--\r\n"),
		    "multipart/mixed(multipart/mixed(text/plain))\ntext one\n" },
		/* the inner one has no end */
		{ SLICE(MIXED "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
			      "--c\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n"),
		    "multipart/mixed(multipart/mixed(text/plain) text/plain)\n"
		    "text one\ntext two\n" },
		/* empty; white space at the end */
		{ SLICE("Content-Type: multipart/mixed; boundary=\"\"\n\n--\r\n\r\none\r\n----"),
		    "multipart/mixed(text/plain)\ntext one\n" },
		{ SLICE("Content-Type: multipart/mixed; boundary=\"b \"\n\n--b \t\r\n\r\none"
			"\r\n--b--  "),
		    "multipart/mixed(text/plain)\ntext one\n" },
		{ SLICE(MIXED
		      "--b\r\n\r\none\r\n--bx\r\n--bxx\r\n--b--x\r\n--b-\r\n --b\r\n--b\0\r\n--b--"),
		    "multipart/mixed(text/plain)\ntext one|--bx|--bxx|--b--x|--b-| --b|--b\n" },
		/* what looks like a header field */
		{ SLICE("Content-Type: multipart/mixed; boundary=\":c\"\n\n--:c\r\n"
			"Content-Type: text/html\r\n--:c\r\n\r\ntwo\r\n--:c--\r\n"),
		    "multipart/mixed(text/html text/plain)\ntext two\n" },
		/* more after the end */
		{ SLICE(MIXED "--b\r\n\r\none\r\n--b--\r\n--b\r\n\r\ntwo\r\n"),
		    "multipart/mixed(text/plain text/plain)\ntext one\ntext two|\n" },
		/* the field says another than the parts begin with: readers make of it what they do
		 */
		{ SLICE("Content-Type: multipart/mixed\n\nhi\r\n--c\r\n\r\none\r\n--c\r\n"
			"Content-Type: text/html\r\n\r\ntwo\r\n--c--\r\nend"),
		    "multipart/mixed(text/plain text/html)\ntext one\nhtml two\n" },
		{ SLICE("Content-Type: multipart/mixed; boundary=\"=?us-ascii?q?b?=\"\n\n"
			"--=?us-ascii?q?b?=\r\nContent-Type: text/html\r\n\r\none"),
		    "multipart/mixed(text/html)\nhtml one\n" },
		{ SLICE("Content-Type: multipart/mixed; boundary=\"b\xe4\\b\"\n\n"
			"--b\xe4\\b\r\nContent-Type: text/html\r\n\r\none"),
		    "multipart/mixed(text/html)\nhtml one\n" },
		{ SLICE("Content-Type: multipart/mixed; boundary=b; boundary*=''c\n\n--b\r\n"
			"Content-Type: text/html\r\n\r\none\r\n--c\r\n\r\ntwo\r\n--b--"),
		    "multipart/mixed(text/html text/plain)\nhtml one\ntext two\n" },
		/* behind the first one that the field says, it is none */
		{ SLICE(MIXED "--b\r\n\r\none\r\n--c\r\nContent-Type: text/html\r\n--b--"),
		    "multipart/mixed(text/plain)\ntext one|--c|Content-Type: text/html\n" },
		{ SLICE(MIXED "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\nhi\r\n"
			      "--b\r\nContent-Type: text/html\r\n\r\none\r\n--b--\r\n"),
		    "multipart/mixed(text/plain text/html)\ntext hi\nhtml one\n" },
		/* nothing but boundaries */
		{ SLICE(MIXED "--b\r\n--b\r\n--b\r\n"),
		    "multipart/mixed(text/plain text/plain text/plain)\n" },
	};

	(void)state;
	ASSERT_ALL_SHOW(rows);
}

static void
broken_headers(void **state)
{
	static const struct row rows[] = {
		/* no empty line behind them */
		{ SLICE(MIXED "--b\r\nContent-Type: text/html\r\n--b\r\n\r\ntwo\r\n--b--"),
		    "multipart/mixed(text/html text/plain)\ntext two\n" },
		{ SLICE(MIXED "--b\r\nContent-Type: text/html\r\nno header\r\n\r\nx\r\n--b--"),
		    "multipart/mixed(text/html)\nhtml no header||x\n" },
		{ SLICE(MIXED "--b\r\nno header\r\nat all\r\n--b--"),
		    "multipart/mixed(text/plain)\ntext no header|at all\n" },
		/* the header goes on behind what is none of it */
		{ SLICE(MIXED "--b\r\nContent-Type: a/b\r\nno header\r\n\xe4: x\r\n"
			      "Content-Disposition: attachment; filename=c\r\n\r\nx\r\n--b--"),
		    "multipart/mixed(a/b)\nfile a/b \"c\" 1\n" },
		{ SLICE(MIXED "--b\r\n x\r\nContent-Type: text/html\r\n\r\nx\r\n--b--"),
		    "multipart/mixed(text/html)\nhtml x\n" },
		{ SLICE(MIXED "--b\r\nno header\r\n\r\nContent-Type: text/html\r\n--b--"),
		    "multipart/mixed(text/plain)\ntext no header||Content-Type: text/html\n" },
		{ SLICE(MIXED "--b\r\nno header\r\n--b\r\nContent-Type: text/html\r\n\r\nx"),
		    "multipart/mixed(text/plain text/html)\ntext no header\nhtml x\n" },
		{ SLICE(MIXED "--b\r\n : x\r\n--b--"), "multipart/mixed(text/plain)\ntext  : x\n" },
		{ SLICE(MIXED "--b\r\nContent-Type : text/html\r\n\r\nx\r\n--b--"),
		    "multipart/mixed(text/html)\nhtml x\n" },
		{ SLICE(MIXED "--b\r\nContent-Type:\r\n text/html\r\n\r\nx\r\n--b--"),
		    "multipart/mixed(text/html)\nhtml x\n" },
		{ SLICE(MIXED "--b\r\nContent-Type: text/html"), "multipart/mixed(text/html)\n" },
		{ SLICE(MIXED "--b\r\nSubject: no message\r\n\r\nx"),
		    "multipart/mixed(text/plain)\ntext x\n" },
	};

	(void)state;
	ASSERT_ALL_SHOW(rows);
}

static void
messages_within(void **state)
{
	static const struct row rows[] = {
		{ SLICE("Content-Type: message/rfc822\n\nSubject: =?utf-8?q?h=C3=A9?=\r\n"
			"Content-Type: text/html\r\n\r\nx\r\n"),
		    "message/rfc822(text/html)\ntext hé\nhtml x|\nfile message/rfc822 60\n" },
		{ SLICE("Content-Type: message/rfc822\n\nFrom a@b Mon\r\nX: y\r\n\r\nx"),
		    "message/rfc822(text/plain)\ntext x\nfile message/rfc822 23\n" },
		{ SLICE(MIXED "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: s\r\n"
			      "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\none\r\n"
			      "--b\r\n\r\ntwo\r\n--b--"),
		    "multipart/mixed(message/rfc822(multipart/mixed(text/plain)) text/plain)\n"
		    "text s\ntext one\ntext two\nfile message/rfc822 67\n" },
		/* encoded, which the standard forbids and readers read */
		{ SLICE("Content-Type: message/rfc822; name=\"a/b.eml\"\n"
			"Content-Transfer-Encoding: base64\n\nU3ViamVjdDogcwoKYm9keQo="),
		    "message/rfc822(text/plain)\ntext s\ntext body|\n"
		    "file message/rfc822 \"b.eml\" 17\n" },
		{ SLICE("Content-Type: message/rfc822\n\n"),
		    "message/rfc822(text/plain)\nfile message/rfc822 0\n" },
		{ SLICE("Content-Type: message/partial; number=2\n\nno header\n"),
		    "message/partial(text/plain)\ntext no header|\nfile message/partial 10\n" },
		{ SLICE("Content-Type: message/delivery-status\n\nx"),
		    "message/delivery-status\nfile message/delivery-status 1\n" },
	};

	(void)state;
	ASSERT_ALL_SHOW(rows);
}

static void
attachments(void **state)
{
	static const struct row rows[] = {
		{ SLICE(
		      MIXED "--b\nContent-Type: text/plain\nContent-Disposition: attachment\n\na\n"
			    "--b\nContent-Disposition: inline; filename=x.txt\n\nb\n"
			    "--b\nContent-Disposition: odd\n\nc\n--b--"),
		    "multipart/mixed(text/plain text/plain text/plain)\ntext b\ntext c\n"
		    "file text/plain 1\nfile text/plain \"x.txt\" 1\n" },
		{ SLICE("Content-Type: multipart/alternative; boundary=b\n\n"
			"--b\nContent-Type: text/html\nContent-Disposition: attachment\n\na\n"
			"--b\nContent-Type: text/calendar; name=c\n"
			"Content-Disposition: attachment\n\nb\n--b--"),
		    "multipart/alternative(text/html text/calendar)\nhtml a\ntext b\n"
		    "file text/calendar \"c\" 1\n" },
		{ SLICE(MIXED "--b\nContent-Type: application/pdf; name=\"a.exe\"\n"
			      "Content-Disposition: attachment; filename=\"C:\\\\x\\\\a.pdf\"\n"
			      "Content-Transfer-Encoding: base64\n\nQUJD\n--b--"),
		    "multipart/mixed(application/pdf)\n"
		    "file application/pdf \"a.pdf\" \"a.exe\" 3\n" },
		{ SLICE(MIXED "--b\nContent-Type: image/png; name=same\n"
			      "Content-Disposition: attachment; filename=../same/\n\nx\n--b--"),
		    "multipart/mixed(image/png)\nfile image/png \"same\" 1\n" },
		{ SLICE(MIXED "--b\nContent-Type: a/b\n"
			      "Content-Disposition: attachment; filename*0*=utf-8''%c3%a9;\n"
			      " filename*1=.exe\n\nx\n--b--"),
		    "multipart/mixed(a/b)\nfile a/b \"é.exe\" 1\n" },
		{ SLICE(
		      "\nsee:\nbegin 644 a/b.exe\n#86)C\n`\nend\nthat\nbegin 600 c\n#86)C\nend\n"),
		    "text/plain\ntext see:|that|\nfile application/octet-stream \"b.exe\" 3\n"
		    "file application/octet-stream \"c\" 3\n" },
		{ SLICE("Content-Transfer-Encoding: x-uuencode\nContent-Type: a/b; name=x\n\n"
			"begin 644 x\r\n#86)C\r\n`\r\nend\r\n"),
		    "a/b\nfile a/b \"x\" 3\n" },
	};

	(void)state;
	ASSERT_ALL_SHOW(rows);
}

static void
flowed(void **state)
{
	static const struct row rows[] = {
		{ SLICE("Content-Type: text/plain; format=Flowed\n\none \r\ntwo\r\n  three\r\n"),
		    "text/plain\ntext one two| three|\n" },
		{ SLICE("Content-Type: text/plain; format=flowed; delsp=yes\n\nvia \ngra\n"),
		    "text/plain\ntext viagra|\n" },
		{ SLICE(
		      "Content-Type: text/plain; format=flowed\n\n> a \n> b\n>> c \n> d \ne \n-- \nf"),
		    "text/plain\ntext > a b|>> c |> d |e |-- |f\n" },
		{ SLICE("Content-Type: text/plain; format=flowed\n\na "), "text/plain\ntext a \n" },
		{ SLICE("Content-Type: text/plain\n\na \nb\n"), "text/plain\ntext a |b|\n" },
		{ SLICE("Content-Type: text/html; format=flowed\n\na \nb\n"),
		    "text/html\nhtml a |b|\n" },
	};

	(void)state;
	ASSERT_ALL_SHOW(rows);
}

static void
limits_are_told(void **state)
{
	static const struct {
		struct mime_limits limits;
		struct slice text;
		const char *shown;
	} t[] = {
		{ { .parts = 2 }, SLICE(MIXED "--b\n\none\n--b\n\ntwo\n--b--"),
		    "multipart/mixed(text/plain)\ntext one\ncut parts\n" },
		{ { .parts = 3 }, SLICE(MIXED "--b\n\none\n--b\n\ntwo\n--b--"),
		    "multipart/mixed(text/plain text/plain)\ntext one\ntext two\n" },
		{ { .parts = 1 }, SLICE("Content-Type: message/rfc822\n\nA: b\n\nx"),
		    "message/rfc822\nfile message/rfc822 7\ncut parts\n" },
		{ { .parts = 2 }, SLICE("\nbegin 644 a\n#86)C\nend\nbegin 644 b\n#86)C\nend\n"),
		    "text/plain\ntext begin 644 b|#86)C|end|\n"
		    "file application/octet-stream \"a\" 3\ncut parts\n" },
		{ { .nesting = 1 },
		    SLICE(MIXED "--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\none\n"
				"--c--\n--b\n\ntwo\n--b--"),
		    "multipart/mixed(multipart/mixed text/plain)\ntext two\n"
		    "file multipart/mixed 14\ncut nesting\n" },
		{ { .decoded = 5 }, SLICE(MIXED "--b\n\none\n--b\n\ntwo\n--b\n\nthree\n--b--"),
		    "multipart/mixed(text/plain text/plain text/plain)\ntext one\ntext tw\n"
		    "cut decoded\n" },
		{ { .decoded = 5 }, SLICE("Content-Transfer-Encoding: base64\n\ndmlhZ3Jh"),
		    "text/plain\ntext viagr\ncut decoded\n" },
		{ { .decoded = 6 }, SLICE("Content-Transfer-Encoding: base64\n\ndmlhZ3Jh"),
		    "text/plain\ntext viagra\n" },
		{ { .decoded = 3 },
		    SLICE(MIXED "--b\n\none\n--b\nContent-Transfer-Encoding: base64\n\ndmlh\n"
				"--b--"),
		    "multipart/mixed(text/plain text/plain)\ntext one\ncut decoded\n" },
		{ { .decoded = 5 }, SLICE("\nhello"), "text/plain\ntext hello\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_string_equal(show(parse(t[i].text, &t[i].limits)), t[i].shown);
}

/* What the limits let through doesn't depend on what is asked first. */
static void
order_does_not_matter(void **state)
{
	static const char text[] =
	    MIXED "--b\nContent-Type: text/html\n\n<p>hello\n--b\n\nbegin 644 a\n"
		  "#86)C\nend\n--b\nContent-Type: a/b\n\nx\n--b--";
	struct mime_limits limits = { 0 };

	(void)state;
	for (limits.decoded = 1; limits.decoded < sizeof(text); limits.decoded++) {
		char first[1024];
		struct mime *m = parse(slice_of(text, sizeof(text) - 1), &limits);

		snprintf(first, sizeof(first), "%s", show(m));
		m = parse(slice_of(text, sizeof(text) - 1), &limits);
		mime_attachments(m);
		assert_string_equal(show(m), first);
	}
}

static void
asking_again_costs_nothing(void **state)
{
	struct mime *m = parse(SLICE(MIXED "--b\n\none\n--b--"), NULL);
	const struct mime_attachment *none = mime_attachments(m);
	const struct mime_text *first = mime_texts(m);
	size_t used = arena.used;

	(void)state;
	assert_null(none);
	assert_ptr_equal(mime_texts(m), first);
	assert_null(mime_attachments(m));
	assert_int_equal(arena.used, used);
}

static void
lack_of_memory_is_told(void **state)
{
	static const char text[] = MIXED "--b\nContent-Type: message/rfc822\n\nSubject: s\n\none\n"
					 "--b\nContent-Type: a/b; name=c\n\ntwo\n--b--";
	bool complete = false;

	(void)state;
	for (size_t limit = 1; !complete; limit += 8) {
		struct mime *m;

		assert_true(limit < 100000);
		arena.limit = limit;
		m = parse(slice_of(text, sizeof(text) - 1), NULL);
		if (m != NULL) {
			const struct mime_text *t = mime_texts(m);
			const struct mime_attachment *at = mime_attachments(m);

			complete = t != NULL && t->next != NULL && at != NULL && at->next != NULL;
			assert_true(complete || m->cut != NULL);
		}
	}
	arena.limit = 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_part),
		cmocka_unit_test(charsets),
		cmocka_unit_test(multiparts),
		cmocka_unit_test(broken_boundaries),
		cmocka_unit_test(broken_headers),
		cmocka_unit_test(messages_within),
		cmocka_unit_test(attachments),
		cmocka_unit_test(flowed),
		cmocka_unit_test(limits_are_told),
		cmocka_unit_test(order_does_not_matter),
		cmocka_unit_test(asking_again_costs_nothing),
		cmocka_unit_test(lack_of_memory_is_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, tear_down);
}

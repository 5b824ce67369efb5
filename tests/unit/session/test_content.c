/* test_content.c - session/content*.c: what facts say of a message */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "replay/message.h"
#include "session/content_in.h"

#include <stdio.h>
#include <stdlib.h>

static struct session_env env;
static struct session s;

static int
setup(void **state)
{
	(void)state;
	env = (struct session_env){ .keep_headers = true, .keep_body = true };
	session_init(&s, &env);
	session_connect(&s, NULL, 0, SLICE_ABSENT);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	session_free(&s);
	return 0;
}

/* A message comes in; lines end in LF. */
static void
hear(const char *text)
{
	struct message m;
	struct arena a;

	arena_init(&a, 0);
	message_parse(&a, slice_str(text), &m);
	session_mail(&s, SLICE("<a@example.net>"), NULL, 0);
	for (size_t i = 0; i < m.nheaders; i++)
		session_header(&s, m.headers[i].name, m.headers[i].value, true);
	session_body(&s, m.body);
	arena_free(&a);
}

/* A fact's values, of one argument at most, as one text: `a|b`, with a `+` behind if more there
 * was. */
static const char *
values(const char *name, const char *arg)
{
	static char shown[4000];
	struct slice args[] = { slice_str(arg) };
	struct fact_ref ref = {
		.fact = fact_find(slice_str(name)), .args = args, .nargs = arg != NULL
	};
	struct values got;
	size_t n = 0;

	assert_non_null(ref.fact);
	fact_get(&s, &ref, &got);
	shown[0] = '\0';
	for (size_t i = 0; i < got.n; i++)
		n += (size_t)snprintf(shown + n, sizeof(shown) - n, "%s%.*s", i > 0 ? "|" : "",
		    SLICE_ARG(got.v[i].text));
	snprintf(shown + n, sizeof(shown) - n, "%s", got.cut ? "+" : "");
	arena_reset(&s.scratch);
	return shown;
}

#define expect(name, text) assert_string_equal(values(name, NULL), text)

static const char letter[] =
    "From: =?utf-8?Q?J=C3=B6rg?= <joerg@Example.ORG>\n"
    "To: a@example.org, Friends: b@example.net, \"C, D\" <c@example.com>;\n"
    "Subject: =?utf-8?B?SGVsbG8=?=\n =?utf-8?B?IHdvcmxk?=\n"
    "X-8bit: caf\xe9\n"
    "MIME-Version: 1.0\n"
    "Content-Type: multipart/mixed; boundary=b\n"
    "\n"
    "--b\n"
    "Content-Type: multipart/alternative; boundary=c\n"
    "\n"
    "--c\n"
    "Content-Transfer-Encoding: base64\n"
    "\n"
    "UGxhaW4gdGV4dCwgaHR0cDovL3d3dy5leGFtcGxlLm9yZy9h\n"
    "--c\n"
    "Content-Type: text/html; charset=utf-8\n"
    "\n"
    "<p>Seen</p><p style='display:none'>not</p>"
    "<a href='http://evil.example.com/'>http://www.bank.example/</a>\n"
    "<a href='http://sub.bank.example/'>www.bank.example</a>\n"
    "--c--\n"
    "--b\n"
    "Content-Type: application/octet-stream; name=\"dir/x.exe\"\n"
    "Content-Disposition: attachment; filename*=utf-8''%C3%BC.pdf\n"
    "\n"
    "MZ\n"
    "--b\n"
    "Content-Type: text/plain\n"
    "Content-Disposition: attachment; filename=a.txt\n"
    "\n"
    "words\n"
    "--b--\n";

static void
headers(void **state)
{
	(void)state;
	hear(letter);
	expect("subject", "Hello world");
	expect("from", "joerg@Example.ORG");
	expect("from.name", "J\xc3\xb6rg");
	expect("from.domain", "example.org");
	assert_string_equal(values("header", "X-8bit"), "caf\xc3\xa9");
	assert_string_equal(values("header", "Nothing"), "");
	assert_string_equal(
	    values("header.addr", "To"), "a@example.org|b@example.net|c@example.com");
	assert_string_equal(values("header.name", "To"), "C, D");
	assert_string_equal(values("header.local", "To"), "a|b|c");
	assert_string_equal(values("header.domain", "TO"), "example.org|example.net|example.com");
	assert_non_null(strstr(values("header.lines", NULL), "Subject: Hello world|X-8bit: caf"));
}

/* A domain is what the DNS and a reader take it for, whatever stands in or behind it. */
static void
domains(void **state)
{
	static const char *const rows[][3] = {
		{ "<a@example.org\xe2\x80\x8b>", "a@example.org" }, /* zero width */
		{ "<a@ex\xc2\xad"
		  "ample.org>",
		    "a@example.org" },				   /* soft hyphen */
		{ "<a@example\xe3\x80\x82org>", "a@example.org" }, /* another full stop */
		{ "<a@\xef\xbd\x85xample.org>", "a@example.org" }, /* a wide letter */
		{ "<a@example.org\xc2\xa0>", "a@example.org" },	   /* a blank */
		{ "<a@example.org((>", "a@example.org" },
		{ "<a@example.org/>", "a@example.org" },
		{ "<a@b\xc3\xbc"
		  "cher.example>",
		    "a@b\xc3\xbc"
		    "cher.example",
		    "xn--bcher-kva.example" },
		{ "<a@XN--bcher-kva.example>", "a@XN--bcher-kva.example" },
		{ "<a@Example.Org>", "a@Example.Org" },
		{ "<a@[192.0.2.1]>", "a@[192.0.2.1]" },
	};
	char text[200];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *domain = rows[i][2] != NULL ? rows[i][2] : rows[i][1] + 2;
		struct slice got;

		snprintf(text, sizeof(text), "From: %s\n\n", rows[i][0]);
		hear(text);
		assert_string_equal(values("from", NULL), rows[i][1]);
		got = slice_str(values("from.domain", NULL));
		if (!slice_eq_nocase(got, slice_str(domain)))
			fail_msg("%s has the domain %.*s", rows[i][0], SLICE_ARG(got));
	}
}

/* Names are folded as a reader sees them. */
static void
folded_names(void **state)
{
	struct fact_ref ref = { .fact = fact_find(SLICE("from.domain")) };
	struct values got;
	struct slice folded;

	(void)state;
	hear("From: <a@\xd0\xb5xample.org>\n\n"); /* a Cyrillic letter */
	fact_get(&s, &ref, &got);
	assert_int_equal(got.n, 1);
	assert_memory_equal(got.v[0].text.p, "xn--", 4);
	assert_true(content_fold(&s, ref.fact, &got.v[0], &folded));
	assert_true(slice_eq(folded, SLICE("example.org")));
}

static void
texts(void **state)
{
	(void)state;
	hear(letter);
	expect("body",
	    "Plain text, http://www.example.org/a|"
	    "Seen\nhttp://www.bank.example/ www.bank.example");
	expect("body.hidden", "not");
	assert_non_null(strstr(values("body.html", NULL), "<p>Seen</p>"));
	expect("message.truncated", "");
}

static void
urls(void **state)
{
	(void)state;
	hear(letter);
	expect("url",
	    "http://www.example.org/a|http://www.bank.example/|http://www.bank.example|"
	    "http://evil.example.com/|http://sub.bank.example/");
	expect("url.host", "www.example.org|www.bank.example|evil.example.com|sub.bank.example");
	expect("url.domain", "example.org|bank.example|example.com");
	expect("url.disguised", "evil.example.com");
}

static void
files(void **state)
{
	(void)state;
	hear(letter);
	expect("attachment.name", "\xc3\xbc.pdf|x.exe|a.txt");
	expect("attachment.type", "application/octet-stream|text/plain");
	expect("attachment.kind", "text|text");
	expect("attachment.size", "2|5");
	expect("attachment.trait", "");
}

/* Base64 of what a test needs. */
static void
hear_named(const char *name, const char *bytes, size_t n)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct buf all = { 0 };

	buf_printf(&all,
	    "Content-Type: application/x-file; name=%s\nContent-Transfer-Encoding: base64\n\n",
	    name);
	for (size_t i = 0; i < n; i += 3) {
		unsigned long v = 0;

		for (size_t k = 0; k < 3; k++)
			v = v << 8 | (i + k < n ? (unsigned char)bytes[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			buf_char(&all, k > n - i ? '=' : digits[v >> (18 - 6 * k) & 63]);
		if (i % 54 == 51)
			buf_char(&all, '\n');
	}
	hear(buf_slice(&all).p);
	buf_free(&all);
}

static void
hear_file(const char *bytes, size_t n)
{
	hear_named("f", bytes, n);
}

/* Readers differ in which of several names they take: all are told. */
static void
several_names(void **state)
{
	(void)state;
	hear("Content-Type: application/x; name=c.txt; name=\"d.txt\"\n"
	     "Content-Disposition: attachment; filename=evil.exe; filename*=utf-8''safe.txt;\n"
	     "\tfilename=\"evil.exe\"\n\nx\n");
	expect("attachment.name", "safe.txt|evil.exe|c.txt|d.txt");
}

/* What is packed alone is unpacked under the file's name. */
static void
packed_alone(void **state)
{
	static const char gzip[] = "\x1f\x8b\x08\0\0\0\0\0\0\xff\3\0\0\0\0\0\0\0\0\0";

	(void)state;
	hear_named("invoice.js.gz", gzip, sizeof(gzip) - 1);
	expect("attachment.kind", "gzip");
	expect("attachment.name", "invoice.js.gz|invoice.js");
	hear_named("page.txt", "plain", 5);
	expect("attachment.name", "page.txt");
}

static void
traits(void **state)
{
	static const char ole[] = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....";
	static const char vba[] = "_\0V\0B\0A\0_\0P\0R\0O\0J\0E\0C\0T\0";
	static const char box[] = "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0";
	/* Rar 4: the head of the archive, a file `f.exe` with the flag of encryption */
	static const char rar[] = "Rar!\x1a\7\0"
				  "\0\0s\0\0\r\0\0\0\0\0\0\0"
				  "\0\0t\4\x80\45\0"   /* encrypted; bytes of this header */
				  "\1\0\0\0\1\0\0\0"   /* packed and unpacked size */
				  "\0\0\0\0\0\0\0\0\0" /* system, sum, time */
				  "\24\60\5\0\0\0\0\0f.exeD";
	char file[200];

	(void)state;
	memcpy(file, ole, sizeof(ole));
	memcpy(file + 20, vba, sizeof(vba));
	hear_file(file, 20 + sizeof(vba));
	expect("attachment.kind", "ole");
	expect("attachment.trait", "macros");
	memcpy(file + 20, box, sizeof(box));
	hear_file(file, 20 + sizeof(box));
	expect("attachment.trait", "encrypted");
	hear_file(ole, sizeof(ole) - 1);
	expect("attachment.trait", "");
	hear_file(rar, sizeof(rar) - 1);
	expect("attachment.kind", "rar");
	expect("attachment.name", "f|f.exe");
	assert_non_null(strstr(values("attachment.trait", NULL), "encrypted"));
}

/* Unpackers find an archive behind other bytes, and go by its name. */
static void
archives_by_name(void **state)
{
	static const struct {
		const char *type, *content, *traits;
	} t[] = {
		{ "a/b; name=A.ZIP", "\rPK\3\4", "broken" },
		{ "image/gif; name=a.rar", "GIF89a", "broken" },
		{ "a/b; name=a.zip", "", "" },
		{ "a/b; name=azip", "hello", "" },
		{ "a/b; name=zip", "hello", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct buf mail = { 0 };

		buf_printf(&mail, "Content-Type: %s\n\n%s", t[i].type, t[i].content);
		hear(buf_slice(&mail).p);
		expect("attachment.trait", t[i].traits);
		buf_free(&mail);
	}
}

/* What one message has is not the next one's. */
static void
next_message(void **state)
{
	(void)state;
	hear(letter);
	expect("subject", "Hello world");
	expect("body.hidden", "not");
	hear("Subject: other\n\nhello\n");
	expect("subject", "other");
	expect("body", "hello\n");
	expect("body.hidden", "");
	expect("url", "");
}

static void
folded(void **state)
{
	struct fact_ref ref = { .fact = fact_find(SLICE("body")) };
	struct values got;
	struct slice once, twice;

	(void)state;
	hear("Content-Type: text/plain; charset=utf-8\n\nv\xc2\xad"
	     "i\xc3\xa1gra\n");
	fact_get(&s, &ref, &got);
	assert_true(content_fold(&s, ref.fact, &got.v[0], &once));
	assert_int_equal(once.n, strlen("viagra "));
	assert_memory_equal(once.p, "viagra ", once.n);
	/* kept, not made again */
	fact_get(&s, &ref, &got);
	assert_true(content_fold(&s, ref.fact, &got.v[0], &twice));
	assert_ptr_equal(once.p, twice.p);
}

/* Of two links, one is longer than a URL can be: where it leads is known. */
static void
hear_long_link(void)
{
	struct buf b = { 0 };

	buf_str(&b, "Content-Type: text/html\n\n<a href=http://a.example/");
	for (size_t i = 0; i < LIMIT_HTML_URL; i++)
		buf_char(&b, 'x');
	buf_str(&b, ">long</a> <a href=http://b.example/>short</a>\n");
	hear(buf_slice(&b).p);
	buf_free(&b);
}

/* A limit that the environment sets, the message, and what comes of it. */
static void
limits(void **state)
{
	static const char parts[] = "Content-Type: multipart/mixed; boundary=b\n\n"
				    "--b\n\none\n--b\n\ntwo\n--b\n\nthree\n--b--\n";

	(void)state;
	hear(parts);
	expect("body", "one|two|three");
	expect("message.truncated", "");

	env.max_parts = 3;
	hear(parts);
	expect("message.truncated", "max-parts");
	expect("body", "one|two+");
	expect("attachment.name", "+");
	env.max_parts = 0;

	env.max_decoded = 5;
	env.asked = content_asks(fact_find(SLICE("body")));
	hear(parts);
	expect("message.truncated", "max-decoded-size");
	expect("body", "one|tw+");
	env.asked = 0;
	hear(parts);
	expect("message.truncated", "");
	env.max_decoded = 0;

	env.max_urls = 1;
	hear("\nhttp://a.example/ http://b.example/\n");
	expect("url", "http://a.example/+");
	expect("message.truncated", "max-urls");
	env.max_urls = 0;

	hear_long_link();
	expect("url.host", "a.example|b.example");
	expect("message.truncated", "max-urls");

	env.max_headers = 2;
	hear("A: 1\nB: 2\nC: 3\n\n");
	expect("header.lines", "A: 1|B: 2+");
	expect("body", "+");
	expect("message.truncated", "max-headers");
	env.max_headers = 0;

	env.max_header_bytes = 5;
	hear("A: 123456\n\n");
	assert_string_equal(values("header", "a"), "1234+");
	expect("message.truncated", "max-header-size");
}

/* The queue id and the MTA's name and version come with macros. */
static void
hear_from(const char *mta, const char *text)
{
	session_macro(&s, STAGE_CONNECT, SLICE("v"), slice_str(mta));
	hear(text);
	session_macro(&s, STAGE_DATA, SLICE("i"), SLICE("4fXq2N"));
}

static void
results(void **state)
{
	static const char told[] =
	    "Authentication-Results: mx.example.org/4fXq2N; dkim=PASS header.d=a.example;\n"
	    "\tdkim=fail header.d=b.example; dkim=odd header.d=c.example\n"
	    "Authentication-Results: MX.example.org/4fXq2N; dmarc=pass header.from=a.example\n"
	    "Authentication-Results: mx.example.org; dmarc=fail header.from=a.example\n\n";
	static const char forged[] =
	    "Authentication-Results: mx.example.org; dmarc=pass header.from=a.example\n\n";
	static const char doubtful[] =
	    "Authentication-Results: mx.example.org/4fXq2N; dmarc=pass; dmarc=fail\n\n";

	char of_from[1000];

	(void)state;
	hear_from("Postfix 3.7.11", told);
	expect("dmarc", ""); /* authserv-id is not set */
	env.authserv_id = "mx.example.org";
	hear_from("Postfix 3.7.11", told);
	expect("dmarc", "+"); /* of whose domain, if not of From's? */
	snprintf(of_from, sizeof(of_from), "From: x@A.example\n%s", told);
	hear_from("Postfix 3.7.11", of_from);
	expect("dkim", "pass|fail");
	expect("dkim.domain", "a.example");
	expect("dmarc", "pass");
	hear_from("8.17.1", told);
	expect("dkim", "");
	expect("dmarc", "");
	hear_from("Postfix 3.7.11", forged);
	expect("dmarc", "");
	env.forged_removed = true;
	snprintf(of_from, sizeof(of_from), "From: x@a.example\n%s", forged);
	hear_from("8.17.1", of_from);
	expect("dmarc", "pass");
	snprintf(of_from, sizeof(of_from), "From: x@a.example, y@b.example\n%s", forged);
	hear_from("8.17.1", of_from);
	expect("dmarc", "+");
	hear_from("Postfix 3.7.11", doubtful);
	expect("dmarc", "+");
	expect("message.truncated", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(headers, setup, teardown),
		cmocka_unit_test_setup_teardown(domains, setup, teardown),
		cmocka_unit_test_setup_teardown(folded_names, setup, teardown),
		cmocka_unit_test_setup_teardown(texts, setup, teardown),
		cmocka_unit_test_setup_teardown(urls, setup, teardown),
		cmocka_unit_test_setup_teardown(files, setup, teardown),
		cmocka_unit_test_setup_teardown(traits, setup, teardown),
		cmocka_unit_test_setup_teardown(several_names, setup, teardown),
		cmocka_unit_test_setup_teardown(packed_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(archives_by_name, setup, teardown),
		cmocka_unit_test_setup_teardown(next_message, setup, teardown),
		cmocka_unit_test_setup_teardown(folded, setup, teardown),
		cmocka_unit_test_setup_teardown(limits, setup, teardown),
		cmocka_unit_test_setup_teardown(results, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

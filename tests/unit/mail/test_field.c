/*
 * test_field.c - the text and the parameters of a header field
 */
#include "mail/field.h"

#include "base/buf.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "linear.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

struct row {
	const char *raw, *wanted;
};

/* Hold what came out against what should; wanted is NULL for nothing. */
static void
compare(struct slice got, const char *raw, const char *wanted)
{
	if ((got.p == NULL) != (wanted == NULL) || !slice_eq(got, slice_str(wanted)))
		fail_msg("%s: \"%.*s\", not \"%s\"", raw, SLICE_ARG(got),
		    wanted != NULL ? wanted : "(none)");
	if (!utf8_valid(got))
		fail_msg("%s: not valid", raw);
}

static void
decode_rows(const struct row *rows, size_t n)
{
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 0; i < n; i++)
		compare(field_decode(slice_str(rows[i].raw), &a), rows[i].raw, rows[i].wanted);
	arena_free(&a);
}

static void
shows_text(void **state)
{
	static const struct row rows[] = {
		{ NULL, NULL },
		{ "", "" },
		{ " plain ", "plain" },
		{ "two  blanks", "two  blanks" },
		{ "folded\r\n here", "folded here" },
		{ "folded\n\there", "folded here" },
		{ "folded\r\n \r\n here", "folded  here" },
		{ "torn\r\napart", "torn  apart" },
		{ "cr\rlf\nend\r\n", "cr lf end" },
		{ "tab\there\x01\x7f", "tab here" },
		{ "vi\x01\177a=?utf-8?q?g=1B=C2=80ra?=\vnow\xc2\x85", "viagra now" },
		{ "c1\xc2\x85here", "c1 here" },
		{ "caf\xe9", "café" },
		{ "caf\xc3\xa9", "café" },
		{ "\xd0\xbf\xd1\x80", "пр" },
		{ "50 =? no", "50 =? no" },
		{ "a = b?=", "a = b?=" },
	};
	struct arena a;

	(void)state;
	decode_rows(rows, COUNT(rows));
	arena_init(&a, 0);
	compare(field_decode(SLICE("a\0b"), &a), "a NUL b",
	    "a\xef\xbf\xbd"
	    "b");
	compare(field_decode(SLICE("=?utf-8?q?a=00b?="), &a), "a NUL b",
	    "a\xef\xbf\xbd"
	    "b");
	arena_free(&a);
}

/* As RFC 2047 has them; those of its section 8 among them. */
static void
decodes_words(void **state)
{
	static const struct row rows[] = {
		{ "=?ISO-8859-1?Q?a?=", "a" },
		{ "=?ISO-8859-1?Q?a?= b", "a b" },
		{ "b =?ISO-8859-1?Q?a?=", "b a" },
		{ "=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab" },
		{ "=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=", "ab" },
		{ "=?ISO-8859-1?Q?a?=\r\n =?ISO-8859-1?Q?b?=", "ab" },
		{ "=?ISO-8859-1?Q?a_b?=", "a b" },
		{ "=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b" },
		{ "=?utf-8?B?Y2Fmw6k=?=", "café" },
		{ "=?Utf-8?b?Y2Fmw6k=?=", "café" },
		{ "=?utf-8*fr?q?caf=C3=a9?=", "café" },
		{ "=?koi8-r?q?=c1?= =?windows-1251?q?=e0?=", "аа" },
		{ "=?iso-2022-jp?b?GyRCJCIbKEI=?=", "あ" },
		{ "=?utf-8?q?\?=", "" },
		{ "(=?utf-8?q?a?=)", "(a)" },
	};

	(void)state;
	decode_rows(rows, COUNT(rows));
}

/* What senders make of RFC 2047. */
static void
decodes_broken_words(void **state)
{
	static const struct row rows[] = {
		{ "\"=?utf-8?q?a?=\"", "\"a\"" },
		{ "x=?utf-8?q?a?=y", "xay" },
		{ "=?utf-8?q?a?==?utf-8?q?b?=", "ab" },
		/* split inside of a character, by both encodings */
		{ "=?utf-8?q?caf=C3?= =?utf-8?q?=A9?=", "café" },
		{ "=?utf-8?b?Y2Fmww==?=\r\n =?UTF-8?q?=A9?=", "café" },
		{ "=?gb2312?b?xA==?= =?gb2312?b?4w==?=", "你" },
		/* but not across charsets */
		{ "=?utf-8?q?=C3?= =?utf-7?q?x?=", "\xef\xbf\xbdx" },
		{ "=?utf-8?q?blanks in it?=", "blanks in it" },
		{ "=?utf-8?q?folded\r\n in it?=", "folded in it" },
		{ "=?utf-8?b?Y2Fm\r\n w6k=?=", "café" },
		{ "=?utf-8?b?Y2 Fm!w6k?=", "café" },
		{ "=?utf-8?b?Y2Fmw6k?=", "café" },
		{ "=?utf-8?b?w6k=w6k=?=", "éé" },
		{ "=?utf-8?b?====?=", "" },
		{ "=?utf-8?q?a=zz=4?=", "a=zz=4" },
		{ "=?utf-8?q?caf\xc3\xa9?=", "café" },
		{ "=?utf-8?q?caf\xe9?=", "caf\xef\xbf\xbd" },
		{ "=?x-unknown?q?caf=e9?=", "café" },
		{ "=??q?caf=e9?=", "café" },
		{ "=?us-ascii?q?caf=C3=A9?=", "café" },
		{ "=?iso-8859-1?q?=93caf=e9=94?=", "“café”" },
		{ "=?gb2312?q?=81=40?=", "丂" },
		{ "=?utf-8?q?never ended", "never ended" },
		{ "=?utf-8?b?Y2Fmw6k", "café" },
		{ "=?utf-8?b?Y2Fmw6k behind", "café behind" },
		{ "=?utf-8?q?one =?utf-8?q?two?=", "onetwo" },
		{ "=?utf-8?Q?=?UTF-8?Q?nested?=?=", "nested" },
		{ "=?utf-8?Q?=3D=3Futf-8=3Fq=3Fa=3F=3D?=", "=?utf-8?q?a?=" },
		{ "=?utf-8?q?line=0D=0Afeed?=", "line  feed" },
		/* what is no word */
		{ "=?utf-8?x?a?=", "=?utf-8?x?a?=" },
		{ "=?utf-8??a?=", "=?utf-8??a?=" },
		{ "=?utf 8?q?a?=", "=?utf 8?q?a?=" },
		{ "=?utf-8?q", "=?utf-8?q" },
		{ "=?=?=?", "=?=?=?" },
	};

	(void)state;
	decode_rows(rows, COUNT(rows));
}

static void
reads_tokens(void **state)
{
	static const struct row rows[] = {
		{ NULL, NULL },
		{ "", "" },
		{ "text/HTML; charset=x", "text/html" },
		{ " Text / Plain ; x=y", "text/plain" },
		{ "(a (b)) base64 (c)", "base64" },
		{ "text/(x)plain", "text/plain" },
		{ "\"text/html\"", "text/html" },
		{ "text/plain charset=x", "text/plain" },
		{ "attachment (never closed; filename=x", "attachment" },
		{ "8bit\r\n", "8bit" },
		{ "te\xffxt/x", "teÿxt/x" },
		{ ";", "" },
	};
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < COUNT(rows); i++)
		compare(field_token(slice_str(rows[i].raw), &a), rows[i].raw, rows[i].wanted);
	arena_free(&a);
}

static void
finds_parameters(void **state)
{
	static const struct row rows[] = {
		{ "text/plain", NULL },
		{ NULL, NULL },
		{ "text/plain; name", NULL },
		{ "text/plain; names=a; nam=b; x-name=c", NULL },
		{ "text/plain; name=a", "a" },
		{ "text/plain; NAME=a", "a" },
		{ "text/plain; name=", "" },
		{ "text/plain;name = \"a b\" ;x=y", "a b" },
		{ "text/plain; x=\"; name=b\"; name=a", "a" },
		{ "text/plain; name=\"a;b\\\"c\\\\d\"", "a;b\"c\\d" },
		{ "text/plain; name=\"folded\r\n name\"", "folded name" },
		{ "text/plain; name=a; name=b", "a" },
		/* RFC 2231 */
		{ "x; name*=utf-8''caf%C3%A9", "café" },
		{ "x; name*=ISO-8859-1'fr'caf%e9", "café" },
		{ "x; name*=''caf%e9", "café" },
		{ "x; name*0=\"a\"; name*1=b", "ab" },
		{ "x; name*1=b; NAME*0=a", "ab" },
		{ "x; name*10=c; name*2=b; name*0=a", "abc" },
		{ "x; name*0*=utf-8''caf%C3; name*1*=%A9", "café" },
		{ "x; name*0*=koi8-r''%c1; name*1=\"%c1\"; name*2*=%c2", "а%c1б" },
		{ "x; name*0*=utf-8''a; name*0*=utf-8''b", "a" },
		{ "x; name=a.txt; name*=utf-8''b.exe", "b.exe" },
		{ "x; name*x=a; name**=b; name*-1=c", NULL },
		/* what senders make of it */
		{ "text/plain name=a", "a" },
		{ "name=a", "a" },
		{ "x; name=a b.txt; y=z", "a b.txt" },
		{ "x; name=a (1).txt", "a (1).txt" },
		{ "x; name=caf\xe9.txt", "café.txt" },
		{ "x; name=\"caf\xc3\xa9.txt\"", "café.txt" },
		{ "x; name==?utf-8?q?caf=C3=A9?=", "café" },
		{ "x; name=\"=?utf-8?q?caf=C3?= =?utf-8?q?=A9?=.txt\"", "café.txt" },
		{ "x; name*0=\"=?utf-8?q?caf=C3\"; name*1=\"=A9?=\"", "café" },
		{ "x; name*=\"utf-8''a%20b\"", "a b" },
		{ "x; name*=caf%C3%A9", "café" },
		{ "x; name*=it's", "it's" },
		{ "x; name*=utf-8''100%", "100%" },
		{ "x; name=\"a.txt; y=z", "a.txt" },
		{ "x; name=\"a\".exe", "a.exe" },
		{ "x; name=\"a.exe \"", "a.exe" },
		{ "x; name=\"a.exe\" (b)", "a.exe" },
		{ "x; name=\"a.exe\"(b); y=z", "a.exe" },
		{ "x; name=\"a.exe\" b", "a.exe" },
		{ "x; name=(b) \"a.exe\"", "(b) a.exe" },
		{ "x; name=\"a\tb\"", "a b" },
	};
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice got = SLICE_ABSENT;

		if (!field_parameter(slice_str(rows[i].raw), SLICE("name"), &a, &got))
			got = SLICE_ABSENT;
		compare(got, rows[i].raw, rows[i].wanted);
	}
	arena_free(&a);
}

static void
tells_lack_of_memory(void **state)
{
	struct slice text = SLICE("=?utf-8?q?a_text_that_has_more_than_16_bytes?="), got;
	struct arena a;

	(void)state;
	arena_init(&a, 16);
	assert_null(field_decode(text, &a).p);
	assert_null(field_decode(SLICE("folded\n into more than 16 bytes"), &a).p);
	assert_null(field_token(text, &a).p);
	assert_false(field_parameter(
	    SLICE("x; name=a-text-that-has-more-than-16-bytes"), SLICE("name"), &a, &got));
	arena_free(&a);
}

/* A field that is one piece again and again. */
enum reader { DECODE, TOKEN, PARAMETER };
struct work {
	struct slice before, piece, behind;
	enum reader reader;
};

static void
read_field(const void *arg, size_t n)
{
	const struct work *w = arg;
	struct buf raw = { 0 };
	struct slice got;
	struct arena a;

	buf_add(&raw, w->before);
	while (raw.n < n)
		buf_add(&raw, w->piece);
	buf_add(&raw, w->behind);
	arena_init(&a, 0);
	if (w->reader == DECODE)
		got = field_decode(buf_slice(&raw), &a);
	else if (w->reader == TOKEN)
		got = field_token(buf_slice(&raw), &a);
	else if (!field_parameter(buf_slice(&raw), SLICE("a"), &a, &got))
		got = SLICE("");
	assert_non_null(got.p);
	assert_true(utf8_valid(got));
	arena_free(&a);
	buf_free(&raw);
}

static void
takes_linear_time(void **state)
{
	static const struct work works[] = {
		{ SLICE(""), SLICE("=?"), SLICE(""), DECODE },
		{ SLICE(""), SLICE("=?a"), SLICE(""), DECODE },
		{ SLICE(""), SLICE("=?u?q?"), SLICE(""), DECODE },
		{ SLICE(""), SLICE("=?u?q?"), SLICE("?=?=?=?="), DECODE },
		{ SLICE(""), SLICE("=?u?b?!"), SLICE(""), DECODE },
		{ SLICE(""), SLICE("=?utf-8?q?abc?= "), SLICE(""), DECODE },
		{ SLICE(""), SLICE("=?utf-8?q?=c3?= =?koi8-r?q?=c1?= "), SLICE(""), DECODE },
		{ SLICE("=?utf-8?q?"), SLICE("=e9"), SLICE("?="), DECODE },
		{ SLICE("=?utf-8?b?"), SLICE("w6k="), SLICE(""), DECODE },
		{ SLICE(""), SLICE("\xe9\xc3\xa9 "), SLICE(""), DECODE },
		{ SLICE(""), SLICE("\r\n "), SLICE("x"), DECODE },
		{ SLICE(""), SLICE("\0"), SLICE(""), DECODE },
		{ SLICE(""), SLICE("("), SLICE(""), TOKEN },
		{ SLICE(""), SLICE("()"), SLICE(""), TOKEN },
		{ SLICE(""), SLICE(";"), SLICE(""), PARAMETER },
		{ SLICE(""), SLICE("a=b;"), SLICE(""), PARAMETER },
		{ SLICE(""), SLICE("a=\""), SLICE(""), PARAMETER },
		{ SLICE(""), SLICE("a=\"\\\""), SLICE(""), PARAMETER },
		{ SLICE("a="), SLICE("\""), SLICE("\""), PARAMETER },
		{ SLICE(""), SLICE("a*0=b;"), SLICE(""), PARAMETER },
		{ SLICE(""), SLICE("a*1*=%c3;a*0*=utf-8''%;"), SLICE(""), PARAMETER },
		{ SLICE(""), SLICE(" a"), SLICE("=b"), PARAMETER },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(works); i++)
		if (!is_linear(read_field, &works[i], 200000))
			fail_msg("%.*s", SLICE_ARG(works[i].piece));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_text),
		cmocka_unit_test(decodes_words),
		cmocka_unit_test(decodes_broken_words),
		cmocka_unit_test(reads_tokens),
		cmocka_unit_test(finds_parameters),
		cmocka_unit_test(tells_lack_of_memory),
		cmocka_unit_test(takes_linear_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_mime_time.c - the parts of hostile messages take no longer than their bytes
 */
#include "base/buf.h"
#include "mail/mime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "linear.h"

#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n"

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

/* ---- hostile ones: `head`, then `piece` so many thousand times; %zu in it is a number ---- */

struct hostile {
	struct slice head;
	const char *piece;
	bool deep; /* the limits let all of it through */
};

static void
work(const void *arg, size_t n)
{
	const struct hostile *h = arg;
	struct mime_limits limits = { .parts = h->deep ? SIZE_MAX : 0 };
	struct buf text = { 0 };
	struct mime *m;

	buf_add(&text, h->head);
	for (size_t i = 0; i < n; i++)
		buf_printf(&text, h->piece, i, i);
	m = parse(buf_slice(&text), &limits);
	assert_non_null(m);
	mime_texts(m);
	for (const struct mime_attachment *at = mime_attachments(m); at != NULL; at = at->next)
		mime_size(at);
	arena_reset(&arena);
	buf_free(&text);
}

static void
time_is_linear(void **state)
{
	static const struct hostile t[] = {
		{ SLICE(MIXED), "--b\r\n", true },
		{ SLICE(MIXED), "--b\r\n\r\nx\r\n", true },
		{ SLICE(MIXED), "--b\r\nContent-Type: image/png; name=x\r\n\r\nx\r\n", true },
		{ SLICE(MIXED), "--b\r\n\r\nx\r\n", false },
		{ SLICE(MIXED), "--a%zu\r\n", true },
		{ SLICE(MIXED "--b\r\n\r\n"), "----------", true },
		{ SLICE(MIXED "--b\r\n"), "----------", true },
		{ SLICE(MIXED "--b\r\n"),
		    "Content-Type: multipart/mixed; boundary=b%zu\r\n\r\n--b%zu\r\n", false },
		{ SLICE(MIXED "--b\r\n"), "Content-Type: message/rfc822\r\n\r\n", false },
		{ SLICE(MIXED "--b\r\n"), "Content-Type: message/rfc822\r\n", false },
		{ SLICE(MIXED "--b\r\nContent-Type: a/b;\r\n"), " n*%zu*=x;\r\n", false },
		{ SLICE(MIXED "--b\r\nX: y\r\n"), " y\r\n", false },
		{ SLICE(MIXED "--b\r\n"), "x:y\r\n", false },
		{ SLICE(MIXED "--b\r\n"), "no header\r\n", false },
		{ SLICE(MIXED), "--b\r\nno header\r\n", true },
		{ SLICE(MIXED), "--b\r\nContent-Type: multipart/mixed\r\n\r\nx\r\n", true },
		{ SLICE(MIXED), "--b\r\nContent-Type: multipart/mixed\r\n\r\n--b%zu\r\n", true },
		{ SLICE("Content-Type: multipart/mixed\n\n"),
		    "--b%zu\r\nContent-Type: multipart/mixed\r\n\r\n", true },
		{ SLICE("Content-Type: text/plain; format=flowed\n\n"), "> x \r\n", false },
		{ SLICE("\n"), "begin 644 x\n#86)C\nend\n", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (!is_linear(work, &t[i], 50000))
			fail_msg("case %zu", i);
}

/* A hundred levels that are open, and lines each of which might be the boundary of any. */
static void
deep_work(const void *arg, size_t n)
{
	struct buf text = { 0 };

	(void)arg;
	buf_str(&text, MIXED "--b\r\n");
	for (size_t i = 0; i < 1000; i++)
		buf_printf(&text,
		    "Content-Type: multipart/mixed; boundary=aaaaaaaaaaaaaaaa%03zu\r\n"
		    "\r\n--aaaaaaaaaaaaaaaa%03zu\r\n",
		    i, i);
	for (size_t i = 0; i < n; i++)
		buf_str(&text, "--aaaaaaaaaaaaaaaaaaa\r\n");
	parse(buf_slice(&text), NULL);
	arena_reset(&arena);
	buf_free(&text);
}

static void
nesting_is_bounded(void **state)
{
	(void)state;
	assert_true(is_linear(deep_work, NULL, 50000));
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
		cmocka_unit_test(time_is_linear),
		cmocka_unit_test(nesting_is_bounded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, tear_down);
}

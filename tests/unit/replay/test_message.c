/*
 * test_message.c - splitting a message file
 */
#include "replay/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

struct state {
	struct arena arena;
	struct message m;
};

static int
set_up(void **state)
{
	static struct state s;

	s = (struct state){ 0 };
	arena_init(&s.arena, 0);
	s.arena.fatal = true;
	*state = &s;
	return 0;
}

static int
tear_down(void **state)
{
	struct state *s = *state;

	arena_free(&s->arena);
	return 0;
}

/* Split a text; what follows compares slices with C strings. */
static const struct message *
split(void **state, struct slice text)
{
	struct state *s = *state;

	message_parse(&s->arena, text, &s->m);
	return &s->m;
}

static void
assert_slice(struct slice s, const char *wanted)
{
	assert_int_equal(s.n, strlen(wanted));
	assert_memory_equal(s.p, wanted, s.n);
}

static void
headers_and_body(void **state)
{
	const struct message *m = split(state, SLICE("A: 1\nB:2\n\nx\ny\n"));

	assert_int_equal(m->nheaders, 2);
	assert_slice(m->headers[0].name, "A");
	assert_slice(m->headers[0].value, " 1");
	assert_slice(m->headers[1].name, "B");
	assert_slice(m->headers[1].value, "2");
	assert_slice(m->body, "x\r\ny\r\n");
}

static void
crlf_is_kept_as_one_line_end(void **state)
{
	const struct message *m = split(state, SLICE("A: 1\r\nB: 2\r\n\r\nx\r\n"));

	assert_int_equal(m->nheaders, 2);
	assert_slice(m->headers[1].value, " 2");
	assert_slice(m->body, "x\r\n");
}

static void
folds_are_line_feeds(void **state)
{
	const struct message *m = split(state, SLICE("A: 1\r\n\t2\r\n 3\r\nB: 4\r\n\r\n"));

	assert_int_equal(m->nheaders, 2);
	assert_slice(m->headers[0].value, " 1\n\t2\n 3");
	assert_slice(m->headers[1].value, " 4");
	assert_slice(m->body, "");
}

static void
mbox_line_is_dropped(void **state)
{
	const struct message *m = split(state, SLICE("From a@b Mon\nA: 1\n\nFrom here on\n"));

	assert_int_equal(m->nheaders, 1);
	assert_slice(m->body, "From here on\r\n");
}

static void
what_is_no_header_begins_the_body(void **state)
{
	const struct message *m = split(state, SLICE("A: 1\nno header\nB: 2\n"));

	assert_int_equal(m->nheaders, 1);
	assert_slice(m->body, "no header\r\nB: 2\r\n");

	m = split(state, SLICE(" fold of nothing\nA: 1\n"));
	assert_int_equal(m->nheaders, 0);
	assert_slice(m->body, " fold of nothing\r\nA: 1\r\n");
}

static void
blank_before_the_colon(void **state)
{
	const struct message *m = split(state, SLICE("Subject : x\nTwo words: y\n"));

	assert_int_equal(m->nheaders, 1);
	assert_slice(m->headers[0].name, "Subject");
	assert_slice(m->body, "Two words: y\r\n");
}

static void
last_line_without_end(void **state)
{
	assert_slice(split(state, SLICE("A: 1\n\nx"))->body, "x");
	assert_int_equal(split(state, SLICE("A: 1"))->nheaders, 1);
	assert_slice(split(state, SLICE("A: 1"))->body, "");
}

static void
nothing_at_all(void **state)
{
	const struct message *m = split(state, SLICE(""));

	assert_int_equal(m->nheaders, 0);
	assert_slice(m->body, "");
	assert_slice(split(state, SLICE("\n\n"))->body, "\r\n");
}

static void
nul_is_a_byte(void **state)
{
	const struct message *m = split(state, SLICE("A: 1\0002\n\nx\000y\n"));

	assert_int_equal(m->headers[0].value.n, 4);
	assert_int_equal(m->body.n, 5);
}

static void
many_headers(void **state)
{
	struct buf b = { 0 };

	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "N%d: %d\n", i, i);
	assert_int_equal(split(state, buf_slice(&b))->nheaders, 1000);
	assert_slice(split(state, buf_slice(&b))->headers[999].name, "N999");
	buf_free(&b);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(headers_and_body),
		TEST(crlf_is_kept_as_one_line_end),
		TEST(folds_are_line_feeds),
		TEST(mbox_line_is_dropped),
		TEST(what_is_no_header_begins_the_body),
		TEST(blank_before_the_colon),
		TEST(last_line_without_end),
		TEST(nothing_at_all),
		TEST(nul_is_a_byte),
		TEST(many_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

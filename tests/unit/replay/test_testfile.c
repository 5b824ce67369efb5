/*
 * test_testfile.c - reading tests of rules
 */
#include "dns/zone.h"
#include "replay/testfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct state {
	struct diags diags;
	struct testfile file;
};

static int
set_up(void **state)
{
	static struct state s;

	s = (struct state){ 0 };
	diags_init(&s.diags);
	*state = &s;
	return 0;
}

static int
tear_down(void **state)
{
	struct state *s = *state;

	testfile_free(&s->file);
	diags_free(&s->diags);
	return 0;
}

static struct testfile *
parse(void **state, const char *text)
{
	struct state *s = *state;

	testfile_free(&s->file);
	testfile_parse(
	    source_text(&s->diags, "a.test", slice_str(text)), NULL, &s->diags, &s->file);
	return &s->file;
}

/* One test with these lines, which must be sound. */
static struct test *
lines(void **state, const char *text)
{
	struct state *s = *state;
	char all[2048];

	snprintf(all, sizeof(all), "test \"t\" {\n%s\n}\n", text);
	parse(state, all);
	if (s->diags.errors > 0)
		diags_print(&s->diags, stderr);
	assert_int_equal(s->diags.errors, 0);
	assert_int_equal(s->file.n, 1);
	return &s->file.tests[0];
}

/* One test with these lines, of which one is wrong: the diagnostics have these words. */
static void
assert_mistake(void **state, const char *text, const char *words)
{
	struct state *s = *state;
	char all[2048], *said = NULL;
	size_t n;
	FILE *out = open_memstream(&said, &n);

	snprintf(all, sizeof(all), "test \"t\" {\n%s\nexpect accept\n}\n", text);
	diags_free(&s->diags);
	diags_init(&s->diags);
	parse(state, all);
	diags_print(&s->diags, out);
	fclose(out);
	assert_int_equal(s->diags.errors, 1);
	if (strstr(said, words) == NULL)
		fail_msg("not said: %s\n%s", words, said);
	free(said);
}

/* The n-th step (from 0) of a kind. */
static const struct step *
step(const struct test *t, enum step_kind kind, size_t n)
{
	for (size_t i = 0; i < t->script.nsteps; i++)
		if (t->script.steps[i].kind == kind && n-- == 0)
			return &t->script.steps[i];
	return NULL;
}

static void
assert_slice(struct slice s, const char *wanted)
{
	assert_int_equal(s.n, strlen(wanted));
	assert_memory_equal(s.p, wanted, s.n);
}

/* The value that a macro has at last. */
static void
assert_macro(const struct test *t, const char *name, const char *value)
{
	struct slice got = SLICE_ABSENT;
	const struct step *m;

	for (size_t i = 0; (m = step(t, STEP_MACRO, i)) != NULL; i++)
		if (slice_eq(m->a, slice_str(name)))
			got = m->b;
	assert_slice(got, value);
}

static void
a_whole_session(void **state)
{
	struct test *t = lines(state,
	    "client 192.0.2.9 mail.example.net\n"
	    "helo mx.example.org\n"
	    "mail from <a@example.net> SIZE=100 BODY=8BITMIME\n"
	    "rcpt to <b@example.org>\n"
	    "rcpt to <c@example.org>\n"
	    "header \"Subject: hi\"  # a comment\n"
	    "body \"one # two\"\n"
	    "expect reject 550 5.7.1 by x at rcpt text \"no\" for <b@example.org>");
	const struct expect *e = &t->expects[0].expect;

	assert_slice(t->script.client_name, "mail.example.net");
	assert_macro(t, "{client_ptr}", "mail.example.net");
	assert_macro(t, "{client_resolve}", "OK");
	assert_slice(step(t, STEP_HELO, 0)->a, "mx.example.org");
	assert_slice(step(t, STEP_MAIL, 0)->a, "<a@example.net>");
	assert_int_equal(step(t, STEP_MAIL, 0)->nparams, 2);
	assert_slice(step(t, STEP_MAIL, 0)->params[0], "SIZE=100");
	assert_slice(step(t, STEP_RCPT, 1)->a, "<c@example.org>");
	assert_slice(step(t, STEP_HEADER, 0)->a, "Subject");
	assert_slice(step(t, STEP_HEADER, 0)->b, " hi");
	assert_slice(step(t, STEP_BODY, 0)->a, "one # two");
	assert_null(step(t, STEP_RCPT, 2));
	assert_int_equal(t->nexpects, 1);
	assert_int_equal(e->action, ACT_REJECT);
	assert_int_equal(e->code, 550);
	assert_slice(e->enhanced, "5.7.1");
	assert_int_equal(e->by, BY_LABEL);
	assert_slice(e->rule, "x");
	assert_int_equal(e->stage, STAGE_RCPT);
	assert_slice(e->text, "no");
	assert_slice(e->recipient, "<b@example.org>");
}

static void
what_is_left_out_is_an_honest_stranger(void **state)
{
	struct test *t = lines(state, "expect accept");

	assert_slice(t->script.client_name, "mail.example.net");
	assert_macro(t, "{daemon_port}", "25");
	assert_slice(step(t, STEP_HELO, 0)->a, "mail.example.net");
	assert_slice(step(t, STEP_MAIL, 0)->a, "<sender@example.net>");
	assert_slice(step(t, STEP_RCPT, 0)->a, "<recipient@example.org>");
	assert_null(t->zone);
}

/* So is who sends a message that stands in no test. */
static void
the_default_is_that_stranger(void **state)
{
	struct message m = { .body = SLICE("hi\r\n") };
	struct test t = { .expects = NULL };
	const struct test *other = lines(state, "body \"hi\"\nexpect accept");

	testfile_default(&t.script, &m);
	assert_slice(t.script.client_name, "mail.example.net");
	assert_slice(step(&t, STEP_BODY, 0)->a, "hi\r\n");
	for (size_t i = 0; step(&t, STEP_BODY, 0) != &t.script.steps[i]; i++) {
		assert_int_equal(t.script.steps[i].kind, other->script.steps[i].kind);
		assert_true(slice_eq(t.script.steps[i].a, other->script.steps[i].a));
	}
	script_free(&t.script);
}

static void
no_client_and_no_helo(void **state)
{
	struct test *t = lines(state, "no client\nno helo\nexpect accept");

	assert_int_equal(t->script.client.family, 0);
	assert_null(step(t, STEP_HELO, 0));
}

static void
names_of_clients(void **state)
{
	assert_macro(lines(state, "client 192.0.2.9\nexpect accept"), "{client_resolve}", "FAIL");
	assert_macro(lines(state, "client 192.0.2.9 unknown ptr.example\nexpect accept"),
	    "{client_resolve}", "FORGED");
	assert_macro(lines(state, "client 192.0.2.9\nmacro client_resolve TEMP\nexpect accept"),
	    "{client_resolve}", "TEMP");
}

static void
facts_that_macros_carry(void **state)
{
	struct test *t = lines(state,
	    "server 192.0.2.1 587 mx.example.com\ndaemon submission\n"
	    "tls TLSv1.3 AES 256\nauth alice LOGIN\nmacro i ABC\nmacro {x_y} z\nexpect accept");

	assert_macro(t, "{daemon_port}", "587");
	assert_macro(t, "j", "mx.example.com");
	assert_macro(t, "{daemon_name}", "submission");
	assert_macro(t, "{tls_version}", "TLSv1.3");
	assert_macro(t, "{cipher}", "AES");
	assert_macro(t, "{cipher_bits}", "256");
	assert_macro(t, "{auth_authen}", "alice");
	assert_macro(t, "{auth_type}", "LOGIN");
	assert_macro(t, "i", "ABC");
	assert_macro(t, "{x_y}", "z");
}

static void
local_mail(void **state)
{
	struct test *t = lines(state, "local\nexpect accept");

	assert_true(t->script.local);
	assert_int_equal(t->script.client_port, 0);
	assert_slice(step(t, STEP_HELO, 0)->a, "localhost");
}

static void
transactions(void **state)
{
	struct test *t = lines(state,
	    "mail from <a@example.net>\nexpect accept\nrset\nexpect accept\n"
	    "mail from <>\nrcpt to <b@example.org>\nexpect accept\n"
	    "mail from <c@example.net>\nexpect accept");

	assert_int_equal(t->nexpects, 4);
	assert_int_equal(t->expects[0].transaction, 0);
	assert_int_equal(t->expects[1].transaction, 0);
	assert_int_equal(t->expects[2].transaction, 1);
	assert_int_equal(t->expects[3].transaction, 2);
	assert_slice(step(t, STEP_MAIL, 1)->a, "<>");
	/* the one of the second and the default of the third; the first was given up */
	assert_slice(step(t, STEP_RCPT, 1)->a, "<recipient@example.org>");
	assert_null(step(t, STEP_RCPT, 2));
}

static void
dns_lines_are_a_zone(void **state)
{
	struct test *t = lines(state, "dns example.net TXT \"v=spf1 -all\"\nexpect accept");
	struct dns_answer a = zone_ask(t->zone, SLICE("example.net"), DNS_TXT);

	assert_int_equal(a.status, DNS_DATA);
	assert_slice(a.v[0].data, "v=spf1 -all");
}

static void
escapes_and_odd_addresses(void **state)
{
	struct test *t = lines(state,
	    "mail from <\"a b\"@example.net> SIZE=1\nbody \"a \\\"b\\\" \\\\ c\\nd\"\n"
	    "expect no header \"X\"");

	assert_slice(step(t, STEP_MAIL, 0)->a, "<\"a b\"@example.net>");
	assert_slice(step(t, STEP_MAIL, 0)->params[0], "SIZE=1");
	assert_slice(step(t, STEP_BODY, 0)->a, "a \"b\" \\ c\nd");
}

static void
other_expectations(void **state)
{
	struct test *t = lines(state,
	    "expect header \"X-A: b c\"\nexpect no header \"X-B\"\nexpect quarantine\n"
	    "expect quarantine \"why\"\nexpect log \"text\"\nexpect no recipient <a@b.example>\n"
	    "expect tempfail by error\nexpect reject by rules.d/a.rules:7\n"
	    "expect accept by default at body");

	assert_slice(t->expects[0].expect.name, "X-A");
	assert_slice(t->expects[0].expect.text, "b c");
	assert_true(t->expects[1].expect.no);
	assert_null(t->expects[2].expect.text.p);
	assert_slice(t->expects[3].expect.text, "why");
	assert_int_equal(t->expects[4].expect.kind, EXPECT_LOG);
	assert_slice(t->expects[5].expect.recipient, "<a@b.example>");
	assert_int_equal(t->expects[6].expect.cause, CAUSE_ERROR);
	assert_slice(t->expects[7].expect.rule, "rules.d/a.rules");
	assert_int_equal(t->expects[7].expect.line, 7);
	assert_int_equal(t->expects[8].expect.cause, CAUSE_DEFAULT);
	assert_int_equal(t->expects[8].expect.stage, STAGE_BODY);
}

static void
mistakes_are_told(void **state)
{
	assert_mistake(state, "clinet 192.0.2.1", "did you mean client?");
	assert_mistake(state, "client 192.0.2", "a.test:2:8: error: this is no IP address");
	assert_mistake(state, "client", "write: client ADDRESS [NAME [PTR]]");
	assert_mistake(state, "helo a b", "`helo` takes fewer words");
	assert_mistake(state, "helo a\nclient 192.0.2.1", "this belongs to the connection");
	assert_mistake(state, "mail to <a@b>", "`mail` has `from` behind it");
	assert_mistake(state, "header \"X\"", "a header is written");
	assert_mistake(state, "body \"open", "this text has no end");
	assert_mistake(state, "body \"a\\tb\"", "no such escape in a text");
	assert_mistake(state, "message \"no/such.eml\"", "can't read the message no/such.eml");
	assert_mistake(state, "dns example.net TYP x", "a.test:2:");
	assert_mistake(state, "expect rejct", "did you mean reject?");
	assert_mistake(state, "expect reject 450", "`reject` never answers 450");
	assert_mistake(state, "expect reject at boby", "did you mean body?");
	assert_mistake(state, "expect accept by", "is missing here");
	assert_mistake(state, "expect no accept", "can't expect `accept`");
	assert_mistake(state, "expect accept on rcpt", "not expected here: `on`");
	assert_mistake(state, "expect log \"a\" b", "more than `expect` takes");
}

/* The words that are said of a whole file. */
static void
assert_said(void **state, const char *text, const char *words)
{
	struct state *s = *state;
	char *said = NULL;
	size_t n;
	FILE *out = open_memstream(&said, &n);

	diags_free(&s->diags);
	diags_init(&s->diags);
	parse(state, text);
	diags_print(&s->diags, out);
	fclose(out);
	if (strstr(said, words) == NULL)
		fail_msg("not said: %s\n%s", words, said);
	free(said);
}

static void
mistakes_of_whole_tests(void **state)
{
	assert_said(state, "", "there is no test in this file");
	assert_said(
	    state, "test \"t\" {\nhelo x\n}\n", "a.test:1:1: error: this test expects nothing");
	assert_said(state, "test \"t\" {\nexpect accept\n", "this test has no `}`");
	assert_said(state, "test \"t\" {\nexpect accept\ntest \"u\" {\nexpect accept\n}\n",
	    "the test above has no `}`");
	assert_said(state, "helo x\n", "a test begins otherwise");
	assert_said(state, "test t {\nexpect accept\n}\n", "a test begins otherwise");
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_whole_session),
		TEST(what_is_left_out_is_an_honest_stranger),
		TEST(the_default_is_that_stranger),
		TEST(no_client_and_no_helo),
		TEST(names_of_clients),
		TEST(facts_that_macros_carry),
		TEST(local_mail),
		TEST(transactions),
		TEST(dns_lines_are_a_zone),
		TEST(escapes_and_odd_addresses),
		TEST(other_expectations),
		TEST(mistakes_are_told),
		TEST(mistakes_of_whole_tests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

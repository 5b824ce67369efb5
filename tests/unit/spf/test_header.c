/* test_header.c - spf/header.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spf/header.h"

#include "base/limits.h"
#include "base/utf8.h"

#include <stdlib.h>

static struct arena arena;
static struct ip v4, v6;
static struct spf_answer pass, fail;
static struct header_facts facts;

/* A pass for the sender and no other check. */
static int
setup(void **state)
{
	(void)state;
	arena_init(&arena, 0);
	assert_true(ip_parse(SLICE("192.0.2.1"), &v4));
	assert_true(ip_parse(SLICE("2001:db8::1"), &v6));
	pass = (struct spf_answer){ .result = SPF_PASS,
		.why = SLICE("mx of example.net matches"),
		.mechanism = SLICE("mx") };
	fail = (struct spf_answer){ .result = SPF_FAIL,
		.why = SLICE("-all of helo.example matches"),
		.mechanism = SLICE("-all") };
	facts = (struct header_facts){ .receiver = SLICE("mx.example.org"),
		.client = &v4,
		.helo = SLICE("mail.example.net"),
		.sender = SLICE("ann@example.net"),
		.mail_from = &pass };
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static struct slice
received(enum spf_identity identity)
{
	return header_received_spf(&arena, &facts, identity);
}

static struct slice
results(void)
{
	return header_authentication_results(&arena, &facts);
}

#define assert_value(got, text) assert_string_equal((got).p, text)

/* ---- Received-SPF ---- */

static void
received_spf(void **state)
{
	(void)state;
	assert_value(received(SPF_MAIL_FROM),
	    "pass (mx.example.org: mx of example.net matches) receiver=mx.example.org; "
	    "client-ip=192.0.2.1; identity=mailfrom; mechanism=mx; "
	    "envelope-from=\"ann@example.net\"; helo=mail.example.net");
	facts.by_helo = &fail;
	facts.client = &v6;
	assert_value(received(SPF_HELO),
	    "fail (mx.example.org: -all of helo.example matches) receiver=mx.example.org; "
	    "client-ip=\"2001:db8::1\"; identity=helo; mechanism=-all; "
	    "envelope-from=\"ann@example.net\"; helo=mail.example.net");
}

static void
received_spf_without_match(void **state)
{
	(void)state;
	pass = (struct spf_answer){ .result = SPF_NEUTRAL, .why = SLICE("nothing matches") };
	assert_value(received(SPF_MAIL_FROM),
	    "neutral (mx.example.org: nothing matches) receiver=mx.example.org; "
	    "client-ip=192.0.2.1; identity=mailfrom; mechanism=default; "
	    "envelope-from=\"ann@example.net\"; helo=mail.example.net");
	pass = (struct spf_answer){ .result = SPF_PERMERROR, .why = SLICE("two \"records\"") };
	facts.sender = SLICE("");
	facts.client = &(struct ip){ 0 };
	facts.helo = SLICE_ABSENT;
	assert_value(received(SPF_MAIL_FROM),
	    "permerror (mx.example.org: two \"records\") receiver=mx.example.org; "
	    "identity=mailfrom; envelope-from=\"\"; problem=\"two \\\"records\\\"\"");
	pass = (struct spf_answer){ .result = SPF_NONE };
	assert_value(received(SPF_MAIL_FROM),
	    "none receiver=mx.example.org; identity=mailfrom; envelope-from=\"\"");
}

/* ---- Authentication-Results ---- */

static void
authentication_results(void **state)
{
	(void)state;
	assert_value(results(),
	    "mx.example.org; spf=pass (mx of example.net matches) smtp.mailfrom=ann@example.net");
	facts.by_helo = &fail;
	assert_value(results(),
	    "mx.example.org; spf=pass (mx of example.net matches) smtp.mailfrom=ann@example.net; "
	    "spf=fail (-all of helo.example matches) smtp.helo=mail.example.net");
	/* what was checked for the null sender is the HELO name */
	facts.sender = SLICE("");
	assert_value(results(),
	    "mx.example.org; spf=pass (mx of example.net matches) smtp.helo=mail.example.net");
	facts.helo = SLICE("");
	assert_value(
	    results(), "mx.example.org; spf=pass (mx of example.net matches) smtp.helo=\"\"");
	facts.helo = SLICE_ABSENT;
	assert_value(results(), "mx.example.org; spf=pass (mx of example.net matches)");
}

/* Senders as they stand in smtp.mailfrom; NULL: they are left out. */
static void
properties(void **state)
{
	static const char *const cases[][2] = {
		{ "ann@example.net", "ann@example.net" },
		{ "bounce+x=y?z/1@example.net", "bounce+x=y?z/1@example.net" },
		{ "o'hara@example.net", "o'hara@example.net" },
		{ "postmaster", "postmaster" },
		{ "a?b", "\"a?b\"" },
		{ "a..b@example.net", "\"a..b@example.net\"" },
		{ ".a@example.net", "\".a@example.net\"" },
		{ "a@example.net.", "\"a@example.net.\"" },
		{ "a@exa_mple.net", "\"a@exa_mple.net\"" },
		{ "a@[192.0.2.1]", "\"a@[192.0.2.1]\"" },
		{ "a@b@example.net", "\"a@b@example.net\"" },
		{ "\"a b\"@example.net", "\"\\\"a b\\\"@example.net\"" },
		{ "\"a\\\"b\"@example.net", "\"\\\"a\\\\\\\"b\\\"@example.net\"" },
		{ "a; dkim=pass header.d=bank.example", "\"a; dkim=pass header.d=bank.example\"" },
		{ "a(b@example.net", "\"a(b@example.net\"" },
		{ "a\\", "\"a\\\\\"" },
		{ "a\r\nX-Evil: 1", NULL },
		{ "a\tb@example.net", NULL },
		{ "\x7f@example.net", NULL },
		{ "j\xc3\xb6rg@example.net", NULL },
	};

	(void)state;
	pass.why = SLICE("");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char wanted[200] = "mx.example.org; spf=pass";

		facts.sender = slice_str(cases[i][0]);
		if (cases[i][1] != NULL) {
			strcat(wanted, " smtp.mailfrom=");
			strcat(wanted, cases[i][1]);
		}
		assert_value(results(), wanted);
	}
	facts.sender = SLICE("a\0b@example.net");
	assert_value(results(), "mx.example.org; spf=pass");
}

static void
smtputf8(void **state)
{
	(void)state;
	pass.why = SLICE("");
	facts.utf8 = true;
	facts.sender = SLICE("j\xc3\xb6rg@example.net");
	assert_value(
	    results(), "mx.example.org; spf=pass smtp.mailfrom=\"j\xc3\xb6rg@example.net\"");
	/* a mark that turns the direction of writing, a C1 control, half a character */
	facts.sender = SLICE("a\xe2\x80\xae"
			     "b@example.net");
	assert_value(results(), "mx.example.org; spf=pass");
	facts.sender = SLICE("a\xc2\x85@example.net");
	assert_value(results(), "mx.example.org; spf=pass");
	facts.sender = SLICE("a\xc3@example.net");
	assert_value(results(), "mx.example.org; spf=pass");
}

/* What senders' DNS says can't end a comment. */
static void
comments(void **state)
{
	(void)state;
	pass.why = SLICE("a) b=(c\\ \r\nd\xc3\xb6");
	facts.sender = facts.helo = SLICE_ABSENT;
	assert_value(results(), "mx.example.org; spf=pass (a\\) b=\\(c\\\\ \?\?d\?\?)");
	pass.why = SLICE("a (b (c)) ()");
	assert_value(results(), "mx.example.org; spf=pass (a (b (c)) ())");
	pass.why = SLICE(")(");
	assert_value(results(), "mx.example.org; spf=pass (\\)\\()");
}

/* ---- room ---- */

static char many[2 * LIMIT_HEADER_VALUE];

static void
long_values(void **state)
{
	struct slice got;

	(void)state;
	memset(many, '"', sizeof(many));
	facts.by_helo = &fail;
	/* 330 quotes take 660 bytes with their backslashes: no room for both */
	facts.sender = facts.helo = slice_of(many, 330);
	pass.why = fail.why = slice_of(many, sizeof(many));
	got = results();
	assert_true(got.n <= LIMIT_HEADER_VALUE);
	assert_null(strstr(got.p, "smtp."));
	assert_non_null(strstr(got.p, "spf=fail"));
	assert_non_null(strstr(got.p, "\"...)"));
	got = received(SPF_MAIL_FROM);
	assert_true(got.n <= LIMIT_HEADER_VALUE);
	assert_non_null(strstr(got.p, "; envelope-from=\""));
	assert_null(strstr(got.p, "helo="));
	/* what is longer than any address */
	facts.sender = slice_of(many, 331);
	assert_null(strstr(received(SPF_MAIL_FROM).p, "envelope-from"));
	assert_non_null(strstr(received(SPF_MAIL_FROM).p, "helo="));
	/* the second result goes, rather than half of it */
	memset(many, 'a', sizeof(many));
	facts.receiver = slice_of(many, LIMIT_DNS_NAME);
	facts.sender = facts.helo = slice_of(many, 320);
	got = results();
	assert_true(got.n <= LIMIT_HEADER_VALUE);
	assert_non_null(strstr(got.p, "smtp.mailfrom=\"a"));
	assert_null(strstr(got.p, "spf=fail"));
}

/* One line, in which quotes and comments end. */
static void
assert_sound(struct slice s)
{
	unsigned depth = 0;
	bool quoted = false;

	assert_non_null(s.p);
	assert_true(s.n <= LIMIT_HEADER_VALUE);
	assert_true(utf8_valid(s));
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = s.p[i];

		assert_true(c >= ' ' && c != 0x7f);
		if (c == '\\' && (quoted || depth > 0))
			i++;
		else if (c == '"' && depth == 0)
			quoted = !quoted;
		else if (c == '(' && !quoted)
			depth++;
		else if (c == ')' && !quoted)
			depth--;
		assert_true(i < s.n && depth <= s.n);
	}
	assert_false(quoted || depth > 0);
}

/* Bytes that are special somewhere, the more often the more special. */
static struct slice
random_text(char *room, size_t max)
{
	static const char set[] = "\"\"\"\\\\()()<>@@..;=, \t\r\n\0\x7f\xc3\xb6\xe2\x80\xae"
				  "ab";
	size_t n = random() % max;

	for (size_t i = 0; i < n; i++)
		room[i] = random() % 4 ? set[random() % (sizeof(set) - 1)] : (char)random();
	return slice_of(room, n);
}

static void
anything(void **state)
{
	static char helo[400], sender[400], why[500], mechanism[300], value[200];

	(void)state;
	srandom(7208);
	for (unsigned i = 0; i < 20000; i++) {
		facts.helo = random_text(helo, sizeof(helo));
		facts.sender = random_text(sender, i % 2 ? sizeof(sender) : 8);
		facts.utf8 = random() % 2;
		facts.by_helo = random() % 2 ? &pass : NULL;
		pass.result = random() % (SPF_PERMERROR + 1);
		pass.why = random_text(why, sizeof(why));
		pass.mechanism = random_text(mechanism, sizeof(mechanism));
		assert_sound(received(SPF_MAIL_FROM));
		assert_sound(results());
		header_is_ours(random_text(value, sizeof(value)), facts.receiver);
		arena_reset(&arena);
	}
}

static void
no_memory(void **state)
{
	(void)state;
	arena_free(&arena);
	arena_init(&arena, 1);
	assert_null(results().p);
	assert_null(received(SPF_MAIL_FROM).p);
}

/* ---- whose results they are ---- */

static void
ours(void **state)
{
	static const char *const claims[] = {
		"mx.example.org; spf=pass",
		" mx.example.org;spf=pass",
		"mx.example.org",
		"mx.example.org.; spf=pass",
		"MX.Example.ORG; none",
		"mx.example.org 1; spf=pass",
		"mx.example.org/1; spf=pass",
		"mx.example.org\r\n\t; spf=pass",
		"\r\n\tmx.example.org; spf=pass",
		"(a comment) mx.example.org; spf=pass",
		"(a (nested \\) one)) (and another)\r\n mx.example.org (x) 1; spf=pass",
		"(\\((\\)))mx.example.org(x);spf=pass",
		"\"mx.example.org\"; spf=pass",
		"\"m\\x.example.org\" 1; spf=pass",
		"\"mx.\r\nexample.org\"; spf=pass",
		"(x)\"MX.example.org",
		"mx.example.org spf=pass",
		"mx.example.org=1",
		"\x01mx.example.org\x01; spf=pass",
	};
	static const char *const others[] = {
		"",
		"mx.example.net; spf=pass",
		"mx.example.orgx; spf=pass",
		"xmx.example.org; spf=pass",
		"mx.example.org..; spf=pass",
		"mx.example.or; spf=pass",
		"a.mx.example.org; spf=pass",
		"example.net (mx.example.org); spf=pass",
		"example.net; mx.example.org; spf=pass",
		"(mx.example.org; spf=pass",
		"\"mx.example.org \"; spf=pass",
		"\"mx.example.or\"; spf=pass",
		"\"mx.example.orgx\"; spf=pass",
		"\"\"; spf=pass",
		"; mx.example.org",
		"spf=pass",
		"()",
		"(\\",
		"\"\\",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(claims) / sizeof(*claims); i++)
		if (!header_is_ours(slice_str(claims[i]), SLICE("mx.example.org")))
			fail_msg("not taken for ours: %s", claims[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (header_is_ours(slice_str(others[i]), SLICE("mx.example.org")))
			fail_msg("taken for ours: %s", others[i]);
}

static void
names(void **state)
{
	(void)state;
	memset(many, 'a', sizeof(many));
	assert_true(header_is_name(SLICE("mx.example.org")));
	assert_true(header_is_name(SLICE("mx_1")));
	assert_true(header_is_name(slice_of(many, LIMIT_DNS_NAME)));
	assert_false(header_is_name(slice_of(many, LIMIT_DNS_NAME + 1)));
	assert_false(header_is_name(SLICE("")));
	assert_false(header_is_name(SLICE_ABSENT));
	assert_false(header_is_name(SLICE("mx.example.org.")));
	assert_false(header_is_name(SLICE("mx example.org")));
	assert_false(header_is_name(SLICE("mx;example.org")));
	assert_false(header_is_name(SLICE("[192.0.2.1]")));
	assert_false(header_is_name(SLICE("m\xc3\xbcller.example")));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(received_spf, setup, teardown),
		cmocka_unit_test_setup_teardown(received_spf_without_match, setup, teardown),
		cmocka_unit_test_setup_teardown(authentication_results, setup, teardown),
		cmocka_unit_test_setup_teardown(properties, setup, teardown),
		cmocka_unit_test_setup_teardown(smtputf8, setup, teardown),
		cmocka_unit_test_setup_teardown(comments, setup, teardown),
		cmocka_unit_test_setup_teardown(long_values, setup, teardown),
		cmocka_unit_test_setup_teardown(anything, setup, teardown),
		cmocka_unit_test_setup_teardown(no_memory, setup, teardown),
		cmocka_unit_test(ours),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

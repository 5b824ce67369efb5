/*
 * test_decoded.c - rules that ask what is in the message: lists and limits over many values, what
 * they ask for, and which of their conditions are the same
 */
#include "play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

/* A message from <a@example.net> with a From header and a text: what is told at its end. */
static const char *
letter(struct play *p, const char *from, const char *text)
{
	greet(p);
	assert_string_equal(rcpt(p, "<b@example.org>"), "continue");
	assert_string_equal(data(p), "continue");
	assert_string_equal(header(p, "From", from), "continue");
	return body(p, text);
}

/* A text with n URLs, of which each is of another domain. */
static void
print_urls(struct buf *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		buf_printf(b, "http://www.u%u.example/\r\n", i);
}

/* How many questions were put. */
static unsigned long long
questions(const struct play *p)
{
	struct resolver_counts c;

	resolver_count(p->program->resolver, &c);
	return c.questions;
}

static void
a_list_is_asked_about_so_many_urls_and_then_fails(void **state)
{
	static const char strict[] = "set on-dns-error tempfail\n"
				     "r: reject \"listed\" if dnsbl(\"l.example\", url.domain)\n";
	static const char elsewhere[] = "other.example.l.example A 127.0.0.2\n";
	struct buf few = { 0 }, many = { 0 };
	struct play p;

	(void)state;
	print_urls(&few, LIMIT_DNSBL_NAMES);
	print_urls(&many, LIMIT_DNSBL_NAMES + 1);
	start_with_zone(&p, "u7.example.l.example A 127.0.0.2\n", strict);
	assert_string_equal(letter(&p, "a@example.net", many.p), "reject 550 5.7.1 listed");
	assert_int_equal(questions(&p), LIMIT_DNSBL_NAMES);
	finish(&p);
	start_with_zone(&p, elsewhere, strict);
	assert_string_equal(letter(&p, "a@example.net", few.p), "accept");
	assert_int_equal(questions(&p), LIMIT_DNSBL_NAMES);
	finish(&p);
	/* the one that was left out may be in the list */
	start_with_zone(&p, elsewhere, strict);
	assert_string_equal(letter(&p, "a@example.net", many.p),
	    "tempfail 451 4.4.3 Temporary failure of a DNS lookup, try again later");
	finish(&p);
	/* by default that is passed, and told */
	start_with_zone(&p, elsewhere, strchr(strict, '\n') + 1);
	assert_string_equal(letter(&p, "a@example.net", many.p), "accept");
	assert_non_null(strstr(p.log.p, "error r at body: the list l.example: "));
	finish(&p);
	buf_free(&few);
	buf_free(&many);
}

static void
each_message_has_urls_of_its_own(void **state)
{
	struct play p;

	(void)state;
	start_with_zone(&p, "bad.example.l.example A 127.0.0.2\n",
	    "r: reject \"{url.domain}\" if dnsbl(\"l.example\", url.domain)\n"
	    "s: reject \"reply\" if dnsbl(\"l.example\", header(\"X-Reply\").domain)\n"
	    "t: reject \"from\" if dnsbl(\"l.example\", header(\"From\").domain)\n");
	assert_string_equal(
	    letter(&p, "a@example.net", "http://bad.example/"), "reject 550 5.7.1 bad.example");
	assert_string_equal(letter(&p, "a@example.net", "http://good.example/"), "accept");
	assert_string_equal(letter(&p, "a@bad.example", "x"), "reject 550 5.7.1 from");
	/* two facts that differ only in their arguments are two questions */
	assert_int_equal(p.program->ndnsbls, 3);
	finish(&p);
}

static void
a_program_tells_what_its_rules_ask_of_the_content(void **state)
{
	static const struct {
		const char *rules;
		uint32_t asked;
	} cases[] = {
		{ "log \"x\" if subject ~ /x/ and header(\"To\").addr", 0 },
		{ "log \"x\" if body ~ /x/", 1u << CONTENT_BODY },
		{ "log \"{attachment.name}\" if helo", 1u << CONTENT_FILE_NAME },
		{ "log \"x\" if helo = \"{url.host}\"", 1u << CONTENT_URL_HOST },
		{ "log \"x\" if dnsbl(\"l.example\", url.domain)", 1u << CONTENT_URL_DOMAIN },
		{ "log \"x\" if helo aligned url.host and count(body.html) > 1",
		    1u << CONTENT_URL_HOST | 1u << CONTENT_BODY_HTML },
		{ "define unused if body\nlog \"x\" if message.truncated", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct play p;

		start(&p, cases[i].rules);
		if (p.program->env.asked != cases[i].asked)
			fail_msg("%s: %x", cases[i].rules, p.program->env.asked);
		finish(&p);
	}
}

static void
a_limit_is_told_wherever_a_rule_asks(void **state)
{
	struct play p;

	(void)state;
	start(&p,
	    "set max-urls 2\n"
	    "first: reject \"{message.truncated}\" if message.truncated\n"
	    "last: log \"{url}\" if url\n");
	assert_string_equal(
	    letter(&p, "a@example.net", "http://a.example http://b.example"), "accept");
	assert_string_equal(
	    letter(&p, "a@example.net", "http://a.example http://b.example http://c.example"),
	    "reject 550 5.7.1 max-urls");
	finish(&p);
	/* what no rule asks for isn't looked at */
	start(&p, "set max-urls 2\nfirst: reject if message.truncated\n");
	assert_string_equal(
	    letter(&p, "a@example.net", "http://a.example http://b.example http://c.example"),
	    "accept");
	finish(&p);
}

static void
settings_reach_the_session(void **state)
{
	const struct session_env *env;
	struct play p;

	(void)state;
	start(&p,
	    "set max-message-size 1M\nset max-headers 2\nset max-header-size 3K\nset max-parts 4\n"
	    "set max-nesting 5\nset max-decoded-size 6M\nset max-urls 7\n"
	    "set max-archive-entries 8\nset authserv-id mx.example.org\n");
	env = &p.program->env;
	assert_int_equal(env->max_message, 1 << 20);
	assert_int_equal(env->max_headers, 2);
	assert_int_equal(env->max_header_bytes, 3 << 10);
	assert_int_equal(env->max_parts, 4);
	assert_int_equal(env->max_nesting, 5);
	assert_int_equal(env->max_decoded, 6 << 20);
	assert_int_equal(env->max_urls, 7);
	assert_int_equal(env->max_archive_entries, 8);
	assert_string_equal(env->authserv_id, "mx.example.org");
	finish(&p);
	start(&p, "accept\n");
	env = &p.program->env;
	assert_int_equal(env->max_headers, LIMIT_HEADERS);
	assert_int_equal(env->max_header_bytes, LIMIT_HEADERS_BYTES);
	assert_int_equal(env->max_parts, LIMIT_MIME_PARTS);
	assert_int_equal(env->max_nesting, LIMIT_MIME_NESTING);
	assert_int_equal(env->max_decoded, LIMIT_MIME_DECODED);
	assert_int_equal(env->max_urls, LIMIT_URLS);
	assert_int_equal(env->max_archive_entries, LIMIT_ARCHIVE_ENTRIES);
	assert_null(env->authserv_id);
	finish(&p);
}

static void
conditions_that_look_alike_are_one(void **state)
{
	struct play p;

	(void)state;
	start(&p,
	    "log \"1\" if header(\"To\").addr ~ /x/ or header(\"To\").name ~ /x/\n"
	    "log \"2\" if header(\"To\").addr !~ /x/ and header(\"Cc\").addr ~ /x/\n"
	    "log \"3\" if subject ~ /x/ or subject ~ /x/n\n"
	    "log \"4\" if helo aligned sender.domain or sender.domain aligned helo\n"
	    "log \"5\" if helo not aligned sender.domain\n");
	assert_int_equal(p.program->natoms, 7);
	finish(&p);
}

/* A sender can write thousands of addresses, in as many headers, and as many others. */
static void
many_values_are_held_against_many_in_no_time(void **state)
{
	static const struct {
		const char *rules, *want;
	} cases[] = {
		{ "r: reject if header(\"To\").domain aligned header(\"Cc\").domain\n", "accept" },
		{ "r: reject if header(\"To\").addr = header(\"Cc\").addr\n", "accept" },
		{ "r: reject if header(\"To\") = header(\"Cc\")\n", "accept" },
		{ "r: reject if (header(\"To\").addr, header(\"Cc\").addr) in { a@ b@, b@ a@ }\n",
		    "tempfail 451 4.3.0 Temporary failure, try again later" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf line = { 0 };
		struct play p;
		const char *said;
		clock_t before;

		start(&p, cases[i].rules);
		greet(&p);
		rcpt(&p, "<b@example.org>");
		data(&p);
		for (unsigned k = 0; k < 18000; k++) {
			buf_clear(&line);
			/* 150 bytes that are the same in all */
			buf_printf(&line, "%0150u@%05u.example", 0, k);
			session_header(p.session, k % 2 == 0 ? SLICE("To") : SLICE("Cc"),
			    buf_slice(&line), false);
		}
		before = clock();
		said = reach(&p, STAGE_HEADERS);
		if (strcmp(said, "continue") == 0)
			said = body(&p, "x");
		assert_string_equal(said, cases[i].want);
		assert_true(clock() - before < 4 * CLOCKS_PER_SEC);
		finish(&p);
		buf_free(&line);
	}
}

/* Sorting changes no answer. */
static void
one_among_many_is_found(void **state)
{
	static const char *const rules[] = {
		"r: reject if header(\"To\").addr = header(\"Cc\").addr\n",
		"r: reject if header(\"To\").domain aligned header(\"Cc\").domain\n",
	};
	static const struct {
		const char *to, *cc;
		bool found[2];
	} cases[] = {
		{ "x@a.example, x@b.example", "x@c.example, X@B.Example, x@d.example",
		    { true, true } },
		{ "x@a.example, x@b.example", "x@www.c.example, y@www.B.example", { false, true } },
		{ "x@a.example, x@b.example", "x@c.example, x@d.example", { false, false } },
		{ "x@a.example", "x@c.example, x@A.example", { true, true } },
		{ "x@a.example, y@b.example", "y@b.example", { true, true } },
		{ "x@bb.example, y@a.example", "x@b.example, y@aa.example", { false, false } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (size_t k = 0; k < 2; k++) {
			struct play p;

			start(&p, rules[k]);
			greet(&p);
			rcpt(&p, "<b@example.org>");
			data(&p);
			session_header(p.session, SLICE("To"), slice_str(cases[i].to), false);
			if ((strncmp(header(&p, "Cc", cases[i].cc), "reject", 6) == 0) !=
			    cases[i].found[k])
				fail_msg("%s: %s and %s", rules[k], cases[i].to, cases[i].cc);
			finish(&p);
		}
}

/* Lack of memory is no "not aligned", and no "not found". */
static void
lack_of_memory_is_an_error(void **state)
{
	static const char *const rules[] = {
		"r: reject if not helo aligned sender.domain\n",
		"r: reject if helo !~ /x/n\n",
		"r: reject if helo not in { /x/n }\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		struct buf name = { 0 };
		struct play p;

		for (int k = 0; k < 400; k++)
			buf_str(&name, "\xc3\xa9");
		buf_str(&name, ".example");
		start(&p, rules[i]);
		assert_string_equal(client(&p, "192.0.2.1"), "continue");
		assert_string_equal(helo(&p, name.p), "continue");
		/* room for the values, not for what is made of them */
		p.session->scratch.limit = 700;
		assert_string_equal(mail(&p, "<a@mail.example>"), "continue");
		assert_string_equal(rcpt(&p, "<b@example.org>"),
		    "tempfail 451 4.3.0 Temporary failure, try again later");
		finish(&p);
		buf_free(&name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_asked_about_so_many_urls_and_then_fails),
		cmocka_unit_test(each_message_has_urls_of_its_own),
		cmocka_unit_test(a_program_tells_what_its_rules_ask_of_the_content),
		cmocka_unit_test(a_limit_is_told_wherever_a_rule_asks),
		cmocka_unit_test(settings_reach_the_session),
		cmocka_unit_test(conditions_that_look_alike_are_one),
		cmocka_unit_test(many_values_are_held_against_many_in_no_time),
		cmocka_unit_test(one_among_many_is_found),
		cmocka_unit_test(lack_of_memory_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

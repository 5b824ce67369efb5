/*
 * test_listed.c - rules that ask lists in the DNS: when they ask, what they say, and what comes of
 * a list that fails
 */
#include "play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* What lists say; the dead one of anything, the refusing one of 192.0.2.1. */
static const char zone[] = "1.2.0.192.a.example A 127.0.0.2\n"
			   "1.2.0.192.a.example A 127.0.0.9\n"
			   "1.2.0.192.a.example TXT \"a says no\"\n"
			   "1.2.0.192.b.example A 127.0.0.3\n"
			   "1.2.0.192.b.example TXT \"b \" \"says no\"\n"
			   "1.2.0.192.mute.example A 127.0.0.2\n"
			   "1.2.0.192.dead.example TIMEOUT\n"
			   "1.2.0.192.gone.example A 198.51.100.1\n"
			   "1.2.0.192.refuses.example A 127.255.255.254\n"
			   "1.2.0.192.partly.example A 127.0.0.2\n"
			   "1.2.0.192.partly.example A 198.51.100.1\n"
			   "host.example.names.example A 127.0.0.4\n"
			   "example.net.names.example A 127.0.0.5\n"
			   "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
			   ".a.example A 127.0.0.2\n";

/* How many questions were put. */
static unsigned long long
questions(const struct play *p)
{
	struct resolver_counts c;

	resolver_count(p->program->resolver, &c);
	return c.questions;
}

/* A message from <a@example.net> to <b@example.org> by a session that has begun: the answer to
 * RCPT. */
static const char *
envelope(struct play *p)
{
	assert_string_equal(mail(p, "<a@example.net>"), "continue");
	return rcpt(p, "<b@example.org>");
}

/* Rules that are judged from CONNECT to RCPT: the answer to that. */
static const char *
judged(struct play *p, const char *rules)
{
	start_with_zone(p, zone, rules);
	greet(p);
	return rcpt(p, "<b@example.org>");
}

#define assert_judged(rules, answer)                                                               \
	do {                                                                                       \
		struct play play;                                                                  \
		assert_string_equal(judged(&play, rules), answer);                                 \
		finish(&play);                                                                     \
	} while (0)

/* ---- when ---- */

static void
a_list_is_asked_once_a_connection(void **state)
{
	struct play p;

	(void)state;
	start_with_zone(&p, zone,
	    "r: reject \"two\" if dnsbl(\"a.example\") = 127.0.0.3\n"
	    "s: reject \"three\" if dnsbl(\"A.example\") ~ /4$/\n"
	    "t: reject \"never\" if raw.body ~ /x/\n");
	assert_string_equal(client(&p, "192.0.2.1"), "continue");
	assert_string_equal(helo(&p, "host.example"), "continue");
	assert_string_equal(envelope(&p), "continue");
	assert_int_equal(questions(&p), 1);
	judge_abort(p.judge);
	assert_string_equal(envelope(&p), "continue");
	assert_string_equal(helo(&p, "other.example"), "continue");
	assert_string_equal(envelope(&p), "continue");
	assert_int_equal(questions(&p), 1);
	assert_string_equal(client(&p, "192.0.2.1"), "continue");
	assert_string_equal(envelope(&p), "continue");
	assert_int_equal(questions(&p), 2);
	finish(&p);
}

static void
what_a_list_says_lives_as_long_as_what_it_was_asked_about(void **state)
{
	struct play p;

	(void)state;
	start_with_zone(&p, zone,
	    "r: reject \"{helo}\" if dnsbl(\"names.example\", helo)\n"
	    "s: reject \"{sender}\" if dnsbl(\"names.example\", sender.domain) = 127.0.0.6\n"
	    "t: reject \"never\" if raw.body ~ /x/\n");
	assert_string_equal(client(&p, "192.0.2.1"), "continue");
	assert_string_equal(helo(&p, "good.example"), "continue");
	assert_string_equal(envelope(&p), "continue");
	assert_int_equal(questions(&p), 2);
	/* another message of the same HELO */
	assert_string_equal(envelope(&p), "continue");
	assert_int_equal(questions(&p), 3);
	/* another HELO, with the first rule settled the second one's list isn't asked */
	assert_string_equal(helo(&p, "host.example"), "continue");
	assert_string_equal(envelope(&p), "reject 550 5.7.1 host.example");
	assert_int_equal(questions(&p), 4);
	assert_string_equal(helo(&p, "good.example"), "continue");
	assert_string_equal(mail(&p, "<>"), "continue");
	assert_string_equal(rcpt(&p, "<b@example.org>"), "continue");
	/* the null sender has no domain: nothing to ask about */
	assert_int_equal(questions(&p), 5);
	finish(&p);
}

static void
a_list_is_not_asked_where_others_settle_the_rule(void **state)
{
	struct play p;

	(void)state;
	start_with_zone(&p, zone,
	    "a: accept if client.ip in { 192.0.2.1 } or dnsbl(\"b.example\")\n"
	    "r: reject if dnsbl(\"a.example\")\n");
	assert_string_equal(client(&p, "192.0.2.1"), "accept");
	assert_int_equal(questions(&p), 0);
	finish(&p);
	start_with_zone(&p, zone,
	    "r: reject if dnsbl(\"a.example\") and sender = other@example.net\n"
	    "s: reject if 2 of (dnsbl(\"a.example\"), raw.body ~ /x/, raw.body ~ /y/)\n");
	greet(&p);
	assert_string_equal(rcpt(&p, "<b@example.org>"), "continue");
	assert_string_equal(data(&p), "continue");
	assert_string_equal(header(&p, "X-Test", "x"), "continue");
	/* one match in the body alone settles nothing, two do without the list */
	assert_int_equal(questions(&p), 0);
	assert_string_equal(body(&p, "x y"), "reject 550 5.7.1 Message refused by local policy");
	assert_int_equal(questions(&p), 0);
	finish(&p);
}

static void
what_serves_only_a_refusal_waits_for_refuse_at(void **state)
{
	static const char rule[] = "r: reject \"no\" if dnsbl(\"a.example\")\n";
	struct play p;
	char rules[200];

	(void)state;
	start_with_zone(&p, zone, rule);
	greet(&p);
	assert_int_equal(questions(&p), 0);
	assert_string_equal(rcpt(&p, "<b@example.org>"), "reject 550 5.7.1 no");
	finish(&p);
	snprintf(rules, sizeof(rules), "set refuse-at mail\n%s", rule);
	start_with_zone(&p, zone, rules);
	assert_string_equal(client(&p, "192.0.2.1"), "continue");
	assert_string_equal(helo(&p, "host.example"), "continue");
	assert_int_equal(questions(&p), 0);
	assert_string_equal(mail(&p, "<a@example.net>"), "reject 550 5.7.1 no");
	finish(&p);
	snprintf(rules, sizeof(rules), "set refuse-at connect\n%s", rule);
	start_with_zone(&p, zone, rules);
	assert_string_equal(client(&p, "192.0.2.1"), "reject 550 5.7.1 no");
	finish(&p);
	/* what may accept is asked at once */
	start_with_zone(&p, zone, "a: accept if dnsbl(\"a.example\")\nr: reject\n");
	assert_string_equal(client(&p, "192.0.2.1"), "accept");
	finish(&p);
}

static void
lists_of_one_rule_are_asked_together(void **state)
{
	struct play p;

	(void)state;
	/* the first one's answer would do */
	assert_string_equal(
	    judged(
		&p, "r: reject \"{dnsbl.zone}\" if dnsbl(\"a.example\") or dnsbl(\"b.example\")\n"),
	    "reject 550 5.7.1 a.example");
	assert_int_equal(questions(&p), 2);
	finish(&p);
}

/* ---- texts ---- */

static void
a_text_tells_of_the_first_list_that_is_true(void **state)
{
	(void)state;
	assert_judged("r: reject \"{dnsbl.zone}: {dnsbl.value}, {dnsbl.text}\""
		      " if dnsbl(\"a.example\") or dnsbl(\"b.example\")\n",
	    "reject 550 5.7.1 a.example: 127.0.0.2, a says no");
	assert_judged("r: reject \"{dnsbl.zone}: {dnsbl.value}, {dnsbl.text}\""
		      " if dnsbl(\"b.example\") or dnsbl(\"a.example\")\n",
	    "reject 550 5.7.1 b.example: 127.0.0.3, b says no");
	/* those that are not true are passed, failing ones too */
	assert_judged(
	    "r: reject \"{dnsbl.zone}\" if dnsbl(\"c.example\") or dnsbl(\"dead.example\")"
	    " or dnsbl(\"a.example\") = 127.0.0.8 or dnsbl(\"b.example\")\n",
	    "reject 550 5.7.1 b.example");
	assert_judged("r: reject \"{dnsbl.zone}\" if 2 of (dnsbl(\"c.example\"),"
		      " dnsbl(\"b.example\"), dnsbl(\"a.example\"))\n",
	    "reject 550 5.7.1 b.example");
	/* one that is denied is not what the rule is about */
	assert_judged("r: reject \"{dnsbl.zone}\" if not dnsbl(\"c.example\") and"
		      " dnsbl(\"names.example\", helo)\n",
	    "reject 550 5.7.1 names.example");
}

static void
a_text_tells_of_the_answer_that_matched(void **state)
{
	(void)state;
	assert_judged("r: reject \"{dnsbl.value}\" if dnsbl(\"a.example\") = 127.0.0.9\n",
	    "reject 550 5.7.1 127.0.0.9");
	assert_judged("r: reject \"{dnsbl.value}\" if dnsbl(\"a.example\") in { 127.0.0.8/30 }\n",
	    "reject 550 5.7.1 127.0.0.9");
	assert_judged("r: reject \"{dnsbl.value}\" if dnsbl(\"a.example\") ~ /[3-9]$/\n",
	    "reject 550 5.7.1 127.0.0.9");
	assert_judged("r: reject \"{dnsbl.value}\" if count(dnsbl(\"a.example\")) > 1\n",
	    "reject 550 5.7.1 127.0.0.2");
	assert_judged("list few of networks { !127.0.0.2, 127.0.0.0/24 \"few\" }\n"
		      "r: reject \"{dnsbl.value} {entry.text}\" if dnsbl(\"a.example\") in few\n",
	    "reject 550 5.7.1 127.0.0.9 few");
	/* all of its answers are the fact's values */
	assert_judged("r: reject \"{dnsbl(a.example)}\" if dnsbl(\"a.example\")\n",
	    "reject 550 5.7.1 127.0.0.2, 127.0.0.9");
}

static void
a_text_without_a_listing_leaves_it_out(void **state)
{
	(void)state;
	assert_judged(
	    "r: reject \"<{dnsbl.text}>\" if dnsbl(\"mute.example\")\n", "reject 550 5.7.1 <>");
	assert_judged("r: reject \"<{dnsbl.zone}{dnsbl.value}{dnsbl.text}>\""
		      " if dnsbl(\"c.example\") or helo = host.example\n",
	    "reject 550 5.7.1 <>");
}

static void
a_lists_text_is_made_harmless(void **state)
{
	struct buf z = { 0 };
	struct play p;
	const char *said;

	(void)state;
	buf_str(
	    &z, "1.2.0.192.a.example A 127.0.0.2\n1.2.0.192.a.example TXT \"\a\x1b[2J %s \xff ");
	for (int i = 0; i < 1000; i++)
		buf_char(&z, 'x');
	buf_str(&z, "\"\n");
	start_with_zone(&p, z.p, "r: reject \"{dnsbl.text}\" if dnsbl(\"a.example\")\n");
	greet(&p);
	said = rcpt(&p, "<b@example.org>");
	assert_int_equal(strncmp(said, "reject 550 5.7.1 ", 17), 0);
	assert_non_null(strstr(said, "%s"));
	assert_true(strlen(said) > 100);
	for (const char *c = said; *c != '\0'; c++)
		assert_true(*c == '\n' || (*c >= ' ' && *c < 0x7f));
	finish(&p);
	buf_free(&z);
}

static void
the_v6_client_is_asked_about(void **state)
{
	struct play p;

	(void)state;
	start_with_zone(&p, zone, "a: accept if dnsbl(\"a.example\") = 127.0.0.2\nr: reject\n");
	assert_string_equal(client(&p, "2001:db8::1"), "accept");
	assert_string_equal(client(&p, "2001:db8::2"), "continue");
	finish(&p);
}

/* ---- failures ---- */

#define SKIPPED "set on-dns-error skip\n"
#define DEFERS "set on-dns-error tempfail\n"
#define DEFERRED "tempfail 451 4.4.3 Temporary failure of a DNS lookup, try again later"

static void
a_failing_list_lets_its_rule_be_passed(void **state)
{
	static const char *const conditions[] = { "dnsbl(\"dead.example\")",
		"not dnsbl(\"dead.example\")", "dnsbl(\"dead.example\") = 127.0.0.2",
		"dnsbl(\"dead.example\") != 127.0.0.2", "dnsbl(\"dead.example\") ~ /x/",
		"dnsbl(\"dead.example\") not in { 127.0.0.2 }",
		"count(dnsbl(\"dead.example\")) > 0", "count(dnsbl(\"dead.example\")) < 1",
		"dnsbl(\"gone.example\")", "dnsbl(\"refuses.example\")",
		"not dnsbl(\"refuses.example\")", "dnsbl(\"partly.example\") = 127.0.0.3",
		"dnsbl(\"c.example\") = dnsbl(\"dead.example\")",
		"dnsbl(\"a.example\") != dnsbl(\"dead.example\")",
		"client.ip = \"{dnsbl(dead.example)}\"",
		"dnsbl(\"a.example\") = \"{dnsbl(partly.example)}\"",
		"client.ip != \"{dnsbl(partly.example)}\"",
		"dnsbl(\"dead.example\") = dnsbl(\"gone.example\")" };

	(void)state;
	for (size_t i = 0; i < sizeof(conditions) / sizeof(*conditions); i++) {
		char rules[300];

		snprintf(
		    rules, sizeof(rules), "r: reject if %s\ns: reject \"next\"\n", conditions[i]);
		assert_judged(rules, "reject 550 5.7.1 next");
		snprintf(rules, sizeof(rules), DEFERS "r: reject if %s\ns: reject \"next\"\n",
		    conditions[i]);
		assert_judged(rules, DEFERRED);
	}
}

static void
what_a_failing_list_did_answer_counts(void **state)
{
	(void)state;
	assert_judged(DEFERS "r: reject \"{dnsbl.value}\" if dnsbl(\"partly.example\")\n",
	    "reject 550 5.7.1 127.0.0.2");
	assert_judged(DEFERS "r: reject \"one\" if count(dnsbl(\"partly.example\")) >= 1\n",
	    "reject 550 5.7.1 one");
	assert_judged(DEFERS "r: reject \"{dnsbl(partly.example)}{dnsbl(dead.example)}\"\n",
	    "reject 550 5.7.1 127.0.0.2");
	/* true whatever it would have said */
	assert_judged(DEFERS
	    "r: reject \"or\" if dnsbl(\"dead.example\") or dnsbl(\"a.example\")\n",
	    "reject 550 5.7.1 or");
	/* and false */
	assert_judged(DEFERS "r: reject if dnsbl(\"dead.example\") and dnsbl(\"c.example\")\n"
			     "s: reject \"next\"\n",
	    "reject 550 5.7.1 next");
}

static void
an_error_beats_a_failure(void **state)
{
	static const char *const conditions[] = { "dnsbl(\"dead.example\") and helo ~ " ERRS,
		"helo ~ " ERRS " or dnsbl(\"dead.example\")",
		"2 of (dnsbl(\"dead.example\"), dnsbl(\"gone.example\"), helo ~ " ERRS ")",
		"not (dnsbl(\"dead.example\") or helo ~ " ERRS ")" };

	(void)state;
	for (size_t i = 0; i < sizeof(conditions) / sizeof(*conditions); i++) {
		struct play p;
		char rules[300];

		snprintf(rules, sizeof(rules), "r: reject if %s\n", conditions[i]);
		start_with_zone(&p, zone, rules);
		assert_string_equal(client(&p, "192.0.2.1"), "continue");
		assert_string_equal(helo(&p, ERR), "continue");
		assert_string_equal(
		    envelope(&p), "tempfail 451 4.3.0 Temporary failure, try again later");
		assert_string_equal(p.log.p,
		    "tempfail by error r at rcpt"
		    ": match limit: a pattern took too many steps, or too much memory\n");
		finish(&p);
	}
}

static void
an_error_in_a_score_or_on_one_side_beats_a_failure(void **state)
{
	struct play p;
	struct buf longer = { 0 };

	(void)state;
	start_with_zone(&p, zone,
	    "s: score 3 if dnsbl(\"dead.example\")\nt: score 3 if helo ~ " ERRS "\n"
	    "r: reject if score >= 2\n");
	assert_string_equal(client(&p, "192.0.2.1"), "continue");
	assert_string_equal(helo(&p, ERR), "continue");
	assert_string_equal(envelope(&p), "tempfail 451 4.3.0 Temporary failure, try again later");
	finish(&p);
	/* a HELO name that was cut off */
	for (int i = 0; i <= LIMIT_ADDRESS; i++)
		buf_char(&longer, 'x');
	start_with_zone(&p, zone, "r: reject if helo = \"{dnsbl(dead.example)}\"\n");
	assert_string_equal(client(&p, "192.0.2.1"), "continue");
	assert_string_equal(helo(&p, longer.p), "continue");
	assert_string_equal(envelope(&p), "tempfail 451 4.3.0 Temporary failure, try again later");
	finish(&p);
	buf_free(&longer);
}

static void
a_score_that_errs_or_fails_parts_recipients(void **state)
{
	struct play p;

	(void)state;
	start_with_zone(&p, zone,
	    "q: reject if dnsbl(\"dead.example\") = 127.0.0.9\n"
	    "s: score 3 if dnsbl(\"dead.example\") and recipient.local ~ " ERRS "\n"
	    "r: reject \"{score}\" if raw.body ~ /x/\n");
	greet(&p);
	assert_string_equal(rcpt(&p, "<yes@example.org>"), "continue");
	/* for the first one r is skipped, for the second one it is an error */
	assert_string_equal(
	    rcpt(&p, "<" ERR "@example.org>"), "tempfail 452 4.5.3 Send separately");
	assert_string_equal(rcpt(&p, "<yes.too@example.org>"), "continue");
	finish(&p);
}

static void
what_contradicts_itself_may_be_passed_for_a_failure(void **state)
{
	struct play p;

	(void)state;
	start_with_zone(&p, zone,
	    "s: score 2 if dnsbl(\"dead.example\") and not dnsbl(\"dead.example\")\n"
	    "t: score 2\nd: discard if score < 3\n");
	assert_string_equal(client(&p, "192.0.2.1"), "accept");
	finish(&p);
	start_with_zone(&p, zone,
	    "set on-error skip\n"
	    "s: score 4 if dnsbl(\"dead.example\") and not dnsbl(\"dead.example\")\n"
	    "d: discard if 2 of (score >= 1, raw.header(\"X-Test\"), score < 4)\n");
	assert_string_equal(client(&p, "192.0.2.1"), "accept");
	finish(&p);
}

static void
lookups_are_made_though_they_can_only_fail_or_err(void **state)
{
	struct play p;

	(void)state;
	/* whatever the second list says, r won't be true or false; but an error it may be */
	start_with_zone(&p, zone,
	    "q: reject if dnsbl(\"dead.example\") = 127.0.0.9\n"
	    "s: score 3 if dnsbl(\"names.example\", helo) ~ " ERRS "\n"
	    "r: reject if (dnsbl(\"dead.example\") or score > 0) and dnsbl(\"dead.example\")\n");
	greet(&p);
	assert_string_equal(rcpt(&p, "<b@example.org>"), "continue");
	assert_string_equal(data(&p), "accept");
	assert_int_equal(questions(&p), 2);
	finish(&p);
}

static void
what_may_err_but_not_fail_is_skipped_as_an_error(void **state)
{
	static const char *const rules[] = { "r: reject if not 2 of (helo ~ " ERRS
					     " or raw.body ~ /x/,"
					     " helo ~ " ERRS
					     " or raw.body ~ /y/, raw.body ~ /z/)\n",
		"s: score 1 if helo ~ " ERRS " and raw.body ~ /x/\nr: reject if score > 0\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		struct play p;
		char text[400];

		snprintf(text, sizeof(text), "set on-error skip\n" DEFERS "%s", rules[i]);
		start(&p, text);
		assert_string_equal(client(&p, "192.0.2.1"), "continue");
		assert_string_equal(helo(&p, ERR), "continue");
		assert_string_equal(mail(&p, "<a@example.net>"), "accept");
		finish(&p);
	}
}

/* What the log hears of failures, as far as RCPT. */
static void
check_log(const char *rules, const char *lines)
{
	struct play p;

	judged(&p, rules);
	assert_string_equal(p.log.p, lines);
	finish(&p);
}

static void
the_log_names_the_list_and_why(void **state)
{
	(void)state;
	check_log(DEFERS "r: reject if dnsbl(\"dead.example\")\n",
	    "tempfail by dns r at rcpt: the list dead.example: no server has answered\n");
	check_log(DEFERS "r: reject if dnsbl(\"a.example\") = dnsbl(\"refuses.example\")\n",
	    "tempfail by dns r at rcpt: the list refuses.example: it refuses to answer us "
	    "(127.255.255.x)\n");
	check_log(DEFERS "r: reject if client.ip = \"{dnsbl(gone.example)}\"\n",
	    "tempfail by dns r at rcpt: the list gone.example: it answers outside of 127.0.0.0/8, "
	    "as no list does\n");
	check_log("r: reject if dnsbl(\"a.example\") and not dnsbl(\"dead.example\")\n"
		  "s: reject\n",
	    "error r at rcpt: the list dead.example: no server has answered\n"
	    "reject by rule s at rcpt\n");
	/* through the score, and through its being told */
	check_log(DEFERS "s: score 3 if dnsbl(\"dead.example\")\nr: reject if score >= 2\n",
	    "error s at rcpt: the list dead.example: no server has answered\n"
	    "tempfail by dns r at rcpt: the list dead.example: no server has answered\n");
	check_log(DEFERS "s: score 3 if dnsbl(\"dead.example\")\nr: reject \"{score}\"\n",
	    "error s at rcpt: the list dead.example: no server has answered\n"
	    "tempfail by dns r at rcpt: the list dead.example: no server has answered\n");
}

static void
a_failing_list_keeps_no_mail_out_by_a_text(void **state)
{
	struct play p;

	(void)state;
	start_with_zone(
	    &p, zone, DEFERS "h: add-header \"X-Listed\" \"by {dnsbl(dead.example)}\"\n");
	greet(&p);
	assert_string_equal(message(&p, "x", "x"), "accept");
	assert_string_equal(p.effects.p, "add-header X-Listed:by :0\n");
	finish(&p);
}

static void
an_effect_of_a_failing_list(void **state)
{
	static const char rule[] = "q: quarantine \"held\" if dnsbl(\"dead.example\")\n";
	struct play p;
	char rules[200];

	(void)state;
	start_with_zone(&p, zone, rule);
	assert_string_equal(client(&p, "192.0.2.1"), "accept");
	assert_string_equal(p.log.p,
	    "error q at connect: the list dead.example: no server has answered\n"
	    "accept by default - at body\n");
	finish(&p);
	snprintf(rules, sizeof(rules), DEFERS "%s", rule);
	assert_judged(rules, DEFERRED);
	/* a refusal doesn't mind */
	snprintf(rules, sizeof(rules), DEFERS "%sr: reject \"no\"\n", rule);
	assert_judged(rules, "reject 550 5.7.1 no");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_asked_once_a_connection),
		cmocka_unit_test(what_a_list_says_lives_as_long_as_what_it_was_asked_about),
		cmocka_unit_test(a_list_is_not_asked_where_others_settle_the_rule),
		cmocka_unit_test(what_serves_only_a_refusal_waits_for_refuse_at),
		cmocka_unit_test(lists_of_one_rule_are_asked_together),
		cmocka_unit_test(a_text_tells_of_the_first_list_that_is_true),
		cmocka_unit_test(a_text_tells_of_the_answer_that_matched),
		cmocka_unit_test(a_text_without_a_listing_leaves_it_out),
		cmocka_unit_test(a_lists_text_is_made_harmless),
		cmocka_unit_test(the_v6_client_is_asked_about),
		cmocka_unit_test(a_failing_list_lets_its_rule_be_passed),
		cmocka_unit_test(what_a_failing_list_did_answer_counts),
		cmocka_unit_test(an_error_beats_a_failure),
		cmocka_unit_test(an_error_in_a_score_or_on_one_side_beats_a_failure),
		cmocka_unit_test(a_score_that_errs_or_fails_parts_recipients),
		cmocka_unit_test(what_contradicts_itself_may_be_passed_for_a_failure),
		cmocka_unit_test(lookups_are_made_though_they_can_only_fail_or_err),
		cmocka_unit_test(what_may_err_but_not_fail_is_skipped_as_an_error),
		cmocka_unit_test(the_log_names_the_list_and_why),
		cmocka_unit_test(a_failing_list_keeps_no_mail_out_by_a_text),
		cmocka_unit_test(an_effect_of_a_failing_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

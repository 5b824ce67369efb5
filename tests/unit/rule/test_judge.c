/*
 * test_judge.c - when the MTA is told what, by hand: what random rules reach seldom or not at all
 */
#include "play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void
accept_at_connect_waits_for_effects_above_it(void **state)
{
	struct play p;

	(void)state;
	start(&p, "a: accept if client.ip in { 192.0.2.1 }\nl: log \"below\" if raw.body ~ /x/\n");
	assert_string_equal(client(&p, "192.0.2.1"), "accept");
	finish(&p);
	start(&p,
	    "l: log \"said {helo}\" if helo ~ /bad/\na: accept if client.ip in { 192.0.2.1 }\n");
	assert_string_equal(client(&p, "192.0.2.1"), "continue");
	assert_string_equal(helo(&p, "bad.example"), "continue");
	assert_string_equal(mail(&p, "<a@example.net>"), "accept");
	assert_string_equal(p.log.p, "log l at mail: said bad.example\naccept by rule a at mail\n");
	finish(&p);
}

static void
an_erring_effect_stops_an_acceptance_and_no_refusal(void **state)
{
	struct play p;

	(void)state;
	start(&p, "h: add-header \"X-A\" \"b\" if helo ~ " ERRS "\na: accept\n");
	assert_string_equal(client(&p, "192.0.2.1"), "continue");
	assert_string_equal(helo(&p, ERR), "continue");
	assert_string_equal(mail(&p, "<a@example.net>"), "continue");
	assert_true(strncmp(rcpt(&p, "<b@example.org>"), "tempfail 451 4.3.0 ", 19) == 0);
	assert_string_equal(p.log.p,
	    "tempfail by error h at rcpt"
	    ": match limit: a pattern took too many steps, or too much memory\n");
	finish(&p);
	start(&p, "q: quarantine if helo ~ " ERRS "\nr: reject \"no\"\n");
	assert_string_equal(client(&p, "192.0.2.1"), "continue");
	assert_string_equal(helo(&p, ERR), "continue");
	assert_string_equal(mail(&p, "<a@example.net>"), "continue");
	assert_string_equal(rcpt(&p, "<b@example.org>"), "reject 550 5.7.1 no");
	finish(&p);
}

static void
the_last_helo_counts(void **state)
{
	struct play p;

	(void)state;
	start(&p, "r: reject \"{helo}\" if helo = bad.example\n");
	assert_string_equal(client(&p, "192.0.2.1"), "continue");
	assert_string_equal(helo(&p, "bad.example"), "continue");
	assert_string_equal(helo(&p, "good.example"), "continue");
	assert_string_equal(mail(&p, "<a@example.net>"), "accept");
	assert_string_equal(helo(&p, "bad.example"), "continue");
	assert_string_equal(mail(&p, "<a@example.net>"), "continue");
	assert_string_equal(rcpt(&p, "<b@example.org>"), "reject 550 5.7.1 bad.example");
	finish(&p);
	start(&p, "set refuse-at helo\nr: reject \"{helo}\" if helo = bad.example\n");
	assert_string_equal(client(&p, "192.0.2.1"), "continue");
	assert_string_equal(helo(&p, "bad.example"), "reject 550 5.7.1 bad.example");
	finish(&p);
}

static void
the_score_decides_as_soon_as_its_bounds_do(void **state)
{
	struct play p;

	(void)state;
	start(&p,
	    "score 5 if sender = a@example.net\nscore -1 if raw.header(\"X-Test\") = good\n"
	    "score 2 if raw.body ~ /bad/\nr: reject \"spam\" if score >= 4\n");
	greet(&p);
	assert_string_equal(rcpt(&p, "<b@example.org>"), "reject 550 5.7.1 spam");
	assert_string_equal(mail(&p, "<other@example.net>"), "accept");
	finish(&p);
	/* {score} waits until the sum is exact */
	start(&p,
	    "score 5 if sender = a@example.net\nscore -1 if raw.header(\"X-Test\") = good\n"
	    "r: reject \"spam {score}\" if score >= 4\n");
	greet(&p);
	assert_string_equal(rcpt(&p, "<b@example.org>"), "continue");
	assert_string_equal(data(&p), "continue");
	assert_string_equal(header(&p, "X-Test", "good"), "reject 550 5.7.1 spam 4");
	finish(&p);
}

static void
a_monitor_rule_is_noted_and_passed(void **state)
{
	struct play p;

	(void)state;
	start(&p,
	    "m: monitor reject \"would\" if sender = a@example.net\n"
	    "s: monitor score 9 if sender = a@example.net\nr: reject if score > 0\n");
	assert_string_equal(client(&p, "192.0.2.1"), "continue");
	assert_string_equal(mail(&p, "<a@example.net>"), "accept");
	assert_true(strncmp(p.log.p, "monitor m at mail: would\nmonitor s at mail: ", 44) == 0);
	finish(&p);
}

static void
mode_monitor_tells_nothing(void **state)
{
	struct play p;

	(void)state;
	start(&p, "set mode monitor\nq: quarantine\nr: reject \"no\" if sender = a@example.net\n");
	greet(&p);
	assert_string_equal(rcpt(&p, "<b@example.org>"), "continue");
	assert_string_equal(p.log.p, "reject by rule r at rcpt in vain\n");
	assert_string_equal(data(&p), "continue");
	assert_string_equal(header(&p, "X-Test", "x"), "continue");
	assert_string_equal(body(&p, NULL), "accept");
	assert_string_equal(p.effects.p, "");
	assert_string_equal(p.log.p, "reject by rule r at rcpt in vain\n");
	finish(&p);
}

static void
local_mail_is_refused_at_its_end(void **state)
{
	struct play p;

	(void)state;
	start(&p, "set refuse-at connect\nr: reject \"no\" if client.ip in { 192.0.2.1 }\n");
	session_connect(p.session, NULL, 0, SLICE_ABSENT);
	assert_string_equal(reach(&p, STAGE_CONNECT), "accept");
	finish(&p);
	start(&p, "set refuse-at connect\nr: reject \"no\" if sender = a@example.net\n");
	session_connect(p.session, NULL, 0, SLICE_ABSENT);
	assert_string_equal(reach(&p, STAGE_CONNECT), "continue");
	assert_string_equal(mail(&p, "a@example.net"), "continue");
	assert_string_equal(message(&p, "x", NULL), "reject 550 5.7.1 no");
	finish(&p);
}

static void
a_body_beyond_the_limit_errs_unless_found_within(void **state)
{
	static char filler[2000];
	struct play p;

	(void)state;
	memset(filler, 'x', sizeof(filler) - 1);
	start(&p, "set max-message-size 1K\nr: reject \"no\" if raw.body ~ /bad/\n");
	greet(&p);
	session_rcpt(p.session, SLICE("<b@example.org>"));
	assert_string_equal(reach(&p, STAGE_RCPT), "continue");
	session_body(p.session, SLICE("bad"));
	assert_string_equal(body(&p, filler), "reject 550 5.7.1 no");
	assert_string_equal(mail(&p, "<a@example.net>"), "continue");
	session_rcpt(p.session, SLICE("<b@example.org>"));
	assert_string_equal(reach(&p, STAGE_RCPT), "continue");
	session_body(p.session, slice_str(filler));
	assert_true(strncmp(body(&p, "bad"), "tempfail 451 4.3.0 ", 19) == 0);
	finish(&p);
}

/* One recipient more than there can be classes. */
static const char *
crowd(struct play *p)
{
	const char *last = "";

	greet(p);
	for (int i = 0; i <= LIMIT_CLASSES; i++) {
		char to[40];

		snprintf(to, sizeof(to), "<u%d@example.org>", i);
		last = rcpt(p, to);
	}
	return last;
}

static void
too_many_classes_are_told_to_come_separately(void **state)
{
	struct play p;

	(void)state;
	start(&p,
	    "set mixed-recipients deliver\n"
	    "n: reject if recipient.local = nobody\n"
	    "h: add-header \"X-To\" \"{recipient}\" if raw.header(\"X-Test\")\n");
	assert_string_equal(crowd(&p), "tempfail 452 4.5.3 Send separately");
	assert_string_equal(header(&p, "X-Test", "yes"), "continue");
	assert_string_equal(body(&p, "x"), "accept");
	finish(&p);
}

static void
too_many_classes_defer_the_message_where_no_answer_is_awaited(void **state)
{
	struct play p;

	(void)state;
	start(&p,
	    "set mixed-recipients deliver\n"
	    "h: add-header \"X-To\" \"{recipient}\" if raw.header(\"X-Test\")\n");
	assert_string_equal(crowd(&p), "continue");
	assert_string_equal(header(&p, "X-Test", "yes"), "continue");
	assert_string_equal(body(&p, "x"), "tempfail 452 4.5.3 Too many recipients");
	finish(&p);
}

static void
a_score_in_error_parts_recipients(void **state)
{
	struct play p;

	(void)state;
	start(&p,
	    "set mixed-recipients deliver\nset refuse-at rcpt\n"
	    "s: score 4 if recipient.local ~ " ERRS "\n"
	    "h: add-header \"X-Score\" \"{score}\" if raw.header(\"X-Test\")\n");
	greet(&p);
	assert_string_equal(rcpt(&p, "<" ERR "@example.org>"), "continue");
	assert_string_equal(rcpt(&p, "<b@example.org>"), "continue");
	assert_string_equal(header(&p, "X-Test", "yes"), "continue");
	/* the mildest verdict: the second one's, whose score is exact */
	assert_string_equal(body(&p, "x"), "accept");
	assert_non_null(strstr(p.log.p, "tempfail by error h"));
	finish(&p);
}

static void
a_skipped_score_text_lets_an_accept_be_told_early(void **state)
{
	struct play p;

	(void)state;
	start(&p,
	    "set on-error skip\n"
	    "s: score 2 if helo ~ " ERRS "\n"
	    "r: reject \"{score}\" if raw.body ~ /x/\n");
	assert_string_equal(client(&p, "192.0.2.1"), "continue");
	assert_string_equal(helo(&p, ERR), "continue");
	assert_string_equal(mail(&p, "<a@example.net>"), "accept");
	finish(&p);
}

static void
a_message_for_nobody_is_not_let_in(void **state)
{
	struct play p;

	(void)state;
	start(&p, "r: reject \"no\" if recipient = b@example.org\nx: reject if raw.body ~ /x/\n");
	greet(&p);
	assert_string_equal(rcpt(&p, "<b@example.org>"), "reject 550 5.7.1 no");
	assert_string_equal(body(&p, "y"), "tempfail 451 4.3.0 Temporary failure, try again later");
	finish(&p);
}

static void
too_many_recipients_are_told_to_come_later(void **state)
{
	struct play p;
	char to[40];

	(void)state;
	start(&p, "r: reject if raw.header(\"X-Test\") = bad\n");
	greet(&p);
	for (int i = 0; i < LIMIT_RECIPIENTS; i++) {
		snprintf(to, sizeof(to), "<r%d@example.org>", i);
		assert_true(session_rcpt(p.session, slice_str(to)));
		if (i < 2 || i == LIMIT_RECIPIENTS - 1)
			assert_string_equal(reach(&p, STAGE_RCPT), "continue");
	}
	assert_false(session_rcpt(p.session, SLICE("<more@example.org>")));
	finish(&p);
}

static void
a_log_line_waits_for_what_it_says(void **state)
{
	struct play p;

	(void)state;
	start(&p, "score 2 if recipient ~ /b@/\nl: log \"{sender} has {score}\"\na: accept\n");
	greet(&p);
	assert_string_equal(rcpt(&p, "<b@example.org>"), "continue");
	assert_string_equal(data(&p), "accept");
	assert_string_equal(
	    p.log.p, "log l at data: a@example.net has 2\naccept by rule a at data\n");
	finish(&p);
}

static void
a_score_in_error_is_no_number(void **state)
{
	struct play p;

	(void)state;
	start(&p, "s: score 3 if helo ~ " ERRS "\nr: reject \"{score}\"\n");
	assert_string_equal(client(&p, "192.0.2.1"), "continue");
	assert_string_equal(helo(&p, ERR), "continue");
	assert_string_equal(mail(&p, "<a@example.net>"), "continue");
	assert_true(strncmp(rcpt(&p, "<b@example.org>"), "tempfail 451 4.3.0 ", 19) == 0);
	finish(&p);
	start(&p, "set on-error skip\ns: score 3 if helo ~ " ERRS "\nr: reject \"{score}\"\n");
	assert_string_equal(client(&p, "192.0.2.1"), "continue");
	assert_string_equal(helo(&p, ERR), "continue");
	assert_string_equal(mail(&p, "<a@example.net>"), "accept");
	finish(&p);
}

static void
each_recipient_keeps_its_log_lines(void **state)
{
	struct play p;

	(void)state;
	start(&p,
	    "set mixed-recipients deliver\n"
	    "l: log \"{recipient}\" if recipient ~ /bob/ and raw.body ~ /x/\n");
	greet(&p);
	assert_string_equal(rcpt(&p, "<alice@example.org>"), "continue");
	assert_string_equal(rcpt(&p, "<bob@example.org>"), "continue");
	assert_string_equal(data(&p), "continue");
	assert_string_equal(header(&p, "X-Test", "x"), "continue");
	assert_string_equal(body(&p, "x"), "accept");
	assert_non_null(strstr(p.log.p, "log l at body: bob@example.org\n"));
	finish(&p);
}

static void
under_drop_an_open_class_gets_no_verdict_of_its_own(void **state)
{
	struct play p;

	(void)state;
	start(&p,
	    "set mixed-recipients drop\n"
	    "t: tempfail \"later\" if recipient ~ /alice/ and raw.header(\"X-Test\") = yes\n"
	    "r: reject if raw.body ~ /x/\n");
	greet(&p);
	assert_string_equal(rcpt(&p, "<alice@example.org>"), "continue");
	assert_string_equal(rcpt(&p, "<bob@example.org>"), "continue");
	assert_string_equal(data(&p), "continue");
	assert_string_equal(header(&p, "X-Test", "yes"), "tempfail 451 4.7.1 later");
	assert_null(strstr(p.log.p, "accept"));
	assert_null(strstr(p.log.p, "by rule r"));
	finish(&p);
}

static void
what_is_skipped_holds_nothing_up(void **state)
{
	struct play p;

	(void)state;
	start(&p, "set on-error skip\nd: discard if not (helo ~ " ERRS " and helo !~ " ERRS ")\n");
	assert_string_equal(client(&p, "192.0.2.1"), "continue");
	assert_string_equal(helo(&p, ERR), "continue");
	assert_string_equal(mail(&p, "<a@example.net>"), "accept");
	finish(&p);
}

static void
what_is_skipped_for_any_recipient_is_noted(void **state)
{
	struct play p;

	(void)state;
	start(&p, "set on-error skip\nd: discard if recipient ~ " ERRS "\n");
	greet(&p);
	assert_string_equal(rcpt(&p, "<b@example.org>"), "continue");
	assert_string_equal(rcpt(&p, "<" ERR "@example.org>"), "continue");
	assert_string_equal(data(&p), "accept");
	assert_non_null(strstr(p.log.p,
	    "error d at data"
	    ": match limit: a pattern took too many steps, or too much memory\n"));
	finish(&p);
}

static void
what_serves_only_a_refusal_is_not_looked_up_before_it_can_be_told(void **state)
{
	static const char zone[] = "example.net TXT \"v=spf1 -all\"\n";
	struct play p;

	(void)state;
	start_with_zone(&p, zone, "r: reject \"no\" if spf = fail\n");
	greet(&p);
	assert_int_equal(p.session->looked_up & LOOKUP_SPF, 0);
	assert_string_equal(rcpt(&p, "<b@example.org>"), "reject 550 5.7.1 no");
	assert_true(p.session->looked_up & LOOKUP_SPF);
	finish(&p);
	start_with_zone(&p, zone, "set refuse-at mail\nr: reject \"no\" if spf = fail\n");
	assert_string_equal(client(&p, "192.0.2.1"), "continue");
	assert_string_equal(mail(&p, "<a@example.net>"), "reject 550 5.7.1 no");
	finish(&p);
}

static void
a_lookup_that_may_accept_is_made_when_it_can_be(void **state)
{
	static const char zone[] = "example.net TXT \"v=spf1 ip4:192.0.2.1 -all\"\n";
	struct play p;

	(void)state;
	start_with_zone(&p, zone, "a: accept if spf = pass\nr: reject \"no\" if raw.body ~ /x/\n");
	assert_string_equal(client(&p, "192.0.2.1"), "continue");
	assert_string_equal(mail(&p, "<a@example.net>"), "accept");
	finish(&p);
}

static void
a_rule_that_is_settled_without_it_asks_no_lookup(void **state)
{
	static const char zone[] = "example.net TXT \"v=spf1 -all\"\n";
	struct play p;

	(void)state;
	start_with_zone(&p, zone,
	    "a: accept if client.ip in { 192.0.2.1 } or spf = pass\n"
	    "r: reject \"no\" if spf = fail and sender = b@example.net\n");
	assert_string_equal(client(&p, "192.0.2.1"), "accept");
	assert_int_equal(p.session->looked_up, 0);
	finish(&p);
	start_with_zone(&p, zone, "r: reject \"no\" if spf = fail and sender = b@example.net\n");
	assert_string_equal(client(&p, "192.0.2.1"), "continue");
	assert_string_equal(mail(&p, "<a@example.net>"), "accept");
	assert_int_equal(p.session->looked_up, 0);
	finish(&p);
	/* no outcome of the lookup settles it as long as the body is out */
	start_with_zone(
	    &p, zone, "r: reject \"no\" if 2 of (spf = fail, raw.body ~ /x/, raw.body ~ /y/)\n");
	greet(&p);
	assert_string_equal(rcpt(&p, "<b@example.org>"), "continue");
	assert_string_equal(data(&p), "continue");
	assert_int_equal(p.session->looked_up, 0);
	assert_string_equal(body(&p, "x"), "reject 550 5.7.1 no");
	finish(&p);
}

static void
spf_behind_a_relay_is_judged_at_the_end_of_the_headers(void **state)
{
	static const char zone[] = "example.net TXT \"v=spf1 ip4:198.51.100.7 -all\"\n";
	static const char received[] =
	    "from c.example (c.example [%s]) by relay.example (Postfix) with ESMTP id 1;"
	    " Mon, 2 Nov 2026 10:00:00 +0000";
	struct play p;
	char value[200];

	(void)state;
	start_with_zone(&p, zone,
	    "list near of networks { 192.0.2.1 }\nset trusted-relays near\n"
	    "d: reject if spf = fail and dnsbl(\"c.example\")\n"
	    "a: accept if spf = pass\nr: reject \"no\" if spf = fail\n"
	    "s: reject \"none\" if spf = none\n");
	greet(&p);
	assert_string_equal(rcpt(&p, "<b@example.org>"), "continue");
	assert_string_equal(data(&p), "continue");
	assert_int_equal(p.session->looked_up, LOOKUP_DNSBL(0));
	snprintf(value, sizeof(value), received, "198.51.100.8");
	assert_string_equal(header(&p, "Received", value), "reject 550 5.7.1 no");
	/* each message by the way that it has come */
	assert_string_equal(mail(&p, "<a@example.net>"), "continue");
	assert_string_equal(rcpt(&p, "<b@example.org>"), "continue");
	assert_string_equal(data(&p), "continue");
	snprintf(value, sizeof(value), received, "198.51.100.7");
	assert_string_equal(header(&p, "Received", value), "accept");
	assert_string_equal(mail(&p, "<a@example.net>"), "continue");
	assert_string_equal(rcpt(&p, "<b@example.org>"), "continue");
	assert_string_equal(data(&p), "continue");
	assert_string_equal(header(&p, "Subject", "x"), "reject 550 5.7.1 none");
	/* who is no relay is judged by himself */
	assert_string_equal(client(&p, "198.51.100.7"), "continue");
	assert_string_equal(mail(&p, "<a@example.net>"), "continue");
	assert_string_equal(rcpt(&p, "<b@example.org>"), "continue");
	assert_string_equal(data(&p), "accept");
	finish(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accept_at_connect_waits_for_effects_above_it),
		cmocka_unit_test(an_erring_effect_stops_an_acceptance_and_no_refusal),
		cmocka_unit_test(the_last_helo_counts),
		cmocka_unit_test(the_score_decides_as_soon_as_its_bounds_do),
		cmocka_unit_test(a_monitor_rule_is_noted_and_passed),
		cmocka_unit_test(mode_monitor_tells_nothing),
		cmocka_unit_test(local_mail_is_refused_at_its_end),
		cmocka_unit_test(a_body_beyond_the_limit_errs_unless_found_within),
		cmocka_unit_test(too_many_recipients_are_told_to_come_later),
		cmocka_unit_test(too_many_classes_are_told_to_come_separately),
		cmocka_unit_test(too_many_classes_defer_the_message_where_no_answer_is_awaited),
		cmocka_unit_test(a_message_for_nobody_is_not_let_in),
		cmocka_unit_test(a_score_in_error_parts_recipients),
		cmocka_unit_test(a_skipped_score_text_lets_an_accept_be_told_early),
		cmocka_unit_test(a_log_line_waits_for_what_it_says),
		cmocka_unit_test(a_score_in_error_is_no_number),
		cmocka_unit_test(each_recipient_keeps_its_log_lines),
		cmocka_unit_test(under_drop_an_open_class_gets_no_verdict_of_its_own),
		cmocka_unit_test(what_is_skipped_holds_nothing_up),
		cmocka_unit_test(what_is_skipped_for_any_recipient_is_noted),
		cmocka_unit_test(what_serves_only_a_refusal_is_not_looked_up_before_it_can_be_told),
		cmocka_unit_test(a_lookup_that_may_accept_is_made_when_it_can_be),
		cmocka_unit_test(a_rule_that_is_settled_without_it_asks_no_lookup),
		cmocka_unit_test(spf_behind_a_relay_is_judged_at_the_end_of_the_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

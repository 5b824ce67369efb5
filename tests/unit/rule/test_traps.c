/*
 * test_traps.c - what other filters got wrong, each by a short ruleset and a dialogue
 */
#include "play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* True if the ruleset is refused. */
static bool
refused(const char *rules)
{
	struct diags d;
	struct program *p;
	unsigned errors;

	diags_init(&d);
	p = program_load_text("test.rules", slice_str(rules), &d);
	errors = d.errors;
	diags_free(&d);
	if (p == NULL)
		return errors > 0;
	program_unref(p);
	return false;
}

static void
trap_1_file_order_beats_stage_order(void **state)
{
	static const char rules[] = "a: accept if raw.header(\"X-Test\") = yes\n"
				    "b: reject \"no\" if helo = host.example\n";
	struct play p;

	(void)state;
	start(&p, rules);
	greet(&p);
	assert_string_equal(rcpt(&p, "<b@example.org>"), "continue");
	assert_string_equal(data(&p), "continue");
	assert_string_equal(header(&p, "X-Test", "no"), "reject 550 5.7.1 no");
	assert_string_equal(p.log.p, "reject by rule b at headers\n");
	finish(&p);

	start(&p, rules);
	greet(&p);
	assert_string_equal(rcpt(&p, "<b@example.org>"), "continue");
	assert_string_equal(data(&p), "continue");
	assert_string_equal(header(&p, "X-Test", "yes"), "accept");
	finish(&p);
}

static void
trap_1_accept_of_users_beats_a_later_reject_of_the_sender(void **state)
{
	struct play p;

	(void)state;
	start(&p, "a: accept if sasl.user\nb: reject if sender.domain = example.net\n");
	assert_string_equal(client(&p, "192.0.2.1"), "continue");
	session_mail(p.session, SLICE("<a@example.net>"), NULL, 0);
	session_macro(p.session, STAGE_MAIL, SLICE("{auth_authen}"), SLICE("alice"));
	assert_string_equal(reach(&p, STAGE_MAIL), "accept");
	assert_string_equal(mail(&p, "<a@example.net>"), "continue");
	assert_string_equal(
	    rcpt(&p, "<b@example.org>"), "reject 550 5.7.1 Message refused by local policy");
	finish(&p);
}

static void
trap_2_every_recipient_counts_not_the_last(void **state)
{
	static const char rule[] =
	    "r: reject \"spam\" if recipient ~ /alice/ and raw.header(\"X-Test\") ~ /spam/\n";
	static const char *const orders[][2] = { { "<alice@example.org>", "<bob@example.org>" },
		{ "<bob@example.org>", "<alice@example.org>" } };
	char drop[200];
	struct play p;

	(void)state;
	for (int i = 0; i < 2; i++) {
		start(&p, rule);
		greet(&p);
		assert_string_equal(rcpt(&p, orders[i][0]), "continue");
		assert_string_equal(rcpt(&p, orders[i][1]), "tempfail 452 4.5.3 Send separately");
		assert_string_equal(data(&p), i == 0 ? "continue" : "accept");
		if (i == 0)
			assert_string_equal(header(&p, "X-Test", "spam"), "reject 550 5.7.1 spam");
		finish(&p);
	}
	snprintf(drop, sizeof(drop), "set mixed-recipients drop\n%s", rule);
	for (int i = 0; i < 2; i++) {
		start(&p, drop);
		greet(&p);
		assert_string_equal(rcpt(&p, orders[i][0]), "continue");
		assert_string_equal(rcpt(&p, orders[i][1]), "continue");
		assert_string_equal(data(&p), "continue");
		assert_string_equal(header(&p, "X-Test", "spam"), "continue");
		assert_string_equal(body(&p, NULL), "accept");
		assert_string_equal(p.effects.p, "delete-recipient :<alice@example.org>:0\n");
		finish(&p);
	}
}

static void
trap_3_and_binds_before_or(void **state)
{
	struct play p;

	(void)state;
	start(&p, "r: reject if helo = no and sender = no or client.ip in { 192.0.2.1 }\n");
	greet(&p);
	assert_string_equal(
	    rcpt(&p, "<b@example.org>"), "reject 550 5.7.1 Message refused by local policy");
	finish(&p);
	start(&p, "r: reject if client.ip in { 192.0.2.1 } or helo = no and sender = no\n");
	greet(&p);
	assert_string_equal(
	    rcpt(&p, "<b@example.org>"), "reject 550 5.7.1 Message refused by local policy");
	finish(&p);
	start(&p, "r: reject if not helo = no and sender = no\n");
	assert_string_equal(client(&p, "192.0.2.1"), "continue");
	assert_string_equal(mail(&p, "<a@example.net>"), "accept");
	finish(&p);
}

static void
trap_4_an_error_does_not_let_mail_in(void **state)
{
	struct play p;

	(void)state;
	start(&p, "r: reject if raw.header(\"X-Test\") ~ " ERRS "\n");
	greet(&p);
	assert_string_equal(rcpt(&p, "<b@example.org>"), "continue");
	assert_string_equal(data(&p), "continue");
	assert_true(strncmp(header(&p, "X-Test", ERR), "tempfail 451 4.3.0 ", 19) == 0);
	assert_string_equal(p.log.p,
	    "tempfail by error r at headers"
	    ": match limit: a pattern took too many steps, or too much memory\n");
	finish(&p);

	start(&p, "set on-error skip\nr: reject if raw.header(\"X-Test\") ~ " ERRS "\n");
	greet(&p);
	assert_string_equal(rcpt(&p, "<b@example.org>"), "continue");
	assert_string_equal(data(&p), "continue");
	assert_string_equal(header(&p, "X-Test", ERR), "accept");
	assert_string_equal(p.log.p,
	    "error r at headers: match limit: a pattern took too many steps, or too much memory\n"
	    "accept by default - at body\n");
	finish(&p);
}

static void
trap_4_a_match_across_chunks_is_found(void **state)
{
	static char filler[2048];
	struct play p;

	(void)state;
	memset(filler, 'x', sizeof(filler) - 1);
	start(&p, "r: reject \"found\" if raw.body ~ /needle/\n");
	greet(&p);
	assert_string_equal(rcpt(&p, "<b@example.org>"), "continue");
	assert_string_equal(data(&p), "continue");
	assert_string_equal(header(&p, "X-Test", "no"), "continue");
	session_body(p.session, slice_str(filler));
	session_body(p.session, SLICE("need"));
	assert_string_equal(body(&p, "le"), "reject 550 5.7.1 found");
	finish(&p);
}

static void
trap_4_a_message_leaves_nothing_to_the_next(void **state)
{
	struct play p;

	(void)state;
	start(&p,
	    "r: reject \"no\" if raw.header(\"X-Test\") = yes or recipient ~ /alice/ or raw.body ~ /bad/\n");
	greet(&p);
	assert_string_equal(rcpt(&p, "<alice@example.org>"), "reject 550 5.7.1 no");
	assert_string_equal(rcpt(&p, "<bob@example.org>"), "continue");
	assert_string_equal(data(&p), "continue");
	assert_string_equal(header(&p, "X-Test", "yes"), "reject 550 5.7.1 no");
	assert_string_equal(mail(&p, "<a@example.net>"), "continue");
	assert_string_equal(message(&p, "no", "good"), "accept");
	assert_string_equal(mail(&p, "<a@example.net>"), "continue");
	assert_string_equal(message(&p, "no", "bad"), "reject 550 5.7.1 no");
	assert_string_equal(mail(&p, "<a@example.net>"), "continue");
	assert_string_equal(message(&p, "no", NULL), "accept");
	finish(&p);
}

static void
trap_5_and_8_one_mistake_refuses_the_whole_ruleset(void **state)
{
	static const char *const mistakes[] = { "set refuse-att rcpt", "reject if hello = mx",
		"rejct if helo = mx", "reject if helo ~ /(/", "reject if helo in nowhere",
		"reject if helo ~ /a/q", "reject 250 if helo = mx", "reject 550 4.7.1 if helo = mx",
		"list l of network { 192.0.2.0/24 }", "list l of networks { 192.0.2.0/33 }",
		"list l of domains from \"no-such-file\"", "include \"no-such-file\"",
		"reject if spf = hardfail" };
	char rules[300];

	(void)state;
	assert_false(refused("good: reject if client.ip in { 192.0.2.1 }\n"));
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		snprintf(rules, sizeof(rules), "good: reject if client.ip in { 192.0.2.1 }\n%s\n",
		    mistakes[i]);
		if (!refused(rules))
			fail_msg("not refused: %s", mistakes[i]);
	}
}

static void
trap_6_a_colon_divides_nothing(void **state)
{
	struct play p;

	(void)state;
	start(
	    &p, "list bad of patterns {\n  /Price: 5/i\n}\nr: reject \"no\" if raw.body in bad\n");
	greet(&p);
	assert_string_equal(message(&p, "x", "the number 5 only"), "accept");
	assert_string_equal(mail(&p, "<a@example.net>"), "continue");
	assert_string_equal(message(&p, "x", "price: 5"), "reject 550 5.7.1 no");
	finish(&p);
}

static void
trap_7_an_error_negated_is_no_match(void **state)
{
	static const char *const conditions[] = { "helo !~ " ERRS, "not helo ~ " ERRS,
		"not (helo ~ " ERRS " or sender = nobody@example.net)",
		"not (helo ~ " ERRS " and client.ip in { 192.0.2.1 })" };
	char rules[300];
	struct play p;

	(void)state;
	for (int i = 0; i < 8; i++) {
		snprintf(rules, sizeof(rules), "set on-error %s\nr: reject if %s\n",
		    i < 4 ? "skip" : "tempfail", conditions[i % 4]);
		start(&p, rules);
		assert_string_equal(client(&p, "192.0.2.1"), "continue");
		assert_string_equal(helo(&p, ERR), "continue");
		if (i < 4) {
			assert_string_equal(mail(&p, "<a@example.net>"), "accept");
		} else {
			assert_string_equal(mail(&p, "<a@example.net>"), "continue");
			assert_true(
			    strncmp(rcpt(&p, "<b@example.org>"), "tempfail 451 4.3.0 ", 19) == 0);
		}
		finish(&p);
	}
}

static void
trap_9_accept_keeps_the_effects_above_it(void **state)
{
	struct play p;

	(void)state;
	start(&p,
	    "h: add-header \"X-Seen\" \"{client.ip}\"\n"
	    "q: quarantine \"look\" if helo = host.example\n"
	    "s: set-header \"X-Set\" \"yes\"\n"
	    "a: accept if client.ip in { 192.0.2.1 }\n"
	    "below: add-header \"X-Below\" \"no\"\n");
	greet(&p);
	assert_string_equal(message(&p, "x", NULL), "accept");
	assert_string_equal(p.effects.p,
	    "set-header X-Set:yes:0\nadd-header X-Seen:192.0.2.1:0\n"
	    "quarantine :look:0\n");
	assert_string_equal(p.log.p, "accept by rule a at body\n");
	finish(&p);
}

static void
trap_10_accept_is_not_told_at_rcpt(void **state)
{
	struct play p;

	(void)state;
	start(&p,
	    "a: accept if recipient in { postmaster@ }\nr: reject \"no\" if sender = a@example.net\n");
	greet(&p);
	assert_string_equal(rcpt(&p, "<postmaster@example.org>"), "continue");
	assert_string_equal(rcpt(&p, "<b@example.org>"), "reject 550 5.7.1 no");
	assert_string_equal(rcpt(&p, "<postmaster@example.com>"), "continue");
	assert_string_equal(data(&p), "accept");
	finish(&p);
	/* nobody slips past by adding postmaster */
	start(&p,
	    "a: accept if recipient in { postmaster@ }\n"
	    "r: reject \"no\" if raw.header(\"X-Test\") = bad\n");
	greet(&p);
	assert_string_equal(rcpt(&p, "<b@example.org>"), "continue");
	assert_string_equal(
	    rcpt(&p, "<postmaster@example.org>"), "tempfail 452 4.5.3 Send separately");
	assert_string_equal(data(&p), "continue");
	assert_string_equal(header(&p, "X-Test", "bad"), "reject 550 5.7.1 no");
	finish(&p);
}

static void
trap_13_after_rset_the_next_message_is_judged_anew(void **state)
{
	struct play p;

	(void)state;
	start(&p,
	    "set refuse-at mail\nr: reject \"no\" if sender = bad@example.net\n"
	    "d: discard if raw.header(\"X-Test\") = bad\n");
	greet(&p);
	judge_abort(p.judge);
	assert_string_equal(mail(&p, "<bad@example.net>"), "reject 550 5.7.1 no");
	judge_abort(p.judge);
	assert_string_equal(mail(&p, "<a@example.net>"), "continue");
	assert_string_equal(message(&p, "bad", NULL), "discard");
	judge_abort(p.judge);
	assert_string_equal(mail(&p, "<a@example.net>"), "continue");
	assert_string_equal(rcpt(&p, "<b@example.org>"), "continue");
	assert_string_equal(data(&p), "continue");
	assert_string_equal(header(&p, "X-Test", "good"), "accept");
	finish(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trap_1_file_order_beats_stage_order),
		cmocka_unit_test(trap_1_accept_of_users_beats_a_later_reject_of_the_sender),
		cmocka_unit_test(trap_2_every_recipient_counts_not_the_last),
		cmocka_unit_test(trap_3_and_binds_before_or),
		cmocka_unit_test(trap_4_an_error_does_not_let_mail_in),
		cmocka_unit_test(trap_4_a_match_across_chunks_is_found),
		cmocka_unit_test(trap_4_a_message_leaves_nothing_to_the_next),
		cmocka_unit_test(trap_5_and_8_one_mistake_refuses_the_whole_ruleset),
		cmocka_unit_test(trap_6_a_colon_divides_nothing),
		cmocka_unit_test(trap_7_an_error_negated_is_no_match),
		cmocka_unit_test(trap_9_accept_keeps_the_effects_above_it),
		cmocka_unit_test(trap_10_accept_is_not_told_at_rcpt),
		cmocka_unit_test(trap_13_after_rset_the_next_message_is_judged_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

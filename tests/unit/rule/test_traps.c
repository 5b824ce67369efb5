/*
 * test_traps.c - what other filters got wrong, and what random rules don't reach
 *
 * Each test is a short ruleset and a dialogue; what the MTA would be told is compared as words.
 */
#include "rule/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* Errs on `err`, is true of `yes`. */
#define ERRS "/(*LIMIT_MATCH=100)yes|err(?:x+x+)+y/"
#define ERR "errxxxxxxxxxxxxxxxxxx-y"

struct play {
	struct diags diags;
	struct program *program;
	struct judge *judge;
	struct session *session;
	struct buf said; /* the last answer */
	struct buf log;	 /* decisions and notes, one a line */
	struct buf effects;
};

/* ---- the dialogue ---- */

static void
on_decided(void *ctx, const struct decision *d)
{
	static const char *const causes[] = { "rule", "default", "error", "split", "limit" };
	struct play *p = ctx;

	buf_printf(&p->log, "%s by %s %s at %s%s\n", action_name(d->action), causes[d->cause],
	    d->rule != NULL && d->rule->label != NULL ? d->rule->label : "-", stage_name(d->stage),
	    d->obeyed ? "" : " in vain");
}

static void
on_noted(void *ctx, const struct note *n)
{
	static const char *const kinds[] = { "log", "monitor", "error" };
	struct play *p = ctx;

	buf_printf(&p->log, "%s %s at %s: %.*s\n", kinds[n->kind],
	    n->rule->label != NULL ? n->rule->label : "-", stage_name(n->stage),
	    SLICE_ARG(n->text));
}

/* Load rules and begin a session; the client's address is 192.0.2.1 unless the name says else. */
static void
start(struct play *p, const char *rules)
{
	struct watcher w = { on_decided, on_noted, p };

	memset(p, 0, sizeof(*p));
	diags_init(&p->diags);
	p->program = program_load_text("test.rules", slice_str(rules), &p->diags);
	if (p->program == NULL)
		diags_print(&p->diags, stderr);
	assert_non_null(p->program);
	p->judge = judge_new(p->program, &w);
	assert_non_null(p->judge);
	p->session = judge_session(p->judge);
}

static void
finish(struct play *p)
{
	judge_free(p->judge);
	program_unref(p->program);
	diags_free(&p->diags);
	buf_free(&p->said);
	buf_free(&p->log);
	buf_free(&p->effects);
}

/* Reach a stage: the answer in words. */
static const char *
reach(struct play *p, enum stage s)
{
	static const char *const names[] = { "continue", "accept", "reject", "tempfail",
		"discard" };
	struct answer a = judge_stage(p->judge, s);

	buf_clear(&p->said);
	buf_str(&p->said, names[a.told]);
	if (a.told == TOLD_REJECT || a.told == TOLD_TEMPFAIL)
		buf_printf(&p->said, " %u %s %.*s", a.reply.code, a.reply.enhanced,
		    SLICE_ARG(a.reply.text));
	return p->said.p;
}

static const char *
client(struct play *p, const char *ip)
{
	struct ip addr;

	assert_true(ip_parse(slice_str(ip), &addr));
	session_connect(p->session, &addr, 4711, SLICE("host.example"));
	return reach(p, STAGE_CONNECT);
}

static const char *
helo(struct play *p, const char *name)
{
	session_helo(p->session, slice_str(name));
	return reach(p, STAGE_HELO);
}

static const char *
mail(struct play *p, const char *from)
{
	session_mail(p->session, slice_str(from), NULL, 0);
	return reach(p, STAGE_MAIL);
}

static const char *
rcpt(struct play *p, const char *to)
{
	size_t before;
	const char *said;

	assert_true(session_rcpt(p->session, slice_str(to)));
	before = p->session->nrecipients;
	said = reach(p, STAGE_RCPT);
	if (strcmp(said, "continue") != 0 && p->session->nrecipients == before)
		session_drop_rcpt(p->session);
	return said;
}

static const char *
data(struct play *p)
{
	return reach(p, STAGE_DATA);
}

/* One header, and the end of headers. */
static const char *
header(struct play *p, const char *name, const char *value)
{
	session_header(p->session, slice_str(name), slice_str(value), false);
	return reach(p, STAGE_HEADERS);
}

/* The body and the end of the message, with its effects. */
static const char *
body(struct play *p, const char *text)
{
	static const char *const kinds[] = { "add-header", "set-header", "delete-header",
		"add-recipient", "delete-recipient", "quarantine" };
	const struct effect *v;
	const char *said;
	size_t n;

	if (text != NULL)
		session_body(p->session, slice_str(text));
	said = reach(p, STAGE_BODY);
	/* how an acceptance is told at the end is the engine's choice */
	if (strcmp(said, "continue") == 0)
		said = "accept";
	buf_clear(&p->effects);
	buf_str(&p->effects, "");
	if (strcmp(said, "accept") != 0)
		return said;
	n = judge_effects(p->judge, &v);
	for (size_t i = 0; i < n; i++)
		buf_printf(&p->effects, "%s %.*s:%.*s:%u\n", kinds[v[i].kind], SLICE_ARG(v[i].name),
		    SLICE_ARG(v[i].value), v[i].index);
	return said;
}

/* As far as MAIL, with nothing told. */
static void
greet(struct play *p)
{
	assert_string_equal(client(p, "192.0.2.1"), "continue");
	assert_string_equal(helo(p, "host.example"), "continue");
	assert_string_equal(mail(p, "<a@example.net>"), "continue");
}

/* One message to one recipient from MAIL on, nothing told before its end. */
static const char *
message(struct play *p, const char *header_value, const char *text)
{
	assert_string_equal(rcpt(p, "<b@example.org>"), "continue");
	assert_string_equal(data(p), "continue");
	assert_string_equal(header(p, "X-Test", header_value), "continue");
	return body(p, text);
}

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

/* ---- the traps ---- */

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
	assert_string_equal(p.log.p, "tempfail by error r at headers\n");
	finish(&p);

	start(&p, "set on-error skip\nr: reject if raw.header(\"X-Test\") ~ " ERRS "\n");
	greet(&p);
	assert_string_equal(rcpt(&p, "<b@example.org>"), "continue");
	assert_string_equal(data(&p), "continue");
	assert_string_equal(header(&p, "X-Test", ERR), "accept");
	assert_string_equal(p.log.p, "error r at headers: \naccept by default - at body\n");
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

/* ---- the walk, by hand ---- */

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
	assert_string_equal(p.log.p, "tempfail by error h at rcpt\n");
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

/* ---- lookups ---- */

/* A ruleset with a zone of its own. */
static void
start_with_zone(struct play *p, const char *zone, const char *rules)
{
	char path[] = "/tmp/postern-zone-XXXXXX", text[1000];
	int fd = mkstemp(path);

	assert_true(fd >= 0 && write(fd, zone, strlen(zone)) == (ssize_t)strlen(zone));
	close(fd);
	snprintf(text, sizeof(text), "set dns-zone \"%s\"\n%s", path, rules);
	start(p, text);
	unlink(path);
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
		cmocka_unit_test(accept_at_connect_waits_for_effects_above_it),
		cmocka_unit_test(an_erring_effect_stops_an_acceptance_and_no_refusal),
		cmocka_unit_test(the_last_helo_counts),
		cmocka_unit_test(the_score_decides_as_soon_as_its_bounds_do),
		cmocka_unit_test(a_monitor_rule_is_noted_and_passed),
		cmocka_unit_test(mode_monitor_tells_nothing),
		cmocka_unit_test(local_mail_is_refused_at_its_end),
		cmocka_unit_test(a_body_beyond_the_limit_errs_unless_found_within),
		cmocka_unit_test(too_many_recipients_are_told_to_come_later),
		cmocka_unit_test(what_serves_only_a_refusal_is_not_looked_up_before_it_can_be_told),
		cmocka_unit_test(a_lookup_that_may_accept_is_made_when_it_can_be),
		cmocka_unit_test(a_rule_that_is_settled_without_it_asks_no_lookup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * drive.c - play a session, compare at each stage
 *
 * The world moves in step with the engine's session, so that each answer, decision, note and effect
 * can be held against what naive.c and expect.c make of the same facts. Of what the language leaves
 * open only the limits are checked: who is told early must be right about all that could follow.
 */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- stages ---- */

/* Ask the engine. */
static struct answer
ask(struct run *r, enum stage s)
{
	r->ndecisions = r->nnotes = 0;
	return judge_stage(r->judge, s);
}

/* Lookups are got when the engine wants to: what it says now is certain, and at the end it says
 * something. True if the message or connection goes on. */
static bool
lazy_stage(struct run *r, enum stage s)
{
	struct answer got = ask(r, s);

	if (s == STAGE_BODY ? r->ndecisions == 0
			    : (r->ndecisions == 0) != (got.told == TOLD_CONTINUE))
		wrong(r, "at %s: told %s with %d decisions", stage_name(s), told_name(got.told),
		    r->ndecisions);
	for (int i = 0; i < r->ndecisions; i++) {
		const struct seen_decision *d = &r->decisions[i];

		check_certain(r, d->nrcpts > 0 ? d->rcpts[0] : NONE, s, d->v);
	}
	return r->ndecisions == 0 && !r->failed;
}

/* CONNECT, HELO, MAIL. True if the message or connection goes on. */
static bool
early_stage(struct run *r, enum stage s)
{
	struct view v;
	struct standing st;
	struct want want;
	struct answer got;

	if (r->lazy)
		return lazy_stage(r, s);
	got = ask(r, s);
	check_notes(r, NONE, s);
	if (r->w.rs->mode == MODE_MONITOR) {
		check_monitored(r, s, got, NONE);
		return !r->failed;
	}
	world_view(&r->w, NONE, s, &v);
	st = naive_walk(&v, s, false);
	want = want_early(&r->w, &st, s);
	check_answer(r, NONE, s, got, &want);
	if (r->failed)
		return false;
	if (want.told == TOLD_CONTINUE) {
		check_walk(r, NONE, s);
		return !r->failed;
	}
	check_all_noted(r, NONE, s, &st);
	for (int i = 0; r->w.m != NULL && i < r->w.m->nrcpts; i++)
		reach(r, i, want.v);
	return false;
}

/* One RCPT. */
static void
rcpt_stage(struct run *r, int rcpt)
{
	struct world *w = &r->w;
	size_t before = r->session->nrecipients;
	struct view v;
	struct standing st;
	struct want want;
	struct answer got;

	r->at_index[before - 1] = rcpt;
	if (r->lazy) {
		w->nkept = 1;
		w->kept[0] = rcpt;
		w->nkept = lazy_stage(r, STAGE_RCPT);
		return;
	}
	got = ask(r, STAGE_RCPT);
	check_notes(r, rcpt, STAGE_RCPT);
	world_view(w, rcpt, STAGE_RCPT, &v);
	st = naive_walk(&v, STAGE_RCPT, true);
	if (w->rs->mode == MODE_MONITOR) {
		check_monitored(r, STAGE_RCPT, got, rcpt);
		/* in earnest: a recipient that would be refused counts no more */
		if (!r->covered[rcpt])
			w->kept[w->nkept++] = rcpt;
		return;
	}
	want = want_rcpt(w, &st, rcpt);
	check_answer(r, rcpt, STAGE_RCPT, got, &want);
	if (r->failed)
		return;
	if (want.told == TOLD_CONTINUE) {
		w->kept[w->nkept++] = rcpt;
		check_walk(r, rcpt, STAGE_RCPT);
		return;
	}
	if (want.v.cause != CAUSE_SPLIT)
		check_all_noted(r, rcpt, STAGE_RCPT, &st);
	reach(r, rcpt, want.v);
	if (r->session->nrecipients == before)
		session_drop_rcpt(r->session);
}

/* DATA, HEADERS, BODY. True if the message goes on. */
static bool
message_stage(struct run *r, enum stage s)
{
	struct world *w = &r->w;
	struct standing st[MAX_RCPTS];
	struct view v;
	struct want want;
	struct answer got;

	if (r->lazy)
		return lazy_stage(r, s);
	got = ask(r, s);
	check_notes(r, NONE, s);
	if (w->rs->mode == MODE_MONITOR) {
		check_monitored(r, s, got, NONE);
		if (s == STAGE_BODY && !r->failed)
			check_monitored_end(r);
		return !r->failed;
	}
	for (int k = 0; k < w->nkept; k++) {
		world_view(w, w->kept[k], s, &v);
		st[k] = naive_walk(&v, s, true);
		/* property (e) */
		if (k > 0 && !is_mixed(w) && !st[0].open && !st[k].open &&
		    !like(r, st[0].v, st[k].v))
			wrong(r, "recipients %d and %d were not split: %s, %s", w->kept[0],
			    w->kept[k], verdict_name(st[0].v), verdict_name(st[k].v));
	}
	want = want_message(w, st, s);
	/* at the end an acceptance is told either way */
	if (s == STAGE_BODY && want.told == TOLD_ACCEPT && got.told == TOLD_CONTINUE)
		got.told = TOLD_ACCEPT;
	if (!check_message(r, st, s, got, &want) || want.told != TOLD_CONTINUE)
		return false;
	if (w->nkept == 1)
		check_walk(r, w->kept[0], s);
	return !r->failed;
}

/* ---- facts ---- */

/* Get what lists say of facts of a lifetime and those before, so that it is known as plainly as
 * other facts. */
static void
look_up(struct run *r, enum life upto)
{
	uint64_t lookups = 0;

	if (r->lazy)
		return;
	for (uint32_t i = 0; i < r->program->ndnsbls; i++)
		if (r->program->dnsbls[i].of->life <= upto)
			lookups |= LOOKUP_DNSBL(i);
	session_begin_answer(r->session);
	session_look_up(r->session, lookups);
}

/* A macro, if the session has it. */
static void
give_macro(struct run *r, enum stage s, const char *name, enum what w, int value)
{
	struct buf b = { 0 };

	if (value == ABSENT)
		return;
	value_text(&b, w, value);
	session_macro(r->session, s, slice_str(name), buf_slice(&b));
	buf_free(&b);
}

static bool
play_connect(struct run *r)
{
	const struct rsession *ss = r->w.ss;
	struct buf ip = { 0 }, name = { 0 };
	struct ip addr;

	value_text(&ip, W_IP, ss->ip);
	if (ss->name != ABSENT)
		value_text(&name, W_NAME, ss->name);
	ip_parse(buf_slice(&ip), &addr);
	session_connect(r->session, ss->local ? NULL : &addr, ss->local ? 0 : 1000 + 100 * ss->port,
	    ss->name != ABSENT ? buf_slice(&name) : SLICE("unknown"));
	r->session->local = ss->local;
	give_macro(r, STAGE_CONNECT, "{daemon_name}", W_DAEMON, ss->daemon);
	look_up(r, LIFE_CONNECTION);
	buf_free(&ip);
	buf_free(&name);
	return early_stage(r, STAGE_CONNECT);
}

/* A HELO ends the message and what the last one brought. */
static bool
play_helo(struct run *r, int value)
{
	struct buf b = { 0 };

	value_text(&b, W_HELO, value);
	session_helo(r->session, buf_slice(&b));
	buf_free(&b);
	look_up(r, LIFE_HELO);
	r->w.helo = value;
	r->w.m = NULL;
	r->w.nkept = 0;
	memset(r->noted, 0, sizeof(r->noted));
	return early_stage(r, STAGE_HELO);
}

static bool
play_mail(struct run *r, const struct rmessage *m)
{
	struct buf from = { 0 }, size = { 0 };
	struct slice param;

	r->w.m = m;
	r->w.nkept = 0;
	memset(r->noted, 0, sizeof(r->noted));
	/* Postfix leaves the brackets out where no SMTP client speaks */
	buf_str(&from, r->w.ss->local || m->sender == NULL_SENDER ? "" : "<");
	sender_text(&from, m);
	buf_str(&from, r->w.ss->local || m->sender == NULL_SENDER ? "" : ">");
	if (r->w.ss->local && m->sender == NULL_SENDER)
		buf_clear(&from);
	buf_printf(&size, "SIZE=%d", 1000 * m->size);
	param = buf_slice(&size);
	session_mail(r->session, buf_slice(&from), &param, m->size != ABSENT);
	look_up(r, LIFE_HELO);
	give_macro(r, STAGE_MAIL, "{auth_authen}", W_USER, m->user);
	give_macro(r, STAGE_MAIL, "{mail_host}", W_MAIL_HOST, m->mail_host);
	buf_free(&from);
	buf_free(&size);
	memset(r->covered, 0, sizeof(r->covered));
	return early_stage(r, STAGE_MAIL);
}

static void
play_rcpt(struct run *r, int n)
{
	struct buf b = { 0 };

	rcpt_text(&b, r->w.m, n);
	if (!session_rcpt(r->session, buf_slice(&b)))
		wrong(r, "no place for recipient %d", n);
	give_macro(r, STAGE_RCPT, "{rcpt_host}", W_RCPT_HOST, r->w.m->rcpts[n].host);
	buf_free(&b);
	rcpt_stage(r, n);
}

static void
give_headers(struct run *r)
{
	static const char *const names[] = { "X-Two", "x-too" };
	const struct rmessage *m = r->w.m;

	for (int h = 0; h < 2; h++)
		for (int i = 0; i < m->nheaders[h]; i++) {
			struct buf b = { 0 };

			value_text(&b, W_HEADER_1 + h, m->headers[h][i]);
			session_header(r->session, slice_str(h == 0 ? "X-One" : names[i % 2]),
			    buf_slice(&b), false);
			buf_free(&b);
		}
}

static void
give_body(struct run *r)
{
	const struct rmessage *m = r->w.m;
	struct buf b = { 0 };

	for (int i = 0; m->far && i < 100; i++)
		buf_str(&b, "padding, padding\r\n");
	if (m->body != ABSENT) {
		value_text(&b, W_BODY, m->body);
		buf_str(&b, "\r\n");
	}
	/* in two pieces, cut anywhere */
	if (b.n > 0) {
		session_body(r->session, slice_of(b.p, b.n / 2));
		session_body(r->session, slice_of(b.p + b.n / 2, b.n - b.n / 2));
	}
	buf_free(&b);
	give_macro(r, STAGE_BODY, "{late}", W_LATE, m->late);
}

/* The message is given up. Postfix says HELO, then abort; Sendmail the other way round; RSET is an
 * abort alone. */
static bool
play_abort(struct run *r, const struct rmessage *m)
{
	bool go_on = true;

	if (!m->abort_by_helo) {
		judge_abort(r->judge);
	} else if (m->sender % 2 == 0) {
		go_on = play_helo(r, m->sender_domain);
		judge_abort(r->judge);
	} else {
		judge_abort(r->judge);
		go_on = play_helo(r, m->sender_domain);
	}
	r->w.m = NULL;
	return go_on;
}

/* One transaction. False if the connection is over. */
static bool
play_message(struct run *r, const struct rmessage *m)
{
	if (m->helo != ABSENT && !play_helo(r, m->helo))
		return false;
	if (!play_mail(r, m))
		return !r->failed;
	if (m->abort_after == STAGE_MAIL)
		return play_abort(r, m);
	for (int i = 0; i < m->nrcpts && !r->failed; i++)
		play_rcpt(r, i);
	if (r->failed)
		return false;
	if (m->abort_after == STAGE_RCPT)
		return play_abort(r, m);
	if (r->w.nkept == 0 && r->w.rs->mode == MODE_ENFORCE) {
		judge_abort(r->judge);
		return true;
	}
	give_macro(r, STAGE_DATA, "i", W_QUEUE_ID, m->queue_id);
	if (!message_stage(r, STAGE_DATA))
		return !r->failed;
	if (m->abort_after == STAGE_DATA)
		return play_abort(r, m);
	give_headers(r);
	if (!message_stage(r, STAGE_HEADERS))
		return !r->failed;
	if (m->abort_after == STAGE_HEADERS)
		return play_abort(r, m);
	give_body(r);
	message_stage(r, STAGE_BODY);
	return !r->failed;
}

/* The whole dialogue. */
static void
play(struct run *r)
{
	const struct rsession *ss = r->w.ss;

	if (!play_connect(r))
		return;
	for (int i = 0; i < ss->nhelos; i++)
		if (!play_helo(r, ss->helos[i]))
			return;
	for (int i = 0; i < ss->nmessages; i++)
		if (!play_message(r, &ss->messages[i]))
			return;
}

/* Let the program's lists be those of the session. */
static void
give_zone(struct run *r)
{
	struct program *p = r->program;
	struct buf text = { 0 };
	struct slice rest, line;
	struct diags d;

	if (p->ndnsbls == 0)
		return;
	diags_init(&d);
	resolver_free(p->resolver);
	p->zone = zone_new();
	print_zone(&text, r->w.ss);
	for (rest = buf_slice(&text); rest.n > 0;) {
		line = slice_cut(rest, '\n', &rest);
		if (!zone_add(p->zone, line, (struct span){ 0 }, &d))
			wrong(r, "no line of a zone: %.*s", SLICE_ARG(line));
	}
	p->env.resolver = p->resolver = resolver_new(&(struct resolver_config){ .zone = p->zone });
	p->env.quiet = true;
	buf_free(&text);
	diags_free(&d);
}

/* Play the session with one ruleset. */
static bool
drive_so(const struct ruleset *rs, const struct rsession *ss, bool lazy, struct outcome *out,
    struct tally *t)
{
	struct run r = {
		.w = { .rs = rs, .ss = ss, .helo = ABSENT }, .lazy = lazy, .out = out, .tally = t
	};
	struct watcher watcher = run_watcher(&r);
	struct buf text = { 0 };
	struct diags d;

	memset(out, 0, sizeof(*out));
	diags_init(&d);
	print_rules(&text, rs);
	r.program = program_load_text("random.rules", buf_slice(&text), &d);
	if (r.program == NULL) {
		char *words = NULL;
		size_t n;
		FILE *f = open_memstream(&words, &n);

		diags_print(&d, f);
		fclose(f);
		wrong(&r, "the ruleset is refused:\n%s", words);
		free(words);
	} else {
		give_zone(&r);
		r.judge = judge_new(r.program, &watcher);
		r.session = judge_session(r.judge);
		play(&r);
		t->asked += r.session->looked_up != 0;
		t->unasked += (r.program->lookups & ~r.session->looked_up) != 0;
		judge_free(r.judge);
		program_unref(r.program);
	}
	t->sessions++;
	buf_free(&text);
	diags_free(&d);
	return !r.failed;
}

bool
drive(const struct ruleset *rs, const struct rsession *ss, struct outcome *out, struct tally *t)
{
	return drive_so(rs, ss, false, out, t);
}

bool
drive_lazily(
    const struct ruleset *rs, const struct rsession *ss, struct outcome *out, struct tally *t)
{
	return drive_so(rs, ss, true, out, t);
}

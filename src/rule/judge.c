/*
 * judge.c - one SMTP session: from facts to what the MTA is told
 *
 * Up to MAIL one walk serves all; each RCPT continues it with the recipient's facts, and recipients
 * that come out alike go on as one class. What is certain is told at the first stage that refuse-at
 * and the protocol allow: an acceptance not at HELO, where another HELO may follow, and not at
 * RCPT, where it would hold for all recipients.
 */
#include "rule/judge_in.h"

#include <stdlib.h>

/* Matching has all its time again. */
static void
renew(struct matching *m, unsigned seconds)
{
	uint64_t us = seconds * 1000000ull, telling = us / 8;

	*m =
	    (struct matching){ .asking = budget_new(us - telling), .telling = budget_new(telling) };
}

struct judge *
judge_new(struct program *p, const struct watcher *w)
{
	struct judge *j = calloc(1, sizeof *j);
	size_t n = p->life_start[LIFE_RECIPIENT];

	if (j == NULL)
		return NULL;
	j->program = program_ref(p);
	j->nown = p->life_start[LIVES] - n + 1;
	j->cells = calloc(1, n + 1);
	j->spare = calloc(1, j->nown);
	j->scores.v = malloc((p->nscores + 1) * sizeof *j->scores.v);
	j->scores.sought = calloc(p->nscores + 1, sizeof *j->scores.sought);
	if (w != NULL)
		j->watcher = *w;
	renew(&j->matching, p->settings.match_budget);
	session_init(&j->session, &p->env);
	arena_init(&j->memory, LIMIT_SESSION_BYTES / 8);
	arena_init(&j->texts, LIMIT_SESSION_BYTES / 8);
	if (j->cells == NULL || j->spare == NULL || j->scores.v == NULL ||
	    j->scores.sought == NULL || !scans_init(&j->scans, p)) {
		judge_free(j);
		return NULL;
	}
	return j;
}

void
judge_free(struct judge *j)
{
	if (j == NULL)
		return;
	session_free(&j->session);
	arena_free(&j->memory);
	arena_free(&j->texts);
	scans_end(&j->scans, j->program);
	free(j->scores.v);
	free(j->scores.sought);
	free(j->cells);
	free(j->spare);
	program_unref(j->program);
	free(j);
}

void
judge_count_cost(struct judge *j, struct costs *c)
{
	j->cost = c;
}

struct session *
judge_session(struct judge *j)
{
	return &j->session;
}

const struct program *
judge_program(const struct judge *j)
{
	return j->program;
}

struct eval *
judge_view(struct judge *j, uint32_t *at)
{
	*at = j->view_at;
	session_select(&j->session, j->view.recipient);
	return &j->view;
}

size_t
judge_effects(struct judge *j, const struct effect **v)
{
	*v = j->effects;
	return j->program->settings.mode == MODE_MONITOR ? 0 : j->neffects;
}

/* Patterns have all their time again, for another answer; what ran out is remembered. */
static void
renew_time(struct judge *j)
{
	struct matching *m = &j->matching, last = *m;

	renew(m, j->program->settings.match_budget);
	m->spent_us = last.asking.spent ? last.asking.used_us : last.spent_us;
	m->atom = last.atom;
	m->rule = last.rule;
	m->most_us = m->spent_us > 0 ? last.most_us : 0;
	m->limited = last.limited;
}

/* Forget the outcomes of a lifetime and of those that end with it, and the message. */
static void
forget(struct judge *j, enum life from)
{
	const uint32_t *start = j->program->life_start;

	/* what was not decided for want of time may be now */
	if (j->matching.asking.spent || j->matching.spent_us > 0 || j->matching.limited != NULL)
		from = LIFE_CONNECTION;
	renew(&j->matching, j->program->settings.match_budget);

	memset(j->cells + start[from], 0, start[LIFE_RECIPIENT] - start[from]);
	scans_forget(&j->scans, j->program, from);
	arena_reset(&j->memory);
	j->base = (struct walk){ 0 };
	j->classes = NULL;
	j->nclasses = j->capclasses = 0;
	j->effects = NULL;
	j->neffects = j->capeffects = 0;
	j->had_recipient = j->overflow = j->over = j->settled = false;
}

void
judge_abort(struct judge *j)
{
	session_end_message(&j->session);
	forget(j, LIFE_MESSAGE);
}

struct eval
judge_eval(struct judge *j, const struct class *c)
{
	size_t recipient = c != NULL && c->n > 0 ? c->recipients[0] : SIZE_MAX;

	session_select(&j->session, recipient);
	return (struct eval){ .recipient = recipient,
		.program = j->program,
		.session = &j->session,
		.stage = j->stage,
		.cells = j->cells,
		.own = c != NULL ? c->own : NULL,
		.scores = &j->scores,
		.scans = &j->scans,
		.matching = &j->matching,
		.cost = j->cost,
		.question = ++j->questions,
		.questions = &j->questions,
		.texts = &j->texts };
}

enum stage
judge_tell_at(const struct judge *j)
{
	return j->session.local ? STAGE_BODY : j->program->settings.refuse_at;
}

/* True if the MTA awaits an answer at this stage: elsewhere a verdict waits for the next one. */
static bool
awaited(const struct judge *j)
{
	return j->program->needs.reply[j->stage];
}

/* Walk on with a class, or with the session before RCPT, and say where it stands. */
static struct verdict
walk(struct judge *j, struct walk *w, const struct class *c)
{
	struct verdict v;

	j->view = judge_eval(j, c);
	walk_on(w, &j->view, judge_tell_at(j), &j->memory);
	v = walk_verdict(w, &j->view);
	if (v.standing == STAND_ACCEPT && effects_tell_spf(j))
		v.standing = STAND_ACT;
	j->view_at = w->at;
	return v;
}

/* What the MTA is told of a verdict; nothing in `set mode monitor`. */
static struct answer
answer(struct judge *j, const struct verdict *v, struct reply r)
{
	struct answer a = { .reply = r };

	if (j->program->settings.mode == MODE_MONITOR)
		return a;
	a.told = v->action == ACT_ACCEPT ? TOLD_ACCEPT
	    : v->action == ACT_DISCARD	 ? TOLD_DISCARD
	    : v->action == ACT_REJECT	 ? TOLD_REJECT
					 : TOLD_TEMPFAIL;
	return a;
}

/* CONNECT, HELO, MAIL: one walk for all that follows. */
static struct answer
at_envelope(struct judge *j)
{
	struct verdict v = walk(j, &j->base, NULL);
	bool refuse = v.standing == STAND_REFUSE && j->stage >= judge_tell_at(j);
	bool accept = v.standing == STAND_ACCEPT && j->stage != STAGE_HELO;
	struct answer a = { 0 };

	if (!awaited(j) || (!refuse && !accept))
		return a;
	note_walk(j, NULL, &j->base, &v);
	a = answer(j, &v, note_decision(j, NULL, &v, true));
	j->over = true;
	if (j->stage < STAGE_MAIL) {
		j->closed = true;
		j->last = a;
		/* texts are of one call; this reply may be asked for again */
		j->last.reply.text = arena_slice(&j->session.connection, a.reply.text);
	}
	return a;
}

/* This recipient is refused, now and alone. */
static struct answer
refuse_recipient(struct judge *j, struct class *c, const struct verdict *v)
{
	struct answer a;

	if (v->cause != CAUSE_SPLIT)
		note_walk(j, c, &c->walk, v);
	a = answer(j, v, note_decision(j, c, v, true));
	if (j->program->settings.mode == MODE_MONITOR)
		j->session.withheld++;
	else
		session_drop_rcpt(&j->session);
	return a;
}

static struct answer
at_rcpt(struct judge *j)
{
	size_t rcpt = j->session.nrecipients - 1;
	struct class c = { .own = j->spare, .walk = j->base, .recipients = &rcpt, .n = 1 };
	struct verdict split = { .standing = STAND_REFUSE,
		.action = ACT_TEMPFAIL,
		.cause = CAUSE_SPLIT,
		.rule = UINT32_MAX };
	struct verdict v;

	if (j->session.nrecipients == 0)
		return (struct answer){ 0 };
	if (!j->had_recipient)
		j->nclasses = 0; /* of nobody: content came before a recipient */
	j->had_recipient = true;
	memset(j->spare, 0, j->nown);
	v = walk(j, &c.walk, &c);
	if (v.standing == STAND_REFUSE && !j->session.local && awaited(j))
		return refuse_recipient(j, &c, &v);
	if (class_join(j, &c))
		return (struct answer){ 0 };
	if (awaited(j) && !j->session.local)
		return refuse_recipient(j, &c, &split);
	/* it can't be told of this recipient alone */
	j->overflow = true;
	return (struct answer){ 0 };
}

/* What a class's verdict came to under the one that all get. */
static bool
is_obeyed(const struct judge *j, const struct verdict *mine, const struct verdict *all)
{
	if (mine->action == all->action)
		return true;
	/* its recipients are taken off an accepted message */
	return all->action == ACT_ACCEPT && (mine->action == ACT_DISCARD || class_drops(j));
}

/* Tell the watcher of all classes; the reply for all of them comes back. */
static struct reply
tell_classes(struct judge *j, const struct verdict *v)
{
	struct reply all = { 0 }, r;

	for (size_t i = 0; i < j->nclasses; i++) {
		struct class *c = &j->classes[i];

		/* one class may be deferred, and the message with it, before others are certain */
		if (c->verdict.standing == STAND_OPEN) {
			note_decision(j, c, v, true);
			continue;
		}
		j->view = judge_eval(j, c);
		j->view_at = c->walk.at;
		note_walk(j, c, &c->walk, &c->verdict);
		r = note_decision(j, c, &c->verdict, is_obeyed(j, &c->verdict, v));
		if (all.code == 0 && c->verdict.action == v->action)
			all = r;
	}
	/* what no class has come to by itself: a limit, or nobody left to judge for */
	return all.code == 0 && v->standing == STAND_REFUSE ? note_decision(j, NULL, v, true) : all;
}

/* True if all classes are settled. */
static bool
is_settled(struct judge *j)
{
	bool settled = j->nclasses > 0;

	for (size_t i = 0; settled && i < j->nclasses; i++)
		settled = class_is_settled(j, &j->classes[i]);
	return settled;
}

/* DATA, the end of the headers, the end of the message. */
static struct answer
at_content(struct judge *j)
{
	struct class nobody = { .own = j->spare, .walk = j->base };
	struct verdict v;

	if (!j->had_recipient && j->nclasses == 0) {
		memset(j->spare, 0, j->nown);
		class_join(j, &nobody);
	}
	for (size_t i = 0; i < j->nclasses; i++) {
		struct class *c = &j->classes[i];

		c->verdict = walk(j, &c->walk, c);
		if (c->verdict.standing == STAND_ACCEPT && !note_is_ready(j, c))
			c->verdict.standing = STAND_OPEN;
	}
	if (awaited(j) && class_combine(j, &v)) {
		j->over = true;
		return answer(j, &v, tell_classes(j, &v));
	}
	j->settled = j->stage == STAGE_HEADERS && j->program->needs.skips_body && is_settled(j);
	return (struct answer){ 0 };
}

struct answer
judge_stage(struct judge *j, enum stage s)
{
	struct answer a = { 0 };

	arena_reset(&j->texts);
	/* the answers to RCPT are many, and what they took is not the content's */
	if (s == STAGE_RCPT || (s > STAGE_RCPT && j->stage <= STAGE_RCPT))
		renew_time(j);
	j->stage = s;
	if (j->program->lookups != 0)
		session_begin_answer(&j->session);
	if (s == STAGE_CONNECT)
		j->closed = false;
	if (s <= STAGE_MAIL)
		forget(j,
		    s == STAGE_CONNECT	  ? LIFE_CONNECTION
			: s == STAGE_HELO ? LIFE_HELO
					  : LIFE_MESSAGE);
	if (j->closed)
		return j->last;
	if (j->over)
		return a;
	if (s <= STAGE_MAIL)
		a = at_envelope(j);
	else if (s == STAGE_RCPT)
		a = at_rcpt(j);
	else
		a = at_content(j);
	budget_pause(&j->matching.asking);
	budget_pause(&j->matching.telling);
	return a;
}

bool
judge_is_settled(const struct judge *j)
{
	return j->over || j->settled;
}

struct answer
judge_overflow(struct judge *j)
{
	struct verdict v = { .standing = STAND_REFUSE,
		.action = ACT_TEMPFAIL,
		.cause = CAUSE_LIMIT,
		.rule = UINT32_MAX };

	arena_reset(&j->texts);
	j->stage = STAGE_RCPT;
	if (j->over || j->closed)
		return (struct answer){ 0 };
	j->overflow = !j->program->needs.reply[STAGE_RCPT];
	return answer(j, &v, note_decision(j, NULL, &v, !j->overflow));
}

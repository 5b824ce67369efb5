/*
 * replay.c - a script through the engine
 *
 * The part of the MTA and of the milter adapter in one: it says to the session what a daemon's
 * callbacks would, in their order, and takes the answers as an MTA does. What the judge tells is
 * copied at once, since it is valid for that moment only.
 */
#include "replay/replay.h"

#include "replay/vec.h"
#include "session/facts.h"

#include <stdio.h>

struct run {
	struct program *program;
	const struct script *script;
	const struct replay_hooks *hooks;
	struct outcome *out;
	struct judge *judge;
	struct session *session;
	struct transaction greeting; /* what was decided before the first MAIL, for each one */
	struct transaction *open;    /* between MAIL and its end */
	size_t *index;		     /* of the session's recipients in the transaction */
	size_t nindex, capindex;
	struct buf body;
	size_t at;			    /* the step that runs */
	enum stage stage;		    /* that is judged */
	struct slice said;		    /* by the client, at it */
	bool looked;			    /* the hooks have seen it */
	bool content;			    /* the open transaction's message has begun */
	bool connection_over, message_over; /* nothing more is asked */
};

/* ---- what the judge tells ---- */

/* The recipients of a decision or note, as indices into the transaction's. */
static const size_t *
copy_recipients(struct run *r, const size_t *v, size_t n)
{
	size_t *copy = arena_alloc(&r->out->arena, n * sizeof(*copy) + 1);

	for (size_t i = 0; i < n; i++)
		copy[i] = v[i] < r->nindex ? r->index[v[i]] : SIZE_MAX;
	return copy;
}

/* Let the hooks see the judge's view. */
static void
look(struct run *r)
{
	r->looked = true;
	if (r->hooks != NULL && r->hooks->look != NULL)
		r->hooks->look(r->hooks->ctx, r->judge, r->stage, r->said);
}

static void
on_decided(void *ctx, const struct decision *d)
{
	struct run *r = ctx;
	struct transaction *t = r->open != NULL ? r->open : &r->greeting;
	struct arena *a = &r->out->arena;

	t->decisions =
	    vec_room(a, t->decisions, t->ndecisions, &t->capdecisions, sizeof(*t->decisions));

	struct decision *copy = &t->decisions[t->ndecisions++];

	*copy = *d;
	copy->reply.text = arena_slice(a, d->reply.text);
	copy->why = arena_slice(a, slice_str(d->why)).p;
	copy->reply.enhanced = arena_slice(a, slice_str(d->reply.enhanced)).p;
	copy->recipients = copy_recipients(r, d->recipients, d->nrecipients);
	look(r);
}

static void
on_noted(void *ctx, const struct note *n)
{
	struct run *r = ctx;
	struct transaction *t = r->open != NULL ? r->open : &r->greeting;
	struct arena *a = &r->out->arena;

	t->notes = vec_room(a, t->notes, t->nnotes, &t->capnotes, sizeof(*t->notes));

	struct note *copy = &t->notes[t->nnotes++];

	*copy = *n;
	copy->text = arena_slice(a, n->text);
	copy->recipients = copy_recipients(r, n->recipients, n->nrecipients);
}

static void
copy_effects(struct run *r)
{
	struct transaction *t = r->open;
	struct arena *a = &r->out->arena;
	const struct effect *v;

	t->neffects = judge_effects(r->judge, &v);
	t->effects = arena_alloc(a, t->neffects * sizeof(*v) + 1);
	for (size_t i = 0; i < t->neffects; i++) {
		t->effects[i] = v[i];
		t->effects[i].name = arena_slice(a, v[i].name);
		t->effects[i].value = arena_slice(a, v[i].value);
	}
}

/* ---- what the MTA does ---- */

/* Give the macros that MTAs know at a stage, of those that the script has named. What is of the
 * connection counts wherever it stands. */
static void
give_macros(struct run *r, enum stage stage)
{
	size_t upto = stage == STAGE_CONNECT ? r->script->nsteps : r->at;

	for (size_t i = 0; i < upto; i++) {
		const struct step *step = &r->script->steps[i];

		if (step->kind == STEP_MACRO && macro_stage(step->a, NULL) == stage)
			session_macro(r->session, stage, step->a, step->b);
	}
}

/* Ask what the MTA is told now. Not to be called when nothing more is asked. */
static enum told
ask(struct run *r, enum stage stage, struct slice said)
{
	struct answer answer;

	r->stage = stage;
	r->said = said;
	r->looked = false;
	give_macros(r, stage);
	answer = judge_stage(r->judge, stage);
	if (!r->looked)
		look(r);
	if (r->hooks != NULL && r->hooks->told != NULL)
		r->hooks->told(r->hooks->ctx, &answer);
	if (answer.told != TOLD_CONTINUE && stage < STAGE_MAIL)
		r->connection_over = true;
	else if (answer.told != TOLD_CONTINUE && stage != STAGE_RCPT)
		r->message_over = true;
	return answer.told;
}

static bool
is_over(const struct run *r)
{
	return r->connection_over || r->message_over;
}

/* DATA, the message, and the final dot. */
static void
send_message(struct run *r)
{
	struct transaction *t = r->open;
	struct slice body = buf_slice(&r->body);
	char said[64];
	enum told told;

	snprintf(said, sizeof(said), "%zu recipient%s", r->nindex, r->nindex == 1 ? "" : "s");
	if (ask(r, STAGE_DATA, slice_str(said)) != TOLD_CONTINUE)
		return;
	for (size_t i = 0; i < t->nheaders; i++)
		session_header(r->session, t->headers[i].name, t->headers[i].value, true);
	snprintf(said, sizeof(said), "%zu header%s", t->nheaders, t->nheaders == 1 ? "" : "s");
	if (ask(r, STAGE_HEADERS, slice_str(said)) != TOLD_CONTINUE)
		return;
	for (size_t at = 0; at < body.n; at += REPLAY_CHUNK) {
		size_t n = body.n - at < REPLAY_CHUNK ? body.n - at : REPLAY_CHUNK;

		session_body(r->session, slice_of(body.p + at, n));
	}
	snprintf(said, sizeof(said), "%llu bytes in all", r->session->size);
	told = ask(r, STAGE_BODY, slice_str(said));
	if (told == TOLD_CONTINUE || told == TOLD_ACCEPT)
		copy_effects(r);
	r->message_over = true;
}

/* End the open transaction: with its message if `message` or if that has begun, and if a recipient
 * is left to get it. */
static void
end_transaction(struct run *r, bool message)
{
	if (r->open == NULL)
		return;
	if (!is_over(r) && (message || r->content) && r->nindex > 0)
		send_message(r);
	r->open->aborted = !is_over(r) && r->nindex > 0;
	judge_abort(r->judge);
	if (r->hooks != NULL && r->hooks->cost != NULL)
		cost_end_message(r->hooks->cost);
	r->open = NULL;
	r->message_over = false;
}

static void
say_helo(struct run *r, struct slice name)
{
	end_transaction(r, false);
	if (is_over(r))
		return;
	session_helo(r->session, name);
	ask(r, STAGE_HELO, name);
}

/* An address as the MTA writes it: in angle brackets, but for mail that no SMTP client brought. */
static struct slice
dialect(struct run *r, struct slice address)
{
	struct slice bare = replay_bare(address);

	return arena_printf(&r->out->arena, r->script->local ? "%.*s" : "<%.*s>", SLICE_ARG(bare));
}

static void
say_mail(struct run *r, const struct step *step)
{
	struct arena *a = &r->out->arena;
	struct transaction *t;

	end_transaction(r, true);
	r->out->transactions =
	    vec_room(a, r->out->transactions, r->out->n, &r->out->cap, sizeof(*t));
	t = &r->out->transactions[r->out->n++];
	*t = r->greeting;
	/* the copy shares what there is; it must not write behind it where the next one's would be
	 */
	t->capdecisions = t->ndecisions;
	t->capnotes = t->nnotes;
	t->sender = dialect(r, step->a);
	r->open = t;
	r->nindex = 0;
	r->content = false;
	buf_clear(&r->body);
	if (is_over(r))
		return;
	session_mail(r->session, t->sender, step->params, step->nparams);
	ask(r, STAGE_MAIL, t->sender);
}

static void
say_rcpt(struct run *r, const struct step *step)
{
	struct transaction *t = r->open;
	struct slice to = dialect(r, step->a);
	struct arena *a = &r->out->arena;

	t->recipients =
	    vec_room(a, t->recipients, t->nrecipients, &t->caprecipients, sizeof(*t->recipients));
	t->recipients[t->nrecipients++] = to;
	if (is_over(r) || !session_rcpt(r->session, to))
		return;
	r->index = vec_room(a, r->index, r->nindex, &r->capindex, sizeof(*r->index));
	r->index[r->nindex++] = t->nrecipients - 1;
	if (ask(r, STAGE_RCPT, to) != TOLD_CONTINUE)
		r->nindex--;
}

/* Keep a header for the message. */
static void
keep_header(struct run *r, const struct step *step)
{
	struct transaction *t = r->open;
	struct arena *a = &r->out->arena;
	struct header *h;

	t->headers = vec_room(a, t->headers, t->nheaders, &t->capheaders, sizeof(*t->headers));
	h = &t->headers[t->nheaders++];
	h->name = arena_slice(a, step->a);
	h->value = arena_slice(a, step->b);
	r->content = true;
}

static void
run_step(struct run *r, const struct step *step)
{
	if (step->kind > STEP_MAIL && r->open == NULL)
		return;
	switch (step->kind) {
	case STEP_MACRO: /* given at its stage */
		break;
	case STEP_HELO:
		say_helo(r, step->a);
		break;
	case STEP_MAIL:
		say_mail(r, step);
		break;
	case STEP_RCPT:
		say_rcpt(r, step);
		break;
	case STEP_HEADER:
		keep_header(r, step);
		break;
	case STEP_BODY:
		buf_add(&r->body, step->a);
		r->content = true;
		break;
	case STEP_RSET:
		end_transaction(r, false);
		break;
	}
}

/* Run a script. */
bool
replay_run(struct program *p, const struct session_env *env, const struct script *s,
    const struct replay_hooks *hooks, struct outcome *out)
{
	struct run r = { .program = p, .script = s, .hooks = hooks, .out = out };
	struct watcher watcher = { on_decided, on_noted, &r };

	*out = (struct outcome){ 0 };
	arena_init(&out->arena, 0);
	out->arena.fatal = true;
	r.judge = judge_new(p, &watcher);
	if (r.judge == NULL)
		return false;
	if (hooks != NULL)
		judge_count_cost(r.judge, hooks->cost);
	r.session = judge_session(r.judge);
	if (env != NULL)
		r.session->env = env;
	session_connect(
	    r.session, s->client.family != 0 ? &s->client : NULL, s->client_port, s->client_name);
	ask(&r, STAGE_CONNECT, s->client_name);
	for (r.at = 0; r.at < s->nsteps; r.at++)
		run_step(&r, &s->steps[r.at]);
	end_transaction(&r, true);
	judge_free(r.judge);
	buf_free(&r.body);
	return true;
}

/* Give its memory back. */
void
outcome_free(struct outcome *o)
{
	arena_free(&o->arena);
	*o = (struct outcome){ 0 };
}

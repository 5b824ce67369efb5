/*
 * trace.c - stage by stage, the rules that the engine looked at and what it saw
 *
 * Reads the judge's own view, so that what is shown is what was decided on and not another account
 * of it. Nothing here gets lookups: what the walk had no need of is shown as such.
 */
#include "replay/trace.h"

#include "replay/show.h"
#include "replay/vec.h"

#define VALUE_MAX 80 /* bytes shown of one value */
#define VALUES_MAX 4 /* values shown of one fact */

#define COLOUR_NONE "\033[0m"

static const struct {
	const char *word, *colour;
} outcomes[OUT_ANY + 1] = {
	[OUT_FALSE] = { "false", "\033[2m" },
	[OUT_TRUE] = { "true", "\033[32m" },
	[OUT_ERROR] = { "error", "\033[31m" },
	[OUT_FAILED] = { "no answer", "\033[31m" },
};

/* Begin. */
void
trace_init(struct trace *t, const struct program *p, FILE *out, bool colour)
{
	*t = (struct trace){ .out = out, .colour = colour, .program = p };
	arena_init(&t->arena, 0);
	t->arena.fatal = true;
	t->shown = arena_alloc(&t->arena, p->nrules + 1);
}

/* Give its memory back. */
void
trace_free(struct trace *t)
{
	arena_free(&t->arena);
}

/* Print a set of outcomes in a column of its own: what is not one outcome is open. */
static void
print_outcome(struct trace *t, unsigned set)
{
	const char *word = outcomes[set].word != NULL ? outcomes[set].word : "open";
	const char *colour = outcomes[set].word != NULL ? outcomes[set].colour : "\033[33m";

	if (t->colour)
		fprintf(t->out, "%s%-5s" COLOUR_NONE, colour, word);
	else
		fprintf(t->out, "%-5s", word);
}

/* Print that values are missing, and which limits the message has met. */
static void
print_cut(struct trace *t, const struct session *s)
{
	struct buf limits = { 0 };

	content_limits(s, &limits);
	if (limits.n > 0)
		fprintf(t->out, " (cut off: %.*s)", SLICE_ARG(buf_slice(&limits)));
	else
		fputs(" (cut off at a limit)", t->out);
	buf_free(&limits);
}

/* Print a value as a comparison sees it: perhaps folded. */
static void
print_value(
    struct trace *t, struct eval *e, const struct fact *f, const struct value *v, bool folded)
{
	struct slice text = v->text;

	if (folded && !content_fold(e->session, f, v, &text))
		text = SLICE_ABSENT;
	show_value(t->out, text, VALUE_MAX);
}

/* Print `name: values` of a fact, or why there are none. */
static void
print_fact(
    struct trace *t, struct eval *e, const struct fact_ref *ref, uint32_t score_upto, bool folded)
{
	const struct listings *list = e->session->listings;
	struct values got;

	program_print_ref(ref, t->out);
	fputs(": ", t->out);
	if (ref->stage > e->stage) {
		fprintf(t->out, "not known before %s", stage_name(ref->stage));
		return;
	}
	if (ref->lookups & ~e->session->looked_up) {
		fputs("not looked up", t->out);
		return;
	}
	eval_fact(e, ref, score_upto, &got);
	if (got.n == 0)
		show_value(t->out, SLICE_ABSENT, VALUE_MAX);
	for (size_t i = 0; i < got.n && i < VALUES_MAX; i++) {
		fputs(i > 0 ? ", " : "", t->out);
		print_value(t, e, ref->fact, &got.v[i], folded);
	}
	if (got.n > VALUES_MAX)
		fprintf(t->out, " and %zu more", got.n - VALUES_MAX);
	if (ref->of != NULL && list != NULL && list[ref->ask].why != NULL)
		fprintf(t->out, " (%s)", list[ref->ask].why);
	else if (got.cut)
		print_cut(t, e->session);
	arena_reset(&e->session->scratch);
}

/* Print one comparison and what it saw. */
static void
print_atom(struct trace *t, struct eval *e, uint32_t index)
{
	const struct atom *a = &t->program->atoms[index];
	bool folded = a->pattern_flags & PATTERN_FOLDED;

	for (size_t i = 0; i < t->natoms; i++)
		if (t->atoms[i] == index)
			return;
	t->atoms = vec_room(&t->arena, t->atoms, t->natoms, &t->capatoms, sizeof(*t->atoms));
	t->atoms[t->natoms++] = index;

	fputs("      ", t->out);
	print_outcome(t, eval_atom(e, index));
	fputc(' ', t->out);
	program_print_atom(t->program, a, t->out);
	fputs("  (", t->out);
	print_fact(t, e, &a->left, a->score_upto, folded);
	if (a->pair) {
		fputs("; ", t->out);
		print_fact(t, e, &a->left2, a->score_upto, false);
	}
	if (a->right_fact) {
		fputs("; ", t->out);
		print_fact(t, e, &a->right, a->score_upto, false);
	}
	fputs(")\n", t->out);
}

/* Print a comparison of the score. */
static void
print_score(struct trace *t, struct eval *e, uint32_t index)
{
	long long least, most;

	eval_score(e, t->program->nodes[index].score_upto, &least, &most);
	fputs("      ", t->out);
	print_outcome(t, eval_node(e, index));
	fputc(' ', t->out);
	program_print_cond(t->program, index, t->out);
	if (least == most)
		fprintf(t->out, "  (score: %lld)\n", least);
	else
		fprintf(t->out, "  (score: %lld to %lld)\n", least, most);
}

/* Print the comparisons of a condition, each once. */
static void
print_parts(struct trace *t, struct eval *e, uint32_t index)
{
	const struct node *n = &t->program->nodes[index];

	if (n->kind == NODE_ATOM)
		print_atom(t, e, n->atom);
	else if (n->kind == NODE_SCORE)
		print_score(t, e, index);
	else
		for (uint32_t i = 0; i < n->count; i++)
			print_parts(t, e, t->program->parts[n->first + i]);
}

/* Print one rule that the walk has reached. */
static void
print_rule(struct trace *t, struct eval *e, const struct rule *r, unsigned set)
{
	fputs("  ", t->out);
	print_outcome(t, set);
	fputc(' ', t->out);
	show_rule(t->out, r);
	fputs(": ", t->out);
	program_print_action(t->program, r, t->out);
	if (t->program->nodes[r->cond].kind != NODE_TRUE) {
		fputs(" if ", t->out);
		program_print_cond(t->program, r->cond, t->out);
	}
	fputc('\n', t->out);
	t->natoms = 0;
	print_parts(t, e, r->cond);
}

/* Print which stage, and what the client said at it. */
static void
print_stage(struct trace *t, const struct session *s, enum stage stage, struct slice said)
{
	char ip[IP_TEXT];

	fprintf(t->out, t->colour ? "\033[1m%s:" COLOUR_NONE " " : "%s: ", stage_name(stage));
	if (stage == STAGE_CONNECT) {
		fputs(s->client.family != 0 ? ip_format(&s->client, ip) : "no address", t->out);
		fputs(s->client_name.p != NULL ? " " : "", t->out);
	}
	show_text(t->out, said, VALUE_MAX);
	if (stage > STAGE_RCPT && s->nrecipients > 1 && s->selected < s->nrecipients) {
		fputs("; as for ", t->out);
		show_text(t->out, s->recipients[s->selected].given, VALUE_MAX);
	}
	fputc('\n', t->out);
}

/* Print the rules that the walk has reached and whose outcome is new. */
static void
on_look(void *ctx, struct judge *j, enum stage stage, struct slice said)
{
	struct trace *t = ctx;
	uint32_t at;
	struct eval *e = judge_view(j, &at);

	if (stage == STAGE_MAIL && t->messages++ > 0)
		memset(t->shown, 0, t->program->nrules);
	print_stage(t, e->session, stage, said);
	for (uint32_t i = 0; i <= at && i < t->program->nrules; i++) {
		unsigned set = eval_node(e, t->program->rules[i].cond);

		if (set == t->shown[i])
			continue;
		t->shown[i] = (uint8_t)set;
		print_rule(t, e, &t->program->rules[i], set);
	}
}

/* Print what the MTA is told, if it is more than to go on. */
static void
on_told(void *ctx, const struct answer *a)
{
	static const char *const words[] = {
		[TOLD_ACCEPT] = "accept",
		[TOLD_DISCARD] = "discard",
	};
	struct trace *t = ctx;

	if (a->told == TOLD_CONTINUE)
		return;
	fputs("  the MTA is told: ", t->out);
	if (a->told == TOLD_REJECT || a->told == TOLD_TEMPFAIL) {
		fprintf(t->out, "%u %s ", a->reply.code, a->reply.enhanced);
		show_text(t->out, a->reply.text, SIZE_MAX);
	} else {
		fputs(words[a->told], t->out);
	}
	fputc('\n', t->out);
}

/* The hooks that print. */
struct replay_hooks
trace_hooks(struct trace *t)
{
	return (struct replay_hooks){ .look = on_look, .told = on_told, .ctx = t };
}

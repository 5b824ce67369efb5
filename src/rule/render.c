/*
 * render.c - facts' values, and texts with them filled in
 */
#include "rule/eval.h"

/* `label=N` of each score rule that is true, among the first `upto`. */
static void
score_rules(struct eval *e, uint32_t upto, struct values *out)
{
	const struct program *p = e->program;
	struct value *v;

	v = arena_alloc(&e->session->scratch, (upto + 1) * sizeof *v);
	if (v == NULL) {
		out->cut = true;
		return;
	}
	out->v = v;
	for (uint32_t i = 0; i < upto; i++) {
		const struct rule *r = &p->rules[p->scores[i]];

		if (eval_node(e, r->cond) != OUT_TRUE)
			continue;
		v[out->n].text = r->label != NULL
		    ? arena_printf(&e->session->scratch, "%s=%lld", r->label, r->score)
		    : arena_printf(&e->session->scratch, "%s:%u=%lld", r->file, r->line, r->score);
		out->n += v[out->n].text.p != NULL;
	}
}

void
eval_fact(struct eval *e, const struct fact_ref *ref, uint32_t score_upto, struct values *out)
{
	*out = (struct values){ 0 };
	if (!(ref->fact->flags & FACT_OF_SCORE)) {
		fact_get(e->session, ref, out);
	} else if (ref->fact->kind == KIND_NUMBER) {
		long long least, most;
		unsigned ready = eval_score(e, score_upto, &least, &most);
		struct value *v = arena_alloc(&e->session->scratch, sizeof *v);
		if (v == NULL) {
			out->cut = true;
			return;
		}
		v->number = least;
		v->text = arena_printf(&e->session->scratch, "%lld", least);
		*out = (struct values){ .v = v, .n = 1, .cut = ready != OUT_TRUE };
	} else {
		score_rules(e, score_upto, out);
	}
}

/* Bytes of a sender, a client or a DNS server: control bytes can't begin a line or end a text. */
static void
add_harmless(struct buf *b, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = s.p[i];

		buf_char(b,
		    c >= ' ' && c != 0x7f		      ? c
			: c == '\r' || c == '\n' || c == '\t' ? ' '
							      : '?');
	}
}

/* All values of a fact, as far as they are known. False: they were lost. */
static bool
add_fact(struct eval *e, struct buf *b, const struct piece *v, uint32_t upto,
    void (*put)(struct buf *, struct slice))
{
	struct values vals;

	if (v->ref.stage > e->stage && !(v->ref.fact->flags & FACT_OF_SCORE))
		return true;
	if (v->ref.life == LIFE_RECIPIENT && e->own == NULL)
		return true;
	if (v->ref.fact->lookups & ~e->session->looked_up) {
		session_look_up(e->session, v->ref.fact->lookups & ~e->session->looked_up);
		eval_ask_anew(e);
	}
	eval_fact(e, &v->ref, upto, &vals);
	for (size_t i = 0; i < vals.n; i++) {
		if (i > 0)
			buf_str(b, ", ");
		put(b, vals.v[i].text);
	}
	return vals.n > 0 || !vals.cut;
}

/* One piece of a text. False: it was lost. */
static bool
add_piece(struct eval *e, struct buf *b, const struct text *t, const struct piece *v,
    void (*put)(struct buf *, struct slice))
{
	const struct atom *a = &e->program->atoms[v->atom];
	struct slice groups[LIMIT_CAPTURES];
	struct list_hit hit;

	switch (v->kind) {
	case PIECE_LITERAL:
		buf_add(b, v->literal);
		break;
	case PIECE_FACT:
		return add_fact(e, b, v, t->score_upto, put);
	case PIECE_GROUP:
		if (a->stage <= e->stage && atom_groups(e, a, groups, v->group + 1))
			put(b, groups[v->group]);
		break;
	case PIECE_ENTRY:
	case PIECE_ENTRY_TEXT:
		if (a->stage <= e->stage && atom_entry(e, a, &hit))
			put(b, v->kind == PIECE_ENTRY || hit.text.p == NULL ? hit.entry : hit.text);
		break;
	}
	return true;
}

static struct slice
render(struct eval *e, const struct text *t, void (*put)(struct buf *, struct slice), bool *cut)
{
	struct buf b = { .limit = LIMIT_TEXT_FILLED };
	struct slice s;
	bool lost = false;

	if (t->n == 1 && t->v[0].kind == PIECE_LITERAL) {
		*cut = false;
		return t->v[0].literal;
	}
	for (size_t i = 0; i < t->n && !lost; i++) {
		struct arena_mark mark = arena_mark(&e->session->scratch);

		lost = !add_piece(e, &b, t, &t->v[i], put);
		arena_release(&e->session->scratch, mark);
	}
	s = lost ? SLICE_ABSENT : arena_slice(e->texts, buf_slice(&b));
	*cut = b.cut || s.p == NULL;
	buf_free(&b);
	return s;
}

struct slice
eval_text(struct eval *e, const struct text *t)
{
	bool cut;

	return render(e, t, add_harmless, &cut);
}

struct slice
eval_text_raw(struct eval *e, const struct text *t, bool *cut)
{
	return render(e, t, buf_add, cut);
}

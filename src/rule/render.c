/*
 * render.c - facts' values, and texts with them filled in
 */
#include "rule/eval.h"

/* `label=N` of each score rule that is true, among the first `upto`. */
static void
score_rules(struct eval *e, uint32_t upto, struct values *out)
{
	const struct program *p = e->program;
	uint32_t end = program_score_end(p, upto), n = 0;
	struct value *v;

	for (uint32_t i = 0; (i = scan_next_of(e, p->scoring, i, end)) < end; i++)
		n++;
	v = arena_alloc(&e->session->scratch, (n + 1) * sizeof *v);
	if (v == NULL) {
		out->cut = true;
		return;
	}
	out->v = v;
	for (uint32_t i = 0; (i = scan_next_of(e, p->scoring, i, end)) < end; i++) {
		const struct rule *r = &p->rules[i];

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
		cost_get(e->cost, e->session, ref, out);
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

/* How a text is filled. */
struct filling {
	void (*put)(struct buf *, struct slice); /* what puts a value into it */
	struct values lack;			 /* cut, failed: something may have been left out */
};

/* All values of a fact, as far as they are known. False: they were lost. */
static bool
add_fact(struct eval *e, struct buf *b, const struct piece *v, uint32_t upto, struct filling *f)
{
	struct values vals;

	if (v->ref.stage > e->stage && !(v->ref.fact->flags & FACT_OF_SCORE))
		return true;
	if (v->ref.life == LIFE_RECIPIENT && e->own == NULL)
		return true;
	if (v->ref.lookups & session_not_yet(e->session, e->stage))
		return true;
	if (v->ref.lookups & ~e->session->looked_up) {
		session_look_up(e->session, v->ref.lookups);
		eval_ask_anew(e);
	}
	eval_fact(e, &v->ref, upto, &vals);
	for (size_t i = 0; i < vals.n; i++) {
		if (i > 0)
			buf_str(b, ", ");
		f->put(b, vals.v[i].text);
	}
	f->lack.failed |= vals.failed;
	return vals.n > 0 || !vals.cut;
}

/* What the first list that a condition is true of says. */
static void
add_listing(struct eval *e, struct buf *b, const struct piece *v, struct filling *f)
{
	const struct atom *a = NULL;
	char ip[IP_TEXT];
	size_t at;

	for (uint32_t i = 0; i < v->natoms && a == NULL; i++)
		if (eval_atom(e, v->atoms[i]) == OUT_TRUE)
			a = &e->program->atoms[v->atoms[i]];
	if (a == NULL)
		return;
	if (v->kind == PIECE_LISTING_ZONE)
		f->put(b, a->left.args[0]);
	else if (!atom_listing(e, a, &at))
		return;
	else if (v->kind == PIECE_LISTING_VALUE)
		f->put(b, slice_str(ip_format(&e->session->listings[a->left.ask].v[at].ip, ip)));
	else
		f->put(
		    b, session_listing_text(e->session, &e->session->listings[a->left.ask].v[at]));
}

/* One piece of a text. False: it was lost. */
static bool
add_piece(
    struct eval *e, struct buf *b, const struct text *t, const struct piece *v, struct filling *f)
{
	const struct atom *a = &e->program->atoms[v->atom];
	struct slice groups[LIMIT_CAPTURES];
	struct list_hit hit;
	enum match found;

	switch (v->kind) {
	case PIECE_LITERAL:
		buf_add(b, v->literal);
		break;
	case PIECE_FACT:
		return add_fact(e, b, v, t->score_upto, f);
	case PIECE_GROUP:
		if (a->stage > e->stage)
			break;
		found = atom_groups(e, a, groups, v->group + 1);
		if (found == MATCH_YES)
			f->put(b, groups[v->group]);
		return found != MATCH_ERROR;
		break;
	case PIECE_LISTING_ZONE:
	case PIECE_LISTING_VALUE:
	case PIECE_LISTING_TEXT:
		add_listing(e, b, v, f);
		break;
	case PIECE_ENTRY:
	case PIECE_ENTRY_TEXT:
		if (a->stage > e->stage)
			break;
		found = atom_entry(e, a, &hit);
		if (found == MATCH_YES)
			f->put(
			    b, v->kind == PIECE_ENTRY || hit.text.p == NULL ? hit.entry : hit.text);
		return found != MATCH_ERROR;
		break;
	}
	return true;
}

static struct slice
render(struct eval *e, const struct text *t, struct filling *f)
{
	struct buf b = { .limit = LIMIT_TEXT_FILLED };
	struct slice s;
	bool lost = false;

	if (t->n == 1 && t->v[0].kind == PIECE_LITERAL)
		return t->v[0].literal;
	for (size_t i = 0; i < t->n && !lost; i++) {
		struct arena_mark mark = arena_mark(&e->session->scratch);

		lost = !add_piece(e, &b, t, &t->v[i], f);
		arena_release(&e->session->scratch, mark);
	}
	s = lost ? SLICE_ABSENT : arena_slice(e->texts, buf_slice(&b));
	f->lack.cut = b.cut || s.p == NULL;
	buf_free(&b);
	return s;
}

struct slice
eval_text(struct eval *e, const struct text *t)
{
	struct filling f = { .put = add_harmless };

	return render(e, t, &f);
}

struct slice
eval_text_raw(struct eval *e, const struct text *t, struct values *lack)
{
	struct filling f = { .put = buf_add };
	struct slice s = render(e, t, &f);

	lack->cut = f.lack.cut;
	lack->failed = f.lack.failed;
	return s;
}

/*
 * naive_text.c - texts filled in, and what is left of rules where some facts are known
 */
#include "naive_in.h"

void
text_fill(struct buf *b, const struct world *w, const struct view *v, int rcpt, int rule)
{
	const struct rtext *t = &w->rs->rules[rule].text;
	int values[MAX_SAME];
	long least, most;

	buf_printf(b, "t%d", rule);
	if (t->what != NONE) {
		buf_char(b, ' ');
		if (t->what == W_SENDER)
			sender_text(b, w->m);
		else if (t->what == W_RCPT)
			rcpt_text(b, w->m, rcpt);
		else
			for (int i = 0; i < world_values(w, t->what, rcpt, values); i++) {
				buf_str(b, i > 0 ? ", " : "");
				value_text(b, t->what, values[i]);
			}
	}
	if (t->score) {
		score_between(v, rule, &least, &most);
		buf_printf(b, " %ld", least);
	}
	buf_str(b, " end");
}

/* What is left of a condition. */
static void
residual_cond(struct buf *b, const struct view *v, int i, int upto)
{
	const struct rcond *c = &v->rs->conds[i];
	unsigned set = cond_set(v, i, upto), unit = c->kind == C_AND ? OUT_TRUE : OUT_FALSE;
	long least, most;

	if ((set & (set - 1)) == 0) {
		buf_printf(b, "%u", set);
		return;
	}
	switch (c->kind) {
	case C_ATOM:
		buf_printf(b, "a%d", c->index);
		break;
	case C_DEFINED:
		residual_cond(b, v, v->rs->defines[c->index], upto);
		break;
	case C_SCORE:
		score_between(v, upto, &least, &most);
		buf_printf(b, "s%d:%ld:%ld-%ld", c->op, c->number, least, most);
		break;
	default:
		buf_printf(b, "%d.%d(", c->kind, c->n);
		for (int p = 0; p < c->nparts; p++)
			if (c->kind == C_NOT || c->kind == C_OF ||
			    cond_set(v, c->parts[p], upto) != unit) {
				residual_cond(b, v, c->parts[p], upto);
				buf_char(b, ',');
			}
		buf_char(b, ')');
	}
}

void
residual_text(struct buf *b, const struct world *w, const struct view *v, int rcpt, enum stage s)
{
	struct standing st = naive_walk(v, s, true);

	for (int i = 0; i <= st.at || (st.open && i < v->rs->nrules); i++) {
		const struct rrule *r;

		if (i >= v->rs->nrules)
			break;
		r = &v->rs->rules[i];
		if (r->off || v->rules[i] == OUT_FALSE)
			continue;
		buf_printf(b, "r%d:%u", i, v->rules[i]);
		if ((v->rules[i] & (v->rules[i] - 1)) != 0) {
			if (r->cond != NONE)
				residual_cond(b, v, r->cond, i);
			for (int k = r->when; k != NONE; k = v->rs->whens[k].parent) {
				buf_char(b, '&');
				residual_cond(b, v, v->rs->whens[k].cond, first_inside(v->rs, k));
			}
		}
		if (r->text.given && text_known(v->rs, &r->text, s, true))
			text_fill(b, w, v, rcpt, i);
		buf_char(b, '\n');
	}
}

bool
recipients_alike(const struct world *w, int a, int b)
{
	struct view va, vb;

	world_view(w, a, STAGE_RCPT, &va);
	world_view(w, b, STAGE_RCPT, &vb);
	if (memcmp(va.atoms, vb.atoms, sizeof(va.atoms[0]) * w->rs->natoms) != 0)
		return false;
	for (int i = 0; i < w->rs->nrules; i++)
		if (!w->rs->rules[i].off && w->rs->rules[i].text.what == W_RCPT)
			return false;
	return true;
}

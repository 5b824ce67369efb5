/*
 * stages.c - when each rule can act, and which never do
 *
 * For every node: the first stage at which it can be surely true, and surely false. A rule can act
 * when its condition can be true and every deciding rule above can be surely false. All of it is
 * worked out from the stages of facts alone; nobody writes stages.
 */
#include "rule/build.h"

static enum life
longer(enum life a, enum life b)
{
	return a > b ? a : b;
}

/* HELO may come again: what lives by it is certain at MAIL, unless its first value is judged. */
static void
fix_ref(const struct program *p, struct fact_ref *ref)
{
	/* behind a trusted relay each message may come from another client */
	if (p->settings.relays != NULL && ref->lookups & LOOKUP_SPF_HELO)
		ref->life = LIFE_MESSAGE;
	if (ref->life == LIFE_HELO)
		ref->stage = p->settings.refuse_at <= STAGE_HELO ? STAGE_HELO : STAGE_MAIL;
}

/* What can be known of the score of the first so many rules, worked out rule by rule. */
struct prefix {
	enum stage exact_at; /* the first stage at which it can be exact */
	bool recipient;	     /* one of the rules names the recipient */
	/* at each stage: how great the least score can be, how small the greatest */
	long long least[STAGES], most[STAGES];
};

struct prefixes {
	struct prefix *v; /* v[n] is of the first n score rules */
	uint32_t known;
};

/* Add a rule to what is known without it. */
static struct prefix
next_prefix(const struct program *p, struct prefix x, const struct rule *r)
{
	const struct node *c = &p->nodes[r->cond];

	x.exact_at = stage_later(x.exact_at, stage_earlier(c->true_at, c->false_at));
	x.recipient |= c->recipient;
	for (enum stage s = STAGE_CONNECT; s < STAGES; s++) {
		long long low = r->score < 0 ? r->score : 0, high = r->score > 0 ? r->score : 0;

		if (c->true_at <= s && r->score > low)
			low = r->score;
		if (c->false_at <= s && low < 0)
			low = 0;
		if (c->true_at <= s && r->score < high)
			high = r->score;
		if (c->false_at <= s && high > 0)
			high = 0;
		x.least[s] += low;
		x.most[s] += high;
	}
	return x;
}

/* Of the first `upto` score rules, whose conditions are worked out. */
static const struct prefix *
prefix_of(const struct program *p, struct prefixes *x, uint32_t upto)
{
	for (; x->known < upto; x->known++)
		x->v[x->known + 1] = next_prefix(p, x->v[x->known], &p->rules[p->scores[x->known]]);
	return &x->v[upto];
}

/* {dnsbl.zone} and its like wait for each list that may give them. */
static void
fix_listing(const struct program *p, struct text *t, const struct piece *v)
{
	for (uint32_t i = 0; i < v->natoms; i++) {
		const struct atom *a = &p->atoms[v->atoms[i]];

		t->stage = stage_later(t->stage, a->stage);
		t->lookups |= a->lookups;
	}
}

/* What a text needs, from its pieces. */
static void
fix_text(const struct program *p, struct text *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct piece *v = (struct piece *)&t->v[i];

		if (v->kind == PIECE_FACT) {
			fix_ref(p, &v->ref);
			t->stage = stage_later(t->stage, v->ref.stage);
			t->lookups |= v->ref.lookups;
			t->recipient |= v->ref.life == LIFE_RECIPIENT;
		} else if (v->natoms > 0) {
			fix_listing(p, t, v);
		} else if (v->kind != PIECE_LITERAL) {
			const struct atom *a = &p->atoms[v->atom];

			t->stage = stage_later(t->stage, a->stage);
			t->lookups |= a->lookups;
			t->recipient |= a->life == LIFE_RECIPIENT;
		}
	}
}

/* A reference of an atom adds to what the atom needs. */
static void
fix_atom_ref(const struct program *p, struct atom *a, struct fact_ref *ref)
{
	fix_ref(p, ref);
	a->stage = stage_later(a->stage, ref->stage);
	a->life = longer(a->life, ref->life);
	a->lookups |= ref->lookups;
}

/* Stage, lifetime and lookups of an atom. */
static void
fix_atom(const struct program *p, struct atom *a)
{
	fix_atom_ref(p, a, &a->left);
	if (a->pair)
		fix_atom_ref(p, a, &a->left2);
	if (a->right_fact)
		fix_atom_ref(p, a, &a->right);
	for (size_t i = 0; i < a->text.n; i++)
		if (a->text.v[i].kind == PIECE_FACT)
			fix_atom_ref(p, a, (struct fact_ref *)&a->text.v[i].ref);
	fix_text(p, &a->text);
}

/* `score op N` */
static void
node_score(struct node *n, const struct prefix *x)
{
	bool greater = n->op == OP_GE || n->op == OP_GT;

	n->true_at = n->false_at = STAGE_NEVER;
	n->recipient = x->recipient;
	for (enum stage s = STAGES; s-- > STAGE_CONNECT;) {
		/* up: the score can surely be above the number (or equal, for >= and <) */
		bool strict = n->op == OP_GT || n->op == OP_LE;
		bool up = strict ? x->least[s] > n->number : x->least[s] >= n->number;
		bool down = strict ? x->most[s] <= n->number : x->most[s] < n->number;

		if (greater ? up : down)
			n->true_at = s;
		if (greater ? down : up)
			n->false_at = s;
	}
}

static int
by_stage(const void *a, const void *b)
{
	return (int)*(const enum stage *)a - (int)*(const enum stage *)b;
}

/* n of: true with the n-th part that is, false with the part that leaves too few. */
static void
node_of(struct build *b, struct node *n)
{
	const struct program *p = b->p;
	enum stage *v = arena_alloc(b->tmp, n->count * sizeof *v);

	for (uint32_t i = 0; i < n->count; i++)
		v[i] = p->nodes[p->parts[n->first + i]].true_at;
	qsort(v, n->count, sizeof *v, by_stage);
	n->true_at = n->n > 0 && n->n <= n->count ? v[n->n - 1] : STAGE_NEVER;
	for (uint32_t i = 0; i < n->count; i++)
		v[i] = p->nodes[p->parts[n->first + i]].false_at;
	qsort(v, n->count, sizeof *v, by_stage);
	n->false_at = n->n > 0 && n->n <= n->count ? v[n->count - n->n] : STAGE_NEVER;
}

/* True if two atoms want different values of one fact that has only one. */
static bool
excludes(const struct atom *a, const struct atom *e)
{
	if (a->op != OP_EQ || e->op != OP_EQ || a->left.fact != e->left.fact || a->left.nargs > 0 ||
	    (a->left.fact->flags & FACT_MANY) || a->text.n != 1 || e->text.n != 1 ||
	    a->text.v[0].kind != PIECE_LITERAL || e->text.v[0].kind != PIECE_LITERAL)
		return false;
	return !slice_eq_nocase(a->text.v[0].literal, e->text.v[0].literal);
}

/* True if the parts of an `and` contradict each other: X and not X, or two atoms that exclude one
 * another. */
static bool
contradicts(const struct program *p, const struct node *n)
{
	for (uint32_t i = 0; i < n->count; i++) {
		const struct node *x = &p->nodes[p->parts[n->first + i]];

		for (uint32_t k = 0; k < n->count; k++) {
			const struct node *y = &p->nodes[p->parts[n->first + k]];

			if (x->kind == NODE_NOT && p->parts[x->first] == p->parts[n->first + k])
				return true;
			if (i < k && x->kind == NODE_ATOM && y->kind == NODE_ATOM &&
			    excludes(&p->atoms[x->atom], &p->atoms[y->atom]))
				return true;
		}
	}
	return false;
}

/* and, or: one waits for all its parts, the other for the first. */
static void
node_chain(const struct program *p, struct node *n)
{
	bool all = n->kind == NODE_AND;

	n->true_at = all ? STAGE_CONNECT : STAGE_NEVER;
	n->false_at = all ? STAGE_NEVER : STAGE_CONNECT;
	for (uint32_t i = 0; i < n->count; i++) {
		const struct node *part = &p->nodes[p->parts[n->first + i]];

		n->true_at = all ? stage_later(n->true_at, part->true_at)
				 : stage_earlier(n->true_at, part->true_at);
		n->false_at = all ? stage_earlier(n->false_at, part->false_at)
				  : stage_later(n->false_at, part->false_at);
	}
	if (all && n->count <= 16 && contradicts(p, n))
		n->true_at = STAGE_NEVER;
}

/* Parts come before what they are part of, and score rules before what reads them. */
static void
work_out_nodes(struct build *b, struct prefixes *x)
{
	struct program *p = b->p;

	for (uint32_t i = 0; i < p->nnodes; i++) {
		struct node *n = &p->nodes[i];
		struct atom *a = n->kind == NODE_ATOM ? &p->atoms[n->atom] : NULL;

		n->asked_from = n->count > 0 ? STAGE_NEVER : STAGE_CONNECT;
		for (uint32_t k = 0; k < n->count; k++) {
			const struct node *part = &p->nodes[p->parts[n->first + k]];

			n->recipient |= part->recipient;
			n->asked_from = stage_earlier(n->asked_from, part->asked_from);
		}
		switch (n->kind) {
		case NODE_TRUE:
			n->false_at = STAGE_NEVER;
			break;
		case NODE_ATOM:
			if (a->score) {
				const struct prefix *score = prefix_of(p, x, a->score_upto);

				a->stage = stage_later(a->stage, score->exact_at);
				a->life = longer(
				    a->life, score->recipient ? LIFE_RECIPIENT : LIFE_MESSAGE);
			}
			n->true_at = n->false_at = n->asked_from = a->stage;
			n->recipient = a->life == LIFE_RECIPIENT;
			break;
		case NODE_NOT:
			n->true_at = p->nodes[p->parts[n->first]].false_at;
			n->false_at = p->nodes[p->parts[n->first]].true_at;
			break;
		case NODE_AND:
		case NODE_OR:
			node_chain(p, n);
			break;
		case NODE_OF:
			node_of(b, n);
			break;
		case NODE_SCORE:
			node_score(n, prefix_of(p, x, n->score_upto));
			break;
		}
	}
}

/* Outcomes of one lifetime lie side by side, so that a lifetime's end clears one run of them. */
static void
number_cells(struct program *p)
{
	uint32_t next = 0;

	for (enum life l = 0; l < LIVES; l++) {
		p->life_start[l] = next;
		for (uint32_t i = 0; i < p->natoms; i++)
			if (p->atoms[i].life == l)
				p->atoms[i].cell = next++;
	}
	p->life_start[LIVES] = next;
	next -= p->life_start[LIFE_RECIPIENT];
	p->recipient_atoms = arena_alloc(&p->arena, next * sizeof *p->recipient_atoms + 1);
	for (uint32_t i = p->natoms; i-- > 0;)
		if (p->atoms[i].life == LIFE_RECIPIENT)
			p->recipient_atoms[--next] = i;
}

/* When each rule can act, and for which one it waits. */
static void
work_out_rules(struct program *p, struct prefixes *x)
{
	enum stage delay = STAGE_CONNECT;
	uint32_t by = UINT32_MAX;

	for (uint32_t i = 0; i < p->nrules; i++) {
		struct rule *r = &p->rules[i];
		const struct node *n = &p->nodes[r->cond];
		enum stage own = n->true_at;

		if (r->text.score) {
			own = stage_later(own, prefix_of(p, x, r->text.score_upto)->exact_at);
			r->text.recipient |= prefix_of(p, x, r->text.score_upto)->recipient;
		}
		/* a line for the log waits for what it tells */
		if (r->monitor || r->action == ACT_LOG)
			own = stage_later(own, r->text.stage);
		r->acts_at = stage_later(own, delay);
		r->delayed_by = delay > own ? by : UINT32_MAX;
		p->names_recipient |= n->recipient || r->text.recipient;
		if (action_decides(r->action) && !r->monitor && n->false_at > delay) {
			delay = n->false_at;
			by = i;
		}
	}
}

void
stages_work_out(struct build *b)
{
	struct program *p = b->p;
	struct prefixes x = { .v = arena_alloc(b->tmp, (p->nscores + 1) * sizeof *x.v) };

	for (uint32_t i = 0; i < p->natoms; i++)
		fix_atom(p, &p->atoms[i]);
	work_out_nodes(b, &x);
	number_cells(p);
	for (uint32_t i = 0; i < p->nrules; i++)
		fix_text(p, &p->rules[i].text);
	work_out_rules(p, &x);
	warn_work_out(b);
}

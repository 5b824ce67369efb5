/*
 * required_row.c - rows of texts that stand side by side, and what is taken of them
 *
 * Each run of items between gaps gives one clause: the window of it that makes the rarest texts, of
 * which there may be some by multiplying the alternatives.
 */
#include "match/required_in.h"

#include "base/limits.h"

#include <math.h>

#define CLAUSE_FACTORS 128 /* factors of one clause: with more, it is none */
#define FAR_BITS 14.0	   /* that a text must be rarer to be better than one that is near */

/* ---- how rare ---- */

/* Bits of one of these, whichever. */
static double
any_bits(const struct factor *v, size_t n, int before)
{
	double sum = 0;

	if (n == 1)
		return required_bits(v[0].units, v[0].n, before);
	for (size_t i = 0; i < n; i++)
		sum += exp2(-required_bits(v[i].units, v[i].n, before));
	return -log2(sum);
}

/* ---- rows ---- */

void *
required_get(struct finder *f, size_t n)
{
	void *p = f->failed ? NULL : arena_alloc(f->arena, n);

	f->failed |= p == NULL;
	return p;
}

/* Room for one more in an array; the array, or NULL. */
static void *
grow(struct finder *f, void *v, size_t n, size_t *room, size_t size)
{
	void *more;

	if (n < *room)
		return v;
	*room = *room == 0 ? 8 : 2 * *room;
	more = required_get(f, *room * size);
	if (more != NULL && n > 0)
		memcpy(more, v, n * size);
	return more;
}

/* Put an item that begins so far from the row's begin behind the others. */
void
row_add_item(struct finder *f, struct row *row, struct item item, size_t at)
{
	item.at = at;
	row->items = grow(f, row->items, row->nitems, &row->room, sizeof(item));
	if (!f->failed)
		row->items[row->nitems++] = item;
}

void
row_add_gap(struct finder *f, struct row *row)
{
	if (row->nitems == 0 || row->items[row->nitems - 1].n > 0)
		row_add_item(f, row, (struct item){ .n = 0 }, REACH_FAR);
}

/* Add a clause of a part that begins so far from the row's begin. */
void
row_add_clause(struct finder *f, struct row *row, struct clause clause, size_t at)
{
	if (clause.n == 0)
		return;
	for (size_t i = 0; i < clause.n; i++)
		clause.v[i].reach = far_add(clause.v[i].reach, at);
	row->clauses = grow(f, row->clauses, row->nclauses, &row->clause_room, sizeof(clause));
	if (!f->failed)
		row->clauses[row->nclauses++] = clause;
}

/* One text behind another. */
static struct factor
join(struct finder *f, struct factor a, struct factor b)
{
	uint16_t *units;

	if (a.n == 0 || b.n == 0)
		return a.n == 0 ? b : a;
	units = required_get(f, (a.n + b.n) * sizeof(*units));
	if (units == NULL)
		return a;
	memcpy(units, a.units, a.n * sizeof(*units));
	memcpy(units + a.n, b.units, b.n * sizeof(*units));
	return (struct factor){ .units = units, .n = a.n + b.n };
}

/* All texts that items make side by side; there must be at most VARIANTS of them. */
static struct item
multiply(struct finder *f, const struct item *items, size_t n)
{
	struct item all = { .v = required_get(f, VARIANTS * sizeof(*all.v)), .n = 1 }, next;

	if (all.v == NULL)
		return (struct item){ .n = 0 };
	for (size_t i = 0; i < n && !f->failed; i++) {
		next = (struct item){ .v = required_get(f, VARIANTS * sizeof(*next.v)) };
		for (size_t a = 0; a < all.n && !f->failed; a++)
			for (size_t b = 0; b < items[i].n; b++)
				next.v[next.n++] = join(f, all.v[a], items[i].v[b]);
		all = next;
	}
	return f->failed ? (struct item){ .n = 0 } : all;
}

/* The length of an item's longest text, or its shortest. */
static size_t
longest(const struct item *item)
{
	size_t n = 0;

	for (size_t i = 0; i < item->n; i++)
		n = item->v[i].n > n ? item->v[i].n : n;
	return n;
}

static size_t
shortest(const struct item *item)
{
	size_t n = SIZE_MAX;

	for (size_t i = 0; i < item->n; i++)
		n = item->v[i].n < n ? item->v[i].n : n;
	return n;
}

/* All texts that a row can be, if they are known and not too many or long; else a gap. */
struct item
row_whole(struct finder *f, const struct row *row)
{
	size_t variants = 1, length = 0;

	for (size_t i = 0; i < row->nitems; i++) {
		variants *= row->items[i].n;
		length += longest(&row->items[i]);
		if (variants == 0 || variants > VARIANTS || length > LIMIT_FACTOR)
			return (struct item){ .n = 0 };
	}
	return multiply(f, row->items, row->nitems);
}

/* ---- clauses ---- */

/* Give a factor the form that it is told in: marks take in the marks beside them, and go away at
 * both ends. Where they do at its begin, it is not known how far this moves. False if too little is
 * left. */
static bool
settle(struct finder *f, struct factor *factor)
{
	uint16_t *units = required_get(f, factor->n * sizeof(*units));
	size_t n = 0, side = 0, most = 0;

	for (size_t i = 0; units != NULL && i < factor->n; i++) {
		uint16_t u = factor->units[i];
		bool marks = n > 0 && units[n - 1] >= FACTOR_MARKS;
		bool word = required_is_word(u & 0xff) && u < FACTOR_MARKS;

		if (marks && !word) {
			units[n - 1] &= u < FACTOR_MARKS ? FACTOR_MARKS : u;
			continue;
		}
		for (; u >= FACTOR_MARKS && n > 0 && !required_is_word(units[n - 1] & 0xff); n--)
			u = FACTOR_MARKS;
		if (n == 0 && i > 0)
			factor->reach = REACH_FAR;
		if (u < FACTOR_MARKS || n > 0)
			units[n++] = u;
	}
	if (n > 0 && units[n - 1] >= FACTOR_MARKS)
		n--;
	for (size_t i = 0; i < n; i++) {
		side = units[i] < FACTOR_MARKS ? side + 1 : 0;
		most = side > most ? side : most;
	}
	factor->units = units;
	factor->n = n;
	return most >= FACTOR_MIN;
}

/* The last unit of an item that has one text only; -1 otherwise. */
static int
last_unit(const struct item *item)
{
	return item->n == 1 && item->v[0].n > 0 ? item->v[0].units[item->v[0].n - 1] : -1;
}

/* An item of a run, measured. */
struct measure {
	double first, next; /* bits, as the first of a window and behind the item before it */
	double penalty;	    /* bits that it must bring to make up for being more than one text */
	size_t longest, shortest;
};

static struct measure
measure(const struct item *items, size_t i)
{
	const struct item *item = &items[i];
	int before = i > 0 ? last_unit(item - 1) : -1;

	return (struct measure){
		.first = any_bits(item->v, item->n, -1),
		.next = any_bits(item->v, item->n, before),
		.penalty = item->n > 1 ? 1.5 * log2((double)item->n) : 0,
		.longest = longest(item),
		.shortest = shortest(item),
	};
}

/* True for an item that is marks or space. */
static bool
is_marks(const struct item *item)
{
	return item->n == 1 && item->v[0].n == 1 && item->v[0].units[0] >= FACTOR_MARKS;
}

/* The clause of a run of items: from each start the window is widened while it may be. */
static struct clause
run_clause(struct finder *f, const struct item *items, size_t n)
{
	struct measure *m = required_get(f, n * sizeof(*m));
	size_t best_from = 0, best_n = 0;
	double best = 0;
	struct clause clause = { .n = 0 };
	struct item all;

	for (size_t i = 0; i < n && m != NULL; i++)
		m[i] = measure(items, i);
	for (size_t from = 0; from < n && m != NULL; from++) {
		size_t variants = 1, most = 0, least = 0;
		double bits = 0;

		if (is_marks(&items[from]))
			continue;
		for (size_t i = from; i < n; i++) {
			variants *= items[i].n;
			most += m[i].longest;
			least += m[i].shortest;
			if (variants > VARIANTS || most > LIMIT_FACTOR)
				break;
			bits += (i > from ? m[i].next : m[i].first) - m[i].penalty;
			if (least >= FACTOR_MIN && bits > best) {
				best = bits;
				best_from = from;
				best_n = i + 1 - from;
			}
		}
	}
	if (best_n == 0)
		return clause;
	all = multiply(f, items + best_from, best_n);
	for (size_t i = 0; i < all.n; i++) {
		all.v[i].reach = items[best_from].at;
		if (!settle(f, &all.v[i]))
			return clause;
	}
	clause.v = all.v;
	clause.n = all.n;
	clause.bits = any_bits(all.v, all.n, -1);
	return clause;
}

/* The clauses of a run. If it gives none as a whole, it is cut at its marks. */
static void
close_run(struct finder *f, struct row *row, size_t from, size_t to)
{
	struct clause c = { .n = 0 };

	if (from < to)
		c = run_clause(f, row->items + from, to - from);
	if (c.n > 0) {
		row_add_clause(f, row, c, 0);
		return;
	}
	for (size_t i = from; i <= to && !f->failed; i++) {
		if (i < to && !is_marks(&row->items[i]))
			continue;
		if (from < i)
			row_add_clause(f, row, run_clause(f, row->items + from, i - from), 0);
		from = i + 1;
	}
}

/* Add the clauses of a row's runs to its others. */
void
row_close(struct finder *f, struct row *row)
{
	size_t from = 0;

	for (size_t i = 0; i <= row->nitems && !f->failed; i++) {
		if (i < row->nitems && row->items[i].n > 0)
			continue;
		close_run(f, row, from, i);
		from = i + 1;
	}
}

/* How much a clause is worth: it counts that it tells where a match begins. */
static double
worth(const struct clause *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].reach == REACH_FAR)
			return c->bits - FAR_BITS;
	return c->bits;
}

/* The best clause of a row that is closed. */
struct clause
row_best(const struct row *row)
{
	struct clause best = { .n = 0 };

	for (size_t i = 0; i < row->nclauses; i++)
		if (best.n == 0 || worth(&row->clauses[i]) > worth(&best))
			best = row->clauses[i];
	return best;
}

/* Either of two clauses; none if one is none, or if they are too many. */
struct clause
clause_either(struct finder *f, struct clause a, struct clause b)
{
	struct clause both = { .n = a.n + b.n };

	if (a.n == 0 || b.n == 0 || both.n > CLAUSE_FACTORS)
		return (struct clause){ .n = 0 };
	both.v = required_get(f, both.n * sizeof(*both.v));
	if (both.v == NULL)
		return (struct clause){ .n = 0 };
	memcpy(both.v, a.v, a.n * sizeof(*both.v));
	memcpy(both.v + a.n, b.v, b.n * sizeof(*both.v));
	both.bits = -log2(exp2(-a.bits) + exp2(-b.bits));
	return both;
}

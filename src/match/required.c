/*
 * required.c - the texts that every match of a pattern must have
 *
 * A tree becomes a row of items: sets of alternative texts that stand side by side, and gaps of
 * which nothing is known. What a part requires beside, such as a group within a gap, goes to the
 * clauses. In the end each run of items between gaps gives one clause: the window of it that makes
 * the rarest texts, of which there may be some by multiplying the alternatives.
 */
#include "match/required.h"

#include "base/limits.h"
#include "base/utf8.h"

#include <math.h>

#define VARIANTS 16	   /* texts that alternatives are multiplied to */
#define CLAUSE_FACTORS 128 /* factors of one clause: with more, it is none */
#define MORE_FACTORS 8	   /* the same for all clauses but the first: they only sharpen it */
#define MORE_BITS 12.0

/* Alternatives; none is a gap. */
struct item {
	struct factor *v;
	size_t n;
	size_t at; /* bytes of text from the row's begin to this, at most */
};

struct row {
	struct item *items;
	size_t nitems, room;
	struct clause *clauses;
	size_t nclauses, clause_room;
	size_t width; /* bytes of text that it takes, at most */
};

struct finder {
	struct arena *arena;
	bool utf, kelvin, failed;
};

static void walk(struct finder *f, const struct node *n, struct row *row);

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

/* ---- how far ---- */

/* Sums and products that REACH_FAR is the end of. */
static size_t
far_add(size_t a, size_t b)
{
	return a < REACH_FAR - b ? a + b : REACH_FAR;
}

static size_t
far_multiply(size_t a, size_t times)
{
	return a == 0 || times == 0 ? 0 : a < REACH_FAR / times ? a * times : REACH_FAR;
}

/* Bytes of text that a character of a set takes, at most. */
static size_t
set_width(const struct set *s, bool utf)
{
	size_t width = 1;
	char bytes[4];

	if (utf && s->wide)
		return 4;
	for (unsigned i = 0; i < s->nothers; i++) {
		size_t n = utf8_encode(s->others[i], bytes);

		width = n > width ? n : width;
	}
	return width;
}

/* ---- rows ---- */

static void *
get(struct finder *f, size_t n)
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
	more = get(f, *room * size);
	if (more != NULL && n > 0)
		memcpy(more, v, n * size);
	return more;
}

/* Put an item that begins so far from the row's begin behind the others. */
static void
add_item(struct finder *f, struct row *row, struct item item, size_t at)
{
	item.at = at;
	row->items = grow(f, row->items, row->nitems, &row->room, sizeof(item));
	if (!f->failed)
		row->items[row->nitems++] = item;
}

static void
add_gap(struct finder *f, struct row *row)
{
	if (row->nitems == 0 || row->items[row->nitems - 1].n > 0)
		add_item(f, row, (struct item){ .n = 0 }, REACH_FAR);
}

/* Add a clause of a part that begins so far from the row's begin. */
static void
add_clause(struct finder *f, struct row *row, struct clause clause, size_t at)
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
	units = get(f, (a.n + b.n) * sizeof(*units));
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
	struct item all = { .v = get(f, VARIANTS * sizeof(*all.v)), .n = 1 }, next;

	if (all.v == NULL)
		return (struct item){ .n = 0 };
	for (size_t i = 0; i < n && !f->failed; i++) {
		next = (struct item){ .v = get(f, VARIANTS * sizeof(*next.v)) };
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
static struct item
whole(struct finder *f, const struct row *row)
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
	uint16_t *units = get(f, factor->n * sizeof(*units));
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
	struct measure *m = get(f, n * sizeof(*m));
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
		add_clause(f, row, c, 0);
		return;
	}
	for (size_t i = from; i <= to && !f->failed; i++) {
		if (i < to && !is_marks(&row->items[i]))
			continue;
		if (from < i)
			add_clause(f, row, run_clause(f, row->items + from, i - from), 0);
		from = i + 1;
	}
}

/* Add the clauses of a row's runs to its others. */
static void
close_row(struct finder *f, struct row *row)
{
	size_t from = 0;

	for (size_t i = 0; i <= row->nitems && !f->failed; i++) {
		if (i < row->nitems && row->items[i].n > 0)
			continue;
		close_run(f, row, from, i);
		from = i + 1;
	}
}

/* The rarest clause of a row that is closed. */
static struct clause
rarest(const struct row *row)
{
	struct clause best = { .n = 0 };

	for (size_t i = 0; i < row->nclauses; i++)
		if (best.n == 0 || row->clauses[i].bits > best.bits)
			best = row->clauses[i];
	return best;
}

/* Either of two clauses; none if one is none, or if they are too many. */
static struct clause
either(struct finder *f, struct clause a, struct clause b)
{
	struct clause both = { .n = a.n + b.n };

	if (a.n == 0 || b.n == 0 || both.n > CLAUSE_FACTORS)
		return (struct clause){ .n = 0 };
	both.v = get(f, both.n * sizeof(*both.v));
	if (both.v == NULL)
		return (struct clause){ .n = 0 };
	memcpy(both.v, a.v, a.n * sizeof(*both.v));
	memcpy(both.v + a.n, b.v, b.n * sizeof(*both.v));
	both.bits = -log2(exp2(-a.bits) + exp2(-b.bits));
	return both;
}

/* ---- nodes ---- */

/* A text of so many units. */
static struct factor
units_of(struct finder *f, const char *bytes, size_t n, unsigned flag)
{
	uint16_t *units = get(f, n * sizeof(*units));

	for (size_t i = 0; units != NULL && i < n; i++)
		units[i] = (uint16_t)((unsigned char)bytes[i] | flag);
	return (struct factor){ .units = units, .n = n };
}

/* True if a set has both cases of a letter. */
static bool
has_both(const struct set *s, unsigned letter)
{
	return set_has(s, letter) && set_has(s, letter - ('a' - 'A'));
}

/* The characters beyond ASCII. Those that are cases of k and s are left out where these are in the
 * set: the text in which factors are looked for has k and s in their place. So a factor must not
 * have them itself. False for that. */
static bool
others(struct finder *f, const struct set *s, struct item *item)
{
	for (unsigned i = 0; i < s->nothers; i++) {
		uint32_t c = s->others[i];
		char bytes[4];

		if (c == CASES_KELVIN || c == CASES_LONG_S) {
			if (!has_both(s, c == CASES_KELVIN ? 'k' : 's'))
				return false;
			f->kelvin = true;
			continue;
		}
		item->v[item->n++] = units_of(f, bytes, utf8_encode(c, bytes), 0);
	}
	return true;
}

/* True if a set has no ASCII letters or digits, also in a text in which letters beyond ASCII are
 * put in place of those that they are cases of. */
static bool
is_marks_only(const struct set *s)
{
	if (s->letters)
		return false;
	for (unsigned i = 0; i < s->nothers; i++)
		if (s->others[i] == CASES_KELVIN || s->others[i] == CASES_LONG_S)
			return false;
	for (unsigned c = 0; c < 0x80; c++)
		if (set_has(s, c) && required_is_word(c))
			return false;
	return true;
}

/* Marks as an item. */
static struct item
marks_item(struct finder *f, uint16_t kind)
{
	struct item item = { .v = get(f, sizeof(*item.v)), .n = 1 };
	uint16_t *units = get(f, sizeof(*units));

	if (f->failed)
		return (struct item){ .n = 0 };
	units[0] = kind;
	item.v[0] = (struct factor){ .units = units, .n = 1 };
	return item;
}

/* The characters of a set as texts; a gap if they are too many. */
static struct item
set_item(struct finder *f, const struct set *s)
{
	struct item item = { .v = get(f, (VARIANTS + SET_OTHERS) * sizeof(*item.v)) };
	unsigned end = f->utf ? 0x80 : 0x100;

	if (s->wide || f->failed || !others(f, s, &item))
		return (struct item){ .n = 0 };
	for (unsigned c = 0; c < end && item.n <= VARIANTS; c++) {
		char byte = (char)c;
		bool small = c >= 'a' && c <= 'z', capital = c >= 'A' && c <= 'Z';

		if (!set_has(s, c) || (capital && has_both(s, c + ('a' - 'A'))))
			continue;
		item.v[item.n++] = units_of(f, &byte, 1, small && has_both(s, c) ? FACTOR_FOLD : 0);
	}
	return item.n <= VARIANTS ? item : (struct item){ .n = 0 };
}

/* Branches: their texts if all are known, else what each requires. */
static void
walk_alt(struct finder *f, const struct node *n, struct row *row)
{
	struct item all = { .v = get(f, VARIANTS * sizeof(*all.v)) };
	struct clause clause = { .n = 0 };
	size_t at = row->width, width = 0;
	bool known = true;

	for (const struct node *child = n->first; child != NULL && !f->failed;
	     child = child->next) {
		struct row branch = { .nitems = 0 };
		struct item texts;

		walk(f, child, &branch);
		width = branch.width > width ? branch.width : width;
		texts = whole(f, &branch);
		known = known && texts.n > 0 && all.n + texts.n <= VARIANTS;
		for (size_t i = 0; known && i < texts.n; i++)
			all.v[all.n++] = texts.v[i];
		close_row(f, &branch);
		clause = child == n->first ? rarest(&branch) : either(f, clause, rarest(&branch));
	}
	row->width = far_add(at, width);
	if (known && !f->failed) {
		add_item(f, row, all, at);
		return;
	}
	add_gap(f, row);
	add_clause(f, row, clause, at);
}

/* Add the texts of a repetition that has one at least. x{2,} begins with xx, and it ends with xx:
 * both are texts that must be there. */
static void
add_repeated(struct finder *f, const struct node *n, struct row *row, size_t at, struct row *once,
    struct item texts)
{
	size_t times = n->min < LIMIT_FACTOR ? n->min : LIMIT_FACTOR;

	for (size_t i = 0; i < (texts.n > 0 ? times : 1); i++) {
		for (size_t k = 0; texts.n == 0 && k < once->nitems; k++)
			add_item(f, row, once->items[k], far_add(at, once->items[k].at));
		if (texts.n > 0)
			add_item(f, row, texts, far_add(at, far_multiply(once->width, i)));
	}
	if (n->min != n->max || times < n->min || (texts.n == 0 && n->max > 1))
		add_gap(f, row);
	for (size_t i = 0; n->min != n->max && texts.n > 0 && i < times; i++)
		add_item(f, row, texts, REACH_FAR);
	for (size_t i = 0; i < once->nclauses; i++)
		add_clause(f, row, once->clauses[i], at);
}

/* A repetition. */
static void
walk_repeat(struct finder *f, const struct node *n, struct row *row)
{
	struct row once = { .nitems = 0 };
	struct item texts = { .n = 0 };
	size_t at = row->width;

	walk(f, n->first, &once);
	row->width = n->max == NODE_MANY && once.width > 0
	    ? REACH_FAR
	    : far_add(at, far_multiply(once.width, n->max));
	if (n->first->type == NODE_SET && n->max > 1 && is_marks_only(n->first->set)) {
		add_item(f, row, marks_item(f, n->min > 0 ? FACTOR_MARKS : FACTOR_SPACE), at);
		return;
	}
	if (n->min == 0 && n->max != 1) {
		add_gap(f, row);
		return;
	}
	texts = whole(f, &once);
	if (n->min == 0) {
		if (texts.n > 0 && texts.n < VARIANTS) {
			texts.v[texts.n++] = (struct factor){ .n = 0 };
			add_item(f, row, texts, at);
		} else
			add_gap(f, row);
		return;
	}
	add_repeated(f, n, row, at, &once, texts);
}

/* An assertion: what it has is in the text, but maybe not beside what stands around it. */
static void
walk_look(struct finder *f, const struct node *n, struct row *row)
{
	struct row inside = { .nitems = 0 };

	walk(f, n->first, &inside);
	close_row(f, &inside);
	add_clause(f, row, rarest(&inside), REACH_FAR);
}

/* Put what a node requires behind a row. */
static void
walk(struct finder *f, const struct node *n, struct row *row)
{
	struct item item;

	if (f->failed)
		return;
	switch (n->type) {
	case NODE_EMPTY:
	case NODE_START:
	case NODE_END:
		return;
	case NODE_ANY:
		add_gap(f, row);
		row->width = REACH_FAR;
		return;
	case NODE_SET:
		item = set_item(f, n->set);
		if (item.n == 0 && is_marks_only(n->set))
			item = marks_item(f, FACTOR_MARKS);
		if (item.n > 0)
			add_item(f, row, item, row->width);
		else
			add_gap(f, row);
		row->width = far_add(row->width, set_width(n->set, f->utf));
		return;
	case NODE_CAT:
		for (const struct node *child = n->first; child != NULL; child = child->next)
			walk(f, child, row);
		return;
	case NODE_ALT:
		walk_alt(f, n, row);
		return;
	case NODE_REPEAT:
		walk_repeat(f, n, row);
		return;
	case NODE_LOOK:
		walk_look(f, n, row);
		return;
	}
}

/* What a tree requires. */
bool
required_find(const struct node *tree, bool utf, struct arena *a, struct required *out)
{
	struct finder f = { .arena = a, .utf = utf };
	struct row row = { .nitems = 0 };

	*out = (struct required){ .n = 0 };
	walk(&f, tree, &row);
	close_row(&f, &row);
	for (size_t i = 0; i < REQUIRED_CLAUSES && !f.failed; i++) {
		struct clause *best = NULL;

		for (size_t k = 0; k < row.nclauses; k++) {
			struct clause *c = &row.clauses[k];

			if (c->n > 0 && (best == NULL || c->bits > best->bits) &&
			    (i == 0 || (c->n <= MORE_FACTORS && c->bits >= MORE_BITS)))
				best = c;
		}
		if (best == NULL)
			break;
		out->v[out->n++] = *best;
		best->n = 0;
	}
	out->kelvin = f.kelvin;
	return !f.failed;
}

/*
 * required.c - the texts that every match of a pattern must have
 *
 * A tree becomes a row of items: sets of alternative texts that stand side by side, and gaps of
 * which nothing is known. What a part requires beside, such as a group within a gap, goes to the
 * clauses. In the end the row is taken for what its runs of items give (required_row.c).
 */
#include "match/required_in.h"

#include "base/limits.h"
#include "base/utf8.h"

#define MORE_FACTORS 8 /* the same for all clauses but the first: they only sharpen it */
#define MORE_BITS 12.0

static void walk(struct finder *f, const struct node *n, struct row *row);

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

/* A text of so many units. */
static struct factor
units_of(struct finder *f, const char *bytes, size_t n, unsigned flag)
{
	uint16_t *units = required_get(f, n * sizeof(*units));

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
	struct item item = { .v = required_get(f, sizeof(*item.v)), .n = 1 };
	uint16_t *units = required_get(f, sizeof(*units));

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
	struct item item = { .v = required_get(f, (VARIANTS + SET_OTHERS) * sizeof(*item.v)) };
	unsigned end = f->utf ? 0x80 : 0x100;

	if (s->wide || f->failed || !others(f, s, &item))
		return (struct item){ .n = 0 };
	for (unsigned c = 0; c < end && item.n <= VARIANTS; c++) {
		char byte = (char)c;
		bool small = c >= 'a' && c <= 'z', capital = c >= 'A' && c <= 'Z';

		if (s->bits[c / 32] == 0)
			c |= 31; /* most sets are of one letter */
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
	struct item all = { .v = required_get(f, VARIANTS * sizeof(*all.v)) };
	struct clause clause = { .n = 0 };
	size_t at = row->width, width = 0;
	bool known = true;

	for (const struct node *child = n->first; child != NULL && !f->failed;
	     child = child->next) {
		struct row branch = { .nitems = 0 };
		struct item texts;

		walk(f, child, &branch);
		width = branch.width > width ? branch.width : width;
		texts = row_whole(f, &branch);
		known = known && texts.n > 0 && all.n + texts.n <= VARIANTS;
		for (size_t i = 0; known && i < texts.n; i++)
			all.v[all.n++] = texts.v[i];
		row_close(f, &branch);
		clause = child == n->first ? row_best(&branch)
					   : clause_either(f, clause, row_best(&branch));
	}
	row->width = far_add(at, width);
	if (known && !f->failed) {
		row_add_item(f, row, all, at);
		return;
	}
	row_add_gap(f, row);
	row_add_clause(f, row, clause, at);
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
			row_add_item(f, row, once->items[k], far_add(at, once->items[k].at));
		if (texts.n > 0)
			row_add_item(f, row, texts, far_add(at, far_multiply(once->width, i)));
	}
	if (n->min != n->max || times < n->min || (texts.n == 0 && n->max > 1))
		row_add_gap(f, row);
	for (size_t i = 0; n->min != n->max && texts.n > 0 && i < times; i++)
		row_add_item(f, row, texts, REACH_FAR);
	for (size_t i = 0; i < once->nclauses; i++)
		row_add_clause(f, row, once->clauses[i], at);
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
		row_add_item(f, row, marks_item(f, n->min > 0 ? FACTOR_MARKS : FACTOR_SPACE), at);
		return;
	}
	if (n->min == 0 && n->max != 1) {
		row_add_gap(f, row);
		return;
	}
	texts = row_whole(f, &once);
	if (n->min == 0) {
		if (texts.n > 0 && texts.n < VARIANTS) {
			texts.v[texts.n++] = (struct factor){ .n = 0 };
			row_add_item(f, row, texts, at);
		} else
			row_add_gap(f, row);
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
	row_close(f, &inside);
	row_add_clause(f, row, row_best(&inside), REACH_FAR);
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
	case NODE_NOT:
		return;
	case NODE_ANY:
		row_add_gap(f, row);
		row->width = REACH_FAR;
		return;
	case NODE_SET:
		item = set_item(f, n->set);
		if (item.n == 0 && is_marks_only(n->set))
			item = marks_item(f, FACTOR_MARKS);
		if (item.n > 0)
			row_add_item(f, row, item, row->width);
		else
			row_add_gap(f, row);
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
	row_close(&f, &row);
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

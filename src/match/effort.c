/*
 * effort.c - how much a search may have to do where a match may begin, by the pattern's form
 */
#include "match/effort.h"

#define MUCH 1e6	 /* a number that is as good as endless */
#define MOST_ITEMS 65536 /* that PCRE2's code of a pattern can have */

/* A number that grows with the text. */
struct many {
	double fixed, each;
	bool endless;
};

/* Of a node: in how many ways it can take a text, and how much there is to do for all of them. */
struct form {
	struct many ways, work;
};

static const struct many one = { .fixed = 1 }, any_length = { .fixed = 1, .each = 1 };

static struct many
capped(struct many m)
{
	m.endless |= m.fixed > MUCH || m.each > MUCH;
	return m;
}

static struct many
sum(struct many a, struct many b)
{
	return capped((struct many){ a.fixed + b.fixed, a.each + b.each, a.endless || b.endless });
}

static struct many
product(struct many a, struct many b)
{
	return capped((struct many){ a.fixed * b.fixed, a.fixed * b.each + a.each * b.fixed,
	    a.endless || b.endless || (a.each > 0 && b.each > 0) });
}

/* One after the other: the second is tried behind each way of the first. */
static struct form
then(struct form a, struct form b)
{
	return (struct form){ product(a.ways, b.ways), sum(a.work, product(a.ways, b.work)) };
}

/* One or the other. */
static struct form
either(struct form a, struct form b)
{
	return (struct form){ sum(a.ways, b.ways), sum(a.work, b.work) };
}

/* A repetition of what is taken in one way, such as a character: by its length. */
static struct form
form_of_run(const struct node *n, struct form inner)
{
	struct many tries = { .fixed = n->max + 1.0 }, ends = { .fixed = n->max - n->min + 1.0 };

	if (n->max == NODE_MANY)
		tries = ends = any_length;
	return (struct form){ capped(ends), product(tries, inner.work) };
}

static struct form form_of(const struct node *n);

static struct form
form_of_repeat(const struct node *n)
{
	struct form inner = form_of(n->first), row = { .ways = one }, all = { .ways = { 0 } };

	if (n->first->type != NODE_SET)
		inner.work = sum(inner.work, one);
	if (inner.ways.fixed <= 1 && inner.ways.each <= 0 && !inner.ways.endless)
		return form_of_run(n, inner);
	for (uint32_t i = 0; i <= n->max && !all.ways.endless; i++) {
		if (i >= n->min)
			all.ways = sum(all.ways, row.ways);
		all.ways.endless |= row.ways.endless;
		row = then(row, inner);
	}
	all.work = row.work;
	return all;
}

static struct form
form_of(const struct node *n)
{
	struct form f = { .ways = one, .work = one };

	switch (n->type) {
	case NODE_EMPTY:
	case NODE_START:
	case NODE_END:
	case NODE_SET:
		break;
	case NODE_ANY:
		f.work.endless = f.ways.endless = true;
		break;
	case NODE_LOOK:
	case NODE_NOT:
		f = then(f, form_of(n->first));
		f.ways = one; /* PCRE2 keeps to the first */
		break;
	case NODE_CAT:
		for (const struct node *i = n->first; i != NULL; i = i->next)
			f = then(f, form_of(i));
		break;
	case NODE_ALT:
		f.ways.fixed = 0;
		for (const struct node *i = n->first; i != NULL; i = i->next)
			f = either(f, form_of(i));
		break;
	case NODE_REPEAT:
		return form_of_repeat(n);
	}
	return f;
}

/* How many items PCRE2's code has, since it writes repeated groups out. */
static double
count_items(const struct node *n)
{
	double count = n->type != NODE_CAT && n->type != NODE_ALT;
	uint32_t times = n->max == NODE_MANY ? n->min + 1 : n->max;

	if (n->type == NODE_REPEAT && n->first->type == NODE_SET)
		return n->min + 1.0;
	for (const struct node *i = n->first; i != NULL; i = i->next)
		count += count_items(i);
	return n->type == NODE_REPEAT ? count * times : count;
}

/* How many of them are not understood, and may go over all of the text at once. */
static double
count_any(const struct node *n)
{
	double count = n->type == NODE_ANY;

	for (const struct node *i = n->first; i != NULL; i = i->next)
		count += count_any(i);
	return n->type == NODE_REPEAT && n->max != NODE_MANY ? count * n->max : count;
}

struct effort
effort_of(const struct node *tree, struct slice re)
{
	struct form f;

	if (tree == NULL)
		return (struct effort){ MOST_ITEMS, (double)re.n + 1, true };
	f = form_of(tree);
	if (!f.work.endless)
		return (struct effort){ f.work.fixed, f.work.each, false };
	/* in one step each item is looked at once, and one repetition goes over the text */
	return (struct effort){ count_items(tree) + 1, count_any(tree) + 1, true };
}

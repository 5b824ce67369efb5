/*
 * danger.c - patterns that may take very long, by their form
 *
 * A form is looked at through texts of one character. If what is repeated can take some of them in
 * two ways, the number of ways doubles with each: the search of a text that fails in the end tries
 * all of them. Repetitions behind one another multiply their ways only.
 */
#include "match/danger.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "match/syntax.h"

#include <stdlib.h>

#define OTHER "\n\001\n" /* what stands behind, which few patterns take */
#define FAR 1000	 /* repetitions from which on one counts as without end */
#define LOOP 20		 /* repetitions from which on doubling is many */
#define LENGTHS 7	 /* lengths that are told apart; this one stands for all beyond, too */
#define LEAST_TEXT 200	 /* bytes of a pattern's least text: what is beyond is left out */

/* How a node takes texts of one character. */
struct ways {
	uint8_t lengths; /* bits: which lengths, up to LENGTHS */
	bool twice;	 /* one of them in two ways */
};

/* What is known of a pattern's form. */
struct form {
	const struct node *tree;
	const struct node *at; /* the repetition that is dangerous */
	char character;	       /* of the texts that it takes in several ways; 0: none */
	enum danger_form is;
};

/* ---- the form ---- */

/* One after the other. */
static struct ways
add(struct ways a, struct ways b)
{
	struct ways sum = { .twice = (a.twice && b.lengths != 0) || (b.twice && a.lengths != 0) };

	for (unsigned i = 0; i <= LENGTHS; i++)
		for (unsigned k = 0; k <= LENGTHS; k++) {
			unsigned n = i + k < LENGTHS ? i + k : LENGTHS;

			if (!(a.lengths >> i & b.lengths >> k & 1))
				continue;
			sum.twice |= n < LENGTHS && sum.lengths >> n & 1;
			sum.lengths |= (uint8_t)(1u << n);
		}
	return sum;
}

/* One or the other. */
static struct ways
either(struct ways a, struct ways b)
{
	return (struct ways){ a.lengths | b.lengths,
		a.twice || b.twice || (a.lengths & b.lengths & ~1u) != 0 };
}

/* True if several in a row are taken in several ways. */
static bool
is_ambiguous(struct ways w)
{
	unsigned lengths = w.lengths & ~1u;

	return w.twice || (lengths & (lengths - 1)) != 0;
}

static struct ways ways_of(const struct node *n, char c);

/* A repetition, of which eight are as good as more. */
static struct ways
ways_of_repeat(const struct node *n, char c)
{
	struct ways one = ways_of(n->first, c), row = { .lengths = 1 }, all = { 0 };
	uint32_t min = n->min < LENGTHS ? n->min : LENGTHS;
	uint32_t max = n->max < LENGTHS + 1 ? n->max : LENGTHS + 1;

	for (uint32_t i = 0; i <= max; i++) {
		if (i >= min)
			all.lengths |= row.lengths;
		all.twice |= i >= min && i > 0 && one.twice;
		row = add(row, one);
	}
	all.twice |= max > 1 && is_ambiguous(one);
	return all;
}

static struct ways
ways_of(const struct node *n, char c)
{
	struct ways w = { .lengths = 1 };

	switch (n->type) {
	case NODE_SET:
		return (struct ways){ .lengths = set_has(n->set, (unsigned char)c) ? 2 : 0 };
	case NODE_CAT:
		for (const struct node *i = n->first; i != NULL; i = i->next)
			w = add(w, ways_of(i, c));
		return w;
	case NODE_ALT:
		w.lengths = 0;
		for (const struct node *i = n->first; i != NULL; i = i->next)
			w = either(w, ways_of(i, c));
		return w;
	case NODE_REPEAT:
		return ways_of_repeat(n, c);
	default:
		return w;
	}
}

/* Find a repetition of what is ambiguous. */
static bool
find_nested(const struct node *n, struct form *f)
{
	if (n->type == NODE_REPEAT && n->max >= LOOP && n->first->type != NODE_SET)
		for (int c = '~'; c >= ' '; c--)
			if (is_ambiguous(ways_of(n->first, (char)c))) {
				f->at = n;
				f->character = (char)c;
				if (c == 'a')
					return true;
			}
	for (const struct node *i = n->first; f->at == NULL && i != NULL; i = i->next)
		find_nested(i, f);
	return f->at != NULL;
}

/* How many far repetitions may follow each other; the first of them is remembered. */
static unsigned
count_far(const struct node *n, struct form *f)
{
	unsigned count = 0, most = 0;

	if (n->type == NODE_REPEAT && n->max >= FAR) {
		f->at = f->at == NULL ? n : f->at;
		count = 1;
	}
	for (const struct node *i = n->first; i != NULL; i = i->next) {
		unsigned part = count_far(i, f);

		most = part > most ? part : most;
		count += n->type == NODE_ALT ? 0 : part;
	}
	return n->type == NODE_ALT ? most : count;
}

/* True if a pattern has some characters side by side. */
static bool
has(struct slice re, const char *what)
{
	size_t n = strlen(what);

	for (size_t i = 0; i + n <= re.n; i++)
		if (memcmp(re.p + i, what, n) == 0)
			return true;
	return false;
}

/* True if a pattern tells PCRE2 not to try all ways. */
static bool
is_kept(struct slice re)
{
	static const char *const keeps[] = { "(?>", "++", "*+", "}+" };

	for (size_t i = 0; i < sizeof keeps / sizeof *keeps; i++)
		if (has(re, keeps[i]))
			return true;
	return false;
}

/* What a pattern's form is. */
static void
look_at(struct form *f, struct slice re)
{
	unsigned far;

	if (!is_kept(re) && find_nested(f->tree, f)) {
		f->is = DANGER_NESTED;
		return;
	}
	far = count_far(f->tree, f);
	f->is = far > 1 ? DANGER_CHAIN : far == 1 ? DANGER_GAP : DANGER_NONE;
}

/* ---- texts ---- */

/* A character of a set, the plainest. */
static void
put_character(const struct set *s, struct buf *out)
{
	static const char plain[] = "a0A -.";
	char other[4];

	for (const char *c = plain; *c != '\0'; c++)
		if (set_has(s, (unsigned char)*c)) {
			buf_char(out, *c);
			return;
		}
	for (unsigned c = ' '; c < 128; c++)
		if (set_has(s, c)) {
			buf_char(out, (char)c);
			return;
		}
	if (set_has(s, '\n'))
		buf_char(out, '\n');
	else if (s->nothers > 0)
		buf_add(out, slice_of(other, utf8_encode(s->others[0], other)));
}

/* Write the least text of a pattern, up to a node. False: that was reached. */
static bool
put_least(const struct node *n, const struct node *until, struct buf *out)
{
	uint32_t times = n->type == NODE_REPEAT ? n->min : 1;

	if (n == until)
		return false;
	if (n->type == NODE_SET && out->n < LEAST_TEXT)
		put_character(n->set, out);
	for (uint32_t i = 0; i < times && out->n < LEAST_TEXT; i++)
		for (const struct node *k = n->first; k != NULL; k = k->next) {
			if (!put_least(k, until, out))
				return false;
			if (n->type == NODE_ALT)
				break;
		}
	return true;
}

/* What texts are tried with, and what came of it. */
struct trial {
	const struct pattern *p;
	size_t bytes;
	uint64_t try_us;
	struct budget *all;
	struct slice prefix, whole;
	struct danger *out;
};

/* Try a text: the prefix, the pump many times, something else, and what the pattern can't do
 * without. */
static bool
try(struct trial *t, struct slice pump, bool with_whole)
{
	struct budget one = budget_new(t->try_us);
	struct buf text = { 0 };
	size_t times = pump.n > 0 ? t->bytes / pump.n : 0;
	bool slow;

	if (times == 0 || budget_left(t->all) == 0)
		return false;
	buf_add(&text, t->prefix);
	for (size_t i = 0; i < times; i++)
		buf_add(&text, pump);
	buf_str(&text, OTHER);
	if (with_whole)
		buf_add(&text, t->whole);
	budget_begin(t->all, UINT64_MAX / 2);
	slow = !text.cut && pattern_match(t->p, buf_slice(&text), &one) == MATCH_ERROR;
	budget_end(t->all);
	buf_free(&text);
	if (slow) {
		t->out->shown = true;
		t->out->prefix = t->prefix;
		t->out->pump = pump;
		t->out->times = times;
	}
	return slow;
}

/* The least text up to a node, or of all of it (NULL), kept; absent on lack of memory. */
static struct slice
least(const struct node *tree, const struct node *until, struct arena *a)
{
	struct buf text = { 0 };
	struct slice kept;

	put_least(tree, until, &text);
	kept = text.cut ? SLICE_ABSENT : arena_slice(a, buf_slice(&text));
	buf_free(&text);
	return kept;
}

/* Try all texts that a form suggests. */
static void
try_all(struct trial *t, const struct form *f, struct arena *a)
{
	struct slice pumps[] = { arena_slice(a, slice_of(&f->character, f->character != '\0')),
		least(f->at->first, NULL, a), t->whole, t->prefix, SLICE("a"), SLICE(" "),
		SLICE("0") };

	for (size_t i = 0; i < sizeof pumps / sizeof *pumps; i++)
		if (try(t, pumps[i], true) || try(t, pumps[i], false))
			return;
}

/* True if something must follow what is nested. */
static bool
is_sure(const struct trial *t, const struct form *f, struct arena *a)
{
	return f->is == DANGER_NESTED && t->whole.n > t->prefix.n + least(f->at, NULL, a).n;
}

struct danger
danger_find(const struct pattern *p, struct slice re, unsigned flags, size_t bytes, uint64_t try_us,
    struct budget *all, struct arena *a)
{
	struct danger d = { 0 };
	struct trial t = { .p = p, .bytes = bytes, .try_us = try_us, .all = all, .out = &d };
	struct cases *cases = cases_new();
	struct form f = { .tree = cases != NULL ? syntax_tree(re, flags, cases, a) : NULL };

	if (f.tree != NULL)
		look_at(&f, re);
	if (f.is != DANGER_NONE) {
		t.prefix = least(f.tree, f.at, a);
		t.whole = least(f.tree, NULL, a);
		try_all(&t, &f, a);
	}
	if (d.shown || (f.is != DANGER_NONE && is_sure(&t, &f, a)))
		d.form = f.is;
	cases_free(cases);
	return d;
}

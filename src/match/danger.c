/*
 * danger.c - patterns whose search may take very long
 *
 * A form is looked at through texts of one character. If what is repeated can take some of them in
 * two ways, the number of ways doubles with each: the search of a text that fails in the end tries
 * all of them. Repetitions behind one another multiply their ways only.
 */
#include "match/danger.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "match/effort.h"
#include "match/pattern.h"
#include "match/syntax.h"

#include <math.h>

#define OTHER "\n\001\n" /* what stands behind, which few patterns take */
#define FAR 4000	 /* repetitions from which on one counts as without end */
#define SOME 20		 /* repetitions from which on several are many together */
#define LENGTHS 7	 /* lengths that are told apart; this one stands for all beyond, too */
#define CHARACTERS 5	 /* of a pattern, of which texts are tried */
#define LEAST_TEXT 100	 /* bytes of a pattern's least text: what is beyond is left out */
#define SHORT_BYTES 150	 /* of short texts */
#define SHORT_US 4000	 /* that a search of one may take */
#define MIDDLE_US 20000	 /* likewise, of middle length */
#define LIMIT_US 100	 /* from which on an error is one of time, or of LIMIT_MATCH */
#define QUICK_US 40	 /* what needs no second try */
#define TRIES 4		 /* of one text, at most */
#define CUBIC 6		 /* times as long for twice the text: with its third power, or so */
#define NEVER UINT64_MAX

/* Texts of middle length, how long they would be, and how long the search of one must take to be
 * worth more: a line is slow only if time grows with the third power of its length, a body if with
 * the second. */
static const struct {
	size_t bytes, all_bytes;
	uint64_t slow_us;
} middle[] = {
	[DANGER_LINE] = { 250, 2000, LIMIT_DANGER_SLOW_MS * 1000 / 512 },
	[DANGER_BODY] = { 1000, 50000, LIMIT_DANGER_SLOW_MS * 1000 / 2500 },
};

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
	if (n->type == NODE_REPEAT && n->max >= SOME && n->first->type != NODE_SET)
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

/* How many repetitions of at least so many may follow each other; the first is remembered. */
static unsigned
count_far(const struct node *n, uint32_t least, struct form *f)
{
	unsigned count = 0, most = 0;

	if (n->type == NODE_REPEAT && n->max >= least) {
		f->at = f->at == NULL ? n : f->at;
		count = 1;
	}
	for (const struct node *i = n->first; i != NULL; i = i->next) {
		unsigned part = count_far(i, least, f);

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
	struct effort e = effort_of(f->tree, re);
	unsigned far;

	if (!e.endless && e.each <= 0 && e.fixed < FAR)
		return;
	if (!is_kept(re) && find_nested(f->tree, f)) {
		f->is = DANGER_NESTED;
		return;
	}
	far = count_far(f->tree, e.endless ? SOME : FAR, f);
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
	enum danger_text text;
	uint64_t *left_us;
	struct slice prefix, whole;
	struct danger *out;
};

/* A text: the prefix, the pump many times, something else, and what the pattern can't do without;
 * absent on lack of memory. To be freed. */
static struct buf
make_text(const struct trial *t, struct slice pump, size_t bytes, bool with_whole)
{
	struct buf text = { 0 };

	buf_add(&text, t->prefix);
	for (size_t i = 0; i < bytes; i += pump.n)
		buf_add(&text, pump);
	buf_str(&text, OTHER);
	if (with_whole)
		buf_add(&text, t->whole);
	if (text.cut)
		buf_free(&text);
	return text;
}

/* How long the search of a text takes, in microseconds; NEVER: it ends in an error. The quicker of
 * two tries counts. It is the processor's time: the machine may be busy. */
static uint64_t
time_of(struct trial *t, struct slice pump, size_t bytes, bool with_whole, uint64_t budget_us)
{
	uint64_t since = clock_thread_ns(), now, us, best = 0;
	struct buf text = make_text(t, pump, bytes, with_whole);
	bool slow = false;
	unsigned ended = 0;

	now = clock_thread_ns();
	for (int i = 0; text.n > 0 && i < TRIES && ended < 2 && !slow; i++) {
		struct budget one = budget_new(budget_us);
		bool failed = pattern_match(t->p, buf_slice(&text), &one) == MATCH_ERROR;
		uint64_t begin = now;

		now = clock_thread_ns();
		us = (now - begin) / 1000;
		/* an error that came at once says nothing: others had the processor */
		slow = failed && us > LIMIT_US;
		if (!failed && (ended++ == 0 || us < best))
			best = us;
		if (ended > 0 && best < QUICK_US)
			break;
	}
	us = (now - since) / 1000;
	*t->left_us -= us < *t->left_us ? us : *t->left_us;
	buf_free(&text);
	return slow ? NEVER : best;
}

/* True if a short text takes very long. */
static bool
is_endless(struct trial *t, struct slice pump, bool with_whole)
{
	return time_of(t, pump, SHORT_BYTES, with_whole, SHORT_US) == NEVER;
}

/* Whether one of middle length takes so long that a long one is slow, by how much longer it takes
 * than half of it. Where that is four times, each place goes over the rest of the text. */
static enum danger_form
growth(struct trial *t, struct slice pump, bool with_whole)
{
	size_t bytes = middle[t->text].bytes;
	double doublings = log2((double)middle[t->text].all_bytes / (double)bytes), times;
	uint64_t us = time_of(t, pump, bytes, with_whole, MIDDLE_US), half;

	if (us < middle[t->text].slow_us)
		return DANGER_NONE;
	half = time_of(t, pump, bytes / 2, with_whole, MIDDLE_US);
	if (us == NEVER || half == NEVER)
		return DANGER_CHAIN;
	times = (double)us / (double)(half + 1);
	if ((double)us * pow(times, doublings) < LIMIT_DANGER_SLOW_MS * 1000)
		return DANGER_NONE;
	return times >= CUBIC ? DANGER_CHAIN : DANGER_GAP;
}

/* Try a text of a pump, short or of middle length; remember it if it is slow, and which form that
 * is. */
static bool
try_pump(struct trial *t, struct form *f, struct slice pump, bool is_short, bool with_whole)
{
	enum danger_form is = DANGER_NONE;

	if (*t->left_us == 0)
		return false;
	if (is_short && is_endless(t, pump, with_whole))
		is = f->is == DANGER_CHAIN ? DANGER_CHAIN : DANGER_NESTED;
	if (!is_short)
		is = growth(t, pump, with_whole);
	if (is == DANGER_GAP && f->is == DANGER_CHAIN)
		is = DANGER_CHAIN;
	if (is == DANGER_NONE)
		return false;
	f->is = is;
	t->out->shown = true;
	t->out->prefix = t->prefix;
	t->out->pump = pump;
	t->out->suffix = with_whole ? t->whole : SLICE_ABSENT;
	t->out->times = (is_short ? SHORT_BYTES : middle[t->text].all_bytes) / pump.n;
	return true;
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

/* Write some characters of a pattern, each once. */
static void
put_characters(const struct node *n, struct buf *out)
{
	size_t before = out->n;

	if (n->type == NODE_SET && before < CHARACTERS)
		put_character(n->set, out);
	if (out->n > before && (out->n > before + 1 || memchr(out->p, out->p[before], before)))
		out->n = before;
	for (const struct node *i = n->first; i != NULL; i = i->next)
		put_characters(i, out);
}

/* Fill in what texts may be made of. */
static void
find_pumps(struct slice *pumps, const struct trial *t, const struct form *f, struct arena *a)
{
	struct buf characters = { 0 };
	size_t n = 0;
	struct slice kept;

	put_characters(f->tree, &characters);
	kept = arena_slice(a, buf_slice(&characters));
	buf_free(&characters);
	pumps[n++] = arena_slice(a, slice_of(&f->character, f->character != '\0'));
	pumps[n++] = least(f->at->first, NULL, a);
	pumps[n++] = t->whole;
	pumps[n++] = t->prefix;
	pumps[n++] = SLICE("a");
	pumps[n++] = SLICE(" ");
	for (size_t i = 0; i < CHARACTERS; i++)
		pumps[n++] = slice_of(kept.p + i, i < kept.n);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (slice_eq(pumps[i], pumps[k]))
				pumps[i].n = 0;
}

/* Try all texts that a form suggests. */
static void
try_all(struct trial *t, struct form *f, struct arena *a)
{
	struct slice pumps[6 + CHARACTERS];
	size_t n = sizeof pumps / sizeof *pumps;

	find_pumps(pumps, t, f, a);
	for (size_t i = 0; i < 2 * n; i++)
		if (pumps[i % n].n > 0 &&
		    (try_pump(t, f, pumps[i % n], i < n, false) ||
			try_pump(t, f, pumps[i % n], i < n, true)))
			return;
}

/* True if something must follow what is nested. */
static bool
is_sure(const struct trial *t, const struct form *f, struct arena *a)
{
	return f->is == DANGER_NESTED && t->whole.n > t->prefix.n + least(f->at, NULL, a).n;
}

struct danger
danger_find(struct slice re, unsigned flags, enum danger_text text, struct cases *cases,
    uint64_t *left_us, struct arena *a)
{
	struct danger d = { 0 };
	struct form f = { .tree = syntax_tree(re, flags, cases, a) };
	struct trial t = { .text = text, .left_us = left_us, .out = &d };
	struct pattern_error err;
	struct pattern *p;

	if (f.tree != NULL)
		look_at(&f, re);
	if (f.is == DANGER_NONE || (p = pattern_compile(re, flags, &err)) == NULL)
		return d;
	t.p = p;
	t.prefix = least(f.tree, f.at, a);
	t.whole = least(f.tree, NULL, a);
	try_all(&t, &f, a);
	if (d.shown || (*left_us == 0 && is_sure(&t, &f, a)))
		d.form = f.is;
	pattern_free(p);
	return d;
}

/*
 * search.c - searches, within a budget of time
 *
 * Matching needs memory that threads can't share: match data, a match context with the limits, and
 * a stack for the code that the JIT made. Each thread makes its own at its first match, gives it to
 * whatever pattern it asks next, and frees it when it ends. libmilter's threads come and go, and
 * the JIT's stack is mapped and unmapped with them: so it is made only when a match wants more than
 * the 32 KB that PCRE2 takes of the thread's own.
 *
 * The JIT's code can't be interrupted, and looks at no clock. But it can be told up to which place
 * a match may begin, and it counts steps, for each such place. So a search is done in pieces: so
 * many places, that even at worst, by the form of the pattern, a piece takes no more than the time
 * that is left. Nearly all searches are one piece. Where the form sets no bound, it is steps that
 * bound it: few to begin with, and more of them, in smaller pieces, where these are too few. In the
 * end places are searched by code with callouts, which do look at the clock, and make it many times
 * slower.
 */
#include "match/pattern_in.h"

#include "base/clock.h"
#include "base/limits.h"

#include <pthread.h>
#include <stdlib.h>

#define INTERPRETED 8	      /* times as many nanoseconds for an item without the JIT */
#define JIT_STACK_START 65536 /* bytes; grows to LIMIT_JIT_STACK */
#define PLACE_NS 2	      /* that a place takes where no match begins, at most */
#define STEPS_LEAST 4	      /* at each place, to begin with */
#define STEPS_MOST 256	      /* likewise, in short texts */
#define STEPS_MORE 8	      /* times as many when they are too few */
#define STEPS_COMMON 32	      /* up to which they stay so many */
#define SMALL_PIECE 64	      /* part of a budget that a first piece may take at most, if it can */
#define FEW_PLACES 32	      /* a piece of fewer is not worth its call */
#define CAUTION 4	      /* times as long as a step took, others may */
#define WATCHED_PLACES 65536  /* that are searched at once by watched code */
#define LOOK_BYTES 65536      /* that callouts may have gone over between looks at the clock */
#define LOOK_CALLOUTS 256     /* callouts between them at most */

/* What a thread needs to match. */
struct scratch {
	pcre2_match_context *context;
	pcre2_match_data *data;
	pcre2_jit_stack *stack; /* NULL as long as the thread's own was enough */
	unsigned groups;	/* that data has room for */
};

static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;
static pthread_key_t scratch_key;
static bool scratch_has_key;

/* Free a thread's scratch memory. */
static void
scratch_free(void *p)
{
	struct scratch *s = p;

	pcre2_match_data_free(s->data);
	pcre2_jit_stack_free(s->stack);
	pcre2_match_context_free(s->context);
	free(s);
}

/* Make the key under which threads keep their scratch memory. */
static void
make_key(void)
{
	scratch_has_key = pthread_key_create(&scratch_key, scratch_free) == 0;
}

/* New scratch memory for the calling thread. */
static struct scratch *
scratch_new(void)
{
	struct scratch *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->context = pcre2_match_context_create(NULL);
	s->groups = LIMIT_CAPTURES;
	s->data = pcre2_match_data_create(s->groups + 1, NULL);
	if (s->context == NULL || s->data == NULL || pthread_setspecific(scratch_key, s) != 0) {
		scratch_free(s);
		return NULL;
	}
	pcre2_set_depth_limit(s->context, LIMIT_MATCH_DEPTH);
	pcre2_set_heap_limit(s->context, LIMIT_MATCH_HEAP_KB);
	return s;
}

/* Give the JIT's code a stack of its own; false if it has one, or if there is no memory. */
static bool
scratch_add_stack(struct scratch *s)
{
	if (s->stack != NULL)
		return false;
	s->stack = pcre2_jit_stack_create(JIT_STACK_START, LIMIT_JIT_STACK, NULL);
	if (s->stack != NULL)
		pcre2_jit_stack_assign(s->context, NULL, s->stack);
	return s->stack != NULL;
}

/* The calling thread's scratch memory, with room for so many groups; NULL if there is no memory. */
static struct scratch *
scratch_get(unsigned groups)
{
	struct scratch *s;

	pthread_once(&scratch_once, make_key);
	if (!scratch_has_key)
		return NULL;
	s = pthread_getspecific(scratch_key);
	if (s == NULL)
		s = scratch_new();
	if (s != NULL && groups > s->groups) {
		pcre2_match_data *data = pcre2_match_data_create(groups + 1, NULL);

		if (data == NULL)
			return NULL;
		pcre2_match_data_free(s->data);
		s->data = data;
		s->groups = groups;
	}
	return s;
}

/* One search. */
struct search {
	const struct pattern *p;
	const pcre2_code *code;
	double item_ns; /* what an item that is held against the text may take */
	PCRE2_SPTR text;
	size_t n;
	size_t last; /* place that a match may begin at */
	uint32_t options;
	struct scratch *s;
	struct budget *b;
	struct effort effort;
	uint32_t steps, first, least; /* at each place: now, to begin with, and from now on */
	bool going;		      /* a piece was searched just now */
	double step_ns; /* the most that a step took of those that were too few; 0: none were */
	/* of watched code: when to end, callouts between two looks, and up to the next one */
	uint64_t end_us;
	unsigned looks, callouts;
};

/* The clock runs for what is to be searched now, which takes so long at most. */
static void
begin(struct search *x, uint64_t worst_ns)
{
	if (x->going)
		budget_go_on(x->b, worst_ns);
	else
		budget_begin(x->b, worst_ns);
	x->going = true;
}

/* Let a code search for a match that begins at a place from `from` to `to`. */
static int
run(struct search *x, const pcre2_code *code, size_t from, size_t to, uint32_t steps)
{
	pcre2_set_match_limit(x->s->context, steps);
	pcre2_set_offset_limit(x->s->context, to);
	return pcre2_match(
	    code, x->text, x->n, from, x->options | PCRE2_NO_UTF_CHECK, x->s->data, x->s->context);
}

/* The same, with a stack that is large enough, if there is one. */
static int
run_on_stack(struct search *x, const pcre2_code *code, size_t from, size_t to, uint32_t steps)
{
	int rc;

	do
		rc = run(x, code, from, to, steps);
	while (rc == PCRE2_ERROR_JIT_STACKLIMIT && scratch_add_stack(x->s));
	return rc;
}

/* ---- watched code ---- */

/* The watched code of a pattern, made if it is not there; NULL if it is too large, and on lack of
 * memory. */
static const pcre2_code *
watched_code(const struct pattern *p)
{
	struct late *late = p->late;
	pcre2_code *code = atomic_load(&late->watched), *other = NULL;
	size_t offset;
	int error;

	if (code != NULL || atomic_load(&late->too_large))
		return code;
	code = pattern_code(slice_of(p->re, p->nre), p->flags,
	    PCRE2_USE_OFFSET_LIMIT | PCRE2_AUTO_CALLOUT, &error, &offset);
	if (code != NULL)
		pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	else
		atomic_store(&late->too_large, error != PCRE2_ERROR_NOMEMORY);
	if (code == NULL || atomic_compare_exchange_strong(&late->watched, &other, code))
		return code;
	pcre2_code_free(code); /* another thread was faster */
	return other;
}

/* Between two items: end the search if its time is over. */
static int
look(pcre2_callout_block *block, void *data)
{
	struct search *x = data;

	(void)block;
	if (--x->callouts > 0)
		return 0;
	x->callouts = x->looks;
	return clock_thread_ns() / 1000 < x->end_us ? 0 : PCRE2_ERROR_CALLOUT;
}

/* Search a piece with an eye on the clock. */
static int
run_watched(struct search *x, const pcre2_code *code, size_t from, size_t to)
{
	uint64_t left = budget_left(x->b);
	int rc;

	x->looks = x->n < LOOK_BYTES ? LOOK_BYTES / (x->n + 1) + 1 : 1;
	x->looks = x->looks < LOOK_CALLOUTS ? x->looks : LOOK_CALLOUTS;
	x->callouts = x->looks;
	x->end_us = clock_thread_ns() / 1000 + left;
	pcre2_set_callout(x->s->context, look, x);
	begin(x, UINT64_MAX / 2);
	rc = run_on_stack(x, code, from, to, LIMIT_MATCH);
	budget_end(x->b);
	pcre2_set_callout(x->s->context, NULL, NULL);
	x->b->spent |= rc == PCRE2_ERROR_CALLOUT;
	return rc;
}

/* ---- pieces ---- */

/* What so many places may take, the first of which is at `from`, in nanoseconds: in the middle they
 * have half of them less text before them. */
static double
worst_ns(const struct search *x, size_t from, size_t places)
{
	const struct effort *e = &x->effort;
	double left = (double)(x->n - from) - (double)(places - 1) / 2;
	double items = (e->fixed + e->each * left) * (e->endless ? x->steps : 1);

	return (double)places * (PLACE_NS + items * x->item_ns);
}

/* How many places, of `all` from `from` on, can be searched in the time that is left; *ns is what
 * they may take. */
static size_t
places_in_time(const struct search *x, size_t from, size_t all, double *ns)
{
	double left = (double)budget_left(x->b) * 1000;

	*ns = worst_ns(x, from, all);
	if (*ns > left) {
		budget_pause(x->b); /* what is not counted yet may have been little */
		left = (double)budget_left(x->b) * 1000;
	}
	if (*ns <= left)
		return all;
	all = (size_t)(left / worst_ns(x, from, 1));
	*ns = left;
	return all;
}

/* The same by what steps have taken so far: mostly very much less than they can take. */
static size_t
places_by_measure(struct search *x, size_t all)
{
	double left, one = x->steps * x->step_ns * CAUTION;

	if (one == 0)
		return 0;
	budget_pause(x->b);
	left = (double)budget_left(x->b) * 1000 / 2;
	return left / one >= (double)all ? all : (size_t)(left / one);
}

/* The last of so many places. */
static size_t
last_of(const struct search *x, size_t from, size_t places)
{
	return x->p->whole || places > x->last - from ? x->last : from + places - 1;
}

/* The place behind a piece: in UTF-8, where a character begins. */
static size_t
behind(const struct search *x, size_t to)
{
	for (to++; x->p->flags & PATTERN_UTF && to < x->n && (x->text[to] & 0xc0) == 0x80;)
		to++;
	return to;
}

/* Steps to begin with: as many as make all of the text one piece that is not worth a look at the
 * clock. */
static uint32_t
first_steps(struct search *x, size_t from)
{
	double steps;

	if (!x->effort.endless)
		return LIMIT_MATCH;
	x->steps = 1;
	steps = (double)x->b->limit_us * 1000 / SMALL_PIECE / worst_ns(x, from, x->last - from + 1);
	return steps < STEPS_LEAST ? STEPS_LEAST
	    : steps > STEPS_MOST   ? STEPS_MOST
				   : (uint32_t)steps;
}

/* True if a piece of so many places, of `all` that there are, is better than watched code. */
static bool
is_enough(const struct search *x, size_t places, size_t all)
{
	if (x->p->whole || all < FEW_PLACES)
		return places == all;
	return places >= FEW_PLACES || (places > 0 && x->steps > x->first);
}

/* A place wanted more steps than it was given; the piece up to there took so long. */
static void
note_steps(struct search *x, uint64_t ns)
{
	double step = (double)ns / x->steps;

	x->step_ns = step > x->step_ns || x->steps > STEPS_COMMON ? step : x->step_ns;
}

/* Search a piece from a place on, and tell its last place. */
static int
run_piece(struct search *x, size_t from, size_t *to)
{
	const struct pattern *p = x->p;
	size_t all = p->anchored ? 1 : x->last - from + 1, watched = WATCHED_PLACES, places;
	const pcre2_code *code;
	uint64_t since;
	double ns;
	int rc;

	for (;;) {
		places = places_in_time(x, from, all, &ns);
		if (!is_enough(x, places, all)) {
			size_t measured = places_by_measure(x, all);

			if (measured > places) {
				places = measured;
				ns = (double)UINT64_MAX / 2;
			}
			if (!is_enough(x, places, all) && (code = watched_code(p)) != NULL)
				break;
		}
		if (places == 0 || (p->whole && places < all))
			return PCRE2_ERROR_MATCHLIMIT;
		*to = last_of(x, from, places);
		begin(x, (uint64_t)ns);
		since = x->effort.endless ? clock_thread_ns() : 0;
		rc = run(x, x->code, from, *to, x->steps);
		if (rc == PCRE2_ERROR_MATCHLIMIT && x->effort.endless)
			note_steps(x, clock_thread_ns() - since);
		budget_end(x->b);
		if (rc == PCRE2_ERROR_JIT_STACKLIMIT && scratch_add_stack(x->s))
			continue;
		if (rc != PCRE2_ERROR_MATCHLIMIT || x->steps == LIMIT_MATCH) {
			x->steps = x->steps / 2 > x->least ? x->steps / 2 : x->least;
			return rc;
		}
		watched = places;
		/* what one place wants others may, too */
		if (x->steps < STEPS_COMMON)
			x->least = x->steps * STEPS_MORE;
		x->steps =
		    x->steps < LIMIT_MATCH / STEPS_MORE ? x->steps * STEPS_MORE : LIMIT_MATCH;
	}
	*to = last_of(x, from, watched);
	x->steps = x->steps / STEPS_MORE > x->least ? x->steps / STEPS_MORE : x->least;
	return run_watched(x, code, from, *to);
}

/* Search all of it, piece by piece. */
static int
run_pieces(struct search *x, size_t from)
{
	int rc = PCRE2_ERROR_NOMATCH;
	size_t to = from;

	x->effort = pattern_effort(x->p);
	x->steps = x->first = x->least = first_steps(x, from);
	while (from <= x->last && rc == PCRE2_ERROR_NOMATCH) {
		if (x->b->spent)
			return PCRE2_ERROR_CALLOUT;
		rc = run_piece(x, from, &to);
		from = behind(x, to);
		x->options = 0; /* what they say is of the place where the search began */
	}
	return rc;
}

/* True for a code that PCRE2 interprets. */
static bool
is_interpreted(const pcre2_code *code)
{
	size_t jit = 0;

	pcre2_pattern_info(code, PCRE2_INFO_JITSIZE, &jit);
	return jit == 0;
}

/* Search from an offset on for a match that begins at `last` at the latest; it is in s->data on
 * MATCH_YES. */
static enum match
search(const struct pattern *p, struct slice subject, size_t from, size_t last, uint32_t options,
    struct scratch *s, struct budget *b)
{
	struct search x = {
		.p = p,
		.code = pattern_quick(p),
		.item_ns = p->item_ns,
		.text = (PCRE2_SPTR)(subject.p != NULL ? subject.p : ""),
		.n = subject.n,
		.last = last,
		.options = options,
		.s = s,
		.b = b,
	};
	int rc;

	if (is_interpreted(x.code))
		x.item_ns *= INTERPRETED;
	rc = b != NULL ? run_pieces(&x, from) : run_on_stack(&x, x.code, from, last, LIMIT_MATCH);

	if (rc == PCRE2_ERROR_NOMATCH)
		return MATCH_NO;
	if (b != NULL && rc < 0 && !b->spent)
		b->limited++;
	return rc < 0 ? MATCH_ERROR : MATCH_YES;
}

/* One search more. */
static void
count_search(struct budget *b)
{
	if (b != NULL)
		b->searches++;
}

/* Search the subject. */
enum match
pattern_match(const struct pattern *p, struct slice subject, struct budget *b)
{
	return pattern_capture(p, subject, NULL, 0, b);
}

/* Search where a match may begin. */
enum match
pattern_match_at(
    const struct pattern *p, struct slice subject, const struct places *places, struct budget *b)
{
	struct scratch *s = scratch_get(p->groups);
	enum match m = MATCH_NO;
	unsigned block = 0;
	size_t from, to;

	if (places == NULL || p->whole || p->anchored)
		return pattern_match(p, subject, b);
	if (s == NULL)
		return MATCH_ERROR;
	count_search(b);
	while (m == MATCH_NO && places_next(places, subject.n, &block, &from, &to)) {
		while (
		    p->flags & PATTERN_UTF && from < subject.n && (subject.p[from] & 0xc0) == 0x80)
			from++;
		if (from <= to)
			m = search(p, subject, from, to, 0, s, b);
	}
	return m;
}

/* Search the subject and tell what the groups took. */
enum match
pattern_capture(const struct pattern *p, struct slice subject, struct slice *caps, size_t ncaps,
    struct budget *b)
{
	struct scratch *s = scratch_get(p->groups);
	enum match m = s != NULL ? search(p, subject, 0, subject.n, 0, s, b) : MATCH_ERROR;

	count_search(b);
	if (m != MATCH_YES)
		return m;

	const size_t *ends = pcre2_get_ovector_pointer(s->data);

	for (size_t i = 0; i < ncaps; i++) {
		caps[i] = SLICE_ABSENT;
		if (i > p->groups || ends[2 * i] == PCRE2_UNSET)
			continue;

		/* \K can put the start of a match behind its end */
		size_t start = ends[2 * i], end = ends[2 * i + 1];

		caps[i] = slice_of(
		    (subject.p != NULL ? subject.p : "") + start, end > start ? end - start : 0);
	}
	return m;
}

/* Count matches; after an empty one the next must not be empty at the same place, as in Perl. */
enum match
pattern_count(
    const struct pattern *p, struct slice subject, size_t max, size_t *count, struct budget *b)
{
	struct scratch *s = scratch_get(p->groups);
	uint32_t options = 0;
	size_t from = 0;

	*count = 0;
	if (s == NULL)
		return MATCH_ERROR;
	while (*count < max) {
		enum match m = search(p, subject, from, subject.n, options, s, b);

		count_search(b);
		if (m == MATCH_ERROR)
			return MATCH_ERROR;
		if (m == MATCH_NO)
			break;
		(*count)++;

		const size_t *ends = pcre2_get_ovector_pointer(s->data);

		if (options != 0 && ends[1] <= from)
			break; /* \K in odd places: it would not end */
		options = ends[1] <= ends[0] ? PCRE2_NOTEMPTY_ATSTART : 0;
		from = ends[1] > from ? ends[1] : from;
	}
	return *count > 0 ? MATCH_YES : MATCH_NO;
}

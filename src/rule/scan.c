/*
 * scan.c - texts that many patterns are asked of, and rules that sleep until one of theirs may
 * match
 */
#include "rule/scan.h"

#include "base/bits.h"
#include "rule/build.h"
#include "rule/eval.h"

#include <pthread.h>
#include <stdlib.h>

#define SCAN_NS 1000 /* what a pass may take for each byte, with a large base */
#define WORTH_IT 3   /* patterns of one text from which on a pass is cheaper than to ask each */

/* ---- while rules load ---- */

/* An atom with patterns, and how its fact prints. */
struct asked {
	char *fact;
	uint32_t atom;
};

/* True if an atom's patterns can be part of a pass: all of them are asked of one text, and as it is
 * (a list may have patterns that are asked of bytes where these are UTF-8). */
static bool
is_scannable(const struct atom *a)
{
	const struct fact *f = a->left.fact;

	if (f->get == NULL || a->life == LIFE_RECIPIENT || a->lookups != 0 || a->pair || a->score)
		return false;
	if (a->pattern != NULL)
		return true;
	return a->op == OP_IN && list_type(a->list) == LIST_PATTERNS && !(f->flags & FACT_RAW) &&
	    list_folds(a->list) != LIST_FOLDS_SOME;
}

static bool
is_folded(const struct atom *a)
{
	return a->pattern != NULL ? (a->pattern_flags & PATTERN_FOLDED) != 0
				  : list_folds(a->list) == LIST_FOLDS_ALL;
}

static uint32_t
count_patterns(const struct atom *a)
{
	return a->pattern != NULL ? 1 : (uint32_t)list_size(a->list);
}

static int
by_fact(const void *a, const void *b)
{
	const struct asked *x = a, *y = b;
	int order = strcmp(x->fact, y->fact);

	return order != 0 ? order : (x->atom > y->atom) - (x->atom < y->atom);
}

void
scan_print(const struct fact_ref *ref, bool folded, FILE *out)
{
	program_print_ref(ref, out);
	fputs(folded ? " folded" : "", out);
}

/* The text that an atom is asked of, as it prints; to be freed. */
static char *
key_of(const struct atom *a)
{
	char *key = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&key, &n);

	if (f == NULL)
		build_no_memory();
	scan_print(&a->left, is_folded(a), f);
	fclose(f);
	return key;
}

/* All atoms that can be part of a pass, those of one text side by side. */
static struct asked *
list_asked(const struct program *p, uint32_t *n)
{
	struct asked *v = calloc(p->natoms + 1, sizeof *v);

	if (v == NULL)
		build_no_memory();
	*n = 0;
	for (uint32_t i = 0; i < p->natoms; i++)
		if (is_scannable(&p->atoms[i]))
			v[(*n)++] = (struct asked){ key_of(&p->atoms[i]), i };
	qsort(v, *n, sizeof *v, by_fact);
	return v;
}

/* The k-th of an atom's patterns. */
static struct multi_pattern
pattern_at(const struct atom *a, uint32_t k, unsigned utf)
{
	struct list_entry e;

	if (a->pattern != NULL)
		return (struct multi_pattern){ a->pattern_text, a->pattern_flags | utf };
	e = list_at(a->list, k);
	return (struct multi_pattern){ e.entry, e.flags | list_flags(a->list) | utf };
}

/* Make one scan of the atoms of one text. */
static void
make_scan(struct build *b, const struct asked *v, uint32_t n)
{
	struct program *p = b->p;
	const struct atom *first = &p->atoms[v[0].atom];
	unsigned utf = first->left.fact->flags & FACT_RAW ? 0 : PATTERN_UTF;
	struct scan s = { .ref = first->left, .folded = is_folded(first) };
	struct multi_pattern *patterns;
	uint32_t *owners, at = 0;

	for (uint32_t i = 0; i < n; i++)
		s.npatterns += count_patterns(&p->atoms[v[i].atom]);
	if (s.npatterns < WORTH_IT)
		return;
	patterns = calloc(s.npatterns, sizeof *patterns);
	owners = arena_alloc(&p->arena, s.npatterns * sizeof *owners);
	s.sleepers = arena_alloc(&p->arena, BITS_WORDS(p->nrules) * sizeof *s.sleepers);
	if (patterns == NULL)
		build_no_memory();
	for (uint32_t i = 0; i < n; i++) {
		struct atom *a = &p->atoms[v[i].atom];

		a->scan = p->nscans;
		a->pattern_number = at;
		for (uint32_t k = 0; k < count_patterns(a); k++) {
			owners[at] = v[i].atom;
			patterns[at++] = pattern_at(a, k, utf);
		}
	}
	s.atoms = owners;
	s.multi = multi_build(patterns, s.npatterns);
	free(patterns);
	if (s.multi == NULL)
		build_no_memory();
	p->scans = build_grow(p->scans, p->nscans, &b->capscans, sizeof *p->scans);
	p->scans[p->nscans++] = s;
}

/* Put a rule to sleep by the atom, of those without which it can't be true, that is known first. */
static void
put_to_sleep(struct build *b, uint32_t rule)
{
	struct program *p = b->p;
	struct rule *r = &p->rules[rule];
	uint32_t required[64], n = build_required(b, r->cond, required, 64);

	r->sleeps_by = UINT32_MAX;
	for (uint32_t i = 0; i < n && i < 64; i++) {
		const struct atom *a = &p->atoms[required[i]];

		if (a->scan == SCAN_NONE || a->count)
			continue;
		if (r->sleeps_by == UINT32_MAX || a->stage < p->atoms[r->sleeps_by].stage)
			r->sleeps_by = required[i];
	}
	if (r->sleeps_by != UINT32_MAX)
		bits_add(p->scans[p->atoms[r->sleeps_by].scan].sleepers, rule);
}

/* Chain the rules that each atom wakes. */
static void
chain_sleepers(struct program *p)
{
	for (uint32_t i = p->nrules; i-- > 0;) {
		struct rule *r = &p->rules[i];

		if (r->sleeps_by == UINT32_MAX)
			continue;
		r->wakes_next = p->atoms[r->sleeps_by].wakes;
		p->atoms[r->sleeps_by].wakes = i;
	}
}

/* True for rules by which recipients may part at RCPT: by what they do for one and not for another,
 * or because the walk of both ends there. What only watches, or is read through the score, says
 * nothing by itself. */
static bool
parts(const struct program *p, const struct rule *r)
{
	const struct node *n = &p->nodes[r->cond];

	if (r->monitor || r->action == ACT_LOG || r->action == ACT_SCORE)
		return false;
	return n->recipient || r->text.recipient ||
	    (action_decides(r->action) && n->asked_from <= STAGE_RCPT);
}

/* Make the sets of rules that the walks go through. */
static void
sort_rules(struct program *p)
{
	size_t bytes = BITS_WORDS(p->nrules) * sizeof(uint64_t);

	p->deciding = arena_alloc(&p->arena, bytes);
	p->scoring = arena_alloc(&p->arena, bytes);
	p->effects = arena_alloc(&p->arena, bytes);
	p->parting = arena_alloc(&p->arena, bytes);
	for (uint32_t i = 0; i < p->nrules; i++) {
		bits_add(rule_is_effect(&p->rules[i])	     ? p->effects
			: action_decides(p->rules[i].action) ? p->deciding
							     : p->scoring,
		    i);
		if (parts(p, &p->rules[i]))
			bits_add(p->parting, i);
	}
}

void
scans_build(struct build *b)
{
	struct program *p = b->p;
	uint32_t n, from = 0;
	struct asked *v;

	sort_rules(p);
	for (uint32_t i = 0; i < p->natoms; i++)
		p->atoms[i].scan = p->atoms[i].wakes = UINT32_MAX;
	v = list_asked(p, &n);
	for (uint32_t i = 1; i <= n; i++)
		if (i == n || strcmp(v[i].fact, v[from].fact) != 0) {
			make_scan(b, v + from, i - from);
			from = i;
		}
	for (uint32_t i = 0; i < n; i++)
		free(v[i].fact);
	free(v);
	for (uint32_t i = 0; i < p->nrules; i++)
		put_to_sleep(b, i);
	chain_sleepers(p);
}

void
scans_free(struct program *p)
{
	for (uint32_t i = 0; i < p->nscans; i++) {
		multi_base_free(atomic_load(&p->scans[i].base));
		multi_free(p->scans[i].multi);
	}
	free(p->scans);
}

/* ---- a session's view ---- */

bool
scans_init(struct scans *s, const struct program *p)
{
	s->awake = calloc(BITS_WORDS(p->nrules) + 1, sizeof *s->awake);
	s->v = calloc(p->nscans + 1, sizeof *s->v);
	if (s->awake == NULL || s->v == NULL)
		return false;
	for (uint32_t i = 0; i < p->nscans; i++) {
		size_t words = BITS_WORDS(p->scans[i].npatterns);

		s->v[i].candidates = calloc(words, sizeof *s->v[i].candidates);
		if (s->v[i].candidates == NULL)
			return false;
	}
	scans_forget(s, p, LIFE_CONNECTION);
	return true;
}

void
scans_end(struct scans *s, const struct program *p)
{
	for (uint32_t i = 0; s->v != NULL && i < p->nscans; i++) {
		free(s->v[i].candidates);
		spots_free(&s->v[i].spots);
	}
	free(s->v);
	free(s->awake);
}

void
scans_forget(struct scans *s, const struct program *p, enum life from)
{
	memset(s->awake, 0xff, BITS_WORDS(p->nrules) * sizeof *s->awake);
	for (uint32_t i = 0; i < p->nscans; i++) {
		struct scan_state *state = &s->v[i];

		state->applied = false;
		if (p->scans[i].ref.life < from || !state->done)
			continue;
		state->done = false;
		spots_clear(&state->spots);
		memset(state->candidates, 0,
		    BITS_WORDS(p->scans[i].npatterns) * sizeof *state->candidates);
	}
}

/* ---- scanning ---- */

static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;
static pthread_key_t scratch_key;
static bool scratch_has_key;

static void
scratch_free(void *p)
{
	multi_scratch_free(p);
	free(p);
}

static void
make_key(void)
{
	scratch_has_key = pthread_key_create(&scratch_key, scratch_free) == 0;
}

/* The calling thread's memory for scans; NULL if there is none. */
static struct multi_scratch *
scratch_get(void)
{
	struct multi_scratch *s;

	pthread_once(&scratch_once, make_key);
	if (!scratch_has_key)
		return NULL;
	s = pthread_getspecific(scratch_key);
	if (s != NULL)
		return s;
	s = calloc(1, sizeof *s);
	if (s != NULL && pthread_setspecific(scratch_key, s) != 0) {
		free(s);
		s = NULL;
	}
	return s;
}

/* Add the candidates in one value. False on lack of memory, or of time. */
static bool
scan_value(struct eval *e, const struct scan *scan, const struct value *v, struct scan_state *state)
{
	struct multi_scratch *scratch = scratch_get();
	const struct multi_base *base = atomic_load_explicit(&scan->base, memory_order_acquire);
	struct slice text = v->text;
	struct budget *b = &e->matching->asking;
	struct multi_found found;
	bool good;

	if (b->spent || scratch == NULL ||
	    (scan->folded && !content_fold(e->session, scan->ref.fact, v, &text)))
		return false;
	if (text.p == NULL)
		text = SLICE("");
	budget_begin(b, (text.n + 1) * SCAN_NS);
	good = multi_scan(scan->multi, base, text, scratch, &found);
	budget_end(b);
	for (size_t i = 0; good && i < found.n; i++)
		bits_add(state->candidates, found.ids[i]);
	if (good)
		spots_add(&state->spots, &found);
	return good;
}

/* Scan a fact's values. */
static void
run(struct eval *e, const struct scan *scan, struct scan_state *state)
{
	struct arena_mark mark = arena_mark(&e->session->scratch);
	size_t words = BITS_WORDS(scan->npatterns);
	struct cost_mark cost;
	struct values values;

	state->done = true;
	cost_begin(e->cost, &cost, COST_SCAN, scan);
	cost_get(e->cost, e->session, &scan->ref, &values);
	state->sure = !values.cut && !values.failed;
	for (size_t i = 0; i < values.n && state->sure; i++)
		state->sure = scan_value(e, scan, &values.v[i], state);
	if (!state->sure) {
		/* what memory lacked for may be there when an atom asks */
		memset(state->candidates, 0xff, words * sizeof *state->candidates);
		spots_clear(&state->spots);
	}
	arena_release(&e->session->scratch, mark);
	cost_end_scan(e->cost, &cost, scan, state->candidates);
}

/* Take the rules without a candidate out of those that are awake. */
static void
apply(struct eval *e, const struct scan *scan, struct scan_state *state)
{
	const struct program *p = e->program;
	uint64_t *awake = e->scans->awake;

	state->applied = true;
	if (!state->sure)
		return;
	for (size_t i = 0; i < BITS_WORDS(p->nrules); i++)
		awake[i] &= ~scan->sleepers[i];
	for (size_t i = bits_next(state->candidates, 0, scan->npatterns); i < scan->npatterns;
	     i = bits_next(state->candidates, i + 1, scan->npatterns))
		for (uint32_t r = p->atoms[scan->atoms[i]].wakes; r != UINT32_MAX;
		     r = p->rules[r].wakes_next)
			bits_add(awake, r);
}

/* Scan the text by which a rule sleeps, if it is there and that has not been done. True: it was
 * done just now. */
static bool
try_sleep(struct eval *e, const struct rule *r)
{
	const struct program *p = e->program;
	uint32_t i = r->sleeps_by != UINT32_MAX ? p->atoms[r->sleeps_by].scan : SCAN_NONE;
	struct scan_state *state;

	if (i == SCAN_NONE || p->scans[i].ref.stage > e->stage || e->scans->v[i].applied)
		return false;
	state = &e->scans->v[i];
	if (!state->done)
		run(e, &p->scans[i], state);
	apply(e, &p->scans[i], state);
	return true;
}

uint32_t
scan_next_of(struct eval *e, const uint64_t *set, uint32_t i, uint32_t end)
{
	do
		i = (uint32_t)bits_next_common(e->scans->awake, set, i, end);
	while (i < end && try_sleep(e, &e->program->rules[i]));
	return i;
}

uint32_t
scan_next_rule(struct eval *e, uint32_t i, uint32_t end)
{
	return scan_next_of(e, e->scans->awake, i, end);
}

const uint64_t *
scan_candidates(struct eval *e, const struct atom *a)
{
	struct scan_state *state;

	if (a->scan == SCAN_NONE)
		return NULL;
	state = &e->scans->v[a->scan];
	if (!state->done)
		run(e, &e->program->scans[a->scan], state);
	return state->candidates;
}

bool
scan_spots(struct eval *e, const struct atom *a, size_t value, const struct spot **v, size_t *n)
{
	size_t npatterns = a->list != NULL ? list_size(a->list) : 1;

	return scan_candidates(e, a) != NULL &&
	    spots_of(&e->scans->v[a->scan].spots, value, a->pattern_number, npatterns, v, n);
}

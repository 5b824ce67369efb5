/*
 * scan.h - texts that many patterns are asked of, and rules that sleep until one of theirs may
 * match
 *
 * One pass over a text tells which patterns are candidates (match/multi.h); of the others it is
 * known that they don't match. A rule that can't be true without one of them is false, then, and
 * the walk passes it without looking: ten thousand rules cost what their candidates do.
 *
 * What a pass has told holds as long as the fact that the text is from.
 */
#pragma once

#include "match/spots.h"
#include "session/facts.h"

#include <stdatomic.h>
#include <stdio.h>

#define SCAN_NONE UINT32_MAX

struct build;
struct eval;
struct program;
struct atom;

/* The patterns that are asked of one fact; immutable, but for the base, which may come later. */
struct scan {
	struct fact_ref ref;
	bool folded; /* they are asked of its folded text */
	struct multi *multi;
	_Atomic(struct multi_base *) base; /* NULL until there is one; then it stays (bases.h) */
	uint32_t npatterns;
	const uint32_t *atoms; /* of each pattern, the atom that it belongs to */
	uint64_t *sleepers;    /* rules that sleep until a pattern of this fact may match */
};

/* What is known of one scan. */
struct scan_state {
	bool done;	      /* `candidates` are there */
	bool applied;	      /* and rules without a candidate are taken out of `awake` */
	bool sure;	      /* no value was missing: what is no candidate does not match */
	uint64_t *candidates; /* a bit for each pattern */
	struct spots spots;   /* the same for each value, and where */
};

/* What one session knows of all of them. */
struct scans {
	struct scan_state *v; /* of each scan */
	uint64_t *awake;      /* a bit for each rule: not known to be false */
};

/* Group the patterns of a program's atoms, when these are as they will be. */
void scans_build(struct build *b);
void scans_free(struct program *p);

/* Print what is scanned: the fact, and in which form. */
void scan_print(const struct fact_ref *ref, bool folded, FILE *out);

/* False on lack of memory. */
bool scans_init(struct scans *s, const struct program *p);
void scans_end(struct scans *s, const struct program *p);

/* What depends on facts of this lifetime, or a shorter one, is not known any more. */
void scans_forget(struct scans *s, const struct program *p, enum life from);

/* The first rule from i on, below end, that is not known to be false; end if there is none. Texts
 * that are there are scanned for it. */
uint32_t scan_next_rule(struct eval *e, uint32_t i, uint32_t end);

/* The same of the rules of a set. */
uint32_t scan_next_of(struct eval *e, const uint64_t *set, uint32_t i, uint32_t end);

/* The candidates among an atom's patterns, its fact being known: bits from atom.pattern_number on.
 * NULL: all are. */
const uint64_t *scan_candidates(struct eval *e, const struct atom *a);

/* The candidates among them in one of the fact's values, by number, and where in it a match may
 * begin. False if that is not known. */
bool scan_spots(
    struct eval *e, const struct atom *a, size_t value, const struct spot **v, size_t *n);

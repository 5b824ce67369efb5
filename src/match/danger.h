/*
 * danger.h - patterns whose search may take very long
 *
 * A pattern that may have much to do by its form is tried with texts made for it: PCRE2 often knows
 * a way out. Short texts tell what takes longer than the world will last; from those of middle
 * length follows what long ones take, as twice the text is at least four times the work.
 */
#pragma once

#include "base/arena.h"
#include "match/cases.h"

enum danger_form {
	DANGER_NONE,
	DANGER_NESTED, /* what a repetition repeats can take the same text in several ways */
	DANGER_CHAIN,  /* several repetitions can share a text in many ways */
	DANGER_GAP,    /* one goes far from each place where a match may begin */
};

/* What it is searched in. */
enum danger_text {
	DANGER_LINE, /* a header or a name: 2000 bytes */
	DANGER_BODY, /* a sender may well write 50,000 */
};

struct danger {
	enum danger_form form;
	/* by a text: `prefix`, `times` times `pump`, something else, `suffix` if that is needed */
	bool shown;
	struct slice prefix, pump, suffix;
	size_t times;
};

/* Look at a pattern that PCRE2 takes, with its flags (PATTERN_…). It is dangerous if the search of
 * one such text may take LIMIT_DANGER_SLOW_MS. Texts are tried as long as *left_us lasts, the
 * processor time that patterns share; without any only DANGER_NESTED is told. What is told is
 * allocated in a. DANGER_NONE also on lack of memory. */
struct danger danger_find(struct slice re, unsigned flags, enum danger_text text,
    struct cases *cases, uint64_t *left_us, struct arena *a);

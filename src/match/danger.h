/*
 * danger.h - patterns that may take very long, by their form
 *
 * What a form makes possible is tried with texts made for it: PCRE2 often knows a way out.
 */
#pragma once

#include "base/arena.h"
#include "match/pattern.h"

enum danger_form {
	DANGER_NONE,
	DANGER_NESTED, /* what a repetition repeats can take the same text in several ways */
	DANGER_CHAIN,  /* several repetitions without end, or with a far one */
	DANGER_GAP,    /* one such repetition */
};

struct danger {
	enum danger_form form;
	bool shown; /* with a text: `prefix`, `times` times `pump`, and something else */
	struct slice prefix, pump;
	size_t times;
};

/* Look at a pattern that PCRE2 takes. Texts for it have about `bytes` bytes; one that takes longer
 * than try_us, or errs, shows the danger; all of them are held to a budget, beyond which none is
 * tried. What is told is allocated in a. DANGER_NONE also on lack of memory, and where only a text
 * would prove it and none does. */
struct danger danger_find(const struct pattern *p, struct slice re, unsigned flags, size_t bytes,
    uint64_t try_us, struct budget *all, struct arena *a);

/*
 * pattern.h - PCRE2 patterns, compiled once and shared by all threads
 *
 * The only module that includes pcre2.h. A pattern means the same for ever after pattern_compile;
 * match data and JIT stack are scratch memory of the calling thread. Limits: LIMIT_MATCH and its
 * neighbours, and the budget of time that a search is given.
 */
#pragma once

#include "base/slice.h"
#include "match/budget.h"
#include "match/places.h"

struct pattern;

enum pattern_flags {
	PATTERN_CASELESS = 1,  /* i */
	PATTERN_DOTALL = 2,    /* s */
	PATTERN_MULTILINE = 4, /* m */
	PATTERN_EXTENDED = 8,  /* x */
	PATTERN_UTF = 16,      /* subject and pattern are UTF-8; without it, bytes */
	PATTERN_FOLDED = 32,   /* n: the subject is a folded text; the caller sees to that */
};

enum match { MATCH_NO, MATCH_YES, MATCH_ERROR };

struct pattern_error {
	char message[256]; /* PCRE2's words */
	size_t offset;	   /* bytes into the pattern */
};

/* Compile. re need not outlive the call. NULL with *err filled if it is no pattern. */
struct pattern *pattern_compile(struct slice re, unsigned flags, struct pattern_error *err);
void pattern_free(struct pattern *p);

/* Search the subject. With PATTERN_UTF the subject must be valid UTF-8 (not checked again).
 * MATCH_ERROR: a limit was reached, or memory, or the budget is spent; never "no". Without a budget
 * (NULL) it takes its time. */
enum match pattern_match(const struct pattern *p, struct slice subject, struct budget *b);

/* The same, where it is known at which places a match may begin (NULL: at all). A search that would
 * reach a limit elsewhere need not. */
enum match pattern_match_at(
    const struct pattern *p, struct slice subject, const struct places *places, struct budget *b);

/* The same, and the groups: caps[0] is the whole match, caps[i] group i, absent where it took no
 * part. They point into the subject. */
enum match pattern_capture(const struct pattern *p, struct slice subject, struct slice *caps,
    size_t ncaps, struct budget *b);

/* How many matches there are, one after another, at most max. MATCH_ERROR as above. */
enum match pattern_count(
    const struct pattern *p, struct slice subject, size_t max, size_t *count, struct budget *b);

/* Number of capturing groups; number of the group so named, 0 if there is none. */
unsigned pattern_groups(const struct pattern *p);
unsigned pattern_group(const struct pattern *p, struct slice name);

/* True if the pattern is anchored by ^ at its start without the flag m; true if it can only match a
 * text that holds a line feed. For warnings: false where that can't be told. */
bool pattern_is_anchored(const struct pattern *p);
bool pattern_needs_newline(const struct pattern *p);

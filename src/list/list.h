/*
 * list.h - lists of networks, domains, addresses, words, patterns and pairs of addresses
 *
 * A list is built entry by entry, sealed, and immutable from then on: any number of threads may ask
 * it. The first entry (in the order in which they were added) that matches decides; an exception
 * (`!ENTRY`) decides for "not in the list".
 *
 *   networks   address or address/prefix; IPv4-mapped addresses are IPv4
 *   domains    `example.com` is that name, `.example.com` each name below it; without case; a
 *              trailing dot is dropped. An address literal such as `[192.0.2.1]` is a name too.
 *   addresses  `user@example.com`, `user@` (that local part anywhere), `example.com` (that domain),
 *              `.example.com` (each domain below it), `<>` (the null sender); without case
 *   words      whole strings, without case
 *   patterns   searched in the text, or with the flag n in the text folded; one that PCRE2 takes
 *              only in UTF mode is searched in bytes where these are valid UTF-8, and nowhere else
 *   pairs      two columns of addresses; both must match
 */
#pragma once

#include "base/diag.h"
#include "base/ip.h"
#include "match/pattern.h"
#include "match/spots.h"

enum list_type {
	LIST_NETWORKS,
	LIST_DOMAINS,
	LIST_ADDRESSES,
	LIST_WORDS,
	LIST_PATTERNS,
	LIST_PAIRS,
};

/* The type's words in a rule file: "networks", …, "addresses addresses". */
const char *list_type_name(enum list_type t);

struct list;

/* One entry as it was written. */
struct list_entry {
	struct slice entry;  /* without `!`; of a pattern, what stands between its slashes */
	struct slice second; /* pairs: the second column */
	struct slice text;   /* {entry.text}; absent if it has none */
	bool except;
	unsigned flags;	  /* patterns: PATTERN_… without PATTERN_UTF */
	struct span span; /* of the entry, for diagnostics */
};

/* A new list. flags (patterns only) are given to every entry. The list copies what it keeps. */
struct list *list_new(enum list_type type, unsigned flags);
void list_free(struct list *l);

/* Add an entry. Its mistakes (bad syntax, host bits, bad pattern: caret inside the pattern) become
 * errors in d, a duplicate a warning; false if it was not added, a duplicate neither. */
bool list_add(struct list *l, const struct list_entry *e, struct diags *d);

/* Add all entries of a file, one a line: `[!]ENTRY [TEXT]`, `#` comments, TEXT optionally in
 * quotes; patterns `[!]/…/flags [TEXT]` or `m{…}flags`; pairs two columns. Mistakes are errors at
 * their own file and line. False if the file can't be read (errno says why; nothing is added to d)
 * or had errors. The file's text stays in d's arena. */
bool list_add_file(struct list *l, const char *path, struct diags *d);

enum list_type list_type(const struct list *l);
unsigned list_flags(const struct list *l);
size_t list_size(const struct list *l);
/* The i-th entry, in order of addition; for printing a ruleset back. Its span has no source. */
struct list_entry list_at(const struct list *l, size_t i);

/* Whether its patterns are asked of folded text: PATTERN_FOLDED. */
enum list_folds { LIST_FOLDS_NONE, LIST_FOLDS_SOME, LIST_FOLDS_ALL };
enum list_folds list_folds(const struct list *l);

/* Of a list of patterns, those that may match: the i-th, if pattern first + i is among the spots,
 * or, where spots is NULL, if bit first + i is set; bits NULL: all. And the time that they have. */
struct list_filter {
	const struct spot *spots;
	size_t nspots;
	const uint64_t *bits;
	size_t first;
	struct budget *budget; /* NULL: any */
};

struct list_hit {
	struct slice entry, text; /* of the entry that decided; text absent if it has none */
};

/* Ask. *hit (may be NULL) is filled on MATCH_YES. MATCH_ERROR only from a pattern's limits or
 * budget. list_find_text serves domains, addresses, words and patterns; for patterns, utf says
 * whether the text is valid UTF-8 or bytes; where list_folds(l), folded is the same text folded;
 * filter may be NULL. */
enum match list_find_ip(const struct list *l, const struct ip *ip, struct list_hit *hit);
enum match list_find_text(const struct list *l, struct slice text, struct slice folded, bool utf,
    const struct list_filter *filter, struct list_hit *hit);
enum match list_find_pair(
    const struct list *l, struct slice a, struct slice b, struct list_hit *hit);

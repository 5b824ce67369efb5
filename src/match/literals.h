/*
 * literals.h - which of many short texts are in a text
 *
 * Built once, then immutable and shared by threads. The time of a scan hardly grows with their
 * number while they are not in the text.
 */
#pragma once

#include "match/places.h"
#include "match/required.h"

struct literals;

/* Factors of at most LIMIT_FACTOR units; they need not outlive the call. Their place in the
 * array is their number. NULL on lack of memory. */
struct literals *literals_build(const struct factor *v, size_t n);
void literals_free(struct literals *l);

/* Note those in a text: the blocks that one begins in, or up to literals_back() bytes behind where
 * it does, go to seen, and its number behind the others in found, which has room for all, when it
 * is noted first. Without `placed`, each is noted at all places. What this costs is bounded by the
 * text's length: of literals that have much in common it may note some that are not there. False:
 * it was too dear, and any may be there. */
bool literals_scan(const struct literals *l, struct slice text, bool placed, struct places *seen,
    uint32_t *found, size_t *nfound);

/* Bytes from where a literal begins to where it is noted, at most. */
size_t literals_back(const struct literals *l, size_t literal);

/* Bytes of memory. */
size_t literals_size(const struct literals *l);

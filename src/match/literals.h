/*
 * literals.h - which of many short texts are in a text
 *
 * Built once, then immutable and shared by threads. The time of a scan hardly grows with their
 * number while they are not in the text.
 */
#pragma once

#include "match/required.h"

struct literals;

/* Factors of at most LIMIT_FACTOR units; they need not outlive the call. Their place in the
 * array is their number. NULL on lack of memory. */
struct literals *literals_build(const struct factor *v, size_t n);
void literals_free(struct literals *l);

/* Note those in the text that are not noted yet: their bit in seen is set, their number goes behind
 * the others in found, which has room for all. */
void literals_scan(
    const struct literals *l, struct slice text, uint64_t *seen, uint32_t *found, size_t *nfound);

/* Bytes of memory. */
size_t literals_size(const struct literals *l);

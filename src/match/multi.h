/*
 * multi.h - which of many patterns are worth asking PCRE2 about
 *
 * One pass over a text tells the candidates: each pattern that matches is among them. The rest need
 * not be asked. Built once, then immutable and shared by threads; what a scan writes is in a
 * scratch of the calling thread's.
 */
#pragma once

#include "base/slice.h"

#include <stdint.h>

struct multi;

struct multi_pattern {
	struct slice re;
	unsigned flags; /* PATTERN_…; with PATTERN_UTF texts must be valid UTF-8 */
};

/* Memory of one thread, for any multi. Zeroed before its first use. */
struct multi_scratch {
	void *zero; /* zero between two scans */
	void *lists;
	size_t zero_size, lists_size;
};

/* Build from patterns that PCRE2 takes; their place in the array is their number, their texts need
 * not outlive the call. NULL on lack of memory. */
struct multi *multi_build(const struct multi_pattern *v, size_t n);
void multi_free(struct multi *m);

/* Scan a text: *ids gets the numbers of the candidates, ascending, *n how many they are; they stay
 * until the scratch is used again. False on lack of memory: then all are candidates. */
bool multi_scan(const struct multi *m, struct slice text, struct multi_scratch *s,
    const uint32_t **ids, size_t *n);
void multi_scratch_free(struct multi_scratch *s);

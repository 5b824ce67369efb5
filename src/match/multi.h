/*
 * multi.h - which of many patterns are worth asking PCRE2 about
 *
 * One pass over a text tells the candidates: each pattern that matches is among them. The rest need
 * not be asked. Built once, then immutable and shared by threads; what a scan writes is in a
 * scratch of the calling thread's.
 */
#pragma once

#include "base/buf.h"
#include "base/slice.h"
#include "match/places.h"

#include <stdint.h>

struct multi;
struct multi_base;
struct hyper_scratch;

struct multi_pattern {
	struct slice re;
	unsigned flags; /* PATTERN_…; with PATTERN_UTF texts must be valid UTF-8 */
};

/* Memory of one thread, for any multi and base. Zeroed before its first use. */
struct multi_scratch {
	void *zero; /* zero between two scans */
	void *lists;
	size_t zero_size, lists_size;
	struct hyper_scratch *hyper;
};

/* Build from patterns that PCRE2 takes; their place in the array is their number, their texts need
 * not outlive the call. Quick: some microseconds a pattern. NULL on lack of memory. */
struct multi *multi_build(const struct multi_pattern *v, size_t n);
void multi_free(struct multi *m);

/* ---- a database for the patterns that require no text that is rare enough ----
 *
 * Without one they are candidates always, or often. It is optional, and it is made apart, since
 * that takes its time: seconds for some hundreds of patterns. A base belongs to multis of the same
 * patterns and may outlive them. */

/* How many patterns a base is for; 0 also where there is no libhs. */
size_t multi_weak(const struct multi *m);

/* Make it. NULL if there is nothing to make, no libhs, no memory, or libhs takes none of them. */
struct multi_base *multi_base_compile(const struct multi *m);
void multi_base_free(struct multi_base *b);

/* A name for the base of these patterns, of this program and machine: 32 hexadecimal digits. */
#define MULTI_NAME 33
bool multi_base_name(const struct multi *m, char name[MULTI_NAME]);

/* Append a base's bytes, to be kept in a file. False on lack of memory. */
bool multi_base_pack(const struct multi *m, const struct multi_base *b, struct buf *out);

/* Make a base from them. NULL unless they are whole, and of the same patterns, library, processor.
 * That is no protection from who means harm: take no file that others can write. */
struct multi_base *multi_base_unpack(const struct multi *m, struct slice bytes);

/* ---- scanning ---- */

/* Candidates, and where in the text a match of each may begin. */
struct multi_found {
	const uint32_t *ids; /* ascending */
	const struct places *places;
	size_t n;
};

/* Scan a text, with a base or with NULL. What is found stays until the scratch is used again. False
 * on lack of memory, or for a text made to be dear: then all are candidates. */
bool multi_scan(const struct multi *m, const struct multi_base *b, struct slice text,
    struct multi_scratch *s, struct multi_found *found);
void multi_scratch_free(struct multi_scratch *s);

/* True if there are texts that a pattern requires: without a base it is a candidate always, else.
 */
bool multi_requires(const struct multi *m, uint32_t pattern);

/* Bytes of memory, for the curious. */
size_t multi_size(const struct multi *m);
size_t multi_base_size(const struct multi_base *b);

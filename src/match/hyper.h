/*
 * hyper.h - many expressions searched for at once, by libhs
 *
 * The only module that includes hs.h. Without libhs nothing compiles or unpacks, and the caller
 * does without. A database is immutable and shared by threads.
 */
#pragma once

#include "base/buf.h"

#include <stdint.h>

struct hyper;
struct hyper_scratch;

/* True if there is libhs. */
bool hyper_is_there(void);

/* Compile expressions of the form that relax.h writes; the second of two is tried where the first
 * is refused. refused[i] is set for each that is not in the database: then it may match anything.
 * May take minutes, and much memory. NULL if there is no libhs, no memory, or nothing was taken. */
struct hyper_expression {
	const char *text, *plainer;
};
struct hyper *hyper_compile(const struct hyper_expression *v, size_t n, bool *refused);
void hyper_free(struct hyper *h);

/* Append what makes a database unusable when it changes: the library's version and format, the
 * processor. */
void hyper_identity(struct buf *out);

/* Append the database's bytes, and make it from them again. They are not safe against who means to
 * do harm. */
bool hyper_pack(const struct hyper *h, struct buf *out);
struct hyper *hyper_unpack(struct slice bytes);

/* Call found for each expression that matches, with its place in the array, once or more. False on
 * lack of memory. *scratch, NULL at first, is the calling thread's. */
bool hyper_scan(const struct hyper *h, struct slice text, struct hyper_scratch **scratch,
    void (*found)(void *data, uint32_t number), void *data);
void hyper_scratch_free(struct hyper_scratch *s);

/* Bytes of memory of the database. */
size_t hyper_size(const struct hyper *h);

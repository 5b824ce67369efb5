/*
 * literals_in.h - what the files of literals share: literals.c, literals_scan.c
 */
#pragma once

#include "base/limits.h"
#include "match/literals.h"

#define SMALL 0x20202020u
#define WINDOW 4
#define BUCKET_SHARE 3 /* and so many of them are one bucket */
#define FOLD_RUN 0xff

/* A literal in its bucket. Beside the window more bytes are kept, made small, which tell most of
 * those apart that have the window in common: four that stand beside it in the part that it is in,
 * and two each behind and before these, or beyond the run that ends the part. They make a key.
 * Those whose bytes stand at the same places are one group, ordered by key. */
struct entry {
	uint64_t key; /* four bytes, two behind, two before, the nearest one in the lower half */
	uint32_t window;
	uint32_t literal;
	uint32_t group;			 /* entries from this one on that are in its group */
	uint16_t next_mask, before_mask; /* of the two bytes: 0: nothing stands there */
	bool next_inside, before_inside; /* they are of the part, and end it for the key */
	bool has_more;			 /* there are four bytes */
	int8_t more_at;			 /* where they stand, from the window */
	/* bytes before the window, and from there on: to the run, or as many as the key has */
	unsigned char left, right;
};

/* Literals whose windows are of one length. */
struct table {
	uint32_t mask;	/* bytes of a window that count */
	unsigned shift; /* of a hash that is to be an index of the filter */
	uint64_t *filter;
	uint32_t *buckets; /* where each begins in entries, and where the last one ends */
	struct entry *entries;
	size_t n;
};

/* Each byte of a literal is text[i] | fold[i] of the text. Where fold[i] is FOLD_RUN stands a run
 * of bytes that are no ASCII letters or digits, of at least text[i] bytes (0 or 1). */
struct literal_text {
	unsigned char n, window; /* length, and where in it the window begins */
	unsigned short back;	 /* bytes of text from its begin to the window, mostly at most */
	unsigned char from, to;	 /* the part around the window that has no runs */
	unsigned char text[LIMIT_FACTOR], fold[LIMIT_FACTOR];
};

struct literals {
	struct table tables[2]; /* of windows of four bytes and of three */
	struct literal_text *v;
	size_t n;
};

static inline uint32_t
literals_load(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* A key of its parts. */
static inline uint64_t
literals_key(uint32_t more, uint16_t next, uint16_t before)
{
	return (uint64_t)more << 32 | (uint32_t)next << 16 | before;
}

/* The hash of a window; its upper bits are the best. */
static inline uint32_t
literals_hash(uint32_t window)
{
	return window * 0x9e3779b1u;
}

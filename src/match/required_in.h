/*
 * required_in.h - what the files of required texts share: required.c, required_row.c
 */
#pragma once

#include "match/required.h"

#define VARIANTS 16 /* texts that alternatives are multiplied to */

/* Alternatives; none is a gap. */
struct item {
	struct factor *v;
	size_t n;
	size_t at; /* bytes of text from the row's begin to this, at most */
};

struct row {
	struct item *items;
	size_t nitems, room;
	struct clause *clauses;
	size_t nclauses, clause_room;
	size_t width; /* bytes of text that it takes, at most */
};

struct finder {
	struct arena *arena;
	bool utf, kelvin, failed;
};

/* Sums and products that REACH_FAR is the end of. */
static inline size_t
far_add(size_t a, size_t b)
{
	return a < REACH_FAR - b ? a + b : REACH_FAR;
}

static inline size_t
far_multiply(size_t a, size_t times)
{
	return a == 0 || times == 0 ? 0 : a < REACH_FAR / times ? a * times : REACH_FAR;
}

/* Memory; NULL on lack of it, and f->failed is set. */
void *required_get(struct finder *f, size_t n);

/* Put an item that begins so far from the row's begin behind the others; a gap; a clause of a part
 * that begins so far from it. */
void row_add_item(struct finder *f, struct row *row, struct item item, size_t at);
void row_add_gap(struct finder *f, struct row *row);
void row_add_clause(struct finder *f, struct row *row, struct clause clause, size_t at);

/* All texts that a row can be, if they are known and not too many or long; else a gap. */
struct item row_whole(struct finder *f, const struct row *row);

/* Add the clauses of a row's runs to its others. */
void row_close(struct finder *f, struct row *row);

/* The best clause of a row that is closed; none if it has none. */
struct clause row_best(const struct row *row);

/* Either of two clauses; none if one is none, or if they are too many. */
struct clause clause_either(struct finder *f, struct clause a, struct clause b);

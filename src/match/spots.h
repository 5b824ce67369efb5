/*
 * spots.h - which patterns may match in each of some texts, and where
 *
 * What passes have told (multi.h), kept for as long as the texts are asked about.
 */
#pragma once

#include "match/multi.h"

struct spot {
	struct places places;
	uint32_t pattern;
};

/* Zeroed before its first use. */
struct spots {
	struct spot *v; /* of the first text, by pattern, then of the next one */
	size_t n, room;
	size_t *ends; /* of each text's in v */
	size_t ntexts, text_room;
	bool full; /* what comes is not kept */
};

/* Keep what was found in the next text. Where that is too much, or memory is short, neither this
 * nor what follows is kept. */
void spots_add(struct spots *s, const struct multi_found *found);

/* Those of a text, of n patterns from `first` on. False if they are not kept. */
bool spots_of(const struct spots *s, size_t text, size_t first, size_t n, const struct spot **v,
    size_t *count);

/* Keep nothing; the memory is used again, or is freed. */
void spots_clear(struct spots *s);
void spots_free(struct spots *s);

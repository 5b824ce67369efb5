/*
 * vec.h - arrays that grow in an arena
 */
#pragma once

#include "base/arena.h"

/* Room for one more element behind the n of `size` bytes each in v; returns where the array is now.
 * The arena must be fatal. What the array leaves behind stays in the arena until it is freed. */
static inline void *
vec_room(struct arena *a, void *v, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return v;

	size_t grown = *cap == 0 ? 8 : *cap * 2;
	void *p = arena_alloc(a, grown * size);

	if (n > 0)
		memcpy(p, v, n * size);
	*cap = grown;
	return p;
}

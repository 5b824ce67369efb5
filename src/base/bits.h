/*
 * bits.h - sets of small numbers, a bit each
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Words that a set of the numbers below n takes. */
#define BITS_WORDS(n) (((n) + 63) / 64)

static inline bool
bits_has(const uint64_t *set, size_t i)
{
	return set[i / 64] >> (i % 64) & 1;
}

static inline void
bits_add(uint64_t *set, size_t i)
{
	set[i / 64] |= UINT64_C(1) << (i % 64);
}

/* The least number in the set from i on, below n; n if there is none. */
static inline size_t
bits_next(const uint64_t *set, size_t i, size_t n)
{
	uint64_t word;

	if (i >= n)
		return n;
	word = set[i / 64] & UINT64_MAX << (i % 64);
	for (i /= 64; word == 0; word = set[i])
		if (++i >= BITS_WORDS(n))
			return n;
	i = i * 64 + (size_t)__builtin_ctzll(word);
	return i < n ? i : n;
}

/* The same of the numbers that are in both sets. */
static inline size_t
bits_next_common(const uint64_t *a, const uint64_t *b, size_t i, size_t n)
{
	uint64_t word;

	if (i >= n)
		return n;
	word = a[i / 64] & b[i / 64] & UINT64_MAX << (i % 64);
	for (i /= 64; word == 0; word = a[i] & b[i])
		if (++i >= BITS_WORDS(n))
			return n;
	i = i * 64 + (size_t)__builtin_ctzll(word);
	return i < n ? i : n;
}

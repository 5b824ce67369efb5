/*
 * linear.h - whether work grows as its input does
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

/* Microseconds of CPU for work(arg, n), the least of three. */
static inline uint64_t
cpu_us(void (*work)(const void *arg, size_t n), const void *arg, size_t n)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < 3; i++) {
		struct timespec from, to;

		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
		work(arg, n);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);

		int64_t us = (int64_t)(to.tv_sec - from.tv_sec) * 1000000 +
		    (to.tv_nsec - from.tv_nsec) / 1000;

		best = us >= 0 && (uint64_t)us < best ? (uint64_t)us : best;
	}
	return best;
}

/* True if double the input takes at most 2.5 times the time (and 2 ms); one of three tries will do,
 * as the machine may have other things on its mind. The times are told if not. */
static inline bool
is_linear(void (*work)(const void *arg, size_t n), const void *arg, size_t n)
{
	uint64_t once = 0, twice = 0;

	for (int i = 0; i < 3; i++) {
		once = cpu_us(work, arg, n);
		twice = cpu_us(work, arg, 2 * n);
		if (2 * twice <= 5 * once + 4000)
			return true;
	}
	printf("# %zu: %llu us, %zu: %llu us\n", n, (unsigned long long)once, 2 * n,
	    (unsigned long long)twice);
	return false;
}

/*
 * clock.c - time that never goes back
 */
#include "base/clock.h"

#include <time.h>

/* Microseconds of a clock that only grows. */
uint64_t
clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

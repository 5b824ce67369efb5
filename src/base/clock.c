/*
 * clock.c - time that never goes back
 */
#include "base/clock.h"

#include <time.h>

/* What a clock says, in nanoseconds. */
static uint64_t
read_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t
clock_us(void)
{
	return clock_ns() / 1000;
}

uint64_t
clock_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

uint64_t
clock_thread_ns(void)
{
	return read_ns(CLOCK_THREAD_CPUTIME_ID);
}

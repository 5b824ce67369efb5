/*
 * clock.h - time that never goes back
 */
#pragma once

#include <stdint.h>

/* Microseconds, or nanoseconds, of a clock that only grows. */
uint64_t clock_us(void);
uint64_t clock_ns(void);

/* Nanoseconds of processor time that the calling thread has had. */
uint64_t clock_thread_ns(void);

/*
 * clock.h - time that never goes back
 */
#pragma once

#include <stdint.h>

/* Microseconds of a clock that only grows. */
uint64_t clock_us(void);

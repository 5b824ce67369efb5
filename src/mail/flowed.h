/*
 * flowed.h - text in the format flowed
 */
#pragma once

#include "base/arena.h"

/* A text of the format flowed (RFC 3676), lines ending in LF, as it is shown: the lines of each
 * paragraph joined. delsp is its parameter DelSp. Absent on lack of memory. */
struct slice flowed_join(struct slice text, bool delsp, struct arena *a);

/*
 * fuzz.h - what the fuzzers share
 *
 * An input is text wherever it can be, so that one can be read, written and mended by hand. A fault
 * is told by assert().
 */
#pragma once

#undef NDEBUG
#include "base/slice.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the files that the code under test reads are pieces of the input ---- */

/* Take an input apart: a line `%% NAME` begins the file NAME. They take the place of all files of
 * this machine until files_drop. Returns what stands before the first such line. */
struct slice files_take(const uint8_t *data, size_t size);

/* The text of one; absent if there is none of that name. */
struct slice files_text(struct slice name);

/* One more file; if there are too many, in the place of the last. Neither argument is copied. */
void files_add(struct slice name, struct slice text);

void files_drop(void);

/* What is written here goes nowhere. */
FILE *quiet_out(void);

/*
 * budget.h - the time that searches may take together
 *
 * Time is the processor's that the calling thread has: that a machine is busy is no pattern's
 * fault. It is counted while searches run, and only then. A search that can't take long by its form
 * is not worth a look at the clock: such ones are counted together, as soon as they might have
 * taken some time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct budget {
	uint64_t limit_us, used_us;
	uint64_t since_us; /* when the first search began that is not counted yet */
	uint64_t worst_ns; /* what those may have taken at most; 0: there are none */
	bool spent;
	uint64_t searches; /* begun, for the curious */
	uint64_t limited;  /* of those: that a limit of steps or of memory has ended */
};

/* A budget of so many microseconds. */
struct budget budget_new(uint64_t us);

/* What is left, in microseconds; 0 if it is spent. */
uint64_t budget_left(const struct budget *b);

/* Around each search: what it may take at most. What follows at once may go on instead. */
void budget_begin(struct budget *b, uint64_t worst_ns);
void budget_go_on(struct budget *b, uint64_t worst_ns);
void budget_end(struct budget *b);

/* Count all of them, before time passes in which nothing is searched. */
void budget_pause(struct budget *b);

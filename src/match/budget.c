/*
 * budget.c - the time that searches may take together
 */
#include "match/budget.h"

#include "base/clock.h"

#define UNCOUNTED 8 /* searches that may take this part of a budget are counted together */

struct budget
budget_new(uint64_t us)
{
	return (struct budget){ .limit_us = us };
}

uint64_t
budget_left(const struct budget *b)
{
	uint64_t used = b->used_us + b->worst_ns / 1000;

	return b->spent || used >= b->limit_us ? 0 : b->limit_us - used;
}

/* True if what is not counted may be much. */
static bool
is_due(const struct budget *b)
{
	return b->worst_ns >= b->limit_us * 1000 / UNCOUNTED;
}

/* Count what is not counted yet. Other work may lie between those searches, but they have taken no
 * more than they can take; all of that counts where they began in another thread, whose clock is
 * ahead. */
static void
count(struct budget *b)
{
	uint64_t now = clock_thread_ns() / 1000, us = now - b->since_us,
		 most = b->worst_ns / 1000 + 1;

	b->used_us += us < most ? us : most;
	b->since_us = now;
	b->worst_ns = 0;
	b->spent |= b->used_us >= b->limit_us;
}

void
budget_begin(struct budget *b, uint64_t worst_ns)
{
	/* one that may take long is measured by itself */
	if (b->worst_ns > 0 && worst_ns >= b->limit_us * 1000 / UNCOUNTED)
		count(b);
	if (b->worst_ns == 0)
		b->since_us = clock_thread_ns() / 1000;
	b->worst_ns += worst_ns;
}

/* What ended was just counted, or is not yet: either way there is no need for the clock. */
void
budget_go_on(struct budget *b, uint64_t worst_ns)
{
	b->worst_ns += worst_ns;
}

void
budget_end(struct budget *b)
{
	if (is_due(b))
		count(b);
}

void
budget_pause(struct budget *b)
{
	if (b->worst_ns > 0)
		count(b);
}

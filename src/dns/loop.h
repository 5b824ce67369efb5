/*
 * loop.h - who asks DNS servers: a thread, or one of those who wait
 */
#pragma once

#include "dns/channel.h"

#include <stdatomic.h>

struct loop;

/* Told when a query is done, by its name: first as channels_done, by whoever leads, then, in any
 * thread, that those who wait for it may go on; the query isn't the loop's any more. */
struct loop_calls {
	channels_done *done;
	void (*wake)(void *arg, struct dns_query *q);
	void *arg;
};

/* Start the thread. Servers as in struct resolver_config; timeout_ms is for all of them together.
 * NULL if it can't be started. */
struct loop *loop_new(const char *servers, unsigned timeout_ms, const struct loop_calls *calls);

/* Ask; never blocks. The query is the loop's until done. With `leads` the caller will call
 * loop_lead at once, and the thread may go on sleeping. */
void loop_ask(struct loop *l, struct dns_query *q, bool leads);

/* Do the thread's work if there is one query alone and nobody does, until *known or a time of
 * clock_us(). */
void loop_lead(struct loop *l, const atomic_bool *known, uint64_t until);

/* End the thread; what is still asked is done, with a cause, before this returns. */
void loop_free(struct loop *l);

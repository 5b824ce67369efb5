/*
 * loop.h - the thread that asks DNS servers
 */
#pragma once

#include "dns/dns.h"

#include <stdint.h>

struct loop;

/* A question for servers. */
struct loop_query {
	struct slice name; /* name_check has let it through */
	enum dns_type type;
	struct loop_query *next; /* the loop's, and so are those below */
	struct channel *channel;
};

/* A question's end: the message that a server sent, or (absent) the cause why there is none. Called
 * in the loop's thread, once for each question. */
typedef void loop_done(void *arg, struct loop_query *q, struct slice message, const char *cause);

/* Start the thread. Servers as in struct resolver_config; timeout_ms is for all of them together.
 * NULL if it can't be started. */
struct loop *loop_new(const char *servers, unsigned timeout_ms, loop_done *done, void *arg);

/* Ask; never blocks. The query is the loop's until done. */
void loop_ask(struct loop *l, struct loop_query *q);

/* End the thread; what is still asked is done, with a cause, before this returns. */
void loop_free(struct loop *l);

/*
 * channel.h - queries to DNS servers, by c-ares
 *
 * Not for use by two threads at once.
 */
#pragma once

#include "dns/dns.h"

#include <stdint.h>
#include <sys/epoll.h>

struct channels;

/* A question for servers. */
struct dns_query {
	struct slice name; /* name_check has let it through */
	enum dns_type type;
	struct dns_query *next;	 /* of whoever holds it */
	struct channel *channel; /* the channels' own */
};

/* A query's end: the message that a server sent, or (absent) the cause why there is none. Called
 * once for each query, from within the functions below. */
typedef void channels_done(void *arg, struct dns_query *q, struct slice message, const char *cause);

/* Servers as in struct resolver_config; timeout_ms is for all of them together. Sockets are watched
 * by epoll. NULL on lack of memory. */
struct channels *channels_new(
    const char *servers, unsigned timeout_ms, int epoll, channels_done *done, void *arg);

/* What is still asked is done, with a cause. */
void channels_free(struct channels *set);

/* Ask. */
void channels_ask(struct channels *set, struct dns_query *q);

/* Queries that are not done. */
size_t channels_open(const struct channels *set);

/* Do what is to be done after epoll_wait(), by the n events that it has told. As long as a query is
 * open this is due each LIMIT_DNS_TICK_MS at least. */
#define CHANNELS_OTHER UINT64_MAX /* the data.u64 of a caller's own event, which is passed over */
void channels_serve(struct channels *set, const struct epoll_event *v, size_t n);

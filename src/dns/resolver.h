/*
 * resolver.h - questions to DNS servers, with a cache
 *
 * The servers are asked by one thread at a time, however many threads have questions: a thread of
 * its own, which begins with the first question, or one that waits for an answer. Who has the same
 * question as somebody else waits for the same answer. Any thread may call; a question belongs to
 * one.
 */
#pragma once

#include "dns/zone.h"

#include <stdint.h>

struct resolver;
struct resolver_entry; /* an answer that is kept, or awaited */

struct resolver_config {
	const struct zone
	    *zone;	     /* answers come from there alone; kept by the caller. NULL: servers */
	const char *servers; /* "ADDR[:PORT],…", IPv6 with a port as "[ADDR]:PORT"; NULL: those of
			      * resolv.conf */
	unsigned timeout_ms; /* patience with all servers together for one question; 0:
			      * LIMIT_DNS_MS */
	unsigned min_ttl, max_ttl; /* seconds that an answer is kept: not less, not more than this,
				    * whatever its TTL. max_ttl 0: LIMIT_DNS_TTL */
	size_t cache_bytes;	   /* 0: LIMIT_DNS_CACHE */
};

/* A resolver. c and its texts may go away, not the zone. NULL on lack of memory. */
struct resolver *resolver_new(const struct resolver_config *c);

/* No question may be open. */
void resolver_free(struct resolver *r);

/* A question of a caller. */
struct question {
	struct slice name; /* bytes; what can't be a name (RFC 1035 2.3.4) is not asked: NXDOMAIN */
	enum dns_type type;
	struct dns_answer answer;     /* after resolver_wait; valid until resolver_end */
	struct resolver_entry *entry; /* the resolver's; NULL before resolver_start */
};

/* Begin to ask; never blocks. name and type are set, all else is zero. */
void resolver_start(struct resolver *r, struct question *q);

/* Wait for the answer until a time of clock_us(), then it is DNS_FAILED. */
void resolver_wait(struct resolver *r, struct question *q, uint64_t deadline);

/* Both: takes less time, as it need not change threads. */
void resolver_ask(struct resolver *r, struct question *q, uint64_t deadline);

/* Let go of the answer. Each question that was started must end. */
void resolver_end(struct resolver *r, struct question *q);

/* What it has done since it began. */
struct resolver_counts {
	unsigned long long questions; /* asked by callers */
	unsigned long long hits;      /* answered from the cache */
	unsigned long long joined;    /* that waited for somebody else's question */
	unsigned long long sent;      /* asked of servers */
	unsigned long long failed;    /* of those, how many without a usable answer */
	unsigned long long late;      /* given up by the caller's deadline */
	unsigned long long evicted;   /* answers dropped for want of room */
	size_t entries, bytes;	      /* in the cache now */
};
void resolver_count(struct resolver *r, struct resolver_counts *out);

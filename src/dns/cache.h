/*
 * cache.h - answers that are kept for a while, and those that are awaited
 *
 * One table of both. Kept answers are bounded in bytes: those that were used least lately go first.
 * Times are those of clock_us(). Not for use by two threads at once, except where it is said.
 */
#pragma once

#include "base/limits.h"
#include "dns/dns.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <uthash.h>

/* An answer, kept, awaited, or let go while somebody still reads it. */
struct resolver_entry {
	atomic_uint refs;
	atomic_bool known; /* the answer is there, and never changes again */
	bool listed;	   /* in the table */
	struct dns_answer answer;
	void *records;			    /* what it points to, one block */
	sem_t gate;			    /* open once it is known; who passes opens it again */
	uint64_t until;			    /* kept: when it expires */
	size_t bytes;			    /* kept: all that it takes; else 0 */
	struct resolver_entry *prev, *next; /* kept: the one used latest is first */
	UT_hash_handle hh;
	size_t n;
	unsigned char key[]; /* of cache_key */
};

struct cache {
	struct resolver_entry *table, *used;
	unsigned char secret[12]; /* nobody outside can make names that share a place */
	size_t limit, bytes, kept;
	unsigned long long evicted;
};

/* A question as the table's key: without case. */
struct cache_key {
	unsigned hash;
	size_t n;
	unsigned char v[2 + LIMIT_DNS_NAME];
};

/* Make a cache empty, for so many bytes. */
void cache_init(struct cache *c, size_t limit);

/* Let go of all entries. */
void cache_free(struct cache *c);

/* Make the key of a question whose name name_check has let through. Any thread. */
void cache_key(const struct cache *c, struct slice name, enum dns_type type, struct cache_key *out);

/* Find an entry; one that has expired is let go. NULL for none. */
struct resolver_entry *cache_find(struct cache *c, const struct cache_key *key, uint64_t now);

/* An entry for an answer that is awaited; there must be none of that key. NULL on lack of memory.
 */
struct resolver_entry *cache_add(struct cache *c, const struct cache_key *key);

/* Keep an entry, whose answer is known, until then. One that is too large is let go. */
void cache_keep(struct cache *c, struct resolver_entry *e, uint64_t until);

/* Let an entry go that is awaited, or was. */
void cache_drop(struct cache *c, struct resolver_entry *e);

/* Copy an answer into its entry. False on lack of memory. One thread, before it is known. */
bool entry_set(struct resolver_entry *e, const struct dns_answer *answer);

/* The name that was asked for, in lower case. Any thread. */
struct slice entry_name(const struct resolver_entry *e);

/* One more that reads it, one less. Any thread that has, or holds the table. */
void entry_ref(struct resolver_entry *e);
void entry_unref(struct resolver_entry *e);

/*
 * resolver.c - questions to DNS servers, with a cache
 *
 * One table has the answers that are kept and those that are awaited, under one lock, which is held
 * for moments. An entry is counted by the table, by each question, and by the query that is out; it
 * stays until the last of them lets go. Who waits hangs a condition of its own onto the entry, so
 * that an answer wakes those alone whom it concerns.
 */
#include "dns/resolver.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/limits.h"
#include "dns/cache.h"
#include "dns/loop.h"
#include "dns/name.h"
#include "dns/wire.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <utlist.h>

#define SECOND 1000000ull /* of clock_us() */

struct resolver {
	const struct zone *zone;
	char *servers;
	unsigned timeout_ms, min_ttl, max_ttl;
	struct arena scratch; /* of the loop's thread */

	pthread_mutex_t lock; /* of all below */
	struct cache cache;
	struct loop *loop; /* NULL before the first query */
	size_t open;	   /* queries */
	struct resolver_counts counts;
};

/* A question that servers are asked. */
struct query {
	struct loop_query asked; /* first */
	struct resolver_entry *entry;
};

struct waiter {
	pthread_cond_t known;
	struct waiter *prev, *next;
};

struct resolver *
resolver_new(const struct resolver_config *c)
{
	struct resolver *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->zone = c->zone;
	r->timeout_ms = c->timeout_ms > 0 ? c->timeout_ms : LIMIT_DNS_MS;
	r->min_ttl = c->min_ttl;
	r->max_ttl = c->max_ttl > 0 ? c->max_ttl : LIMIT_DNS_TTL;
	if (c->servers != NULL && (r->servers = strdup(c->servers)) == NULL) {
		free(r);
		return NULL;
	}
	pthread_mutex_init(&r->lock, NULL);
	arena_init(&r->scratch, 0);
	cache_init(&r->cache, c->cache_bytes > 0 ? c->cache_bytes : LIMIT_DNS_CACHE);
	return r;
}

void
resolver_free(struct resolver *r)
{
	if (r == NULL)
		return;
	loop_free(r->loop);
	cache_free(&r->cache);
	arena_free(&r->scratch);
	pthread_mutex_destroy(&r->lock);
	free(r->servers);
	free(r);
}

/* ---- answers ---- */

/* Seconds that an answer may be kept, 0 for not at all. */
static uint64_t
lifetime(const struct resolver *r, const struct wire_answer *a)
{
	if (a->answer.status == DNS_FAILED)
		return LIMIT_DNS_FAILED_TTL;
	if (!a->has_ttl)
		return 0;
	if (a->ttl > r->max_ttl)
		return r->max_ttl;
	return a->ttl < r->min_ttl ? r->min_ttl : a->ttl;
}

/* A query is through: keep its answer, and wake those who wait for it. In the loop's thread. */
static void
done(void *arg, struct loop_query *asked, struct slice message, const char *cause)
{
	struct resolver *r = arg;
	struct query *q = (struct query *)asked;
	struct resolver_entry *e = q->entry;
	struct wire_answer a = { .answer = { .status = DNS_FAILED, .cause = cause } };
	struct waiter *w;
	uint64_t seconds;

	if (message.p != NULL)
		a = wire_read(message, entry_name(e), asked->type, &r->scratch);
	if (!entry_set(e, &a.answer)) {
		a.answer =
		    (struct dns_answer){ .status = DNS_FAILED, .cause = "no memory is left" };
		entry_set(e, &a.answer);
	}
	arena_reset(&r->scratch);
	seconds = lifetime(r, &a);

	pthread_mutex_lock(&r->lock);
	r->open--;
	r->counts.failed += a.answer.status == DNS_FAILED;
	atomic_store_explicit(&e->known, true, memory_order_release);
	DL_FOREACH(e->waiters, w)
	pthread_cond_signal(&w->known);
	if (seconds > 0)
		cache_keep(&r->cache, e, clock_us() + seconds * SECOND);
	else
		cache_drop(&r->cache, e);
	pthread_mutex_unlock(&r->lock);
	entry_unref(e);
	free(q);
}

/* ---- questions ---- */

/* Make a query of a question that nobody has asked, under the lock. Returns a cause if it can't be,
 * else NULL. */
static const char *
make_query(struct resolver *r, const struct cache_key *key, struct question *q, struct query **out)
{
	struct query *query;

	if (r->open >= LIMIT_DNS_OPEN)
		return "too many questions are open";
	if (r->loop == NULL)
		r->loop = loop_new(r->servers, r->timeout_ms, done, r);
	if (r->loop == NULL)
		return "no thread could be started";
	query = calloc(1, sizeof(*query));
	q->entry = query != NULL ? cache_add(&r->cache, key) : NULL;
	if (q->entry == NULL) {
		free(query);
		return "no memory is left";
	}
	query->entry = q->entry;
	query->asked.name = entry_name(q->entry);
	query->asked.type = q->type;
	entry_ref(q->entry);
	r->open++;
	r->counts.sent++;
	*out = query;
	return NULL;
}

/* Find the answer, somebody who asks for it, or ask. */
static void
look_up(struct resolver *r, struct question *q)
{
	struct query *query = NULL;
	const char *cause = NULL;
	uint64_t now = clock_us();
	struct cache_key key;

	cache_key(&r->cache, q->name, q->type, &key);
	pthread_mutex_lock(&r->lock);
	r->counts.questions++;
	q->entry = cache_find(&r->cache, &key, now);
	if (q->entry == NULL)
		cause = make_query(r, &key, q, &query);
	else if (atomic_load_explicit(&q->entry->known, memory_order_relaxed))
		r->counts.hits++;
	else
		r->counts.joined++;
	if (q->entry != NULL)
		entry_ref(q->entry);
	pthread_mutex_unlock(&r->lock);
	if (query != NULL)
		loop_ask(r->loop, &query->asked);
	if (cause != NULL)
		q->answer = (struct dns_answer){ .status = DNS_FAILED, .cause = cause };
}

void
resolver_start(struct resolver *r, struct question *q)
{
	bool valid = name_check(q->name, NULL) == NAME_OK;

	if (valid && r->zone == NULL) {
		look_up(r, q);
		return;
	}
	q->answer = (struct dns_answer){ .status = DNS_NXDOMAIN };
	if (valid)
		q->answer = zone_ask(r->zone, q->name, q->type);
	pthread_mutex_lock(&r->lock);
	r->counts.questions++;
	pthread_mutex_unlock(&r->lock);
}

/* Wait until the answer is known, or the deadline. */
static void
wait_for(struct resolver *r, struct question *q, uint64_t deadline)
{
	struct timespec end = { (time_t)(deadline / SECOND), (long)(deadline % SECOND * 1000) };
	struct waiter self = { .known = PTHREAD_COND_INITIALIZER };
	struct resolver_entry *e = q->entry;
	bool known, late = false;

	pthread_mutex_lock(&r->lock);
	DL_APPEND(e->waiters, &self);
	while (!(known = atomic_load_explicit(&e->known, memory_order_relaxed)) && !late)
		late = pthread_cond_clockwait(&self.known, &r->lock, CLOCK_MONOTONIC, &end) != 0;
	DL_DELETE(e->waiters, &self);
	r->counts.late += !known;
	pthread_mutex_unlock(&r->lock);
	pthread_cond_destroy(&self.known);
	if (known)
		q->answer = e->answer;
	else
		q->answer = (struct dns_answer){ .status = DNS_FAILED, .cause = "the time is up" };
}

void
resolver_wait(struct resolver *r, struct question *q, uint64_t deadline)
{
	if (q->entry == NULL)
		return; /* answered at once */
	if (atomic_load_explicit(&q->entry->known, memory_order_acquire))
		q->answer = q->entry->answer;
	else
		wait_for(r, q, deadline);
}

void
resolver_end(struct resolver *r, struct question *q)
{
	(void)r;
	if (q->entry != NULL)
		entry_unref(q->entry);
	q->entry = NULL;
}

void
resolver_count(struct resolver *r, struct resolver_counts *out)
{
	pthread_mutex_lock(&r->lock);
	*out = r->counts;
	out->evicted = r->cache.evicted;
	out->entries = r->cache.kept;
	out->bytes = r->cache.bytes;
	pthread_mutex_unlock(&r->lock);
}

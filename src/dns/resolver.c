/*
 * resolver.c - questions to DNS servers, with a cache
 *
 * One table has the answers that are kept and those that are awaited, under one lock, which is held
 * for moments. An entry is counted by the table, by each question, and by the query that is out; it
 * stays until the last of them lets go. It has a gate, at which those wait whom its answer
 * concerns.
 */
#include "dns/resolver.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/limits.h"
#include "dns/cache.h"
#include "dns/loop.h"
#include "dns/name.h"
#include "dns/wire.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <time.h>

#define SECOND 1000000ull /* of clock_us() */

struct resolver {
	const struct zone *zone;
	char *servers;
	unsigned timeout_ms, min_ttl, max_ttl;
	struct arena scratch; /* of who leads the loop */

	pthread_mutex_t lock; /* of all below */
	struct cache cache;
	struct loop *loop; /* NULL before the first query */
	size_t open;	   /* queries */
	struct resolver_counts counts;
};

/* A question that servers are asked. */
struct query {
	struct dns_query asked; /* first */
	struct resolver_entry *entry;
};

/* It is held for moments, so it pays to try again before one sleeps. */
static void
init_lock(pthread_mutex_t *lock)
{
	pthread_mutexattr_t a;

	pthread_mutexattr_init(&a);
	pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ADAPTIVE_NP);
	pthread_mutex_init(lock, &a);
	pthread_mutexattr_destroy(&a);
}

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
	init_lock(&r->lock);
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

/* A query is through: keep its answer. By who leads the loop. */
static void
done(void *arg, struct dns_query *asked, struct slice message, const char *cause)
{
	struct resolver *r = arg;
	struct query *q = (struct query *)asked;
	struct resolver_entry *e = q->entry;
	struct wire_answer a = { .answer = { .status = DNS_FAILED, .cause = cause } };
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
	if (seconds > 0)
		cache_keep(&r->cache, e, clock_us() + seconds * SECOND);
	else
		cache_drop(&r->cache, e);
	pthread_mutex_unlock(&r->lock);
}

/* Let those go on who wait for a query that is through. */
static void
wake(void *arg, struct dns_query *asked)
{
	struct query *q = (struct query *)asked;

	(void)arg;
	sem_post(&q->entry->gate);
	entry_unref(q->entry);
	free(q);
}

/* ---- questions ---- */

/* Make a query of a question that nobody has asked, under the lock. Returns a cause if it can't be,
 * else NULL. */
static const char *
make_query(struct resolver *r, const struct cache_key *key, struct question *q, struct query **out)
{
	struct loop_calls calls = { done, wake, r };
	struct query *query;

	if (r->open >= LIMIT_DNS_OPEN)
		return "too many questions are open";
	if (r->loop == NULL)
		r->loop = loop_new(r->servers, r->timeout_ms, &calls);
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

/* Find the answer, somebody who asks for it, or ask; `waits`: resolver_wait follows at once. */
static void
look_up(struct resolver *r, struct question *q, bool waits)
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
		loop_ask(r->loop, &query->asked, waits);
	if (cause != NULL)
		q->answer = (struct dns_answer){ .status = DNS_FAILED, .cause = cause };
}

/* Begin to ask, likewise. */
static void
begin(struct resolver *r, struct question *q, bool waits)
{
	bool valid = name_check(q->name, NULL) == NAME_OK;

	if (valid && r->zone == NULL) {
		look_up(r, q, waits);
		return;
	}
	q->answer = (struct dns_answer){ .status = DNS_NXDOMAIN };
	if (valid)
		q->answer = zone_ask(r->zone, q->name, q->type);
	pthread_mutex_lock(&r->lock);
	r->counts.questions++;
	pthread_mutex_unlock(&r->lock);
}

void
resolver_start(struct resolver *r, struct question *q)
{
	begin(r, q, false);
}

/* Wait until the answer is known, or the deadline. */
static void
wait_for(struct resolver *r, struct question *q, uint64_t deadline)
{
	struct timespec end = { (time_t)(deadline / SECOND), (long)(deadline % SECOND * 1000) };
	struct resolver_entry *e = q->entry;
	bool late = false;

	loop_lead(r->loop, &e->known, deadline);
	while (!late && !atomic_load_explicit(&e->known, memory_order_acquire))
		if (sem_clockwait(&e->gate, CLOCK_MONOTONIC, &end) == 0)
			sem_post(&e->gate);
		else
			late = errno != EINTR;
	if (!late) {
		q->answer = e->answer;
		return;
	}
	q->answer = (struct dns_answer){ .status = DNS_FAILED, .cause = "the time is up" };
	pthread_mutex_lock(&r->lock);
	r->counts.late++;
	pthread_mutex_unlock(&r->lock);
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
resolver_ask(struct resolver *r, struct question *q, uint64_t deadline)
{
	begin(r, q, true);
	resolver_wait(r, q, deadline);
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

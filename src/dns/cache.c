/*
 * cache.c - answers that are kept for a while, and those that are awaited
 *
 * Senders choose what names are asked for, so the places in the table depend on a secret: with
 * names made to share one, each lookup would go through all of them.
 */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(e) ((e)->listed = false)

#include "dns/cache.h"

#include "dns/name.h"

#include <malloc.h>
#include <stdlib.h>
#include <sys/random.h>
#include <utlist.h>

/* Bytes that the allocator puts before a block. */
#define BLOCK_HEAD sizeof(size_t)

void
cache_init(struct cache *c, size_t limit)
{
	*c = (struct cache){ .limit = limit };
	/* Fails at most early after the machine's start: then it is as good as no secret. */
	(void)!getrandom(c->secret, sizeof(c->secret), GRND_NONBLOCK);
}

void
cache_free(struct cache *c)
{
	struct resolver_entry *e, *next;

	HASH_ITER(hh, c->table, e, next)
	cache_drop(c, e);
}

void
cache_key(const struct cache *c, struct slice name, enum dns_type type, struct cache_key *out)
{
	unsigned char seeded[sizeof(c->secret) + sizeof(out->v)];

	name = name_trim(name);
	out->v[0] = (unsigned char)(type >> 8);
	out->v[1] = (unsigned char)type;
	for (size_t i = 0; i < name.n; i++)
		out->v[2 + i] = ascii_lower((unsigned char)name.p[i]);
	out->n = 2 + name.n;
	memcpy(seeded, c->secret, sizeof(c->secret));
	memcpy(seeded + sizeof(c->secret), out->v, out->n);
	HASH_JEN(seeded, sizeof(c->secret) + out->n, out->hash);
}

struct resolver_entry *
cache_find(struct cache *c, const struct cache_key *key, uint64_t now)
{
	struct resolver_entry *e;

	HASH_FIND_BYHASHVALUE(hh, c->table, key->v, key->n, key->hash, e);
	if (e == NULL || e->bytes == 0)
		return e;
	if (e->until <= now) {
		cache_drop(c, e);
		return NULL;
	}
	if (e != c->used) {
		DL_DELETE(c->used, e);
		DL_PREPEND(c->used, e);
	}
	return e;
}

struct resolver_entry *
cache_add(struct cache *c, const struct cache_key *key)
{
	struct resolver_entry *e = calloc(1, sizeof(*e) + key->n);

	if (e == NULL)
		return NULL;
	atomic_init(&e->refs, 1);
	atomic_init(&e->known, false);
	sem_init(&e->gate, 0, 0);
	e->listed = true;
	e->n = key->n;
	memcpy(e->key, key->v, key->n);
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, c->table, e->key, e->n, key->hash, e);
	if (!e->listed) {
		sem_destroy(&e->gate);
		free(e);
		return NULL;
	}
	return e;
}

/* All that an entry takes, with its place in the table. */
static size_t
weigh(struct resolver_entry *e)
{
	size_t n = malloc_usable_size(e) + BLOCK_HEAD + sizeof(UT_hash_bucket);

	if (e->records != NULL)
		n += malloc_usable_size(e->records) + BLOCK_HEAD;
	return n;
}

void
cache_keep(struct cache *c, struct resolver_entry *e, uint64_t until)
{
	size_t bytes = weigh(e);

	if (bytes > c->limit) {
		c->evicted++;
		cache_drop(c, e);
		return;
	}
	while (c->bytes > c->limit - bytes) {
		c->evicted++;
		cache_drop(c, c->used->prev);
	}
	e->until = until;
	e->bytes = bytes;
	c->bytes += bytes;
	c->kept++;
	DL_PREPEND(c->used, e);
}

void
cache_drop(struct cache *c, struct resolver_entry *e)
{
	if (e->bytes > 0) {
		DL_DELETE(c->used, e);
		c->bytes -= e->bytes;
		c->kept--;
		e->bytes = 0;
	}
	HASH_DEL(c->table, e);
	e->listed = false;
	entry_unref(e);
}

bool
entry_set(struct resolver_entry *e, const struct dns_answer *answer)
{
	size_t size = answer->n * sizeof(*answer->v);
	struct dns_record *v;
	char *data;

	for (size_t i = 0; i < answer->n; i++)
		size += answer->v[i].data.n;
	e->answer = *answer;
	e->answer.v = NULL;
	if (answer->n == 0)
		return true;
	e->records = malloc(size);
	if (e->records == NULL)
		return false;
	e->answer.v = v = e->records;
	data = (char *)(v + answer->n);
	for (size_t i = 0; i < answer->n; i++) {
		v[i] = answer->v[i];
		memcpy(data, v[i].data.p, v[i].data.n);
		v[i].data.p = data;
		data += v[i].data.n;
	}
	return true;
}

struct slice
entry_name(const struct resolver_entry *e)
{
	return slice_of((const char *)e->key + 2, e->n - 2);
}

void
entry_ref(struct resolver_entry *e)
{
	atomic_fetch_add_explicit(&e->refs, 1, memory_order_relaxed);
}

void
entry_unref(struct resolver_entry *e)
{
	if (atomic_fetch_sub_explicit(&e->refs, 1, memory_order_acq_rel) != 1)
		return;
	sem_destroy(&e->gate);
	free(e->records);
	free(e);
}

/*
 * bases.c - databases for the patterns that require no rare text
 *
 * One child makes all, in the order of the scans. A thread waits for it, puts the bytes of each
 * into the cache and gives the scan what it makes of them. What libhs leaves behind goes with the
 * child.
 */
#include "rule/bases.h"

#include "base/cachedir.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct bases {
	struct program *program;
	struct cachedir cache;
	struct child child;
	int stop; /* can be read when the thread has to end */
	pthread_t thread;
	void (*tell)(void *data, const struct base_report *r);
	void *data;
};

_Static_assert(MULTI_NAME == CACHEDIR_NAME + 1, "bases are named as files of a cachedir");

/* True if a scan is in want of a base. */
static bool
wants(const struct scan *s)
{
	return multi_weak(s->multi) > 0 && atomic_load(&s->base) == NULL;
}

/* Make a base of bytes, for the scans that begin from now on. */
static bool
give(struct scan *s, struct slice bytes)
{
	struct multi_base *b = multi_base_unpack(s->multi, bytes);

	if (b != NULL)
		atomic_store_explicit(&s->base, b, memory_order_release);
	return b != NULL;
}

static unsigned
ms_since(uint64_t start)
{
	return (unsigned)((clock_us() - start) / 1000);
}

/* Take a base from the cache. False if it has none that is good: *why tells if that is odd. */
static bool
take_kept(struct bases *b, struct scan *s, struct base_report *r)
{
	uint64_t start = clock_us();
	struct buf bytes = { .limit = LIMIT_DATABASE_BYTES };
	char name[MULTI_NAME];

	*r = (struct base_report){ .scan = s, .from = BASE_DAMAGED };
	if (b->cache.fd < 0 || !multi_base_name(s->multi, name))
		return false;
	if (cachedir_read(&b->cache, name, &bytes, &r->why)) {
		if (give(s, buf_slice(&bytes)))
			r->from = BASE_CACHE;
		else
			buf_printf(&r->why, "%s is damaged", name);
	}
	r->kept = r->from == BASE_CACHE;
	r->bytes = bytes.n;
	r->ms = ms_since(start);
	buf_free(&bytes);
	return r->from == BASE_CACHE;
}

/* What the child does: tells of each base that is wanted the bytes, or none if there can't be one.
 */
static void
compile_all(void *data, int fd)
{
	const struct program *p = data;
	bool heard = true;

	for (uint32_t i = 0; i < p->nscans && heard; i++) {
		const struct multi *m = p->scans[i].multi;
		struct buf bytes = { 0 };
		struct multi_base *b;

		if (!wants(&p->scans[i]))
			continue;
		b = multi_base_compile(m);
		if (b != NULL && !multi_base_pack(m, b, &bytes))
			return;
		heard = child_tell(fd, buf_slice(&bytes));
		multi_base_free(b);
		buf_free(&bytes);
	}
}

/* Put a base into the cache. */
static void
keep(const struct cachedir *cache, struct slice bytes, struct base_report *r)
{
	char name[MULTI_NAME];

	r->kept = cache->fd >= 0 && multi_base_name(r->scan->multi, name) &&
	    cachedir_write(cache, name, bytes, &r->why);
}

/* Take the next base from the child, and keep it. False if that was stopped. */
static bool
take_made(struct bases *b, struct scan *s, uint64_t end, struct base_report *r)
{
	static const char *const ends[] = {
		[CHILD_PIECE] = "what came of it is damaged",
		[CHILD_GONE] = "the process that made it has failed",
		[CHILD_LATE] = "it takes too long to make",
		[CHILD_TOO_MUCH] = "it is too large",
		[CHILD_STOPPED] = "it was stopped",
	};
	uint64_t start = clock_us();
	struct buf bytes = { .limit = LIMIT_DATABASE_BYTES };
	enum child_said said = child_hear(&b->child, b->stop, end, &bytes);

	*r = (struct base_report){ .scan = s, .from = BASE_FAILED };
	if (said == CHILD_PIECE && bytes.n == 0)
		r->from = BASE_REFUSED;
	else if (said == CHILD_PIECE && give(s, buf_slice(&bytes))) {
		r->from = BASE_COMPILED;
		keep(&b->cache, buf_slice(&bytes), r);
	} else
		buf_str(&r->why, ends[said]);
	r->bytes = bytes.n;
	r->ms = ms_since(start);
	buf_free(&bytes);
	return said != CHILD_STOPPED;
}

/* Take all that the child makes. */
static void
take_all_made(struct bases *b)
{
	uint64_t end = clock_us() + (uint64_t)LIMIT_DATABASE_S * 1000000;
	struct program *p = b->program;
	bool more = true;

	for (uint32_t i = 0; i < p->nscans && more; i++) {
		struct base_report r;

		if (!wants(&p->scans[i]))
			continue;
		more = take_made(b, &p->scans[i], end, &r);
		if (more)
			b->tell(b->data, &r);
		buf_free(&r.why);
	}
}

/* Take all that the cache has. Returns how many are wanted still. */
static uint32_t
take_all_kept(struct bases *b)
{
	struct program *p = b->program;
	uint32_t wanted = 0;

	for (uint32_t i = 0; i < p->nscans; i++) {
		struct base_report r;

		if (!wants(&p->scans[i]))
			continue;
		wanted += !take_kept(b, &p->scans[i], &r);
		if (r.from == BASE_CACHE || r.why.n > 0)
			b->tell(b->data, &r);
		buf_free(&r.why);
	}
	return wanted;
}

/* A line of the log. */
static void
say(void *data, const struct base_report *r)
{
	static const char *const froms[] = {
		[BASE_CACHE] = "cache",
		[BASE_COMPILED] = "compiled",
		[BASE_REFUSED] = "refused",
		[BASE_DAMAGED] = "damaged",
		[BASE_FAILED] = "failed",
	};
	struct buf line = { 0 };
	char *of = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&of, &n);

	(void)data;
	if (out == NULL)
		return;
	scan_print(&r->scan->ref, r->scan->folded, out);
	fclose(out);
	buf_str(&line, "database");
	log_field(&line, "of", slice_str(of));
	log_field_num(&line, "patterns", (long long)multi_weak(r->scan->multi));
	log_field(&line, "from", slice_str(froms[r->from]));
	log_field_num(&line, "ms", r->ms);
	if (r->from == BASE_CACHE || r->from == BASE_COMPILED)
		log_field_num(&line, "bytes", (long long)r->bytes);
	if (r->why.n > 0)
		log_field(&line, "why", buf_slice(&r->why));
	log_send(r->why.n > 0 ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, &line);
	buf_free(&line);
	free(of);
}

/* True if a scan is in want of a base. */
static bool
any_wants(const struct program *p)
{
	for (uint32_t i = 0; i < p->nscans; i++)
		if (wants(&p->scans[i]))
			return true;
	return false;
}

/* Open the cache, or say why there is none. */
static void
open_cache(struct bases *b)
{
	const char *path = b->program->settings.cache_dir;
	struct buf why = { 0 };

	if (!cachedir_open(&b->cache, path, &why))
		log_say(LOG_LEVEL_NOTICE,
		    "cache-dir %s can't be used: %.*s; databases of patterns are made at each start",
		    path, SLICE_ARG(buf_slice(&why)));
	buf_free(&why);
}

/* The thread. */
static void *
run(void *arg)
{
	struct bases *b = arg;

	take_all_made(b);
	child_end(&b->child);
	return NULL;
}

/* Start the child, and the thread that waits for it. */
static bool
start(struct bases *b)
{
	b->stop = eventfd(0, EFD_CLOEXEC);
	if (b->stop < 0)
		return false;
	if (child_start(&b->child, compile_all, b->program)) {
		if (pthread_create(&b->thread, NULL, run, b) == 0)
			return true;
		child_end(&b->child);
	}
	close(b->stop);
	return false;
}

/* Begin. */
void
bases_begin(struct program *p)
{
	struct bases *b = any_wants(p) ? calloc(1, sizeof *b) : NULL;

	if (b == NULL)
		return;
	b->program = p;
	b->tell = say;
	open_cache(b);
	if (take_all_kept(b) > 0) {
		if (start(b)) {
			p->bases = b;
			return;
		}
		log_say(
		    LOG_LEVEL_WARNING, "databases of patterns can't be made: no process to be had");
	}
	cachedir_close(&b->cache);
	free(b);
}

/* End. */
void
bases_end(struct program *p)
{
	struct bases *b = p->bases;

	if (b == NULL)
		return;
	eventfd_write(b->stop, 1);
	pthread_join(b->thread, NULL);
	close(b->stop);
	cachedir_close(&b->cache);
	free(b);
	p->bases = NULL;
}

/* Tell nobody. */
static void
say_nothing(void *data, const struct base_report *r)
{
	(void)data;
	(void)r;
}

uint32_t
bases_take(struct program *p)
{
	struct bases b = { .program = p, .tell = say_nothing, .stop = -1 };
	struct buf why = { 0 };
	uint32_t wanted;

	/* what can't be opened has none */
	cachedir_open(&b.cache, p->settings.cache_dir, &why);
	wanted = take_all_kept(&b);
	cachedir_close(&b.cache);
	buf_free(&why);
	return wanted;
}

/* All of them, now. */
bool
bases_compile(struct program *p, void (*tell)(void *data, const struct base_report *r), void *data,
    struct buf *why)
{
	struct bases b = { .program = p, .tell = tell, .data = data, .stop = -1 };
	bool good = true;

	if (!cachedir_open(&b.cache, p->settings.cache_dir, why))
		return false;
	if (take_all_kept(&b) > 0) {
		good = child_start(&b.child, compile_all, p);
		if (good) {
			take_all_made(&b);
			child_end(&b.child);
		} else
			buf_str(why, "no process to be had");
	}
	cachedir_close(&b.cache);
	return good;
}

/*
 * hyper.c - many expressions searched for at once, by libhs
 *
 * Each is tried alone first, so that one that libhs does not take costs only itself. Where all
 * together are too much for it, the one that it names is left out, a few times.
 */
#include "match/hyper.h"

#include "config.h"

#include <stdlib.h>

#ifdef HAVE_LIBHS
#include <hs.h>
#include <time.h>

#define FLAGS (HS_FLAG_DOTALL | HS_FLAG_SINGLEMATCH | HS_FLAG_PREFILTER | HS_FLAG_ALLOWEMPTY)
#define ALONE_MAX 98304	    /* bytes of an expression's database */
#define TRIES 16	    /* expressions left out since libhs named them */
#define TEXT_MAX (1u << 30) /* bytes of one scan: libhs counts in 32 bits */
#define FITS 32		    /* databases that a scratch is known to fit: of others libhs is asked */

struct hyper {
	hs_database_t *database;
	struct timespec born; /* with its address, what no other has */
};

struct hyper_scratch {
	hs_scratch_t *scratch;
	struct {
		const struct hyper *of;
		struct timespec born;
	} fits[FITS]; /* the last databases that it was made to fit */
	unsigned next;
};

bool
hyper_is_there(void)
{
	return true;
}

/* True if libhs takes an expression that does not match the empty text, and makes little of it:
 * what is large is slower than PCRE2. */
static bool
takes(const char *text)
{
	hs_expr_info_t *info = NULL;
	hs_compile_error_t *error = NULL;
	hs_database_t *alone = NULL;
	size_t size = SIZE_MAX;

	if (hs_expression_info(text, FLAGS, &info, &error) == HS_SUCCESS && info->min_width > 0 &&
	    hs_compile(text, FLAGS, HS_MODE_BLOCK, NULL, &alone, &error) == HS_SUCCESS)
		hs_database_size(alone, &size);
	hs_free_database(alone);
	hs_free_compile_error(error);
	free(info);
	return size <= ALONE_MAX;
}

/* What is compiled. */
struct job {
	const char **texts;
	unsigned *flags, *numbers;
	unsigned n;
};

/* Leave one out. */
static void
leave_out(struct job *job, unsigned i, bool *refused)
{
	refused[job->numbers[i]] = true;
	job->n--;
	job->texts[i] = job->texts[job->n];
	job->numbers[i] = job->numbers[job->n];
}

/* Compile all of a job that libhs takes. */
static hs_database_t *
compile(struct job *job, bool *refused)
{
	for (unsigned tries = 0; job->n > 0 && tries < TRIES; tries++) {
		hs_database_t *database = NULL;
		hs_compile_error_t *error = NULL;
		int at = -1;

		if (hs_compile_multi(job->texts, job->flags, job->numbers, job->n, HS_MODE_BLOCK,
			NULL, &database, &error) == HS_SUCCESS)
			return database;
		if (error != NULL)
			at = error->expression;
		hs_free_compile_error(error);
		if (at < 0 || (unsigned)at >= job->n)
			return NULL;
		leave_out(job, (unsigned)at, refused);
	}
	return NULL;
}

/* Compile. */
struct hyper *
hyper_compile(const struct hyper_expression *v, size_t n, bool *refused)
{
	struct hyper *h = calloc(1, sizeof(*h));
	struct job job = {
		.texts = calloc(n + 1, sizeof(*job.texts)),
		.flags = calloc(n + 1, sizeof(*job.flags)),
		.numbers = calloc(n + 1, sizeof(*job.numbers)),
	};

	for (size_t i = 0; i < n; i++)
		refused[i] = true;
	if (h != NULL && job.texts != NULL && job.flags != NULL && job.numbers != NULL) {
		for (size_t i = 0; i < n; i++) {
			const char *text = takes(v[i].text) ? v[i].text
			    : takes(v[i].plainer)	    ? v[i].plainer
							    : NULL;

			if (text == NULL)
				continue;
			job.texts[job.n] = text;
			job.flags[job.n] = FLAGS;
			job.numbers[job.n++] = (unsigned)i;
			refused[i] = false;
		}
		h->database = compile(&job, refused);
		clock_gettime(CLOCK_MONOTONIC, &h->born);
	}
	free(job.texts);
	free(job.flags);
	free(job.numbers);
	if (h != NULL && h->database == NULL) {
		free(h);
		return NULL;
	}
	return h;
}

void
hyper_free(struct hyper *h)
{
	if (h == NULL)
		return;
	hs_free_database(h->database);
	free(h);
}

/* What makes a database unusable when it changes. */
void
hyper_identity(struct buf *out)
{
	hs_platform_info_t platform = { .tune = 0 };

	hs_populate_platform(&platform);
	buf_printf(out, "libhs %s; processor %u %llx; ", hs_version(), platform.tune,
	    (unsigned long long)platform.cpu_features);
}

/* A database's bytes. */
bool
hyper_pack(const struct hyper *h, struct buf *out)
{
	char *bytes = NULL;
	size_t n = 0;

	if (hs_serialize_database(h->database, &bytes, &n) != HS_SUCCESS)
		return false;
	buf_add(out, slice_of(bytes, n));
	free(bytes);
	return !out->cut;
}

struct hyper *
hyper_unpack(struct slice bytes)
{
	struct hyper *h = calloc(1, sizeof(*h));

	if (h != NULL && hs_deserialize_database(bytes.p, bytes.n, &h->database) != HS_SUCCESS) {
		free(h);
		return NULL;
	}
	if (h != NULL)
		clock_gettime(CLOCK_MONOTONIC, &h->born);
	return h;
}

/* True if a scratch is known to fit a database. */
static bool
fits(const struct hyper_scratch *s, const struct hyper *h)
{
	for (unsigned i = 0; i < FITS; i++)
		if (s->fits[i].of == h && s->fits[i].born.tv_sec == h->born.tv_sec &&
		    s->fits[i].born.tv_nsec == h->born.tv_nsec)
			return true;
	return false;
}

/* Make a scratch fit a database, and those before as well. libhs, asked, would read all of the
 * database each time. */
static bool
fit(const struct hyper *h, struct hyper_scratch **scratch)
{
	struct hyper_scratch *s = *scratch;

	if (s == NULL)
		s = *scratch = calloc(1, sizeof(*s));
	if (s == NULL)
		return false;
	if (fits(s, h))
		return true;
	if (hs_alloc_scratch(h->database, &s->scratch) != HS_SUCCESS) {
		memset(s->fits, 0, sizeof(s->fits));
		return false;
	}
	s->fits[s->next % FITS].of = h;
	s->fits[s->next++ % FITS].born = h->born;
	return true;
}

struct finding {
	void (*found)(void *data, uint32_t number);
	void *data;
};

/* libhs found an expression. */
static int
on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *data)
{
	const struct finding *f = data;

	(void)from;
	(void)to;
	(void)flags;
	f->found(f->data, id);
	return 0;
}

/* Search. */
bool
hyper_scan(const struct hyper *h, struct slice text, struct hyper_scratch **scratch,
    void (*found)(void *data, uint32_t number), void *data)
{
	struct finding f = { found, data };

	return text.n <= TEXT_MAX && fit(h, scratch) &&
	    hs_scan(h->database, text.p != NULL ? text.p : "", (unsigned)text.n, 0,
		(*scratch)->scratch, on_match, &f) == HS_SUCCESS;
}

void
hyper_scratch_free(struct hyper_scratch *s)
{
	if (s == NULL)
		return;
	hs_free_scratch(s->scratch);
	free(s);
}

/* Bytes of memory. */
size_t
hyper_size(const struct hyper *h)
{
	size_t n = 0;

	hs_database_size(h->database, &n);
	return n;
}

#else

bool
hyper_is_there(void)
{
	return false;
}

struct hyper *
hyper_compile(const struct hyper_expression *v, size_t n, bool *refused)
{
	(void)v;
	for (size_t i = 0; i < n; i++)
		refused[i] = true;
	return NULL;
}

void
hyper_free(struct hyper *h)
{
	(void)h;
}

void
hyper_identity(struct buf *out)
{
	(void)out;
}

bool
hyper_pack(const struct hyper *h, struct buf *out)
{
	(void)h;
	(void)out;
	return false;
}

struct hyper *
hyper_unpack(struct slice bytes)
{
	(void)bytes;
	return NULL;
}

bool
hyper_scan(const struct hyper *h, struct slice text, struct hyper_scratch **scratch,
    void (*found)(void *data, uint32_t number), void *data)
{
	(void)h;
	(void)text;
	(void)scratch;
	(void)found;
	(void)data;
	return false;
}

void
hyper_scratch_free(struct hyper_scratch *s)
{
	(void)s;
}

size_t
hyper_size(const struct hyper *h)
{
	(void)h;
	return 0;
}
#endif

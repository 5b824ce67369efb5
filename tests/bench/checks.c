/*
 * checks.c - SPF checks, many of them, of the domains of dnsd.c, which DNSD names
 *
 *   checks postern|libspf2 cold|warm THREADS SECONDS
 *   checks soak THREADS CHECKS DOMAINS BYTES
 *
 * cold: each check has a domain of its own. warm: all have a few, each of which was checked once
 * before the clock starts. libspf2 is used as it comes, with its own resolver, which knows
 * resolv.conf alone and has no cache. Prints how many checks there were, the time they took, and
 * the CPU time of this process, in microseconds.
 *
 * soak: postern's checks, half of them of any of so many domains, half of one in a hundred of
 * these, with a cache of so many bytes. Prints the resident memory on the way, and what the
 * resolver has counted.
 */
#include "base/clock.h"
#include "base/limits.h"
#include "spf/spf.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <spf2/spf.h>

#define CLIENT "192.0.2.1"
#define HELO "mx.bench"
#define FEW 50	   /* domains, if warm */
#define SAMPLES 20 /* of the memory */
#define SENDER 64  /* bytes of a sender's address */

/* Who checks, and what. */
static struct {
	bool (*fails)(const char *sender, struct arena *a); /* NULL: soak's */
	unsigned long (*domain)(unsigned long check);
	unsigned long checks; /* at most; 0: until the end */
	uint64_t end;	      /* of clock_us(); 0: never */
} job;

static atomic_ulong next; /* check */
static unsigned long domains;
static struct resolver *resolver;
static struct spf *spf;
static SPF_server_t *server;

static void
die(const char *why)
{
	fprintf(stderr, "checks: %s\n", why);
	exit(1);
}

/* ---- who checks ---- */

static bool
postern_fails(const char *sender, struct arena *a)
{
	static const struct ip client = { .family = 4, .b = { 192, 0, 2, 1 } };
	struct spf_query query = { .identity = SPF_MAIL_FROM,
		.client = &client,
		.helo = SLICE(HELO),
		.sender = slice_str(sender) };
	struct spf_answer answer;

	spf_check(spf, &query, NULL, a, &answer);
	arena_reset(a);
	return answer.result == SPF_FAIL;
}

static bool
libspf2_fails(const char *sender, struct arena *a)
{
	SPF_request_t *request = SPF_request_new(server);
	SPF_response_t *response = NULL;
	bool fails;

	(void)a;
	SPF_request_set_ipv4_str(request, CLIENT);
	SPF_request_set_helo_dom(request, HELO);
	SPF_request_set_env_from(request, sender);
	SPF_request_query_mailfrom(request, &response);
	fails = response != NULL && SPF_response_result(response) == SPF_RESULT_FAIL;
	if (response != NULL)
		SPF_response_free(response);
	SPF_request_free(request);
	return fails;
}

static void
open_postern(size_t cache)
{
	struct resolver_config config = { .servers = getenv("DNSD"), .cache_bytes = cache };

	resolver = resolver_new(&config);
	spf = spf_new(&(struct spf_config){ .resolver = resolver, .receiver = HELO });
	if (resolver == NULL || spf == NULL)
		die("no memory is left");
}

/* ---- what is checked ---- */

static unsigned long
each_its_own(unsigned long check)
{
	return check;
}

static unsigned long
one_of_few(unsigned long check)
{
	return check % FEW;
}

static unsigned long
any_or_popular(unsigned long check)
{
	unsigned long any = check * 2654435761ul >> 7;

	return check % 2 == 0 ? any % domains : any % (domains / 100 + 1);
}

/* ---- the work ---- */

/* The next check, or false if that was all. */
static bool
take(unsigned long *check)
{
	*check = atomic_fetch_add(&next, 1);
	return (job.checks == 0 || *check < job.checks) && (job.end == 0 || clock_us() < job.end);
}

/* A thread: check after check. Returns the number of those that were done. */
static void *
work(void *arg)
{
	struct arena arena;
	char sender[SENDER];
	unsigned long check;
	uintptr_t n = 0;

	(void)arg;
	arena_init(&arena, 0);
	for (; take(&check); n++) {
		snprintf(sender, sizeof(sender), "user@d%lu.bench", job.domain(check));
		if (!job.fails(sender, &arena))
			die("a check has not failed");
	}
	arena_free(&arena);
	return (void *)n;
}

/* Start so many threads. */
static pthread_t *
start(unsigned threads)
{
	pthread_t *v = calloc(threads, sizeof(*v));

	for (unsigned i = 0; i < threads; i++)
		if (v == NULL || pthread_create(&v[i], NULL, work, NULL) != 0)
			die("no thread to be had");
	return v;
}

/* Wait for them; how many checks they have done. */
static unsigned long
finish(pthread_t *v, unsigned threads)
{
	unsigned long n = 0;
	void *done;

	for (unsigned i = 0; i < threads; i++) {
		pthread_join(v[i], &done);
		n += (uintptr_t)done;
	}
	free(v);
	return n;
}

/* Microseconds of CPU of this process. */
static unsigned long long
cpu_us(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return (unsigned long long)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 +
	    (unsigned long long)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static void
bench(bool warm, unsigned threads, double seconds)
{
	unsigned long long cpu;
	unsigned long n;
	uint64_t begun;

	job.domain = warm ? one_of_few : each_its_own;
	if (warm) {
		job.checks = FEW;
		work(NULL);
		job.checks = 0;
	}
	begun = clock_us();
	cpu = cpu_us();
	job.end = begun + (uint64_t)(seconds * 1e6);
	n = finish(start(threads), threads);
	printf("%lu %lu %llu\n", n, (unsigned long)(clock_us() - begun), cpu_us() - cpu);
}

/* Kilobytes of this process that are in memory. */
static unsigned long
resident_kb(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	if (f == NULL || fscanf(f, "%*u %lu", &pages) != 1)
		die("there is no /proc/self/statm");
	fclose(f);
	return pages * (unsigned long)sysconf(_SC_PAGESIZE) / 1024;
}

static void
soak(unsigned threads)
{
	struct resolver_counts c;
	pthread_t *v = start(threads);

	for (unsigned long i = 1; i <= SAMPLES; i++) {
		while (atomic_load(&next) < job.checks / SAMPLES * i)
			usleep(1000);
		resolver_count(resolver, &c);
		printf("%9lu checks: %7lu KB resident, %zu answers of %zu bytes in the cache\n",
		    atomic_load(&next), resident_kb(), c.entries, c.bytes);
		fflush(stdout);
	}
	printf("%lu checks\n", finish(v, threads));
	resolver_count(resolver, &c);
	printf("questions %llu, hits %llu, joined %llu, sent %llu, failed %llu, late %llu, "
	       "evicted %llu\n",
	    c.questions, c.hits, c.joined, c.sent, c.failed, c.late, c.evicted);
}

int
main(int argc, char **argv)
{
	unsigned threads = argc > 3 ? (unsigned)atoi(argv[argc == 6 ? 2 : 3]) : 0;

	if (getenv("DNSD") == NULL)
		die("DNSD is not set: start this with dnsd");
	if (argc == 6 && strcmp(argv[1], "soak") == 0) {
		job.fails = postern_fails;
		job.checks = strtoul(argv[3], NULL, 10);
		job.domain = any_or_popular;
		domains = strtoul(argv[4], NULL, 10);
		open_postern(strtoul(argv[5], NULL, 10));
		soak(threads);
	} else if (argc == 5 && strcmp(argv[1], "postern") == 0) {
		job.fails = postern_fails;
		open_postern(0);
		bench(strcmp(argv[2], "warm") == 0, threads, atof(argv[4]));
	} else if (argc == 5 && strcmp(argv[1], "libspf2") == 0) {
		job.fails = libspf2_fails;
		server = SPF_server_new(SPF_DNS_RESOLV, 0);
		bench(strcmp(argv[2], "warm") == 0, threads, atof(argv[4]));
	} else {
		fprintf(stderr,
		    "checks postern|libspf2 cold|warm THREADS SECONDS\n"
		    "checks soak THREADS CHECKS DOMAINS BYTES\n");
		return 64;
	}
	if (server != NULL)
		SPF_server_free(server);
	if (spf != NULL)
		spf_free(spf);
	if (resolver != NULL)
		resolver_free(resolver);
	return 0;
}

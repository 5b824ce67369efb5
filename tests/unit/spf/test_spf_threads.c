/* test_spf_threads.c - spf/spf.h with many who check, one resolver and a DNS server */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "spf/spf.h"

#include "../dns/fake_server.h"

#include <arpa/nameser.h>
#include <stdio.h>
#include <stdlib.h>

#define THREADS 64
#define DOMAINS 2000
#define SECONDS 2
#define CACHE 100000 /* bytes: not nearly all answers find room */

/* The record of dN.example and what becomes of it: of kind N % KINDS. */
static const struct {
	const char *record; /* NULL: the server fails */
	enum spf_result result;
	const char *mechanism; /* NULL: none */
} kinds[] = {
	{ "v=spf1 a:b.%{d} a:a.%{d} -all", SPF_PASS, "a:a.%{d}" },
	{ "v=spf1 a:b.%{d} exists:%{ir}.x.%{d} -all", SPF_FAIL, "-all" },
	{ "v=spf1 include:i.%{d} ~all", SPF_SOFTFAIL, "~all" },
	{ "v=spf1 redirect=r.%{d}", SPF_NEUTRAL, "?mx" },
	{ "v=spf1 include:b.%{d} -all", SPF_PERMERROR, NULL },
	{ "not SPF", SPF_NONE, NULL },
	{ NULL, SPF_TEMPERROR, NULL },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static struct server server;
static struct resolver *resolver;
static struct spf *spf;
static uint64_t end; /* of the test */

static void
add_text(struct packet *p, uint32_t ttl, const char *text)
{
	char data[256];
	int n = snprintf(data, sizeof(data), "%c%s", (int)strlen(text), text);

	packet_add(p, NULL, ns_t_txt, ttl, data, (size_t)n);
}

/* The first label says what there is: dN, or what the records above and here name. */
static void
answer(struct server *s, struct packet *p)
{
	const char *label = (const char *)p->b + NS_HFIXEDSZ + 1;
	unsigned n = (unsigned)strtoul(label + 1, NULL, 10), type = packet_type(p);
	uint32_t ttl = n % 2;
	bool is_domain = label[0] == 'd';
	const char *record = is_domain ? kinds[n % KINDS].record : NULL;

	packet_answer(p, is_domain && record == NULL ? ns_r_servfail : ns_r_noerror);
	if (record != NULL && type == ns_t_txt)
		add_text(p, ttl, record);
	else if (packet_asks(p, "a") && type == ns_t_a)
		packet_add(p, NULL, ns_t_a, 60, "\300\0\2\1", 4);
	else if (packet_asks(p, "b") && type == ns_t_a)
		packet_add(p, NULL, ns_t_a, 0, "\306\63\144\1", 4);
	else if (packet_asks(p, "i") && type == ns_t_txt)
		add_text(p, 60, "v=spf1 ip4:198.51.100.0/24 a:b.%{d} -all");
	else if (packet_asks(p, "r") && type == ns_t_txt)
		add_text(p, 0, "v=spf1 a:b.%{d} ?mx -all");
	else if (packet_asks(p, "r") && type == ns_t_mx) {
		packet_add(p, NULL, ns_t_mx, 60, "\0\12\1b\300\14", 6);
		packet_add(p, NULL, ns_t_mx, 60, "\0\24\1a\300\14", 6);
	}
	server_send(s, p);
}

static int
setup(void **state)
{
	(void)state;
	if (!server_start(&server, answer, false, true))
		return 1;
	resolver = resolver_new(
	    &(struct resolver_config){ .servers = server.address, .cache_bytes = CACHE });
	spf = spf_new(&(struct spf_config){ .resolver = resolver, .receiver = "mx.example" });
	return resolver == NULL || spf == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	spf_free(spf);
	resolver_free(resolver);
	server_stop(&server);
	return 0;
}

/* Check dN.example; true if the answer is right. */
static bool
check(unsigned n, struct arena *a)
{
	static const struct ip client = { .family = 4, .b = { 192, 0, 2, 1 } };
	char sender[64];
	struct spf_query q = {
		.identity = SPF_MAIL_FROM, .client = &client, .helo = SLICE("mx.example")
	};
	const char *mechanism = kinds[n % KINDS].mechanism;
	struct spf_answer out;

	snprintf(sender, sizeof(sender), "user@d%u.example", n);
	q.sender = slice_str(sender);
	spf_check(spf, &q, NULL, a, &out);
	return out.result == kinds[n % KINDS].result && out.reason.n > 0 &&
	    slice_eq(out.domain, slice_str(sender + 5)) &&
	    (mechanism == NULL ? out.mechanism.p == NULL
			       : slice_eq(out.mechanism, slice_str(mechanism)));
}

/* A thread: domains at random, some of them by all at the same time. Returns the number of checks,
 * 0 if one was wrong. */
static void *
check_all_the_time(void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg;
	struct arena arena;
	bool good = true;
	uintptr_t n = 0;

	arena_init(&arena, 0);
	for (; good && clock_us() < end; n++) {
		unsigned domain = (unsigned)rand_r(&seed) % DOMAINS;

		good = check(n % 2 == 0 ? domain : domain % (2 * KINDS), &arena);
		arena_reset(&arena);
	}
	arena_free(&arena);
	return (void *)(good ? n : 0);
}

static void
answers_many_threads_rightly(void **state)
{
	struct resolver_counts c;
	pthread_t v[THREADS];
	bool good = true;

	(void)state;
	end = clock_us() + SECONDS * 1000000ull;
	for (uintptr_t i = 0; i < THREADS; i++)
		if (pthread_create(&v[i], NULL, check_all_the_time, (void *)i) != 0)
			abort();
	for (size_t i = 0; i < THREADS; i++) {
		void *n;

		pthread_join(v[i], &n);
		good &= n != NULL;
	}
	assert_true(good);
	resolver_count(resolver, &c);
	assert_true(c.hits > 0);
	assert_true(c.sent > 0);
	assert_true(c.evicted > 0);
	assert_true(c.bytes <= CACHE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_many_threads_rightly),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

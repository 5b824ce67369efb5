/* test_resolver_threads.c - dns/resolver.c with many who ask */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/limits.h"
#include "dns/resolver.h"
#include "fake_server.h"

#include <arpa/nameser.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define THREADS 64
#define WAITERS 50
#define NAMES 300
#define SECONDS 2

static struct server server;
static struct resolver *resolver;
static uint64_t end; /* of the test */

/* nI.example has the address 10.0.I/256.I%256 for a second or none; other names wait. */
static void
answer(struct server *s, struct packet *p)
{
	unsigned i = (unsigned)strtoul((char *)p->b + NS_HFIXEDSZ + 2, NULL, 10);
	char address[4] = { 10, 0, (char)(i / 256), (char)(i % 256) };

	packet_answer(p, 0);
	if (packet_asks(p, "silent") || p->b[NS_HFIXEDSZ + 1] == 'o')
		return;
	if (packet_asks(p, "slow"))
		usleep(200000);
	packet_add(p, NULL, ns_t_a, i % 2, address, 4);
	server_send(s, p);
}

static int
setup(void **state)
{
	(void)state;
	if (!server_start(&server, answer, false, true))
		return 1;
	resolver = resolver_new(
	    &(struct resolver_config){ .servers = server.address, .cache_bytes = 20000 });
	return resolver == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	resolver_free(resolver);
	server_stop(&server);
	return 0;
}

static struct resolver_counts
counts(void)
{
	struct resolver_counts c;

	resolver_count(resolver, &c);
	return c;
}

/* Run threads, each with its number; true if all of them say that all is well. */
static bool
run(int n, void *(*work)(void *))
{
	pthread_t v[THREADS];
	bool good = true;

	for (intptr_t i = 0; i < n; i++)
		if (pthread_create(&v[i], NULL, work, (void *)i) != 0)
			abort();
	for (int i = 0; i < n; i++) {
		void *said;

		pthread_join(v[i], &said);
		good &= said != NULL;
	}
	return good;
}

/* Wait for the slow answer: number 0 not long enough. */
static void *
wait_for_one(void *arg)
{
	struct question q = { .name = SLICE("slow.example"), .type = DNS_A };
	bool hurries = arg == NULL, good;

	resolver_start(resolver, &q);
	resolver_wait(resolver, &q, clock_us() + (hurries ? 20000 : 5000000));
	good = q.answer.status == (hurries ? DNS_FAILED : DNS_DATA);
	resolver_end(resolver, &q);
	return good ? &server : NULL;
}

static void
asks_once_for_all(void **state)
{
	(void)state;
	assert_true(run(WAITERS, wait_for_one));
	assert_int_equal(server.queries, 1);
	assert_int_equal(counts().questions, WAITERS);
	assert_int_equal(counts().joined, WAITERS - 1);
	assert_int_equal(counts().sent, 1);
	assert_int_equal(counts().late, 1);
}

/* Ask for names at random, several at once, and look at the answers. */
static void *
ask_all_the_time(void *arg)
{
	unsigned seed = (unsigned)(intptr_t)arg;
	bool good = true;

	while (good && clock_us() < end) {
		struct question q[4] = { 0 };
		char names[4][16];
		unsigned i[4];

		for (int k = 0; k < 4; k++) {
			i[k] = (unsigned)rand_r(&seed) % NAMES;
			snprintf(names[k], sizeof(names[k]), "n%u.example", i[k]);
			q[k].name = slice_str(names[k]);
			q[k].type = DNS_A;
			resolver_start(resolver, &q[k]);
		}
		for (int k = 0; k < 4; k++) {
			bool hurries = i[k] % 16 == 0;

			resolver_wait(resolver, &q[k], clock_us() + (hurries ? 100 : 20000000));
			if (q[k].answer.status == DNS_DATA)
				good &= (unsigned char)q[k].answer.v[0].data.p[3] == i[k] % 256 &&
				    (unsigned char)q[k].answer.v[0].data.p[2] == i[k] / 256;
			else
				good &= hurries || q[k].answer.status == DNS_FAILED;
		}
		for (int k = 0; k < 4; k++)
			resolver_end(resolver, &q[k]);
	}
	return good ? &server : NULL;
}

static void
serves_many_threads(void **state)
{
	struct resolver_counts c;

	(void)state;
	end = clock_us() + SECONDS * 1000000;
	assert_true(run(THREADS, ask_all_the_time));
	c = counts();
	assert_true(c.bytes <= 20000);
	assert_true(c.evicted > 0);
	assert_true(c.sent > NAMES / 2);
	assert_int_equal(c.questions, c.hits + c.joined + c.sent);
	print_message("# %llu questions, %llu hits, %llu joined, %llu sent, %llu late\n",
	    c.questions, c.hits, c.joined, c.sent, c.late);
}

/* Nobody waits any more for what the resolver still asks when it ends. */
static void
ends_with_a_query_out(void **state)
{
	struct question q = { .name = SLICE("silent.example"), .type = DNS_A };
	uint64_t begun = clock_us();

	(void)state;
	resolver_start(resolver, &q);
	resolver_end(resolver, &q);
	q = (struct question){ .name = SLICE("silent.example"), .type = DNS_A };
	resolver_start(resolver, &q);
	resolver_wait(resolver, &q, clock_us() + 20000);
	assert_int_equal(q.answer.status, DNS_FAILED);
	resolver_end(resolver, &q);
	assert_int_equal(counts().sent, 1);
	resolver_free(resolver);
	resolver = NULL;
	assert_true(clock_us() - begun < 2000000);
}

static void
bounds_the_open_queries(void **state)
{
	static struct question q[LIMIT_DNS_OPEN + 1];
	static char names[LIMIT_DNS_OPEN + 1][32];

	(void)state;
	for (int i = 0; i <= LIMIT_DNS_OPEN; i++) {
		snprintf(names[i], sizeof(names[i]), "o%d.example", i);
		q[i] = (struct question){ .name = slice_str(names[i]), .type = DNS_A };
		resolver_start(resolver, &q[i]);
	}
	assert_null(q[LIMIT_DNS_OPEN].entry);
	resolver_wait(resolver, &q[LIMIT_DNS_OPEN], UINT64_MAX);
	assert_string_equal(q[LIMIT_DNS_OPEN].answer.cause, "too many questions are open");
	resolver_wait(resolver, &q[0], clock_us() + 20000);
	assert_string_equal(q[0].answer.cause, "the time is up");
	for (int i = 0; i <= LIMIT_DNS_OPEN; i++)
		resolver_end(resolver, &q[i]);
	assert_int_equal(counts().sent, LIMIT_DNS_OPEN);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(asks_once_for_all),
		TEST(serves_many_threads),
		TEST(ends_with_a_query_out),
		TEST(bounds_the_open_queries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_resolver_faults.c - dns/resolver.c with servers that fail, lie or say nothing
 *
 * What the first server does depends on the first label of the name; the second one answers all.
 */
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
#include <sys/resource.h>
#include <unistd.h>

static struct server first, second;
static struct resolver *resolver;
static struct question question;
static int stuck; /* a TCP connection that nothing comes out of any more */

/* ---- the servers ---- */

static void
add_address(struct packet *p, const char *last)
{
	char address[] = "\300\0\2\0";

	address[3] = *last;
	packet_add(p, NULL, ns_t_a, 60, address, 4);
}

/* Answers that are not to be taken, and then the one that is. */
static void
forge(struct server *s, const struct packet *p)
{
	static struct packet wrong;

	wrong = *p;
	wrong.b[0]++; /* the id */
	add_address(&wrong, "f");
	server_send(s, &wrong);

	wrong = *p;
	wrong.b[NS_HFIXEDSZ + 1] = 'x'; /* the question */
	add_address(&wrong, "f");
	server_send(s, &wrong);

	wrong = *p;
	wrong.b[p->n - 3] = ns_t_mx; /* its type */
	add_address(&wrong, "f");
	server_send(s, &wrong);

	wrong = *p;
	add_address(&wrong, "f");
	server_send_elsewhere(s, &wrong);

	server_send_part(s, p, 0);
	server_send_part(s, p, 5);
	server_send_part(s, p, NS_HFIXEDSZ + 3);
	wrong = *p;
	memset(wrong.b + NS_HFIXEDSZ, 0xc0, 40); /* names that point nowhere */
	server_send(s, &wrong);
}

/* Answers that belong to the question but are no good. */
static void
spoil(struct packet *p)
{
	if (packet_asks(p, "bad-loop")) {
		packet_add(p, NULL, ns_t_a, 60, "\300\0\2\1", 4);
		p->b[p->n - 15] = (unsigned char)(p->n - 16); /* the owner points to itself */
	} else if (packet_asks(p, "bad-data"))
		packet_add(p, NULL, ns_t_a, 60, "\300\0\2", 3);
	else if (packet_asks(p, "bad-count"))
		p->b[6] = 3;
	else if (packet_asks(p, "bad-alias"))
		packet_add(p, NULL, ns_t_cname, 60, "\300\14", 2);
}

/* Answer by TCP. */
static void
answer_tcp(struct server *s, struct packet *p)
{
	if (packet_asks(p, "mute"))
		stuck = s->client;
	if (s->client == stuck)
		return;
	add_address(p, "\1");
	server_send_part(s, p, packet_asks(p, "half") ? p->n / 2 : p->n);
}

/* Add the query's OPT record to its answer. */
static void
repeat_opt(struct packet *p, bool had_edns)
{
	if (!had_edns)
		return;
	memcpy(p->b + p->n, "\0\0\51\4\320\0\0\0\0\0\0", 11);
	p->n += 11;
	p->b[11] = 1;
}

static void
answer_ill(struct server *s, struct packet *p)
{
	bool had_edns = p->b[11] != 0;

	packet_answer(p, 0);
	if (s->by_tcp) {
		answer_tcp(s, p);
		return;
	}
	if (packet_asks(p, "silent"))
		return;
	if (packet_asks(p, "servfail"))
		packet_answer(p, ns_r_servfail);
	else if (packet_asks(p, "refused"))
		packet_answer(p, ns_r_refused);
	else if (packet_asks(p, "notimp"))
		packet_answer(p, ns_r_notimpl);
	else if (packet_asks(p, "formerr"))
		packet_answer(p, ns_r_formerr);
	else if (packet_asks(p, "old") && had_edns) {
		usleep(LIMIT_DNS_CHANNEL_MS * 600);
		packet_answer(p, ns_r_formerr);
	} else if (packet_asks(p, "formerr-opt")) {
		packet_answer(p, ns_r_formerr);
		repeat_opt(p, had_edns);
	} else if (packet_asks(p, "mute") || packet_asks(p, "half") || packet_asks(p, "long"))
		p->b[2] |= 0x02;
	else if (packet_asks(p, "forged")) {
		forge(s, p);
		add_address(p, "\1");
	} else if (packet_asks(p, "other"))
		packet_add(p, "\1x\7example", ns_t_a, 60, "\300\0\2f", 4);
	else if (p->b[NS_HFIXEDSZ + 1] == 'b')
		spoil(p);
	else {
		if (packet_asks(p, "slow"))
			usleep(200000);
		add_address(p, "\1");
	}
	server_send(s, p);
}

static void
answer_well(struct server *s, struct packet *p)
{
	packet_answer(p, 0);
	add_address(p, "\2");
	server_send(s, p);
}

/* ---- asking ---- */

/* A resolver that asks these servers. */
static void
begin(const char *servers, unsigned timeout_ms)
{
	resolver =
	    resolver_new(&(struct resolver_config){ .servers = servers, .timeout_ms = timeout_ms });
	assert_non_null(resolver);
}

static void
begin_two(unsigned timeout_ms)
{
	char servers[2 * sizeof(first.address)];

	snprintf(servers, sizeof(servers), "%s,%s", first.address, second.address);
	begin(servers, timeout_ms);
}

static int
setup(void **state)
{
	(void)state;
	stuck = -1;
	return !server_start(&first, answer_ill, false, true) ||
	    !server_start(&second, answer_well, false, false);
}

/* Let go of the answer and the resolver. */
static void
end(void)
{
	if (question.entry != NULL)
		resolver_end(resolver, &question);
	resolver_free(resolver);
	resolver = NULL;
}

static int
teardown(void **state)
{
	(void)state;
	end();
	server_stop(&first);
	server_stop(&second);
	return 0;
}

/* Ask for LABEL.example, for at most ms milliseconds. */
static enum dns_status
ask(const char *label, unsigned ms)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s.example", label);
	if (question.entry != NULL)
		resolver_end(resolver, &question);
	question = (struct question){ .name = slice_str(name), .type = DNS_A };
	resolver_start(resolver, &question);
	resolver_wait(resolver, &question, clock_us() + ms * 1000ull);
	return question.answer.status;
}

/* The answer is this server's. */
static void
is_from(char server)
{
	assert_int_equal(question.answer.n, 1);
	assert_int_equal(question.answer.v[0].data.p[3], server);
}

/* There is no answer, for this cause. */
static void
fails(const char *label, unsigned ms, const char *cause)
{
	assert_int_equal(ask(label, ms), DNS_FAILED);
	assert_int_equal(question.answer.n, 0);
	assert_string_equal(question.answer.cause, cause);
}

static struct resolver_counts
counts(void)
{
	struct resolver_counts c;

	resolver_count(resolver, &c);
	return c;
}

/* ---- the tests ---- */

static void
tells_failures_apart(void **state)
{
	(void)state;
	begin(first.address, 5000);
	fails("servfail", 5000, "the server failed (SERVFAIL)");
	fails("refused", 5000, "the server refused (REFUSED)");
	fails("notimp", 5000, "the server can't do that (NOTIMP)");
	fails("formerr", 5000, "the server didn't understand (FORMERR)");
	fails("formerr-opt", 5000, "the server didn't understand (FORMERR)");
	fails("bad-loop", 5000, "a broken answer");
	fails("bad-data", 5000, "a broken answer");
	fails("bad-count", 5000, "a broken answer");
	fails("bad-alias", 5000, "too many aliases (CNAME)");
	assert_int_equal(counts().failed, 9);
	assert_int_equal(counts().late, 0);
	/* an answer about another name */
	assert_int_equal(ask("other", 5000), DNS_NODATA);
}

static void
takes_no_forged_answer(void **state)
{
	(void)state;
	begin(first.address, 5000);
	assert_int_equal(ask("forged", 5000), DNS_DATA);
	is_from(1);
}

static void
asks_the_next_server(void **state)
{
	char servers[64];

	(void)state;
	begin_two(600);
	assert_int_equal(ask("a", 5000), DNS_DATA);
	is_from(1);
	assert_int_equal(ask("servfail", 5000), DNS_DATA);
	is_from(2);
	assert_int_equal(ask("refused", 5000), DNS_DATA);
	is_from(2);
	assert_int_equal(ask("silent", 5000), DNS_DATA);
	is_from(2);
	assert_int_equal(counts().failed, 0);
	end();

	/* nobody is there */
	snprintf(servers, sizeof(servers), "127.0.0.1:1,%s", second.address);
	begin(servers, 600);
	assert_int_equal(ask("a", 5000), DNS_DATA);
	is_from(2);
}

static void
tells_at_once_that_nobody_is_there(void **state)
{
	uint64_t begun = clock_us();

	(void)state;
	begin("127.0.0.1:1", 5000);
	fails("a", 5000, "the server can't be reached");
	assert_true(clock_us() - begun < 2000000);
	end();
	begin("no address", 5000);
	fails("a", 5000, "no name server can be asked");
}

/* The answer is cut off, and there is no TCP. */
static void
fails_without_tcp(void **state)
{
	struct server other;

	(void)state;
	assert_true(server_start(&other, answer_ill, false, false));
	begin(other.address, 5000);
	assert_int_equal(ask("long", 5000), DNS_FAILED);
	end();
	server_stop(&other);
	begin(first.address, 5000);
	assert_int_equal(ask("long", 5000), DNS_DATA);
	is_from(1);
}

/* A server that says nothing, or not all: a caller's patience, and the resolver's. */
static void
keeps_deadlines(void **state)
{
	static const char *const labels[] = { "silent", "mute", "half" };

	(void)state;
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		uint64_t begun = clock_us();

		begin(first.address, 500);
		fails(labels[i], 100, "the time is up");
		assert_true(clock_us() - begun >= 100000);
		assert_true(clock_us() - begun < 450000);
		assert_int_equal(counts().late, 1);
		fails(labels[i], 5000, "no server has answered");
		assert_true(clock_us() - begun < 2000000);
		assert_int_equal(counts().late, 1);
		end();
	}
	begin(first.address, 500);
	fails("silent", 0, "the time is up");
}

/* A failure is kept for a while; that a caller had no time is none. */
static void
keeps_failures(void **state)
{
	unsigned queries;

	(void)state;
	begin(first.address, 5000);
	fails("servfail", 5000, "the server failed (SERVFAIL)");
	queries = first.queries;
	fails("servfail", 5000, "the server failed (SERVFAIL)");
	assert_int_equal(first.queries, queries);
	assert_int_equal(counts().hits, 1);

	fails("slow", 20, "the time is up");
	assert_int_equal(ask("slow", 5000), DNS_DATA);
	assert_int_equal(counts().joined, 1);
	assert_int_equal(ask("slow", 0), DNS_DATA);
}

/* A connection that is stuck is left, though a query keeps it open. */
static void
leaves_a_stuck_connection(void **state)
{
	struct question open = { .name = SLICE("silent.example"), .type = DNS_A };
	uint64_t begun = clock_us();

	(void)state;
	begin(first.address, 6000);
	resolver_start(resolver, &open);
	fails("mute", 6000, "no server has answered");
	assert_true(clock_us() - begun < 4000000);
	while (clock_us() - begun < (LIMIT_DNS_CHANNEL_MS + 50) * 1000)
		usleep(10000);
	assert_int_equal(ask("long", 1000), DNS_DATA);
	resolver_wait(resolver, &open, clock_us());
	assert_string_equal(open.answer.cause, "the time is up"); /* so it was open */
	resolver_end(resolver, &open);
}

/* A server of before EDNS that takes its time: the second answer comes when its channel is worn. */
static void
does_without_edns_late(void **state)
{
	struct question other = { .name = SLICE("old.other"), .type = DNS_A };

	(void)state;
	begin(first.address, 9000);
	resolver_start(resolver, &other);
	assert_int_equal(ask("old", 9000), DNS_DATA);
	resolver_wait(resolver, &other, clock_us() + 9000000);
	assert_int_equal(other.answer.status, DNS_DATA);
	resolver_end(resolver, &other);
}

static void
tells_that_files_are_used_up(void **state)
{
	struct rlimit before, few;
	int next = dup(0);

	(void)state;
	assert_true(next >= 0);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = (rlim_t)next + 2; /* those that are there with the first question */
	begin(first.address, 5000);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	ask("a", 5000);
	setrlimit(RLIMIT_NOFILE, &before);
	fails("a", 5000, "no socket could be opened");
	end();
	begin(first.address, 5000);
	assert_int_equal(ask("a", 5000), DNS_DATA);
}

/* A dead server is not waited for each time: about a second the first time, none the next. */
static void
leaves_a_dead_server(void **state)
{
	uint64_t begun = clock_us(), asked;
	unsigned queries;

	(void)state;
	begin_two(6000);
	assert_int_equal(ask("silent", 5000), DNS_DATA);
	assert_true(clock_us() - begun >= 800000);
	while (clock_us() - begun < (LIMIT_DNS_CHANNEL_MS + 50) * 1000)
		usleep(10000);
	queries = first.queries;
	asked = clock_us();
	assert_int_equal(ask("a", 5000), DNS_DATA);
	is_from(2);
	assert_true(clock_us() - asked < 800000);
	assert_int_equal(first.queries, queries);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(tells_failures_apart),
		TEST(takes_no_forged_answer),
		TEST(asks_the_next_server),
		TEST(tells_at_once_that_nobody_is_there),
		TEST(fails_without_tcp),
		TEST(keeps_deadlines),
		TEST(keeps_failures),
		TEST(leaves_a_stuck_connection),
		TEST(does_without_edns_late),
		TEST(tells_that_files_are_used_up),
		TEST(leaves_a_dead_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

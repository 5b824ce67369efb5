/*
 * test_resolver.c - dns/resolver.c with servers that answer well
 *
 * What the server answers depends on the first label of the name.
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
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LONG_TEXT 6000 /* more than goes by UDP */

static struct server server;
static struct resolver *resolver;
static struct question question;
static unsigned ports[8]; /* that queries came from, one after the other */
static atomic_uint nports;

/* ---- the server ---- */

/* A TXT record of many strings. */
static void
add_long_text(struct packet *p)
{
	unsigned char text[LONG_TEXT / 100 * 101];

	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < sizeof(text); i += 101)
		text[i] = 100;
	packet_add(p, NULL, ns_t_txt, 60, text, sizeof(text));
}

/* Records for a name `a`. */
static void
add_data(struct packet *p)
{
	switch (packet_type(p)) {
	case ns_t_a:
		packet_add(p, NULL, ns_t_a, 60, "\300\0\2\1", 4);
		packet_add(p, NULL, ns_t_a, 60, "\300\0\2\2", 4);
		break;
	case ns_t_aaaa:
		packet_add(p, NULL, ns_t_aaaa, 60, "0123456789abcdef", 16);
		break;
	case ns_t_txt:
		packet_add(p, NULL, ns_t_txt, 60, "\3one\0\4 two", 10);
		packet_add(p, NULL, ns_t_txt, 60, "", 0);
		break;
	case ns_t_mx:
		packet_add(p, NULL, ns_t_mx, 60, "\0\12\2mx\7example", 14);
		break;
	case ns_t_ptr:
		packet_add(p, NULL, ns_t_ptr, 60, "\4host\300\16", 7);
		break;
	case ns_t_cname:
		packet_add(p, NULL, ns_t_cname, 60, "\1b\300\16", 4);
		break;
	default:
		break;
	}
}

/* Answer from what the first label says. */
static void
answer(struct server *s, struct packet *p)
{
	bool had_edns = p->b[11] != 0;

	if (nports == 0 || (nports < 8 && ports[nports - 1] != s->port))
		ports[nports++] = s->port;
	packet_answer(p, 0);
	if (packet_asks(p, "silent"))
		return;
	if (packet_asks(p, "a") || packet_asks(p, "\1\\ \377"))
		add_data(p);
	else if (packet_asks(p, "gone"))
		packet_answer(p, ns_r_nxdomain);
	else if (packet_asks(p, "gone-soa")) {
		packet_answer(p, ns_r_nxdomain);
		packet_add_soa(p, 60, 60);
	} else if (packet_asks(p, "none-soa"))
		packet_add_soa(p, 60, 1);
	else if (packet_asks(p, "old") && had_edns)
		packet_answer(p, ns_r_formerr);
	else if (packet_asks(p, "old"))
		add_data(p);
	else if (packet_asks(p, "alias")) {
		packet_add(p, "\1b\7example", ns_t_a, 60, "\300\0\2\1", 4);
		packet_add(p, NULL, ns_t_cname, 60, "\1b\300\22", 4);
	} else if (packet_asks(p, "ttl0"))
		packet_add(p, NULL, ns_t_a, 0, "\300\0\2\1", 4);
	else if (packet_asks(p, "ttl1"))
		packet_add(p, NULL, ns_t_a, 1, "\300\0\2\1", 4);
	else if (packet_asks(p, "long") && !s->by_tcp)
		p->b[2] |= 0x02;
	else if (packet_asks(p, "long"))
		add_long_text(p);
	else
		packet_add(p, NULL, ns_t_a, 60, "\300\0\2\3", 4);
	server_send(s, p);
}

/* ---- asking ---- */

/* A resolver that asks the server. */
static void
begin(struct resolver_config c)
{
	c.servers = server.address;
	resolver = resolver_new(&c);
	assert_non_null(resolver);
}

static int
setup(void **state)
{
	(void)state;
	nports = 0;
	return !server_start(&server, answer, false, true);
}

static int
teardown(void **state)
{
	(void)state;
	if (question.entry != NULL)
		resolver_end(resolver, &question);
	resolver_free(resolver);
	resolver = NULL;
	server_stop(&server);
	return 0;
}

/* Ask for a name. */
static enum dns_status
ask_name(struct slice name, enum dns_type type)
{
	if (question.entry != NULL)
		resolver_end(resolver, &question);
	question = (struct question){ .name = name, .type = type };
	resolver_start(resolver, &question);
	resolver_wait(resolver, &question, clock_us() + 5000000);
	assert_int_equal(question.answer.status == DNS_FAILED, question.answer.cause != NULL);
	return question.answer.status;
}

/* Ask for LABEL.example. */
static enum dns_status
ask(const char *label, enum dns_type type)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s.example", label);
	return ask_name(slice_str(name), type);
}

static struct resolver_counts
counts(void)
{
	struct resolver_counts c;

	resolver_count(resolver, &c);
	return c;
}

/* The i-th record's data is so. */
static void
is(size_t i, const char *data, size_t n)
{
	assert_true(i < question.answer.n);
	assert_int_equal(question.answer.v[i].data.n, n);
	assert_memory_equal(question.answer.v[i].data.p, data, n);
}

/* ---- the tests ---- */

static void
reads_all_types(void **state)
{
	(void)state;
	begin((struct resolver_config){ 0 });
	assert_int_equal(ask("a", DNS_A), DNS_DATA);
	assert_int_equal(question.answer.n, 2);
	is(0, "\300\0\2\1", 4);
	is(1, "\300\0\2\2", 4);
	assert_int_equal(ask("a", DNS_AAAA), DNS_DATA);
	is(0, "0123456789abcdef", 16);
	assert_int_equal(ask("a", DNS_TXT), DNS_DATA);
	assert_int_equal(question.answer.n, 2);
	is(0, "one two", 7);
	is(1, "", 0);
	assert_int_equal(ask("a", DNS_MX), DNS_DATA);
	is(0, "mx.example", 10);
	assert_int_equal(question.answer.v[0].preference, 10);
	assert_int_equal(ask("a", DNS_PTR), DNS_DATA);
	is(0, "host.example", 12);
	assert_int_equal(ask("a", DNS_CNAME), DNS_DATA);
	is(0, "b.example", 9);
	assert_int_equal(ask("alias", DNS_A), DNS_DATA);
	assert_int_equal(question.answer.n, 1);
	assert_int_equal(ask("gone", DNS_A), DNS_NXDOMAIN);
	assert_int_equal(ask("none-soa", DNS_A), DNS_NODATA);
	assert_int_equal(question.answer.n, 0);
	assert_int_equal(counts().failed, 0);
}

static void
asks_by_tcp_what_is_too_long(void **state)
{
	(void)state;
	begin((struct resolver_config){ 0 });
	assert_int_equal(ask("long", DNS_TXT), DNS_DATA);
	assert_int_equal(question.answer.n, 1);
	assert_int_equal(question.answer.v[0].data.n, LONG_TEXT);
	assert_int_equal(server.tcp_queries, 1);
}

/* Servers of before EDNS refuse what they don't know. */
static void
does_without_edns(void **state)
{
	(void)state;
	begin((struct resolver_config){ 0 });
	assert_int_equal(ask("old", DNS_A), DNS_DATA);
	assert_int_equal(ask("old", DNS_TXT), DNS_DATA);
	assert_int_equal(ask("old", DNS_MX), DNS_DATA);
}

static void
asks_by_ipv6(void **state)
{
	struct server v6;

	(void)state;
	if (!server_start(&v6, answer, true, true)) {
		print_message("# no IPv6 here: not tried\n");
		return;
	}
	resolver = resolver_new(&(struct resolver_config){ .servers = v6.address });
	assert_int_equal(ask("a", DNS_A), DNS_DATA);
	assert_int_equal(ask("long", DNS_TXT), DNS_DATA);
	server_stop(&v6);
}

/* What can't be a name is not asked; what can is asked as it is. */
static void
takes_names_as_bytes(void **state)
{
	char name[255];

	(void)state;
	begin((struct resolver_config){ 0 });
	memset(name, 'a', sizeof(name));
	for (size_t i = 49; i < sizeof(name); i += 50)
		name[i] = '.';
	assert_int_equal(ask_name(slice_of(name, 254), DNS_A), DNS_NXDOMAIN);
	assert_int_equal(ask_name(slice_of(name, 50), DNS_A), DNS_DATA);
	memset(name, 'a', 70);
	assert_int_equal(ask_name(slice_of(name, 64), DNS_A), DNS_NXDOMAIN);
	assert_int_equal(ask_name(slice_of(name, 63), DNS_A), DNS_DATA);
	assert_int_equal(ask_name(SLICE("a..example"), DNS_A), DNS_NXDOMAIN);
	assert_int_equal(ask_name(SLICE(".example"), DNS_A), DNS_NXDOMAIN);
	assert_int_equal(ask_name(SLICE(""), DNS_A), DNS_NXDOMAIN);
	assert_int_equal(server.queries, 2);
	assert_int_equal(ask_name(SLICE("\1\\ \377.example"), DNS_A), DNS_DATA);
	is(1, "\300\0\2\2", 4);
	assert_int_equal(ask_name(SLICE("a\0b.example"), DNS_A), DNS_DATA);
	assert_int_equal(ask_name(SLICE("a.EXAMPLE."), DNS_A), DNS_DATA);
	assert_int_equal(ask_name(SLICE("A.example"), DNS_A), DNS_DATA);
	assert_int_equal(server.queries, 5);
	assert_int_equal(counts().hits, 1);
}

static void
keeps_answers_for_their_ttl(void **state)
{
	(void)state;
	begin((struct resolver_config){ 0 });
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ask("a", DNS_A), DNS_DATA);
		assert_int_equal(ask("gone-soa", DNS_A), DNS_NXDOMAIN);
		assert_int_equal(ask("ttl1", DNS_A), DNS_DATA);
		assert_int_equal(ask("none-soa", DNS_A), DNS_NODATA);
	}
	assert_int_equal(server.queries, 4);
	assert_int_equal(counts().questions, 8);
	assert_int_equal(counts().hits, 4);
	assert_int_equal(counts().sent, 4);
	assert_int_equal(counts().entries, 4);
	/* one of TTL 0 is not kept, nor a denial without an SOA */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ask("ttl0", DNS_A), DNS_DATA);
		assert_int_equal(ask("gone", DNS_A), DNS_NXDOMAIN);
	}
	assert_int_equal(server.queries, 8);
	assert_int_equal(counts().entries, 4);

	usleep(1050000);
	assert_int_equal(ask("ttl1", DNS_A), DNS_DATA);
	assert_int_equal(ask("none-soa", DNS_A), DNS_NODATA);
	assert_int_equal(server.queries, 10);
	assert_int_equal(ask("a", DNS_A), DNS_DATA);
	assert_int_equal(ask("gone-soa", DNS_A), DNS_NXDOMAIN);
	assert_int_equal(server.queries, 10);
}

static void
keeps_answers_as_long_as_told(void **state)
{
	(void)state;
	begin((struct resolver_config){ .min_ttl = 60 });
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ask("ttl0", DNS_A), DNS_DATA);
		assert_int_equal(ask("gone", DNS_A), DNS_NXDOMAIN); /* without an SOA */
	}
	assert_int_equal(server.queries, 3);
	assert_int_equal(ask("ttl0", DNS_TXT), DNS_NODATA);
	resolver_end(resolver, &question);
	resolver_free(resolver);

	begin((struct resolver_config){ .max_ttl = 1 });
	assert_int_equal(ask("a", DNS_A), DNS_DATA);
	assert_int_equal(ask("a", DNS_A), DNS_DATA);
	assert_int_equal(counts().hits, 1);
	usleep(1050000);
	assert_int_equal(ask("a", DNS_A), DNS_DATA);
	assert_int_equal(counts().hits, 1);
}

static void
bounds_the_cache(void **state)
{
	struct question held = { .name = SLICE("a.example"), .type = DNS_A };
	char label[16];

	(void)state;
	begin((struct resolver_config){ .cache_bytes = 20000 });
	resolver_start(resolver, &held);
	resolver_wait(resolver, &held, UINT64_MAX);
	assert_int_equal(held.answer.n, 2);
	for (int i = 0; i < 500; i++) {
		snprintf(label, sizeof(label), "n%d", i);
		assert_int_equal(ask(label, DNS_A), DNS_DATA);
		assert_true(counts().bytes <= 20000);
	}
	assert_true(counts().entries > 20);
	assert_true(counts().evicted + counts().entries == 501);
	/* what is long gone is still there for who has it */
	assert_memory_equal(held.answer.v[1].data.p, "\300\0\2\2", 4);
	resolver_end(resolver, &held);
	assert_int_equal(ask("a", DNS_A), DNS_DATA);
	assert_int_equal(counts().hits, 0);
}

/* While one query stays open, so does its socket: the next ones must not all use it. */
static void
changes_ports(void **state)
{
	struct question open = { .name = SLICE("silent.example"), .type = DNS_A };
	char label[16];

	(void)state;
	begin((struct resolver_config){ .timeout_ms = 60000 });
	resolver_start(resolver, &open);
	for (int i = 0; i < 2 * LIMIT_DNS_CHANNEL_QUERIES + 10; i++) {
		snprintf(label, sizeof(label), "n%d", i);
		assert_int_equal(ask(label, DNS_A), DNS_DATA);
	}
	/* the second channel's socket closes after each answer */
	assert_true(nports > 2);
	resolver_end(resolver, &open);
}

/* The threads of this process. */
static int
count_threads(void)
{
	DIR *d = opendir("/proc/self/task");
	int n = 0;

	if (d == NULL)
		return 0;
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static void
asks_a_zone_instead(void **state)
{
	struct zone *zone = zone_new();
	struct diags d;
	int before = count_threads();

	(void)state;
	diags_init(&d);
	assert_true(zone_add(zone, SLICE("a.example TXT \"here\""), (struct span){ 0 }, &d));
	begin((struct resolver_config){ .zone = zone });
	assert_int_equal(ask("a", DNS_TXT), DNS_DATA);
	is(0, "here", 4);
	assert_int_equal(ask("a", DNS_A), DNS_NODATA);
	assert_int_equal(ask("b", DNS_A), DNS_NXDOMAIN);
	assert_int_equal(ask_name(SLICE("a..b"), DNS_A), DNS_NXDOMAIN);
	assert_int_equal(counts().questions, 4);
	assert_int_equal(counts().sent, 0);
	assert_int_equal(server.queries, 0);
	assert_int_equal(count_threads(), before);
	resolver_free(resolver);

	/* and one with servers has a thread only when it needs it */
	begin((struct resolver_config){ 0 });
	assert_int_equal(count_threads(), before);
	assert_int_equal(ask("a", DNS_A), DNS_DATA);
	assert_true(before == 0 || count_threads() == before + 1);
	zone_free(zone);
	diags_free(&d);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(reads_all_types),
		TEST(asks_by_tcp_what_is_too_long),
		TEST(does_without_edns),
		TEST(asks_by_ipv6),
		TEST(takes_names_as_bytes),
		TEST(keeps_answers_for_their_ttl),
		TEST(keeps_answers_as_long_as_told),
		TEST(bounds_the_cache),
		TEST(changes_ports),
		TEST(asks_a_zone_instead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

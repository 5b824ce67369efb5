/*
 * test_resolver.c - dns/resolver.c, and a DNS server of the test's own on loopback
 *
 * What the server answers depends on the first label of the name.
 */
#include "dns/resolver.h"

#include "base/clock.h"
#include "base/limits.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <assert.h>
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <resolv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define LONG_TEXT 3000 /* more than goes by UDP */

static struct {
	int udp, tcp, end[2];
	struct sockaddr_in address;
	pthread_t thread;
} server;

static bool dead_server_first;
static struct resolver *resolver;
static struct question question;
static const struct dns_record *records;
static size_t nrecords;

/* libresolv's, with a resolv.conf that names the test's server. */
int
res_ninit(res_state res)
{
	int (*original)(res_state) = (int (*)(res_state))dlsym(RTLD_NEXT, "__res_ninit");
	int rc = original(res);

	res->nscount = 1;
	res->nsaddr_list[0] = server.address;
	if (dead_server_first) {
		res->nsaddr_list[1] = server.address;
		res->nsaddr_list[0].sin_port = htons(1);
		res->nscount = 2;
	}
	return rc;
}

/* ---- the server ---- */

struct packet {
	unsigned char b[NS_PACKETSZ + 2 * LONG_TEXT];
	size_t n;
};

/* True if a packet asks for LABEL.example. */
static bool
asks_for(const struct packet *p, const char *label)
{
	return p->b[NS_HFIXEDSZ] == strlen(label) &&
	    memcmp(p->b + NS_HFIXEDSZ + 1, label, strlen(label)) == 0;
}

/* Add a record to an answer. */
static void
add(struct packet *p, unsigned type, const void *data, size_t n)
{
	HEADER *h = (HEADER *)p->b;

	ns_put16(0xc000 | NS_HFIXEDSZ, p->b + p->n); /* the name asked for */
	ns_put16(type, p->b + p->n + 2);
	ns_put16(ns_c_in, p->b + p->n + 4);
	ns_put32(60, p->b + p->n + 6);
	ns_put16((unsigned)n, p->b + p->n + 10);
	memcpy(p->b + p->n + 12, data, n);
	p->n += 12 + n;
	h->ancount = htons(ntohs(h->ancount) + 1);
}

/* Make a query its answer. */
static void
make_answer(struct packet *p)
{
	HEADER *h = (HEADER *)p->b;

	h->qr = 1;
	if (asks_for(p, "gone"))
		h->rcode = ns_r_nxdomain;
	else if (asks_for(p, "bad"))
		h->rcode = ns_r_servfail;
	else if (asks_for(p, "a")) {
		add(p, ns_t_cname, "\1c\7example", 11);
		add(p, ns_t_a, "\300\0\2\1", 4);
		add(p, ns_t_a, "\300\0\2\2", 4);
	} else if (asks_for(p, "aaaa"))
		add(p, ns_t_aaaa, "0123456789abcdef", 16);
	else if (asks_for(p, "txt")) {
		add(p, ns_t_txt, "\3one\0\4 two", 10);
		add(p, ns_t_txt, "", 0);
	} else if (asks_for(p, "mx"))
		add(p, ns_t_mx, "\0\12\2mx\7example", 14);
	else if (asks_for(p, "ptr"))
		add(p, ns_t_ptr, "\4host\300\20", 7);
	else if (asks_for(p, "odd-a"))
		add(p, ns_t_a, "\300\0\2", 3);
	else if (asks_for(p, "odd-txt"))
		add(p, ns_t_txt, "\4one", 4);
	else if (asks_for(p, "odd-mx"))
		add(p, ns_t_mx, "", 1);
	else if (asks_for(p, "odd-ptr"))
		add(p, ns_t_ptr, "\300\300", 2);
	else if (asks_for(p, "odd-count"))
		h->ancount = htons(9999);
}

/* Answer by UDP. */
static void
serve_udp(void)
{
	struct packet p, forged;
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	ssize_t n = recvfrom(server.udp, p.b, NS_PACKETSZ, 0, (struct sockaddr *)&from, &size);

	assert(n > NS_HFIXEDSZ);
	p.n = (size_t)n;
	make_answer(&p);
	if (asks_for(&p, "silent"))
		return;
	if (asks_for(&p, "long") || asks_for(&p, "stall") || asks_for(&p, "mute"))
		((HEADER *)p.b)->tc = 1;
	if (asks_for(&p, "forged")) {
		forged = p;
		add(&p, ns_t_a, "\300\0\2\1", 4);
		add(&forged, ns_t_a, "\300\0\2\146", 4);
		forged.b[0]++; /* the id */
		sendto(server.udp, forged.b, forged.n, 0, (struct sockaddr *)&from, size);
		forged.b[0]--;
		forged.b[NS_HFIXEDSZ + 1] = 'x'; /* the name */
		sendto(server.udp, forged.b, forged.n, 0, (struct sockaddr *)&from, size);
		sendto(server.udp, "", 0, 0, (struct sockaddr *)&from, size);
	}
	sendto(server.udp, p.b, p.n, 0, (struct sockaddr *)&from, size);
}

/* Answer by TCP: a long text, the half of it, or nothing. */
static void
serve_tcp(void)
{
	unsigned char text[LONG_TEXT], length[2];
	struct packet p;
	int fd = accept(server.tcp, NULL, NULL);

	p.n = recv(fd, length, 2, MSG_WAITALL) == 2 ? ns_get16(length) : 0;
	assert(p.n > 0 && recv(fd, p.b, p.n, MSG_WAITALL) == (ssize_t)p.n);
	make_answer(&p);
	memset(text, 100, sizeof(text));
	for (size_t i = 0; i < sizeof(text); i += 101)
		memset(text + i + 1, 'x', sizeof(text) - i < 101 ? sizeof(text) - i - 1 : 100);
	add(&p, ns_t_txt, text, LONG_TEXT - LONG_TEXT % 101);
	ns_put16((unsigned)p.n, length);
	if (!asks_for(&p, "mute")) {
		send(fd, length, 1, 0);
		send(fd, length + 1, 1, 0);
		send(fd, p.b, p.n / 2, 0);
	}
	if (asks_for(&p, "long"))
		send(fd, p.b + p.n / 2, p.n - p.n / 2, 0);
	else
		poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1,
		    5000); /* until it hangs up */
	close(fd);
}

static void *
serve(void *arg)
{
	struct pollfd p[] = { { server.udp, POLLIN, 0 }, { server.tcp, POLLIN, 0 },
		{ server.end[0], POLLIN, 0 } };

	while (poll(p, 3, -1) > 0 && p[2].revents == 0) {
		if (p[0].revents != 0)
			serve_udp();
		if (p[1].revents != 0)
			serve_tcp();
	}
	return arg;
}

static int
setup(void **state)
{
	socklen_t size = sizeof(server.address);

	(void)state;
	resolver = resolver_new(&(struct resolver_config){ 0 });
	server.address.sin_family = AF_INET;
	server.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server.tcp = socket(AF_INET, SOCK_STREAM, 0);
	server.udp = socket(AF_INET, SOCK_DGRAM, 0);
	if (bind(server.tcp, (struct sockaddr *)&server.address, size) != 0 ||
	    listen(server.tcp, 5) != 0 ||
	    getsockname(server.tcp, (struct sockaddr *)&server.address, &size) != 0 ||
	    bind(server.udp, (struct sockaddr *)&server.address, size) != 0)
		return 1;
	return pipe(server.end) != 0 || pthread_create(&server.thread, NULL, serve, NULL) != 0;
}

static int
stop(void **state)
{
	(void)state;
	close(server.end[1]);
	pthread_join(server.thread, NULL);
	close(server.end[0]);
	close(server.udp);
	close(server.tcp);
	if (question.entry != NULL)
		resolver_end(resolver, &question);
	resolver_free(resolver);
	return 0;
}

/* ---- the tests ---- */

/* Ask for LABEL.example, at most ms milliseconds. */
static enum dns_status
ask(const char *label, enum dns_type type, unsigned ms)
{
	char name[64];

	snprintf(name, sizeof(name), "%s.example", label);
	if (question.entry != NULL)
		resolver_end(resolver, &question);
	question = (struct question){ .name = slice_str(name), .type = type };
	resolver_start(resolver, &question);
	resolver_wait(resolver, &question, clock_us() + ms * 1000ull);
	records = question.answer.v;
	nrecords = question.answer.n;
	return question.answer.status;
}

/* The i-th record's data is so. */
static void
is(size_t i, const char *data, size_t n)
{
	assert_true(i < nrecords);
	assert_int_equal(records[i].data.n, n);
	assert_memory_equal(records[i].data.p, data, n);
}

static void
reads_all_types(void **state)
{
	(void)state;
	assert_int_equal(ask("a", DNS_A, 5000), DNS_DATA);
	assert_int_equal(nrecords, 2);
	is(0, "\300\0\2\1", 4);
	is(1, "\300\0\2\2", 4);
	assert_int_equal(ask("aaaa", DNS_AAAA, 5000), DNS_DATA);
	is(0, "0123456789abcdef", 16);
	assert_int_equal(ask("txt", DNS_TXT, 5000), DNS_DATA);
	assert_int_equal(nrecords, 2);
	is(0, "one two", 7);
	is(1, "", 0);
	assert_int_equal(ask("mx", DNS_MX, 5000), DNS_DATA);
	is(0, "mx.example", 10);
	assert_int_equal(records[0].preference, 10);
	assert_int_equal(ask("ptr", DNS_PTR, 5000), DNS_DATA);
	is(0, "host.example", 12);
}

static void
tells_failures_apart(void **state)
{
	(void)state;
	assert_int_equal(ask("gone", DNS_A, 5000), DNS_NXDOMAIN);
	assert_int_equal(ask("a", DNS_MX, 5000), DNS_NODATA);
	assert_int_equal(nrecords, 0);
	assert_int_equal(ask("bad", DNS_A, 5000), DNS_FAILED);
	assert_int_equal(nrecords, 0);
}

static void
takes_no_malformed_answer(void **state)
{
	(void)state;
	assert_int_equal(ask("odd-a", DNS_A, 5000), DNS_FAILED);
	assert_int_equal(ask("odd-txt", DNS_TXT, 5000), DNS_FAILED);
	assert_int_equal(ask("odd-mx", DNS_MX, 5000), DNS_FAILED);
	assert_int_equal(ask("odd-ptr", DNS_PTR, 5000), DNS_FAILED);
	assert_int_equal(ask("odd-count", DNS_A, 5000), DNS_FAILED);
}

static void
takes_no_forged_answer(void **state)
{
	(void)state;
	assert_int_equal(ask("forged", DNS_A, 5000), DNS_DATA);
	assert_int_equal(nrecords, 1);
	is(0, "\300\0\2\1", 4);
}

static void
asks_by_tcp_what_is_too_long(void **state)
{
	(void)state;
	assert_int_equal(ask("long", DNS_TXT, 5000), DNS_DATA);
	assert_int_equal(nrecords, 1);
	assert_int_equal(records[0].data.n, LONG_TEXT / 101 * 100);
}

static void
asks_the_next_server(void **state)
{
	(void)state;
	dead_server_first = true;
	assert_int_equal(ask("a", DNS_A, 1000), DNS_DATA);
	dead_server_first = false;
}

/* A server that says nothing, or not all. */
static void
keeps_the_deadline(void **state)
{
	static const char *const labels[] = { "silent", "mute", "stall" };

	(void)state;
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		uint64_t begun = clock_us(), ms;

		assert_int_equal(ask(labels[i], DNS_TXT, 300), DNS_FAILED);
		ms = (clock_us() - begun) / 1000;
		assert_in_range(ms, 300, 600);
	}
	assert_int_equal(ask("a", DNS_A, 0), DNS_FAILED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_all_types),
		cmocka_unit_test(tells_failures_apart),
		cmocka_unit_test(takes_no_malformed_answer),
		cmocka_unit_test(takes_no_forged_answer),
		cmocka_unit_test(asks_by_tcp_what_is_too_long),
		cmocka_unit_test(asks_the_next_server),
		cmocka_unit_test(keeps_the_deadline),
	};

	return cmocka_run_group_tests(tests, setup, stop);
}

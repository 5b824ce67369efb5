/*
 * resolver.c - questions to the system's DNS servers
 *
 * libresolv knows the servers, and writes and reads messages. Sending is done here: its own way
 * counts in whole seconds for each server, and by TCP waits without end, so that it can't keep a
 * deadline. Each question has a socket, and so a source port, of its own, which with the random id
 * makes a forged answer hard to guess.
 */
#include "dns/resolver.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/limits.h"
#include "dns/name.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <resolv.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGE_SIZE 65535

/* of the third byte of a message (RFC 1035 4.1.1) */
#define FLAG_QR 0x80 /* an answer */
#define FLAG_TC 0x02 /* cut off */

struct message {
	unsigned char *p;
	size_t n;
};

/* ---- sending ---- */

/* Wait until a socket is ready; false if that is not before the deadline. */
static bool
await(int fd, short events, uint64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		uint64_t now = clock_us(), ms;
		int ready;

		if (now >= deadline)
			return false;
		ms = (deadline - now + 999) / 1000;
		ready = poll(&p, 1, ms < INT_MAX ? (int)ms : INT_MAX);
		if (ready > 0)
			return true;
		if (ready < 0 && errno != EINTR)
			return false;
	}
}

/* A socket that is connected to a server, or -1. */
static int
dial(const struct sockaddr *server, int type, uint64_t deadline)
{
	bool v6 = server->sa_family == AF_INET6;
	socklen_t n = v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	int fd = socket(server->sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, server, n) == 0 || (errno == EINPROGRESS && await(fd, POLLOUT, deadline)))
		return fd; /* what did not work out is told by send() */
	close(fd);
	return -1;
}

/* True if a message is an answer to the query: same id, same question. */
static bool
is_answer(const struct message *m, const struct message *query)
{
	if (m->n < query->n || memcmp(m->p, query->p, 2) != 0 || (m->p[2] & FLAG_QR) == 0 ||
	    ns_get16(m->p + 4) != 1)
		return false;
	/* bytes of labels, and their lengths, which no letter is as short as */
	return slice_eq_nocase(slice_of((char *)m->p + NS_HFIXEDSZ, query->n - NS_HFIXEDSZ),
	    slice_of((char *)query->p + NS_HFIXEDSZ, query->n - NS_HFIXEDSZ));
}

/* Ask by UDP. False without an answer. */
static bool
ask_udp(const struct sockaddr *server, const struct message *query, struct message *answer,
    uint64_t deadline)
{
	int fd = dial(server, SOCK_DGRAM, deadline);
	bool got = false;

	if (fd < 0)
		return false;
	if (send(fd, query->p, query->n, 0) == (ssize_t)query->n)
		while (!got && await(fd, POLLIN, deadline)) {
			ssize_t n = recv(fd, answer->p, MESSAGE_SIZE, 0);

			if (n < 0 && errno != EAGAIN)
				break; /* nobody is there */
			answer->n = n > 0 ? (size_t)n : 0;
			got = is_answer(answer, query);
		}
	close(fd);
	return got;
}

/* Read n bytes. */
static bool
take(int fd, unsigned char *to, size_t n, uint64_t deadline)
{
	while (n > 0 && await(fd, POLLIN, deadline)) {
		ssize_t got = recv(fd, to, n, 0);

		if (got == 0 || (got < 0 && errno != EAGAIN))
			return false;
		if (got > 0) {
			to += got;
			n -= (size_t)got;
		}
	}
	return n == 0;
}

/* Ask by TCP, where a message has its length before it. False without an answer. */
static bool
ask_tcp(const struct sockaddr *server, const struct message *query, struct message *answer,
    uint64_t deadline)
{
	int fd = dial(server, SOCK_STREAM, deadline);
	unsigned char text[NS_PACKETSZ + 2], length[2];
	bool got = false;

	if (fd < 0)
		return false;
	ns_put16((unsigned)query->n, text);
	memcpy(text + 2, query->p, query->n);
	if (send(fd, text, query->n + 2, MSG_NOSIGNAL) == (ssize_t)query->n + 2 &&
	    take(fd, length, sizeof(length), deadline)) {
		answer->n = ns_get16(length);
		got = take(fd, answer->p, answer->n, deadline) && is_answer(answer, query);
	}
	close(fd);
	return got;
}

/* ---- reading ---- */

/* Read a name. */
static bool
read_name(const ns_msg *m, const unsigned char *at, struct arena *a, struct slice *out)
{
	char name[NS_MAXDNAME];

	if (dn_expand(ns_msg_base(*m), ns_msg_end(*m), at, name, sizeof(name)) < 0)
		return false;
	*out = arena_slice(a, slice_str(name));
	return out->p != NULL;
}

/* Join the strings of a TXT record. */
static bool
read_text(const ns_rr *rr, struct arena *a, struct slice *out)
{
	const unsigned char *p = ns_rr_rdata(*rr), *end = p + ns_rr_rdlen(*rr);
	char *to = arena_alloc(a, ns_rr_rdlen(*rr) + 1u);

	if (to == NULL)
		return false;
	*out = slice_of(to, 0);
	while (p < end) {
		size_t n = *p++;

		if (n > (size_t)(end - p))
			return false;
		memcpy(to + out->n, p, n);
		out->n += n;
		p += n;
	}
	return true;
}

/* Read a record; false if it is malformed, or memory is used up. */
static bool
read_record(const ns_msg *m, const ns_rr *rr, struct arena *a, struct dns_record *out)
{
	const unsigned char *data = ns_rr_rdata(*rr);
	size_t n = ns_rr_rdlen(*rr);

	out->data = slice_of((const char *)data, n);
	switch (ns_rr_type(*rr)) {
	case ns_t_a:
		return n == NS_INADDRSZ;
	case ns_t_aaaa:
		return n == NS_IN6ADDRSZ;
	case ns_t_txt:
		return read_text(rr, a, &out->data);
	case ns_t_mx:
		if (n < 2)
			return false;
		out->preference = ns_get16(data);
		data += 2;
		break;
	default:
		break;
	}
	return read_name(m, data, a, &out->data);
}

/* Read an answer. */
static enum dns_status
read_answer(const struct message *answer, enum dns_type type, struct arena *a,
    const struct dns_record **v, size_t *n)
{
	struct dns_record *out;
	ns_msg m;
	ns_rr rr;

	if (ns_initparse(answer->p, (int)answer->n, &m) != 0)
		return DNS_FAILED;
	if (ns_msg_getflag(m, ns_f_rcode) == ns_r_nxdomain)
		return DNS_NXDOMAIN;
	if (ns_msg_getflag(m, ns_f_rcode) != ns_r_noerror)
		return DNS_FAILED;
	out = arena_alloc(a, (ns_msg_count(m, ns_s_an) + 1u) * sizeof(*out));
	if (out == NULL)
		return DNS_FAILED;
	*v = out;
	for (int i = 0; i < ns_msg_count(m, ns_s_an); i++) {
		if (ns_parserr(&m, ns_s_an, i, &rr) != 0)
			return DNS_FAILED;
		if (ns_rr_type(rr) != (ns_type)type || ns_rr_class(rr) != ns_c_in)
			continue; /* a CNAME on the way */
		if (!read_record(&m, &rr, a, &out[*n]))
			return DNS_FAILED;
		++*n;
	}
	return *n > 0 ? DNS_DATA : DNS_NODATA;
}

/* ---- asking ---- */

/* The address of a server, or NULL. IPv6 has a list of its own. */
static const struct sockaddr *
address(const struct __res_state *res, int i)
{
	if (res->nsaddr_list[i].sin_family == AF_INET)
		return (const struct sockaddr *)&res->nsaddr_list[i];
	return (const struct sockaddr *)res->_u._ext.nsaddrs[i];
}

/* Ask each server in turn, and again with more patience. */
static enum dns_status
ask_servers(const struct __res_state *res, const struct message *query, enum dns_type type,
    uint64_t deadline, struct arena *a, const struct dns_record **v, size_t *n)
{
	struct message answer = { .p = arena_alloc(a, MESSAGE_SIZE) };
	uint64_t wait = LIMIT_DNS_WAIT_MS * 1000ull;

	if (answer.p == NULL)
		return DNS_FAILED;
	for (int round = 0; round < LIMIT_DNS_ROUNDS; round++, wait *= 2)
		for (int i = 0; i < res->nscount && clock_us() < deadline; i++) {
			const struct sockaddr *server = address(res, i);
			uint64_t end = clock_us() + wait;
			enum dns_status got;

			if (end > deadline)
				end = deadline;
			if (server == NULL || !ask_udp(server, query, &answer, end))
				continue;
			if ((answer.p[2] & FLAG_TC) != 0 && !ask_tcp(server, query, &answer, end))
				continue;
			*n = 0;
			got = read_answer(&answer, type, a, v, n);
			if (got != DNS_FAILED)
				return got;
		}
	*n = 0;
	return DNS_FAILED;
}

/* Ask. */
static enum dns_status
ask_system(const char *name, enum dns_type type, uint64_t deadline, struct arena *a,
    const struct dns_record **v, size_t *n)
{
	unsigned char text[NS_PACKETSZ];
	struct __res_state res = { 0 };
	enum dns_status answer = DNS_FAILED;
	int length;

	*v = NULL;
	*n = 0;
	if (res_ninit(&res) != 0)
		return DNS_FAILED;
	length = res_nmkquery(
	    &res, ns_o_query, name, ns_c_in, (int)type, NULL, 0, NULL, text, sizeof(text));
	/* libresolv makes the id of the time, which can be guessed */
	if (length > 0 && getrandom(text, 2, 0) == 2)
		answer = ask_servers(
		    &res, &(struct message){ text, (size_t)length }, type, deadline, a, v, n);
	res_nclose(&res);
	return answer;
}

struct resolver {
	const struct zone *zone;
};

struct resolver_entry {
	struct arena arena;
};

struct resolver *
resolver_new(const struct resolver_config *c)
{
	struct resolver *r = calloc(1, sizeof(*r));

	if (r != NULL)
		r->zone = c->zone;
	return r;
}

void
resolver_free(struct resolver *r)
{
	free(r);
}

void
resolver_start(struct resolver *r, struct question *q)
{
	(void)r;
	q->entry = calloc(1, sizeof(*q->entry));
	arena_init(&q->entry->arena, 0);
}

void
resolver_wait(struct resolver *r, struct question *q, uint64_t deadline)
{
	char name[LIMIT_DNS_NAME + 1];

	q->answer = (struct dns_answer){ .status = DNS_NXDOMAIN };
	if (name_check(q->name, NULL) != NAME_OK)
		return;
	memcpy(name, q->name.p, q->name.n);
	name[q->name.n] = '\0';
	if (r->zone != NULL)
		q->answer = zone_ask(r->zone, q->name, q->type);
	else
		q->answer.status = ask_system(
		    name, q->type, deadline, &q->entry->arena, &q->answer.v, &q->answer.n);
}

void
resolver_end(struct resolver *r, struct question *q)
{
	(void)r;
	arena_free(&q->entry->arena);
	free(q->entry);
	q->entry = NULL;
}

void
resolver_count(struct resolver *r, struct resolver_counts *out)
{
	(void)r;
	*out = (struct resolver_counts){ 0 };
}

/*
 * fake_server.c - a DNS server on loopback
 */
#include "fake_server.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- packets ---- */

bool
packet_asks(const struct packet *p, const char *label)
{
	size_t n = strlen(label);

	return p->b[NS_HFIXEDSZ] == n && memcmp(p->b + NS_HFIXEDSZ + 1, label, n) == 0;
}

/* Where the question's name ends. */
static size_t
name_end(const struct packet *p)
{
	size_t at = NS_HFIXEDSZ;

	while (p->b[at] != 0)
		at += 1u + p->b[at];
	return at + 1;
}

unsigned
packet_type(const struct packet *p)
{
	return ns_get16(p->b + name_end(p));
}

void
packet_answer(struct packet *p, unsigned rcode)
{
	p->n = name_end(p) + NS_QFIXEDSZ;
	p->b[2] |= 0x80;
	p->b[3] = (unsigned char)(0x80 | rcode);
	memset(p->b + 6, 0, 6);
}

/* Add a record to the section whose counter is at `counter`. */
static void
add(struct packet *p, size_t counter, const char *owner, unsigned type, uint32_t ttl,
    const void *data, size_t n)
{
	const char *name = owner != NULL ? owner : "\300\14"; /* the name asked for */
	size_t length = owner != NULL ? strlen(owner) + 1 : 2;

	memcpy(p->b + p->n, name, length);
	p->n += length;
	ns_put16(type, p->b + p->n);
	ns_put16(ns_c_in, p->b + p->n + 2);
	ns_put32(ttl, p->b + p->n + 4);
	ns_put16((unsigned)n, p->b + p->n + 8);
	p->n += NS_RRFIXEDSZ;
	memcpy(p->b + p->n, data, n);
	p->n += n;
	ns_put16(ns_get16(p->b + counter) + 1, p->b + counter);
}

void
packet_add(
    struct packet *p, const char *owner, unsigned type, uint32_t ttl, const void *data, size_t n)
{
	add(p, 6, owner, type, ttl, data, n);
}

void
packet_add_soa(struct packet *p, uint32_t ttl, uint32_t minimum)
{
	unsigned char data[2 + 5 * NS_INT32SZ] = { 0 };

	ns_put32(minimum, data + sizeof(data) - NS_INT32SZ);
	add(p, 8, "\7example", ns_t_soa, ttl, data, sizeof(data));
}

/* ---- sending ---- */

void
server_send_part(struct server *s, const struct packet *p, size_t n)
{
	unsigned char length[2];

	if (!s->by_tcp) {
		sendto(s->udp, p->b, n, 0, (struct sockaddr *)&s->from, s->nfrom);
		return;
	}
	ns_put16((unsigned)p->n, length);
	send(s->client, length, 1, MSG_NOSIGNAL);
	send(s->client, length + 1, 1, MSG_NOSIGNAL);
	send(s->client, p->b, n, MSG_NOSIGNAL);
}

void
server_send(struct server *s, const struct packet *p)
{
	server_send_part(s, p, p->n);
}

void
server_send_elsewhere(struct server *s, const struct packet *p)
{
	int fd = socket(s->from.ss_family, SOCK_DGRAM, 0);

	sendto(fd, p->b, p->n, 0, (struct sockaddr *)&s->from, s->nfrom);
	close(fd);
}

/* ---- serving ---- */

/* Handle the query that has been read. */
static void
handle(struct server *s, bool by_tcp)
{
	assert(s->packet.n > NS_HFIXEDSZ);
	s->by_tcp = by_tcp;
	s->port = ntohs(((struct sockaddr_in *)&s->from)->sin_port); /* the same place in IPv6 */
	atomic_fetch_add(by_tcp ? &s->tcp_queries : &s->queries, 1);
	s->handler(s, &s->packet);
}

static void
serve_udp(struct server *s)
{
	ssize_t n;

	s->nfrom = sizeof(s->from);
	n = recvfrom(
	    s->udp, s->packet.b, sizeof(s->packet.b), 0, (struct sockaddr *)&s->from, &s->nfrom);
	if (n < 0)
		return;
	s->packet.n = (size_t)n;
	handle(s, false);
}

/* Read a query by TCP; false at the connection's end. */
static bool
serve_tcp(struct server *s, int fd)
{
	unsigned char length[2];

	if (recv(fd, length, 2, MSG_WAITALL) != 2)
		return false;
	s->packet.n = ns_get16(length);
	if (recv(fd, s->packet.b, s->packet.n, MSG_WAITALL) != (ssize_t)s->packet.n)
		return false;
	s->client = fd;
	handle(s, true);
	return true;
}

/* Take a connection. */
static void
welcome(struct server *s)
{
	int fd = accept(s->tcp, NULL, NULL), i = 0;

	while (i < SERVER_CLIENTS && s->clients[i] >= 0)
		i++;
	assert(fd >= 0 && i < SERVER_CLIENTS);
	s->clients[i] = fd;
}

static void *
serve(void *arg)
{
	struct server *s = arg;
	struct pollfd p[3 + SERVER_CLIENTS] = { { s->end[0], POLLIN, 0 }, { s->udp, POLLIN, 0 },
		{ s->listens ? s->tcp : -1, POLLIN, 0 } };

	for (;;) {
		for (int i = 0; i < SERVER_CLIENTS; i++)
			p[3 + i] = (struct pollfd){ s->clients[i], POLLIN, 0 };
		if (poll(p, 3 + SERVER_CLIENTS, -1) < 0)
			continue;
		if (p[0].revents != 0)
			return NULL;
		if (p[1].revents != 0)
			serve_udp(s);
		if (p[2].revents != 0)
			welcome(s);
		for (int i = 0; i < SERVER_CLIENTS; i++)
			if (p[3 + i].fd >= 0 && p[3 + i].revents != 0 &&
			    !serve_tcp(s, s->clients[i])) {
				close(s->clients[i]);
				s->clients[i] = -1;
			}
	}
}

/* Both sockets on one port; false if there is none. */
static bool
open_sockets(struct server *s, bool v6, bool has_tcp)
{
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in a4 = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr *a = v6 ? (struct sockaddr *)&a6 : (struct sockaddr *)&a4;
	socklen_t n = v6 ? sizeof(a6) : sizeof(a4);
	int room = 4 << 20;

	s->udp = socket(a->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	s->tcp = socket(a->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->udp < 0 || s->tcp < 0 || bind(s->tcp, a, n) != 0 ||
	    getsockname(s->tcp, a, &n) != 0 || bind(s->udp, a, n) != 0)
		return false;
	if (has_tcp && listen(s->tcp, SERVER_CLIENTS) != 0)
		return false;
	setsockopt(s->udp, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	snprintf(s->address, sizeof(s->address), v6 ? "[::1]:%d" : "127.0.0.1:%d",
	    ntohs(v6 ? a6.sin6_port : a4.sin_port));
	return true;
}

bool
server_start(struct server *s, server_handler *handler, bool v6, bool has_tcp)
{
	memset(s, 0, sizeof(*s));
	s->handler = handler;
	s->listens = has_tcp;
	for (int i = 0; i < SERVER_CLIENTS; i++)
		s->clients[i] = -1;
	for (int tries = 0; tries < 10; tries++) { /* the port may be free for TCP alone */
		/* one that is bound but doesn't listen refuses */
		if (open_sockets(s, v6, has_tcp))
			return pipe(s->end) == 0 && pthread_create(&s->thread, NULL, serve, s) == 0;
		close(s->udp);
		close(s->tcp);
	}
	return false;
}

void
server_stop(struct server *s)
{
	close(s->end[1]);
	pthread_join(s->thread, NULL);
	close(s->end[0]);
	close(s->udp);
	close(s->tcp);
	for (int i = 0; i < SERVER_CLIENTS; i++)
		if (s->clients[i] >= 0)
			close(s->clients[i]);
}

/*
 * fake_server.h - a DNS server on loopback, in a thread of the test
 */
#pragma once

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERVER_CLIENTS 16 /* TCP connections at once */

/* A query, which is made its answer. */
struct packet {
	unsigned char b[65535];
	size_t n;
};

struct server;

/* What to do with a query: server_send() its answer, or not. In the server's thread. */
typedef void server_handler(struct server *s, struct packet *p);

struct server {
	char address[32]; /* ADDR:PORT */
	atomic_uint queries, tcp_queries;
	/* of the query that is handled */
	bool by_tcp;
	unsigned port; /* its sender's */
	/* the server's own */
	server_handler *handler;
	bool listens;
	int udp, tcp, end[2], clients[SERVER_CLIENTS], client;
	struct sockaddr_storage from;
	socklen_t nfrom;
	pthread_t thread;
	struct packet packet;
};

/* Start one; with has_tcp false it refuses TCP. False if that isn't possible (no IPv6 here). */
bool server_start(struct server *s, server_handler *handler, bool v6, bool has_tcp);
void server_stop(struct server *s);

/* Send a packet to who asked; of it, n octets only; through another port. */
void server_send(struct server *s, const struct packet *p);
void server_send_part(struct server *s, const struct packet *p, size_t n);
void server_send_elsewhere(struct server *s, const struct packet *p);

/* True if the first label of what is asked is this. */
bool packet_asks(const struct packet *p, const char *label);

/* The type that is asked for. */
unsigned packet_type(const struct packet *p);

/* Make a query an answer, with nothing in it. */
void packet_answer(struct packet *p, unsigned rcode);

/* Add a record to the answers. owner is in wire format, NULL for the name asked. */
void packet_add(
    struct packet *p, const char *owner, unsigned type, uint32_t ttl, const void *data, size_t n);

/* Add an SOA to the authorities. */
void packet_add_soa(struct packet *p, uint32_t ttl, uint32_t minimum);

/*
 * wire.h - messages between a resolver and its servers (RFC 1035 4)
 */
#pragma once

#include "base/arena.h"
#include "dns/dns.h"

#include <stdint.h>

#define WIRE_QUERY 282 /* octets of the longest query: header, name, type and class, OPT */
#define WIRE_FORMERR 1 /* an rcode: the server didn't understand */

/* Write a query; edns tells the server that answers of LIMIT_DNS_UDP octets may come by UDP.
 * name_check has let the name through. Returns its length. */
size_t wire_query(
    unsigned char out[WIRE_QUERY], uint16_t id, struct slice name, enum dns_type type, bool edns);

/* The rcode of a message; of one that is too short to have one, WIRE_FORMERR. */
unsigned wire_rcode(struct slice message);

/* What an rcode that is a failure says, as a cause for the log. */
const char *wire_cause(unsigned rcode);

struct wire_answer {
	struct dns_answer answer;
	bool has_ttl; /* false: a denial that names no SOA, or a failure */
	uint32_t ttl; /* seconds: the least of all records that led to it (RFC 2308 5) */
};

/* Read the answer to a question. Aliases (CNAME) are followed within the answer; records of a host
 * that can't be written without escapes (with a dot inside a label) are left out. All of it lies in
 * the message or in a. */
struct wire_answer wire_read(
    struct slice message, struct slice name, enum dns_type type, struct arena *a);

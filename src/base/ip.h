/*
 * ip.h - addresses and networks
 *
 * IPv4-mapped IPv6 addresses (::ffff:192.0.2.1) are IPv4 everywhere in the program.
 */
#pragma once

#include "base/slice.h"

#include <stdint.h>
#include <sys/socket.h>

struct ip {
	uint8_t family; /* 4, 6, or 0 for none */
	uint8_t b[16];	/* network order; IPv4 in the first four */
};

struct network {
	struct ip ip;	/* no bit set behind the prefix */
	uint8_t prefix; /* 0 to 32, or 0 to 128 */
};

#define IP_TEXT 46 /* bytes of an address as text, NUL included */

/* Parse an address: dotted quad or RFC 4291 text, also `IPv6:2001:db8::1` as MTAs write it. */
bool ip_parse(struct slice s, struct ip *out);

/* Write RFC 5952 text (no brackets, no `IPv6:`) into out[IP_TEXT]; "" for none. Returns out. */
char *ip_format(const struct ip *ip, char *out);

/* From a socket address; false for NULL or another family (AF_UNIX). *port (if not NULL) gets the
 * port in host order. */
bool ip_from_sockaddr(const struct sockaddr *sa, struct ip *out, uint16_t *port);

bool ip_eq(const struct ip *a, const struct ip *b);

/* The address with all bits behind the prefix cleared. */
struct ip ip_mask(const struct ip *ip, unsigned prefix);

enum network_error { NETWORK_OK, NETWORK_BAD_ADDRESS, NETWORK_BAD_PREFIX, NETWORK_HOST_BITS };

/* Parse `address` or `address/prefix`. With NETWORK_HOST_BITS *out is the network that was meant,
 * with NETWORK_BAD_PREFIX the address alone. */
enum network_error network_parse(struct slice s, struct network *out);

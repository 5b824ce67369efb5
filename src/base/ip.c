/*
 * ip.c - addresses and networks
 */
#include "base/ip.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#define MAPPED_PREFIX 96 /* bits of ::ffff:0:0/96 before the IPv4 address */

/* From the 16 bytes of an IPv6 address, which may be an IPv4-mapped one. */
static struct ip
from_v6(const uint8_t *b)
{
	static const uint8_t mapped[MAPPED_PREFIX / 8] = { [10] = 0xff, [11] = 0xff };
	struct ip ip = { .family = 6 };

	if (memcmp(b, mapped, sizeof(mapped)) == 0) {
		ip.family = 4;
		memcpy(ip.b, b + sizeof(mapped), 4);
	} else {
		memcpy(ip.b, b, sizeof(ip.b));
	}
	return ip;
}

/* Parse an address. */
bool
ip_parse(struct slice s, struct ip *out)
{
	const struct slice tag = SLICE("IPv6:");
	char text[IP_TEXT];
	uint8_t b[16];
	bool v6;

	if (s.n > tag.n && slice_eq_nocase(slice_of(s.p, tag.n), tag)) {
		s = slice_of(s.p + tag.n, s.n - tag.n);
		v6 = true;
	} else {
		v6 = s.n > 0 && memchr(s.p, ':', s.n) != NULL;
	}
	if (s.n == 0 || s.n >= sizeof(text) || memchr(s.p, '\0', s.n) != NULL)
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	if (inet_pton(v6 ? AF_INET6 : AF_INET, text, b) != 1)
		return false;
	if (v6) {
		*out = from_v6(b);
	} else {
		*out = (struct ip){ .family = 4 };
		memcpy(out->b, b, 4);
	}
	return true;
}

/* Write an address as text. */
char *
ip_format(const struct ip *ip, char *out)
{
	out[0] = '\0';
	if (ip->family != 0)
		inet_ntop(ip->family == 4 ? AF_INET : AF_INET6, ip->b, out, IP_TEXT);
	return out;
}

/* Take the address out of a socket address. */
bool
ip_from_sockaddr(const struct sockaddr *sa, struct ip *out, uint16_t *port)
{
	struct sockaddr_in6 in6;
	struct sockaddr_in in;
	in_port_t raw;

	if (sa != NULL && sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		*out = (struct ip){ .family = 4 };
		memcpy(out->b, &in.sin_addr, 4);
		raw = in.sin_port;
	} else if (sa != NULL && sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof(in6));
		*out = from_v6(in6.sin6_addr.s6_addr);
		raw = in6.sin6_port;
	} else {
		return false;
	}
	if (port != NULL)
		*port = ntohs(raw);
	return true;
}

/* True if they are the same address. */
bool
ip_eq(const struct ip *a, const struct ip *b)
{
	return a->family == b->family && memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

/* The network of an address. */
struct ip
ip_mask(const struct ip *ip, unsigned prefix)
{
	struct ip out = *ip;
	size_t whole = prefix / 8;

	if (whole < sizeof(out.b)) {
		out.b[whole] &= (uint8_t)(0xff00u >> prefix % 8);
		memset(out.b + whole + 1, 0, sizeof(out.b) - whole - 1);
	}
	return out;
}

/* Parse a network. */
enum network_error
network_parse(struct slice s, struct network *out)
{
	struct slice rest, address = slice_cut(s, '/', &rest);
	unsigned long long prefix;
	struct ip ip;

	if (!ip_parse(address, &ip))
		return NETWORK_BAD_ADDRESS;

	bool mapped = ip.family == 4 && memchr(address.p, ':', address.n) != NULL;
	unsigned skip = mapped ? MAPPED_PREFIX : 0;
	unsigned bits = ip.family == 4 ? 32 : 128;

	out->ip = ip;
	out->prefix = (uint8_t)bits;
	if (rest.p == NULL)
		return NETWORK_OK;
	if (!slice_number(rest, bits + skip, &prefix) || prefix < skip)
		return NETWORK_BAD_PREFIX;
	out->prefix = (uint8_t)(prefix - skip);
	out->ip = ip_mask(&ip, out->prefix);
	return ip_eq(&out->ip, &ip) ? NETWORK_OK : NETWORK_HOST_BITS;
}

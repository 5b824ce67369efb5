/*
 * server.c - the address of a name server, as an admin writes it
 */
#include "dns/server.h"

#include <arpa/nameser.h>
#include <stdio.h>

/* Cut an address and its port apart; *port gets absent if there is none. False if a bracket is
 * missing, or something stands behind it. */
static bool
cut(struct slice s, struct slice *address, struct slice *port)
{
	struct slice rest;

	if (s.n == 0 || s.p[0] != '[') {
		*address = slice_cut(s, ':', port);
		/* with several colons it is an IPv6 address and nothing else */
		if (port->p != NULL && memchr(port->p, ':', port->n) != NULL) {
			*address = s;
			*port = SLICE_ABSENT;
		}
		return true;
	}
	*address = slice_cut(slice_of(s.p + 1, s.n - 1), ']', &rest);
	*port = rest.n > 0 ? slice_of(rest.p + 1, rest.n - 1) : SLICE_ABSENT;
	return rest.p != NULL && (rest.n == 0 || rest.p[0] == ':');
}

bool
server_parse(struct slice s, char out[SERVER_TEXT])
{
	unsigned long long n = NS_DEFAULTPORT;
	struct slice address, port;
	char text[IP_TEXT];
	struct ip ip;

	if (!cut(s, &address, &port) || !ip_parse(address, &ip) ||
	    (s.p[0] == '[' && memchr(address.p, ':', address.n) == NULL) ||
	    (port.p != NULL && (!slice_number(port, UINT16_MAX, &n) || n == 0)))
		return false;
	ip_format(&ip, text);
	if (n == NS_DEFAULTPORT)
		snprintf(out, SERVER_TEXT, "%s", text);
	else
		snprintf(out, SERVER_TEXT, ip.family == 6 ? "[%s]:%llu" : "%s:%llu", text, n);
	return true;
}

/*
 * dnsbl.c - lists of addresses and names in the DNS
 *
 * Shared by all sessions; what changes are counters and the time of the last complaint.
 */
#include "dns/dnsbl.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "dns/name.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct dnsbl {
	atomic_ullong asked, failed;
	atomic_ullong quiet_until; /* of clock_us() */
	struct slice zone;
	char text[];
};

struct dnsbl *
dnsbl_new(struct slice zone)
{
	struct dnsbl *l = calloc(1, sizeof(*l) + zone.n + 1);

	if (l == NULL)
		return NULL;
	memcpy(l->text, zone.p, zone.n);
	l->zone = slice_of(l->text, zone.n);
	return l;
}

void
dnsbl_free(struct dnsbl *l)
{
	free(l);
}

struct slice
dnsbl_zone(const struct dnsbl *l)
{
	return l->zone;
}

/* True for what a host name is made of; anything else is in no list. */
static bool
is_host_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    c == '-' || c == '_' || c == '.';
}

/* Write the octets of an IPv4 address from the last to the first, or the nibbles of an IPv6 one. */
static size_t
reverse(const struct ip *ip, char *out, size_t room)
{
	size_t n = 0, octets = ip->family == 4 ? 4 : 16;

	for (size_t i = octets; i-- > 0;) {
		if (ip->family == 4)
			n += (size_t)snprintf(
			    out + n, room - n, i > 0 ? "%u." : "%u", (unsigned)ip->b[i]);
		else
			n += (size_t)snprintf(out + n, room - n, i > 0 ? "%x.%x." : "%x.%x",
			    (unsigned)ip->b[i] & 15, (unsigned)ip->b[i] >> 4);
	}
	return n;
}

struct slice
dnsbl_name(const struct dnsbl *l, struct slice value, struct arena *a, bool *memory)
{
	char reversed[80];
	struct slice name;
	struct ip ip;

	*memory = false;
	if (value.n > 2 && value.p[0] == '[' && value.p[value.n - 1] == ']')
		value = slice_of(value.p + 1, value.n - 2);
	if (ip_parse(value, &ip))
		value = slice_of(reversed, reverse(&ip, reversed, sizeof(reversed)));
	else if (value.n > 0)
		*memory = (value = name_to_ascii(name_trim(value), a)).p == NULL;
	if (*memory)
		return SLICE_ABSENT;
	for (size_t i = 0; i < value.n; i++)
		if (!is_host_byte(value.p[i]))
			return SLICE_ABSENT;
	name = arena_printf(a, "%.*s.%.*s", SLICE_ARG(value), SLICE_ARG(l->zone));
	*memory = name.p == NULL;
	return name.p != NULL && name_check(name, NULL) == NAME_OK ? name : SLICE_ABSENT;
}

bool
dnsbl_is_listing(const struct dns_record *r)
{
	const unsigned char *b = (const unsigned char *)r->data.p;

	return r->data.n == 4 && b[0] == 127 && !(b[1] == 255 && b[2] == 255);
}

/* Complain of a failure, once in a while. */
static void
complain(struct dnsbl *l, const char *why)
{
	unsigned long long now = clock_us(), until = atomic_load(&l->quiet_until);

	if (now < until ||
	    !atomic_compare_exchange_strong(
		&l->quiet_until, &until, now + LIMIT_DNSBL_QUIET_S * 1000000ull))
		return;
	log_say(LOG_LEVEL_WARNING, "the list %.*s fails: %s; of %llu answers %llu were failures",
	    SLICE_ARG(l->zone), why, atomic_load(&l->asked), atomic_load(&l->failed));
}

const char *
dnsbl_judge(struct dnsbl *l, const struct dns_answer *answer, bool quiet)
{
	const char *why = NULL;

	if (answer->status == DNS_FAILED)
		why = answer->cause != NULL ? answer->cause : "no server has answered";
	for (size_t i = 0; answer->status == DNS_DATA && i < answer->n && why == NULL; i++) {
		const unsigned char *b = (const unsigned char *)answer->v[i].data.p;

		if (dnsbl_is_listing(&answer->v[i]))
			continue;
		why = answer->v[i].data.n == 4 && b[0] == 127
		    ? "it refuses to answer us (127.255.255.x)"
		    : "it answers outside of 127.0.0.0/8, as no list does";
	}
	atomic_fetch_add(&l->asked, 1);
	if (why != NULL) {
		atomic_fetch_add(&l->failed, 1);
		if (!quiet)
			complain(l, why);
	}
	return why;
}

void
dnsbl_count(const struct dnsbl *l, unsigned long long *asked, unsigned long long *failed)
{
	*asked = atomic_load(&l->asked);
	*failed = atomic_load(&l->failed);
}

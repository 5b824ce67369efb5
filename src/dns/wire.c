/*
 * wire.c - messages between a resolver and its servers
 *
 * Names are compared as they stand in a message, uncompressed: a length before each label. So any
 * byte may be in one, and no letter is mistaken for a length, which is less.
 */
#include "dns/wire.h"

#include "base/limits.h"
#include "dns/name.h"

#include <arpa/nameser.h>

#define FLAGS_QR 0x8000
#define FLAGS_AA 0x0400
#define FLAGS_TC 0x0200
#define FLAGS_RD 0x0100
#define FLAGS_RA 0x0080
#define FLAGS_RCODE 0x000f

#define TTL_MAX 0x7fffffff /* one beyond it is to be taken for 0 (RFC 2181 8) */

static const char broken[] = "a broken answer";
static const char no_memory[] = "no memory is left";

/* A name, uncompressed. */
struct wire_name {
	unsigned char v[NS_MAXCDNAME];
	size_t n;
};

/* A message that is read from its beginning to its end. */
struct reader {
	const unsigned char *base, *end, *at;
	unsigned flags, answers, authorities;
};

struct rr {
	struct wire_name owner;
	unsigned type, class;
	uint32_t ttl;
	const unsigned char *data;
	size_t n;
};

/* ---- queries ---- */

/* Write a name; returns what follows it. */
static unsigned char *
put_name(unsigned char *to, struct slice name)
{
	struct slice rest = name_trim(name);

	while (rest.p != NULL) {
		struct slice label = slice_cut(rest, '.', &rest);

		*to++ = (unsigned char)label.n;
		memcpy(to, label.p, label.n);
		to += label.n;
	}
	*to++ = 0;
	return to;
}

size_t
wire_query(
    unsigned char out[WIRE_QUERY], uint16_t id, struct slice name, enum dns_type type, bool edns)
{
	unsigned char *p = out + NS_HFIXEDSZ;

	memset(out, 0, NS_HFIXEDSZ);
	ns_put16(id, out);
	ns_put16(FLAGS_RD, out + 2);
	ns_put16(1, out + 4);
	ns_put16(edns ? 1 : 0, out + 10);
	p = put_name(p, name);
	ns_put16(type, p);
	ns_put16(ns_c_in, p + 2);
	p += NS_QFIXEDSZ;
	if (edns) { /* RFC 6891 6.1.2 */
		memset(p, 0, 1 + NS_RRFIXEDSZ);
		ns_put16(ns_t_opt, p + 1);
		ns_put16(LIMIT_DNS_UDP, p + 3);
		p += 1 + NS_RRFIXEDSZ;
	}
	return (size_t)(p - out);
}

/* ---- names ---- */

/* Read a name at p; returns its octets there, 0 if it is malformed. */
static size_t
get_name(const struct reader *m, const unsigned char *p, struct wire_name *out)
{
	int used = ns_name_unpack(m->base, m->end, p, out->v, sizeof(out->v));

	if (used <= 0)
		return 0;
	out->n = 0;
	while (out->v[out->n] != 0)
		out->n += 1u + out->v[out->n];
	out->n++;
	return (size_t)used;
}

static bool
same_name(const struct wire_name *a, const struct wire_name *b)
{
	return slice_eq_nocase(
	    slice_of((const char *)a->v, a->n), slice_of((const char *)b->v, b->n));
}

/* A name as text. False on lack of memory; absent if one of its labels has a dot in it. */
static bool
name_text(const struct wire_name *name, struct arena *a, struct slice *out)
{
	char *text = arena_alloc(a, name->n);
	size_t at = 0;

	*out = SLICE_ABSENT;
	if (text == NULL)
		return false;
	while (name->v[at] != 0) {
		size_t n = name->v[at];

		if (memchr(name->v + at + 1, '.', n) != NULL)
			return true;
		memcpy(text + at, name->v + at + 1, n);
		text[at + n] = '.';
		at += n + 1;
	}
	*out = slice_of(text, at > 0 ? at - 1 : 0);
	return true;
}

/* ---- records ---- */

/* Read the record that is next. False if it is malformed. */
static bool
get_rr(struct reader *m, struct rr *rr)
{
	size_t n = get_name(m, m->at, &rr->owner);
	const unsigned char *p = m->at + n;

	if (n == 0 || m->end - p < NS_RRFIXEDSZ)
		return false;
	rr->type = ns_get16(p);
	rr->class = ns_get16(p + 2);
	rr->ttl = (uint32_t)ns_get32(p + 4);
	if (rr->ttl > TTL_MAX)
		rr->ttl = 0;
	rr->n = ns_get16(p + 8);
	rr->data = p + NS_RRFIXEDSZ;
	if ((size_t)(m->end - rr->data) < rr->n)
		return false;
	m->at = rr->data + rr->n;
	return true;
}

/* Read a name that ends with its record. */
static bool
get_target(const struct reader *m, const struct rr *rr, size_t skip, struct wire_name *out)
{
	return rr->n > skip && get_name(m, rr->data + skip, out) == rr->n - skip;
}

/* Join the strings of a TXT record. Returns a cause, or NULL. */
static const char *
read_text(const struct rr *rr, struct arena *a, struct slice *out)
{
	const unsigned char *p = rr->data, *end = p + rr->n;
	char *to = arena_alloc(a, rr->n);

	if (to == NULL)
		return no_memory;
	*out = slice_of(to, 0);
	while (p < end) {
		size_t n = *p++;

		if (n > (size_t)(end - p))
			return broken;
		memcpy(to + out->n, p, n);
		out->n += n;
		p += n;
	}
	return NULL;
}

/* Read what a record says; absent if it can't be used. Returns a cause, or NULL. */
static const char *
read_data(const struct reader *m, const struct rr *rr, struct arena *a, struct dns_record *out)
{
	struct wire_name host;
	size_t skip = 0;

	*out = (struct dns_record){ .data = slice_of((const char *)rr->data, rr->n) };
	switch ((enum dns_type)rr->type) {
	case DNS_A:
		return rr->n == NS_INADDRSZ ? NULL : broken;
	case DNS_AAAA:
		return rr->n == NS_IN6ADDRSZ ? NULL : broken;
	case DNS_TXT:
		return read_text(rr, a, &out->data);
	case DNS_MX:
		skip = 2;
		if (rr->n > skip)
			out->preference = ns_get16(rr->data);
		break;
	case DNS_PTR:
	case DNS_CNAME:
		break;
	}
	if (!get_target(m, rr, skip, &host))
		return broken;
	return name_text(&host, a, &out->data) ? NULL : no_memory;
}

/* ---- answers ---- */

/* An answer on its way. */
struct search {
	struct reader *m;
	struct arena *a;
	enum dns_type type;
	struct wire_name name; /* what is looked for: the name asked, then what it is an alias of */
	struct dns_record *v;
	size_t n, found; /* in v; with those that can't be used */
	uint32_t ttl;
};

static void
least(uint32_t *ttl, uint32_t other)
{
	if (other < *ttl)
		*ttl = other;
}

/* Look through the answers for records of the name. *alias tells whether it is one, then the name
 * is what it stands for. Returns a cause, or NULL. */
static const char *
look_through(struct search *s, bool *alias)
{
	struct wire_name target;
	uint32_t alias_ttl = 0;
	const char *cause;
	struct rr rr;

	*alias = false;
	for (unsigned i = 0; i < s->m->answers; i++) {
		if (!get_rr(s->m, &rr))
			return broken;
		if (rr.class != ns_c_in || !same_name(&rr.owner, &s->name))
			continue;
		if (rr.type == (unsigned)s->type) {
			cause = read_data(s->m, &rr, s->a, &s->v[s->n]);
			if (cause != NULL)
				return cause;
			if (s->v[s->n].data.p != NULL)
				s->n++;
			s->found++;
			least(&s->ttl, rr.ttl);
		} else if (rr.type == ns_t_cname && !*alias) {
			if (!get_target(s->m, &rr, 0, &target))
				return broken;
			*alias = true;
			alias_ttl = rr.ttl;
		}
	}
	if (s->found > 0)
		*alias = false;
	if (*alias) {
		s->name = target;
		least(&s->ttl, alias_ttl);
	}
	return NULL;
}

/* Follow the aliases from the name asked to its records. Returns a cause, or NULL. */
static const char *
follow(struct search *s)
{
	const unsigned char *answers = s->m->at;
	bool alias = true;

	if (s->m->answers > LIMIT_DNS_RECORDS)
		return "too many records";
	s->v = arena_alloc(s->a, (s->m->answers + 1u) * sizeof(*s->v));
	if (s->v == NULL)
		return no_memory;
	for (int hops = 0; alias; hops++) {
		const char *cause;

		if (hops > LIMIT_DNS_CNAMES)
			return "too many aliases (CNAME)";
		s->m->at = answers;
		cause = look_through(s, &alias);
		if (cause != NULL)
			return cause;
	}
	return NULL;
}

/* Look for the SOA that says how long a denial holds, and for a server that knows nothing itself
 * and only names others (RFC 2308 2.2). Returns a cause, or NULL. */
static const char *
read_denial(struct search *s, struct wire_answer *out)
{
	struct wire_name name;
	bool others = false;
	struct rr rr;

	for (unsigned i = 0; i < s->m->authorities; i++) {
		size_t n, m;

		if (!get_rr(s->m, &rr))
			return broken;
		others |= rr.type == ns_t_ns;
		if (rr.type != ns_t_soa || rr.class != ns_c_in)
			continue;
		n = get_name(s->m, rr.data, &name);
		m = n > 0 ? get_name(s->m, rr.data + n, &name) : 0;
		if (m == 0 || n + m + 5 * NS_INT32SZ != rr.n)
			return broken;
		least(&s->ttl, rr.ttl);
		least(&s->ttl, (uint32_t)ns_get32(rr.data + rr.n - NS_INT32SZ));
		out->has_ttl = true;
	}
	if (others && !out->has_ttl && s->m->answers == 0 &&
	    (s->m->flags & (FLAGS_AA | FLAGS_RA)) == 0)
		return "the server knows only its own names (it doesn't recurse)";
	return NULL;
}

/* Read the header and step over the question. False if there is not one of it. */
static bool
read_head(struct reader *m, struct slice message)
{
	struct wire_name name;
	size_t n;

	m->base = (const unsigned char *)message.p;
	m->end = m->base + message.n;
	m->at = m->base + NS_HFIXEDSZ;
	if (message.n < NS_HFIXEDSZ || ns_get16(m->base + 4) != 1)
		return false;
	m->flags = ns_get16(m->base + 2);
	m->answers = ns_get16(m->base + 6);
	m->authorities = ns_get16(m->base + 8);
	n = get_name(m, m->at, &name);
	if (n == 0 || (size_t)(m->end - m->at) < n + NS_QFIXEDSZ)
		return false;
	m->at += n + NS_QFIXEDSZ;
	return (m->flags & FLAGS_QR) != 0;
}

/* Read an answer. Returns a cause, or NULL. */
static const char *
read_answer(struct search *s, struct wire_answer *out)
{
	unsigned rcode = s->m->flags & FLAGS_RCODE;
	const char *cause;

	if (rcode != ns_r_noerror && rcode != ns_r_nxdomain)
		return wire_cause(rcode);
	if ((s->m->flags & FLAGS_TC) != 0)
		return "an answer that is cut off, even by TCP";
	cause = follow(s);
	if (cause != NULL)
		return cause;
	if (rcode == ns_r_noerror && s->found > 0) {
		out->answer = (struct dns_answer){
			.status = s->n > 0 ? DNS_DATA : DNS_NODATA, .v = s->v, .n = s->n
		};
		out->has_ttl = true;
	} else {
		out->answer.status = rcode == ns_r_noerror ? DNS_NODATA : DNS_NXDOMAIN;
		cause = read_denial(s, out);
	}
	out->ttl = s->ttl;
	return cause;
}

struct wire_answer
wire_read(struct slice message, struct slice name, enum dns_type type, struct arena *a)
{
	struct reader m;
	struct search s = { .m = &m, .a = a, .type = type, .ttl = TTL_MAX };
	struct wire_answer out = { 0 };
	const char *cause;

	s.name.n = (size_t)(put_name(s.name.v, name) - s.name.v);
	cause = read_head(&m, message) ? read_answer(&s, &out) : broken;
	if (cause != NULL)
		out = (struct wire_answer){ .answer = { .status = DNS_FAILED, .cause = cause } };
	return out;
}

unsigned
wire_rcode(struct slice message)
{
	return message.n < 4 ? WIRE_FORMERR : (unsigned char)message.p[3] & FLAGS_RCODE;
}

const char *
wire_cause(unsigned rcode)
{
	switch (rcode) {
	case ns_r_formerr:
		return "the server didn't understand (FORMERR)";
	case ns_r_servfail:
		return "the server failed (SERVFAIL)";
	case ns_r_notimpl:
		return "the server can't do that (NOTIMP)";
	case ns_r_refused:
		return "the server refused (REFUSED)";
	default:
		return "the server failed";
	}
}

/*
 * record.c - the syntax of SPF records
 *
 * The grammar is that of RFC 7208 section 12. Its one trap: a domain-spec may hold `/`, so the
 * prefix lengths of `a` and `mx` are taken off the end first; no domain-spec can end like one.
 */
#include "spf/record.h"

#include "base/limits.h"
#include "spf/macro.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>

#define QUOTED 80 /* bytes of a term that a complaint shows */

/* What may follow the name of a mechanism. */
enum domain_spec { DOMAIN_NONE, DOMAIN_OPTIONAL, DOMAIN_NEEDED };

static const struct mechanism {
	struct slice name;
	enum spf_term_type type;
	enum domain_spec domain;
	bool prefixes;
} mechanisms[] = {
	{ { "all", 3 }, SPF_ALL, DOMAIN_NONE, false },
	{ { "include", 7 }, SPF_INCLUDE, DOMAIN_NEEDED, false },
	{ { "a", 1 }, SPF_A, DOMAIN_OPTIONAL, true },
	{ { "mx", 2 }, SPF_MX, DOMAIN_OPTIONAL, true },
	{ { "ptr", 3 }, SPF_PTR, DOMAIN_OPTIONAL, false },
	{ { "ip4", 3 }, SPF_IP4, DOMAIN_NONE, false },
	{ { "ip6", 3 }, SPF_IP6, DOMAIN_NONE, false },
	{ { "exists", 6 }, SPF_EXISTS, DOMAIN_NEEDED, false },
};

static const struct slice version = { "v=spf1", 6 };

bool
spf_record_is(struct slice text)
{
	return text.n >= version.n && slice_eq_nocase(slice_of(text.p, version.n), version) &&
	    (text.n == version.n || text.p[version.n] == ' ');
}

void
spf_record_open(struct spf_record *r, struct slice text)
{
	r->text = text;
	r->rest = slice_of(text.p + version.n, text.n - version.n);
	r->redirect = r->exp = false;
	r->wrong = 0;
	r->error[0] = '\0';
}

/* Complain about a term; `at` is the byte where it goes wrong. Returns false. */
static bool __attribute__((format(printf, 4, 5)))
complain(struct spf_record *r, struct slice term, const char *at, const char *fmt, ...)
{
	size_t n = term.n < QUOTED ? term.n : QUOTED;
	int head = snprintf(
	    r->error, sizeof(r->error), "\"%.*s%s\" ", (int)n, term.p, term.n > n ? "..." : "");
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->error + head, sizeof(r->error) - (size_t)head, fmt, ap);
	va_end(ap);
	for (char *p = r->error; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	r->wrong = (size_t)(at - r->text.p);
	return false;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alpha(char c)
{
	return ascii_lower((unsigned char)c) >= 'a' && ascii_lower((unsigned char)c) <= 'z';
}

/* Take `/` and a number off the end of s; false if there is none. */
static bool
take_prefix(struct slice *s, struct slice *digits)
{
	size_t n = s->n;

	while (n > 0 && is_digit(s->p[n - 1]))
		n--;
	if (n == s->n || n == 0 || s->p[n - 1] != '/')
		return false;
	*digits = slice_of(s->p + n, s->n - n);
	s->n = n - 1;
	return true;
}

/* Read a prefix length: no leading zero, at most max. */
static bool
read_prefix(
    struct spf_record *r, struct slice term, struct slice digits, unsigned max, uint8_t *prefix)
{
	unsigned long long number;

	if (digits.n > 1 && digits.p[0] == '0')
		return complain(r, term, digits.p, "has a prefix length that begins with 0");
	if (!slice_number(digits, max, &number))
		return complain(r, term, digits.p, "has a prefix length over %u", max);
	*prefix = (uint8_t)number;
	return true;
}

/* Read the dual-cidr-length at the end of *s, and take it off. */
static bool
read_prefixes(struct spf_record *r, struct spf_term *t, struct slice *s)
{
	struct slice digits, before = *s;

	if (!take_prefix(s, &digits))
		return true;
	if (s->n > 0 && s->p[s->n - 1] == '/') {
		s->n--;
		if (!read_prefix(r, t->text, digits, 128, &t->prefix6))
			return false;
		before = *s;
		if (!take_prefix(s, &digits))
			return true;
		if (s->n > 0 && s->p[s->n - 1] == '/') {
			*s = before; /* two lengths for IPv6 */
			return true;
		}
	}
	return read_prefix(r, t->text, digits, 32, &t->prefix4);
}

/* Read a domain-spec. */
static bool
read_domain(struct spf_record *r, struct spf_term *t, struct slice s)
{
	const char *wrong;
	struct ip ip;
	size_t at;

	if (s.n == 0)
		return complain(r, t->text, s.p, "lacks a domain name");
	if (ip_parse(s, &ip))
		return complain(r, t->text, s.p, "has an address where a domain name belongs");
	if (s.n > LIMIT_SPF_TERM)
		return complain(r, t->text, s.p, "is longer than %d bytes", LIMIT_SPF_TERM);
	wrong = spf_macro_check_name(s, &at);
	if (wrong != NULL)
		return complain(r, t->text, s.p + at, "%s", wrong);
	t->domain = s;
	return true;
}

/* Read the network of ip4 or ip6. */
static bool
read_network(struct spf_record *r, struct spf_term *t, struct slice s)
{
	bool v4 = t->type == SPF_IP4;
	unsigned bits = v4 ? 32 : 128;
	struct slice digits;
	char text[IP_TEXT];

	if (s.n == 0 || s.p[0] != ':')
		return complain(r, t->text, s.p, "lacks an IPv%d network", v4 ? 4 : 6);
	s = slice_of(s.p + 1, s.n - 1);
	t->network = (struct network){ .ip.family = v4 ? 4 : 6, .prefix = (uint8_t)bits };
	if (take_prefix(&s, &digits) && !read_prefix(r, t->text, digits, bits, &t->network.prefix))
		return false;
	if (s.n < sizeof(text)) {
		memcpy(text, s.p, s.n);
		text[s.n] = '\0';
		if (inet_pton(v4 ? AF_INET : AF_INET6, text, t->network.ip.b) == 1)
			return true;
	}
	return complain(r, t->text, s.p, "is no IPv%d network", v4 ? 4 : 6);
}

/* Tell that there is no mechanism of a name. */
static bool
no_mechanism(struct spf_record *r, const struct spf_term *t, struct slice name)
{
	if (slice_eq_nocase(name, SLICE("redirect")) || slice_eq_nocase(name, SLICE("exp")))
		return complain(
		    r, t->text, name.p, "lacks the \"=\" of \"%.*s=\"", SLICE_ARG(name));
	return complain(r, t->text, name.p, "is no mechanism");
}

/* Read a mechanism: its name, and what follows. */
static bool
read_mechanism(struct spf_record *r, struct spf_term *t, struct slice name, struct slice rest)
{
	const struct mechanism *m = NULL;

	for (size_t i = 0; m == NULL && i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++)
		if (slice_eq_nocase(name, mechanisms[i].name))
			m = &mechanisms[i];
	if (m == NULL)
		return no_mechanism(r, t, name);
	t->type = m->type;
	if (m->type == SPF_IP4 || m->type == SPF_IP6)
		return read_network(r, t, rest);
	if (m->prefixes && !read_prefixes(r, t, &rest))
		return false;
	if (rest.n > 0 && rest.p[0] == ':' && m->domain != DOMAIN_NONE)
		return read_domain(r, t, slice_of(rest.p + 1, rest.n - 1));
	if (rest.n > 0)
		return complain(
		    r, t->text, rest.p, "has what can't follow \"%.*s\"", SLICE_ARG(m->name));
	if (m->domain == DOMAIN_NEEDED)
		return complain(r, t->text, rest.p, "lacks a domain name");
	return true;
}

/* Read redirect= or exp=, which may stand once. */
static bool
read_known(struct spf_record *r, struct spf_term *t, struct slice value, bool *had)
{
	if (*had)
		return complain(r, t->text, t->text.p, "is the second of its kind");
	*had = true;
	return read_domain(r, t, value);
}

/* Read a modifier. */
static bool
read_modifier(struct spf_record *r, struct spf_term *t, struct slice name, struct slice value)
{
	const char *wrong;
	size_t at;

	if (name.n == 0 || !is_alpha(name.p[0]))
		return complain(r, t->text, t->text.p, "has no name before its \"=\"");
	if (slice_eq_nocase(name, SLICE("redirect"))) {
		t->type = SPF_REDIRECT;
		return read_known(r, t, value, &r->redirect);
	}
	if (slice_eq_nocase(name, SLICE("exp"))) {
		t->type = SPF_EXP;
		return read_known(r, t, value, &r->exp);
	}
	t->type = SPF_UNKNOWN;
	wrong = spf_macro_check_text(value, false, &at);
	return wrong == NULL || complain(r, t->text, value.p + at, "%s", wrong);
}

/* True if c can be in a modifier's name. */
static bool
is_name(char c)
{
	return is_alpha(c) || is_digit(c) || c == '-' || c == '_' || c == '.';
}

/* Take a qualifier off *s; false if there is none. */
static bool
take_qualifier(struct slice *s, enum spf_result *result)
{
	*result = SPF_PASS;
	switch (s->p[0]) {
	case '+':
		break;
	case '-':
		*result = SPF_FAIL;
		break;
	case '~':
		*result = SPF_SOFTFAIL;
		break;
	case '?':
		*result = SPF_NEUTRAL;
		break;
	default:
		return false;
	}
	*s = slice_of(s->p + 1, s->n - 1);
	return true;
}

/* Complain of a byte that can be in no term, if there is one. */
static bool
is_clean(struct spf_record *r, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '!' || s.p[i] > '~')
			return complain(r, s, s.p + i,
			    "has the byte 0x%02x, which no term may have", (unsigned char)s.p[i]);
	return true;
}

bool
spf_record_next(struct spf_record *r, struct spf_term *t)
{
	struct slice s = r->rest;
	size_t n = 0;
	bool qualified;

	while (s.n > 0 && s.p[0] == ' ')
		s = slice_of(s.p + 1, s.n - 1);
	if (s.n == 0)
		return false;
	while (n < s.n && s.p[n] != ' ')
		n++;
	r->rest = slice_of(s.p + n, s.n - n);
	s.n = n;
	*t = (struct spf_term){ .text = s, .prefix4 = 32, .prefix6 = 128 };
	if (!is_clean(r, s))
		return false;
	qualified = take_qualifier(&s, &t->result);
	for (n = 0; n < s.n && is_name(s.p[n]);)
		n++;
	if (n == s.n || s.p[n] != '=')
		return read_mechanism(r, t, slice_of(s.p, n), slice_of(s.p + n, s.n - n));
	if (qualified)
		return complain(
		    r, t->text, t->text.p, "has a qualifier, which a modifier can't have");
	return read_modifier(r, t, slice_of(s.p, n), slice_of(s.p + n + 1, s.n - n - 1));
}

bool
spf_same_network(const struct ip *a, const struct ip *b, unsigned prefix)
{
	struct ip x, y;

	if (a->family != b->family)
		return false;
	x = ip_mask(a, prefix);
	y = ip_mask(b, prefix);
	return ip_eq(&x, &y);
}

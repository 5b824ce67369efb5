/*
 * macro.c - macros of SPF records and explanations
 *
 * An expansion can be a thousand times as long as its source, so it goes into a buffer that never
 * grows: a text keeps its beginning. A name keeps its end, which is what RFC 7208 7.3 wants of one
 * that is too long.
 */
#include "spf/macro.h"

#include "dns/name.h"

#include <stdio.h>

enum token {
	TOKEN_END,
	TOKEN_LITERAL, /* bytes as they are */
	TOKEN_ESCAPE,  /* %%, %_ or %- */
	TOKEN_MACRO,   /* %{…} */
	TOKEN_BAD,
};

struct macro {
	char letter; /* in lower case */
	bool escape; /* the letter was upper case: what comes out is escaped for a URL */
	bool reverse;
	unsigned parts; /* of the right-hand side that are used; 0: all */
	struct slice delimiters;
};

/* A buffer that keeps the beginning of what is added, or the end. */
struct out {
	char *p;
	size_t n, size;
	bool end;
};

#define NAME_ROOM 1024		      /* bytes of a name while it is expanded */
#define NAME_END (LIMIT_DNS_NAME + 2) /* of which these matter, a dot on each side included */
#define NIBBLES 64		      /* bytes of an IPv6 address as a name */
#define PARTS_MOST 100000	      /* a larger number of parts is all of them anyway */

/* Parse what stands between %{ and }. */
static bool
parse_macro(struct slice s, struct macro *m)
{
	size_t i = 1;

	if (s.n == 0)
		return false;
	*m = (struct macro){ .letter = (char)ascii_lower((unsigned char)s.p[0]) };
	m->escape = m->letter != s.p[0];
	if (memchr("slodiphvcrt", m->letter, 11) == NULL)
		return false;
	for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
		if (m->parts < PARTS_MOST)
			m->parts = m->parts * 10 + (unsigned)(s.p[i] - '0');
	if (i > 1 && m->parts == 0)
		return false; /* RFC 7208 7.1: must be nonzero */
	if (i < s.n && (s.p[i] == 'r' || s.p[i] == 'R')) {
		m->reverse = true;
		i++;
	}
	m->delimiters = slice_of(s.p + i, s.n - i);
	for (; i < s.n; i++)
		if (memchr(".-+,/_=", s.p[i], 7) == NULL)
			return false;
	if (m->delimiters.n == 0)
		m->delimiters = SLICE(".");
	return true;
}

/* Take the next token off s. *text gets its bytes, or what an escape stands for. */
static enum token
next_token(struct slice *s, struct slice *text, struct macro *m)
{
	const char *end;
	size_t n;

	if (s->n == 0)
		return TOKEN_END;
	if (s->p[0] != '%') {
		end = memchr(s->p, '%', s->n);
		n = end != NULL ? (size_t)(end - s->p) : s->n;
		*text = slice_of(s->p, n);
		*s = slice_of(s->p + n, s->n - n);
		return TOKEN_LITERAL;
	}
	if (s->n == 1)
		return TOKEN_BAD;
	if (s->p[1] == '{') {
		end = memchr(s->p, '}', s->n);
		if (end == NULL || !parse_macro(slice_of(s->p + 2, (size_t)(end - s->p) - 2), m))
			return TOKEN_BAD;
		n = (size_t)(end - s->p) + 1;
		*s = slice_of(s->p + n, s->n - n);
		return TOKEN_MACRO;
	}
	if (s->p[1] == '%')
		*text = SLICE("%");
	else if (s->p[1] == '_')
		*text = SLICE(" ");
	else if (s->p[1] == '-')
		*text = SLICE("%20");
	else
		return TOKEN_BAD;
	*s = slice_of(s->p + 2, s->n - 2);
	return TOKEN_ESCAPE;
}

/* ---- syntax ---- */

/* True if the macro may stand only in an explanation. */
static bool
is_only_explained(const struct macro *m)
{
	return m->letter == 'c' || m->letter == 'r' || m->letter == 't';
}

/* True if s is a toplabel of the grammar: letters, digits and inner hyphens, not digits alone. */
static bool
is_top_label(struct slice s)
{
	bool digits = true;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = ascii_lower((unsigned char)s.p[i]);

		if (c >= '0' && c <= '9')
			continue;
		digits = false;
		if ((c < 'a' || c > 'z') && (c != '-' || i == 0 || i == s.n - 1))
			return false;
	}
	return !digits;
}

/* What is wrong with the literal end of a domain-spec. */
static const char *
check_end(struct slice end)
{
	struct slice name = name_trim(end);
	const char *dot = name.n > 0 ? memrchr(name.p, '.', name.n) : NULL;

	if (dot == NULL)
		return "has a domain name of one label";
	if (!is_top_label(slice_of(dot + 1, name.n - (size_t)(dot + 1 - name.p))))
		return "has a domain name that can't end so";
	return NULL;
}

const char *
spf_macro_check_name(struct slice spec, size_t *at)
{
	struct slice rest = spec, text, end = SLICE_ABSENT;
	struct macro m;

	for (;;) {
		*at = (size_t)(rest.p - spec.p);
		switch (next_token(&rest, &text, &m)) {
		case TOKEN_END:
			if (end.p == NULL)
				return NULL;
			*at = (size_t)(end.p - spec.p);
			return check_end(end);
		case TOKEN_LITERAL:
			end = text;
			break;
		case TOKEN_MACRO:
			if (is_only_explained(&m))
				return "has a macro that only explanations may have";
			end = SLICE_ABSENT;
			break;
		case TOKEN_ESCAPE:
			end = SLICE_ABSENT;
			break;
		case TOKEN_BAD:
			return "has a \"%\" that begins no macro";
		}
	}
}

const char *
spf_macro_check_text(struct slice text, bool explanation, size_t *at)
{
	struct slice rest = text, part;
	struct macro m;

	for (;;) {
		*at = (size_t)(rest.p - text.p);
		switch (next_token(&rest, &part, &m)) {
		case TOKEN_END:
			return NULL;
		case TOKEN_LITERAL:
			for (size_t i = 0; i < part.n; i++, ++*at)
				if (part.p[i] < (explanation ? ' ' : '!') || part.p[i] > '~')
					return "has a byte that is not printable ASCII";
			break;
		case TOKEN_MACRO:
		case TOKEN_ESCAPE:
			break;
		case TOKEN_BAD:
			return "has a \"%\" that begins no macro";
		}
	}
}

/* ---- expansion ---- */

/* Add bytes. */
static void
add(struct out *o, struct slice s)
{
	if (s.n > o->size - o->n && o->end) {
		size_t keep = o->n < NAME_END ? o->n : NAME_END;

		memmove(o->p, o->p + o->n - keep, keep);
		o->n = keep;
		if (s.n > o->size - keep) {
			o->n = 0;
			s = slice_of(s.p + s.n - NAME_END, NAME_END);
		}
	}
	if (s.n > o->size - o->n)
		s.n = o->size - o->n;
	memcpy(o->p + o->n, s.p, s.n);
	o->n += s.n;
}

/* Add bytes, all but the unreserved ones of RFC 3986 escaped. */
static void
add_escaped(struct out *o, struct slice s)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char b = (unsigned char)s.p[i], c = ascii_lower(b);
		char escaped[3] = { '%', hex[b >> 4], hex[b & 15] };

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
		    c == '_' || c == '~')
			add(o, slice_of(s.p + i, 1));
		else
			add(o, slice_of(escaped, 3));
	}
}

/* Write %{i}: an IPv6 address as its nibbles with dots between them. */
static struct slice
format_client(const struct ip *ip, char *out)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0;

	if (ip->family == 4)
		return slice_str(ip_format(ip, out));
	for (size_t i = 0; i < sizeof(ip->b); i++) {
		out[n++] = hex[ip->b[i] >> 4];
		out[n++] = '.';
		out[n++] = hex[ip->b[i] & 15];
		out[n++] = '.';
	}
	return slice_of(out, n - 1);
}

/* What a letter stands for; room is for what has to be made. */
static struct slice
value_of(char letter, const struct spf_macros *m, char *room)
{
	switch (letter) {
	case 's':
		return m->sender;
	case 'l':
		return m->local;
	case 'o':
		return m->domain;
	case 'd':
		return m->current;
	case 'i':
		return format_client(m->client, room);
	case 'p':
		return m->client_name(m->ctx);
	case 'v':
		return m->client->family == 4 ? SLICE("in-addr") : SLICE("ip6");
	case 'h':
		return m->helo;
	case 'c':
		return slice_str(ip_format(m->client, room));
	case 'r':
		return m->receiver;
	default: /* 't' */
		snprintf(room, NIBBLES, "%lld", (long long)m->now);
		return slice_str(room);
	}
}

static bool
is_delimiter(const struct macro *m, char c)
{
	return memchr(m->delimiters.p, c, m->delimiters.n) != NULL;
}

/* The parts that are used: those at the end, or if they get reversed at the beginning. */
static struct slice
use_parts(const struct macro *m, struct slice value)
{
	unsigned left = m->parts;

	if (left == 0)
		return value;
	if (m->reverse) {
		for (size_t i = 0; i < value.n; i++)
			if (is_delimiter(m, value.p[i]) && --left == 0)
				return slice_of(value.p, i);
		return value;
	}
	for (size_t i = value.n; i > 0; i--)
		if (is_delimiter(m, value.p[i - 1]) && --left == 0)
			return slice_of(value.p + i, value.n - i);
	return value;
}

/* Add the parts of a value, in their order or the opposite one, with dots between them. */
static void
add_parts(struct out *o, const struct macro *m, struct slice value)
{
	void (*const put)(struct out *, struct slice) = m->escape ? add_escaped : add;

	value = use_parts(m, value);
	for (;;) {
		size_t n = 0;

		if (m->reverse) {
			while (n < value.n && !is_delimiter(m, value.p[value.n - n - 1]))
				n++;
			put(o, slice_of(value.p + value.n - n, n));
			if (n == value.n)
				return;
			value.n -= n + 1;
		} else {
			while (n < value.n && !is_delimiter(m, value.p[n]))
				n++;
			put(o, slice_of(value.p, n));
			if (n == value.n)
				return;
			value = slice_of(value.p + n + 1, value.n - n - 1);
		}
		add(o, SLICE("."));
	}
}

/* Expand a text or a name; false if a name can't be made. */
static bool
expand(struct slice source, const struct spf_macros *m, struct out *o)
{
	struct slice text;
	struct macro macro;
	char room[NIBBLES];

	while (o->end || o->n < o->size)
		switch (next_token(&source, &text, &macro)) {
		case TOKEN_END:
		case TOKEN_BAD: /* was found when it was checked */
			return true;
		case TOKEN_LITERAL:
		case TOKEN_ESCAPE:
			add(o, text);
			break;
		case TOKEN_MACRO:
			if (o->end && (macro.letter == 's' || macro.letter == 'l') &&
			    !slice_is_ascii(m->local))
				return false;
			add_parts(o, &macro, value_of(macro.letter, m, room));
			break;
		}
	return true;
}

struct slice
spf_macro_name(struct slice spec, const struct spf_macros *m, char out[LIMIT_DNS_NAME + 1])
{
	char room[NAME_ROOM];
	struct out o = { .p = room, .size = sizeof(room), .end = true };
	struct slice name;

	if (!expand(spec, m, &o))
		return SLICE_ABSENT;
	name = name_trim(slice_of(room, o.n));
	while (name.n > LIMIT_DNS_NAME) {
		slice_cut(name, '.', &name);
		if (name.p == NULL)
			name = SLICE(""); /* a label that no name can have */
	}
	memcpy(out, name.p, name.n);
	out[name.n] = '\0';
	return slice_of(out, name.n);
}

struct slice
spf_macro_text(struct slice text, const struct spf_macros *m, char *out, size_t size)
{
	struct out o = { .p = out, .size = size };

	expand(text, m, &o);
	return slice_of(out, o.n);
}

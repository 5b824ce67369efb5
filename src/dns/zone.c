/*
 * zone.c - a few DNS records in memory
 *
 * One hash table of names; a name has an array for each type. Names are kept in lower case, all of
 * it lives in one arena: arrays that grew leave their old memory there, which is little for files
 * of this kind and keeps answers valid.
 */
#include "dns/zone.h"

#include "base/limits.h"
#include "base/suggest.h"
#include "dns/name.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <uthash.h>

#define TYPES "A, AAAA, MX, TXT, PTR, CNAME and TIMEOUT"

static const struct {
	struct slice name;
	enum dns_type type;
} types[] = {
	{ { "A", 1 }, DNS_A },
	{ { "AAAA", 4 }, DNS_AAAA },
	{ { "MX", 2 }, DNS_MX },
	{ { "TXT", 3 }, DNS_TXT },
	{ { "PTR", 3 }, DNS_PTR },
	{ { "CNAME", 5 }, DNS_CNAME },
};

#define NTYPES (sizeof(types) / sizeof(types[0]))
#define CNAMES (NTYPES - 1) /* index of CNAME */

struct records {
	struct dns_record *v;
	size_t n, cap;
};

struct name {
	UT_hash_handle hh;
	bool timeout;
	size_t all; /* records of every type */
	struct records of[NTYPES];
};

struct zone {
	struct arena arena;
	struct name *names;
};

/* A line on its way through the parser. */
struct cursor {
	struct slice line, rest;
	struct span at;
	struct diags *d;
};

/* A name as the table's key. */
struct key {
	char text[LIMIT_DNS_NAME];
	size_t n;
};

struct zone *
zone_new(void)
{
	struct zone *z = calloc(1, sizeof(*z));

	if (z != NULL) {
		arena_init(&z->arena, 0);
		z->arena.fatal = true;
	}
	return z;
}

void
zone_free(struct zone *z)
{
	if (z == NULL)
		return;
	HASH_CLEAR(hh, z->names);
	arena_free(&z->arena);
	free(z);
}

/* Make a key of a name; false if no name can be that long. */
static bool
make_key(struct slice name, struct key *key)
{
	name = name_trim(name);
	if (name.n > sizeof(key->text))
		return false;
	for (size_t i = 0; i < name.n; i++)
		key->text[i] = (char)ascii_lower(name.p[i]);
	key->n = name.n;
	return true;
}

/* Find a name; NULL if the zone has nothing about it. */
static struct name *
find_name(const struct zone *z, const struct key *key)
{
	struct name *found = NULL;

	HASH_FIND(hh, z->names, key->text, key->n, found);
	return found;
}

/* Find a name or make it. */
static struct name *
need_name(struct zone *z, const struct key *key)
{
	struct name *name = find_name(z, key);

	if (name == NULL) {
		struct slice text = arena_slice(&z->arena, slice_of(key->text, key->n));

		name = arena_alloc(&z->arena, sizeof(*name));
		HASH_ADD_KEYPTR(hh, z->names, text.p, text.n, name);
	}
	return name;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Step over blanks, and over a comment to the end of the line. */
static void
skip_blanks(struct cursor *c)
{
	while (c->rest.n > 0 && is_blank(c->rest.p[0])) {
		c->rest.p++;
		c->rest.n--;
	}
	if (c->rest.n > 0 && c->rest.p[0] == '#')
		c->rest = slice_of(c->rest.p + c->rest.n, 0);
}

/* Take n bytes off the rest of the line. */
static struct slice
take(struct cursor *c, size_t n)
{
	struct slice s = slice_of(c->rest.p, n);

	c->rest.p += n;
	c->rest.n -= n;
	return s;
}

/* Take the next word; empty at the end of the line. */
static struct slice
take_word(struct cursor *c)
{
	size_t n = 0;

	skip_blanks(c);
	while (n < c->rest.n && !is_blank(c->rest.p[n]))
		n++;
	return take(c, n);
}

/* The place of a part of the line; of an empty part (the line's end), the whole line. */
static struct span
place(const struct cursor *c, struct slice part)
{
	if (part.n == 0)
		return c->at;
	return (struct span){ c->at.source, c->at.at + (uint32_t)(part.p - c->line.p),
		(uint32_t)part.n };
}

/* Read the escape that s begins with: its byte and its length, 0 if it is none. */
static size_t
read_escape(struct slice s, char *byte)
{
	unsigned long long number;

	if (s.n < 2)
		return 0;
	if (s.p[1] < '0' || s.p[1] > '9') {
		*byte = s.p[1];
		return 2;
	}
	if (s.n < 4 || !slice_number(slice_of(s.p + 1, 3), 255, &number))
		return 0;
	*byte = (char)number;
	return 4;
}

/* Tell of the backslash at s. */
static bool
bad_escape(const struct cursor *c, struct slice s)
{
	struct diag *g = diag_error(c->d, place(c, slice_of(s.p, 1)),
	    "behind a backslash stands a byte as three digits, 000 to 255, or a character to be "
	    "taken as it is");

	diag_hint(c->d, g, "a backslash itself is \\\\");
	return false;
}

/* Take the escapes out of a name; all of it stays as it is if it has none. */
static bool
unescape_name(const struct cursor *c, struct zone *z, struct slice word, struct slice *name)
{
	char *to;

	*name = word;
	if (memchr(word.p, '\\', word.n) == NULL)
		return true;
	to = arena_alloc(&z->arena, word.n);
	*name = slice_of(to, 0);
	for (size_t i = 0, used; i < word.n; i += used) {
		struct slice rest = slice_of(word.p + i, word.n - i);

		used = 1;
		to[name->n] = word.p[i];
		if (word.p[i] == '\\') {
			used = read_escape(rest, &to[name->n]);
			if (used == 0)
				return bad_escape(c, rest);
			if (to[name->n] == '.') {
				diag_error(c->d, place(c, slice_of(rest.p, used)),
				    "a name with a dot inside of one of its parts can't be kept");
				return false;
			}
		}
		name->n++;
	}
	return true;
}

/* Make a name of a word. */
static bool
parse_name(const struct cursor *c, struct zone *z, struct slice word, struct slice *name)
{
	struct slice label;

	if (word.p[0] == '"') {
		diag_error(c->d, place(c, word), "a name stands without quotes");
		return false;
	}
	if (!unescape_name(c, z, word, name))
		return false;
	switch (name_check(*name, &label)) {
	case NAME_OK:
		*name = name_trim(*name);
		return true;
	case NAME_TOO_LONG:
		diag_error(c->d, place(c, word), "a name of %zu octets is too long: DNS allows %d",
		    name->n, LIMIT_DNS_NAME);
		return false;
	case NAME_LONG_LABEL:
		diag_error(c->d, place(c, name->p == word.p ? label : word),
		    "a part of %zu octets between dots is too long: DNS allows %d", label.n,
		    LIMIT_DNS_LABEL);
		return false;
	case NAME_EMPTY_LABEL:
		break;
	}
	diag_error(
	    c->d, place(c, word), "\"%.*s\" has an empty part between its dots", SLICE_ARG(word));
	return false;
}

/* Tell that a record's value is not there. */
static bool
no_value(const struct cursor *c, const char *type, const char *example)
{
	diag_hint(c->d, diag_error(c->d, c->at, "the value of this %s record is missing", type),
	    "write it like this: %s", example);
	return false;
}

/* Parse an address of n (4 or 16) octets. */
static bool
parse_address(struct cursor *c, struct zone *z, size_t n, struct dns_record *r)
{
	struct slice word = take_word(c);
	char text[INET6_ADDRSTRLEN];
	char *octets = arena_alloc(&z->arena, n);

	if (word.n == 0)
		return no_value(c, n == 4 ? "A" : "AAAA",
		    n == 4 ? "mail.example.net A 192.0.2.1" : "mail.example.net AAAA 2001:db8::1");
	if (word.n < sizeof(text) && memchr(word.p, '\0', word.n) == NULL) {
		memcpy(text, word.p, word.n);
		text[word.n] = '\0';
		if (inet_pton(n == 4 ? AF_INET : AF_INET6, text, octets) == 1) {
			r->data = slice_of(octets, n);
			return true;
		}
	}
	struct diag *g = diag_error(c->d, place(c, word), "\"%.*s\" is not an IPv%d address",
	    SLICE_ARG(word), n == 4 ? 4 : 6);
	if (n == 4 && memchr(word.p, ':', word.n) != NULL)
		diag_hint(c->d, g, "IPv6 addresses stand in AAAA records");
	return false;
}

/* Parse the host name that a PTR, CNAME or MX record points to. */
static bool
parse_host(struct cursor *c, struct zone *z, struct slice word, struct dns_record *r)
{
	struct slice name;

	if (!parse_name(c, z, word, &name))
		return false;
	r->data = arena_slice(&z->arena, name);
	return true;
}

/* Parse preference and host of an MX record. `0 .` (RFC 7505) has an empty host. */
static bool
parse_mx(struct cursor *c, struct zone *z, struct dns_record *r)
{
	struct slice word = take_word(c), host = take_word(c);
	unsigned long long preference;

	if (word.n == 0)
		return no_value(c, "MX", "example.net MX 10 mail.example.net");
	if (!slice_number(word, 65535, &preference)) {
		struct diag *g = diag_error(c->d, place(c, word),
		    "an MX record needs a preference, a number from 0 to 65535, before its host");

		if (host.n == 0)
			diag_hint(c->d, g, "write it like this: MX 10 %.*s", SLICE_ARG(word));
		return false;
	}
	r->preference = (unsigned)preference;
	if (host.n == 0) {
		diag_error(c->d, place(c, word), "the host of this MX record is missing");
		return false;
	}
	if (slice_eq(host, SLICE("."))) {
		r->data = SLICE("");
		return true;
	}
	return parse_host(c, z, host, r);
}

/* Add the string in quotes at the cursor to text. */
static bool
parse_string(struct cursor *c, char *text, size_t *n)
{
	struct slice start = c->rest;

	for (size_t i = 1, used; i < start.n; i += used) {
		if (start.p[i] == '"') {
			take(c, i + 1);
			return true;
		}
		used = 1;
		text[*n] = start.p[i];
		if (start.p[i] == '\\' && i + 1 < start.n) {
			struct slice rest = slice_of(start.p + i, start.n - i);

			used = read_escape(rest, &text[*n]);
			if (used == 0)
				return bad_escape(c, rest);
		}
		++*n;
	}
	diag_error(c->d, place(c, start), "this text has no quote at its end");
	return false;
}

/* Parse the strings of a TXT record. */
static bool
parse_txt(struct cursor *c, struct zone *z, struct dns_record *r)
{
	char *text = arena_alloc(&z->arena, c->rest.n + 1);
	size_t n = 0;

	skip_blanks(c);
	if (c->rest.n == 0)
		return no_value(c, "TXT", "example.net TXT \"v=spf1 mx -all\"");
	while (c->rest.n > 0) {
		if (c->rest.p[0] != '"') {
			diag_hint(c->d,
			    diag_error(c->d, place(c, c->rest),
				"the text of a TXT record stands in quotes"),
			    "write it like this: TXT \"v=spf1 mx -all\"");
			return false;
		}
		if (!parse_string(c, text, &n))
			return false;
		skip_blanks(c);
	}
	r->data = slice_of(text, n);
	return true;
}

/* Parse what stands behind the type. */
static bool
parse_value(struct cursor *c, struct zone *z, size_t type, struct dns_record *r)
{
	struct slice host;

	switch (types[type].type) {
	case DNS_A:
		return parse_address(c, z, 4, r);
	case DNS_AAAA:
		return parse_address(c, z, 16, r);
	case DNS_MX:
		return parse_mx(c, z, r);
	case DNS_TXT:
		return parse_txt(c, z, r);
	case DNS_PTR:
	case DNS_CNAME:
		break;
	}
	host = take_word(c);
	if (host.n == 0)
		return no_value(c, types[type].name.p,
		    types[type].type == DNS_PTR ? "1.2.0.192.in-addr.arpa PTR mail.example.net"
						: "www.example.net CNAME mail.example.net");
	return parse_host(c, z, host, r);
}

/* The index of the type that a word names, NTYPES for TIMEOUT; false for none. */
static bool
find_type(const struct cursor *c, struct slice word, size_t *type)
{
	struct suggest near;
	struct diag *g;

	if (word.n == 0) {
		g = diag_error(c->d, c->at, "a record type is missing behind the name");
		diag_hint(c->d, g, "types are " TYPES);
		return false;
	}
	suggest_begin(&near, word);
	for (*type = 0; *type < NTYPES; (*type)++) {
		if (slice_eq_nocase(word, types[*type].name))
			return true;
		suggest_offer(&near, types[*type].name);
	}
	if (slice_eq_nocase(word, SLICE("TIMEOUT")))
		return true;
	suggest_offer(&near, SLICE("TIMEOUT"));
	g = diag_error(c->d, place(c, word), "unknown record type \"%.*s\"", SLICE_ARG(word));
	if (near.best.p != NULL)
		diag_hint(c->d, g, "did you mean %.*s?", SLICE_ARG(near.best));
	else
		diag_hint(c->d, g, "types are " TYPES);
	return false;
}

/* True if nothing but a comment is left of the line. */
static bool
check_end(struct cursor *c)
{
	skip_blanks(c);
	if (c->rest.n == 0)
		return true;
	diag_error(c->d, place(c, c->rest), "this is too much: a record ends before it");
	return false;
}

/* Keep a record. A CNAME may stand neither beside other records nor beside another CNAME. */
static bool
keep(struct zone *z, const struct cursor *c, struct name *name, size_t type,
    const struct dns_record *r)
{
	struct records *of = &name->of[type];

	if (type == CNAMES ? name->all > 0 : name->of[CNAMES].n > 0) {
		diag_error(c->d, c->at, "a name with a CNAME record can have no other record");
		return false;
	}
	if (of->n == of->cap) {
		size_t cap = of->cap > 0 ? 2 * of->cap : 1;
		struct dns_record *v = arena_alloc(&z->arena, cap * sizeof(*v));

		if (of->n > 0)
			memcpy(v, of->v, of->n * sizeof(*v));
		of->v = v;
		of->cap = cap;
	}
	of->v[of->n++] = *r;
	name->all++;
	return true;
}

bool
zone_add(struct zone *z, struct slice line, struct span at, struct diags *d)
{
	struct cursor c = { line, line, at, d };
	struct slice word = take_word(&c), name;
	struct dns_record record = { 0 };
	struct key key;
	size_t type;

	if (word.n == 0)
		return true;
	if (!parse_name(&c, z, word, &name) || !find_type(&c, take_word(&c), &type))
		return false;
	make_key(name, &key);
	if (type == NTYPES) {
		if (!check_end(&c))
			return false;
		need_name(z, &key)->timeout = true;
		return true;
	}
	return parse_value(&c, z, type, &record) && check_end(&c) &&
	    keep(z, &c, need_name(z, &key), type, &record);
}

bool
zone_add_file(struct zone *z, const char *path, struct diags *d)
{
	const struct source *source = source_read(d, path, LIMIT_ZONE_FILE);
	struct slice line, rest;
	bool good = true;

	if (source == NULL)
		return false;
	rest = source->text;
	while (rest.p != NULL) {
		line = slice_trim(slice_cut(rest, '\n', &rest));
		struct span at = { source, (uint32_t)(line.p - source->text.p), (uint32_t)line.n };

		good &= zone_add(z, line, at, d);
	}
	return good;
}

struct dns_answer
zone_ask(const struct zone *z, struct slice name, enum dns_type type)
{
	struct key key;
	size_t index = 0;

	while (index < NTYPES && types[index].type != type)
		index++;
	for (int hops = 0; hops <= LIMIT_DNS_CNAMES; hops++) {
		struct name *found = make_key(name, &key) ? find_name(z, &key) : NULL;

		if (found == NULL)
			return (struct dns_answer){ .status = DNS_NXDOMAIN };
		if (found->timeout)
			return (struct dns_answer){ .status = DNS_FAILED,
				.cause = "no server has answered" };
		if (index < NTYPES && found->of[index].n > 0)
			return (struct dns_answer){
				.status = DNS_DATA, .v = found->of[index].v, .n = found->of[index].n
			};
		if (found->of[CNAMES].n == 0)
			return (struct dns_answer){ .status = DNS_NODATA };
		name = found->of[CNAMES].v[0].data;
	}
	return (struct dns_answer){ .status = DNS_FAILED, .cause = "too many aliases (CNAME)" };
}

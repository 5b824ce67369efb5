/*
 * entry.c - what an entry stands for
 *
 * Entries are read strictly, since a mistake here is an entry that never matches; what is asked is
 * taken as it comes, it was written by a sender.
 */
#include "list/entry.h"

#include "base/utf8.h"

/* s without its first n bytes. */
static struct slice
skip(struct slice s, size_t n)
{
	return slice_of(s.p + n, s.n - n);
}

/* A name without the dot at its end. */
static struct slice
without_dot(struct slice name)
{
	if (name.n > 1 && name.p[name.n - 1] == '.')
		name.n--;
	return name;
}

/* Write a key. */
size_t
key_pack(char *out, const struct key *key, bool fold)
{
	out[0] = (char)key->kind;
	for (size_t i = 0; i < key->s.n; i++)
		out[1 + i] = fold ? (char)ascii_lower(key->s.p[i]) : key->s.p[i];
	return 1 + key->s.n;
}

/* True if it could be meant as a host name, and not as an address. */
static bool
looks_like_name(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = ascii_lower(s.p[i]);

		if (c == ':' || c == '/')
			return false;
		if (c >= 'g' && c <= 'z')
			return true;
	}
	return false;
}

/* `192.0.2` and `192.0.2.`, as access tables have them: returns how many parts there are, 0 if it
 * is something else. */
static unsigned
leading_parts(struct slice s)
{
	unsigned parts = 0;
	unsigned long long n;

	for (s = without_dot(s); s.p != NULL; parts++)
		if (!slice_number(slice_cut(s, '.', &s), 255, &n))
			return 0;
	return parts < 4 ? parts : 0;
}

/* Say what is wrong with an address of a network. */
static void
bad_address(struct slice entry, struct span at, struct diags *d)
{
	static const char *const zeros[] = { "", ".0.0.0/8", ".0.0/16", ".0/24" };
	unsigned parts = leading_parts(entry);
	struct diag *g;

	if (looks_like_name(entry)) {
		g = diag_error(
		    d, at, "`%.*s` is a name, and this is a list of networks", SLICE_ARG(entry));
		diag_hint(
		    d, g, "write its addresses, or make a list of domains and ask client.name");
		return;
	}
	g = diag_error(d, at, "`%.*s` is neither an address nor a network", SLICE_ARG(entry));
	if (parts > 0) {
		struct slice start = without_dot(entry);

		diag_hint(d, g, "write %.*s%s", SLICE_ARG(start), zeros[parts]);
		return;
	}
	diag_hint(d, g, "write it as in 192.0.2.1, 192.0.2.0/24, 2001:db8::1 or 2001:db8::/32");
}

/* Say what a prefix can be. */
static void
bad_prefix(struct slice entry, const struct ip *ip, struct span at, struct diags *d)
{
	bool v6 = memchr(entry.p, ':', entry.n) != NULL;
	struct diag *g;

	g = diag_error(d, at, "the prefix of `%.*s` is not a number from %s", SLICE_ARG(entry),
	    !v6			  ? "0 to 32"
		: ip->family == 4 ? "96 to 128"
				  : "0 to 128");
	diag_hint(d, g, "it counts bits, as in %s", v6 ? "2001:db8::/32" : "192.0.2.0/24");
}

/* Say that bits are set behind the prefix, and what was meant. */
static void
host_bits(struct slice entry, const struct network *net, struct span at, struct diags *d)
{
	char text[IP_TEXT];
	struct diag *g;

	ip_format(&net->ip, text);
	g = diag_error(d, at, "`%.*s` has bits set behind its prefix; the network is %s/%u",
	    SLICE_ARG(entry), text, net->prefix);
	diag_hint(d, g, "write %s/%u", text, net->prefix);
}

/* An address or a network. */
static bool
network_key(struct slice entry, struct key *key, struct span at, struct diags *d)
{
	struct network net;

	switch (network_parse(entry, &net)) {
	case NETWORK_OK:
		break;
	case NETWORK_BAD_ADDRESS:
		bad_address(entry, at, d);
		return false;
	case NETWORK_BAD_PREFIX:
		bad_prefix(entry, &net.ip, at, d);
		return false;
	case NETWORK_HOST_BITS:
		host_bits(entry, &net, at, d);
		return false;
	}
	key->ip = net.ip;
	key->kind = net.prefix;
	key->s = slice_of((const char *)key->ip.b, net.ip.family == 4 ? 4 : 16);
	return true;
}

/* True for a byte that a label may have; `_` is none of a host's but mail domains have it, bytes
 * above ASCII stand for names as people write them. */
static bool
is_label_byte(unsigned char c)
{
	return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
	    c == '-' || c == '_' || c >= 0x80;
}

/* What is wrong with a name's labels, NULL if nothing. */
static const char *
bad_labels(struct slice name)
{
	struct slice rest = name;

	if (name.n > LIMIT_DNS_NAME)
		return "is longer than a name can be (253 bytes)";
	while (rest.p != NULL) {
		struct slice label = slice_cut(rest, '.', &rest);

		if (label.n == 0)
			return "has an empty label";
		if (label.n > LIMIT_DNS_LABEL)
			return "has a label longer than 63 bytes";
	}
	return NULL;
}

/* Say what is wrong with the characters of a name, and what may have been meant. */
static void
bad_character(struct slice entry, size_t i, struct span at, struct diags *d)
{
	struct diag *g;
	uint32_t code;
	size_t n = utf8_decode(skip(entry, i), &code);

	g = diag_error(d, at, "`%.*s` is not a domain: no name has the character `%.*s`",
	    SLICE_ARG(entry), (int)n, entry.p + i);
	if (entry.n > 2 && memcmp(entry.p, "*.", 2) == 0)
		diag_hint(d, g, "write %.*s for each name below %.*s", (int)entry.n - 1,
		    entry.p + 1, (int)entry.n - 2, entry.p + 2);
	else if (code == '@')
		diag_hint(d, g, "addresses stand in a list of addresses");
	else if (code == '/')
		diag_hint(
		    d, g, "networks stand in a list of networks, patterns in one of patterns");
}

/* True for `[192.0.2.1]`, and for an address as some clients greet with, without the brackets. */
static bool
is_address_literal(struct slice name)
{
	struct ip ip;

	if (name.n > 2 && name.p[0] == '[' && name.p[name.n - 1] == ']')
		name = slice_of(name.p + 1, name.n - 2);
	return ip_parse(name, &ip);
}

/* A domain, or those below it. */
static bool
domain_key(struct slice entry, struct key *key, struct span at, struct diags *d)
{
	struct slice name = without_dot(entry);
	const char *wrong;

	key->kind = KEY_DOMAIN;
	if (name.n > 1 && name.p[0] == '.') {
		key->kind = KEY_BELOW;
		name = skip(name, 1);
	}
	key->s = name;
	if (key->kind == KEY_DOMAIN && is_address_literal(name))
		return true;
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] != '.' && !is_label_byte((unsigned char)name.p[i])) {
			bad_character(entry, i + (size_t)(name.p - entry.p), at, d);
			return false;
		}
	wrong = bad_labels(name);
	if (wrong != NULL)
		diag_error(d, at, "`%.*s` %s", SLICE_ARG(entry), wrong);
	return wrong == NULL;
}

/* An address, a local part, a domain, or those below it. */
static bool
address_key(struct slice entry, struct key *key, struct span at, struct diags *d)
{
	const char *sign = memrchr(entry.p, '@', entry.n);
	size_t local = sign != NULL ? (size_t)(sign - entry.p) : 0;

	if (slice_eq(entry, SLICE("<>"))) {
		*key = (struct key){ .kind = KEY_LOCAL, .s = entry };
		return true;
	}
	if (entry.n > 2 && entry.p[0] == '<' && entry.p[entry.n - 1] == '>') {
		struct diag *g = diag_error(
		    d, at, "`%.*s`: an address stands here without < and >", SLICE_ARG(entry));

		diag_hint(d, g, "write %.*s", (int)entry.n - 2, entry.p + 1);
		return false;
	}
	if (sign == NULL)
		return domain_key(entry, key, at, d);
	if (local == 0) {
		struct diag *g = diag_error(d, at, "`%.*s` has no local part", SLICE_ARG(entry));

		if (entry.n > 1)
			diag_hint(d, g, "write %.*s for each address of that domain",
			    (int)entry.n - 1, entry.p + 1);
		return false;
	}
	if (local + 1 == entry.n) {
		*key = (struct key){ .kind = KEY_LOCAL, .s = slice_of(entry.p, local) };
		return true;
	}
	if (!domain_key(skip(entry, local + 1), key, at, d))
		return false;
	if (key->kind == KEY_BELOW) {
		struct diag *g = diag_error(d, at,
		    "`%.*s`: a local part goes with one domain, or with none", SLICE_ARG(entry));

		diag_hint(d, g, "write %.*s@ for it in any domain", (int)local, entry.p);
		return false;
	}
	if (local == 1 && entry.p[0] == '*') {
		struct diag *g =
		    diag_error(d, at, "`%.*s`: `*` stands for nothing here", SLICE_ARG(entry));

		diag_hint(d, g, "write %.*s for each address of that domain", (int)entry.n - 2,
		    entry.p + 2);
		return false;
	}
	*key = (struct key){ .kind = KEY_WHOLE, .s = without_dot(entry) };
	return true;
}

/* A whole string. */
static bool
word_key(struct slice entry, struct key *key)
{
	*key = (struct key){ .kind = KEY_WHOLE, .s = entry };
	return true;
}

/* Find the key of one column of an entry. */
bool
entry_key(enum list_type type, struct slice entry, struct key *key, struct span at, struct diags *d)
{
	if (entry.n == 0) {
		diag_error(d, at, "an empty entry");
		return false;
	}
	if (entry.n > LIMIT_TEXT) {
		diag_error(d, at, "an entry longer than %d bytes", LIMIT_TEXT);
		return false;
	}
	switch (type) {
	case LIST_NETWORKS:
		return network_key(entry, key, at, d);
	case LIST_DOMAINS:
		return domain_key(entry, key, at, d);
	case LIST_ADDRESSES:
	case LIST_PAIRS:
		return address_key(entry, key, at, d);
	default:
		return word_key(entry, key);
	}
}

/* The keys of a domain: its name, and what it is below of. */
static size_t
domain_probes(struct slice name, struct key *keys)
{
	size_t n = 0, i = 1;

	keys[n++] = (struct key){ .kind = KEY_DOMAIN, .s = name };
	if (name.n > LIMIT_DNS_NAME)
		i = name.n - LIMIT_DNS_NAME - 1;
	for (; i + 1 < name.n; i++)
		if (name.p[i] == '.')
			keys[n++] = (struct key){ .kind = KEY_BELOW, .s = skip(name, i + 1) };
	return n;
}

/* The keys of an address. */
static size_t
address_probes(struct slice address, struct key *keys)
{
	const char *sign = address.n > 0 ? memrchr(address.p, '@', address.n) : NULL;
	size_t local = sign != NULL ? (size_t)(sign - address.p) : address.n;

	keys[0] = (struct key){ .kind = KEY_LOCAL, .s = slice_of(address.p, local) };
	if (local + 1 >= address.n)
		return 1;
	keys[1] = (struct key){ .kind = KEY_WHOLE, .s = address };
	return 2 + domain_probes(skip(address, local + 1), keys + 2);
}

/* The keys for which a text is looked up. */
size_t
entry_probes(enum list_type type, struct slice text, struct key keys[KEY_PROBES])
{
	switch (type) {
	case LIST_DOMAINS:
		return domain_probes(without_dot(text), keys);
	case LIST_ADDRESSES:
	case LIST_PAIRS:
		return address_probes(without_dot(text), keys);
	default:
		keys[0] = (struct key){ .kind = KEY_WHOLE, .s = text };
		return 1;
	}
}

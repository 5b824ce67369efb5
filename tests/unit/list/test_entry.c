/*
 * test_entry.c - what an entry stands for, and what is said of one that stands for nothing
 */
#include "list/entry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* "WHAT", or "WHAT | HINT", or "" if all is well. */
static const char *
complaint(enum list_type type, struct slice entry)
{
	static char got[6000];
	struct diags d;
	struct key key;
	bool ok;

	diags_init(&d);
	ok = entry_key(type, entry, &key, (struct span){ 0 }, &d);
	assert_int_equal(ok, d.errors == 0);
	assert_true(d.errors <= 1);
	got[0] = '\0';
	if (!ok)
		snprintf(got, sizeof(got), "%s%s%s", d.v[0].what, d.v[0].hint != NULL ? " | " : "",
		    d.v[0].hint != NULL ? d.v[0].hint : "");
	diags_free(&d);
	return got;
}

#define SAYS(type, entry, words) assert_string_equal(complaint(type, SLICE(entry)), words)

static void
complains_of_networks(void **state)
{
	(void)state;
	SAYS(LIST_NETWORKS, "127.0.0.0/8", "");
	SAYS(LIST_NETWORKS, "127.0.0.1/8",
	    "`127.0.0.1/8` has bits set behind its prefix; the network is 127.0.0.0/8 | "
	    "write 127.0.0.0/8");
	SAYS(LIST_NETWORKS, "2001:db8::1/32",
	    "`2001:db8::1/32` has bits set behind its prefix; the network is 2001:db8::/32 | "
	    "write 2001:db8::/32");
	SAYS(LIST_NETWORKS, "192.0.2.0/33",
	    "the prefix of `192.0.2.0/33` is not a number from 0 to 32 | it counts bits, as in "
	    "192.0.2.0/24");
	SAYS(LIST_NETWORKS, "::/129",
	    "the prefix of `::/129` is not a number from 0 to 128 | it counts bits, as in "
	    "2001:db8::/32");
	SAYS(LIST_NETWORKS, "::ffff:192.0.2.0/24",
	    "the prefix of `::ffff:192.0.2.0/24` is not a number from 96 to 128 | it counts bits, "
	    "as in 2001:db8::/32");
	SAYS(LIST_NETWORKS, "mail.example.com",
	    "`mail.example.com` is a name, and this is a list of networks | write its addresses, "
	    "or make a list of domains and ask client.name");
	SAYS(LIST_NETWORKS, "192.0.2.256",
	    "`192.0.2.256` is neither an address nor a network | write it as in 192.0.2.1, "
	    "192.0.2.0/24, 2001:db8::1 or 2001:db8::/32");
	/* as Postfix's and Sendmail's tables have them */
	SAYS(LIST_NETWORKS, "192.0.2",
	    "`192.0.2` is neither an address nor a network | write 192.0.2.0/24");
	SAYS(LIST_NETWORKS, "10.1.",
	    "`10.1.` is neither an address nor a network | write 10.1.0.0/16");
	SAYS(LIST_NETWORKS, "10", "`10` is neither an address nor a network | write 10.0.0.0/8");
	SAYS(LIST_NETWORKS, "", "an empty entry");
}

static void
complains_of_domains(void **state)
{
	char name[400];

	(void)state;
	SAYS(LIST_DOMAINS, "example.com", "");
	SAYS(LIST_DOMAINS, ".com", "");
	SAYS(LIST_DOMAINS, "_x.example-1.com", "");
	SAYS(LIST_DOMAINS,
	    "b\xc3\xbc"
	    "cher.example",
	    "");
	SAYS(LIST_DOMAINS, "*.example.com",
	    "`*.example.com` is not a domain: no name has the character `*` | write .example.com "
	    "for each name below example.com");
	SAYS(LIST_DOMAINS, "a@example.com",
	    "`a@example.com` is not a domain: no name has the character `@` | addresses stand in "
	    "a list of addresses");
	SAYS(LIST_DOMAINS, "192.0.2.0/24",
	    "`192.0.2.0/24` is not a domain: no name has the character `/` | networks stand in a "
	    "list of networks, patterns in one of patterns");
	SAYS(LIST_DOMAINS, "[192.0.2]",
	    "`[192.0.2]` is not a domain: no name has the character `[`");
	SAYS(LIST_DOMAINS, ".[192.0.2.1]",
	    "`.[192.0.2.1]` is not a domain: no name has the character `[`");
	SAYS(LIST_DOMAINS, "a..example", "`a..example` has an empty label");
	SAYS(LIST_DOMAINS, "..example", "`..example` has an empty label");
	SAYS(LIST_DOMAINS, "example..", "`example..` has an empty label");
	SAYS(LIST_DOMAINS, ".", "`.` has an empty label");
	memset(name, 'a', sizeof(name));
	assert_string_equal(complaint(LIST_DOMAINS, slice_of(name, 63)), "");
	assert_non_null(
	    strstr(complaint(LIST_DOMAINS, slice_of(name, 64)), "has a label longer than 63"));
	for (size_t i = 0; i < sizeof(name); i += 2)
		name[i] = '.';
	assert_string_equal(complaint(LIST_DOMAINS, slice_of(name + 1, 253)), "");
	assert_non_null(
	    strstr(complaint(LIST_DOMAINS, slice_of(name + 1, 255)), "longer than a name"));
}

static void
complains_of_addresses(void **state)
{
	(void)state;
	SAYS(LIST_ADDRESSES, "<>", "");
	SAYS(LIST_ADDRESSES, "user@", "");
	SAYS(LIST_ADDRESSES, "user@[192.0.2.1]", "");
	SAYS(LIST_ADDRESSES, "<a@example.com>",
	    "`<a@example.com>`: an address stands here without < and > | write a@example.com");
	SAYS(LIST_ADDRESSES, "@example.com",
	    "`@example.com` has no local part | write example.com for each address of that domain");
	SAYS(LIST_ADDRESSES, "@", "`@` has no local part");
	SAYS(LIST_ADDRESSES, "a@b..c", "`b..c` has an empty label");
	SAYS(LIST_ADDRESSES, "a@.example.com",
	    "`a@.example.com`: a local part goes with one domain, or with none | write a@ for it "
	    "in any domain");
	SAYS(LIST_ADDRESSES, "*@example.com",
	    "`*@example.com`: `*` stands for nothing here | write example.com for each address of "
	    "that domain");
	SAYS(LIST_ADDRESSES, "**@example.com", "");
}

/* Bounds. */
static void
bounds_length(void **state)
{
	static char word[LIMIT_TEXT + 1];

	(void)state;
	memset(word, 'a', sizeof(word));
	assert_string_equal(complaint(LIST_WORDS, slice_of(word, LIMIT_TEXT)), "");
	assert_string_equal(complaint(LIST_WORDS, slice_of(word, LIMIT_TEXT + 1)),
	    "an entry longer than 4096 bytes");
}

/* The probes of a text as "KIND:BYTES ". */
static const char *
probes(enum list_type type, const char *text)
{
	static char got[300];
	struct key keys[KEY_PROBES];
	size_t n = entry_probes(type, slice_str(text), keys), used = 0;

	got[0] = '\0';
	for (size_t i = 0; i < n; i++)
		used += (size_t)snprintf(
		    got + used, sizeof(got) - used, "%c%.*s ", keys[i].kind, SLICE_ARG(keys[i].s));
	return got;
}

/* A question is as many probes as it has parts. */
static void
asks_for_few_keys(void **state)
{
	struct key keys[KEY_PROBES];
	char dots[2000];

	(void)state;
	assert_string_equal(probes(LIST_WORDS, "a.b@c"), "=a.b@c ");
	assert_string_equal(probes(LIST_DOMAINS, "a.b.c."), "da.b.c .b.c .c ");
	assert_string_equal(probes(LIST_ADDRESSES, "u@a.b"), "@u =u@a.b da.b .b ");
	assert_string_equal(probes(LIST_ADDRESSES, "u"), "@u ");
	assert_string_equal(probes(LIST_ADDRESSES, "<>"), "@<> ");
	memset(dots, '.', sizeof(dots));
	assert_true(entry_probes(LIST_DOMAINS, slice_of(dots, sizeof(dots)), keys) <= KEY_PROBES);
	dots[0] = '@';
	assert_true(entry_probes(LIST_ADDRESSES, slice_of(dots, sizeof(dots)), keys) <= KEY_PROBES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(complains_of_networks),
		cmocka_unit_test(complains_of_domains),
		cmocka_unit_test(complains_of_addresses),
		cmocka_unit_test(bounds_length),
		cmocka_unit_test(asks_for_few_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

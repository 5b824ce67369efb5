/*
 * test_list.c - asking lists
 */
#include "list/list.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* A list of words parted by blanks; of pairs, each word is `a,b`. A word may begin with `!` and end
 * in `=text`. */
static struct list *
list_of(enum list_type type, unsigned flags, const char *words)
{
	struct list *l = list_new(type, flags);
	struct slice left = slice_str(words);
	struct diags d;

	diags_init(&d);
	while (left.p != NULL && left.n > 0) {
		struct list_entry e = { .entry = slice_cut(left, ' ', &left) };

		if (e.entry.p[0] == '!') {
			e.except = true;
			e.entry = slice_of(e.entry.p + 1, e.entry.n - 1);
		}
		e.entry = slice_cut(e.entry, '=', &e.text);
		if (type == LIST_PAIRS)
			e.entry = slice_cut(e.entry, ',', &e.second);
		if (!list_add(l, &e, &d))
			fail_msg("%s: %s", words, d.v[0].what);
	}
	diags_free(&d);
	return l;
}

/* Ask for an address; the entry that decided, "-" if it isn't in the list. */
static const char *
ask_ip(const struct list *l, const char *address)
{
	static char got[100];
	struct list_hit hit;
	struct ip ip = { 0 };

	if (address[0] != '\0')
		assert_true(ip_parse(slice_str(address), &ip));
	if (list_find_ip(l, &ip, &hit) != MATCH_YES)
		return "-";
	snprintf(got, sizeof(got), "%.*s", SLICE_ARG(hit.entry));
	return got;
}

/* The same for a text. */
static const char *
ask(const struct list *l, const char *text)
{
	static char got[100];
	struct list_hit hit;

	if (list_find_text(l, slice_str(text), SLICE_ABSENT, true, NULL, &hit) != MATCH_YES)
		return "-";
	snprintf(got, sizeof(got), "%.*s", SLICE_ARG(hit.entry));
	return got;
}

/* Each prefix length, both families, mapped addresses as IPv4. */
static void
finds_networks(void **state)
{
	struct list *l = list_of(LIST_NETWORKS, 0,
	    "192.0.2.0/24 198.51.100.7 2001:db8::/32 ::1 10.0.0.0/8 ::ffff:203.0.113.0/120");

	(void)state;
	assert_string_equal(ask_ip(l, "192.0.2.255"), "192.0.2.0/24");
	assert_string_equal(ask_ip(l, "192.0.3.0"), "-");
	assert_string_equal(ask_ip(l, "198.51.100.7"), "198.51.100.7");
	assert_string_equal(ask_ip(l, "198.51.100.8"), "-");
	assert_string_equal(ask_ip(l, "::ffff:10.1.2.3"), "10.0.0.0/8");
	assert_string_equal(ask_ip(l, "203.0.113.9"), "::ffff:203.0.113.0/120");
	assert_string_equal(ask_ip(l, "2001:db8:1::5"), "2001:db8::/32");
	assert_string_equal(ask_ip(l, "2001:db9::5"), "-");
	assert_string_equal(ask_ip(l, "::1"), "::1");
	assert_string_equal(ask_ip(l, "::2"), "-");
	assert_string_equal(ask_ip(l, ""), "-");
	list_free(l);

	l = list_of(LIST_NETWORKS, 0, "0.0.0.0/0");
	assert_string_equal(ask_ip(l, "192.0.2.1"), "0.0.0.0/0");
	assert_string_equal(ask_ip(l, "2001:db8::1"), "-");
	assert_string_equal(ask_ip(l, ""), "-");
	list_free(l);
}

/* The first entry decides, be it wider or narrower; so do exceptions. */
static void
first_entry_decides(void **state)
{
	struct list *l = list_of(LIST_NETWORKS, 0, "!10.1.0.0/16 10.0.0.0/8 !10.2.0.0/16");

	(void)state;
	assert_string_equal(ask_ip(l, "10.1.2.3"), "-");
	assert_string_equal(ask_ip(l, "10.2.2.3"), "10.0.0.0/8");
	list_free(l);

	l = list_of(LIST_DOMAINS, 0, ".a.example !b.a.example !.c.example x.c.example");
	assert_string_equal(ask(l, "b.a.example"), ".a.example");
	assert_string_equal(ask(l, "x.c.example"), "-");
	list_free(l);
}

/* Names, names below, case, dots at the end; nothing in between matches. */
static void
finds_domains(void **state)
{
	struct list *l = list_of(LIST_DOMAINS, 0,
	    "Example.COM .example.net example.org. [192.0.2.1] 198.51.100.7 2001:db8::1 .top");

	(void)state;
	assert_string_equal(ask(l, "example.com"), "Example.COM");
	assert_string_equal(ask(l, "EXAMPLE.com."), "Example.COM");
	assert_string_equal(ask(l, "a.example.com"), "-");
	assert_string_equal(ask(l, "anexample.com"), "-");
	assert_string_equal(ask(l, "example.net"), "-");
	assert_string_equal(ask(l, "a.example.net"), ".example.net");
	assert_string_equal(ask(l, "c.b.A.Example.net"), ".example.net");
	assert_string_equal(ask(l, "anexample.net"), "-");
	assert_string_equal(ask(l, "example.org"), "example.org.");
	assert_string_equal(ask(l, "[192.0.2.1]"), "[192.0.2.1]");
	assert_string_equal(ask(l, "192.0.2.1"), "-");
	assert_string_equal(ask(l, "198.51.100.7"), "198.51.100.7");
	assert_string_equal(ask(l, "2001:DB8::1"), "2001:db8::1");
	assert_string_equal(ask(l, "a.b.top"), ".top");
	assert_string_equal(ask(l, "top"), "-");
	assert_string_equal(ask(l, ""), "-");
	assert_string_equal(ask(l, "."), "-");
	assert_string_equal(ask(l, ".example.com"), "-");
	list_free(l);
}

/* Addresses in each form. */
static void
finds_addresses(void **state)
{
	struct list *l = list_of(LIST_ADDRESSES, 0,
	    "User@Example.com postmaster@ example.net .example.org <> a@b@example.info");

	(void)state;
	assert_string_equal(ask(l, "uSER@example.COM"), "User@Example.com");
	assert_string_equal(ask(l, "user@example.com."), "User@Example.com");
	assert_string_equal(ask(l, "other@example.com"), "-");
	assert_string_equal(ask(l, "Postmaster@anywhere.example"), "postmaster@");
	assert_string_equal(ask(l, "postmaster"), "postmaster@");
	assert_string_equal(ask(l, "xpostmaster@anywhere.example"), "-");
	assert_string_equal(ask(l, "x@example.net"), "example.net");
	assert_string_equal(ask(l, "x@a.example.net"), "-");
	assert_string_equal(ask(l, "x@a.example.org"), ".example.org");
	assert_string_equal(ask(l, "x@example.org"), "-");
	assert_string_equal(ask(l, "x@y@example.net"), "example.net");
	assert_string_equal(ask(l, "a@b@example.info"), "a@b@example.info");
	assert_string_equal(ask(l, "<>"), "<>");
	assert_string_equal(ask(l, ""), "-");
	assert_string_equal(ask(l, "example.net"), "-");
	assert_string_equal(ask(l, "@example.net"), "example.net");
	assert_string_equal(ask(l, "x@"), "-");
	assert_string_equal(ask(l, "@"), "-");
	list_free(l);
}

/* Words are whole and without case. */
static void
finds_words(void **state)
{
	struct list *l = list_of(LIST_WORDS, 0, "One two !three");

	(void)state;
	assert_string_equal(ask(l, "oNE"), "One");
	assert_string_equal(ask(l, "onetwo"), "-");
	assert_string_equal(ask(l, "tw"), "-");
	assert_string_equal(ask(l, "three"), "-");
	assert_string_equal(ask(l, ""), "-");
	list_free(l);
}

/* Both columns must match, and the first pair decides. */
static void
finds_pairs(void **state)
{
	struct list *l = list_of(LIST_PAIRS, 0,
	    "!a@example.com,bad@example.net a@example.com,example.net example.com,.example.org "
	    "postmaster@,<>");
	struct list_hit hit;

	(void)state;
#define PAIR(a, b) list_find_pair(l, SLICE(a), SLICE(b), &hit)
	assert_int_equal(PAIR("a@example.com", "x@example.net"), MATCH_YES);
	assert_true(slice_eq(hit.entry, SLICE("a@example.com")));
	assert_int_equal(PAIR("a@example.com", "bad@example.net"), MATCH_NO);
	assert_int_equal(PAIR("b@example.com", "x@example.net"), MATCH_NO);
	assert_int_equal(PAIR("b@example.com", "x@a.Example.org"), MATCH_YES);
	assert_int_equal(PAIR("a@example.com", "x@a.example.org"), MATCH_YES);
	assert_int_equal(PAIR("postmaster@x.example", "<>"), MATCH_YES);
	assert_int_equal(PAIR("<>", "postmaster@x.example"), MATCH_NO);
	assert_int_equal(PAIR("", ""), MATCH_NO);
#undef PAIR
	assert_true(slice_eq(list_at(l, 2).second, SLICE(".example.org")));
	list_free(l);
}

/* Patterns search, with their own flags and the list's. */
static void
finds_patterns(void **state)
{
	struct list *l = list_of(LIST_PATTERNS, PATTERN_CASELESS, "!dyn-ok dyn-\\d+ ^ppp");

	(void)state;
	assert_string_equal(ask(l, "x.DYN-12.example"), "dyn-\\d+");
	assert_string_equal(ask(l, "dyn-ok.dyn-12"), "-");
	assert_string_equal(ask(l, "ppp1"), "^ppp");
	assert_string_equal(ask(l, "xppp1"), "-");
	list_free(l);

	l = list_of(LIST_PATTERNS, 0, "dyn");
	assert_string_equal(ask(l, "DYN"), "-");
	list_free(l);
}

/* A pattern is asked in the mode of the text; one that only UTF-8 knows, of bytes that are UTF-8.
 */
static void
asks_patterns_of_bytes(void **state)
{
	struct list *l = list_of(LIST_PATTERNS, 0, "^.$");

	(void)state;
	assert_int_equal(list_find_text(l, SLICE("\xc3\xa4"), SLICE_ABSENT, true, NULL, NULL), MATCH_YES);
	assert_int_equal(list_find_text(l, SLICE("\xc3\xa4"), SLICE_ABSENT, false, NULL, NULL), MATCH_NO);
	assert_int_equal(list_find_text(l, SLICE("\xe4"), SLICE_ABSENT, false, NULL, NULL), MATCH_YES);
	list_free(l);
	l = list_of(LIST_PATTERNS, 0, "\\x{263a}");
	assert_int_equal(
	    list_find_text(l, SLICE("a\xe2\x98\xba"), SLICE_ABSENT, true, NULL, NULL), MATCH_YES);
	assert_int_equal(
	    list_find_text(l, SLICE("a\xe2\x98\xba"), SLICE_ABSENT, false, NULL, NULL), MATCH_YES);
	assert_int_equal(
	    list_find_text(l, SLICE("\xff\xe2\x98\xba"), SLICE_ABSENT, false, NULL, NULL), MATCH_NO);
	list_free(l);
}

/* A pattern with the flag n is asked of the folded text, whether it has the flag or its list. */
static void
asks_folded_text(void **state)
{
	struct list *l = list_new(LIST_PATTERNS, 0), *all = list_new(LIST_PATTERNS, PATTERN_FOLDED);
	struct list_entry plain = { .entry = SLICE("a") };
	struct list_entry folded = { .entry = SLICE("b"), .flags = PATTERN_FOLDED };
	struct diags d;

	(void)state;
	diags_init(&d);
	assert_true(list_add(l, &plain, &d));
	assert_false(list_folds(l));
	assert_true(list_add(l, &folded, &d));
	assert_true(list_folds(l));
	assert_int_equal(list_find_text(l, SLICE("a"), SLICE("x"), true, NULL, NULL), MATCH_YES);
	assert_int_equal(list_find_text(l, SLICE("x"), SLICE("a"), true, NULL, NULL), MATCH_NO);
	assert_int_equal(list_find_text(l, SLICE("x"), SLICE("b"), true, NULL, NULL), MATCH_YES);
	assert_int_equal(list_find_text(l, SLICE("b"), SLICE("x"), true, NULL, NULL), MATCH_NO);
	assert_true(list_add(all, &plain, &d));
	assert_true(list_folds(all));
	assert_int_equal(list_find_text(all, SLICE("x"), SLICE("a"), true, NULL, NULL), MATCH_YES);
	/* the same pattern with the flag and without are two */
	plain.flags = PATTERN_FOLDED;
	assert_true(list_add(l, &plain, &d));
	assert_int_equal(d.errors + d.warnings, 0);
	list_free(l);
	list_free(all);
	diags_free(&d);
}

/* A search that failed is an error only where it makes a difference. */
static void
errs_where_it_matters(void **state)
{
	static const struct {
		const char *entries;
		enum match want;
	} cases[] = {
		{ "(a|aa)+$", MATCH_ERROR },
		{ "(a|aa)+$ a!", MATCH_YES },
		{ "!(a|aa)+$ a!", MATCH_ERROR },
		{ "!(a|aa)+$ b", MATCH_NO },
		{ "(a|aa)+$ !a!", MATCH_ERROR },
		{ "a! (a|aa)+$", MATCH_YES },
		{ "!a! (a|aa)+$", MATCH_NO },
	};
	char text[200];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '!';
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct list *l = list_of(LIST_PATTERNS, 0, cases[i].entries);

		if (list_find_text(l, slice_of(text, sizeof(text)), SLICE_ABSENT, true, NULL, NULL) !=
		    cases[i].want)
			fail_msg("%s", cases[i].entries);
		list_free(l);
	}
}

/* The text of the entry that decided comes with it; without one it is absent, an empty one is not.
 */
static void
gives_the_text(void **state)
{
	struct list *l = list_of(LIST_WORDS, 0, "a=text b c=");
	struct list_hit hit;

	(void)state;
	assert_int_equal(list_find_text(l, SLICE("A"), SLICE_ABSENT, true, NULL, &hit), MATCH_YES);
	assert_true(slice_eq(hit.text, SLICE("text")));
	assert_int_equal(list_find_text(l, SLICE("b"), SLICE_ABSENT, true, NULL, &hit), MATCH_YES);
	assert_null(hit.text.p);
	assert_int_equal(list_find_text(l, SLICE("c"), SLICE_ABSENT, true, NULL, &hit), MATCH_YES);
	assert_non_null(hit.text.p);
	assert_int_equal(hit.text.n, 0);
	assert_int_equal(list_find_text(l, SLICE("c"), SLICE_ABSENT, true, NULL, NULL), MATCH_YES);
	list_free(l);
}

/* A list can be read back as it was written. */
static void
reads_back(void **state)
{
	struct list *l = list_of(LIST_DOMAINS, 0, "A.example !.B.example=why c.example.");
	struct list_entry e;

	(void)state;
	assert_int_equal(list_type(l), LIST_DOMAINS);
	assert_int_equal(list_size(l), 3);
	assert_true(slice_eq(list_at(l, 0).entry, SLICE("A.example")));
	e = list_at(l, 1);
	assert_true(e.except);
	assert_true(slice_eq(e.entry, SLICE(".B.example")));
	assert_true(slice_eq(e.text, SLICE("why")));
	assert_null(e.second.p);
	assert_null(e.span.source);
	assert_true(slice_eq(list_at(l, 2).entry, SLICE("c.example.")));
	list_free(l);

	l = list_new(LIST_PATTERNS, PATTERN_CASELESS);
	assert_int_equal(list_flags(l), PATTERN_CASELESS);
	assert_int_equal(list_size(l), 0);
	assert_string_equal(ask(l, "x"), "-");
	list_free(l);
	list_free(NULL);
	assert_string_equal(list_type_name(LIST_PAIRS), "addresses addresses");
	assert_string_equal(list_type_name(LIST_NETWORKS), "networks");
}

/* Whatever a sender writes, however long, is only not found, or found by what is below. */
static void
takes_any_question(void **state)
{
	struct list *l = list_of(LIST_ADDRESSES, 0, "user@ .example.com user@example.com");
	struct list *pairs = list_of(LIST_PAIRS, 0, ".example.com,.example.com");
	size_t n = 300000;
	char *text = malloc(n);

	(void)state;
	for (size_t i = 0; i < n; i++)
		text[i] = i % 2 ? '.' : 'a';
	assert_int_equal(list_find_text(l, slice_of(text, n), SLICE_ABSENT, true, NULL, NULL), MATCH_NO);
	text[4] = '@';
	assert_int_equal(list_find_text(l, slice_of(text, n), SLICE_ABSENT, true, NULL, NULL), MATCH_NO);
	memcpy(text + n - 12, ".example.com", 12);
	assert_int_equal(list_find_text(l, slice_of(text, n), SLICE_ABSENT, true, NULL, NULL), MATCH_YES);
	assert_int_equal(
	    list_find_pair(pairs, slice_of(text, n), slice_of(text, n), NULL), MATCH_YES);
	memset(text, '@', n);
	assert_int_equal(list_find_text(l, slice_of(text, n), SLICE_ABSENT, true, NULL, NULL), MATCH_NO);
	assert_int_equal(list_find_text(l, SLICE("user@\0"), SLICE_ABSENT, true, NULL, NULL), MATCH_YES);
	assert_int_equal(list_find_text(l, SLICE("user\0@"), SLICE_ABSENT, true, NULL, NULL), MATCH_NO);
	free(text);
	list_free(l);
	list_free(pairs);
}

/* One network asked by itself. */
static bool
is_in(const struct network *net, const struct ip *ip)
{
	struct ip masked = ip_mask(ip, net->prefix);

	return ip_eq(&net->ip, &masked);
}

/* Against looking at every network, over random networks and addresses. */
static void
agrees_with_a_naive_search(void **state)
{
	enum { NETWORKS = 300, QUESTIONS = 3000 };
	static struct network nets[NETWORKS];
	static bool except[NETWORKS];
	struct list *l = list_new(LIST_NETWORKS, 0);
	struct diags d;
	size_t n = 0;

	(void)state;
	diags_init(&d);
	srand(7);
	while (n < NETWORKS) {
		struct ip ip = { .family = rand() % 2 ? 4 : 6 };
		unsigned prefix = (unsigned)rand() % (ip.family == 4 ? 33 : 129);
		char text[IP_TEXT], entry[IP_TEXT + 4];
		struct list_entry e = { .except = rand() % 4 == 0 };

		for (int i = 0; i < (ip.family == 4 ? 4 : 16); i++)
			ip.b[i] = (uint8_t)(rand() % 2 ? 0x20 : 0xa0);
		nets[n] = (struct network){ ip_mask(&ip, prefix), (uint8_t)prefix };
		except[n] = e.except;
		snprintf(entry, sizeof(entry), "%s/%u", ip_format(&nets[n].ip, text), prefix);
		e.entry = slice_str(entry);
		n += list_add(l, &e, &d);
	}
	assert_int_equal(d.errors, 0);
	for (int q = 0; q < QUESTIONS; q++) {
		struct ip ip = { .family = rand() % 2 ? 4 : 6 };
		enum match want = MATCH_NO;

		for (int i = 0; i < (ip.family == 4 ? 4 : 16); i++)
			ip.b[i] = (uint8_t)(rand() % 2 ? 0x20 : 0xa0);
		for (size_t i = 0; i < n; i++)
			if (is_in(&nets[i], &ip)) {
				want = except[i] ? MATCH_NO : MATCH_YES;
				break;
			}
		assert_int_equal(list_find_ip(l, &ip, NULL), want);
	}
	list_free(l);
	diags_free(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_networks),
		cmocka_unit_test(first_entry_decides),
		cmocka_unit_test(finds_domains),
		cmocka_unit_test(finds_addresses),
		cmocka_unit_test(finds_words),
		cmocka_unit_test(finds_pairs),
		cmocka_unit_test(finds_patterns),
		cmocka_unit_test(asks_patterns_of_bytes),
		cmocka_unit_test(asks_folded_text),
		cmocka_unit_test(errs_where_it_matters),
		cmocka_unit_test(gives_the_text),
		cmocka_unit_test(reads_back),
		cmocka_unit_test(takes_any_question),
		cmocka_unit_test(agrees_with_a_naive_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_cache.c - dns/cache.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/cache.h"

#include <stdio.h>

static struct cache cache;

static struct cache_key
key(const char *name, enum dns_type type)
{
	struct cache_key k;

	cache_key(&cache, slice_str(name), type, &k);
	return k;
}

/* Keep an address, or so many octets, under a name. */
static struct resolver_entry *
keep(const char *name, size_t octets, uint64_t until)
{
	static const char data[100000];
	struct dns_record r = { .data = { data, octets } };
	struct cache_key k = key(name, DNS_A);
	struct resolver_entry *e = cache_add(&cache, &k);

	assert_non_null(e);
	assert_true(
	    entry_set(e, &(struct dns_answer){ .status = DNS_DATA, .v = &r, .n = octets > 0 }));
	e->known = true;
	cache_keep(&cache, e, until);
	return e;
}

static struct resolver_entry *
find(const char *name, uint64_t now)
{
	struct cache_key k = key(name, DNS_A);

	return cache_find(&cache, &k, now);
}

static int
setup(void **state)
{
	(void)state;
	cache_init(&cache, 10000);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	cache_free(&cache);
	assert_int_equal(cache.bytes, 0);
	assert_int_equal(cache.kept, 0);
	assert_null(cache.table);
	return 0;
}

static void
finds_by_name_and_type(void **state)
{
	struct cache_key other = key("a.example", DNS_MX);
	struct resolver_entry *e = keep("A.example", 4, 100);

	(void)state;
	assert_ptr_equal(find("a.EXAMPLE.", 0), e);
	assert_true(slice_eq(entry_name(e), SLICE("a.example")));
	assert_null(find("b.example", 0));
	assert_null(cache_find(&cache, &other, 0));
	assert_int_equal(cache.kept, 1);
	assert_true(cache.bytes > sizeof(*e) + 4);
}

static void
forgets_what_has_expired(void **state)
{
	(void)state;
	keep("a.example", 4, 100);
	assert_non_null(find("a.example", 99));
	assert_null(find("a.example", 100));
	assert_int_equal(cache.bytes, 0);
	assert_int_equal(cache.evicted, 0);
	assert_non_null(keep("a.example", 4, 200));
	assert_non_null(find("a.example", 100));
}

/* One that is awaited neither expires nor goes for want of room. */
static void
has_what_is_awaited(void **state)
{
	struct cache_key k = key("a.example", DNS_A);
	struct resolver_entry *e = cache_add(&cache, &k);
	char name[32];

	(void)state;
	assert_ptr_equal(find("a.example", UINT64_MAX), e);
	assert_int_equal(cache.kept, 0);
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		keep(name, 4, 100);
	}
	assert_ptr_equal(find("a.example", 0), e);
	cache_drop(&cache, e);
	assert_null(find("a.example", 0));
}

static void
lets_the_least_used_go(void **state)
{
	size_t one, room;
	char name[32];

	(void)state;
	keep("n0.example", 4, 100);
	one = cache.bytes;
	room = cache.limit / one;
	for (size_t i = 1; i < room; i++) {
		snprintf(name, sizeof(name), "n%zu.example", i);
		keep(name, 4, 100);
	}
	assert_int_equal(cache.evicted, 0);
	assert_non_null(find("n0.example", 0)); /* used again */
	keep("x.example", 4, 100);
	assert_int_equal(cache.evicted, 1);
	assert_non_null(find("n0.example", 0));
	assert_null(find("n1.example", 0));
	assert_non_null(find("n2.example", 0));
	assert_true(cache.bytes <= cache.limit);

	/* a large one needs the room of several, one that is too large gets none */
	keep("large.example", 10 * one, 100);
	assert_true(cache.evicted > 9);
	assert_true(cache.bytes <= cache.limit);
	assert_non_null(find("large.example", 0));
	assert_non_null(find("n2.example", 0));
	keep("larger.example", 10001, 100);
	assert_null(find("larger.example", 0));
	assert_non_null(find("large.example", 0));
}

/* An answer stays as long as somebody reads it. */
static void
counts_readers(void **state)
{
	struct resolver_entry *e = keep("a.example", 4, 100);

	(void)state;
	entry_ref(e);
	cache_drop(&cache, e);
	assert_null(find("a.example", 0));
	assert_int_equal(e->answer.n, 1);
	assert_memory_equal(e->answer.v[0].data.p, "\0\0\0\0", 4);
	entry_unref(e);
}

static void
keeps_denials(void **state)
{
	(void)state;
	keep("a.example", 0, 100);
	assert_non_null(find("a.example", 0));
	assert_null(find("a.example", 0)->answer.v);
}

/* Two processes put the same names in different places. */
static void
has_a_secret(void **state)
{
	struct cache other;
	struct cache_key k;

	(void)state;
	cache_init(&other, 10000);
	cache_key(&other, SLICE("a.example"), DNS_A, &k);
	assert_int_not_equal(k.hash, key("a.example", DNS_A).hash);
	cache_free(&other);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(finds_by_name_and_type),
		TEST(forgets_what_has_expired),
		TEST(has_what_is_awaited),
		TEST(lets_the_least_used_go),
		TEST(counts_readers),
		TEST(keeps_denials),
		TEST(has_a_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

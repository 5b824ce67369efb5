/* test_dnsbl.c - dns/dnsbl.c */
#include "dns/dnsbl.h"

#include "base/clock.h"
#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static struct arena arena;
static struct dnsbl *list;
static uint64_t now = 1;

/* The test's own time. */
uint64_t
clock_us(void)
{
	return now;
}

static int
setup(void **state)
{
	(void)state;
	arena_init(&arena, 0);
	list = dnsbl_new(SLICE("zen.example"));
	return list != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	dnsbl_free(list);
	return 0;
}

/* ---- names ---- */

/* The name that is asked for; "" if there is none. */
static const char *
name_of(struct slice value)
{
	bool memory = true;
	struct slice name = dnsbl_name(list, value, &arena, &memory);

	assert_false(memory);
	return name.p != NULL ? name.p : "";
}

#define assert_name(value, name) assert_string_equal(name_of(SLICE(value)), name)

#define V6_REVERSED "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.zen.example"

static void
addresses_are_reversed(void **state)
{
	(void)state;
	assert_name("192.0.2.99", "99.2.0.192.zen.example");
	assert_name("255.255.255.255", "255.255.255.255.zen.example");
	assert_name("0.0.0.0", "0.0.0.0.zen.example");
	assert_name("2001:db8::1", V6_REVERSED);
	assert_name("2001:DB8:0:0::0001", V6_REVERSED);
	assert_name("::ffff:192.0.2.99", "99.2.0.192.zen.example");
	assert_name("[192.0.2.99]", "99.2.0.192.zen.example");
	assert_name("[IPv6:2001:db8::1]", V6_REVERSED);
	assert_name("[2001:db8::1]", V6_REVERSED);
	assert_string_equal(name_of(SLICE("fedc:ba98:7654:3210:0123:4567:89ab:cdef")),
	    "f.e.d.c.b.a.9.8.7.6.5.4.3.2.1.0.0.1.2.3.4.5.6.7.8.9.a.b.c.d.e.f.zen.example");
}

static void
host_names_stand_before_the_zone(void **state)
{
	(void)state;
	assert_name("example.net", "example.net.zen.example");
	assert_name("example.net.", "example.net.zen.example");
	assert_name("Some-Host_1.EXAMPLE", "Some-Host_1.EXAMPLE.zen.example");
	assert_name("localhost", "localhost.zen.example");
	assert_name("1.2.3", "1.2.3.zen.example");
	assert_name("192.0.2.256", "192.0.2.256.zen.example");
}

static void
labels_in_unicode_are_asked_for_as_the_dns_has_them(void **state)
{
	(void)state;
	assert_name("b\xc3\xbc"
		    "cher.example",
	    "xn--bcher-kva.example.zen.example");
	assert_name("mail.B\xc3\x9c"
		    "CHER.example.",
	    "mail.xn--bcher-kva.example.zen.example");
	/* what can't be such a name is none */
	assert_name("b\xc3\xbc cher.example", "");
	assert_name("\xc3\xbc\0.example", "");
	assert_name("\xe2\x98\x83/.example", "");
}

static void
what_is_no_name_is_not_asked_for(void **state)
{
	(void)state;
	assert_name("", "");
	assert_name(".", "");
	assert_name("example.net..", "");
	assert_name(".example.net", "");
	assert_name("a..b", "");
	assert_name("[]", "");
	assert_name("[example.net]]", "");
	assert_name("[IPv6:nonsense]", "");
	assert_name("two words", "");
	assert_name("a\0b", "");
	assert_name("a\nb", "");
	assert_name("a\\.b", "");
	assert_name("a/b", "");
	assert_name("*", "");
	assert_name("\xff", "");
	assert_name("2001:db8::1%eth0", "");
	assert_string_equal(name_of(SLICE_ABSENT), "");
}

static void
names_that_are_too_long_are_not_asked_for(void **state)
{
	size_t room = LIMIT_DNS_NAME - strlen(".zen.example");
	char value[LIMIT_ADDRESS];

	(void)state;
	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = i % 50 == 49 ? '.' : 'a';
	assert_int_equal(strlen(name_of(slice_of(value, room))), LIMIT_DNS_NAME);
	assert_string_equal(name_of(slice_of(value, room + 1)), "");
	assert_string_equal(name_of(slice_of(value, sizeof(value))), "");
	memset(value, 'a', sizeof(value));
	assert_int_equal(strlen(name_of(slice_of(value, LIMIT_DNS_LABEL))), LIMIT_DNS_LABEL + 12);
	assert_string_equal(name_of(slice_of(value, LIMIT_DNS_LABEL + 1)), "");
}

static void
lack_of_memory_is_told_from_no_name(void **state)
{
	struct arena none;
	bool memory = false;

	(void)state;
	arena_init(&none, 1);
	assert_null(dnsbl_name(list, SLICE("192.0.2.1"), &none, &memory).p);
	assert_true(memory);
	assert_null(dnsbl_name(list,
	    SLICE("b\xc3\xbc"
		  "cher"),
	    &none, &memory)
			.p);
	assert_true(memory);
	/* what has no name needs none */
	assert_null(dnsbl_name(list, SLICE("two words"), &none, &memory).p);
	assert_false(memory);
	arena_free(&none);
}

static void
the_zone_is_kept(void **state)
{
	char zone[] = "list.example";
	struct dnsbl *l = dnsbl_new(slice_str(zone));

	(void)state;
	zone[0] = 'x';
	assert_true(slice_eq(dnsbl_zone(l), SLICE("list.example")));
	dnsbl_free(l);
	dnsbl_free(NULL);
}

/* ---- answers ---- */

enum { MAX_ANSWERS = 3 };

/* What is said of an answer of those addresses: NULL, "refuses", "outside", or all of it. */
static const char *
judge(const char *const *addresses, bool quiet)
{
	struct dns_record records[MAX_ANSWERS] = { 0 };
	struct dns_answer answer = { .status = DNS_DATA, .v = records };
	struct ip ips[MAX_ANSWERS];
	const char *why;

	for (; addresses[answer.n] != NULL; answer.n++) {
		assert_true(ip_parse(slice_str(addresses[answer.n]), &ips[answer.n]));
		records[answer.n].data =
		    slice_of((const char *)ips[answer.n].b, ips[answer.n].family == 4 ? 4 : 16);
	}
	why = dnsbl_judge(list, &answer, quiet);
	if (why != NULL && strstr(why, "127.255.255") != NULL)
		return "refuses";
	return why != NULL && strstr(why, "outside") != NULL ? "outside" : why;
}

#define JUDGE(...) judge((const char *const[]){ __VA_ARGS__, NULL }, true)

static void
answers_within_127_are_sound(void **state)
{
	(void)state;
	assert_null(JUDGE("127.0.0.2"));
	assert_null(JUDGE("127.0.0.0"));
	assert_null(JUDGE("127.0.1.2", "127.0.0.10", "127.255.254.255"));
	assert_null(JUDGE("127.254.255.1"));
	assert_null(JUDGE("127.255.0.255"));
}

static void
answers_outside_are_failures(void **state)
{
	(void)state;
	assert_string_equal(JUDGE("127.255.255.254"), "refuses");
	assert_string_equal(JUDGE("127.255.255.0"), "refuses");
	assert_string_equal(JUDGE("127.255.255.255"), "refuses");
	assert_string_equal(JUDGE("126.255.255.255"), "outside");
	assert_string_equal(JUDGE("128.0.0.1"), "outside");
	assert_string_equal(JUDGE("198.51.100.7"), "outside");
	assert_string_equal(JUDGE("::1"), "outside");
	assert_string_equal(JUDGE("7f00::1"), "outside");
	/* one is enough, wherever it stands */
	assert_string_equal(JUDGE("127.0.0.2", "127.0.0.3", "192.0.2.1"), "outside");
	assert_string_equal(JUDGE("127.255.255.252", "127.0.0.2"), "refuses");
}

static void
no_record_is_no_listing_and_no_answer_a_failure(void **state)
{
	const struct dns_answer none[] = { { .status = DNS_NXDOMAIN }, { .status = DNS_NODATA } };
	const struct dns_answer failed = { .status = DNS_FAILED, .cause = "SERVFAIL" },
				failed_silently = { .status = DNS_FAILED };

	(void)state;
	assert_null(dnsbl_judge(list, &none[0], true));
	assert_null(dnsbl_judge(list, &none[1], true));
	assert_string_equal(dnsbl_judge(list, &failed, true), "SERVFAIL");
	assert_non_null(dnsbl_judge(list, &failed_silently, true));
}

static void
which_addresses_list(void **state)
{
	struct dns_record r = { .data = SLICE("\x7f\0\0\x02") };

	(void)state;
	assert_true(dnsbl_is_listing(&r));
	r.data = SLICE("\x7f\xff\xff\x02");
	assert_false(dnsbl_is_listing(&r));
	r.data = SLICE("\x80\0\0\x02");
	assert_false(dnsbl_is_listing(&r));
	r.data = SLICE("\x7f\0\0\x02\0\0\0\0\0\0\0\0\0\0\0\0");
	assert_false(dnsbl_is_listing(&r));
	r.data = SLICE("\x7f\0\0");
	assert_false(dnsbl_is_listing(&r));
	r.data = SLICE("");
	assert_false(dnsbl_is_listing(&r));
	r.data = SLICE_ABSENT;
	assert_false(dnsbl_is_listing(&r));
}

static void
answers_are_counted(void **state)
{
	unsigned long long asked = 7, failed = 7;

	(void)state;
	dnsbl_count(list, &asked, &failed);
	assert_int_equal(asked, 0);
	assert_int_equal(failed, 0);
	JUDGE("127.0.0.2");
	JUDGE("192.0.2.1", "192.0.2.2");
	JUDGE("127.0.0.3");
	dnsbl_count(list, &asked, &failed);
	assert_int_equal(asked, 3);
	assert_int_equal(failed, 1);
}

/* ---- the log ---- */

/* Judge a failing answer; how many lines the log got of it, the last of them in `line`. */
static unsigned
complaints(bool quiet, char line[300])
{
	static const char *const outside[] = { "192.0.2.1", NULL };
	int saved = dup(STDERR_FILENO);
	FILE *f = tmpfile();
	unsigned n = 0;

	assert_non_null(f);
	fflush(stderr);
	dup2(fileno(f), STDERR_FILENO);
	judge(outside, quiet);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(f);
	while (fgets(line, 300, f) != NULL)
		n++;
	fclose(f);
	return n;
}

static void
a_failing_list_is_told_of_once_in_a_while(void **state)
{
	const uint64_t quiet_us = LIMIT_DNSBL_QUIET_S * 1000000ull;
	char line[300] = "";

	(void)state;
	now = 1;
	assert_int_equal(complaints(false, line), 1);
	assert_non_null(strstr(line, "zen.example"));
	assert_non_null(strstr(line, "outside of 127.0.0.0/8"));
	assert_int_equal(complaints(false, line), 0);
	now += quiet_us - 1;
	assert_int_equal(complaints(false, line), 0);
	now++;
	assert_int_equal(complaints(false, line), 1);
	/* how often it was asked, how often it failed */
	assert_non_null(strstr(line, "4"));
	assert_int_equal(complaints(false, line), 0);
}

static void
a_quiet_judgment_says_nothing(void **state)
{
	char line[300];

	(void)state;
	assert_int_equal(complaints(true, line), 0);
	/* and doesn't keep another from being told */
	assert_int_equal(complaints(false, line), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(addresses_are_reversed),
		TEST(host_names_stand_before_the_zone),
		TEST(labels_in_unicode_are_asked_for_as_the_dns_has_them),
		TEST(what_is_no_name_is_not_asked_for),
		TEST(names_that_are_too_long_are_not_asked_for),
		TEST(lack_of_memory_is_told_from_no_name),
		TEST(the_zone_is_kept),
		TEST(answers_within_127_are_sound),
		TEST(answers_outside_are_failures),
		TEST(no_record_is_no_listing_and_no_answer_a_failure),
		TEST(which_addresses_list),
		TEST(answers_are_counted),
		TEST(a_failing_list_is_told_of_once_in_a_while),
		TEST(a_quiet_judgment_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

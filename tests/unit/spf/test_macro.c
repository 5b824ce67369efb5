/* test_macro.c - spf/macro.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spf/macro.h"

#include <stdio.h>

static struct ip client4, client6;
static unsigned names_asked;

static struct slice
client_name(void *ctx)
{
	(void)ctx;
	names_asked++;
	return SLICE("mx.example.org");
}

/* That of RFC 7208 7.4, for the most part. */
static struct spf_macros macros = { .client = &client4,
	.sender = { "strong-bad@email.example.com", 28 },
	.local = { "strong-bad", 10 },
	.domain = { "email.example.com", 17 },
	.current = { "email.example.com", 17 },
	.helo = { "HELO x", 6 },
	.receiver = { "mx.receiver.example", 19 },
	.now = 1234567890,
	.client_name = client_name };

static int
setup(void **state)
{
	(void)state;
	return !ip_parse(SLICE("192.0.2.3"), &client4) ||
	    !ip_parse(SLICE("2001:db8::cb01"), &client6);
}

/* The name that comes out. */
static void
name(const char *spec, const char *wanted)
{
	char room[LIMIT_DNS_NAME + 1];
	size_t at;

	assert_null(spf_macro_check_name(slice_str(spec), &at));
	assert_string_equal(spf_macro_name(slice_str(spec), &macros, room).p, wanted);
}

/* The text that comes out. */
static void
text(const char *source, const char *wanted)
{
	char room[1000];
	size_t at;
	struct slice s;

	assert_null(spf_macro_check_text(slice_str(source), true, &at));
	s = spf_macro_text(slice_str(source), &macros, room, sizeof(room) - 1);
	room[s.n] = '\0';
	assert_string_equal(room, wanted);
}

static void
of_the_rfc(void **state)
{
	(void)state;
	text("%{s}", "strong-bad@email.example.com");
	text("%{o}", "email.example.com");
	text("%{d}", "email.example.com");
	text("%{d4}", "email.example.com");
	text("%{d3}", "email.example.com");
	text("%{d2}", "example.com");
	text("%{d1}", "com");
	text("%{dr}", "com.example.email");
	text("%{d2r}", "example.email");
	text("%{l}", "strong-bad");
	text("%{l-}", "strong.bad");
	text("%{lr}", "strong-bad");
	text("%{lr-}", "bad.strong");
	text("%{l1r-}", "strong");
	name("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com");
	name("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com");
	name("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com");
	name("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com");
	name("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net");
	macros.client = &client6;
	name("%{ir}.%{v}._spf.%{d2}",
	    "1.0.B.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6._spf.example."
	    "com");
	text("%{c}", "2001:db8::cb01");
	macros.client = &client4;
}

static void
letters(void **state)
{
	(void)state;
	text("%{i} %{c} %{v} %{h} %{r} %{t}",
	    "192.0.2.3 192.0.2.3 in-addr HELO x mx.receiver.example 1234567890");
	text("%% %_ %- 100%%", "%   %20 100%");
	assert_int_equal(names_asked, 0);
	text("%{p} %{P1}", "mx.example.org org");
	assert_int_equal(names_asked, 2);
	text("%{D2R} %{LR-}", "example.email bad.strong");
	text("%{H}", "HELO%20x");
	text("%{l.-+,/_=}", "strong.bad");
	text("", "");
	name("a%{d}.b%{d1}.example.", "aemail.example.com.bcom.example");
}

static void
parts(void **state)
{
	const struct slice kept = macros.local;

	(void)state;
	macros.local = SLICE("a+b=c,d/e_f-g.h");
	text("%{l+}", "a.b=c,d/e_f-g.h");
	text("%{l+=,/_-.}", "a.b.c.d.e.f.g.h");
	text("%{l3r+=,/_-.}", "c.b.a");
	text("%{l3+=,/_-.}", "f.g.h");
	text("%{l128r+=,/_-.}", "h.g.f.e.d.c.b.a");
	text("%{l99999999999999999999-}", "a+b=c,d/e_f.g.h");
	macros.local = SLICE("");
	text("[%{l}] [%{lr-}] [%{l1}]", "[] [] []");
	macros.local = SLICE("..a..");
	text("%{l} %{lr} %{l2} %{l2r} %{l-}", "..a.. ..a.. . . ..a..");
	macros.local = SLICE("~j&k=\x01 \xff/%");
	text("%{L}", "~j%26k%3D%01%20%FF%2F%25");
	macros.local = kept;
}

/* Names lose labels on their left, whole ones. */
static void
long_names(void **state)
{
	const struct slice kept = macros.current;
	char label[64], all[600], room[LIMIT_DNS_NAME + 1], spec[1000], *p = all;
	struct slice s;

	(void)state;
	memset(label, 'y', 60);
	label[60] = '\0';
	for (int i = 0; i < 6; i++)
		p += sprintf(p, "%d%s.", i, label);
	strcpy(p, "example");
	macros.current = slice_str(all);
	/* 7 + 3 * 62 = 193, one more would be 255 */
	name("%{d}", strchr(all, '3'));
	/* 253 fit, 254 don't */
	snprintf(spec, sizeof(spec), "z.%.*s.%%{d}", 57, label);
	macros.current = slice_str(strchr(all, '3'));
	s = spf_macro_name(slice_str(spec), &macros, room);
	assert_int_equal(s.n, 253);
	assert_memory_equal(s.p, "z.yyy", 5);
	snprintf(spec, sizeof(spec), "z.%.*s.%%{d}.", 57, label);
	s = spf_macro_name(slice_str(spec), &macros, room);
	assert_int_equal(s.n, 253);
	snprintf(spec, sizeof(spec), "zz.%.*s.%%{d}", 57, label);
	s = spf_macro_name(slice_str(spec), &macros, room);
	assert_int_equal(s.n, 251);
	assert_memory_equal(s.p, "yyy", 3);
	/* as often as you like */
	macros.current = SLICE("email.example.com");
	for (p = spec; p < spec + 124 * 5; p += 5)
		memcpy(p, "%{d}.", 5);
	strcpy(p, "example");
	s = spf_macro_name(slice_str(spec), &macros, room);
	assert_int_equal(s.n, 7 + 13 * 18 + 12);
	assert_memory_equal(s.p, "example.com.email.", 18);
	macros.current = kept;
}

/* A value longer than all room for names; a label that is too long for any. */
static void
long_values(void **state)
{
	const struct slice kept = macros.local;
	char big[5000], room[LIMIT_DNS_NAME + 1], out[100];
	struct slice s;

	(void)state;
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = i % 10 == 9 ? '.' : (char)('a' + i / 10 % 26);
	macros.local = slice_of(big, sizeof(big) - 1);
	s = spf_macro_name(SLICE("%{l}.%{l}.%{l}.x.example"), &macros, room);
	assert_int_equal(s.n, 249);
	assert_memory_equal(s.p + s.n - 20, big + sizeof(big) - 11, 10);
	assert_memory_equal(s.p + s.n - 10, ".x.example", 10);
	memset(big, 'x', sizeof(big));
	assert_int_equal(spf_macro_name(SLICE("%{l}"), &macros, room).n, 0);
	assert_string_equal(spf_macro_name(SLICE("%{l}.a.example"), &macros, room).p, "a.example");
	s = spf_macro_text(SLICE("%{l}%{l}"), &macros, out, sizeof(out));
	assert_int_equal(s.n, sizeof(out));
	macros.local = kept;
}

/* Local parts that are not ASCII are in no name, but in explanations. */
static void
not_ascii(void **state)
{
	const struct slice kept = macros.local;
	char room[LIMIT_DNS_NAME + 1];

	(void)state;
	macros.local = SLICE("j\xc3\xb6");
	assert_null(spf_macro_name(SLICE("%{l}.example"), &macros, room).p);
	assert_null(spf_macro_name(SLICE("%{S}.example"), &macros, room).p);
	name("%{o}", "email.example.com");
	text("%{l}", "j\xc3\xb6");
	macros.local = kept;
}

static void
syntax(void **state)
{
	static const char *const bad[] = { "%", "a%", "%a", "%{", "%{}", "%{d", "%{x}", "%{a}",
		"%{d0}", "%{d00}", "%{2d}", "%{d-2}", "%{drr}", "%{dr2}", "%{d }", "%{d!}", "%{d;}",
		"%(d)", "%{d}%", "%{d|}" };
	static const char *const good[] = { "%{d}", "%{D}", "%{d1}", "%{d128}", "%{d1r}", "%{d1R}",
		"%{dr.}", "%{d1r.-+,/_=}", "%{d--}", "%%", "%_", "%-" };
	size_t at;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_non_null(spf_macro_check_name(slice_str(bad[i]), &at));
		assert_true(at <= strlen(bad[i]));
		assert_non_null(spf_macro_check_text(slice_str(bad[i]), true, &at));
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_null(spf_macro_check_name(slice_str(good[i]), &at));
		assert_null(spf_macro_check_text(slice_str(good[i]), true, &at));
	}
	assert_null(spf_macro_check_text(SLICE("two words ~!"), true, &at));
	assert_non_null(spf_macro_check_text(SLICE("two words"), false, &at));
	assert_int_equal(at, 3);
	assert_non_null(spf_macro_check_text(SLICE("ab\tc"), true, &at));
	assert_int_equal(at, 2);
	assert_non_null(spf_macro_check_text(SLICE("%{d}ab\xe9"), true, &at));
	assert_int_equal(at, 6);
	assert_non_null(spf_macro_check_text(SLICE("a\0"), true, &at));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_the_rfc),
		cmocka_unit_test(letters),
		cmocka_unit_test(parts),
		cmocka_unit_test(long_names),
		cmocka_unit_test(long_values),
		cmocka_unit_test(not_ascii),
		cmocka_unit_test(syntax),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}

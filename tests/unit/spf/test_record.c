/* test_record.c - spf/record.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spf/record.h"

#include "base/limits.h"

#include <stdio.h>

/* Write what is read of a record, a term like `-a example.net/32/128`, or what is wrong. */
static const char *
show(struct slice text)
{
	static const char *const types[] = { "all", "include", "a", "mx", "ptr", "ip4", "ip6",
		"exists", "redirect", "exp", "unknown" };
	static char out[4096];
	char *p = out, address[IP_TEXT];
	struct spf_record r;
	struct spf_term t;

	assert_true(spf_record_is(text));
	out[0] = '\0';
	spf_record_open(&r, text);
	while (spf_record_next(&r, &t)) {
		assert_true(t.text.p >= text.p && t.text.p + t.text.n <= text.p + text.n);
		p += sprintf(p, "%s%s%s", p > out ? ", " : "",
		    t.result == SPF_FAIL	   ? "-"
			: t.result == SPF_SOFTFAIL ? "~"
			: t.result == SPF_NEUTRAL  ? "?"
						   : "",
		    types[t.type]);
		if (t.domain.p != NULL)
			p += sprintf(p, " %.*s", SLICE_ARG(t.domain));
		if (t.type == SPF_IP4 || t.type == SPF_IP6)
			p += sprintf(
			    p, " %s/%u", ip_format(&t.network.ip, address), t.network.prefix);
		if (t.prefix4 != 32 || t.prefix6 != 128)
			p += sprintf(p, " /%u/%u", t.prefix4, t.prefix6);
	}
	if (r.error[0] != '\0') {
		assert_true(strlen(r.error) < SPF_RECORD_ERROR);
		assert_true(r.wrong <= text.n);
		snprintf(out, sizeof(out), "%zu: %s", r.wrong, r.error);
	}
	return out;
}

static void
versions(void **state)
{
	(void)state;
	assert_true(spf_record_is(SLICE("v=spf1")));
	assert_true(spf_record_is(SLICE("v=spf1 ")));
	assert_true(spf_record_is(SLICE("V=SpF1 all")));
	assert_false(spf_record_is(SLICE("")));
	assert_false(spf_record_is(SLICE("v=spf")));
	assert_false(spf_record_is(SLICE("v=spf10")));
	assert_false(spf_record_is(SLICE("v=spf1\tall")));
	assert_false(spf_record_is(SLICE("v=spf1\0")));
	assert_false(spf_record_is(SLICE(" v=spf1")));
	assert_false(spf_record_is(SLICE("v=spf2.0/mfrom all")));
}

static const struct {
	struct slice text;
	const char *wanted;
} table[] = {
#define T(text, wanted)                                                                            \
	{                                                                                          \
		{ "v=spf1 " text, sizeof("v=spf1 " text) - 1 }, wanted                             \
	}
	T("", ""),
	T("   ", ""),
	T("all", "all"),
	T("  -all  ", "-all"),
	T("+all ~ALL ?All -aLL", "all, ~all, ?all, -all"),
	T("a mx ptr", "a, mx, ptr"),
	T("-include:a.example", "-include a.example"),
	T("exists:%{ir}.x.example", "exists %{ir}.x.example"),
	T("redirect=a.example exp=b.example", "redirect a.example, exp b.example"),
	T("Redirect=a.example EXP=b.example", "redirect a.example, exp b.example"),

	/* prefix lengths */
	T("a/24", "a /24/128"),
	T("a//64", "a /32/64"),
	T("a/24//64", "a /24/64"),
	T("mx:a.example/0//0", "mx a.example /0/0"),
	T("mx:%{d}/32//128", "mx %{d}"),
	T("a:foo:bar/baz.example.com/24", "a foo:bar/baz.example.com /24/128"),
	T("a:%{d/}/8", "a %{d/} /8/128"),
	T("a/33", "9: \"a/33\" has a prefix length over 32"),
	T("a//129", "10: \"a//129\" has a prefix length over 128"),
	T("a/024", "9: \"a/024\" has a prefix length that begins with 0"),
	T("a/00", "9: \"a/00\" has a prefix length that begins with 0"),
	T("a/4294967320", "9: \"a/4294967320\" has a prefix length over 32"),
	T("a/24/64", "12: \"a/24/64\" has a prefix length over 32"),
	T("a//64//64", "8: \"a//64//64\" has what can't follow \"a\""),
	T("a//64/24", "8: \"a//64/24\" has what can't follow \"a\""),
	T("a/", "8: \"a/\" has what can't follow \"a\""),
	T("a//", "8: \"a//\" has what can't follow \"a\""),
	T("a/x", "8: \"a/x\" has what can't follow \"a\""),
	T("ptr/24", "10: \"ptr/24\" has what can't follow \"ptr\""),
	T("all/8", "10: \"all/8\" has what can't follow \"all\""),
	T("include:a.example/24",
	    "15: \"include:a.example/24\" has a domain name that can't end so"),

	/* networks */
	T("ip4:192.0.2.1", "ip4 192.0.2.1/32"),
	T("IP4:192.0.2.1/0", "ip4 192.0.2.1/0"),
	T("ip4:255.255.255.255/32", "ip4 255.255.255.255/32"),
	T("ip6:2001:DB8::/32", "ip6 2001:db8::/32"),
	T("ip6:::1.1.1.1/0", "ip6 ::1.1.1.1/0"),
	T("ip6:2001:0db8:0000:0000:0000:0000:192.168.100.200/128", "ip6 2001:db8::c0a8:64c8/128"),
	T("ip6:::ffff:192.0.2.1", "ip6 ::ffff:192.0.2.1/128"),
	T("ip4", "10: \"ip4\" lacks an IPv4 network"),
	T("ip4:", "11: \"ip4:\" is no IPv4 network"),
	T("ip4=192.0.2.1", "unknown"),
	T("ip4:192.0.2", "11: \"ip4:192.0.2\" is no IPv4 network"),
	T("ip4:192.0.2.256", "11: \"ip4:192.0.2.256\" is no IPv4 network"),
	T("ip4:192.0.02.1", "11: \"ip4:192.0.02.1\" is no IPv4 network"),
	T("ip4:192.0.2.1.", "11: \"ip4:192.0.2.1.\" is no IPv4 network"),
	T("ip4:192.0.2.1:25", "11: \"ip4:192.0.2.1:25\" is no IPv4 network"),
	T("ip4:192.0.2.1/33", "21: \"ip4:192.0.2.1/33\" has a prefix length over 32"),
	T("ip4:192.0.2.1/032", "21: \"ip4:192.0.2.1/032\" has a prefix length that begins with 0"),
	T("ip4:192.0.2.1//32", "11: \"ip4:192.0.2.1//32\" is no IPv4 network"),
	T("ip4:192.0.2.1/", "11: \"ip4:192.0.2.1/\" is no IPv4 network"),
	T("ip4:2001:db8::1", "11: \"ip4:2001:db8::1\" is no IPv4 network"),
	T("ip6:192.0.2.1", "11: \"ip6:192.0.2.1\" is no IPv6 network"),
	T("ip6::CAFE::BABE", "11: \"ip6::CAFE::BABE\" is no IPv6 network"),
	T("ip6:fe80::1%eth0", "11: \"ip6:fe80::1%eth0\" is no IPv6 network"),
	T("ip6:1::/129", "15: \"ip6:1::/129\" has a prefix length over 128"),
	T("ip6:0000000000000000000000000000000000000000000000000000001::",
	    "11: \"ip6:0000000000000000000000000000000000000000000000000000001::\" is no IPv6 "
	    "network"),

	/* names */
	T("a:a.example", "a a.example"),
	T("a:a.example.", "a a.example."),
	T("a:.example", "a .example"),
	T("a:a..example", "a a..example"),
	T("a:_x.a-b.x1-2", "a _x.a-b.x1-2"),
	T("a:x.1a", "a x.1a"),
	T("a:x.1-2", "a x.1-2"),
	T("a:!\"#$&'()*,;<>?@[\\]^`{|}~.example", "a !\"#$&'()*,;<>?@[\\]^`{|}~.example"),
	T("a:%{d}", "a %{d}"),
	T("a:x%_", "a x%_"),
	T("a:%%", "a %%"),
	T("a:%{d}.example", "a %{d}.example"),
	T("a:", "9: \"a:\" lacks a domain name"),
	T("a:museum", "9: \"a:museum\" has a domain name of one label"),
	T("a:museum.", "9: \"a:museum.\" has a domain name of one label"),
	T("a:.", "9: \"a:.\" has a domain name of one label"),
	T("a:x..", "9: \"a:x..\" has a domain name that can't end so"),
	T("a:x.123", "9: \"a:x.123\" has a domain name that can't end so"),
	T("a:x.-a", "9: \"a:x.-a\" has a domain name that can't end so"),
	T("a:x.a-", "9: \"a:x.a-\" has a domain name that can't end so"),
	T("a:x.a_b", "9: \"a:x.a_b\" has a domain name that can't end so"),
	T("a:x.example:25", "9: \"a:x.example:25\" has a domain name that can't end so"),
	T("a:%{d}x", "13: \"a:%{d}x\" has a domain name of one label"),
	T("a:%{d}.", "13: \"a:%{d}.\" has a domain name of one label"),
	T("a:192.0.2.1", "9: \"a:192.0.2.1\" has an address where a domain name belongs"),
	T("mx:2001:db8::1", "10: \"mx:2001:db8::1\" has an address where a domain name belongs"),
	T("include", "14: \"include\" lacks a domain name"),
	T("exists", "13: \"exists\" lacks a domain name"),
	T("exists:", "14: \"exists:\" lacks a domain name"),
	T("redirect=", "16: \"redirect=\" lacks a domain name"),
	T("exp=", "11: \"exp=\" lacks a domain name"),
	T("exp=-all", "11: \"exp=-all\" has a domain name of one label"),
	T("exp=%{r}.example",
	    "11: \"exp=%{r}.example\" has a macro that only explanations may have"),
	T("a:%{T}.example", "9: \"a:%{T}.example\" has a macro that only explanations may have"),
	T("a:%{c}", "9: \"a:%{c}\" has a macro that only explanations may have"),

	/* mechanisms and modifiers */
	T("b", "7: \"b\" is no mechanism"),
	T("-", "8: \"-\" is no mechanism"),
	T("--all", "8: \"--all\" is no mechanism"),
	T("!all", "7: \"!all\" is no mechanism"),
	T("all.", "7: \"all.\" is no mechanism"),
	T("all:x", "10: \"all:x\" has what can't follow \"all\""),
	T("a1:x.example", "7: \"a1:x.example\" is no mechanism"),
	T("redirect:x.example", "7: \"redirect:x.example\" lacks the \"=\" of \"redirect=\""),
	T("exp:x.example", "7: \"exp:x.example\" lacks the \"=\" of \"exp=\""),
	T("moo.cow-far_out=man:dog/cat", "unknown"),
	T("a=b", "unknown"),
	T("x=", "unknown"),
	T("x=%{c}%{r}%{t}%%%_%-", "unknown"),
	T("x=%", "9: \"x=%\" has a \"%\" that begins no macro"),
	T("x=%abc", "9: \"x=%abc\" has a \"%\" that begins no macro"),
	T("moo/cow=x", "7: \"moo/cow=x\" is no mechanism"),
	T("=all", "7: \"=all\" has no name before its \"=\""),
	T("1up=foo", "7: \"1up=foo\" has no name before its \"=\""),
	T("+x=y", "7: \"+x=y\" has a qualifier, which a modifier can't have"),
	T("-exp=a.example", "7: \"-exp=a.example\" has a qualifier, which a modifier can't have"),
	T("exp=a.example exp=a.example", "21: \"exp=a.example\" is the second of its kind"),
	T("redirect=a.example all REDIRECT=b.example",
	    "30: \"REDIRECT=b.example\" is the second of its kind"),
	T("x=1 x=2", "unknown, unknown"),
	/* an error anywhere counts */
	T("all moo", "11: \"moo\" is no mechanism"),

	/* bytes */
	T("a:x.example\0", "18: \"a:x.example\" has the byte 0x00, which no term may have"),
	T("a\tmx", "8: \"a?mx\" has the byte 0x09, which no term may have"),
	T("all\n", "10: \"all?\" has the byte 0x0a, which no term may have"),
	T("\x7f", "7: \"?\" has the byte 0x7f, which no term may have"),
	T("\x80"
	  "a:x.example",
	    "7: \"?a:x.example\" has the byte 0x80, which no term may have"),
	T("x=\xc3\xa9", "9: \"x=??\" has the byte 0xc3, which no term may have"),
};

static void
records(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_string_equal(show(table[i].text), table[i].wanted);
}

static void
long_terms(void **state)
{
	char text[LIMIT_SPF_TERM + 100];
	size_t head = (size_t)sprintf(text, "v=spf1 a:");

	(void)state;
	memset(text + head, 'x', LIMIT_SPF_TERM);
	memcpy(text + head + LIMIT_SPF_TERM - 8, ".example", 8);
	assert_memory_equal(show(slice_of(text, head + LIMIT_SPF_TERM)), "a xxx", 5);
	memset(text + head, 'x', LIMIT_SPF_TERM);
	memcpy(text + head + LIMIT_SPF_TERM - 7, ".example", 8);
	assert_non_null(strstr(
	    show(slice_of(text, head + LIMIT_SPF_TERM + 1)), "xxx...\" is longer than 1024 bytes"));
}

static void
networks(void **state)
{
	struct ip a, b;

	(void)state;
	ip_parse(SLICE("192.0.2.1"), &a);
	ip_parse(SLICE("192.0.2.129"), &b);
	assert_true(spf_same_network(&a, &b, 24));
	assert_false(spf_same_network(&a, &b, 25));
	assert_true(spf_same_network(&a, &b, 0));
	ip_parse(SLICE("2001:db8::1"), &b);
	assert_false(spf_same_network(&a, &b, 0));
	ip_parse(SLICE("2001:db8:8000::1"), &a);
	assert_true(spf_same_network(&a, &b, 32));
	assert_false(spf_same_network(&a, &b, 33));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions),
		cmocka_unit_test(records),
		cmocka_unit_test(long_terms),
		cmocka_unit_test(networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

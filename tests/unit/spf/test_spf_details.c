/* test_spf_details.c - spf/check.c: what an answer says beside its result, and the trace */
#include "ask.h"

static const char *const lines[] = {
	"plain.example TXT \"some text\"",
	"good.example TXT \"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all\"",
	"bare.example TXT \"v=spf1\"",
	"wrong.example TXT \"v=spf1 ip4:192.0.2.1 nonsense -all\"",
	"slow.example TIMEOUT",
	"a.example TXT \"v=spf1 a -all\"",
	"a.example A 192.0.2.10",
	"a.example AAAA 2001:db8::10",
	"a-none.example TXT \"v=spf1 a:nothing.example a:a..example -all\"",
	"mx.example TXT \"v=spf1 mx -all\"",
	"mx.example MX 10 gone.example",
	"mx.example MX 20 a.example",
	"include-none.example TXT \"v=spf1 include:plain.example -all\"",
	"include-wrong.example TXT \"v=spf1 include:wrong.example -all\"",
	"self.example TXT \"v=spf1 include:self.example -all\"",
	"exp.example TXT \"v=spf1 ip4:192.0.2.1 exp=why.exp.example -all\"",
	"why.exp.example TXT \"%{i} is no host of %{d}, ask %{o} 100%% %{s}\"",

	"inner.example TXT \"v=spf1 ip4:198.51.100.0/24 -ip4:192.0.2.0/24 ?all\"",
	"middle.example TXT \"v=spf1 ?include:inner.example redirect=inner.example\"",
	"outer.example TXT \"v=spf1 ~include:middle.example ?include:inner.example -all\"",
	"before.example TXT \"v=spf1 redirect=nothing.example all\"",
	"after.example TXT \"v=spf1 redirect=good.example a:a.example\"",
	"order.example TXT \"v=spf1 ?exists:nothing.example ~a:a.example -ip4:192.0.2.0/24 +mx\"",
	"deep.example TXT \"v=spf1 include:include-none.example -all\"",
	"deep-wrong.example TXT \"v=spf1 include:include-wrong.example -all\"",
	"mx-slow.example TXT \"v=spf1 mx -all\"",
	"mx-slow.example MX 10 slow.example",
	"mx-slow.example MX 20 a.example",
	"mx-null.example TXT \"v=spf1 mx -all\"",
	"mx-null.example MX 0 .",
	"ptr-slow.example TXT \"v=spf1 ptr ~all\"",
	"8.2.0.192.in-addr.arpa PTR slow.ptr-slow.example",
	"slow.ptr-slow.example TIMEOUT",
	"7.2.0.192.in-addr.arpa TIMEOUT",
	"p.example TXT \"v=spf1 exists:%{p}.yes.example -all exp=why.p.example\"",
	"why.p.example TXT \"%{p} %{r} %{h}\"",
	"6.2.0.192.in-addr.arpa PTR other.org",
	"6.2.0.192.in-addr.arpa PTR sub.p.example",
	"6.2.0.192.in-addr.arpa PTR p.example",
	"6.2.0.192.in-addr.arpa PTR lie.p.example",
	"other.org A 192.0.2.6",
	"sub.p.example A 192.0.2.6",
	"p.example A 192.0.2.6",
	"xn--bcher-kva.example TXT \"v=spf1 ip4:192.0.2.1 -all\"",
	"local.example TXT \"v=spf1 exists:%{l}.list.example include:%{s} ~all\"",
	"local-redirect.example TXT \"v=spf1 redirect=%{l}.example\"",
	"one.example TXT \"v=spf1 include:%{d1} -all\"",
};

static int
setup(void **state)
{
	(void)state;
	return !start(lines, sizeof(lines) / sizeof(lines[0]));
}

/* What stands in the answer beside result and reason. */
static void
details(void **state)
{
	struct spf_answer out;

	(void)state;
	out = from("good.example");
	text_is(out.mechanism, "ip4:192.0.2.0/24");
	text_is(out.explanation, NULL);
	text_is(out.domain, "good.example");
	assert_int_equal(out.lookups, 0);
	assert_int_equal(out.queries, 1);
	out = ask("192.0.2.10", "h", "u@mx.example");
	text_is(out.mechanism, "mx");
	assert_int_equal(out.lookups, 1);
	assert_int_equal(out.voids, 0);
	assert_int_equal(out.queries, 4);
	out = ask("198.51.100.1", "h", "u@exp.example");
	text_is(out.mechanism, "-all");
	text_is(out.why, "exp.example does not allow 198.51.100.1 to send its mail (-all)");
	text_is(out.explanation,
	    "198.51.100.1 is no host of exp.example, ask exp.example 100% "
	    "u@exp.example");
	out = from("bare.example");
	text_is(out.mechanism, NULL);
	out = from("a-none.example");
	assert_int_equal(out.lookups, 2);
	assert_int_equal(out.voids, 1); /* a name that can't be asked for is not looked up */
	out = from("self.example");
	assert_int_equal(out.lookups, 10);
	assert_int_equal(out.queries, 11);
	text_is(out.mechanism, NULL);
	text_is(out.why,
	    "self.example: include:self.example of self.example: more than 10 terms "
	    "ask the DNS (the next is \"include:self.example\")");
}

/* Which mechanism decides, and through which qualifiers. */
static void
nested(void **state)
{
	struct spf_answer out;

	(void)state;
	/* passes in inner, is neutral in middle, so that outer's second term decides */
	out = ask("198.51.100.1", "h", "u@outer.example");
	is(out, SPF_NEUTRAL,
	    "outer.example does not say whether 198.51.100.1 may send its mail "
	    "(ip4:198.51.100.0/24 of inner.example)");
	text_is(out.mechanism, "?include:inner.example");
	out = from("outer.example");
	is(out, SPF_FAIL, "outer.example does not allow 192.0.2.1 to send its mail (-all)");
	out = ask("198.51.100.1", "h", "u@middle.example");
	text_is(out.mechanism, "?include:inner.example");
	out = from("middle.example");
	is(out, SPF_FAIL,
	    "middle.example does not allow 192.0.2.1 to send its mail (-ip4:192.0.2.0/24 of "
	    "inner.example)");
	text_is(out.mechanism, "-ip4:192.0.2.0/24");
	/* redirect comes last wherever it stands, and never behind all */
	is(from("before.example"), SPF_PASS, NULL);
	is(ask("192.0.2.10", "h", "u@after.example"), SPF_PASS,
	    "after.example allows 192.0.2.10 to send its mail (a:a.example)");
	is(ask("198.51.100.1", "h", "u@after.example"), SPF_FAIL,
	    "after.example does not allow 198.51.100.1 to send its mail (-all of good.example)");
	is(from("order.example"), SPF_FAIL, NULL);
	is(ask("192.0.2.10", "h", "u@order.example"), SPF_SOFTFAIL, NULL);
	is(ask("198.51.100.1", "h", "u@order.example"), SPF_NEUTRAL, NULL);
	is(from("deep.example"), SPF_PERMERROR,
	    "deep.example: include:plain.example of include-none.example: plain.example has no SPF "
	    "record");
	is(from("deep-wrong.example"), SPF_PERMERROR,
	    "deep-wrong.example: include:wrong.example of include-wrong.example: wrong.example has "
	    "a wrong SPF record: \"nonsense\" is no mechanism");
	is(from("one.example"), SPF_PERMERROR,
	    "one.example: include:%{d1}: \"example\" is not a domain name that can have an SPF "
	    "record");
}

/* A host that can't be looked up keeps no other from being found. */
static void
failing_hosts(void **state)
{
	(void)state;
	is(ask("192.0.2.10", "h", "u@mx-slow.example"), SPF_PASS, NULL);
	is(ask("192.0.2.11", "h", "u@mx-slow.example"), SPF_TEMPERROR,
	    "mx-slow.example: DNS lookup of A for slow.example failed: no server has answered");
	is(from("mx-null.example"), SPF_FAIL, NULL);
	is(ask("192.0.2.8", "h", "u@ptr-slow.example"), SPF_SOFTFAIL, NULL);
	is(ask("192.0.2.7", "h", "u@ptr-slow.example"), SPF_SOFTFAIL, NULL);
}

static void
client_names(void **state)
{
	struct spf_answer out = ask("192.0.2.6", "h.example", "u@p.example");

	(void)state;
	is(out, SPF_FAIL, "p.example mx.receiver.example h.example");
	/* TXT; PTR and four addresses, once for both %{p}; exists; explanation */
	assert_int_equal(out.queries, 8);
	assert_int_equal(out.voids, 1);
	add("p.example.yes.example A 127.0.0.2");
	is(ask("192.0.2.6", "h.example", "u@p.example"), SPF_PASS, NULL);
	is(ask("192.0.2.7", "h.example", "u@p.example"), SPF_FAIL,
	    "unknown mx.receiver.example h.example");
	is(ask("192.0.2.66", "", "u@p.example"), SPF_FAIL, "unknown mx.receiver.example unknown");
}

static void
international(void **state)
{
	struct spf_answer out = ask("192.0.2.1", "h",
	    "u@b\xc3\xbc"
	    "cher.example");

	(void)state;
	is(out, SPF_PASS, NULL);
	text_is(out.domain, "xn--bcher-kva.example");
	is(ask("192.0.2.1", "h",
	       "u@B\xc3\x9c"
	       "CHER.Example."),
	    SPF_PASS, NULL);
	is(ask_helo("192.0.2.1",
	       "b\xc3\xbc"
	       "cher.example"),
	    SPF_PASS, NULL);
	is(ask("192.0.2.1", "h", "u@b\xc3.example"), SPF_NONE, NULL);
	/* a local part that is not ASCII is in no name (RFC 8616 4) */
	out = ask("192.0.2.1", "h", "j\xc3\xb6@local.example");
	is(out, SPF_SOFTFAIL, NULL);
	assert_int_equal(out.queries, 1);
	is(ask("192.0.2.1", "h", "j\xc3\xb6@local-redirect.example"), SPF_PERMERROR, NULL);
	is(ask("192.0.2.1", "h", "good@local-redirect.example"), SPF_PASS, NULL);
}

/* Write a line of a trace as an admin sees it. */
static void
write_line(void *ctx, unsigned depth, struct slice line)
{
	char **p = ctx;

	*p += sprintf(*p, "%*s%.*s\n", (int)depth * 4, "", SLICE_ARG(line));
}

/* Each record in its order, though some of its terms are decided before others. */
static void
traces(void **state)
{
	char text[4000], *p = text;
	const struct spf_trace trace = { write_line, &p };
	struct spf_answer out;
	struct ip ip;

	(void)state;
	add("tr.example TXT \"v=spf1 ip4:10.0.0.1 include:%{l}.t.example x=y a ip6:2001:db8:: mx "
	    "~all a\"");
	add("tr.example TXT \"\\007\"");
	add("tr.example MX 5 a.example");
	add("u.t.example TXT \"v=spf1 -ip4:10.0.0.2 exists:a.example redirect=r.t.example "
	    "ip4:10.0.0.3\"");
	add("r.t.example TXT \"v=spf1 ip4:10.0.0.4\"");
	ip_parse(SLICE("2001:db8::1"), &ip);
	spf_check(spf,
	    &(struct spf_query){ SPF_MAIL_FROM, &ip, SLICE("h"), SLICE("u@tr.example"), 0 }, &trace,
	    &arena, &out);
	is(out, SPF_PASS, NULL);
	assert_string_equal(text,
	    "  DNS TXT tr.example: \"v=spf1 ip4:10.0.0.1 include:%{l}.t.example x=y a "
	    "ip6:2001:db8:: mx ~all a\", \"?\"\n"
	    "tr.example: v=spf1 ip4:10.0.0.1 include:%{l}.t.example x=y a ip6:2001:db8:: mx ~all a\n"
	    "ip4:10.0.0.1: no match\n"
	    "include:%{l}.t.example: lookup 1 of 10\n"
	    "  %{l}.t.example is u.t.example\n"
	    "      DNS TXT u.t.example: \"v=spf1 -ip4:10.0.0.2 exists:a.example "
	    "redirect=r.t.example ip4:10.0.0.3\"\n"
	    "    u.t.example: v=spf1 -ip4:10.0.0.2 exists:a.example redirect=r.t.example "
	    "ip4:10.0.0.3\n"
	    "    -ip4:10.0.0.2: no match\n"
	    "    exists:a.example: lookup 2 of 10\n"
	    "      DNS A a.example: 192.0.2.10\n"
	    "    exists:a.example: match (pass)\n"
	    "include:%{l}.t.example: match (pass)\n");
	p = text;
	spf_check(spf,
	    &(struct spf_query){ SPF_MAIL_FROM, &ip, SLICE("h"), SLICE("v@tr.example"), 0 }, &trace,
	    &arena, &out);
	is(out, SPF_PERMERROR, NULL);
	assert_non_null(strstr(text,
	    "  DNS TXT v.t.example: no such name\n"
	    "    permerror: v.t.example does not exist\n"));
	p = text;
	add("w.t.example TXT \"v=spf1 ip4:10.0.0.2 redirect=r.t.example ip4:10.0.0.3\"");
	spf_check(spf,
	    &(struct spf_query){ SPF_MAIL_FROM, &ip, SLICE("h"), SLICE("w@tr.example"), 0 }, &trace,
	    &arena, &out);
	is(out, SPF_SOFTFAIL, NULL);
	assert_non_null(strstr(text,
	    "    ip4:10.0.0.2: no match\n"
	    "    ip4:10.0.0.3: no match\n"
	    "    redirect=r.t.example: lookup 2 of 10\n"
	    "      DNS TXT r.t.example: \"v=spf1 ip4:10.0.0.4\"\n"
	    "    r.t.example: v=spf1 ip4:10.0.0.4\n"
	    "    ip4:10.0.0.4: no match\n"
	    "include:%{l}.t.example: no match\n"
	    "x=y: unknown, ignored\n"
	    "a: lookup 3 of 10\n"
	    "  DNS AAAA tr.example: none\n"
	    "  nothing found, 1 of 2\n"
	    "a: no match\n"
	    "ip6:2001:db8::: no match\n"
	    "mx: lookup 4 of 10\n"
	    "  DNS MX tr.example: 5 a.example.\n"
	    "  DNS AAAA a.example: 2001:db8::10\n"
	    "mx: no match\n"
	    "~all: match (softfail)\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(details),
		cmocka_unit_test(nested),
		cmocka_unit_test(failing_hosts),
		cmocka_unit_test(client_names),
		cmocka_unit_test(international),
		cmocka_unit_test(traces),
	};

	return cmocka_run_group_tests(tests, setup, stop);
}

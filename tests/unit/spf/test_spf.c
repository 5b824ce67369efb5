/* test_spf.c - spf/check.c, answered from a zone */
#include "ask.h"

#include <pthread.h>

static const char *const lines[] = {
	"plain.example TXT \"some text\"",
	"plain.example TXT \"v=spf10 -all\"",
	"good.example TXT \"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all\"",
	"upper.example TXT \"V=SPF1 IP4:192.0.2.0/24 -ALL\"",
	"bare.example TXT \"v=spf1\"",
	"soft.example TXT \"v=spf1 ~all\"",
	"neutral.example TXT \"v=spf1 ?all\"",
	"two.example TXT \"v=spf1 -all\"",
	"two.example TXT \"v=spf1 +all\"",
	"wrong.example TXT \"v=spf1 ip4:192.0.2.1 nonsense -all\"",
	"slow.example TIMEOUT",

	"a.example TXT \"v=spf1 a -all\"",
	"a.example A 192.0.2.10",
	"a.example AAAA 2001:db8::10",
	"a-slow.example TXT \"v=spf1 a:slow.example -all\"",
	"a-none.example TXT \"v=spf1 a:nothing.example a:a..example -all\"",
	"mx.example TXT \"v=spf1 mx -all\"",
	"mx.example MX 10 gone.example",
	"mx.example MX 20 a.example",
	"ptr.example TXT \"v=spf1 ptr -all\"",
	"9.2.0.192.in-addr.arpa PTR host.ptr.example",
	"host.ptr.example A 192.0.2.9",
	"alias.example CNAME good.example",
	"exists.example TXT \"v=spf1 exists:%{ir}.%{l}.list.example -all\"",
	"1.2.0.192.user.list.example A 127.0.0.2",

	"include.example TXT \"v=spf1 include:good.example ~all\"",
	"include-none.example TXT \"v=spf1 include:plain.example -all\"",
	"include-slow.example TXT \"v=spf1 include:slow.example -all\"",
	"include-wrong.example TXT \"v=spf1 include:wrong.example -all\"",
	"self.example TXT \"v=spf1 include:self.example -all\"",
	"redirect.example TXT \"v=spf1 redirect=exp.example\"",
	"redirect-none.example TXT \"v=spf1 redirect=nothing.example\"",

	"exp.example TXT \"v=spf1 ip4:192.0.2.1 exp=why.exp.example -all\"",
	"why.exp.example TXT \"%{i} is no host of %{d}, ask %{o} 100%% %{s}\"",
	"exp-include.example TXT \"v=spf1 include:exp.example -all\"",
	"exp-none.example TXT \"v=spf1 exp=nothing.example -all\"",
	"exp-slow.example TXT \"v=spf1 exp=slow.example -all\"",
	"exp-two.example TXT \"v=spf1 exp=why.exp-two.example -all\"",
	"why.exp-two.example TXT \"one\"",
	"why.exp-two.example TXT \"two\"",
	"exp-blank.example TXT \"v=spf1 exp=why.exp-blank.example -all\"",
	"why.exp-blank.example TXT \"  \"",
	"exp-bad.example TXT \"v=spf1 exp=why.exp-bad.example -all\"",
	"why.exp-bad.example TXT \"go to %{zzz} now\"",
	"exp-odd.example TXT \"v=spf1 exp=why.exp-odd.example -all\"",
	"why.exp-odd.example TXT \"bell \a escape \033[1m tab \t 8bit \xc3\xa9 end\"",
	/* the include fails, which its parent's explanation does not tell; the redirect has none */
	("exp-stale.example TXT \"v=spf1 exp=why.exp.example include:fails.example "
	 "redirect=fails.example\""),
	"fails.example TXT \"v=spf1 -all\"",
	"exp-redirect.example TXT \"v=spf1 exp=why.exp.example redirect=fails.example\"",
	"exp-minus.example TXT \"v=spf1 exp=why.exp.example -include:good.example ?all\"",
};

static int
setup(void **state)
{
	(void)state;
	return !start(lines, sizeof(lines) / sizeof(lines[0]));
}

static void
names(void **state)
{
	(void)state;
	assert_string_equal(spf_result_name(SPF_NONE), "none");
	assert_string_equal(spf_result_name(SPF_PASS), "pass");
	assert_string_equal(spf_result_name(SPF_PERMERROR), "permerror");
}

static void
results(void **state)
{
	(void)state;
	is(from("good.example"), SPF_PASS,
	    "good.example allows 192.0.2.1 to send its mail (ip4:192.0.2.0/24)");
	is(from("upper.example"), SPF_PASS, NULL);
	is(from("alias.example"), SPF_PASS, NULL);
	is(from("GOOD.example."), SPF_PASS, NULL);
	is(ask("198.51.100.1", "h", "u@good.example"), SPF_FAIL,
	    "good.example does not allow 198.51.100.1 to send its mail (-all)");
	is(from("soft.example"), SPF_SOFTFAIL,
	    "soft.example does not expect 192.0.2.1 to send its mail (~all)");
	is(from("neutral.example"), SPF_NEUTRAL,
	    "neutral.example does not say whether 192.0.2.1 may send its mail (?all)");
	is(from("bare.example"), SPF_NEUTRAL,
	    "bare.example does not say whether 192.0.2.1 may send its mail (no mechanism matches)");
	is(from("plain.example"), SPF_NONE, "plain.example has no SPF record");
	is(from("9.2.0.192.in-addr.arpa"), SPF_NONE, NULL);
	is(from("nothing.example"), SPF_NONE, "nothing.example does not exist");
	is(from("slow.example"), SPF_TEMPERROR,
	    "slow.example: DNS lookup of TXT for slow.example failed: no server has answered");
	is(from("two.example"), SPF_PERMERROR, "two.example has 2 SPF records");
}

static void
wrong_record(void **state)
{
	(void)state;
	is(from("wrong.example"), SPF_PERMERROR,
	    "wrong.example has a wrong SPF record: \"nonsense\" is no mechanism");
}

static void
mechanisms(void **state)
{
	(void)state;
	is(ask("192.0.2.10", "h", "u@a.example"), SPF_PASS, NULL);
	is(ask("192.0.2.11", "h", "u@a.example"), SPF_FAIL, NULL);
	is(from("a-slow.example"), SPF_TEMPERROR,
	    "a-slow.example: DNS lookup of A for slow.example failed: no server has answered");
	is(from("a-none.example"), SPF_FAIL, NULL);
	is(ask("192.0.2.10", "h", "u@mx.example"), SPF_PASS, NULL);
	is(ask("192.0.2.11", "h", "u@mx.example"), SPF_FAIL, NULL);
	is(ask("192.0.2.9", "h", "u@ptr.example"), SPF_PASS, NULL);
	is(ask("192.0.2.10", "h", "u@ptr.example"), SPF_FAIL, NULL);
	is(from("exists.example"), SPF_PASS, NULL);
	is(ask("192.0.2.1", "h", "other@exists.example"), SPF_FAIL, NULL);
}

static void
includes(void **state)
{
	(void)state;
	is(from("include.example"), SPF_PASS, NULL);
	is(ask("198.51.100.1", "h", "u@include.example"), SPF_SOFTFAIL, NULL);
	is(from("include-none.example"), SPF_PERMERROR,
	    "include-none.example: include:plain.example: plain.example has no SPF record");
	is(from("include-slow.example"), SPF_TEMPERROR,
	    "include-slow.example: include:slow.example: DNS lookup of TXT for slow.example failed: "
	    "no server has answered");
	is(from("include-wrong.example"), SPF_PERMERROR, NULL);
	is(from("self.example"), SPF_PERMERROR,
	    "self.example: include:self.example of self.example: more than 10 terms ask the DNS (the "
	    "next is \"include:self.example\")");
	is(from("redirect.example"), SPF_PASS, NULL);
	is(from("redirect-none.example"), SPF_PERMERROR,
	    "redirect-none.example: redirect=nothing.example: nothing.example does not exist");
}

static void
ipv6(void **state)
{
	(void)state;
	is(ask("2001:db8::99", "h", "u@good.example"), SPF_PASS,
	    "good.example allows 2001:db8::99 to send its mail (ip6:2001:db8::/32)");
	is(ask("2001:db9::1", "h", "u@good.example"), SPF_FAIL, NULL);
	is(ask("2001:db8::10", "h", "u@a.example"), SPF_PASS, NULL);
	is(ask("2001:db8::10", "h", "u@mx.example"), SPF_PASS, NULL);
	is(ask("::ffff:192.0.2.10", "h", "u@a.example"), SPF_PASS, NULL);
}

/* The loopback addresses have no privilege. */
static void
loopback(void **state)
{
	(void)state;
	is(ask("127.0.0.1", "h", "u@good.example"), SPF_FAIL, NULL);
	is(ask("::1", "h", "u@good.example"), SPF_FAIL, NULL);
}

static void
explanations(void **state)
{
	(void)state;
	is(ask("198.51.100.1", "h", "u@exp.example"), SPF_FAIL,
	    "198.51.100.1 is no host of exp.example, ask exp.example 100% u@exp.example");
	/* %{d} is the domain that the redirect leads to, %{o} the sender's */
	is(ask("198.51.100.1", "h", "u@redirect.example"), SPF_FAIL,
	    "198.51.100.1 is no host of exp.example, ask redirect.example 100% "
	    "u@redirect.example");
	/* an include's explanation is not used */
	is(ask("198.51.100.1", "h", "u@exp-include.example"), SPF_FAIL,
	    "exp-include.example does not allow 198.51.100.1 to send its mail (-all)");
	is(from("exp-none.example"), SPF_FAIL,
	    "exp-none.example does not allow 192.0.2.1 to send its mail (-all)");
	is(from("exp-slow.example"), SPF_FAIL,
	    "exp-slow.example does not allow 192.0.2.1 to send its mail (-all)");
	is(from("exp-two.example"), SPF_FAIL,
	    "exp-two.example does not allow 192.0.2.1 to send its mail (-all)");
	is(from("exp-blank.example"), SPF_FAIL,
	    "exp-blank.example does not allow 192.0.2.1 to send its mail (-all)");
	is(from("exp-bad.example"), SPF_FAIL,
	    "exp-bad.example does not allow 192.0.2.1 to send its mail (-all)");
	/* not printable ASCII: no explanation (RFC 7208 6.2) */
	is(from("exp-odd.example"), SPF_FAIL,
	    "exp-odd.example does not allow 192.0.2.1 to send its mail (-all)");
	is(from("exp-redirect.example"), SPF_FAIL,
	    "exp-redirect.example does not allow 192.0.2.1 to send its mail (-all of "
	    "fails.example)");
	is(from("exp-minus.example"), SPF_FAIL,
	    "192.0.2.1 is no host of exp-minus.example, ask exp-minus.example 100% "
	    "user@exp-minus.example");
	is(from("exp-stale.example"), SPF_FAIL,
	    "exp-stale.example does not allow 192.0.2.1 to send its mail (-all of fails.example)");
}

static void
long_reason(void **state)
{
	char sender[LIMIT_ADDRESS];
	struct spf_answer out;

	(void)state;
	memset(sender, 'x', sizeof(sender));
	strcpy(sender + sizeof(sender) - 13, "@exp.example");
	out = ask("198.51.100.1", "h", sender);
	is(out, SPF_FAIL, NULL);
	assert_int_equal(out.reason.n, LIMIT_SPF_REASON);
	assert_memory_equal(out.reason.p, "198.51.100.1 is no host", 23);
}

static void
domains(void **state)
{
	static const char *const none[] = { "user", "user@", "@", "user@net", "user@[192.0.2.1]",
		"user@192.0.2.1", "user@a..example", "user@.example", "user@x\\.y.example",
		"user@\xff.example", "user@good.example\n", "user@%{d}.example" };
	char label[300];

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		is(ask("192.0.2.1", "h", none[i]), SPF_NONE, NULL);
	is(from("net"), SPF_NONE, "\"net\" is not a domain name that can have an SPF record");
	memset(label, 'x', 64);
	strcpy(label + 64, ".example");
	is(from(label), SPF_NONE, NULL);
	for (int i = 0; i < 254; i++)
		label[i] = i % 50 == 49 ? '.' : 'x';
	label[254] = '\0';
	is(from(label), SPF_NONE, NULL);
	assert_true(slice_eq(from("good.example.").domain, SLICE("good.example")));
	/* the last @ counts; without a local part it is postmaster */
	is(ask("192.0.2.1", "h", "\"a@plain.example\"@good.example"), SPF_PASS, NULL);
	is(ask("192.0.2.1", "h", "@good.example"), SPF_PASS, NULL);
}

static void
no_client(void **state)
{
	(void)state;
	is(ask(NULL, "good.example", "u@good.example"), SPF_NONE,
	    "the client has no address that good.example could allow");
	is(ask_helo(NULL, "good.example"), SPF_NONE, NULL);
}

static void
null_sender(void **state)
{
	struct spf_answer out = ask("198.51.100.1", "exp.example", "");

	(void)state;
	is(out, SPF_FAIL,
	    "198.51.100.1 is no host of exp.example, ask exp.example 100% "
	    "postmaster@exp.example");
	assert_true(slice_eq(out.domain, SLICE("exp.example")));
	is(ask("192.0.2.1", "[192.0.2.1]", ""), SPF_NONE, NULL);
	is(ask("192.0.2.1", "", ""), SPF_NONE, NULL);
	is(ask("192.0.2.1", NULL, NULL), SPF_NONE, NULL);
}

static void
helo_identity(void **state)
{
	struct spf_answer out = ask_helo("198.51.100.1", "exp.example.");

	(void)state;
	is(out, SPF_FAIL,
	    "198.51.100.1 is no host of exp.example, ask exp.example 100% "
	    "postmaster@exp.example");
	assert_true(slice_eq(out.domain, SLICE("exp.example")));
	is(ask_helo("192.0.2.1", "good.example"), SPF_PASS, NULL);
	is(ask_helo("192.0.2.1", "plain.example"), SPF_NONE, "plain.example has no SPF record");
	is(ask_helo("192.0.2.1", "slow.example"), SPF_TEMPERROR, NULL);
	is(ask_helo("192.0.2.1", "[192.0.2.1]"), SPF_NONE,
	    "\"[192.0.2.1]\" is not a domain name that can have an SPF record");
	is(ask_helo("192.0.2.1", "localhost"), SPF_NONE, NULL);
	is(ask_helo("192.0.2.1", ""), SPF_NONE, NULL);
	is(ask_helo("192.0.2.1", NULL), SPF_NONE, NULL);
}

static void *
many_checks(void *arg)
{
	struct ip good, bad;
	struct arena mine;
	struct spf_answer out;
	size_t wrong = 0;

	arena_init(&mine, 0);
	ip_parse(SLICE("192.0.2.1"), &good);
	ip_parse(SLICE("198.51.100.1"), &bad);
	for (int i = 0; i < 300; i++) {
		spf_check(spf,
		    &(struct spf_query){
			SPF_MAIL_FROM, &good, SLICE("h"), SLICE("u@good.example"), 0 },
		    NULL, &mine, &out);
		wrong += out.result != SPF_PASS;
		spf_check(spf,
		    &(struct spf_query){
			SPF_MAIL_FROM, &bad, SLICE("h"), SLICE("u@redirect.example"), 0 },
		    NULL, &mine, &out);
		wrong += out.result != SPF_FAIL || out.reason.n < 30 ||
		    memcmp(out.reason.p, "198.51.100.1 is no host", 23) != 0;
		spf_check(spf,
		    &(struct spf_query){
			SPF_MAIL_FROM, &good, SLICE("h"), SLICE("u@slow.example"), 0 },
		    NULL, &mine, &out);
		wrong += out.result != SPF_TEMPERROR;
		spf_check(spf,
		    &(struct spf_query){ SPF_HELO, &good, SLICE("two.example"), SLICE(""), 0 },
		    NULL, &mine, &out);
		wrong += out.result != SPF_PERMERROR;
		arena_reset(&mine);
	}
	arena_free(&mine);
	*(size_t *)arg = wrong;
	return NULL;
}

static void
threads(void **state)
{
	pthread_t thread[8];
	size_t wrong[8];

	(void)state;
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, many_checks, &wrong[i]), 0);
	for (int i = 0; i < 8; i++)
		pthread_join(thread[i], NULL);
	for (int i = 0; i < 8; i++)
		assert_int_equal(wrong[i], 0);
}

/* An arena that is full: still an answer, never a pass. */
static void
no_memory(void **state)
{
	struct ip ip;
	struct spf_answer out;

	(void)state;
	ip_parse(SLICE("192.0.2.1"), &ip);
	for (size_t limit = 1; limit < 400; limit++) {
		struct arena small;

		arena_init(&small, limit);
		spf_check(spf,
		    &(struct spf_query){
			SPF_MAIL_FROM, &ip, SLICE("h"), SLICE("u@fails.example"), 0 },
		    NULL, &small, &out);
		sane(&out);
		assert_true(out.result == SPF_TEMPERROR || out.result == SPF_FAIL);
		spf_check(spf,
		    &(struct spf_query){ SPF_HELO, &ip, SLICE("fails.example"), SLICE(""), 0 },
		    NULL, &small, &out);
		sane(&out);
		assert_true(out.result == SPF_TEMPERROR || out.result == SPF_FAIL);
		arena_free(&small);
	}
}

/* Servers are not asked for names that cannot be asked. */
static void
servers_are_not_asked(void **state)
{
	struct resolver *servers = resolver_new(&(struct resolver_config){ 0 });
	struct spf *real = spf_new(&(struct spf_config){ .resolver = servers });
	struct spf_answer out;
	struct ip ip;

	(void)state;
	assert_non_null(real);
	ip_parse(SLICE("192.0.2.1"), &ip);
	spf_check(real, &(struct spf_query){ SPF_HELO, &ip, SLICE("a..example"), SLICE(""), 0 },
	    NULL, &arena, &out);
	is(out, SPF_NONE, NULL);
	spf_free(real);
	spf_free(NULL);
	resolver_free(servers);
	resolver_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(results),
		cmocka_unit_test(wrong_record),
		cmocka_unit_test(mechanisms),
		cmocka_unit_test(includes),
		cmocka_unit_test(ipv6),
		cmocka_unit_test(loopback),
		cmocka_unit_test(explanations),
		cmocka_unit_test(long_reason),
		cmocka_unit_test(domains),
		cmocka_unit_test(no_client),
		cmocka_unit_test(null_sender),
		cmocka_unit_test(helo_identity),
		cmocka_unit_test(threads),
		cmocka_unit_test(no_memory),
		cmocka_unit_test(servers_are_not_asked),
	};

	return cmocka_run_group_tests(tests, setup, stop);
}

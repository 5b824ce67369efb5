/* test_spf_limits.c - spf/check.c and those who publish records to do harm */
#include "ask.h"

#include "base/buf.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <idn2.h>

#include <spf2/spf.h>
#include <spf2/spf_dns_rr.h>

static const char *const lines[] = {
	"grow.example TXT \"v=spf1 include:%{d}%{d}.grow.example -all\"",
	"slow.example TIMEOUT",
	"a.example A 192.0.2.10",
};

/* Add n times a word to a record, with its number, and an end. */
static void
add_many(const char *domain, const char *begin, int n, const char *fmt, const char *end)
{
	struct buf line = { .limit = 0 };

	buf_printf(&line, "%s TXT \"v=spf1 %s", domain, begin);
	for (int i = 0; i < n; i++)
		buf_printf(&line, fmt, i);
	buf_printf(&line, "%s\"", end);
	add(line.p);
	buf_free(&line);
}

static int
setup(void **state)
{
	char domain[64], include[64];

	(void)state;
	if (!start(lines, sizeof(lines) / sizeof(lines[0])))
		return 1;
	/* a tree of includes: 8 to the power of 5 lookups, if nobody counts */
	for (int i = 0; i < 5; i++) {
		snprintf(domain, sizeof(domain), "tree%d.example", i);
		snprintf(include, sizeof(include), "include:tree%d.example ", i + 1);
		add_many(domain, "", 8, include, "-all");
	}
	add("tree5.example TXT \"v=spf1 -all\"");
	return 0;
}

static void
terms(void **state)
{
	struct spf_answer out;
	char line[100];

	(void)state;
	add_many("ten.example", "", 10, "a:a.example ", "-all");
	out = from("ten.example");
	is(out, SPF_FAIL, NULL);
	assert_int_equal(out.lookups, 10);
	add_many("eleven.example", "", 11, "a:a.example ", "-all");
	out = from("eleven.example");
	is(out, SPF_PERMERROR,
	    "eleven.example: more than 10 terms ask the DNS (the next is \"a:a.example\")");
	assert_int_equal(out.lookups, 10);
	assert_int_equal(out.queries, 11);
	/* what matches before the limit, does; what needs no DNS doesn't count */
	is(ask("192.0.2.10", "h", "u@eleven.example"), SPF_PASS, NULL);
	add_many("late.example", "", 10, "a:a.example ip4:10.0.0.%d ", "ip4:192.0.2.1 a:b.example");
	is(from("late.example"), SPF_PASS, NULL);
	add_many("too-late.example", "", 11, "a:a.example ", "ip4:192.0.2.1");
	is(from("too-late.example"), SPF_PERMERROR, NULL);
	add_many("early.example", "ip4:192.0.2.1 ", 11, "a:a.example ", "-all");
	is(from("early.example"), SPF_PASS, NULL);
	/* the redirect is the 11th term */
	add_many("redirect.example", "", 10, "a:a.example ", "redirect=ten.example");
	is(from("redirect.example"), SPF_PERMERROR, NULL);
	add_many("redirect9.example", "redirect=tree5.example ", 9, "a:a.example ", "");
	is(from("redirect9.example"), SPF_FAIL, NULL);

	out = from("tree0.example");
	is(out, SPF_PERMERROR, NULL);
	assert_int_equal(out.lookups, 10);
	assert_int_equal(out.queries, 11);
	/* as deep as can be */
	for (int i = 0; i < 11; i++) {
		snprintf(line, sizeof(line),
		    "chain%d.example TXT \"v=spf1 include:chain%d.example\"", i, i + 1);
		add(line);
	}
	add("chain11.example TXT \"v=spf1 all\"");
	is(from("chain1.example"), SPF_PASS, NULL);
	is(from("chain0.example"), SPF_PERMERROR, NULL);
}

static void
voids(void **state)
{
	struct spf_answer out;

	(void)state;
	add_many("void2.example", "", 2, "a:n%d.example ", "?all");
	add_many("void3.example", "", 3, "mx:n%d.example ", "?all");
	add_many("void-exists.example", "", 3, "exists:n%d.example ", "?all");
	out = from("void2.example");
	is(out, SPF_NEUTRAL, NULL);
	assert_int_equal(out.voids, 2);
	is(from("void3.example"), SPF_PERMERROR,
	    "void3.example: more than 2 terms find nothing in the DNS (the last is "
	    "\"mx:n2.example\")");
	is(from("void-exists.example"), SPF_PERMERROR, NULL);
	/* the host is there, though not for this client: nothing was found all the same */
	add_many("void-v6.example", "", 3, "a:a.example ", "?all");
	is(ask("2001:db8::1", "h", "u@void-v6.example"), SPF_PERMERROR, NULL);
	is(from("void-v6.example"), SPF_NEUTRAL, NULL);
}

/* MX and PTR names: ten. */
static void
hosts(void **state)
{
	struct spf_answer out;
	char line[100];

	(void)state;
	add("mx.example TXT \"v=spf1 mx -all\"");
	for (int i = 0; i < 10; i++) {
		snprintf(line, sizeof(line), "mx.example MX %d mx%d.mx.example", i, i);
		add(line);
	}
	add("mx9.mx.example A 192.0.2.1");
	out = from("mx.example");
	is(out, SPF_PASS, NULL);
	assert_int_equal(out.queries, 12);
	add("mx.example MX 10 mx10.mx.example");
	is(from("mx.example"), SPF_PERMERROR,
	    "mx.example has 11 MX records, of which 10 may be asked for");

	add("ptr.example TXT \"v=spf1 ptr -all\"");
	for (int i = 0; i < 12; i++) {
		snprintf(line, sizeof(line), "%d.2.0.192.in-addr.arpa PTR p%d.ptr.example",
		    i < 10 ? 1 : 2, i);
		add(line);
		snprintf(line, sizeof(line), "2.2.0.192.in-addr.arpa PTR x%d.example", i);
		add(line);
	}
	add("p9.ptr.example A 192.0.2.1");
	add("p11.ptr.example A 192.0.2.2");
	is(ask("192.0.2.1", "h", "u@ptr.example"), SPF_PASS, NULL);
	is(ask("192.0.2.2", "h", "u@ptr.example"), SPF_FAIL, NULL);
}

/* The most that a check can ask for: all that the limits let through. */
static void
most_queries(void **state)
{
	struct spf_answer out;
	char line[100];

	(void)state;
	add("most-why.example TXT \"%{p}\"");
	add_many("most.example", "", 10, "mx:%%{p}.%%{d} ", "-all exp=%{p}.most-why.example");
	for (int i = 0; i < 10; i++) {
		snprintf(line, sizeof(line), "unknown.most.example MX %d h%d.most.example", i, i);
		add(line);
		snprintf(line, sizeof(line), "3.2.0.192.in-addr.arpa PTR q%d.example", i);
		add(line);
	}
	out = ask("192.0.2.3", "h", "u@most.example");
	is(out, SPF_FAIL, NULL);
	assert_int_equal(out.queries, LIMIT_SPF_QUERIES);
}

/* Make a text that overruns libspf2's buffers (CVE-2023-42118), or one like it. */
static void
shapes(char *out, int shape)
{
	char *p = out;

	if (shape == 0) {
		for (int i = 0; i < 127; i++)
			p = stpcpy(p, "%{d}");
		strcpy(p, "A");
	} else if (shape == 1) {
		for (int i = 0; i < 42; i++)
			p = stpcpy(p, "a%{d}");
		p = stpcpy(p, "%{d}");
		memset(p, 'A', 40);
		p[40] = '\0';
	} else {
		/* literals around the 511 bytes that libspf2 has for one term */
		memset(p, 'A', 480 + (size_t)shape);
		p[480 + shape] = '\0';
	}
}

static void
dangerous(void **state)
{
	static const char *const places[] = { "include:%s.example", "exists:%s.example",
		"a:%s.example", "mx:%s.example/24", "ptr:%s.example", "redirect=%s.example",
		"exp=%s.example", "exp-text=%s", "foo=%s", "?exists:%s.example", "ip4:%s", "all:%s",
		"%s:a", "%s=a", "a:%s/24" };
	char text[1024], record[2048], line[2300], domain[64], sender[80];

	(void)state;
	for (int shape = 0; shape < 40; shape++) {
		shapes(text, shape);
		snprintf(domain, sizeof(domain), "d%d.example", shape);
		snprintf(line, sizeof(line), "%s TXT \"v=spf1 exp=why.%s -all\"", domain, domain);
		add(line);
		snprintf(line, sizeof(line), "why.%s TXT \"%s\"", domain, text);
		add(line);
		is(from(domain), SPF_FAIL, NULL);
		for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
			enum spf_result result;

			snprintf(record, sizeof(record), places[i], text);
			snprintf(domain, sizeof(domain), "d%d-%zu.example", shape, i);
			snprintf(line, sizeof(line), "%s TXT \"v=spf1 %s -all\"", domain, record);
			add(line);
			snprintf(sender, sizeof(sender), "u@%s", domain);
			result = ask("198.51.100.1", "h", sender).result;
			assert_true(result == SPF_FAIL || result == SPF_PERMERROR);
		}
	}
	/* what comes out has a label that is too long, at the end */
	is(from("d0-1.example"), SPF_FAIL, NULL);
	is(from("d2-0.example"), SPF_PERMERROR, NULL);
	is(from("d0-8.example"), SPF_FAIL, NULL);
	is(from("d0-10.example"), SPF_PERMERROR, NULL);
}

/* libspf2 drops what goes beyond 511 bytes; its record of this is short. */
static void
many_networks(void **state)
{
	(void)state;
	add_many("seventy.example", "", 70, "ip4:10.0.0.%d ", "-all");
	is(ask("10.0.0.69", "h", "u@seventy.example"), SPF_PASS, NULL);
	is(ask("10.0.0.70", "h", "u@seventy.example"), SPF_FAIL, NULL);
	add_many("v6.example", "", 200, "ip6:2001:db8::%x ", "~all");
	is(ask("2001:db8::c7", "h", "u@v6.example"), SPF_PASS, NULL);
	is(ask("2001:db8::c8", "h", "u@v6.example"), SPF_SOFTFAIL, NULL);
}

static void
huge_record(void **state)
{
	struct slice version = SLICE("huge.example TXT \"v=spf1 ip4:10.0.0.1 "),
		     end = SLICE("-all\"");
	struct buf line = { .limit = 0 };

	(void)state;
	buf_add(&line, version);
	while (line.n < LIMIT_SPF_RECORD + 18 - end.n + 1)
		buf_char(&line, ' ');
	buf_add(&line, end);
	add(line.p); /* of 18 bytes before the record, and one behind */
	is(from("huge.example"), SPF_FAIL, NULL);
	buf_clear(&line);
	buf_add(&line, SLICE("giant.example TXT \"v=spf1 ip4:10.0.0.1 "));
	while (line.n < LIMIT_SPF_RECORD + 19 - end.n + 2)
		buf_char(&line, ' ');
	buf_add(&line, end);
	add(line.p);
	is(from("giant.example"), SPF_PERMERROR,
	    "giant.example has an SPF record of more than 65535 bytes");
	buf_free(&line);
}

/* Names that grow with each include stay names. */
static void
growing_names(void **state)
{
	char line[100];

	(void)state;
	is(from("grow.example"), SPF_PERMERROR,
	    "grow.example: include:%{d}%{d}.grow.example: grow.examplegrow.example.grow.example does "
	    "not exist");
	for (int i = 1; i < 4; i++) {
		snprintf(
		    line, sizeof(line), "d%d.two.example TXT \"v=spf1 exists:%%{d%d} -all\"", i, i);
		add(line);
	}
	/* libspf2 takes the first character off a name of as many labels */
	add("two.example TXT \"v=spf1 exists:%{d2} -all\"");
	add("two.example A 127.0.0.2");
	is(from("two.example"), SPF_PASS, NULL);
	is(from("d2.two.example"), SPF_PASS, NULL);
	is(from("d3.two.example"), SPF_FAIL, NULL);
}

/* The expansion of macros with all that a client may say. */
static void
wild_macros(void **state)
{
	char text[700], *p = stpcpy(text, "wild.example TXT \"v=spf1 exists:");
	char long_text[3000];

	(void)state;
	for (int i = 0; i < 40; i++)
		p = stpcpy(p, i % 2 != 0 ? "%{H}" : "%{S4r.+-=,_}");
	strcpy(p, ".example exp=e.wild.example -all\"");
	add(text);
	add("e.wild.example TXT \"%{S} %{L} %{H3r-} %{P} %{C} %{R} %{T} %{V}\"");
	memset(long_text, '\xe9', sizeof(long_text));
	strcpy(long_text + 2000, "@wild.example");
	is(ask("192.0.2.1", long_text, long_text), SPF_FAIL, NULL);
	memset(long_text, '.', 2000);
	is(ask("192.0.2.1", long_text, long_text), SPF_FAIL, NULL);
	is(ask("2001:db8::1", "\x01\x02%{d}%%", "a=b+c|d_e-f@wild.example"), SPF_FAIL, NULL);
	is(ask("192.0.2.1", "", "....@wild.example"), SPF_FAIL, NULL);
}

/* An explanation that would be endless. */
static void
endless_explanation(void **state)
{
	char sender[LIMIT_ADDRESS];
	struct buf line = { .limit = 0 };
	uint64_t begun = clock_us();
	struct spf_answer out;

	(void)state;
	add("endless.example TXT \"v=spf1 -all exp=why.endless.example\"");
	buf_str(&line, "why.endless.example TXT \"");
	for (int i = 0; i < 15000; i++)
		buf_str(&line, "%{s}");
	buf_str(&line, "\"");
	add(line.p);
	buf_free(&line);
	memset(sender, 'x', sizeof(sender));
	strcpy(sender + sizeof(sender) - 17, "@endless.example");
	out = ask("192.0.2.1", "h", sender);
	is(out, SPF_FAIL, NULL);
	assert_int_equal(out.explanation.n, LIMIT_SPF_REASON);
	assert_true(clock_us() - begun < 1000000);
}

/* ---- time ---- */

static struct spf_answer
check_until(struct spf *s, const char *sender, uint64_t deadline)
{
	struct spf_answer out;
	struct ip ip;

	ip_parse(SLICE("192.0.2.1"), &ip);
	spf_check(s,
	    &(struct spf_query){
		SPF_MAIL_FROM, &ip, SLICE("h.example"), slice_str(sender), deadline },
	    NULL, &arena, &out);
	sane(&out);
	return out;
}

static void
deadlines(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(in);
	int deaf = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct resolver *servers;
	struct spf_answer out;
	uint64_t begun;
	struct spf *s;
	char text[32];

	(void)state;
	out = check_until(spf, "u@ten.example", 1);
	is(out, SPF_TEMPERROR, "ten.example: the time for this check is up");
	assert_int_equal(out.queries, 0);

	/* a server that never answers */
	assert_int_equal(bind(deaf, (struct sockaddr *)&in, n), 0);
	assert_int_equal(getsockname(deaf, (struct sockaddr *)&in, &n), 0);
	snprintf(text, sizeof(text), "127.0.0.1:%u", ntohs(in.sin_port));
	servers = resolver_new(&(struct resolver_config){ .servers = text });
	s = spf_new(&(struct spf_config){ .resolver = servers, .timeout_ms = 150 });
	assert_non_null(s);
	begun = clock_us();
	is(check_until(s, "u@deaf.example", 0), SPF_TEMPERROR,
	    "deaf.example: the time for this check was up before the DNS answered for TXT of "
	    "deaf.example");
	assert_in_range(clock_us() - begun, 140000, 1500000);
	begun = clock_us();
	is(check_until(s, "u@deaf.example", begun + 30000), SPF_TEMPERROR, NULL);
	assert_true(clock_us() - begun < 140000);
	spf_free(s);
	resolver_free(servers);
	close(deaf);
}

/* Let time pass. */
static void
dawdle(void *ctx, unsigned depth, struct slice line)
{
	(void)ctx;
	(void)depth;
	(void)line;
	usleep(30000);
}

/* What was not asked for any more wasn't found missing. */
static void
time_between_questions(void **state)
{
	const struct spf_trace trace = { dawdle, NULL };
	struct spf_answer out;
	struct ip ip;

	(void)state;
	add("dawdle.example TXT \"v=spf1 a:gone.example -all\"");
	ip_parse(SLICE("192.0.2.1"), &ip);
	spf_check(spf,
	    &(struct spf_query){ SPF_MAIL_FROM, &ip, SLICE("h.example"), SLICE("u@dawdle.example"),
		clock_us() + 20000 },
	    &trace, &arena, &out);
	sane(&out);
	is(out, SPF_TEMPERROR, "dawdle.example: the time for this check is up");
	assert_int_equal(out.lookups, 1);
	assert_int_equal(out.voids, 0);
	assert_int_equal(out.queries, 1);
}

/* ---- memory: libspf2 aborts if the layer beneath it has no answer ---- */

static int answers_left = -1; /* of SPF_dns_rr_new_init; -1: no end */

/* In place of libspf2's own, which this one calls. */
SPF_dns_rr_t *
SPF_dns_rr_new_init(SPF_dns_server_t *server, const char *domain, ns_type type, int ttl, int status)
{
	static SPF_dns_rr_t *(*real)(SPF_dns_server_t *, const char *, ns_type, int, int);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "SPF_dns_rr_new_init");
	if (answers_left == 0)
		return NULL;
	if (answers_left > 0)
		answers_left--;
	return real(server, domain, type, ttl, status);
}

static void
no_memory(void **state)
{
	(void)state;
	for (int left = 0; left < 4; left++) {
		answers_left = left;
		is(from("ten.example"), SPF_TEMPERROR, "ten.example: no memory is left");
	}
	answers_left = 12; /* one in reserve, ten terms, and the `all` */
	is(from("ten.example"), SPF_FAIL, NULL);
	answers_left = -1;
}

static bool no_labels; /* there is no memory to convert labels */

/* In place of libidn2's own. */
int
idn2_lookup_u8(const uint8_t *src, uint8_t **out, int flags)
{
	static int (*real)(const uint8_t *, uint8_t **, int);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "idn2_lookup_u8");
	return no_labels ? IDN2_MALLOC : real(src, out, flags);
}

static void
no_memory_for_labels(void **state)
{
	(void)state;
	is(from("b\303\274cher.example"), SPF_NONE, "xn--bcher-kva.example does not exist");
	no_labels = true;
	is(from("b\303\274cher.example"), SPF_TEMPERROR, "no memory is left");
	no_labels = false;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terms),
		cmocka_unit_test(voids),
		cmocka_unit_test(hosts),
		cmocka_unit_test(most_queries),
		cmocka_unit_test(dangerous),
		cmocka_unit_test(many_networks),
		cmocka_unit_test(huge_record),
		cmocka_unit_test(growing_names),
		cmocka_unit_test(wild_macros),
		cmocka_unit_test(endless_explanation),
		cmocka_unit_test(deadlines),
		cmocka_unit_test(time_between_questions),
		cmocka_unit_test(no_memory),
		cmocka_unit_test(no_memory_for_labels),
	};

	return cmocka_run_group_tests(tests, setup, stop);
}

/* test_spf_limits.c - spf/spf.c and those who publish records to do harm */
#include "ask.h"

#include "base/clock.h"

static const char *const lines[] = {
	"grow.example TXT \"v=spf1 include:%{d}%{d} -all\"",
	"terms.example TXT \"v=spf1 a:n1.example a:n2.example a:n3.example a:n4.example "
	"a:n5.example a:n6.example a:n7.example a:n8.example a:n9.example a:n10.example "
	"a:n11.example a:n12.example -all\"",
};

static int
setup(void **state)
{
	char line[400], *p;

	(void)state;
	if (!start(lines, sizeof(lines) / sizeof(lines[0])))
		return 1;
	/* a tree of includes: 9 to the power of 15 lookups */
	for (int i = 0; i < 15; i++) {
		p = line + snprintf(line, sizeof(line), "tree%d.example TXT \"v=spf1", i);
		for (int j = 0; j < 9; j++)
			p += sprintf(p, " include:tree%d.example", i + 1);
		strcpy(p, " -all\"");
		add(line);
	}
	add("tree15.example TXT \"v=spf1 -all\"");
	return 0;
}

/* What costs much ends early. */
static void
limits(void **state)
{
	uint64_t begun = clock_us();

	(void)state;
	is(from("tree0.example"), SPF_PERMERROR,
	    "tree0.example has an SPF record that takes too many DNS lookups");
	is(from("terms.example"), SPF_PERMERROR,
	    "terms.example has an SPF record that takes too many DNS lookups");
	is(from("grow.example"), SPF_PERMERROR, NULL);
	assert_true(clock_us() - begun < 1000000);
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
	static const char *const places[] = { "include:%s", "exists:%s", "a:%s", "mx:%s", "ptr:%s",
		"redirect=%s", "exp=%s", "exp-text=%s", "foo=%s", "-exists:%s", "ip4:%s", "all:%s",
		"%s:a", "%s=a", "a:%s/24" };
	char text[1024], record[2048], line[2300], domain[64];

	(void)state;
	for (int shape = 0; shape < 40; shape++) {
		shapes(text, shape);
		snprintf(domain, sizeof(domain), "d%d.example", shape);
		snprintf(line, sizeof(line), "%s TXT \"v=spf1 exp=why.%s -all\"", domain, domain);
		add(line);
		snprintf(line, sizeof(line), "why.%s TXT \"%s\"", domain, text);
		add(line);
		snprintf(line, sizeof(line),
		    "d%d.example does not allow 192.0.2.1 to send its mail", shape);
		is(from(domain), SPF_FAIL, line);
		for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
			snprintf(record, sizeof(record), places[i], text);
			snprintf(domain, sizeof(domain), "d%d-%zu.example", shape, i);
			snprintf(line, sizeof(line), "%s TXT \"v=spf1 %s -all\"", domain, record);
			add(line);
			is(from(domain), SPF_PERMERROR, NULL);
		}
	}
	is(from("d0-0.example"), SPF_PERMERROR,
	    "d0-0.example has an SPF record with too long a term or too many macros");
}

/* A record may be an explanation too: it has the same limits then, as one text. */
static void
record_as_explanation(void **state)
{
	char line[1024], *p;

	(void)state;
	p = stpcpy(line, "long.example TXT \"v=spf1 ip4:192.0.2.1");
	for (int i = 0; i < 30; i++)
		p = stpcpy(p, " exists:%{i}.long.example");
	strcpy(p, " exp=long.example -all\"");
	add(line);
	add("long2.example TXT \"v=spf1 exp=long.example -all\"");
	is(from("long2.example"), SPF_FAIL,
	    "long2.example does not allow 192.0.2.1 to send its mail");
	is(from("long.example"), SPF_PASS, NULL);
}

static void
huge_record(void **state)
{
	char line[LIMIT_SPF_RECORD + 200];

	(void)state;
	memset(line, '!', sizeof(line));
	memcpy(line, "huge.example TXT \"v=spf1 ", 25);
	strcpy(line + sizeof(line) - 2, "\"");
	add(line);
	is(from("huge.example"), SPF_PERMERROR, "huge.example has too long an SPF record");
}

/* A record with n macros in its longest term; an explanation with as many. */
static void
with_macros(const char *domain, int n)
{
	char line[600], *p = line;

	p += sprintf(line, "%s TXT \"v=spf1 exists:", domain);
	for (int i = 0; i < n; i++)
		p = stpcpy(p, "%{l}.");
	strcpy(p, "example -all\"");
	add(line);
	p = line + sprintf(line, "exp.%s TXT \"v=spf1 exp=why.%s -all\"", domain, domain);
	add(line);
	p = line + sprintf(line, "why.%s TXT \"", domain);
	for (int i = 0; i < n; i++)
		p = stpcpy(p, "%{l}.");
	strcpy(p, "\"");
	add(line);
}

static void
most_macros(void **state)
{
	(void)state;
	with_macros("macros.example", LIMIT_SPF_MACROS);
	with_macros("many.example", LIMIT_SPF_MACROS + 1);
	add("u.u.u.u.u.u.u.u.u.u.example A 127.0.0.2");
	add("u.u.u.u.u.u.u.u.u.u.u.example A 127.0.0.2");
	is(ask("192.0.2.1", "h", "u@macros.example"), SPF_PASS, NULL);
	is(ask("192.0.2.1", "h", "u@many.example"), SPF_PERMERROR,
	    "many.example has an SPF record with too long a term or too many macros");
	is(ask("192.0.2.1", "h", "u@exp.macros.example"), SPF_FAIL, "u.u.u.u.u.u.u.u.u.u.");
	is(ask("192.0.2.1", "h", "u@exp.many.example"), SPF_FAIL,
	    "exp.many.example does not allow 192.0.2.1 to send its mail");
}

/* A record with a term, and an explanation, of n bytes. */
static void
with_term(const char *domain, size_t n)
{
	char line[600], text[300];

	memset(text, 'y', n);
	text[n] = '\0';
	sprintf(line, "%s TXT \"v=spf1 x=%s -all\"", domain, text + 2);
	add(line);
	sprintf(line, "exp.%s TXT \"v=spf1 exp=why.%s -all\"", domain, domain);
	add(line);
	sprintf(line, "why.%s TXT \"%s\"", domain, text);
	add(line);
}

static void
longest_term(void **state)
{
	(void)state;
	with_term("term.example", LIMIT_SPF_TERM);
	with_term("long-term.example", LIMIT_SPF_TERM + 1);
	is(from("term.example"), SPF_FAIL, NULL);
	is(from("long-term.example"), SPF_PERMERROR, NULL);
	assert_int_equal(from("exp.term.example").reason.n, LIMIT_SPF_TERM);
	is(from("exp.long-term.example"), SPF_FAIL,
	    "exp.long-term.example does not allow 192.0.2.1 to send its mail");
}

/* The expansion of macros with all that a client may say. */
static void
wild_macros(void **state)
{
	char text[600], *p = stpcpy(text, "wild.example TXT \"v=spf1 exists:");
	char long_text[3000];

	(void)state;
	for (int i = 0; i < LIMIT_SPF_MACROS; i++)
		p = stpcpy(p, i % 2 != 0 ? "%{H}" : "%{S4r.+-=|_}");
	strcpy(p, ".example exp=e.wild.example -all\"");
	add(text);
	add("e.wild.example TXT \"%{S} %{L} %{H3r-} %{P} %{C} %{R} %{T} %{V}\"");
	memset(long_text, '\xe9', sizeof(long_text));
	strcpy(long_text + 2000, "@wild.example");
	is(ask("192.0.2.1", long_text, long_text), SPF_FAIL, NULL);
	is(ask("2001:db8::1", "\x01\x02%{d}%%", "a=b+c|d_e-f@wild.example"), SPF_FAIL, NULL);
	is(ask("192.0.2.1", "", "....@wild.example"), SPF_FAIL, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits),
		cmocka_unit_test(dangerous),
		cmocka_unit_test(record_as_explanation),
		cmocka_unit_test(huge_record),
		cmocka_unit_test(most_macros),
		cmocka_unit_test(longest_term),
		cmocka_unit_test(wild_macros),
	};

	return cmocka_run_group_tests(tests, setup, stop);
}

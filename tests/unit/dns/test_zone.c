/* test_zone.c - dns/zone.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/zone.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static struct zone *zone;
static struct diags diags;

static int
setup(void **state)
{
	(void)state;
	diags_init(&diags);
	zone = zone_new();
	return zone == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	zone_free(zone);
	diags_free(&diags);
	return 0;
}

/* Add a line that is the text of a source. */
static bool
add(const char *text)
{
	const struct source *source = source_text(&diags, "test.zone", slice_str(text));
	struct span at = { source, 0, (uint32_t)source->text.n };

	return zone_add(zone, source->text, at, &diags);
}

/* Ask for what is there. */
static const struct dns_record *
data(struct slice name, enum dns_type type, size_t *n)
{
	struct dns_answer a = zone_ask(zone, name, type);

	assert_int_equal(a.status, DNS_DATA);
	*n = a.n;
	return a.v;
}

/* Ask; the text of the first record, or the answer's name. */
static const char *
ask(const char *name, enum dns_type type)
{
	static char text[512];
	struct dns_answer a = zone_ask(zone, slice_str(name), type);
	const struct dns_record *v = a.v;
	size_t n = a.n;

	switch (a.status) {
	case DNS_NODATA:
		assert_int_equal(n, 0);
		return "nodata";
	case DNS_NXDOMAIN:
		assert_int_equal(n, 0);
		return "nxdomain";
	case DNS_FAILED:
		assert_int_equal(n, 0);
		return "tempfail";
	case DNS_DATA:
		break;
	}
	assert_true(n > 0 && v[0].data.n < sizeof(text));
	memcpy(text, v[0].data.p, v[0].data.n);
	text[v[0].data.n] = '\0';
	return text;
}

/* A line that is wrong: the words, the hint (NULL for none) and the text that the caret marks. */
static void
wrong(const char *line, const char *what, const char *hint, const char *marked)
{
	size_t before = diags.n;
	const struct diag *g;
	struct slice s;

	assert_false(add(line));
	assert_int_equal(diags.n, before + 1);
	g = &diags.v[before];
	assert_int_equal(g->severity, DIAG_ERROR);
	assert_string_equal(g->what, what);
	if (hint == NULL)
		assert_null(g->hint);
	else
		assert_string_equal(g->hint, hint);
	s = span_slice(g->span);
	assert_int_equal(s.n, strlen(marked));
	assert_memory_equal(s.p, marked, s.n);
}

static void
records(void **state)
{
	const struct dns_record *v;
	size_t n;

	(void)state;
	assert_true(add("example.net A 192.0.2.1"));
	assert_true(add("  Example.NET.\ta\t192.0.2.2  # the second\r"));
	assert_true(add("example.net AAAA 2001:db8::1"));
	assert_true(add("example.net MX 10 mail.example.net."));
	assert_true(add("example.net MX 0 ."));
	assert_true(add("1.2.0.192.in-addr.arpa PTR mail.example.net"));
	assert_true(add(""));
	assert_true(add("   "));
	assert_true(add(" # example.org A 192.0.2.1"));

	v = data(SLICE("EXAMPLE.net."), DNS_A, &n);
	assert_int_equal(n, 2);
	assert_int_equal(v[0].data.n, 4);
	assert_memory_equal(v[0].data.p, "\xc0\0\2\1", 4);
	assert_memory_equal(v[1].data.p, "\xc0\0\2\2", 4);
	v = data(SLICE("example.net"), DNS_AAAA, &n);
	assert_int_equal(v[0].data.n, 16);
	assert_memory_equal(v[0].data.p, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	v = data(SLICE("example.net"), DNS_MX, &n);
	assert_int_equal(n, 2);
	assert_int_equal(v[0].preference, 10);
	assert_true(slice_eq(v[0].data, SLICE("mail.example.net")));
	assert_int_equal(v[1].data.n, 0);
	assert_string_equal(ask("1.2.0.192.in-addr.arpa", DNS_PTR), "mail.example.net");
	assert_string_equal(ask("example.net", DNS_TXT), "nodata");
	assert_string_equal(ask("example.org", DNS_A), "nxdomain");
	assert_string_equal(ask("", DNS_A), "nxdomain");
	assert_int_equal(diags.n, 0);
}

static void
texts(void **state)
{
	(void)state;
	assert_true(add("a.example TXT \"v=spf1 \" \"-all\""));
	assert_true(add("b.example TXT \"a # b\" # c"));
	assert_true(add("c.example TXT \"say \\\"no\\\" \\\\\""));
	assert_true(add("d.example TXT \"\""));
	assert_true(add("e.example TXT \"v=\"\"spf1\""));
	assert_string_equal(ask("a.example", DNS_TXT), "v=spf1 -all");
	assert_string_equal(ask("b.example", DNS_TXT), "a # b");
	assert_string_equal(ask("c.example", DNS_TXT), "say \"no\" \\");
	assert_string_equal(ask("d.example", DNS_TXT), "");
	assert_string_equal(ask("e.example", DNS_TXT), "v=spf1");
}

static void
escapes(void **state)
{
	const char *what = "behind a backslash stands a byte as three digits, 000 to 255, or a "
			   "character to be taken as it is";
	const char *hint = "a backslash itself is \\\\";
	struct dns_answer a;

	(void)state;
	assert_true(add("a\\032\\000b\\\\.example A 192.0.2.1"));
	a = zone_ask(zone, SLICE("a \0b\\.example"), DNS_A);
	assert_int_equal(a.status, DNS_DATA);
	assert_true(add("c.example CNAME \\255\\b.Example."));
	assert_string_equal(ask("c.example", DNS_CNAME), "\377b.Example");
	assert_true(add("\\068.example A 192.0.2.1"));
	assert_int_equal(zone_ask(zone, SLICE("d.example"), DNS_A).status, DNS_DATA);
	assert_true(add("t.example TXT \"\\000\\034\\255\\;\" \"\\0651\""));
	a = zone_ask(zone, SLICE("t.example"), DNS_TXT);
	assert_int_equal(a.n, 1);
	assert_true(slice_eq(a.v[0].data, SLICE("\0\"\377;A1")));

	wrong("a\\256.example A 192.0.2.1", what, hint, "\\");
	wrong("a.example\\ A 192.0.2.1", what, hint, "\\");
	wrong("t.example TXT \"a\\12\"", what, hint, "\\");
	wrong("t.example TXT \"a\\1x2\"", what, hint, "\\");
	wrong("a\\046b.example A 192.0.2.1",
	    "a name with a dot inside of one of its parts can't be kept", NULL, "\\046");
	wrong("a.example MX 0 b\\.", "a name with a dot inside of one of its parts can't be kept",
	    NULL, "\\.");
	wrong("example.net SPF \"v=spf1 -all\"", "unknown record type \"SPF\"",
	    "types are A, AAAA, MX, TXT, PTR, CNAME and TIMEOUT", "SPF");
}

static void
cnames(void **state)
{
	char line[64];

	(void)state;
	assert_true(add("mail.example A 192.0.2.1"));
	assert_true(add("n0.example CNAME mail.example"));
	for (int i = 1; i <= 8; i++) {
		snprintf(line, sizeof(line), "n%d.example CNAME n%d.example", i, i - 1);
		assert_true(add(line));
	}
	assert_true(add("loop.example CNAME pool.example"));
	assert_true(add("pool.example CNAME loop.example"));
	assert_true(add("gone.example CNAME nothing.example"));
	assert_true(add("late.example CNAME slow.example"));
	assert_true(add("slow.example TIMEOUT"));

	assert_memory_equal(ask("n0.example", DNS_A), "\xc0\0\2\1", 4);
	assert_memory_equal(ask("n7.example", DNS_A), "\xc0\0\2\1", 4); /* eight steps */
	assert_string_equal(ask("n8.example", DNS_A), "tempfail");	/* nine */
	assert_string_equal(ask("n0.example", DNS_TXT), "nodata");
	assert_string_equal(ask("n1.example", DNS_CNAME), "n0.example");
	assert_string_equal(ask("loop.example", DNS_A), "tempfail");
	assert_string_equal(ask("gone.example", DNS_A), "nxdomain");
	assert_string_equal(ask("late.example", DNS_A), "tempfail");
	assert_string_equal(ask("slow.example", DNS_TXT), "tempfail");
}

static void
timeout_wins(void **state)
{
	(void)state;
	assert_true(add("a.example A 192.0.2.1"));
	assert_true(add("A.example timeout"));
	assert_string_equal(ask("a.example", DNS_A), "tempfail");
}

static void
mistakes(void **state)
{
	(void)state;
	wrong("example.net", "a record type is missing behind the name",
	    "types are A, AAAA, MX, TXT, PTR, CNAME and TIMEOUT", "example.net");
	wrong("example.net CNMAE b.example", "unknown record type \"CNMAE\"", "did you mean CNAME?",
	    "CNMAE");
	wrong("example.net TIMEOT", "unknown record type \"TIMEOT\"", "did you mean TIMEOUT?",
	    "TIMEOT");
	wrong("example.net IN A 192.0.2.1", "unknown record type \"IN\"",
	    "types are A, AAAA, MX, TXT, PTR, CNAME and TIMEOUT", "IN");
	wrong("example.net A 192.0.2.256", "\"192.0.2.256\" is not an IPv4 address", NULL,
	    "192.0.2.256");
	wrong("example.net A 2001:db8::1", "\"2001:db8::1\" is not an IPv4 address",
	    "IPv6 addresses stand in AAAA records", "2001:db8::1");
	wrong("example.net AAAA 192.0.2.1", "\"192.0.2.1\" is not an IPv6 address", NULL,
	    "192.0.2.1");
	wrong("example.net A", "the value of this A record is missing",
	    "write it like this: mail.example.net A 192.0.2.1", "example.net A");
	wrong("example.net PTR # x", "the value of this PTR record is missing",
	    "write it like this: 1.2.0.192.in-addr.arpa PTR mail.example.net",
	    "example.net PTR # x");
	wrong("example.net TXT v=spf1 -all", "the text of a TXT record stands in quotes",
	    "write it like this: TXT \"v=spf1 mx -all\"", "v=spf1 -all");
	wrong("example.net TXT \"v=spf1 -all", "this text has no quote at its end", NULL,
	    "\"v=spf1 -all");
	wrong("example.net TXT \"a\\", "this text has no quote at its end", NULL, "\"a\\");
	wrong("example.net MX mail.example.net",
	    "an MX record needs a preference, a number from 0 to 65535, before its host",
	    "write it like this: MX 10 mail.example.net", "mail.example.net");
	wrong("example.net MX 65536 mail.example.net",
	    "an MX record needs a preference, a number from 0 to 65535, before its host", NULL,
	    "65536");
	wrong("example.net MX 10", "the host of this MX record is missing", NULL, "10");
	wrong("example.net A 192.0.2.1 192.0.2.2", "this is too much: a record ends before it",
	    NULL, "192.0.2.2");
	wrong("example.net TIMEOUT 10", "this is too much: a record ends before it", NULL, "10");
	wrong(
	    "\"example.net\" A 192.0.2.1", "a name stands without quotes", NULL, "\"example.net\"");
	wrong("a..example A 192.0.2.1", "\"a..example\" has an empty part between its dots", NULL,
	    "a..example");
	wrong("a.example CNAME b..example", "\"b..example\" has an empty part between its dots",
	    NULL, "b..example");
	assert_string_equal(ask("example.net", DNS_A), "nxdomain");
}

static void
long_names(void **state)
{
	char line[400], label[65], name[255];

	(void)state;
	memset(label, 'x', 64);
	label[64] = '\0';
	snprintf(line, sizeof(line), "a.%s.example A 192.0.2.1", label);
	wrong(line, "a part of 64 octets between dots is too long: DNS allows 63", NULL, label);
	for (size_t i = 0; i < 254; i++)
		name[i] = i % 50 == 49 ? '.' : 'a';
	name[254] = '\0';
	snprintf(line, sizeof(line), "%s A 192.0.2.1", name);
	wrong(line, "a name of 254 octets is too long: DNS allows 253", NULL, name);
	assert_string_equal(ask(name, DNS_A), "nxdomain");
	name[253] = '\0';
	snprintf(line, sizeof(line), "%s A 192.0.2.1", name);
	assert_true(add(line));
	assert_memory_equal(ask(name, DNS_A), "\xc0\0\2\1", 4);
}

static void
cname_stands_alone(void **state)
{
	const char *what = "a name with a CNAME record can have no other record";

	(void)state;
	assert_true(add("a.example CNAME b.example"));
	wrong("a.example A 192.0.2.1", what, NULL, "a.example A 192.0.2.1");
	wrong("a.example CNAME c.example", what, NULL, "a.example CNAME c.example");
	assert_true(add("b.example A 192.0.2.1"));
	wrong("b.example CNAME c.example", what, NULL, "b.example CNAME c.example");
}

/* Write a file and add it. */
static bool
add_file(const char *text)
{
	char path[] = "/tmp/postern-zone-XXXXXX";
	int fd = mkstemp(path);
	bool good;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	good = zone_add_file(zone, path, &diags);
	unlink(path);
	return good;
}

static void
files(void **state)
{
	(void)state;
	assert_true(add_file("# a zone\n\na.example A 192.0.2.1\r\nb.example TXT \"x\""));
	assert_string_equal(ask("b.example", DNS_TXT), "x");
	assert_int_equal(diags.n, 0);

	/* every mistake is told, what is right is there */
	assert_false(add_file("c.example X y\n\n  d.example A z\ne.example TXT \"e\"\n"));
	assert_int_equal(diags.errors, 2);
	assert_int_equal(span_line(diags.v[0].span), 1);
	assert_int_equal(span_line(diags.v[1].span), 3);
	assert_true(slice_eq(span_slice(diags.v[1].span), SLICE("z")));
	assert_string_equal(ask("e.example", DNS_TXT), "e");

	errno = 0;
	assert_false(zone_add_file(zone, "/nonexistent/zone", &diags));
	assert_int_equal(errno, ENOENT);
	assert_int_equal(diags.errors, 2);
}

static void
many(void **state)
{
	char line[64];
	const struct dns_record *v;
	size_t n;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		snprintf(line, sizeof(line), "h%d.example A 192.0.2.%d", i % 1000, i / 1000);
		assert_true(zone_add(zone, slice_str(line), (struct span){ 0 }, &diags));
	}
	for (int i = 0; i < 1000; i++) {
		snprintf(line, sizeof(line), "h%d.example", i);
		v = data(slice_str(line), DNS_A, &n);
		assert_int_equal(n, 2);
		assert_int_equal(v[1].data.p[3], 1);
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(records),
		TEST(texts),
		TEST(escapes),
		TEST(cnames),
		TEST(timeout_wins),
		TEST(mistakes),
		TEST(long_names),
		TEST(cname_stands_alone),
		TEST(files),
		TEST(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

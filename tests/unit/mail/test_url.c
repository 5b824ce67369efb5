/*
 * test_url.c - URLs in texts and links
 */
#include "mail/url.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "mail/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

/* What is written, and what is found: the URLs, or their hosts, a blank between; "-" for a URL
 * without host. */
struct row {
	const char *written, *found;
};

/* What is in the set, as a row tells it. */
static void
show(const struct urls *u, bool hosts, struct buf *out)
{
	for (size_t i = 0; i < u->n; i++) {
		struct slice s = hosts ? u->v[i].host : u->v[i].url;

		assert_true(utf8_valid(u->v[i].url) && u->v[i].url.n <= LIMIT_URL);
		assert_true((u->v[i].host.p == NULL) == (u->v[i].domain.p == NULL));
		buf_str(out, i > 0 ? " " : "");
		buf_add(out, s.p != NULL ? s : SLICE("-"));
	}
}

/* Hold what is found in each row against what is wanted. */
static void
compare(const struct row *rows, size_t n, bool hosts, void (*find)(struct urls *, struct slice))
{
	unsigned wrong = 0;

	for (size_t i = 0; i < n; i++) {
		struct buf out = { 0 };
		struct arena a;
		struct urls u;

		arena_init(&a, 0);
		urls_init(&u, 0, &a);
		find(&u, slice_str(rows[i].written));
		show(&u, hosts, &out);
		assert_false(u.cut);
		if (!slice_eq(buf_slice(&out), slice_str(rows[i].found))) {
			print_error("%s\n  gave   %.*s\n  wanted %s\n", rows[i].written,
			    SLICE_ARG(buf_slice(&out)), rows[i].found);
			wrong++;
		}
		buf_free(&out);
		arena_free(&a);
	}
	assert_int_equal(wrong, 0);
}
#define COMPARE(rows, hosts, find) compare(rows, sizeof(rows) / sizeof(*(rows)), hosts, find)

static const struct row link_hosts[] = {
	{ "http://example.com/", "example.com" },
	{ "  HTTPS://Example.COM:8080/x ", "example.com" },
	{ "http://example.com", "example.com" },
	{ "http://example.com.", "example.com" },
	{ "http://example.com?x@evil.example", "example.com" },
	{ "http://example.com#@evil.example", "example.com" },
	/* the user's name is no host */
	{ "http://bank.example@evil.example/", "evil.example" },
	{ "http://bank.example:80@evil.example:81/", "evil.example" },
	{ "http://a@b@evil.example/@x", "evil.example" },
	{ "http://bank.example%2F@evil.example/", "evil.example" },
	/* slashes of all kinds */
	{ "http:/\\evil.example\\x", "evil.example" },
	{ "http:evil.example/x", "evil.example" },
	{ "http:\\\\evil.example/x", "evil.example" },
	{ "https:////evil.example/x", "evil.example" },
	{ "http://bank.example\\@evil.example/", "bank.example" },
	{ "//evil.example/x", "evil.example" },
	{ "\\\\evil.example\\share", "evil.example" },
	{ "file://evil.example/share/x", "evil.example" },
	{ "x-app://evil.example/x", "evil.example" },
	/* what browsers drop */
	{ "ht\ttp://ev\nil.exa\rmple/x", "evil.example" },
	{ "http:\n//evil.example/x", "evil.example" },
	{ "http:/\t/evil.example/x", "evil.example" },
	{ "http://\r\nevil.example/x", "evil.example" },
	{ "/\t/evil.example/x", "evil.example" },
	{ "\001\002http://evil.example/\003", "evil.example" },
	/* percent-encoding */
	{ "http://%65vil%2Eexample/", "evil.example" },
	{ "http://%65vil%2eexample%2f/", "-" },
	{ "http://evil.example%zz/", "-" },
	{ "http://evil..example/", "-" },
	{ "http://.evil.example/", "-" },
	{ "http://evil.example../", "-" },
	{ "http://%e4%be%8b.example/", "xn--fsq.example" },
	/* letters beyond ASCII */
	{ "http://b\303\274cher.example/", "xn--bcher-kva.example" },
	{ "http://evil\343\200\202example/", "evil.example" },
	{ "http://evil\357\274\216example/", "evil.example" },
	{ "http://\357\275\205vil.example/", "evil.example" },
	{ "http://ev\302\255il.example/", "evil.example" },
	{ "http://ev\377il.example/", "-" },
	/* addresses */
	{ "http://192.0.2.1/", "192.0.2.1" },
	{ "http://0300.0.2.1/", "192.0.2.1" },
	{ "http://0xC0.0x0.0x2.0x1/", "192.0.2.1" },
	{ "http://3221225985/", "192.0.2.1" },
	{ "http://0xC0000201/", "192.0.2.1" },
	{ "http://030000001001/", "192.0.2.1" },
	{ "http://192.513/", "192.0.2.1" },
	{ "http://192.0.513/", "192.0.2.1" },
	{ "http://192.0.2.1./", "192.0.2.1" },
	{ "http://%31%39%32.0.2.1/", "192.0.2.1" },
	{ "http://\357\274\221\357\274\231\357\274\222.0.2.1/", "192.0.2.1" },
	{ "http://192.0.2.256/", "-" },
	{ "http://192.0.2.1.1/", "-" },
	{ "http://192.0..1/", "-" },
	{ "http://99999999999999999999999999/", "-" },
	{ "http://4294967296/", "-" },
	{ "http://0x/", "0.0.0.0" },
	{ "http://1.2.3.08/", "-" },
	{ "http://1.2.3.a8/", "1.2.3.a8" },
	{ "http://[2001:DB8:0:0::1]:80/", "2001:db8::1" },
	{ "http://[::ffff:192.0.2.1]/", "192.0.2.1" },
	{ "http://[::1/", "-" },
	{ "http://[192.0.2.1]/", "-" },
	/* no host */
	{ "mailto:a@example.com", "-" },
	{ "tel:+123", "-" },
	{ "http://", "" },
	{ "http:///", "" },
	{ "http://a@/", "" },
	{ "", "" },
	{ "#top", "" },
	{ "/x/y", "" },
	{ "x.html", "" },
	{ "logo.png", "" },
	{ "../www.example.com", "" },
	{ "javascript:alert('http://x.example')", "" },
	{ "java\nscript:x", "" },
	{ "data:text/html,http://x.example", "" },
	{ "cid:1@example.com", "" },
	/* meant as a host */
	{ "www.example.com/x", "www.example.com" },
	{ "www.example.com", "www.example.com" },
	{ "www.example.com:80/x", "www.example.com" },
	{ "example.com/x", "example.com" },
	{ "a@example.com", "" },
};

static void
hosts_of_links(void **state)
{
	(void)state;
	COMPARE(link_hosts, true, url_add);
}

static const struct row link_urls[] = {
	{ "HTTP:\\\\User:pw@Example.com.:80\\a\\b?c\\d#e\\f",
	    "http://User:pw@example.com:80/a/b?c\\d#e\\f" },
	{ "http://3221225985/A%42", "http://192.0.2.1/A%42" },
	{ "http://[2001:DB8::1]/", "http://[2001:db8::1]/" },
	{ "http://a.example/x y\001z", "http://a.example/x%20y%01z" },
	{ "http://a.example/\377", "http://a.example/\357\277\275" },
	{ "http://a.ex%2Fample/", "http://a.ex%2Fample/" },
	{ "MailTo:A@Example.com?subject=\\x", "mailto:A@Example.com?subject=\\x" },
	{ "www.Example.com/A", "http://www.example.com/A" },
	{ "//example.com/a", "http://example.com/a" },
};

static void
links(void **state)
{
	(void)state;
	COMPARE(link_urls, false, url_add);
}

static const struct row text_urls[] = {
	{ "See http://example.com/x, or (https://a.example/b(c)).",
	    "http://example.com/x https://a.example/b(c)" },
	{ "http://a.example", "http://a.example" },
	{ "<http://a.example/x>", "http://a.example/x" },
	{ "[x](http://a.example/x)", "http://a.example/x" },
	{ "\"http://a.example/x?y=[1]\"!", "http://a.example/x?y=[1]" },
	{ "http://a.example/x...", "http://a.example/x" },
	{ "http://a.example?", "http://a.example" },
	{ "http://a.example: that", "http://a.example" },
	{ "http://a.example:80/x", "http://a.example:80/x" },
	{ "see:HTTP://A.example/B", "http://a.example/B" },
	{ "texthttps://a.example/", "https://a.example/" },
	{ "ftp://a.example/x sftp://b.example/x", "ftp://a.example/x" },
	{ "http:\\\\a.example\\x", "http://a.example/x" },
	{ "http://bank.example@evil.example/x", "http://bank.example@evil.example/x" },
	{ "http://bank.example,www@evil.example/x", "http://bank.example,www@evil.example/x" },
	{ "http://a.example/x,http://b.example/", "http://a.example/x,http://b.example/" },
	{ "http://a.example,http://b.example/", "http://a.example http://b.example/" },
	{ "http://a.example/?u=http://b.example/", "http://a.example/?u=http://b.example/" },
	{ "http://a.example/x http://a.example/x", "http://a.example/x" },
	{ "http://192.0.2.1/x http://[::1]/ http://0x7f.1",
	    "http://192.0.2.1/x http://[::1]/ "
	    "http://127.0.0.1" },
	{ "http:// http://. https://", "" },
	/* left alone */
	{ "hxxp://www.example.com/x hxxps://example.com", "" },
	{ "example[.]com", "" },
	/* quotes, brackets and full stops of other scripts */
	{ "\342\200\234http://a.example/x\342\200\235", "http://a.example/x" },
	{ "\343\200\214http://a.example/x\343\200\215", "http://a.example/x" },
	{ "http://a.example\343\200\202", "http://a.example" },
	{ "http://a.example/x\343\200\202\350\257\267", "http://a.example/x" },
	{ "\350\257\267http://a.com\350\257\267", "http://a.com" },
	{ "http://a.example\343\200\202\350\257\267", "http://a.example" },
	{ "http://evil\343\200\202example/x", "http://evil.example/x" },
	{ "http://a.example\302\240x", "http://a.example" },
	{ "http://b\303\274cher.example/x", "http://xn--bcher-kva.example/x" },
	/* www. */
	{ "go to www.example.com.", "http://www.example.com" },
	{ "(WWW.Example.com/X)", "http://www.example.com/X" },
	{ "www.a.example:8080/x", "http://www.a.example:8080/x" },
	{ "www.nosuch www.", "" },
	{ "\320\272www.a.example", "" },
	/* names alone */
	{ "try pills.com or cheap-pills.ru/buy?x=1!",
	    "http://pills.com http://cheap-pills.ru/buy?x=1" },
	{ "PILLS.COM", "http://pills.com" },
	{ "bit.ly/abc is.gd/x", "http://bit.ly/abc http://is.gd/x" },
	{ "pills.co.uk:8080", "http://pills.co.uk:8080" },
	{ "\321\201\320\260\320\271\321\202.\321\200\321\204", "http://xn--80aswg.xn--p1ai" },
	{ "\350\257\267pills.com/x", "http://pills.com/x" },
	{ "see e.g.this, i.e. that, and/or a.m./p.m.", "" },
	{ "It was so.It is. He did it.no", "" },
	{ "end.Com and start.Net", "" },
	{ "setup.py main.rs run.sh a.zip README.md x.mov", "" },
	{ "invoice.pdf index.html logo.png a.docx", "" },
	{ "1.5 3.14 192.0.2.1 192.0.2.0/24 v1.2.3", "" },
	{ "printer.local node.js/express", "" },
	{ "a-.com a.com..net -- -ab.com-", "http://ab.com" },
	{ "..pills.com..", "http://pills.com" },
	/* no URLs */
	{ "a@example.com <b@www.example.com> mailto:c@example.com?x=1", "" },
	{ "www.example.com@example.net", "" },
	{ "/usr/pills.com C:\\pills.com/x x=pills.com/y %40pills.com", "" },
	{ "http", "" },
	{ "://a.example", "" },
};

static void
texts(void **state)
{
	(void)state;
	COMPARE(text_urls, false, url_find);
}

static const struct row joined_urls[] = {
	{ "<http://a.example/long/\r\n  path?q=\r\n1>", "http://a.example/long/path?q=1" },
	{ "<URL:http://a.example/long\npath>", "http://a.example/longpath" },
	{ "<http://a.example\nfoo>", "http://a.example" },
	{ "<http://a.exam\nple/x>", "http://a.exam" },
	{ "<http://a.example/x\nSee more>", "http://a.example/x" },
	{ "<http://a.example/x\n<b>", "http://a.example/x" },
	{ "<http://a.example/x\ny", "http://a.example/x" },
	{ "http://a.example/x\ny>", "http://a.example/x" },
};

static void
joined(void **state)
{
	(void)state;
	COMPARE(joined_urls, false, url_find);
}

static void
domains(void **state)
{
	struct arena a;
	struct urls u;

	(void)state;
	arena_init(&a, 0);
	urls_init(&u, 0, &a);
	url_add(&u, SLICE("http://www.example.co.uk/"));
	url_add(&u, SLICE("http://192.0.2.1/"));
	url_add(&u, SLICE("mailto:a@example.com"));
	url_find(&u, SLICE("http://www.example.co.uk/ http://x.example.co.uk/"));
	assert_int_equal(u.n, 4);
	assert_true(slice_eq(u.v[0].domain, SLICE("example.co.uk")));
	assert_true(slice_eq(u.v[1].domain, SLICE("192.0.2.1")));
	assert_null(u.v[2].domain.p);
	assert_true(slice_eq(u.v[3].domain, SLICE("example.co.uk")));
	arena_free(&a);
}

static void
limits(void **state)
{
	char *text = malloc(4 * LIMIT_URL);
	struct buf many = { 0 };
	struct arena a;
	struct urls u;

	(void)state;
	arena_init(&a, 0);
	urls_init(&u, 0, &a);
	for (unsigned i = 0; i < LIMIT_URLS; i++)
		buf_printf(&many, "http://a.example/%u http://a.example/%u ", i, i / 2);
	url_find(&u, buf_slice(&many));
	assert_int_equal(u.n, LIMIT_URLS);
	assert_false(u.cut);
	url_add(&u, SLICE("http://a.example/7"));
	assert_false(u.cut);
	url_add(&u, SLICE("http://a.example/x"));
	assert_int_equal(u.n, LIMIT_URLS);
	assert_true(u.cut);
	buf_free(&many);

	/* A long user hides no host, and no character is cut. */
	assert_non_null(text);
	memset(text, 'x', 4 * LIMIT_URL);
	memcpy(text, "http://", 7);
	memcpy(text + 3 * LIMIT_URL, "@evil.example/", 14);
	memcpy(text + LIMIT_URL - 1, "\303\274", 2);
	urls_init(&u, 0, &a);
	url_add(&u, slice_of(text, 4 * LIMIT_URL));
	assert_int_equal(u.n, 1);
	assert_int_equal(u.v[0].url.n, LIMIT_URL - 1);
	assert_true(utf8_valid(u.v[0].url));
	assert_true(slice_eq(u.v[0].host, SLICE("evil.example")));
	assert_true(u.shortened);
	assert_false(u.cut);
	arena_free(&a);
	free(text);
}

static void
no_memory(void **state)
{
	struct arena a;
	struct urls u;

	(void)state;
	arena_init(&a, 100);
	urls_init(&u, 0, &a);
	url_find(&u, SLICE("http://a.example/x"));
	assert_int_equal(u.n, 0);
	assert_true(u.cut);
	arena_free(&a);
}

/* Microseconds of CPU that this thread has had: others may keep it waiting. */
static uint64_t
cpu_us(void)
{
	struct timespec t;

	assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t), 0);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* The least of a few times that one way over a text takes. */
static uint64_t
time_of(struct slice text, void (*find)(struct urls *, struct slice))
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 5; i++) {
		uint64_t from = cpu_us(), took;
		struct arena a;
		struct urls u;

		arena_init(&a, 0);
		urls_init(&u, 0, &a);
		find(&u, text);
		arena_free(&a);
		took = cpu_us() - from;
		if (took < least)
			least = took;
	}
	return least;
}

/* Twice the text takes at most two and a half times the time, whatever it is made of. */
static void
linear(void **state)
{
	static const char *const pieces[] = { "a", "a.", ".", "http://", "http://a", "http://a@",
		"@", "http://a,", "www.", "www.a,", "www.a.com/", "www.a.com@", "<http://a/ ",
		"<http://a/b", "<http://a/b\n", "\n", "(", ")", "a)", ".com",
		"a.com:", "\343\200\202", "http://a\343\200\202", "%41", "\303\274", "\303\274.",
		"\377", "\\", "/", "]", "[", "http://[", "-", "a.com/x\n", "http://\303\274" };
	size_t n = 100000;
	char *text = malloc(2 * n + 32);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		size_t length = strlen(pieces[i]);
		uint64_t once, twice;

		for (size_t at = 0; at < 2 * n; at += length)
			memcpy(text + at, pieces[i], length);
		once = time_of(slice_of(text, n), url_find);
		twice = time_of(slice_of(text, 2 * n), url_find);
		if (twice > once * 5 / 2 + 5000)
			fail_msg("url_find, \"%s\": %u, then %u us", pieces[i], (unsigned)once,
			    (unsigned)twice);
		once = time_of(slice_of(text, n), url_add);
		twice = time_of(slice_of(text, 2 * n), url_add);
		if (twice > once * 5 / 2 + 5000)
			fail_msg("url_add, \"%s\": %u, then %u us", pieces[i], (unsigned)once,
			    (unsigned)twice);
	}
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_of_links),
		cmocka_unit_test(links),
		cmocka_unit_test(texts),
		cmocka_unit_test(joined),
		cmocka_unit_test(domains),
		cmocka_unit_test(limits),
		cmocka_unit_test(no_memory),
		cmocka_unit_test(linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

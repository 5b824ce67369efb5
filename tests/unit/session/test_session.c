/* test_session.c - session/session.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "session/session.h"

#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>

#define assert_slice(s, text) assert_true(slice_eq(s, slice_str(text)))

static const struct session_env env = {
	.keep_headers = true, .keep_body = true, .max_message = 1 << 20
};
static struct session s;

static int
setup(void **state)
{
	(void)state;
	session_init(&s, &env);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	session_free(&s);
	return 0;
}

/* A connection from that address. */
static void
connect_from(const char *address, uint16_t port)
{
	struct ip ip;

	assert_true(ip_parse(slice_str(address), &ip));
	session_connect(&s, &ip, port, SLICE("host.example.net"));
}

static void
mail(const char *from)
{
	session_mail(&s, slice_str(from), NULL, 0);
}

static void
names_of_client(void **state)
{
	(void)state;
	connect_from("192.0.2.1", 25000);
	assert_slice(s.client_name, "host.example.net");
	assert_int_equal(s.client.family, 4);
	assert_int_equal(s.client_port, 25000);
	session_connect(&s, NULL, 0, SLICE("[192.0.2.1]"));
	assert_null(s.client_name.p);
	assert_int_equal(s.client.family, 0);
	assert_int_equal(s.client_port, 0);
	session_connect(&s, NULL, 0, SLICE("unknown"));
	assert_null(s.client_name.p);
	session_connect(&s, NULL, 0, SLICE_ABSENT);
	assert_null(s.client_name.p);
	assert_false(s.client_name_cut);
}

/* What each event ends, and what it leaves. */
static void
lifetimes(void **state)
{
	(void)state;
	connect_from("192.0.2.1", 1);
	session_helo(&s, SLICE("one.example"));
	mail("<a@example.net>");
	assert_true(s.in_message);
	assert_true(session_rcpt(&s, SLICE("<b@example.org>")));
	session_header(&s, SLICE("A"), SLICE(" b"), true);
	session_body(&s, SLICE("text\r\n"));

	session_end_message(&s);
	assert_false(s.in_message);
	assert_null(s.sender.p);
	assert_int_equal(s.nrecipients, 0);
	assert_int_equal(s.selected, SIZE_MAX);
	assert_int_equal(s.nheaders, 0);
	assert_int_equal(s.body.n, 0);
	assert_int_equal(s.size, 0);
	assert_slice(s.helo, "one.example");

	mail("<a@example.net>");
	assert_true(session_rcpt(&s, SLICE("<b@example.org>")));
	mail("<c@example.net>");
	assert_int_equal(s.nrecipients, 0);
	assert_slice(s.sender, "c@example.net");

	session_helo(&s, SLICE(" two.example "));
	assert_slice(s.helo, "two.example");
	assert_false(s.in_message);
	assert_null(s.sender.p);
	assert_slice(s.client_name, "host.example.net");

	session_connect(&s, NULL, 0, SLICE_ABSENT);
	assert_null(s.helo.p);
}

static void
senders(void **state)
{
	(void)state;
	mail("<>");
	assert_slice(s.sender, "<>");
	mail("");
	assert_slice(s.sender, "<>");
	mail("<@r.example:a@b.example.>");
	assert_slice(s.sender, "a@b.example");
	mail("<caf\xe9@b.example>");
	assert_slice(s.sender, "caf\xef\xbf\xbd@b.example");
	assert_false(s.sender_cut);
}

static void
parameters(void **state)
{
	struct slice params[] = { SLICE("size=1000"), SLICE("BODY=8BITMIME"), SLICE("smtputf8") };
	struct slice bad[] = { SLICE("SIZE="), SLICE("SIZE=-1"), SLICE("SIZE=99999999999999999999"),
		SLICE("SIZE"), SLICE("") };

	(void)state;
	session_mail(&s, SLICE("<>"), params, 3);
	assert_int_equal(s.size_declared, 1000);
	assert_true(s.smtputf8);
	session_mail(&s, SLICE("<>"), bad, 5);
	assert_int_equal(s.size_declared, -1);
	assert_false(s.smtputf8);
}

/* Only what Postfix's cleanup sends is local: loopback, no port, no angle brackets. */
static void
local_submission(void **state)
{
	(void)state;
	connect_from("127.0.0.1", 0);
	assert_true(s.local);
	mail("root");
	assert_true(s.local);
	mail("");
	assert_true(s.local);
	mail("<root@example.org>");
	assert_false(s.local);
	connect_from("::1", 0);
	mail("root");
	assert_true(s.local);
	session_connect(&s, NULL, 0, SLICE_ABSENT);
	assert_true(s.local);
	mail("root");
	assert_true(s.local);
	mail("<>");
	assert_false(s.local);
	connect_from("127.0.0.1", 1);
	mail("root");
	assert_false(s.local);
	connect_from("192.0.2.1", 0);
	mail("root");
	assert_false(s.local);
}

static void
recipients(void **state)
{
	(void)state;
	mail("<>");
	for (int i = 0; i < 100; i++) {
		char text[64];
		int n = snprintf(text, sizeof(text), "<@r.example:user%d@example.org>", i);

		assert_true(session_rcpt(&s, slice_of(text, (size_t)n)));
		assert_int_equal(s.selected, i);
	}
	assert_int_equal(s.nrecipients, 100);
	assert_slice(s.recipients[99].given, "<@r.example:user99@example.org>");
	assert_slice(s.recipients[99].address, "user99@example.org");
	assert_slice(s.recipients[0].address, "user0@example.org");
	session_drop_rcpt(&s);
	assert_int_equal(s.nrecipients, 99);
	assert_int_equal(s.selected, SIZE_MAX);
	session_select(&s, 98);
	assert_int_equal(s.selected, 98);
	session_select(&s, 99);
	assert_int_equal(s.selected, SIZE_MAX);
	mail("<>");
	session_drop_rcpt(&s);
	assert_int_equal(s.nrecipients, 0);
}

static void
too_many_recipients(void **state)
{
	(void)state;
	mail("<>");
	for (int i = 0; i < LIMIT_RECIPIENTS; i++)
		assert_true(session_rcpt(&s, SLICE("<a@b>")));
	assert_false(session_rcpt(&s, SLICE("<a@b>")));
	assert_int_equal(s.nrecipients, LIMIT_RECIPIENTS);
	assert_int_equal(s.selected, SIZE_MAX);
	mail("<>");
	assert_true(session_rcpt(&s, SLICE("<a@b>")));
}

static void
headers(void **state)
{
	(void)state;
	mail("<>");
	session_header(&s, SLICE("Subject"), SLICE("  two\n\tlines"), true);
	session_header(&s, SLICE("Subject "), SLICE("\tx"), true);
	session_header(&s, SLICE("X"), SLICE(" y"), false);
	session_header(&s, SLICE("E"), SLICE(""), true);
	assert_int_equal(s.nheaders, 4);
	assert_slice(s.headers[0].name, "Subject");
	assert_slice(s.headers[0].value, " two\n\tlines");
	assert_slice(s.headers[0].line, "Subject:  two\n\tlines");
	assert_slice(s.headers[1].name, "Subject");
	assert_slice(s.headers[1].value, "\tx");
	assert_slice(s.headers[2].value, " y");
	assert_slice(s.headers[3].line, "E: ");
	assert_non_null(s.headers[3].value.p);
	assert_false(s.headers_cut);
}

static void
sizes(void **state)
{
	struct session_env nothing_kept = { 0 };
	/* as on the wire; the header's fold has a CR there */
	const char *wire = "Subject: two\r\n\tlines\r\nX:y\r\nE:\r\n\r\nbody\r\n";

	(void)state;
	mail("<>");
	session_header(&s, SLICE("Subject"), SLICE(" two\n\tlines"), true);
	session_header(&s, SLICE("X"), SLICE("y"), true);
	session_header(&s, SLICE("E"), SLICE(""), true);
	session_body(&s, SLICE("bo"));
	session_body(&s, SLICE("dy\r\n"));
	assert_int_equal(s.size, strlen(wire));
	assert_slice(buf_slice(&s.body), "body\r\n");

	s.env = &nothing_kept;
	mail("<>");
	session_header(&s, SLICE("Subject"), SLICE("two\r\n\tlines"), false);
	session_header(&s, SLICE("X"), SLICE("y"), true);
	session_header(&s, SLICE("E"), SLICE(""), false);
	session_body(&s, SLICE("body\r\n"));
	assert_int_equal(s.size, strlen(wire));
	assert_int_equal(s.nheaders, 0);
	assert_int_equal(s.body.n, 0);
}

static void
too_many_headers(void **state)
{
	char *large = malloc(LIMIT_HEADERS_BYTES);

	(void)state;
	mail("<>");
	for (int i = 0; i < LIMIT_HEADERS; i++)
		session_header(&s, SLICE("A"), SLICE(" b"), true);
	assert_false(s.headers_cut);
	session_header(&s, SLICE("A"), SLICE(" b"), true);
	assert_true(s.headers_cut);
	assert_int_equal(s.nheaders, LIMIT_HEADERS);
	mail("<>");
	assert_false(s.headers_cut);

	/* what there is room for is kept, and nothing after it */
	memset(large, 'x', LIMIT_HEADERS_BYTES);
	session_header(&s, SLICE("AB"), slice_of(large, LIMIT_HEADERS_BYTES - 10), true);
	assert_false(s.headers_cut);
	session_header(&s, SLICE("CD"), SLICE("123456789"), true);
	assert_true(s.headers_cut);
	assert_slice(s.headers[1].value, "123456");
	session_header(&s, SLICE(""), SLICE(""), true);
	assert_int_equal(s.nheaders, 2);
	free(large);
}

static void
large_body(void **state)
{
	struct slice chunk = { NULL, 65535 };
	char *bytes = calloc(1, chunk.n);

	(void)state;
	chunk.p = bytes;
	mail("<>");
	for (int i = 0; i < 20; i++)
		session_body(&s, chunk);
	assert_true(s.body.cut);
	assert_int_equal(s.body.n, env.max_message);
	assert_int_equal(s.size, 2 + 20 * 65535);
	/* an idle session holds little */
	session_end_message(&s);
	assert_int_equal(s.body.cap, 0);
	assert_false(s.body.cut);
	assert_int_equal(s.body.limit, env.max_message);
	mail("<>");
	session_body(&s, SLICE("x"));
	session_end_message(&s);
	assert_true(s.body.cap > 0);
	assert_int_equal(s.body.n, 0);
	free(bytes);
}

static void
without_memory(void **state)
{
	(void)state;
	s.connection.limit = s.greeting.limit = s.message.limit = 1;
	connect_from("192.0.2.1", 1);
	assert_null(s.client_name.p);
	assert_true(s.client_name_cut);
	session_helo(&s, SLICE("h.example"));
	assert_null(s.helo.p);
	assert_true(s.helo_cut);
	mail("<a@b.example>");
	assert_null(s.sender.p);
	assert_true(s.sender_cut);
	assert_false(session_rcpt(&s, SLICE("<a@b.example>")));
	session_header(&s, SLICE("A"), SLICE("b"), true);
	assert_true(s.headers_cut);
	assert_int_equal(s.nheaders, 0);
	session_look_up(&s, LOOKUP_SPF | LOOKUP_SPF_HELO);
	/* the null sender takes none */
	mail("<>");
	assert_slice(s.sender, "<>");
	assert_false(s.sender_cut);
}

/* Calls in no order that an MTA would choose. */
static void
out_of_order(void **state)
{
	(void)state;
	session_end_message(&s);
	session_body(&s, SLICE("x"));
	session_header(&s, SLICE("A"), SLICE(""), true);
	session_drop_rcpt(&s);
	assert_true(session_rcpt(&s, SLICE("")));
	session_look_up(&s, LOOKUP_SPF | LOOKUP_SPF_HELO);
	assert_int_equal(s.spf.result, SPF_NONE);
	session_select(&s, 7);
	mail("<>");
	assert_int_equal(s.nrecipients + s.nheaders + s.body.n, 0);
}

/* SPF is asked for once a message, that of HELO once a HELO. */
static void
spf_once(void **state)
{
	struct diags diags;
	struct zone *zone = zone_new();
	struct session_env with_spf = env;
	const char *first, *helo;

	(void)state;
	diags_init(&diags);
	for (const char *const *line =
		 (const char *const[]){ "example.net TXT \"v=spf1 ip4:192.0.2.1 -all\"",
		     "h.example TXT \"v=spf1 -all\"", NULL };
	     *line != NULL; line++)
		assert_true(zone_add(zone, slice_str(*line), (struct span){ 0 }, &diags));
	with_spf.resolver = resolver_new(&(struct resolver_config){ .zone = zone });
	with_spf.spf = spf_new(
	    &(struct spf_config){ .resolver = with_spf.resolver, .receiver = "mx.example.org" });
	s.env = &with_spf;
	connect_from("192.0.2.1", 1);
	session_helo(&s, SLICE("h.example"));
	mail("<a@example.net>");
	session_look_up(&s, LOOKUP_SPF);
	assert_int_equal(s.spf.result, SPF_PASS);
	assert_slice(s.spf.domain, "example.net");
	assert_int_equal(s.looked_up, LOOKUP_SPF);
	first = s.spf.reason.p;
	session_look_up(&s, LOOKUP_SPF | LOOKUP_SPF_HELO);
	assert_ptr_equal(s.spf.reason.p, first);
	assert_int_equal(s.spf_helo.result, SPF_FAIL);
	helo = s.spf_helo.reason.p;

	/* the null sender stands for postmaster at the HELO name */
	mail("<>");
	assert_int_equal(s.looked_up, LOOKUP_SPF_HELO);
	session_look_up(&s, LOOKUP_SPF | LOOKUP_SPF_HELO);
	assert_int_equal(s.spf.result, SPF_FAIL);
	assert_slice(s.spf.domain, "h.example");
	assert_ptr_equal(s.spf_helo.reason.p, helo);

	session_helo(&s, SLICE("example.net"));
	assert_int_equal(s.looked_up, 0);
	session_look_up(&s, LOOKUP_SPF_HELO);
	assert_int_equal(s.spf_helo.result, SPF_PASS);

	session_connect(&s, NULL, 0, SLICE_ABSENT);
	mail("<a@example.net>");
	session_look_up(&s, LOOKUP_SPF);
	assert_int_equal(s.spf.result, SPF_NONE);
	assert_true(s.spf.reason.n > 0);
	spf_free(with_spf.spf);
	resolver_free(with_spf.resolver);
	zone_free(zone);
	diags_free(&diags);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(names_of_client),
		TEST(lifetimes),
		TEST(senders),
		TEST(parameters),
		TEST(local_submission),
		TEST(recipients),
		TEST(too_many_recipients),
		TEST(headers),
		TEST(sizes),
		TEST(too_many_headers),
		TEST(large_body),
		TEST(without_memory),
		TEST(out_of_order),
		TEST(spf_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

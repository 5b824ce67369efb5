/* test_facts.c - session/facts.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "session/facts.h"

#include "base/limits.h"

#include <stdlib.h>

static const struct session_env env = {
	.keep_headers = true, .keep_body = true, .max_message = 1000
};
static struct session s;

static int
setup(void **state)
{
	struct ip ip;

	(void)state;
	session_init(&s, &env);
	ip_parse(SLICE("192.0.2.1"), &ip);
	session_connect(&s, &ip, 25000, SLICE("host.example.net"));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	session_free(&s);
	return 0;
}

/* A fact's values, with up to two arguments. */
static struct values
get(const char *name, const char *arg1, const char *arg2)
{
	struct slice args[] = { slice_str(arg1), slice_str(arg2) };
	struct fact_ref ref = { .fact = fact_find(slice_str(name)), .args = args };
	struct values values;

	ref.nargs = (arg1 != NULL) + (arg2 != NULL);
	assert_non_null(ref.fact);
	fact_get(&s, &ref, &values);
	return values;
}

/* A fact that has one text and lost nothing; NULL: it has none. */
static void
expect(const char *name, const char *text)
{
	struct values values = get(name, NULL, NULL);

	assert_false(values.cut);
	assert_int_equal(values.n, text != NULL);
	if (text != NULL && !slice_eq(values.v[0].text, slice_str(text)))
		fail_msg("%s is %.*s, not %s", name, SLICE_ARG(values.v[0].text), text);
}

static void
give(enum stage at, const char *name, const char *value)
{
	session_macro(&s, at, slice_str(name), slice_str(value));
}

static void
table(void **state)
{
	const struct fact *f;

	(void)state;
	for (size_t i = 0; (f = fact_at(i)) != NULL; i++) {
		assert_ptr_equal(fact_find(slice_str(f->name)), f);
		assert_true((f->get == NULL) == ((f->flags & FACT_OF_SCORE) != 0));
		assert_true((f->words != NULL) == (f->kind == KIND_WORD));
		assert_null(f->macros[2]);
		/* a macro must be there when the fact is */
		for (const char *const *m = f->macros; *m != NULL; m++) {
			bool known;

			assert_true(macro_stage(slice_str(*m), &known) <= f->stage);
			assert_true(known);
		}
		assert_true((f->flags & FACT_COUNTS) == 0 || (f->flags & FACT_NEEDS_BODY) != 0);
	}
	assert_null(fact_find(SLICE("client")));
	assert_null(fact_find(SLICE("client.ip ")));
	assert_null(fact_find(SLICE("")));
	for (int r = SPF_NONE; r <= SPF_PERMERROR; r++)
		assert_string_equal(
		    fact_find(SLICE("spf"))->words[r], spf_result_name((enum spf_result)r));
	assert_null(fact_find(SLICE("spf"))->words[SPF_PERMERROR + 1]);
	assert_int_equal(fact_find(SLICE("helo"))->stage, STAGE_MAIL);
	assert_int_equal(fact_find(SLICE("helo"))->life, LIFE_HELO);
}

static void
client(void **state)
{
	struct values values;

	(void)state;
	values = get("client.ip", NULL, NULL);
	assert_int_equal(values.n, 1);
	assert_true(ip_eq(&values.v->ip, &s.client));
	expect("client.ip", "192.0.2.1");
	expect("client.name", "host.example.net");
	values = get("client.port", NULL, NULL);
	assert_int_equal(values.v->number, 25000);
	expect("client.port", "25000");
	expect("client.ptr", NULL);
	expect("client.resolve", NULL);
	give(STAGE_CONNECT, "{client_ptr}", "ptr.example.net");
	give(STAGE_CONNECT, "{client_resolve}", "FORGED");
	expect("client.ptr", "ptr.example.net");
	expect("client.resolve", "forged");
	give(STAGE_CONNECT, "{client_ptr}", "unknown");
	give(STAGE_CONNECT, "{client_resolve}", "whatever");
	expect("client.ptr", NULL);
	expect("client.resolve", NULL);

	session_connect(&s, NULL, 0, SLICE("unknown"));
	expect("client.ip", NULL);
	expect("client.name", NULL);
	expect("client.port", NULL);
	give(STAGE_CONNECT, "{client_port}", "0");
	expect("client.port", NULL);
	give(STAGE_CONNECT, "{client_port}", "4711");
	expect("client.port", "4711");
}

static void
server(void **state)
{
	struct values values;

	(void)state;
	expect("server.ip", NULL);
	expect("server.port", NULL);
	expect("server.name", NULL);
	expect("daemon", NULL);
	give(STAGE_CONNECT, "j", "mx.example.org");
	give(STAGE_CONNECT, "{daemon_name}", "submission");
	give(STAGE_CONNECT, "{daemon_port}", "587");
	expect("server.name", "mx.example.org");
	expect("daemon", "submission");
	expect("server.port", "587");
	give(STAGE_CONNECT, "{daemon_addr}", "IPv6:2001:DB8::1");
	expect("server.ip", "2001:db8::1");
	values = get("server.ip", NULL, NULL);
	assert_int_equal(values.v->ip.family, 6);
	/* where Sendmail listens, which is everywhere */
	give(STAGE_CONNECT, "{daemon_addr}", "0.0.0.0");
	expect("server.ip", NULL);
	give(STAGE_CONNECT, "{daemon_addr}", "IPv6:::");
	expect("server.ip", NULL);
	give(STAGE_CONNECT, "{if_addr}", "192.0.2.10");
	expect("server.ip", "192.0.2.10");
	give(STAGE_CONNECT, "{if_addr}", "");
	give(STAGE_CONNECT, "{daemon_addr}", "192.0.2.11");
	expect("server.ip", "192.0.2.11");
	give(STAGE_CONNECT, "{if_addr}", "nonsense");
	expect("server.ip", NULL);
	give(STAGE_CONNECT, "{daemon_port}", "smtp");
	expect("server.port", NULL);
}

static void
security(void **state)
{
	(void)state;
	session_helo(&s, SLICE("h.example"));
	give(STAGE_HELO, "{tls_version}", "TLSv1.3");
	give(STAGE_HELO, "{cipher}", "AES");
	give(STAGE_HELO, "{cipher_bits}", "256");
	session_mail(&s, SLICE("<>"), NULL, 0);
	/* what a client claims is no login */
	give(STAGE_MAIL, "{auth_author}", "ceo@example.org");
	expect("sasl.user", NULL);
	give(STAGE_MAIL, "{auth_authen}", "alice");
	give(STAGE_MAIL, "{auth_type}", "PLAIN");
	expect("sasl.user", "alice");
	expect("sasl.method", "PLAIN");
	expect("tls.version", "TLSv1.3");
	expect("tls.cipher", "AES");
	expect("tls.bits", "256");
	session_mail(&s, SLICE("<>"), NULL, 0);
	expect("sasl.user", NULL);
	expect("tls.version", "TLSv1.3");
	session_helo(&s, SLICE("h.example"));
	expect("tls.version", NULL);
}

static void
envelope(void **state)
{
	struct slice size = SLICE("SIZE=4000000000");

	(void)state;
	expect("helo", NULL);
	session_helo(&s, SLICE(""));
	expect("helo", NULL);
	session_helo(&s, SLICE("h.example"));
	expect("helo", "h.example");
	session_mail(&s, SLICE("<\"a@b\"@Example.net.>"), &size, 1);
	expect("sender", "\"a@b\"@Example.net");
	expect("sender.local", "\"a@b\"");
	expect("sender.domain", "Example.net");
	expect("size.declared", "4000000000");
	session_mail(&s, SLICE("<>"), NULL, 0);
	expect("sender", "<>");
	expect("sender.local", NULL);
	expect("sender.domain", NULL);
	expect("size.declared", NULL);

	expect("recipient", NULL);
	expect("recipient.count", "0");
	session_rcpt(&s, SLICE("<postmaster>"));
	expect("recipient", "postmaster");
	expect("recipient.local", "postmaster");
	expect("recipient.domain", NULL);
	session_rcpt(&s, SLICE("<c@example.org>"));
	expect("recipient", "c@example.org");
	expect("recipient.domain", "example.org");
	expect("recipient.count", "2");
	session_select(&s, 0);
	expect("recipient", "postmaster");
	session_select(&s, SIZE_MAX);
	expect("recipient", NULL);
	expect("recipient.local", NULL);
	session_drop_rcpt(&s);
	expect("recipient.count", "1");
}

static void
spf_answers(void **state)
{
	(void)state;
	session_mail(&s, SLICE("<a@example.net>"), NULL, 0);
	session_look_up(&s, LOOKUP_SPF | LOOKUP_SPF_HELO);
	expect("spf", "none");
	expect("spf.helo", "none");
	expect("spf.domain", NULL);
	expect("spf.reason", "SPF is not checked");
	s.spf = (struct spf_answer){
		.result = SPF_SOFTFAIL, .domain = SLICE("example.net"), .reason = SLICE("why")
	};
	s.spf_helo.result = SPF_PERMERROR;
	expect("spf", "softfail");
	expect("spf.helo", "permerror");
	expect("spf.domain", "example.net");
	expect("spf.reason", "why");
}

static void
headers(void **state)
{
	struct values values;

	(void)state;
	session_mail(&s, SLICE("<>"), NULL, 0);
	expect("raw.header.lines", NULL);
	session_header(&s, SLICE("Received"), SLICE(" one"), true);
	session_header(&s, SLICE("Subject"), SLICE(" caf\xe9\n\tau lait"), true);
	session_header(&s, SLICE("RECEIVED"), SLICE("two"), true);
	session_header(&s, SLICE("X"), SLICE(""), true);
	values = get("raw.header", "received", NULL);
	assert_int_equal(values.n, 2);
	assert_true(slice_eq(values.v[0].text, SLICE("one")));
	assert_true(slice_eq(values.v[1].text, SLICE("two")));
	values = get("raw.header", "subject", "received");
	assert_int_equal(values.n, 3);
	assert_true(slice_eq(values.v[1].text, SLICE("caf\xe9\n\tau lait")));
	values = get("raw.header", "Receive", NULL);
	assert_int_equal(values.n, 0);
	assert_null(values.v);
	values = get("raw.header.lines", NULL, NULL);
	assert_int_equal(values.n, 4);
	assert_true(slice_eq(values.v[2].text, SLICE("RECEIVED: two")));
	/* there are two things to say of an empty header: it is there, and it is empty */
	values = get("raw.header", "X", NULL);
	assert_int_equal(values.n, 1);
	assert_int_equal(values.v[0].text.n, 0);
	assert_non_null(values.v[0].text.p);
}

static void
content(void **state)
{
	struct values values;
	char *large = calloc(1, LIMIT_HEADERS_BYTES);

	(void)state;
	session_mail(&s, SLICE("<>"), NULL, 0);
	expect("raw.body", NULL);
	session_body(&s, SLICE("a\0b\r\n"));
	values = get("raw.body", NULL, NULL);
	assert_int_equal(values.v[0].text.n, 5);
	assert_ptr_equal(values.v[0].text.p, s.body.p);
	values = get("size", NULL, NULL);
	assert_int_equal(values.v[0].number, 7);
	expect("size", "7");
	expect("message.truncated", NULL);
	session_body(&s, slice_of(large, 1000));
	expect("message.truncated", "max-message-size");
	values = get("raw.body", NULL, NULL);
	assert_true(values.cut);
	assert_int_equal(values.v[0].text.n, 1000);
	session_header(&s, SLICE("A"), slice_of(large, LIMIT_HEADERS_BYTES), true);
	expect("message.truncated", "max-header-size, max-message-size");
	values = get("raw.header", "A", NULL);
	assert_true(values.cut);
	assert_int_equal(values.n, 1);
	assert_true(get("raw.header", "B", NULL).cut);
	assert_true(get("raw.header.lines", NULL, NULL).cut);
	session_mail(&s, SLICE("<>"), NULL, 0);
	session_header(&s, SLICE("A"), slice_of(large, LIMIT_HEADERS_BYTES), true);
	expect("message.truncated", "max-header-size");
	free(large);
}

static void
macros(void **state)
{
	struct values values;

	(void)state;
	assert_int_equal(get("macro", "{x1}", NULL).n, 0);
	give(STAGE_CONNECT, "{x1}", "value");
	values = get("macro", "{x1}", NULL);
	assert_int_equal(values.n, 1);
	assert_true(slice_eq(values.v[0].text, SLICE("value")));
	give(STAGE_CONNECT, "{x1}", "");
	assert_int_equal(get("macro", "{x1}", NULL).n, 0);
	give(STAGE_CONNECT, "j", "mx");
	assert_int_equal(get("macro", "{j}", NULL).n, 1);
}

/* What a limit took makes the facts cut, not absent. */
static void
cut(void **state)
{
	char *large = malloc(LIMIT_ADDRESS + 100);
	struct slice text = { large, LIMIT_ADDRESS + 100 };

	(void)state;
	memset(large, 'x', text.n);
	session_connect(&s, NULL, 0, text);
	assert_true(get("client.name", NULL, NULL).cut);
	assert_int_equal(get("client.name", NULL, NULL).n, 1);
	session_helo(&s, text);
	assert_true(get("helo", NULL, NULL).cut);
	large[10] = '@';
	session_mail(&s, text, NULL, 0);
	assert_true(get("sender", NULL, NULL).cut);
	assert_true(get("sender.domain", NULL, NULL).cut);
	session_rcpt(&s, text);
	assert_true(get("recipient", NULL, NULL).cut);
	session_macro(&s, STAGE_CONNECT, SLICE("{daemon_name}"), text);
	assert_true(get("daemon", NULL, NULL).cut);
	s.connection.limit = 1;
	give(STAGE_CONNECT, "{daemon_addr}", "192.0.2.1");
	assert_true(get("server.ip", NULL, NULL).cut);
	assert_true(get("macro", "{x1}", NULL).cut);
	session_mail(&s, SLICE("<a@b>"), NULL, 0);
	assert_false(get("sender", NULL, NULL).cut);
	free(large);
}

/* Without scratch memory nothing is there, and that is said; but for what the message keeps. */
static void
without_scratch(void **state)
{
	const struct fact *f;

	(void)state;
	session_helo(&s, SLICE("h"));
	session_mail(&s, SLICE("<a@b>"), NULL, 0);
	session_rcpt(&s, SLICE("<a@b>"));
	session_header(&s, SLICE("A"), SLICE("b"), true);
	session_body(&s, SLICE("x"));
	session_look_up(&s, LOOKUP_SPF | LOOKUP_SPF_HELO);
	for (size_t i = 0; (f = fact_at(i)) != NULL; i++)
		if (f->get != NULL && f->args == NULL) {
			bool there;

			s.scratch.limit = 0;
			there = get(f->name, NULL, NULL).n > 0;
			s.scratch.limit = 1;
			if (f->item != CONTENT_NONE) {
				assert_int_equal(get(f->name, NULL, NULL).n > 0, there);
				continue;
			}
			assert_int_equal(get(f->name, NULL, NULL).n, 0);
			assert_int_equal(get(f->name, NULL, NULL).cut, there);
		}
	assert_true(get("raw.header", "A", NULL).cut);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(table),
		TEST(client),
		TEST(server),
		TEST(security),
		TEST(envelope),
		TEST(spf_answers),
		TEST(headers),
		TEST(content),
		TEST(macros),
		TEST(cut),
		TEST(without_scratch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_results.c - Authentication-Results of earlier filters, and of senders who would be one
 */
#include "mail/results.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "linear.h"

#define NAME SLICE("mx.example.test")
#define ID SLICE("4F2A1C0DE")

/* ---- one field ---- */

struct row {
	const char *written, *found;
};

/* Add a result as `method=word[domain]`. */
static void
show(void *ctx, const struct results_one *one)
{
	struct buf *out = ctx;

	buf_printf(out, "%s%.*s=%.*s", out->n > 0 ? " " : "", SLICE_ARG(one->method),
	    SLICE_ARG(one->word));
	if (one->domain.p != NULL)
		buf_printf(out, "[%.*s]", SLICE_ARG(one->domain));
}

/* Hold what each field tells against what it should; "-": it can't be read. */
static void
compare(const struct row *rows, size_t n)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < n; i++) {
		struct buf out = { 0 };
		bool read = results_read(slice_str(rows[i].written), show, &out);

		/* nothing is told of a field that can't be read */
		assert_true(read || out.n == 0);
		if (!read)
			buf_str(&out, "-");
		if (!slice_eq(buf_slice(&out), slice_str(rows[i].found))) {
			print_error("%s\n  gave   %.*s\n  wanted %s\n", rows[i].written,
			    SLICE_ARG(buf_slice(&out)), rows[i].found);
			wrong++;
		}
		buf_free(&out);
	}
	assert_int_equal(wrong, 0);
}

#define COMPARE(rows) compare(rows, sizeof(rows) / sizeof(rows)[0])

static void
test_as_filters_write_them(void **state)
{
	static const struct row rows[] = {
		/* OpenDKIM 2.11 */
		{ "mx.example.test;\n\tdkim=pass (2048-bit key; unprotected) header.d=signed.example "
		  "header.i=@signed.example header.a=rsa-sha256 header.s=s1 header.b=dKQOQW6l;\n"
		  "\tdkim-atps=neutral",
		    "dkim=pass[signed.example] dkim-atps=neutral" },
		{ "mx.example.test; dkim=none; dkim-atps=neutral", "dkim=none dkim-atps=neutral" },
		{ "mx.example.test/A72433; dkim=none;\n\tdkim-atps=neutral",
		    "dkim=none dkim-atps=neutral" },
		{ "\"mx.example.test/A72433\"; dkim=none", "dkim=none" },
		{ "mx.example.test; dkim=permerror (bad message/signature format)",
		    "dkim=permerror" },
		{ "mx.example.test;\n\tdkim=fail reason=\"key not found in DNS\" "
		  "header.d=signed.example header.i=@signed.example header.a=rsa-sha256 "
		  "header.s=s2 header.b=EJfPgLZk",
		    "dkim=fail[signed.example]" },
		{ "mx; dkim=pass header.d=esp.example header.i=bounce+a=b.example@esp.example",
		    "dkim=pass[esp.example]" },
		{ "mx; dkim=pass header.i=\"ab\"@sub.signed.example",
		    "dkim=pass[sub.signed.example]" },
		{ "mx; dkim=pass header.i=\"a@b\"@signed.example", "dkim=pass[signed.example]" },
		{ "mx; dkim=pass header.i=\"@signed.example\"", "dkim=pass[signed.example]" },
		/* OpenDMARC 1.4 */
		{ "mx.example.test; dmarc=pass (p=reject dis=none) header.from=signed.example",
		    "dmarc=pass[signed.example]" },
		{ "mx; dmarc=none (p=none dis=none) header.from=[192.0.2.1]",
		    "dmarc=none[[192.0.2.1]]" },
		{ "mx.example.test; spf=pass smtp.mailfrom=signed.example", "spf=pass" },
		/* rspamd 3.4 */
		{ "mx;\r\n\tdkim=pass header.d=signed.example header.s=s1 header.b=dKQOQW6l;\r\n"
		  "\tspf=pass (mx: domain of \"a b@signed.example\" designates 192.0.2.77 as "
		  "permitted sender) smtp.mailfrom=\"a b@signed.example\";\r\n"
		  "\tdmarc=pass (policy=reject) header.from=signed.example",
		    "dkim=pass[signed.example] spf=pass dmarc=pass[signed.example]" },
		{ "mx;\n\tdkim=none;\n\tdmarc=fail reason=\"SPF not aligned (relaxed), No valid DKIM\""
		  " header.from=strict.example (policy=reject)",
		    "dkim=none dmarc=fail[strict.example]" },
		/* others */
		{ "mx (amavisd-new); dkim=pass header.d=a.example", "dkim=pass[a.example]" },
		{ "mx; spf=none smtp.mailfrom=<>", "spf=none" },
		{ "mx; dmarc=pass action=none header.from=a.example;", "dmarc=pass[a.example]" },
		{ "mx 1; none", "" },
	};

	(void)state;
	COMPARE(rows);
}

static void
test_the_grammar(void **state)
{
	static const struct row rows[] = {
		{ " (a (b \\) c)) mx; x=y", "-" },
		{ "mx(a(b \\) c))1(d) ; (e) DKIM (f) / (g) 1 (h) = (i) Pass (j) header (k) . (l) d "
		  "(m) = (n) \"a.example\" (o)",
		    "DKIM=Pass[a.example]" },
		{ "mx;none (c)", "" },
		{ "mx; none; dkim=pass", "-" },
		{ "mx; dkim=pass; none", "-" },
		{ "mx; none=pass", "none=pass" },
		{ "mx; dkim=pass(c)header.d=a.example", "dkim=pass[a.example]" },
		{ "mx; dkim=pass header.d=", "dkim=pass" },
		{ "mx; dkim=pass header.d=\"\"", "dkim=pass" },
		/* what is no domain is none */
		{ "mx; dkim=pass header.d=\"a b.example\" header.i=@c.example", "dkim=pass" },
		{ "mx; dkim=pass header.d=\"a\\.example\"", "dkim=pass" },
		{ "mx; dkim=pass header.d=a\"b\"", "dkim=pass" },
		{ "mx; dkim=pass header.d=x@a.example", "dkim=pass" },
		{ "mx; dkim=pass header.i=a.example", "dkim=pass" },
		{ "mx; dkim=pass header.i=\"@a.example", "-" },
		{ "mx; dmarc=pass header.d=a.example", "dmarc=pass" },
		{ "mx; dkim=pass header.from=a.example", "dkim=pass" },
		{ "mx; spf=pass header.from=a.example header.d=b.example", "spf=pass" },
		{ "mx; dkim=pass smtp.d=a.example", "dkim=pass" },
		{ "mx; dkim=pass header.d=b\xc3\xbc"
		  "cher.example",
		    "dkim=pass[b\xc3\xbc"
		    "cher.example]" },
		/* a thing told twice */
		{ "mx; dkim=pass header.d=a.example header.d=b.example", "-" },
		{ "mx; dkim=pass header.i=x header.D=b.example Header.i=@b.example", "-" },
		{ "mx; dmarc=fail header.from=a.example header.from=b.example", "-" },
		{ "mx; dkim=pass header.d=a.example; dkim=fail header.d=b.example",
		    "dkim=pass[a.example] dkim=fail[b.example]" },
		/* broken */
		{ "", "-" },
		{ "mx", "-" },
		{ "mx;", "-" },
		{ "; dkim=pass", "-" },
		{ "mx dkim=pass", "-" },
		{ "mx 2; dkim=pass", "-" },
		{ "mx 11; dkim=pass", "-" },
		{ "mx; ; dkim=pass", "-" },
		{ "mx; dkim", "-" },
		{ "mx; dkim=", "-" },
		{ "mx; dkim/2=pass", "-" },
		{ "mx; =pass", "-" },
		{ "mx; 1dkim=pass", "-" },
		{ "mx; dkim=\"pass\"", "-" },
		{ "mx; dkim=pass, dmarc=pass", "-" },
		{ "mx; dkim=pass header.d", "-" },
		{ "mx; dkim=pass header.=a", "-" },
		{ "mx; dkim=pass .d=a", "-" },
		{ "mx; dkim=pass d=a.example", "-" },
		{ "mx; dkim=pass header.d=a.example b", "-" },
		{ "mx; dkim=pass header.i=a\r\n b@signed.example header.a=x", "-" },
		{ "mx; dkim=pass header.s=s(x header.b=pdI7HOQX;\n\tdkim-atps=neutral", "-" },
		{ "mx; dkim=pass header.s=s\"x header.b=WIguqhe1", "-" },
		{ "mx; dkim=pass header.s=s)x", "-" },
		{ "mx; dkim=pass header.s=s\\x", "-" },
		{ "mx; dkim=pass (a\\)", "-" },
		{ "mx (a; dkim=pass", "-" },
		{ "mx; dkim=pass; x=y (", "-" },
		{ "mx; dkim=pass reason=\"\x01\"", "-" },
		{ "mx; dkim=pass\x7f", "-" },
	};
	static const char nul[] = "mx; dkim=pass header.d=a.example\0b";

	(void)state;
	COMPARE(rows);
	assert_false(results_read(slice_of(nul, sizeof(nul) - 1), NULL, NULL));
	assert_false(results_read(SLICE_ABSENT, NULL, NULL));
}

static void
test_who_says_so(void **state)
{
	static const struct {
		const char *written;
		enum results_author author;
	} rows[] = {
		{ "mx.example.test; x=y", RESULTS_NAMED },
		{ "\n\tMX.Example.Test 1; x=y", RESULTS_NAMED },
		{ "\"mx.example.test\"; x=y", RESULTS_NAMED },
		{ "mx.example.test(c); x=y", RESULTS_NAMED },
		{ "mx.example.test", RESULTS_NAMED },
		{ "mx.example.test/4F2A1C0DE; x=y", RESULTS_NUMBERED },
		{ "\"mx.example.test/4F2A1C0DE\"; x=y", RESULTS_NUMBERED },
		{ "mx.example.test/4f2a1c0de; x=y", RESULTS_MISNUMBERED },
		{ "mx.example.test/4F2A1C0D; x=y", RESULTS_MISNUMBERED },
		{ "mx.example.test/4F2A1C0DE/; x=y", RESULTS_MISNUMBERED },
		{ "mx.example.test/; x=y", RESULTS_MISNUMBERED },
		{ "mx.example.test.; x=y", RESULTS_OTHER },
		{ "(c) mx.example.test; x=y", RESULTS_OTHER },
		{ "\"mx.example\\.test\"; x=y", RESULTS_OTHER },
		{ "\"mx.example.test; x=y", RESULTS_OTHER },
		{ "mx.example.test.example; x=y", RESULTS_OTHER },
		{ "mx.example.tes; x=y", RESULTS_OTHER },
		{ "/4F2A1C0DE; x=y", RESULTS_OTHER },
		{ "", RESULTS_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (results_author(slice_str(rows[i].written), NAME, ID) != rows[i].author)
			fail_msg("%s", rows[i].written);
	assert_int_equal(results_author(SLICE("mx.example.test/; x=y"), NAME, SLICE_ABSENT),
	    RESULTS_MISNUMBERED);
	assert_int_equal(results_author(SLICE("; x=y"), SLICE(""), ID), RESULTS_OTHER);
}

/* ---- all of a message ---- */

/* What a header tells, its fields `Name: value` a line; "?": it can't be believed. */
static char *
told(const char *header, bool by_name, const char *chosen)
{
	static char text[1024];
	struct slice rest = slice_str(header), value;
	struct buf out = { 0 };
	struct results r;

	results_init(&r, NAME, ID, by_name);
	results_chosen(&r, slice_str(chosen));
	while (rest.n > 0) {
		struct slice line = slice_cut(rest, '\n', &rest);
		struct slice field = slice_cut(line, ':', &value);

		results_header(&r, field, value);
	}
	if (!results_end(&r, false)) {
		assert_int_equal(r.ndkim, 0);
		assert_null(r.dmarc.method.p);
		return "?";
	}
	for (size_t i = 0; i < r.ndkim; i++)
		show(&out, &r.dkim[i]);
	if (r.dmarc.method.p != NULL)
		show(&out, &r.dmarc);
	snprintf(text, sizeof(text), "%.*s", SLICE_ARG(buf_slice(&out)));
	buf_free(&out);
	return text;
}

#define AR "Authentication-Results: "
#define DMARC_FAIL AR "mx.example.test; dmarc=fail header.from=bank.example\n"
#define DKIM_PASS AR "mx.example.test; dkim=pass header.d=signed.example header.i=@signed.example\n"
#define BOTH AR "mx.example.test; dkim=none; spf=pass smtp.mailfrom=x; dmarc=none\n"
#define FORGED                                                                                     \
	AR "mx.example.test; dkim=pass header.d=bank.example; dmarc=pass header.from=bank.example\n"
#define NUMBERED AR "mx.example.test/4F2A1C0DE; dkim=pass header.d=signed.example\n"
#define MAIL "From: a@bank.example\nSubject: x\n"

static void
test_by_name_the_topmost_field_of_a_method_counts(void **state)
{
	(void)state;
	assert_string_equal(told(MAIL, true, "client.example"), "");
	assert_string_equal(told(DMARC_FAIL DKIM_PASS MAIL, true, ""),
	    "dkim=pass[signed.example] dmarc=fail[bank.example]");
	assert_string_equal(
	    told("X-Filter: 1\n" DKIM_PASS "X-Filter: 2\n" DMARC_FAIL MAIL, true, ""),
	    "dkim=pass[signed.example] dmarc=fail[bank.example]");
	assert_string_equal(told(DMARC_FAIL DKIM_PASS FORGED MAIL, true, ""),
	    "dkim=pass[signed.example] dmarc=fail[bank.example]");
	assert_string_equal(told(BOTH FORGED MAIL, true, ""), "dkim=none dmarc=none");
	assert_string_equal(told(AR "other.example; dmarc=pass\n" DMARC_FAIL MAIL, true, ""),
	    "dmarc=fail[bank.example]");
	assert_string_equal(told(NUMBERED DMARC_FAIL MAIL, true, ""),
	    "dkim=pass[signed.example] dmarc=fail[bank.example]");
	/* below a Received that is shown, and below what only a sender writes */
	assert_string_equal(told(DMARC_FAIL "Received: from x by y\n" FORGED MAIL, true, ""),
	    "dmarc=fail[bank.example]");
	assert_string_equal(told("received: from x by y\n" FORGED MAIL, true, ""), "");
	assert_string_equal(told(AR "mx.example.test/4711; dkim=pass\n" FORGED MAIL, true, ""), "");
}

static void
test_without_that_only_the_queue_id_counts(void **state)
{
	struct results r;

	(void)state;
	assert_string_equal(told(DMARC_FAIL DKIM_PASS MAIL, false, ""), "");
	assert_string_equal(told(FORGED MAIL, false, ""), "");
	assert_string_equal(
	    told(DMARC_FAIL NUMBERED FORGED MAIL, false, ""), "dkim=pass[signed.example]");
	/* a sender has one guess */
	assert_string_equal(
	    told(AR "mx.example.test/4F2A1C0DD; dkim=pass\n" NUMBERED MAIL, false, ""), "");
	/* where the id proves nothing */
	results_init(&r, NAME, SLICE_ABSENT, false);
	results_header(&r, SLICE("Authentication-Results"), SLICE("mx.example.test/; dkim=pass"));
	assert_true(results_end(&r, false));
	assert_int_equal(r.ndkim, 0);
}

static void
test_what_cant_be_read_is_not_as_if_nothing_was_told(void **state)
{
	struct buf many = { 0 };

	(void)state;
	assert_string_equal(told(AR "mx.example.test; dkim=pass (\n" MAIL, true, ""), "?");
	assert_string_equal(
	    told(DMARC_FAIL AR "mx.example.test; dkim=pass (\n" MAIL, true, ""), "?");
	assert_string_equal(
	    told(AR "mx.example.test; dmarc=pass; dmarc=fail\n" MAIL, true, ""), "?");
	/* a domain in From that is copied as it is */
	assert_string_equal(told(AR "mx.example.test; dmarc=none header.from=[x; dkim=pass "
				    "header.d=bank.example header.i=]\n" MAIL,
				true, ""),
	    "?");
	assert_string_equal(
	    told(DMARC_FAIL AR "mx.example.test; dmarc=none; dkim=pass\n" MAIL, true, ""), "?");
	/* of others, or where nothing is left to ask */
	assert_string_equal(told(AR "mx.example.test; dkim=pass (\n" MAIL, false, ""), "");
	assert_string_equal(told(AR "other.example; dkim=pass (\n" DMARC_FAIL MAIL, true, ""),
	    "dmarc=fail[bank.example]");
	assert_string_equal(
	    told(BOTH AR "mx.example.test; dkim=pass (\n" MAIL, true, ""), "dkim=none dmarc=none");
	buf_str(&many, AR "mx.example.test");
	for (int i = 0; i < LIMIT_RESULTS; i++)
		buf_str(&many, ";dkim=fail");
	buf_char(&many, '\0');
	assert_string_not_equal(told(many.p, true, ""), "?");
	many.n--;
	buf_add(&many, SLICE(";dkim=pass\0"));
	assert_string_equal(told(many.p, true, ""), "?");
	buf_free(&many);
}

static void
test_what_senders_hide_in_what_filters_copy(void **state)
{
	static const char *const hidden[] = {
		"DKIM-Signature: v=1; d=signed.example; i=x=3B=20dkim=3Dpass@signed.example; b=\n",
		"dkim-signature: i=x=3b@signed.example\n",
		"DKIM-Signature: v=1;\r\t I =\r =3\r B@signed.example\n",
		"DKIM-Signature: v=1; i=@signed.example; i==3b@signed.example\n",
		"DKIM-Signature: v=1; h=i; i=3=3Bx\n",
	};
	static const char *const honest[] = {
		"DKIM-Signature: v=1; i=3b@signed.example; z=From:a=3Bb; b=x\n",
		"DKIM-Signature: v=1; i==3@signed.example; bi=x=3B; b=x\n",
		"DKIM-Signature: v=1; i=bounce+a=3Db.example@signed.example\n",
		"DKIM-Signature: v=1; i=;=3b\n",
		"X-Signature: i==3B\n",
		"DKIM-Signature:\n",
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		snprintf(text, sizeof(text), "%s%s%s", DKIM_PASS, hidden[i], MAIL);
		assert_string_equal(told(text, true, ""), "?");
		/* behind the sender's own Received as well */
		snprintf(text, sizeof(text), "%s%s%s", DKIM_PASS "Received: x\n", hidden[i], MAIL);
		assert_string_equal(told(text, true, ""), "?");
		assert_string_equal(told(hidden[i], true, ""), "");
	}
	for (size_t i = 0; i < sizeof(honest) / sizeof(honest[0]); i++) {
		snprintf(text, sizeof(text), "%s%s%s", DKIM_PASS, honest[i], MAIL);
		assert_string_equal(told(text, true, ""), "dkim=pass[signed.example]");
	}
	assert_string_equal(told(DKIM_PASS MAIL, true, "a)smtp.x=y;dmarc=pass(c)"), "?");
	assert_string_equal(
	    told(DKIM_PASS MAIL, true, "\"a b\"@signed.example"), "dkim=pass[signed.example]");
	assert_string_equal(told(MAIL, true, "a;b"), "");
}

static void
test_of_a_header_that_is_cut_nothing_is_believed(void **state)
{
	struct results r;

	(void)state;
	for (int with = 0; with < 2; with++) {
		results_init(&r, NAME, ID, true);
		if (with)
			results_header(&r, SLICE("Authentication-Results"),
			    SLICE("mx.example.test; dkim=pass"));
		assert_int_equal(results_end(&r, true), !with);
		assert_int_equal(r.ndkim, 0);
	}
}

/* ---- time ---- */

/* A field of a pattern, over and over. */
static void
read_many(const void *pattern, size_t n)
{
	struct buf out = { 0 };
	struct results r;

	buf_str(&out, "mx.example.test; x=y ");
	while (out.n < n)
		buf_str(&out, pattern);
	results_init(&r, NAME, ID, true);
	results_header(&r, SLICE("Authentication-Results"), buf_slice(&out));
	results_header(&r, SLICE("DKIM-Signature"), buf_slice(&out));
	results_end(&r, false);
	buf_free(&out);
}

static void
test_time_grows_as_the_field_does(void **state)
{
	static const char *const patterns[] = { "(", "()", "\"", "\"\"", "\\", ";dkim=pass",
		" header.d=x", " a.b=\"c\"(d)", " ", "x", "=3b", ";i=", "(\\" };

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		if (!is_linear(read_many, patterns[i], 400000))
			fail_msg("%s", patterns[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_filters_write_them),
		cmocka_unit_test(test_the_grammar),
		cmocka_unit_test(test_who_says_so),
		cmocka_unit_test(test_by_name_the_topmost_field_of_a_method_counts),
		cmocka_unit_test(test_without_that_only_the_queue_id_counts),
		cmocka_unit_test(test_what_cant_be_read_is_not_as_if_nothing_was_told),
		cmocka_unit_test(test_what_senders_hide_in_what_filters_copy),
		cmocka_unit_test(test_of_a_header_that_is_cut_nothing_is_believed),
		cmocka_unit_test(test_time_grows_as_the_field_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

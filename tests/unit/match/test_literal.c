/*
 * test_literal.c - texts and patterns as admins write them
 */
#include "match/literal.h"

#include "match/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* What was read: "SPAN|FLAGS|WHOLE", or "bad" and the number of errors. */
static const char *
read_at(const char *text, uint32_t at, bool pattern)
{
	static char got[200];
	struct literal lit;
	struct diags d;

	diags_init(&d);

	struct source *s = source_text(&d, "f", slice_str(text));
	bool ok = pattern ? literal_pattern(s, at, &lit, &d) : literal_text(s, at, &lit, &d);

	if (ok)
		snprintf(got, sizeof(got), "%.*s|%.*s|%.*s", SLICE_ARG(span_slice(lit.span)),
		    SLICE_ARG(span_slice(lit.flags)), SLICE_ARG(span_slice(lit.whole)));
	else
		snprintf(
		    got, sizeof(got), "bad %u %.*s", d.errors, SLICE_ARG(span_slice(lit.whole)));
	if (ok && d.errors > 0)
		strcat(got, " !");
	diags_free(&d);
	return got;
}

/* Texts end at a quote without a backslash, on their line. */
static void
reads_texts(void **state)
{
	(void)state;
	assert_string_equal(read_at("x \"a b\" y", 2, false), "a b||\"a b\"");
	assert_string_equal(read_at("\"\"", 0, false), "||\"\"");
	assert_string_equal(read_at("\"a\\\"b\\\\\"c", 0, false), "a\\\"b\\\\||\"a\\\"b\\\\\"");
	assert_string_equal(read_at("\"a\\tb\"", 0, false), "a\\tb||\"a\\tb\" !");
	assert_string_equal(read_at("\"abc", 0, false), "bad 1 \"abc");
	assert_string_equal(read_at("\"abc\\", 0, false), "bad 1 \"abc\\");
	assert_string_equal(read_at("\"abc\\\"", 0, false), "bad 1 \"abc\\\"");
	assert_string_equal(read_at("\"a\r\n\"", 0, false), "bad 1 \"a");
}

/* Patterns end at their delimiter; braces nest; flags stand behind. */
static void
reads_patterns(void **state)
{
	(void)state;
	assert_string_equal(read_at("/a b/ix t", 0, true), "a b|ix|/a b/ix");
	assert_string_equal(read_at("/a\\/b/", 0, true), "a\\/b||/a\\/b/");
	assert_string_equal(read_at("m{a{2}/b}s,", 0, true), "a{2}/b|s|m{a{2}/b}s");
	assert_string_equal(read_at("m{\\}}", 0, true), "\\}||m{\\}}");
	assert_string_equal(read_at("/a/b/c", 0, true), "a|b/c|/a/b/c");
	assert_string_equal(read_at("/a", 0, true), "bad 1 /a");
	assert_string_equal(read_at("/a\\", 0, true), "bad 1 /a\\");
	assert_string_equal(read_at("m{a{}", 0, true), "bad 1 m{a{}");
	assert_string_equal(read_at("/a\n/", 0, true), "bad 1 /a");
	assert_true(literal_is_pattern(SLICE("/")));
	assert_true(literal_is_pattern(SLICE("m{")));
	assert_false(literal_is_pattern(SLICE("m")));
	assert_false(literal_is_pattern(SLICE("mx")));
	assert_false(literal_is_pattern(SLICE("")));
}

/* Flags are known letters, each once. */
static void
reads_flags(void **state)
{
	struct diags d;
	struct source *s;

	(void)state;
	diags_init(&d);
	s = source_text(&d, "f", SLICE("ismxn ii iq"));
	assert_int_equal(literal_flags((struct span){ s, 0, 5 }, &d),
	    PATTERN_CASELESS | PATTERN_DOTALL | PATTERN_MULTILINE | PATTERN_EXTENDED |
		PATTERN_FOLDED);
	assert_int_equal(literal_flags((struct span){ s, 0, 0 }, &d), 0);
	assert_int_equal(d.errors + d.warnings, 0);
	assert_int_equal(literal_flags((struct span){ s, 6, 2 }, &d), PATTERN_CASELESS);
	assert_int_equal(d.warnings, 1);
	literal_flags((struct span){ s, 9, 2 }, &d);
	assert_int_equal(d.errors, 1);
	assert_int_equal(d.v[1].span.at, 10);
	diags_free(&d);
}

/* Escapes are undone; without any the bytes are those of the source. */
static void
undoes_escapes(void **state)
{
	struct diags d;
	struct source *s;

	(void)state;
	diags_init(&d);
	s = source_text(&d, "f", SLICE("a\\\"b\\\\c\\nd plain"));
	assert_true(
	    slice_eq(literal_unescape((struct span){ s, 0, 10 }, &d.arena), SLICE("a\"b\\c\nd")));
	assert_ptr_equal(literal_unescape((struct span){ s, 11, 5 }, &d.arena).p, s->text.p + 11);
	diags_free(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_texts),
		cmocka_unit_test(reads_patterns),
		cmocka_unit_test(reads_flags),
		cmocka_unit_test(undoes_escapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

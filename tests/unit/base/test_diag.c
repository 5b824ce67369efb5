/*
 * test_diag.c - what is wrong with a file, where, and what to do
 */
#include "base/diag.h"

#include "base/limits.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static int
setup(void **state)
{
	struct diags *d = malloc(sizeof(*d));

	diags_init(d);
	*state = d;
	return 0;
}

static int
teardown(void **state)
{
	diags_free(*state);
	free(*state);
	return 0;
}

/* What is printed; the caller frees it. Inlined, GCC 12 takes the text for a local variable. */
__attribute__((noinline)) static char *
printed(struct diags *d)
{
	char *text;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	diags_print(d, out);
	fclose(out);
	return text;
}

/* Compare what is printed. */
static void
assert_printed(struct diags *d, const char *want)
{
	char *got = printed(d);

	assert_string_equal(got, want);
	free(got);
}

/* A span of n bytes at the first occurrence of a word. */
static struct span
at(const struct source *s, const char *word, uint32_t n)
{
	const char *p = memmem(s->text.p, s->text.n, word, strlen(word));

	assert_non_null(p);
	return (struct span){ s, (uint32_t)(p - s->text.p), n };
}

/* Place, line, caret and hint are shown. */
static void
shows_the_place(void **state)
{
	struct diags *d = *state;
	struct source *s = source_text(d, "a.rules", SLICE("accept\nreject if sendr = x\n"));

	diag_hint(d, diag_error(d, at(s, "sendr", 5), "unknown fact `%s`", "sendr"),
	    "did you mean %s?", "sender");
	assert_printed(d,
	    "a.rules:2:11: error: unknown fact `sendr`\n"
	    "  reject if sendr = x\n"
	    "            ^~~~~\n"
	    "  hint: did you mean sender?\n");
	assert_int_equal(d->errors, 1);
	assert_int_equal(d->warnings, 0);
	assert_int_equal(span_line(at(s, "sendr", 5)), 2);
	assert_true(slice_eq(span_slice(at(s, "sendr", 5)), SLICE("sendr")));
}

/* Tabs stay tabs, so that the caret stands right whatever their width; wide characters take two. */
static void
puts_the_caret_right(void **state)
{
	struct diags *d = *state;
	struct source *s = source_text(d, "f", SLICE("\ta\tb\n\xe6\x97\xa5\xc3\xa4 x\nend"));

	diag_error(d, at(s, "b", 1), "1");
	diag_error(d, at(s, "x", 1), "2");
	diag_error(d, at(s, "\xe6", 3), "3");
	diag_error(d, (struct span){ s, (uint32_t)s->text.n, 0 }, "4");
	diag_error(d, at(s, "x", 100), "5");
	assert_printed(d,
	    "f:1:4: error: 1\n  \ta\tb\n  \t \t^\n"
	    "f:2:1: error: 3\n  \xe6\x97\xa5\xc3\xa4 x\n  ^~\n"
	    "f:2:4: error: 2\n  \xe6\x97\xa5\xc3\xa4 x\n      ^\n"
	    "f:2:4: error: 5\n  \xe6\x97\xa5\xc3\xa4 x\n      ^\n"
	    "f:3:4: error: 4\n  end\n     ^\n");
}

/* Bytes that could steer a terminal are never printed, wherever they come from. */
static void
prints_nothing_harmful(void **state)
{
	struct diags *d = *state;
	struct source *s =
	    source_text(d, "f\x1b[1m", SLICE("\x1b[2Jx\xff\0\xc2\x9by\xe2\x80\xae z\r\n"));

	diag_hint(d, diag_error(d, at(s, "y", 1), "bad \x1b[3m"), "no \x07");

	char *got = printed(d);

	for (const char *p = got; *p != '\0'; p++)
		assert_true(*p == '\n' || (unsigned char)*p >= ' ');
	assert_null(strstr(got, "\xc2\x9b"));
	assert_null(strstr(got, "\xe2\x80\xae"));
	assert_non_null(strstr(got, "\n          ^\n"));
	free(got);
}

/* Mistakes come in the order of files and places; those without a place first. */
static void
sorts(void **state)
{
	struct diags *d = *state;
	struct source *s = source_text(d, "one", SLICE("a b c"));
	struct source *t = source_text(d, "two", SLICE("d"));

	diag_error(d, at(t, "d", 1), "5");
	diag_warn(d, at(s, "c", 1), "4");
	diag_error(d, at(s, "a", 1), "2");
	diag_error(d, at(s, "a", 1), "3");
	diag_warn(d, (struct span){ 0 }, "1");
	assert_printed(d,
	    "warning: 1\n"
	    "one:1:1: error: 2\n  a b c\n  ^\n"
	    "one:1:1: error: 3\n  a b c\n  ^\n"
	    "one:1:5: warning: 4\n  a b c\n      ^\n"
	    "two:1:1: error: 5\n  d\n  ^\n");
	assert_int_equal(d->errors, 3);
	assert_int_equal(d->warnings, 2);
}

/* The same words at the same place are one mistake. */
static void
says_it_once(void **state)
{
	struct diags *d = *state;
	struct source *s = source_text(d, "f", SLICE("a\nb"));
	struct diag *g = diag_error(d, at(s, "a", 1), "x");

	diag_warn(d, at(s, "a", 1), "x");
	diag_error(d, at(s, "b", 1), "x");
	diag_error(d, at(s, "a", 1), "y");
	assert_ptr_equal(diag_error(d, at(s, "a", 1), "x"), g);
	assert_int_equal(d->errors, 3);
	assert_int_equal(d->warnings, 1);
}

/* Only so many are shown, errors before warnings, and the rest is counted. */
static void
bounds_their_number(void **state)
{
	struct diags *d = *state;
	char *got;

	for (int i = 0; i < LIMIT_DIAGS + 50; i++)
		diag_hint(d, diag_warn(d, (struct span){ 0 }, "w%d.", i), "h%d.", i);
	for (int i = 0; i < 3; i++)
		diag_hint(d, diag_error(d, (struct span){ 0 }, "e%d.", i), "eh%d.", i);
	assert_int_equal(d->n, LIMIT_DIAGS);
	assert_int_equal(d->errors, 3);
	assert_int_equal(d->warnings, LIMIT_DIAGS + 50);
	got = printed(d);
	assert_non_null(strstr(got, "error: e0.\n  hint: eh0."));
	assert_non_null(strstr(got, "error: e2.\n  hint: eh2."));
	assert_non_null(strstr(got, "warning: w0.\n  hint: h0.\n"));
	assert_null(strstr(got, "h220."));
	assert_non_null(strstr(got, "\n53 more mistakes are not shown\n"));
	free(got);
}

/* Of a long line only what is around the caret is shown. */
static void
shows_a_window(void **state)
{
	struct diags *d = *state;
	static char text[100000];
	struct source *s;
	char *got, *line, *marks;

	memset(text, 'a', sizeof(text));
	memcpy(text + 50000, "HERE", 4);
	s = source_text(d, "f", slice_of(text, sizeof(text)));
	diag_error(d, at(s, "HERE", 4), "x");
	got = printed(d);
	assert_true(strlen(got) < 500);
	line = strstr(got, "\n  ...a");
	assert_non_null(line);
	assert_non_null(strstr(line, "a...\n"));
	marks = strchr(line + 1, '\n');
	assert_int_equal(strchr(marks, '^') - marks, strstr(line, "HERE") - line);
	assert_non_null(strstr(marks, " ^~~~\n"));
	free(got);
}

/* Long words of a mistake are kept whole. */
static void
takes_long_words(void **state)
{
	struct diags *d = *state;
	char *got;

	diag_hint(d, diag_error(d, (struct span){ 0 }, "%02000d.", 1), "%03000d.", 2);
	got = printed(d);
	assert_int_equal(strlen(got), strlen("error: .\n") + 2000 + strlen("  hint: .\n") + 3000);
	free(got);
}

/* Lines and columns of each offset, against counting by hand. */
static void
knows_places(void **state)
{
	struct diags *d = *state;
	struct slice text = SLICE("one\n\n\xc3\xa4\xc3\xb6x\r\nlast\n");
	struct source *s = source_text(d, "f", text);
	unsigned line = 1, col = 1;

	for (uint32_t i = 0; i <= text.n; i++) {
		unsigned l, c;

		if (i == text.n || ((unsigned char)text.p[i] & 0xc0) != 0x80) {
			source_place(s, i, &l, &c);
			assert_int_equal(l, line);
			assert_int_equal(c, col);
			col++;
		}
		if (i < text.n && text.p[i] == '\n') {
			line++;
			col = 1;
		}
	}
	assert_int_equal(span_line((struct span){ 0 }), 0);
	assert_null(span_slice((struct span){ 0 }).p);
	assert_int_equal(span_slice((struct span){ s, 9999, 5 }).n, 0);
	assert_true(
	    slice_eq(span_line_slice((struct span){ s, 6, 1 }), SLICE("\xc3\xa4\xc3\xb6x")));
}

/* Files are read whole, or not at all with a reason. */
static void
reads_files(void **state)
{
	struct diags *d = *state;
	char path[] = "test-diag-XXXXXX";
	int fd = mkstemp(path);
	struct source *s;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "a\0b\nc", 5), 5);
	close(fd);
	s = source_read(d, path, 100);
	assert_non_null(s);
	assert_true(slice_eq(s->text, SLICE("a\0b\nc")));
	assert_string_equal(s->name, path);
	assert_non_null(source_read(d, path, 5));
	assert_null(source_read(d, path, 4));
	assert_int_equal(errno, EFBIG);
	unlink(path);
	assert_null(source_read(d, path, 100));
	assert_int_equal(errno, ENOENT);
	assert_null(source_read(d, "/", 100));
	assert_int_equal(errno, EISDIR);
	s = source_read(d, "/dev/null", 100);
	assert_non_null(s);
	assert_int_equal(s->text.n, 0);
	assert_int_equal(d->sources, 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(shows_the_place),
		TEST(puts_the_caret_right),
		TEST(prints_nothing_harmful),
		TEST(sorts),
		TEST(says_it_once),
		TEST(bounds_their_number),
		TEST(shows_a_window),
		TEST(takes_long_words),
		TEST(knows_places),
		TEST(reads_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

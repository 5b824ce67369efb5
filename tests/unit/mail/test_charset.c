/*
 * test_charset.c - bytes of any charset as text
 */
#include "mail/charset.h"

#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "linear.h"

struct row {
	const char *charset; /* NULL: absent */
	struct slice bytes;
	const char *text;
};

/* Convert what each row has. */
static void
expect(const struct row *rows, size_t n)
{
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 0; i < n; i++) {
		struct slice got = charset_to_utf8(rows[i].bytes, slice_str(rows[i].charset), &a);

		if (got.p == NULL || !slice_eq(got, slice_str(rows[i].text)))
			fail_msg("row %zu, %s: \"%.*s\", not \"%s\"", i,
			    rows[i].charset != NULL ? rows[i].charset : "no charset",
			    SLICE_ARG(got), rows[i].text);
		if (!utf8_valid(got))
			fail_msg("row %zu is not valid", i);
	}
	arena_free(&a);
}
#define EXPECT(rows) expect(rows, sizeof(rows) / sizeof((rows)[0]))

/* One word or letter in each. */
static void
knows_charsets(void **state)
{
	static const struct row rows[] = {
		{ "utf-8", SLICE("caf\xc3\xa9"), "café" },
		{ "UTF8", SLICE("caf\xc3\xa9"), "café" },
		{ "unicode-1-1-utf-7", SLICE("caf+AOk-"), "café" },
		{ "utf-7", SLICE("+AHYAaQBhAGcAcgBh-"), "viagra" },
		{ "utf-16le", SLICE("c\0\xe9\0"), "cé" },
		{ "utf-16be", SLICE("\0c\0\xe9"), "cé" },
		{ "utf-16", SLICE("\xfe\xff\0c\0\xe9"), "cé" },
		{ "utf-16", SLICE("\xff\xfe\x3d\xd8\x00\xde"), "\xf0\x9f\x98\x80" },
		{ "iso-8859-2", SLICE("\xb1"), "ą" },
		{ "ISO_8859-2:1987", SLICE("\xb1"), "ą" },
		{ "csISOLatin2", SLICE("\xb1"), "ą" },
		{ "iso-8859-5", SLICE("\xd0"), "а" },
		{ "iso-8859-7", SLICE("\xe1"), "α" },
		{ "iso-8859-8-i", SLICE("\xe0"), "א" },
		{ "iso-8859-9", SLICE("\xfd\x80"), "ı€" },
		{ "iso-8859-15", SLICE("\xa4"), "€" },
		{ "tis-620", SLICE("\xa1"), "ก" },
		{ "windows-1250", SLICE("\xb9"), "ą" },
		{ "cp1251", SLICE("\xe0"), "а" },
		{ "win-1251", SLICE("\xe0"), "а" },
		{ "x-cp1251", SLICE("\xe0"), "а" },
		{ "windows-1258", SLICE("e\xec"), "é" },
		{ "koi8-r", SLICE("\xc1"), "а" },
		{ "koi8-r x", SLICE("\xc1"), "а" },
		{ "koi8-r(x) ", SLICE("\xc1"), "а" },
		{ " ISO 8859 - 2 ", SLICE("\xb1"), "ą" },
		{ "KOI8-U", SLICE("\xa6"), "і" },
		{ "ibm866", SLICE("\xa0"), "а" },
		{ "x-mac-cyrillic", SLICE("\xe0"), "а" },
		{ "macintosh", SLICE("\x8e"), "é" },
		{ "gb2312", SLICE("\xc4\xe3"), "你" },
		{ "gbk", SLICE("\x81\x40"), "丂" },
		{ "gb18030", SLICE("\x81\x30\x81\x30"), "\xc2\x80" },
		{ "big5", SLICE("\xa7\x41"), "你" },
		{ "euc-kr", SLICE("\xb0\xa1"), "가" },
		{ "ks_c_5601-1987", SLICE("\x81\x41"), "갂" },
		{ "iso-2022-kr", SLICE("\x1b$)C\x0e\x30\x21\x0f"), "가" },
		{ "shift_jis", SLICE("\x82\xa0\x87\x40"), "あ①" },
		{ "x-sjis", SLICE("\x82\xa0"), "あ" },
		{ "euc-jp", SLICE("\xa4\xa2\xad\xa1"), "あ①" },
		{ "iso-2022-jp", SLICE("\x1b$B$\"\x1b(B"), "あ" },
		{ "iso-2022-jp", SLICE("\x1b(I6@E\x1b(B"), "ｶﾀﾅ" },
	};

	(void)state;
	EXPECT(rows);
}

static void
guesses(void **state)
{
	static const struct row rows[] = {
		{ NULL, SLICE("plain"), "plain" },
		{ NULL, SLICE(""), "" },
		{ NULL, SLICE("caf\xc3\xa9"), "café" },
		{ NULL, SLICE("caf\xe9"), "café" },
		{ NULL, SLICE("\x93x\x94 \x80"), "“x” €" },
		{ "", SLICE("caf\xe9"), "café" },
		{ "x-unknown", SLICE("caf\xe9"), "café" },
		{ "x-unknown", SLICE("caf\xc3\xa9"), "café" },
		{ "a name that is much too long for a charset", SLICE("\xe9"), "é" },
		{ "us-ascii", SLICE("caf\xc3\xa9"), "café" },
		{ "us-ascii", SLICE("caf\xe9"), "café" },
		{ "iso-8859-1", SLICE("caf\xc3\xa9"), "café" },
		{ "iso-8859-1", SLICE("caf\xe9 \x80"), "café €" },
		{ "windows-1252", SLICE("\x80"), "€" },
		{ "windows-1252", SLICE("\x81x"), "\xef\xbf\xbdx" },
		/* What this program doesn't ask the C library for */
		{ "IBM037", SLICE("\xc1"), "Á" },
		{ "ISO-2022-CN-EXT", SLICE("\x1b$*H"), "\x1b$*H" },
		{ "UTF-8//TRANSLIT", SLICE("x\xe9"), "xé" },
	};

	(void)state;
	EXPECT(rows);
}

static void
goes_on_behind_what_is_broken(void **state)
{
	static const struct row rows[] = {
		{ "utf-8", SLICE("a\xe9z"), "a\xef\xbf\xbdz" },
		{ "utf-8", SLICE("a\xc3"), "a\xef\xbf\xbd" },
		{ "gb2312", SLICE("a\xff z\xc4\xe3"), "a\xef\xbf\xbd z你" },
		{ "shift_jis", SLICE("a\x82"), "a\xef\xbf\xbd" },
		{ "utf-16le", SLICE("\0\xd8\x61\0"), "\xef\xbf\xbd\x61" },
		{ "utf-16be", SLICE("\0ab"), "a\xef\xbf\xbd" },
		{ "iso-2022-jp", SLICE("a\xe9\xe9z"), "a\xef\xbf\xbd\xef\xbf\xbdz" },
		{ "utf-7", SLICE("a\xe9z+AGE-"), "a\xef\xbf\xbdza" },
		{ "iso-8859-7", SLICE("a\xffz"), "a\xef\xbf\xbdz" },
	};
	struct arena a;

	(void)state;
	EXPECT(rows);
	arena_init(&a, 0);
	assert_true(slice_eq(charset_to_utf8(SLICE("a\0z"), SLICE("utf-8"), &a), SLICE("a\0z")));
	assert_true(
	    slice_eq(charset_to_utf8(SLICE("a\0\xe0"), SLICE("cp1251"), &a), SLICE("a\0а")));
	arena_free(&a);
}

static void
leaves_out_byte_order_marks(void **state)
{
	static const struct row rows[] = {
		{ "utf-8", SLICE("\xef\xbb\xbfhi"), "hi" },
		{ NULL, SLICE("\xef\xbb\xbfhi"), "hi" },
		{ "utf-16le", SLICE("\xff\xfeh\0"), "h" },
		{ "utf-8", SLICE("h\xef\xbb\xbfi"), "h\xef\xbb\xbfi" },
		{ "utf-8", SLICE("\xef\xbb\xbf"), "" },
	};

	(void)state;
	EXPECT(rows);
}

/* What needs no conversion is not copied. */
static void
copies_nothing_needlessly(void **state)
{
	struct slice text = SLICE("caf\xc3\xa9");
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	assert_ptr_equal(charset_to_utf8(text, SLICE("utf-8"), &a).p, text.p);
	assert_ptr_equal(charset_to_utf8(text, SLICE_ABSENT, &a).p, text.p);
	assert_null(charset_to_utf8(SLICE_ABSENT, SLICE("koi8-r"), &a).p);
	assert_int_equal(a.used, 0);
	arena_free(&a);
}

static void
tells_lack_of_memory(void **state)
{
	struct slice bytes = SLICE("\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1");
	struct arena a;

	(void)state;
	arena_init(&a, 16);
	assert_null(charset_to_utf8(bytes, SLICE("koi8-r"), &a).p);
	assert_null(charset_to_utf8(bytes, SLICE("utf-8"), &a).p);
	arena_free(&a);
}

/* Convert n bytes: random ones, or the same one. */
struct work {
	const char *charset;
	int byte; /* -1: random */
};

static void
convert(const void *arg, size_t n)
{
	const struct work *w = arg;
	char *bytes = malloc(n);
	struct slice text;
	struct arena a;

	assert_non_null(bytes);
	srand(1);
	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)(w->byte >= 0 ? w->byte : rand());
	arena_init(&a, 0);
	text = charset_to_utf8(slice_of(bytes, n), slice_str(w->charset), &a);
	assert_non_null(text.p);
	assert_true(utf8_valid(text));
	assert_true(text.n <= 3 * n + 3);
	arena_free(&a);
	free(bytes);
}

static void
takes_linear_time(void **state)
{
	static const char *const charsets[] = { "x-unknown", "utf-8", "utf-7", "utf-16", "gb2312",
		"iso-2022-jp", "windows-1258", "iso-8859-8" };
	static const int bytes[] = { -1, '+', 0x1b, 0x81 };

	(void)state;
	for (size_t c = 0; c < sizeof(charsets) / sizeof(charsets[0]); c++) {
		for (size_t b = 0; b < sizeof(bytes) / sizeof(bytes[0]); b++) {
			struct work w = { charsets[c], bytes[b] };

			if (!is_linear(convert, &w, 100000))
				fail_msg("%s, byte %d", w.charset, w.byte);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_charsets),
		cmocka_unit_test(guesses),
		cmocka_unit_test(goes_on_behind_what_is_broken),
		cmocka_unit_test(leaves_out_byte_order_marks),
		cmocka_unit_test(copies_nothing_needlessly),
		cmocka_unit_test(tells_lack_of_memory),
		cmocka_unit_test(takes_linear_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_fold.c - text as patterns with the flag n see it
 */
#include "mail/fold.h"

#include "base/buf.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "linear.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

struct row {
	const char *text, *wanted;
};

/* Hold each text against what should become of it; what comes out stays as it is. */
static void
fold_rows(const struct row *rows, size_t n)
{
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 0; i < n; i++) {
		struct slice got = fold_text(slice_str(rows[i].text), &a);

		if (!slice_eq(got, slice_str(rows[i].wanted)))
			fail_msg("%s: \"%.*s\", not \"%s\"", rows[i].text, SLICE_ARG(got),
			    rows[i].wanted);
		assert_true(utf8_valid(got));
		assert_true(slice_eq(fold_text(got, &a), got));
	}
	arena_free(&a);
}

static void
squeezes_white_space(void **state)
{
	static const struct row rows[] = {
		{ "", "" },
		{ "a", "a" },
		{ " a b ", " a b " },
		{ "two  blanks", "two blanks" },
		{ "\r\nlines\r\n\r\nof  text\n", " lines of text " },
		{ "1234567  89", "1234567 89" },
		{ "12345678  9", "12345678 9" },
		{ "tab\tform\ffeed\vtab", "tab form feed tab" },
		{ "a\xc2\xa0\xe2\x80\x83\xe3\x80\x80 b", "a b" },
		{ "line\xe2\x80\xa8paragraph\xe2\x80\xa9next\xc2\x85line",
		    "line paragraph next line" },
		{ "braille\xe2\xa0\x80"
		  "blank",
		    "braille blank" },
	};

	(void)state;
	fold_rows(rows, COUNT(rows));
}

static void
leaves_out_what_is_not_seen(void **state)
{
	static const struct row rows[] = {
		{ "vi\xc2\xad"
		  "ag\xe2\x80\x8bra",
		    "viagra" },
		{ "\xef\xbb\xbfv\xe2\x80\x8di\xe2\x80\x8c"
		  "a\xe2\x81\xa0gra",
		    "viagra" },
		{ "v\xef\xb8\x8fi\xf3\xa0\x84\x80"
		  "a",
		    "via" },
		{ "\xf3\xa0\x81\xb4tagged\xf3\xa0\x81\xbf", "tagged" },
		{ "\xe2\x80\xae"
		  "abc\xe2\x80\xac \xe2\x81\xa6x\xe2\x81\xa9",
		    "abc x" },
		{ "a\x01"
		  "b\x7f"
		  "c\xc2\x80"
		  "d",
		    "abcd" },
		{ "a \xe2\x80\x8b b", "a b" },
	};

	(void)state;
	fold_rows(rows, COUNT(rows));
}

static void
takes_the_compatible_form(void **state)
{
	static const struct row rows[] = {
		{ "ｖｉａｇｒａ！", "viagra!" },
		{ "𝓿𝓲𝓪𝓰𝓻𝓪 𝔙𝕀𝖠𝙶", "viagra VIAG" },
		{ "ⓥⓘⓐ ①②", "via 12" },
		{ "🆅🅸🅰 🅥", "VIA V" },
		{ "ﬁn Ⅳ … ™ ℓ ²", "fin IV ... TM l 2" },
		{ "ｶﾞ ㈱", "ガ (株)" },
		{ "각 각", "각 각" },
		{ "ﷺ", "صلى الله عليه وسلم" },
	};

	(void)state;
	fold_rows(rows, COUNT(rows));
}

static void
takes_marks_off_latin_letters(void **state)
{
	static const struct row rows[] = {
		{ "café Łódź naïve", "cafe Lodz naive" },
		{ "e\xcc\x81 v\xcc\xb6i\xcc\xb6"
		  "a\xcc\xb6",
		    "e via" },
		{ "Việt Nam, øre, ħ, ƒ", "Viet Nam, ore, h, f" }, { "ᴠɪᴀɢʀᴀ ɡɑı", "viagra gai" },
		{ "1\xef\xb8\x8f\xe2\x83\xa3", "1" },
		{ "Straße, æ, œ, þ", "Straße, æ, œ, þ" }, /* more than a mark */
	};

	(void)state;
	fold_rows(rows, COUNT(rows));
}

/* The escapes are Cyrillic and Greek letters among Latin ones. */
static void
finds_disguised_words(void **state)
{
	static const struct row rows[] = {
		{ "v\xd1\x96\xd0\xb0gr\xd0\xb0", "viagra" },
		{ "\xd1\x80\xd0\xb0y\xd1\x80\xd0\xb0l", "paypal" },
		{ "p\xce\xb1ss\xce\xbd\xce\xbfrd", "passvord" },
		{ "\xd0\x86\xd0\x92M and I\xd0\x92M", "IBM and IBM" },
		{ "\xd1\x91"
		  "bay",
		    "ebay" },
		{ "\xd0\xb5\xcc\x88"
		  "bay",
		    "ebay" },
		{ "\xd1\x80\xd0\xb0\xd1\x81\xd0\xb5", "pace" }, /* nothing says otherwise */
		{ "your \xd1\x80\xd0\xb0\xd1\x81\xd0\xb5", "your pace" },
		{ "\xd1\x80\xd0\xb0\xd1\x81\xd0\xb5 is yours", "pace is yours" },
		{ "∨iagra, 3×4", "viagra, 3x4" },
		{ "ᏙᎥᗅgra", "ViAgra" },
	};

	(void)state;
	fold_rows(rows, COUNT(rows));
}

static void
spares_other_scripts(void **state)
{
	static const struct row rows[] = {
		{ "Россия: сор и оса, а у сосен рос. СОС",
		    "Россия: сор и оса, а у сосен рос. СОС" },
		{ "Оса хорошо", "Оса хорошо" },
		{ "и\xcc\x86 Ёлка", "й Ёлка" },
		{ "Ελλάδα, ΝΑΤΟ, όχι", "Ελλάδα, ΝΑΤΟ, όχι" },
		{ "שלום ויאגרה", "שלום ויאגרה" },
		{ "السلام عليكم ا", "السلام عليكم ا" },
		{ "नमस्ते दुनिया", "नमस्ते दुनिया" },
		{ "ภาษาไทยที่นี้", "ภาษาไทยที่นี้" },
		{ "中文字符〇一口工", "中文字符〇一口工" },
		{ "カタカナ ひらがな", "カタカナ ひらがな" },
		{ "Home ∣ Shop│News 10¢", "Home ∣ Shop│News 10¢" },
	};

	(void)state;
	fold_rows(rows, COUNT(rows));
}

/* What needs no folding isn't copied. */
static void
gives_plain_text_back(void **state)
{
	struct slice text = SLICE("Plain text, as most of it is: nothing to fold.");
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	assert_ptr_equal(fold_text(text, &a).p, text.p);
	assert_int_equal(a.used, 0);
	assert_null(fold_text(SLICE_ABSENT, &a).p);
	arena_free(&a);
}

/* Marks without end are cut, and what grows most has room. */
static void
bounds_what_grows(void **state)
{
	struct buf b = { 0 };
	struct arena a;
	struct slice got;

	(void)state;
	arena_init(&a, 0);
	buf_str(&b, "и");
	for (int i = 0; i < 1000; i++)
		buf_str(&b, i % 2 ? "\xcc\x81" : "\xcc\xa3");
	got = fold_text(buf_slice(&b), &a);
	assert_true(got.n > 2 && got.n < 40);
	buf_clear(&b);
	for (int i = 0; i < 1000; i++)
		buf_str(&b, "\xef\xb7\xba");
	got = fold_text(buf_slice(&b), &a);
	assert_int_equal(got.n, 33 * 1000);
	buf_free(&b);
	arena_free(&a);
}

static void
survives_lack_of_memory(void **state)
{
	struct arena a;

	(void)state;
	for (size_t limit = 1; limit < 4096; limit += 97) {
		struct slice got;

		arena_init(&a, limit);
		got = fold_text(SLICE("\xef\xb7\xba\xef\xb7\xba\xef\xb7\xba\xef\xb7\xba"), &a);
		assert_true(got.p == NULL || got.n == 4 * 33);
		arena_free(&a);
	}
}

/* A text made of one piece again and again. */
static void
fold_many(const void *arg, size_t n)
{
	struct slice piece = slice_str(arg);
	struct buf b = { 0 };
	struct arena a;

	arena_init(&a, 0);
	while (b.n < n)
		buf_add(&b, piece);
	assert_non_null(fold_text(buf_slice(&b), &a).p);
	arena_free(&a);
	buf_free(&b);
}

static void
takes_linear_time(void **state)
{
	static const char *const pieces[] = { "a ", " ", "plain words of text\r\n", "а", "с в а",
		"a\xd0\xb0", "и\xcc\x81\xcc\xa3", "\xcc\x81", "\xcc\x81\xcc\xa3", "\xe2\x80\xa6",
		"각", "ﷺ", "é" };

	(void)state;
	for (size_t i = 0; i < COUNT(pieces); i++)
		if (!is_linear(fold_many, pieces[i], 200000))
			fail_msg("not linear: %s", pieces[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(squeezes_white_space),
		cmocka_unit_test(leaves_out_what_is_not_seen),
		cmocka_unit_test(takes_the_compatible_form),
		cmocka_unit_test(takes_marks_off_latin_letters),
		cmocka_unit_test(finds_disguised_words),
		cmocka_unit_test(spares_other_scripts),
		cmocka_unit_test(gives_plain_text_back),
		cmocka_unit_test(bounds_what_grows),
		cmocka_unit_test(survives_lack_of_memory),
		cmocka_unit_test(takes_linear_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

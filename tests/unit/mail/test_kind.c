/*
 * test_kind.c - files by their first bytes
 */
#include "mail/kind.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define ROW(bytes, kind)                                                                           \
	{                                                                                          \
		bytes, sizeof(bytes) - 1, kind                                                     \
	}
/* A local header of a zip: flags, packed size, a name of a length of one byte. */
#define ENTRY(flags, size, length, name)                                                           \
	"PK\3\4\24\0" flags "\0\0\0\0\0\0\0\0\0\0" size "\0\0\0\0" length "\0\0\0" name

static const struct {
	const char *bytes;
	size_t n;
	const char *kind;
} rows[] = {
	ROW("", "empty"),
	ROW("MZ\220\0\3\0\0\0", "exe"),
	ROW("MZ is no program", "text"),
	ROW("\177ELF\2", "elf"),
	ROW("\xcf\xfa\xed\xfe\7", "macho"),
	ROW("\xca\xfe\xba\xbe\0\0\0\2", "macho"),
	ROW("\xca\xfe\xba\xbe\0\0\0\64", "class"),
	ROW("dex\n035\0", "dex"),
	ROW("#!/bin/sh\n", "script"),
	ROW("\xef\xbb\xbf@ECHO OFF\r\n", "script"),
	ROW("L\0\0\0\1\24\2\0\0\0", "lnk"),
	ROW("\x78\x9f\x3e\x22\1", "tnef"),
	ROW("PK\5\6\0\0", "zip"),
	ROW("PK\3\4", "zip"),
	ROW(ENTRY("\0\0", "\1\0\0\0", "\1", "aX") ENTRY("\0\0", "\0\0\0\0", "\1", "b"), "zip"),
	ROW(ENTRY("\0\0", "\1\0\0\0", "\1", "aX") ENTRY("\0\0", "\0\0\0\0", "\5", "word/"),
	    "ooxml"),
	ROW(ENTRY("\10\0", "\0\0\0\0", "\1", "aXYZ") ENTRY("\0\0", "\0\0\0\0", "\3", "xl/"),
	    "ooxml"),
	ROW(ENTRY("\0\0", "\0\0\0\0", "\23", "[Content_Types].xml"), "ooxml"),
	ROW("PK00" ENTRY("\0\0", "\0\0\0\0", "\23", "[Content_Types].xml"), "ooxml"),
	ROW(ENTRY("\0\0", "\377\377\377\377", "\1", "a") ENTRY("\0\0", "\0\0\0\0", "\3", "xl/"),
	    "zip"),
	ROW(ENTRY("\0\0", "\0\0\0\0", "\24", "META-INF/MANIFEST.MF"), "jar"),
	ROW(ENTRY("\0\0", "\0\0\0\0", "\24", "META-INF/MANIFEST.MF")
		ENTRY("\0\0", "\0\0\0\0", "\13", "classes.dex"),
	    "apk"),
	ROW(ENTRY("\0\0", "\100\0\0\0", "\10", "mimetypeapplication/vnd.oasis.opendocument.text"),
	    "odf"),
	ROW("Rar!\x1a\7\0", "rar"),
	ROW("7z\xbc\xaf\x27\x1c", "7z"),
	ROW("\x1f\x8b\x08", "gzip"),
	ROW("BZh91AY&SY", "bzip2"),
	ROW("BZh9 is a text", "text"),
	ROW("\xfd"
	    "7zXZ\0",
	    "xz"),
	ROW("\x28\xb5\x2f\xfd", "zstd"),
	ROW("MSCF\0\0\0\0", "cab"),
	ROW("ab-lh5-", "lzh"),
	ROW("abcdefg**ACE**", "ace"),
	ROW("%PDF-1.4", "pdf"),
	ROW("\r\njunk%PDF-1.4", "pdf"),
	ROW("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
	ROW("{\\rtf1", "rtf"),
	ROW("\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", "one"),
	ROW("ITSF\3\0\0\0", "chm"),
	ROW("\0\1\0\0Standard ACE DB", "access"),
	ROW("\x89PNG\r\n\x1a\n", "png"),
	ROW("\xff\xd8\xff\xe0", "jpeg"),
	ROW("GIF89a", "gif"),
	ROW("RIFF\1\0\0\0WEBPVP8 ", "webp"),
	ROW("BM\1\2\3\4\0\0\0\0", "bmp"),
	ROW("BMW and others", "text"),
	ROW("  \r\n<!-- x --> <!-- y --><HTML>", "html"),
	ROW("<!DOCTYPE html>", "html"),
	ROW("<!-- never closed", "text"),
	ROW("<?xml version='1.0'?><svg>", "svg"),
	ROW("<?xml version='1.0'?><html>", "html"),
	ROW("<?xml version='1.0'?><a>", "xml"),
	ROW("BEGIN:VCALENDAR\r\n", "calendar"),
	ROW("Received: from a\r\n\tby b\r\n", "mail"),
	ROW("From a@example.com Mon\nSubject: x\nTo: y\n", "mail"),
	ROW("Subject: a text\nthat goes on", "text"),
	ROW("Subject:", "text"),
	ROW("Remark: x\nTo: y\n", "text"),
	ROW("h\303\251llo\n", "text"),
	ROW("\xff\xfeh\0", "text"),
	ROW("h\351llo world\n", "data"),
	ROW("a\0b", "data"),
	ROW("\1\2\3", "data"),
};

static void
kinds(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *copy = malloc(rows[i].n + 1); /* so that a byte too far is seen */
		const char *kind;

		assert_non_null(copy);
		for (size_t n = 0; n <= rows[i].n; n++) {
			char *part = malloc(n > 0 ? n : 1);

			assert_non_null(part);
			memcpy(part, rows[i].bytes, n);
			assert_non_null(kind_of(slice_of(part, n)));
			free(part);
		}
		memcpy(copy, rows[i].bytes, rows[i].n);
		kind = kind_of(slice_of(copy, rows[i].n));
		if (strcmp(kind, rows[i].kind) != 0) {
			print_error("row %zu: %s, not %s\n", i, kind, rows[i].kind);
			wrong++;
		}
		free(copy);
	}
	assert_int_equal(wrong, 0);
	assert_string_equal(kind_of(SLICE_ABSENT), "empty");
}

static void
far_signatures(void **state)
{
	static char bytes[LIMIT_KIND_BYTES + 10];
	struct slice s = slice_of(bytes, sizeof(bytes));

	(void)state;
	assert_string_equal(kind_of(s), "data");
	memcpy(bytes + 0x8001, "CD001", 5);
	assert_string_equal(kind_of(s), "iso");
	assert_string_equal(kind_of(slice_of(bytes, 0x8005)), "data");
	memcpy(bytes + 257, "ustar", 5);
	assert_string_equal(kind_of(s), "tar");

	/* the oldest tar: a name, and the sum of the bytes in octal */
	memset(bytes, 0, sizeof(bytes));
	bytes[0] = 'a';
	memcpy(bytes + 148, "000541\0 ", 8); /* 'a' and eight blanks: 353 */
	assert_string_equal(kind_of(slice_of(bytes, 512)), "tar");
	bytes[1] = 'b';
	assert_string_equal(kind_of(slice_of(bytes, 512)), "data");
}

/* Microseconds of CPU that this thread has had: others may keep it waiting. */
static uint64_t
cpu_us(void)
{
	struct timespec t;

	assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t), 0);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* A zip whose entries all have to be looked for, a text of comments, blanks. */
static void
hostile(void **state)
{
	static const char *const pieces[] = { "PK\3\4\24\0\10\0", "<!---->", "<!--", " ", "a",
		"\377", "%PDF", "Subject:\n" };
	size_t n = LIMIT_KIND_BYTES * 4;
	char *bytes = malloc(n + 16);
	uint64_t from;

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		size_t length = i == 0 ? 8 : strlen(pieces[i]);

		for (size_t at = 0; at < n; at += length)
			memcpy(bytes + at, pieces[i], length);
		from = cpu_us();
		kind_of(slice_of(bytes, n));
		assert_true(cpu_us() - from < 50000);
	}
	free(bytes);
}

/* Each kind has its word, and each word its kind. */
static void
words(void **state)
{
	(void)state;
	for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		size_t i = 0;

		while (kind_words[i] != NULL && strcmp(kind_words[i], rows[k].kind) != 0)
			i++;
		if (kind_words[i] == NULL)
			fail_msg("%s is not among kind_words", rows[k].kind);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),
		cmocka_unit_test(words),
		cmocka_unit_test(far_signatures),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

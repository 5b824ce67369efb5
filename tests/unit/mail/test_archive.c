/*
 * test_archive.c - what is in an archive
 *
 * libarchive writes what it reads; what it doesn't write stands here as bytes.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "mail/archive.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

/* Add an item to what is shown: its name, `/` behind a folder, `*` behind what is encrypted. */
static void
add(void *context, const struct archive_item *item)
{
	struct buf *out = context;

	assert_true(utf8_valid(item->name) && item->name.n <= LIMIT_ARCHIVE_NAME);
	buf_add(out, item->name);
	buf_str(out,
	    item->folder && (item->name.n == 0 || item->name.p[item->name.n - 1] != '/') ? "/"
											 : "");
	buf_str(out, item->encrypted ? "* " : " ");
}

/* What is in an archive, and what is said of it as a whole. */
static const char *
list(struct slice content)
{
	static char shown[2000];
	struct buf out = { 0 };
	struct archive_sum sum = { 0 };
	char *copy = malloc(content.n > 0 ? content.n : 1); /* so that a byte too far is seen */
	bool is_archive;

	assert_non_null(copy);
	memcpy(copy, content.p, content.n);
	is_archive = archive_list(slice_of(copy, content.n), add, &out, &sum);
	if (!is_archive)
		buf_str(&out, "none ");
	buf_str(&out, sum.encrypted ? "encrypted " : "");
	buf_str(&out, sum.macros ? "macros " : "");
	buf_str(&out, sum.cut ? "cut " : "");
	buf_str(&out, sum.broken ? "broken " : "");
	snprintf(
	    shown, sizeof(shown), "%.*s", (int)(out.n > 0 ? out.n - 1 : 0), out.n > 0 ? out.p : "");
	buf_free(&out);
	free(copy);
	return shown;
}
#define LIST(bytes) list(slice_of(bytes, sizeof(bytes) - 1))

/* ---- rar, which is read by ourselves ---- */

#define RAR4 "Rar!\x1a\7\0"
#define RAR4_MAIN(flags) "\0\0\x73" flags "\15\0\0\0\0\0\0\0"
/* A file: its flags, the length of its header, that of its name, the name. Its data is one byte. */
#define RAR4_FILE(flags, size, length, name)                                                       \
	"\0\0\x74" flags size "\0\1\0\0\0\1\0\0\0\2\0\0\0\0\0\0\0\0\24\60" length                  \
	"\0\0\0\0\0" name "D"
#define RAR4_END "\0\0\x7b\0\0\7\0"

static void
rar4(void **state)
{
	(void)state;
	assert_string_equal(LIST(RAR4 RAR4_MAIN("\0\0") RAR4_FILE("\0\x80", "\45", "\5", "a.exe")
				    RAR4_FILE("\4\x80", "\43", "\3", "b\\c")
					RAR4_FILE("\xe0\x80", "\41", "\1", "d") RAR4_END "junk"),
	    "a.exe b\\c* d/ encrypted");
	assert_string_equal(
	    LIST(RAR4 RAR4_MAIN("\0\0") RAR4_FILE("\0\x80", "\45", "\5", "a.exe")), "a.exe");
	assert_string_equal(LIST(RAR4 RAR4_MAIN("\x80\0") "encrypted list"), "encrypted");
	/* a name in Unicode: one letter as it is, one in the page, one in full, two as in the plain
	 * name */
	assert_string_equal(LIST(RAR4 RAR4_MAIN("\0\0") RAR4_FILE("\0\x82", "\55", "\15",
				"ab?de\0\4"
				"\x1b"
				"a"
				"\x31"
				"\x2c\x21"
				"\0")),
	    "a\320\261\342\204\254de");
	assert_string_equal(LIST(RAR4), "");
	assert_string_equal(LIST(RAR4 "\0\0\x74\0\x80\0\0"), "broken");
	assert_string_equal(LIST(RAR4 RAR4_FILE("\0\x80", "\45", "\100", "a.exe")), "broken");
	assert_string_equal(LIST("Rar!\x1a\7\2"), "broken");
}

#define RAR5                                                                                       \
	"Rar!\x1a\7\1\0"                                                                           \
	"SUM_\3\1\0\0"
#define RAR5_END "SUM_\3\5\0\0"

static void
rar5(void **state)
{
	(void)state;
	assert_string_equal(LIST(RAR5 "SUM_\16\2\2\1\0\1\40\0\0\5a.exeD"
				      "SUM_\11\2\0\1\0\20\0\0\1d"
				      "SUM_\17\2\1\3\0\1\40\0\0\3b/c\2\1\0" RAR5_END),
	    "a.exe d/ b/c* encrypted");
	assert_string_equal(LIST(RAR5 "SUM_\11\2\0\6\0\20TIMESUM_\0\0\1d"), "broken");
	assert_string_equal(LIST(RAR5 "SUM_\21\2\0\6\0\20TIMESUM_\0\0\1d"), "d");
	assert_string_equal(LIST(RAR5 "SUM_\3\4\0\0junk"), "encrypted");
	assert_string_equal(LIST(RAR5), "");
	assert_string_equal(LIST(RAR5 "SUM_\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), "broken");
	assert_string_equal(LIST(RAR5 "SUM_\16\2\2\177\0\1\40\0\0\5a.exeD"), "a.exe broken");
}

static void
no_archive(void **state)
{
	(void)state;
	assert_string_equal(LIST(""), "none");
	assert_string_equal(LIST("a text"), "none");
	assert_string_equal(LIST("MZ\0"), "none");
}

#ifdef HAVE_LIBARCHIVE

#include <archive.h>
#include <archive_entry.h>

/* ---- archives that libarchive writes ---- */

static struct buf made;

static la_ssize_t
more(struct archive *a, void *context, const void *bytes, size_t n)
{
	(void)a;
	(void)context;
	buf_add(&made, slice_of(bytes, n));
	return (la_ssize_t)n;
}

/* Begin an archive. */
static struct archive *
begin(const char *format, const char *filter, const char *options)
{
	struct archive *a = archive_write_new();

	assert_non_null(a);
	buf_clear(&made);
	assert_int_equal(archive_write_set_format_by_name(a, format), ARCHIVE_OK);
	if (filter != NULL)
		assert_int_equal(archive_write_add_filter_by_name(a, filter), ARCHIVE_OK);
	if (options != NULL)
		assert_int_equal(archive_write_set_options(a, options), ARCHIVE_OK);
	archive_write_set_passphrase(a, "secret");
	archive_write_set_bytes_in_last_block(a, 1);
	assert_int_equal(archive_write_open(a, NULL, NULL, more, NULL), ARCHIVE_OK);
	return a;
}

/* Add a file of n bytes. */
static void
put(struct archive *a, const char *name, unsigned type, size_t n)
{
	static const char zeros[65536];
	struct archive_entry *e = archive_entry_new();

	assert_non_null(e);
	archive_entry_set_pathname(e, name);
	archive_entry_set_filetype(e, type);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_size(e, (la_int64_t)n);
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	for (size_t i; n > 0; n -= i) {
		i = n < sizeof(zeros) ? n : sizeof(zeros);
		assert_int_equal(archive_write_data(a, zeros, i), i);
	}
	archive_entry_free(e);
}

static struct slice
end(struct archive *a)
{
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	return buf_slice(&made);
}

static void
formats(void **state)
{
	static const char *const rows[][2] = { { "zip", NULL }, { "7zip", NULL }, { "paxr", NULL },
		{ "gnutar", NULL }, { "ustar", "gzip" }, { "paxr", "bzip2" }, { "paxr", "xz" },
		{ "paxr", "zstd" }, { "v7tar", NULL } };
	const char *shown;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct archive *a = begin(rows[i][0], rows[i][1], NULL);

		put(a, "a.exe", AE_IFREG, 100000);
		put(a, "d", AE_IFDIR, 0);
		put(a, "d/b.txt", AE_IFREG, 1);
		shown = list(end(a));
		/* 7z puts what is empty last */
		if (strcmp(shown, "a.exe d/ d/b.txt") != 0 &&
		    strcmp(shown, "a.exe d/b.txt d/") != 0)
			fail_msg(
			    "%s %s: %s", rows[i][0], rows[i][1] != NULL ? rows[i][1] : "", shown);
	}
}

static void
iso(void **state)
{
	struct archive *a = begin("iso9660", NULL, NULL);

	(void)state;
	put(a, "a.exe", AE_IFREG, 100000);
	assert_string_equal(list(end(a)), "./ a.exe");
}

static const char cab_bytes[] =
    "\x4d\x53\x43\x46\x00\x00\x00\x00\x4c\x00\x00\x00\x00\x00\x00\x00\x2c\x00\x00\x00"
    "\x00\x00\x00\x00\x03\x01\x01\x00\x01\x00\x00\x00\x00\x00\x00\x00\x42\x00\x00\x00"
    "\x01\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x77\x5d\x8a\xa8\x20\x00"
    "\x62\x2e\x74\x78\x74\x00\x08\x78\x02\x00\x02\x00\x02\x00\x78\x0a";
static const char sevenzip_hidden[] =
    "\x37\x7a\xbc\xaf\x27\x1c\x00\x04\x39\x50\xc6\xbc\x80\x00\x00\x00\x00\x00\x00\x00"
    "\x2e\x00\x00\x00\x00\x00\x00\x00\xc6\x76\xe1\x15\x83\x82\xc0\x79\x5a\x6b\xce\xf7"
    "\x7e\x1f\xdb\x90\x6c\x04\xf4\x33\x02\xdb\xf6\xc0\xc0\x4e\x9d\xc1\x3e\x13\x14\x5b"
    "\xf8\xfd\xe4\xed\x50\x6e\x8f\xaf\xda\x78\xc8\x30\xea\x36\xc8\x56\x56\x1c\xd4\x09"
    "\xe0\x07\x7d\x78\x5f\xbb\x31\xab\x10\x27\x44\x1d\x0f\x8e\x14\x24\x2f\x04\xf0\x64"
    "\x10\x25\xb1\x64\xa2\xc3\xa5\x65\xfe\x81\x5f\x70\x74\x3d\x9f\x2f\xe7\xb6\x96\x4e"
    "\x10\xd7\xb1\xd4\x75\x86\xc2\xb7\x62\x81\x28\xf8\xaa\x13\x70\x63\xaf\xeb\xf8\x8e"
    "\x8b\xf8\x7e\x05\xa0\x31\x62\xd8\x67\x57\xf1\xca\xc3\x00\x32\x48\xda\x84\xee\xb9"
    "\x17\x06\x10\x01\x09\x70\x00\x07\x0b\x01\x00\x01\x24\x06\xf1\x07\x01\x12\x53\x0f"
    "\xcf\x0e\x85\x27\x17\x44\xbc\xb5\x2e\x5e\xb2\x5c\x9e\x3e\x46\x79\x0c\x62\x0a\x01"
    "\xd8\xc3\x14\x2c\x00\x00";
static const char sevenzip_secret[] =
    "\x37\x7a\xbc\xaf\x27\x1c\x00\x04\xe2\x46\xb3\x41\x10\x00\x00\x00\x00\x00\x00\x00"
    "\x62\x00\x00\x00\x00\x00\x00\x00\x0f\xd9\xb6\xc3\xc9\xbb\x89\x3c\x54\x60\x54\xb8"
    "\xde\x82\x9b\xca\xaa\x38\x8b\x1a\x01\x04\x06\x00\x01\x09\x10\x00\x07\x0b\x01\x00"
    "\x02\x24\x06\xf1\x07\x01\x12\x53\x0f\xbc\xe9\x83\x37\x97\x72\xf9\x1b\x1e\x47\x3c"
    "\x3b\x35\x2c\x63\xa4\x21\x21\x01\x00\x01\x00\x0c\x06\x02\x00\x08\x0a\x01\x1f\x08"
    "\xea\x46\x00\x00\x05\x01\x19\x01\x00\x11\x0d\x00\x62\x00\x2e\x00\x74\x00\x78\x00"
    "\x74\x00\x00\x00\x14\x0a\x01\x00\x11\x69\xd3\x35\x8e\x7b\xdd\x01\x15\x06\x01\x00"
    "\x20\x80\xa4\x81\x00\x00";

static void
others(void **state)
{
	(void)state;
	assert_string_equal(LIST(cab_bytes), "b.txt");
	assert_string_equal(LIST(sevenzip_hidden), "encrypted");
	assert_string_equal(LIST(sevenzip_secret), "b.txt* encrypted");
	assert_string_equal(LIST("\x1f\x8b\10\10\0\0\0\0\0\3a.exe\0\3\0\0\0\0\0\0\0\0\0"), "a.exe");
	assert_string_equal(LIST("\x1f\x8b\10\0\0\0\0\0\0\3\3\0\0\0\0\0\0\0\0\0"), "");
	assert_string_equal(LIST("\x1f\x8b\10\10\0\0\0\0\0\3a"), "a broken");
}

static void
encrypted_zip(void **state)
{
	struct archive *a = begin("zip", NULL, "encryption=zipcrypt");

	(void)state;
	put(a, "a.exe", AE_IFREG, 10);
	assert_string_equal(list(end(a)), "a.exe* encrypted");
}

static void
macros(void **state)
{
	struct archive *a = begin("zip", NULL, NULL);

	(void)state;
	put(a, "[Content_Types].xml", AE_IFREG, 10);
	put(a, "word/vbaProject.bin", AE_IFREG, 10);
	assert_string_equal(list(end(a)), "[Content_Types].xml word/vbaProject.bin macros");
	a = begin("zip", NULL, NULL);
	put(a, "[Content_Types].xml", AE_IFREG, 10);
	assert_string_equal(list(end(a)), "[Content_Types].xml");
}

static void
names(void **state)
{
	struct archive *a = begin("v7tar", NULL, NULL);

	(void)state;
	put(a, "\303\274\377", AE_IFREG, 1);
	assert_string_equal(list(end(a)), "\303\274\357\277\275");
	a = begin("zip", NULL, NULL);
	put(a, "\303\274", AE_IFREG, 1);
	assert_string_equal(list(end(a)), "\303\274");
	a = begin("zip", NULL, NULL);
	put(a, "\xe9", AE_IFREG, 1);
	assert_string_equal(list(end(a)), "\357\277\275");
}

/* A name in the directory of a zip that is not the file's own: people are shown this one. */
static void
aliases(void **state)
{
	struct archive *a = begin("zip", NULL, NULL);
	struct slice zip;
	char *name;

	(void)state;
	put(a, "a.txt", AE_IFREG, 10);
	put(a, "b.txt", AE_IFREG, 10);
	zip = end(a);
	assert_string_equal(list(zip), "a.txt b.txt");
	name = (char *)(uintptr_t)zip.p + 30;
	assert_memory_equal(name, "a.txt", 5);
	memcpy(name, "c.jpg", 5);
	assert_string_equal(list(zip), "c.jpg b.txt a.txt");
	/* no file's header where the directory says, and a directory that is cut off */
	assert_string_equal(list(slice_of(zip.p, zip.n - 22)), "broken");
	memcpy(name - 30, "PK\3\5", 4);
	assert_string_equal(list(zip), "none");
}

/* ---- limits ---- */

/* Count the items, and nothing else. */
static void
count(void *context, const struct archive_item *item)
{
	(void)item;
	++*(size_t *)context;
}

/* Microseconds of CPU that this thread has had: others may keep it waiting. */
static uint64_t
cpu_us(void)
{
	struct timespec t;

	assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t), 0);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* List an archive within so many milliseconds. */
static struct archive_sum
list_within(struct slice content, unsigned ms)
{
	uint64_t from = cpu_us();
	struct archive_sum sum = { 0 };
	size_t n = 0;

	assert_true(archive_list(content, count, &n, &sum));
	assert_int_equal(n, sum.n);
	if (cpu_us() - from > ms * 1000ull)
		fail_msg("%zu bytes took %u ms", content.n, (unsigned)((cpu_us() - from) / 1000));
	return sum;
}

static void
many_entries(void **state)
{
	static const char *const kinds[] = { "zip", "7zip", "paxr" };
	struct archive_sum sum = { 0 };
	char name[20];

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		for (unsigned n = LIMIT_ARCHIVE_ENTRIES; n < LIMIT_ARCHIVE_ENTRIES + 2; n++) {
			struct archive *a = begin(kinds[i], NULL, NULL);

			for (unsigned k = 0; k < n; k++) {
				snprintf(name, sizeof(name), "%u", k);
				put(a, name, AE_IFREG, 1);
			}
			sum = list_within(end(a), 5000);
			assert_int_equal(sum.n, LIMIT_ARCHIVE_ENTRIES);
			assert_int_equal(sum.cut, n > LIMIT_ARCHIVE_ENTRIES);
			assert_false(sum.broken);
		}
}

static void
long_names(void **state)
{
	char name[LIMIT_ARCHIVE_NAME + 2];

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (unsigned cut = 0; cut < 2; cut++) {
		struct archive *a = begin("zip", NULL, NULL);

		name[LIMIT_ARCHIVE_NAME + cut] = '\0';
		if (cut)
			name[LIMIT_ARCHIVE_NAME] = 'a';
		put(a, name, AE_IFREG, 1);
		assert_int_equal(list_within(end(a), 1000).cut, cut);
		memset(name, 'a', sizeof(name) - 1);
	}
}

/* What all archives of a message may take together: it becomes less, and what it keeps back is
 * told. */
static void
shared_budget(void **state)
{
	static const char *const kinds[] = { "zip", "7zip", "paxr", "gzip", "xz" };

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		bool packed = i > 2;
		struct archive *a =
		    begin(packed ? "paxr" : kinds[i], packed ? kinds[i] : NULL, NULL);
		size_t left = LIMIT_ARCHIVE_READ, enough, n = 0;
		struct archive_sum sum = { .left = &left };

		put(a, "a", AE_IFREG, 1);

		struct slice content = end(a);

		assert_true(archive_list(content, count, &n, &sum));
		assert_int_equal(sum.n, 1);
		assert_false(sum.cut);
		enough = LIMIT_ARCHIVE_READ - left;
		assert_true(enough > 0);
		for (size_t less = 1; less < enough; less += 61) {
			left = enough - less;
			assert_true(archive_list(content, count, &n, &sum));
			assert_true(sum.cut || sum.n == 1);
			assert_true(left <= enough - less);
		}
		left = 0;
		assert_true(archive_list(content, count, &n, &sum));
		assert_true(sum.cut && sum.n == 0 && left == 0 && !sum.broken);
	}
}

/* gzip's name is as long as the file, and not in UTF-8. */
static void
long_gzip_name(void **state)
{
	static char bytes[3 * LIMIT_ARCHIVE_NAME] = "\x1f\x8b\10\10\0\0\0\0\0\3";
	struct archive_sum sum = { 0 };

	(void)state;
	memset(bytes + 10, 0xff, sizeof(bytes) - 30);
	sum = list_within(slice_of(bytes, sizeof(bytes)), 1000);
	assert_int_equal(sum.n, 1);
	assert_true(sum.cut);
	assert_int_equal(strlen(list(slice_of(bytes, sizeof(bytes)))), 1999);
}

/* What would be gigabytes is not unpacked. */
static void
bombs(void **state)
{
	static const char *const tars[] = { "gzip", "bzip2", "xz", "zstd" };
	struct archive_sum sum = { 0 };
	struct archive *a;

	(void)state;
	a = begin("zip", NULL, NULL);
	put(a, "bomb", AE_IFREG, 200u << 20);
	put(a, "behind", AE_IFREG, 1);
	sum = list_within(end(a), 200);
	assert_int_equal(sum.n, 2);
	assert_false(sum.cut || sum.broken);
	for (size_t i = 0; i < sizeof(tars) / sizeof(*tars); i++) {
		a = begin("paxr", tars[i], NULL);
		put(a, "bomb", AE_IFREG, 100u << 20);
		put(a, "behind", AE_IFREG, 1);
		sum = list_within(end(a), 3000);
		assert_int_equal(sum.n, 1);
		assert_true(sum.cut && !sum.broken);
	}
}

/* Of a 7z nothing is unpacked but its list, and that not beyond the limit: libarchive would unpack
 * a link to see where it goes. */
static void
sevenzip_limits(void **state)
{
	struct archive *a = begin("7zip", NULL, NULL);
	struct archive_entry *e = archive_entry_new();
	static char name[3000];
	struct archive_sum sum = { 0 };

	(void)state;
	assert_non_null(e);
	put(a, "bomb", AE_IFREG, 50u << 20);
	archive_entry_set_pathname(e, "link");
	archive_entry_set_filetype(e, AE_IFLNK);
	archive_entry_set_symlink(e, "bomb");
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	archive_entry_free(e);
	sum = list_within(end(a), 200);
	assert_int_equal(sum.n, 1);
	assert_true(sum.cut && !sum.broken);

	a = begin("7zip", NULL, NULL);
	memset(name, 'a', sizeof(name) - 1);
	for (size_t i = 0; i < LIMIT_ARCHIVE_HEADER / (2 * sizeof(name)) + 1; i++) {
		name[i] = 'b';
		put(a, name, AE_IFREG, 1);
	}
	sum = list_within(end(a), 200);
	assert_int_equal(sum.n, 0);
	assert_true(sum.cut && !sum.broken);
}

/* Whatever is cut off or changed of an archive: it ends, and soon. */
static void
damaged(void **state)
{
	static const char *const kinds[] = { "zip", "7zip", "paxr", "iso9660", "gnutar" };
	struct slice s;

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct archive *a = begin(kinds[i], i == 4 ? "gzip" : NULL, NULL);
		char *copy;

		put(a, "a.exe", AE_IFREG, 1000);
		put(a, "b.exe", AE_IFREG, 1000);
		s = end(a);
		copy = malloc(s.n);
		assert_non_null(copy);
		for (size_t n = 0; n < s.n; n += 1 + s.n / 200) {
			struct archive_sum sum = { 0 };
			size_t told = 0;

			archive_list(slice_of(s.p, n), count, &told, &sum);
			memcpy(copy, s.p, s.n);
			copy[n] ^= 0x55;
			archive_list(slice_of(copy, s.n), count, &told, &sum);
		}
		free(copy);
	}
}

#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rar4),
		cmocka_unit_test(rar5),
		cmocka_unit_test(no_archive),
#ifdef HAVE_LIBARCHIVE
		cmocka_unit_test(formats),
		cmocka_unit_test(iso),
		cmocka_unit_test(others),
		cmocka_unit_test(encrypted_zip),
		cmocka_unit_test(aliases),
		cmocka_unit_test(macros),
		cmocka_unit_test(names),
		cmocka_unit_test(many_entries),
		cmocka_unit_test(long_names),
		cmocka_unit_test(shared_budget),
		cmocka_unit_test(long_gzip_name),
		cmocka_unit_test(bombs),
		cmocka_unit_test(sevenzip_limits),
		cmocka_unit_test(damaged),
#endif
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

#ifdef HAVE_LIBARCHIVE
	buf_free(&made);
#endif
	return failed;
}

/*
 * archive.c - the names of what is in an archive
 *
 * libarchive is asked for the one format that the first bytes tell, and reads through a window of
 * our own, which counts: what a listing has to read is little, and one that wants more is cut. A
 * compressed archive is unpacked up to a limit first. So neither time nor memory depend on what is
 * said in an archive, but on the limits alone.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "mail/archive.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "mail/rar.h"

#ifdef HAVE_LIBARCHIVE
#include "base/buf.h"
#include "mail/kind.h"
#include "mail/sevenzip.h"
#include "mail/zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <stdint.h>

#endif

struct slice
archive_name(struct slice raw, struct arena *a, bool *cut)
{
	struct slice name = utf8_clean(a, raw);

	if (name.p == NULL) {
		*cut = true;
		return SLICE("");
	}
	if (name.n > LIMIT_ARCHIVE_NAME) {
		name.n = utf8_prefix(name, LIMIT_ARCHIVE_NAME);
		*cut = true;
	}
	return name;
}

#ifdef HAVE_LIBARCHIVE

/* Bytes given at a time: those read in vain count as well. */
#define BLOCK 4096

/* What libarchive gets to see of the content: pieces of it, up to so many bytes. */
struct window {
	struct slice content;
	struct slice pieces[3];
	size_t npieces;
	size_t left; /* bytes that may still be read */
	size_t at;
	bool cut; /* more was wanted */
};

/* ---- the window ---- */

static la_ssize_t
read_window(struct archive *a, void *data, const void **bytes)
{
	struct window *w = data;

	(void)a;
	*bytes = NULL;
	if (w->at >= w->content.n)
		return 0;
	for (size_t i = 0; i < w->npieces; i++) {
		size_t from = (size_t)(w->pieces[i].p - w->content.p), n = BLOCK;

		if (w->at < from || w->at - from >= w->pieces[i].n)
			continue;
		if (n > w->pieces[i].n - (w->at - from))
			n = w->pieces[i].n - (w->at - from);
		if (n > w->left)
			break;
		*bytes = w->content.p + w->at;
		w->at += n;
		w->left -= n;
		return (la_ssize_t)n;
	}
	w->cut = true;
	return -1;
}

static la_int64_t
skip_window(struct archive *a, void *data, la_int64_t n)
{
	struct window *w = data;

	(void)a;
	if (n < 0 || (uint64_t)n > w->content.n - w->at)
		n = (la_int64_t)(w->content.n - w->at);
	w->at += (size_t)n;
	return n;
}

static la_int64_t
seek_window(struct archive *a, void *data, la_int64_t offset, int whence)
{
	struct window *w = data;
	la_int64_t size = (la_int64_t)w->content.n;

	(void)a;
	if (whence == SEEK_CUR)
		offset += (la_int64_t)w->at;
	else if (whence == SEEK_END)
		offset += size;
	if (offset < 0 || offset > size)
		return ARCHIVE_FATAL;
	w->at = (size_t)offset;
	return offset;
}

/* Open it. False if it can't be. */
static bool
open_window(struct archive *a, struct window *w)
{
	archive_read_set_read_callback(a, read_window);
	archive_read_set_skip_callback(a, skip_window);
	archive_read_set_seek_callback(a, seek_window);
	archive_read_set_callback_data(a, w);
	return archive_read_open1(a) == ARCHIVE_OK;
}

/* ---- items ---- */

/* True for the part of a document in which Office keeps macros. */
static bool
is_macros(struct slice name)
{
	static const struct slice part = { "vbaProject.bin", 14 };

	return name.n >= part.n &&
	    slice_eq_nocase(slice_of(name.p + name.n - part.n, part.n), part);
}

/* The entry's name, valid UTF-8. Absent on lack of memory. */
static struct slice
name_of(struct archive_entry *entry, struct arena *a, bool *cut)
{
	const char *name = archive_entry_pathname_utf8(entry);

	if (name == NULL)
		name = archive_entry_pathname(entry);
	return archive_name(slice_str(name != NULL ? name : ""), a, cut);
}

/* Tell all items of an archive that is open. */
static void
tell_all(struct archive *a, archive_each *each, void *context, struct archive_sum *sum)
{
	struct archive_entry *entry;
	struct arena scratch;
	int result;

	arena_init(&scratch, 0);
	while ((result = archive_read_next_header(a, &entry)) == ARCHIVE_OK ||
	    result == ARCHIVE_WARN) {
		struct archive_item item = {
			.name = name_of(entry, &scratch, &sum->cut),
			.folder = archive_entry_filetype(entry) == AE_IFDIR,
			.encrypted = archive_entry_is_data_encrypted(entry) == 1 ||
			    archive_entry_is_metadata_encrypted(entry) == 1,
		};

		if (sum->n == sum->most) {
			sum->cut = true;
			break;
		}
		sum->n++;
		sum->encrypted |= item.encrypted;
		sum->macros |= is_macros(item.name);
		each(context, &item);
		arena_reset(&scratch);
	}
	if (result < ARCHIVE_WARN)
		sum->broken = true;
	arena_free(&scratch);
}

typedef int support_fn(struct archive *a);

/* How many bytes may be taken, of so many. */
static size_t
allowed(const struct archive_sum *sum, size_t n)
{
	return sum->left != NULL && *sum->left < n ? *sum->left : n;
}

/* So many were. */
static void
took(struct archive_sum *sum, size_t n)
{
	if (sum->left != NULL)
		*sum->left -= n;
}

/* List through a window by the reader for one format. */
static void
list_window(struct window *w, support_fn *support, archive_each *each, void *context,
    struct archive_sum *sum)
{
	struct archive *a = archive_read_new();
	size_t before = allowed(sum, w->left);

	if (a == NULL) {
		sum->cut = true;
		return;
	}
	w->left = before;
	if (support(a) >= ARCHIVE_WARN && open_window(a, w)) {
		tell_all(a, each, context, sum);
		/* Of one that didn't open, this must not be asked. */
		sum->encrypted |= archive_read_has_encrypted_entries(a) == 1;
	} else {
		sum->broken = true;
	}
	archive_read_free(a);
	took(sum, before - w->left);
	/* What is behind our own limit is not the archive's fault. */
	if (w->cut) {
		sum->cut = true;
		sum->broken = false;
	}
}

/* List an archive of which anything may be read. */
static void
list_whole(struct slice content, support_fn *support, archive_each *each, void *context,
    struct archive_sum *sum)
{
	struct window w = { content, { content }, 1, LIMIT_ARCHIVE_READ, 0, false };

	list_window(&w, support, each, context, sum);
}

/* A zip: libarchive tells the names that its files have; people see those in its directory. */
static void
list_zip(struct slice content, archive_each *each, void *context, struct archive_sum *sum)
{
	struct zip zip = zip_directory(content);
	struct arena scratch;
	struct slice name;

	list_whole(content, archive_read_support_format_zip_seekable, each, context, sum);
	arena_init(&scratch, 0);
	while (!sum->cut && zip_alias(&zip, &name)) {
		struct archive_item item = { .name = archive_name(name, &scratch, &sum->cut) };

		if (sum->n == sum->most) {
			sum->cut = true;
			break;
		}
		item.folder = item.name.n > 0 && item.name.p[item.name.n - 1] == '/';
		sum->n++;
		sum->macros |= is_macros(item.name);
		each(context, &item);
		arena_reset(&scratch);
	}
	arena_free(&scratch);
}

/* A 7z: its list alone may be read, and not for long. */
static void
list_7z(struct slice content, archive_each *each, void *context, struct archive_sum *sum)
{
	struct window w = { .content = content, .npieces = 3, .left = BLOCK };
	struct sevenzip at;

	if (!sevenzip_read(content, &at)) {
		sum->broken = true;
	} else if (at.encrypted) {
		sum->encrypted = true;
	} else if (at.unpacked > allowed(sum, LIMIT_ARCHIVE_HEADER) ||
	    at.packed.n > LIMIT_ARCHIVE_HEADER) {
		sum->cut = true;
	} else {
		took(sum, (size_t)at.unpacked);
		w.pieces[0] = slice_of(content.p, 32);
		w.pieces[1] = at.header;
		w.pieces[2] = at.packed;
		w.left += at.header.n + at.packed.n;
		list_window(&w, archive_read_support_format_7zip, each, context, sum);
	}
}

/* ---- compressed archives ---- */

static bool
is_kind(struct slice s, const char *kind)
{
	return strcmp(kind_of(s), kind) == 0;
}

/* Unpack what a filter packed, as far as the limit lets, if it is a tar. */
static void
unpack(struct slice content, struct buf *out, struct archive_sum *sum)
{
	struct window w = { content, { content }, 1, content.n, 0, false };
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	const void *bytes;
	la_int64_t at;
	size_t n;
	int result;

	out->limit = allowed(sum, LIMIT_ARCHIVE_BYTES);
	if (out->limit == 0 || a == NULL || archive_read_support_format_raw(a) != ARCHIVE_OK) {
		archive_read_free(a);
		sum->cut = true;
		return;
	}
	archive_read_support_format_empty(a);
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_bzip2(a);
	archive_read_support_filter_xz(a);
	archive_read_support_filter_zstd(a);
	if (!open_window(a, &w) || archive_filter_code(a, 0) == ARCHIVE_FILTER_NONE)
		result = ARCHIVE_FATAL;
	else
		result = archive_read_next_header(a, &entry);
	while (result == ARCHIVE_OK && !out->cut &&
	    (result = archive_read_data_block(a, &bytes, &n, &at)) == ARCHIVE_OK) {
		buf_add(out, slice_of(bytes, n));
		if (out->n >= 512 && !is_kind(buf_slice(out), "tar"))
			break;
	}
	sum->broken = result < ARCHIVE_WARN;
	archive_read_free(a);
	took(sum, out->n);
}

/* The name that gzip keeps of the file (RFC 1952 2.3); empty if none. */
static struct slice
gzip_name(struct slice s)
{
	struct slice rest;
	size_t at = 10;

	if (s.n < at || (s.p[3] & 8) == 0)
		return SLICE("");
	if ((s.p[3] & 4) != 0) {
		if (s.n < at + 2)
			return SLICE("");
		at += 2 + ((unsigned char)s.p[10] | (size_t)(unsigned char)s.p[11] << 8);
	}
	if (at >= s.n)
		return SLICE("");
	return slice_cut(slice_of(s.p + at, s.n - at), '\0', &rest);
}

/* List what is compressed as a whole: a tar, or the one file that gzip names. */
static void
list_packed(struct slice content, archive_each *each, void *context, struct archive_sum *sum)
{
	struct buf tar = { 0 };
	struct slice name = is_kind(content, "gzip") ? gzip_name(content) : SLICE("");

	unpack(content, &tar, sum);
	sum->cut |= tar.cut;
	if (is_kind(buf_slice(&tar), "tar")) {
		bool broken = sum->broken;

		list_whole(buf_slice(&tar), archive_read_support_format_tar, each, context, sum);
		sum->broken = !tar.cut && (sum->broken || broken);
	} else if (name.n > 0) {
		struct archive_item item = { .folder = false };
		struct arena scratch;

		arena_init(&scratch, 0);
		item.name = archive_name(name, &scratch, &sum->cut);
		sum->n++;
		each(context, &item);
		arena_free(&scratch);
	}
	buf_free(&tar);
}

/* ---- all formats ---- */

typedef void list_fn(
    struct slice content, archive_each *each, void *context, struct archive_sum *sum);

/* How to list a file of one kind: by a reader alone, or with more than that. */
static const struct {
	const char *kind;
	support_fn *support;
	list_fn *list;
} formats[] = {
	{ "zip", NULL, list_zip },
	{ "ooxml", NULL, list_zip },
	{ "odf", NULL, list_zip },
	{ "jar", NULL, list_zip },
	{ "apk", NULL, list_zip },
	{ "cab", archive_read_support_format_cab, NULL },
	{ "iso", archive_read_support_format_iso9660, NULL },
	{ "tar", archive_read_support_format_tar, NULL },
	{ "7z", NULL, list_7z },
	{ "gzip", NULL, list_packed },
	{ "bzip2", NULL, list_packed },
	{ "xz", NULL, list_packed },
	{ "zstd", NULL, list_packed },
};

/* List by libarchive. False if it is no archive. */
static bool
list_by_libarchive(struct slice content, archive_each *each, void *context, struct archive_sum *sum)
{
	const char *kind = kind_of(content);

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		if (strcmp(formats[i].kind, kind) != 0)
			continue;
		if (formats[i].list != NULL)
			formats[i].list(content, each, context, sum);
		else
			list_whole(content, formats[i].support, each, context, sum);
		return true;
	}
	return false;
}

bool
archive_list(struct slice content, archive_each *each, void *context, struct archive_sum *sum)
{
	locale_t utf8, before;
	bool is_archive;

	if (rar_list(content, each, context, sum))
		return true;
	/* libarchive converts names to the thread's charset. */
	utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	before = uselocale(utf8); /* no change if there is none */
	is_archive = list_by_libarchive(content, each, context, sum);
	uselocale(before);
	if (utf8 != (locale_t)0)
		freelocale(utf8);
	return is_archive;
}

#else

bool
archive_list(struct slice content, archive_each *each, void *context, struct archive_sum *sum)
{
	return rar_list(content, each, context, sum);
}

#endif

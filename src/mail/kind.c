/*
 * kind.c - what a file is by its first bytes
 *
 * A table of our own, of what comes in mail and matters there. libmagic would know thousands of
 * kinds more, but takes milliseconds for a file that is none of them, a database for each thread,
 * and has often been the hole through which a hostile file got in.
 */
#include "mail/kind.h"

#include "base/limits.h"
#include "base/utf8.h"

const char *const kind_words[] = {
	/* programs */ "exe", "elf", "macho", "class", "dex", "script", "lnk",
	/* archives */ "zip", "jar", "apk", "rar", "7z", "gzip", "bzip2", "xz", "zstd", "compress",
	"lzh", "arj", "ace", "cab", "tar", "wim", "tnef",
	/* disks */ "iso", "vhd", "vhdx",
	/* documents */ "pdf", "rtf", "ole", "ooxml", "odf", "one", "chm", "access",
	/* for people */ "html", "svg", "xml", "mail", "vcard", "calendar", "pgp", "text",
	/* images */ "png", "jpeg", "gif", "webp", "bmp", "tiff", "ico",
	/* others */ "empty", "data", NULL
};

struct magic {
	size_t at;
	const char *bytes;
	size_t n;
	const char *kind;
};
#define MAGIC(at, bytes, kind)                                                                     \
	{                                                                                          \
		at, bytes, sizeof(bytes) - 1, kind                                                 \
	}

/* Signatures that leave no doubt. */
static const struct magic table[] = {
	MAGIC(0, "\177ELF", "elf"),
	MAGIC(0, "\xfe\xed\xfa\xce", "macho"),
	MAGIC(0, "\xfe\xed\xfa\xcf", "macho"),
	MAGIC(0, "\xce\xfa\xed\xfe", "macho"),
	MAGIC(0, "\xcf\xfa\xed\xfe", "macho"),
	MAGIC(0, "dex\n03", "dex"),
	MAGIC(0, "\x4c\0\0\0\x01\x14\x02\0", "lnk"),
	MAGIC(0, "Rar!\x1a\x07", "rar"),
	MAGIC(0, "7z\xbc\xaf\x27\x1c", "7z"),
	MAGIC(0, "\x1f\x8b\x08", "gzip"),
	MAGIC(0, "\x1f\x9d", "compress"),
	MAGIC(0,
	    "\xfd"
	    "7zXZ\0",
	    "xz"),
	MAGIC(0, "\x28\xb5\x2f\xfd", "zstd"),
	MAGIC(0, "MSCF\0\0\0\0", "cab"),
	MAGIC(0, "MSWIM\0\0\0", "wim"),
	MAGIC(0, "\x60\xea", "arj"),
	MAGIC(7, "**ACE**", "ace"),
	MAGIC(257, "ustar", "tar"),
	MAGIC(0, "\x78\x9f\x3e\x22", "tnef"),
	MAGIC(0, "conectix", "vhd"),
	MAGIC(0, "vhdxfile", "vhdx"),
	MAGIC(0x8001, "CD001", "iso"),
	MAGIC(0x8001, "BEA01", "iso"),
	MAGIC(0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
	MAGIC(0, "{\\rt", "rtf"),
	MAGIC(0, "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", "one"),
	MAGIC(0, "ITSF\x03\0\0\0", "chm"),
	MAGIC(4, "Standard Jet DB", "access"),
	MAGIC(4, "Standard ACE DB", "access"),
	MAGIC(0, "\x89PNG\r\n\x1a\n", "png"),
	MAGIC(0, "\xff\xd8\xff", "jpeg"),
	MAGIC(0, "GIF87a", "gif"),
	MAGIC(0, "GIF89a", "gif"),
	MAGIC(0, "II*\0", "tiff"),
	MAGIC(0, "MM\0*", "tiff"),
	MAGIC(0, "\0\0\x01\0", "ico"),
};

/* Beginnings of texts, white space before them or not, in any case. */
static const struct {
	const char *begin, *kind;
} texts[] = {
	{ "#!", "script" },
	{ "<?php", "script" },
	{ "@echo off", "script" },
	{ "<!doctype html", "html" },
	{ "<html", "html" },
	{ "<head", "html" },
	{ "<body", "html" },
	{ "<title", "html" },
	{ "<meta", "html" },
	{ "<style", "html" },
	{ "<script", "html" },
	{ "<iframe", "html" },
	{ "<table", "html" },
	{ "<div", "html" },
	{ "<a href", "html" },
	{ "<svg", "svg" },
	{ "<!doctype svg", "svg" },
	{ "<?xml", "xml" },
	{ "begin:vcard", "vcard" },
	{ "begin:vcalendar", "calendar" },
	{ "-----begin pgp ", "pgp" },
};

/* Headers that a message begins with. */
static const char *const headers[] = { "Received", "Return-Path", "Delivered-To", "From", "To",
	"Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Reply-To", "X-Mailer",
	"Authentication-Results", "DKIM-Signature", "ARC-Seal" };

static bool
has(struct slice s, size_t at, const char *bytes, size_t n)
{
	return s.n >= at && s.n - at >= n && memcmp(s.p + at, bytes, n) == 0;
}

/* True if s, from place at, begins with a word of ASCII, without case. */
static bool
has_word(struct slice s, size_t at, const char *word)
{
	size_t n = strlen(word);

	return s.n >= at && s.n - at >= n &&
	    slice_eq_nocase(slice_of(s.p + at, n), slice_of(word, n));
}

/* A little-endian number of 16 bits. */
static unsigned
le16(struct slice s, size_t at)
{
	return (unsigned char)s.p[at] | (unsigned)(unsigned char)s.p[at + 1] << 8;
}

static size_t
le32(struct slice s, size_t at)
{
	return le16(s, at) | (size_t)le16(s, at + 2) << 16;
}

/* ---- zip ---- */

/* What a file in a zip tells of the whole; NULL if it tells nothing. */
static const char *
kind_by_entry(struct slice name, struct slice behind)
{
	static const struct {
		const char *name, *kind;
	} entries[] = { { "[Content_Types].xml", "ooxml" }, { "word/", "ooxml" },
		{ "xl/", "ooxml" }, { "ppt/", "ooxml" }, { "AndroidManifest.xml", "apk" },
		{ "classes.dex", "apk" }, { "META-INF/MANIFEST.MF", "jar" } };

	if (slice_eq(name, SLICE("mimetype")))
		return has_word(behind, 0, "application/vnd.oasis.opendocument") ? "odf" : NULL;
	for (size_t i = 0; i < sizeof(entries) / sizeof(*entries); i++)
		if (has_word(name, 0, entries[i].name))
			return entries[i].kind;
	return NULL;
}

/* Look at the local headers of a zip's entries, as far as they are there: an apk is a jar too, so
 * that is the answer only if nothing else is. */
static const char *
kind_of_zip(struct slice s)
{
	const char *kind, *found = "zip", *next;

	for (size_t at = 0; has(s, at, "PK\3\4", 4) && s.n - at >= 30;) {
		size_t name = le16(s, at + 26), extra = le16(s, at + 28), size = le32(s, at + 18);
		size_t data = at + 30 + name + extra;

		if (data > s.n)
			break;
		kind =
		    kind_by_entry(slice_of(s.p + at + 30, name), slice_of(s.p + data, s.n - data));
		if (kind != NULL && strcmp(kind, "jar") != 0)
			return kind;
		if (kind != NULL)
			found = kind;
		if ((le16(s, at + 6) & 8) != 0 && size == 0) {
			/* Its length stands behind it: look for the next. */
			next = memmem(s.p + data, s.n - data, "PK\3\4", 4);
			at = next != NULL ? (size_t)(next - s.p) : s.n;
		} else {
			at = data + size;
		}
	}
	return found;
}

/* ---- others that take more than a look ---- */

/* True for the sum of a tar header's bytes, its own field taken as blanks: the oldest have nothing
 * else to know them by. */
static bool
is_old_tar(struct slice s)
{
	unsigned sum = 0, said = 0;
	size_t i = 148;

	if (s.n < 512 || s.p[0] == '\0')
		return false;
	for (size_t k = 0; k < 512; k++)
		sum += k >= 148 && k < 156 ? ' ' : (unsigned char)s.p[k];
	while (i < 156 && s.p[i] == ' ')
		i++;
	for (; i < 156 && s.p[i] >= '0' && s.p[i] <= '7'; i++)
		said = said * 8 + (unsigned)(s.p[i] - '0');
	return said == sum;
}

/* Signatures that could begin something else as well, and what shows that they don't. */
static const char *
kind_by_doubtful(struct slice s)
{
	if (has(s, 0, "MZ", 2) && memchr(s.p, '\0', s.n < 64 ? s.n : 64) != NULL)
		return "exe";
	if (has(s, 0, "\xca\xfe\xba\xbe", 4) && s.n >= 8)
		return s.p[4] == 0 && s.p[5] == 0 && s.p[6] == 0 && s.p[7] < 40 ? "macho" : "class";
	if (has(s, 0, "BZh", 3) && s.n >= 10 &&
	    (has(s, 4, "1AY&SY", 6) || has(s, 4, "\x17\x72\x45\x38\x50\x90", 6)))
		return "bzip2";
	if (has(s, 2, "-lh", 3) && s.n >= 7 && s.p[6] == '-')
		return "lzh";
	if (has(s, 0, "RIFF", 4) && has(s, 8, "WEBP", 4))
		return "webp";
	if (has(s, 0, "BM", 2) && has(s, 6, "\0\0\0\0", 4))
		return "bmp";
	if (memmem(s.p, s.n < 1024 ? s.n : 1024, "%PDF-", 5) != NULL)
		return "pdf";
	return is_old_tar(s) ? "tar" : NULL;
}

/* ---- texts ---- */

/* The length of a header's name of ASCII that s begins with, 0 if it begins with none. */
static size_t
header_name(struct slice s)
{
	size_t i = 0;

	while (i < s.n && s.p[i] > ' ' && s.p[i] < 0x7f && s.p[i] != ':')
		i++;
	return i < s.n && s.p[i] == ':' ? i : 0;
}

/* True for a message: it begins with a header that messages have, and goes on with another header,
 * or that one's next line. */
static bool
is_mail(struct slice s)
{
	struct slice line;
	size_t n;

	if (has(s, 0, "From ", 5))
		slice_cut(s, '\n', &s);
	n = header_name(s);
	slice_cut(s, '\n', &line);
	if (n == 0 || line.n == 0)
		return false;
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++)
		if (slice_eq_nocase(slice_of(s.p, n), slice_str(headers[i])))
			return line.p[0] == ' ' || line.p[0] == '\t' || header_name(line) > 0;
	return false;
}

/* True if there are no bytes in s that a text has not. Its last character may be cut off. */
static bool
is_text(struct slice s)
{
	if (has(s, 0, "\xff\xfe", 2) || has(s, 0, "\xfe\xff", 2))
		return true;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < ' ' && strchr("\t\n\f\r\033", c) == NULL) || c == '\0' || c == 0x7f)
			return false;
	}
	return utf8_valid(slice_of(s.p, utf8_prefix(s, s.n > 4 ? s.n - 1 : s.n)));
}

/* What XML is of, by the elements within its first 1,024 bytes. */
static const char *
kind_of_xml(struct slice s)
{
	if (s.n > 1024)
		s.n = 1024;
	if (memmem(s.p, s.n, "<svg", 4) != NULL)
		return "svg";
	return memmem(s.p, s.n, "<html", 5) != NULL ? "html" : "xml";
}

/* The kind of a text, by what it begins with. */
static const char *
kind_of_text(struct slice s)
{
	size_t at = has(s, 0, "\xef\xbb\xbf", 3) ? 3 : 0;

	while (at < s.n && s.p[at] != '\0' && strchr(" \t\r\n\f", s.p[at]) != NULL)
		at++;
	/* Comments before HTML hide it from nobody but a filter. */
	while (has(s, at, "<!--", 4)) {
		const char *end = memmem(s.p + at, s.n - at, "-->", 3);

		if (end == NULL)
			break;
		at = (size_t)(end + 3 - s.p);
		while (at < s.n && s.p[at] != '\0' && strchr(" \t\r\n\f", s.p[at]) != NULL)
			at++;
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (has_word(s, at, texts[i].begin))
			return strcmp(texts[i].kind, "xml") == 0 ? kind_of_xml(s) : texts[i].kind;
	return is_mail(slice_of(s.p + at, s.n - at)) ? "mail" : NULL;
}

const char *
kind_of(struct slice s)
{
	const char *kind;

	if (s.n == 0)
		return "empty";
	if (s.n > LIMIT_KIND_BYTES)
		s.n = LIMIT_KIND_BYTES;
	if (has(s, 0, "PK\7\x8PK\3\4", 8) || has(s, 0, "PK00PK\3\4", 8)) /* the first of several */
		s = slice_of(s.p + 4, s.n - 4);
	if (has(s, 0, "PK\3\4", 4))
		return kind_of_zip(s);
	if (has(s, 0, "PK\5\6", 4))
		return "zip";
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (has(s, table[i].at, table[i].bytes, table[i].n))
			return table[i].kind;
	if ((kind = kind_by_doubtful(s)) != NULL || (kind = kind_of_text(s)) != NULL)
		return kind;
	return is_text(s) ? "text" : "data";
}

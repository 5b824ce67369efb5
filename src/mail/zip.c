/*
 * zip.c - the names in a zip's directory
 *
 * Each file of a zip has its name twice: before its data, and in the directory at the end.
 * libarchive tells the first, people are shown the second, and nothing makes them the same.
 */
#include "mail/zip.h"

#include <stdint.h>

enum {
	LOCAL = 30,	 /* bytes of a file's header, without its name */
	ENTRY = 46,	 /* of an entry of the directory, likewise */
	END = 22,	 /* of the end, without its comment */
	LOCATOR = 20,	 /* of what is before the end of a large zip, */
	LARGE_END = 56,	 /* and of what is before that */
	COMMENT = 65535, /* of a comment, at most */
};

static bool
has(struct slice s, size_t at, const char signature[static 4])
{
	return at <= s.n && s.n - at >= 4 && memcmp(s.p + at, signature, 4) == 0;
}

/* A little-endian number of n bytes, which are there. */
static uint64_t
number(struct slice s, size_t at, unsigned n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | (unsigned char)s.p[at + n];
	return v;
}

/* Where the end begins; the length of the content if there is none. */
static size_t
find_end(struct slice s)
{
	for (size_t at = s.n - END, i = 0; s.n >= END && i <= COMMENT; at--, i++) {
		if (has(s, at, "PK\5\6"))
			return at;
		if (at == 0)
			break;
	}
	return s.n;
}

struct zip
zip_directory(struct slice content)
{
	struct zip z = { .content = content };
	size_t end = find_end(content);
	uint64_t size, offset;

	if (end == content.n)
		return z;
	size = number(content, end + 12, 4);
	offset = number(content, end + 16, 4);
	if (end >= LOCATOR + LARGE_END && has(content, end - LOCATOR, "PK\6\7") &&
	    has(content, end - LOCATOR - LARGE_END, "PK\6\6")) {
		end -= LOCATOR + LARGE_END;
		size = number(content, end + 40, 8);
		offset = number(content, end + 48, 8);
	}
	if (size > end)
		return z;
	z.at = end - (size_t)size;
	z.end = end;
	z.moved = offset < z.at ? z.at - (size_t)offset : 0;
	return z;
}

/* The name that the file at a place has itself; absent if none is there. */
static struct slice
local_name(const struct zip *z, uint64_t at)
{
	struct slice s = z->content;
	size_t n;

	if (at > s.n || !has(s, (size_t)at, "PK\3\4") || s.n - (size_t)at < LOCAL)
		return SLICE_ABSENT;
	n = (size_t)number(s, (size_t)at + 26, 2);
	return s.n - (size_t)at - LOCAL >= n ? slice_of(s.p + at + LOCAL, n) : SLICE_ABSENT;
}

bool
zip_alias(struct zip *z, struct slice *name)
{
	struct slice s = z->content;

	while (z->end - z->at >= ENTRY && has(s, z->at, "PK\1\2")) {
		size_t at = z->at, n = (size_t)number(s, at + 28, 2);
		size_t behind = (size_t)(number(s, at + 30, 2) + number(s, at + 32, 2));

		if (z->end - at - ENTRY < n + behind)
			break;
		z->at += ENTRY + n + behind;
		*name = slice_of(s.p + at + ENTRY, n);
		if (!slice_eq(*name, local_name(z, number(s, at + 42, 4) + z->moved)))
			return true;
	}
	return false;
}

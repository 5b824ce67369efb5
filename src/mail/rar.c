/*
 * rar.c - the list of a rar archive
 *
 * Its headers follow each other, each says how long it is and how much data is behind it: nothing
 * has to be unpacked. libarchive unpacks a solid archive of version 5 to skip what is in it, and
 * goes one call deeper for each part of a divided file, so that it can't be asked for hostile ones.
 */
#include "mail/rar.h"

#include "base/buf.h"
#include "base/limits.h"

#include <stdint.h>

/* What is left of a header, or of the archive. Reading past its end makes it bad, and gives 0. */
struct reader {
	struct slice s;
	bool bad;
};

struct listing {
	archive_each *each;
	void *context;
	struct archive_sum *sum;
};

/* ---- reading ---- */

/* The next n bytes. */
static struct slice
take(struct reader *r, uint64_t n)
{
	struct slice got = slice_of(r->s.p, 0);

	if (r->bad || n > r->s.n) {
		r->bad = true;
		return got;
	}
	got.n = (size_t)n;
	r->s = slice_of(r->s.p + n, r->s.n - (size_t)n);
	return got;
}

/* A little-endian number of n bytes. */
static uint64_t
number(struct reader *r, unsigned n)
{
	struct slice s = take(r, n);
	uint64_t v = 0;

	for (size_t i = s.n; i > 0; i--)
		v = v << 8 | (unsigned char)s.p[i - 1];
	return v;
}

/* A number of seven bits a byte, the last of which has its high bit clear. */
static uint64_t
variable(struct reader *r)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 63; shift += 7) {
		uint64_t byte = number(r, 1);

		v |= (byte & 0x7f) << shift;
		if ((byte & 0x80) == 0)
			return v;
	}
	r->bad = true;
	return 0;
}

/* Tell one item. False if the limit is reached. */
static bool
tell(struct listing *l, struct slice name, bool folder, bool encrypted)
{
	struct archive_item item = { .folder = folder, .encrypted = encrypted };
	struct arena scratch;

	if (l->sum->n == l->sum->most) {
		l->sum->cut = true;
		return false;
	}
	arena_init(&scratch, 0);
	item.name = archive_name(name, &scratch, &l->sum->cut);
	l->sum->encrypted |= encrypted;
	l->sum->n++;
	l->each(l->context, &item);
	arena_free(&scratch);
	return true;
}

/* ---- version 5 ---- */

enum { V5_FILE = 2, V5_ENCRYPTION = 4, V5_END = 5 };

/* True if the extra records of a file say that it is encrypted. */
static bool
is_encrypted_v5(struct slice extra)
{
	struct reader r = { extra, false };

	while (r.s.n > 0 && !r.bad) {
		struct reader record = { take(&r, variable(&r)), false };

		if (variable(&record) == 1 && !record.bad)
			return true;
	}
	return false;
}

/* A file's header, behind its sizes. False if no more is to be told. */
static bool
file_v5(struct listing *l, struct reader *h, uint64_t extra)
{
	uint64_t flags = variable(h);
	struct slice name;

	variable(h); /* size */
	variable(h); /* attributes */
	if ((flags & 2) != 0)
		take(h, 4); /* time */
	if ((flags & 4) != 0)
		take(h, 4); /* sum */
	variable(h);	    /* method */
	variable(h);	    /* system */
	name = take(h, variable(h));
	h->bad |= extra > h->s.n;
	if (h->bad)
		return true;
	return tell(l, name, (flags & 1) != 0,
	    is_encrypted_v5(slice_of(h->s.p + (h->s.n - extra), (size_t)extra)));
}

static void
list_v5(struct listing *l, struct reader *r)
{
	while (r->s.n > 0) {
		uint64_t type, flags, extra = 0, data = 0;
		struct reader h;

		take(r, 4); /* sum */
		h = (struct reader){ take(r, variable(r)), r->bad };
		type = variable(&h);
		flags = variable(&h);
		if ((flags & 1) != 0)
			extra = variable(&h);
		if ((flags & 2) != 0)
			data = variable(&h);
		if (!h.bad && type == V5_END)
			break;
		if (!h.bad && type == V5_ENCRYPTION) {
			l->sum->encrypted = true;
			return;
		}
		if (type == V5_FILE && !file_v5(l, &h, extra))
			break;
		take(r, data);
		r->bad |= h.bad;
		if (r->bad)
			break;
	}
	l->sum->broken |= r->bad;
}

/* ---- versions 1.5 to 4 ---- */

enum { V4_MAIN = 0x73, V4_FILE = 0x74, V4_END = 0x7b };

/* Add one unit of UTF-16, surrogates in pairs: *high is the one that waits for its other half. */
static void
add_utf16(struct buf *out, unsigned unit, unsigned *high)
{
	uint32_t c = unit;

	if (unit >= 0xd800 && unit < 0xdc00) {
		*high = unit;
		return;
	}
	if (unit >= 0xdc00 && unit < 0xe000)
		c = *high != 0 ? 0x10000 + ((*high - 0xd800) << 10) + (unit - 0xdc00) : 0xfffd;
	*high = 0;
	if (c >= 0x10000) {
		buf_char(out, (char)(0xf0 | c >> 18));
		buf_char(out, (char)(0x80 | (c >> 12 & 0x3f)));
	} else if (c >= 0x800) {
		buf_char(out, (char)(0xe0 | c >> 12));
	}
	if (c >= 0x800)
		buf_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
	else if (c >= 0x80)
		buf_char(out, (char)(0xc0 | c >> 6));
	buf_char(out, (char)(c >= 0x80 ? 0x80 | (c & 0x3f) : c));
}

/* A name that is there twice: in some 8-bit charset, and as its difference from Unicode. */
static void
add_unicode(struct buf *out, struct slice plain, struct slice packed)
{
	struct reader r = { packed, false };
	unsigned page = (unsigned)number(&r, 1) << 8, flags = 0, bits = 0, high = 0;
	size_t at = 0;

	while (r.s.n > 0 && !r.bad) {
		if (bits == 0) {
			flags = (unsigned)number(&r, 1);
			bits = 8;
		}
		bits -= 2;
		switch (flags >> bits & 3) {
		case 0:
			add_utf16(out, (unsigned)number(&r, 1), &high);
			at++;
			break;
		case 1:
			add_utf16(out, (unsigned)number(&r, 1) | page, &high);
			at++;
			break;
		case 2:
			add_utf16(out, (unsigned)number(&r, 2), &high);
			at++;
			break;
		case 3: {
			unsigned n = (unsigned)number(&r, 1), add = 0, over = 0;

			if ((n & 0x80) != 0) {
				add = (unsigned)number(&r, 1);
				over = page;
			}
			for (n = (n & 0x7f) + 2; n > 0 && at < plain.n; n--, at++)
				add_utf16(
				    out, (((unsigned char)plain.p[at] + add) & 0xff) | over, &high);
			break;
		}
		}
	}
}

/* A file's header, behind the size of its data. False if no more is to be told. */
static bool
file_v4(struct listing *l, struct reader *h, unsigned flags, uint64_t *data)
{
	struct buf unicode = { 0 };
	struct slice name, packed;
	uint64_t size;
	bool more;

	take(h, 4 + 1 + 4 + 4 + 1 + 1); /* size, system, sum, time, version, method */
	size = number(h, 2);
	take(h, 4); /* attributes */
	if ((flags & 0x100) != 0) {
		*data |= number(h, 4) << 32;
		take(h, 4);
	}
	name = take(h, size);
	if (h->bad)
		return true;
	if ((flags & 0x200) != 0) {
		name = slice_cut(name, '\0', &packed);
		if (packed.n > 0) {
			add_unicode(&unicode, name, packed);
			l->sum->cut |= unicode.cut;
			name = buf_slice(&unicode);
		}
	}
	more = tell(l, name, (flags & 0xe0) == 0xe0, (flags & 4) != 0);
	buf_free(&unicode);
	return more;
}

static void
list_v4(struct listing *l, struct reader *r)
{
	while (r->s.n > 0) {
		unsigned type, flags;
		uint64_t size, data = 0;
		struct reader h;

		take(r, 2); /* sum */
		type = (unsigned)number(r, 1);
		flags = (unsigned)number(r, 2);
		size = number(r, 2);
		if (size < 7)
			r->bad = true;
		h = (struct reader){ take(r, size - 7), r->bad };
		if ((flags & 0x8000) != 0)
			data = number(&h, 4);
		if (!r->bad && type == V4_END)
			break;
		if (type == V4_MAIN && (flags & 0x80) != 0) {
			l->sum->encrypted = true;
			return;
		}
		if (type == V4_FILE && !file_v4(l, &h, flags, &data))
			break;
		take(r, data);
		r->bad |= h.bad;
		if (r->bad)
			break;
	}
	l->sum->broken |= r->bad;
}

bool
rar_list(struct slice content, archive_each *each, void *context, struct archive_sum *sum)
{
	struct listing l = { each, context, sum };
	struct reader r = { content, false };

	*sum = (struct archive_sum){ .most = sum->most != 0 ? sum->most : LIMIT_ARCHIVE_ENTRIES,
		.left = sum->left };
	if (slice_eq(take(&r, 6), SLICE("Rar!\x1a\x07"))) {
		uint64_t version = number(&r, 1);

		if (version == 0)
			list_v4(&l, &r);
		else if (version == 1 && number(&r, 1) == 0)
			list_v5(&l, &r);
		else
			sum->broken = true;
		return true;
	}
	return false;
}

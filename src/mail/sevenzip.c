/*
 * sevenzip.c - where a 7z archive keeps its list
 *
 * The list is mostly packed, by any of the methods that files are. How long it is when it is
 * unpacked has to be known before libarchive begins with it, which sets no limit to its memory.
 */
#include "mail/sevenzip.h"

#include <stdint.h>

enum {
	START = 32,
	IN_PACK = 6,
	IN_UNPACK = 7,
	IN_SIZE = 9,
	IN_FOLDER = 11,
	IN_UNPACK_SIZE = 12,
	IN_ENCODED = 23
};

/* What is left of a header; bad once there was too little. */
struct reader {
	struct slice s;
	bool bad;
};

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
fixed(struct reader *r, unsigned n)
{
	struct slice s = take(r, n);
	uint64_t v = 0;

	for (size_t i = s.n; i > 0; i--)
		v = v << 8 | (unsigned char)s.p[i - 1];
	return v;
}

/* A number whose first byte tells, by its high bits, how many follow; the bits left are its
 * highest. */
static uint64_t
number(struct reader *r)
{
	unsigned first = (unsigned)fixed(r, 1), follow = 0;
	uint64_t low;

	while (follow < 8 && (first & 0x80u >> follow) != 0)
		follow++;
	low = fixed(r, follow);
	return follow < 8 ? low | (uint64_t)(first & (0x7fu >> follow)) << (8 * follow) : low;
}

/* Demand a byte. */
static void
demand(struct reader *r, unsigned byte)
{
	r->bad |= fixed(r, 1) != byte;
}

/* The methods that the list is packed by: how many sizes follow. */
static uint64_t
read_coders(struct reader *r, struct sevenzip *out)
{
	uint64_t n = number(r), in = 0, outs = 0;

	r->bad |= n == 0 || n > 4;
	for (uint64_t i = 0; i < n && !r->bad; i++) {
		unsigned flags = (unsigned)fixed(r, 1);

		if (slice_eq(take(r, flags & 15), SLICE("\x06\xf1\x07\x01")))
			out->encrypted = true;
		in += (flags & 16) != 0 ? number(r) : 1;
		outs += (flags & 16) != 0 ? number(r) : 1;
		if ((flags & 32) != 0)
			take(r, number(r));
		r->bad |= in > 16 || outs > 16 || in + 1 < outs || outs == 0;
	}
	for (uint64_t i = 1; i < outs && !r->bad; i++) {
		number(r);
		number(r);
	}
	/* Streams are numbered if there are several. */
	for (uint64_t i = 0, streams = in - (outs - 1); streams > 1 && i < streams && !r->bad; i++)
		number(r);
	return outs;
}

/* A header that only says how the list is packed, in one piece. */
static bool
read_encoded(struct reader *r, struct slice content, struct sevenzip *out)
{
	uint64_t at, size, outs, unpacked;

	demand(r, IN_PACK);
	at = number(r);
	demand(r, 1);
	demand(r, IN_SIZE);
	size = number(r);
	demand(r, 0);
	demand(r, IN_UNPACK);
	demand(r, IN_FOLDER);
	demand(r, 1);
	demand(r, 0);
	outs = read_coders(r, out);
	demand(r, IN_UNPACK_SIZE);
	for (uint64_t i = 0; i < outs && !r->bad; i++) {
		unpacked = number(r);
		if (unpacked > SIZE_MAX / 2)
			r->bad = true;
		else if (unpacked > out->unpacked)
			out->unpacked = (size_t)unpacked;
	}
	if (r->bad || at > content.n - START || size > content.n - START - at)
		return false;
	out->packed = slice_of(content.p + START + at, (size_t)size);
	return true;
}

bool
sevenzip_read(struct slice content, struct sevenzip *out)
{
	struct reader r = { content, false };
	uint64_t at, size;

	*out = (struct sevenzip){ .header = slice_of(content.p, 0) };
	take(&r, 12);
	at = fixed(&r, 8);
	size = fixed(&r, 8);
	take(&r, 4);
	if (r.bad || at > r.s.n || size > r.s.n - at)
		return false;
	out->header = slice_of(r.s.p + at, (size_t)size);
	out->unpacked = (size_t)size;
	out->packed = slice_of(content.p, 0);
	r = (struct reader){ out->header, false };
	if (size == 0 || fixed(&r, 1) != IN_ENCODED)
		return true;
	return read_encoded(&r, content, out);
}

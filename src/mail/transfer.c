/*
 * transfer.c - transfer encodings
 *
 * Written here and not taken from GMime, whose decoders stop for good at the first `=` of base64,
 * lose what is behind the last whole group, and leave a soft line break that got a blank at its end
 * in the text: each would be a way past a pattern.
 */
#include "mail/transfer.h"

#define ROOM 8192 /* bytes decoded at a time */

/* The six bits that a character of base64 stands for; 64: none. */
static const unsigned char base64[256] = { 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
	64, 64, 64, 64, 64, 64, 62, 64, 64, 64, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 64, 64,
	64, 64, 64, 64, 64, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
	20, 21, 22, 23, 24, 25, 64, 64, 64, 64, 64, 64, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36,
	37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 64, 64, 64, 64, 64, 64, 64, 64,
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64 };

/* What a name means. */
enum transfer
transfer_named(struct slice name)
{
	static const struct {
		struct slice name;
		enum transfer how;
	} known[] = {
		{ { "base64", 6 }, TRANSFER_BASE64 },
		{ { "quoted-printable", 16 }, TRANSFER_QP },
		{ { "x-uuencode", 10 }, TRANSFER_UU },
		{ { "x-uue", 5 }, TRANSFER_UU },
		{ { "uuencode", 8 }, TRANSFER_UU },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (slice_eq(name, known[i].name))
			return known[i].how;
	return TRANSFER_NONE;
}

/* Take the first line off s, without its end. */
static struct slice
take_line(struct slice *s)
{
	const char *end = memchr(s->p, '\n', s->n);
	struct slice line = slice_of(s->p, end != NULL ? (size_t)(end - s->p) : s->n);
	size_t used = line.n + (end != NULL);

	*s = slice_of(s->p + used, s->n - used);
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* True for `begin 644 name`; *name gets the name. */
static bool
is_uu_begin(struct slice line, struct slice *name)
{
	size_t i = 6, mode;

	if (line.n < 11 || memcmp(line.p, "begin ", 6) != 0)
		return false;
	for (mode = i; i < line.n && line.p[i] >= '0' && line.p[i] <= '7'; i++)
		;
	if (i - mode < 3 || i - mode > 4 || i >= line.n || line.p[i] != ' ')
		return false;
	*name = slice_trim(slice_of(line.p + i, line.n - i));
	return name->n > 0;
}

/* How many bytes a line of uuencoded data holds; -1 if it is none. Its last group may be short, or
 * be followed by a check sum. */
static int
uu_bytes(struct slice line)
{
	if (line.n == 0)
		return 0;

	size_t n = (size_t)((unsigned char)line.p[0] - ' ') & 63;

	if (line.n < 1 + (n * 4 + 2) / 3 || line.n > 2 + (n + 2) / 3 * 4)
		return -1;
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] < ' ' || line.p[i] > '`')
			return -1;
	return (int)n;
}

/* Begin. */
struct transfer_reader
transfer_begin(enum transfer how, struct slice encoded)
{
	struct slice rest = encoded, name;

	if (how != TRANSFER_UU)
		return (struct transfer_reader){ .rest = encoded, .how = how };
	while (rest.n > 0)
		if (is_uu_begin(take_line(&rest), &name))
			return (struct transfer_reader){ .rest = rest, .how = how };
	return (struct transfer_reader){ .rest = encoded, .how = TRANSFER_NONE };
}

/* Decode the whole groups of base64 at p, `most` of them at most; returns how many there were. */
static size_t
whole_groups(const unsigned char *p, const unsigned char *end, unsigned char *out, size_t most)
{
	size_t n = 0;

	for (; n < most && end - p >= 4; n++, p += 4, out += 3) {
		uint32_t a = base64[p[0]], b = base64[p[1]], c = base64[p[2]], d = base64[p[3]];
		uint32_t bits = a << 18 | b << 12 | c << 6 | d;

		if (((a | b | c | d) & 64) != 0)
			break;
		out[0] = (unsigned char)(bits >> 16);
		out[1] = (unsigned char)(bits >> 8);
		out[2] = (unsigned char)bits;
	}
	return n;
}

/* base64: characters that are none of it are passed over. `=` ends a group, not the content: there
 * are senders that put several pieces behind one another. */
static size_t
read_base64(struct transfer_reader *r, unsigned char *out, size_t room)
{
	const unsigned char *p = (const unsigned char *)r->rest.p, *end = p + r->rest.n;
	uint32_t bits = r->bits;
	unsigned nbits = r->nbits;
	size_t n = 0;

	while (p < end && n + 3 <= room) {
		if (nbits == 0) {
			size_t groups = whole_groups(p, end, out + n, (room - n) / 3);

			p += 4 * groups;
			n += 3 * groups;
			if (p == end || n + 3 > room)
				break;
		}

		unsigned six = base64[*p];

		if (six < 64) {
			bits = bits << 6 | six;
			nbits += 6;
			if (nbits >= 8) {
				nbits -= 8;
				out[n++] = (unsigned char)(bits >> nbits);
			}
		} else if (*p == '=')
			nbits = 0;
		p++;
	}
	r->rest = slice_of((const char *)p, (size_t)(end - p));
	r->bits = bits;
	r->nbits = nbits;
	return n;
}

/* What a hexadecimal digit stands for; -1: it is none. */
static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)ascii_lower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The length of a soft line break behind its `=`, at p; 0 if there is none. At the end of all one
 * needs no line feed. */
static size_t
soft_break(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && (*q == ' ' || *q == '\t'))
		q++;
	if (q < end && *q == '\r')
		q++;
	if (q < end && *q != '\n')
		return 0;
	return (size_t)(q - p) + (q < end);
}

/* quoted-printable: an `=` that begins nothing stands for itself. */
static size_t
read_qp(struct transfer_reader *r, char *out, size_t room)
{
	const char *p = r->rest.p, *end = p + r->rest.n;
	size_t n = 0;

	while (p < end && n < room) {
		if (*p != '=') {
			const char *stop = (size_t)(end - p) > room - n ? p + (room - n) : end;
			const char *next = memchr(p, '=', (size_t)(stop - p));
			size_t plain = (size_t)((next != NULL ? next : stop) - p);

			memcpy(out + n, p, plain);
			n += plain;
			p += plain;
			continue;
		}
		p++;

		int high = end - p >= 2 ? hex(p[0]) : -1, low = high >= 0 ? hex(p[1]) : -1;
		size_t soft = low < 0 ? soft_break(p, end) : 0;

		if (low >= 0) {
			out[n++] = (char)(high << 4 | low);
			p += 2;
		} else if (soft > 0 || p == end)
			p += soft;
		else
			out[n++] = '=';
	}
	r->rest = slice_of(p, (size_t)(end - p));
	return n;
}

/* uuencode, line by line: one holds 63 bytes at most. It ends at a line of none. */
static size_t
read_uu(struct transfer_reader *r, char *out, size_t room)
{
	size_t n = 0;

	while (r->rest.n > 0 && n + 63 <= room) {
		struct slice line = take_line(&r->rest);
		int bytes = uu_bytes(line);

		if (bytes <= 0) {
			r->rest.n = 0;
			break;
		}
		for (size_t i = 1, got = 0; got < (size_t)bytes; i += 4) {
			uint32_t bits = 0;

			for (size_t j = i; j < i + 4; j++)
				bits = bits << 6 | (j < line.n ? (line.p[j] - ' ') & 63 : 0);
			for (int shift = 16; shift >= 0 && got < (size_t)bytes; shift -= 8, got++)
				out[n++] = (char)(bits >> shift);
		}
	}
	return n;
}

/* The next decoded bytes. */
size_t
transfer_read(struct transfer_reader *r, char *out, size_t room)
{
	size_t n;

	switch (r->how) {
	case TRANSFER_BASE64:
		return read_base64(r, (unsigned char *)out, room);
	case TRANSFER_QP:
		return read_qp(r, out, room);
	case TRANSFER_UU:
		return read_uu(r, out, room);
	case TRANSFER_NONE:
		break;
	}
	n = r->rest.n < room ? r->rest.n : room;
	if (n > 0)
		memcpy(out, r->rest.p, n);
	r->rest = slice_of(r->rest.p + n, r->rest.n - n);
	return n;
}

/* Decode all of it. */
void
transfer_decode(enum transfer how, struct slice encoded, struct buf *out)
{
	struct transfer_reader r = transfer_begin(how, encoded);
	char piece[ROOM];
	size_t n;

	while (!out->cut && (n = transfer_read(&r, piece, sizeof(piece))) > 0)
		buf_add(out, slice_of(piece, n));
}

/* How many bytes that would be. */
unsigned long long
transfer_size(enum transfer how, struct slice encoded)
{
	struct transfer_reader r = transfer_begin(how, encoded);
	unsigned long long size = 0;
	char piece[ROOM];
	size_t n;

	if (r.how == TRANSFER_NONE)
		return r.rest.n;
	while ((n = transfer_read(&r, piece, sizeof(piece))) > 0)
		size += n;
	return size;
}

/* The end of the uuencoded lines at the front of s: behind its `end`, or where there is no more
 * data. *some says if there was any. */
static const char *
uu_end(struct slice s, bool *some)
{
	const char *end = s.p;
	bool more = true;

	*some = false;
	while (s.n > 0) {
		struct slice line = take_line(&s);
		int bytes = more ? uu_bytes(line) : -1;

		if (slice_eq(line, SLICE("end")))
			return s.p;
		if (bytes < 0)
			break;
		if (line.n > 0)
			end = s.p;
		*some |= bytes > 0;
		more = bytes > 0;
	}
	return end;
}

/* s from its first line on that begins with a `b`. */
static struct slice
from_b_line(struct slice s)
{
	const char *at = s.p, *end = at + s.n;

	while (at < end && *at != 'b') {
		at = memchr(at, '\n', (size_t)(end - at));
		at = at != NULL ? at + 1 : end;
	}
	return slice_of(at, (size_t)(end - at));
}

/* The first uuencoded file in a text. Lines that were looked at as data of a `begin` that is none
 * are not looked at again. */
bool
transfer_find_uu(struct slice text, struct transfer_uu *found)
{
	struct slice rest = text;

	while ((rest = from_b_line(rest)).n > 0) {
		const char *start = rest.p, *end;
		bool some;

		if (!is_uu_begin(take_line(&rest), &found->name))
			continue;
		end = uu_end(rest, &some);
		if (some) {
			found->whole = slice_of(start, (size_t)(end - start));
			return true;
		}
		rest = slice_of(end, (size_t)(rest.p + rest.n - end));
	}
	return false;
}

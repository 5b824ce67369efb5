/*
 * utf8.c - text that is surely valid
 *
 * Everything stands on utf8_decode. Most of what mail carries is ASCII, so runs of it are passed
 * eight bytes at a time.
 */
#include "base/utf8.h"

#define REPLACEMENT SLICE("\xef\xbf\xbd")

/* The first character of s, or the longest part there that no text could hold. */
size_t
utf8_decode(struct slice s, uint32_t *code)
{
	const unsigned char *p = (const unsigned char *)s.p;
	unsigned char lo = 0x80, hi = 0xbf; /* what the second byte may be */
	size_t length;
	uint32_t c = p[0];

	*code = UTF8_BAD;
	if (c < 0x80) {
		*code = c;
		return 1;
	}
	if (c < 0xc2 || c > 0xf4)
		return 1;
	if (c < 0xe0) {
		length = 2;
		c &= 0x1f;
	} else if (c < 0xf0) {
		length = 3;
		lo = c == 0xe0 ? 0xa0 : lo; /* no overlong forms */
		hi = c == 0xed ? 0x9f : hi; /* no surrogates */
		c &= 0x0f;
	} else {
		length = 4;
		lo = c == 0xf0 ? 0x90 : lo; /* no overlong forms */
		hi = c == 0xf4 ? 0x8f : hi; /* nothing above U+10FFFF */
		c &= 0x07;
	}
	for (size_t i = 1; i < length; i++, lo = 0x80, hi = 0xbf) {
		if (i == s.n || p[i] < lo || p[i] > hi)
			return i;
		c = c << 6 | (p[i] & 0x3f);
	}
	*code = c;
	return length;
}

/* Write a character. */
size_t
utf8_encode(uint32_t code, char *to)
{
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (size_t i = n - 1; i > 0; i--, code >>= 6)
		to[i] = (char)(0x80 | (code & 0x3f));
	to[0] = (char)(lead[n] | code);
	return n;
}

/* How many bytes at the start of s are well-formed. */
static size_t
valid_prefix(struct slice s)
{
	size_t i = 0;

	while (i < s.n) {
		uint64_t eight;
		uint32_t code;

		while (s.n - i >= sizeof(eight)) {
			memcpy(&eight, s.p + i, sizeof(eight));
			if (eight & 0x8080808080808080u)
				break;
			i += sizeof(eight);
		}
		if (i == s.n)
			break;

		size_t n = utf8_decode(slice_of(s.p + i, s.n - i), &code);

		if (code == UTF8_BAD)
			break;
		i += n;
	}
	return i;
}

/* True if s is well-formed. */
bool
utf8_valid(struct slice s)
{
	return valid_prefix(s) == s.n;
}

/* Write s with U+FFFD for what is ill-formed to out, if not NULL; returns the length. */
static size_t
replace_bad(struct slice s, char *out)
{
	size_t n = 0;

	while (s.n > 0) {
		size_t good = valid_prefix(s);
		uint32_t code;

		if (out != NULL)
			memcpy(out + n, s.p, good);
		n += good;
		s = slice_of(s.p + good, s.n - good);
		if (s.n == 0)
			break;
		if (out != NULL)
			memcpy(out + n, REPLACEMENT.p, REPLACEMENT.n);
		n += REPLACEMENT.n;

		size_t bad = utf8_decode(s, &code);

		s = slice_of(s.p + bad, s.n - bad);
	}
	return n;
}

/* Make a text valid. */
struct slice
utf8_clean(struct arena *a, struct slice s)
{
	if (utf8_valid(s))
		return s;

	size_t n = replace_bad(s, NULL);
	char *out = arena_alloc(a, n + 1);

	if (out == NULL)
		return SLICE_ABSENT;
	replace_bad(s, out);
	return slice_of(out, n);
}

/* Cut between characters. */
size_t
utf8_prefix(struct slice s, size_t max)
{
	if (s.n <= max)
		return s.n;
	for (size_t back = 0; back < 4 && back < max; back++) {
		size_t start = max - back; /* where the first character left out may begin */

		if (((unsigned char)s.p[start] & 0xc0) != 0x80)
			return start;
	}
	return max; /* not UTF-8 */
}

/* True if a terminal, a log or a reply can show the character without being led astray. */
bool
utf8_harmless(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == UTF8_BAD)
		return false;
	/* line and paragraph separators, and the marks that turn the direction of writing */
	return !(c == 0x2028 || c == 0x2029 || c == 0x200e || c == 0x200f || c == 0x061c ||
	    (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff);
}

/* Columns that a terminal gives a character. */
unsigned
utf8_width(uint32_t c)
{
	static const struct {
		uint32_t first, last;
		unsigned width;
	} odd[] = {
		{ 0x0300, 0x036f, 0 },	 /* combining marks */
		{ 0x1100, 0x115f, 2 },	 /* Hangul Jamo */
		{ 0x200b, 0x200d, 0 },	 /* zero-width space and joiners */
		{ 0x20d0, 0x20ff, 0 },	 /* combining marks for symbols */
		{ 0x2e80, 0xa4cf, 2 },	 /* CJK */
		{ 0xac00, 0xd7a3, 2 },	 /* Hangul syllables */
		{ 0xf900, 0xfaff, 2 },	 /* CJK compatibility */
		{ 0xfe00, 0xfe0f, 0 },	 /* variation selectors */
		{ 0xfe30, 0xfe6f, 2 },	 /* CJK forms */
		{ 0xff00, 0xff60, 2 },	 /* full-width forms */
		{ 0xffe0, 0xffe6, 2 },	 /* full-width signs */
		{ 0x1f300, 0x1f64f, 2 }, /* pictographs */
		{ 0x1f900, 0x1f9ff, 2 }, /* more of them */
		{ 0x20000, 0x3fffd, 2 }, /* CJK extensions */
	};

	if (c < odd[0].first)
		return 1;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		if (c >= odd[i].first && c <= odd[i].last)
			return odd[i].width;
	return 1;
}

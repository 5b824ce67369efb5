/*
 * html_entity.c - character references of HTML
 *
 * By the HTML standard (13.2.5.72 to 80): the longest name that is known counts; some, the old
 * ones, need no semicolon.
 */
#include "mail/html_entity.h"

#include "mail/html_entity_table.h"

#include "base/utf8.h"

#define N_ENTITIES (sizeof(entities) / sizeof(entities[0]))
#define LONGEST 32    /* bytes of a name */
#define LONGEST_OLD 6 /* of one without semicolon */
#define REPLACEMENT 0xfffd

/* Write a character; returns its length. */
static size_t
encode(uint32_t c, char *out)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}

	size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)((0xf00u >> n) | c);
	return n;
}

/* The character that a number means: a byte of windows-1252 is taken for one. */
static uint32_t
meant(uint32_t c)
{
	static const uint16_t windows[32] = { 0x20ac, 0x81, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020,
		0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d, 0x017d, 0x8f, 0x90, 0x2018,
		0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a,
		0x0153, 0x9d, 0x017e, 0x0178 };

	if (c >= 0x80 && c < 0xa0)
		return windows[c - 0x80];
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return REPLACEMENT;
	return c;
}

/* The value of a digit; base or more if it is none. */
static unsigned
digit(char c, unsigned base)
{
	unsigned value = (unsigned char)c - (unsigned)'0';

	if (value > 9)
		value = ascii_lower((unsigned char)c) - (unsigned)'a' + 10;
	return value >= 10 && base == 10 ? base : value;
}

/* &#…; */
static size_t
number(struct slice s, char *out, size_t *n)
{
	unsigned base = s.n > 2 && (s.p[2] | 0x20) == 'x' ? 16 : 10;
	size_t start = base == 16 ? 3 : 2, i = start;
	uint32_t c = 0;

	for (; i < s.n && digit(s.p[i], base) < base; i++)
		if (c <= 0x10ffff)
			c = c * base + digit(s.p[i], base);
	if (i == start)
		return 0;
	*n = encode(meant(c), out);
	return i < s.n && s.p[i] == ';' ? i + 1 : i;
}

/* The entity of a name. */
static const struct entity *
named(struct slice name)
{
	size_t low = 0, high = N_ENTITIES;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = name.p[0] - entities[middle].name[0];

		if (order == 0)
			order = strncmp(name.p, entities[middle].name, name.n);
		if (order == 0 && entities[middle].name[name.n] == '\0')
			return &entities[middle];
		if (order <= 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* Read a character reference. */
size_t
html_entity(struct slice s, bool in_attribute, char out[HTML_ENTITY_BYTES], size_t *n)
{
	const struct entity *e = NULL;
	size_t length = 0;

	if (s.n > 2 && s.p[1] == '#')
		return number(s, out, n);
	while (length + 1 < s.n && length < LONGEST &&
	    (digit(s.p[length + 1], 10) < 10 ||
		(unsigned char)((s.p[length + 1] | 0x20) - 'a') < 26))
		length++;
	if (length == 0)
		return 0;
	if (length + 1 < s.n && s.p[length + 1] == ';')
		e = named(slice_of(s.p + 1, length));

	bool closed = e != NULL;

	if (e == NULL && length > LONGEST_OLD)
		length = LONGEST_OLD;
	for (; e == NULL && length >= 2; length--) {
		e = named(slice_of(s.p + 1, length));
		if (e != NULL && !e->old)
			e = NULL;
		if (e != NULL)
			break;
	}
	if (e == NULL)
		return 0;
	if (in_attribute && !closed && length + 1 < s.n) {
		char next = s.p[length + 1];

		if (next == '=' || digit(next, 10) < 10 ||
		    (unsigned char)((next | 0x20) - 'a') < 26)
			return 0;
	}
	*n = strlen(e->text);
	memcpy(out, e->text, *n);
	return length + 1 + (closed || (length + 1 < s.n && s.p[length + 1] == ';'));
}

/* Undo the entities of a value. */
struct slice
html_unescape(struct slice s, size_t max, struct arena *a, bool *cut)
{
	size_t n = 0;
	char *out;

	if (memchr(s.p, '&', s.n) == NULL) {
		*cut |= s.n > max;
		return slice_of(s.p, utf8_prefix(s, max));
	}
	out = arena_alloc(a, (s.n * 2 < max ? s.n * 2 : max) + HTML_ENTITY_BYTES);
	if (out == NULL) {
		*cut = true;
		return SLICE_ABSENT;
	}
	for (size_t i = 0, length; i < s.n && n <= max; i += length) {
		size_t got = 1;

		length = s.p[i] == '&'
		    ? html_entity(slice_of(s.p + i, s.n - i), true, out + n, &got)
		    : 0;
		if (length == 0) {
			out[n] = s.p[i];
			length = 1;
		}
		n += got;
	}
	*cut |= n > max;
	return slice_of(out, utf8_prefix(slice_of(out, n), max));
}

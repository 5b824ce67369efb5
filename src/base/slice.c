/*
 * slice.c - cutting, trimming and reading runs of bytes
 */
#include "base/slice.h"

/* True for the white space that may stand around a word. */
static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Drop blanks and tabs at both ends. */
struct slice
slice_trim(struct slice s)
{
	while (s.n > 0 && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* Split at the first c. */
struct slice
slice_cut(struct slice s, char c, struct slice *rest)
{
	const char *at = s.n > 0 ? memchr(s.p, c, s.n) : NULL;
	struct slice behind = SLICE_ABSENT;

	if (at != NULL) {
		behind = slice_of(at + 1, s.n - (size_t)(at - s.p) - 1);
		s.n = (size_t)(at - s.p);
	}
	if (rest != NULL)
		*rest = behind;
	return s;
}

/* Read an unsigned decimal number that is the whole of s. */
bool
slice_number(struct slice s, unsigned long long max, unsigned long long *out)
{
	unsigned long long value = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = (unsigned char)s.p[i] - (unsigned)'0';

		if (digit > 9 || digit > max || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}

/* No byte of another language. */
bool
slice_is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] & 0x80) != 0)
			return false;
	return true;
}

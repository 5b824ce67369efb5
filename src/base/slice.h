/*
 * slice.h - a run of bytes that somebody else owns
 *
 * A slice may hold any byte, NUL included, and is not terminated. p is NULL only where the thing
 * itself is absent; an empty thing has a p and n == 0.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
	const char *p;
	size_t n;
};

#define SLICE(lit) ((struct slice){ "" lit, sizeof(lit) - 1 })
#define SLICE_ABSENT ((struct slice){ NULL, 0 })
/* for printf: "%.*s" with SLICE_ARG(s) */
#define SLICE_ARG(s) (int)(s).n, ((s).p != NULL ? (s).p : "")

static inline struct slice
slice_of(const char *p, size_t n)
{
	return (struct slice){ p, n };
}

/* The slice of a C string; absent for NULL. */
static inline struct slice
slice_str(const char *s)
{
	return (struct slice){ s, s != NULL ? strlen(s) : 0 };
}

static inline bool
slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* One ASCII letter in lower case; other bytes as they are, whatever the locale. */
static inline unsigned char
ascii_lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static inline bool
slice_eq_nocase(struct slice a, struct slice b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	return true;
}

/* s without blanks and tabs at both ends. */
struct slice slice_trim(struct slice s);

/* The bytes before the first c, or all of s; *rest (if not NULL) gets what follows c, or absent. */
struct slice slice_cut(struct slice s, char c, struct slice *rest);

/* True if no byte has its eighth bit set. */
bool slice_is_ascii(struct slice s);

/* s as an unsigned decimal number without sign; false if it isn't one or exceeds max. */
bool slice_number(struct slice s, unsigned long long max, unsigned long long *out);

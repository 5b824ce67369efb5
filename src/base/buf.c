/*
 * buf.c - bytes that grow
 *
 * What a buffer holds is always the beginning of what was added to it: after the first byte that
 * was left out it takes nothing more, so that no text can lose its middle.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Make room for n more bytes and a NUL; returns how many of them may be added. */
static size_t
make_room(struct buf *b, size_t n)
{
	if (b->cut)
		return 0;
	if (b->limit != 0 && n > b->limit - b->n) {
		n = b->limit - b->n;
		b->cut = true;
	}
	if (n < b->cap - b->n) /* the NUL too */
		return n;

	size_t cap = b->cap < 32 ? 64 : b->cap * 2;

	if (n > SIZE_MAX / 4 - b->n) {
		b->cut = true;
		return 0;
	}
	if (cap < b->n + n + 1)
		cap = b->n + n + 1;

	char *p = realloc(b->p, cap);

	if (p == NULL) {
		b->cut = true;
		return 0;
	}
	b->p = p;
	b->cap = cap;
	b->p[b->n] = '\0';
	return n;
}

/* Add bytes. */
void
buf_add(struct buf *b, struct slice s)
{
	size_t n = make_room(b, s.n);

	if (n == 0)
		return;
	memcpy(b->p + b->n, s.p, n);
	b->n += n;
	b->p[b->n] = '\0';
}

/* Add a C string. */
void
buf_str(struct buf *b, const char *s)
{
	buf_add(b, slice_str(s));
}

/* Add one byte. */
void
buf_char(struct buf *b, char c)
{
	buf_add(b, slice_of(&c, 1));
}

/* Add a formatted text. */
void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n <= 0)
		return;

	size_t room = make_room(b, (size_t)n);

	if (room == 0)
		return;
	va_start(ap, fmt);
	vsnprintf(b->p + b->n, room + 1, fmt, ap);
	va_end(ap);
	b->n += room;
}

/* What it holds. */
struct slice
buf_slice(const struct buf *b)
{
	return slice_of(b->p != NULL ? b->p : "", b->n);
}

/* Empty it. */
void
buf_clear(struct buf *b)
{
	b->n = 0;
	b->cut = false;
	if (b->p != NULL)
		b->p[0] = '\0';
}

/* Free its memory. */
void
buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ .limit = b->limit };
}

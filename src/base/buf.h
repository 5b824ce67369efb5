/*
 * buf.h - bytes that grow
 *
 * A buffer that can't grow, or is full to its limit, keeps what it has, takes nothing more and
 * remembers that it was cut: it always holds the beginning of what was added. Always NUL-terminated
 * behind its n bytes once something was added.
 */
#pragma once

#include "base/slice.h"

struct buf {
	char *p;
	size_t n, cap;
	size_t limit; /* 0: none */
	bool cut;     /* something was left out: limit or memory */
};

void buf_add(struct buf *b, struct slice s);
void buf_str(struct buf *b, const char *s);
void buf_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What it holds; an empty slice (not absent) when nothing was added. Valid until the next change.
 */
struct slice buf_slice(const struct buf *b);

/* Empty it, keep the memory and the limit. */
void buf_clear(struct buf *b);

/* Free its memory; the limit stays. */
void buf_free(struct buf *b);

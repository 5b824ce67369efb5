/*
 * arena.c - memory that is freed as a whole
 *
 * Blocks hold many small pieces. Blocks double in size up to BLOCK_MAX, so that a session that
 * needs little costs little, and a list of a million entries few calls of malloc. A piece too large
 * to share a block gets one of its own, put behind the newest, whose room stays in use.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#define BLOCK_MIN ((size_t)4096)
#define BLOCK_MAX ((size_t)1 << 20)

struct arena_block {
	struct arena_block *next;
	size_t size, used; /* bytes of data */
	alignas(max_align_t) char data[];
};

/* Make an arena empty. */
void
arena_init(struct arena *a, size_t limit)
{
	*a = (struct arena){ .limit = limit };
}

/* What becomes of a request that can't be met. */
static void *
no_memory(const struct arena *a)
{
	if (!a->fatal)
		return NULL;
	fputs("postern: out of memory\n", stderr);
	exit(EX_OSERR);
}

/* A block with room for n bytes, linked in. */
static struct arena_block *
add_block(struct arena *a, size_t n)
{
	struct arena_block *head = a->blocks;
	size_t size = head == NULL ? BLOCK_MIN : head->size * 2;
	bool own;

	if (size > BLOCK_MAX)
		size = BLOCK_MAX;
	own = n > size / 4;
	if (own)
		size = n;

	struct arena_block *b = malloc(sizeof(*b) + size);

	if (b == NULL)
		return NULL;
	b->size = size;
	b->used = 0;
	if (own && head != NULL) {
		b->next = head->next;
		head->next = b;
	} else {
		b->next = head;
		a->blocks = b;
	}
	return b;
}

/* Hand out n zeroed bytes. */
void *
arena_alloc(struct arena *a, size_t n)
{
	const size_t align = alignof(max_align_t);
	struct arena_block *b = a->blocks;

	if (n > SIZE_MAX / 2)
		return no_memory(a);
	n = n == 0 ? align : (n + align - 1) / align * align;
	if (a->limit != 0 && (a->used > a->limit || n > a->limit - a->used))
		return no_memory(a);
	if (b == NULL || b->size - b->used < n)
		b = add_block(a, n);
	if (b == NULL)
		return no_memory(a);

	void *p = b->data + b->used;

	b->used += n;
	a->used += n;
	return memset(p, 0, n);
}

/* Copy a slice. */
struct slice
arena_slice(struct arena *a, struct slice s)
{
	if (s.p == NULL)
		return s;

	char *p = arena_alloc(a, s.n + 1);

	if (p == NULL)
		return SLICE_ABSENT;
	memcpy(p, s.p, s.n);
	return slice_of(p, s.n);
}

/* Format a text into fresh memory. */
struct slice
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || (p = arena_alloc(a, (size_t)n + 1)) == NULL)
		return SLICE_ABSENT;
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return slice_of(p, (size_t)n);
}

/* Free all blocks but `keep`. */
static void
drop_blocks(struct arena *a, struct arena_block *keep)
{
	for (struct arena_block *b = a->blocks, *next; b != NULL; b = next) {
		next = b->next;
		if (b != keep)
			free(b);
	}
	if (keep != NULL) {
		keep->next = NULL;
		keep->used = 0;
	}
	a->blocks = keep;
	a->used = 0;
}

/* What was handed out up to now. A large piece's block goes behind the newest: so both are kept. */
struct arena_mark
arena_mark(const struct arena *a)
{
	struct arena_block *head = a->blocks;

	if (head == NULL)
		return (struct arena_mark){ 0 };
	return (struct arena_mark){ head, head->next, head->used, a->used };
}

/* Free the blocks from *at up to (not) `end`. */
static void
free_blocks(struct arena_block **at, struct arena_block *end)
{
	while (*at != end) {
		struct arena_block *b = *at;

		*at = b->next;
		free(b);
	}
}

/* Forget what was handed out since. */
void
arena_release(struct arena *a, struct arena_mark m)
{
	if (m.head == NULL) {
		arena_reset(a);
		return;
	}
	free_blocks(&a->blocks, m.head);
	free_blocks(&m.head->next, m.next);
	m.head->used = m.head_used;
	a->used = m.used;
}

/* Forget everything; a block that one large piece made huge isn't kept. */
void
arena_reset(struct arena *a)
{
	struct arena_block *keep = a->blocks;

	while (keep != NULL && keep->size > BLOCK_MAX)
		keep = keep->next;
	drop_blocks(a, keep);
}

/* Give everything back. */
void
arena_free(struct arena *a)
{
	drop_blocks(a, NULL);
}

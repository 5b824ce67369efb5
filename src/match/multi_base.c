/*
 * multi_base.c - a database for the patterns that require nothing rare
 *
 * Packed, it is a text that says what it was made of, then a line of which expressions the database
 * refused, then the database:
 *
 *   postern patterns 1; libhs 5.4.0; processor 0 4; 2 expressions
 *   EXPRESSION
 *   EXPRESSION
 *   SUM 01
 *   the database's bytes
 *
 * SUM is of the line and of what follows it.
 */
#include "match/multi_in.h"

#include <stdio.h>
#include <stdlib.h>

#define FORMAT 1
#define SUM_DIGITS 16

/* FNV-1a, 64 bits. */
static uint64_t
sum_of(struct slice s, uint64_t sum)
{
	for (size_t i = 0; i < s.n; i++)
		sum = (sum ^ (unsigned char)s.p[i]) * 0x100000001b3u;
	return sum;
}

/* What a base is made of. */
static bool
add_origin(const struct multi *m, struct buf *out)
{
	buf_printf(out, "postern patterns %d; ", FORMAT);
	hyper_identity(out);
	buf_printf(out, "%zu expressions\n", m->nweak);
	for (size_t i = 0; i < m->nweak; i++)
		buf_printf(out, "%s\n", m->weak[i].text);
	return !out->cut;
}

/* A base without its database. */
static struct multi_base *
new_base(const struct multi *m)
{
	struct multi_base *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	b->n = m->nweak;
	b->patterns = calloc(b->n + 1, sizeof(*b->patterns));
	b->refused = calloc(b->n + 1, sizeof(*b->refused));
	if (b->patterns == NULL || b->refused == NULL) {
		multi_base_free(b);
		return NULL;
	}
	for (size_t i = 0; i < b->n; i++)
		b->patterns[i] = m->weak[i].pattern;
	return b;
}

/* Make it. */
struct multi_base *
multi_base_compile(const struct multi *m)
{
	struct multi_base *b = m->nweak > 0 ? new_base(m) : NULL;
	struct hyper_expression *v = calloc(m->nweak + 1, sizeof(*v));

	for (size_t i = 0; i < m->nweak && v != NULL; i++)
		v[i] = (struct hyper_expression){ m->weak[i].text, m->weak[i].plainer };
	if (b != NULL && v != NULL)
		b->hyper = hyper_compile(v, b->n, b->refused);
	free(v);
	if (b != NULL && b->hyper == NULL) {
		multi_base_free(b);
		return NULL;
	}
	return b;
}

void
multi_base_free(struct multi_base *b)
{
	if (b == NULL)
		return;
	hyper_free(b->hyper);
	free(b->patterns);
	free(b->refused);
	free(b);
}

/* A name by what it is made of. */
bool
multi_base_name(const struct multi *m, char name[MULTI_NAME])
{
	struct buf origin = { .p = NULL };
	bool good = add_origin(m, &origin);
	uint64_t sum = sum_of(buf_slice(&origin), 0xcbf29ce484222325u);

	snprintf(name, MULTI_NAME, "%016llx%016llx", (unsigned long long)sum,
	    (unsigned long long)sum_of(buf_slice(&origin), sum));
	buf_free(&origin);
	return good;
}

/* Append its bytes. */
bool
multi_base_pack(const struct multi *m, const struct multi_base *b, struct buf *out)
{
	struct buf tail = { .p = NULL };
	bool good;

	for (size_t i = 0; i < b->n; i++)
		buf_char(&tail, b->refused[i] ? '1' : '0');
	buf_char(&tail, '\n');
	good = hyper_pack(b->hyper, &tail) && add_origin(m, out);
	buf_printf(out, "%016llx ", (unsigned long long)sum_of(buf_slice(&tail), 0));
	buf_add(out, buf_slice(&tail));
	good = good && !tail.cut && !out->cut;
	buf_free(&tail);
	return good;
}

/* What is behind the origin and the sum, if both are right; else absent. */
static struct slice
check(const struct multi *m, struct slice bytes)
{
	struct buf origin = { .p = NULL };
	struct slice is, tail = SLICE_ABSENT;
	char sum[SUM_DIGITS + 2];

	if (add_origin(m, &origin) && bytes.n >= origin.n + SUM_DIGITS + 1 + m->nweak + 1 &&
	    memcmp(bytes.p, origin.p, origin.n) == 0) {
		is = slice_of(bytes.p + origin.n, SUM_DIGITS + 1);
		tail = slice_of(is.p + is.n, bytes.n - origin.n - is.n);
		snprintf(sum, sizeof(sum), "%016llx ", (unsigned long long)sum_of(tail, 0));
		if (!slice_eq(is, slice_str(sum)))
			tail = SLICE_ABSENT;
	}
	buf_free(&origin);
	return tail;
}

/* Make a base from its bytes. */
struct multi_base *
multi_base_unpack(const struct multi *m, struct slice bytes)
{
	struct slice tail = check(m, bytes);
	struct multi_base *b = m->nweak > 0 && tail.p != NULL ? new_base(m) : NULL;

	if (b == NULL)
		return NULL;
	for (size_t i = 0; i < b->n; i++)
		b->refused[i] = tail.p[i] != '0';
	b->hyper = hyper_unpack(slice_of(tail.p + b->n + 1, tail.n - b->n - 1));
	if (b->hyper == NULL) {
		multi_base_free(b);
		return NULL;
	}
	return b;
}

/* Bytes of memory. */
size_t
multi_base_size(const struct multi_base *b)
{
	return sizeof(*b) + b->n * (sizeof(*b->patterns) + sizeof(*b->refused)) +
	    hyper_size(b->hyper);
}

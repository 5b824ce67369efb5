/*
 * relax.c - a pattern in a plainer form that matches at least as much
 *
 * Texts in UTF-8 are read as bytes: a character beyond ASCII is a byte with the upper bit set, and
 * those that go on. Long repetitions are made endless, since counting them costs most of a
 * database.
 */
#include "match/relax.h"

#include "base/utf8.h"

#define COUNT_MAX 16 /* a repetition that is counted further has no end */

static void write_node(const struct node *n, bool anchors, struct buf *out);

/* True if a node has no width whatever is left out of it. */
static bool
is_empty(const struct node *n)
{
	switch (n->type) {
	case NODE_EMPTY:
	case NODE_START:
	case NODE_END:
	case NODE_LOOK:
	case NODE_NOT:
		return true;
	case NODE_ANY:
	case NODE_SET:
		return false;
	case NODE_CAT:
	case NODE_ALT:
	case NODE_REPEAT:
		break;
	}
	for (const struct node *child = n->first; child != NULL; child = child->next)
		if (!is_empty(child))
			return false;
	return true;
}

/* Write the bytes of a set in brackets; high: all with the upper bit too. */
static void
write_bytes(const struct set *s, bool high, struct buf *out)
{
	buf_char(out, '[');
	for (unsigned c = 0; c < 0x100; c++) {
		unsigned end = c;

		if (!(set_has(s, c) || (high && c >= 0x80)))
			continue;
		while (end < 0xff && (set_has(s, end + 1) || (high && end + 1 >= 0x80)))
			end++;
		buf_printf(out, "\\x%02x-\\x%02x", c, end);
		c = end;
	}
	buf_char(out, ']');
}

/* True if a set has a byte. */
static bool
has_bytes(const struct set *s)
{
	for (unsigned i = 0; i < 8; i++)
		if (s->bits[i] != 0)
			return true;
	return false;
}

/* Write a set, once. */
static void
write_set(const struct set *s, struct buf *out)
{
	if (s->wide) {
		buf_str(out, "(?:");
		write_bytes(s, true, out);
		buf_str(out, "[\\x80-\\xbf]*)");
		return;
	}
	if (!has_bytes(s) && s->nothers == 0) {
		buf_str(out, ".*"); /* it matches nothing, which can't be written */
		return;
	}
	buf_str(out, "(?:");
	if (has_bytes(s))
		write_bytes(s, false, out);
	for (unsigned i = 0; i < s->nothers; i++) {
		char bytes[4];
		size_t n = utf8_encode(s->others[i], bytes);

		if (i > 0 || has_bytes(s))
			buf_char(out, '|');
		for (size_t k = 0; k < n; k++)
			buf_printf(out, "\\x%02x", (unsigned char)bytes[k]);
	}
	buf_char(out, ')');
}

/* Write how often. */
static void
write_count(uint32_t min, uint32_t max, struct buf *out)
{
	min = min > COUNT_MAX ? COUNT_MAX : min;
	if (max > COUNT_MAX)
		buf_printf(out, "{%u,}", min);
	else
		buf_printf(out, "{%u,%u}", min, max);
}

/* Write a repetition. */
static void
write_repeat(const struct node *n, struct buf *out)
{
	const struct node *child = n->first;

	if (is_empty(child) || n->max == 0)
		return;
	/* where bytes aren't counted to the end, characters need not be told apart */
	if (child->type == NODE_SET && child->set->wide && n->max > COUNT_MAX) {
		write_bytes(child->set, true, out);
		write_count(n->min, n->max, out);
		return;
	}
	buf_str(out, "(?:");
	write_node(child, false, out);
	buf_char(out, ')');
	write_count(n->min, n->max, out);
}

/* Write a node. */
static void
write_node(const struct node *n, bool anchors, struct buf *out)
{
	switch (n->type) {
	case NODE_EMPTY:
	case NODE_LOOK:
	case NODE_NOT:
		return;
	case NODE_START:
	case NODE_END:
		if (anchors)
			buf_char(out, n->type == NODE_START ? '^' : '$');
		return;
	case NODE_ANY:
		buf_str(out, ".*");
		return;
	case NODE_SET:
		write_set(n->set, out);
		return;
	case NODE_CAT:
		for (const struct node *child = n->first; child != NULL; child = child->next)
			write_node(child, anchors, out);
		return;
	case NODE_ALT:
		buf_str(out, "(?:");
		for (const struct node *child = n->first; child != NULL; child = child->next) {
			write_node(child, anchors, out);
			if (child->next != NULL)
				buf_char(out, '|');
		}
		buf_char(out, ')');
		return;
	case NODE_REPEAT:
		write_repeat(n, out);
		return;
	}
}

/* Write a tree. */
void
relax_write(const struct node *tree, bool anchors, struct buf *out)
{
	write_node(tree, anchors, out);
}

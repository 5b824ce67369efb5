/*
 * field.c - the value of one header field, as text
 */
#include "mail/field.h"

#include "mail/words.h"

/* True if the value says nothing else than it shows. */
static bool
is_plain(struct slice raw)
{
	for (size_t i = 0; i < raw.n; i++)
		if (raw.p[i] < ' ' || raw.p[i] > '~' ||
		    (raw.p[i] == '=' && i + 1 < raw.n && raw.p[i + 1] == '?'))
			return false;
	return true;
}

/* The text of a field. */
struct slice
field_decode(struct slice raw, struct arena *a)
{
	struct arena_mark mark = arena_mark(a);
	struct buf out = { 0 };

	if (raw.p == NULL || is_plain(raw))
		return slice_trim(raw);

	struct slice line = words_unfold(raw, a);

	if (line.p == NULL)
		return SLICE_ABSENT;
	words_decode(line, a, &out);
	arena_release(a, mark);
	return words_end(&out, a);
}

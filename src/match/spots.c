/*
 * spots.c - which patterns may match in each of some texts, and where
 */
#include "match/spots.h"

#include "base/limits.h"

#include <stdlib.h>

/* Make room for n things. */
static bool
fit(void **v, size_t *room, size_t n, size_t size)
{
	size_t wanted = *room > 0 ? *room : 16;
	void *more;

	if (n <= *room)
		return true;
	while (wanted < n)
		wanted *= 2;
	more = reallocarray(*v, wanted, size);
	if (more == NULL)
		return false;
	*v = more;
	*room = wanted;
	return true;
}

void
spots_add(struct spots *s, const struct multi_found *found)
{
	void *v = s->v, *ends = s->ends;

	if (s->full || found->n > LIMIT_SPOTS - s->n || s->ntexts == LIMIT_SPOTS) {
		s->full = true;
		return;
	}
	s->full = !fit(&v, &s->room, s->n + found->n, sizeof(*s->v)) ||
	    !fit(&ends, &s->text_room, s->ntexts + 1, sizeof(*s->ends));
	s->v = v;
	s->ends = ends;
	if (s->full)
		return;
	for (size_t i = 0; i < found->n; i++)
		s->v[s->n++] = (struct spot){ found->places[i], found->ids[i] };
	s->ends[s->ntexts++] = s->n;
}

/* The first from `from` to `to` that is not of a pattern below one. */
static size_t
first_from(const struct spots *s, size_t from, size_t to, size_t pattern)
{
	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (s->v[middle].pattern < pattern)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

bool
spots_of(const struct spots *s, size_t text, size_t first, size_t n, const struct spot **v,
    size_t *count)
{
	size_t from, end;

	if (text >= s->ntexts)
		return false;
	end = s->ends[text];
	from = first_from(s, text > 0 ? s->ends[text - 1] : 0, end, first);
	*v = s->n > 0 ? s->v + from : NULL; /* nothing is found: there may be no memory */
	*count = first_from(s, from, end, first + n) - from;
	return true;
}

void
spots_clear(struct spots *s)
{
	s->n = s->ntexts = 0;
	s->full = false;
}

void
spots_free(struct spots *s)
{
	free(s->v);
	free(s->ends);
	*s = (struct spots){ .n = 0 };
}

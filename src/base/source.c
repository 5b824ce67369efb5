/*
 * source.c - a file's text and the places in it
 *
 * Where lines begin is noted once, so that the line of a place is found fast: lists have a million
 * lines and ask for each.
 */
#include "base/buf.h"
#include "base/diag.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Note where each line begins. */
static void
index_lines(struct arena *a, struct source *s)
{
	const char *p = s->text.p, *end = p + s->text.n;
	uint32_t *lines;
	size_t n = 1;

	for (const char *nl = p; (nl = memchr(nl, '\n', (size_t)(end - nl))) != NULL; nl++)
		n++;
	lines = arena_alloc(a, n * sizeof(*lines)); /* the first begins at 0 */
	n = 1;
	for (const char *nl = p; (nl = memchr(nl, '\n', (size_t)(end - nl))) != NULL; nl++)
		lines[n++] = (uint32_t)(nl + 1 - p);
	s->lines = lines;
	s->nlines = n;
}

/* A source with a copy of a text. */
struct source *
source_text(struct diags *d, const char *name, struct slice text)
{
	struct source *s = arena_alloc(&d->arena, sizeof(*s));

	s->name = arena_slice(&d->arena, slice_str(name)).p;
	s->text = arena_slice(&d->arena, text.p != NULL ? text : SLICE(""));
	s->order = d->sources++;
	index_lines(&d->arena, s);
	return s;
}

/* Read until the end or until *b is cut; false with errno on failure. */
static bool
read_all(int fd, struct buf *b)
{
	char chunk[65536];
	ssize_t n;

	while (!b->cut) {
		n = read(fd, chunk, sizeof(chunk));
		if (n == 0)
			return true;
		if (n > 0)
			buf_add(b, slice_of(chunk, (size_t)n));
		else if (errno != EINTR)
			return false;
	}
	errno = b->n == b->limit ? EFBIG : ENOMEM;
	return false;
}

/* Read a file whole. */
struct source *
source_read(struct diags *d, const char *path, size_t max)
{
	struct buf b = { .limit = max };
	struct source *s = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC), saved;

	if (fd < 0)
		return NULL;
	if (read_all(fd, &b))
		s = source_text(d, path, buf_slice(&b));
	saved = errno;
	close(fd);
	buf_free(&b);
	errno = saved;
	return s;
}

/* Index of the line of an offset. */
static size_t
line_of(const struct source *s, uint32_t at)
{
	size_t low = 0, high = s->nlines; /* lines[low] <= at < lines[high] */

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (s->lines[middle] <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Line and column of an offset. */
void
source_place(const struct source *s, uint32_t at, unsigned *line, unsigned *col)
{
	size_t i = line_of(s, at);
	unsigned c = 1;

	/* a character is what begins with a byte that continues none */
	for (uint32_t j = s->lines[i]; j < at && j < s->text.n; j++)
		c += ((unsigned char)s->text.p[j] & 0xc0) != 0x80;
	*line = (unsigned)i + 1;
	*col = c;
}

/* The line of a span. */
unsigned
span_line(struct span s)
{
	return s.source != NULL ? (unsigned)line_of(s.source, s.at) + 1 : 0;
}

/* The bytes of a span. */
struct slice
span_slice(struct span s)
{
	if (s.source == NULL)
		return SLICE_ABSENT;

	size_t n = s.source->text.n;
	size_t at = s.at < n ? s.at : n;

	return slice_of(s.source->text.p + at, s.n < n - at ? s.n : n - at);
}

/* The whole line on which a span begins, without its line end. */
struct slice
span_line_slice(struct span s)
{
	size_t i = line_of(s.source, s.at);
	const char *p = s.source->text.p + s.source->lines[i];
	size_t n = (i + 1 < s.source->nlines ? s.source->lines[i + 1] : s.source->text.n) -
	    s.source->lines[i];

	if (n > 0 && p[n - 1] == '\n')
		n--;
	if (n > 0 && p[n - 1] == '\r')
		n--;
	return slice_of(p, n);
}

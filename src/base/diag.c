/*
 * diag.c - mistakes: collected, sorted, shown
 *
 * Their number is bounded, and so is what is shown of a line; the words may quote any byte of a
 * file and are made harmless only when they are printed.
 */
#include "base/diag.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/utf8.h"

#include <stdlib.h>

#define WINDOW_COLUMNS 200 /* shown of a source line */
#define WINDOW_BEFORE 80   /* characters of it before the caret */

/* Start with no mistakes. */
void
diags_init(struct diags *d)
{
	*d = (struct diags){ 0 };
	arena_init(&d->arena, 0);
	d->arena.fatal = true;
	d->v = arena_alloc(&d->arena, (LIMIT_DIAGS + 1) * sizeof(*d->v));
}

/* Free the mistakes and the sources. */
void
diags_free(struct diags *d)
{
	arena_free(&d->arena);
	*d = (struct diags){ 0 };
}

/* A place for one more mistake; the spare one beyond LIMIT_DIAGS if there is none. */
static struct diag *
take_entry(struct diags *d, enum severity severity)
{
	if (d->n < LIMIT_DIAGS)
		return &d->v[d->n++];
	if (severity == DIAG_ERROR)
		for (size_t i = d->n; i > 0; i--)
			if (d->v[i - 1].severity == DIAG_WARNING)
				return &d->v[i - 1];
	return &d->v[d->n];
}

/* The mistake with these words at this place, NULL if it is new. */
static struct diag *
find_same(struct diags *d, enum severity severity, struct span at, const char *what)
{
	for (size_t i = 0; i < d->n; i++) {
		struct diag *g = &d->v[i];

		if (g->severity == severity && g->span.source == at.source && g->span.at == at.at &&
		    strcmp(g->what, what) == 0)
			return g;
	}
	return NULL;
}

/* Add a mistake. */
static struct diag *
add(struct diags *d, enum severity severity, struct span at, const char *fmt, va_list ap)
{
	unsigned *count = severity == DIAG_ERROR ? &d->errors : &d->warnings;
	char short_text[512], *text = short_text;
	struct diag *g;
	va_list again;

	va_copy(again, ap);
	int n = vsnprintf(short_text, sizeof(short_text), fmt, ap);

	if (n >= (int)sizeof(short_text)) {
		text = arena_alloc(&d->arena, (size_t)n + 1);
		vsnprintf(text, (size_t)n + 1, fmt, again);
	}
	va_end(again);

	g = find_same(d, severity, at, text);
	if (g != NULL)
		return g;
	g = take_entry(d, severity);
	*g = (struct diag){ .severity = severity, .span = at, .seq = d->errors + d->warnings };
	if (g != &d->v[LIMIT_DIAGS])
		g->what = text == short_text ? arena_slice(&d->arena, slice_str(text)).p : text;
	(*count)++;
	return g;
}

/* Add an error. */
struct diag *
diag_error(struct diags *d, struct span at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	struct diag *g = add(d, DIAG_ERROR, at, fmt, ap);

	va_end(ap);
	return g;
}

/* Add a warning. */
struct diag *
diag_warn(struct diags *d, struct span at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	struct diag *g = add(d, DIAG_WARNING, at, fmt, ap);

	va_end(ap);
	return g;
}

/* Say what to do. */
void
diag_hint(struct diags *d, struct diag *g, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	if (g == &d->v[LIMIT_DIAGS])
		return;
	va_start(ap, fmt);
	int n = vasprintf(&text, fmt, ap);

	va_end(ap);
	if (n < 0)
		return;
	g->hint = arena_slice(&d->arena, slice_str(text)).p;
	free(text);
}

/* Order by file, place, and time of finding. */
static int
compare(const void *x, const void *y)
{
	const struct diag *a = x, *b = y;
	const struct source *s = a->span.source, *t = b->span.source;

	if (s != t) {
		if (s == NULL || t == NULL)
			return s == NULL ? -1 : 1;
		return s->order < t->order ? -1 : 1;
	}
	if (s != NULL && a->span.at != b->span.at)
		return a->span.at < b->span.at ? -1 : 1;
	return (a->seq > b->seq) - (a->seq < b->seq);
}

/* Add the character at the start of s as a terminal may see it; returns its bytes in s. */
static size_t
add_harmless(struct buf *out, struct slice s, uint32_t *code)
{
	size_t n = utf8_decode(s, code);

	if (*code == '\t' || utf8_harmless(*code))
		buf_add(out, slice_of(s.p, n));
	else
		buf_str(out, "\xef\xbf\xbd");
	return n;
}

/* Print a text as a terminal may see it. */
static void
print_harmless(FILE *out, const char *text)
{
	struct buf b = { 0 };
	uint32_t code;

	for (struct slice s = slice_str(text); s.n > 0;) {
		size_t n = add_harmless(&b, s, &code);

		s = slice_of(s.p + n, s.n - n);
	}
	fwrite(b.p, 1, b.n, out);
	buf_free(&b);
}

/* Where to begin showing a long line so that the caret is seen. */
static size_t
window_start(struct slice line, size_t caret)
{
	size_t from = caret, floor = caret > 4 * WINDOW_BEFORE ? caret - 4 * WINDOW_BEFORE : 0;
	unsigned characters = 0;

	if (line.n <= WINDOW_COLUMNS)
		return 0;
	while (from > floor && characters < WINDOW_BEFORE)
		characters += ((unsigned char)line.p[--from] & 0xc0) != 0x80;
	return from;
}

/* Print the line of a span and mark the span below it. */
static void
print_source(FILE *out, struct span span)
{
	struct slice line = span_line_slice(span);
	size_t start = (size_t)(line.p - span.source->text.p);
	size_t caret = span.at - start < line.n ? span.at - start : line.n;
	size_t from = window_start(line, caret), columns = 0, i = from;
	struct buf text = { 0 }, marks = { 0 };

	if (from > 0) {
		buf_str(&text, "...");
		buf_str(&marks, "   ");
	}
	while (i < line.n && columns < WINDOW_COLUMNS) {
		uint32_t code;
		size_t n = add_harmless(&text, slice_of(line.p + i, line.n - i), &code);
		unsigned width = utf8_harmless(code) ? utf8_width(code) : 1;
		char mark = i <= caret ? '^' : '~';

		if (i + n <= caret)
			mark = code == '\t' ? '\t' : ' ';
		if (i <= caret || i < caret + span.n)
			for (unsigned w = 0; w < width; w++, mark = mark == '^' ? '~' : mark)
				buf_char(&marks, mark);
		columns += width;
		i += n;
	}
	if (caret == line.n)
		buf_char(&marks, '^');
	if (i < line.n)
		buf_str(&text, "...");
	if (line.n > 0)
		fprintf(out, "  %.*s\n  %.*s\n", SLICE_ARG(buf_slice(&text)),
		    SLICE_ARG(buf_slice(&marks)));
	buf_free(&text);
	buf_free(&marks);
}

/* Print one mistake. */
static void
print(FILE *out, const struct diag *g)
{
	unsigned line, col;

	if (g->span.source != NULL) {
		source_place(g->span.source, g->span.at, &line, &col);
		print_harmless(out, g->span.source->name);
		fprintf(out, ":%u:%u: ", line, col);
	}
	fputs(g->severity == DIAG_ERROR ? "error: " : "warning: ", out);
	print_harmless(out, g->what);
	fputc('\n', out);
	if (g->span.source != NULL)
		print_source(out, g->span);
	if (g->hint != NULL) {
		fputs("  hint: ", out);
		print_harmless(out, g->hint);
		fputc('\n', out);
	}
}

/* Print all, sorted by place. */
void
diags_print(struct diags *d, FILE *out)
{
	size_t total = (size_t)d->errors + d->warnings;

	if (d->n > 0)
		qsort(d->v, d->n, sizeof(*d->v), compare);
	for (size_t i = 0; i < d->n; i++)
		print(out, &d->v[i]);
	if (total > d->n)
		fprintf(out, "%zu more mistakes are not shown\n", total - d->n);
}

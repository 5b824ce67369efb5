/*
 * mime.c - the structure of a message
 *
 * One pass over the lines, with a stack of the parts that are open; a line that is the boundary of
 * one of them ends all that are within it. Only lines that begin with `--` are looked at, and lines
 * are told apart only where a `-` is: most of a message costs one search for that.
 *
 * GMime's parser does not do here. A message of 32 MB can have three million parts, for which it
 * takes 4 GB; its nesting of 1,024 makes each line that begins with `--` cost 5 us; neither can be
 * bounded from outside, and GLib ends the program when memory is gone. What is no header field at
 * the front of a part, and all of a multipart whose boundary is not found, is lost in it; readers
 * are shown both.
 */
#include "mail/mime.h"

#include "base/limits.h"
#include "mail/field.h"
#include "mail/mime_in.h"

/* A part whose end is not found yet. */
struct level {
	struct level *outer;
	struct mime_part *part;
	struct slice boundary; /* without the `--` before it; absent if it is no multipart */
	struct slice seen; /* another that its first part begins with, whatever its field says */
};

struct scan {
	struct mime *m;
	struct slice rest;  /* not read yet */
	struct level *open; /* innermost */
	size_t boundaries;  /* that they have */
};

static void scan_parts(struct mime *m, struct slice source, struct mime_part *part, bool head);

void
mime_cut(struct mime *m, const char *limit)
{
	if (m->cut == NULL)
		m->cut = limit;
}

/* The length of the first line of s with its line end; *bare is the line without it. */
static size_t
line_length(struct slice s, struct slice *bare)
{
	const char *end = memchr(s.p, '\n', s.n);
	size_t n = end != NULL ? (size_t)(end - s.p) : s.n;

	*bare = slice_of(s.p, n);
	if (end != NULL && n > 0 && s.p[n - 1] == '\r')
		bare->n--;
	return n + (end != NULL);
}

/* Take n bytes off the front. */
static void
skip(struct slice *s, size_t n)
{
	*s = slice_of(s->p + n, s->n - n);
}

/* s without white space at its end. */
static struct slice
trim_right(struct slice s)
{
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* True if a line, without its `--`, is a boundary. *last: it closes. */
static bool
is_boundary(struct slice line, struct slice b, bool *last)
{
	if (b.p == NULL || line.n < b.n || line.n > b.n + 2 || line.n == b.n + 1 ||
	    memcmp(line.p, b.p, b.n) != 0)
		return false;
	*last = line.n > b.n;
	return !*last || memcmp(line.p + b.n, "--", 2) == 0;
}

/* The open part whose boundary a line is, innermost first; NULL if it is none. *last: it closes. */
static struct level *
boundary_of(const struct scan *s, struct slice line, bool *last)
{
	if (s->boundaries == 0 || line.n < 2 || line.p[0] != '-' || line.p[1] != '-')
		return NULL;
	line = trim_right(slice_of(line.p + 2, line.n - 2));
	for (struct level *l = s->open; l != NULL; l = l->outer)
		if (is_boundary(line, l->boundary, last) || is_boundary(line, l->seen, last))
			return l;
	return NULL;
}

/* A new part at the end of the list; NULL at a limit. */
static struct mime_part *
add_part(struct mime *m, struct mime_part *parent)
{
	struct mime_part *p;

	if (m->nparts >= m->limits.parts) {
		mime_cut(m, "parts");
		return NULL;
	}
	p = arena_alloc(m->arena, sizeof(*p));
	if (p == NULL) {
		mime_cut(m, "memory");
		return NULL;
	}
	p->parent = parent;
	p->depth = parent != NULL ? parent->depth + 1 : 0;
	if (m->last != NULL)
		m->last->next = p;
	else
		m->parts = p;
	m->last = p;
	m->nparts++;
	return p;
}

/* Keep what a field says of a part, unless one before it has. */
static void
take_field(struct mime_part *p, struct slice name, struct slice value)
{
	struct slice *to = NULL;

	if (slice_eq_nocase(name, SLICE("content-type")))
		to = &p->content_type;
	else if (slice_eq_nocase(name, SLICE("content-disposition")))
		to = &p->disposition;
	else if (slice_eq_nocase(name, SLICE("content-transfer-encoding")))
		to = &p->transfer_encoding;
	else if (p->parent != NULL && p->parent->kind == MIME_MESSAGE &&
	    slice_eq_nocase(name, SLICE("subject")))
		to = &p->subject;
	if (to != NULL && to->p == NULL)
		*to = value;
}

/* The name of the header field that begins in a line; absent if none does. */
static struct slice
field_name(struct slice line)
{
	size_t n = 0;

	while (n < line.n && line.p[n] > ' ' && line.p[n] < 0x7f && line.p[n] != ':')
		n++;

	struct slice name = slice_of(line.p, n);

	while (n < line.n && (line.p[n] == ' ' || line.p[n] == '\t'))
		n++;
	return name.n > 0 && n < line.n && line.p[n] == ':' ? name : SLICE_ABSENT;
}

/* True if s begins with a field that tells of a part. */
static bool
begins_with_content(struct slice s)
{
	struct slice line, name;

	line_length(s, &line);
	name = field_name(line);
	return name.n > 8 && slice_eq_nocase(slice_of(name.p, 8), SLICE("content-"));
}

/* True if the header goes on behind what is no field: one that tells of the part is still to come.
 */
static bool
goes_on(const struct scan *s)
{
	struct slice rest = s->rest, line;
	bool last;

	for (size_t n; rest.n > 0; skip(&rest, n)) {
		n = line_length(rest, &line);
		if (line.n == 0 || boundary_of(s, line, &last) != NULL)
			return false;
		if (begins_with_content(rest))
			return true;
	}
	return false;
}

/* Read the header of a part. A line that can't be of one is passed over as long as the header goes
 * on, else it is the first of the content, and so is what follows an empty line; a boundary is left
 * for others to see. */
static void
read_head(struct scan *s, struct mime_part *p)
{
	struct slice name = SLICE_ABSENT, value = SLICE_ABSENT, line;
	bool first = true, passed = false, last;

	for (size_t n; s->rest.n > 0; skip(&s->rest, n), first = false) {
		n = line_length(s->rest, &line);
		if (name.p != NULL && line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t')) {
			value.n = (size_t)(line.p + line.n - value.p);
			continue;
		}
		if (name.p != NULL)
			take_field(p, name, value);
		name = SLICE_ABSENT;
		if (line.n == 0) {
			skip(&s->rest, n);
			return;
		}
		if (boundary_of(s, line, &last) != NULL)
			return;
		name = field_name(line);
		if (name.p == NULL && !(first && line.n > 5 && memcmp(line.p, "From ", 5) == 0)) {
			passed = passed || goes_on(s);
			if (!passed)
				return;
		}
		if (name.p != NULL) {
			const char *colon = memchr(line.p + name.n, ':', line.n - name.n);

			value = slice_of(colon + 1, (size_t)(line.p + line.n - colon - 1));
		}
	}
	if (name.p != NULL)
		take_field(p, name, value);
}

/* Whether s begins so. */
static bool
has_prefix(struct slice s, struct slice prefix)
{
	return s.n >= prefix.n && memcmp(s.p, prefix.p, prefix.n) == 0;
}

/* The type of a part: what its field says, or what it means that it says nothing, or nonsense. */
static struct slice
type_of(struct mime *m, const struct mime_part *p)
{
	struct slice type = field_token(p->content_type, m->arena), rest;

	if (type.p == NULL && p->content_type.p != NULL)
		mime_cut(m, "memory");
	if (slice_eq(type, SLICE("multipart")))
		return SLICE("multipart/mixed");
	if (type.p != NULL && slice_cut(type, '/', &rest).n > 0 && rest.n > 0)
		return type;
	if (p->parent != NULL && slice_eq(p->parent->type, SLICE("multipart/digest")))
		return SLICE("message/rfc822");
	return SLICE("text/plain");
}

/* Whether a type is that of a message within. The first piece of one that was split has its header,
 * the others are text without. */
static bool
is_message(struct slice type)
{
	return slice_eq(type, SLICE("message/rfc822")) ||
	    slice_eq(type, SLICE("message/rfc2822")) || slice_eq(type, SLICE("message/global")) ||
	    slice_eq(type, SLICE("message/news")) || slice_eq(type, SLICE("message/partial"));
}

/* The start of the first line of s with a `-` in it, or the end: files have none for megabytes. */
static const char *
dashed_line(struct slice s)
{
	const char *dash = s.p[0] == '-' ? s.p : memchr(s.p, '-', s.n), *feed;

	if (dash == NULL)
		return s.p + s.n;
	feed = memrchr(s.p, '\n', (size_t)(dash - s.p));
	return feed != NULL ? feed + 1 : s.p;
}

/* The boundary that a multipart has in the message, where its field says another, or none: a line
 * `--…` before all that are known to be one, and a part's field behind it. There are many ways to
 * write a field that readers understand each in their own. */
static struct slice
boundary_seen(const struct scan *s)
{
	struct slice rest = s->rest, line;
	bool last;

	while (rest.n > 0) {
		skip(&rest, (size_t)(dashed_line(rest) - rest.p));
		skip(&rest, line_length(rest, &line));
		if (boundary_of(s, line, &last) != NULL)
			break;
		if (line.n > 2 && memcmp(line.p, "--", 2) == 0 && begins_with_content(rest))
			return trim_right(slice_of(line.p + 2, line.n - 2));
	}
	return SLICE_ABSENT;
}

/* Put a part on the stack, its content begins here. Returns the part that it begins with: the
 * message of one that holds a message as it is; else NULL. */
static struct mime_part *
open_part(struct scan *s, struct mime_part *p)
{
	struct mime *m = s->m;
	struct level *l = arena_alloc(m->arena, sizeof(*l));
	struct slice boundary;
	bool multipart, message;

	p->body = slice_of(s->rest.p, 0);
	p->type = type_of(m, p);
	p->encoding = transfer_named(field_token(p->transfer_encoding, m->arena));
	if (l == NULL) {
		mime_cut(m, "memory");
		return NULL;
	}
	*l = (struct level){ s->open, p, SLICE_ABSENT, SLICE_ABSENT };
	s->open = l;

	multipart = has_prefix(p->type, SLICE("multipart/"));
	message = is_message(p->type);
	if ((multipart || message) && p->depth >= m->limits.nesting) {
		mime_cut(m, "nesting");
		return NULL;
	}
	if (multipart) {
		p->kind = MIME_MULTIPART;
		if (field_parameter(p->content_type, SLICE("boundary"), m->arena, &boundary)) {
			l->boundary = trim_right(boundary);
			s->boundaries++;
		}
		l->seen = boundary_seen(s);
		s->boundaries += l->seen.p != NULL;
	} else if (message) {
		p->kind = MIME_MESSAGE;
		return p->encoding == TRANSFER_NONE ? add_part(m, p) : NULL;
	}
	return NULL;
}

/* Open a part, with its header before it if `head`, and what it begins with. */
static void
begin_part(struct scan *s, struct mime_part *p, bool head)
{
	for (; p != NULL; head = true) {
		if (head)
			read_head(s, p);
		p = open_part(s, p);
	}
}

/* Find the parts of a message within that is encoded. */
static void
scan_encoded(struct mime *m, struct mime_part *p)
{
	struct slice source = mime_decode(m, p, m->arena);
	struct mime_part *inner = add_part(m, p);

	if (inner != NULL)
		scan_parts(m, source, inner, true);
}

/* Take the innermost part off the stack; its content goes up to `end`. */
static void
close_part(struct scan *s, const char *end)
{
	struct level *l = s->open;
	struct mime_part *p = l->part;

	s->open = l->outer;
	s->boundaries -= (l->boundary.p != NULL) + (l->seen.p != NULL);
	if (end > p->body.p)
		p->body.n = (size_t)(end - p->body.p);
	if (p != s->m->last) /* it has parts */
		return;
	if (p->kind == MIME_MULTIPART) {
		p->kind = MIME_LEAF;
		p->type = SLICE("text/plain");
	} else if (p->kind == MIME_MESSAGE && p->encoding != TRANSFER_NONE)
		scan_encoded(s->m, p);
	if (p->kind == MIME_MESSAGE && p == s->m->last)
		p->kind = MIME_LEAF;
}

/* Read on to the next boundary; NULL if there is none. */
static struct level *
next_boundary(struct scan *s, bool *last)
{
	struct slice line;
	struct level *l;

	while (s->boundaries > 0 && s->rest.n > 0) {
		skip(&s->rest, (size_t)(dashed_line(s->rest) - s->rest.p));

		size_t n = line_length(s->rest, &line);

		l = boundary_of(s, line, last);
		if (l != NULL)
			return l;
		skip(&s->rest, n);
	}
	return NULL;
}

/* The end of what stands before a boundary line: the line end before it belongs to that. */
static const char *
before_line(const char *line, const char *start)
{
	if (line > start && line[-1] == '\n')
		line--;
	if (line > start && line[-1] == '\r')
		line--;
	return line;
}

/* Find all parts of a part, which begins in `source`, with its header if `head`. */
static void
scan_parts(struct mime *m, struct slice source, struct mime_part *part, bool head)
{
	struct scan s = { .m = m, .rest = source };
	const char *end = source.p + source.n;
	struct level *at;
	bool last;

	begin_part(&s, part, head);
	while ((at = next_boundary(&s, &last)) != NULL) {
		struct slice line;
		struct mime_part *p;

		while (s.open != at)
			close_part(&s, before_line(s.rest.p, source.p));
		skip(&s.rest, line_length(s.rest, &line));
		if (last)
			continue;
		p = add_part(m, at->part);
		if (p == NULL) {
			end = before_line(line.p, source.p);
			break;
		}
		begin_part(&s, p, true);
	}
	while (s.open != NULL)
		close_part(&s, end);
}

struct mime *
mime_parse(const struct mime_field *fields, size_t nfields, struct slice body,
    const struct mime_limits *limits, struct arena *a)
{
	static const struct mime_limits none;
	struct mime *m = arena_alloc(a, sizeof(*m));
	struct mime_part *p;

	if (m == NULL)
		return NULL;
	if (limits == NULL)
		limits = &none;
	m->arena = a;
	m->limits = (struct mime_limits){
		.parts = limits->parts != 0 ? limits->parts : LIMIT_MIME_PARTS,
		.nesting = limits->nesting != 0 ? limits->nesting : LIMIT_MIME_NESTING,
		.decoded = limits->decoded != 0 ? limits->decoded : LIMIT_MIME_DECODED,
	};
	p = add_part(m, NULL);
	if (p == NULL)
		return NULL;
	for (size_t i = 0; i < nfields; i++)
		take_field(p, fields[i].name, fields[i].value);
	scan_parts(m, body.p != NULL ? body : SLICE(""), p, false);
	return m;
}

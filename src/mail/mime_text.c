/*
 * mime_text.c - what the parts of a message hold
 */
#include "base/limits.h"
#include "base/utf8.h"
#include "mail/charset.h"
#include "mail/field.h"
#include "mail/flowed.h"
#include "mail/mime_in.h"

/* Decode a part's body into the arena, `left` bytes of it at most; *cut says if there were more. */
static struct slice
decode(const struct mime_part *p, size_t left, struct arena *a, bool *cut)
{
	struct transfer_reader r = transfer_begin(p->encoding, p->body);
	size_t most = p->body.n < left ? p->body.n : left; /* nothing gets longer */
	char *out = arena_alloc(a, most + TRANSFER_ROOM);
	size_t n = 0, got;

	if (out == NULL)
		return SLICE_ABSENT;
	while (n <= most && (got = transfer_read(&r, out + n, most + TRANSFER_ROOM - n)) > 0)
		n += got;
	*cut = n > most;
	return slice_of(out, *cut ? most : n);
}

struct slice
mime_decode(struct mime *m, const struct mime_part *p, struct arena *a)
{
	size_t left = m->limits.decoded - m->decoded;
	struct slice content;
	bool cut;

	if (p->encoding == TRANSFER_NONE) {
		cut = p->body.n > left;
		content = slice_of(p->body.p, cut ? left : p->body.n);
	} else {
		content = decode(p, left, a, &cut);
	}
	if (content.p == NULL) {
		mime_cut(m, "memory");
		return SLICE("");
	}
	if (cut)
		mime_cut(m, "decoded");
	m->decoded += content.n;
	return content;
}

/* Whether a part is text, be it shown or not. */
static bool
is_text(const struct mime_part *p)
{
	return p->kind == MIME_LEAF &&
	    (slice_eq(p->type, SLICE("application/xhtml+xml")) ||
		(p->type.n > 5 && memcmp(p->type.p, "text/", 5) == 0));
}

/* Whether a text is the source of HTML. */
static bool
is_html(const struct mime_part *p)
{
	return slice_eq(p->type, SLICE("text/html")) ||
	    slice_eq(p->type, SLICE("text/x-amp-html")) ||
	    slice_eq(p->type, SLICE("application/xhtml+xml"));
}

/* Whether a reader is shown a part as text. Of a message that is nothing but an attached text there
 * is nothing else to show, and alternatives are one, whatever each says. */
static bool
is_shown(struct mime *m, const struct mime_part *p)
{
	struct slice how;

	if (!is_text(p))
		return false;
	if (p->parent == NULL || p->parent->kind == MIME_MESSAGE ||
	    slice_eq(p->parent->type, SLICE("multipart/alternative")))
		return true;
	how = field_token(p->disposition, m->arena);
	return !slice_eq(how, SLICE("attachment"));
}

/* The charset that the source of HTML names near its front, as browsers look for it; absent if it
 * names none. UTF-16 can't be named so: it would not be found. */
static struct slice
html_charset(struct slice source)
{
	static const struct slice key = { "charset=", 8 };
	size_t end = source.n < LIMIT_HTML_CHARSET ? source.n : LIMIT_HTML_CHARSET;

	for (size_t i = 0; i + key.n < end; i++) {
		size_t n = 0;

		if (!slice_eq_nocase(slice_of(source.p + i, key.n), key))
			continue;
		i += key.n;
		while (i < end && (source.p[i] == '"' || source.p[i] == '\'' || source.p[i] == ' '))
			i++;
		while (i + n < end && strchr("\"' ;/>", source.p[i + n]) == NULL)
			n++;
		if (n >= 6 && slice_eq_nocase(slice_of(source.p + i, 6), SLICE("utf-16")))
			return SLICE_ABSENT;
		return slice_of(source.p + i, n);
	}
	return SLICE_ABSENT;
}

/* Take the NULs out of a text; returns its new length. */
static size_t
drop_nul(char *text, size_t n)
{
	const char *nul = memchr(text, '\0', n);
	size_t kept = nul != NULL ? (size_t)(nul - text) : n;

	for (size_t i = kept; i < n; i++)
		if (text[i] != '\0')
			text[kept++] = text[i];
	return kept;
}

/* A copy in which every line ends in LF, and there is no NUL. */
static struct slice
unix_lines(struct slice s, struct arena *a)
{
	char *text = arena_alloc(a, s.n + 1), *out = text;
	const char *at = s.p, *end = at + s.n;

	if (text == NULL)
		return SLICE_ABSENT;
	while (at < end) {
		const char *cr = memchr(at, '\r', (size_t)(end - at));
		size_t n = (size_t)((cr != NULL ? cr : end) - at);

		memcpy(out, at, n);
		out += n;
		at += n;
		if (at == end)
			break;
		*out++ = '\n';
		at += at + 1 < end && at[1] == '\n' ? 2 : 1;
	}
	return slice_of(text, drop_nul(text, (size_t)(out - text)));
}

/* Add an attachment at *end; returns the new end. */
static struct mime_attachment **
attach(struct mime *m, struct mime_attachment **end, struct mime_attachment at)
{
	struct mime_attachment *new = arena_alloc(m->arena, sizeof(*new));

	if (new == NULL) {
		mime_cut(m, "memory");
		return end;
	}
	*new = at;
	*end = new;
	return &new->next;
}

/* A file's name without the path that it may have. */
static struct slice
without_path(struct slice name)
{
	size_t i;

	while (name.n > 0 && (name.p[name.n - 1] == '/' || name.p[name.n - 1] == '\\'))
		name.n--;
	for (i = name.n; i > 0 && name.p[i - 1] != '/' && name.p[i - 1] != '\\'; i--)
		;
	return slice_of(name.p + i, name.n - i);
}

/* Take the uuencoded files out of a part's text. */
static void
take_files(struct mime *m, struct mime_part *p)
{
	struct mime_attachment **end = &p->files;
	struct slice rest = p->text;
	struct field_value *name;
	struct transfer_uu uu;
	char *out = NULL;
	size_t n = 0;

	while (transfer_find_uu(rest, &uu)) {
		size_t before = (size_t)(uu.whole.p - rest.p);

		if (m->nparts >= m->limits.parts) {
			mime_cut(m, "parts");
			break;
		}
		m->nparts++;
		if (out == NULL && (out = arena_alloc(m->arena, p->text.n)) == NULL) {
			mime_cut(m, "memory");
			return;
		}
		memcpy(out + n, rest.p, before);
		n += before;
		rest = slice_of(uu.whole.p + uu.whole.n, rest.n - before - uu.whole.n);
		name = arena_alloc(m->arena, sizeof(*name));
		if (name != NULL)
			name->text = without_path(uu.name);
		end = attach(m, end,
		    (struct mime_attachment){
			.names = name,
			.names_cut = name == NULL,
			.type = SLICE("application/octet-stream"),
			.encoding = TRANSFER_UU,
			.encoded = uu.whole,
		    });
	}
	if (out == NULL)
		return;
	memcpy(out + n, rest.p, rest.n);
	p->text = slice_of(out, n + rest.n);
}

/* Whether a parameter of Content-Type has a value, in any case. */
static bool
says(struct mime *m, const struct mime_part *p, struct slice name, struct slice value)
{
	struct slice is;

	return field_parameter(p->content_type, name, m->arena, &is) && slice_eq_nocase(is, value);
}

/* The text of a text part, got when it is first asked for. */
static void
get_text(struct mime *m, struct mime_part *p)
{
	struct slice content, charset;
	struct arena scratch;

	if (p->decoded)
		return;
	p->decoded = true;
	arena_init(&scratch, 0);
	content = mime_decode(m, p, &scratch);
	if (!field_parameter(p->content_type, SLICE("charset"), m->arena, &charset))
		charset = is_html(p) ? html_charset(content) : SLICE_ABSENT;
	content = charset_to_utf8(content, charset, &scratch);
	if (content.p != NULL)
		p->text = unix_lines(content, m->arena);
	arena_free(&scratch);
	if (p->text.p != NULL && !is_html(p)) {
		take_files(m, p);
		if (says(m, p, SLICE("format"), SLICE("flowed")))
			p->text = flowed_join(
			    p->text, says(m, p, SLICE("delsp"), SLICE("yes")), m->arena);
	}
	if (p->text.p == NULL) {
		p->text = SLICE("");
		mime_cut(m, "memory");
	}
}

/* Add a text at *end; returns the new end. */
static struct mime_text **
add_text(struct mime *m, struct mime_text **end, struct slice text, bool html)
{
	struct mime_text *new;

	if (text.n == 0)
		return end;
	new = arena_alloc(m->arena, sizeof(*new));
	if (new == NULL) {
		mime_cut(m, "memory");
		return end;
	}
	*new = (struct mime_text){ .text = text, .html = html };
	*end = new;
	return &new->next;
}

const struct mime_text *
mime_texts(struct mime *m)
{
	struct mime_text **end = &m->texts;

	if (m->texts_there)
		return m->texts;
	m->texts_there = true;
	for (struct mime_part *p = m->parts; p != NULL; p = p->next) {
		if (p->subject.p != NULL)
			end = add_text(m, end, field_decode(p->subject, m->arena), false);
		if (is_shown(m, p)) {
			get_text(m, p);
			end = add_text(m, end, p->text, is_html(p));
		}
	}
	return m->texts;
}

/* Add the names that a field gives a file. */
static void
add_names(struct mime *m, struct slice field, struct slice parameter, struct mime_attachment *at)
{
	struct field_value *next;

	for (struct field_value *v = field_values(field, parameter, m->arena, &at->names_cut);
	     v != NULL; v = next) {
		struct field_value **end = &at->names;

		next = v->next;
		v->next = NULL;
		v->text = without_path(v->text);
		while (*end != NULL && !slice_eq((*end)->text, v->text))
			end = &(*end)->next;
		if (*end == NULL)
			*end = v;
	}
}

const struct mime_attachment *
mime_attachments(struct mime *m)
{
	struct mime_attachment **end = &m->attachments;

	if (m->attachments_there)
		return m->attachments;
	m->attachments_there = true;
	/* The texts have uuencoded files, and are decoded first whoever asks: so what the limits
	 * let through is always the same. */
	mime_texts(m);
	for (struct mime_part *p = m->parts; p != NULL; p = p->next) {
		struct mime_attachment at = {
			.type = p->type,
			.encoding = p->encoding,
			.encoded = p->body,
		};

		add_names(m, p->disposition, SLICE("filename"), &at);
		add_names(m, p->content_type, SLICE("name"), &at);
		if (p->kind != MIME_MULTIPART && (at.names != NULL || !is_shown(m, p)))
			end = attach(m, end, at);
		*end = p->files;
		while (*end != NULL)
			end = &(*end)->next;
	}
	return m->attachments;
}

unsigned long long
mime_size(const struct mime_attachment *at)
{
	return transfer_size(at->encoding, at->encoded);
}

void
mime_content(const struct mime_attachment *at, struct buf *out)
{
	transfer_decode(at->encoding, at->encoded, out);
}

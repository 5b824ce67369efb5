/*
 * content_text.c - the texts of a message
 */
#include "base/limits.h"
#include "mail/html.h"
#include "session/content_in.h"

void
content_note_mime(struct session *s, const struct mime *m)
{
	static const struct {
		const char *word;
		enum limited why;
	} limits[] = {
		{ "parts", LIMITED_PARTS },
		{ "nesting", LIMITED_NESTING },
		{ "decoded", LIMITED_DECODED },
		{ "memory", LIMITED_MEMORY },
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits) && m->cut != NULL; i++)
		if (strcmp(limits[i].word, m->cut) == 0)
			content_limit(s, limits[i].why);
}

struct mime *
content_mime(struct session *s)
{
	struct content *c = content_of(s);
	struct mime_limits limits = { s->env->max_parts, s->env->max_nesting, s->env->max_decoded };
	struct arena_mark mark = arena_mark(&s->scratch);
	struct mime_field *fields;

	if (c == NULL || c->parsed)
		return c != NULL ? c->mime : NULL;
	c->parsed = true;
	fields = arena_alloc(&s->scratch, (s->nheaders + 1) * sizeof(*fields));
	for (size_t i = 0; fields != NULL && i < s->nheaders; i++)
		fields[i] = (struct mime_field){ s->headers[i].name, s->headers[i].value };
	if (fields != NULL)
		c->mime =
		    mime_parse(fields, s->nheaders, buf_slice(&s->body), &limits, &s->decoded);
	arena_release(&s->scratch, mark);
	if (c->mime == NULL)
		content_limit(s, LIMITED_MEMORY);
	else
		content_note_mime(s, c->mime);
	return c->mime;
}

const struct mime_text *
content_texts(struct session *s, struct many *m)
{
	struct mime *mime = content_mime(s);
	const struct mime_text *t = mime != NULL ? mime_texts(mime) : NULL;

	if (mime != NULL)
		content_note_mime(s, mime);
	m->values.cut |= mime == NULL || mime->cut != NULL || s->body.cut || s->headers_cut;
	return t;
}

/* Read one HTML part. */
static struct page *
read_page(struct session *s, struct slice source)
{
	size_t most = s->env->max_decoded != 0 ? s->env->max_decoded : LIMIT_MIME_DECODED;
	struct html_out out = { .arena = &s->decoded, .text.limit = most, .hidden.limit = most };
	struct page *p = arena_alloc(&s->decoded, sizeof(*p));

	if (p == NULL) {
		content_limit(s, LIMITED_MEMORY);
		return NULL;
	}
	html_read(source, &out);
	p->seen = arena_slice(&s->decoded, buf_slice(&out.text));
	p->hidden = arena_slice(&s->decoded, buf_slice(&out.hidden));
	p->links = out.links;
	p->nlinks = out.n_links;
	p->links_cut = out.links_cut;
	p->url_cut = out.url_cut;
	p->cut = out.text.cut || out.hidden.cut || p->seen.p == NULL || p->hidden.p == NULL;
	if (p->cut)
		content_limit(s, LIMITED_MEMORY);
	if (out.styles_cut)
		content_limit(s, LIMITED_STYLES);
	buf_free(&out.text);
	buf_free(&out.hidden);
	return p;
}

/* Read the HTML parts. */
static void
read_pages(struct session *s, struct content *c, const struct mime_text *t)
{
	struct page **tail = &c->pages;

	c->has_pages = true;
	for (; t != NULL && !c->pages_cut; t = t->next) {
		if (!t->html)
			continue;
		*tail = read_page(s, t->text);
		if (*tail == NULL)
			c->pages_cut = true;
		else
			tail = &(*tail)->next;
	}
}

const struct page *
content_pages(struct session *s, struct many *m, const struct mime_text *t)
{
	struct content *c = content_of(s);

	if (c == NULL)
		return NULL; /* then m, which is in it, isn't either */
	if (!c->has_pages)
		read_pages(s, c, t);
	m->values.cut |= c->pages_cut;
	return c->pages;
}

void
content_make_body(struct session *s, struct many *m)
{
	const struct mime_text *t = content_texts(s, m);
	const struct page *p = content_pages(s, m, t);

	for (; t != NULL; t = t->next) {
		if (!t->html) {
			content_add(s, m, t->text);
			continue;
		}
		if (p == NULL)
			break;
		m->values.cut |= p->cut;
		content_add(s, m, p->seen);
		p = p->next;
	}
}

void
content_make_hidden(struct session *s, struct many *m)
{
	const struct mime_text *t = content_texts(s, m);

	for (const struct page *p = content_pages(s, m, t); p != NULL; p = p->next) {
		m->values.cut |= p->cut;
		content_add(s, m, p->hidden);
	}
}

void
content_make_html(struct session *s, struct many *m)
{
	for (const struct mime_text *t = content_texts(s, m); t != NULL; t = t->next)
		if (t->html)
			content_add(s, m, t->text);
}

/*
 * content_url.c - the URLs of a message
 *
 * In the order of its texts: those that a text shows, then those in the HTML's attributes.
 */
#include "mail/domain.h"
#include "mail/html.h"
#include "session/content_in.h"

/* Collect them. False on lack of memory. */
static bool
collect(struct session *s, struct content *c, struct many *m)
{
	const struct mime_text *t = content_texts(s, m);
	const struct page *p = content_pages(s, m, t);

	c->urls = arena_alloc(&s->decoded, sizeof(*c->urls));
	if (c->urls == NULL)
		return false;
	urls_init(c->urls, s->env->max_urls, &s->decoded);
	for (; t != NULL; t = t->next) {
		if (!t->html) {
			url_find(c->urls, t->text);
			continue;
		}
		if (p == NULL)
			break;
		url_find(c->urls, p->seen);
		for (size_t i = 0; i < p->nlinks; i++)
			url_add(c->urls, p->links[i].url);
		c->urls_cut |= p->cut || p->links_cut;
		c->url_cut |= p->url_cut;
		p = p->next;
	}
	c->urls_cut |= c->urls->cut;
	c->url_cut |= c->urls->shortened;
	if (c->urls_cut || c->url_cut)
		content_limit(s, LIMITED_URLS);
	c->urls_cut |= m->values.cut;
	return true;
}

/* The set of URLs; NULL on lack of memory. What is missing cuts m. */
static const struct urls *
urls(struct session *s, struct many *m)
{
	struct content *c = content_of(s);

	if (c == NULL || (c->urls == NULL && !collect(s, c, m))) {
		content_limit(s, LIMITED_MEMORY);
		m->values.cut = true;
		return NULL;
	}
	m->values.cut |= c->urls_cut;
	return c->urls;
}

void
content_make_urls(struct session *s, struct many *m)
{
	const struct urls *u = urls(s, m);

	m->values.cut |= u != NULL && s->content->url_cut;
	for (size_t i = 0; u != NULL && i < u->n; i++)
		content_add(s, m, u->v[i].url);
}

void
content_make_hosts(struct session *s, struct many *m)
{
	const struct urls *u = urls(s, m);

	for (size_t i = 0; u != NULL && i < u->n; i++)
		content_add_once(s, m, u->v[i].host);
}

void
content_make_domains(struct session *s, struct many *m)
{
	const struct urls *u = urls(s, m);

	for (size_t i = 0; u != NULL && i < u->n; i++)
		content_add_once(s, m, u->v[i].domain);
}

/* True if the text of a link names a host of somebody else than it leads to. */
static bool
is_disguised(struct session *s, struct slice seen, const struct html_link *link)
{
	struct slice text = html_link_text(seen, link);
	struct urls shown, target;

	if (link->kind != HTML_HREF || text.n == 0)
		return false;
	urls_init(&shown, 1, &s->scratch);
	urls_init(&target, 1, &s->scratch);
	url_find(&shown, text);
	if (shown.n == 0 || shown.v[0].host.p == NULL)
		return false;
	url_add(&target, link->url);
	return target.n > 0 && target.v[0].host.p != NULL &&
	    !domain_aligned(shown.v[0].host, target.v[0].host);
}

/* Add the disguised links of a page. */
static void
collect_disguised(struct session *s, const struct page *p, struct urls *found)
{
	for (size_t i = 0; i < p->nlinks && !found->cut; i++) {
		struct arena_mark mark = arena_mark(&s->scratch);

		if (is_disguised(s, p->seen, &p->links[i]))
			url_add(found, p->links[i].url);
		arena_release(&s->scratch, mark);
	}
}

void
content_make_disguised(struct session *s, struct many *m)
{
	const struct mime_text *t = content_texts(s, m);
	bool cut = false;
	struct urls found;

	urls_init(&found, s->env->max_urls, &s->decoded);
	for (const struct page *p = content_pages(s, m, t); p != NULL; p = p->next) {
		collect_disguised(s, p, &found);
		m->values.cut |= p->cut;
		cut |= p->links_cut;
	}
	for (size_t i = 0; i < found.n; i++)
		content_add_once(s, m, found.v[i].host);
	if (cut || found.cut)
		content_limit(s, LIMITED_URLS);
	m->values.cut |= cut || found.cut;
}

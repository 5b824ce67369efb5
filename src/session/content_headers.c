/*
 * content_headers.c - the headers of a message as its reader sees them
 */
#include "base/utf8.h"
#include "mail/domain.h"
#include "mail/field.h"
#include "session/content_in.h"

/* Parts of a header that facts have. */
enum part { PART_TEXT, PART_ADDR, PART_NAME, PART_LOCAL, PART_DOMAIN };

/* What is decoded of the i-th header; NULL on lack of memory. */
static struct decoded_header *
decoded(struct session *s, size_t i)
{
	struct content *c = content_of(s);

	if (c != NULL && c->headers == NULL)
		c->headers = arena_alloc(&s->decoded, s->nheaders * sizeof(*c->headers));
	if (c == NULL || c->headers == NULL) {
		content_limit(s, LIMITED_MEMORY);
		return NULL;
	}
	return &c->headers[i];
}

/* Its text; absent on lack of memory. */
static struct slice
text_of(struct session *s, size_t i, struct decoded_header *h)
{
	if (h->text.p == NULL)
		h->text = field_decode(s->headers[i].value, &s->decoded);
	if (h->text.p == NULL)
		content_limit(s, LIMITED_MEMORY);
	return h->text;
}

/* Have a mailbox's domain as it is in the DNS, and its address without what isn't seen there. False
 * on lack of memory. */
static bool
clean_domain(struct session *s, struct field_mailbox *b)
{
	struct slice domain = domain_of_mailbox(b->domain, &s->decoded);
	struct slice shown = domain_unicode(domain, &s->decoded);

	if (b->domain.n > 0 && !slice_eq_nocase(domain, b->domain) && !slice_eq(shown, b->domain))
		b->addr =
		    arena_printf(&s->decoded, "%.*s@%.*s", SLICE_ARG(b->local), SLICE_ARG(shown));
	if (b->domain.p != NULL && (domain.p == NULL || shown.p == NULL || b->addr.p == NULL)) {
		content_limit(s, LIMITED_MEMORY);
		return false;
	}
	b->domain = domain;
	return true;
}

/* Part it into mailboxes. */
static void
part_header(struct session *s, size_t i, struct decoded_header *h)
{
	if (h->parted)
		return;
	h->parted = true;
	h->nboxes = field_addresses(s->headers[i].value, &s->decoded, &h->boxes, &h->cut);
	if (h->cut)
		content_limit(s, LIMITED_ADDRESSES);
	for (size_t k = 0; k < h->nboxes; k++)
		h->cut |= !clean_domain(s, &h->boxes[k]);
}

/* True if a header is one of those named. */
static bool
is_named(const struct slice *names, size_t n, struct slice name)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq_nocase(names[i], name))
			return true;
	return false;
}

static struct slice
box_part(const struct field_mailbox *b, enum part part)
{
	switch (part) {
	case PART_ADDR:
		return b->addr;
	case PART_NAME:
		return b->name;
	case PART_LOCAL:
		return b->local;
	default:
		return b->domain;
	}
}

/* Add what one header gives to v, which may be NULL: then it is only counted. Returns how many
 * values. */
static size_t
header_values(struct session *s, size_t i, enum part part, struct value *v, bool *cut)
{
	struct decoded_header *h = decoded(s, i);
	size_t n = 0;

	if (h == NULL) {
		*cut = true;
		return 0;
	}
	if (part == PART_TEXT) {
		struct slice text = text_of(s, i, h);

		*cut |= text.p == NULL;
		if (text.p != NULL && v != NULL)
			*v = (struct value){ .text = text, .folded = &h->folded };
		return text.p != NULL;
	}
	part_header(s, i, h);
	*cut |= h->cut;
	for (size_t k = 0; k < h->nboxes; k++) {
		struct slice text = box_part(&h->boxes[k], part);

		if (text.n > 0 && v != NULL)
			v[n].text = text;
		n += text.n > 0;
	}
	return n;
}

/* Give the values of all headers of these names. */
static void
give(
    struct session *s, const struct slice *names, size_t nnames, enum part part, struct values *out)
{
	struct value *v;
	size_t n = 0;

	out->cut = s->headers_cut;
	for (size_t i = 0; i < s->nheaders; i++)
		if (is_named(names, nnames, s->headers[i].name))
			n += header_values(s, i, part, NULL, &out->cut);
	if (n == 0)
		return;
	v = arena_alloc(&s->scratch, n * sizeof(*v));
	if (v == NULL) {
		out->cut = true;
		return;
	}
	out->v = v;
	for (size_t i = 0; i < s->nheaders; i++)
		if (is_named(names, nnames, s->headers[i].name))
			v += header_values(s, i, part, v, &out->cut);
	out->n = (size_t)(v - out->v);
}

/* The part that a fact's last word names; the text if none does. */
static enum part
part_named(const char *fact)
{
	static const char *const words[] = { [PART_ADDR] = "addr",
		[PART_NAME] = "name",
		[PART_LOCAL] = "local",
		[PART_DOMAIN] = "domain" };
	const char *dot = strrchr(fact, '.');

	for (enum part p = PART_ADDR; dot != NULL && p <= PART_DOMAIN; p++)
		if (strcmp(dot + 1, words[p]) == 0)
			return p;
	return PART_TEXT;
}

void
content_header(struct session *s, const struct fact_ref *ref, struct values *out)
{
	give(s, ref->args, ref->nargs, part_named(ref->fact->name), out);
}

void
content_subject(struct session *s, const struct fact_ref *ref, struct values *out)
{
	(void)ref;
	give(s, &SLICE("Subject"), 1, PART_TEXT, out);
}

void
content_from(struct session *s, const struct fact_ref *ref, struct values *out)
{
	enum part part = part_named(ref->fact->name);

	give(s, &SLICE("From"), 1, part == PART_TEXT ? PART_ADDR : part, out);
}

/* `Name: text` of a header; absent on lack of memory. */
static struct slice
line_of(struct session *s, size_t i)
{
	struct decoded_header *h = decoded(s, i);
	struct slice name = utf8_clean(&s->decoded, s->headers[i].name);
	struct slice text = h != NULL ? text_of(s, i, h) : SLICE_ABSENT;
	char *line = NULL;

	if (name.p != NULL && text.p != NULL)
		line = arena_alloc(&s->decoded, name.n + 2 + text.n);
	if (line == NULL) {
		content_limit(s, LIMITED_MEMORY);
		return SLICE_ABSENT;
	}
	memcpy(line, name.p, name.n);
	memcpy(line + name.n, ": ", 2);
	memcpy(line + name.n + 2, text.p, text.n);
	return slice_of(line, name.n + 2 + text.n);
}

void
content_make_lines(struct session *s, struct many *m)
{
	m->values.cut = s->headers_cut;
	for (size_t i = 0; i < s->nheaders; i++) {
		struct slice line = line_of(s, i);

		m->values.cut |= line.p == NULL;
		content_add(s, m, line);
	}
}

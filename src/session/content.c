/*
 * content.c - what is in the message, decoded when it is first asked for
 *
 * An item of the table below is made when a rule first asks for it, from what other items have left
 * behind: the message is parsed once, an HTML part read once, a text folded once.
 */
#include "session/content.h"

#include "base/limits.h"
#include "mail/domain.h"
#include "mail/fold.h"
#include "session/content_in.h"

#include <sys/random.h>

/* The memory is the arena's. Places depend on a secret, as senders choose what is in the table. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(e) ((e)->listed = false)
#define uthash_malloc(n) arena_alloc(&s->decoded, n)
#define uthash_free(p, n) ((void)0)
#include <uthash.h>

struct known_value {
	UT_hash_handle hh;
	bool listed;
	char bytes[]; /* the secret, then the text */
};

static content_make_fn *const makers[CONTENT_ITEMS] = {
	[CONTENT_HEADER_LINES] = content_make_lines,
	[CONTENT_BODY] = content_make_body,
	[CONTENT_BODY_HTML] = content_make_html,
	[CONTENT_BODY_HIDDEN] = content_make_hidden,
	[CONTENT_FILE_NAME] = content_make_names,
	[CONTENT_FILE_TYPE] = content_make_types,
	[CONTENT_FILE_KIND] = content_make_kinds,
	[CONTENT_FILE_SIZE] = content_make_sizes,
	[CONTENT_FILE_TRAIT] = content_make_traits,
	[CONTENT_URL] = content_make_urls,
	[CONTENT_URL_HOST] = content_make_hosts,
	[CONTENT_URL_DOMAIN] = content_make_domains,
	[CONTENT_URL_DISGUISED] = content_make_disguised,
	[CONTENT_DKIM] = content_make_dkim,
	[CONTENT_DKIM_DOMAIN] = content_make_dkim_domains,
	[CONTENT_DMARC] = content_make_dmarc,
};

struct content *
content_of(struct session *s)
{
	if (s->content == NULL)
		s->content = arena_alloc(&s->decoded, sizeof(*s->content));
	if (s->content == NULL)
		content_limit(s, LIMITED_MEMORY);
	return s->content;
}

void
content_limit(struct session *s, enum limited why)
{
	s->limits |= why;
}

/* ---- collecting ---- */

/* Room for one more value. */
static struct value *
grow(struct session *s, struct many *m)
{
	size_t cap = m->cap == 0 ? 4 : m->cap * 2;
	struct value *v;

	if (m->values.n < m->cap)
		return &m->v[m->values.n];
	v = arena_alloc(&s->decoded, cap * sizeof(*v));
	if (v == NULL)
		return NULL;
	if (m->values.n > 0)
		memcpy(v, m->v, m->values.n * sizeof(*v));
	m->v = v;
	m->cap = cap;
	m->values.v = v;
	return &v[m->values.n];
}

/* Add a value whose text is not empty. */
static void
add(struct session *s, struct many *m, struct value value)
{
	struct value *v = grow(s, m);

	value.folded = arena_alloc(&s->decoded, sizeof(*value.folded));
	if (v == NULL || value.folded == NULL) {
		m->values.cut = true;
		content_limit(s, LIMITED_MEMORY);
		return;
	}
	*v = value;
	m->values.n++;
}

void
content_add(struct session *s, struct many *m, struct slice text)
{
	if (text.n > 0)
		add(s, m, (struct value){ .text = text });
}

void
content_add_number(struct session *s, struct many *m, unsigned long long number)
{
	struct slice text = arena_printf(&s->decoded, "%llu", number);

	if (text.p != NULL)
		add(s, m, (struct value){ .text = text, .number = (long long)number });
	m->values.cut |= text.p == NULL;
}

/* True if these values have this text already; else it is noted as theirs. Lack of memory cuts. */
static bool
is_known(struct session *s, struct many *m, struct slice text)
{
	struct arena_mark before = arena_mark(&s->decoded);
	size_t size = sizeof(m->secret) + text.n;
	struct known_value *key = arena_alloc(&s->decoded, sizeof(*key) + size), *old;
	unsigned hash;

	if (key == NULL) {
		m->values.cut = true;
		content_limit(s, LIMITED_MEMORY);
		return true;
	}
	/* Fails at most early after the machine's start: then it is as good as no secret. */
	if (m->known == NULL)
		(void)!getrandom(m->secret, sizeof(m->secret), GRND_NONBLOCK);
	memcpy(key->bytes, m->secret, sizeof(m->secret));
	memcpy(key->bytes + sizeof(m->secret), text.p, text.n);
	HASH_VALUE(key->bytes, size, hash);
	HASH_FIND_BYHASHVALUE(hh, m->known, key->bytes, size, hash, old);
	if (old != NULL) {
		arena_release(&s->decoded, before);
		return true;
	}
	key->listed = true;
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, m->known, key->bytes, (unsigned)size, hash, key);
	return false;
}

void
content_add_once(struct session *s, struct many *m, struct slice text)
{
	if (text.n > 0 && !is_known(s, m, text))
		content_add(s, m, text);
}

/* ---- asking ---- */

uint32_t
content_asks(const struct fact *f)
{
	return f->item != CONTENT_NONE ? 1u << f->item : 0;
}

/* An item, made if it isn't there. NULL on lack of memory. */
static const struct many *
item(struct session *s, enum content_item which)
{
	struct content *c = content_of(s);
	struct many *m;

	if (c == NULL)
		return NULL;
	m = &c->items[which];
	if (!m->there)
		makers[which](s, m);
	m->there = true;
	return m;
}

void
content_get(struct session *s, const struct fact_ref *ref, struct values *out)
{
	const struct many *m = item(s, ref->fact->item);

	if (m != NULL)
		*out = m->values;
	else
		out->cut = true;
}

bool
content_fold(struct session *s, const struct fact *f, const struct value *v, struct slice *out)
{
	struct arena *a = v->folded != NULL ? &s->decoded : &s->scratch;
	struct slice text = v->text;

	if (v->folded != NULL && v->folded->p != NULL) {
		*out = *v->folded;
		return true;
	}
	if (f->kind == KIND_NAME)
		text = domain_unicode(text, a);
	*out = fold_text(text, a);
	if (out->p == NULL) {
		content_limit(s, LIMITED_MEMORY);
		return v->text.p == NULL;
	}
	if (v->folded != NULL)
		*v->folded = *out;
	return true;
}

/* ---- limits ---- */

/* The names of a set of limits. */
static void
name_limits(unsigned set, struct buf *out)
{
	static const char *const names[] = { "max-headers", "max-header-size", "max-message-size",
		"max-parts", "max-nesting", "max-decoded-size", "max-urls", "max-archive-entries",
		"styles", "addresses", "results", "memory" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (set & 1u << i)
			buf_printf(out, "%s%s", out->n > 0 ? ", " : "", names[i]);
}

/* What came to light so far. */
static unsigned
limits(const struct session *s)
{
	return s->limits | (s->body.cut ? LIMITED_MESSAGE : 0);
}

void
content_limits(const struct session *s, struct buf *out)
{
	name_limits(limits(s), out);
}

/* What rules ask of the content is made first: the answer is the same wherever it is asked. How far
 * a rule has looked into the addresses of a header, and what others told, is no matter of that. */
void
content_truncated(struct session *s, const struct fact_ref *ref, struct values *out)
{
	struct buf names = { 0 };
	struct value *v;

	(void)ref;
	content_mime(s);
	for (enum content_item i = CONTENT_NONE + 1; i < CONTENT_ITEMS; i++)
		if (s->env->asked & 1u << i)
			item(s, i);
	name_limits(limits(s) & ~(unsigned)(LIMITED_ADDRESSES | LIMITED_RESULTS), &names);
	if (names.n == 0)
		return;
	v = arena_alloc(&s->scratch, sizeof(*v));
	if (v != NULL)
		v->text = arena_slice(&s->scratch, buf_slice(&names));
	buf_free(&names);
	if (v == NULL || v->text.p == NULL)
		out->cut = true;
	else
		*out = (struct values){ .v = v, .n = 1 };
}

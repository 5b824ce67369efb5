/*
 * html_sheet.c - style sheets of a mail
 *
 * Rules with the same selector are made one, and are found by a hash of it: an element costs as
 * many lookups as it has classes, however many rules there are.
 */
#include "mail/html_sheet.h"

#include "mail/html_token.h"

#include "base/limits.h"

#include <stdlib.h>

#define RULES 16   /* that there is room for at first */
#define SLOTS 4096 /* of the hash table; a power of two, more than twice LIMIT_HTML_RULES */
_Static_assert(SLOTS > 2 * LIMIT_HTML_RULES, "a table has room");

struct rule {
	struct slice tag;  /* empty: any */
	char kind;	   /* '.', '#', or 0 for the tag alone */
	struct slice name; /* of the class or id */
	uint32_t hash;
	unsigned order; /* of its last part in the source */
	struct html_style style;
};

struct html_sheet {
	unsigned n, room, order;
	struct rule *rule;
	uint16_t slot[SLOTS]; /* a rule's place and 1; 0: free */
};

/* ---- the table ---- */

static uint32_t
hash_slice(uint32_t hash, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		hash = (hash ^ ascii_lower((unsigned char)s.p[i])) * 16777619u;
	return hash;
}

static uint32_t
hash_selector(struct slice tag, char kind, struct slice name)
{
	uint32_t hash = hash_slice(2166136261u, tag);

	hash = (hash ^ (unsigned char)kind) * 16777619u;
	hash = hash_slice(hash, name);
	return hash ^ hash >> 15;
}

/* The slot of a selector, or the free one where it would be; NULL if neither is near. */
static const uint16_t *
find_slot(const struct html_sheet *s, uint32_t hash, struct slice tag, char kind, struct slice name)
{
	/* Collisions can be made on purpose: no more than a few are looked at. */
	for (uint32_t i = 0; i < 32; i++) {
		const uint16_t *slot = &s->slot[(hash + i) % SLOTS];
		const struct rule *r;

		if (*slot == 0)
			return slot;
		r = &s->rule[*slot - 1];
		if (r->hash == hash && r->kind == kind && slice_eq_nocase(r->tag, tag) &&
		    slice_eq_nocase(r->name, name))
			return slot;
	}
	return NULL;
}

static bool
is_name_byte(char c)
{
	unsigned char u = (unsigned char)c;

	return u >= 0x80 || c == '-' || c == '_' || (u >= '0' && u <= '9') ||
	    (unsigned char)((u | 0x20) - 'a') < 26;
}

/* A selector without white space at its ends, and without comments behind it. */
static struct slice
trim_selector(struct slice s)
{
	while (s.n > 0 && html_is_space(s.p[0]))
		s = slice_of(s.p + 1, s.n - 1);
	for (;;) {
		while (s.n > 0 && html_is_space(s.p[s.n - 1]))
			s.n--;
		if (s.n < 4 || memcmp(s.p + s.n - 2, "*/", 2) != 0)
			return s;
		for (s.n -= 3; s.n > 0 && memcmp(s.p + s.n - 1, "/*", 2) != 0;)
			s.n--;
		s.n -= s.n > 0;
	}
}

/* Take a simple selector apart; false for any other. */
static bool
read_selector(struct slice s, struct slice *tag, char *kind, struct slice *name)
{
	size_t i = 0, start;

	s = trim_selector(s);
	while (i < s.n && is_name_byte(s.p[i]))
		i++;
	*tag = slice_of(s.p, i);
	*kind = 0;
	*name = SLICE("");
	if (i == 0 && s.n > 0 && s.p[0] == '*')
		i++;
	if (i == s.n)
		return s.n > 0;
	*kind = s.p[i];
	if (*kind != '.' && *kind != '#')
		return false;
	start = ++i;
	while (i < s.n && is_name_byte(s.p[i]))
		i++;
	*name = slice_of(s.p + start, i - start);
	return i == s.n && i > start;
}

/* Make room for one more rule; false at the limit or on lack of memory. */
static bool
make_room(struct html_sheet *s)
{
	unsigned room = s->room == 0 ? RULES : 2 * s->room;
	struct rule *rule;

	if (s->n < s->room)
		return true;
	rule = s->n < LIMIT_HTML_RULES ? realloc(s->rule, room * sizeof(*rule)) : NULL;
	if (rule == NULL)
		return false;
	s->rule = rule;
	s->room = room < LIMIT_HTML_RULES ? room : LIMIT_HTML_RULES;
	return true;
}

/* Add one rule. */
static bool
add_rule(struct html_sheet *s, struct slice selector, const struct html_style *style)
{
	struct slice tag, name;
	char kind;

	if (!read_selector(selector, &tag, &kind, &name))
		return true;

	uint32_t hash = hash_selector(tag, kind, name);
	const uint16_t *slot = find_slot(s, hash, tag, kind, name);

	if (slot == NULL || (*slot == 0 && !make_room(s)))
		return false;
	if (*slot == 0) {
		s->rule[s->n++] =
		    (struct rule){ .tag = tag, .kind = kind, .name = name, .hash = hash };
		s->slot[slot - s->slot] = (uint16_t)s->n;
	}

	struct rule *r = &s->rule[*slot - 1];

	r->order = ++s->order;
	html_style_merge(&r->style, style);
	return true;
}

/* ---- the source ---- */

/* The place of the first of two bytes outside of comments, or the end. */
static const char *
find_either(const char *at, const char *end, char a, char b)
{
	while (at < end && *at != a && *at != b) {
		if (*at == '/' && at + 1 < end && at[1] == '*') {
			at = html_css_comment(at, end);
		} else {
			at++;
		}
	}
	return at;
}

/* Pass an @-rule: up to a semicolon, or its block. */
static const char *
skip_at_rule(const char *at, const char *end)
{
	unsigned depth = 0;

	at = find_either(at, end, '{', ';');
	if (at == end || *at == ';')
		return at == end ? end : at + 1;
	do {
		depth += *at == '{';
		depth -= *at == '}';
		at++;
		if (depth > 0)
			at = find_either(at, end, '{', '}');
	} while (depth > 0 && at < end);
	return at;
}

/* Pass white space, comments, and what hid a style sheet from browsers of old. */
static const char *
skip_between(const char *at, const char *end)
{
	for (;;) {
		size_t n = (size_t)(end - at);

		if (n > 0 && (html_is_space(*at) || *at == '}')) {
			at++;
		} else if (n >= 4 && memcmp(at, "<!--", 4) == 0) {
			at += 4;
		} else if (n >= 3 && memcmp(at, "-->", 3) == 0) {
			at += 3;
		} else if (n >= 2 && memcmp(at, "/*", 2) == 0) {
			at = html_css_comment(at, end);
		} else {
			return at;
		}
	}
}

/* Add a style sheet. */
bool
html_sheet_add(struct html_sheet **sheet, struct slice css)
{
	const char *at = css.p, *end = at + css.n;
	bool whole = true;

	while ((at = skip_between(at, end)) < end) {
		struct html_style style = { 0 };
		struct slice selectors;
		const char *open, *close;

		if (*at == '@') {
			at = skip_at_rule(at, end);
			continue;
		}
		open = find_either(at, end, '{', '{');
		if (open == end)
			break;
		close = find_either(open, end, '}', '}');
		html_style_read(&style, slice_of(open + 1, (size_t)(close - open) - 1));
		selectors = slice_of(at, (size_t)(open - at));
		at = close;
		if (style.set == 0)
			continue;
		if (*sheet == NULL)
			*sheet = calloc(1, sizeof(**sheet));
		if (*sheet == NULL)
			return false;
		while (selectors.p != NULL)
			whole &= add_rule(*sheet, slice_cut(selectors, ',', &selectors), &style);
	}
	return whole;
}

/* ---- elements ---- */

/* Rules that hold for an element, the weakest first. */
struct holding {
	const struct rule *v[LIMIT_HTML_CLASSES];
	size_t n;
	bool cut;
};

/* How much a selector weighs against others. */
static unsigned
weight(const struct rule *r)
{
	return (r->kind == '#' ? 4 : r->kind == '.' ? 2 : 0) + (r->tag.n > 0);
}

/* Add the rule of a selector, if there is one. */
static void
hold(const struct html_sheet *s, struct holding *h, struct slice tag, char kind, struct slice name)
{
	const uint16_t *slot = find_slot(s, hash_selector(tag, kind, name), tag, kind, name);
	const struct rule *r;
	size_t i;

	if (slot == NULL || *slot == 0)
		return;
	r = &s->rule[*slot - 1];
	for (i = 0; i < h->n; i++)
		if (h->v[i] == r)
			return;
	if (h->n == LIMIT_HTML_CLASSES) {
		h->cut = true;
		return;
	}
	for (i = h->n++; i > 0; i--) {
		const struct rule *below = h->v[i - 1];

		if (weight(below) < weight(r) ||
		    (weight(below) == weight(r) && below->order <= r->order))
			break;
		h->v[i] = below;
	}
	h->v[i] = r;
}

/* What a sheet says of an element. */
bool
html_sheet_style(const struct html_sheet *s, struct slice tag, struct slice classes,
    struct slice id, struct html_style *style)
{
	struct holding h;
	size_t i = 0;

	h.n = 0;
	h.cut = false;
	hold(s, &h, SLICE(""), 0, SLICE(""));
	hold(s, &h, tag, 0, SLICE(""));
	while (i < classes.n) {
		size_t start = i;

		while (i < classes.n && !html_is_space(classes.p[i]))
			i++;
		if (i > start) {
			hold(s, &h, SLICE(""), '.', slice_of(classes.p + start, i - start));
			hold(s, &h, tag, '.', slice_of(classes.p + start, i - start));
		}
		i++;
	}
	if (id.n > 0) {
		hold(s, &h, SLICE(""), '#', id);
		hold(s, &h, tag, '#', id);
	}
	for (i = 0; i < h.n; i++)
		html_style_merge(style, &h.v[i]->style);
	return !h.cut;
}

/* Free it. */
void
html_sheet_free(struct html_sheet *s)
{
	if (s != NULL)
		free(s->rule);
	free(s);
}

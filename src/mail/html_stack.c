/*
 * html_stack.c - the elements that are open
 *
 * The innermost element of each kind is known, and so is the innermost that holds end tags in, so
 * that nothing is searched for. Elements of unknown names share one chain, of which a few are
 * looked at.
 */
#include "mail/html_stack.h"

#include <stdlib.h>

#define MOST_UNKNOWN 32 /* elements of unknown names among which one is looked for */
#define MOST_MOVED 16	/* elements that go on when what is around them ends */

/* Begin with nothing open. */
void
html_stack_init(
    struct html_stack *s, void (*ends)(void *, const struct html_element *), void *closure)
{
	memset(s->last, 0, sizeof(s->last));
	s->v = s->few;
	s->room = HTML_STACK_FEW;
	s->v[0] = (struct html_element){ .info = html_tag_find(SLICE("html")),
		.look = html_look_start() };
	s->n = 1;
	s->cut = false;
	s->ends = ends;
	s->closure = closure;
}

/* Give its memory back. */
void
html_stack_free(struct html_stack *s)
{
	if (s->v != s->few)
		free(s->v);
}

/* The innermost element. */
static const struct html_element *
top(const struct html_stack *s)
{
	return &s->v[s->n - 1];
}

static unsigned
larger(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

/* True for what only cells should be in. */
static bool
is_table_part(enum html_tag tag)
{
	return tag == HTML_TAG_TABLE || tag == HTML_TAG_TBODY || tag == HTML_TAG_TR;
}

/* What a text or an element is put into: what stands in a table outside of its cells is shown
 * before it. */
const struct html_look *
html_stack_look(const struct html_stack *s)
{
	if (is_table_part(top(s)->info->tag) && s->last[HTML_TAG_TABLE] > 0)
		return &s->v[s->last[HTML_TAG_TABLE] - 1].look;
	return &top(s)->look;
}

/* True for the parts of a table, whose place is in it. */
static bool
belongs_in_table(enum html_tag tag)
{
	return tag == HTML_TAG_TBODY || tag == HTML_TAG_TR || tag == HTML_TAG_TD ||
	    tag == HTML_TAG_CAPTION;
}

/* Put an element on top; its info, name, number, line, own style and link are set. */
static void
put(struct html_stack *s)
{
	struct html_element *e = &s->v[s->n];
	const struct html_element *outer = e - 1;

	e->look = html_look_within(
	    belongs_in_table(e->info->tag) ? &outer->look : html_stack_look(s), &e->own);
	e->look.pre |= (e->info->traits & HTML_PRE) != 0;
	e->below = s->last[e->number];
	e->scope = e->info->traits & HTML_SCOPE ? s->n : outer->scope;
	e->special = e->info->traits & (HTML_SCOPE | HTML_BLOCK) ? s->n : outer->special;
	s->last[e->number] = s->n++;
}

/* Take the element on top away. */
static void
take(struct html_stack *s)
{
	s->last[top(s)->number] = top(s)->below;
	s->n--;
}

/* End the element at a place and all within it; formatting within goes on. */
static void
end_at(struct html_stack *s, unsigned at)
{
	unsigned moved = 0;
	bool drop = s->v[at].info->traits & HTML_SCOPE || is_table_part(s->v[at].info->tag);
	unsigned going[MOST_MOVED];

	while (s->n > at) {
		const struct html_element *e = top(s);

		take(s);
		if (!drop && s->n > at && e->info->traits & HTML_FORMAT && moved < MOST_MOVED &&
		    (e->own.set != 0 || e->link != 0))
			going[moved++] = s->n;
		else
			s->ends(s->closure, e);
	}
	while (moved > 0) {
		unsigned from = going[--moved];

		if (from != s->n)
			s->v[s->n] = s->v[from];
		put(s);
	}
}

/* End an element alone, the few within it go on: formatting that ends inside of a block that began
 * within it. */
static void
end_only(struct html_stack *s, unsigned at)
{
	unsigned n = s->n;
	struct html_element ended = s->v[at];

	while (s->n > at)
		take(s);
	for (unsigned i = at + 1; i < n; i++) {
		s->v[s->n] = s->v[i];
		put(s);
	}
	s->ends(s->closure, &ended);
}

/* End an element if it is within another. */
static void
end_within(struct html_stack *s, unsigned at, unsigned outer)
{
	if (at > outer)
		end_at(s, at);
}

/* End what a part of a table ends; false outside of tables. */
static bool
before_table_part(struct html_stack *s, enum html_tag tag)
{
	unsigned table = s->last[HTML_TAG_TABLE];

	if (table == 0 || s->last[HTML_TAG_TEMPLATE] > table)
		return false;
	end_within(s, s->last[HTML_TAG_CAPTION], table);
	end_within(s, s->last[HTML_TAG_TD], table);
	if (tag != HTML_TAG_TD)
		end_within(s, s->last[HTML_TAG_TR], table);
	if (tag == HTML_TAG_TBODY || tag == HTML_TAG_CAPTION)
		end_within(s, s->last[HTML_TAG_TBODY], table);
	return true;
}

/* End what a start tag ends. */
bool
html_stack_before(struct html_stack *s, const struct html_tag_info *info)
{
	unsigned scope = top(s)->scope;

	if (info->traits & HTML_CLOSES_P)
		end_within(s, s->last[HTML_TAG_P], scope);
	switch (info->tag) {
	case HTML_TAG_A:
		end_within(s, s->last[HTML_TAG_A], scope);
		break;
	case HTML_TAG_LI:
		end_within(s, s->last[HTML_TAG_LI], larger(scope, s->last[HTML_TAG_LIST]));
		break;
	case HTML_TAG_DD:
	case HTML_TAG_DT:
		end_within(s, larger(s->last[HTML_TAG_DD], s->last[HTML_TAG_DT]),
		    larger(scope, s->last[HTML_TAG_DL]));
		break;
	case HTML_TAG_OPTION:
		end_within(s, s->last[HTML_TAG_OPTION], s->n - 2);
		break;
	case HTML_TAG_TABLE:
		if (is_table_part(top(s)->info->tag))
			end_within(s, s->last[HTML_TAG_TABLE], 0);
		break;
	default:
		if (belongs_in_table(info->tag))
			return before_table_part(s, info->tag);
	}
	return true;
}

/* Make room for one more; false at the limit or on lack of memory. */
static bool
make_room(struct html_stack *s)
{
	unsigned room = 4 * s->room < LIMIT_HTML_DEPTH ? 4 * s->room : LIMIT_HTML_DEPTH;
	struct html_element *v;

	if (s->n < s->room)
		return true;
	if (s->room == LIMIT_HTML_DEPTH)
		return false;
	v = s->v != s->few ? realloc(s->v, room * sizeof(*v)) : malloc(room * sizeof(*v));
	if (v == NULL)
		return false;
	if (s->v == s->few)
		memcpy(v, s->few, sizeof(s->few));
	s->v = v;
	s->room = room;
	return true;
}

/* Open an element. */
struct html_element *
html_stack_push(struct html_stack *s, const struct html_tag_info *info, struct slice name,
    const struct html_style *own)
{
	struct html_element *e;

	if (!make_room(s)) {
		const struct html_element *last = top(s);

		s->cut = true;
		take(s);
		s->ends(s->closure, last);
	}
	e = &s->v[s->n];
	e->info = info;
	e->name = name;
	e->number = html_tag_number(info);
	e->line = info->traits & HTML_BLOCK;
	e->link = 0;
	e->own.set = 0;
	e->own.important = 0;
	if (own->set != 0)
		e->own = *own;
	if (html_style_has(own, HTML_DISPLAY) &&
	    (own->value[HTML_DISPLAY] == HTML_INLINE ||
		own->value[HTML_DISPLAY] == HTML_SHOWN_BLOCK))
		e->line = own->value[HTML_DISPLAY] == HTML_SHOWN_BLOCK;
	put(s);
	return e;
}

/* The innermost element that an end tag means; 0 if there is none near. */
static unsigned
find(const struct html_stack *s, unsigned number, struct slice name)
{
	unsigned at = s->last[number];

	if (number != HTML_TAG_OTHER)
		return at;
	for (unsigned looked = 0; at > 0 && looked < MOST_UNKNOWN; looked++) {
		if (slice_eq_nocase(s->v[at].name, name))
			return at;
		at = s->v[at].below;
	}
	return 0;
}

/* An end tag. */
bool
html_stack_end(struct html_stack *s, const struct html_tag_info *info, struct slice name)
{
	unsigned at = find(s, html_tag_number(info), name), within = top(s)->scope;

	if (belongs_in_table(info->tag))
		within = s->last[HTML_TAG_TABLE];
	else if (info->traits & HTML_SCOPE)
		within = info->tag == HTML_TAG_TABLE ? 0 : within > 0 ? within - 1 : 0;
	else if (!(info->traits & (HTML_BLOCK | HTML_FORMAT)))
		within = top(s)->special;
	if (at <= within)
		return false;
	if (info->traits & HTML_FORMAT && top(s)->special > at && s->n - at <= MOST_MOVED)
		end_only(s, at);
	else
		end_at(s, at);
	return true;
}

/* End all. */
void
html_stack_finish(struct html_stack *s)
{
	while (s->n > 1) {
		const struct html_element *e = top(s);

		take(s);
		s->ends(s->closure, e);
	}
}

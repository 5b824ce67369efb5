/*
 * html_stack.h - the elements that are open
 *
 * As far as it decides what is seen, elements end as in the tree construction of the HTML standard
 * (13.2.6): tags that are left out, paragraphs, lists, tables, formatting that goes on when what is
 * around it ends. Each step takes a bounded time, however deep the nesting.
 */
#pragma once

#include "mail/html_look.h"
#include "mail/html_tag.h"

#include "base/limits.h"

struct html_element {
	const struct html_tag_info *info;
	struct slice name;	 /* as written */
	unsigned number;	 /* see html_tag_number */
	unsigned below;		 /* the next one out with this number; 0: none */
	unsigned scope, special; /* the innermost that holds end tags in, and the innermost block;
				  * maybe itself; 0: none */
	bool line;		 /* stands on lines of its own */
	struct html_style own;
	struct html_look look;
	size_t link; /* number of the link whose text this is; 0: none */
};

#define HTML_STACK_FEW 16 /* as many as most mails have */

struct html_stack {
	struct html_element few[HTML_STACK_FEW];
	struct html_element *v; /* `few`, or memory of its own; v[0] is the mail itself */
	unsigned n, room;
	unsigned last[HTML_TAGS]; /* the innermost of each number; 0: none */
	bool cut;		  /* there were more than it can hold */
	/* Called for each element that ends, the innermost first. */
	void (*ends)(void *closure, const struct html_element *e);
	void *closure;
};

/* Begin with nothing open. The stack must stay where it is. */
void html_stack_init(
    struct html_stack *s, void (*ends)(void *, const struct html_element *), void *closure);
void html_stack_free(struct html_stack *s);

/* End what a start tag ends. False if it can't stand here, and counts for nothing. */
bool html_stack_before(struct html_stack *s, const struct html_tag_info *info);

/* The look of what an element or a text is put into: not a table, but its cells. */
const struct html_look *html_stack_look(const struct html_stack *s);

/* Open an element. Where there is no room for more it takes the place of the innermost. */
struct html_element *html_stack_push(struct html_stack *s, const struct html_tag_info *info,
    struct slice name, const struct html_style *own);

/* An end tag. False if there was nothing to end. */
bool html_stack_end(struct html_stack *s, const struct html_tag_info *info, struct slice name);

/* End all. */
void html_stack_finish(struct html_stack *s);

/*
 * html_token.h - HTML source cut into tags and texts
 *
 * As the tokenization of the HTML standard (13.2.5) does it, also where the source is broken.
 */
#pragma once

#include "base/slice.h"

/* The attributes that anybody asks for. */
enum html_attr {
	HTML_ATTR_ACTION,
	HTML_ATTR_ALT,
	HTML_ATTR_BACKGROUND,
	HTML_ATTR_BGCOLOR,
	HTML_ATTR_CLASS,
	HTML_ATTR_COLOR,
	HTML_ATTR_CONTENT,
	HTML_ATTR_DATA,
	HTML_ATTR_FORMACTION,
	HTML_ATTR_HIDDEN,
	HTML_ATTR_HREF,
	HTML_ATTR_HTTP_EQUIV,
	HTML_ATTR_ID,
	HTML_ATTR_OPEN,
	HTML_ATTR_POSTER,
	HTML_ATTR_SRC,
	HTML_ATTR_STYLE,
	HTML_ATTR_TEXT,
	HTML_ATTR_TYPE,
	HTML_ATTR_VALUE,
	HTML_ATTRS,
};

enum html_token_kind { HTML_TEXT, HTML_START, HTML_STOP, HTML_END };

struct html_token {
	enum html_token_kind kind;
	struct slice text; /* of HTML_TEXT: entities as written */
	struct slice name; /* of a tag: as written, any case */
	bool self_closing;
	unsigned has;		       /* a bit for each attribute that is there */
	struct slice attr[HTML_ATTRS]; /* as written, the first of each name */
};

struct html_lexer {
	const char *at, *end;
};

/* The next piece: HTML_END at the end. Comments, declarations and unfinished tags are left out. */
void html_next(struct html_lexer *l, struct html_token *t);

/* The text up to the end tag of an element whose content is not HTML, such as <script>; the end tag
 * comes next. Without one, all that is left. */
struct slice html_raw(struct html_lexer *l, struct slice name);

/* An attribute's value; absent if it isn't there. */
static inline struct slice
html_attr(const struct html_token *t, enum html_attr a)
{
	return t->has & 1u << a ? t->attr[a] : SLICE_ABSENT;
}

/* White space as HTML has it. */
static inline bool
html_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r' && c != '\v');
}

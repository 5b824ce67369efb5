/*
 * html_style.h - of CSS, what can hide a text
 */
#pragma once

#include "base/slice.h"

#include <stdint.h>

enum html_prop {
	HTML_DISPLAY,	 /* enum html_display */
	HTML_VISIBILITY, /* 1: hidden */
	HTML_SIZE,	 /* of the font: a length */
	HTML_COLOUR,	 /* of the text: a colour */
	HTML_GROUND,	 /* the background: a colour */
	HTML_OPACITY,	 /* in percent */
	HTML_OVERFLOW,	 /* 1: what doesn't fit is not shown */
	HTML_WIDTH,	 /* the rest are lengths */
	HTML_HEIGHT,
	HTML_MAX_WIDTH,
	HTML_MAX_HEIGHT,
	HTML_INDENT,
	HTML_LEFT,
	HTML_TOP,
	HTML_MARGIN_LEFT,
	HTML_MARGIN_TOP,
	HTML_ABSOLUTE, /* 1: placed by left and top */
	HTML_CLIPPED,  /* 1: to nothing */
	HTML_PROPS,
};

enum html_display { HTML_SHOWN, HTML_NONE, HTML_INLINE, HTML_SHOWN_BLOCK };

/* A length is in hundredths of a pixel, or relative to the font's size: see html_relative. */
#define HTML_LENGTH_AUTO INT32_MAX /* and what isn't understood */
#define HTML_LENGTH_MAX 10000000   /* as much as it can be */

/* Relative lengths lie above all others: percent of the font's size. */
static inline int32_t
html_relative(int32_t percent)
{
	return percent + 2 * HTML_LENGTH_MAX;
}

/* A colour is 0xRRGGBB, or one of these. */
#define HTML_COLOUR_UNKNOWN (-1)
#define HTML_COLOUR_NONE (-2) /* transparent */

struct html_style {
	uint32_t set, important; /* a bit for each property */
	int32_t value[HTML_PROPS];
};

static inline bool
html_style_has(const struct html_style *s, enum html_prop p)
{
	return s->set & 1u << p;
}

/* Set a property, unless there is something more important. */
void html_style_set(struct html_style *s, enum html_prop p, int32_t value, bool important);

/* Read declarations, `name: value; …`, on top of what is there. */
void html_style_read(struct html_style *s, struct slice css);

/* What is behind a comment, which begins at `at`. */
const char *html_css_comment(const char *at, const char *end);

/* The declarations of `over` on top of s. */
void html_style_merge(struct html_style *s, const struct html_style *over);

/* A colour as CSS has it, or as HTML's attributes have it: six digits without `#` too. */
int32_t html_colour(struct slice s);

/* True if nobody can tell the one from the other. */
bool html_colour_same(int32_t a, int32_t b);

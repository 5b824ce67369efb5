/*
 * html_tag.h - the elements of HTML, as far as they decide what a reader sees
 */
#pragma once

#include "base/slice.h"

/* Those that are more to us than their traits. */
enum html_tag {
	HTML_TAG_OTHER, /* no element of HTML */
	HTML_TAG_A,
	HTML_TAG_AREA,
	HTML_TAG_BASE,
	HTML_TAG_BODY,
	HTML_TAG_CAPTION,
	HTML_TAG_DD,
	HTML_TAG_DIALOG,
	HTML_TAG_DL,
	HTML_TAG_DT,
	HTML_TAG_FONT,
	HTML_TAG_HTML,
	HTML_TAG_IMAGE,
	HTML_TAG_IMG,
	HTML_TAG_INPUT,
	HTML_TAG_LI,
	HTML_TAG_LIST,
	HTML_TAG_META,
	HTML_TAG_OPTION,
	HTML_TAG_P,
	HTML_TAG_PLAINTEXT,
	HTML_TAG_STYLE,
	HTML_TAG_TABLE,
	HTML_TAG_TBODY,
	HTML_TAG_TD,
	HTML_TAG_TEMPLATE,
	HTML_TAG_TEXTAREA,
	HTML_TAG_TR,
	HTML_TAG_XMP,
	HTML_TAG_PLAIN,			  /* any other */
	HTML_TAGS = HTML_TAG_PLAIN + 140, /* above each number */
};

/* What an element is; bits. */
enum {
	HTML_BLOCK = 1 << 0,   /* begins and ends a line */
	HTML_CELL = 1 << 1,    /* is set off by a blank */
	HTML_VOID = 1 << 2,    /* has no content and no end tag */
	HTML_RAW = 1 << 3,     /* what is inside is not HTML, and not shown */
	HTML_RCDATA = 1 << 4,  /* what is inside is text alone */
	HTML_SCOPE = 1 << 5,   /* no end tag inside ends an element outside */
	HTML_FORMAT = 1 << 6,  /* goes on when an element around it ends */
	HTML_PRE = 1 << 7,     /* white space counts */
	HTML_HIDE = 1 << 8,    /* is not shown */
	HTML_CLOSES_P = 1 << 9 /* a paragraph ends before it */
};

struct html_tag_info {
	const char *name;
	enum html_tag tag;
	unsigned traits;
};

/* An element by its name, in any case; one with HTML_TAG_OTHER and no traits if it isn't known. */
const struct html_tag_info *html_tag_find(struct slice name);

/* A number for each kind of element, below HTML_TAGS; those that share one of enum html_tag but
 * HTML_TAG_PLAIN share it: an end tag of the one ends the other. */
unsigned html_tag_number(const struct html_tag_info *info);

/*
 * html.h - a text/html part as its reader sees it
 *
 * Not a browser: tags are cut as the HTML standard cuts them, elements are nested as it nests them
 * where that decides what is seen, and of style sheets only what can hide a text is understood.
 *
 * Seen is what a mail reader shows that loads no images and runs no scripts: the alternative texts
 * of images, the content of <noscript>. In neither text are comments, scripts, style sheets and the
 * title. Hidden is what is not displayed, invisible, transparent, off the screen, in a box without
 * height or width, smaller than 2 pixels, or in the colour of its background. What is doubtful
 * (a background image, a style sheet for some screens only) is seen.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

enum html_link_kind {
	HTML_HREF,    /* where a click leads: <a>, <area> */
	HTML_SRC,     /* what is loaded: images, frames, backgrounds, objects, style sheets */
	HTML_ACTION,  /* where a form goes */
	HTML_REFRESH, /* where <meta> leads by itself */
	HTML_BASE,    /* what other URLs are relative to */
};

struct html_link {
	enum html_link_kind kind;
	struct slice url; /* as written, its entities undone; in the arena */
	size_t from, to;  /* what is seen inside of <a>: see html_link_text */
};

struct html_out {
	/* Filled in by the caller: the arena, and the limits of the two texts. */
	struct arena *arena;
	struct buf text;   /* what is seen */
	struct buf hidden; /* what isn't; a line for each piece */

	struct html_link *links; /* in the order of the source, in the arena */
	size_t n_links;
	bool links_cut;	 /* there are more of them: LIMIT_HTML_LINKS, or memory */
	bool url_cut;	 /* one is not all there: LIMIT_HTML_URL */
	bool styles_cut; /* some styles are, or elements too deep: what is hidden may seem seen */
};

/* Read a part's source, which must be valid UTF-8. Blocks are separated by one line feed, cells by
 * a blank; a run of white space is one blank, but for <pre>. Both texts are valid UTF-8; the caller
 * frees them. The time is linear in the source. */
void html_read(struct slice source, struct html_out *out);

/* What is seen inside of a link, a piece of out->text, which `seen` holds; empty if nothing is. */
struct slice html_link_text(struct slice seen, const struct html_link *link);

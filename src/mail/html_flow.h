/*
 * html_flow.h - text as it is laid out: white space and blocks
 */
#pragma once

#include "base/buf.h"

/* What stands between what was added and what comes next. */
enum html_gap { HTML_JOINED, HTML_BLANK, HTML_LINE };

struct html_flow {
	struct buf *to;
	enum html_gap gap;
};

/* Set a gap off, unless there is a wider one; at the start and at the end there is none. */
static inline void
html_flow_gap(struct html_flow *f, enum html_gap gap)
{
	if (gap > f->gap)
		f->gap = gap;
}

/* Add a text as it stands in the source. pre: its white space stays as it is. */
void html_flow_add(struct html_flow *f, struct slice source, bool pre, bool entities);

/* True if there is nothing in it but white space. */
bool html_is_blank(struct slice source);

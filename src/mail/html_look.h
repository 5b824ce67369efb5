/*
 * html_look.h - how the text of an element looks: what it inherits, and its own style
 */
#pragma once

#include "mail/html_style.h"

struct html_look {
	bool none;	/* not displayed: takes no place either */
	bool gone;	/* not seen, whatever is inside */
	bool invisible; /* not seen, unless something inside is visible again */
	bool pre;
	int32_t size;	/* of the font, in hundredths of a pixel */
	int32_t colour; /* of the text */
	int32_t ground; /* behind it */
};

/* Where a mail begins: black on white. */
struct html_look html_look_start(void);

/* That of an element within another. */
struct html_look html_look_within(const struct html_look *outer, const struct html_style *own);

/* True if its text can't be read. */
bool html_look_hides(const struct html_look *l);

/*
 * html_look.c - how the text of an element looks
 */
#include "mail/html_look.h"

#define START_SIZE 1600	    /* of a font; hundredths of a pixel, as are the others */
#define READABLE_SIZE 200   /* a smaller font can't be read */
#define OFF_SCREEN (-50000) /* what is moved there can't be seen */
#define NO_ROOM 100	    /* the height or width of a box in which nothing can be seen */
#define SEEN_OPACITY 5	    /* percent; below, nothing is seen */

/* Where a mail begins. */
struct html_look
html_look_start(void)
{
	return (struct html_look){ .size = START_SIZE, .colour = 0x000000, .ground = 0xffffff };
}

/* A length in hundredths of a pixel. */
static int32_t
absolute(int32_t length, int32_t size)
{
	int64_t value;

	if (length == HTML_LENGTH_AUTO || length <= HTML_LENGTH_MAX)
		return length;
	value = (int64_t)(length - html_relative(0)) * size / 100;
	return value > HTML_LENGTH_MAX ? HTML_LENGTH_MAX
	    : value < -HTML_LENGTH_MAX ? -HTML_LENGTH_MAX
				       : (int32_t)value;
}

/* True if a style has a length of at most `most`. */
static bool
at_most(const struct html_style *s, enum html_prop p, int32_t most, int32_t size)
{
	return html_style_has(s, p) && absolute(s->value[p], size) <= most;
}

/* A property that is 1 or 0. */
static bool
is_on(const struct html_style *s, enum html_prop p)
{
	return html_style_has(s, p) && s->value[p] != 0;
}

/* True if a style puts its element where nobody sees it. */
static bool
takes_away(const struct html_style *s, int32_t size)
{
	if (html_style_has(s, HTML_OPACITY) && s->value[HTML_OPACITY] < SEEN_OPACITY)
		return true;
	if (is_on(s, HTML_OVERFLOW) &&
	    (at_most(s, HTML_WIDTH, NO_ROOM, size) || at_most(s, HTML_HEIGHT, NO_ROOM, size) ||
		at_most(s, HTML_MAX_WIDTH, NO_ROOM, size) ||
		at_most(s, HTML_MAX_HEIGHT, NO_ROOM, size)))
		return true;
	if (is_on(s, HTML_ABSOLUTE) &&
	    (at_most(s, HTML_LEFT, OFF_SCREEN, size) || at_most(s, HTML_TOP, OFF_SCREEN, size) ||
		is_on(s, HTML_CLIPPED)))
		return true;
	return at_most(s, HTML_INDENT, OFF_SCREEN, size) ||
	    at_most(s, HTML_MARGIN_LEFT, OFF_SCREEN, size) ||
	    at_most(s, HTML_MARGIN_TOP, OFF_SCREEN, size);
}

/* The look of an element within another. */
struct html_look
html_look_within(const struct html_look *outer, const struct html_style *own)
{
	struct html_look l = *outer;

	if (own->set == 0)
		return l;
	if (html_style_has(own, HTML_DISPLAY) && own->value[HTML_DISPLAY] == HTML_NONE)
		l.none = l.gone = true;
	if (html_style_has(own, HTML_VISIBILITY))
		l.invisible = own->value[HTML_VISIBILITY];
	if (html_style_has(own, HTML_SIZE))
		l.size = absolute(own->value[HTML_SIZE], outer->size);
	if (html_style_has(own, HTML_COLOUR))
		l.colour = own->value[HTML_COLOUR];
	if (html_style_has(own, HTML_GROUND) && own->value[HTML_GROUND] != HTML_COLOUR_NONE)
		l.ground = own->value[HTML_GROUND];
	l.gone |= takes_away(own, l.size);
	return l;
}

/* True if its text can't be read. */
bool
html_look_hides(const struct html_look *l)
{
	return l->gone || l->invisible || l->size < READABLE_SIZE ||
	    html_colour_same(l->colour, l->ground);
}

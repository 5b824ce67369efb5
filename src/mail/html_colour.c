/*
 * html_colour.c - colours, and which are the same to the eye
 */
#include "mail/html_colour.h"

#include "mail/html_style.h"

#define NEAR                                                                                       \
	12 /* of 255: as much may each channel of colours differ that nobody can tell apart        \
	    */

/* Those of CSS that are near to white, grey or black, and the first sixteen. */
static const struct {
	struct slice name;
	int32_t colour;
} named[] = {
	{ { "aliceblue", 9 }, 0xf0f8ff },
	{ { "aqua", 4 }, 0x00ffff },
	{ { "azure", 5 }, 0xf0ffff },
	{ { "black", 5 }, 0x000000 },
	{ { "blue", 4 }, 0x0000ff },
	{ { "cyan", 4 }, 0x00ffff },
	{ { "darkgray", 8 }, 0xa9a9a9 },
	{ { "darkgrey", 8 }, 0xa9a9a9 },
	{ { "floralwhite", 11 }, 0xfffaf0 },
	{ { "fuchsia", 7 }, 0xff00ff },
	{ { "gainsboro", 9 }, 0xdcdcdc },
	{ { "ghostwhite", 10 }, 0xf8f8ff },
	{ { "gray", 4 }, 0x808080 },
	{ { "green", 5 }, 0x008000 },
	{ { "grey", 4 }, 0x808080 },
	{ { "honeydew", 8 }, 0xf0fff0 },
	{ { "ivory", 5 }, 0xfffff0 },
	{ { "lightgray", 9 }, 0xd3d3d3 },
	{ { "lightgrey", 9 }, 0xd3d3d3 },
	{ { "lime", 4 }, 0x00ff00 },
	{ { "linen", 5 }, 0xfaf0e6 },
	{ { "magenta", 7 }, 0xff00ff },
	{ { "maroon", 6 }, 0x800000 },
	{ { "mintcream", 9 }, 0xf5fffa },
	{ { "navy", 4 }, 0x000080 },
	{ { "olive", 5 }, 0x808000 },
	{ { "orange", 6 }, 0xffa500 },
	{ { "purple", 6 }, 0x800080 },
	{ { "red", 3 }, 0xff0000 },
	{ { "seashell", 8 }, 0xfff5ee },
	{ { "silver", 6 }, 0xc0c0c0 },
	{ { "snow", 4 }, 0xfffafa },
	{ { "teal", 4 }, 0x008080 },
	{ { "transparent", 11 }, HTML_COLOUR_NONE },
	{ { "white", 5 }, 0xffffff },
	{ { "whitesmoke", 10 }, 0xf5f5f5 },
	{ { "yellow", 6 }, 0xffff00 },
};

/* A colour by its name. */
int32_t
html_colour_named(struct slice name)
{
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (slice_eq_nocase(named[i].name, name))
			return named[i].colour;
	return HTML_COLOUR_UNKNOWN;
}

/* A hexadecimal digit; -1 if it is none. */
static int
hex(char c)
{
	unsigned char d = ascii_lower((unsigned char)c);

	return d >= '0' && d <= '9' ? d - '0' : d >= 'a' && d <= 'f' ? d - 'a' + 10 : -1;
}

/* rgb, rgba, rrggbb or rrggbbaa in hexadecimal. */
static int32_t
from_hex(struct slice s)
{
	int32_t c = 0;

	if (s.n != 3 && s.n != 4 && s.n != 6 && s.n != 8)
		return HTML_COLOUR_UNKNOWN;
	for (size_t i = 0; i < s.n; i++)
		if (hex(s.p[i]) < 0)
			return HTML_COLOUR_UNKNOWN;
	if ((s.n == 4 && s.p[3] == '0') || (s.n == 8 && memcmp(s.p + 6, "00", 2) == 0))
		return HTML_COLOUR_NONE;

	size_t step = s.n < 6 ? 1 : 2;

	for (size_t i = 0; i < 3 * step; i += step)
		c = c << 8 | hex(s.p[i]) << 4 | hex(s.p[i + step - 1]);
	return c;
}

/* rgb(r, g, b) or rgba(r g b / a); a below a tenth is nothing, below nine tenths is unknown. */
static int32_t
from_function(struct slice s)
{
	double part[4] = { 0, 0, 0, 1 };
	size_t n = 0, i = 0;
	int32_t c = 0;

	if (s.n < 4 || !slice_eq_nocase(slice_of(s.p, 3), SLICE("rgb")))
		return HTML_COLOUR_UNKNOWN;
	while (i < s.n && n < 4) {
		double value = 0, place = 0;
		size_t start = i;

		for (; i < s.n && ((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '.'); i++) {
			if (s.p[i] == '.') {
				place = 1;
			} else if (value < 1000) {
				value = value * 10 + (s.p[i] - '0');
				place *= 10;
			}
		}
		if (i == start) {
			i++;
			continue;
		}
		if (place > 0)
			value /= place;
		if (i < s.n && s.p[i] == '%')
			value = n < 3 ? value * 255 / 100 : value / 100;
		part[n++] = value;
	}
	if (n < 3 || (part[3] >= 0.1 && part[3] < 0.9))
		return HTML_COLOUR_UNKNOWN;
	if (part[3] < 0.1)
		return HTML_COLOUR_NONE;
	for (i = 0; i < 3; i++)
		c = c << 8 | (part[i] > 255 ? 255 : (int32_t)part[i]);
	return c;
}

/* Read a colour. */
int32_t
html_colour(struct slice s)
{
	int32_t c;

	s = slice_trim(s);
	if (s.n > 0 && s.p[0] == '#')
		return from_hex(slice_of(s.p + 1, s.n - 1));
	if (s.n > 0 && memchr(s.p, '(', s.n) != NULL)
		return from_function(s);
	c = html_colour_named(s);
	return c == HTML_COLOUR_UNKNOWN && s.n == 6 ? from_hex(s) : c;
}

/* True if nobody can tell the one from the other. */
bool
html_colour_same(int32_t a, int32_t b)
{
	if (a == HTML_COLOUR_NONE)
		return true;
	if (a < 0 || b < 0)
		return false;
	for (unsigned shift = 0; shift < 24; shift += 8) {
		int32_t d = (a >> shift & 0xff) - (b >> shift & 0xff);

		if (d > NEAR || d < -NEAR)
			return false;
	}
	return true;
}

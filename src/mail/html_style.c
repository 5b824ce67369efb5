/*
 * html_style.c - of CSS, what can hide a text
 *
 * Most declarations are of no interest: they are passed by their name, and only the values of the
 * others are looked into. An escape (CSS 2.1 4.1.3) in a name or a value counts as the character
 * that it stands for.
 */
#include "mail/html_style.h"

#include "mail/html_colour.h"
#include "mail/html_token.h"

#include "base/limits.h"

/* Set a property, unless there is something more important. */
void
html_style_set(struct html_style *s, enum html_prop p, int32_t value, bool important)
{
	uint32_t bit = 1u << p;

	if (s->important & bit && !important)
		return;
	s->set |= bit;
	s->important |= important ? bit : 0;
	s->value[p] = value;
}

/* Put declarations on top of others. */
void
html_style_merge(struct html_style *s, const struct html_style *over)
{
	for (unsigned p = 0; p < HTML_PROPS; p++)
		if (over->set & 1u << p)
			html_style_set(s, p, over->value[p], over->important & 1u << p);
}

/* ---- values ---- */

/* The next word of a value, which a blank, a comma or a slash ends; empty at the end. */
static struct slice
next_word(struct slice *value)
{
	size_t n = 0;

	while (value->n > 0 && strchr(" ,/", value->p[0]) != NULL)
		*value = slice_of(value->p + 1, value->n - 1);
	while (n < value->n && strchr(" ,/", value->p[n]) == NULL)
		n++;

	struct slice word = slice_of(value->p, n);

	*value = slice_of(value->p + n, value->n - n);
	return word;
}

/* A number with its sign in hundredths; *unit gets what follows. False if it is none. */
static bool
read_number(struct slice s, int32_t *hundredths, struct slice *unit)
{
	bool minus = s.n > 0 && s.p[0] == '-', any = false;
	size_t i = s.n > 0 && (s.p[0] == '-' || s.p[0] == '+');
	int32_t value = 0, place = 100;

	for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++, any = true)
		if (value < HTML_LENGTH_MAX)
			value = value * 10 + (s.p[i] - '0') * 100;
	if (i < s.n && s.p[i] == '.')
		for (i++; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++, any = true) {
			place /= 10;
			value += (s.p[i] - '0') * place;
		}
	if (value > HTML_LENGTH_MAX)
		value = HTML_LENGTH_MAX;
	*hundredths = minus ? -value : value;
	*unit = slice_of(s.p + i, s.n - i);
	return any;
}

/* A length. */
static int32_t
read_length(struct slice s)
{
	/* pixels of a unit, in hundredths; negative: percent of the font's size, or of what is
	 * around
	 */
	static const struct {
		struct slice name;
		int32_t is;
	} units[] = { { { "px", 2 }, 100 }, { { "pt", 2 }, 133 }, { { "em", 2 }, -100 },
		{ { "%", 1 }, -1 }, { { "rem", 3 }, 1600 }, { { "ex", 2 }, -50 },
		{ { "mm", 2 }, 378 }, { { "cm", 2 }, 3780 }, { { "in", 2 }, 9600 },
		{ { "pc", 2 }, 1600 }, { { "q", 1 }, 94 }, { { "ch", 2 }, -50 },
		{ { "ic", 2 }, -100 }, { { "cap", 3 }, -70 }, { { "lh", 2 }, -120 },
		{ { "rlh", 3 }, 1900 }, { { "vw", 2 }, 600 }, { { "vh", 2 }, 600 },
		{ { "vi", 2 }, 600 }, { { "vb", 2 }, 600 }, { { "vmin", 4 }, 600 },
		{ { "vmax", 4 }, 600 }, { { "svw", 3 }, 600 }, { { "svh", 3 }, 600 },
		{ { "lvw", 3 }, 600 }, { { "lvh", 3 }, 600 }, { { "dvw", 3 }, 600 },
		{ { "dvh", 3 }, 600 } };
	int32_t number;
	struct slice unit;

	if (!read_number(s, &number, &unit))
		return HTML_LENGTH_AUTO;
	if (unit.n == 0)
		return number; /* mail readers take it for pixels, as in the standard's quirks */
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!slice_eq(unit, units[i].name))
			continue;
		if (number == 0)
			return 0;

		int64_t length =
		    (int64_t)number * (units[i].is < 0 ? -units[i].is : units[i].is) / 100;

		if (length > HTML_LENGTH_MAX)
			length = HTML_LENGTH_MAX;
		if (length < -HTML_LENGTH_MAX)
			length = -HTML_LENGTH_MAX;
		return units[i].is < 0 ? html_relative((int32_t)length) : (int32_t)length;
	}
	return HTML_LENGTH_AUTO;
}

/* The size in `font`: the first length with a unit, or 0. */
static int32_t
font_size(struct slice value)
{
	struct slice word, unit;
	int32_t number;

	while ((word = next_word(&value)).n > 0)
		if (read_number(word, &number, &unit) && (unit.n > 0 || number == 0))
			return read_length(word);
	return HTML_LENGTH_AUTO;
}

/* True if a value has the word, or begins a function of that name. */
static bool
mentions(struct slice value, const char *word)
{
	return memmem(value.p, value.n, word, strlen(word)) != NULL;
}

/* The colour in `background`: unknown if there is an image. */
static int32_t
ground_colour(struct slice value)
{
	struct slice word;

	if (mentions(value, "url(") || mentions(value, "gradient("))
		return HTML_COLOUR_UNKNOWN;
	if (mentions(value, "(") || value.n == 0)
		return html_colour(value);
	while ((word = next_word(&value)).n > 0)
		if (word.p[0] == '#' || html_colour_named(word) != HTML_COLOUR_UNKNOWN)
			return html_colour(word);
	return HTML_COLOUR_UNKNOWN;
}

/* True if `clip: rect(…)` leaves no more than a pixel. */
static bool
clips_all(struct slice value)
{
	struct slice word;

	if (!mentions(value, "rect("))
		return false;
	while (value.p[0] != '(')
		value = slice_of(value.p + 1, value.n - 1);
	value = slice_of(value.p + 1, value.n - 1);
	while ((word = next_word(&value)).n > 0 && word.p[0] != ')') {
		struct slice unit;
		int32_t number;

		if (!read_number(word, &number, &unit) || number > 100)
			return false;
	}
	return true;
}

/* ---- declarations ---- */

enum kind { K_DISPLAY, K_WORD, K_FONT, K_LENGTH, K_COLOUR, K_GROUND, K_IMAGE, K_OPACITY, K_CLIP };

/* By name; `word` is what makes the property 1. */
static const struct prop {
	struct slice name;
	enum kind kind;
	enum html_prop prop;
	const char *word;
} props[] = {
	{ { "background", 10 }, K_GROUND, HTML_GROUND, NULL },
	{ { "background-color", 16 }, K_GROUND, HTML_GROUND, NULL },
	{ { "background-image", 16 }, K_IMAGE, HTML_GROUND, NULL },
	{ { "clip", 4 }, K_CLIP, HTML_CLIPPED, NULL },
	{ { "color", 5 }, K_COLOUR, HTML_COLOUR, NULL },
	{ { "display", 7 }, K_DISPLAY, HTML_DISPLAY, NULL },
	{ { "font", 4 }, K_FONT, HTML_SIZE, NULL },
	{ { "font-size", 9 }, K_LENGTH, HTML_SIZE, NULL },
	{ { "height", 6 }, K_LENGTH, HTML_HEIGHT, NULL },
	{ { "left", 4 }, K_LENGTH, HTML_LEFT, NULL },
	{ { "margin-left", 11 }, K_LENGTH, HTML_MARGIN_LEFT, NULL },
	{ { "margin-top", 10 }, K_LENGTH, HTML_MARGIN_TOP, NULL },
	{ { "max-height", 10 }, K_LENGTH, HTML_MAX_HEIGHT, NULL },
	{ { "max-width", 9 }, K_LENGTH, HTML_MAX_WIDTH, NULL },
	{ { "opacity", 7 }, K_OPACITY, HTML_OPACITY, NULL },
	{ { "overflow", 8 }, K_WORD, HTML_OVERFLOW, "hidden" },
	{ { "position", 8 }, K_WORD, HTML_ABSOLUTE, "absolute" },
	{ { "text-indent", 11 }, K_LENGTH, HTML_INDENT, NULL },
	{ { "top", 3 }, K_LENGTH, HTML_TOP, NULL },
	{ { "visibility", 10 }, K_WORD, HTML_VISIBILITY, "hidden" },
	{ { "width", 5 }, K_LENGTH, HTML_WIDTH, NULL },
};

/* Take one declaration, its value in lower case and without `!important`. */
static void
declare(struct html_style *s, const struct prop *p, struct slice value, bool important)
{
	struct slice rest = value, word = next_word(&rest);
	int32_t v = 0;

	/* browsers leave out what has more words than it should */
	if ((p->kind == K_DISPLAY || p->kind == K_WORD || p->kind == K_LENGTH ||
		p->kind == K_OPACITY) &&
	    p->prop != HTML_OVERFLOW && next_word(&rest).n > 0)
		return;
	switch (p->kind) {
	case K_DISPLAY:
		v = slice_eq(word, SLICE("none"))    ? HTML_NONE
		    : slice_eq(word, SLICE("block")) ? HTML_SHOWN_BLOCK
		    : mentions(word, "inline")	     ? HTML_INLINE
						     : HTML_SHOWN;
		break;
	case K_WORD:
		v = slice_eq(word, slice_str(p->word)) ||
		    (p->prop == HTML_VISIBILITY && slice_eq(word, SLICE("collapse"))) ||
		    (p->prop == HTML_OVERFLOW && slice_eq(word, SLICE("clip"))) ||
		    (p->prop == HTML_ABSOLUTE && slice_eq(word, SLICE("fixed")));
		break;
	case K_FONT:
	case K_LENGTH:
		v = p->kind == K_FONT ? font_size(value) : read_length(word);
		if (p->prop == HTML_SIZE && v == HTML_LENGTH_AUTO)
			return;
		break;
	case K_COLOUR:
	case K_GROUND:
		v = p->kind == K_COLOUR ? html_colour(value) : ground_colour(value);
		break;
	case K_IMAGE:
		if (slice_eq(word, SLICE("none")))
			return;
		v = HTML_COLOUR_UNKNOWN;
		break;
	case K_OPACITY:
		v = read_number(word, &v, &rest) ? v / (slice_eq(rest, SLICE("%")) ? 100 : 1) : 100;
		break;
	case K_CLIP:
		v = clips_all(value);
		break;
	}
	html_style_set(s, p->prop, v, important);
}

/* ---- the text of declarations ---- */

/* Read an escape, at its backslash; returns the character, 0 if it isn't ASCII. *at is behind it.
 */
static char
unescape(const char **at, const char *end)
{
	const char *p = *at + 1;
	unsigned c = 0, n = 0;

	for (; p < end && n < 6; p++, n++) {
		unsigned char d = ascii_lower((unsigned char)*p);

		if (d >= '0' && d <= '9')
			c = c * 16 + d - '0';
		else if (d >= 'a' && d <= 'f')
			c = c * 16 + d - 'a' + 10;
		else
			break;
	}
	if (n == 0 && p < end)
		c = (unsigned char)*p++;
	else if (n > 0 && p < end && html_is_space(*p))
		p++;
	*at = p;
	return c < 0x80 ? (char)c : 0;
}

/* Add to a value, white space being one blank; what it can't hold is left out. */
static void
add(char *out, size_t *n, char c)
{
	if (html_is_space(c))
		c = ' ';
	if (*n < LIMIT_HTML_CSS_VALUE && !(c == ' ' && (*n == 0 || out[*n - 1] == ' ')))
		out[(*n)++] = (char)ascii_lower((unsigned char)c);
}

/* What is behind a comment. */
const char *
html_css_comment(const char *at, const char *end)
{
	at += 2;
	while (at < end && (at = memchr(at, '*', (size_t)(end - at))) != NULL) {
		at++;
		if (at < end && *at == '/')
			return at + 1;
	}
	return end;
}

/* Pass a comment or a string, at its first byte; returns what is behind. */
static const char *
skip_part(const char *at, const char *end)
{
	if (*at == '/')
		return html_css_comment(at, end);

	char quote = *at++;

	while (at < end && *at != quote && *at != '\n')
		at += *at == '\\' && at + 1 < end ? 2 : 1;
	return at < end ? at + 1 : at;
}

/* Copy up to a semicolon or `stop` outside of strings and brackets, which is not passed: without
 * comments, escapes undone, in lower case. */
static const char *
copy_part(const char *at, const char *end, char stop, char *out, size_t *n)
{
	unsigned depth = 0;

	*n = 0;
	while (at < end) {
		char c = *at;

		if (c == '\\') {
			char escaped = unescape(&at, end);

			/* an escaped blank is no blank: what it stands in is no word we know */
			add(out, n, escaped > ' ' ? escaped : '\\');
			continue;
		}
		if (c == '"' || c == '\'' || (c == '/' && at + 1 < end && at[1] == '*')) {
			at = skip_part(at, end);
			add(out, n, ' ');
			continue;
		}
		if (depth == 0 && (c == ';' || c == stop))
			break;
		depth += c == '(';
		depth -= c == ')' && depth > 0;
		add(out, n, c);
		at++;
	}
	while (*n > 0 && out[*n - 1] == ' ')
		(*n)--;
	return at;
}

/* The property of a name, if it is of interest. */
static const struct prop *
find_prop(struct slice name)
{
	for (size_t i = 0; i < sizeof(props) / sizeof(props[0]); i++)
		if (props[i].name.n == name.n && props[i].name.p[0] == name.p[0] &&
		    slice_eq(props[i].name, name))
			return &props[i];
	return NULL;
}

/* Pass a value; most have nothing in them that could hold a semicolon. */
static const char *
skip_value(const char *at, const char *end)
{
	char none[LIMIT_HTML_CSS_VALUE];
	size_t n;
	const char *p = at;

	while (
	    p < end && *p != ';' && *p != '(' && *p != '"' && *p != '\'' && *p != '\\' && *p != '/')
		p++;
	return p == end || *p == ';' ? p : copy_part(at, end, ';', none, &n);
}

/* Read declarations. */
void
html_style_read(struct html_style *s, struct slice css)
{
	const char *at = css.p, *end = at + css.n;
	char text[LIMIT_HTML_CSS_VALUE];
	size_t n;

	while (at < end) {
		const struct prop *p;

		at = copy_part(at, end, ':', text, &n);
		if (at == end)
			break;
		p = *at == ':' ? find_prop(slice_of(text, n)) : NULL;
		if (p == NULL) {
			at = skip_value(at, end);
			at += at < end;
			continue;
		}
		at = copy_part(at + 1, end, ';', text, &n);
		at += at < end;

		struct slice value = slice_of(text, n);
		const char *mark = memchr(text, '!', n);

		if (mark != NULL) {
			struct slice behind = slice_of(mark + 1, (size_t)(text + n - mark) - 1);

			/* browsers leave out what has another mark */
			if (!slice_eq(slice_trim(behind), SLICE("important")))
				continue;
			value.n = (size_t)(mark - text);
		}
		while (value.n > 0 && value.p[value.n - 1] == ' ')
			value.n--;
		declare(s, p, value, mark != NULL);
	}
}

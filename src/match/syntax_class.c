/*
 * syntax_class.c - escapes and classes of a pattern
 *
 * A set that is turned around, [^…] or \D, must have left out nothing but what the pattern surely
 * leaves out. So two are kept: what a class may have, and what it has for sure.
 */
#include "match/syntax_in.h"

#include "base/utf8.h"

/* The next character of the pattern. */
uint32_t
syntax_next(struct reader *r)
{
	uint32_t c = r->p[r->i];
	size_t n = 1;

	if (r->utf && c >= 0x80)
		n = utf8_decode(slice_of((const char *)r->p + r->i, r->n - r->i), &c);
	if (c == UTF8_BAD)
		r->failed = true;
	r->i += n;
	return c;
}

/* Go past a text. */
bool
syntax_take(struct reader *r, const char *text)
{
	size_t n = strlen(text);

	if (r->n - r->i < n || memcmp(r->p + r->i, text, n) != 0)
		return false;
	r->i += n;
	return true;
}

/* Everything. */
struct set
syntax_all(const struct reader *r)
{
	struct set s = { .wide = r->utf, .letters = r->utf };

	memset(s.bits, 0xff, r->utf ? sizeof(s.bits) / 2 : sizeof(s.bits));
	return s;
}

/* Add one character; more than there is room for are all. */
static void
add(const struct reader *r, struct set *s, uint32_t c)
{
	if (c < (r->utf ? 0x80 : 0x100)) {
		set_add(s, c);
		return;
	}
	for (unsigned i = 0; i < s->nothers; i++)
		if (s->others[i] == c)
			return;
	if (s->nothers == SET_OTHERS)
		s->wide = s->letters = true;
	else
		s->others[s->nothers++] = c;
}

/* Add a character in all its cases. */
static void
add_cases(struct reader *r, struct set *s, uint32_t c, bool caseless)
{
	uint32_t all[CASES_MAX];
	bool wanted = caseless && r->cases != NULL;
	size_t n = wanted ? cases_of(r->cases, c, r->utf, all) : 0;

	add(r, s, c);
	if (wanted && n == 0)
		r->failed = true;
	for (size_t i = 0; i < n; i++)
		add(r, s, all[i]);
}

/* A character in all its cases. */
struct set
syntax_character(struct reader *r, uint32_t character, bool caseless)
{
	struct set s = { .nothers = 0 };

	add_cases(r, &s, character, caseless);
	return s;
}

/* The other way round: all but what s has for sure. */
static struct set
all_but(const struct reader *r, const struct set *s)
{
	struct set out = syntax_all(r);

	for (unsigned i = 0; i < 8; i++)
		out.bits[i] &= ~s->bits[i];
	return out;
}

/* ---- escapes ---- */

static int
digit_of(unsigned char c, unsigned base)
{
	unsigned char lower = ascii_lower(c);
	int value = c >= '0' && c <= '9'   ? c - '0'
	    : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10
					   : 99;

	return value < (int)base ? value : -1;
}

/* Up to max digits. */
static uint32_t
number(struct reader *r, unsigned base, unsigned max)
{
	uint32_t value = 0;

	for (; max > 0 && r->i < r->n && digit_of(r->p[r->i], base) >= 0; max--, r->i++)
		value = value * base + (uint32_t)digit_of(r->p[r->i], base);
	return value;
}

/* A number in braces, behind the opening one. */
static uint32_t
braced(struct reader *r, unsigned base)
{
	size_t from = r->i;
	uint32_t value = number(r, base, 8);

	if (r->i == from || !syntax_take(r, "}") || value > (r->utf ? 0x10ffff : 0xff))
		r->failed = true;
	return value;
}

/* Go past {name}, <name>, 'name' or a number. */
static void
skip_reference(struct reader *r)
{
	static const char pairs[] = "{}<>''";
	const char *open = r->i < r->n ? strchr(pairs, r->p[r->i]) : NULL;

	if (open == NULL || *open == '\0') {
		if (r->i < r->n && (r->p[r->i] == '-' || r->p[r->i] == '+'))
			r->i++;
		number(r, 10, 9);
		return;
	}

	const unsigned char *end = memchr(r->p + r->i + 1, open[1], r->n - r->i - 1);

	if ((open - pairs) % 2 != 0 || end == NULL)
		r->failed = true;
	else
		r->i = (size_t)(end - r->p) + 1;
}

/* True if an ASCII character is in \d, \h, \n, \s, \v or \w; \N is read as what is not \n. */
static bool
in_type(char type, unsigned char c)
{
	switch (type) {
	case 'd':
		return c >= '0' && c <= '9';
	case 'h':
		return c == ' ' || c == '\t';
	case 'n':
		return c == '\n';
	case 's':
		return c == ' ' || (c >= '\t' && c <= '\r');
	case 'v':
		return c >= '\n' && c <= '\r';
	default:
		return digit_of(c, 10) >= 0 || c == '_' ||
		    (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
	}
}

/* \d and its kin, in upper case turned around. What is beyond ASCII may be in each of them. */
static struct escape
type_escape(const struct reader *r, char letter)
{
	struct escape e = { .type = ESCAPE_SET };
	char type = (char)ascii_lower((unsigned char)letter);
	bool turned = type != letter;

	e.may = syntax_all(r);
	e.may.letters &= strchr("hsvW", letter) == NULL;
	for (unsigned c = 0; c < 0x80; c++) {
		if (in_type(type, (unsigned char)c) != turned)
			set_add(&e.must, c);
		else
			e.may.bits[c / 32] &= ~(1u << c % 32);
	}
	return e;
}

/* A set of which nothing is known. */
static struct escape
unknown_set(const struct reader *r)
{
	return (struct escape){ .type = ESCAPE_SET, .may = syntax_all(r) };
}

static struct escape
character_escape(uint32_t c)
{
	return (struct escape){ .type = ESCAPE_CHARACTER, .character = c };
}

static struct escape
node_escape(enum node_type type)
{
	return (struct escape){ .type = ESCAPE_NODE, .node = type };
}

/* \1 and the like: a group's text, or in octal a character. */
static struct escape
digit_escape(struct reader *r, unsigned char c, bool in_class)
{
	if (c == '0')
		return character_escape(number(r, 8, 2));
	number(r, in_class ? 8 : 10, in_class ? 2 : 9);
	return in_class ? unknown_set(r) : node_escape(NODE_ANY);
}

/* \p{…} and \P{…}. */
static struct escape
property_escape(struct reader *r)
{
	if (r->i >= r->n)
		r->failed = true;
	else if (r->p[r->i] == '{')
		skip_reference(r);
	else
		r->i++;
	return unknown_set(r);
}

/* Escapes for one character by a letter, and what it takes. */
static struct escape
letter_escape(struct reader *r, unsigned char c)
{
	static const char letters[] = "aefnrt", codes[] = "\a\033\f\n\r\t";
	const char *known = strchr(letters, c);

	if (known != NULL)
		return character_escape((unsigned char)codes[known - letters]);
	if (c == 'x')
		return character_escape(syntax_take(r, "{") ? braced(r, 16) : number(r, 16, 2));
	if (c == 'o' && syntax_take(r, "{"))
		return character_escape(braced(r, 8));
	if (c == 'N' && syntax_take(r, "{U+"))
		return character_escape(braced(r, 16));
	if (c == 'c' && r->i < r->n && r->p[r->i] < 0x80) {
		unsigned char control = r->p[r->i++];

		if (control >= 'a' && control <= 'z')
			control -= 'a' - 'A';
		return character_escape(control ^ 0x40);
	}
	r->failed = true;
	return character_escape(0);
}

/* Escapes that stand for no single character, outside of classes. */
static bool
outside_escape(struct reader *r, unsigned char c, struct escape *e)
{
	switch (c) {
	case 'A':
		*e = node_escape(NODE_START);
		return true;
	case 'b':
	case 'B':
	case 'G':
	case 'K':
		*e = node_escape(NODE_EMPTY);
		return true;
	case 'Z':
	case 'z':
		*e = node_escape(NODE_END);
		return true;
	case 'R':
	case 'X':
		*e = node_escape(NODE_ANY);
		return true;
	case 'g':
	case 'k':
		skip_reference(r);
		*e = node_escape(NODE_ANY);
		return true;
	default:
		return false;
	}
}

/* Read an escape. */
struct escape
syntax_escape(struct reader *r, bool in_class)
{
	struct escape e;
	uint32_t c;

	if (r->i >= r->n) {
		r->failed = true;
		return character_escape(0);
	}
	c = syntax_next(r);
	if (c >= 0x80 || !in_type('w', (unsigned char)c) || c == '_')
		return character_escape(c);
	if (digit_of((unsigned char)c, 10) >= 0)
		return digit_escape(r, (unsigned char)c, in_class);
	if (!in_class && outside_escape(r, (unsigned char)c, &e))
		return e;
	if (in_class && c == 'b')
		return character_escape('\b');
	if (c == 'p' || c == 'P')
		return property_escape(r);
	if (strchr("dDhHsSvVwW", (int)c) != NULL ||
	    (c == 'N' && (r->i >= r->n || r->p[r->i] != '{')))
		return type_escape(r, (char)c);
	return letter_escape(r, (unsigned char)c);
}

/* ---- classes ---- */

/* Add all of another set's, one kind of certainty alike. */
static void
add_set(struct set *to, const struct set *from)
{
	for (unsigned i = 0; i < 8; i++)
		to->bits[i] |= from->bits[i];
	to->wide |= from->wide;
	to->letters |= from->letters;
}

/* Add a range. Beyond ASCII its members are not told apart. */
static void
add_range(
    struct reader *r, struct set *may, struct set *must, uint32_t from, uint32_t to, bool caseless)
{
	if (to < from)
		r->failed = true;
	for (uint32_t c = from; c <= to && c < (r->utf ? 0x80 : 0x100) && !r->failed; c++) {
		add_cases(r, may, c, caseless);
		add_cases(r, must, c, caseless);
	}
	if (to < 0x80 || !r->utf)
		return;
	may->wide = may->letters = true;
	if (caseless && from <= CASES_KELVIN && to >= CASES_KELVIN)
		add_cases(r, may, 'k', true);
	if (caseless && from <= CASES_LONG_S && to >= CASES_LONG_S)
		add_cases(r, may, 's', true);
}

/* One member: a character, or a set that is added at once. False for a set. */
static bool
member(struct reader *r, struct set *may, struct set *must, uint32_t *character)
{
	struct escape e;

	*character = 0;
	if (r->quoted || r->p[r->i] != '\\') {
		*character = syntax_next(r);
		return true;
	}
	r->i++;
	e = syntax_escape(r, true);
	if (e.type == ESCAPE_CHARACTER) {
		*character = e.character;
		return true;
	}
	add_set(may, &e.may);
	add_set(must, &e.must);
	return false;
}

/* Go past what stands for nothing within a class. */
static void
skip_nothing(struct reader *r, struct mode mode)
{
	for (;;) {
		if (r->quoted ? syntax_take(r, "\\E") : syntax_take(r, "\\Q"))
			r->quoted = !r->quoted;
		else if (!r->quoted && syntax_take(r, "\\E"))
			continue;
		else if (!r->quoted && mode.extended_more && r->i < r->n &&
		    (r->p[r->i] == ' ' || r->p[r->i] == '\t'))
			r->i++;
		else
			return;
	}
}

/* [:alpha:] and its kin: nothing is said of them. False if none stands here. */
static bool
posix(struct reader *r, struct set *may)
{
	static const char kinds[] = ":.=";
	struct set all;

	if (r->quoted || r->n - r->i < 2 || r->p[r->i] != '[' ||
	    memchr(kinds, r->p[r->i + 1], 3) == NULL)
		return false;
	for (size_t i = r->i + 2; i + 1 < r->n; i++) {
		unsigned char c = r->p[i];

		if (c == r->p[r->i + 1] && r->p[i + 1] == ']') {
			all = syntax_all(r);
			add_set(may, &all);
			r->i = i + 2;
			return true;
		}
		if (c == ']' || c == '\\' || c == '[')
			return false;
	}
	return false;
}

/* A hyphen behind a character, and the end of the range that it makes. False if it makes none. */
static bool
range_end(struct reader *r, struct mode mode, struct set *may, struct set *must, uint32_t *to)
{
	skip_nothing(r, mode);
	if (r->quoted || !syntax_take(r, "-"))
		return false;
	skip_nothing(r, mode);
	if (r->i >= r->n || (!r->quoted && r->p[r->i] == ']')) {
		set_add(may, '-');
		set_add(must, '-');
		return false;
	}
	if (!posix(r, may) && member(r, may, must, to))
		return true;
	set_add(may, '-'); /* before a set it is one itself */
	set_add(must, '-');
	return false;
}

/* Read a class. */
struct set
syntax_class(struct reader *r, struct mode mode)
{
	struct set may = { .nothers = 0 }, must = { .nothers = 0 };
	bool turned, first = true;
	uint32_t from, to;

	skip_nothing(r, mode);
	turned = !r->quoted && syntax_take(r, "^");
	for (;; first = false) {
		skip_nothing(r, mode);
		if (!reader_more(r)) {
			r->failed = true;
			return may;
		}
		if (!first && !r->quoted && syntax_take(r, "]"))
			return turned ? all_but(r, &must) : may;
		if (posix(r, &may) || !member(r, &may, &must, &from))
			continue;
		if (range_end(r, mode, &may, &must, &to)) {
			add_range(r, &may, &must, from, to, mode.caseless);
			continue;
		}
		add_cases(r, &may, from, mode.caseless);
		add_cases(r, &must, from, mode.caseless);
	}
}

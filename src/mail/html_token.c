/*
 * html_token.c - HTML source cut into tags and texts
 *
 * Nothing is looked at twice: what opens and is never closed goes to the end of the source.
 */
#include "mail/html_token.h"

static const struct slice attr_names[HTML_ATTRS] = {
	[HTML_ATTR_ACTION] = { "action", 6 },
	[HTML_ATTR_ALT] = { "alt", 3 },
	[HTML_ATTR_BACKGROUND] = { "background", 10 },
	[HTML_ATTR_BGCOLOR] = { "bgcolor", 7 },
	[HTML_ATTR_CLASS] = { "class", 5 },
	[HTML_ATTR_COLOR] = { "color", 5 },
	[HTML_ATTR_CONTENT] = { "content", 7 },
	[HTML_ATTR_DATA] = { "data", 4 },
	[HTML_ATTR_FORMACTION] = { "formaction", 10 },
	[HTML_ATTR_HIDDEN] = { "hidden", 6 },
	[HTML_ATTR_HREF] = { "href", 4 },
	[HTML_ATTR_HTTP_EQUIV] = { "http-equiv", 10 },
	[HTML_ATTR_ID] = { "id", 2 },
	[HTML_ATTR_OPEN] = { "open", 4 },
	[HTML_ATTR_POSTER] = { "poster", 6 },
	[HTML_ATTR_SRC] = { "src", 3 },
	[HTML_ATTR_STYLE] = { "style", 5 },
	[HTML_ATTR_TEXT] = { "text", 4 },
	[HTML_ATTR_TYPE] = { "type", 4 },
	[HTML_ATTR_VALUE] = { "value", 5 },
};

/* True for the letters that a tag can begin with. */
static bool
is_letter(char c)
{
	return (unsigned char)((c | 0x20) - 'a') < 26;
}

/* The place of c in what is left, or the end. */
static const char *
find(const char *at, const char *end, char c)
{
	const char *found = at < end ? memchr(at, c, (size_t)(end - at)) : NULL;

	return found != NULL ? found : end;
}

/* Pass a comment, of which `<!--` was read (13.2.5.43 to 52). */
static void
skip_comment(struct html_lexer *l)
{
	const char *start = l->at, *at = start;

	while ((at = find(at, l->end, '>')) < l->end) {
		size_t n = (size_t)(at - start);

		at++;
		if (n == 0 || (n == 1 && start[0] == '-') ||
		    (n >= 2 && memcmp(at - 3, "--", 2) == 0) ||
		    (n >= 3 && memcmp(at - 4, "--!", 3) == 0))
			break;
	}
	l->at = at;
}

/* Pass white space. */
static void
skip_space(struct html_lexer *l)
{
	while (l->at < l->end && html_is_space(*l->at))
		l->at++;
}

/* The value of an attribute, behind its `=`. */
static struct slice
read_value(struct html_lexer *l)
{
	const char *start;

	skip_space(l);
	start = l->at;
	if (l->at < l->end && (*l->at == '"' || *l->at == '\'')) {
		l->at = find(start + 1, l->end, *start);
		struct slice value = slice_of(start + 1, (size_t)(l->at - start) - 1);

		if (l->at < l->end)
			l->at++;
		return value;
	}
	while (l->at < l->end && *l->at != '>' && !html_is_space(*l->at))
		l->at++;
	return slice_of(start, (size_t)(l->at - start));
}

/* Keep an attribute that somebody asks for, the first of its name. */
static void
keep_attr(struct html_token *t, struct slice name, struct slice value)
{
	unsigned char first = ascii_lower((unsigned char)name.p[0]);

	for (unsigned i = 0; i < HTML_ATTRS; i++) {
		if (attr_names[i].n != name.n || attr_names[i].p[0] != first ||
		    !slice_eq_nocase(attr_names[i], name))
			continue;
		if (!(t->has & 1u << i))
			t->attr[i] = value;
		t->has |= 1u << i;
		return;
	}
}

/* The attributes of a tag up to its `>`; false if there is none. */
static bool
read_attrs(struct html_lexer *l, struct html_token *t)
{
	for (;;) {
		const char *start;
		struct slice name, value = SLICE("");

		while (l->at < l->end && (html_is_space(*l->at) || *l->at == '/')) {
			t->self_closing = *l->at == '/';
			l->at++;
		}
		if (l->at == l->end)
			return false;
		if (*l->at == '>') {
			l->at++;
			return true;
		}
		t->self_closing = false;
		start = l->at++; /* an attribute's name may begin with `=` */
		while (l->at < l->end && *l->at != '=' && *l->at != '>' && *l->at != '/' &&
		    !html_is_space(*l->at))
			l->at++;
		name = slice_of(start, (size_t)(l->at - start));
		skip_space(l);
		if (l->at < l->end && *l->at == '=') {
			l->at++;
			value = read_value(l);
		}
		keep_attr(t, name, value);
	}
}

/* A tag, at its `<`; false for anything else, which is passed if it is not text. */
static bool
read_tag(struct html_lexer *l, struct html_token *t)
{
	const char *name = l->at + 1;

	t->kind = HTML_START;
	if (*name == '/') {
		t->kind = HTML_STOP;
		name++;
	}
	l->at = name;
	while (l->at < l->end && *l->at != '>' && *l->at != '/' && !html_is_space(*l->at))
		l->at++;
	t->name = slice_of(name, (size_t)(l->at - name));
	t->has = 0;
	t->self_closing = false;
	return read_attrs(l, t);
}

/* What begins at a `<`: 0 text, '<' a tag, '-' a comment, '?' what ends at the next `>`. */
static char
what_begins(const char *at, const char *end)
{
	size_t n = (size_t)(end - at);

	if (n < 2)
		return 0;
	if (is_letter(at[1]))
		return '<';
	if (at[1] == '!')
		return n >= 4 && at[2] == '-' && at[3] == '-' ? '-' : '?';
	if (at[1] == '?')
		return '?';
	if (at[1] != '/' || n < 3)
		return 0;
	return is_letter(at[2]) ? '<' : '?';
}

/* Find the next piece. */
void
html_next(struct html_lexer *l, struct html_token *t)
{
	const char *start = l->at;

	while (l->at < l->end) {
		const char *at = find(l->at, l->end, '<');
		char what = 0;

		while (at < l->end && (what = what_begins(at, l->end)) == 0)
			at = find(at + 1, l->end, '<');
		l->at = at;
		if (at > start) {
			t->kind = HTML_TEXT;
			t->text = slice_of(start, (size_t)(at - start));
			return;
		}
		if (what == '<') {
			if (read_tag(l, t))
				return;
		} else if (what == '-') {
			l->at += 4;
			skip_comment(l);
		} else {
			l->at = find(at, l->end, '>');
			l->at += l->at < l->end;
		}
		start = l->at;
	}
	t->kind = HTML_END;
}

/* Find the end tag of what isn't HTML. */
struct slice
html_raw(struct html_lexer *l, struct slice name)
{
	const char *start = l->at, *at = start;

	for (; (at = find(at, l->end, '<')) < l->end; at++) {
		size_t n = (size_t)(l->end - at);
		const char *behind = at + 2 + name.n;

		if (n < name.n + 3 || at[1] != '/' ||
		    !slice_eq_nocase(slice_of(at + 2, name.n), name))
			continue;
		if (*behind == '>' || *behind == '/' || html_is_space(*behind))
			break;
	}
	l->at = at;
	return slice_of(start, (size_t)(at - start));
}

/*
 * syntax.c - a pattern taken apart, as far as can be proved
 *
 * A descent through PCRE2's syntax. What PCRE2 takes and this does not know for certain makes no
 * tree: verbs (*…), callouts, flags that came later. A mistake on the side of NODE_ANY costs time,
 * the other way it would cost a match; so where two readings are possible, both are allowed for.
 */
#include "match/syntax_in.h"

#include "base/limits.h"
#include "match/pattern.h"

static struct node *alternatives(struct reader *r, struct mode mode);

/* A new node, which on lack of memory is not used. */
static struct node *
new_node(struct reader *r, enum node_type type)
{
	struct node *n = arena_alloc(r->arena, sizeof(*n));

	if (n == NULL) {
		r->failed = true;
		return &r->none;
	}
	n->type = type;
	return n;
}

/* Put a node behind a parent's other children. */
static void
append(const struct reader *r, struct node *parent, struct node *child)
{
	if (r->failed)
		return;
	if (parent->last == NULL)
		parent->first = child;
	else
		parent->last->next = child;
	parent->last = child;
}

static struct node *
set_node(struct reader *r, struct set set)
{
	struct node *n = new_node(r, NODE_SET);
	struct set *copy = arena_alloc(r->arena, sizeof(*copy));

	if (copy == NULL)
		r->failed = true;
	if (!r->failed) {
		*copy = set;
		n->set = copy;
	}
	return n;
}

/* Nothing is understood. */
static struct node *
give_up(struct reader *r)
{
	r->failed = true;
	return new_node(r, NODE_ANY);
}

/* ---- groups ---- */

/* Go past a group's name, up to its end. */
static void
skip_name(struct reader *r, char end)
{
	while (r->i < r->n && r->p[r->i] != (unsigned char)end)
		r->i++;
	if (r->i++ >= r->n)
		r->failed = true;
}

/* What stands up to the closing parenthesis, and that. */
static struct node *
body(struct reader *r, struct mode mode)
{
	struct node *n;

	if (++r->depth > LIMIT_PATTERN_DEPTH)
		return give_up(r);
	n = alternatives(r, mode);
	r->depth--;
	if (!syntax_take(r, ")"))
		r->failed = true;
	return n;
}

/* An assertion. */
static struct node *
assertion(struct reader *r, struct mode mode, enum node_type type)
{
	struct node *child = body(r, mode), *n = new_node(r, type);

	append(r, n, child);
	return n;
}

/* (?(…)…|…): which of them is taken is not known. */
static struct node *
conditional(struct reader *r, struct mode mode)
{
	if (r->i < r->n && (r->p[r->i] == '?' || r->p[r->i] == '*'))
		return give_up(r);
	skip_name(r, ')');
	body(r, mode);
	return new_node(r, NODE_ANY);
}

/* Go past a call or a text of another group, up to the closing parenthesis. */
static struct node *
reference(struct reader *r)
{
	size_t from = r->i;

	skip_name(r, ')');
	if (!r->failed && memchr(r->p + from, '(', r->i - from) != NULL)
		return give_up(r);
	return new_node(r, NODE_ANY);
}

/* (?flags) and (?flags:…). The flags of (?flags) hold up to the end of the group around it. */
static struct node *
flags(struct reader *r, struct mode *mode)
{
	struct mode inner = *mode;
	bool on = true, start = true, extended = false;

	for (; reader_more(r); start = false) {
		char c = (char)r->p[r->i++];

		if (c == '^' && start)
			inner = (struct mode){ .caseless = false };
		else if (c == '-')
			on = false;
		else if (c == 'i')
			inner.caseless = on;
		else if (c == 'm')
			inner.multiline = on;
		else if (c == 'x') {
			if (on && extended)
				break;
			inner.extended_more = on && syntax_take(r, "x");
			inner.extended = extended = on;
		} else if (c == ':')
			return body(r, inner);
		else if (c == ')') {
			*mode = inner;
			return NULL;
		} else if (strchr("JUns", c) == NULL || c == '\0')
			break;
	}
	return give_up(r);
}

/* What stands behind (?. NULL for what changes flags only. */
static struct node *
special_group(struct reader *r, struct mode *mode)
{
	static const char *const plain[] = { ":", "|", ">" };
	static const char *const references[] = { "R", "&", "P>", "P=", "+" };

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (syntax_take(r, plain[i]))
			return body(r, *mode);
	if (syntax_take(r, "=") || syntax_take(r, "<="))
		return assertion(r, *mode, NODE_LOOK);
	if (syntax_take(r, "!") || syntax_take(r, "<!"))
		return assertion(r, *mode, NODE_NOT);
	if (syntax_take(r, "("))
		return conditional(r, *mode);
	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++)
		if (syntax_take(r, references[i]))
			return reference(r);
	if (r->i < r->n && r->p[r->i] >= '0' && r->p[r->i] <= '9')
		return reference(r);
	if (r->n - r->i > 1 && r->p[r->i] == '-' && r->p[r->i + 1] >= '0' && r->p[r->i + 1] <= '9')
		return reference(r);
	if (syntax_take(r, "P<") || syntax_take(r, "<") || syntax_take(r, "'")) {
		skip_name(r, r->p[r->i - 1] == '<' ? '>' : '\'');
		return body(r, *mode);
	}
	return flags(r, mode);
}

/* ---- items ---- */

/* True, and gone past it, if a comment stands next, or a blank where they stand for nothing. */
static bool
skip_nothing(struct reader *r, struct mode mode)
{
	if (r->quoted)
		return syntax_take(r, "\\E") ? (r->quoted = false, true) : false;
	if (syntax_take(r, "\\Q")) {
		r->quoted = true;
		return true;
	}
	if (syntax_take(r, "\\E"))
		return true;
	if (syntax_take(r, "(?#")) {
		skip_name(r, ')');
		return true;
	}
	if (!mode.extended)
		return false;
	if (syntax_take(r, "#")) {
		const unsigned char *end = memchr(r->p + r->i, '\n', r->n - r->i);

		r->i = end != NULL ? (size_t)(end - r->p) + 1 : r->n;
		return true;
	}
	if (r->p[r->i] == ' ' || (r->p[r->i] >= '\t' && r->p[r->i] <= '\r')) {
		r->i++;
		return true;
	}
	return false;
}

/* One character of the pattern itself. Some beyond ASCII are blanks, too: these are not told. */
static struct node *
plain_character(struct reader *r, struct mode mode)
{
	uint32_t c = syntax_next(r);

	if (mode.extended && !r->quoted &&
	    (c == 0x85 || c == 0x200e || c == 0x200f || c == 0x2028 || c == 0x2029))
		return give_up(r);
	return set_node(r, syntax_character(r, c, mode.caseless));
}

/* What a backslash begins. */
static struct node *
escaped(struct reader *r, struct mode mode)
{
	struct escape e;

	r->i++;
	e = syntax_escape(r, false);
	if (e.type == ESCAPE_CHARACTER)
		return set_node(r, syntax_character(r, e.character, mode.caseless));
	return e.type == ESCAPE_SET ? set_node(r, e.may) : new_node(r, e.node);
}

/* The next item. NULL for what changes flags only. */
static struct node *
item(struct reader *r, struct mode *mode)
{
	unsigned char c = r->p[r->i];

	if (r->quoted)
		return plain_character(r, *mode);
	if (syntax_take(r, "[[:<:]]") || syntax_take(r, "[[:>:]]"))
		return new_node(r, NODE_EMPTY);
	if (c == '\\')
		return escaped(r, *mode);
	if (syntax_take(r, "(?"))
		return special_group(r, mode);
	if (syntax_take(r, "(*"))
		return give_up(r);
	if (c == '(' || c == '[' || c == '.' || c == '^' || c == '$')
		r->i++;
	switch (c) {
	case '(':
		return body(r, *mode);
	case '[':
		return set_node(r, syntax_class(r, *mode));
	case '.':
		return set_node(r, syntax_all(r));
	case '^':
		return new_node(r, mode->multiline ? NODE_EMPTY : NODE_START);
	case '$':
		return new_node(r, mode->multiline ? NODE_EMPTY : NODE_END);
	default:
		return plain_character(r, *mode);
	}
}

/* ---- repetitions ---- */

/* Up to five digits. False if there is none. */
static bool
count(struct reader *r, uint32_t *value)
{
	size_t from = r->i;

	for (*value = 0; r->i < r->n && r->i - from < 5 && r->p[r->i] >= '0' && r->p[r->i] <= '9';)
		*value = *value * 10 + (r->p[r->i++] - '0');
	return r->i > from;
}

/* {n}, {n,} and {n,m}; r->i is behind the brace. */
static bool
braces(struct reader *r, uint32_t *min, uint32_t *max)
{
	if (!count(r, min))
		return false;
	*max = *min;
	if (syntax_take(r, ",") && !count(r, max))
		*max = NODE_MANY;
	return syntax_take(r, "}");
}

/* True if braces hold but digits, commas and blanks: a later PCRE2 reads that as a repetition. */
static bool
is_doubtful(const struct reader *r)
{
	size_t i = r->i + 1;

	while (i < r->n && r->p[i] != '\0' && strchr("0123456789, \t", r->p[i]) != NULL)
		i++;
	return i < r->n && r->p[i] == '}';
}

/* True, and gone past it, if a repetition stands next. */
static bool
repetition(struct reader *r, uint32_t *min, uint32_t *max)
{
	size_t from = r->i;

	if (r->quoted)
		return false;
	*min = r->p[r->i] == '+';
	*max = r->p[r->i] == '?' ? 1 : NODE_MANY;
	if (strchr("*+?", r->p[r->i]) != NULL && r->p[r->i] != '\0')
		r->i++;
	else if (r->p[r->i] == '{') {
		r->i++;
		if (!braces(r, min, max)) {
			r->i = from;
			r->failed |= is_doubtful(r);
			return false;
		}
	} else
		return false;
	if (!syntax_take(r, "+"))
		syntax_take(r, "?");
	return true;
}

/* The last child, repeated. */
static void
repeat(struct reader *r, struct node *parent, uint32_t min, uint32_t max)
{
	struct node *inner = new_node(r, parent->last->type), *outer = parent->last;

	if (r->failed)
		return;
	*inner = *outer;
	inner->next = NULL;
	*outer = (struct node){ .type = NODE_REPEAT, .min = min, .max = max };
	append(r, outer, inner);
}

/* Items up to the next | or closing parenthesis. */
static struct node *
branch(struct reader *r, struct mode *mode)
{
	struct node *n = new_node(r, NODE_CAT), *next;
	uint32_t min, max;
	bool repeatable = false;

	while (reader_more(r)) {
		if (skip_nothing(r, *mode))
			continue;
		if (!r->quoted && (r->p[r->i] == '|' || r->p[r->i] == ')'))
			break;
		if (repetition(r, &min, &max)) {
			if (!repeatable)
				return give_up(r);
			repeat(r, n, min, max);
			continue;
		}
		if (r->failed)
			break;
		next = item(r, mode);
		repeatable = next != NULL;
		if (repeatable)
			append(r, n, next);
	}
	return n;
}

/* Branches up to a closing parenthesis or the end. */
static struct node *
alternatives(struct reader *r, struct mode mode)
{
	struct node *n = new_node(r, NODE_ALT);

	do
		append(r, n, branch(r, &mode));
	while (reader_more(r) && !r->quoted && syntax_take(r, "|"));
	return n->first != NULL && n->first == n->last ? n->first : n;
}

/* The tree of a pattern. */
const struct node *
syntax_tree(struct slice re, unsigned flags, struct cases *cases, struct arena *a)
{
	struct reader r = {
		.p = (const unsigned char *)re.p,
		.n = re.n,
		.utf = flags & PATTERN_UTF,
		.cases = cases,
		.arena = a,
	};
	struct mode mode = {
		.caseless = flags & PATTERN_CASELESS,
		.multiline = flags & PATTERN_MULTILINE,
		.extended = flags & PATTERN_EXTENDED,
	};
	struct node *tree = alternatives(&r, mode);

	return r.failed || r.i < r.n ? NULL : tree;
}

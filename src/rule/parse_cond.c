/*
 * parse_cond.c - conditions
 *
 *   or      = and { "or" and }
 *   and     = not { "and" not }
 *   not     = "not" not | primary
 *   primary = "(" or ")" | "(" ref "," ref ")" ["not"] "in" list
 *           | NUMBER "of" "(" or { "," or } ")"
 *           | "count" "(" ref ["~" pattern] ")" op right
 *           | ref [op right]
 */
#include "rule/parse.h"

#include "base/limits.h"

static struct ast_cond *parse_or(struct parser *p);

static struct ast_cond *
new_cond(struct parser *p, enum cond_kind kind)
{
	struct ast_cond *c = arena_alloc(p->arena, sizeof *c);

	c->kind = kind;
	c->span = p->tok.whole;
	return c;
}

/* A span from the start of a to the end of the last token's predecessor, at least a itself. */
static struct span
span_to(struct span a, struct span b)
{
	if (a.source == b.source && b.at + b.n > a.at)
		a.n = b.at + b.n - a.at;
	return a;
}

/* FACT or FACT("arg", …). */
static struct ast_ref
parse_ref(struct parser *p, const char *expected)
{
	struct ast_ref r = { .span = p->tok.whole };
	struct ast_word **tail = &r.args;

	if (!parse_is(p, TOKEN_WORD)) {
		struct diag *g = parse_fail(p, expected);

		if (g != NULL && p->tok.kind == TOKEN_BANG)
			diag_hint(p->diags, g, "negation is written `not`, `!=`, `!~` or `not in`");
		return r;
	}
	r.name = parse_ast_word(p);
	if (!parse_is(p, TOKEN_LPAREN))
		return r;
	r.has_args = true;
	p->free_lines++;
	do {
		parse_take(p);
		if (!parse_is(p, TOKEN_STRING) && !parse_is(p, TOKEN_WORD)) {
			parse_fail(p, "a name in quotes");
			break;
		}
		*tail = arena_alloc(p->arena, sizeof **tail);
		**tail = parse_ast_word(p);
		tail = &(*tail)->next;
	} while (parse_is(p, TOKEN_COMMA));
	r.span = span_to(r.span, p->tok.whole);
	p->free_lines--;
	if (!p->failed && p->tok.kind == TOKEN_RPAREN)
		parse_take(p);
	else
		parse_fail(p, "`,` or `)`");
	return r;
}

/* The operator of a comparison; false if there is none. */
static bool
parse_op(struct parser *p, struct ast_cond *c)
{
	static const struct {
		const char *sign;
		enum atom_op op;
		bool negated;
	} ops[] = { { "=", OP_EQ, false }, { "!=", OP_EQ, true }, { "<", OP_LT, false },
		{ "<=", OP_LE, false }, { ">", OP_GT, false }, { ">=", OP_GE, false },
		{ "~", OP_MATCH, false }, { "!~", OP_MATCH, true } };

	c->op = OP_THERE;
	c->op_span = p->tok.whole;
	if (parse_is_word(p, "not") || parse_is_word(p, "in")) {
		c->negated = parse_word(p, "not");
		if (!parse_word(p, "in")) {
			parse_fail(p, "`in`");
			return false;
		}
		c->op = OP_IN;
		return true;
	}
	if (!parse_is(p, TOKEN_OP))
		return false;
	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
		if (slice_eq(span_slice(p->tok.span), slice_str(ops[i].sign))) {
			c->op = ops[i].op;
			c->negated = ops[i].negated;
		}
	parse_take(p);
	return true;
}

/* The right side of ~ and !~. */
static void
parse_right_pattern(struct parser *p, struct ast_cond *c)
{
	struct diag *g;

	if (parse_is(p, TOKEN_PATTERN)) {
		c->right = RIGHT_PATTERN;
		c->pattern = parse_ast_pattern(p);
		return;
	}
	g = parse_fail(p, "a pattern");
	if (g != NULL && (p->tok.kind == TOKEN_WORD || p->tok.kind == TOKEN_STRING))
		diag_hint(p->diags, g, "a pattern stands between slashes: /%.*s/",
		    SLICE_ARG(span_slice(p->tok.span)));
}

/* The right side of the other operators. */
static void
parse_right(struct parser *p, struct ast_cond *c)
{
	struct token t = p->tok;

	c->right_span = t.whole;
	if (c->op == OP_MATCH) {
		parse_right_pattern(p, c);
	} else if (c->op == OP_IN && parse_is(p, TOKEN_LBRACE)) {
		c->right = RIGHT_ENTRIES;
		/* the first entry tells whether they are patterns */
		p->lx.patterns = true;
		c->entries = parse_entries(p, false, c->pair, 0);
		p->lx.patterns = false;
	} else if (parse_is(p, TOKEN_STRING)) {
		c->right = RIGHT_WORD;
		c->word = parse_ast_word(p);
	} else if (parse_is(p, TOKEN_WORD)) {
		struct ast_ref r = parse_ref(p, "");

		c->right = r.has_args ? RIGHT_REF : RIGHT_WORD;
		c->ref = r;
		c->word = r.name;
		c->right_span = r.span;
	} else {
		parse_fail(p, c->op == OP_IN ? "a list" : "a value");
	}
}

/* ref [op right]; also behind count( ) and a pair. */
static void
parse_comparison(struct parser *p, struct ast_cond *c)
{
	if (!p->failed && parse_op(p, c))
		parse_right(p, c);
	else if (!p->failed && (c->count || c->pair))
		parse_fail(p, c->pair ? "`in` and a list of pairs" : "a comparison such as `> 1`");
}

/* count(ref [~ pattern]) op number; `count` is taken. */
static void
parse_count(struct parser *p, struct ast_cond *c)
{
	c->count = true;
	p->free_lines++;
	parse_take(p);
	c->left = parse_ref(p, "a fact");
	if (!p->failed && parse_is(p, TOKEN_OP) && slice_eq(span_slice(p->tok.span), SLICE("~"))) {
		parse_take(p);
		if (parse_is(p, TOKEN_PATTERN))
			c->counted = parse_ast_pattern(p);
		else
			parse_fail(p, "a pattern such as /text/i");
	}
	p->free_lines--;
	if (!p->failed && p->tok.kind == TOKEN_RPAREN)
		parse_take(p);
	else
		parse_fail(p, "`)`");
	parse_comparison(p, c);
}

/* NUMBER of (C, C, …); the number is the current token. */
static struct ast_cond *
parse_of(struct parser *p)
{
	struct ast_cond *c = new_cond(p, COND_OF), **tail = &c->parts;
	unsigned long long n = 0;

	if (!slice_number(span_slice(p->tok.span), 1000, &n))
		diag_error(p->diags, p->tok.span, "a number up to 1000 expected before `of`");
	c->n = n;
	parse_take(p);
	parse_take(p);
	if (!parse_is(p, TOKEN_LPAREN)) {
		parse_fail(p, "`(`");
		return c;
	}
	p->free_lines++;
	do {
		parse_take(p);
		*tail = parse_or(p);
		tail = &(*tail)->next;
	} while (!p->failed && parse_is(p, TOKEN_COMMA));
	p->free_lines--;
	c->span = span_to(c->span, p->tok.whole);
	if (!p->failed && p->tok.kind == TOKEN_RPAREN)
		parse_take(p);
	else
		parse_fail(p, "`,` or `)`");
	return c;
}

/* ( … ): a group, or the left side of a pair. */
static struct ast_cond *
parse_group(struct parser *p)
{
	struct ast_cond *c, *pair = NULL;

	p->free_lines++;
	parse_take(p);
	c = parse_or(p);
	if (!p->failed && parse_is(p, TOKEN_COMMA) && c->kind == COND_COMPARE && c->op == OP_THERE) {
		pair = new_cond(p, COND_COMPARE);
		pair->span = c->span;
		pair->pair = true;
		pair->left = c->left;
		parse_take(p);
		pair->left2 = parse_ref(p, "a fact");
		c = pair;
	}
	p->free_lines--;
	if (!p->failed && p->tok.kind == TOKEN_RPAREN)
		parse_take(p);
	else
		parse_fail(p, "`and`, `or` or `)`");
	if (pair != NULL)
		parse_comparison(p, pair);
	return c;
}

/* True if the current token is a number and `of` may follow. */
static bool
is_number(const struct parser *p)
{
	struct slice s = span_slice(p->tok.span);

	return parse_is(p, TOKEN_WORD) && strspn(s.p, "0123456789") >= s.n;
}

static struct ast_cond *
parse_primary(struct parser *p)
{
	struct ast_cond *c;

	if (parse_is(p, TOKEN_LPAREN))
		return parse_group(p);
	if (is_number(p)) {
		struct lexer ahead = p->lx;
		struct token t = lex_next(&ahead);

		if (t.kind == TOKEN_WORD && slice_eq(span_slice(t.span), SLICE("of")))
			return parse_of(p);
	}
	c = new_cond(p, COND_COMPARE);
	if (parse_is_word(p, "count")) {
		struct lexer ahead = p->lx;

		if (lex_next(&ahead).kind == TOKEN_LPAREN) {
			parse_take(p);
			parse_count(p, c);
			return c;
		}
	}
	c->left = parse_ref(p, "a condition");
	if (p->failed) {
		c->kind = COND_BAD;
		return c;
	}
	c->span = c->left.span;
	parse_comparison(p, c);
	return c;
}

static struct ast_cond *
parse_not(struct parser *p)
{
	struct ast_cond *c;

	if (!parse_is_word(p, "not"))
		return parse_primary(p);
	c = new_cond(p, COND_NOT);
	parse_take(p);
	if (++p->nesting > LIMIT_NESTING) {
		if (!p->failed)
			diag_error(p->diags, p->tok.whole, "conditions within one another more than %d deep",
			    LIMIT_NESTING);
		p->failed = true;
		c->kind = COND_BAD;
	} else {
		c->parts = parse_not(p);
	}
	p->nesting--;
	return c;
}

/* first { word part }: a chain becomes one condition with all its parts. */
static struct ast_cond *
parse_chain(struct parser *p, const char *word, enum cond_kind kind,
    struct ast_cond *(*part)(struct parser *))
{
	struct ast_cond *first = part(p), *c, **tail;

	if (p->failed || !parse_is_word(p, word))
		return first;
	c = new_cond(p, kind);
	c->span = first->span;
	c->parts = first;
	tail = &first->next;
	while (!p->failed && parse_word(p, word)) {
		*tail = part(p);
		tail = &(*tail)->next;
	}
	return c;
}

static struct ast_cond *
parse_and(struct parser *p)
{
	return parse_chain(p, "and", COND_AND, parse_not);
}

static struct ast_cond *
parse_or(struct parser *p)
{
	struct ast_cond *c;

	if (++p->nesting > LIMIT_NESTING) {
		if (!p->failed)
			diag_error(p->diags, p->tok.whole, "conditions within one another more than %d deep",
			    LIMIT_NESTING);
		p->failed = true;
		c = new_cond(p, COND_BAD);
	} else {
		c = parse_chain(p, "or", COND_OR, parse_and);
	}
	p->nesting--;
	return c;
}

struct ast_cond *
parse_condition(struct parser *p)
{
	return parse_or(p);
}

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
 *   ref     = FACT ["(" arg { "," arg } ")" ["." tail]]
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

/* A span from the start of a to the end of the token taken last. */
static struct span
span_on(const struct parser *p, struct span a)
{
	if (p->last.source != NULL && p->last.at + p->last.n > a.at)
		a.n = p->last.at + p->last.n - a.at;
	return a;
}

/* .tail, joint with the parenthesis before it. */
static void
parse_tail(struct parser *p, struct ast_ref *r)
{
	struct slice dot = span_slice(p->tok.span);

	if (p->failed || !parse_is(p, TOKEN_WORD) || dot.p[0] != '.')
		return;
	if (p->tok.span.at != p->last.at + p->last.n)
		diag_hint(p->diags,
		    diag_error(p->diags, p->tok.span, "white space before `%.*s`", SLICE_ARG(dot)),
		    "a fact's part is joint with the parenthesis: header(\"From\").addr");
	r->tail = parse_ast_word(p);
	r->tail.span.at++;
	r->tail.span.n--;
	r->tail.s = span_slice(r->tail.span);
}

static void parse_args(struct parser *p, struct ast_ref *r, bool facts);

/* One argument: a text or a word; with `facts` that may be a fact with arguments of its own. */
static struct ast_word *
parse_arg(struct parser *p, bool facts)
{
	struct ast_word *w = arena_alloc(p->arena, sizeof *w);
	struct ast_ref *r;

	*w = parse_ast_word(p);
	if (!facts || w->quoted || !parse_is(p, TOKEN_LPAREN))
		return w;
	r = arena_alloc(p->arena, sizeof *r);
	*r = (struct ast_ref){ .span = w->span, .name = *w };
	parse_args(p, r, false);
	w->ref = r;
	w->span = r->span;
	return w;
}

/* ("arg", …).tail behind a fact's name, if that stands there. */
static void
parse_args(struct parser *p, struct ast_ref *r, bool facts)
{
	struct ast_word **tail = &r->args;

	if (!parse_is(p, TOKEN_LPAREN))
		return;
	r->has_args = true;
	p->free_lines++;
	do {
		parse_take(p);
		if (!parse_is(p, TOKEN_STRING) && !parse_is(p, TOKEN_WORD)) {
			parse_fail(p, "a name in quotes");
			break;
		}
		*tail = parse_arg(p, facts);
		tail = &(*tail)->next;
	} while (parse_is(p, TOKEN_COMMA));
	p->free_lines--;
	if (!p->failed && p->tok.kind == TOKEN_RPAREN)
		parse_take(p);
	else
		parse_fail(p, "`,` or `)`");
	parse_tail(p, r);
	r->span = span_on(p, r->span);
}

/* A fact, with its arguments, or a defined name. */
static struct ast_ref
parse_ref(struct parser *p, const char *expected)
{
	struct ast_ref r = { .span = p->tok.whole };

	if (!parse_is(p, TOKEN_WORD) || parse_is_joint(p)) {
		struct diag *g = parse_fail(p, expected);

		if (g != NULL && parse_is(p, TOKEN_STRING))
			diag_hint(p->diags, g, "a fact stands without quotes");
		return r;
	}
	r.name = parse_ast_word(p);
	parse_args(p, &r, true);
	return r;
}

/* `in`, `aligned`, and `not` before them. False: none stands here (reported). */
static bool
parse_op_word(struct parser *p, struct ast_cond *c)
{
	struct diag *g;

	c->negated = parse_word(p, "not");
	if (parse_word(p, "in")) {
		c->op = OP_IN;
		return true;
	}
	if (parse_word(p, "aligned")) {
		c->op = OP_ALIGNED;
		return true;
	}
	g = parse_fail(p, "`in` or `aligned`");
	if (g != NULL)
		diag_hint(p->diags, g, "one value is asked with !=, a pattern with !~");
	return false;
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
	if (parse_is_word(p, "not") || parse_is_word(p, "in") || parse_is_word(p, "aligned"))
		return parse_op_word(p, c);
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

/* `aligned with FACT`, as one says it: reported, `with` is skipped. */
static void
skip_with(struct parser *p)
{
	struct lexer ahead = p->lx;
	struct token t;

	if (!parse_is_word(p, "with"))
		return;
	t = lex_next(&ahead);
	if ((t.kind != TOKEN_WORD && t.kind != TOKEN_STRING) || (t.first && t.indent <= p->indent))
		return;
	diag_hint(p->diags,
	    diag_error(p->diags, p->tok.span, "`aligned` is written without `with`"),
	    "leave it out");
	parse_take(p);
}

/* The right side of the other operators. */
static void
parse_right(struct parser *p, struct ast_cond *c)
{
	struct diag *g;

	if (c->op == OP_ALIGNED)
		skip_with(p);
	c->right_span = p->tok.whole;
	if (c->op == OP_MATCH) {
		if (parse_ast_pattern(p, &c->pattern))
			c->right = RIGHT_PATTERN;
	} else if (c->op == OP_IN && parse_is(p, TOKEN_LBRACE)) {
		c->right = RIGHT_ENTRIES;
		/* the first entry tells whether they are patterns */
		p->lx.patterns = true;
		c->entries = parse_entries(p, false, c->pair);
		c->right_span = span_on(p, c->right_span);
	} else if (parse_is(p, TOKEN_STRING)) {
		c->right = RIGHT_WORD;
		c->word = parse_ast_word(p);
	} else if (parse_is(p, TOKEN_WORD) && !parse_is_joint(p)) {
		struct ast_ref r = parse_ref(p, "");

		c->right = r.has_args ? RIGHT_REF : RIGHT_WORD;
		c->ref = r;
		c->word = r.name;
		c->right_span = r.span;
	} else {
		g = parse_fail(p, c->op == OP_IN ? "a list" : "a value");
		if (g != NULL && c->op == OP_IN && parse_is(p, TOKEN_LPAREN))
			diag_hint(p->diags, g, "entries stand between { and }");
		else if (g != NULL && parse_is(p, TOKEN_LBRACE))
			diag_hint(p->diags, g, "a list is asked with `in`");
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
	c->span = span_on(p, c->span);
	if (p->failed)
		c->kind = COND_BAD;
}

/* count(ref [~ pattern]) op number; `count` is taken. */
static void
parse_count(struct parser *p, struct ast_cond *c)
{
	c->count = true;
	if (!parse_is(p, TOKEN_LPAREN)) {
		parse_fail(p, "`(`");
		c->kind = COND_BAD;
		return;
	}
	p->free_lines++;
	parse_take(p);
	c->left = parse_ref(p, "a fact");
	if (!p->failed && parse_is(p, TOKEN_OP) && slice_eq(span_slice(p->tok.span), SLICE("~"))) {
		parse_take(p);
		parse_ast_pattern(p, &c->counted);
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

	if (!slice_number(span_slice(p->tok.span), 1000, &n)) {
		diag_error(p->diags, p->tok.span,
		    "a number up to 1000 expected before `of`, not `%.*s`",
		    SLICE_ARG(span_slice(p->tok.span)));
		c->kind = COND_BAD;
	}
	c->n = n;
	parse_take(p);
	if (!parse_word(p, "of"))
		parse_fail(p, "`of`");
	else if (!parse_is(p, TOKEN_LPAREN))
		parse_fail(p, "`(`");
	p->free_lines++;
	while (!p->failed) {
		parse_take(p);
		*tail = parse_or(p);
		tail = &(*tail)->next;
		if (!parse_is(p, TOKEN_COMMA))
			break;
	}
	p->free_lines--;
	if (!p->failed && p->tok.kind == TOKEN_RPAREN)
		parse_take(p);
	else
		parse_fail(p, "`,` or `)`");
	c->span = span_on(p, c->span);
	if (p->failed)
		c->kind = COND_BAD;
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
	if (!p->failed && parse_is(p, TOKEN_COMMA) && c->kind == COND_COMPARE &&
	    c->op == OP_THERE) {
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

/* True for `N of`, and for `N (`, which lacks it. */
static bool
is_of(const struct parser *p)
{
	struct slice s = span_slice(p->tok.span);
	struct lexer ahead = p->lx;
	struct token t;

	if (!parse_is(p, TOKEN_WORD) || parse_is_joint(p))
		return false;
	t = lex_next(&ahead);
	return t.kind == TOKEN_LPAREN ? strspn(s.p, "0123456789") >= s.n
				      : t.kind == TOKEN_WORD && t.means == NULL &&
		slice_eq_nocase(span_slice(t.span), SLICE("of"));
}

static struct ast_cond *
parse_primary(struct parser *p)
{
	struct ast_cond *c;

	if (parse_is(p, TOKEN_LPAREN))
		return parse_group(p);
	if (is_of(p))
		return parse_of(p);
	c = new_cond(p, COND_COMPARE);
	if (parse_word(p, "count")) {
		parse_count(p, c);
		return c;
	}
	c->left = parse_ref(p, "a condition");
	c->span = c->left.span;
	parse_comparison(p, c);
	return c;
}

static struct ast_cond *
parse_not(struct parser *p)
{
	bool bang = parse_is(p, TOKEN_BANG);
	struct ast_cond *c;

	if (!bang && !parse_is_word(p, "not"))
		return parse_primary(p);
	c = new_cond(p, COND_NOT);
	if (bang) {
		diag_hint(p->diags,
		    diag_error(p->diags, p->tok.span, "`!` is not of this language"),
		    "write not, or one of !=, !~ and not in");
		parse_take(p);
	} else {
		parse_word(p, "not");
	}
	if (++p->nesting > LIMIT_NESTING) {
		if (!p->failed)
			diag_error(p->diags, p->tok.whole,
			    "conditions within one another more than %d deep", LIMIT_NESTING);
		p->failed = true;
		c->kind = COND_BAD;
	} else {
		c->parts = parse_not(p);
	}
	p->nesting--;
	c->span = span_on(p, c->span);
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
	c->span = span_on(p, c->span);
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
			diag_error(p->diags, p->tok.whole,
			    "conditions within one another more than %d deep", LIMIT_NESTING);
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
	unsigned nesting = p->nesting;
	struct ast_cond *c;

	p->nesting = 0;
	c = parse_or(p);
	p->nesting = nesting;
	return c;
}

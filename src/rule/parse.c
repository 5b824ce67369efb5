/*
 * parse.c - statements
 *
 * A statement ends where a token is the first of its line and not indented deeper than the
 * statement's own line, unless a parenthesis or a list's brace is open. After a mistake the rest of
 * the statement is skipped by the same rule, so one run finds the mistakes of all statements.
 */
#include "rule/parse.h"

#include "base/limits.h"
#include "base/suggest.h"
#include "match/literal.h"

bool
parse_more(const struct parser *p)
{
	if (p->tok.kind == TOKEN_END)
		return false;
	if (p->free_lines > 0)
		return true;
	return p->tok.kind != TOKEN_RBRACE && !(p->tok.first && p->tok.indent <= p->indent);
}

struct token
parse_take(struct parser *p)
{
	struct token t = p->tok;

	p->tok = lex_next(&p->lx);
	return t;
}

bool
parse_is(const struct parser *p, enum token_kind k)
{
	/* a brace begins no statement: it may stand under the line that it belongs to */
	return p->tok.kind == k && (k == TOKEN_LBRACE || parse_more(p));
}

bool
parse_is_word(const struct parser *p, const char *word)
{
	return parse_is(p, TOKEN_WORD) && slice_eq(span_slice(p->tok.span), slice_str(word));
}

bool
parse_word(struct parser *p, const char *word)
{
	if (!parse_is_word(p, word))
		return false;
	parse_take(p);
	return true;
}

struct diag *
parse_fail(struct parser *p, const char *expected)
{
	struct token t = p->tok;
	bool again = p->failed;

	p->failed = true;
	/* a bad token was reported; so was the first mistake of this statement */
	if (again || t.kind == TOKEN_BAD)
		return NULL;
	if (!parse_more(p) && t.kind != TOKEN_RBRACE)
		return diag_error(
		    p->diags, t.whole, "%s expected, but the statement ends here", expected);
	return diag_error(p->diags, t.whole, "%s expected, not `%.*s`", expected,
	    SLICE_ARG(span_slice(t.whole)));
}

struct ast_word
parse_ast_word(struct parser *p)
{
	struct token t = parse_take(p);
	struct ast_word w = { .span = t.span, .quoted = t.kind == TOKEN_STRING };

	w.s = w.quoted ? literal_unescape(t.span, p->arena) : span_slice(t.span);
	return w;
}

struct ast_pattern
parse_ast_pattern(struct parser *p)
{
	struct token t = parse_take(p);

	return (struct ast_pattern){ .span = t.span, .flags = literal_flags(t.flags, p->diags) };
}

bool
parse_is_reserved(struct slice word)
{
	static const char *const words[] = { "accept", "add-header", "addresses", "and", "copy-to",
		"count", "default", "define", "discard", "domains", "entry", "from", "greylist", "if",
		"in", "include", "list", "log", "monitor", "networks", "not", "of", "or", "patterns",
		"quarantine", "redirect", "reject", "remove-header", "score", "set", "set-header",
		"tempfail", "test", "when", "words" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (slice_eq_nocase(word, slice_str(words[i])))
			return true;
	return fact_find(word) != NULL;
}

/* A word or text appended to a chain. */
static struct ast_word **
add_word(struct parser *p, struct ast_word **tail)
{
	*tail = arena_alloc(p->arena, sizeof **tail);
	**tail = parse_ast_word(p);
	return &(*tail)->next;
}

/* The name of a list or definition. */
static struct ast_word
parse_name(struct parser *p, const char *of)
{
	if (parse_is(p, TOKEN_WORD))
		return parse_ast_word(p);
	parse_fail(p, of);
	return (struct ast_word){ .span = p->tok.whole };
}

/* set NAME VALUE … */
static void
parse_set(struct parser *p, struct ast_stmt *s)
{
	struct ast_word **tail = &s->values;

	s->kind = STMT_SET;
	s->name = parse_name(p, "the name of a setting");
	while (parse_is(p, TOKEN_WORD) || parse_is(p, TOKEN_STRING))
		tail = add_word(p, tail);
	if (s->values == NULL && !p->failed)
		parse_fail(p, "a value");
}

/* include "FILE" */
static void
parse_include(struct parser *p, struct ast_stmt *s)
{
	s->kind = STMT_INCLUDE;
	if (parse_is(p, TOKEN_STRING))
		s->name = parse_ast_word(p);
	else
		parse_fail(p, "the file in quotes");
}

/* The words of a list's type. */
static bool
parse_list_type(struct parser *p, struct ast_stmt *s)
{
	static const enum list_type types[] = { LIST_NETWORKS, LIST_DOMAINS, LIST_ADDRESSES, LIST_WORDS,
		LIST_PATTERNS };
	struct suggest sug;
	struct slice word = span_slice(p->tok.span);

	if (!parse_is(p, TOKEN_WORD)) {
		parse_fail(p, "the type of the list");
		return false;
	}
	suggest_begin(&sug, word);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		suggest_offer(&sug, slice_str(list_type_name(types[i])));
		if (!parse_word(p, list_type_name(types[i])))
			continue;
		s->list_type = types[i];
		if (types[i] == LIST_ADDRESSES && parse_word(p, "addresses"))
			s->list_type = LIST_PAIRS;
		return true;
	}
	if (sug.best.p != NULL)
		diag_hint(p->diags,
		    diag_error(p->diags, p->tok.span, "unknown type of list `%.*s`", SLICE_ARG(word)),
		    "did you mean %.*s?", SLICE_ARG(sug.best));
	else
		diag_hint(p->diags,
		    diag_error(p->diags, p->tok.span, "unknown type of list `%.*s`", SLICE_ARG(word)),
		    "types are networks, domains, addresses, words, patterns, and addresses "
		    "addresses for pairs");
	p->failed = true;
	return false;
}

/* list NAME of TYPE [FLAGS] { … } or from "FILE" */
static void
parse_list(struct parser *p, struct ast_stmt *s)
{
	s->kind = STMT_LIST;
	s->name = parse_name(p, "the name of the list");
	if (p->failed)
		return;
	if (!parse_word(p, "of")) {
		parse_fail(p, "`of`");
		return;
	}
	if (!parse_list_type(p, s))
		return;
	if (parse_is(p, TOKEN_WORD) && !parse_is_word(p, "from")) {
		if (s->list_type == LIST_PATTERNS)
			s->list_flags = literal_flags(p->tok.span, p->diags);
		else
			diag_error(p->diags, p->tok.span, "only a list of patterns has flags");
		parse_take(p);
	}
	p->lx.patterns = s->list_type == LIST_PATTERNS;
	if (parse_word(p, "from")) {
		s->from_file = true;
		if (parse_is(p, TOKEN_STRING))
			s->file = parse_ast_word(p);
		else
			parse_fail(p, "the file in quotes");
	} else if (parse_is(p, TOKEN_LBRACE)) {
		s->entries = parse_entries(p, s->list_type == LIST_PATTERNS,
		    s->list_type == LIST_PAIRS, s->list_flags);
	} else {
		parse_fail(p, "`{` and the entries, or `from \"FILE\"`,");
	}
	p->lx.patterns = false;
}

/* define NAME if CONDITION */
static void
parse_define(struct parser *p, struct ast_stmt *s)
{
	s->kind = STMT_DEFINE;
	s->name = parse_name(p, "the name of the definition");
	if (p->failed)
		return;
	if (!parse_word(p, "if")) {
		parse_fail(p, "`if`");
		return;
	}
	s->cond = parse_condition(p);
}

static struct ast_stmt *parse_block(struct parser *p, bool braces);

/* when CONDITION { … } */
static void
parse_when(struct parser *p, struct ast_stmt *s)
{
	s->kind = STMT_WHEN;
	s->cond = parse_condition(p);
	/* with a mistake in the condition, what stands in the block is still read */
	while (p->failed && parse_more(p) && p->tok.kind != TOKEN_LBRACE)
		parse_take(p);
	if (!parse_is(p, TOKEN_LBRACE)) {
		parse_fail(p, "`{`");
		return;
	}
	p->failed = false;
	if (++p->nesting > LIMIT_NESTING) {
		diag_error(p->diags, p->tok.span, "`when` within `when` more than %d deep", LIMIT_NESTING);
		p->failed = true;
	} else {
		parse_take(p);
		s->body = parse_block(p, true);
		if (p->tok.kind == TOKEN_RBRACE)
			parse_take(p);
		else
			diag_hint(p->diags,
			    diag_error(p->diags, p->tok.whole, "`}` expected, but the file ends here"),
			    "it closes the block of line %u", span_line(s->span));
	}
	p->nesting--;
}

/* The action word; false if there is none. */
static bool
parse_action(struct parser *p, struct ast_stmt *s)
{
	struct suggest sug;
	struct slice word = span_slice(p->tok.span);
	struct diag *g;

	suggest_begin(&sug, word);
	for (int a = ACT_ACCEPT; a <= ACT_LOG; a++) {
		suggest_offer(&sug, slice_str(action_name(a)));
		if (!parse_is_word(p, action_name(a)))
			continue;
		s->action = a;
		s->span = parse_take(p).span;
		return true;
	}
	for (size_t i = 0; i < 5; i++)
		suggest_offer(&sug,
		    slice_str((const char *[]){ "set", "include", "list", "define", "when" }[i]));
	if (parse_is(p, TOKEN_WORD)) {
		g = diag_error(p->diags, p->tok.span, "unknown action `%.*s`", SLICE_ARG(word));
		if (sug.best.p != NULL)
			diag_hint(p->diags, g, "did you mean %.*s?", SLICE_ARG(sug.best));
		p->failed = true;
	} else {
		parse_fail(p, "an action");
	}
	return false;
}

/* [LABEL:] [monitor] ACTION … [if CONDITION] */
static void
parse_rule(struct parser *p, struct ast_stmt *s)
{
	struct ast_word **tail = &s->values;
	struct slice w = span_slice(p->tok.span);
	const char *colon = p->tok.kind == TOKEN_WORD ? memchr(w.p, ':', w.n) : NULL;

	s->kind = STMT_RULE;
	if (colon != NULL && colon == w.p + w.n - 1) {
		s->label = parse_ast_word(p);
		s->label.span.n = s->label.s.n = w.n - 1;
	} else if (colon != NULL) {
		diag_hint(p->diags,
		    diag_error(p->diags, p->tok.span, "unknown action `%.*s`", SLICE_ARG(w)),
		    "a label's colon is followed by a space: `%.*s: %.*s`", (int)(colon - w.p), w.p,
		    (int)(w.p + w.n - colon - 1), colon + 1);
		p->failed = true;
		return;
	}
	s->monitor = parse_word(p, "monitor");
	if (!parse_action(p, s))
		return;
	while ((parse_is(p, TOKEN_WORD) || parse_is(p, TOKEN_STRING)) && !parse_is_word(p, "if"))
		tail = add_word(p, tail);
	if (s->action == ACT_REMOVE_HEADER && parse_is(p, TOKEN_OP)) {
		parse_take(p);
		s->has_pattern = parse_is(p, TOKEN_PATTERN);
		if (s->has_pattern)
			s->pattern = parse_ast_pattern(p);
		else
			parse_fail(p, "a pattern such as /text/i");
	}
	if (!p->failed && parse_word(p, "if"))
		s->cond = parse_condition(p);
}

/* Whatever is left of a statement with a mistake; blocks in it included. */
static void
skip_statement(struct parser *p)
{
	unsigned depth = 0;

	p->free_lines = 0;
	p->lx.patterns = false;
	while (p->tok.kind != TOKEN_END) {
		if (depth == 0 && !parse_more(p))
			break;
		if (p->tok.kind == TOKEN_LBRACE)
			depth++;
		else if (p->tok.kind == TOKEN_RBRACE)
			depth -= depth > 0;
		parse_take(p);
	}
}

/* One statement; its last token is taken. */
static struct ast_stmt *
parse_stmt(struct parser *p)
{
	static const struct {
		const char *word;
		void (*parse)(struct parser *, struct ast_stmt *);
	} kinds[] = { { "set", parse_set }, { "include", parse_include }, { "list", parse_list },
		{ "define", parse_define }, { "when", parse_when } };
	struct ast_stmt *s = arena_alloc(p->arena, sizeof *s);
	unsigned indent = p->indent;
	size_t i;

	s->span = p->tok.whole;
	p->failed = false;
	p->indent = p->tok.indent;
	p->tok.first = false;
	for (i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (parse_word(p, kinds[i].word)) {
			kinds[i].parse(p, s);
			break;
		}
	if (i == sizeof kinds / sizeof *kinds)
		parse_rule(p, s);
	if (!p->failed && parse_more(p))
		parse_fail(p, s->cond != NULL ? "`and`, `or` or the end of the statement"
					      : "the end of the statement");
	if (p->failed) {
		skip_statement(p);
		/* what could not be read is no statement; a `when` keeps what is in its block */
		if (s->kind != STMT_WHEN)
			s = NULL;
	}
	p->indent = indent;
	return s;
}

/* Statements up to the end, or up to a `}` that is left where it is. */
static struct ast_stmt *
parse_block(struct parser *p, bool braces)
{
	struct ast_stmt *head = NULL, **tail = &head;

	while (p->tok.kind != TOKEN_END) {
		if (p->tok.kind == TOKEN_RBRACE) {
			if (braces)
				break;
			diag_error(p->diags, p->tok.whole, "`}` without `{`");
			parse_take(p);
			continue;
		}
		*tail = parse_stmt(p);
		if (*tail != NULL)
			tail = &(*tail)->next;
	}
	return head;
}

struct ast_stmt *
parse_file(const struct source *src, struct diags *d)
{
	struct parser p = { .diags = d, .arena = &d->arena };

	lex_init(&p.lx, src, d);
	p.tok = lex_next(&p.lx);
	return parse_block(&p, false);
}

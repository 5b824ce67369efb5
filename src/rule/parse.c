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

	p->last = t.whole;
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
	struct slice w = p->tok.means != NULL ? slice_str(p->tok.means) : span_slice(p->tok.span);

	return parse_is(p, TOKEN_WORD) && slice_eq_nocase(w, slice_str(word));
}

bool
parse_word(struct parser *p, const char *word)
{
	struct slice w = span_slice(p->tok.span);

	if (!parse_is_word(p, word))
		return false;
	if (p->tok.means == NULL && !slice_eq(w, slice_str(word)))
		diag_hint(p->diags,
		    diag_error(
			p->diags, p->tok.span, "`%.*s` is written in small letters", SLICE_ARG(w)),
		    "write %s", word);
	parse_take(p);
	return true;
}

bool
parse_is_joint(const struct parser *p)
{
	static const char *const words[] = { "and", "or", "not", "in", "of", "if", "aligned" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (parse_is_word(p, words[i]))
			return true;
	return false;
}

static bool parse_begins(const struct parser *p);

bool
parse_at_statement(const struct parser *p)
{
	struct lexer ahead = p->lx;
	struct token t;

	if (!p->tok.first || p->tok.indent > p->indent || !parse_begins(p))
		return false;
	/* a list may have an entry of that name */
	t = lex_next(&ahead);
	return t.kind != TOKEN_END && t.kind != TOKEN_COMMA && t.kind != TOKEN_RBRACE && !t.first;
}

/* The statement ends where something was expected: most likely the next line should go on with it.
 */
static struct diag *
fail_at_end(struct parser *p, const char *expected)
{
	struct span end = { p->last.source, p->last.at + p->last.n, 0 };
	struct diag *g =
	    diag_error(p->diags, end, "%s expected, but the statement ends here", expected);

	if (p->tok.kind == TOKEN_END || parse_begins(p))
		return g;
	diag_hint(
	    p->diags, g, "a line that goes on with a statement is indented deeper than its first");
	p->cut = true;
	return NULL;
}

struct diag *
parse_fail(struct parser *p, const char *expected)
{
	struct token t = p->tok;
	bool again = p->failed;
	const char *instead;
	struct diag *g;

	p->failed = true;
	/* a bad token was reported; so was the first mistake of this statement */
	if (again || t.kind == TOKEN_BAD)
		return NULL;
	if ((!parse_more(p) || parse_at_statement(p)) && t.kind != TOKEN_RBRACE)
		return fail_at_end(p, expected);
	g = diag_error(
	    p->diags, t.whole, "%s expected, not `%.*s`", expected, SLICE_ARG(span_slice(t.whole)));
	instead = t.kind != TOKEN_STRING ? habit_word(span_slice(t.span)) : NULL;
	if (instead != NULL)
		diag_hint(p->diags, g, "%s", instead);
	return g;
}

struct ast_word
parse_ast_word(struct parser *p)
{
	struct token t = parse_take(p);
	struct ast_word w = { .span = t.span, .quoted = t.kind == TOKEN_STRING };

	w.s = w.quoted ? literal_unescape(t.span, p->arena) : span_slice(t.span);
	return w;
}

bool
parse_ast_pattern(struct parser *p, struct ast_pattern *out)
{
	struct token t = p->tok;
	struct diag *g;

	if (parse_is(p, TOKEN_PATTERN)) {
		*out = (struct ast_pattern){ .span = t.span, .flags = t.flags };
		parse_take(p);
		return true;
	}
	g = parse_fail(p, "a pattern");
	if (g != NULL && (parse_is(p, TOKEN_WORD) || parse_is(p, TOKEN_STRING)))
		diag_hint(p->diags, g, "a pattern stands between slashes: /%.*s/",
		    SLICE_ARG(span_slice(t.span)));
	return false;
}

bool
parse_is_keyword(struct slice word)
{
	static const char *const words[] = { "accept", "add-header", "addresses", "aligned", "and",
		"copy-to", "count", "default", "define", "discard", "domains", "entry", "from",
		"greylist", "if", "in", "include", "list", "log", "monitor", "networks", "not",
		"of", "or", "patterns", "quarantine", "redirect", "reject", "remove-header",
		"score", "set", "set-header", "tempfail", "test", "when", "words" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (slice_eq_nocase(word, slice_str(words[i])))
			return true;
	return false;
}

bool
parse_is_reserved(struct slice word)
{
	return parse_is_keyword(word) || fact_find(word) != NULL;
}

/* A word or text appended to a chain. */
static struct ast_word **
add_word(struct parser *p, struct ast_word **tail)
{
	*tail = arena_alloc(p->arena, sizeof **tail);
	**tail = parse_ast_word(p);
	return &(*tail)->next;
}

struct ast_word
parse_name(struct parser *p, const char *of)
{
	if (parse_is(p, TOKEN_WORD) && !parse_is_joint(p))
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
	if (!p->failed && parse_is(p, TOKEN_OP) && slice_eq(span_slice(p->tok.span), SLICE("="))) {
		diag_hint(p->diags,
		    diag_error(p->diags, p->tok.span, "a setting is written without `=`"),
		    "leave it out");
		parse_take(p);
	}
	s->braces = parse_is(p, TOKEN_LBRACE);
	if (s->braces)
		s->values = parse_values(p);
	while (!s->braces && (parse_is(p, TOKEN_WORD) || parse_is(p, TOKEN_STRING)))
		tail = add_word(p, tail);
	if (s->values == NULL && !p->failed)
		parse_fail(p, "a value");
}

struct ast_word
parse_file_name(struct parser *p)
{
	struct diag *g;

	if (parse_is(p, TOKEN_STRING))
		return parse_ast_word(p);
	g = parse_fail(p, "the name of a file in quotes");
	if (g != NULL && parse_is(p, TOKEN_WORD))
		diag_hint(p->diags, g, "write \"%.*s\"", SLICE_ARG(span_slice(p->tok.span)));
	return (struct ast_word){ 0 };
}

/* include "FILE" */
static void
parse_include(struct parser *p, struct ast_stmt *s)
{
	s->kind = STMT_INCLUDE;
	s->name = parse_file_name(p);
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
	unsigned errors = p->diags->errors;
	struct span brace;

	s->kind = STMT_WHEN;
	if (p->nesting == LIMIT_NESTING) {
		diag_error(
		    p->diags, s->span, "`when` within `when` more than %d deep", LIMIT_NESTING);
		p->failed = true;
		return;
	}
	s->cond = parse_condition(p);
	s->bad = p->failed;
	s->guessed = p->diags->errors > errors;
	/* with a mistake in the condition, what stands in the block is still read */
	while (p->failed && parse_more(p) && p->tok.kind != TOKEN_LBRACE)
		parse_take(p);
	if (!parse_is(p, TOKEN_LBRACE)) {
		parse_fail(p, "`{`");
		return;
	}
	p->failed = false;
	brace = parse_take(p).whole;
	p->nesting++;
	s->body = parse_block(p, true);
	p->nesting--;
	p->failed = false;
	if (p->tok.kind == TOKEN_RBRACE)
		parse_take(p);
	else
		diag_error(p->diags, brace, "the block that begins here has no `}` at its end");
}

static const struct {
	const char *word;
	void (*parse)(struct parser *, struct ast_stmt *);
} kinds[] = { { "set", parse_set }, { "include", parse_include }, { "list", parse_list },
	{ "define", parse_define }, { "when", parse_when } };

#define NKINDS (sizeof kinds / sizeof *kinds)

/* True if the next token can begin a statement, whatever its place. */
static bool
parse_begins(const struct parser *p)
{
	struct slice w = span_slice(p->tok.span);
	bool begins = w.n > 0 && w.p[w.n - 1] == ':';

	for (size_t i = 0; i < NKINDS; i++)
		begins |= slice_eq_nocase(w, slice_str(kinds[i].word));
	for (int a = ACT_ACCEPT; a <= ACT_LOG; a++)
		begins |= slice_eq_nocase(w, slice_str(action_name(a)));
	return p->tok.kind == TOKEN_WORD && (begins || slice_eq_nocase(w, SLICE("monitor")));
}

/* True if this line ends with `{`. */
static bool
opens_block(const struct parser *p)
{
	struct lexer ahead = p->lx;
	struct token t, last = p->tok;

	for (t = lex_next(&ahead); t.kind != TOKEN_END && !t.first; t = lex_next(&ahead))
		last = t;
	return last.kind == TOKEN_LBRACE;
}

/* A line that begins with what only goes on: its statement is the one above. */
static void
fail_to_begin(struct parser *p)
{
	struct slice word = span_slice(p->tok.span);
	bool goes_on = parse_is_joint(p) && !opens_block(p);
	struct diag *g = diag_error(p->diags, p->tok.span,
	    "a rule begins with its action, not with `%.*s`", SLICE_ARG(word));

	if (goes_on && p->above != NULL && p->above->kind == STMT_RULE && !p->above->bad) {
		diag_hint(p->diags, g, "if this line goes on with the statement above, indent it");
		p->above->bad = true;
		p->cut = true;
	} else if (slice_eq_nocase(word, SLICE("if"))) {
		diag_hint(p->diags, g,
		    "write ACTION if CONDITION; for several rules, when CONDITION { … }");
	} else if (fact_find(word) != NULL) {
		diag_hint(p->diags, g, "write ACTION if %.*s …", SLICE_ARG(word));
	}
}

/* There is no such action. */
static void
fail_action(struct parser *p, const struct suggest *sug)
{
	struct slice word = span_slice(p->tok.span);
	const char *ours = habit_action(word);
	struct diag *g;

	/* in milter-regex and others the condition stands below its action */
	if (p->above != NULL && p->above->kind == STMT_RULE && p->above->cond == NULL)
		p->above->guessed = true;
	if (!parse_is(p, TOKEN_WORD)) {
		if (!p->cut)
			parse_fail(p, "an action");
	} else if (sug->best.p == NULL && p->cut) {
		; /* it belongs to the statement above, which says so */
	} else if (parse_is_joint(p) || parse_is_word(p, "monitor") || fact_find(word) != NULL) {
		fail_to_begin(p);
	} else {
		p->cut = false;
		g = diag_error(p->diags, p->tok.span, "unknown action `%.*s`", SLICE_ARG(word));
		if (ours != NULL)
			diag_hint(p->diags, g, "write %s", ours);
		else if (sug->best.p != NULL)
			diag_hint(p->diags, g, "did you mean %.*s?", SLICE_ARG(sug->best));
		else
			diag_hint(p->diags, g, "actions are listed in postern-rules(5)");
	}
	p->failed = true;
}

/* The action word; false if there is none. */
static bool
parse_action(struct parser *p, struct ast_stmt *s)
{
	struct suggest sug;

	suggest_begin(&sug, span_slice(p->tok.span));
	for (int a = ACT_ACCEPT; a <= ACT_LOG; a++) {
		struct span at = p->tok.span;

		suggest_offer(&sug, slice_str(action_name(a)));
		if (!parse_word(p, action_name(a)))
			continue;
		s->action = a;
		s->span = at;
		p->cut = false;
		return true;
	}
	for (size_t i = 0; i < NKINDS; i++)
		suggest_offer(&sug, slice_str(kinds[i].word));
	fail_action(p, &sug);
	return false;
}

/* LABEL: */
static void
parse_label(struct parser *p, struct ast_stmt *s)
{
	struct slice w = span_slice(p->tok.span), next;
	const char *colon = p->tok.kind == TOKEN_WORD ? memchr(w.p, ':', w.n) : NULL;
	struct lexer ahead = p->lx;
	struct token t;

	if (colon != NULL && colon == w.p + w.n - 1) {
		s->label = parse_ast_word(p);
		s->label.span.n = s->label.s.n = w.n - 1;
		return;
	}
	if (colon != NULL) {
		diag_hint(p->diags,
		    diag_error(p->diags, p->tok.span, "unknown action `%.*s`", SLICE_ARG(w)),
		    "a label's colon is followed by a space: %.*s: %.*s", (int)(colon - w.p), w.p,
		    (int)(w.p + w.n - colon - 1), colon + 1);
		p->failed = true;
		return;
	}
	t = lex_next(&ahead);
	next = span_slice(t.span);
	if (p->tok.kind != TOKEN_WORD || t.kind != TOKEN_WORD || t.first ||
	    !slice_eq(next, SLICE(":")))
		return;
	diag_hint(p->diags,
	    diag_error(p->diags, t.span, "no space stands between a label and its colon"),
	    "write %.*s:", SLICE_ARG(w));
	s->label = parse_ast_word(p);
	parse_take(p);
}

/* True if a condition begins here and its `if` is missing, or is another word. */
static bool
misses_if(struct parser *p, const struct ast_stmt *s)
{
	static const char *const others[] = { "unless", "where", "when" };
	struct slice w = span_slice(p->tok.span);
	bool full = s->values != NULL || s->action <= ACT_QUARANTINE;

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (parse_is_word(p, others[i])) {
			diag_hint(p->diags,
			    diag_error(
				p->diags, p->tok.span, "`%s` is not of this language", others[i]),
			    i == 0 ? "write if not (…)" : "write if");
			parse_take(p);
			return true;
		}
	if (!full || !parse_is(p, TOKEN_WORD) || (fact_find(w) == NULL && !parse_is_word(p, "not")))
		return false;
	diag_hint(p->diags,
	    diag_error(p->diags, p->tok.span, "`if` is missing before the condition"),
	    "write if %.*s …", SLICE_ARG(w));
	return true;
}

/* [monitor] ACTION … [if CONDITION] */
static void
parse_rule(struct parser *p, struct ast_stmt *s)
{
	struct ast_word **tail = &s->values;
	bool condition = false;

	s->kind = STMT_RULE;
	s->monitor = parse_word(p, "monitor");
	if (!parse_action(p, s))
		return;
	while ((parse_is(p, TOKEN_WORD) || parse_is(p, TOKEN_STRING)) && !parse_is_word(p, "if") &&
	    !(condition = misses_if(p, s)))
		tail = add_word(p, tail);
	if (s->action == ACT_REMOVE_HEADER && parse_is(p, TOKEN_OP)) {
		if (slice_eq(span_slice(p->tok.span), SLICE("~"))) {
			parse_take(p);
			s->has_pattern = parse_ast_pattern(p, &s->pattern);
		} else {
			parse_fail(p, "`~` and a pattern");
		}
	}
	if (!p->failed && (condition || parse_word(p, "if")))
		s->cond = parse_condition(p);
}

/* Whatever is left of a statement with a mistake; blocks in it included. */
static void
skip_statement(struct parser *p)
{
	struct lexer before = p->lx;
	unsigned depth = 0;

	p->free_lines = 0;
	p->lx.patterns = p->lx.only_patterns = false;
	if (p->tok.kind == TOKEN_BAD && span_slice(p->tok.whole).p[0] == '"') {
		lex_skip_deeper(&p->lx, p->indent);
		p->tok = lex_next(&p->lx);
	}
	while (p->tok.kind != TOKEN_END) {
		if (depth == 0 && !parse_more(p))
			break;
		if (p->tok.kind == TOKEN_LBRACE)
			depth++;
		else if (p->tok.kind == TOKEN_RBRACE)
			depth -= depth > 0;
		p->lx.quiet = false;
		before = p->lx;
		p->lx.quiet = true;
		parse_take(p);
	}
	/* where the next statement begins, signs count again */
	if (p->lx.quiet && p->tok.first) {
		p->lx = before;
		p->tok = lex_next(&p->lx);
	}
	p->lx.quiet = false;
}

/* One statement; its last token is taken. */
static struct ast_stmt *
parse_stmt(struct parser *p)
{
	struct ast_stmt *s = arena_alloc(p->arena, sizeof *s);
	unsigned indent = p->indent, errors = p->diags->errors;
	size_t i;

	p->failed = false;
	p->indent = p->tok.indent;
	p->tok.first = false;
	parse_label(p, s);
	s->span = p->tok.whole;
	for (i = 0; !p->failed && i < NKINDS && !parse_word(p, kinds[i].word); i++)
		;
	if (!p->failed && i < NKINDS) {
		p->cut = false;
		if (s->label.s.p != NULL)
			diag_error(p->diags, s->label.span,
			    "a label stands before a rule, not before `%s`", kinds[i].word);
		kinds[i].parse(p, s);
	} else if (!p->failed) {
		parse_rule(p, s);
	}
	if (!p->failed && parse_more(p))
		parse_fail(p,
		    s->cond != NULL ? "`and`, `or` or the end of the statement"
				    : "the end of the statement");
	if (p->failed) {
		s->bad = true;
		skip_statement(p);
	}
	if (s->kind != STMT_WHEN)
		s->guessed = p->diags->errors > errors;
	p->indent = indent;
	return s;
}

/* Statements up to the end, or up to a `}` that is left where it is. */
static struct ast_stmt *
parse_block(struct parser *p, bool braces)
{
	struct ast_stmt *head = NULL, **tail = &head, *above = p->above;

	p->above = NULL;
	while (p->tok.kind != TOKEN_END) {
		if (p->tok.kind == TOKEN_RBRACE) {
			if (braces)
				break;
			diag_error(p->diags, p->tok.whole, "`}` without `{`");
			parse_take(p);
			continue;
		}
		p->above = *tail = parse_stmt(p);
		tail = &(*tail)->next;
	}
	p->above = above;
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

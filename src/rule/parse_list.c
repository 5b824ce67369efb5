/*
 * parse_list.c - lists: their statements, and entries that are written in the rule file
 *
 * A mistake in an entry ends with the entry, so that one run finds those of the others.
 */
#include "rule/parse.h"

#include "base/suggest.h"
#include "match/literal.h"

#define LIST_ENTRIES "`{` and the entries, or `from \"FILE\"`,"

/* One column of an entry. */
static struct slice
parse_column(struct parser *p, const char *expected)
{
	struct diag *g;

	if (parse_is(p, TOKEN_WORD) || parse_is(p, TOKEN_STRING))
		return parse_ast_word(p).s;
	g = parse_fail(p, expected);
	if (g != NULL && parse_is(p, TOKEN_OP) && slice_eq(span_slice(p->tok.span), SLICE("<")))
		diag_hint(p->diags, g, "an address stands here without < and >");
	return SLICE_ABSENT;
}

/* [!]ENTRY ["text"], or [!]/…/flags ["text"]; all on one line */
static struct ast_entry *
parse_entry(struct parser *p, bool patterns, bool pairs)
{
	struct ast_entry *n = arena_alloc(p->arena, sizeof *n);

	if (parse_is(p, TOKEN_BANG)) {
		n->e.except = true;
		parse_take(p);
	}
	n->e.span = p->tok.whole;
	if (patterns || parse_is(p, TOKEN_PATTERN)) {
		struct ast_pattern pat;

		n->pattern = parse_ast_pattern(p, &pat);
		if (!n->pattern)
			return n;
		n->e.span = pat.span;
		n->e.entry = span_slice(pat.span);
		n->flags = pat.flags;
	} else {
		n->e.entry = parse_column(p, "an entry");
		if (pairs && !p->failed && !p->tok.first && !parse_is(p, TOKEN_COMMA) &&
		    !parse_is(p, TOKEN_RBRACE)) {
			n->e.second = parse_column(p, "the second address of the pair");
			n->e.span.n = p->last.at + p->last.n - n->e.span.at;
		}
	}
	if (!p->failed && parse_is(p, TOKEN_STRING) && !p->tok.first)
		n->e.text = parse_ast_word(p).s;
	return n;
}

/* Behind a mistake: to the next entry. */
static void
skip_entry(struct parser *p)
{
	p->tok.first = false;
	while (p->tok.kind != TOKEN_END && p->tok.kind != TOKEN_RBRACE &&
	    p->tok.kind != TOKEN_COMMA && !p->tok.first)
		parse_take(p);
	if (p->tok.kind == TOKEN_COMMA)
		parse_take(p);
}

/* True if one more entry stands in the braces that began at `brace`. */
static bool
more_entries(struct parser *p, struct span brace)
{
	if (p->tok.kind != TOKEN_END && !parse_at_statement(p))
		return p->tok.kind != TOKEN_RBRACE;
	diag_error(p->diags, brace, "the list that begins here has no `}` at its end");
	p->failed = true;
	return false;
}

/* Behind an entry. False: there was a mistake in it, and the rest of it is skipped. */
static bool
end_entry(struct parser *p)
{
	if (!p->failed && parse_is(p, TOKEN_COMMA))
		parse_take(p);
	else if (!p->failed && p->tok.kind != TOKEN_RBRACE && !p->tok.first)
		parse_fail(p, "`,` or `}`");
	if (!p->failed)
		return true;
	skip_entry(p);
	p->failed = false;
	return false;
}

struct ast_entry *
parse_entries(struct parser *p, bool patterns, bool pairs)
{
	struct ast_entry *head = NULL, **tail = &head;
	struct span brace = p->tok.whole;

	p->free_lines++;
	parse_take(p);
	while (more_entries(p, brace)) {
		*tail = parse_entry(p, patterns, pairs);
		if (!end_entry(p))
			(*tail)->e.entry = SLICE_ABSENT;
		tail = &(*tail)->next;
	}
	p->free_lines--;
	p->lx.patterns = p->lx.only_patterns = false;
	if (p->tok.kind == TOKEN_RBRACE)
		parse_take(p);
	return head;
}

struct ast_word *
parse_values(struct parser *p)
{
	struct ast_word *head = NULL, **tail = &head;
	struct span brace = parse_take(p).whole;
	unsigned errors = p->diags->errors;

	p->free_lines++;
	while (more_entries(p, brace)) {
		if (parse_is(p, TOKEN_WORD) || parse_is(p, TOKEN_STRING)) {
			*tail = arena_alloc(p->arena, sizeof **tail);
			**tail = parse_ast_word(p);
			tail = &(*tail)->next;
		} else {
			parse_fail(p, "a value");
		}
		end_entry(p);
	}
	if (head == NULL && p->diags->errors == errors)
		parse_fail(p, "a value");
	p->failed |= head == NULL;
	p->free_lines--;
	if (p->tok.kind == TOKEN_RBRACE)
		parse_take(p);
	return head;
}

/* The words of a list's type. */
static bool
parse_list_type(struct parser *p, struct ast_stmt *s)
{
	static const enum list_type types[] = { LIST_NETWORKS, LIST_DOMAINS, LIST_ADDRESSES,
		LIST_WORDS, LIST_PATTERNS };
	struct suggest sug;
	struct slice word = span_slice(p->tok.span);
	struct diag *g;

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
	g = diag_error(p->diags, p->tok.span, "unknown type of list `%.*s`", SLICE_ARG(word));
	if (sug.best.p != NULL)
		diag_hint(p->diags, g, "did you mean %.*s?", SLICE_ARG(sug.best));
	else
		diag_hint(p->diags, g,
		    "types are networks, domains, addresses, words, patterns, and addresses "
		    "addresses for pairs");
	p->failed = true;
	return false;
}

/* What stands between a list's type and its entries. */
static void
parse_list_flags(struct parser *p, struct ast_stmt *s)
{
	struct slice word = span_slice(p->tok.span);
	struct suggest sug;
	struct diag *g;

	if (!parse_is(p, TOKEN_WORD) || parse_is_word(p, "from"))
		return;
	suggest_begin(&sug, word);
	suggest_offer(&sug, SLICE("from"));
	if (s->list_type == LIST_ADDRESSES)
		suggest_offer(&sug, SLICE("addresses"));
	if (sug.best.p == NULL && s->list_type == LIST_PATTERNS) {
		s->list_flags = literal_flags(p->tok.span, p->diags);
		parse_take(p);
		return;
	}
	g = parse_fail(p, LIST_ENTRIES);
	if (g != NULL && sug.best.p != NULL)
		diag_hint(p->diags, g, "did you mean %.*s?", SLICE_ARG(sug.best));
	else if (g != NULL && strspn(word.p, "imnsx") >= word.n)
		diag_hint(p->diags, g, "only a list of patterns has flags");
}

void
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
	parse_list_flags(p, s);
	if (parse_word(p, "from")) {
		s->from_file = true;
		s->file = parse_file_name(p);
	} else if (parse_is(p, TOKEN_LBRACE)) {
		p->lx.patterns = p->lx.only_patterns = s->list_type == LIST_PATTERNS;
		s->entries =
		    parse_entries(p, s->list_type == LIST_PATTERNS, s->list_type == LIST_PAIRS);
	} else {
		parse_fail(p, LIST_ENTRIES);
	}
}

/*
 * parse_list.c - the entries of a list that are written in the rule file
 */
#include "rule/parse.h"

/* One column of an entry. */
static struct slice
parse_column(struct parser *p)
{
	if (!parse_is(p, TOKEN_WORD) && !parse_is(p, TOKEN_STRING)) {
		parse_fail(p, "an entry");
		return SLICE_ABSENT;
	}
	return parse_ast_word(p).s;
}

/* [!]ENTRY ["text"], or [!]/…/flags ["text"] */
static struct ast_entry *
parse_entry(struct parser *p, bool patterns, bool pairs, unsigned flags)
{
	struct ast_entry *n = arena_alloc(p->arena, sizeof *n);

	if (parse_is(p, TOKEN_BANG)) {
		n->e.except = true;
		parse_take(p);
	}
	n->e.span = p->tok.whole;
	if (parse_is(p, TOKEN_PATTERN)) {
		struct ast_pattern pat = parse_ast_pattern(p);

		n->pattern = true;
		n->e.span = pat.span;
		n->e.entry = span_slice(pat.span);
		n->e.flags = pat.flags | flags;
	} else if (patterns) {
		struct diag *g = parse_fail(p, "a pattern");

		if (g != NULL && (p->tok.kind == TOKEN_WORD || p->tok.kind == TOKEN_STRING))
			diag_hint(p->diags, g, "a pattern stands between slashes: /%.*s/",
			    SLICE_ARG(span_slice(p->tok.span)));
	} else {
		n->e.entry = parse_column(p);
		if (pairs && !p->failed)
			n->e.second = parse_column(p);
	}
	if (!p->failed && parse_is(p, TOKEN_STRING))
		n->e.text = parse_ast_word(p).s;
	return n;
}

struct ast_entry *
parse_entries(struct parser *p, bool patterns, bool pairs, unsigned flags)
{
	struct ast_entry *head = NULL, **tail = &head;

	p->free_lines++;
	parse_take(p);
	while (!p->failed && !parse_is(p, TOKEN_RBRACE)) {
		*tail = parse_entry(p, patterns, pairs, flags);
		tail = &(*tail)->next;
		if (p->failed)
			break;
		if (parse_is(p, TOKEN_COMMA))
			parse_take(p);
		else if (!parse_is(p, TOKEN_RBRACE) && !p->tok.first)
			parse_fail(p, "`,` or `}`");
	}
	p->free_lines--;
	p->lx.patterns = false;
	if (!p->failed && p->tok.kind == TOKEN_RBRACE)
		parse_take(p);
	return head;
}

/*
 * check_pattern.c - patterns, and why one can't match what it is asked of
 */
#include "rule/build.h"

#include "mail/fold.h"
#include "match/literal.h"

const struct pattern *
check_pattern(struct build *b, const struct ast_pattern *p, bool raw, unsigned *flags)
{
	struct slice re = span_slice(p->span);
	struct pattern_error err;
	struct pattern *pat;
	struct span at = p->span;

	if (re.n > LIMIT_PATTERN) {
		diag_error(b->diags, p->span, "a pattern of %zu bytes; %d are allowed", re.n,
		    LIMIT_PATTERN);
		return NULL;
	}
	*flags = literal_flags(p->flags, b->diags);
	if (raw && *flags & PATTERN_FOLDED)
		diag_hint(b->diags,
		    diag_error(
			b->diags, p->flags, "this pattern is asked of bytes, and n folds text"),
		    "leave n out; facts without `raw.` are text");
	pat = pattern_compile(re, *flags | (raw ? 0 : PATTERN_UTF), &err);
	if (pat != NULL)
		return build_keep_pattern(b, pat);
	at.at += err.offset < re.n ? err.offset : re.n;
	at.n = 1;
	diag_error(b->diags, at, "in this pattern: %s", err.message);
	return NULL;
}

/* ---- what never matches ---- */

/* True if the fact's values have lines. */
static bool
has_lines(const struct fact *f)
{
	return f->flags & FACT_RAW || strcmp(f->name, "body") == 0 ||
	    strncmp(f->name, "body.", 5) == 0;
}

/* True if a pattern, as it is written, asks for a line feed without which it can't match: not in
 * parentheses, brackets, an alternative, and not to be left out. */
static bool
asks_line_feed(struct slice re)
{
	bool asks = false;

	for (size_t i = 0; i < re.n; i++) {
		if (memchr("()[]|#", re.p[i], 6) != NULL)
			return false;
		if (re.p[i] != '\\' || ++i == re.n)
			continue;
		asks |= re.p[i] == 'n' && (i + 1 == re.n || memchr("?*{", re.p[i + 1], 3) == NULL);
		if (re.p[i] == 'Q')
			return false;
	}
	return asks;
}

/* What to write for `^`. */
static void
hint_caret(struct build *b, struct diag *g, unsigned flags, const char *behind)
{
	if (flags & PATTERN_FOLDED)
		diag_hint(
		    b->diags, g, "a folded text is one line: for the start of a word, write \\b");
	else
		diag_hint(b->diags, g, "for the start of each line, write the flag m%s", behind);
}

/* "body", of which each part is a value of its own. */
static const char *
start_of(const struct build *b, const struct fact *f)
{
	return f->flags & FACT_MANY ? arena_printf(b->tmp, "each part of %s", f->name).p : f->name;
}

/* Patterns that can't match what they are asked of. */
static void
warn_pattern(struct build *b, const struct ast_pattern *p, const struct atom *a)
{
	const struct fact *f = a->left.fact;
	bool folded = a->pattern_flags & PATTERN_FOLDED;

	if (a->pattern == NULL)
		return;
	if (f->flags & FACT_NEEDS_BODY && has_lines(f) && pattern_is_anchored(a->pattern))
		hint_caret(b,
		    diag_warn(b->diags, p->span, "`^` matches only at the very start of %s",
			start_of(b, f)),
		    a->pattern_flags, "");
	if (folded && a->pattern_flags & PATTERN_MULTILINE)
		diag_warn(
		    b->diags, p->flags, "m changes nothing beside n: a folded text is one line");
	if ((folded || !has_lines(f)) &&
	    (pattern_needs_newline(a->pattern) || asks_line_feed(a->pattern_text)))
		diag_warn(b->diags, p->span, "%s%s holds no line feed: this pattern never matches",
		    f->name, folded ? ", folded," : "");
	check_folded(b, p->span, a->pattern_text, a->pattern_flags);
}

void
check_match(struct build *b, const struct ast_pattern *p, struct atom *a)
{
	if (!a->count && a->left.fact->kind == KIND_NUMBER)
		diag_hint(b->diags,
		    diag_error(b->diags, p->span, "%s is a number and matches no pattern",
			a->left.fact->name),
		    "compare it with = < <= > >=");
	a->pattern = check_pattern(b, p, a->left.fact->flags & FACT_RAW, &a->pattern_flags);
	a->pattern_text = arena_slice(&b->p->arena, span_slice(p->span));
	warn_pattern(b, p, a);
}

/* Two patterns alike; with the flag x their blanks don't count. */
static bool
is_same(struct slice a, struct slice b, bool extended)
{
	size_t i = 0, k = 0;

	if (!extended)
		return slice_eq(a, b);
	for (;; i++, k++) {
		while (i < a.n && strchr(" \t", a.p[i]) != NULL)
			i++;
		while (k < b.n && strchr(" \t", b.p[k]) != NULL)
			k++;
		if (i == a.n || k == b.n || a.p[i] != b.p[k])
			return i == a.n && k == b.n;
	}
}

void
check_folded(struct build *b, struct span at, struct slice re, unsigned flags)
{
	struct slice folded;
	struct pattern_error err;
	struct pattern *pat;
	struct diag *g;
	bool extended = flags & PATTERN_EXTENDED;

	/* in a comment of the flag x any letter may stand */
	if (!(flags & PATTERN_FOLDED) || (extended && memchr(re.p, '#', re.n) != NULL))
		return;
	folded = fold_text(re, b->tmp);
	if (is_same(re, folded, extended))
		return;
	g = diag_warn(b->diags, at, "folding changes what /%.*s/ asks for", SLICE_ARG(re));
	pat = pattern_compile(folded, flags | PATTERN_UTF, &err);
	if (pat != NULL)
		diag_hint(b->diags, g, "write %s, as the folded text has it",
		    build_pattern_text(b, folded, flags));
	pattern_free(pat);
}

/* ---- lists of them ---- */

void
check_pattern_list(struct build *b, struct span at, const struct list *l, const struct fact *f)
{
	if (f->flags & FACT_RAW && list_folds(l))
		diag_hint(b->diags,
		    diag_error(b->diags, at, "%s is bytes, and a pattern of this list folds text",
			f->name),
		    "patterns with the flag n stand in a list of their own");
	if (!has_lines(f) || !(f->flags & FACT_NEEDS_BODY))
		return;
	for (size_t i = 0; i < list_size(l); i++) {
		struct list_entry e = list_at(l, i);
		unsigned flags = e.flags | list_flags(l);
		struct pattern_error err;
		struct pattern *pat = pattern_compile(e.entry, flags | PATTERN_UTF, &err);
		bool anchored = pat != NULL && pattern_is_anchored(pat);

		pattern_free(pat);
		if (!anchored)
			continue;
		/* one of them is enough to say so */
		hint_caret(b,
		    diag_warn(b->diags, at, "`^` in /%.*s/ matches only at the very start of %s",
			SLICE_ARG(e.entry), start_of(b, f)),
		    flags, " behind the pattern");
		return;
	}
}

/*
 * check_list.c - lists: their own statements, and the right side of `in`
 */
#include "rule/build.h"

#include "base/suggest.h"
#include "match/literal.h"

#include <errno.h>

/* Bits of the list types whose entries a fact of a kind can be held against. */
static unsigned
types_for(enum kind k)
{
	switch (k) {
	case KIND_IP:
		return 1u << LIST_NETWORKS | 1u << LIST_PATTERNS;
	case KIND_NAME:
		return 1u << LIST_DOMAINS | 1u << LIST_WORDS | 1u << LIST_PATTERNS;
	case KIND_ADDRESS:
		return 1u << LIST_ADDRESSES | 1u << LIST_WORDS | 1u << LIST_PATTERNS;
	case KIND_TEXT:
		return 1u << LIST_WORDS | 1u << LIST_PATTERNS | 1u << LIST_DOMAINS |
		    1u << LIST_ADDRESSES;
	case KIND_NUMBER:
		return 1u << LIST_WORDS;
	case KIND_WORD:
		return 1u << LIST_WORDS | 1u << LIST_PATTERNS;
	}
	return 0;
}

/* What kind of entries a list written in place has. */
static enum list_type
type_in_place(enum kind k)
{
	return k == KIND_IP	? LIST_NETWORKS
	    : k == KIND_NAME	? LIST_DOMAINS
	    : k == KIND_ADDRESS ? LIST_ADDRESSES
				: LIST_WORDS;
}

/* Enter a list into the program. */
static uint32_t
add_list(struct build *b, const char *name, struct list *l, const char *file)
{
	struct program *p = b->p;

	p->lists = build_grow(p->lists, p->nlists, &b->caplists, sizeof *p->lists);
	p->lists[p->nlists] = (struct named_list){ .name = name, .list = l, .file = file };
	return p->nlists++;
}

/* Add an entry as the parser left it. False: reported, by it or here. */
static bool
add_entry(struct build *b, struct list *l, const struct ast_entry *entry)
{
	struct list_entry e = entry->e;
	unsigned errors = b->diags->errors;

	if (e.entry.p == NULL) {
		b->tainted = true;
		return false;
	}
	if (entry->pattern)
		e.flags = literal_flags(entry->flags, b->diags);
	if (!list_add(l, &e, b->diags) || b->diags->errors > errors)
		return false;
	if (entry->pattern)
		check_folded(b, e.span, e.entry, e.flags | list_flags(l));
	return true;
}

void
check_list(struct build *b, const struct ast_stmt *s)
{
	struct list *l = list_new(s->list_type, s->list_flags);
	const char *file = NULL;
	unsigned errors = b->diags->errors;
	struct name *name = s->name.s.p != NULL ? check_name(b, NAME_LIST, &s->name) : NULL;

	if (s->from_file && s->file.s.p != NULL) {
		file = load_path(b, s->file.span, s->file.s);
		if (!list_add_file(l, file, b->diags) && b->diags->errors == errors)
			diag_hint(b->diags,
			    diag_error(b->diags, s->file.span, "%s can't be read: %s", file,
				strerror(errno)),
			    "the path is relative to the file that names it");
		for (size_t i = 0; list_folds(l) && i < list_size(l); i++)
			check_folded(b, s->file.span, list_at(l, i).entry,
			    list_at(l, i).flags | list_flags(l));
	}
	for (const struct ast_entry *e = s->entries; e != NULL; e = e->next)
		add_entry(b, l, e);
	if (list_size(l) == 0 && s->entries == NULL && !s->bad && b->diags->errors == errors)
		diag_warn(b->diags, s->name.span, "the list `%.*s` is empty: nothing is in it",
		    SLICE_ARG(s->name.s));
	if (name == NULL) {
		list_free(l);
		return;
	}
	name->tainted = s->bad;
	name->index = add_list(b, arena_slice(&b->p->arena, s->name.s).p, l, file);
}

/* The words of a KIND_WORD fact and the numbers of a number: what can never match is a typo. A
 * number is kept as its values are written. */
static bool
check_entry_word(struct build *b, const struct fact *f, struct ast_entry *e)
{
	struct suggest sug;
	long long n;

	if (e->pattern || e->e.entry.p == NULL || (f->kind != KIND_WORD && f->kind != KIND_NUMBER))
		return true;
	if (f->kind == KIND_NUMBER) {
		if (check_number(e->e.entry, &n)) {
			e->e.entry = arena_printf(b->tmp, "%lld", n);
			return true;
		}
		check_bad_number(b, e->e.span, e->e.entry);
		return false;
	}
	suggest_begin(&sug, e->e.entry);
	for (size_t i = 0; f->words[i] != NULL; i++) {
		if (slice_eq_nocase(e->e.entry, slice_str(f->words[i])))
			return true;
		suggest_offer(&sug, slice_str(f->words[i]));
	}
	check_hint(b,
	    diag_error(b->diags, e->e.span, "%s is never `%.*s`", f->name, SLICE_ARG(e->e.entry)),
	    sug.best, NULL);
	return false;
}

/* { … } or a literal of one, held against a fact. */
static bool
list_in_place(struct build *b, const struct ast_entry *entries, struct span at, struct atom *a)
{
	const struct fact *f = a->left.fact;
	enum list_type type = a->pair ? LIST_PAIRS : type_in_place(f->kind);
	bool good = true, empty = entries == NULL;
	struct list *l;

	if (entries != NULL && entries->pattern)
		type = LIST_PATTERNS;
	l = list_new(type, 0);
	for (; entries != NULL; entries = entries->next) {
		struct ast_entry copy = *entries, *e = &copy;

		if (e->pattern != (type == LIST_PATTERNS) && e->e.entry.p != NULL) {
			diag_error(b->diags, e->e.span,
			    "patterns and other entries don't mix in one list");
			good = false;
			break;
		} else if (!check_entry_word(b, f, e) || !add_entry(b, l, e)) {
			good = false;
		}
	}
	if (empty)
		diag_warn(b->diags, at, "this list is empty: nothing is in it");
	a->list = l;
	add_list(b, NULL, l, NULL);
	return good;
}

/* An unquoted word that is no list: a literal, if it can be one. */
static bool
is_literal(const struct ast_word *w, const struct fact *f)
{
	long long n;

	if (w->quoted || f->kind == KIND_WORD)
		return true;
	if (f->kind == KIND_NUMBER)
		return check_number(w->s, &n);
	for (size_t i = 0; i < w->s.n; i++)
		if (strchr(".:@/<[", w->s.p[i]) != NULL)
			return true;
	return false;
}

/* The list of that name; false: reported. */
static bool
list_by_name(struct build *b, const struct ast_cond *c, struct atom *a)
{
	const struct name *n = build_find(b, NAME_LIST, c->word.s);
	struct suggest sug;
	const struct named_list *l;

	if (n == NULL) {
		suggest_begin(&sug, c->word.s);
		for (struct name *i = b->names[NAME_LIST]; i != NULL; i = i->hh.next)
			suggest_offer(&sug, i->s);
		check_hint(b,
		    diag_error(b->diags, c->word.span, "no list is named `%.*s` above this line",
			SLICE_ARG(c->word.s)),
		    sug.best,
		    a->pair || a->left.fact->kind == KIND_IP || a->left.fact->kind == KIND_NUMBER
			? "a list stands above its use"
			: "a list stands above its use; a text stands in quotes");
		return false;
	}
	if (n->tainted) {
		b->tainted = true;
		return false;
	}
	l = &b->p->lists[n->index];
	a->list = l->list;
	a->list_name = l->name;
	return true;
}

/* True if such values can be held against the list's entries. */
static bool
check_type(struct build *b, const struct ast_cond *c, const struct atom *a)
{
	enum list_type t = list_type(a->list);
	const struct fact *f = a->left.fact;
	struct diag *g;

	if (a->pair != (t == LIST_PAIRS)) {
		diag_hint(b->diags,
		    diag_error(b->diags, c->right_span,
			a->pair ? "a pair is held against a list of pairs"
				: "a list of pairs is held against two facts"),
		    a->pair ? "such a list is one of `addresses addresses`"
			    : "write (recipient, sender) in %s",
		    a->list_name);
		return false;
	}
	if (t == LIST_PATTERNS && types_for(f->kind) & 1u << t)
		check_pattern_list(b, c->right_span, a->list, f);
	if (a->pair || (types_for(f->kind) & 1u << t))
		return true;
	g = diag_error(
	    b->diags, c->right_span, "%s can't be in a list of %s", f->name, list_type_name(t));
	if (f->kind == KIND_ADDRESS && t == LIST_DOMAINS)
		diag_hint(b->diags, g, "write %s", check_spell(b, &a->left, "domain"));
	else if (f->kind == KIND_NAME && t == LIST_ADDRESSES)
		diag_hint(b->diags, g, "for names, make it a list of domains");
	else if (f->kind == KIND_IP)
		diag_hint(b->diags, g, "addresses are in lists of networks");
	else if (f->kind == KIND_NUMBER || f->kind == KIND_WORD)
		diag_hint(b->diags, g, "such values are in lists of words");
	return false;
}

bool
check_in(struct build *b, const struct ast_cond *c, struct atom *a)
{
	struct ast_entry one = { .e = { .entry = c->word.s, .span = c->word.span } };

	if (c->right == RIGHT_REF) {
		diag_hint(b->diags,
		    diag_error(b->diags, c->right_span, "a list is expected behind `in`"),
		    "two facts are compared with =");
		return false;
	}
	if (c->right == RIGHT_ENTRIES)
		return list_in_place(b, c->entries, c->right_span, a) && check_type(b, c, a);
	if (!c->word.quoted && fact_find(c->word.s) != NULL) {
		diag_hint(b->diags,
		    diag_error(b->diags, c->word.span, "`%.*s` is a fact, not a list",
			SLICE_ARG(c->word.s)),
		    "two facts are compared with =");
		return false;
	}
	if (!c->word.quoted && c->word.s.p[0] == '/') {
		diag_hint(b->diags,
		    diag_error(b->diags, c->word.span, "a pattern is asked with ~ or !~"),
		    "write %s ~ %.*s", check_spell(b, &a->left, NULL), SLICE_ARG(c->word.s));
		return false;
	}
	if (build_find(b, NAME_LIST, c->word.s) == NULL && !a->pair &&
	    is_literal(&c->word, a->left.fact))
		return list_in_place(b, &one, c->right_span, a);
	return list_by_name(b, c, a) && check_type(b, c, a);
}

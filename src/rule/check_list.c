/*
 * check_list.c - lists: their own statements, and the right side of `in`
 */
#include "rule/build.h"

#include "base/suggest.h"
#include "rule/parse.h"

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
		return 1u << LIST_WORDS | 1u << LIST_PATTERNS | 1u << LIST_DOMAINS | 1u << LIST_ADDRESSES;
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
	return k == KIND_IP	   ? LIST_NETWORKS
	       : k == KIND_NAME	   ? LIST_DOMAINS
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

void
check_list(struct build *b, const struct ast_stmt *s)
{
	struct list *l = list_new(s->list_type, s->list_flags);
	const char *file = NULL;
	struct slice n = s->name.s;
	unsigned errors = b->diags->errors;
	struct name *name;

	if (s->from_file) {
		file = load_path(b, s->file.span, s->file.s);
		if (!list_add_file(l, file, b->diags) && b->diags->errors == errors)
			diag_hint(b->diags,
			    diag_error(b->diags, s->file.span, "%s can't be read: %s", file, strerror(errno)),
			    "the path is relative to the file that names it");
	}
	for (const struct ast_entry *e = s->entries; e != NULL; e = e->next)
		list_add(l, &e->e, b->diags);
	if (list_size(l) == 0 && b->diags->errors == errors)
		diag_warn(b->diags, s->name.span, "the list `%.*s` is empty: nothing is in it",
		    SLICE_ARG(n));
	if (strspn(n.p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") < n.n ||
	    n.n > LIMIT_NAME)
		diag_hint(b->diags,
		    diag_error(b->diags, s->name.span, "`%.*s` can't be the name of a list", SLICE_ARG(n)),
		    "names are made of letters, digits, - and _, at most %d of them", LIMIT_NAME);
	else if (parse_is_reserved(n))
		diag_error(b->diags, s->name.span, "`%.*s` is a word of the language and can't be a list",
		    SLICE_ARG(n));
	name = build_name(b, NAME_LIST, n, s->name.span);
	if (name == NULL)
		list_free(l);
	else
		name->index = add_list(b, arena_slice(&b->p->arena, n).p, l, file);
}

/* The words of a KIND_WORD fact, the numbers of a number: entries that can never match are typos. */
static bool
check_entry_word(struct build *b, const struct fact *f, const struct ast_entry *e)
{
	struct suggest sug;
	long long n;

	if (e->pattern || (f->kind != KIND_WORD && f->kind != KIND_NUMBER))
		return true;
	if (f->kind == KIND_NUMBER) {
		if (check_number(e->e.entry, &n))
			return true;
		diag_error(b->diags, e->e.span, "`%.*s` is no number", SLICE_ARG(e->e.entry));
		return false;
	}
	suggest_begin(&sug, e->e.entry);
	for (size_t i = 0; f->words[i] != NULL; i++) {
		if (slice_eq_nocase(e->e.entry, slice_str(f->words[i])))
			return true;
		suggest_offer(&sug, slice_str(f->words[i]));
	}
	check_hint(b,
	    diag_error(b->diags, e->e.span, "%s is never `%.*s`", f->name, SLICE_ARG(e->e.entry)), sug.best,
	    NULL);
	return false;
}

/* { … } or a literal of one, held against a fact. */
static bool
list_in_place(struct build *b, const struct ast_entry *entries, struct span at, struct atom *a)
{
	const struct fact *f = a->left.fact;
	enum list_type type = a->pair ? LIST_PAIRS : type_in_place(f->kind);
	bool good = true;
	struct list *l;

	if (entries != NULL && entries->pattern)
		type = LIST_PATTERNS;
	l = list_new(type, 0);
	for (const struct ast_entry *e = entries; e != NULL; e = e->next) {
		if (e->pattern != (type == LIST_PATTERNS)) {
			diag_error(b->diags, e->e.span, "patterns and other entries don't mix in one list");
			good = false;
		} else if (!check_entry_word(b, f, e) || !list_add(l, &e->e, b->diags)) {
			good = false;
		}
	}
	if (entries == NULL)
		diag_warn(b->diags, at, "this list is empty: nothing is in it");
	a->list = l;
	add_list(b, NULL, l, NULL);
	return good;
}

/* An unquoted word that is no list: a literal, if it can be one. */
static bool
is_literal(const struct ast_word *w, const struct fact *f)
{
	if (w->quoted || f->kind == KIND_WORD || f->kind == KIND_NUMBER)
		return true;
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
		    sug.best, "a text stands in quotes");
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
		    diag_error(b->diags, c->right_span, a->pair ? "a pair is held against a list of pairs"
								: "a list of pairs is held against two facts"),
		    a->pair ? "such a list is one of `addresses addresses`"
			    : "write (recipient, sender) in %s",
		    a->list_name);
		return false;
	}
	if (a->pair || (types_for(f->kind) & 1u << t))
		return true;
	g = diag_error(b->diags, c->right_span, "%s can't be in a list of %s", f->name, list_type_name(t));
	if (f->kind == KIND_ADDRESS && t == LIST_DOMAINS)
		diag_hint(b->diags, g, "write %s.domain", f->name);
	else if (f->kind == KIND_NAME && t == LIST_ADDRESSES)
		diag_hint(b->diags, g, "for names, make it a list of domains");
	else if (f->kind == KIND_IP)
		diag_hint(b->diags, g, "addresses are in lists of networks");
	return false;
}

bool
check_in(struct build *b, const struct ast_cond *c, struct atom *a)
{
	struct ast_entry one = { .e = { .entry = c->word.s, .span = c->word.span } };

	if (c->right == RIGHT_REF) {
		diag_hint(b->diags, diag_error(b->diags, c->right_span, "a list is expected behind `in`"),
		    "two facts are compared with =");
		return false;
	}
	if (c->right == RIGHT_ENTRIES)
		return list_in_place(b, c->entries, c->right_span, a) && check_type(b, c, a);
	if (!c->word.quoted && fact_find(c->word.s) != NULL) {
		diag_hint(b->diags,
		    diag_error(b->diags, c->word.span, "`%.*s` is a fact, not a list", SLICE_ARG(c->word.s)),
		    "two facts are compared with =");
		return false;
	}
	if (build_find(b, NAME_LIST, c->word.s) == NULL && !a->pair && is_literal(&c->word, a->left.fact))
		return list_in_place(b, &one, c->right_span, a);
	return list_by_name(b, c, a) && check_type(b, c, a);
}

/*
 * check_ref.c - facts as rules name them, with their arguments, or why they are none
 */
#include "rule/build.h"

#include "base/suggest.h"

/* What comes before the first dot. */
static struct slice
stem(struct slice s)
{
	return slice_cut(s, '.', NULL);
}

bool
check_looks_like_fact(struct slice s)
{
	if (memchr(s.p, '.', s.n) == NULL)
		return false;
	for (size_t i = 0; fact_at(i) != NULL; i++)
		if (slice_eq(stem(slice_str(fact_at(i)->name)), stem(s)))
			return true;
	return false;
}

/* True for client.name where name was written. */
static bool
ends_in(struct slice fact, struct slice name)
{
	return fact.n > name.n + 1 && fact.p[fact.n - name.n - 1] == '.' &&
	    slice_eq(slice_of(fact.p + fact.n - name.n, name.n), name);
}

/* The fact that a word is near to, or the last part of; absent if there is none. */
static struct slice
nearest_fact(struct build *b, struct slice name, bool text)
{
	struct suggest sug;

	suggest_begin(&sug, name);
	for (size_t i = 0; fact_at(i) != NULL; i++)
		if (ends_in(slice_str(fact_at(i)->name), name))
			return slice_str(fact_at(i)->name);
	for (size_t i = 0; fact_at(i) != NULL; i++)
		suggest_offer(&sug, slice_str(fact_at(i)->name));
	if (text) {
		suggest_offer(&sug, SLICE("entry"));
		suggest_offer(&sug, SLICE("entry.text"));
		suggest_offer(&sug, SLICE("dnsbl.zone"));
		suggest_offer(&sug, SLICE("dnsbl.value"));
		suggest_offer(&sug, SLICE("dnsbl.text"));
	}
	for (struct name *n = b->names[NAME_DEFINITION]; !text && n != NULL; n = n->hh.next)
		suggest_offer(&sug, n->s);
	return sug.best;
}

/* A fact as it is written, with an argument where it takes one before its last part. */
static struct slice
spelled(struct build *b, const struct fact *f, const struct ast_word *args)
{
	const char *dot = strrchr(f->name, '.');
	struct buf all = { 0 };
	struct slice s;

	if (!(f->flags & FACT_TAIL))
		return slice_str(f->name);
	for (const struct ast_word *w = args; w != NULL; w = w->next)
		buf_printf(&all, "%s\"%.*s\"", all.n > 0 ? ", " : "", SLICE_ARG(w->s));
	if (all.n == 0)
		buf_str(&all, "\"From\"");
	s = arena_printf(
	    b->tmp, "%.*s(%.*s)%s", (int)(dot - f->name), f->name, SLICE_ARG(buf_slice(&all)), dot);
	buf_free(&all);
	return s;
}

void
check_unknown_fact(struct build *b, struct span at, struct slice name, bool text)
{
	struct diag *g = diag_error(b->diags, at, "unknown fact `%.*s`", SLICE_ARG(name));
	struct slice near = nearest_fact(b, name, text);
	struct buf same = { 0 };

	for (size_t i = 0; near.p == NULL && fact_at(i) != NULL; i++)
		if (slice_eq(stem(slice_str(fact_at(i)->name)), stem(name)))
			buf_printf(&same, "%s%.*s", same.n > 0 ? ", " : "",
			    SLICE_ARG(spelled(b, fact_at(i), NULL)));
	if (same.n > 0 && memchr(same.p, ',', same.n) == NULL)
		near = buf_slice(&same);
	if (near.p != NULL)
		check_hint(
		    b, g, fact_find(near) != NULL ? spelled(b, fact_find(near), NULL) : near, NULL);
	else if (build_find(b, NAME_LIST, name) != NULL)
		diag_hint(b->diags, g, "%.*s is a list: write FACT in %.*s", SLICE_ARG(name),
		    SLICE_ARG(name));
	else if (same.n > 0)
		diag_hint(b->diags, g, "there are %.*s", SLICE_ARG(buf_slice(&same)));
	else
		diag_hint(b->diags, g, "facts are listed in postern-rules(5)%s",
		    text ? "" : "; a definition stands above its use");
	buf_free(&same);
}

/* The argument of macro("{name}"). */
static void
check_macro(struct build *b, const struct ast_word *arg, struct fact_ref *out)
{
	struct slice s = arg->s;
	bool known;

	if (s.n == 0 || (s.n > 1 && (s.p[0] != '{' || s.p[s.n - 1] != '}'))) {
		diag_hint(b->diags,
		    diag_error(b->diags, arg->span, "`%.*s` is no name of a macro", SLICE_ARG(s)),
		    "names of more than one letter stand in braces: macro(\"{%.*s}\")",
		    s.n > 0 ? (int)s.n : 4, s.n > 0 ? s.p : "name");
		return;
	}
	out->stage = macro_stage(s, &known);
	out->life = macro_life(out->stage, s);
	if (!known && build_find(b, NAME_MACRO, s) == NULL) {
		struct suggest sug;

		build_name(b, NAME_MACRO, s, arg->span);
		suggest_begin(&sug, s);
		for (size_t i = 0; macro_at(i) != NULL; i++)
			suggest_offer(&sug, slice_str(macro_at(i)));
		check_hint(b,
		    diag_warn(b->diags, arg->span,
			"the macro `%.*s` is not known: rules wait for it until the end of the message",
			SLICE_ARG(s)),
		    sug.best, NULL);
	}
}

/* Say that a fact has no such part behind its parenthesis. */
static void
no_such_part(struct build *b, const struct ast_ref *r, const struct fact *f)
{
	struct diag *g = diag_error(
	    b->diags, r->tail.span, "%s( ) has no part `%.*s`", f->name, SLICE_ARG(r->tail.s));
	struct slice base = slice_str(f->name);
	struct suggest sug;
	struct buf all = { 0 };

	suggest_begin(&sug, r->tail.s);
	for (size_t i = 0; fact_at(i) != NULL; i++) {
		struct slice name = slice_str(fact_at(i)->name);

		if (!(fact_at(i)->flags & FACT_TAIL) || name.n <= base.n + 1 ||
		    !slice_eq(slice_of(name.p, base.n), base))
			continue;
		suggest_offer(&sug, slice_of(name.p + base.n + 1, name.n - base.n - 1));
		buf_printf(&all, "%s%s", all.n > 0 ? ", " : "its parts are ", name.p + base.n);
	}
	if (all.n > 0)
		check_hint(b, g, sug.best, arena_slice(b->tmp, buf_slice(&all)).p);
	else if (f->flags & FACT_RAW)
		diag_hint(b->diags, g,
		    "addresses are parts of the decoded header: header(\"From\").addr");
	else
		diag_hint(b->diags, g, "write %s( ) alone", f->name);
	buf_free(&all);
}

/* The fact that is named. NULL: reported. */
static const struct fact *
fact_of(struct build *b, const struct ast_ref *r)
{
	const struct fact *f = fact_find(r->name.s), *part;
	struct slice name;

	if (f == NULL) {
		check_unknown_fact(b, r->name.span, r->name.s, false);
		return NULL;
	}
	if (f->flags & FACT_TAIL) {
		diag_hint(b->diags,
		    diag_error(b->diags, r->span, "the part of %.*s stands behind its parenthesis",
			SLICE_ARG(stem(r->name.s))),
		    "write %.*s", SLICE_ARG(spelled(b, f, r->args)));
		return NULL;
	}
	if (r->tail.s.p == NULL)
		return f;
	name = arena_printf(b->tmp, "%s.%.*s", f->name, SLICE_ARG(r->tail.s));
	part = fact_find(name);
	if (part != NULL && part->flags & FACT_TAIL)
		return part;
	no_such_part(b, r, f);
	return NULL;
}

/* The names in the parentheses of a fact. False: reported. */
static bool
check_args(struct build *b, const struct ast_ref *r, struct fact_ref *out)
{
	bool header = strcmp(out->fact->args, "header") == 0;
	struct slice *args;
	size_t n = 0;

	for (const struct ast_word *w = r->args; w != NULL; w = w->next)
		n++;
	args = arena_alloc(&b->p->arena, n * sizeof *args);
	out->args = args;
	for (const struct ast_word *w = r->args; w != NULL; w = w->next) {
		if (w->ref != NULL) {
			diag_error(b->diags, w->span, "%.*s takes names, and no fact",
			    SLICE_ARG(r->name.s));
			return false;
		}
		args[out->nargs++] = arena_slice(&b->p->arena, w->s);
		if (header && !check_header_name(b, w))
			return false;
	}
	if (header)
		return true;
	if (n > 1) {
		diag_error(b->diags, r->args->next->span, "macro takes one name");
		return false;
	}
	check_macro(b, r->args, out);
	return true;
}

bool
check_ref(struct build *b, const struct ast_ref *r, struct fact_ref *out)
{
	const struct fact *f = fact_of(b, r);
	bool zone;

	if (f == NULL)
		return false;
	*out = (struct fact_ref){
		.fact = f, .stage = f->stage, .life = f->life, .lookups = f->lookups
	};
	if (f->args == NULL && r->has_args) {
		diag_error(b->diags, r->span, "%s takes nothing in parentheses", f->name);
		return false;
	}
	if (f->args == NULL)
		return true;
	zone = strcmp(f->args, "zone") == 0;
	if (r->args == NULL) {
		diag_hint(b->diags,
		    diag_error(b->diags, r->span, "%s needs a %s", f->name, zone ? "zone" : "name"),
		    strcmp(f->args, "macro") == 0 ? "write %s(\"{name}\")"
			: zone			  ? "write %s(\"zen.example\")"
						  : "write %s(\"Name\")",
		    f->name);
		return false;
	}
	return zone ? check_dnsbl(b, r, out) : check_args(b, r, out);
}

const char *
check_spell(struct build *b, const struct fact_ref *ref, const char *part)
{
	const char *name = ref->fact->name, *dot = strrchr(name, '.');
	char *text = NULL;
	size_t n = 0;
	FILE *f;
	struct slice s;

	f = open_memstream(&text, &n);
	if (f == NULL)
		build_no_memory();
	program_print_ref(ref, f);
	fclose(f);
	s = slice_of(text, n);
	if (part != NULL && dot != NULL)
		s.n -= strlen(dot);
	s = part != NULL ? arena_printf(b->tmp, "%.*s.%s", SLICE_ARG(s), part)
			 : arena_slice(b->tmp, s);
	free(text);
	return s.p;
}

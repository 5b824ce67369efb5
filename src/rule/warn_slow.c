/*
 * warn_slow.c - patterns whose search may take very long
 *
 * Each pattern that is suspect is tried, which takes time: so that is for `postern check` only.
 */
#include "rule/program.h"

#include "match/danger.h"

#define SHOWN 60 /* bytes of a pattern that are shown */

/* The look at a program's patterns. */
struct look {
	struct diags *diags;
	uint64_t left_us;
	struct cases *cases;
	struct arena memory; /* for one pattern */
};

/* What makes a form slow, and what to write instead. */
static const struct {
	const char *reason, *advice;
} forms[] = {
	[DANGER_NESTED] = { "what it repeats can take the same text in several ways",
	    "write it so that a text can be taken in one way only, or (?>...) around it" },
	[DANGER_CHAIN] = { "its repetitions can share a text in very many ways",
	    "bound them, as in .{0,80}, or say what may not stand there, as in [^<>]*" },
	[DANGER_GAP] = { "it goes far from each place where it may begin",
	    "let it go less far, or begin with something rarer" },
};

/* A text as it is shown: not too long. */
static const char *
shown(struct look *l, const char *before, struct slice s, const char *after)
{
	const char *text = s.n > SHOWN
	    ? arena_printf(&l->memory, "%s%.*s...%s", before, SHOWN, s.p, after).p
	    : arena_printf(&l->memory, "%s%.*s%s", before, SLICE_ARG(s), after).p;

	return text != NULL && s.n > 0 ? text : "";
}

/* Warn of a pattern if it is dangerous. True: it is. */
static bool
look_at(struct look *l, struct span at, struct slice re, unsigned flags, enum danger_text text)
{
	struct danger d = danger_find(re, flags, text, l->cases, &l->left_us, &l->memory);
	struct diag *g;

	if (d.form != DANGER_NONE) {
		g = diag_warn(l->diags, at, "the search for %s may take very long or fail: %s",
		    shown(l, "/", re, "/"), forms[d.form].reason);
		if (d.shown)
			diag_hint(l->diags, g, "a text of %s%zu times %s%s shows it; %s",
			    shown(l, "`", d.prefix, "` and "), d.times, shown(l, "`", d.pump, "`"),
			    shown(l, ", with `", d.suffix, "` further on,"), forms[d.form].advice);
		else
			diag_hint(l->diags, g, "%s", forms[d.form].advice);
	}
	arena_reset(&l->memory);
	return d.form != DANGER_NONE;
}

/* What a fact's patterns are searched in. */
static enum danger_text
text_of(const struct fact *f)
{
	return strncmp(f->name, "body", 4) == 0 || strcmp(f->name, "raw.body") == 0 ? DANGER_BODY
										    : DANGER_LINE;
}

/* Look at the patterns of one comparison; of a list, one that is dangerous is enough to say so. */
static void
look_at_atom(struct look *l, const struct atom *a)
{
	unsigned utf = a->left.fact->flags & FACT_RAW ? 0 : PATTERN_UTF;
	enum danger_text text = text_of(a->left.fact);

	if (a->pattern != NULL)
		look_at(l, a->span, a->pattern_text, a->pattern_flags | utf, text);
	if (a->list == NULL || list_type(a->list) != LIST_PATTERNS)
		return;
	for (size_t i = 0; i < list_size(a->list); i++) {
		struct list_entry e = list_at(a->list, i);

		if (look_at(l, a->span, e.entry, e.flags | list_flags(a->list) | utf, text))
			return;
	}
}

void
program_warn_slow(const struct program *p, struct diags *d)
{
	struct look l = { .diags = d, .left_us = LIMIT_DANGER_MS * 1000, .cases = cases_new() };

	if (l.cases == NULL)
		return;
	arena_init(&l.memory, 0);
	for (uint32_t i = 0; i < p->natoms; i++)
		look_at_atom(&l, &p->atoms[i]);
	for (uint32_t i = 0; i < p->nrules; i++) {
		const struct rule *r = &p->rules[i];

		if (r->pattern != NULL)
			look_at(&l, r->span, r->pattern_text, r->pattern_flags, DANGER_LINE);
	}
	arena_free(&l.memory);
	cases_free(l.cases);
}

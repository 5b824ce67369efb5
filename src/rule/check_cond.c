/*
 * check_cond.c - conditions: what each comparison means, or why it means nothing
 */
#include "rule/build.h"

#include "base/suggest.h"

#include <limits.h>

bool
check_number(struct slice s, long long *out)
{
	static const char units[] = "KMG";
	bool negative = s.n > 0 && s.p[0] == '-';
	unsigned long long n;
	const char *unit;
	unsigned shift = 0;

	if (negative)
		s = slice_of(s.p + 1, s.n - 1);
	if (s.n > 1 && (unit = memchr(units, s.p[s.n - 1], 3)) != NULL) {
		shift = (unit - units + 1) * 10;
		s.n--;
	}
	if (!slice_number(s, LLONG_MAX >> shift, &n))
		return false;
	*out = (long long)(n << shift) * (negative ? -1 : 1);
	return true;
}

/* A text kind: compared as text without case. */
static bool
is_text(enum kind k)
{
	return k == KIND_TEXT || k == KIND_NAME || k == KIND_ADDRESS || k == KIND_WORD;
}

/* The right side names a fact. */
static void
check_right_fact(struct build *b, const struct ast_cond *c, struct atom *a)
{
	enum kind l = a->count ? KIND_NUMBER : a->left.fact->kind;

	if (!check_ref(b, &c->ref, &a->right))
		return;
	a->right_fact = true;
	if (a->count && a->right.fact->flags & FACT_MANY)
		diag_error(b->diags, c->right_span, "%s may have several values: write a number",
		    a->right.fact->name);
	if (a->right.fact->flags & FACT_OF_SCORE)
		diag_hint(b->diags,
		    diag_error(b->diags, c->right_span, "%s can't stand on the right",
			a->right.fact->name),
		    "compare it with a number: score >= 8");
	else if (a->op != OP_ALIGNED && a->right.fact->kind != l &&
	    !(is_text(l) && is_text(a->right.fact->kind)))
		diag_error(b->diags, c->right_span, "%s and %s can't be compared",
		    a->left.fact->name, a->right.fact->name);
}

/* A value for a KIND_WORD fact: one of its words, which is how it is kept. */
static void
check_right_word(struct build *b, struct ast_word *w, struct atom *a)
{
	const struct fact *f = a->left.fact;
	struct suggest sug;
	struct buf all = { 0 };

	suggest_begin(&sug, w->s);
	for (size_t i = 0; f->words[i] != NULL; i++) {
		if (slice_eq_nocase(w->s, slice_str(f->words[i]))) {
			buf_free(&all);
			w->s = slice_str(f->words[i]);
			w->quoted = false;
			return;
		}
		suggest_offer(&sug, slice_str(f->words[i]));
		buf_printf(&all, "%s%s", i > 0 ? ", " : "its values are ", f->words[i]);
	}
	check_hint(b, diag_error(b->diags, w->span, "%s is never `%.*s`", f->name, SLICE_ARG(w->s)),
	    sug.best, arena_slice(b->tmp, buf_slice(&all)).p);
	buf_free(&all);
}

/* An address on the right of = or !=. */
static void
check_right_ip(struct build *b, const struct ast_word *w, struct atom *a)
{
	if (ip_parse(w->s, &a->ip))
		return;
	diag_hint(b->diags, diag_error(b->diags, w->span, "`%.*s` is no address", SLICE_ARG(w->s)),
	    memchr(w->s.p, '/', w->s.n) != NULL
		? "a network is asked with `in`"
		: "write an IPv4 or IPv6 address; names are client.name");
}

/* The right side of = < <= > >=. */
static void
check_right(struct build *b, const struct ast_cond *c, struct atom *a)
{
	enum kind k = a->count ? KIND_NUMBER : a->left.fact->kind;
	struct ast_word w = c->word;

	if (c->right == RIGHT_REF || (!w.quoted && fact_find(w.s) != NULL)) {
		check_right_fact(b, c, a);
	} else if (!w.quoted && check_looks_like_fact(w.s)) {
		check_unknown_fact(b, w.span, w.s, false);
	} else if (!w.quoted && w.s.p[0] == '/') {
		diag_hint(b->diags, diag_error(b->diags, w.span, "a pattern is asked with ~ or !~"),
		    "write %s ~ %.*s; a text stands in quotes", check_spell(b, &a->left, NULL),
		    SLICE_ARG(w.s));
	} else if (k == KIND_NUMBER) {
		if (!check_number(w.s, &a->number))
			check_bad_number(b, w.span, w.s);
	} else if (k == KIND_IP && memchr(w.s.p, '{', w.s.n) == NULL) {
		check_right_ip(b, &w, a);
	} else {
		if (k == KIND_WORD && memchr(w.s.p, '{', w.s.n) == NULL)
			check_right_word(b, &w, a);
		text_compile(b, &w, UINT32_MAX, &a->text);
		if (a->text.score)
			diag_hint(b->diags,
			    diag_error(b->diags, w.span, "{score} can't stand in a comparison"),
			    "compare it with a number: score >= 8");
	}
}

bool
check_is_host(const struct fact *f)
{
	const char *dot = strrchr(f->name, '.');

	return f->kind == KIND_NAME && (dot == NULL || strcmp(dot, ".local") != 0);
}

/* One side of `aligned`. */
static void
check_aligned_fact(struct build *b, const struct fact_ref *ref, struct span at)
{
	const struct fact *f = ref->fact;
	struct diag *g;

	if (check_is_host(f))
		return;
	g = diag_error(b->diags, at, "%s is no domain", check_spell(b, ref, NULL));
	if (f->kind == KIND_ADDRESS || f->kind == KIND_NAME)
		diag_hint(b->diags, g, "write %s", check_spell(b, ref, "domain"));
	else
		diag_hint(
		    b->diags, g, "`aligned` compares domains: from.domain aligned sender.domain");
}

/* FACT aligned FACT, FACT aligned "name" */
static void
check_aligned(struct build *b, const struct ast_cond *c, struct atom *a)
{
	struct slice name;

	check_aligned_fact(b, &a->left, c->left.span);
	check_right(b, c, a);
	if (a->right_fact) {
		check_aligned_fact(b, &a->right, c->right_span);
		return;
	}
	if (a->text.n != 1 || a->text.v[0].kind != PIECE_LITERAL)
		return;
	name = a->text.v[0].literal;
	if (name.n == 0 || name.p[0] == '.' || strcspn(name.p, "@/* ") < name.n)
		diag_hint(b->diags,
		    diag_error(b->diags, c->right_span, "`%.*s` is no domain", SLICE_ARG(name)),
		    "write a name such as example.com; those below it are aligned with it");
}

void
check_bad_number(struct build *b, struct span at, struct slice s)
{
	diag_hint(b->diags, diag_error(b->diags, at, "`%.*s` is no number", SLICE_ARG(s)),
	    "write a whole number such as 50, 512K or 20M");
}

/* score op NUMBER, by interval. */
static uint32_t
check_score(struct build *b, const struct ast_cond *c)
{
	long long n = 0;
	uint32_t both[2], node;

	if (c->op == OP_THERE || c->op == OP_MATCH || c->op == OP_IN || c->op == OP_ALIGNED ||
	    c->right != RIGHT_WORD || !check_number(c->word.s, &n)) {
		diag_hint(b->diags,
		    diag_error(b->diags, c->op == OP_THERE ? c->span : c->right_span,
			"score is compared with a number"),
		    "write score >= 8");
		return 0;
	}
	if (n > LIMIT_SCORE || n < -LIMIT_SCORE) {
		diag_error(b->diags, c->right_span, "no score comes near %lld", n);
		return 0;
	}
	if (b->p->nscores == 0 && b->diags->errors == 0)
		diag_warn(b->diags, c->left.span,
		    "no score rule stands above: the score is always 0 here");
	if (c->op == OP_EQ) {
		both[0] = build_score(b, OP_GE, n);
		both[1] = build_score(b, OP_LE, n);
		node = build_all(b, both, 2);
	} else {
		node = build_score(b, c->op, n);
	}
	return c->negated ? build_not(b, node) : node;
}

/* A lone fact. */
static void
check_there(struct build *b, const struct ast_cond *c, const struct atom *a)
{
	if (a->left.fact->flags & FACT_ALWAYS)
		diag_hint(b->diags,
		    diag_warn(b->diags, c->span, "%s is always there: this is always true",
			a->left.fact->name),
		    "compare it with a value");
}

/* One side of a pair. */
static bool
check_pair_side(struct build *b, const struct ast_ref *r, const struct fact *f)
{
	if (f->kind == KIND_ADDRESS || f->kind == KIND_TEXT)
		return true;
	diag_hint(b->diags, diag_error(b->diags, r->span, "%s is no address", f->name),
	    "pairs are of addresses: (recipient, sender)");
	return false;
}

/* (FACT, FACT) in PAIRS */
static bool
check_pair(struct build *b, const struct ast_cond *c, struct atom *a)
{
	a->pair = true;
	if (!check_ref(b, &c->left2, &a->left2))
		return false;
	if (!check_pair_side(b, &c->left, a->left.fact) ||
	    !check_pair_side(b, &c->left2, a->left2.fact))
		return false;
	if (c->op != OP_IN) {
		diag_error(b->diags, c->op_span, "a pair is asked with `in` and a list of pairs");
		return false;
	}
	return true;
}

/* One comparison. */
static uint32_t
check_compare(struct build *b, const struct ast_cond *c)
{
	struct atom a = {
		.op = c->op, .count = c->count, .span = c->span, .score_upto = b->p->nscores
	};
	struct name *def = NULL;
	uint32_t node;
	unsigned errors = b->diags->errors;

	if (!c->left.has_args && !c->pair && !c->count)
		def = build_find(b, NAME_DEFINITION, c->left.name.s);
	if (def != NULL)
		b->tainted |= def->tainted;
	if (def != NULL && c->op == OP_THERE)
		return build_reads_score(b, def->index) ? check_cond(b, def->cond) : def->index;
	if (def != NULL) {
		diag_hint(b->diags,
		    diag_error(b->diags, c->op_span, "`%.*s` is a definition: it is true or false",
			SLICE_ARG(def->s)),
		    "write it alone, or with `not`");
		return 0;
	}
	if (!check_ref(b, &c->left, &a.left) || (c->pair && !check_pair(b, c, &a)))
		return 0;
	if ((a.left.fact->flags & FACT_OF_SCORE) && a.left.fact->kind == KIND_NUMBER && !c->count)
		return check_score(b, c);
	a.score = (a.left.fact->flags & FACT_OF_SCORE) != 0;
	if (c->counted.span.source != NULL)
		check_match(b, &c->counted, &a);
	if (c->count && (c->op == OP_MATCH || c->op == OP_IN || c->op == OP_ALIGNED)) {
		diag_error(
		    b->diags, c->op_span, "count( ) is a number: compare it with = < <= > >=");
		return 0;
	}
	if (c->op >= OP_LT && c->op <= OP_GE && !c->count && a.left.fact->kind != KIND_NUMBER) {
		diag_hint(b->diags,
		    diag_error(b->diags, c->op_span, "%s is no number", a.left.fact->name),
		    "compare it with = or !=");
		return 0;
	}
	if (c->op == OP_THERE)
		check_there(b, c, &a);
	else if (c->op == OP_MATCH)
		check_match(b, &c->pattern, &a);
	else if (c->op == OP_ALIGNED)
		check_aligned(b, c, &a);
	else if (c->op != OP_IN)
		check_right(b, c, &a);
	else if (!check_in(b, c, &a))
		return 0;
	/* what could not be read can't be printed and told apart */
	if (b->diags->errors > errors)
		return 0;
	node = build_atom(b, &a);
	return c->negated ? build_not(b, node) : node;
}

/* The parts of and, or, N of; the same part twice is warned of. */
static uint32_t
check_parts(struct build *b, const struct ast_cond *c)
{
	uint32_t n = 0, *v;

	for (const struct ast_cond *part = c->parts; part != NULL; part = part->next)
		n++;
	v = arena_alloc(b->tmp, (n + 1) * sizeof *v);
	n = 0;
	for (const struct ast_cond *part = c->parts; part != NULL; part = part->next) {
		v[n] = check_cond(b, part);
		for (uint32_t i = 0; i < n && v[n] != 0; i++)
			if (v[i] == v[n]) {
				diag_warn(
				    b->diags, part->span, "the same condition stands here twice");
				break;
			}
		n++;
	}
	if (c->kind == COND_OF) {
		if (c->n == 0 || c->n > n)
			diag_error(b->diags, c->span, "%u of %u conditions is %s true", c->n, n,
			    c->n == 0 ? "always" : "never");
		return build_of(b, c->n, v, n);
	}
	return c->kind == COND_AND ? build_all(b, v, n) : build_any(b, v, n);
}

uint32_t
check_cond(struct build *b, const struct ast_cond *c)
{
	switch (c->kind) {
	case COND_BAD:
		b->tainted = true;
		return 0;
	case COND_NOT:
		return build_not(b, check_cond(b, c->parts));
	case COND_COMPARE:
		return check_compare(b, c);
	case COND_AND:
	case COND_OR:
	case COND_OF:
		return check_parts(b, c);
	}
	return 0;
}

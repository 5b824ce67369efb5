/*
 * check.c - statements: names, rules and their arguments
 */
#include "rule/build.h"

#include "rule/parse.h"

#include <limits.h>

#define SCORE_MAX 1000000

void
check_hint(struct build *b, struct diag *g, struct slice near, const char *otherwise)
{
	if (near.p != NULL)
		diag_hint(b->diags, g, "did you mean %.*s?", SLICE_ARG(near));
	else if (otherwise != NULL)
		diag_hint(b->diags, g, "%s", otherwise);
}

/* A name is a word of the language. */
static void
reserved(struct build *b, const char *what, const struct ast_word *w)
{
	diag_hint(b->diags,
	    diag_error(b->diags, w->span, "`%.*s` is a word of the language and can't be a %s",
		SLICE_ARG(w->s), what),
	    "take another name");
}

/* A label: letters, digits and `-`, given once, and no keyword; its colon tells it from a fact. */
static const char *
check_label(struct build *b, const struct ast_word *w)
{
	struct slice s = w->s;

	if (s.n == 0)
		diag_error(b->diags, (struct span){ w->span.source, w->span.at, 1 },
		    "a label's name is missing before its colon");
	else if (s.n > LIMIT_NAME || strspn(s.p, "abcdefghijklmnopqrstuvwxyz0123456789-") < s.n)
		diag_hint(b->diags,
		    diag_error(b->diags, w->span, "`%.*s` can't be a label", SLICE_ARG(s)),
		    "labels are made of a-z, 0-9 and -, at most %d of them", LIMIT_NAME);
	else if (parse_is_keyword(s))
		reserved(b, "label", w);
	else
		build_name(b, NAME_LABEL, s, w->span);
	return arena_slice(&b->p->arena, s).p;
}

struct name *
check_name(struct build *b, enum name_space ns, const struct ast_word *w)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	const char *what = ns == NAME_LIST ? "list" : "definition";

	if (w->s.n > LIMIT_NAME || strspn(w->s.p, letters) < w->s.n) {
		diag_hint(b->diags,
		    diag_error(b->diags, w->span, "`%.*s` can't be the name of a %s",
			SLICE_ARG(w->s), what),
		    "names are made of letters, digits, - and _, at most %d of them", LIMIT_NAME);
		return NULL;
	}
	if (parse_is_reserved(w->s)) {
		reserved(b, what, w);
		return NULL;
	}
	return build_name(b, ns, w->s, w->span);
}

/* 5.7.1 and the like: true if it has the form. */
static bool
is_enhanced(struct slice s)
{
	unsigned long long n;
	struct slice rest, class = slice_cut(s, '.', &rest);

	return class.n == 1 && slice_number(class, 9, &n) && rest.p != NULL &&
	    slice_number(slice_cut(rest, '.', &rest), 999, &n) && slice_number(rest, 999, &n);
}

/* The words from here to the next text, which wants quotes. */
static void
unquoted(struct build *b, const struct ast_word *w)
{
	struct span all = w->span;

	for (const struct ast_word *last = w; last != NULL && !last->quoted; last = last->next)
		all.n = last->span.at + last->span.n - all.at;
	diag_hint(b->diags, diag_error(b->diags, all, "a text stands in quotes"), "write \"%.*s\"",
	    SLICE_ARG(span_slice(all)));
}

/* 550; false for a mistake behind which nothing more is looked at. */
static bool
check_code(struct build *b, struct rule *r, const struct ast_word *w)
{
	bool reject = r->action == ACT_REJECT;
	char class = reject ? '5' : '4', other = reject ? '4' : '5';
	const char *name = action_name(r->action);
	unsigned long long n = 0;

	if (w->s.n == 0 || strchr("0123456789", w->s.p[0]) == NULL) {
		unquoted(b, w);
		return false;
	}
	if (is_enhanced(w->s)) {
		diag_hint(b->diags,
		    diag_error(
			b->diags, w->span, "a reply code is missing before the enhanced code"),
		    "write %u %.*s", r->code, SLICE_ARG(w->s));
		return false;
	}
	if (!slice_number(w->s, 999, &n) || w->s.n != 3) {
		diag_hint(b->diags,
		    diag_error(b->diags, w->span, "`%.*s` is no reply code", SLICE_ARG(w->s)),
		    "a code has three digits, such as %u", r->code);
		return false;
	}
	if (w->s.p[0] != class) {
		struct diag *g = diag_error(b->diags, w->span,
		    "%s takes a code from %c00 to %c99, not %llu", name, class, class, n);

		if (w->s.p[0] == other)
			diag_hint(b->diags, g, "write %s for this code, or another code",
			    reject ? "tempfail" : "reject");
		else
			diag_hint(b->diags, g, "write %u, for example", r->code);
		return false;
	}
	r->code = n;
	return true;
}

/* 5.7.1 behind the code; false as above. */
static bool
check_enhanced(struct build *b, struct rule *r, const struct ast_word *w)
{
	char class = r->action == ACT_REJECT ? '5' : '4';

	if (w->s.n == 0 || strchr("0123456789", w->s.p[0]) == NULL) {
		unquoted(b, w);
		return false;
	}
	if (!is_enhanced(w->s)) {
		diag_hint(b->diags,
		    diag_error(
			b->diags, w->span, "`%.*s` is no enhanced status code", SLICE_ARG(w->s)),
		    "it has three numbers, such as %s", r->enhanced);
		return false;
	}
	if (w->s.p[0] != class)
		diag_hint(b->diags,
		    diag_error(b->diags, w->span,
			"the enhanced code %.*s is of another class than the reply",
			SLICE_ARG(w->s)),
		    "write %c%.*s", class, (int)w->s.n - 1, w->s.p + 1);
	r->enhanced = arena_slice(&b->p->arena, w->s).p;
	return true;
}

/* A text that begins with a reply code, an enhanced one or both: their place is before it. */
static bool
check_reply_text(struct build *b, const struct rule *r, const struct ast_word *w)
{
	struct slice rest, first = slice_cut(w->s, ' ', &rest), code, enhanced;
	char usual[4];
	unsigned long long n;

	snprintf(usual, sizeof usual, "%u", r->code);
	code = slice_cut(first, '-', &enhanced); /* 550-5.7.1 */
	if (enhanced.p == NULL)
		enhanced = rest.p != NULL ? slice_cut(rest, ' ', NULL) : SLICE_ABSENT;
	if (is_enhanced(first)) {
		enhanced = first;
		code = slice_str(usual);
	} else if (rest.p == NULL || code.n != 3 || !slice_number(code, 599, &n) || n < 400) {
		return true;
	}
	if (!is_enhanced(enhanced))
		enhanced = SLICE("");
	diag_hint(b->diags,
	    diag_error(b->diags, (struct span){ w->span.source, w->span.at, (uint32_t)first.n },
		"the reply code stands inside the text"),
	    "it stands before the quotes: %.*s%s%.*s \"…\"", SLICE_ARG(code),
	    enhanced.n > 0 ? " " : "", SLICE_ARG(enhanced));
	return false;
}

/* [CODE [ENHANCED]] ["TEXT"] */
static void
check_reply(struct build *b, struct rule *r, const struct ast_word *v)
{
	struct diag *g;

	if (v != NULL && !v->quoted) {
		if (!check_code(b, r, v))
			return;
		v = v->next;
	}
	if (v != NULL && r->code != 0 && !v->quoted) {
		if (!check_enhanced(b, r, v))
			return;
		v = v->next;
	}
	if (v == NULL)
		return;
	if (!v->quoted) {
		unquoted(b, v);
		return;
	}
	if (!check_reply_text(b, r, v))
		return;
	text_compile(b, v, r->cond, &r->text);
	if (v->next == NULL)
		return;
	g = diag_error(b->diags, v->next->span, "nothing more is expected behind the text");
	diag_hint(b->diags, g,
	    v->next->quoted ? "a further line of the reply is written \\n in the text"
			    : "codes stand before the text");
}

bool
check_header_name(struct build *b, const struct ast_word *w)
{
	bool good = w->s.n > 0 && w->s.n <= 255;

	for (size_t i = 0; i < w->s.n; i++)
		good = good && w->s.p[i] > ' ' && (unsigned char)w->s.p[i] < 0x7f &&
		    strchr(":\"\\", w->s.p[i]) == NULL;
	if (!good)
		diag_hint(b->diags,
		    diag_error(b->diags, w->span, "`%.*s` is no name of a header", SLICE_ARG(w->s)),
		    "a name is printable ASCII without blanks, colon, quote and backslash");
	return good;
}

/* "Name" "value", or for remove-header "Name" [~ /re/] */
static void
check_header(struct build *b, struct rule *r, const struct ast_stmt *s)
{
	if (check_header_name(b, s->values))
		r->header = arena_slice(&b->p->arena, s->values->s).p;
	if (r->action != ACT_REMOVE_HEADER) {
		text_compile(b, s->values->next, r->cond, &r->text);
	} else if (s->has_pattern) {
		r->pattern = check_pattern(b, &s->pattern, true, &r->pattern_flags);
		r->pattern_text = arena_slice(&b->p->arena, span_slice(s->pattern.span));
	}
}

/* redirect and copy-to: a mailbox, if it can be seen. */
static void
check_address(struct build *b, struct rule *r, const struct ast_word *w)
{
	struct slice s = w->s;
	const char *at = memchr(s.p, '@', s.n);

	text_compile(b, w, r->cond, &r->text);
	if (memchr(s.p, '{', s.n) == NULL &&
	    (at == NULL || at == s.p || at == s.p + s.n - 1 || memchr(s.p, ' ', s.n) != NULL ||
		memchr(s.p, '<', s.n) != NULL))
		diag_hint(b->diags,
		    diag_error(b->diags, w->span, "`%.*s` is no address", SLICE_ARG(s)),
		    "write user@example.com, without < and >");
}

/* score N */
static void
check_score(struct build *b, struct rule *r, const struct ast_word *w)
{
	if (!check_number(w->s, &r->score) || r->score > SCORE_MAX || r->score < -SCORE_MAX)
		diag_hint(b->diags,
		    diag_error(b->diags, w->span, "`%.*s` is no whole number from -%d to %d",
			SLICE_ARG(w->s), SCORE_MAX, SCORE_MAX),
		    "write a number such as 3 or -2");
	else if (r->score == 0)
		diag_warn(b->diags, w->span, "a score of 0 changes nothing");
}

/* How many arguments an action takes: from least to most. */
static const struct {
	unsigned least, most;
	bool quoted;
	const char *usage;
} arguments[] = {
	[ACT_ACCEPT] = { 0, 0, false, "accept takes nothing" },
	[ACT_REJECT] = { 0, UINT_MAX, false, NULL },
	[ACT_TEMPFAIL] = { 0, UINT_MAX, false, NULL },
	[ACT_DISCARD] = { 0, 0, false, "discard takes nothing" },
	[ACT_QUARANTINE] = { 0, 1, true, "write quarantine [\"REASON\"]" },
	[ACT_ADD_HEADER] = { 2, 2, true, "write add-header \"Name\" \"value\"" },
	[ACT_SET_HEADER] = { 2, 2, true, "write set-header \"Name\" \"value\"" },
	[ACT_REMOVE_HEADER] = { 1, 1, true, "write remove-header \"Name\" [~ /pattern/]" },
	[ACT_REDIRECT] = { 1, 1, true, "write redirect \"user@example.com\"" },
	[ACT_COPY_TO] = { 1, 1, true, "write copy-to \"user@example.com\"" },
	[ACT_SCORE] = { 1, 1, false, "write score NUMBER" },
	[ACT_LOG] = { 1, 1, true, "write log \"TEXT\"" },
};

/* True if there are as many arguments as the action takes, in quotes where it wants them. What a
 * reply takes is told by check_reply. */
static bool
check_arguments(struct build *b, const struct ast_stmt *s)
{
	const struct ast_word *w = s->values, *surplus = NULL;
	unsigned n = 0;

	for (; w != NULL; w = w->next) {
		if (++n > arguments[s->action].most && surplus == NULL)
			surplus = w;
		if (surplus == NULL && arguments[s->action].quoted && !w->quoted) {
			unquoted(b, w);
			return false;
		}
	}
	if (surplus != NULL)
		diag_hint(b->diags,
		    diag_error(b->diags, surplus->span, "`%.*s` is not expected here",
			SLICE_ARG(surplus->s)),
		    "%s", arguments[s->action].usage);
	else if (n < arguments[s->action].least)
		diag_hint(b->diags,
		    diag_error(b->diags, s->span, "%s needs %u argument%s", action_name(s->action),
			arguments[s->action].least, arguments[s->action].least == 1 ? "" : "s"),
		    "%s", arguments[s->action].usage);
	return surplus == NULL && n >= arguments[s->action].least;
}

/* What an action is told. */
static void
check_action(struct build *b, struct rule *r, const struct ast_stmt *s)
{
	if (!check_arguments(b, s))
		return;
	switch (r->action) {
	case ACT_REJECT:
	case ACT_TEMPFAIL:
		check_reply(b, r, s->values);
		break;
	case ACT_ADD_HEADER:
	case ACT_SET_HEADER:
	case ACT_REMOVE_HEADER:
		check_header(b, r, s);
		break;
	case ACT_REDIRECT:
	case ACT_COPY_TO:
		check_address(b, r, s->values);
		break;
	case ACT_SCORE:
		check_score(b, r, s->values);
		break;
	case ACT_QUARANTINE:
	case ACT_LOG:
		if (s->values != NULL)
			text_compile(b, s->values, r->cond, &r->text);
		break;
	case ACT_ACCEPT:
	case ACT_DISCARD:
		break;
	}
}

/* A condition within its limits; definitions can make it larger than it looks. */
static uint32_t
check_size(struct build *b, uint32_t node, const struct ast_cond *c)
{
	const struct node *n = &b->p->nodes[node];

	if (n->size <= LIMIT_CONDITION && n->depth <= LIMIT_DEPTH)
		return node;
	diag_hint(b->diags,
	    diag_error(b->diags, c->span,
		"this condition is too large: with its definitions filled in it has %u parts, %u deep",
		n->size, n->depth),
	    "at most %d parts, %d deep, are allowed; long lists belong into `list`",
	    LIMIT_CONDITION, LIMIT_DEPTH);
	return 0;
}

/* A condition together with those of the blocks around. */
static uint32_t
check_whole(struct build *b, const struct ast_cond *c)
{
	uint32_t parts[2] = { b->when, b->when };
	unsigned errors = b->diags->errors;

	uint32_t node;

	if (c != NULL)
		parts[1] = check_cond(b, c);
	node = check_size(b, build_all(b, parts, 2), c);
	b->tainted |= b->diags->errors > errors;
	return node;
}

/* [LABEL:] [monitor] ACTION [if CONDITION] */
static void
check_rule(struct build *b, const struct ast_stmt *s)
{
	struct program *p = b->p;
	bool refusal = s->action == ACT_REJECT || s->action == ACT_TEMPFAIL;
	struct rule r = { .action = s->action,
		.monitor = s->monitor,
		.span = s->span,
		.file = arena_slice(&p->arena, slice_str(s->span.source->name)).p,
		.line = span_line(s->span),
		.code = s->action == ACT_REJECT ? 550
		    : s->action == ACT_TEMPFAIL ? 451
						: 0,
		.enhanced = !refusal	      ? NULL
		    : s->action == ACT_REJECT ? "5.7.1"
					      : "4.7.1" };

	bool around = b->tainted;
	unsigned errors = b->diags->errors;

	if (p->nrules == LIMIT_RULES) {
		diag_error(b->diags, s->span, "more than %d rules", LIMIT_RULES);
		return;
	}
	b->tainted |= s->guessed;
	if (s->label.s.p != NULL)
		r.label = check_label(b, &s->label);
	r.cond = check_whole(b, s->cond);
	check_action(b, &r, s);
	/* a rule that can't be read would only make others look dead or delayed */
	if (b->tainted || b->diags->errors > errors) {
		b->tainted = around;
		return;
	}
	if (r.action == ACT_SCORE && !r.monitor) {
		r.score_number = p->nscores;
		p->scores = build_grow(p->scores, p->nscores, &b->capscores, sizeof *p->scores);
		p->scores[p->nscores++] = p->nrules;
	}
	p->rules = build_grow(p->rules, p->nrules, &b->caprules, sizeof *p->rules);
	p->rules[p->nrules++] = r;
}

/* define NAME if CONDITION */
static void
check_define(struct build *b, const struct ast_stmt *s)
{
	bool around = b->tainted;
	unsigned errors = b->diags->errors;
	uint32_t node = s->bad ? 0 : check_size(b, check_cond(b, s->cond), s->cond);
	bool tainted = s->bad || s->guessed || b->tainted || b->diags->errors > errors;
	struct name *n;

	b->tainted = around;
	n = s->name.s.p != NULL ? check_name(b, NAME_DEFINITION, &s->name) : NULL;
	if (n != NULL) {
		n->index = node;
		n->tainted = tainted;
		n->cond = s->cond;
	}
}

/* when CONDITION { … } */
static void
check_when(struct build *b, const struct ast_stmt *s)
{
	uint32_t around = b->when;
	bool tainted = b->tainted;

	b->tainted |= s->bad || s->guessed;
	if (s->cond != NULL)
		b->when = check_whole(b, s->cond);
	b->whens++;
	check_stmts(b, s->body);
	b->whens--;
	b->when = around;
	b->tainted = tainted;
}

void
check_stmts(struct build *b, const struct ast_stmt *s)
{
	static void (*const checks[])(struct build *, const struct ast_stmt *) = {
		[STMT_SET] = settings_set,
		[STMT_INCLUDE] = load_include,
		[STMT_LIST] = check_list,
		[STMT_DEFINE] = check_define,
		[STMT_RULE] = check_rule,
		[STMT_WHEN] = check_when,
	};

	for (; s != NULL; s = s->next)
		if (!s->bad || s->kind == STMT_LIST || s->kind == STMT_DEFINE ||
		    s->kind == STMT_WHEN)
			checks[s->kind](b, s);
}

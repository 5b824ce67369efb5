/*
 * check.c - statements: names, rules and their arguments
 */
#include "rule/build.h"

#include "rule/parse.h"

#define SCORE_MAX 1000000

void
check_hint(struct build *b, struct diag *g, struct slice near, const char *otherwise)
{
	if (near.p != NULL)
		diag_hint(b->diags, g, "did you mean %.*s?", SLICE_ARG(near));
	else if (otherwise != NULL)
		diag_hint(b->diags, g, "%s", otherwise);
}

/* A label: letters, digits and `-`, no reserved word, given once. */
static const char *
check_label(struct build *b, const struct ast_word *w)
{
	struct slice s = w->s;

	if (s.n == 0 || s.n > LIMIT_NAME || strspn(s.p, "abcdefghijklmnopqrstuvwxyz0123456789-") < s.n)
		diag_hint(b->diags,
		    diag_error(b->diags, w->span, "`%.*s` can't be a label", SLICE_ARG(s)),
		    "labels are made of a-z, 0-9 and -, at most %d of them", LIMIT_NAME);
	else if (parse_is_reserved(s))
		diag_error(b->diags, w->span, "`%.*s` is a word of the language and can't be a label",
		    SLICE_ARG(s));
	else
		build_name(b, NAME_LABEL, s, w->span);
	return arena_slice(&b->p->arena, s).p;
}

/* 550, and 5.7.1 if it follows; *v moves on. */
static void
check_code(struct build *b, struct rule *r, const struct ast_word **v)
{
	char class = r->action == ACT_REJECT ? '5' : '4';
	const char *name = action_name(r->action);
	const struct ast_word *w = *v;
	unsigned long long n = 0;
	struct slice part, rest;

	if (w == NULL || w->quoted)
		return;
	if (!slice_number(w->s, 999, &n) || w->s.n != 3)
		diag_hint(b->diags,
		    diag_error(b->diags, w->span, "`%.*s` is no reply code", SLICE_ARG(w->s)),
		    "a code has three digits, such as %s; texts stand in quotes",
		    class == '5' ? "550" : "451");
	else if (w->s.p[0] != class)
		diag_hint(b->diags,
		    diag_error(b->diags, w->span, "%s takes a code from %c00 to %c99, not %llu", name, class,
			class, n),
		    "write %s for this code, or another code", class == '5' ? "tempfail" : "reject");
	r->code = n;
	*v = w = w->next;
	if (w == NULL || w->quoted)
		return;
	part = slice_cut(w->s, '.', &rest);
	if (part.n != 1 || rest.p == NULL || !slice_number(slice_cut(rest, '.', &rest), 999, &n) ||
	    !slice_number(rest, 999, &n))
		diag_hint(b->diags,
		    diag_error(b->diags, w->span, "`%.*s` is no enhanced status code", SLICE_ARG(w->s)),
		    "it has three numbers, such as %c.7.1; texts stand in quotes", class);
	else if (part.p[0] != class)
		diag_hint(b->diags,
		    diag_error(b->diags, w->span,
			"the enhanced code %.*s is of another class than the reply", SLICE_ARG(w->s)),
		    "write %c%.*s", class, (int)w->s.n - 1, w->s.p + 1);
	r->enhanced = arena_slice(&b->p->arena, w->s).p;
	*v = w->next;
}

/* A text that begins with a reply code: the code's place is before it. */
static void
check_reply_text(struct build *b, const struct ast_word *w)
{
	struct slice s = w->s;

	if (s.n > 4 && strspn(s.p, "0123456789") == 3 && s.p[3] == ' ' && (s.p[0] == '4' || s.p[0] == '5'))
		diag_hint(b->diags,
		    diag_error(b->diags, (struct span){ w->span.source, w->span.at, 3 },
			"the reply code stands inside the text"),
		    "it stands before the quotes: %.3s \"…\"", s.p);
}

/* [CODE [ENHANCED]] ["TEXT"] */
static void
check_reply(struct build *b, struct rule *r, const struct ast_word *v)
{
	check_code(b, r, &v);
	if (v == NULL)
		return;
	if (!v->quoted) {
		diag_hint(b->diags,
		    diag_error(b->diags, v->span, "`%.*s` is not expected here", SLICE_ARG(v->s)),
		    "%s takes a code, an enhanced code and a text in quotes", action_name(r->action));
		return;
	}
	check_reply_text(b, v);
	text_compile(b, v, r->cond, &r->text);
	if (v->next != NULL)
		diag_error(b->diags, v->next->span, "nothing more is expected behind the text");
}

/* The name of a header: printable ASCII without colon (RFC 5322 2.2). */
static const char *
check_header_name(struct build *b, const struct ast_word *w)
{
	bool good = w->s.n > 0 && w->s.n <= 255;

	for (size_t i = 0; i < w->s.n; i++)
		good = good && w->s.p[i] > ' ' && (unsigned char)w->s.p[i] < 0x7f && w->s.p[i] != ':';
	if (!good)
		diag_hint(b->diags,
		    diag_error(b->diags, w->span, "`%.*s` is no name of a header", SLICE_ARG(w->s)),
		    "a name is printable ASCII without blanks and colon");
	return arena_slice(&b->p->arena, w->s).p;
}

/* "Name" "value", or for remove-header "Name" [~ /re/] */
static void
check_header(struct build *b, struct rule *r, const struct ast_stmt *s)
{
	r->header = check_header_name(b, s->values);
	if (r->action != ACT_REMOVE_HEADER) {
		text_compile(b, s->values->next, r->cond, &r->text);
	} else if (s->has_pattern) {
		r->pattern = check_pattern(b, &s->pattern, true);
		r->pattern_text = arena_slice(&b->p->arena, span_slice(s->pattern.span));
		r->pattern_flags = s->pattern.flags;
	}
}

/* redirect and copy-to: a mailbox, if it can be seen. */
static void
check_address(struct build *b, struct rule *r, const struct ast_word *w)
{
	struct slice s = w->s;

	text_compile(b, w, r->cond, &r->text);
	if (memchr(s.p, '{', s.n) == NULL &&
	    (memchr(s.p, '@', s.n) == NULL || memchr(s.p, ' ', s.n) != NULL ||
		memchr(s.p, '<', s.n) != NULL))
		diag_hint(b->diags, diag_error(b->diags, w->span, "`%.*s` is no address", SLICE_ARG(s)),
		    "write user@example.com, without < and >");
}

/* score N */
static void
check_score(struct build *b, struct rule *r, const struct ast_word *w)
{
	if (!check_number(w->s, &r->score) || r->score > SCORE_MAX || r->score < -SCORE_MAX)
		diag_error(b->diags, w->span, "`%.*s` is no whole number from -%d to %d", SLICE_ARG(w->s),
		    SCORE_MAX, SCORE_MAX);
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
	[ACT_REJECT] = { 0, 3, false, "write reject [CODE [ENHANCED]] [\"TEXT\"]" },
	[ACT_TEMPFAIL] = { 0, 3, false, "write tempfail [CODE [ENHANCED]] [\"TEXT\"]" },
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

/* True if there are as many arguments as the action takes, in quotes where it wants them. */
static bool
check_arguments(struct build *b, const struct ast_stmt *s)
{
	const struct ast_word *w = s->values, *surplus = NULL;
	unsigned n = 0;

	for (; w != NULL; w = w->next) {
		if (++n > arguments[s->action].most && surplus == NULL)
			surplus = w;
		if (surplus == NULL && arguments[s->action].quoted && !w->quoted) {
			diag_hint(b->diags, diag_error(b->diags, w->span, "a text stands in quotes"),
			    "write \"%.*s\"", SLICE_ARG(w->s));
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

/* A condition together with those of the blocks around. */
static uint32_t
check_whole(struct build *b, const struct ast_cond *c)
{
	uint32_t parts[2] = { b->when, b->when };
	unsigned errors = b->diags->errors;

	if (c != NULL)
		parts[1] = check_cond(b, c);
	b->tainted |= b->diags->errors > errors;
	return build_all(b, parts, 2);
}

/* Enter a rule's index into one of the program's index arrays. */
static void
enter(uint32_t **v, uint32_t *n, uint32_t *cap, uint32_t rule)
{
	*v = build_grow(*v, *n, cap, sizeof **v);
	(*v)[(*n)++] = rule;
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
		.code = s->action == ACT_REJECT ? 550 : s->action == ACT_TEMPFAIL ? 451 : 0,
		.enhanced = !refusal		      ? NULL
			    : s->action == ACT_REJECT ? "5.7.1"
						      : "4.7.1" };

	bool around = b->tainted;
	unsigned errors = b->diags->errors;

	if (p->nrules == LIMIT_RULES) {
		diag_error(b->diags, s->span, "more than %d rules", LIMIT_RULES);
		return;
	}
	if (s->label.s.p != NULL)
		r.label = check_label(b, &s->label);
	r.cond = check_whole(b, s->cond);
	check_action(b, &r, s);
	/* a rule that can't be read would only make others look dead or delayed */
	if (b->tainted || b->diags->errors > errors) {
		b->tainted = around;
		return;
	}
	if (r.action == ACT_SCORE && !r.monitor)
		enter(&p->scores, &p->nscores, &b->capscores, p->nrules);
	else if (r.monitor || !action_decides(r.action))
		enter(&p->effects, &p->neffects, &b->capeffects, p->nrules);
	p->rules = build_grow(p->rules, p->nrules, &b->caprules, sizeof *p->rules);
	p->rules[p->nrules++] = r;
}

/* define NAME if CONDITION */
static void
check_define(struct build *b, const struct ast_stmt *s)
{
	bool around = b->tainted;
	unsigned errors = b->diags->errors;
	uint32_t node = check_cond(b, s->cond);
	bool tainted = b->tainted || b->diags->errors > errors;
	struct name *n;

	b->tainted = around;
	if (parse_is_reserved(s->name.s)) {
		diag_error(b->diags, s->name.span,
		    "`%.*s` is a word of the language and can't be a definition", SLICE_ARG(s->name.s));
		return;
	}
	n = build_name(b, NAME_DEFINITION, s->name.s, s->name.span);
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

	if (s->cond != NULL)
		b->when = check_whole(b, s->cond);
	else
		b->tainted = true;
	check_stmts(b, s->body);
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
		checks[s->kind](b, s);
}

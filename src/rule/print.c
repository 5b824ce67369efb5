/*
 * print.c - a program as a ruleset that means the same
 *
 * Conditions are printed from what runs, not from what was written: definitions are put in, the
 * conditions of `when` blocks stand in each rule.
 */
#include "rule/build.h"
#include "rule/parse.h"

static const char *const action_names[] = {
	[ACT_ACCEPT] = "accept",
	[ACT_REJECT] = "reject",
	[ACT_TEMPFAIL] = "tempfail",
	[ACT_DISCARD] = "discard",
	[ACT_QUARANTINE] = "quarantine",
	[ACT_ADD_HEADER] = "add-header",
	[ACT_SET_HEADER] = "set-header",
	[ACT_REMOVE_HEADER] = "remove-header",
	[ACT_REDIRECT] = "redirect",
	[ACT_COPY_TO] = "copy-to",
	[ACT_SCORE] = "score",
	[ACT_LOG] = "log",
};

const char *
action_name(enum action a)
{
	return action_names[a];
}

bool
action_decides(enum action a)
{
	return a <= ACT_DISCARD;
}

bool
rule_is_effect(const struct rule *r)
{
	return r->monitor || (!action_decides(r->action) && r->action != ACT_SCORE);
}

uint32_t
program_score_end(const struct program *p, uint32_t upto)
{
	return upto < p->nscores ? p->scores[upto] : p->nrules;
}

/* Bytes of a text, with the escapes that bring them back. */
static void
print_escaped(struct slice s, bool braces, FILE *out)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			fputc('\\', out);
		if (s.p[i] == '\n')
			fputs("\\n", out);
		else
			fputc(s.p[i], out);
		if (braces && s.p[i] == '{')
			fputc('{', out);
	}
}

void
build_print_quoted(const char *before, struct slice s, FILE *out)
{
	fprintf(out, "\"%s", before);
	print_escaped(s, false, out);
	fputc('"', out);
}

static void
print_quoted(struct slice s, FILE *out)
{
	build_print_quoted("", s, out);
}

void
build_print_word(struct slice s, FILE *out)
{
	if (lex_is_bare(s))
		fprintf(out, "%.*s", SLICE_ARG(s));
	else
		print_quoted(s, out);
}

/* The letters of a pattern's flags. */
static void
print_flags(unsigned flags, FILE *out)
{
	static const struct {
		unsigned flag;
		char letter;
	} letters[] = { { PATTERN_CASELESS, 'i' }, { PATTERN_DOTALL, 's' },
		{ PATTERN_MULTILINE, 'm' }, { PATTERN_EXTENDED, 'x' }, { PATTERN_FOLDED, 'n' } };

	for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
		if (flags & letters[i].flag)
			fputc(letters[i].letter, out);
}

/* /…/flags, or m{…}flags where the pattern itself holds a bare slash */
static void
print_pattern(struct slice re, unsigned flags, FILE *out)
{
	bool bare = false;

	for (size_t i = 0; i < re.n; i++) {
		if (re.p[i] == '\\')
			i++;
		else if (re.p[i] == '/')
			bare = true;
	}
	fprintf(out, bare ? "m{%.*s}" : "/%.*s/", SLICE_ARG(re));
	print_flags(flags, out);
}

const char *
build_pattern_text(struct build *b, struct slice re, unsigned flags)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	struct slice kept;

	if (f == NULL)
		build_no_memory();
	print_pattern(re, flags, f);
	fclose(f);
	kept = arena_slice(b->tmp, slice_of(text, n));
	free(text);
	return kept.p;
}

/* A reference; within a text its quotes are escaped. */
static void
print_ref(const struct fact_ref *ref, const char *quote, FILE *out)
{
	const char *name = ref->fact->name;
	const char *tail = ref->fact->flags & FACT_TAIL ? strrchr(name, '.') : name + strlen(name);

	fprintf(out, "%.*s", (int)(tail - name), name);
	for (size_t i = 0; i < ref->nargs; i++)
		fprintf(
		    out, "%s%s%.*s%s", i == 0 ? "(" : ", ", quote, SLICE_ARG(ref->args[i]), quote);
	if (ref->of != NULL && ref->of->fact != fact_find(SLICE("client.ip"))) {
		fputs(", ", out);
		print_ref(ref->of, quote, out);
	}
	if (ref->nargs > 0)
		fputc(')', out);
	fputs(tail, out);
}

void
program_print_ref(const struct fact_ref *ref, FILE *out)
{
	print_ref(ref, "\"", out);
}

static void
print_text(const struct text *t, FILE *out)
{
	fputc('"', out);
	for (size_t i = 0; i < t->n; i++) {
		const struct piece *v = &t->v[i];

		switch (v->kind) {
		case PIECE_LITERAL:
			print_escaped(v->literal, true, out);
			break;
		case PIECE_FACT:
			fputc('{', out);
			print_ref(&v->ref, "\\\"", out);
			fputc('}', out);
			break;
		case PIECE_GROUP:
			if (v->literal.p != NULL)
				fprintf(out, "{%.*s}", SLICE_ARG(v->literal));
			else
				fprintf(out, "{%u}", v->group);
			break;
		case PIECE_ENTRY:
			fputs("{entry}", out);
			break;
		case PIECE_ENTRY_TEXT:
			fputs("{entry.text}", out);
			break;
		case PIECE_LISTING_ZONE:
			fputs("{dnsbl.zone}", out);
			break;
		case PIECE_LISTING_VALUE:
			fputs("{dnsbl.value}", out);
			break;
		case PIECE_LISTING_TEXT:
			fputs("{dnsbl.text}", out);
			break;
		}
	}
	fputc('"', out);
}

/* The entries of a list, between braces, on lines of their own or not. */
static void
print_entries(const struct list *l, const char *between, FILE *out)
{
	enum list_type t = list_type(l);

	for (size_t i = 0; i < list_size(l); i++) {
		struct list_entry e = list_at(l, i);

		fprintf(out, "%s%s", i > 0 ? between : "", e.except ? "!" : "");
		if (t == LIST_PATTERNS)
			print_pattern(e.entry, e.flags, out);
		else
			build_print_word(e.entry, out);
		if (t == LIST_PAIRS) {
			fputc(' ', out);
			build_print_word(e.second, out);
		}
		if (e.text.p != NULL) {
			fputc(' ', out);
			print_quoted(e.text, out);
		}
	}
}

static const char *const op_signs[] = {
	[OP_EQ] = "=",
	[OP_LT] = "<",
	[OP_LE] = "<=",
	[OP_GT] = ">",
	[OP_GE] = ">=",
	[OP_MATCH] = "~",
	[OP_IN] = "in",
	[OP_ALIGNED] = "aligned",
};

/* A text on the right side: bare if that is read back as the same text, not as a fact. */
static void
print_right_text(const struct text *t, FILE *out)
{
	struct slice s = t->v[0].literal;

	if (t->n == 1 && t->v[0].kind == PIECE_LITERAL && lex_is_bare(s) &&
	    !check_looks_like_fact(s) && !parse_is_reserved(s))
		fprintf(out, "%.*s", SLICE_ARG(s));
	else
		print_text(t, out);
}

/* The right side of an atom. */
static void
print_right(const struct atom *a, FILE *out)
{
	char ip[IP_TEXT];

	if (a->op == OP_IN && a->list_name != NULL) {
		fputs(a->list_name, out);
	} else if (a->op == OP_IN) {
		fputs("{ ", out);
		print_entries(a->list, ", ", out);
		fputs(" }", out);
	} else if (a->op == OP_MATCH) {
		print_pattern(a->pattern_text, a->pattern_flags, out);
	} else if (a->right_fact) {
		program_print_ref(&a->right, out);
	} else if (a->op == OP_ALIGNED) {
		print_text(&a->text, out);
	} else if (a->text.n > 0) {
		print_right_text(&a->text, out);
	} else if (a->left.fact->kind == KIND_IP && !a->count) {
		fputs(ip_format(&a->ip, ip), out);
	} else {
		fprintf(out, "%lld", a->number);
	}
}

/* An atom, or with `negated` its `not`. */
static void
print_atom(const struct atom *a, bool negated, FILE *out)
{
	bool sign = a->op == OP_EQ || a->op == OP_MATCH; /* has one of its own for `not` */
	bool word = a->op == OP_IN || a->op == OP_ALIGNED;

	if (negated && !sign && !word)
		fputs("not ", out);
	if (a->pair) {
		fputc('(', out);
		program_print_ref(&a->left, out);
		fputs(", ", out);
		program_print_ref(&a->left2, out);
		fputc(')', out);
	} else if (a->count) {
		fputs("count(", out);
		program_print_ref(&a->left, out);
		if (a->pattern != NULL) {
			fputs(" ~ ", out);
			print_pattern(a->pattern_text, a->pattern_flags, out);
		}
		fputc(')', out);
	} else {
		program_print_ref(&a->left, out);
	}
	if (a->op == OP_THERE)
		return;
	fputc(' ', out);
	if (negated && sign)
		fputc('!', out);
	else if (negated && word)
		fputs("not ", out);
	fprintf(out, "%s ", op_signs[a->op]);
	print_right(a, out);
}

void
program_print_atom(const struct program *p, const struct atom *a, FILE *out)
{
	(void)p;
	print_atom(a, false, out);
}

/* Parts with a word between them; what binds less stands in parentheses. */
static void
print_parts(const struct program *p, const struct node *n, const char *word, FILE *out)
{
	for (uint32_t i = 0; i < n->count; i++) {
		uint32_t part = p->parts[n->first + i];
		bool parens = p->nodes[part].kind == NODE_OR && n->kind == NODE_AND;

		fprintf(out, "%s%s", i > 0 ? word : "", parens ? "(" : "");
		program_print_cond(p, part, out);
		fputs(parens ? ")" : "", out);
	}
}

void
program_print_cond(const struct program *p, uint32_t node, FILE *out)
{
	const struct node *n = &p->nodes[node], *part;

	switch (n->kind) {
	case NODE_TRUE:
		fputs("true", out);
		break;
	case NODE_ATOM:
		print_atom(&p->atoms[n->atom], false, out);
		break;
	case NODE_NOT:
		part = &p->nodes[p->parts[n->first]];
		if (part->kind == NODE_ATOM) {
			print_atom(&p->atoms[part->atom], true, out);
			break;
		}
		fputs("not (", out);
		program_print_cond(p, p->parts[n->first], out);
		fputc(')', out);
		break;
	case NODE_AND:
		print_parts(p, n, " and ", out);
		break;
	case NODE_OR:
		print_parts(p, n, " or ", out);
		break;
	case NODE_OF:
		fprintf(out, "%u of (", n->n);
		print_parts(p, n, ", ", out);
		fputc(')', out);
		break;
	case NODE_SCORE:
		fprintf(out, "score %s %lld", op_signs[n->op], n->number);
		break;
	}
}

void
program_print_action(const struct program *p, const struct rule *r, FILE *out)
{
	(void)p;
	fprintf(out, "%s%s", r->monitor ? "monitor " : "", action_name(r->action));
	if (r->code != 0)
		fprintf(out, " %u %s", r->code, r->enhanced);
	if (r->header != NULL) {
		fputc(' ', out);
		print_quoted(slice_str(r->header), out);
	}
	if (r->pattern != NULL) {
		fputs(" ~ ", out);
		print_pattern(r->pattern_text, r->pattern_flags, out);
	}
	if (r->action == ACT_SCORE)
		fprintf(out, " %lld", r->score);
	if (r->text.n > 0) {
		fputc(' ', out);
		print_text(&r->text, out);
	}
}

/* list NAME of TYPE … */
static void
print_list(const struct named_list *l, FILE *out)
{
	fprintf(out, "list %s of %s ", l->name, list_type_name(list_type(l->list)));
	print_flags(list_flags(l->list), out);
	fputs(list_flags(l->list) != 0 ? " " : "", out);
	if (l->file != NULL) {
		fputs("from ", out);
		print_quoted(slice_str(l->file), out);
	} else if (list_size(l->list) == 0) {
		fputs("{ }", out);
	} else {
		fputs("{\n    ", out);
		print_entries(l->list, ",\n    ", out);
		fputs("\n}", out);
	}
	fputc('\n', out);
}

void
program_print(const struct program *p, FILE *out)
{
	settings_print(&p->settings, false, out);
	for (uint32_t i = 0; i < p->nlists; i++)
		if (p->lists[i].name != NULL)
			print_list(&p->lists[i], out);
	settings_print(&p->settings, true, out);
	for (uint32_t i = 0; i < p->nrules; i++) {
		const struct rule *r = &p->rules[i];

		if (r->label != NULL)
			fprintf(out, "%s: ", r->label);
		program_print_action(p, r, out);
		if (p->nodes[r->cond].kind != NODE_TRUE) {
			fputs(" if ", out);
			program_print_cond(p, r->cond, out);
		}
		fputc('\n', out);
	}
}

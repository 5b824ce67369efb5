/*
 * text.c - texts with {…} in them, from their source to pieces
 *
 * What stands in braces is a fact, `entry` or `entry.text`, or a group of the one pattern without
 * which the rule can't be true. The source is read as it stands between the quotes, so that every
 * piece knows its place.
 */
#include "rule/build.h"

#define REQUIRED_MAX 64

struct reading {
	struct build *b;
	struct span raw;    /* between the quotes */
	struct buf literal; /* bytes not yet made a piece */
	struct piece *v;
	uint32_t n, cap;
	uint32_t cond;
};

/* Append a piece. */
static void
add_piece(struct reading *s, struct piece piece)
{
	s->v = build_grow(s->v, s->n, &s->cap, sizeof *s->v);
	s->v[s->n++] = piece;
}

/* The literal bytes collected so far become a piece. */
static void
end_literal(struct reading *s)
{
	if (s->literal.n > 0)
		add_piece(s,
		    (struct piece){ .kind = PIECE_LITERAL,
			.literal = arena_slice(&s->b->p->arena, buf_slice(&s->literal)) });
	buf_clear(&s->literal);
}

/* What stands between braces, as it is read. */
struct brace {
	struct reading *scan;
	struct span in;
	struct slice rest;
};

/* The bytes up to one of `stops`, without blanks around them. */
static struct slice
brace_word(struct brace *r, const char *stops)
{
	size_t n = 0;
	struct slice word;

	while (n < r->rest.n && strchr(stops, r->rest.p[n]) == NULL)
		n++;
	word = slice_trim(slice_of(r->rest.p, n));
	r->rest = slice_of(r->rest.p + n, r->rest.n - n);
	return word;
}

/* Take a sign, if it comes next. */
static bool
brace_sign(struct brace *r, char c)
{
	r->rest = slice_trim(r->rest);
	if (r->rest.n == 0 || r->rest.p[0] != c)
		return false;
	r->rest = slice_of(r->rest.p + 1, r->rest.n - 1);
	return true;
}

static bool brace_args(struct brace *r, struct ast_ref *ref, bool facts);

/* One argument: its quotes may be escaped or left out; with `facts` that may be a fact with
 * arguments of its own. NULL: reported. */
static struct ast_word *
brace_arg(struct brace *r, bool facts)
{
	struct arena *tmp = r->scan->b->tmp;
	struct ast_word *w = arena_alloc(tmp, sizeof *w);
	struct ast_ref *ref;
	bool quoted;

	*w = (struct ast_word){ .span = r->in };
	brace_sign(r, '\\');
	quoted = brace_sign(r, '"');
	w->s = brace_word(r, quoted ? "\\\"" : "(,)");
	/* a fact that a list is asked about stands without quotes, a name may */
	w->quoted = fact_find(w->s) == NULL;
	if (quoted) {
		brace_sign(r, '\\');
		brace_sign(r, '"');
	} else if (facts && r->rest.n > 0 && r->rest.p[0] == '(') {
		ref = arena_alloc(tmp, sizeof *ref);
		*ref = (struct ast_ref){ .span = r->in, .name = *w };
		w->quoted = false;
		w->ref = ref;
		if (!brace_args(r, ref, false))
			return NULL;
	}
	return w;
}

/* ("arg", …).tail behind a fact's name, if that stands there. False: reported. */
static bool
brace_args(struct brace *r, struct ast_ref *ref, bool facts)
{
	struct ast_word **tail = &ref->args;

	if (!brace_sign(r, '('))
		return true;
	ref->has_args = true;
	do {
		*tail = brace_arg(r, facts);
		if (*tail == NULL)
			return false;
		tail = &(*tail)->next;
	} while (brace_sign(r, ','));
	if (!brace_sign(r, ')')) {
		diag_error(r->scan->b->diags, r->in, "`)` expected before `}`");
		return false;
	}
	if (brace_sign(r, '.')) {
		ref->tail.s = brace_word(r, ",)");
		ref->tail.span = (struct span){ r->in.source,
			r->in.at + (uint32_t)(ref->tail.s.p - span_slice(r->in).p),
			(uint32_t)ref->tail.s.n };
	}
	return true;
}

/* Parse what stands between braces into a reference as the parser would make it. False: reported.
 */
static bool
parse_brace(struct reading *s, struct span in, struct ast_ref *out)
{
	struct brace r = { s, in, span_slice(in) };

	*out = (struct ast_ref){ .span = in, .name.span = in };
	out->name.s = brace_word(&r, "(");
	if (!brace_args(&r, out, true))
		return false;
	if (r.rest.n == 0)
		return true;
	diag_error(s->b->diags, in, "`}` expected behind `)`");
	return false;
}

/* {1}, {name}: the group of the one required pattern that has it. */
static void
add_group(struct reading *s, struct slice name, struct span at)
{
	struct build *b = s->b;
	uint32_t atoms[REQUIRED_MAX], n = 0, patterns = 0;
	unsigned long long number = 0;
	bool numbered = slice_number(name, 99, &number);
	struct piece piece = { .kind = PIECE_GROUP, .span = at };
	unsigned found = 0;

	if (s->cond != UINT32_MAX)
		n = build_required(b, s->cond, atoms, REQUIRED_MAX);
	for (uint32_t i = 0; i < n && i < REQUIRED_MAX; i++) {
		const struct atom *a = &b->p->atoms[atoms[i]];
		unsigned g;

		if (a->op != OP_MATCH || a->count)
			continue;
		patterns++;
		g = numbered ? (number > 0 && number <= pattern_groups(a->pattern) ? number : 0)
			     : pattern_group(a->pattern, name);
		if (g == 0)
			continue;
		piece.atom = atoms[i];
		piece.group = g;
		found++;
	}
	if (found == 1 && piece.group < LIMIT_CAPTURES) {
		if (!numbered)
			piece.literal = arena_slice(&b->p->arena, name);
		add_piece(s, piece);
		return;
	}
	if (found == 1)
		diag_error(b->diags, at, "a text can take the groups 1 to %d", LIMIT_CAPTURES - 1);
	else if (found > 1)
		diag_hint(b->diags,
		    diag_error(b->diags, at, "several patterns of this rule have a group `%.*s`",
			SLICE_ARG(name)),
		    "name the group that you mean: (?<word>…) and {word}");
	else if (!numbered && patterns == 0)
		check_unknown_fact(b, at, name, true);
	else if (!numbered)
		diag_hint(b->diags,
		    diag_error(b->diags, at,
			"neither a fact nor a group of this rule's pattern is called `%.*s`",
			SLICE_ARG(name)),
		    "a group gets its name so: (?<%.*s>…)", SLICE_ARG(name));
	else if (patterns == 0)
		diag_hint(b->diags,
		    diag_error(b->diags, at, "no pattern that could give {%.*s}", SLICE_ARG(name)),
		    "the rule needs a `FACT ~ /(…)/` without which it can't be true, not under `or` or "
		    "`not`");
	else
		diag_hint(b->diags,
		    diag_error(b->diags, at, "the pattern of this rule has no group `%.*s`",
			SLICE_ARG(name)),
		    "groups are the parentheses of the pattern, counted from 1");
}

/* True if a pattern without which the rule can't be true has a group of that number. */
static bool
has_group(const struct reading *s, unsigned group)
{
	const struct program *p = s->b->p;
	uint32_t atoms[REQUIRED_MAX], n = 0;

	if (s->cond != UINT32_MAX)
		n = build_required(s->b, s->cond, atoms, REQUIRED_MAX);
	for (uint32_t i = 0; i < n && i < REQUIRED_MAX; i++) {
		const struct atom *a = &p->atoms[atoms[i]];

		if (a->op == OP_MATCH && !a->count && group <= pattern_groups(a->pattern))
			return true;
	}
	return false;
}

/* $1 where a pattern has a group 1: as Perl and milter-regex write {1}. */
static void
check_dollar(struct reading *s, size_t i)
{
	struct slice raw = span_slice(s->raw);
	struct span at = { s->raw.source, s->raw.at + (uint32_t)i, 2 };
	char digit = i + 1 < raw.n ? raw.p[i + 1] : '\0';

	if (digit < '1' || digit > '9' || !has_group(s, (unsigned)(digit - '0')))
		return;
	diag_hint(s->b->diags, diag_error(s->b->diags, at, "`$%c` is not of this language", digit),
	    "write {%c}", digit);
}

/* {entry}, {entry.text}: of the one required list. */
static void
add_entry(struct reading *s, enum piece_kind kind, struct span at)
{
	struct build *b = s->b;
	uint32_t atoms[REQUIRED_MAX], n = 0;
	struct piece piece = { .kind = kind, .span = at };
	unsigned found = 0;

	if (s->cond != UINT32_MAX)
		n = build_required(b, s->cond, atoms, REQUIRED_MAX);
	for (uint32_t i = 0; i < n && i < REQUIRED_MAX; i++)
		if (b->p->atoms[atoms[i]].op == OP_IN) {
			piece.atom = atoms[i];
			found++;
		}
	if (found == 1)
		add_piece(s, piece);
	else if (found == 0)
		diag_hint(b->diags,
		    diag_error(
			b->diags, at, "no list that could give {%.*s}", SLICE_ARG(span_slice(at))),
		    "the rule needs a `FACT in LIST` without which it can't be true, not under `or` or "
		    "`not`");
	else
		diag_hint(b->diags,
		    diag_error(b->diags, at, "several lists of this rule could give {%.*s}",
			SLICE_ARG(span_slice(at))),
		    "write one rule for each list");
}

/* {dnsbl.zone} and its like: of the first dnsbl( ) that is true. */
static void
add_listing(struct reading *s, enum piece_kind kind, struct span at)
{
	struct build *b = s->b;
	uint32_t atoms[REQUIRED_MAX], *kept;
	struct piece piece = { .kind = kind, .span = at };

	if (s->cond != UINT32_MAX)
		piece.natoms = build_listings(b, s->cond, atoms, REQUIRED_MAX);
	if (piece.natoms == 0) {
		diag_hint(b->diags,
		    diag_error(b->diags, at, "no dnsbl( ) that could give {%.*s}",
			SLICE_ARG(span_slice(at))),
		    "the rule needs a dnsbl(\"zone\") that is not under `not`");
		return;
	}
	kept = arena_alloc(&b->p->arena, piece.natoms * sizeof *kept);
	memcpy(kept, atoms, piece.natoms * sizeof *kept);
	piece.atoms = kept;
	add_piece(s, piece);
}

/* What stands between two braces. */
static void
add_brace(struct reading *s, struct span in)
{
	struct build *b = s->b;
	struct piece piece = { .kind = PIECE_FACT, .span = in };
	struct ast_ref r;

	if (!parse_brace(s, in, &r))
		return;
	if (slice_eq(r.name.s, SLICE("entry"))) {
		add_entry(s, PIECE_ENTRY, in);
	} else if (slice_eq(r.name.s, SLICE("entry.text"))) {
		add_entry(s, PIECE_ENTRY_TEXT, in);
	} else if (slice_eq(r.name.s, SLICE("dnsbl.zone"))) {
		add_listing(s, PIECE_LISTING_ZONE, in);
	} else if (slice_eq(r.name.s, SLICE("dnsbl.value"))) {
		add_listing(s, PIECE_LISTING_VALUE, in);
	} else if (slice_eq(r.name.s, SLICE("dnsbl.text"))) {
		add_listing(s, PIECE_LISTING_TEXT, in);
	} else if (fact_find(r.name.s) != NULL) {
		if (check_ref(b, &r, &piece.ref))
			add_piece(s, piece);
	} else if (r.name.s.n > 0 && memchr(r.name.s.p, '.', r.name.s.n) == NULL && !r.has_args) {
		add_group(s, r.name.s, in);
	} else {
		check_unknown_fact(b, in, r.name.s, true);
	}
}

/* Read the source from end to end. */
static void
scan_text(struct reading *s)
{
	struct slice raw = span_slice(s->raw);

	for (size_t i = 0; i < raw.n; i++) {
		char c = raw.p[i];
		const char *close;

		if (c == '\\' && i + 1 < raw.n) {
			c = raw.p[++i];
			buf_char(&s->literal, c == 'n' ? '\n' : c);
		} else if (c == '{' && i + 1 < raw.n && raw.p[i + 1] == '{') {
			buf_char(&s->literal, '{');
			i++;
		} else if (c == '{') {
			close = memchr(raw.p + i, '}', raw.n - i);
			end_literal(s);
			if (close != NULL && raw.p[i + 1] != '}') {
				struct span in = { s->raw.source, s->raw.at + i + 1,
					close - (raw.p + i + 1) };

				/* a macro's name has braces of its own: {macro("{rcpt_mailer}")} */
				if (memchr(raw.p + i + 1, '{', in.n) != NULL &&
				    memchr(close + 1, '}', raw.p + raw.n - close - 1) != NULL)
					close = memchr(close + 1, '}', raw.p + raw.n - close - 1);
				in.n = close - (raw.p + i + 1);
				add_brace(s, in);
				i = close - raw.p;
				continue;
			}
			diag_hint(s->b->diags,
			    diag_error(s->b->diags,
				(struct span){ s->raw.source, s->raw.at + i, 1 },
				close == NULL ? "`{` without `}` in a text"
					      : "nothing between `{` and `}`"),
			    "{fact} is filled in; a brace itself is written {{");
			return;
		} else {
			if (c == '$')
				check_dollar(s, i);
			buf_char(&s->literal, c);
		}
	}
	end_literal(s);
}

void
text_compile(struct build *b, const struct ast_word *w, uint32_t cond, struct text *out)
{
	struct reading s = { .b = b, .raw = w->span, .cond = cond };

	*out = (struct text){ 0 };
	if (w->span.n > LIMIT_TEXT) {
		diag_error(
		    b->diags, w->span, "a text of %u bytes; %d are allowed", w->span.n, LIMIT_TEXT);
		return;
	}
	if (w->quoted)
		scan_text(&s);
	else
		buf_add(&s.literal, w->s);
	end_literal(&s);
	if (s.n == 0)
		add_piece(&s, (struct piece){ .kind = PIECE_LITERAL, .literal = SLICE("") });
	out->v = arena_alloc(&b->p->arena, s.n * sizeof *s.v);
	memcpy((void *)out->v, s.v, s.n * sizeof *s.v);
	out->n = s.n;
	out->score_upto = b->p->nscores;
	for (size_t i = 0; i < out->n; i++)
		if (out->v[i].kind == PIECE_FACT && (out->v[i].ref.fact->flags & FACT_OF_SCORE))
			out->score = true;
	free(s.v);
	buf_free(&s.literal);
}

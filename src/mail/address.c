/*
 * address.c - the mailboxes of an address field
 *
 * The field is read once, as tokens, up to what ends a mailbox. What stands in angle brackets is an
 * address and what stands before them its name, whatever it looks like: so do readers show it.
 * Without brackets, a word with an @ is an address. Pieces are then read again, each a fixed number
 * of times; nothing recurses. A quote, parenthesis or bracket that is never closed is a byte like
 * others: what follows it is still seen.
 */
#include "mail/field.h"

#include "base/limits.h"
#include "mail/words.h"

#include <stdint.h>

enum token_kind { TOKEN_END, TOKEN_TEXT, TOKEN_QUOTED, TOKEN_COMMENT, TOKEN_SPECIAL };

struct token {
	enum token_kind kind;
	struct slice s;
	bool apart; /* white space or a comment is before it */
};

struct scan {
	struct slice s;
	size_t at;
	/* One more than where the first that is not closed begins, as then none behind it is taken
	 * to be; 0: not known. */
	size_t no_quotes, no_comments;
};

/* Words that are one, as nothing or only a dot or an @ is between them. */
struct gluing {
	bool any;
	char last; /* of what was read */
};

struct reading {
	struct scan scan;
	struct arena *arena;
	struct field_mailbox *v;
	size_t n, cap;
	size_t group_end; /* where the last ; is: a : behind it begins no group */
	size_t start;	  /* of what is read for the next mailbox */
	bool at;	  /* there is an @ since */
	bool behind;	  /* start is right behind a >, not a comma */
	bool cut;
};

/* A token at the start of which is no white space, quote, comment or special. */
static size_t
text_length(struct slice s)
{
	size_t n = words_unit(s);

	if (n > 0)
		return n;
	if (s.p[0] == '[')
		for (n = 1; n < s.n && strchr(" []<>\"", s.p[n]) == NULL;)
			n++;
	if (n > 0 && n < s.n && s.p[n] == ']')
		return n + 1;
	for (n = 1; n < s.n; n++) {
		char c = s.p[n];

		if (words_blank(c) || (c != '\0' && strchr("<>@,;:\"([", c) != NULL) ||
		    (c == '=' && n + 1 < s.n && s.p[n + 1] == '?'))
			break;
	}
	return n;
}

/* The length of the quoted string or comment at the place of the scan; 0 if there is none. */
static size_t
closed_length(struct scan *scan, enum token_kind *kind)
{
	bool quote = scan->s.p[scan->at] == '"';
	size_t *none = quote ? &scan->no_quotes : &scan->no_comments, end;

	if ((!quote && scan->s.p[scan->at] != '(') || (*none > 0 && scan->at >= *none - 1))
		return 0;
	end = (quote ? words_quoted : words_comment)(scan->s, scan->at);
	if (end == scan->at)
		*none = scan->at + 1;
	else
		*kind = quote ? TOKEN_QUOTED : TOKEN_COMMENT;
	return end - scan->at;
}

/* Pass over white space, and over quotes that quote nothing; true if there was white space. */
static bool
skip_blanks(struct scan *scan)
{
	bool any = false;

	for (; scan->at < scan->s.n; scan->at++) {
		bool blank = words_blank(scan->s.p[scan->at]);
		bool dead = scan->no_quotes > 0 && scan->at >= scan->no_quotes - 1;

		if (!blank && !(dead && scan->s.p[scan->at] == '"'))
			break;
		any |= blank;
	}
	return any;
}

/* The next token. */
static struct token
next_token(struct scan *scan)
{
	struct token t = { .kind = TOKEN_TEXT };
	size_t n = 0;

	t.apart = skip_blanks(scan);
	if (scan->at < scan->s.n && (n = closed_length(scan, &t.kind)) == 0)
		t.apart |= skip_blanks(scan);
	t.s = slice_of(scan->s.p + scan->at, scan->s.n - scan->at);
	if (t.s.n == 0) {
		t.kind = TOKEN_END;
		return t;
	}
	if (t.s.p[0] != '\0' && strchr("<>@,;:", t.s.p[0]) != NULL) {
		t.kind = TOKEN_SPECIAL;
		n = 1;
	} else if (n == 0) {
		n = text_length(t.s);
	}
	t.s.n = n;
	scan->at += n;
	return t;
}

static bool
is_special(const struct token *t, char c)
{
	return t->kind == TOKEN_SPECIAL && t->s.p[0] == c;
}

/* True if t goes on with the word before it. */
static bool
glues(struct gluing *g, const struct token *t)
{
	char first = t->s.p[0];
	bool glued = g->any &&
	    (!t->apart || g->last == '.' || g->last == '@' || first == '.' || first == '@');

	g->any = true;
	g->last = t->s.p[t->s.n - 1];
	return glued;
}

/* ---- what a piece of the field says ---- */

/* The text of a name: what is outside of comments. */
static struct slice
name_text(struct reading *r, struct slice piece)
{
	struct scan scan = { .s = piece };
	struct buf raw = { 0 }, out = { 0 };
	bool apart = false;
	struct token t;

	while ((t = next_token(&scan)).kind != TOKEN_END) {
		t.apart |= apart;
		apart = t.kind == TOKEN_COMMENT;
		if (apart)
			continue;
		if (t.apart && raw.n > 0)
			buf_char(&raw, ' ');
		if (t.kind == TOKEN_QUOTED)
			words_inside(t.s, &raw);
		else
			buf_add(&raw, t.s);
	}
	words_decode(buf_slice(&raw), r->arena, &out);
	out.cut |= raw.cut;
	buf_free(&raw);
	r->cut |= out.cut;
	return words_end(&out, r->arena);
}

/* The text of its comments. */
static struct slice
comment_text(struct reading *r, struct slice piece)
{
	struct scan scan = { .s = piece };
	struct buf raw = { 0 }, out = { 0 };
	struct token t;

	while ((t = next_token(&scan)).kind != TOKEN_END) {
		if (t.kind != TOKEN_COMMENT)
			continue;
		if (raw.n > 0)
			buf_char(&raw, ' ');
		words_inside(t.s, &raw);
	}
	words_decode(buf_slice(&raw), r->arena, &out);
	out.cut |= raw.cut;
	buf_free(&raw);
	r->cut |= out.cut;
	return words_end(&out, r->arena);
}

/* Give m a name that it lacks. */
static void
set_name(struct reading *r, struct field_mailbox *m, struct slice piece, bool comments)
{
	struct slice text;

	if (m->name.n > 0 || piece.n == 0)
		return;
	text = comments ? comment_text(r, piece) : name_text(r, piece);
	m->name = text.n > 0 ? text : SLICE_ABSENT;
}

/* True if a local part needs no quotes around it. */
static bool
needs_no_quotes(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c == 0x7f || strchr("()<>[]:;@\\,\"", c) != NULL)
			return false;
	}
	return s.n > 0;
}

/* Add a quoted string of an address. */
static void
add_quoted(struct slice s, struct buf *out)
{
	struct buf inside = { 0 };

	words_inside(s, &inside);
	buf_add(out, needs_no_quotes(buf_slice(&inside)) ? buf_slice(&inside) : s);
	out->cut |= inside.cut;
	buf_free(&inside);
}

/* Fill in the address that a piece is. */
static void
set_address(struct reading *r, struct field_mailbox *m, struct slice piece)
{
	struct scan scan = { .s = piece };
	struct buf raw = { 0 }, out = { 0 };
	struct gluing glue = { 0 };
	struct slice all, text;
	size_t at = SIZE_MAX;
	bool apart = false;

	for (struct token t; (t = next_token(&scan)).kind != TOKEN_END;) {
		t.apart |= apart;
		apart = t.kind == TOKEN_COMMENT;
		if (apart)
			continue;
		if (!glues(&glue, &t) && raw.n > 0)
			buf_char(&raw, ' ');
		if (is_special(&t, '@'))
			at = raw.n;
		if (t.kind == TOKEN_QUOTED)
			add_quoted(t.s, &raw);
		else
			buf_add(&raw, t.s);
	}
	all = buf_slice(&raw);
	/* no encoded word may be in there, but readers show what it says */
	words_decode(slice_of(all.p, at < all.n ? at : all.n), r->arena, &out);
	m->local.n = out.n;
	if (at < all.n) {
		buf_char(&out, '@');
		words_decode(slice_of(all.p + at + 1, all.n - at - 1), r->arena, &out);
		while (out.n > m->local.n + 1 && out.p[out.n - 1] == '.')
			out.n--;
	}
	r->cut |= raw.cut || out.cut;
	text = arena_slice(r->arena, buf_slice(&out));
	r->cut |= text.p == NULL;
	m->addr = text;
	m->local = slice_of(text.p, text.p != NULL ? m->local.n : 0);
	m->domain = slice_of(text.p != NULL ? text.p + text.n : NULL, 0);
	if (text.p != NULL && m->local.n < text.n)
		m->domain = slice_of(text.p + m->local.n + 1, text.n - m->local.n - 1);
	buf_free(&raw);
	buf_free(&out);
}

/* ---- mailboxes ---- */

/* A piece of the field, from `from` up to `to`. */
static struct slice
piece_of(const struct reading *r, size_t from, size_t to)
{
	return slice_of(r->scan.s.p + from, to - from);
}

/* Add a mailbox of a name and an address, as they stand in the field. */
static void
add_mailbox(struct reading *r, struct slice name, struct slice address)
{
	struct arena_mark mark = arena_mark(r->arena);
	struct field_mailbox m = { 0 };

	set_address(r, &m, address);
	set_name(r, &m, name, false);
	set_name(r, &m, name, true);
	set_name(r, &m, address, true);
	if (m.name.n == 0 && m.addr.n == 0) {
		arena_release(r->arena, mark);
		return;
	}
	if (r->n == LIMIT_MAILBOXES) {
		r->cut = true;
		return;
	}
	if (r->n == r->cap) {
		size_t cap = r->cap == 0 ? 4 : r->cap * 2;
		struct field_mailbox *v = arena_alloc(r->arena, cap * sizeof(*v));

		if (v == NULL) {
			r->cut = true;
			return;
		}
		if (r->n > 0)
			memcpy(v, r->v, r->n * sizeof(*v));
		r->v = v;
		r->cap = cap;
	}
	r->v[r->n++] = m;
}

/* What stands behind an address names it, if nothing else does. */
static void
add_behind(struct reading *r, struct slice piece)
{
	if (r->n == 0 || r->cut)
		return;
	set_name(r, &r->v[r->n - 1], piece, true);
	set_name(r, &r->v[r->n - 1], piece, false);
}

/* Words up to a comma or the end. */
struct words {
	struct slice piece;
	size_t start;	  /* of those that don't belong to an address */
	size_t word, end; /* the last word */
	size_t count;	  /* of those that don't belong to an address */
	bool at;	  /* the last word has an @ */
	bool named;	  /* it is quoted or encoded, as only names are */
	bool address;	  /* there was an address */
};

/* The last word is complete: an address, with a name before it, or a part of a name. */
static void
end_word(struct reading *r, struct words *w)
{
	struct slice name, address;

	if (!w->at)
		return;
	name = slice_of(w->piece.p + w->start, w->word - w->start);
	address = slice_of(w->piece.p + w->word, w->end - w->word);
	add_mailbox(r, name, address);
	w->start = w->end;
	w->count = 0;
	w->at = false;
	w->address = true;
}

/* A comma or the end is at `to`: words that are left are behind an address, or a local part, or a
 * name alone; comments alone are nobody. */
static void
end_words(struct reading *r, struct words *w, size_t to)
{
	struct slice left;

	end_word(r, w);
	left = slice_of(w->piece.p + w->start, to - w->start);
	if (w->address)
		add_behind(r, left);
	else if (w->count == 1 && !w->named)
		add_mailbox(r, slice_of(left.p, 0), left);
	else if (w->count > 0)
		add_mailbox(r, left, slice_of(left.p, 0));
}

/* Read a piece without angle brackets. */
static void
add_bare(struct reading *r, struct slice piece)
{
	struct scan scan = { .s = piece };
	struct words w = { .piece = piece };
	struct gluing glue = { 0 };
	bool apart = false;
	struct token t;

	while ((t = next_token(&scan)).kind != TOKEN_END && !r->cut) {
		size_t from = scan.at - t.s.n;

		t.apart |= apart;
		apart = t.kind == TOKEN_COMMENT;
		if (apart)
			continue;
		if (t.kind == TOKEN_SPECIAL && t.s.p[0] != '@') {
			glue.any = false;
			if (t.s.p[0] == ',') {
				end_words(r, &w, from);
				w = (struct words){ .piece = piece, .start = scan.at };
			}
			continue;
		}
		if (!glues(&glue, &t)) {
			end_word(r, &w);
			w.word = from;
			w.count++;
			w.named = false;
		}
		w.named |= t.kind == TOKEN_QUOTED || words_unit(t.s) > 0;
		w.at |= is_special(&t, '@');
		w.end = scan.at;
	}
	if (!r->cut)
		end_words(r, &w, piece.n);
}

/* Read what is inside of angle brackets: an address, behind a route (RFC 5322 4.4) or a scheme; or,
 * wrongly, several. */
static void
add_angle(struct reading *r, struct slice name, struct slice piece)
{
	struct scan scan = { .s = piece };
	size_t start = 0, end = 0;
	bool at = false, any = false;
	struct token t;

	while ((t = next_token(&scan)).kind != TOKEN_END && !r->cut) {
		end = scan.at - t.s.n;
		if (is_special(&t, ':')) {
			start = scan.at;
			at = false;
		} else if (is_special(&t, ',')) {
			if (at && piece.p[start] != '@') {
				add_mailbox(r, name, slice_of(piece.p + start, end - start));
				any = true;
			}
			start = scan.at;
			at = false;
		}
		at |= is_special(&t, '@');
	}
	if (at || !any)
		add_mailbox(r, name, slice_of(piece.p + start, piece.n - start));
}

/* What was read up to `to` is complete. */
static void
end_item(struct reading *r, size_t to)
{
	struct slice piece = piece_of(r, r->start, to);

	if (r->behind && !r->at)
		add_behind(r, piece);
	else
		add_bare(r, piece);
}

/* Begin anew at the place of the scan. */
static void
begin_item(struct reading *r, bool behind)
{
	r->start = r->scan.at;
	r->at = false;
	r->behind = behind;
}

/* A < was read: find its end, and add the address. */
static void
read_angle(struct reading *r)
{
	struct slice name = piece_of(r, r->start, r->scan.at - 1);
	size_t from = r->scan.at, to = from;
	struct scan scan = r->scan;
	struct token t;

	do {
		to = scan.at;
		t = next_token(&scan);
	} while (t.kind != TOKEN_END && !is_special(&t, '>') && !is_special(&t, '<'));
	if (is_special(&t, '>')) {
		to = scan.at - 1;
	} else {
		/* It is not closed: a comma ends it too. */
		size_t limit = to;

		scan.at = from;
		for (to = from; to < limit; to = scan.at) {
			t = next_token(&scan);
			if (is_special(&t, ',') || is_special(&t, ';')) {
				scan.at--;
				break;
			}
		}
	}
	add_angle(r, name, piece_of(r, from, to));
	r->scan = scan;
}

/* The mailboxes of a field. */
size_t
field_addresses(struct slice raw, struct arena *a, struct field_mailbox **v, bool *cut)
{
	struct reading r = { .arena = a, .scan.s = words_unfold(raw, a) };
	const char *group;
	struct token t;

	*v = NULL;
	*cut = r.scan.s.p == NULL && raw.p != NULL;
	if (r.scan.s.p == NULL)
		return 0;
	group = memrchr(r.scan.s.p, ';', r.scan.s.n);
	r.group_end = group != NULL ? (size_t)(group - r.scan.s.p) : 0;
	while (!r.cut && (t = next_token(&r.scan)).kind != TOKEN_END) {
		size_t from = r.scan.at - t.s.n;

		if (is_special(&t, '<')) {
			read_angle(&r);
			begin_item(&r, true);
		} else if (is_special(&t, ';') || (is_special(&t, ',') && (r.at || r.behind))) {
			/* A comma behind words alone may be part of a name: Doe, John <j@d> */
			end_item(&r, from);
			begin_item(&r, false);
		} else if (is_special(&t, ':') && from < r.group_end) {
			begin_item(&r, false);
		} else if (is_special(&t, '>') && r.behind && !r.at) {
			begin_item(&r, true);
		}
		r.at |= is_special(&t, '@');
	}
	if (!r.cut)
		end_item(&r, r.scan.s.n);
	*v = r.v;
	*cut = r.cut;
	return r.n;
}

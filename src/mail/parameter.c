/*
 * parameter.c - the parameters of Content-Type and Content-Disposition
 *
 * A value is what stands between = and the next ; that is not quoted. RFC 2231 spreads one over
 * name*0, name*1 and so on, and marks with a further * those whose bytes are percent-encoded, the
 * first of which has the charset before it. The pieces are put into order and together, and only
 * then converted.
 */
#include "mail/field.h"

#include "base/limits.h"
#include "mail/words.h"

#include <stdint.h>
#include <stdlib.h>

struct piece {
	size_t number, place; /* as it says, and in the field */
	bool encoded;	      /* percent-encoded */
	struct slice value;   /* as written, quotes and all */
};

struct pieces {
	struct piece *v;
	size_t n, cap;
	bool failed;	    /* no memory */
	struct slice plain; /* the value under the name itself; may be absent */
};

struct parameter {
	struct slice name, value;
};

/* s without white space at its ends. */
static struct slice
trim(struct slice s)
{
	while (s.n > 0 && words_blank(s.p[0]))
		s = slice_of(s.p + 1, s.n - 1);
	while (s.n > 0 && words_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* Read the next parameter from the rest of a field. A quote that is never closed is none, and there
 * is none behind it: *quotes says whether to look. */
static bool
next_parameter(struct slice *rest, bool *quotes, struct parameter *p)
{
	struct slice s = *rest;
	size_t end = 0, equals;

	if (s.p == NULL)
		return false;
	for (equals = s.n; end < s.n && s.p[end] != ';'; end++) {
		if (s.p[end] == '=' && equals == s.n)
			equals = end;
		if (s.p[end] != '"' || !*quotes)
			continue;

		size_t behind = words_quoted(s, end);

		*quotes = behind > end;
		if (*quotes)
			end = behind - 1;
	}
	*rest = end < s.n ? slice_of(s.p + end + 1, s.n - end - 1) : SLICE_ABSENT;
	p->name = SLICE_ABSENT;
	if (equals >= end)
		return true;
	p->name = trim(slice_of(s.p, equals));
	/* A ; may be missing before it. */
	for (size_t i = p->name.n; i > 0; i--) {
		if (words_blank(p->name.p[i - 1])) {
			p->name = slice_of(p->name.p + i, p->name.n - i);
			break;
		}
	}
	p->value = trim(slice_of(s.p + equals + 1, end - equals - 1));
	return true;
}

/* One more piece. */
static void
add_piece(struct pieces *all, struct piece piece)
{
	if (all->n == all->cap) {
		size_t cap = all->cap == 0 ? 16 : all->cap * 2;
		struct piece *v = realloc(all->v, cap * sizeof(*v));

		if (v == NULL) {
			all->failed = true;
			return;
		}
		all->v = v;
		all->cap = cap;
	}
	piece.place = all->n;
	all->v[all->n++] = piece;
}

/* Take a parameter that is called name, or is a piece of that. Of one name the first counts. */
static void
take(struct pieces *all, const struct parameter *p, struct slice name)
{
	struct piece piece = { .value = p->value };
	struct slice of = p->name, number;
	unsigned long long n = 0;

	if (of.n < name.n || !slice_eq_nocase(slice_of(of.p, name.n), name))
		return;
	number = slice_of(of.p + name.n, of.n - name.n);
	if (number.n == 0) {
		if (all->plain.p == NULL)
			all->plain = p->value;
		return;
	}
	if (number.p[0] != '*')
		return;
	piece.encoded = number.p[number.n - 1] == '*';
	if (number.n > 1) {
		number = slice_of(number.p + 1, number.n - 1 - piece.encoded);
		if (!slice_number(number, SIZE_MAX, &n))
			return;
	}
	piece.number = (size_t)n;
	add_piece(all, piece);
}

/* Pieces in their order. */
static int
compare(const void *x, const void *y)
{
	const struct piece *a = x, *b = y;

	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return a->place < b->place ? -1 : a->place > b->place;
}

/* Add a value without its quotes, and without what stands apart behind them: a comment, or words
 * that no reader shows. */
static void
unquote(struct slice value, struct buf *out)
{
	bool quotes = true, quoted = false;

	for (size_t i = 0; i < value.n; i++) {
		size_t end = i;

		if (quoted && (words_blank(value.p[i]) || value.p[i] == '('))
			break;
		if (value.p[i] != '"') {
			buf_char(out, value.p[i]);
			continue;
		}
		if (quotes)
			end = words_quoted(value, i);
		quotes = end > i;
		if (quotes) {
			words_inside(slice_of(value.p + i, end - i), out);
			i = end - 1;
			quoted = value.p[0] == '"';
		}
	}
}

/* Add bytes without their percent-encoding. */
static void
unpercent(struct slice s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '%' && s.n - i > 2 && words_hex(s.p[i + 1]) >= 0 &&
		    words_hex(s.p[i + 2]) >= 0) {
			c = (char)(words_hex(s.p[i + 1]) << 4 | words_hex(s.p[i + 2]));
			i += 2;
		}
		buf_char(out, c);
	}
}

/* Split charset'language'text; the charset is absent if there is none. */
static struct slice
cut_charset(struct slice *text)
{
	struct slice behind, charset = slice_cut(*text, '\'', &behind);

	if (behind.p == NULL)
		return SLICE_ABSENT;
	slice_cut(behind, '\'', &behind);
	if (behind.p == NULL)
		return SLICE_ABSENT;
	*text = behind;
	return charset;
}

/* Put pieces together: their bytes go to out; returns their charset, or absent. */
static struct slice
join(struct pieces *all, struct arena *a, struct buf *out)
{
	struct slice charset = SLICE_ABSENT, text;
	struct buf value = { 0 };

	qsort(all->v, all->n, sizeof(*all->v), compare);
	for (size_t i = 0; i < all->n; i++) {
		const struct piece *p = &all->v[i];

		if (i > 0 && p->number == p[-1].number)
			continue;
		buf_clear(&value);
		unquote(p->value, &value);
		text = buf_slice(&value);
		if (i == 0 && p->encoded) {
			charset = cut_charset(&text);
			charset = arena_slice(a, charset);
		}
		if (p->encoded)
			unpercent(text, out);
		else
			buf_add(out, text);
		out->cut |= value.cut;
	}
	buf_free(&value);
	return charset;
}

/* Add the value of what was found. */
static void
read_value(struct pieces *all, struct arena *a, struct buf *out)
{
	struct slice charset = SLICE_ABSENT, value;
	struct buf bytes = { 0 };

	if (all->n > 0)
		charset = join(all, a, &bytes);
	else
		unquote(all->plain, &bytes);
	value = buf_slice(&bytes);
	if (charset.p != NULL)
		words_add(value, charset, a, out);
	else
		words_decode(value, a, out);
	out->cut |= bytes.cut || all->failed;
	buf_free(&bytes);
}

/* A parameter by its name. */
bool
field_parameter(struct slice raw, struct slice name, struct arena *a, struct slice *out)
{
	struct arena_mark mark = arena_mark(a);
	struct slice rest = words_unfold(raw, a);
	struct pieces all = { 0 };
	struct buf text = { 0 };
	struct parameter p;
	bool quotes = true, found;

	while (next_parameter(&rest, &quotes, &p))
		if (p.name.p != NULL)
			take(&all, &p, name);
	found = all.n > 0 || all.plain.p != NULL;
	if (found)
		read_value(&all, a, &text);
	free(all.v);
	arena_release(a, mark);
	if (!found)
		return false;
	*out = words_end(&text, a);
	return out->p != NULL;
}

/* Append a value unless it is there. False if there are too many, or on lack of memory. */
static bool
append(struct field_value **first, struct slice text, struct arena *a)
{
	unsigned n = 0;

	for (; *first != NULL; first = &(*first)->next, n++)
		if (slice_eq((*first)->text, text))
			return true;
	if (n == LIMIT_FIELD_VALUES)
		return false;
	*first = arena_alloc(a, sizeof(**first));
	if (*first == NULL)
		return false;
	(*first)->text = text;
	return true;
}

struct field_value *
field_values(struct slice raw, struct slice name, struct arena *a, bool *cut)
{
	struct slice rest = words_unfold(raw, a), text;
	struct field_value *first = NULL;
	struct parameter p;
	bool quotes = true;

	if (field_parameter(raw, name, a, &text))
		*cut |= !append(&first, text, a);
	while (next_parameter(&rest, &quotes, &p)) {
		struct pieces one = { .plain = p.value };
		struct buf value = { 0 };

		if (p.name.p == NULL || !slice_eq_nocase(p.name, name))
			continue;
		read_value(&one, a, &value);
		text = words_end(&value, a);
		*cut |= text.p == NULL || !append(&first, text, a);
	}
	return first;
}

/* The value before the parameters. */
struct slice
field_token(struct slice raw, struct arena *a)
{
	struct buf token = { 0 }, out = { 0 };
	bool apart = false;

	if (raw.p == NULL)
		return SLICE_ABSENT;
	for (size_t i = 0; i < raw.n && raw.p[i] != ';' && raw.p[i] != ','; i++) {
		char c = raw.p[i];

		if (c == '(') {
			size_t end = words_comment(raw, i);

			if (end == i)
				break;
			i = end - 1;
			apart = true;
		} else if (words_blank(c)) {
			apart = true;
		} else if (c != '"') {
			/* White space ends it, but around a slash. */
			if (apart && token.n > 0 && c != '/' && token.p[token.n - 1] != '/')
				break;
			buf_char(&token, (char)ascii_lower((unsigned char)c));
			apart = false;
		}
	}
	words_add(buf_slice(&token), SLICE_ABSENT, a, &out);
	out.cut |= token.cut;
	buf_free(&token);
	return words_end(&out, a);
}

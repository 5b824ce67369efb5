/*
 * words.c - what the text in a header field says
 *
 * Encoded words are =?charset?encoding?text?=. Senders put them where they may not be, put blanks
 * into them, cut them off and let them run into one another; readers show the text all the same. So
 * a word begins wherever its first three parts are well-formed, and ends with ?=, or where the next
 * one begins, or with the text. Words of one charset that follow each other are put together before
 * they are converted, as a character may be split between them.
 */
#include "mail/words.h"

#include "base/limits.h"
#include "mail/transfer.h"

#define BAD SLICE("\xef\xbf\xbd")

struct word {
	struct slice charset, text;
	char encoding; /* q or b */
	bool closed;   /* it ends with ?= */
	size_t length; /* of all of it */
};

/* The length of what a word has before its text; 0 if s doesn't begin with that. */
static size_t
word_head(struct slice s, struct word *w)
{
	size_t i = 2;

	if (s.n < 5 || s.p[0] != '=' || s.p[1] != '?')
		return 0;
	while (i < s.n && i - 2 <= LIMIT_WORD_CHARSET && s.p[i] != '?' &&
	    (unsigned char)s.p[i] > ' ' && s.p[i] != '=')
		i++;
	if (s.n - i < 3 || s.p[i] != '?' || s.p[i + 2] != '?')
		return 0;
	w->charset = slice_of(s.p + 2, i - 2);
	w->encoding = (char)ascii_lower((unsigned char)s.p[i + 1]);
	return w->encoding == 'q' || w->encoding == 'b' ? i + 3 : 0;
}

/* True if the end of a word stands at i. */
static bool
ends_here(struct slice s, size_t i)
{
	return s.n - i >= 2 && s.p[i] == '?' && s.p[i + 1] == '=';
}

static bool
is_base64(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	    c == '+' || c == '/' || c == '=';
}

/* Where the text of a word without an end stops: in base64, where that does. */
static size_t
open_end(struct slice s, size_t from, size_t to, char encoding)
{
	size_t i = from;

	if (encoding == 'q')
		return to;
	while (i < to && is_base64((unsigned char)s.p[i]))
		i++;
	return i;
}

/* Read a word at the start of s. */
static bool
word_read(struct slice s, struct word *w)
{
	size_t start = word_head(s, w), end;
	struct word next;

	if (start == 0)
		return false;
	w->closed = false;
	for (end = start; end < s.n; end++) {
		w->closed = ends_here(s, end);
		if (w->closed)
			break;
		if (s.p[end] == '=' && word_head(slice_of(s.p + end, s.n - end), &next) > 0)
			break;
	}
	if (!w->closed)
		end = open_end(s, start, end, w->encoding);
	w->text = slice_of(s.p + start, end - start);
	w->length = end + (w->closed ? 2 : 0);
	if (!w->closed)
		while (w->text.n > 0 && words_blank(w->text.p[w->text.n - 1]))
			w->text.n--;
	return true;
}

/* Undo the encoding Q (RFC 2047 4.2). */
static void
decode_q(struct slice text, struct buf *bytes)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '=' && text.n - i > 2 && words_hex(text.p[i + 1]) >= 0 &&
		    words_hex(text.p[i + 2]) >= 0) {
			c = (char)(words_hex(text.p[i + 1]) << 4 | words_hex(text.p[i + 2]));
			i += 2;
		} else if (c == '_') {
			c = ' ';
		}
		buf_char(bytes, c);
	}
}

/* Add text that is valid, but for what must not be in a field: white space of other kinds is a
 * blank, what readers show nothing for is nothing. */
static void
add_harmless(struct slice text, struct buf *out)
{
	size_t from = 0, i = 0;

	while (i < text.n) {
		unsigned char c = (unsigned char)text.p[i];
		size_t length = c < 0x20 || c == 0x7f ? 1 : 0;

		/* U+0080 to U+009F */
		if (c == 0xc2 && (unsigned char)text.p[i + 1] < 0xa0)
			length = 2;
		if (length == 0) {
			i++;
			continue;
		}
		buf_add(out, slice_of(text.p + from, i - from));
		if (c == '\0')
			buf_add(out, BAD);
		else if ((c >= '\t' && c <= '\r') ||
		    (length == 2 && (unsigned char)text.p[i + 1] == 0x85))
			buf_char(out, ' ');
		i += length;
		from = i;
	}
	buf_add(out, slice_of(text.p + from, i - from));
}

/* Add bytes in a charset. */
void
words_add(struct slice bytes, struct slice charset, struct arena *a, struct buf *out)
{
	struct arena_mark mark = arena_mark(a);
	struct slice text = charset_to_utf8(bytes, charset, a);

	if (text.p == NULL && bytes.p != NULL)
		out->cut = true;
	else
		add_harmless(text, out);
	arena_release(a, mark);
}

/* What is being read: words that were not converted yet, and whether there are any. */
struct reading {
	struct arena *arena;
	struct buf bytes, *out;
	struct slice charset;
	bool words;
};

/* Convert the words read up to now. */
static void
convert_words(struct reading *r)
{
	if (!r->words)
		return;
	r->out->cut |= r->bytes.cut;
	words_add(buf_slice(&r->bytes), r->charset, r->arena, r->out);
	buf_clear(&r->bytes);
	r->words = false;
}

/* Add what stands between words: nothing, if it is blank. */
static void
add_between(struct reading *r, struct slice text)
{
	size_t i = 0;

	while (i < text.n && words_blank(text.p[i]))
		i++;
	if (r->words && i == text.n)
		return;
	convert_words(r);
	words_add(text, SLICE_ABSENT, r->arena, r->out);
}

/* Add a word. */
static void
add_word(struct reading *r, const struct word *w)
{
	if (r->words && !slice_eq_nocase(w->charset, r->charset))
		convert_words(r);
	r->words = true;
	r->charset = w->charset;
	if (w->encoding == 'q')
		decode_q(w->text, &r->bytes);
	else
		transfer_decode(TRANSFER_BASE64, w->text, &r->bytes);
}

/* Add a text. */
void
words_decode(struct slice text, struct arena *a, struct buf *out)
{
	struct reading r = { .arena = a, .out = out };
	size_t read = 0, at = 0, open = 0;
	const char *next;
	struct word w;

	while (at < text.n && (next = memchr(text.p + at, '=', text.n - at)) != NULL) {
		at = (size_t)(next - text.p);
		if (!word_read(slice_of(next, text.n - at), &w)) {
			at++;
			continue;
		}
		add_between(&r, slice_of(text.p + read, at - read));
		add_word(&r, &w);
		at += w.length;
		if (!w.closed)
			open++;
		/* The ends of words that this one stood in. */
		for (; w.closed && open > 0 && ends_here(text, at); open--)
			at += 2;
		read = at;
	}
	if (read < text.n)
		add_between(&r, slice_of(text.p + read, text.n - read));
	convert_words(&r);
	buf_free(&r.bytes);
}

/* Take the text out of its buffer. */
struct slice
words_end(struct buf *out, struct arena *a)
{
	struct slice text = SLICE_ABSENT;

	if (!out->cut)
		text = arena_slice(a, slice_trim(buf_slice(out)));
	buf_free(out);
	return text;
}

/* The length of an encoded word as it should be. */
size_t
words_unit(struct slice s)
{
	struct word w;
	size_t i = word_head(s, &w);

	for (; i > 0 && i < s.n; i++) {
		if (ends_here(s, i))
			return i + 2;
		if (words_blank(s.p[i]) || s.p[i] == '<' || s.p[i] == '>' ||
		    (s.p[i] == '=' && i + 1 < s.n && s.p[i + 1] == '?'))
			break;
	}
	return 0;
}

/* Take out the ends of lines that are folds. */
struct slice
words_unfold(struct slice raw, struct arena *a)
{
	size_t n = 0;
	char *p;

	if (raw.n == 0 || memchr(raw.p, '\n', raw.n) == NULL)
		return raw;
	if ((p = arena_alloc(a, raw.n)) == NULL)
		return SLICE_ABSENT;
	for (size_t i = 0; i < raw.n; i++) {
		size_t end = i + (raw.p[i] == '\r'); /* where a line feed would be */

		if (raw.n - end > 1 && raw.p[end] == '\n' &&
		    (raw.p[end + 1] == ' ' || raw.p[end + 1] == '\t'))
			i = end;
		else
			p[n++] = raw.p[i];
	}
	return slice_of(p, n);
}

/* The end of a quoted string. */
size_t
words_quoted(struct slice s, size_t at)
{
	for (size_t i = at + 1; i < s.n; i++) {
		if (s.p[i] == '"')
			return i + 1;
		if (s.p[i] == '\\')
			i++;
	}
	return at;
}

/* The end of a comment. */
size_t
words_comment(struct slice s, size_t at)
{
	size_t depth = 0;

	for (size_t i = at; i < s.n; i++) {
		if (s.p[i] == '(')
			depth++;
		else if (s.p[i] == ')' && --depth == 0)
			return i + 1;
		else if (s.p[i] == '\\')
			i++;
	}
	return at;
}

/* The inside of a quoted string or comment. */
void
words_inside(struct slice s, struct buf *out)
{
	for (size_t i = 1; i + 1 < s.n; i++) {
		if (s.p[i] == '\\' && i + 2 < s.n)
			i++;
		buf_char(out, s.p[i]);
	}
}

/* The value of a hexadecimal digit, -1 if it is none. */
int
words_hex(char c)
{
	c = (char)ascii_lower((unsigned char)c);
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

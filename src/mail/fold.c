/*
 * fold.c - text against which patterns with the flag n run
 *
 * ASCII, which most mail is, is copied eight bytes at a time. Any other character is looked up in a
 * table, that says what becomes of it; the normalization itself is asked of GLib for the few that
 * have a form of more than one character, or may become one with the character before them.
 *
 * A word with letters that only look Latin is written as it is, and once more when its end shows
 * whether it is Latin: that takes no more room.
 */
#include "mail/fold.h"

#include "mail/fold_table.h"

#include "base/utf8.h"

#include <glib.h>

#define MOST_MARKS 12 /* on one letter; scripts that need many have less than ten */

struct folding {
	const char *at, *end; /* what is left of the text */
	char *out;
	size_t n, room;
	struct arena *arena;
	bool failed; /* no memory */

	bool foreign;	 /* the last word that was sure is not Latin */
	bool begun;	 /* there was one */
	size_t last_end; /* of the word before, in out */

	bool in_word;
	size_t start; /* of the word, in out */
	bool has_latin, has_foreign, has_weak;
	size_t base;	/* the last letter that marks go with, in out */
	unsigned marks; /* on it */
	bool untidy;	/* they may not be in NFKC */
};

#define HIGH 0x8080808080808080u
#define EACH 0x0101010101010101u

/* True if eight bytes of ASCII stay as they are: no control character, no two blanks in a row. */
static bool
stays(uint64_t eight)
{
	uint64_t blank = ~(eight + 0x5f * EACH) & HIGH; /* below 0x21 */
	uint64_t control = (~(eight + 0x60 * EACH) | (eight + EACH)) & HIGH;

	return control == 0 && (blank & blank >> 8) == 0;
}

/* How many bytes at the start of s, behind a byte `before`, stay as they are for sure. */
static size_t
unchanged(const char *at, const char *end, char before)
{
	const char *start = at;

	while (end - at >= 8) {
		uint64_t eight;

		memcpy(&eight, at, sizeof(eight));
		if (eight & HIGH || !stays(eight) || (before == ' ' && *at == ' '))
			break;
		before = at[7];
		at += 8;
	}
	while (at < end && *at >= ' ' && *at < 0x7f && !(*at == ' ' && before == ' '))
		before = *at++;
	return (size_t)(at - start);
}

static unsigned
kind_of(uint32_t c)
{
	if (c < FOLD_END)
		return fold_blocks[fold_index[c / FOLD_BLOCK]][c % FOLD_BLOCK];
	if (c >= 0xe0000 && c < 0xe1000)
		return FOLD_IGNORE;
	if (c >= 0x2f800 && c < 0x2fa20)
		return FOLD_NORMALIZE;
	return c < 0x40000 ? FOLD_FOREIGN : FOLD_OTHER;
}

static bool
is_ascii_letter(char c)
{
	return (unsigned char)((c | 0x20) - 'a') < 26;
}

static bool
is_ascii_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* ---- what is written ---- */

/* Make room for n more bytes. */
static bool
make_room(struct folding *f, size_t n)
{
	if (n <= f->room - f->n)
		return !f->failed;

	size_t room = f->room + f->room / 2 + n;
	char *out = arena_alloc(f->arena, room + 1);

	if (out == NULL) {
		f->failed = true;
		f->at = f->end;
		return false;
	}
	memcpy(out, f->out, f->n);
	f->out = out;
	f->room = room;
	return true;
}

static void
put(struct folding *f, struct slice s)
{
	if (!make_room(f, s.n))
		return;
	memcpy(f->out + f->n, s.p, s.n);
	f->n += s.n;
}

/* Write a blank, unless there is one. */
static void
put_blank(struct folding *f)
{
	if (f->n == 0 || f->out[f->n - 1] != ' ')
		put(f, SLICE(" "));
}

/* ---- words ---- */

/* True if the first letter from here that is surely of one script is not Latin. */
static bool
begins_foreign(const struct folding *f)
{
	struct slice s = slice_of(f->at, (size_t)(f->end - f->at));

	while (s.n > 0) {
		uint32_t c;
		size_t n = utf8_decode(s, &c);
		unsigned kind = c < 0x80 ? c : kind_of(c);

		if (kind == FOLD_FOREIGN)
			return true;
		if (kind == FOLD_LATIN || (kind < 0x80 && is_ascii_letter((char)kind)))
			return false;
		s = slice_of(s.p + n, s.n - n);
	}
	return false;
}

/* Find out what was before a word, where ASCII passed unseen. */
static void
look_back(struct folding *f)
{
	for (size_t i = f->start; i-- > f->last_end;) {
		if (is_ascii_letter(f->out[i])) {
			f->foreign = false;
			f->begun = true;
			return;
		}
	}
	if (!f->begun) {
		f->foreign = begins_foreign(f);
		f->begun = true;
	}
}

/* Begin a word at a character that isn't ASCII; ASCII letters before it belong to it. */
static void
begin_word(struct folding *f)
{
	if (f->in_word)
		return;
	f->in_word = true;
	f->start = f->n;
	while (f->start > f->last_end && is_ascii_letter(f->out[f->start - 1]))
		f->start--;
	f->has_latin = f->start < f->n;
	f->has_foreign = f->has_weak = false;
	f->base = f->n;
	f->marks = 0;
	f->untidy = false;
}

/* Put a letter and its marks in NFKC, once they are all there. */
static void
tidy(struct folding *f)
{
	uint32_t c;
	gchar *made;

	if (!f->untidy || f->failed)
		return;
	f->untidy = false;
	made = g_utf8_normalize(f->out + f->base, (gssize)(f->n - f->base), G_NORMALIZE_NFKC);
	f->n = f->base;
	put(f, slice_str(made != NULL ? made : ""));
	g_free(made);
	/* A letter with its mark may be another letter, which no Latin one looks like. */
	utf8_decode(slice_of(f->out + f->base, f->n - f->base), &c);
	f->has_foreign |= kind_of(c) == FOLD_FOREIGN;
}

/* Write a word again, its letters that look Latin being so. */
static void
make_latin(struct folding *f)
{
	struct slice s = slice_of(f->out + f->start, f->n - f->start);
	bool made = false;

	f->n = f->start;
	while (s.n > 0) {
		uint32_t c;
		size_t n = utf8_decode(s, &c);
		unsigned kind = c < 0x80 ? FOLD_OTHER : kind_of(c);

		if (kind & FOLD_WEAK) {
			f->out[f->n++] = (char)(kind & 0x7f);
			made = true;
		} else if (!made || (kind != FOLD_MARK && kind != FOLD_JOIN)) {
			memmove(f->out + f->n, s.p, n);
			f->n += n;
			made = false;
		}
		s = slice_of(s.p + n, s.n - n);
	}
}

/* End a word. */
static void
end_word(struct folding *f)
{
	if (!f->in_word)
		return;
	tidy(f);
	f->in_word = false;
	if (f->has_weak && !f->has_latin && !f->has_foreign)
		look_back(f);
	if (f->has_weak && (f->has_latin || (!f->has_foreign && !f->foreign)))
		make_latin(f);
	if (f->has_latin || f->has_foreign) {
		f->foreign = f->has_foreign;
		f->begun = true;
	}
	f->last_end = f->n;
}

/* ---- characters ---- */

static void fold_character(struct folding *f, struct slice s, bool normal);

/* Fold what NFKC makes of a few characters. */
static void
fold_normal(struct folding *f, struct slice s)
{
	gchar *made = g_utf8_normalize(s.p, (gssize)s.n, G_NORMALIZE_NFKC);
	struct slice rest = slice_str(made != NULL ? made : "");

	while (rest.n > 0) {
		uint32_t c;
		size_t n = utf8_decode(rest, &c);

		fold_character(f, slice_of(rest.p, n), true);
		rest = slice_of(rest.p + n, rest.n - n);
	}
	g_free(made);
}

/* A mark: Latin letters lose it, and what is no letter; others keep it. */
static void
fold_mark(struct folding *f, struct slice s, bool join)
{
	uint32_t c;

	if (!f->in_word || (unsigned char)f->out[f->base] < 0x80)
		return;
	utf8_decode(slice_of(f->out + f->base, f->n - f->base), &c);
	if (kind_of(c) == FOLD_LATIN || f->marks == MOST_MARKS)
		return;
	f->marks++;
	f->untidy |= join || f->marks > 1;
	put(f, s);
}

/* A letter. */
static void
fold_letter(struct folding *f, struct slice s, unsigned kind)
{
	begin_word(f);
	tidy(f);
	f->base = f->n;
	f->marks = 0;
	f->has_weak |= (kind & FOLD_WEAK) != 0;
	f->has_foreign |= kind == FOLD_FOREIGN;
	f->has_latin |= kind == FOLD_LATIN || (kind < FOLD_WEAK && kind >= ' ');
	put(f, s);
}

/* One character; normal: it is in NFKC already. */
static void
fold_character(struct folding *f, struct slice s, bool normal)
{
	uint32_t c;
	char ascii;
	unsigned kind;

	utf8_decode(s, &c);
	if (c < 0x80)
		kind = c > ' ' && c < 0x7f ? c : is_ascii_space((char)c) ? FOLD_SPACE : FOLD_IGNORE;
	else
		kind = kind_of(c);
	if (kind == FOLD_NORMALIZE && normal)
		kind = FOLD_FOREIGN;
	switch (kind) {
	case FOLD_IGNORE:
		return;
	case FOLD_SPACE:
		end_word(f);
		put_blank(f);
		return;
	case FOLD_MARK:
	case FOLD_JOIN:
		fold_mark(f, s, kind == FOLD_JOIN);
		return;
	case FOLD_NORMALIZE:
		fold_normal(f, s);
		return;
	case FOLD_OTHER:
		end_word(f);
		put(f, s);
		return;
	case FOLD_FOREIGN:
	case FOLD_LATIN:
		fold_letter(f, s, kind);
		return;
	}
	if (kind & FOLD_WEAK) {
		fold_letter(f, s, kind);
		return;
	}
	ascii = (char)kind;
	if (is_ascii_letter(ascii)) {
		if (f->in_word || c >= 0x80)
			fold_letter(f, slice_of(&ascii, 1), kind);
		else
			put(f, slice_of(&ascii, 1));
		return;
	}
	end_word(f);
	put(f, slice_of(&ascii, 1));
}

/* Fold a text. */
struct slice
fold_text(struct slice text, struct arena *a)
{
	size_t same = text.n > 0 ? unchanged(text.p, text.p + text.n, '\0') : 0;
	struct folding f = { .arena = a };

	if (same == text.n)
		return text;
	f.room = text.n + 16;
	f.out = arena_alloc(a, f.room + 1);
	if (f.out == NULL)
		return SLICE_ABSENT;
	memcpy(f.out, text.p, same);
	f.n = same;
	f.at = text.p + same;
	f.end = text.p + text.n;
	while (f.at < f.end) {
		size_t n = f.in_word ? 0 : unchanged(f.at, f.end, f.n > 0 ? f.out[f.n - 1] : '\0');

		if (n > 0) {
			put(&f, slice_of(f.at, n));
		} else if (!f.in_word && is_ascii_space(*f.at)) {
			for (n = 1; f.at + n < f.end && is_ascii_space(f.at[n]);)
				n++;
			put_blank(&f);
		} else {
			uint32_t c;

			n = utf8_decode(slice_of(f.at, (size_t)(f.end - f.at)), &c);
			fold_character(&f, slice_of(f.at, n), false);
		}
		if (!f.failed)
			f.at += n;
	}
	end_word(&f);
	return f.failed ? SLICE_ABSENT : slice_of(f.out, f.n);
}

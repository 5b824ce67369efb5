/*
 * cases.c - the other cases of a character, as PCRE2 sees them
 *
 * PCRE2 is asked by a search without case for the character in a text that has each character once.
 * The text ends with the second plane: behind it stand no letters that have cases. ASCII is known.
 */
#include "match/cases.h"

#include "base/utf8.h"
#include "match/pattern.h"

#include <stdio.h>
#include <stdlib.h>

#define BUCKETS 256
#define TEXT_END 0x20000u /* the first character that the text does not have */

struct entry {
	struct entry *next;
	uint32_t character;
	bool utf;
	uint8_t n;
	uint32_t cases[CASES_MAX];
};

struct cases {
	struct arena arena;
	struct entry *buckets[BUCKETS];
	struct slice bytes; /* all bytes; absent until asked */
	struct slice text;  /* all characters in UTF-8; likewise */
};

/* An empty memory of answers. */
struct cases *
cases_new(void)
{
	struct cases *c = calloc(1, sizeof(*c));

	if (c != NULL)
		arena_init(&c->arena, 0);
	return c;
}

void
cases_free(struct cases *c)
{
	if (c == NULL)
		return;
	arena_free(&c->arena);
	free(c);
}

/* The text to search; absent on lack of memory. */
static struct slice
text_of(struct cases *c, bool utf)
{
	struct slice *text = utf ? &c->text : &c->bytes;
	char *p;

	if (text->p != NULL || (p = arena_alloc(&c->arena, utf ? 4 * TEXT_END : 256)) == NULL)
		return *text;
	text->p = p;
	if (!utf)
		while (text->n < 256)
			p[text->n] = (char)text->n, text->n++;
	for (uint32_t i = 0; utf && i < TEXT_END; i++)
		if (i < 0xd800 || i > 0xdfff)
			text->n += utf8_encode(i, p + text->n);
	return *text;
}

/* The character that s is. */
static uint32_t
character_of(struct slice s, bool utf)
{
	uint32_t code = (unsigned char)s.p[0];

	if (utf)
		utf8_decode(s, &code);
	return code;
}

/* Ask PCRE2; e->n stays 0 if it can't be told. */
static void
ask(struct cases *c, struct entry *e)
{
	struct slice text = text_of(c, e->utf), found;
	struct pattern_error err;
	struct pattern *p;
	char re[16];
	enum match m;
	size_t n = 0;

	snprintf(re, sizeof(re), "\\x{%x}", (unsigned)e->character);
	p = pattern_compile(slice_str(re), PATTERN_CASELESS | (e->utf ? PATTERN_UTF : 0), &err);
	if (p == NULL)
		return;
	while ((m = pattern_capture(p, text, &found, 1, NULL)) == MATCH_YES && n < CASES_MAX) {
		size_t end = (size_t)(found.p - text.p) + found.n;

		e->cases[n++] = character_of(found, e->utf);
		text = slice_of(text.p + end, text.n - end);
	}
	if (m == MATCH_NO)
		e->n = (uint8_t)n;
	pattern_free(p);
}

/* The cases of an ASCII character: in UTF mode k and s have one beyond ASCII. */
static size_t
ascii_cases(unsigned char c, bool utf, uint32_t *out)
{
	unsigned char lower = ascii_lower(c);

	if (lower < 'a' || lower > 'z') {
		out[0] = c;
		return 1;
	}
	out[0] = lower - ('a' - 'A');
	out[1] = lower;
	if (!utf || (lower != 'k' && lower != 's'))
		return 2;
	out[2] = lower == 'k' ? CASES_KELVIN : CASES_LONG_S;
	return 3;
}

/* All cases of a character. */
size_t
cases_of(struct cases *c, uint32_t character, bool utf, uint32_t out[CASES_MAX])
{
	struct entry **bucket = &c->buckets[character % BUCKETS], *e = *bucket;

	if (character < 0x80)
		return ascii_cases((unsigned char)character, utf, out);
	if (character >= TEXT_END) {
		out[0] = character;
		return 1;
	}
	while (e != NULL && (e->character != character || e->utf != utf))
		e = e->next;
	if (e == NULL) {
		e = arena_alloc(&c->arena, sizeof(*e));
		if (e == NULL)
			return 0;
		*e = (struct entry){ .next = *bucket, .character = character, .utf = utf };
		ask(c, e);
		*bucket = e;
	}
	memcpy(out, e->cases, sizeof(e->cases));
	return e->n;
}

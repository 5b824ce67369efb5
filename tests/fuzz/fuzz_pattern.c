/*
 * fuzz_pattern.c - a search in pieces finds what a plain one does, and ends in time
 *
 * An input is a line of flag letters (u for UTF-8), a line that is the pattern, and the text.
 */
#include "fuzz.h"

#include "../unit/match/same.h"
#include "base/utf8.h"

#define TEXT_MAX 512 /* bytes: plain searches have no budget */
#define BUDGET_US 20000

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text, re, letters = slice_cut(slice_of((const char *)data, size), '\n', &text);
	struct budget b = budget_new(BUDGET_US);
	struct pattern_error err;
	struct pattern *p;
	struct arena a;
	unsigned flags = 0;

	for (size_t i = 0; i < letters.n; i++)
		flags |= letters.p[i] == 'i' ? PATTERN_CASELESS
		    : letters.p[i] == 's'    ? PATTERN_DOTALL
		    : letters.p[i] == 'm'    ? PATTERN_MULTILINE
		    : letters.p[i] == 'x'    ? PATTERN_EXTENDED
		    : letters.p[i] == 'u'    ? PATTERN_UTF
					     : 0;
	re = slice_cut(text.p != NULL ? text : SLICE(""), '\n', &text);
	text = slice_of(text.p != NULL ? text.p : "", text.n < TEXT_MAX ? text.n : TEXT_MAX);
	p = pattern_compile(re, flags, &err);
	if (p == NULL)
		return 0;
	arena_init(&a, 0);
	if (flags & PATTERN_UTF)
		text = utf8_clean(&a, text);
	pattern_match(p, text, &b);
	pattern_free(p);
	same_everywhere(re, flags, text);
	arena_free(&a);
	return 0;
}

/*
 * fuzz_fold.c - text as patterns with the flag n see it
 */
#include "fuzz.h"

#include "base/utf8.h"
#include "mail/fold.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a;
	struct slice text, folded;
	bool blank = false;

	arena_init(&a, 0);
	text = utf8_clean(&a, slice_of((const char *)data, size));
	folded = fold_text(text, &a);
	assert(utf8_valid(folded) && folded.n <= 11 * text.n);
	for (size_t i = 0; i < folded.n; i++) {
		unsigned char c = (unsigned char)folded.p[i];

		assert(c >= ' ' && c != 0x7f && !(c == ' ' && blank));
		blank = c == ' ';
	}
	arena_free(&a);
	return 0;
}

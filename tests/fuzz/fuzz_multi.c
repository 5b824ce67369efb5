/*
 * fuzz_multi.c - a pattern that PCRE2 says matches is among the candidates
 *
 * An input is patterns, one a line: flag letters (u for UTF-8), a blank, the pattern. Behind a line
 * `%%` stands the text that they are asked about. A line `base` above has a base made, too.
 */
#include "fuzz.h"

#include "base/utf8.h"
#include "match/multi.h"
#include "match/pattern.h"

#include <stdlib.h>

#define PATTERNS 16

struct input {
	struct multi_pattern v[PATTERNS];
	struct pattern *compiled[PATTERNS];
	size_t n;
	bool base;
	struct slice text;
};

/* Read a line that is a pattern; what PCRE2 does not take is left out. */
static void
add_line(struct input *in, struct slice line)
{
	struct slice re, flags = slice_cut(line, ' ', &re);
	struct pattern_error err;
	unsigned f = 0;

	if (slice_eq(line, SLICE("base")))
		in->base = true;
	if (re.p == NULL || in->n == PATTERNS)
		return;
	for (size_t i = 0; i < flags.n; i++)
		f |= flags.p[i] == 'i'	? PATTERN_CASELESS
		    : flags.p[i] == 's' ? PATTERN_DOTALL
		    : flags.p[i] == 'm' ? PATTERN_MULTILINE
		    : flags.p[i] == 'x' ? PATTERN_EXTENDED
		    : flags.p[i] == 'u' ? PATTERN_UTF
					: 0;
	in->v[in->n] = (struct multi_pattern){ re, f };
	in->compiled[in->n] = pattern_compile(re, f, &err);
	in->n += in->compiled[in->n] != NULL;
}

/* All patterns that match must be among the candidates, and match where these may begin. */
static void
compare(const struct input *in, const struct multi *m, const struct multi_base *b,
    struct slice text, bool utf, struct multi_scratch *s)
{
	enum match found[PATTERNS] = { MATCH_NO };
	struct multi_found f;

	assert(multi_scan(m, b, text, s, &f));
	for (size_t i = 0; i < f.n; i++) {
		assert(f.ids[i] < in->n && (i == 0 || f.ids[i - 1] < f.ids[i]));
		if (utf || !(in->v[f.ids[i]].flags & PATTERN_UTF))
			found[f.ids[i]] =
			    pattern_match_at(in->compiled[f.ids[i]], text, &f.places[i], NULL);
	}
	for (size_t i = 0; i < in->n; i++)
		if (utf || !(in->v[i].flags & PATTERN_UTF)) {
			enum match right = pattern_match(in->compiled[i], text, NULL);

			assert(right == MATCH_ERROR || found[i] == right);
		}
}

/* The text as bytes, and as UTF-8. */
static void
compare_both(const struct input *in, const struct multi *m, const struct multi_base *b,
    struct multi_scratch *s)
{
	struct arena a;

	arena_init(&a, 0);
	compare(in, m, b, in->text, false, s);
	compare(in, m, b, utf8_clean(&a, in->text), true, s);
	arena_free(&a);
}

/* What is packed is unpacked the same, and what is damaged not at all. */
static void
try_base(const struct input *in, const struct multi *m, struct multi_scratch *s)
{
	struct multi_base *b = multi_base_compile(m), *again;
	struct buf bytes = { .p = NULL };

	if (b == NULL)
		return;
	compare_both(in, m, b, s);
	assert(multi_base_pack(m, b, &bytes));
	multi_base_free(b);
	again = multi_base_unpack(m, buf_slice(&bytes));
	assert(again != NULL);
	compare_both(in, m, again, s);
	multi_base_free(again);
	assert(multi_base_unpack(m, slice_of(bytes.p, bytes.n - 1)) == NULL);
	bytes.p[bytes.n / 2] ^= 1;
	assert(multi_base_unpack(m, buf_slice(&bytes)) == NULL);
	buf_free(&bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_of((const char *)data, size);
	struct multi_scratch s = { .zero = NULL };
	struct input in = { .text = SLICE("") };
	struct multi *m;

	while (rest.p != NULL) {
		struct slice line = slice_cut(rest, '\n', &rest);

		if (slice_eq(line, SLICE("%%"))) {
			in.text = rest.p != NULL ? rest : SLICE("");
			break;
		}
		add_line(&in, line);
	}
	m = multi_build(in.v, in.n);
	assert(m != NULL);
	compare_both(&in, m, NULL, &s);
	if (in.base)
		try_base(&in, m, &s);
	multi_free(m);
	multi_scratch_free(&s);
	for (size_t i = 0; i < in.n; i++)
		pattern_free(in.compiled[i]);
	return 0;
}

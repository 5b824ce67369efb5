/*
 * fuzz_html.c - HTML as its reader sees it
 */
#include "fuzz.h"

#include "base/utf8.h"
#include "mail/html.h"

/* Read a source with room for so much text. */
static void
read_within(struct slice source, size_t limit)
{
	struct arena a;
	struct html_out out = { .arena = &a, .text.limit = limit, .hidden.limit = limit };

	arena_init(&a, 0);
	html_read(source, &out);
	assert(utf8_valid(buf_slice(&out.text)) && utf8_valid(buf_slice(&out.hidden)));
	assert(limit == 0 || (out.text.n <= limit && out.hidden.n <= limit));
	for (size_t i = 0; i < out.n_links; i++) {
		struct slice text = html_link_text(buf_slice(&out.text), &out.links[i]);

		assert(out.links[i].url.p != NULL && utf8_valid(out.links[i].url));
		assert(text.n == 0 ||
		    (text.p >= out.text.p && text.p + text.n <= out.text.p + out.text.n));
	}
	buf_free(&out.text);
	buf_free(&out.hidden);
	arena_free(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a;
	struct slice source;

	arena_init(&a, 0);
	source = utf8_clean(&a, slice_of((const char *)data, size));
	read_within(source, 0);
	read_within(source, 5);
	arena_free(&a);
	return 0;
}

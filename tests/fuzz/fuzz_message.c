/*
 * fuzz_message.c - message files of the tools
 *
 * Whatever is in the file, what comes out is what an MTA could hand on.
 */
#include "fuzz.h"

#include "replay/message.h"

/* A header has a name that can be one, and a value whose lines are folds. */
static void
check_header(const struct header *h)
{
	assert(h->name.n > 0);
	for (size_t i = 0; i < h->name.n; i++)
		assert(h->name.p[i] > ' ' && h->name.p[i] < 0x7f && h->name.p[i] != ':');
	for (size_t i = 0; i < h->value.n; i++)
		if (h->value.p[i] == '\n')
			assert(i + 1 < h->value.n &&
			    (h->value.p[i + 1] == ' ' || h->value.p[i + 1] == '\t'));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_of(data != NULL ? (const char *)data : "", size);
	struct message m;
	struct arena a;
	size_t used = 0;

	arena_init(&a, 0);
	a.fatal = true;
	message_parse(&a, text, &m);
	for (size_t i = 0; i < m.nheaders; i++) {
		check_header(&m.headers[i]);
		used += m.headers[i].name.n + 1 + m.headers[i].value.n;
	}
	for (size_t i = 0; i < m.body.n; i++)
		assert(m.body.p[i] != '\n' || (i > 0 && m.body.p[i - 1] == '\r'));
	assert(used + m.body.n <= 2 * size + 2);
	arena_free(&a);
	return 0;
}

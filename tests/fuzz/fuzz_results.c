/*
 * fuzz_results.c - Authentication-Results
 *
 * The first line of an input is `AUTHSERV-ID QUEUE-ID TEXT`, the text being the sender's; what
 * follows are the fields of a header, and, all of it, one field's value.
 */
#include "fuzz.h"

#include "mail/results.h"

/* True if s is a part of whole. */
static bool
is_part(struct slice s, struct slice whole)
{
	return s.p >= whole.p && s.p + s.n <= whole.p + whole.n;
}

/* What must be true of a result of the value ctx. */
static void
check(void *ctx, const struct results_one *one)
{
	struct slice whole = *(struct slice *)ctx;

	assert(one->method.n > 0 && is_part(one->method, whole));
	assert(one->word.n > 0 && is_part(one->word, whole));
	if (one->domain.p == NULL)
		return;
	assert(one->domain.n > 0 && is_part(one->domain, whole));
	for (size_t i = 0; i < one->domain.n; i++)
		assert((unsigned char)one->domain.p[i] > ' ' &&
		    strchr("();\"@", one->domain.p[i]) == NULL);
}

/* Read the fields of a header; continuation lines belong to the one above. */
static void
read_header(struct results *r, struct slice text)
{
	while (text.n > 0) {
		struct slice line, value;
		size_t end = 0;

		while (end < text.n &&
		    (text.p[end] != '\n' ||
			(end + 1 < text.n && (text.p[end + 1] == ' ' || text.p[end + 1] == '\t'))))
			end++;
		line = slice_cut(slice_of(text.p, end), ':', &value);
		results_header(r, line, value.p != NULL ? value : SLICE(""));
		text = end < text.n ? slice_of(text.p + end + 1, text.n - end - 1) : SLICE("");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice all = slice_of(data != NULL ? (const char *)data : "", size), rest, id, text;
	struct slice name = slice_cut(slice_cut(all, '\n', &rest), ' ', &id);
	bool believed;

	id = slice_cut(id, ' ', &text);
	if (rest.p == NULL)
		return 0;
	results_read(rest, check, &rest);
	results_author(rest, name, id);
	for (int by_name = 0; by_name < 2; by_name++) {
		struct results r;

		results_init(&r, name, id, by_name);
		results_chosen(&r, text);
		read_header(&r, rest);
		believed = results_end(&r, false);
		assert(believed || (r.ndkim == 0 && r.dmarc.method.p == NULL));
		assert(r.ndkim <= LIMIT_RESULTS);
		for (size_t i = 0; i < r.ndkim; i++)
			check(&rest, &r.dkim[i]);
		if (r.dmarc.method.p != NULL)
			check(&rest, &r.dmarc);
	}
	return 0;
}

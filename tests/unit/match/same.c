/*
 * same.c - whether searches find the same, however they are done
 */
#include "same.h"

#include "match/pattern_in.h"

#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT_MAX 50	 /* matches that are counted */
#define PLAIN_STEPS 2000 /* of the plain search: beyond, nothing is compared */

/* What a search came to. */
struct found {
	enum match is;
	struct slice groups[3];
	size_t count;
};

/* One plain search from an offset on. */
static int
plain(pcre2_code *code, struct slice text, size_t from, uint32_t options, pcre2_match_data *data)
{
	pcre2_match_context *context = pcre2_match_context_create(NULL);
	int rc;

	assert(context != NULL);
	pcre2_set_match_limit(context, PLAIN_STEPS);
	rc = pcre2_match(code, (PCRE2_SPTR)text.p, text.n, from, options, data, context);
	pcre2_match_context_free(context);
	return rc;
}

/* What a code finds that knows no pieces. MATCH_ERROR: nothing that can be compared. */
static struct found
find_plainly(pcre2_code *code, struct slice text, uint32_t how)
{
	pcre2_match_data *data = pcre2_match_data_create(100, NULL);
	size_t from = 0, *ends = pcre2_get_ovector_pointer(data);
	struct found f = { .is = MATCH_ERROR };
	uint32_t options = 0;
	int rc;

	for (rc = plain(code, text, 0, how, data); rc >= 0 && f.count < COUNT_MAX;
	     rc = plain(code, text, from, options | how, data)) {
		for (size_t i = 0; f.count == 0 && i < 3; i++)
			if (i < (size_t)rc && ends[2 * i] != PCRE2_UNSET)
				f.groups[i] = slice_of(text.p + ends[2 * i],
				    ends[2 * i + 1] > ends[2 * i] ? ends[2 * i + 1] - ends[2 * i]
								  : 0);
		f.count++;
		if (options != 0 && ends[1] <= from) {
			rc = PCRE2_ERROR_NOMATCH;
			break;
		}
		options = ends[1] <= ends[0] ? PCRE2_NOTEMPTY_ATSTART : 0;
		from = ends[1] > from ? ends[1] : from;
	}
	if (rc >= 0 || rc == PCRE2_ERROR_NOMATCH)
		f.is = f.count > 0 ? MATCH_YES : MATCH_NO;
	pcre2_match_data_free(data);
	return f;
}

static bool
is_same(const struct found *a, const struct found *b)
{
	return a->is == b->is && a->count == b->count &&
	    memcmp(a->groups, b->groups, sizeof a->groups) == 0;
}

/* What PCRE2 finds by itself. It has its bugs: what it says must not depend on the JIT, and on
 * callouts, which can make a pattern too large; else MATCH_ERROR. */
static struct found
expect(struct slice re, unsigned flags, struct slice text)
{
	int error;
	size_t offset;
	pcre2_code *code = pattern_code(re, flags, 0, &error, &offset),
		   *watched = pattern_code(re, flags, PCRE2_AUTO_CALLOUT, &error, &offset);
	struct found f, others[2];

	assert(code != NULL);
	pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	if (watched != NULL)
		pcre2_jit_compile(watched, PCRE2_JIT_COMPLETE);
	f = find_plainly(code, text, 0);
	others[0] = find_plainly(code, text, PCRE2_NO_JIT);
	others[1] = watched != NULL ? find_plainly(watched, text, 0) : f;
	if (!is_same(&f, &others[0]) || !is_same(&f, &others[1]))
		f.is = MATCH_ERROR;
	pcre2_code_free(code);
	pcre2_code_free(watched);
	return f;
}

/* The same, of ours. */
static struct found
find(const struct pattern *p, struct slice text, struct budget *b)
{
	struct found f = { .is = MATCH_ERROR };
	enum match m = pattern_capture(p, text, f.groups, 3, b);

	f.is = pattern_count(p, text, COUNT_MAX, &f.count, b);
	if (m == MATCH_ERROR || f.is == MATCH_ERROR)
		return (struct found){ .is = MATCH_ERROR };
	assert(m == f.is);
	return f;
}

size_t
same_everywhere(struct slice re, unsigned flags, struct slice text)
{
	static const double item_ns[] = { 1e2, 1e4, 1e5, 1e6, 1e7, 1e12 };
	struct pattern_error err;
	struct pattern *p = pattern_compile(re, flags, &err);
	struct found want, got;
	size_t answers = 0;

	if (p == NULL)
		return 0;
	want = expect(re, flags, text);
	for (size_t i = 0; want.is != MATCH_ERROR && i < sizeof item_ns / sizeof *item_ns; i++) {
		struct budget b = budget_new(2000000);

		p->item_ns = item_ns[i];
		got = find(p, text, &b);
		if (got.is == MATCH_ERROR && (b.spent || atomic_load(&p->late->too_large)))
			continue;
		answers++;
		if (is_same(&got, &want))
			continue;
		fprintf(stderr, "/%.*s/ %x of `%.*s`, %g ns: %d %zu, not %d %zu\n", SLICE_ARG(re),
		    flags, SLICE_ARG(text), item_ns[i], got.is, got.count, want.is, want.count);
		abort();
	}
	pattern_free(p);
	return answers;
}

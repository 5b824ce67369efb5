/*
 * agree.h - what a pass tells of a text, held against PCRE2
 */
#pragma once

#include "match/multi.h"
#include "match/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Each pattern that matches is a candidate, and where it may begin is as good as all of the text.
 * Returns how many were candidates. */
static inline size_t
agree(const struct multi *m, const struct multi_base *b, const struct multi_pattern *v,
    struct pattern *const *compiled, size_t count, struct slice text, struct multi_scratch *s)
{
	struct budget budget = budget_new(UINT64_C(3600000000));
	struct multi_found f;
	size_t next = 0;

	assert_true(multi_scan(m, b, text, s, &f));
	for (size_t i = 0; i < count; i++) {
		bool candidate = next < f.n && f.ids[next] == i;
		enum match right = pattern_match(compiled[i], text, NULL), found = MATCH_NO;

		if (candidate)
			found = pattern_match_at(compiled[i], text, &f.places[next++], &budget);
		if (found != right && right != MATCH_ERROR)
			fail_msg("/%.*s/ flags %u is found to be %d instead of %d in \"%.*s\"%s%s",
			    SLICE_ARG(v[i].re), v[i].flags, found, right, SLICE_ARG(text),
			    candidate ? "" : ": no candidate", b != NULL ? ", with a base" : "");
	}
	assert_int_equal(next, f.n);
	return f.n;
}

/*
 * ask.h - what the tests of spf/check.c share: a zone, a checker, and questions to it
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spf/spf.h"

#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>

static struct zone *zone;
static struct diags diags;
static struct resolver *resolver;
static struct spf *spf;
static struct arena arena;

/* Add a line to the zone. */
static inline void
add(const char *line)
{
	assert_true(zone_add(zone, slice_str(line), (struct span){ 0 }, &diags));
}

/* Begin with a zone of n lines. */
static inline bool
start(const char *const *lines, size_t n)
{
	diags_init(&diags);
	arena_init(&arena, 0);
	zone = zone_new();
	for (size_t i = 0; i < n; i++)
		add(lines[i]);
	resolver = resolver_new(&(struct resolver_config){ .zone = zone });
	spf = spf_new(
	    &(struct spf_config){ .resolver = resolver, .receiver = "mx.receiver.example" });
	return spf != NULL;
}

static inline int
stop(void **state)
{
	(void)state;
	spf_free(spf);
	resolver_free(resolver);
	zone_free(zone);
	arena_free(&arena);
	diags_free(&diags);
	return 0;
}

/* A text of an answer is one line of printable ASCII. */
static inline void
sane_text(struct slice s)
{
	assert_true(s.n > 0 && s.n <= LIMIT_SPF_REASON);
	for (size_t i = 0; i < s.n; i++)
		assert_true(s.p[i] >= ' ' && s.p[i] <= '~');
}

/* What each answer keeps, whatever it is. */
static inline void
sane(const struct spf_answer *out)
{
	sane_text(out->reason);
	sane_text(out->why);
	if (out->explanation.p != NULL)
		sane_text(out->explanation);
	if (out->mechanism.p != NULL)
		sane_text(out->mechanism);
	assert_non_null(out->domain.p);
	assert_true(out->lookups <= LIMIT_SPF_TERMS && out->voids <= LIMIT_SPF_VOIDS + 1);
	assert_true(out->queries <= LIMIT_SPF_QUERIES);
}

/* Check the MAIL FROM identity. */
static inline struct spf_answer
ask(const char *client, const char *helo, const char *sender)
{
	struct spf_answer out;
	struct ip ip = { 0 };

	if (client != NULL)
		assert_true(ip_parse(slice_str(client), &ip));
	spf_check(spf,
	    &(struct spf_query){ SPF_MAIL_FROM, &ip, slice_str(helo), slice_str(sender), 0 }, NULL,
	    &arena, &out);
	sane(&out);
	return out;
}

/* Check the HELO identity. */
static inline struct spf_answer
ask_helo(const char *client, const char *helo)
{
	struct spf_answer out;
	struct ip ip = { 0 };

	if (client != NULL)
		assert_true(ip_parse(slice_str(client), &ip));
	spf_check(spf, &(struct spf_query){ SPF_HELO, &ip, slice_str(helo), SLICE(""), 0 }, NULL,
	    &arena, &out);
	sane(&out);
	return out;
}

/* The answer is so; reason NULL: any. */
static inline void
is(struct spf_answer out, enum spf_result result, const char *reason)
{
	assert_string_equal(spf_result_name(out.result), spf_result_name(result));
	if (reason != NULL) {
		char *text = strndup(out.reason.p, out.reason.n);

		assert_non_null(text);
		assert_string_equal(text, reason);
		free(text);
	}
}

/* A text is so; NULL: absent. */
static inline void
text_is(struct slice text, const char *wanted)
{
	assert_int_equal(text.p == NULL, wanted == NULL);
	if (wanted != NULL) {
		assert_int_equal(text.n, strlen(wanted));
		assert_memory_equal(text.p, wanted, text.n);
	}
}

/* user@DOMAIN from 192.0.2.1. */
static inline struct spf_answer
from(const char *domain)
{
	char sender[400];

	snprintf(sender, sizeof(sender), "user@%s", domain);
	return ask("192.0.2.1", "helo.example", sender);
}

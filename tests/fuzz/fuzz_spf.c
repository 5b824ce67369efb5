/*
 * fuzz_spf.c - SPF checks of hostile records
 *
 * The input is a zone. Each line of its file `%% ask` is a check: client, HELO and sender, with a
 * tab between them; without a sender the HELO identity is checked.
 */
#include "fuzz.h"

#include "base/clock.h"
#include "base/limits.h"
#include "spf/spf.h"

#define MOST_CHECKS 8
#define MOST_MS 5000 /* that a check of such a zone may take, sanitizers and all */

/* A text of an answer is one short line of printable ASCII. */
static void
look_at(struct slice s, size_t most)
{
	assert(s.p != NULL && s.n > 0 && s.n <= most);
	for (size_t i = 0; i < s.n; i++)
		assert(s.p[i] >= ' ' && s.p[i] <= '~');
}

static void
look_at_line(void *ctx, unsigned depth, struct slice line)
{
	(void)ctx;
	look_at(line, LIMIT_SPF_TRACE);
	assert(depth <= LIMIT_SPF_TERMS);
}

/* What holds of every answer. */
static void
look_at_answer(const struct spf_answer *a)
{
	bool error =
	    a->result == SPF_NONE || a->result == SPF_TEMPERROR || a->result == SPF_PERMERROR;

	look_at(a->why, LIMIT_SPF_REASON);
	look_at(a->reason, LIMIT_SPF_REASON);
	assert(a->domain.p != NULL);
	for (size_t i = 0; i < a->domain.n; i++)
		assert(a->domain.p[i] >= ' ' && a->domain.p[i] <= '~');
	if (a->explanation.p != NULL)
		look_at(a->explanation, LIMIT_SPF_REASON);
	if (a->mechanism.p != NULL)
		look_at(a->mechanism, LIMIT_SPF_REASON);
	assert(a->explanation.p == NULL || a->result == SPF_FAIL);
	assert(a->mechanism.p != NULL ? !error : error || a->result == SPF_NEUTRAL);
	assert(a->lookups <= LIMIT_SPF_TERMS);
	assert(a->voids <= LIMIT_SPF_VOIDS || a->result == SPF_PERMERROR);
	assert(a->queries <= LIMIT_SPF_QUERIES);
}

/* Check, with and without somebody who listens: it makes no difference. */
static void
check(struct spf *spf, struct slice line)
{
	const struct spf_trace trace = { look_at_line, NULL };
	struct slice rest, client = slice_cut(line, '\t', &rest);
	struct spf_query q = { .identity = SPF_HELO, .helo = slice_cut(rest, '\t', &rest) };
	struct spf_answer plain, traced;
	uint64_t begun = clock_us();
	struct ip ip = { 0 };
	struct arena a;

	arena_init(&a, 0);
	ip_parse(client, &ip);
	q.client = &ip;
	if (rest.p != NULL) {
		q.identity = SPF_MAIL_FROM;
		q.sender = rest;
	}
	spf_check(spf, &q, NULL, &a, &plain);
	look_at_answer(&plain);
	spf_check(spf, &q, &trace, &a, &traced);
	look_at_answer(&traced);
	assert(clock_us() - begun < MOST_MS * 1000);
	assert(plain.result == traced.result && slice_eq(plain.why, traced.why));
	assert(plain.lookups == traced.lookups && plain.queries == traced.queries);
	arena_free(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice zone = files_take(data, size), asked = files_text(SLICE("ask"));
	struct zone *z = zone_new();
	struct resolver *r = resolver_new(&(struct resolver_config){ .zone = z });
	struct spf *spf = spf_new(&(struct spf_config){
	    .resolver = r, .receiver = "mx.example.org", .timeout_ms = 60000 });
	struct diags d;

	assert(r != NULL && spf != NULL);
	diags_init(&d);
	files_add(SLICE("zone"), zone);
	zone_add_file(z, "zone", &d);
	for (int i = 0; asked.p != NULL && i < MOST_CHECKS; i++)
		check(spf, slice_cut(asked, '\n', &asked));
	diags_free(&d);
	spf_free(spf);
	resolver_free(r);
	zone_free(z);
	files_drop();
	return 0;
}

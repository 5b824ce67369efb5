/*
 * check.c - check_host() of RFC 7208, with libspf2 as its evaluator
 *
 * libspf2 walks a record, mechanism by mechanism, through includes and redirects, and says what
 * the qualifiers make of it. For all else it isn't trusted: a record with many macros overruns its
 * buffers (CVE-2023-42118), it drops what goes beyond 511 bytes, it counts terms anew in each
 * include. So it gets to see no byte of what anyone publishes, but a lowered record made here:
 *
 * - A mechanism becomes `exists:t7.x`, an include `include:t7.x`, and a redirect, which libspf2
 *   takes where it stands, `redirect=t7.x` at the end. 7 is the number of a step, which keeps the
 *   true term.
 * - ip4, ip6 and all are decided while the record is lowered. One that doesn't match is left out;
 *   one that does is a step too, and what stands behind it is left out.
 * - Steps end with the first term too many. All of them fill less than half of the 511 bytes.
 *
 * When libspf2 looks up t7.x, or wants its record, the term is done in earnest. What goes wrong is
 * kept in the inquiry; libspf2 only learns that it can stop, by a failed lookup, which it hands
 * through from wherever it is.
 *
 * Each check has a server of libspf2 of its own, on the stack, a copy of the configured one:
 * libspf2 only reads it, and finds in it the way back to the check.
 */
#include "base/clock.h"
#include "spf/identity.h"
#include "spf/words.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>

#include <spf2/spf.h>
#include <spf2/spf_dns_rr.h>
#include <spf2/spf_record.h>

struct spf {
	SPF_server_t *server; /* configured, then only read */
	struct spf_config config;
};

struct check {
	struct spf_walk walk;
	SPF_server_t server;
	SPF_dns_server_t layer;
	SPF_dns_rr_t *spare; /* an answer for when there is no memory for one; NULL: was used */
};

/* ---- what libspf2 asks for ---- */

/* The number of a step, in its synthetic name. */
static unsigned long
number(const char *name)
{
	return strtoul(name + 1, NULL, 10);
}

/* SPF_dns_lookup_t: a step that is an `exists`. libspf2 aborts at NULL, so there is one answer in
 * reserve, which ends all. */
static SPF_dns_rr_t *
lookup(SPF_dns_server_t *layer, const char *name, ns_type type, int should_cache)
{
	struct check *c = layer->hook;
	struct spf_walk *w = &c->walk;
	bool match = !w->inquiry.over && spf_walk_step(w, number(name));
	int status = w->inquiry.over ? TRY_AGAIN : match ? NETDB_SUCCESS : HOST_NOT_FOUND;
	SPF_dns_rr_t *rr = SPF_dns_rr_new_init(layer, name, type, 0, status);

	(void)should_cache;
	if (rr != NULL && match) {
		if (SPF_dns_rr_buf_realloc(rr, 0, sizeof(rr->rr[0]->a)) == SPF_E_SUCCESS) {
			rr->rr[0]->a.s_addr = htonl(INADDR_LOOPBACK);
			rr->num_rr = 1;
		} else {
			SPF_dns_rr_free(rr);
			rr = NULL;
		}
	}
	if (rr == NULL) {
		inquiry_trouble(&w->inquiry, SPF_TEMPERROR, "no memory is left");
		rr = c->spare;
		c->spare = NULL;
	}
	return rr;
}

/* Compile a lowered record. NULL: trouble. */
static SPF_record_t *
compile(struct check *c, SPF_response_t *response, const char *lowered)
{
	SPF_record_t *record = NULL;

	if (c->walk.inquiry.over)
		return NULL;
	if (SPF_record_compile(&c->server, response, &record, lowered) == SPF_E_SUCCESS)
		return record;
	inquiry_trouble(&c->walk.inquiry, SPF_TEMPERROR, "no memory is left");
	if (record != NULL)
		SPF_record_free(record);
	return NULL;
}

/* SPF_dns_get_spf_t: the record that an `include` or `redirect` leads to. */
static SPF_errcode_t
get_record(
    SPF_server_t *server, SPF_request_t *request, SPF_response_t *response, SPF_record_t **record)
{
	struct check *c = server->resolver->hook;
	char lowered[SPF_LOWERED];

	if (!c->walk.inquiry.over)
		spf_walk_follow(&c->walk, number(request->cur_dom), lowered);
	*record = compile(c, response, lowered);
	return *record != NULL ? SPF_E_SUCCESS : SPF_E_DNS_ERROR;
}

/* ---- a check ---- */

/* What libspf2's result is for us. */
static enum spf_result
result_of(struct inquiry *q, SPF_result_t result)
{
	if (!q->over)
		switch (result) {
		case SPF_RESULT_NEUTRAL:
			return SPF_NEUTRAL;
		case SPF_RESULT_PASS:
			return SPF_PASS;
		case SPF_RESULT_FAIL:
			return SPF_FAIL;
		case SPF_RESULT_SOFTFAIL:
			return SPF_SOFTFAIL;
		default:
			inquiry_trouble(q, SPF_TEMPERROR, "no memory is left");
		}
	return q->result;
}

/* Have libspf2 evaluate a lowered record. */
static SPF_result_t
interpret(struct check *c, SPF_request_t *request, SPF_response_t *response, const char *lowered)
{
	SPF_record_t *record = compile(c, response, lowered);

	if (record == NULL)
		return SPF_RESULT_INVALID;
	/* some client, of some domain: libspf2 needs them, but does no more than write them into
	 * texts that nobody reads; this is the client that is written fastest */
	SPF_request_set_ipv6(request, in6addr_any);
	request->cur_dom = "x";
	response->spf_record_exp = record;
	SPF_record_interpret(record, request, response, 0);
	SPF_record_free(record);
	spf_walk_end(&c->walk, SPF_response_reason(response) == SPF_REASON_MECH);
	return SPF_response_result(response);
}

/* The same, with all that it takes of libspf2. */
static SPF_result_t
evaluate(struct check *c, const struct spf *s, const char *lowered)
{
	SPF_request_t *request = SPF_request_new(&c->server);
	SPF_response_t *response = request != NULL ? SPF_response_new(request) : NULL;
	SPF_result_t result = SPF_RESULT_INVALID;

	c->layer = (SPF_dns_server_t){
		.lookup = lookup, .get_spf = get_record, .name = "postern", .hook = c
	};
	c->server = *s->server;
	c->server.resolver = &c->layer;
	c->spare = SPF_dns_rr_new_init(&c->layer, NULL, ns_t_a, 0, TRY_AGAIN);
	if (response != NULL && c->spare != NULL)
		result = interpret(c, request, response, lowered);
	if (c->spare != NULL)
		SPF_dns_rr_free(c->spare);
	if (response != NULL)
		SPF_response_free(response);
	if (request != NULL)
		SPF_request_free(request);
	return result;
}

/* check_host() */
static enum spf_result
check_host(struct check *c, const struct spf *s)
{
	char lowered[SPF_LOWERED];

	spf_walk_begin(&c->walk, lowered);
	return result_of(
	    &c->walk.inquiry, c->walk.inquiry.over ? SPF_RESULT_INVALID : evaluate(c, s, lowered));
}

/* Keep a text of an answer; absent if it is empty. */
static struct slice
keep(struct arena *a, char *text)
{
	return text[0] != '\0' ? arena_slice(a, spf_printable(text, strlen(text))) : SLICE_ABSENT;
}

/* Fill in the answer. If there is no memory for its words, it isn't told either. */
static void
answer(const struct inquiry *q, enum spf_result result, struct spf_words *w, struct arena *a,
    struct spf_answer *out)
{
	out->result = result;
	out->why = keep(a, w->why);
	out->explanation = keep(a, w->explanation);
	out->mechanism = keep(a, w->mechanism);
	if (out->why.p == NULL) {
		out->result = SPF_TEMPERROR;
		out->why = SLICE("no memory is left");
	}
	out->reason = out->explanation.p != NULL ? out->explanation : out->why;
	out->lookups = q->lookups;
	out->voids = q->voids;
	out->queries = q->queries;
}

void
spf_check(struct spf *s, const struct spf_query *q, const struct spf_trace *trace, struct arena *a,
    struct spf_answer *out)
{
	struct check c = { .walk = { .arena = a, .known_name = SLICE_ABSENT } };
	struct spf_walk *w = &c.walk;
	struct spf_words words;
	struct arena_mark mark;
	enum spf_result result;

	*out = (struct spf_answer){ 0 };
	if (!spf_identify(q, s->config.receiver, a, &w->macros, out))
		return;
	w->macros.now = time(NULL);
	w->inquiry.resolver = s->config.resolver;
	w->inquiry.trace = trace;
	w->inquiry.deadline = clock_us() + s->config.timeout_ms * 1000ull;
	if (q->deadline != 0 && q->deadline < w->inquiry.deadline)
		w->inquiry.deadline = q->deadline;
	mark = arena_mark(a);
	result = check_host(&c, s);
	spf_words(w, result, &words);
	arena_release(a, mark);
	answer(&w->inquiry, result, &words, a, out);
}

struct spf *
spf_new(const struct spf_config *c)
{
	struct spf *s = calloc(1, sizeof(*s));
	SPF_response_t *response = NULL;
	bool good;

	if (s == NULL)
		return NULL;
	/* libspf2 would write to stderr */
	SPF_warning_handler = NULL;
	SPF_info_handler = NULL;
	SPF_debug_handler = NULL;
	s->config = *c;
	if (s->config.timeout_ms == 0)
		s->config.timeout_ms = LIMIT_SPF_MS;
	s->server = SPF_server_new_dns(NULL, 0);
	/* it explains each result to itself: in few words */
	good = s->server != NULL && SPF_server_set_rec_dom(s->server, "x") == SPF_E_SUCCESS &&
	    SPF_server_set_explanation(s->server, "", &response) == SPF_E_SUCCESS &&
	    SPF_server_set_max_dns_mech(s->server, SPF_ALL_STEPS) == SPF_E_SUCCESS;
	if (response != NULL)
		SPF_response_free(response);
	if (good)
		return s;
	spf_free(s);
	return NULL;
}

void
spf_free(struct spf *s)
{
	if (s == NULL)
		return;
	if (s->server != NULL)
		SPF_server_free(s->server);
	free(s);
}

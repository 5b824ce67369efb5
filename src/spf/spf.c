/*
 * spf.c - SPF through libspf2
 *
 * libspf2 compiles and evaluates records; what surrounds that is done here, because it trusts what
 * a sender publishes more than it should:
 *
 * - Each check has a DNS layer of its own, on the stack, below a copy of the one configured server
 *   (libspf2 only reads the server while it checks). So lookups and time of a check are counted
 *   without any state that threads share, the time is kept while an answer is awaited, and a
 *   failure's cause can be told.
 * - A record or explanation with many macros overruns libspf2's buffers (CVE-2023-42118), so it
 *   gets only short terms with few macros, which cannot fill them.
 * - libspf2 would look up an explanation for each result but pass, in includes too, and turn its
 *   blanks into `%`. The hook get_exp leaves it at the name; the text is fetched once, for a fail.
 * - SPF_request_query_mailfrom() passes any mail from 127.0.0.1, so its two halves are called.
 */
#include "spf/spf.h"

#include "base/clock.h"
#include "base/limits.h"
#include "dns/name.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <spf2/spf.h>
#include <spf2/spf_dns_rr.h>
#include <spf2/spf_record.h>

struct spf {
	SPF_server_t *server; /* configured, then only read */
	struct resolver *resolver;
};

struct check {
	const struct spf *spf;
	SPF_server_t server; /* spf->server with the layer as its resolver */
	SPF_dns_server_t layer;
	SPF_request_t *request;
	SPF_response_t *response;
	uint64_t deadline; /* of clock_us() */
	unsigned lookups;
	char failed[LIMIT_DNS_NAME + 1];    /* the last name whose lookup failed */
	char explained[LIMIT_DNS_NAME + 1]; /* the domain whose record names the explanation */
	char trouble[LIMIT_SPF_REASON + 1]; /* why there is no record to evaluate */
};

/* Who is checked, as C strings; and where the answer goes. */
struct question_of {
	const struct ip *client;
	char client_text[IP_TEXT];
	const char *helo, *domain;
	const char *local; /* empty: the HELO identity */
	struct arena *arena;
	struct spf_answer *out;
};

const char *
spf_result_name(enum spf_result r)
{
	static const char *const names[] = { [SPF_NONE] = "none",
		[SPF_NEUTRAL] = "neutral",
		[SPF_PASS] = "pass",
		[SPF_FAIL] = "fail",
		[SPF_SOFTFAIL] = "softfail",
		[SPF_TEMPERROR] = "temperror",
		[SPF_PERMERROR] = "permerror" };

	return names[r];
}

/* ---- the DNS layer ---- */

/* True if a name fits into a DNS question. libspf2 hands down what macros expanded to; libresolv
 * would take a backslash for the start of an escape. */
static bool
can_be_asked(const char *name)
{
	return name_check(slice_str(name), NULL) == NAME_OK && strchr(name, '\\') == NULL;
}

/* What a failure is for libspf2. */
static int
herrno_of(enum dns_status answer)
{
	switch (answer) {
	case DNS_DATA:
		return NETDB_SUCCESS;
	case DNS_NODATA:
		return NO_DATA;
	case DNS_NXDOMAIN:
		return HOST_NOT_FOUND;
	case DNS_FAILED:
		break;
	}
	return TRY_AGAIN;
}

/* Give n records to libspf2. NULL on lack of memory. */
static SPF_dns_rr_t *
hand_over(
    SPF_dns_server_t *layer, const char *name, ns_type type, const struct dns_record *v, size_t n)
{
	SPF_dns_rr_t *rr = SPF_dns_rr_new_init(layer, name, type, 0, NETDB_SUCCESS);

	for (size_t i = 0; rr != NULL && i < n; i++) {
		if (SPF_dns_rr_buf_realloc(rr, (int)i, v[i].data.n + 1) != SPF_E_SUCCESS) {
			SPF_dns_rr_free(rr);
			return NULL;
		}
		char *to = (char *)rr->rr[i];

		memcpy(to, v[i].data.p, v[i].data.n);
		to[v[i].data.n] = '\0';
		rr->num_rr++;
	}
	return rr;
}

/* Ask. */
static SPF_dns_rr_t *
ask(struct check *c, const char *name, ns_type type)
{
	struct question q = { .name = slice_str(name), .type = (enum dns_type)type };
	SPF_dns_rr_t *rr;

	resolver_start(c->spf->resolver, &q);
	resolver_wait(c->spf->resolver, &q, c->deadline);
	if (q.answer.status == DNS_DATA)
		rr = hand_over(&c->layer, name, type, q.answer.v, q.answer.n);
	else
		rr = SPF_dns_rr_new_init(&c->layer, name, type, 0, herrno_of(q.answer.status));
	resolver_end(c->spf->resolver, &q);
	return rr;
}

/* SPF_dns_lookup_t: every question of a check comes through here. */
static SPF_dns_rr_t *
lookup(SPF_dns_server_t *layer, const char *name, ns_type type, int should_cache)
{
	struct check *c = layer->hook;
	SPF_dns_rr_t *rr = NULL;

	(void)should_cache;
	if (!can_be_asked(name))
		return SPF_dns_rr_new_init(layer, name, type, 0, HOST_NOT_FOUND);
	if (++c->lookups <= LIMIT_SPF_LOOKUPS && clock_us() < c->deadline)
		rr = ask(c, name, type);
	if (rr == NULL)
		rr = SPF_dns_rr_new_init(layer, name, type, 0, TRY_AGAIN);
	/* no memory: libspf2 aborts, as it does for its own */
	if (rr != NULL && rr->herrno == TRY_AGAIN)
		snprintf(c->failed, sizeof(c->failed), "%s", name);
	return rr;
}

/* True if libspf2 can take a term (or an explanation, which it handles like one). */
static bool
is_harmless(const char *p, size_t n)
{
	size_t macros = 0;

	for (size_t i = 0; i < n; i++)
		macros += p[i] == '%';
	return n <= LIMIT_SPF_TERM && macros <= LIMIT_SPF_MACROS;
}

/* Keep in mind why domain, which the checked domain may have included, has no record to evaluate.
 * Returns err. */
static SPF_errcode_t __attribute__((format(printf, 4, 5)))
trouble(struct check *c, SPF_errcode_t err, const char *domain, const char *fmt, ...)
{
	const char *checked = c->request->env_from_dp;
	char what[LIMIT_SPF_REASON / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (slice_eq_nocase(slice_str(checked), slice_str(domain)))
		snprintf(c->trouble, sizeof(c->trouble), "%s %s", domain, what);
	else
		snprintf(c->trouble, sizeof(c->trouble), "%s: %s %s", checked, domain, what);
	return err;
}

/* True if text is an SPF record (RFC 7208 4.5). */
static bool
is_record(const char *text)
{
	struct slice version = SLICE("v=spf1");

	return slice_eq_nocase(slice_of(text, strnlen(text, version.n)), version) &&
	    (text[version.n] == ' ' || text[version.n] == '\0');
}

/* Compile a record that the current domain publishes, if that is safe. */
static SPF_errcode_t
compile(struct check *c, const char *domain, const char *text, SPF_record_t **record,
    SPF_response_t *response)
{
	struct slice rest = slice_str(text), term;
	SPF_errcode_t err;

	if (rest.n > LIMIT_SPF_RECORD)
		return trouble(c, SPF_E_BIG_STRING, domain, "has too long an SPF record");
	while (rest.p != NULL) {
		term = slice_cut(rest, ' ', &rest);
		if (!is_harmless(term.p, term.n))
			return trouble(c, SPF_E_BIG_STRING, domain,
			    "has an SPF record with too long a term or too many macros");
	}
	err = SPF_record_compile(&c->server, response, record, text);
	if (err == SPF_E_SUCCESS)
		return err;
	for (int i = 0; i < SPF_response_messages(response); i++) {
		SPF_error_t *e = SPF_response_message(response, i);

		if (SPF_error_errorp(e))
			return trouble(c, SPF_E_SYNTAX, domain, "has a wrong SPF record: %s",
			    SPF_error_message(e));
	}
	return trouble(c, SPF_E_SYNTAX, domain, "has a wrong SPF record");
}

/* SPF_dns_get_spf_t: get and compile the record of the current domain (RFC 7208 4.4 to 4.6). */
static SPF_errcode_t
get_record(
    SPF_server_t *server, SPF_request_t *request, SPF_response_t *response, SPF_record_t **record)
{
	struct check *c = server->resolver->hook;
	const char *domain = request->cur_dom;
	SPF_dns_rr_t *rr = SPF_dns_lookup(&c->layer, domain, ns_t_txt, 0);
	SPF_errcode_t err;
	int found = 0, at = 0;

	*record = NULL;
	for (int i = 0; i < rr->num_rr; i++)
		if (is_record(rr->rr[i]->txt)) {
			found++;
			at = i;
		}
	if (rr->herrno == TRY_AGAIN)
		err = SPF_E_DNS_ERROR;
	else if (rr->herrno == HOST_NOT_FOUND)
		err = trouble(c, SPF_E_NOT_SPF, domain, "does not exist");
	else if (found == 0)
		err = trouble(c, SPF_E_NOT_SPF, domain, "has no SPF record");
	else if (found > 1)
		err = trouble(c, SPF_E_MULTIPLE_RECORDS, domain, "has several SPF records");
	else
		err = compile(c, domain, rr->rr[at]->txt, record, response);
	SPF_dns_rr_free(rr);
	return err;
}

/* SPF_dns_get_exp_t: leave the name of the explanation as its text, and remember whose it is. */
static SPF_errcode_t
get_explanation_name(SPF_server_t *server, const char *name, char **text, size_t *size)
{
	struct check *c = server->resolver->hook;

	(void)name; /* the same as *text */
	(void)text;
	(void)size;
	snprintf(c->explained, sizeof(c->explained), "%s", c->request->cur_dom);
	return SPF_E_SUCCESS;
}

/* ---- one check ---- */

/* Fill in the answer: result and a reason that is one line of printable ASCII. */
static void __attribute__((format(printf, 3, 4)))
answer(const struct question_of *q, enum spf_result result, const char *fmt, ...)
{
	char text[LIMIT_SPF_REASON + 1];
	struct slice reason;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (char *p = text; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	reason = arena_slice(q->arena, slice_trim(slice_str(text)));
	q->out->result = result;
	q->out->reason = reason.p != NULL ? reason : SLICE("no memory is left");
}

/* Expand the explanation in text, which the DNS holds (RFC 7208 6.2). Returns libspf2's memory, or
 * NULL if it is no explanation. */
static char *
expand_explanation(struct check *c, const char *text)
{
	char source[2 * LIMIT_SPF_TERM + 1], *out = NULL;
	SPF_macro_t *macro = NULL;
	size_t n = 0, size = 0;
	SPF_errcode_t err;

	if (!is_harmless(text, strlen(text)))
		return NULL;
	for (; *text != '\0'; text++) {
		if (*text == ' ')
			source[n++] = '%';
		source[n++] = *text == ' ' ? '_' : *text;
	}
	source[n] = '\0';
	err = SPF_record_compile_macro(&c->server, c->response, &macro, source);
	if (err == SPF_E_SUCCESS)
		err = SPF_record_expand_data(&c->server, c->request, c->response,
		    (SPF_data_t *)(macro + 1), macro->macro_len, &out, &size);
	if (macro != NULL)
		SPF_macro_free(macro);
	if (err != SPF_E_SUCCESS || slice_trim(slice_str(out)).n == 0) {
		free(out);
		return NULL;
	}
	return out;
}

/* Answer fail, with the domain's explanation if it has one. */
static void
answer_fail(struct check *c, const struct question_of *q)
{
	const char *name = SPF_response_get_explanation(c->response);
	char *text = NULL;

	if (name != NULL && name[0] != '\0') {
		SPF_dns_rr_t *rr = SPF_dns_lookup(&c->layer, name, ns_t_txt, 0);

		c->request->cur_dom = c->explained;
		if (rr->num_rr == 1)
			text = expand_explanation(c, rr->rr[0]->txt);
		SPF_dns_rr_free(rr);
	}
	if (text != NULL)
		answer(q, SPF_FAIL, "%s", text);
	else
		answer(q, SPF_FAIL, "%s does not allow %s to send its mail", q->domain,
		    q->client_text);
	free(text);
}

/* Answer permerror: err is why the evaluation ended. */
static void
answer_permerror(const struct check *c, const struct question_of *q, SPF_errcode_t err)
{
	if (c->lookups > LIMIT_SPF_LOOKUPS || err == SPF_E_BIG_DNS)
		answer(q, SPF_PERMERROR, "%s has an SPF record that takes too many DNS lookups",
		    q->domain);
	else if (err == SPF_E_RECURSIVE)
		answer(q, SPF_PERMERROR, "%s has an SPF record that includes itself", q->domain);
	else if (c->trouble[0] != '\0')
		answer(q, SPF_PERMERROR, "%s", c->trouble);
	else
		answer(q, SPF_PERMERROR, "%s has a wrong SPF record: %s", q->domain,
		    SPF_strerror(err));
}

/* Evaluate the domain's record and answer. */
static void
evaluate(struct check *c, const struct question_of *q)
{
	SPF_record_t *record = NULL;
	SPF_result_t result;
	SPF_errcode_t err;

	c->request->cur_dom = c->request->env_from_dp;
	err = get_record(&c->server, c->request, c->response, &record);
	if (err == SPF_E_SUCCESS) {
		c->response->spf_record_exp = record;
		err = SPF_record_interpret(record, c->request, c->response, 0);
		result = SPF_response_result(c->response);
	} else if (err == SPF_E_DNS_ERROR)
		result = SPF_RESULT_TEMPERROR;
	else
		result = err == SPF_E_NOT_SPF ? SPF_RESULT_NONE : SPF_RESULT_PERMERROR;
	if (record != NULL)
		SPF_record_free(record);
	if (c->lookups > LIMIT_SPF_LOOKUPS)
		result = SPF_RESULT_PERMERROR;
	switch (result) {
	case SPF_RESULT_NONE:
		answer(q, SPF_NONE, "%s", c->trouble);
		break;
	case SPF_RESULT_PASS:
		answer(q, SPF_PASS, "%s allows %s to send its mail", q->domain, q->client_text);
		break;
	case SPF_RESULT_NEUTRAL:
		answer(q, SPF_NEUTRAL, "%s does not say whether %s may send its mail", q->domain,
		    q->client_text);
		break;
	case SPF_RESULT_SOFTFAIL:
		answer(q, SPF_SOFTFAIL, "%s does not expect %s to send its mail", q->domain,
		    q->client_text);
		break;
	case SPF_RESULT_FAIL:
		answer_fail(c, q);
		break;
	case SPF_RESULT_TEMPERROR:
		answer(q, SPF_TEMPERROR, "%s: DNS lookup of %s failed", q->domain,
		    c->failed[0] != '\0' ? c->failed : q->domain);
		break;
	case SPF_RESULT_PERMERROR:
	case SPF_RESULT_INVALID:
		answer_permerror(c, q, err);
		break;
	}
}

/* Make libspf2's request. NULL on lack of memory. */
static SPF_request_t *
new_request(struct check *c, const struct question_of *q)
{
	SPF_request_t *request = SPF_request_new(&c->server);
	struct in6_addr ip6;
	struct in_addr ip4;
	bool good;

	if (request == NULL)
		return NULL;
	if (q->client->family == 4) {
		memcpy(&ip4, q->client->b, sizeof(ip4));
		SPF_request_set_ipv4(request, ip4);
	} else {
		memcpy(&ip6, q->client->b, sizeof(ip6));
		SPF_request_set_ipv6(request, ip6);
	}
	good = SPF_request_set_helo_dom(request, q->helo) == SPF_E_SUCCESS;
	if (good && q->local[0] != '\0') {
		const char *from = arena_printf(q->arena, "%s@%s", q->local, q->domain).p;

		good = from != NULL && SPF_request_set_env_from(request, from) == SPF_E_SUCCESS;
	}
	if (good)
		return request;
	SPF_request_free(request);
	return NULL;
}

/* True if s can be the domain of check_host() (RFC 7208 4.3): several labels, and no address. */
static bool
is_domain(const char *s)
{
	const char *top = strrchr(s, '.');

	return top != NULL && top[1 + strspn(top + 1, "0123456789")] != '\0' && can_be_asked(s) &&
	    strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
	    strlen(s);
}

/* check_host(): answer the question. */
static void
check(const struct spf *s, struct question_of *q)
{
	struct check c = { .spf = s,
		.server = *s->server,
		.layer = { .lookup = lookup,
		    .get_spf = get_record,
		    .get_exp = get_explanation_name,
		    .name = "postern" },
		.deadline = clock_us() + LIMIT_SPF_MS * 1000ull };

	if (q->helo == NULL || q->local == NULL || q->domain == NULL) {
		q->out->domain = SLICE("");
		answer(q, SPF_TEMPERROR, "no memory is left");
		return;
	}
	q->out->domain = slice_str(q->domain);
	ip_format(q->client, q->client_text);
	if (!is_domain(q->domain)) {
		answer(q, SPF_NONE, "\"%s\" is not a domain name that can have an SPF record",
		    q->domain);
		return;
	}
	if (q->client->family == 0) {
		answer(q, SPF_NONE, "the client has no address that %s could allow", q->domain);
		return;
	}
	c.layer.hook = &c;
	c.server.resolver = &c.layer;
	c.request = new_request(&c, q);
	c.response = c.request != NULL ? SPF_response_new(c.request) : NULL;
	if (c.response != NULL) {
		evaluate(&c, q);
		SPF_response_free(c.response);
	} else
		answer(q, SPF_TEMPERROR, "no memory is left");
	if (c.request != NULL)
		SPF_request_free(c.request);
}

/* A C string of what a client said, in printable ASCII. NULL on lack of memory. */
static const char *
text(struct arena *a, struct slice s)
{
	char *copy = arena_alloc(a, s.n + 1);

	for (size_t i = 0; copy != NULL && i < s.n; i++)
		copy[i] = s.p[i] < ' ' || s.p[i] > '~' ? '?' : s.p[i];
	return copy;
}

static void
check_mail(const struct spf *s, const struct spf_query *k, struct arena *a, struct spf_answer *out)
{
	struct slice sender = k->sender, helo = k->helo;
	const char *at = sender.n > 0 ? memrchr(sender.p, '@', sender.n) : NULL;
	struct slice local = at != NULL ? slice_of(sender.p, (size_t)(at - sender.p)) : SLICE("");
	struct slice domain = sender.n > 0 ? sender : helo;

	if (at != NULL)
		domain = slice_of(at + 1, sender.n - local.n - 1);
	/* RFC 7208 2.4 and 4.3 */
	if (local.n == 0)
		local = SLICE("postmaster");
	check(s,
	    &(struct question_of){ .client = k->client,
		.helo = text(a, helo.n > 0 ? helo : SLICE("unknown")),
		.local = text(a, local),
		.domain = text(a, name_trim(domain)),
		.arena = a,
		.out = out });
}

static void
check_helo(const struct spf *s, const struct spf_query *k, struct arena *a, struct spf_answer *out)
{
	const char *domain = text(a, name_trim(k->helo));

	check(s,
	    &(struct question_of){ .client = k->client,
		.helo = domain,
		.local = "",
		.domain = domain,
		.arena = a,
		.out = out });
}

void
spf_check(struct spf *s, const struct spf_query *q, const struct spf_trace *trace, struct arena *a,
    struct spf_answer *out)
{
	(void)trace;
	*out = (struct spf_answer){ 0 };
	if (q->identity == SPF_HELO)
		check_helo(s, q, a, out);
	else
		check_mail(s, q, a, out);
	out->why = out->reason;
}

struct spf *
spf_new(const struct spf_config *c)
{
	struct spf *s = calloc(1, sizeof(*s));
	SPF_response_t *response = NULL;
	bool good;

	if (s == NULL)
		return NULL;
	/* What libspf2 has to say would go to stderr, and a DNS server could make it say much. */
	SPF_warning_handler = NULL;
	SPF_info_handler = NULL;
	SPF_debug_handler = NULL;
	s->resolver = c->resolver;
	s->server = SPF_server_new_dns(NULL, 0);
	/* An empty explanation of its own: so that the domain's can be told from it. */
	good = s->server != NULL &&
	    SPF_server_set_rec_dom(s->server, c->receiver) == SPF_E_SUCCESS &&
	    SPF_server_set_explanation(s->server, "", &response) == SPF_E_SUCCESS;
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

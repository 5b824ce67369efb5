/*
 * lookups.c - what a session learns by asking others: SPF, and lists in the DNS
 *
 * Questions to lists are put first and awaited last, with the SPF checks between them, so that all
 * run side by side. What a list says lives as long as the fact that it was asked about.
 */
#include "base/clock.h"
#include "base/limits.h"
#include "dns/dnsbl.h"
#include "session/facts.h"
#include "session/received.h"

/* The questions to one list that are under way. */
struct inquiry {
	struct question *v;
	size_t n;
	bool cut;
	bool many; /* more there would be to ask */
};

void
session_begin_answer(struct session *s)
{
	unsigned ms = s->env->answer_ms != 0 ? s->env->answer_ms : LIMIT_SPF_MS;

	s->answer_by = clock_us() + ms * 1000ull;
}

uint64_t
session_not_yet(const struct session *s, enum stage at)
{
	return s->relayed && at < STAGE_HEADERS ? LOOKUP_SPF | LOOKUP_SPF_HELO : 0;
}

/* When a list must have answered. SPF asks servers of the sender's choice, which may take all the
 * time that it has: lists have some more. */
static uint64_t
deadline(const struct session *s)
{
	unsigned ms = s->env->dns_ms != 0 ? s->env->dns_ms : LIMIT_DNS_MS;
	uint64_t own = clock_us() + ms * 1000ull;
	uint64_t all = s->answer_by + LIMIT_DNSBL_SPARE_MS * 1000ull;

	return s->answer_by != 0 && all < own ? all : own;
}

/* ---- lists ---- */

/* Memory that lives as long as a fact. */
static struct arena *
arena_of(struct session *s, enum life life)
{
	return life == LIFE_CONNECTION ? &s->connection
	    : life == LIFE_HELO	       ? &s->greeting
				       : &s->message;
}

/* Ask a list about each value of its fact. */
static void
start(struct session *s, const struct dnsbl_ask *ask, struct inquiry *out)
{
	struct values values;
	struct slice name;
	bool memory;

	fact_get(s, ask->of, &values);
	out->cut = values.cut;
	out->many = values.n > LIMIT_DNSBL_NAMES;
	if (out->many)
		values.n = LIMIT_DNSBL_NAMES;
	out->v = arena_alloc(&s->scratch, (values.n + 1) * sizeof(*out->v));
	if (out->v == NULL) {
		out->cut = true;
		return;
	}
	for (size_t i = 0; i < values.n; i++) {
		name = dnsbl_name(ask->list, values.v[i].text, arena_of(s, ask->of->life), &memory);
		out->cut |= memory;
		if (name.p == NULL)
			continue;
		out->v[out->n] = (struct question){ .name = name, .type = DNS_A };
		resolver_start(s->env->resolver, &out->v[out->n++]);
	}
}

/* Keep the answers to one question. */
static void
keep(const struct question *q, struct arena *a, struct listings *out)
{
	struct listing *v;

	if (q->answer.status != DNS_DATA)
		return;
	v = arena_alloc(a, (out->n + q->answer.n) * sizeof(*v));
	if (v == NULL) {
		out->cut = true;
		return;
	}
	if (out->n > 0)
		memcpy(v, out->v, out->n * sizeof(*v));
	out->v = v;
	for (size_t i = 0; i < q->answer.n; i++) {
		struct ip ip = { .family = 4 };

		if (!dnsbl_is_listing(&q->answer.v[i]))
			continue;
		if (out->n == LIMIT_DNSBL_ANSWERS) {
			out->cut = true;
			return;
		}
		memcpy(ip.b, q->answer.v[i].data.p, 4);
		v[out->n++] = (struct listing){ q->name, ip };
	}
}

/* Wait for a list's answers. */
static void
finish(struct session *s, const struct dnsbl_ask *ask, struct inquiry *in, struct listings *out)
{
	uint64_t by = deadline(s);

	*out = (struct listings){ .cut = in->cut,
		.why = in->many ? "there were more names than a list is asked about" : NULL };
	for (size_t i = 0; i < in->n; i++) {
		const char *why;

		resolver_wait(s->env->resolver, &in->v[i], by);
		why = dnsbl_judge(ask->list, &in->v[i].answer, s->env->quiet);
		if (why != NULL)
			out->why = why;
		keep(&in->v[i], arena_of(s, ask->of->life), out);
		resolver_end(s->env->resolver, &in->v[i]);
	}
}

struct slice
session_listing_text(struct session *s, const struct listing *l)
{
	struct question q = { .name = l->name, .type = DNS_TXT };
	struct slice text = SLICE_ABSENT;

	resolver_ask(s->env->resolver, &q, deadline(s));
	if (q.answer.status == DNS_DATA)
		text = arena_slice(&s->scratch, slice_trim(q.answer.v[0].data));
	resolver_end(s->env->resolver, &q);
	return text.n > 0 ? text : SLICE_ABSENT;
}

/* ---- SPF ---- */

/* An answer for who can't be checked. */
static struct spf_answer
unchecked(const char *why)
{
	struct slice text = slice_str(why);

	return (struct spf_answer){ .domain = SLICE(""), .reason = text, .why = text };
}

/* Check one identity. */
static void
check(struct session *s, enum spf_identity identity, struct arena *a, struct spf_answer *out)
{
	bool null_sender = s->sender.p == NULL || slice_eq(s->sender, SLICE("<>"));
	struct ip client = s->client;
	struct spf_query q = { .identity = identity,
		.client = &client,
		.helo = s->helo.p != NULL ? s->helo : SLICE(""),
		.sender = null_sender ? SLICE("") : s->sender,
		.deadline = s->answer_by };
	const char *why = "SPF is not checked";

	*out = unchecked(why);
	if (s->env->spf == NULL || s->client.family == 0)
		return;
	if (s->local) {
		/* the address is the MTA's invention: no record of our own senders names it */
		*out = unchecked("no SMTP client has sent the message");
		return;
	}
	if (s->relayed && !received_client(s, s->env->relays, &client, &q.helo, &why)) {
		*out = unchecked(why);
		return;
	}
	spf_check(s->env->spf, &q, NULL, a, out);
}

/* ---- all of them ---- */

/* Make room for what lists say. */
static bool
need_listings(struct session *s)
{
	if (s->listings == NULL)
		s->listings = arena_alloc(&s->connection, s->env->ndnsbls * sizeof(*s->listings));
	return s->listings != NULL;
}

void
session_look_up(struct session *s, uint64_t lookups)
{
	uint64_t wanted = lookups & ~s->looked_up;
	struct arena_mark mark = arena_mark(&s->scratch);
	struct inquiry *asked = NULL;
	bool lists = wanted >= LOOKUP_DNSBL(0) && s->env->resolver != NULL && need_listings(s);

	if (lists)
		asked = arena_alloc(&s->scratch, s->env->ndnsbls * sizeof(*asked));
	for (size_t i = 0; asked != NULL && i < s->env->ndnsbls; i++)
		if (wanted & LOOKUP_DNSBL(i))
			start(s, &s->env->dnsbls[i], &asked[i]);
	if (wanted & LOOKUP_SPF)
		check(s, SPF_MAIL_FROM, &s->message, &s->spf);
	if (wanted & LOOKUP_SPF_HELO)
		check(s, SPF_HELO, s->relayed ? &s->message : &s->greeting, &s->spf_helo);
	for (size_t i = 0; lists && i < s->env->ndnsbls; i++) {
		if (!(wanted & LOOKUP_DNSBL(i)))
			continue;
		if (asked != NULL)
			finish(s, &s->env->dnsbls[i], &asked[i], &s->listings[i]);
		else
			s->listings[i] = (struct listings){ .cut = true };
	}
	s->looked_up |= wanted;
	arena_release(&s->scratch, mark);
}

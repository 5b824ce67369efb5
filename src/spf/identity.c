/*
 * identity.c - whom a check is about
 */
#include "spf/identity.h"

#include "dns/name.h"
#include "spf/inquiry.h"

static const struct slice no_memory = { "no memory is left", 17 };

/* Give the answer that needs no record. Returns false. */
static bool
answer(struct spf_answer *out, enum spf_result result, struct slice why)
{
	if (why.p == NULL) {
		result = SPF_TEMPERROR;
		why = no_memory;
	}
	out->result = result;
	out->why = out->reason = why;
	return false;
}

/* True if s can be the domain of check_host() (RFC 7208 4.3): several labels, and no address. */
static bool
is_domain(struct slice s)
{
	const char *dot = s.n > 0 ? memrchr(s.p, '.', s.n) : NULL;
	bool number = true;

	if (dot == NULL || name_check(s, NULL) != NAME_OK)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = ascii_lower((unsigned char)s.p[i]);
		bool digit = c >= '0' && c <= '9';

		if ((c < 'a' || c > 'z') && !digit && c != '-' && c != '_' && c != '.')
			return false;
		if (s.p + i > dot && !digit)
			number = false;
	}
	return !number;
}

/* Join local part and domain, either of which may hold any byte. */
static struct slice
join(struct slice local, struct slice domain, struct arena *a)
{
	char *p = arena_alloc(a, local.n + domain.n + 2);

	if (p == NULL)
		return SLICE_ABSENT;
	memcpy(p, local.p, local.n);
	p[local.n] = '@';
	memcpy(p + local.n + 1, domain.p, domain.n);
	return slice_of(p, local.n + 1 + domain.n);
}

/* Find local part and domain of whom the query is about. */
static void
take_apart(const struct spf_query *q, struct slice *local, struct slice *domain)
{
	const char *at = NULL;

	*local = SLICE("");
	*domain = q->helo.p != NULL ? q->helo : SLICE("");
	if (q->identity == SPF_MAIL_FROM && q->sender.n > 0) {
		at = memrchr(q->sender.p, '@', q->sender.n);
		*domain = q->sender;
	}
	if (at != NULL) {
		*local = slice_of(q->sender.p, (size_t)(at - q->sender.p));
		*domain = slice_of(at + 1, q->sender.n - local->n - 1);
	}
	if (local->n == 0)
		*local = SLICE("postmaster"); /* RFC 7208 2.4 and 4.3 */
}

bool
spf_identify(const struct spf_query *q, const char *receiver, struct arena *a, struct spf_macros *m,
    struct spf_answer *out)
{
	struct slice local, domain;
	char *shown;

	take_apart(q, &local, &domain);
	/* RFC 7208 4.3 */
	domain = arena_slice(a, name_to_ascii(name_trim(domain), a));
	shown = domain.p != NULL ? arena_alloc(a, domain.n + 1) : NULL;
	out->domain = SLICE("");
	if (shown == NULL)
		return answer(out, SPF_TEMPERROR, no_memory);
	memcpy(shown, domain.p, domain.n);
	out->domain = spf_printable(shown, domain.n);
	if (!is_domain(domain))
		return answer(out, SPF_NONE,
		    arena_printf(a, "\"%.*s\" is not a domain name that can have an SPF record",
			domain.n < 300 ? (int)domain.n : 300, shown));
	if (q->client == NULL || q->client->family == 0)
		return answer(out, SPF_NONE,
		    arena_printf(a, "the client has no address that %s could allow", shown));
	*m = (struct spf_macros){ .client = q->client,
		.local = local,
		.domain = domain,
		.sender = join(local, domain, a),
		.helo = q->helo.n > 0 ? q->helo : SLICE("unknown"),
		.receiver = receiver != NULL ? slice_str(receiver) : SLICE("unknown") };
	return m->sender.p != NULL || answer(out, SPF_TEMPERROR, no_memory);
}

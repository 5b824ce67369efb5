/*
 * term.c - what a mechanism means for a client
 *
 * The addresses of several hosts are asked for side by side.
 */
#include "spf/term.h"

#include "dns/name.h"

/* Host names whose addresses are wanted. */
struct hosts {
	struct slice name[LIMIT_SPF_HOSTS];
	size_t n;
};

void
spf_term_target(
    struct inquiry *q, const struct spf_macros *m, const struct spf_term *t, struct spf_target *out)
{
	if (t->domain.p == NULL) {
		out->name = m->current;
		return;
	}
	out->name = spf_macro_name(t->domain, m, out->room);
	if (memchr(t->domain.p, '%', t->domain.n) != NULL)
		inquiry_tell(q, "  %.*s is %.*s", SLICE_ARG(t->domain), SLICE_ARG(out->name));
}

bool
spf_term_includes(const struct spf_term *t, const struct ip *client)
{
	return t->type == SPF_ALL || spf_same_network(client, &t->network.ip, t->network.prefix);
}

/* The type of a client's addresses. */
static enum dns_type
address_type(const struct ip *client)
{
	return client->family == 4 ? DNS_A : DNS_AAAA;
}

/* True if one of the addresses in an answer is in the client's network. */
static bool
is_among(const struct dns_answer *a, const struct ip *client, unsigned prefix)
{
	struct ip ip = { .family = client->family };

	for (size_t i = 0; i < a->n; i++) {
		memcpy(ip.b, a->v[i].data.p, ip.family == 4 ? 4 : 16);
		if (spf_same_network(client, &ip, prefix))
			return true;
	}
	return false;
}

/* Ask for the one thing that a term is about. False: it isn't there, which is counted, or the
 * answer didn't come. q must be ended if true. */
static bool
look_up(struct inquiry *q, const struct spf_term *t, struct slice name, enum dns_type type,
    struct question *question)
{
	enum dns_status status;

	if (name.p == NULL || name_check(name, NULL) != NAME_OK)
		return false; /* not asked, so nothing was found missing */
	status = inquiry_ask(q, question, name, type);
	if (status == DNS_DATA)
		return true;
	if (status != DNS_FAILED)
		inquiry_void(q, t->text);
	else if (t->type != SPF_PTR) /* RFC 7208 5.5 */
		inquiry_failed(q, question);
	inquiry_end(q, question);
	return false;
}

/* Find the first host that has an address in the client's network: its index, or hosts->n. If the
 * addresses of one can't be had and no other is it, that is trouble if all are `needed`. */
static size_t
find_host(struct inquiry *q, const struct hosts *hosts, const struct ip *client, unsigned prefix,
    bool needed)
{
	struct question question[LIMIT_SPF_HOSTS];
	const struct question *failed = NULL;
	size_t found = hosts->n;

	for (size_t i = 1; i < hosts->n; i++)
		inquiry_start(q, &question[i], hosts->name[i], address_type(client));
	if (hosts->n > 0)
		inquiry_ask(q, &question[0], hosts->name[0], address_type(client));
	for (size_t i = 0; i < hosts->n && found == hosts->n; i++) {
		enum dns_status status =
		    i > 0 ? inquiry_wait(q, &question[i]) : question[i].answer.status;

		if (status == DNS_DATA && is_among(&question[i].answer, client, prefix))
			found = i;
		else if (status == DNS_FAILED && failed == NULL)
			failed = &question[i];
	}
	if (found == hosts->n && failed != NULL && needed)
		inquiry_failed(q, failed);
	for (size_t i = 0; i < hosts->n; i++)
		inquiry_end(q, &question[i]);
	return found;
}

/* Note a host name, unless there is room for no more, or it can't be one. */
static void
add_host(struct hosts *hosts, struct slice name)
{
	if (hosts->n < LIMIT_SPF_HOSTS && name_check(name, NULL) == NAME_OK)
		hosts->name[hosts->n++] = name;
}

static bool
match_a(struct inquiry *q, const struct spf_term *t, struct slice name, const struct ip *client,
    unsigned prefix)
{
	struct question question;
	bool match;

	if (!look_up(q, t, name, address_type(client), &question))
		return false;
	match = is_among(&question.answer, client, prefix);
	inquiry_end(q, &question);
	return match;
}

static bool
match_mx(struct inquiry *q, const struct spf_term *t, struct slice name, const struct ip *client,
    unsigned prefix)
{
	struct hosts hosts = { .n = 0 };
	struct question question;
	bool match;

	if (!look_up(q, t, name, DNS_MX, &question))
		return false;
	if (question.answer.n > LIMIT_SPF_HOSTS)
		inquiry_trouble(q, SPF_PERMERROR,
		    "%.*s has %zu MX records, of which %d may be asked for", SLICE_ARG(name),
		    question.answer.n, LIMIT_SPF_HOSTS);
	else
		for (size_t i = 0; i < question.answer.n; i++)
			add_host(&hosts, question.answer.v[i].data);
	match = find_host(q, &hosts, client, prefix, true) < hosts.n;
	inquiry_end(q, &question);
	return match;
}

/* True if name is domain or below it. */
static bool
is_below(struct slice name, struct slice domain)
{
	size_t above;

	if (name.n <= domain.n)
		return slice_eq_nocase(name, domain);
	above = name.n - domain.n;
	return name.p[above - 1] == '.' &&
	    slice_eq_nocase(slice_of(name.p + above, domain.n), domain);
}

/* The name under which PTR records of an address are. */
static struct slice
reverse_name(const struct ip *client, char out[LIMIT_DNS_NAME + 1])
{
	struct spf_macros m = { .client = client };

	return spf_macro_name(SLICE("%{ir}.%{v}.arpa"), &m, out);
}

/* Only names that end as wanted are looked up: of the others it makes no difference whether they
 * are true. */
static bool
match_ptr(struct inquiry *q, const struct spf_term *t, struct slice name, const struct ip *client)
{
	char room[LIMIT_DNS_NAME + 1];
	struct hosts hosts = { .n = 0 };
	struct question question;
	bool match;

	if (name.p == NULL || !look_up(q, t, reverse_name(client, room), DNS_PTR, &question))
		return false;
	for (size_t i = 0; i < question.answer.n && i < LIMIT_SPF_HOSTS; i++)
		if (is_below(question.answer.v[i].data, name))
			add_host(&hosts, question.answer.v[i].data);
	match = find_host(q, &hosts, client, 128, false) < hosts.n;
	inquiry_end(q, &question);
	return match;
}

static bool
match_exists(struct inquiry *q, const struct spf_term *t, struct slice name)
{
	struct question question;

	if (!look_up(q, t, name, DNS_A, &question))
		return false;
	inquiry_end(q, &question);
	return true;
}

bool
spf_term_matches(struct inquiry *q, const struct spf_macros *m, const struct spf_term *t)
{
	unsigned prefix = m->client->family == 4 ? t->prefix4 : t->prefix6;
	struct spf_target target;

	spf_term_target(q, m, t, &target);
	if (q->over)
		return false;
	switch (t->type) {
	case SPF_A:
		return match_a(q, t, target.name, m->client, prefix);
	case SPF_MX:
		return match_mx(q, t, target.name, m->client, prefix);
	case SPF_PTR:
		return match_ptr(q, t, target.name, m->client);
	case SPF_EXISTS:
		return match_exists(q, t, target.name);
	default:
		return false;
	}
}

struct slice
spf_client_name(
    struct inquiry *q, const struct ip *client, struct slice domain, char out[LIMIT_DNS_NAME + 1])
{
	struct hosts hosts = { .n = 0 };
	struct slice name = SLICE_ABSENT;
	struct question question;
	size_t n, found;

	if (inquiry_ask(q, &question, reverse_name(client, out), DNS_PTR) == DNS_DATA) {
		const struct dns_record *v = question.answer.v;

		n = question.answer.n < LIMIT_SPF_HOSTS ? question.answer.n : LIMIT_SPF_HOSTS;
		for (size_t i = 0; i < n; i++)
			if (slice_eq_nocase(v[i].data, domain))
				add_host(&hosts, v[i].data);
		for (size_t i = 0; i < n; i++)
			if (is_below(v[i].data, domain) && v[i].data.n > domain.n)
				add_host(&hosts, v[i].data);
		for (size_t i = 0; i < n; i++)
			if (!is_below(v[i].data, domain))
				add_host(&hosts, v[i].data);
		found = find_host(q, &hosts, client, 128, false);
		if (found < hosts.n) {
			memcpy(out, hosts.name[found].p, hosts.name[found].n);
			name = slice_of(out, hosts.name[found].n);
		}
	}
	inquiry_end(q, &question);
	return name;
}

/*
 * outcome.c - what a transaction came to: verdicts, and the message as it would be delivered
 */
#include "replay/replay.h"

static bool
is_for(const struct decision *d, size_t recipient)
{
	for (size_t i = 0; i < d->nrecipients; i++)
		if (d->recipients[i] == recipient)
			return true;
	return false;
}

/* What a recipient's mail met. A class whose verdict gave way to another's met that one. */
const struct decision *
transaction_verdict(const struct program *p, const struct transaction *t, size_t recipient)
{
	const struct decision *of_all = NULL;

	if (recipient == SIZE_MAX)
		recipient = 0;
	for (size_t i = t->ndecisions; i-- > 0;) {
		const struct decision *d = &t->decisions[i];

		if (!d->obeyed && p->settings.mode != MODE_MONITOR)
			continue;
		if (is_for(d, recipient))
			return d;
		if (of_all == NULL && (d->nrecipients == 0 || d->stage > STAGE_RCPT))
			of_all = d;
	}
	return of_all;
}

static bool
is_accepted(const struct program *p, const struct transaction *t, size_t recipient)
{
	const struct decision *d = transaction_verdict(p, t, recipient);

	return d != NULL && d->action == ACT_ACCEPT;
}

/* True if the message is taken for anybody. */
static bool
is_delivered(const struct program *p, const struct transaction *t)
{
	for (size_t i = 0; i < t->nrecipients; i++)
		if (is_accepted(p, t, i))
			return true;
	return false;
}

/* Index of the which-th (from 1) header of that name; n if there is none. */
static size_t
find_header(const struct header *v, size_t n, struct slice name, unsigned which)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (slice_eq_nocase(v[i].name, name) && --which == 0)
			break;
	return i;
}

/* Do to the headers what an MTA would; v has room for one more. Returns how many there are then. */
static size_t
change_headers(struct header *v, size_t n, const struct effect *e)
{
	size_t i;

	switch (e->kind) {
	case EFFECT_ADD_HEADER:
		memmove(v + 1, v, n * sizeof(*v));
		v[0] = (struct header){ .name = e->name, .value = e->value };
		return n + 1;
	case EFFECT_SET_HEADER:
		i = find_header(v, n, e->name, 1);
		v[i] = (struct header){ .name = e->name, .value = e->value };
		return i == n ? n + 1 : n;
	case EFFECT_DELETE_HEADER:
		i = find_header(v, n, e->name, e->index);
		if (i == n)
			return n;
		memmove(v + i, v + i + 1, (n - i - 1) * sizeof(*v));
		return n - 1;
	default:
		return n;
	}
}

/* The headers of the message as it would be delivered. */
struct header *
transaction_headers(
    const struct program *p, const struct transaction *t, struct arena *a, size_t *n)
{
	struct header *v = arena_alloc(a, (t->nheaders + t->neffects + 1) * sizeof(*v));

	*n = 0;
	if (!is_delivered(p, t))
		return v;
	for (; *n < t->nheaders; ++*n) {
		v[*n] = t->headers[*n];
		v[*n].value = slice_trim(v[*n].value);
	}
	for (size_t i = 0; i < t->neffects; i++)
		*n = change_headers(v, *n, &t->effects[i]);
	return v;
}

/* An address without its brackets. */
struct slice
replay_bare(struct slice address)
{
	if (address.n >= 2 && address.p[0] == '<' && address.p[address.n - 1] == '>')
		return slice_of(address.p + 1, address.n - 2);
	return address;
}

/* True if two addresses are written alike, brackets and case left out of account. */
bool
replay_same_address(struct slice a, struct slice b)
{
	return slice_eq_nocase(replay_bare(a), replay_bare(b));
}

/* Take an address off; returns how many are left. */
static size_t
remove_address(struct slice *v, size_t n, struct slice address)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (!replay_same_address(v[i], address))
			v[kept++] = v[i];
	return kept;
}

/* The recipients that the message would be delivered to. */
struct slice *
transaction_recipients(
    const struct program *p, const struct transaction *t, struct arena *a, size_t *n)
{
	struct slice *v = arena_alloc(a, (t->nrecipients + t->neffects + 1) * sizeof(*v));

	*n = 0;
	for (size_t i = 0; i < t->nrecipients; i++)
		if (is_accepted(p, t, i))
			v[(*n)++] = t->recipients[i];
	for (size_t i = 0; i < t->neffects; i++) {
		const struct effect *e = &t->effects[i];

		if (e->kind == EFFECT_ADD_RECIPIENT)
			v[(*n)++] = e->value;
		else if (e->kind == EFFECT_DELETE_RECIPIENT)
			*n = remove_address(v, *n, e->value);
	}
	return v;
}

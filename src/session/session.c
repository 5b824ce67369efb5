/*
 * session.c - what the MTA has told of one SMTP session
 *
 * Memory follows lifetimes: one arena for the connection, one for the greeting, one for the message
 * with its recipients, so that the end of each is one reset and nothing of one message can leak
 * into the next. The body alone is a buffer of its own, since it grows in large pieces.
 */
#include "session/session.h"

#include "base/limits.h"
#include "session/facts.h"
#include "session/names.h"

#include <limits.h>

/* Shares of LIMIT_SESSION_BYTES; the rest is for what is made of a session elsewhere. */
#define CONNECTION_BYTES (LIMIT_SESSION_BYTES / 64)
#define GREETING_BYTES (LIMIT_SESSION_BYTES / 64)
#define MESSAGE_BYTES (LIMIT_SESSION_BYTES / 4)
#define DECODED_BYTES (LIMIT_SESSION_BYTES / 2)
#define SCRATCH_BYTES (LIMIT_SESSION_BYTES / 8)

/* Make an empty session. */
void
session_init(struct session *s, const struct session_env *env)
{
	*s = (struct session){ .env = env, .selected = SIZE_MAX, .size_declared = -1 };
	arena_init(&s->connection, CONNECTION_BYTES);
	arena_init(&s->greeting, GREETING_BYTES);
	arena_init(&s->message, MESSAGE_BYTES);
	arena_init(&s->decoded, DECODED_BYTES);
	arena_init(&s->scratch, SCRATCH_BYTES);
	s->body.limit = env->max_message != 0 ? env->max_message : LIMIT_MESSAGE;
}

/* Give its memory back. */
void
session_free(struct session *s)
{
	arena_free(&s->connection);
	arena_free(&s->greeting);
	arena_free(&s->message);
	arena_free(&s->decoded);
	arena_free(&s->scratch);
	buf_free(&s->body);
}

/* Forget the macros and lookups of a lifetime. */
static void
forget(struct session *s, enum life life, uint64_t lookups)
{
	for (size_t i = 0; i < s->env->ndnsbls; i++)
		if (s->env->dnsbls[i].of->life == life)
			lookups |= LOOKUP_DNSBL(i);
	s->macros[life] = NULL;
	s->macros_lost[life] = false;
	s->looked_up &= ~lookups;
}

/* Forget the message. */
void
session_end_message(struct session *s)
{
	s->in_message = s->smtputf8 = false;
	s->sender = SLICE_ABSENT;
	s->sender_cut = false;
	s->size_declared = -1;
	s->spf = (struct spf_answer){ 0 };
	s->recipients = NULL;
	s->nrecipients = s->caprecipients = s->withheld = 0;
	s->selected = SIZE_MAX;
	s->headers = NULL;
	s->nheaders = s->capheaders = s->header_bytes = 0;
	s->headers_cut = false;
	s->limits = 0;
	s->content = NULL;
	s->size = 0;
	if (s->body.cap > LIMIT_BODY_IDLE)
		buf_free(&s->body);
	else
		buf_clear(&s->body);
	forget(s, LIFE_MESSAGE, LOOKUP_SPF | (s->relayed ? LOOKUP_SPF_HELO : 0));
	arena_reset(&s->message);
	arena_reset(&s->decoded);
}

/* Forget the message and what came with HELO. */
static void
end_greeting(struct session *s)
{
	session_end_message(s);
	s->helo = SLICE_ABSENT;
	s->helo_cut = false;
	s->spf_helo = (struct spf_answer){ 0 };
	forget(s, LIFE_HELO, LOOKUP_SPF_HELO);
	arena_reset(&s->greeting);
}

/* True for a connection as Postfix's cleanup makes it for mail that sendmail(1) took: it plays a
 * client on loopback with port 0. Its MAIL will tell: it leaves the angle brackets out. */
static bool
may_be_local(const struct session *s)
{
	static const struct ip v4 = { .family = 4, .b = { 127, 0, 0, 1 } };
	static const struct ip v6 = { .family = 6, .b = { [15] = 1 } };

	return s->client_port == 0 &&
	    (s->client.family == 0 || ip_eq(&s->client, &v4) || ip_eq(&s->client, &v6));
}

/* The connection. */
void
session_connect(struct session *s, const struct ip *client, uint16_t port, struct slice name)
{
	end_greeting(s);
	forget(s, LIFE_CONNECTION, 0);
	arena_reset(&s->connection);
	s->listings = NULL;
	s->client = client != NULL ? *client : (struct ip){ 0 };
	s->client_port = port;
	s->local = may_be_local(s);
	s->relayed = s->env->relays != NULL && s->client.family != 0 &&
	    list_find_ip(s->env->relays, &s->client, NULL) == MATCH_YES;
	name = name_is_host(name) ? name : SLICE_ABSENT;
	s->client_name = name_keep(&s->connection, name, LIMIT_ADDRESS, &s->client_name_cut);
}

/* HELO or EHLO. */
void
session_helo(struct session *s, struct slice name)
{
	end_greeting(s);
	name = slice_trim(name);
	/* a name's dot at the end is no part of it; without this it would slip past rules */
	name.n -= name.n > 1 && name.p[name.n - 1] == '.';
	s->helo = name_keep(&s->greeting, name, LIMIT_ADDRESS, &s->helo_cut);
}

/* Read an ESMTP parameter of MAIL (RFC 1870, RFC 6531). */
static void
read_param(struct session *s, struct slice param)
{
	struct slice value, keyword = slice_cut(param, '=', &value);
	unsigned long long size;

	if (slice_eq_nocase(keyword, SLICE("SMTPUTF8")))
		s->smtputf8 = true;
	else if (slice_eq_nocase(keyword, SLICE("SIZE")) && slice_number(value, LLONG_MAX, &size))
		s->size_declared = (long long)size;
}

/* MAIL. */
void
session_mail(struct session *s, struct slice from, const struct slice *params, size_t nparams)
{
	struct slice mailbox = mailbox_bare(from), given = slice_trim(from);

	session_end_message(s);
	s->in_message = true;
	s->local = may_be_local(s) && (given.n == 0 || given.p[0] != '<');
	s->size = 2;
	if (mailbox.n == 0)
		s->sender = SLICE("<>");
	else
		s->sender = name_keep(&s->message, mailbox_unquoted(&s->message, mailbox),
		    LIMIT_ADDRESS, &s->sender_cut);
	for (size_t i = 0; i < nparams; i++)
		read_param(s, params[i]);
}

/* An array of the message with room for one more than n elements; NULL on lack of memory. */
static void *
grow(struct session *s, void *array, size_t n, size_t *cap, size_t element)
{
	size_t more = *cap == 0 ? 16 : *cap * 2;
	void *larger;

	if (n < *cap)
		return array;
	larger = arena_alloc(&s->message, more * element);
	if (larger == NULL)
		return NULL;
	if (n > 0)
		memcpy(larger, array, n * element);
	*cap = more;
	return larger;
}

/* RCPT. */
bool
session_rcpt(struct session *s, struct slice to)
{
	struct recipient *v, r = { 0 };

	s->selected = SIZE_MAX;
	if (s->nrecipients >= LIMIT_RECIPIENTS)
		return false;
	v = grow(s, s->recipients, s->nrecipients, &s->caprecipients, sizeof(*v));
	if (v == NULL)
		return false;
	s->recipients = v;
	r.given = arena_slice(&s->message, to);
	r.address = name_keep(
	    &s->message, mailbox_unquoted(&s->message, mailbox_bare(to)), LIMIT_ADDRESS, &r.cut);
	if (r.given.p == NULL || r.address.p == NULL)
		return false;
	s->selected = s->nrecipients++;
	s->recipients[s->selected] = r;
	return true;
}

/* Forget the last recipient. */
void
session_drop_rcpt(struct session *s)
{
	s->selected = SIZE_MAX;
	if (s->nrecipients > 0)
		s->nrecipients--;
}

/* Select a recipient. */
void
session_select(struct session *s, size_t recipient)
{
	s->selected = recipient < s->nrecipients ? recipient : SIZE_MAX;
}

/* How many line feeds of a header's folds lack their CR: each stands for two bytes on the wire. */
static size_t
bare_feeds(struct slice value)
{
	size_t n = 0;

	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] == '\n' && (i == 0 || value.p[i - 1] != '\r'))
			n++;
	return n;
}

/* Store a header; false on lack of memory. */
static bool
store_header(struct session *s, struct slice name, struct slice value)
{
	struct header *h = grow(s, s->headers, s->nheaders, &s->capheaders, sizeof(*h));
	char *line;

	if (h == NULL)
		return false;
	s->headers = h;
	line = arena_alloc(&s->message, name.n + 2 + value.n);
	if (line == NULL)
		return false;
	memcpy(line, name.p, name.n);
	memcpy(line + name.n, ": ", 2);
	memcpy(line + name.n + 2, value.p, value.n);
	h += s->nheaders++;
	h->line = slice_of(line, name.n + 2 + value.n);
	/* an old form has blanks before the colon (RFC 5322 4.5) */
	h->name = slice_trim(slice_of(line, name.n));
	h->value = slice_of(line + name.n + 2, value.n);
	return true;
}

/* No further header is kept. */
static void
cut_headers(struct session *s, enum limited why)
{
	s->headers_cut = true;
	s->limits |= why;
}

/* Keep a header, or as much of it as max-header-size has room for. */
static void
keep_header(struct session *s, struct slice name, struct slice value)
{
	const struct session_env *env = s->env;
	size_t most = env->max_headers != 0 ? env->max_headers : LIMIT_HEADERS;
	size_t bytes = env->max_header_bytes != 0 ? env->max_header_bytes : LIMIT_HEADERS_BYTES;
	size_t room = bytes - s->header_bytes;

	if (s->headers_cut)
		return;
	if (s->nheaders == most) {
		cut_headers(s, LIMITED_HEADERS);
		return;
	}
	if (name.n > room) {
		cut_headers(s, LIMITED_HEADER_SIZE);
		return;
	}
	if (value.n > room - name.n) {
		value.n = room - name.n;
		cut_headers(s, LIMITED_HEADER_SIZE);
	}
	if (store_header(s, name, value))
		s->header_bytes += name.n + value.n;
	else
		cut_headers(s, LIMITED_MEMORY);
}

/* A header. */
void
session_header(struct session *s, struct slice name, struct slice value, bool leading)
{
	s->size += name.n + 1 + value.n + bare_feeds(value) + 2;
	if (leading && value.n > 0 && value.p[0] == ' ')
		value = slice_of(value.p + 1, value.n - 1);
	else if (!leading && value.n > 0)
		s->size++; /* a blank was taken off unsaid, if there was one: nearly always */
	if (s->env->keep_headers)
		keep_header(s, name, value);
}

/* A piece of the body. */
void
session_body(struct session *s, struct slice chunk)
{
	s->size += chunk.n;
	if (s->env->keep_body)
		buf_add(&s->body, chunk);
}

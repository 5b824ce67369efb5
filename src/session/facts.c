/*
 * facts.c - the one table of what rules can ask
 *
 * A getter gives values that stand in the session, and takes scratch memory only for the array of
 * them and for the text of numbers and addresses. A value that is empty is absent: rules ask
 * whether something is there, and MTAs write "nothing" either way.
 */
#include "session/facts.h"

#include "mail/kind.h"
#include "session/names.h"

#include <limits.h>

/* ---- giving values ---- */

/* Room for n values. NULL on lack of memory, which leaves the fact cut. */
static struct value *
give(struct session *s, struct values *out, size_t n)
{
	struct value *v = arena_alloc(&s->scratch, n * sizeof(*v));

	if (v == NULL) {
		out->cut = true;
		return NULL;
	}
	out->v = v;
	out->n = n;
	return v;
}

/* Give a text, if it isn't empty. */
static void
give_text(struct session *s, struct values *out, struct slice text)
{
	struct value *v = text.n > 0 ? give(s, out, 1) : NULL;

	if (v != NULL)
		v->text = text;
}

/* Give a number. */
static void
give_number(struct session *s, struct values *out, unsigned long long number)
{
	struct slice text = arena_printf(&s->scratch, "%llu", number);
	struct value *v;

	if (text.p == NULL) {
		out->cut = true;
		return;
	}
	v = give(s, out, 1);
	if (v != NULL)
		*v = (struct value){ .text = text, .number = (long long)number };
}

/* Give an address. */
static void
give_ip(struct session *s, struct values *out, const struct ip *ip)
{
	char *text = arena_alloc(&s->scratch, IP_TEXT);
	struct value *v;

	if (text == NULL) {
		out->cut = true;
		return;
	}
	v = give(s, out, 1);
	if (v != NULL)
		*v = (struct value){ .text = slice_str(ip_format(ip, text)), .ip = *ip };
}

/* ---- macros ---- */

/* The macro that carries a fact: the first that isn't empty. */
static struct slice
carrier(const struct session *s, const struct fact_ref *ref, struct values *out)
{
	struct slice value = SLICE_ABSENT;

	for (const char *const *name = ref->fact->macros; value.n == 0 && *name != NULL; name++) {
		bool cut;

		value = session_macro_find(s, slice_str(*name), &cut);
		out->cut |= cut;
	}
	return value;
}

static void
get_macro_text(struct session *s, const struct fact_ref *ref, struct values *out)
{
	give_text(s, out, carrier(s, ref, out));
}

static void
get_macro_host(struct session *s, const struct fact_ref *ref, struct values *out)
{
	struct slice name = carrier(s, ref, out);

	if (name_is_host(name))
		give_text(s, out, name);
}

/* Ports and key lengths: 0 stands for none. */
static void
get_macro_number(struct session *s, const struct fact_ref *ref, struct values *out)
{
	unsigned long long number;

	if (slice_number(carrier(s, ref, out), LLONG_MAX, &number) && number > 0)
		give_number(s, out, number);
}

/* 0.0.0.0 and :: stand for all addresses: where a daemon listens, but never whom a client has
 * reached. */
static void
get_macro_ip(struct session *s, const struct fact_ref *ref, struct values *out)
{
	static const unsigned char all[sizeof(((struct ip *)NULL)->b)];
	struct slice text = carrier(s, ref, out);
	struct ip ip;

	if (text.n > 0 && ip_parse(text, &ip) && memcmp(ip.b, all, sizeof(all)) != 0)
		give_ip(s, out, &ip);
}

/* One of the fact's words, whatever case the MTA writes it in. */
static void
get_macro_word(struct session *s, const struct fact_ref *ref, struct values *out)
{
	struct slice text = carrier(s, ref, out);

	for (const char *const *word = ref->fact->words; *word != NULL; word++)
		if (slice_eq_nocase(text, slice_str(*word)))
			give_text(s, out, slice_str(*word));
}

static void
get_macro(struct session *s, const struct fact_ref *ref, struct values *out)
{
	give_text(s, out, session_macro_find(s, ref->args[0], &out->cut));
}

/* ---- connection and greeting ---- */

static void
get_client_ip(struct session *s, const struct fact_ref *ref, struct values *out)
{
	(void)ref;
	if (s->client.family != 0)
		give_ip(s, out, &s->client);
}

static void
get_client_name(struct session *s, const struct fact_ref *ref, struct values *out)
{
	(void)ref;
	out->cut = s->client_name_cut;
	give_text(s, out, s->client_name);
}

static void
get_client_port(struct session *s, const struct fact_ref *ref, struct values *out)
{
	if (s->client_port != 0)
		give_number(s, out, s->client_port);
	else
		get_macro_number(s, ref, out);
}

static void
get_helo(struct session *s, const struct fact_ref *ref, struct values *out)
{
	(void)ref;
	out->cut = s->helo_cut;
	give_text(s, out, s->helo);
}

static void
get_spf_helo(struct session *s, const struct fact_ref *ref, struct values *out)
{
	(void)ref;
	give_text(s, out, slice_str(spf_result_name(s->spf_helo.result)));
}

/* Of a failed list, what it did answer counts; what it did not may be anything. */
static void
get_dnsbl(struct session *s, const struct fact_ref *ref, struct values *out)
{
	const struct listings *l = s->listings != NULL ? &s->listings[ref->ask] : NULL;
	struct values one = { 0 };
	struct value *v;

	out->cut = l == NULL || l->cut;
	out->failed = l != NULL && l->why != NULL;
	if (l == NULL || l->n == 0 || (v = give(s, out, l->n)) == NULL)
		return;
	for (size_t i = 0; i < l->n; i++) {
		give_ip(s, &one, &l->v[i].ip);
		if (one.n > 0)
			v[i] = one.v[0];
		out->cut |= one.cut;
	}
}

/* ---- envelope ---- */

enum part { PART_ALL, PART_LOCAL, PART_DOMAIN };

/* Give a mailbox or a part of it. The null sender has no parts. */
static void
give_part(struct session *s, struct values *out, struct slice mailbox, enum part part)
{
	struct slice local, domain;

	if (part == PART_ALL) {
		give_text(s, out, mailbox);
		return;
	}
	if (slice_eq(mailbox, SLICE("<>")))
		return;
	mailbox_split(mailbox, &local, &domain);
	give_text(s, out, part == PART_LOCAL ? local : domain);
}

static void
give_sender(struct session *s, struct values *out, enum part part)
{
	out->cut = s->sender_cut;
	give_part(s, out, s->sender, part);
}

static void
get_sender(struct session *s, const struct fact_ref *ref, struct values *out)
{
	(void)ref;
	give_sender(s, out, PART_ALL);
}

static void
get_sender_local(struct session *s, const struct fact_ref *ref, struct values *out)
{
	(void)ref;
	give_sender(s, out, PART_LOCAL);
}

static void
get_sender_domain(struct session *s, const struct fact_ref *ref, struct values *out)
{
	(void)ref;
	give_sender(s, out, PART_DOMAIN);
}

static void
get_size_declared(struct session *s, const struct fact_ref *ref, struct values *out)
{
	(void)ref;
	if (s->size_declared >= 0)
		give_number(s, out, (unsigned long long)s->size_declared);
}

static void
get_spf(struct session *s, const struct fact_ref *ref, struct values *out)
{
	(void)ref;
	give_text(s, out, slice_str(spf_result_name(s->spf.result)));
}

static void
get_spf_domain(struct session *s, const struct fact_ref *ref, struct values *out)
{
	(void)ref;
	give_text(s, out, s->spf.domain);
}

static void
get_spf_reason(struct session *s, const struct fact_ref *ref, struct values *out)
{
	(void)ref;
	give_text(s, out, s->spf.reason);
}

static void
give_recipient(struct session *s, struct values *out, enum part part)
{
	if (s->selected == SIZE_MAX)
		return;
	out->cut = s->recipients[s->selected].cut;
	give_part(s, out, s->recipients[s->selected].address, part);
}

static void
get_recipient(struct session *s, const struct fact_ref *ref, struct values *out)
{
	(void)ref;
	give_recipient(s, out, PART_ALL);
}

static void
get_recipient_local(struct session *s, const struct fact_ref *ref, struct values *out)
{
	(void)ref;
	give_recipient(s, out, PART_LOCAL);
}

static void
get_recipient_domain(struct session *s, const struct fact_ref *ref, struct values *out)
{
	(void)ref;
	give_recipient(s, out, PART_DOMAIN);
}

static void
get_recipient_count(struct session *s, const struct fact_ref *ref, struct values *out)
{
	(void)ref;
	give_number(s, out, s->nrecipients - s->withheld);
}

/* ---- content ---- */

/* True if a header is one of those that the reference names. */
static bool
is_named(const struct fact_ref *ref, struct slice name)
{
	for (size_t i = 0; i < ref->nargs; i++)
		if (slice_eq_nocase(ref->args[i], name))
			return true;
	return false;
}

static void
get_raw_header(struct session *s, const struct fact_ref *ref, struct values *out)
{
	struct value *v;
	size_t n = 0;

	out->cut = s->headers_cut;
	for (size_t i = 0; i < s->nheaders; i++)
		n += is_named(ref, s->headers[i].name);
	if (n == 0 || (v = give(s, out, n)) == NULL)
		return;
	for (size_t i = 0; i < s->nheaders; i++)
		if (is_named(ref, s->headers[i].name))
			(v++)->text = s->headers[i].value;
}

static void
get_raw_header_lines(struct session *s, const struct fact_ref *ref, struct values *out)
{
	struct value *v;

	(void)ref;
	out->cut = s->headers_cut;
	if (s->nheaders == 0 || (v = give(s, out, s->nheaders)) == NULL)
		return;
	for (size_t i = 0; i < s->nheaders; i++)
		v[i].text = s->headers[i].line;
}

static void
get_raw_body(struct session *s, const struct fact_ref *ref, struct values *out)
{
	(void)ref;
	out->cut = s->body.cut;
	give_text(s, out, buf_slice(&s->body));
}

static void
get_size(struct session *s, const struct fact_ref *ref, struct values *out)
{
	(void)ref;
	give_number(s, out, s->size);
}

/* ---- the table ---- */

static const char *const resolve_words[] = { "ok", "fail", "forged", "temp", NULL };

/* spf_result_name() of each result, as a constant */
static const char *const spf_words[] = { "none", "neutral", "pass", "fail", "softfail", "temperror",
	"permerror", NULL };

#define CONNECTION .stage = STAGE_CONNECT, .life = LIFE_CONNECTION
#define GREETING .stage = STAGE_MAIL, .life = LIFE_HELO
#define MAIL .stage = STAGE_MAIL, .life = LIFE_MESSAGE
#define RCPT .stage = STAGE_RCPT, .life = LIFE_RECIPIENT
#define DATA .stage = STAGE_DATA, .life = LIFE_MESSAGE
#define HEADERS .stage = STAGE_HEADERS, .life = LIFE_MESSAGE
#define BODY .stage = STAGE_BODY, .life = LIFE_MESSAGE
/* what the parts of the message hold */
#define CONTENT                                                                                    \
	.stage = STAGE_BODY, .life = LIFE_MESSAGE,                                                 \
	.flags = FACT_MANY | FACT_NEEDS_HEADERS | FACT_NEEDS_BODY | FACT_DECODES

static const struct fact facts[] = {
	{ "client.ip", KIND_IP, CONNECTION, .get = get_client_ip },
	{ "client.name", KIND_NAME, CONNECTION, .get = get_client_name },
	{ "client.ptr", KIND_NAME, CONNECTION, .macros = { "{client_ptr}" },
	    .get = get_macro_host },
	{ "client.resolve", KIND_WORD, CONNECTION, .words = resolve_words,
	    .macros = { "{client_resolve}" }, .get = get_macro_word },
	{ "client.port", KIND_NUMBER, CONNECTION, .macros = { "{client_port}" },
	    .get = get_client_port },
	{ "server.ip", KIND_IP, CONNECTION, .macros = { "{if_addr}", "{daemon_addr}" },
	    .get = get_macro_ip },
	{ "server.port", KIND_NUMBER, CONNECTION, .macros = { "{daemon_port}" },
	    .get = get_macro_number },
	{ "server.name", KIND_NAME, CONNECTION, .macros = { "j" }, .get = get_macro_text },
	{ "daemon", KIND_TEXT, CONNECTION, .macros = { "{daemon_name}" }, .get = get_macro_text },
	{ "dnsbl", KIND_IP, CONNECTION, .flags = FACT_MANY, .args = "zone", .get = get_dnsbl },

	{ "helo", KIND_NAME, GREETING, .get = get_helo },
	{ "spf.helo", KIND_WORD, GREETING, .flags = FACT_ALWAYS, .lookups = LOOKUP_SPF_HELO,
	    .words = spf_words, .get = get_spf_helo },

	{ "sender", KIND_ADDRESS, MAIL, .flags = FACT_ALWAYS, .get = get_sender },
	{ "sender.local", KIND_NAME, MAIL, .get = get_sender_local },
	{ "sender.domain", KIND_NAME, MAIL, .get = get_sender_domain },
	{ "size.declared", KIND_NUMBER, MAIL, .get = get_size_declared },
	/* never {auth_author}: that is what the client claims */
	{ "sasl.user", KIND_TEXT, MAIL, .macros = { "{auth_authen}" }, .get = get_macro_text },
	{ "sasl.method", KIND_TEXT, MAIL, .macros = { "{auth_type}" }, .get = get_macro_text },
	{ "tls.version", KIND_TEXT, MAIL, .macros = { "{tls_version}" }, .get = get_macro_text },
	{ "tls.cipher", KIND_TEXT, MAIL, .macros = { "{cipher}" }, .get = get_macro_text },
	{ "tls.bits", KIND_NUMBER, MAIL, .macros = { "{cipher_bits}" }, .get = get_macro_number },
	{ "spf", KIND_WORD, MAIL, .flags = FACT_ALWAYS, .lookups = LOOKUP_SPF, .words = spf_words,
	    .get = get_spf },
	{ "spf.domain", KIND_NAME, MAIL, .lookups = LOOKUP_SPF, .get = get_spf_domain },
	{ "spf.reason", KIND_TEXT, MAIL, .flags = FACT_ALWAYS, .lookups = LOOKUP_SPF,
	    .get = get_spf_reason },

	{ "recipient", KIND_ADDRESS, RCPT, .get = get_recipient },
	{ "recipient.local", KIND_NAME, RCPT, .get = get_recipient_local },
	{ "recipient.domain", KIND_NAME, RCPT, .get = get_recipient_domain },
	{ "recipient.count", KIND_NUMBER, DATA, .flags = FACT_ALWAYS, .get = get_recipient_count },

	{ "header", KIND_TEXT, HEADERS, .flags = FACT_MANY | FACT_NEEDS_HEADERS, .args = "header",
	    .get = content_header },
	{ "header.addr", KIND_ADDRESS, HEADERS, .flags = FACT_MANY | FACT_NEEDS_HEADERS | FACT_TAIL,
	    .args = "header", .get = content_header },
	{ "header.name", KIND_TEXT, HEADERS, .flags = FACT_MANY | FACT_NEEDS_HEADERS | FACT_TAIL,
	    .args = "header", .get = content_header },
	{ "header.local", KIND_NAME, HEADERS, .flags = FACT_MANY | FACT_NEEDS_HEADERS | FACT_TAIL,
	    .args = "header", .get = content_header },
	{ "header.domain", KIND_NAME, HEADERS, .flags = FACT_MANY | FACT_NEEDS_HEADERS | FACT_TAIL,
	    .args = "header", .get = content_header },
	{ "header.lines", KIND_TEXT, HEADERS, .flags = FACT_MANY | FACT_NEEDS_HEADERS,
	    .item = CONTENT_HEADER_LINES, .get = content_get },
	{ "from", KIND_ADDRESS, HEADERS, .flags = FACT_MANY | FACT_NEEDS_HEADERS,
	    .get = content_from },
	{ "from.name", KIND_TEXT, HEADERS, .flags = FACT_MANY | FACT_NEEDS_HEADERS,
	    .get = content_from },
	{ "from.domain", KIND_NAME, HEADERS, .flags = FACT_MANY | FACT_NEEDS_HEADERS,
	    .get = content_from },
	{ "subject", KIND_TEXT, HEADERS, .flags = FACT_MANY | FACT_NEEDS_HEADERS,
	    .get = content_subject },
	{ "dkim", KIND_WORD, HEADERS, .flags = FACT_MANY | FACT_NEEDS_HEADERS,
	    .words = content_dkim_words, .macros = { "v" }, .item = CONTENT_DKIM,
	    .get = content_get },
	{ "dkim.domain", KIND_NAME, HEADERS, .flags = FACT_MANY | FACT_NEEDS_HEADERS,
	    .macros = { "v" }, .item = CONTENT_DKIM_DOMAIN, .get = content_get },
	{ "dmarc", KIND_WORD, HEADERS, .flags = FACT_NEEDS_HEADERS, .words = content_dmarc_words,
	    .macros = { "v" }, .item = CONTENT_DMARC, .get = content_get },
	{ "raw.header", KIND_TEXT, HEADERS, .flags = FACT_RAW | FACT_MANY | FACT_NEEDS_HEADERS,
	    .args = "header", .get = get_raw_header },
	{ "raw.header.lines", KIND_TEXT, HEADERS,
	    .flags = FACT_RAW | FACT_MANY | FACT_NEEDS_HEADERS, .get = get_raw_header_lines },
	{ "body", KIND_TEXT, CONTENT, .item = CONTENT_BODY, .get = content_get },
	{ "body.html", KIND_TEXT, CONTENT, .item = CONTENT_BODY_HTML, .get = content_get },
	{ "body.hidden", KIND_TEXT, CONTENT, .item = CONTENT_BODY_HIDDEN, .get = content_get },
	{ "attachment.name", KIND_TEXT, CONTENT, .item = CONTENT_FILE_NAME, .get = content_get },
	{ "attachment.type", KIND_TEXT, CONTENT, .item = CONTENT_FILE_TYPE, .get = content_get },
	{ "attachment.kind", KIND_WORD, CONTENT, .words = kind_words, .item = CONTENT_FILE_KIND,
	    .get = content_get },
	{ "attachment.size", KIND_NUMBER, CONTENT, .item = CONTENT_FILE_SIZE, .get = content_get },
	{ "attachment.trait", KIND_WORD, CONTENT, .words = content_traits,
	    .item = CONTENT_FILE_TRAIT, .get = content_get },
	{ "url", KIND_TEXT, CONTENT, .item = CONTENT_URL, .get = content_get },
	{ "url.host", KIND_NAME, CONTENT, .item = CONTENT_URL_HOST, .get = content_get },
	{ "url.domain", KIND_NAME, CONTENT, .item = CONTENT_URL_DOMAIN, .get = content_get },
	{ "url.disguised", KIND_NAME, CONTENT, .item = CONTENT_URL_DISGUISED, .get = content_get },
	{ "raw.body", KIND_TEXT, BODY, .flags = FACT_RAW | FACT_NEEDS_BODY, .get = get_raw_body },
	{ "size", KIND_NUMBER, BODY,
	    .flags = FACT_ALWAYS | FACT_NEEDS_HEADERS | FACT_NEEDS_BODY | FACT_COUNTS,
	    .get = get_size },
	{ "message.truncated", KIND_TEXT, BODY, .flags = FACT_NEEDS_HEADERS | FACT_NEEDS_BODY,
	    .get = content_truncated },

	{ "score", KIND_NUMBER, CONNECTION, .flags = FACT_ALWAYS | FACT_OF_SCORE },
	{ "score.rules", KIND_TEXT, CONNECTION, .flags = FACT_MANY | FACT_OF_SCORE },
	{ "macro", KIND_TEXT, BODY, .args = "macro", .get = get_macro },
};

/* The i-th fact. */
const struct fact *
fact_at(size_t i)
{
	return i < sizeof(facts) / sizeof(*facts) ? &facts[i] : NULL;
}

/* The fact of a name. */
const struct fact *
fact_find(struct slice name)
{
	const struct fact *f = NULL;

	for (size_t i = 0; (f = fact_at(i)) != NULL; i++)
		if (slice_eq(slice_str(f->name), name))
			break;
	return f;
}

/* A fact's values. */
void
fact_get(struct session *s, const struct fact_ref *ref, struct values *out)
{
	*out = (struct values){ 0 };
	ref->fact->get(s, ref, out);
}

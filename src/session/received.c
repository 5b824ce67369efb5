/*
 * received.c - who gave a trusted relay the message
 *
 * Software writes Received in many ways, and a sender chooses much of what stands in it: the HELO
 * name, a name in the reverse DNS, a certificate's name, the envelope's addresses. The client's
 * address is taken from one place only, the TCP-info (RFC 5321 4.4): the first comment behind the
 * HELO name, and only if that has one of the forms in which MTAs write it:
 *
 *   from HELO (NAME [IP])             Postfix, Sendmail, OpenSMTPD, Gmail, most others
 *   from HELO ([IP])                  Sendmail and Exchange without a name
 *   from HELO (IP)                    Exchange, qmail
 *   from NAME (HELO HELO) (IP)        qmail; also IDENT@IP, and (EHLO …)
 *   from IP (EHLO HELO)               Yahoo
 *   from NAME ([IP] helo=HELO)        Exim; also [IP]:PORT, port=, ident=
 *   from [IP] (helo=HELO)             Exim without a name
 *
 * What isn't so is not guessed at. A relay may have handed the message to itself: such headers
 * are passed if they can't have been made for mail that began there.
 */
#include "session/received.h"

#include "base/limits.h"

#define BLANKS " \t\r\n"
#define WORDS 5 /* of a comment; in those that are read, one more says nothing */

enum item_kind { ITEM_END, ITEM_WORD, ITEM_COMMENT, ITEM_BROKEN };

/* A word of a header, or what stands in a comment's parentheses. */
struct item {
	enum item_kind kind;
	struct slice s;
};

/* What one Received header tells. */
struct hop {
	struct slice from;  /* the word behind `from`; absent: none */
	struct slice helo;  /* named as such; absent: it is what stands behind `from` */
	struct ip ip;	    /* the client; family 0: none is told */
	const char *broken; /* why it tells nothing; NULL: it does */
	bool inner;	    /* the relay handed the message to itself */
};

/* The length of a comment that begins s, its parentheses included; 0 if it has no end. */
static size_t
comment_length(struct slice s)
{
	unsigned depth = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '(')
			depth++;
		else if (s.p[i] == ')' && --depth == 0)
			return i + 1;
	}
	return 0;
}

/* The length of a word: up to a blank, a comment or the date; quotes hold those together. */
static size_t
word_length(struct slice s)
{
	bool quoted = false;
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			quoted = !quoted;
		else if (s.p[i] == '\\' && quoted)
			i++;
		else if (!quoted && (memchr(BLANKS "(;", s.p[i], strlen(BLANKS "(;")) != NULL))
			return i;
	}
	return quoted ? 0 : s.n;
}

/* The next item, which *rest loses. */
static struct item
next_item(struct slice *rest)
{
	struct slice s = *rest;
	struct item item;

	while (s.n > 0 && memchr(BLANKS, s.p[0], strlen(BLANKS)) != NULL)
		s = slice_of(s.p + 1, s.n - 1);
	*rest = s;
	if (s.n == 0 || s.p[0] == ';')
		return (struct item){ ITEM_END, SLICE_ABSENT };
	if (s.p[0] == '(') {
		size_t n = comment_length(s);

		item = (struct item){ ITEM_COMMENT, slice_of(s.p + 1, n - 2) };
		s.n = n > 0 ? s.n - n : 0;
		s.p += n;
		if (n == 0)
			return (struct item){ ITEM_BROKEN, SLICE_ABSENT };
	} else {
		size_t n = word_length(s);

		item = (struct item){ n > 0 ? ITEM_WORD : ITEM_BROKEN, slice_of(s.p, n) };
		s = slice_of(s.p + n, s.n - n);
	}
	*rest = s;
	return item;
}

static bool
is_word(const struct item *item, const char *word)
{
	return item->kind == ITEM_WORD && slice_eq_nocase(item->s, slice_str(word));
}

/* The words of a comment, comments within it left out. WORDS + 1 of them stand for more, and for
 * what can't be made out. */
static size_t
comment_words(struct slice comment, struct slice v[WORDS + 1])
{
	size_t n = 0;

	while (n <= WORDS) {
		struct item item = next_item(&comment);

		if (item.kind == ITEM_END || item.kind == ITEM_BROKEN)
			return comment.n > 0 ? WORDS + 1 : n;
		if (item.kind == ITEM_WORD)
			v[n++] = item.s;
	}
	return n;
}

/* [ADDRESS], perhaps with :PORT. */
static bool
read_brackets(struct slice s, struct ip *out)
{
	const char *end = s.n > 0 && s.p[0] == '[' ? memchr(s.p, ']', s.n) : NULL;
	struct slice port;
	unsigned long long n;

	if (end == NULL)
		return false;
	port = slice_of(end + 1, s.p + s.n - end - 1);
	if (port.n > 0 &&
	    (port.p[0] != ':' || !slice_number(slice_of(port.p + 1, port.n - 1), 65535, &n)))
		return false;
	return ip_parse(slice_of(s.p + 1, end - s.p - 1), out);
}

/* "key=value": the value. */
static bool
read_key(struct slice s, const char *key, struct slice *value)
{
	size_t n = strlen(key);

	if (s.n <= n || s.p[n] != '=' || !slice_eq_nocase(slice_of(s.p, n), slice_str(key)))
		return false;
	*value = slice_of(s.p + n + 1, s.n - n - 1);
	return true;
}

/* A comment as Exim writes it: the address can only be its first word, for what follows has values
 * of the client's. Without one, it stood behind `from`. False: it is not of Exim. */
static bool
read_exim(const struct slice *v, size_t n, struct hop *hop)
{
	struct slice value;
	bool exim = false;

	for (size_t i = 0; i < n; i++) {
		if (read_key(v[i], "helo", &value) && hop->helo.p == NULL)
			hop->helo = value;
		exim |= read_key(v[i], "helo", &value) || read_key(v[i], "port", &value) ||
		    read_key(v[i], "ident", &value);
	}
	if (exim && !read_brackets(v[0], &hop->ip))
		read_brackets(hop->from, &hop->ip);
	return exim;
}

/* The first comment behind `from`. False: it names the HELO, and the next is the TCP-info. */
static bool
read_tcp_info(struct slice comment, struct hop *hop)
{
	struct slice v[WORDS + 1] = { { 0 } };
	size_t n = comment_words(comment, v);

	if (slice_eq_nocase(v[0], SLICE("HELO")) || slice_eq_nocase(v[0], SLICE("EHLO"))) {
		hop->helo = n > 1 ? v[1] : SLICE("");
		return false;
	}
	if (read_exim(v, n, hop))
		return true;
	if (n == 1 && !read_brackets(v[0], &hop->ip)) {
		const char *at = memrchr(v[0].p, '@', v[0].n);

		ip_parse(at != NULL ? slice_of(at + 1, v[0].p + v[0].n - at - 1) : v[0], &hop->ip);
	}
	if (n == 2)
		read_brackets(v[1], &hop->ip);
	return true;
}

/* What stands between `from` and `by`. */
static void
read_from(struct slice *rest, struct hop *hop)
{
	struct item item = next_item(rest);
	bool settled = false;

	if (item.kind == ITEM_WORD && !is_word(&item, "by")) {
		hop->from = item.s;
		item = next_item(rest);
	}
	while (item.kind != ITEM_END && item.kind != ITEM_BROKEN && !is_word(&item, "by")) {
		/* words in between are none of any form */
		if (!settled)
			settled = item.kind == ITEM_WORD || read_tcp_info(item.s, hop);
		item = next_item(rest);
	}
	if (item.kind != ITEM_WORD)
		hop->broken = "a Received header of the relay is broken";
	else if (!settled && hop->helo.p != NULL && !read_brackets(hop->from, &hop->ip))
		/* it can't be the HELO name, for that was named */
		ip_parse(hop->from, &hop->ip);
}

/* True if word ends so, without case. */
static bool
ends_with(struct slice word, const char *end)
{
	size_t n = strlen(end);

	return word.n >= n && slice_eq_nocase(slice_of(word.p + word.n - n, n), slice_str(end));
}

/* True if a word is the name of a protocol of mail (RFC 3848; "SMTPSVC", "bizsmtp"…). */
static bool
is_mail_protocol(struct slice word)
{
	for (size_t i = 0; i + 3 <= word.n; i++)
		if (slice_eq_nocase(slice_of(word.p + i, 3), SLICE("mtp")))
			return true;
	return false;
}

/* What stands behind `by`: how the relay got the message. */
static void
read_by(struct slice rest, struct hop *hop)
{
	bool with = false, mail = false, login = false, postfix = false, from = false;
	struct slice v[WORDS + 1];
	struct item item;

	for (item = next_item(&rest); item.kind == ITEM_WORD || item.kind == ITEM_COMMENT;
	     item = next_item(&rest)) {
		if (is_word(&item, "id") || is_word(&item, "for") || is_word(&item, "via"))
			break;
		if (item.kind == ITEM_COMMENT) {
			size_t n = comment_words(item.s, v);

			postfix |= n == 1 && slice_eq(v[0], SLICE("Postfix"));
			for (size_t i = 0; i < n; i++)
				from |= slice_eq_nocase(v[i], SLICE("from"));
			continue;
		}
		if (with) {
			mail |= is_mail_protocol(item.s);
			login |= ends_with(item.s, "MTPA") || ends_with(item.s, "MTPSA");
		}
		with |= is_word(&item, "with");
	}
	if (item.kind == ITEM_BROKEN)
		hop->broken = "a Received header of the relay is broken";
	else if (hop->inner && (from || (with ? !mail : !postfix)))
		/* Postfix leaves `with` out where it forwards what came to one of its mailboxes */
		hop->broken = "the mail may have begun at the relay";
	else if (with && !mail)
		hop->broken = "the relay got the mail by another protocol than SMTP";
	else if (login)
		hop->broken = "the relay's client had logged in";
	else if (!hop->inner && hop->ip.family == 0)
		hop->broken = "a Received header of the relay names no client's address";
}

/* "(qmail 123 invoked from network)": qmail puts one above that of its client. */
static bool
is_qmail_inner(struct slice comment)
{
	struct slice v[WORDS + 1];

	return comment_words(comment, v) == WORDS && slice_eq(v[0], SLICE("qmail")) &&
	    slice_eq(v[2], SLICE("invoked")) && slice_eq(v[3], SLICE("from")) &&
	    slice_eq(v[4], SLICE("network"));
}

/* One Received header. */
static struct hop
read_hop(struct slice value)
{
	struct hop hop = { 0 };
	struct item first = next_item(&value);

	if (is_word(&first, "from")) {
		read_from(&value, &hop);
		if (hop.broken == NULL)
			read_by(value, &hop);
	} else if (is_word(&first, "by")) {
		hop.inner = true;
		read_by(value, &hop);
	} else if (first.kind == ITEM_COMMENT && is_qmail_inner(first.s)) {
		hop.inner = true;
	} else {
		hop.broken = "the mail may have begun at the relay";
	}
	return hop;
}

/* An address that no other machine can have. */
static bool
is_own(const struct ip *ip)
{
	static const struct ip loopback = { .family = 6, .b = { [15] = 1 } };

	return ip->family == 4 ? ip->b[0] == 127 || ip->b[0] == 0 : ip_eq(ip, &loopback);
}

bool
received_client(const struct session *s, const struct list *relays, struct ip *client,
    struct slice *helo, const char **why)
{
	unsigned hops = 0;

	*why = "no Received header of the relay names its client";
	for (size_t i = 0; i < s->nheaders; i++) {
		struct hop hop;

		if (!slice_eq_nocase(s->headers[i].name, SLICE("Received")))
			continue;
		if (hops++ == LIMIT_RECEIVED_HOPS) {
			*why = "the mail came through more relays than are followed";
			return false;
		}
		hop = read_hop(s->headers[i].value);
		if (hop.broken != NULL) {
			*why = hop.broken;
			return false;
		}
		if (hop.inner)
			continue;
		*why = "all that the Received headers name are trusted relays";
		if (list_find_ip(relays, &hop.ip, NULL) == MATCH_YES)
			continue;
		*why = "the relay got the mail from itself, which is not in trusted-relays";
		if (is_own(&hop.ip))
			return false;
		*client = hop.ip;
		*helo = hop.helo.p != NULL ? hop.helo : hop.from;
		if (helo->p == NULL)
			*helo = SLICE("");
		return true;
	}
	return false;
}

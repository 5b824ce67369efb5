/*
 * header.c - results of SPF as headers of the message
 *
 * Names that the sender chose stand in quotes unless they are plain words, so that none can end its
 * value. What has no room is left out whole; only comments are cut, and get what the rest leaves.
 */
#include "spf/header.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/utf8.h"

#define VALUE_BYTES 330	  /* of one value: an address has up to 64 + 1 + 255 (RFC 5321 4.5.3.1) */
#define COMMENT_BYTES 250 /* of one comment */
#define COMMENT_LEAST 24  /* below that, none */

/* ---- writing ---- */

/* True if s can stand in a header, quoted. */
static bool
can_be_told(struct slice s, bool utf8)
{
	if (s.n > VALUE_BYTES)
		return false;
	for (size_t i = 0, step; i < s.n; i += step) {
		uint32_t code;

		step = utf8_decode(slice_of(s.p + i, s.n - i), &code);
		if (!utf8_harmless(code) || (code >= 0x80 && !utf8))
			return false;
	}
	return true;
}

/* Runs of bytes, none of which is in `special`, a blank or not ASCII, with single dots between
 * them.
 */
static bool
is_dotted(struct slice s, const char *special)
{
	bool dot = true;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.' ? dot : s.p[i] <= ' ' || s.p[i] > '~' || strchr(special, s.p[i]))
			return false;
		dot = s.p[i] == '.';
	}
	return !dot;
}

/* A dot-atom (RFC 5322 3.2.3). */
static bool
is_dot_atom(struct slice s)
{
	return is_dotted(s, "()<>[]:;@\\,\"");
}

bool
header_is_name(struct slice s)
{
	return s.n <= LIMIT_DNS_NAME && is_dotted(s, "()<>@,;:\\\"/[]?=");
}

/* What a property of Authentication-Results may be without quotes: a token, or a mailbox of the
 * usual form (RFC 8601 2.2). */
static bool
is_pvalue(struct slice s)
{
	struct slice domain, local = slice_cut(s, '@', &domain);

	if (domain.p == NULL)
		return header_is_name(s);
	for (size_t i = 0; i < domain.n; i++)
		if (strchr("!#$%&'*+/=?^_`{|}~", domain.p[i]) != NULL)
			return false;
	return is_dot_atom(local) && is_dot_atom(domain);
}

/* A value, in quotes if it has to be (RFC 5322 3.2.4). */
static void
add_value(struct buf *out, struct slice s, bool plain)
{
	if (plain) {
		buf_add(out, s);
		return;
	}
	buf_char(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_char(out, '\\');
		buf_char(out, s.p[i]);
	}
	buf_char(out, '"');
}

/* Take back what was added behind n bytes, if there was no room for all of it. False if so. */
static bool
whole(struct buf *out, size_t n)
{
	if (!out->cut)
		return true;
	out->n = out->n < n ? out->n : n;
	if (out->p != NULL)
		out->p[out->n] = '\0';
	out->cut = false;
	return false;
}

/* True if each parenthesis has its other one. */
static bool
is_balanced(struct slice s)
{
	size_t depth = 0;

	for (size_t i = 0; i < s.n; i++) {
		depth += s.p[i] == '(';
		if (s.p[i] == ')' && depth-- == 0)
			return false;
	}
	return depth == 0;
}

/* Text of a comment up to the place `end`, where it is cut. Only printable ASCII comes through, and
 * no parenthesis closes the comment (RFC 5322 3.2.2). */
static void
add_comment_text(struct buf *out, struct slice text, size_t end)
{
	bool nested = is_balanced(text) && out->n + 2 * text.n + 2 <= end;

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = text.p[i];

		if (out->n + 2 > end) {
			buf_str(out, "...");
			return;
		}
		if (c == '\\' || (!nested && (c == '(' || c == ')')))
			buf_char(out, '\\');
		buf_char(out, c < ' ' || c > '~' ? '?' : c);
	}
}

/* " (about: text)" in at most `room` bytes; cut, or left out. */
static void
add_comment(struct buf *out, struct slice about, struct slice text, size_t room)
{
	size_t end;

	if (room < COMMENT_LEAST || text.n == 0)
		return;
	end = out->n + (room < COMMENT_BYTES ? room : COMMENT_BYTES) - strlen("...)");
	buf_str(out, " (");
	if (about.n > 0 && about.n < room / 2 && about.n < COMMENT_BYTES / 2)
		buf_printf(out, "%.*s: ", SLICE_ARG(about));
	add_comment_text(out, text, end);
	buf_char(out, ')');
}

/* What was written, in the arena. */
static struct slice
finish(struct arena *a, struct buf *out)
{
	struct slice s = out->cut ? SLICE_ABSENT : arena_slice(a, buf_slice(out));

	buf_free(out);
	return s;
}

/* ---- Received-SPF ---- */

/* "; key=value", left out where it can't be told or has no room. */
static void
add_pair(struct buf *out, const char *key, struct slice value, bool utf8)
{
	size_t n = out->n;

	if (value.p == NULL || !can_be_told(value, utf8))
		return;
	buf_printf(out, "%s%s=", n > 0 ? "; " : "", key);
	add_value(out, value, is_dot_atom(value));
	whole(out, n);
}

/* The pairs, the short ones first. */
static void
add_pairs(struct buf *out, const struct header_facts *f, enum spf_identity identity,
    const struct spf_answer *answer)
{
	bool error = answer->result == SPF_TEMPERROR || answer->result == SPF_PERMERROR;
	bool matched = answer->result != SPF_NONE && !error;
	char client[IP_TEXT];

	add_pair(out, "receiver", f->receiver, false);
	if (f->client->family != 0)
		add_pair(out, "client-ip", slice_str(ip_format(f->client, client)), false);
	add_pair(out, "identity", slice_str(identity == SPF_HELO ? "helo" : "mailfrom"), false);
	/* RFC 7208 9.1: `default` where the record's end was reached */
	if (matched)
		add_pair(out, "mechanism",
		    answer->mechanism.n > 0 ? answer->mechanism : SLICE("default"), false);
	add_pair(out, "envelope-from", f->sender, f->utf8);
	add_pair(out, "helo", f->helo, f->utf8);
	if (error)
		add_pair(out, "problem",
		    slice_of(answer->why.p, utf8_prefix(answer->why, COMMENT_BYTES)), false);
}

struct slice
header_received_spf(struct arena *a, const struct header_facts *f, enum spf_identity identity)
{
	const struct spf_answer *answer = identity == SPF_HELO ? f->by_helo : f->mail_from;
	const char *result = spf_result_name(answer->result);
	struct buf out = { 0 }, pairs = { .limit = LIMIT_HEADER_VALUE - strlen(result) - 1 };

	add_pairs(&pairs, f, identity, answer);
	buf_str(&out, result);
	add_comment(&out, f->receiver, answer->why, pairs.limit - pairs.n);
	buf_char(&out, ' ');
	buf_add(&out, buf_slice(&pairs));
	buf_free(&pairs);
	return finish(a, &out);
}

/* ---- Authentication-Results ---- */

/* " smtp.mailfrom=…" or " smtp.helo=…". */
static void
add_property(struct buf *out, const char *name, struct slice value, bool utf8)
{
	if (value.p == NULL || !can_be_told(value, utf8))
		return;
	buf_printf(out, " smtp.%s=", name);
	add_value(out, value, is_pvalue(value));
}

struct slice
header_authentication_results(struct arena *a, const struct header_facts *f)
{
	bool null_sender = f->sender.n == 0;
	const struct spf_answer *first = f->mail_from, *second = null_sender ? NULL : f->by_helo;
	struct buf out = { 0 }, one = { .limit = LIMIT_HEADER_VALUE / 2 - 24 }, two = one;
	size_t room = LIMIT_HEADER_VALUE, used;

	/* the room for comments is what these leave */
	add_property(
	    &one, null_sender ? "helo" : "mailfrom", null_sender ? f->helo : f->sender, f->utf8);
	add_property(&two, "helo", f->helo, f->utf8);
	whole(&one, 0);
	whole(&two, 0);
	used = f->receiver.n + one.n + strlen("; spf=permerror");
	if (second != NULL && used + two.n + strlen("; spf=permerror") > room)
		second = NULL;
	if (second != NULL)
		used += two.n + strlen("; spf=permerror");
	room = used < room ? room - used : 0;

	buf_printf(&out, "%.*s; spf=%s", SLICE_ARG(f->receiver), spf_result_name(first->result));
	used = out.n;
	add_comment(&out, SLICE(""), first->why, second != NULL ? room / 2 : room);
	room -= out.n - used;
	buf_add(&out, buf_slice(&one));
	if (second != NULL) {
		buf_printf(&out, "; spf=%s", spf_result_name(second->result));
		add_comment(&out, SLICE(""), second->why, room);
		buf_add(&out, buf_slice(&two));
	}
	buf_free(&one);
	buf_free(&two);
	return finish(a, &out);
}

/* ---- reading ---- */

/* s without the blanks, control bytes and comments at its start. A comment without end is all the
 * rest. */
static struct slice
skip_comments(struct slice s)
{
	unsigned depth = 0;
	size_t i = 0;

	for (; i < s.n && (depth > 0 || (unsigned char)s.p[i] <= ' ' || s.p[i] == '('); i++) {
		if (s.p[i] == '(')
			depth++;
		else if (s.p[i] == ')')
			depth--;
		else if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
	}
	return slice_of(s.p + i, s.n - i);
}

/* True if a text in quotes, begun before s, is `word`, without case. Quotes need not end. */
static bool
quoted_is(struct slice s, struct slice word)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && s.p[i] != '"'; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		/* folded, it is one line nevertheless */
		if (s.p[i] == '\r' || s.p[i] == '\n')
			continue;
		if (n == word.n || ascii_lower(s.p[i]) != ascii_lower(word.p[n]))
			return false;
		n++;
	}
	return n == word.n;
}

bool
header_is_ours(struct slice value, struct slice authserv_id)
{
	struct slice s = skip_comments(value);
	size_t n = 0;

	if (s.n > 0 && s.p[0] == '"')
		return quoted_is(slice_of(s.p + 1, s.n - 1), authserv_id);
	while (
	    n < s.n && (unsigned char)s.p[n] > ' ' && strchr("()<>@,;:\\\"/[]?=", s.p[n]) == NULL)
		n++;
	/* a name's dot at the end is no part of it */
	if (n == authserv_id.n + 1 && s.p[n - 1] == '.')
		n--;
	return n > 0 && slice_eq_nocase(slice_of(s.p, n), authserv_id);
}

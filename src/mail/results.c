/*
 * results.c - what an earlier filter found out, told in Authentication-Results (RFC 8601)
 *
 * Filters don't always quote what they copy from the sender into their fields: a semicolon in there
 * begins a result of the sender's own making. It can come from the HELO name, the envelope's sender
 * and, decoded, the i= of a DKIM-Signature; with one of these nothing is believed. It can come from
 * From's domain as well: that stands in a result of dmarc, so no other may follow. What else a
 * sender can smuggle in breaks the field, or tells a thing twice, which is refused.
 */
#include "mail/results.h"

#include "mail/words.h"

/* ---- one field ---- */

/* A result with the properties that its domain is taken from. */
struct reading {
	struct results_one one;
	struct slice d, i, from;
};

/* Take n bytes off the start of *s. */
static struct slice
take(struct slice *s, size_t n)
{
	struct slice taken = slice_of(s->p, n);

	*s = slice_of(s->p + n, s->n - n);
	return taken;
}

/* Take c off the start of *s, if it is there. */
static bool
take_char(struct slice *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	take(s, 1);
	return true;
}

/* Skip white space. */
static void
skip_blanks(struct slice *s)
{
	while (s->n > 0 && words_blank(s->p[0]))
		take(s, 1);
}

/* Skip white space and comments. False if one has no end. */
static bool
skip(struct slice *s)
{
	for (skip_blanks(s); s->n > 0 && s->p[0] == '('; skip_blanks(s)) {
		size_t end = words_comment(*s, 0);

		if (end == 0)
			return false;
		take(s, end);
	}
	return true;
}

/* Skip what may stand around c, and c. */
static bool
skip_char(struct slice *s, char c)
{
	return skip(s) && take_char(s, c) && skip(s);
}

/* Take a keyword: letters, digits and hyphens. */
static struct slice
take_keyword(struct slice *s)
{
	size_t n = 0;

	for (; n < s->n; n++) {
		unsigned char c = ascii_lower((unsigned char)s->p[n]);

		if (!(c >= 'a' && c <= 'z') && (n == 0 || (!(c >= '0' && c <= '9') && c != '-')))
			break;
	}
	return take(s, n);
}

/* Take a value: a run of characters with quoted strings in it. False if one has no end. */
static bool
take_value(struct slice *s, struct slice *value)
{
	size_t n = 0;

	while (n < s->n && !words_blank(s->p[n]) && strchr("();\\", s->p[n]) == NULL) {
		size_t end = s->p[n] == '"' ? words_quoted(*s, n) : n + 1;

		if (end == n)
			return false;
		n = end;
	}
	*value = take(s, n);
	return true;
}

/* What stands in the quotes, if they are around all of s. */
static struct slice
unquote(struct slice s)
{
	if (s.n >= 2 && s.p[0] == '"' && words_quoted(s, 0) == s.n)
		return slice_of(s.p + 1, s.n - 2);
	return s;
}

/* s, or absent if it can be no domain. */
static struct slice
domain(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (words_blank(s.p[i]) || strchr("()<>@,;\\\"", s.p[i]) != NULL)
			return SLICE_ABSENT;
	return s.n > 0 ? s : SLICE_ABSENT;
}

/* What a result is about. */
static struct slice
about(const struct reading *r)
{
	struct slice identity = r->i;
	const char *at = identity.n > 0 ? memrchr(identity.p, '@', identity.n) : NULL;

	if (slice_eq_nocase(r->one.method, SLICE("dmarc")))
		return domain(r->from);
	if (!slice_eq_nocase(r->one.method, SLICE("dkim")))
		return SLICE_ABSENT;
	if (r->d.p != NULL)
		return domain(r->d);
	if (at == NULL)
		return SLICE_ABSENT;
	return domain(slice_of(at + 1, (size_t)(identity.p + identity.n - at) - 1));
}

/* Keep a property if it tells whom the result is about. False if that was told before. */
static bool
keep_property(struct reading *r, struct slice type, struct slice name, struct slice value)
{
	struct slice *to = slice_eq_nocase(name, SLICE("d")) ? &r->d
	    : slice_eq_nocase(name, SLICE("i"))		     ? &r->i
	    : slice_eq_nocase(name, SLICE("from"))	     ? &r->from
							     : NULL;

	if (to == NULL || !slice_eq_nocase(type, SLICE("header")))
		return true;
	if (to->p != NULL)
		return false;
	*to = unquote(value);
	return true;
}

/* TYPE.NAME=VALUE, or `reason=` (or `action=`, of Microsoft's). */
static bool
read_property(struct slice *s, struct reading *r)
{
	struct slice type = take_keyword(s), name = SLICE(""), value;

	if (type.n == 0 || !skip(s))
		return false;
	if (take_char(s, '.')) {
		if (!skip(s) || (name = take_keyword(s)).n == 0)
			return false;
	} else if (!slice_eq_nocase(type, SLICE("reason")) &&
	    !slice_eq_nocase(type, SLICE("action"))) {
		return false;
	}
	return skip_char(s, '=') && take_value(s, &value) && keep_property(r, type, name, value);
}

/* METHOD=WORD and properties, up to a semicolon or the end. */
static bool
read_result(struct slice *s, struct reading *r)
{
	size_t left;

	r->one.method = take_keyword(s);
	if (r->one.method.n == 0 || !skip(s))
		return false;
	/* a method's version (RFC 8601 2.2): there is none but 1 */
	if (take_char(s, '/') && !skip_char(s, '1'))
		return false;
	if (!skip_char(s, '='))
		return false;
	r->one.word = take_keyword(s);
	if (r->one.word.n == 0)
		return false;
	for (left = s->n; skip(s); left = s->n) {
		if (s->n == 0 || s->p[0] == ';') {
			r->one.domain = about(r);
			return true;
		}
		if (s->n == left || !read_property(s, r))
			return false;
	}
	return false;
}

/* Take the authserv-id, without its quotes; empty if there is none. */
static struct slice
take_id(struct slice *s)
{
	struct slice id;

	if (s->n == 0)
		return SLICE("");
	skip_blanks(s);
	return take_value(s, &id) ? unquote(id) : SLICE("");
}

/* True if a byte is in there that no header field has. */
static bool
has_control(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] < ' ' && !words_blank(s.p[i])) || s.p[i] == 0x7f)
			return true;
	return false;
}

/* Read what stands behind the name and its semicolon; each may be NULL. */
static bool
read_results(struct slice s, results_each *each, void *ctx)
{
	struct slice rest = s;

	if (slice_eq_nocase(take_keyword(&rest), SLICE("none")) && skip(&rest) && rest.n == 0)
		return true;
	do {
		struct reading r = { 0 };

		if (!read_result(&s, &r))
			return false;
		if (each != NULL)
			each(ctx, &r.one);
		if (!take_char(&s, ';'))
			return true;
		if (!skip(&s))
			return false;
	} while (s.n > 0);
	return true;
}

bool
results_read(struct slice raw, results_each *each, void *ctx)
{
	struct slice s = raw;

	if (has_control(raw) || take_id(&s).n == 0 || !skip(&s))
		return false;
	if (take_char(&s, '1') && !skip(&s))
		return false;
	if (!take_char(&s, ';') || !skip(&s) || !read_results(s, NULL, NULL))
		return false;
	return read_results(s, each, ctx);
}

enum results_author
results_author(struct slice raw, struct slice name, struct slice queue_id)
{
	struct slice number, id = take_id(&raw);

	if (!slice_eq_nocase(slice_cut(id, '/', &number), name) || name.n == 0)
		return RESULTS_OTHER;
	if (number.p == NULL)
		return RESULTS_NAMED;
	return number.n > 0 && slice_eq(number, queue_id) ? RESULTS_NUMBERED : RESULTS_MISNUMBERED;
}

/* ---- all of a message ---- */

void
results_init(struct results *r, struct slice name, struct slice queue_id, bool by_name)
{
	*r = (struct results){ .name = name, .queue_id = queue_id, .by_name = by_name };
}

void
results_chosen(struct results *r, struct slice text)
{
	r->smuggled |= text.n > 0 && memchr(text.p, ';', text.n) != NULL;
}

/* True if the i= of a DKIM-Signature has an encoded semicolon. White space counts for nothing
 * there, not even inside of a code. */
static bool
signature_smuggles(struct slice signature)
{
	char before[2] = { 0 };
	bool identity = false;
	size_t at = 0; /* in a tag */

	for (size_t i = 0; i < signature.n; i++) {
		char c = (char)ascii_lower((unsigned char)signature.p[i]);

		if ((unsigned char)c <= ' ')
			continue;
		if (identity && at >= 4 && before[0] == '=' && before[1] == '3' && c == 'b')
			return true;
		at = c == ';' ? 0 : at + 1;
		if (at <= 1)
			identity = c == 'i';
		else if (at == 2)
			identity &= c == '=';
		before[0] = before[1];
		before[1] = c;
	}
	return false;
}

/* Keep one result of a field that is believed. */
static void
keep(void *ctx, const struct results_one *one)
{
	struct results *r = ctx;

	if (!r->dkim_told && slice_eq_nocase(one->method, SLICE("dkim"))) {
		/* filters tell of dkim first */
		r->broken |= r->behind_dmarc || r->ndkim == LIMIT_RESULTS;
		if (!r->broken)
			r->dkim[r->ndkim++] = *one;
	}
	if (slice_eq_nocase(one->method, SLICE("dmarc"))) {
		/* there is one domain in From, so there is one result */
		r->broken |= r->behind_dmarc;
		r->behind_dmarc = true;
		if (!r->dmarc_told)
			r->dmarc = *one;
	}
}

/* A field of a filter, as far as that can be told. */
static void
read_field(struct results *r, struct slice value)
{
	enum results_author author = results_author(value, r->name, r->queue_id);

	if (author == RESULTS_MISNUMBERED)
		r->over = true;
	if (author != RESULTS_NUMBERED && !(author == RESULTS_NAMED && r->by_name))
		return;
	r->behind_dmarc = false;
	if (!results_read(value, keep, r))
		r->broken = true;
	r->dkim_told = r->ndkim > 0;
	r->dmarc_told = r->dmarc.method.p != NULL;
	r->over = r->dkim_told && r->dmarc_told;
}

void
results_header(struct results *r, struct slice field, struct slice value)
{
	if (slice_eq_nocase(field, SLICE("DKIM-Signature")))
		r->smuggled |= signature_smuggles(value);
	else if (slice_eq_nocase(field, SLICE("Received")))
		/* MTAs don't show their own: it came with the message */
		r->over = true;
	else if (!r->over && slice_eq_nocase(field, SLICE("Authentication-Results")))
		read_field(r, value);
}

bool
results_end(struct results *r, bool cut)
{
	bool told = r->dkim_told || r->dmarc_told;

	if (!r->broken && !((r->smuggled || cut) && told))
		return true;
	r->ndkim = 0;
	r->dmarc = (struct results_one){ 0 };
	return false;
}

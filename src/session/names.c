/*
 * names.c - host names and mailboxes as MTAs give them, made plain
 *
 * An MTA hands on what the client wrote, so nothing here relies on good syntax: what can't be made
 * sense of stays as it is.
 */
#include "session/names.h"

#include "base/utf8.h"

/* Copy what is to be kept. */
struct slice
name_keep(struct arena *a, struct slice s, size_t max, bool *cut)
{
	size_t n = utf8_prefix(s, max);
	struct slice copy = arena_slice(a, slice_of(s.p, n));

	if (copy.p != NULL)
		copy = utf8_clean(a, copy);
	*cut = n < s.n || (copy.p == NULL && s.p != NULL);
	return copy;
}

/* Tell a host name from what stands for none. */
bool
name_is_host(struct slice s)
{
	return s.n > 0 && s.p[0] != '[' && !slice_eq_nocase(s, SLICE("unknown"));
}

/* The last @ that is not quoted; NULL if there is none. Quotes that don't end quote nothing. */
static const char *
last_at(struct slice s)
{
	const char *at = NULL;
	bool quoted = false;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			quoted = !quoted;
		else if (s.p[i] == '\\' && quoted)
			i++;
		else if (s.p[i] == '@' && !quoted)
			at = s.p + i;
	}
	return quoted ? memrchr(s.p, '@', s.n) : at;
}

/* Take off what surrounds a mailbox. */
struct slice
mailbox_bare(struct slice s)
{
	struct slice behind_route;

	s = slice_trim(s);
	if (s.n > 0 && s.p[0] == '<') {
		s = slice_of(s.p + 1, s.n - 1);
		if (s.n > 0 && s.p[s.n - 1] == '>')
			s.n--;
		s = slice_trim(s);
	}
	if (s.n > 0 && s.p[0] == '@') {
		slice_cut(s, ':', &behind_route);
		if (behind_route.p != NULL)
			s = slice_trim(behind_route);
	}
	if (s.n > 0 && s.p[s.n - 1] == '.' && last_at(s) != NULL)
		s.n--;
	return s;
}

/* True for a byte that a local part may hold without quotes (RFC 5322 3.2.3). */
static bool
is_atom_byte(unsigned char c)
{
	return c > ' ' && c != 0x7f && strchr("()<>[]:;@\\,\"", c) == NULL;
}

/* Take needless quotes off a local part: "postmaster"@x is postmaster@x (RFC 5321 4.1.2). */
struct slice
mailbox_unquoted(struct arena *a, struct slice mailbox)
{
	const char *at = last_at(mailbox);
	size_t n = at != NULL ? (size_t)(at - mailbox.p) : mailbox.n;

	if (n < 3 || mailbox.p[0] != '"' || mailbox.p[n - 1] != '"')
		return mailbox;
	for (size_t i = 1; i + 1 < n; i++)
		if (!is_atom_byte((unsigned char)mailbox.p[i]))
			return mailbox;

	struct slice plain = arena_printf(
	    a, "%.*s%.*s", (int)n - 2, mailbox.p + 1, (int)(mailbox.n - n), mailbox.p + n);

	return plain.p != NULL ? plain : mailbox;
}

/* Split a mailbox. */
void
mailbox_split(struct slice mailbox, struct slice *local, struct slice *domain)
{
	const char *at = last_at(mailbox);

	*local = mailbox;
	*domain = SLICE_ABSENT;
	if (at == NULL)
		return;
	local->n = (size_t)(at - mailbox.p);
	if (mailbox.n > local->n + 1)
		*domain = slice_of(at + 1, mailbox.n - local->n - 1);
}

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

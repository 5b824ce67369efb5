/*
 * names.h - host names and mailboxes as MTAs give them, made plain
 *
 * Only for the files of this folder.
 */
#pragma once

#include "base/arena.h"

/* A copy of at most max bytes of s that is valid UTF-8. *cut: something was left out; the result is
 * absent if memory was all that lacked. */
struct slice name_keep(struct arena *a, struct slice s, size_t max, bool *cut);

/* True for a host name, false for what stands where there is none: nothing, "unknown" (Postfix), an
 * address in brackets (Sendmail). */
bool name_is_host(struct slice s);

/* A mailbox without the angle brackets, blanks and source route (RFC 5321 4.1.2) around it, and
 * without a dot at the end of its domain. Points into s; empty for the null sender. */
struct slice mailbox_bare(struct slice s);

/* The mailbox without quotes around its local part where it needs none; in a, or mailbox itself. */
struct slice mailbox_unquoted(struct arena *a, struct slice mailbox);

/* Its parts before and behind the last @ that is not quoted. Without one, or with nothing behind
 * it, the domain is absent. */
void mailbox_split(struct slice mailbox, struct slice *local, struct slice *domain);

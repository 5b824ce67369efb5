/*
 * url.h - the URLs in a text and in the links of HTML, with the host that a browser would go to
 *
 * All are collected in one set, in the order in which they were found, each once. Nothing is
 * decoded but what hides a host, and no redirector's parameter is followed. hxxp is nobody's link,
 * and left alone.
 */
#pragma once

#include "base/arena.h"

struct url {
	/* As it was written, in one form: the scheme in lower case, http:// before one that was
	 * written without, slashes for backslashes, what a browser drops dropped, and the host as
	 * below; with user and port. At most LIMIT_URL bytes, valid UTF-8. */
	struct slice url;
	/* In lower case, A-labels (mail/domain.h), or an address: IPv4 as four decimal numbers
	 * however it was written, IPv6 (RFC 5952) without brackets. Absent where there is none
	 * (mailto:), and where a browser would refuse what is written. */
	struct slice host;
	struct slice domain; /* the host's domain_registrable, absent without host */
};

struct url_key;
struct urls {
	struct arena *arena;
	size_t most;   /* so many are kept */
	struct url *v; /* room for them, or NULL */
	size_t n;
	bool cut;	/* there were more, or memory ran out */
	bool shortened; /* one was longer than LIMIT_URL */
	struct url_key *seen;
	unsigned char secret[16];
};

/* Begin an empty set, of at most so many; 0: LIMIT_URLS. What it holds lives in the arena. */
void urls_init(struct urls *u, size_t most, struct arena *a);

/* Find those in a text as a reader sees it: with http, https or ftp, those that begin with `www.`,
 * and names under a top level domain that have a path or can hardly be anything else. Mail
 * addresses are none. Within <> a URL goes on behind line breaks (RFC 3986 appendix C). */
void url_find(struct urls *u, struct slice text);

/* Add what an attribute of HTML (href, src, action) has, entities undone. Nothing is added for
 * javascript:, data:, cid: and the like, and for a relative one, unless it is meant as a host. */
void url_add(struct urls *u, struct slice as_written);

/* ---- between url.c and url_find.c ---- */

/* Add one that begins with its scheme, or (has_scheme false) with its host. */
void url_add_whole(struct urls *u, struct slice text, bool has_scheme);

/* True if a text without scheme begins with `www.` or with a name that a reader takes for a host.
 */
bool url_begins_with_host(struct slice text);

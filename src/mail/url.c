/*
 * url.c - one URL as a browser reads it (the WHATWG's URL standard), and the set of those found
 */
#include "mail/url.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "mail/domain.h"
#include "mail/host.h"

#include <stdlib.h>
#include <sys/random.h>

/* The memory is the arena's. Places depend on a secret, as senders choose what is in the table. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(e) ((e)->listed = false)
#define uthash_malloc(n) arena_alloc(u->arena, n)
#define uthash_free(p, n) ((void)0)
#include <uthash.h>

struct url_key {
	UT_hash_handle hh;
	bool listed;
	char bytes[]; /* the secret, then the URL */
};

/* A URL taken apart. The pieces are as written. */
struct parts {
	struct slice scheme;
	struct slice user; /* with its @, may be empty */
	struct slice host;
	struct slice port; /* with its colon, may be empty */
	struct slice rest;
	bool slashes; /* it has an authority */
	bool special; /* backslashes are slashes */
};

void
urls_init(struct urls *u, size_t most, struct arena *a)
{
	*u = (struct urls){ .arena = a, .most = most != 0 ? most : LIMIT_URLS };
	/* Fails at most early after the machine's start: then it is as good as no secret. */
	(void)!getrandom(u->secret, sizeof(u->secret), GRND_NONBLOCK);
}

/* True if the set has this URL already, or can't take it; else it is noted as seen. */
static bool
is_known(struct urls *u, struct slice url)
{
	struct arena_mark before = arena_mark(u->arena);
	struct url_key *key = arena_alloc(u->arena, sizeof(*key) + sizeof(u->secret) + url.n), *old;
	unsigned size = (unsigned)(sizeof(u->secret) + url.n), hash;

	if (key == NULL) {
		u->cut = true;
		return true;
	}
	memcpy(key->bytes, u->secret, sizeof(u->secret));
	memcpy(key->bytes + sizeof(u->secret), url.p, url.n);
	HASH_VALUE(key->bytes, size, hash);
	HASH_FIND_BYHASHVALUE(hh, u->seen, key->bytes, size, hash, old);
	if (old != NULL) {
		arena_release(u->arena, before);
		return true;
	}
	if (u->n == u->most) {
		arena_release(u->arena, before);
		u->cut = true;
		return true;
	}
	key->listed = true;
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, u->seen, key->bytes, size, hash, key);
	if (!key->listed)
		u->cut = true;
	return !key->listed;
}

/* Put one into the set. */
static void
keep(struct urls *u, struct slice text, struct slice host)
{
	struct url *url;

	if (u->v == NULL && (u->v = arena_alloc(u->arena, u->most * sizeof(*u->v))) == NULL) {
		u->cut = true;
		return;
	}
	if (text.n > LIMIT_URL) {
		text.n = utf8_prefix(text, LIMIT_URL);
		u->shortened = true;
	}
	if (is_known(u, text))
		return;
	url = &u->v[u->n];
	*url = (struct url){ arena_slice(u->arena, text), host, SLICE_ABSENT };
	if (host.p != NULL) {
		url->host = arena_slice(u->arena, host);
		url->domain = domain_registrable(url->host);
	}
	if (url->url.p == NULL || (host.p != NULL && url->host.p == NULL))
		u->cut = true;
	else
		u->n++;
}

/* ---- taking apart ---- */

static bool
is_slash(char c, bool special)
{
	return c == '/' || (c == '\\' && special);
}

/* What a browser takes out of a URL before it reads it. */
static bool
is_dropped(char c)
{
	return c == '\t' || c == '\r' || c == '\n';
}

/* Part user, host and port. The host is behind the last @; the port behind the last colon that is
 * in no brackets. */
static void
part_authority(struct parts *p, struct slice authority)
{
	const char *at = memrchr(authority.p, '@', authority.n), *colon, *bracket;
	size_t n = at != NULL ? (size_t)(at + 1 - authority.p) : 0;

	p->user = slice_of(authority.p, n);
	p->host = slice_of(authority.p + n, authority.n - n);
	colon = memrchr(p->host.p, ':', p->host.n);
	bracket = memrchr(p->host.p, ']', p->host.n);
	p->port = slice_of(p->host.p + p->host.n, 0);
	if (colon != NULL && (bracket == NULL || bracket < colon)) {
		n = (size_t)(colon - p->host.p);
		p->port = slice_of(colon, p->host.n - n);
		p->host.n = n;
	}
}

/* Find the authority in what is behind the scheme's colon. A special scheme has one whatever
 * slashes there are, another one if there are two. */
static void
part_rest(struct parts *p, struct slice s)
{
	size_t slashes = 0, end;

	while (slashes < s.n &&
	    (p->special ? is_slash(s.p[slashes], true) || is_dropped(s.p[slashes])
			: s.p[slashes] == '/' && slashes < 2))
		slashes++;
	p->slashes = p->special || slashes == 2;
	if (!p->slashes) {
		p->rest = s;
		return;
	}
	for (end = slashes; end < s.n && !is_slash(s.p[end], p->special); end++)
		if (s.p[end] == '?' || s.p[end] == '#')
			break;
	part_authority(p, slice_of(s.p + slashes, end - slashes));
	p->rest = slice_of(s.p + end, s.n - end);
}

/* ---- writing ---- */

/* Add a piece with what a browser drops dropped, and what it encodes encoded. */
static void
add_piece(struct buf *out, struct slice s, bool slashes)
{
	size_t from = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c > ' ' && c != 0x7f && (c != '\\' || !slashes))
			continue;
		buf_add(out, slice_of(s.p + from, i - from));
		from = i + 1;
		if (c == '\\')
			buf_char(out, '/');
		else if (!is_dropped((char)c))
			buf_printf(out, "%%%02X", c);
	}
	buf_add(out, slice_of(s.p + from, s.n - from));
}

/* Add what is behind the authority: backslashes are slashes in the path. */
static void
add_rest(struct buf *out, const struct parts *p)
{
	size_t path = 0;

	while (path < p->rest.n && p->rest.p[path] != '?' && p->rest.p[path] != '#')
		path++;
	add_piece(out, slice_of(p->rest.p, path), p->special);
	add_piece(out, slice_of(p->rest.p + path, p->rest.n - path), false);
}

/* Write the URL in one form and keep it. */
static void
write_url(struct urls *u, const struct parts *p)
{
	struct buf out = { .limit = LIMIT_URL + 4 }; /* keep() cuts between two characters */
	struct slice host = SLICE_ABSENT;
	struct arena scratch;

	arena_init(&scratch, 0);
	for (size_t i = 0; i < p->scheme.n; i++)
		buf_char(&out, (char)ascii_lower((unsigned char)p->scheme.p[i]));
	buf_char(&out, ':');
	if (p->slashes) {
		host = host_read(p->host, &scratch);
		buf_str(&out, "//");
		add_piece(&out, p->user, false);
		if (host.p == NULL)
			add_piece(&out, p->host, false);
		else if (memchr(host.p, ':', host.n) != NULL)
			buf_printf(&out, "[%.*s]", SLICE_ARG(host));
		else
			buf_add(&out, host);
		add_piece(&out, p->port, false);
	}
	add_rest(&out, p);
	u->shortened |= out.cut;
	keep(u, utf8_clean(&scratch, buf_slice(&out)), host);
	buf_free(&out);
	arena_free(&scratch);
}

/* ---- schemes ---- */

/* Those of which nothing is kept: they name no other place. */
static const char *const ignored[] = { "javascript", "vbscript", "data", "cid", "mid", "about",
	"blob" };
/* Those in which a browser takes any slashes, and backslashes for them. */
static const char *const special[] = { "http", "https", "ftp", "ws", "wss", "file" };

static bool
is_among(struct slice word, const char *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq_nocase(word, slice_str(v[i])))
			return true;
	return false;
}

/* Read the scheme, with what a browser drops dropped. Returns the bytes it takes with its colon, 0
 * if s begins with none. */
static size_t
read_scheme(struct slice s, char to[static LIMIT_URL_SCHEME], struct slice *scheme)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';

		if (is_dropped(c))
			continue;
		if (c == ':' && n > 0) {
			*scheme = slice_of(to, n);
			return i + 1;
		}
		if (n == LIMIT_URL_SCHEME)
			return 0;
		if (!letter &&
		    (n == 0 || ((c < '0' || c > '9') && c != '+' && c != '-' && c != '.')))
			return 0;
		to[n++] = c;
	}
	return 0;
}

void
url_add_whole(struct urls *u, struct slice text, bool has_scheme)
{
	struct parts p = { .scheme = SLICE("http"), .special = true };
	char scheme[LIMIT_URL_SCHEME];
	size_t n = 0;

	if (has_scheme) {
		n = read_scheme(text, scheme, &p.scheme);
		if (n == 0 || is_among(p.scheme, ignored, sizeof(ignored) / sizeof(*ignored)))
			return;
		p.special = is_among(p.scheme, special, sizeof(special) / sizeof(*special));
	}
	part_rest(&p, slice_of(text.p + n, text.n - n));
	if (p.special && p.host.n == 0)
		return;
	write_url(u, &p);
}

/* s without what a browser drops at both ends. */
static struct slice
trim(struct slice s)
{
	while (s.n > 0 && (unsigned char)s.p[0] <= ' ')
		s = slice_of(s.p + 1, s.n - 1);
	while (s.n > 0 && (unsigned char)s.p[s.n - 1] <= ' ')
		s.n--;
	return s;
}

/* True if s begins with two slashes: it has a host and no scheme. */
static bool
begins_with_slashes(struct slice s)
{
	size_t second = 1;

	while (second < s.n && is_dropped(s.p[second]))
		second++;
	return second < s.n && is_slash(s.p[0], true) && is_slash(s.p[second], true);
}

void
url_add(struct urls *u, struct slice s)
{
	struct slice scheme = SLICE_ABSENT;
	char room[LIMIT_URL_SCHEME];

	s = trim(s);
	/* host:80/ is no scheme, whatever the grammar says. */
	if (read_scheme(s, room, &scheme) > 0 && memchr(scheme.p, '.', scheme.n) == NULL)
		url_add_whole(u, s, true);
	else if (begins_with_slashes(s) || url_begins_with_host(s))
		url_add_whole(u, s, false);
}

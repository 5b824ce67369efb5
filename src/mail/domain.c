/*
 * domain.c - host names: as they are in the DNS, and whose they are
 *
 * The public suffix list is loaded once, by the first who asks: the newest of the one that is
 * compiled into libpsl and the one that the system's package keeps up to date.
 */
#include "mail/domain.h"

#include "base/ip.h"
#include "base/limits.h"
#include "base/utf8.h"

#include <glib.h>
#include <idn2.h>
#include <libpsl.h>
#include <pthread.h>

static const psl_ctx_t *suffixes;
static pthread_once_t suffixes_once = PTHREAD_ONCE_INIT;

/* Load the list; an older one compiled in is better than none. */
static void
load_suffixes(void)
{
	suffixes = psl_latest(NULL);
	if (suffixes == NULL)
		suffixes = psl_builtin();
}

/* s without one dot at its end. */
static struct slice
without_dot(struct slice s)
{
	if (s.n > 0 && s.p[s.n - 1] == '.')
		s.n--;
	return s;
}

static bool
is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] & 0x80) != 0)
			return false;
	return true;
}

/* A copy with the ASCII letters in lower case. */
static struct slice
lower(struct slice s, struct arena *a)
{
	char *p = arena_alloc(a, s.n + 1);

	if (p == NULL)
		return SLICE_ABSENT;
	for (size_t i = 0; i < s.n; i++)
		p[i] = (char)ascii_lower((unsigned char)s.p[i]);
	return slice_of(p, s.n);
}

/* A name with U-labels, NUL-terminated, as A-labels. IDNA 2008 has no symbols, which browsers let
 * pass and some registries sell: for these there is the older standard, GLib's. Absent if neither
 * takes the name. */
static struct slice
to_a_labels(struct slice name, struct arena *a)
{
	struct slice out = SLICE_ABSENT;
	uint8_t *by_idn2 = NULL;
	char *by_glib;

	if (idn2_lookup_u8((const uint8_t *)name.p, &by_idn2,
		IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK) {
		out = lower(slice_str((const char *)by_idn2), a);
	} else if ((by_glib = g_hostname_to_ascii(name.p)) != NULL) {
		if (is_ascii(slice_str(by_glib)))
			out = lower(slice_str(by_glib), a);
		g_free(by_glib);
	}
	idn2_free(by_idn2);
	return out;
}

struct slice
domain_ascii(struct slice name, struct arena *a)
{
	struct slice text, out = SLICE_ABSENT;

	if (name.p == NULL)
		return SLICE_ABSENT;
	if (is_ascii(name))
		return lower(without_dot(name), a);
	text = arena_slice(a, utf8_clean(a, name));
	if (text.p == NULL)
		return SLICE_ABSENT;
	/* The libraries take C strings, and their time grows faster than a name that isn't one. */
	if (text.n <= LIMIT_DOMAIN_TEXT && memchr(text.p, '\0', text.n) == NULL)
		out = to_a_labels(text, a);
	if (out.p == NULL)
		out = lower(text, a);
	return without_dot(out);
}

/* True for a character that ends a host: ASCII that no host has, and white space. */
static bool
ends_host(uint32_t c)
{
	if (c < 0x80)
		return !((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
		    c == '-' || c == '.' || c == '_');
	return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
	    c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000 ||
	    c == UTF8_BAD;
}

struct slice
domain_of_mailbox(struct slice domain, struct arena *a)
{
	const char *bracket =
	    domain.n > 0 && domain.p[0] == '[' ? memchr(domain.p, ']', domain.n) : NULL;
	size_t end = 0, n;
	uint32_t c;

	if (bracket != NULL)
		return domain_ascii(slice_of(domain.p, (size_t)(bracket + 1 - domain.p)), a);
	while (end < domain.n) {
		n = utf8_decode(slice_of(domain.p + end, domain.n - end), &c);
		if (ends_host(c))
			break;
		end += n;
	}
	return domain_ascii(slice_of(domain.p, end), a);
}

struct slice
domain_unicode(struct slice name, struct arena *a)
{
	char *unicode = NULL;
	struct slice out;

	if (name.n == 0 || memmem(name.p, name.n, "xn--", 4) == NULL ||
	    name.n > LIMIT_DOMAIN_TEXT || memchr(name.p, '\0', name.n) != NULL)
		return name;
	out = arena_slice(a, name);
	if (out.p != NULL && idn2_to_unicode_8z8z(out.p, &unicode, 0) == IDN2_OK)
		out = arena_slice(a, slice_str(unicode));
	idn2_free(unicode);
	return out;
}

/* True for an address, IPv6 also in brackets. */
static bool
is_address(struct slice host)
{
	struct ip ip;

	if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = slice_of(host.p + 1, host.n - 2);
	return ip_parse(host, &ip);
}

/* The name as a C string in lower case. False if it can't be one in the DNS. */
static bool
as_string(struct slice host, char to[static LIMIT_DNS_NAME + 1])
{
	if (host.n == 0 || host.n > LIMIT_DNS_NAME || memchr(host.p, '\0', host.n) != NULL)
		return false;
	for (size_t i = 0; i < host.n; i++)
		to[i] = (char)ascii_lower((unsigned char)host.p[i]);
	to[host.n] = '\0';
	return true;
}

struct slice
domain_registrable(struct slice host)
{
	char name[LIMIT_DNS_NAME + 1];
	const char *found;
	size_t n;

	if (!as_string(host, name) || is_address(host))
		return host;
	pthread_once(&suffixes_once, load_suffixes);
	found = suffixes != NULL ? psl_registrable_domain(suffixes, name) : NULL;
	if (found == NULL)
		return host;
	n = strlen(found);
	return slice_of(host.p + (host.n - n), n);
}

bool
domain_aligned(struct slice a, struct slice b)
{
	struct arena scratch;
	bool aligned;

	arena_init(&scratch, 0);
	a = domain_registrable(domain_ascii(a, &scratch));
	b = domain_registrable(domain_ascii(b, &scratch));
	aligned = a.n > 0 && slice_eq(a, b);
	arena_free(&scratch);
	return aligned;
}

bool
domain_has_tld(struct slice host)
{
	const char *dot = host.n > 0 ? memrchr(host.p, '.', host.n) : NULL;
	char name[LIMIT_DNS_NAME + 1];

	if (dot == NULL || !as_string(slice_of(dot + 1, host.n - (size_t)(dot + 1 - host.p)), name))
		return false;
	pthread_once(&suffixes_once, load_suffixes);
	return suffixes != NULL &&
	    psl_is_public_suffix2(suffixes, name, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) == 1;
}

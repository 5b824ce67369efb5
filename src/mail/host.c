/*
 * host.c - the host of a URL, out of its disguises
 *
 * As the WHATWG's URL standard has it (host parsing), but for what it refuses and DNS would take.
 */
#include "mail/host.h"

#include "base/ip.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "mail/domain.h"

/* The value of a hexadecimal digit, 16 for another byte. */
static unsigned
hex(char c)
{
	unsigned char l = ascii_lower((unsigned char)c);

	if (l >= '0' && l <= '9')
		return l - '0';
	return l >= 'a' && l <= 'f' ? l - 'a' + 10 : 16;
}

/* Undo percent-encoding, once, and drop what a browser drops. */
static struct slice
undo_percent(struct slice s, struct arena *a)
{
	char *out = arena_alloc(a, s.n + 1);
	size_t n = 0;

	if (out == NULL)
		return SLICE_ABSENT;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '\t' || c == '\r' || c == '\n')
			continue;
		if (c == '%' && i + 2 < s.n && hex(s.p[i + 1]) < 16 && hex(s.p[i + 2]) < 16) {
			c = (char)(hex(s.p[i + 1]) << 4 | hex(s.p[i + 2]));
			i += 2;
		}
		out[n++] = c;
	}
	return slice_of(out, n);
}

/* Read one number of an IPv4 address as inet_aton() does: 0x is hexadecimal, 0 octal. What is too
 * large for any place is UINT64_MAX / 16 at least. */
static bool
read_number(struct slice s, uint64_t *out)
{
	unsigned base = 10;

	*out = 0;
	if (s.n == 0)
		return false;
	if (s.n >= 2 && s.p[0] == '0' && ascii_lower((unsigned char)s.p[1]) == 'x') {
		base = 16;
		s = slice_of(s.p + 2, s.n - 2);
	} else if (s.p[0] == '0') {
		base = 8;
	}
	for (size_t i = 0; i < s.n; i++) {
		if (hex(s.p[i]) >= base)
			return false;
		if (*out < UINT64_MAX / 16)
			*out = *out * base + hex(s.p[i]);
	}
	return true;
}

/* True if the last label is a number: then the name is an IPv4 address, or none at all. */
static bool
ends_in_number(struct slice name)
{
	const char *dot = name.n > 0 ? memrchr(name.p, '.', name.n) : NULL;
	struct slice last =
	    dot != NULL ? slice_of(dot + 1, name.n - (size_t)(dot + 1 - name.p)) : name;
	uint64_t number;
	size_t i = 0;

	while (i < last.n && last.p[i] >= '0' && last.p[i] <= '9')
		i++;
	return last.n > 0 && (i == last.n || read_number(last, &number));
}

/* An IPv4 address of one to four numbers, the last of which fills what is left. */
static bool
read_ipv4(struct slice name, struct ip *ip)
{
	uint64_t v[4], last;
	size_t n = 0;

	do {
		if (n == 4 || !read_number(slice_cut(name, '.', &name), &v[n]))
			return false;
		n++;
	} while (name.p != NULL);
	last = v[n - 1];
	if (last >> (8 * (5 - n)) != 0)
		return false;
	*ip = (struct ip){ .family = 4 };
	for (size_t i = 0; i + 1 < n; i++) {
		if (v[i] > 255)
			return false;
		ip->b[i] = (uint8_t)v[i];
	}
	for (size_t i = 4; i >= n; i--) {
		ip->b[i - 1] = (uint8_t)last;
		last >>= 8;
	}
	return true;
}

/* True if no byte is one that no host has (forbidden host code points), and no label is empty. */
static bool
is_host(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c >= 0x7f || strchr("\"#%/:<>?@[\\]^`{|}", c) != NULL)
			return false;
		if (c == '.' && (i == 0 || i + 1 == s.n || s.p[i - 1] == '.'))
			return false;
	}
	return s.n > 0 && s.n <= LIMIT_DNS_NAME;
}

/* An address as text. */
static struct slice
address(const struct ip *ip, struct arena *a)
{
	char text[IP_TEXT];

	return arena_slice(a, slice_str(ip_format(ip, text)));
}

struct slice
host_read(struct slice written, struct arena *a)
{
	struct slice name = undo_percent(written, a);
	struct ip ip;

	if (name.n > 2 && name.p[0] == '[' && name.p[name.n - 1] == ']') {
		name = slice_of(name.p + 1, name.n - 2);
		if (memchr(name.p, ':', name.n) == NULL || !ip_parse(name, &ip))
			return SLICE_ABSENT;
		return address(&ip, a);
	}
	name = domain_ascii(name, a);
	if (!is_host(name))
		return SLICE_ABSENT;
	if (ends_in_number(name))
		return read_ipv4(name, &ip) ? address(&ip, a) : SLICE_ABSENT;
	return name;
}

/*
 * url_find.c - the URLs in a text that a person reads
 *
 * The text is cut into words, of the characters that a host can have. A word may be the end of a
 * scheme (`see:http`), a host, or neither; what belongs to a URL behind it is taken off the text
 * with it, so that nothing is looked at more than a few times. Only words with a dot in them or a
 * colon behind them are looked at: the rest of a text costs a search for these.
 */
#include "mail/url.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "mail/domain.h"

/* From here on characters are of scripts that are written without blanks between words. */
#define CJK 0x2e80

/* ---- characters ---- */

struct range {
	uint32_t first, last;
};

/* Blanks, quotes, brackets, dashes and full stops above ASCII: no URL goes on behind them. */
static const struct range ends[] = { { 0x7f, 0xa0 }, { 0xab, 0xab }, { 0xbb, 0xbb },
	{ 0x2000, 0x200a }, { 0x2012, 0x201f }, { 0x2022, 0x2022 }, { 0x2026, 0x2026 },
	{ 0x2028, 0x2029 }, { 0x202f, 0x202f }, { 0x2039, 0x203a }, { 0x205f, 0x205f },
	{ 0x3000, 0x3002 }, { 0x3008, 0x3011 }, { 0x3014, 0x301b }, { 0xff01, 0xff02 },
	{ 0xff08, 0xff09 }, { 0xff0c, 0xff0c }, { 0xff1a, 0xff1c }, { 0xff1e, 0xff1f },
	{ 0xff61, 0xff61 }, { UTF8_BAD, UTF8_BAD } };

static bool
ends_url(uint32_t c)
{
	if (c < 0x7f)
		return c <= ' ' || strchr("<>\"`|", (int)c) != NULL;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (c <= ends[i].last)
			return c >= ends[i].first;
	return false;
}

/* True for the full stops that stand for a dot in a host: ideographic, full and half width. */
static bool
is_wide_dot(uint32_t c)
{
	return c == 0x3002 || c == 0xff0e || c == 0xff61;
}

static bool
is_alnum(uint32_t c)
{
	return (c >= '0' && c <= '9') || (c < 0x80 && (c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* True for what a host is written in where no scheme tells that it is one. */
static bool
is_word(uint32_t c)
{
	if (c < 0x80)
		return is_alnum(c) || c == '-' || c == '_' || c == '.';
	return c < CJK && !ends_url(c);
}

/* The character at place i of the text, *n its length; 0 behind the end. */
static uint32_t
char_at(struct slice s, size_t i, size_t *n)
{
	uint32_t c;

	if (i >= s.n) {
		*n = 0;
		return 0;
	}
	*n = 1;
	if (((unsigned char)s.p[i] & 0x80) == 0)
		return (unsigned char)s.p[i];
	*n = utf8_decode(slice_of(s.p + i, s.n - i), &c);
	return c;
}

/* The byte at place i, 0 behind the end. */
static char
byte_at(struct slice s, size_t i)
{
	return i < s.n ? s.p[i] : '\0';
}

static bool
is_slash(char c)
{
	return c == '/' || c == '\\';
}

/* Where the word that begins at i ends. */
static size_t
word_end(struct slice s, size_t i)
{
	size_t n;
	uint32_t c;

	for (; (c = char_at(s, i, &n), n > 0) && is_word(c); i += n)
		;
	return i;
}

/* ---- hosts without scheme ---- */

/* Top level domains that a text has at the end of a word for other reasons: endings of files, and
 * words behind a full stop without a blank. Alone they make no host. */
static const char *const ambiguous[] = { "am", "as", "at", "be", "by", "bz", "cab", "cc", "do",
	"in", "is", "it", "md", "me", "mov", "my", "no", "pl", "pm", "ps", "py", "rs", "sh", "so",
	"to", "us", "zip" };

static bool
is_ambiguous(struct slice tld)
{
	for (size_t i = 0; i < sizeof(ambiguous) / sizeof(*ambiguous); i++)
		if (slice_eq_nocase(tld, slice_str(ambiguous[i])))
			return true;
	return false;
}

/* True if a letter in this case is in s. */
static bool
has_between(struct slice s, char first, char last)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= first && s.p[i] <= last)
			return true;
	return false;
}

/* True if no label is empty, too long, or has a hyphen at an end. */
static bool
has_good_labels(struct slice host)
{
	while (host.p != NULL) {
		struct slice label = slice_cut(host, '.', &host);

		if (label.n == 0 || label.n > LIMIT_DNS_LABEL || label.p[0] == '-' ||
		    label.p[label.n - 1] == '-')
			return false;
	}
	return true;
}

/* True if a word reads as a host: under a top level domain, and with a path behind it; or else not
 * like the end of a sentence and the beginning of the next (`it was so.It is`), or a file. */
static bool
reads_as_host(struct slice word, bool path)
{
	const char *dot = word.n > 0 ? memrchr(word.p, '.', word.n) : NULL;
	struct slice tld, name;

	if (dot == NULL || word.n > LIMIT_DNS_NAME || !has_good_labels(word) ||
	    !domain_has_tld(word))
		return false;
	if (path)
		return true;
	tld = slice_of(dot + 1, word.n - (size_t)(dot + 1 - word.p));
	name = slice_of(word.p, (size_t)(dot - word.p));
	if (is_ambiguous(tld) || name.n < 2)
		return false;
	if (has_between(tld, 'A', 'Z') && has_between(word, 'a', 'z'))
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (((unsigned char)name.p[i] & 0x80) != 0 ||
		    (is_alnum((unsigned char)name.p[i]) && (name.p[i] < '0' || name.p[i] > '9')))
			return true;
	return false;
}

/* True for `www.` and two labels or more. */
static bool
is_www(struct slice word)
{
	return word.n > 4 && slice_eq_nocase(slice_of(word.p, 4), SLICE("www.")) &&
	    memchr(word.p + 4, '.', word.n - 4) != NULL && has_good_labels(word);
}

/* The host that a word is without the punctuation at its end; absent if it is none. *end gets where
 * its port ends, or itself. */
static struct slice
host_of_word(struct slice s, size_t from, size_t to, size_t *end)
{
	struct slice host;
	size_t port;

	while (to > from && strchr(".-_", s.p[to - 1]) != NULL)
		to--;
	host = slice_of(s.p + from, to - from);
	*end = to;
	if (byte_at(s, to) == ':') {
		for (port = to + 1; byte_at(s, port) >= '0' && byte_at(s, port) <= '9'; port++)
			;
		if (port > to + 1)
			*end = port;
	}
	if (is_www(host) ||
	    reads_as_host(
		host, is_slash(byte_at(s, *end)) && !ends_url((unsigned char)byte_at(s, *end + 1))))
		return host;
	return SLICE_ABSENT;
}

bool
url_begins_with_host(struct slice s)
{
	size_t word = word_end(s, 0), end;

	if (host_of_word(s, 0, word, &end).p == NULL || byte_at(s, word) == '@')
		return false;
	return end == s.n || is_slash(s.p[end]) || s.p[end] == '?' || s.p[end] == '#';
}

/* ---- what is behind the host ---- */

/* Where path, query and fragment end that begin at i: at what no URL has, without the punctuation
 * of the sentence and the brackets that were opened before it. */
static size_t
rest_end(struct slice s, size_t i)
{
	static const char open[] = "([{", close[] = ")]}";
	size_t from = i, excess[3] = { 0 }, opened[3] = { 0 }, n;
	uint32_t c;

	for (; (c = char_at(s, i, &n), n > 0) && !ends_url(c); i += n) {
		const char *o = c < 0x80 && c > 0 ? strchr(open, (int)c) : NULL;
		const char *e = c < 0x80 && c > 0 ? strchr(close, (int)c) : NULL;

		if (o != NULL)
			opened[o - open]++;
		if (e != NULL && opened[e - close] > 0)
			opened[e - close]--;
		else if (e != NULL)
			excess[e - close]++;
	}
	for (; i > from; i--) {
		const char *e = strchr(close, s.p[i - 1]);

		if (e != NULL && excess[e - close] > 0)
			excess[e - close]--;
		else if (strchr(".,;:!?'*", s.p[i - 1]) == NULL)
			break;
	}
	return i;
}

/* Where a URL ends whose host and port end at i. */
static size_t
url_end(struct slice s, size_t i)
{
	char c = byte_at(s, i);

	return is_slash(c) || c == '?' || c == '#' ? rest_end(s, i) : i;
}

/* ---- URLs with scheme ---- */

/* The bytes of a scheme that the word s[from..to) ends in, 0 if it ends in none. A word may run
 * into http without a blank; sftp is no ftp. */
static size_t
scheme_at_end(struct slice s, size_t from, size_t to)
{
	static const char *const schemes[] = { "https", "http", "ftp" };
	size_t n;

	if (byte_at(s, to) != ':' || !is_slash(byte_at(s, to + 1)) || !is_slash(byte_at(s, to + 2)))
		return 0;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		n = strlen(schemes[i]);
		if (to - from >= n && (schemes[i][0] == 'h' || to - from == n) &&
		    slice_eq_nocase(slice_of(s.p + to - n, n), slice_of(schemes[i], n)))
			return n;
	}
	return 0;
}

/* Where the user at i ends, with its @; i if there is none. */
static size_t
user_end(struct slice s, size_t i)
{
	size_t end = i, n;
	uint32_t c;

	for (; (c = char_at(s, i, &n), n > 0) && !ends_url(c); i += n) {
		if (c == '/' || c == '\\' || c == '?' || c == '#')
			break;
		if (c == '@')
			end = i + 1;
	}
	return end;
}

/* Where the host ends that begins at i. In a text without blanks between words it ends where its
 * own script does: behind an ASCII label, or at a full stop behind one. */
static size_t
host_end(struct slice s, size_t i)
{
	uint32_t c, before = 0, next;
	size_t n, next_n;

	if (byte_at(s, i) == '[') {
		while (i < s.n && s.p[i] != ']' && !ends_url((unsigned char)s.p[i]))
			i++;
		return byte_at(s, i) == ']' ? i + 1 : i;
	}
	for (; (c = char_at(s, i, &n), n > 0); before = c, i += n) {
		next = char_at(s, i + n, &next_n);
		if (is_wide_dot(c)) {
			if (!is_alnum(next) && (before < CJK || next < CJK || ends_url(next)))
				break;
		} else if (c < 0x80 ? !is_word(c) && c != '%' : ends_url(c)) {
			break;
		} else if (c >= CJK && c < 0xff00 && before < 0x80 && is_alnum(before)) {
			break;
		}
	}
	return i;
}

/* Where a URL ends whose scheme's colon is at `colon`. */
static size_t
whole_end(struct slice s, size_t colon)
{
	size_t i = colon + 1, host, end, rest;

	while (is_slash(byte_at(s, i)))
		i++;
	host = user_end(s, i);
	end = host_end(s, host);
	if (byte_at(s, end) == ':')
		for (end++; byte_at(s, end) >= '0' && byte_at(s, end) <= '9'; end++)
			;
	rest = url_end(s, end);
	if (rest > end)
		return rest;
	while (end > host && strchr(".:-_", s.p[end - 1]) != NULL)
		end--;
	return end;
}

/* A URL between < and >, of which a part is behind line breaks: add it in one piece and return
 * where it ends. 0 if there is no such thing: only a path goes on behind a line break, and no line
 * of it has a blank inside. */
static size_t
add_joined(struct urls *u, struct slice s, size_t from, size_t colon)
{
	char whole[LIMIT_URL];
	size_t n = 0, i = from;
	bool path = false, broken = false;

	for (; byte_at(s, i) != '>'; i++) {
		char c = byte_at(s, i);

		if (c == '\0' || c == '<' || n == sizeof(whole))
			return 0;
		if (c == '\r' || c == '\n')
			broken = true;
		if (broken && !path)
			return 0;
		if ((c == ' ' || c == '\t') && byte_at(s, i - 1) != '\n' &&
		    byte_at(s, i - 1) != ' ')
			return 0;
		if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			continue;
		path |= i > colon + 2 && (is_slash(c) || c == '?' || c == '#');
		whole[n++] = c;
	}
	if (!broken)
		return 0;
	url_add_whole(u, slice_of(whole, n), true);
	return i;
}

/* The URL whose scheme of n bytes is before the colon: add it, return where it ends. */
static size_t
add_with_scheme(struct urls *u, struct slice s, size_t colon, size_t n)
{
	size_t from = colon - n, end = 0;

	if ((from >= 1 && s.p[from - 1] == '<') ||
	    (from >= 5 && slice_eq_nocase(slice_of(s.p + from - 5, 5), SLICE("<URL:"))))
		end = add_joined(u, s, from, colon);
	if (end == 0) {
		end = whole_end(s, colon);
		url_add_whole(u, slice_of(s.p + from, end - from), true);
	}
	return end;
}

/* ---- a text ---- */

/* True if a host may begin behind this byte: it is no address, path or parameter that goes on. */
static bool
may_begin_behind(char c)
{
	return c == '\0' || strchr("@/\\%&#+~$=", c) == NULL;
}

/* The word s[i..end): add the URL that it is or begins, return where to go on. */
static size_t
add_word(struct urls *u, struct slice s, size_t i, size_t end)
{
	size_t n = scheme_at_end(s, i, end), behind;

	if (n > 0)
		return add_with_scheme(u, s, end, n);
	if (byte_at(s, end) == '@' || (i > 0 && !may_begin_behind(s.p[i - 1])) ||
	    memchr(s.p + i, '.', end - i) == NULL)
		return end;
	while (i < end && strchr(".-_", s.p[i]) != NULL)
		i++;
	if (host_of_word(s, i, end, &behind).p == NULL)
		return end;
	behind = url_end(s, behind);
	url_add_whole(u, slice_of(s.p + i, behind - i), false);
	return behind > end ? behind : end;
}

/* The place of a byte from i on, or the end. */
static size_t
find_byte(struct slice s, size_t i, char c)
{
	const char *at = i < s.n ? memchr(s.p + i, c, s.n - i) : NULL;

	return at != NULL ? (size_t)(at - s.p) : s.n;
}

/* Where the word begins, not before `from`, that goes on or ends at i. */
static size_t
word_start(struct slice s, size_t from, size_t i)
{
	size_t start = i, n;

	while (i > from) {
		do
			i--;
		while (i > from && ((unsigned char)s.p[i] & 0xc0) == 0x80);
		if (!is_word(char_at(s, i, &n)))
			break;
		start = i;
	}
	return start;
}

void
url_find(struct urls *u, struct slice s)
{
	size_t i = 0, dot = find_byte(s, 0, '.'), colon = find_byte(s, 0, ':');

	while (dot < s.n || colon < s.n) {
		size_t mark = dot < colon ? dot : colon, start = word_start(s, i, mark);
		size_t end = word_end(s, start);

		i = end > start ? add_word(u, s, start, end) : mark;
		i += i == mark; /* a colon behind no scheme */
		if (dot < i)
			dot = find_byte(s, i, '.');
		if (colon < i)
			colon = find_byte(s, i, ':');
	}
}

/*
 * harmless.c - texts that leave the program for the MTA
 */
#include "rule/harmless.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/utf8.h"

/* RFC 2047 section 2: at most 75 characters, 12 of which are `=?UTF-8?B?` and `?=`. */
#define WORD_BYTES 45

/* Take over what a buffer holds. */
static struct slice
finish(struct arena *a, struct buf *b)
{
	struct slice s = arena_slice(a, buf_slice(b));

	buf_free(b);
	return s;
}

/* One line: control bytes become blanks, bytes above ASCII stay where `utf8` allows them. */
static void
add_line(struct buf *out, struct slice s, bool utf8)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = s.p[i];

		if (c < ' ' || c == 0x7f)
			buf_char(out, ' ');
		else if (c >= 0x80 && !utf8)
			/* one mark for each character, not for each byte */
			buf_str(out, (c & 0xc0) == 0x80 ? "" : "?");
		else
			buf_char(out, c);
	}
}

struct slice
harmless_reply(struct arena *a, struct slice s, bool utf8)
{
	struct buf out = { .limit = LIMIT_TEXT_FILLED };
	struct slice rest = utf8_clean(a, s);

	for (unsigned n = 0; rest.p != NULL && n < LIMIT_REPLY_LINES; n++) {
		struct slice line = slice_cut(rest, '\n', &rest);

		line.n = utf8_prefix(line, LIMIT_REPLY_LINE);
		if (n > 0)
			buf_char(&out, '\n');
		add_line(&out, line, utf8);
	}
	return finish(a, &out);
}

/* Base64 (RFC 4648 section 4) of a few bytes. */
static void
add_base64(struct buf *out, const unsigned char *p, size_t n)
{
	static const char set[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		unsigned v =
		    p[i] << 16 | (i + 1 < n ? p[i + 1] << 8 : 0) | (i + 2 < n ? p[i + 2] : 0);

		buf_char(out, set[v >> 18]);
		buf_char(out, set[v >> 12 & 63]);
		buf_char(out, i + 1 < n ? set[v >> 6 & 63] : '=');
		buf_char(out, i + 2 < n ? set[v & 63] : '=');
	}
}

struct slice
harmless_header(struct arena *a, struct slice s)
{
	struct buf line = { .limit = LIMIT_TEXT_FILLED }, out = { .limit = LIMIT_HEADER_VALUE };
	struct slice rest;
	bool ascii = true;

	add_line(&line, utf8_clean(a, s), true);
	rest = buf_slice(&line);
	for (size_t i = 0; i < rest.n; i++)
		ascii &= (unsigned char)rest.p[i] < 0x80;
	/* what looks like an encoded word is encoded too, so that it reads as it was written */
	if (ascii && (rest.n < 2 || memmem(rest.p, rest.n, "=?", 2) == NULL)) {
		rest.n = utf8_prefix(rest, LIMIT_HEADER_VALUE);
		buf_add(&out, rest);
		rest.n = 0;
	}
	while (rest.n > 0) {
		size_t n = utf8_prefix(rest, WORD_BYTES);

		if (out.n + 76 > LIMIT_HEADER_VALUE)
			break;
		buf_str(&out, out.n > 0 ? " =?UTF-8?B?" : "=?UTF-8?B?");
		add_base64(&out, (const unsigned char *)rest.p, n);
		buf_str(&out, "?=");
		rest = slice_of(rest.p + n, rest.n - n);
	}
	buf_free(&line);
	return finish(a, &out);
}

struct slice
harmless_address(struct arena *a, struct slice s)
{
	s = slice_trim(s);
	if (s.n == 0 || s.n > LIMIT_ADDRESS || memchr(s.p, '@', s.n) == NULL || !utf8_valid(s))
		return SLICE_ABSENT;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f || s.p[i] == '<' ||
		    s.p[i] == '>')
			return SLICE_ABSENT;
	return arena_slice(a, s);
}

struct slice
harmless_line(struct arena *a, struct slice s)
{
	struct buf out = { .limit = LIMIT_HEADER_VALUE };

	add_line(&out, utf8_clean(a, s), true);
	return finish(a, &out);
}

/*
 * words.h - what the text in a header field says
 *
 * Only for the files of this folder.
 */
#pragma once

#include "base/buf.h"
#include "mail/charset.h"

/*
 * Add a text without folds to out, as its reader sees it: encoded words (RFC 2047) are decoded
 * wherever they stand, what is outside of them is UTF-8 or windows-1252. White space becomes
 * blanks, NUL U+FFFD, other control characters are left out. out is valid UTF-8 if it was; out->cut
 * on lack of memory. Leaves nothing in a.
 */
void words_decode(struct slice text, struct arena *a, struct buf *out);

/* Bytes in a charset, added to out in the same way. */
void words_add(struct slice bytes, struct slice charset, struct arena *a, struct buf *out);

/* What out holds, without blanks at its ends, in a; out is freed. Absent on lack of memory. */
struct slice words_end(struct buf *out, struct arena *a);

/* The length of an encoded word at the start of s that has an end and neither white space nor angle
 * brackets inside; 0 if there is none. Looks no further than the first byte that rules it out. */
size_t words_unit(struct slice s);

/* raw without the line ends that only fold it: those before a blank or tab. raw itself or in a;
 * absent for an absent value or on lack of memory. */
struct slice words_unfold(struct slice raw, struct arena *a);

/* True for the white space of header fields, line ends among it. */
static inline bool
words_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Where the quoted string that begins at `at` ends, behind its quote; `at` itself if it doesn't. */
size_t words_quoted(struct slice s, size_t at);

/* The same for a comment, with comments in it. */
size_t words_comment(struct slice s, size_t at);

/* Add what stands between the quotes or parentheses around s, without the backslashes that quote a
 * character. */
void words_inside(struct slice s, struct buf *out);

/* The value of a hexadecimal digit, -1 if it is none. */
int words_hex(char c);

/*
 * harmless.h - texts that leave the program for the MTA
 *
 * What a sender controls can't add a line, a header or a byte that a client or a log doesn't
 * expect.
 */
#pragma once

#include "base/arena.h"

/* All of them: absent on lack of memory. */

/* A reply's text: lines of printable characters divided by \n, none longer than LIMIT_REPLY_LINE,
 * at most LIMIT_REPLY_LINES; 7-bit unless utf8 (SMTPUTF8), others become `?`. May be blank. */
struct slice harmless_reply(struct arena *a, struct slice s, bool utf8);

/* A header's value: one line of printable ASCII of at most LIMIT_HEADER_VALUE bytes; encoded words
 * (RFC 2047 section 2) where it is not ASCII. */
struct slice harmless_header(struct arena *a, struct slice s);

/* An address for the envelope; absent if it can't be one: blanks, control bytes, `<` or `>`, no
 * `@`. */
struct slice harmless_address(struct arena *a, struct slice s);

/* One line of printable ASCII or UTF-8 of at most LIMIT_HEADER_VALUE bytes: a reason. */
struct slice harmless_line(struct arena *a, struct slice s);

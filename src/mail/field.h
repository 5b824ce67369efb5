/*
 * field.h - the value of one header field
 *
 * A value is taken as it came: folded at CRLF or LF, of any bytes, by any sender. What comes out is
 * what the reader of the mail is shown, in valid UTF-8 without control characters.
 */
#pragma once

#include "base/arena.h"

/*
 * The text of an unstructured field such as Subject: unfolded, encoded words (RFC 2047) decoded,
 * also those that break its rules as mail readers let them. White space of any kind is a blank, NUL
 * is U+FFFD, other control characters are left out. Bytes outside of encoded words that are not
 * UTF-8 are windows-1252. No blanks at the ends. A part of raw, or in a. Absent for an absent value
 * or on lack of memory.
 */
struct slice field_decode(struct slice raw, struct arena *a);

struct field_mailbox {
	struct slice name;   /* the display name, or the comment if there is none; may be absent */
	struct slice addr;   /* local@domain, without comments, white space and needless quotes */
	struct slice local;  /* what is before its last @, all of it without one */
	struct slice domain; /* what is behind that, without dots at its end; may be empty */
};

/*
 * The mailboxes of an address field such as From: RFC 5322 with its obsolete forms, RFC 6532, and
 * what is broken as mail readers take it. Where a < is, the address is what stands in there, and
 * all before it is the name. Without an address there is the name alone, addr being empty. *v gets
 * them, in the arena; returns their number, at most LIMIT_MAILBOXES. *cut: there were more, or
 * memory was short.
 */
size_t field_addresses(struct slice raw, struct arena *a, struct field_mailbox **v, bool *cut);

/* What stands before the first `;` or `,`, in lower case, without comments and quotes: the type in
 * Content-Type, the disposition, the encoding. Empty if nothing does. Absent for an absent value or
 * on lack of memory. */
struct slice field_token(struct slice raw, struct arena *a);

/*
 * A parameter of Content-Type or Content-Disposition by its name, as RFC 2231 has it, or decoded
 * like a text where senders know no better. The form of RFC 2231 comes before the plain one (as in
 * RFC 6266 4.3), the first before others of its name. False if there is none, or memory is short.
 */
bool field_parameter(struct slice raw, struct slice name, struct arena *a, struct slice *out);

/* A value of such a parameter. */
struct field_value {
	struct field_value *next;
	struct slice text;
};

/* All values that a parameter is given, as readers differ in which they take: field_parameter's
 * first, then each plain one that is another, at most LIMIT_FIELD_VALUES. NULL for none. *cut:
 * there were more, or memory was short. */
struct field_value *field_values(struct slice raw, struct slice name, struct arena *a, bool *cut);

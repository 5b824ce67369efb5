/*
 * transfer.h - transfer encodings
 *
 * Content-Transfer-Encoding (RFC 2045 6) and uuencode, also where they are broken, as mail readers
 * take them: what can be decoded is, the rest is left out or stays as it is, nothing fails.
 */
#pragma once

#include "base/buf.h"

#include <stdint.h>

enum transfer {
	TRANSFER_NONE, /* 7bit, 8bit, binary, and what nobody knows */
	TRANSFER_BASE64,
	TRANSFER_QP,
	TRANSFER_UU,
};

/* What a Content-Transfer-Encoding of this name (in lower case) means. */
enum transfer transfer_named(struct slice name);

/* On the way through encoded bytes. */
struct transfer_reader {
	struct slice rest; /* not decoded yet */
	enum transfer how;
	uint32_t bits; /* base64: those that make no byte yet */
	unsigned nbits;
};

/* Begin to decode; `encoded` must outlive the reader. uuencode begins behind its `begin` line, and
 * without one there is nothing to decode: the bytes are as they are. */
struct transfer_reader transfer_begin(enum transfer how, struct slice encoded);

/* The next decoded bytes, at most `room` (TRANSFER_ROOM or more); returns how many, 0 at the end.
 * All of them are no more than there were encoded. */
#define TRANSFER_ROOM 64
size_t transfer_read(struct transfer_reader *r, char *out, size_t room);

/* Decode all of it, as far as out's limit lets it. */
void transfer_decode(enum transfer how, struct slice encoded, struct buf *out);

/* How many bytes that would be, without limit. */
unsigned long long transfer_size(enum transfer how, struct slice encoded);

/*
 * The first uuencoded file in a text: `whole` is what it takes up, from its `begin` line to its
 * `end` (or to where it breaks off), `name` its name. False if there is none: a `begin` line alone
 * makes none, a line of data must follow.
 */
struct transfer_uu {
	struct slice whole, name;
};
bool transfer_find_uu(struct slice text, struct transfer_uu *found);

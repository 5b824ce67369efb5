/*
 * message.h - a message file, as an MTA would hand it on
 */
#pragma once

#include "session/session.h"

struct message {
	struct header *headers; /* values with the white space behind the colon, folds as LF */
	size_t nheaders;
	struct slice body; /* line ends are CR LF */
};

/* Split a message. A first line `From …` is mbox's and dropped; lines end in LF or CR LF. The
 * header ends at an empty line, or before the first line that is neither a header nor a fold.
 * Everything is copied to a, which must be fatal. */
void message_parse(struct arena *a, struct slice text, struct message *out);

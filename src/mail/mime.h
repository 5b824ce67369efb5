/*
 * mime.h - the parts of a message
 *
 * The structure (RFC 2045, 2046) is found first and points into the message; a part is decoded when
 * its text, its size or its content is first asked for. Whatever a sender writes has a structure:
 * where the rules are broken a part is what mail readers take it for. What stands before and behind
 * the parts of a multipart is no text, as no reader shows it.
 *
 * What is handed out lives as long as the arena and the message. One thread at a time.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "mail/field.h"
#include "mail/transfer.h"

/* One header field: its value as it came, folds and all. */
struct mime_field {
	struct slice name, value;
};

/* 0 stands for the limit of this name in limits.h. */
struct mime_limits {
	size_t parts;	/* LIMIT_MIME_PARTS */
	size_t nesting; /* LIMIT_MIME_NESTING */
	size_t decoded; /* LIMIT_MIME_DECODED */
};

enum mime_kind {
	MIME_LEAF,	/* has no parts: text, or a file */
	MIME_MULTIPART, /* has at least one */
	MIME_MESSAGE,	/* has one: the message in it */
};

struct mime_part {
	struct mime_part *next;	  /* in the order in which they stand */
	struct mime_part *parent; /* NULL: this is the whole message */
	enum mime_kind kind;
	unsigned depth; /* how many it is within */
	enum transfer encoding;
	struct slice type; /* as in `text/plain`, in lower case */
	struct slice content_type, disposition, transfer_encoding; /* its fields' values as they
								    * came; or absent */
	struct slice subject; /* the same, of a message within this one; else absent */
	struct slice body;    /* what it consists of, still encoded */

	bool decoded; /* `text` and `files` are there: mime_texts' and mime_attachments' own */
	struct slice text;
	struct mime_attachment *files;
};

struct mime {
	struct mime_part *parts; /* the first is the whole message */
	const char *cut; /* not all of it was looked at: `parts`, `nesting`, `decoded` (the limits)
			  * or `memory`, the first of them; the functions below may set it. NULL: it
			  * was */

	/* the module's own */
	struct arena *arena;
	struct mime_limits limits;
	struct mime_part *last;
	size_t nparts, decoded;
	struct mime_text *texts;
	struct mime_attachment *attachments;
	bool texts_there, attachments_there;
};

/* A text that a reader is shown. */
struct mime_text {
	struct mime_text *next;
	struct slice text; /* valid UTF-8; lines end in LF; no NUL */
	bool html;	   /* it is the source of that */
};

/* A file that a reader is offered, or sees as a picture and the like. */
struct mime_attachment {
	struct mime_attachment *next;
	/* Without paths; Content-Disposition's before Content-Type's, in each the one that most
	 * readers take first. NULL: none. */
	struct field_value *names;
	bool names_cut;	   /* there are more: LIMIT_FIELD_VALUES, or memory */
	struct slice type; /* as declared */

	enum transfer encoding;
	struct slice encoded;
};

/*
 * Find the parts of a message: of its header those fields that have to do with MIME (others may be
 * there, and are passed over; of several of one name the first counts), and its body. NULL on lack
 * of memory.
 */
struct mime *mime_parse(const struct mime_field *fields, size_t nfields, struct slice body,
    const struct mime_limits *limits, struct arena *a);

/*
 * All texts in order, NULL for none: text/plain and other text, text/html, all alternatives, also
 * those of messages within, whose subject is a text before them. A part that says it is an
 * attachment is none, unless it is all of its message, or an alternative. A message without MIME is
 * a text, and so is a multipart in which no part can be found. Flowed lines (RFC 3676) are joined,
 * uuencoded files are not in it.
 */
const struct mime_text *mime_texts(struct mime *m);

/* All attachments in order, NULL for none: each part but multiparts that is no text of the above or
 * has a file name, and uuencoded files in texts. */
const struct mime_attachment *mime_attachments(struct mime *m);

/* Its bytes when decoded. The content of a text is not brought into UTF-8. */
unsigned long long mime_size(const struct mime_attachment *at);
void mime_content(const struct mime_attachment *at, struct buf *out);

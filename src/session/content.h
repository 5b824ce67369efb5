/*
 * content.h - what is in the message, decoded when it is first asked for
 *
 * Each item is made once for a message and kept in its memory until its end. What a limit cuts off
 * is noted in session.limits.
 */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct session;
struct value;
struct values;
struct fact;
struct fact_ref;

/* What facts can ask of the content as a whole. */
enum content_item {
	CONTENT_NONE,
	CONTENT_HEADER_LINES,
	CONTENT_BODY,
	CONTENT_BODY_HTML,
	CONTENT_BODY_HIDDEN,
	CONTENT_FILE_NAME,
	CONTENT_FILE_TYPE,
	CONTENT_FILE_KIND,
	CONTENT_FILE_SIZE,
	CONTENT_FILE_TRAIT,
	CONTENT_URL,
	CONTENT_URL_HOST,
	CONTENT_URL_DOMAIN,
	CONTENT_URL_DISGUISED,
	CONTENT_DKIM,
	CONTENT_DKIM_DOMAIN,
	CONTENT_DMARC,
	CONTENT_ITEMS,
};

/* The item of a fact as a bit of session_env.asked; 0 without one. */
uint32_t content_asks(const struct fact *f);

/* The values of a fact that has an item: a fact_get_fn. */
void content_get(struct session *s, const struct fact_ref *ref, struct values *out);

/* The other facts of the content: fact_get_fn all of them. */
void content_header(struct session *s, const struct fact_ref *ref, struct values *out);
void content_subject(struct session *s, const struct fact_ref *ref, struct values *out);
void content_from(struct session *s, const struct fact_ref *ref, struct values *out);
void content_truncated(struct session *s, const struct fact_ref *ref, struct values *out);

/* The text of a fact's value, folded (mail/fold.h), a name with its U-labels: kept as long as the
 * value where it has a place for it, else in scratch memory. False on lack of memory. */
bool content_fold(
    struct session *s, const struct fact *f, const struct value *v, struct slice *out);

/* The names of the limits that kept something of the message from being seen so far, such as
 * `max-parts, max-urls`, added to a buffer; nothing if there are none. */
void content_limits(const struct session *s, struct buf *out);

/* True if the value of an Authentication-Results header, one above all that came with the message,
 * is of a filter before us that calls itself `name`, as far as that can be told. */
bool content_is_told(const struct session *s, struct slice field, struct slice name);

/* The words of attachment.trait, dkim and dmarc, NULL behind the last. */
extern const char *const content_traits[];
extern const char *const content_dkim_words[];
extern const char *const content_dmarc_words[];

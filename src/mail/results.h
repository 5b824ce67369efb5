/*
 * results.h - what an earlier filter found out, told in Authentication-Results (RFC 8601)
 *
 * A sender can write such fields as well, and MTAs show both alike. What filters add stands above
 * all that the sender wrote, so the topmost field that tells of a method is the filter's, if the
 * filter wrote one. Whether it did is known by the queue id in its name, as far as a sender can't
 * guess that; else the caller must know it.
 */
#pragma once

#include "base/limits.h"
#include "base/slice.h"

/* ---- one field ---- */

/* One result; its slices are parts of the field. */
struct results_one {
	struct slice method; /* dkim, dmarc, spf…, in any case */
	struct slice word;   /* pass, fail, none… */
	struct slice domain; /* of dkim: header.d, or that of header.i; of dmarc: header.from.
			      * Absent if none is told, or nothing that could be a domain */
};

typedef void results_each(void *ctx, const struct results_one *one);

/*
 * The results of a field in their order; `none` has none. False, and nothing was told, if the field
 * is not all as RFC 8601 has it. Where it can do no harm, more is let through: special characters
 * in a value, an empty one, `action=`, a semicolon at the end.
 */
bool results_read(struct slice raw, results_each *each, void *ctx);

enum results_author {
	RESULTS_OTHER,	     /* another name, or one behind a comment, which no filter writes */
	RESULTS_NAMED,	     /* the name alone */
	RESULTS_NUMBERED,    /* NAME/ID with the message's queue id */
	RESULTS_MISNUMBERED, /* NAME/ID with another one: a sender's */
};

/* Whom a field names as its author: name is the authserv-id; queue_id may be absent. */
enum results_author results_author(struct slice raw, struct slice name, struct slice queue_id);

/* ---- all of a message ---- */

/* Between results_init and results_end only this file looks into it. */
struct results {
	struct slice name, queue_id;
	bool by_name;
	struct results_one dkim[LIMIT_RESULTS]; /* ndkim of them */
	size_t ndkim;
	struct results_one dmarc; /* its method is absent if there is none */
	bool dkim_told, dmarc_told;
	bool behind_dmarc; /* in the field that is read */
	bool over;	   /* what follows is the sender's */
	bool broken;	   /* a filter's field can't be read */
	bool smuggled;	   /* the sender has hidden a result in what filters copy */
};

/* by_name: the name alone is proof enough, as something before us takes out what senders write
 * under it. queue_id is absent where none is proof. */
void results_init(struct results *r, struct slice name, struct slice queue_id, bool by_name);

/* A text that the sender chose and filters copy into their fields: the HELO name, the address of
 * MAIL. */
void results_chosen(struct results *r, struct slice text);

/* One header field, in order, all of them. */
void results_header(struct results *r, struct slice field, struct slice value);

/* There are no more; cut: there were, which nobody has seen. True: dkim and dmarc are what filters
 * told. False: they told what can't be read or believed; both are empty, which is not the same as
 * nothing being told. */
bool results_end(struct results *r, bool cut);

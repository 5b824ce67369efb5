/*
 * header.h - results of SPF as headers of the message
 *
 * A value is one line of at most LIMIT_HEADER_VALUE bytes, printable ASCII, or UTF-8 where the
 * message may have that in its header (SMTPUTF8). A name or address that can't be told as it is,
 * for it is too long or has bytes that don't belong there, is left out: half of it would be
 * another's.
 */
#pragma once

#include "spf/spf.h"

/* What was checked, and who says so. */
struct header_facts {
	struct slice receiver;	   /* our name, the authserv-id: a header_is_name */
	const struct ip *client;   /* family 0: it has no address */
	struct slice helo, sender; /* as in struct spf_query */
	bool utf8;		   /* of SMTPUTF8 */
	const struct spf_answer *mail_from;
	const struct spf_answer *by_helo; /* NULL: not checked */
};

/* True for what can be an authserv-id: a token (RFC 2045 5.1) in which no dot is at an end, of at
 * most LIMIT_DNS_NAME bytes. */
bool header_is_name(struct slice s);

/* Received-SPF's value for one identity that was checked (RFC 7208 9.1). Absent on lack of memory.
 */
struct slice header_received_spf(
    struct arena *a, const struct header_facts *f, enum spf_identity identity);

/* Authentication-Results' value for all that was checked (RFC 8601 2.2). The null sender is told by
 * its HELO name, and by no second result for that. Absent on lack of memory. */
struct slice header_authentication_results(struct arena *a, const struct header_facts *f);

/* True if the value of an Authentication-Results header claims to be from authserv_id, in whatever
 * form (RFC 8601 2.2, 5): without case, behind comments, in quotes, with a version. */
bool header_is_ours(struct slice value, struct slice authserv_id);

/*
 * record.h - the syntax of SPF records, as strict as RFC 7208
 *
 * A record is read term by term, and nothing is kept of it but the place of the reader. What a
 * term means for a client is term.h's.
 */
#pragma once

#include "base/ip.h"
#include "spf/spf.h"

enum spf_term_type {
	SPF_ALL,
	SPF_INCLUDE,
	SPF_A,
	SPF_MX,
	SPF_PTR,
	SPF_IP4,
	SPF_IP6,
	SPF_EXISTS,
	SPF_REDIRECT,
	SPF_EXP,
	SPF_UNKNOWN, /* a modifier of another name, to be ignored */
};

struct spf_term {
	enum spf_term_type type;
	enum spf_result result;	  /* of a mechanism that matches: its qualifier */
	struct slice text;	  /* as the record writes it: printable ASCII without blanks */
	struct slice domain;	  /* the domain-spec, macros and all; absent: there is none */
	struct network network;	  /* ip4, ip6; bits behind the prefix may be set */
	uint8_t prefix4, prefix6; /* a, mx */
};

#define SPF_RECORD_ERROR 200 /* bytes of what is wrong with a record, NUL included */

/* A record that is read. Texts of terms are parts of its text. */
struct spf_record {
	struct slice text;
	struct slice rest;	      /* behind the last term */
	bool redirect, exp;	      /* had */
	size_t wrong;		      /* where, as an offset in text */
	char error[SPF_RECORD_ERROR]; /* what is wrong, as in `"ip4:300.1.1.1" is no IPv4 network`,
				       * printable ASCII; empty: nothing, so far */
};

/* True if a TXT record is one of SPF (RFC 7208 4.5), be its terms right or wrong. */
bool spf_record_is(struct slice text);

/* Begin to read one for which spf_record_is is true. */
void spf_record_open(struct spf_record *r, struct slice text);

/* Read the next term. False at the end, and where something is wrong (r->error). */
bool spf_record_next(struct spf_record *r, struct spf_term *t);

/* True if two addresses have the first `prefix` bits in common, and one family. */
bool spf_same_network(const struct ip *a, const struct ip *b, unsigned prefix);

/*
 * spf.h - check_host() of RFC 7208
 *
 * What evaluates beneath is not seen from here. Texts of clients, senders and DNS servers come out
 * as printable ASCII.
 */
#pragma once

#include "base/arena.h"
#include "base/ip.h"
#include "dns/resolver.h"

enum spf_result {
	SPF_NONE,
	SPF_NEUTRAL,
	SPF_PASS,
	SPF_FAIL,
	SPF_SOFTFAIL,
	SPF_TEMPERROR,
	SPF_PERMERROR,
};

/* "none", "neutral", … (RFC 7208 2.6). */
const char *spf_result_name(enum spf_result r);

enum spf_identity {
	SPF_MAIL_FROM, /* RFC 7208 2.4 */
	SPF_HELO,      /* RFC 7208 2.3 */
};

/* Who is checked. */
struct spf_query {
	enum spf_identity identity;
	const struct ip *client; /* IPv4-mapped IPv6 is IPv4 */
	struct slice helo;
	struct slice sender; /* SPF_MAIL_FROM: the address without brackets; empty for the null
			      * sender, which stands for postmaster@HELO */
	uint64_t deadline;   /* of clock_us(), if sooner than the timeout allows; 0: none */
};

struct spf_answer {
	enum spf_result result;
	struct slice domain; /* whose record was asked for */
	struct slice reason; /* the explanation of a fail if the domain publishes one, else why; one
			      * line, at most LIMIT_SPF_REASON bytes, never empty */
	struct slice explanation; /* of a fail (RFC 7208 6.2); absent: the domain publishes none */
	struct slice why; /* why the result is what it is: which mechanism of whose record matched,
			   * what is wrong with a record, which lookup failed; never empty */
	struct slice mechanism;	 /* that matched, as its record writes it; absent: none did */
	unsigned lookups, voids; /* terms that ask the DNS, and lookups without an answer, as RFC
				  * 7208 4.6.4 counts them */
	unsigned queries;	 /* questions to the DNS in all */
};

/* Told while a check runs, for an admin to read: a line of printable ASCII without its end, of a
 * record that is `depth` includes deep. */
struct spf_trace {
	void (*line)(void *ctx, unsigned depth, struct slice line);
	void *ctx;
};

struct spf;

struct spf_config {
	struct resolver *resolver; /* kept by the caller */
	const char *receiver;	   /* our host name, for explanations and headers */
	unsigned timeout_ms;	   /* for one check; 0: LIMIT_SPF_MS */
};

/* A checker. NULL on lack of memory. */
struct spf *spf_new(const struct spf_config *c);
void spf_free(struct spf *s);

/* check_host(). trace may be NULL. Texts of *out live in a. Blocks; any thread. */
void spf_check(struct spf *s, const struct spf_query *q, const struct spf_trace *trace,
    struct arena *a, struct spf_answer *out);

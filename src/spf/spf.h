/*
 * spf.h - check_host() of RFC 7208
 *
 * What evaluates beneath is not seen from here.
 */
#pragma once

#include "base/arena.h"
#include "base/ip.h"
#include "dns/zone.h"

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

struct spf_answer {
	enum spf_result result;
	struct slice domain; /* whose record was asked for */
	struct slice reason; /* the explanation of a fail, or why; printable ASCII, one line, at
			      * most LIMIT_SPF_REASON bytes, never empty */
};

struct spf;

/* A checker. zone: answers from there alone (kept by the caller while the checker lives), or NULL
 * for the system's resolver. receiver: our host name, for explanations. NULL on lack of memory. */
struct spf *spf_new(const struct zone *zone, const char *receiver);
void spf_free(struct spf *s);

/* Check the MAIL FROM identity: sender is the address without brackets, empty for the null sender,
 * which stands for postmaster@HELO (RFC 7208 2.4). Texts of *out live in a. Any thread. */
void spf_check_mail(struct spf *s, const struct ip *client, struct slice helo, struct slice sender,
    struct arena *a, struct spf_answer *out);

/* Check the HELO identity (RFC 7208 2.3): none where helo is not a domain name. */
void spf_check_helo(struct spf *s, const struct ip *client, struct slice helo, struct arena *a,
    struct spf_answer *out);

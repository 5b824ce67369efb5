/*
 * dnsbl.h - lists of addresses and names in the DNS (RFC 5782)
 *
 * A list answers the question for an entry's name with addresses of 127.0.0.0/8, which say why it
 * is listed, and has a text for people under the same name. Other answers are failures: of a list
 * that is gone or whose domain somebody else has (outside of 127/8), or of one that refuses us
 * (127.255.255.0/24). A failing list must not refuse all mail.
 */
#pragma once

#include "base/arena.h"
#include "base/ip.h"
#include "dns/dns.h"

#include <stdint.h>

struct dnsbl;

/* The list of a zone, whose text is copied. NULL on lack of memory. */
struct dnsbl *dnsbl_new(struct slice zone);
void dnsbl_free(struct dnsbl *l);
struct slice dnsbl_zone(const struct dnsbl *l);

/* The name to ask for a value: an address (also as a literal in brackets), reversed (RFC 5782 2.1
 * and 2.4), or a host name. In a, NUL-terminated. Absent: there is no such name, so it is not
 * listed; *memory (not NULL) says whether memory was lacking instead. */
struct slice dnsbl_name(const struct dnsbl *l, struct slice value, struct arena *a, bool *memory);

/* What an answer for addresses says: NULL if it is sound, else why the list has failed, a constant.
 * A failure is counted, and logged (unless quiet) if none was within LIMIT_DNSBL_QUIET_S. Any
 * thread. */
const char *dnsbl_judge(struct dnsbl *l, const struct dns_answer *answer, bool quiet);

/* True for an address that says that something is listed. */
bool dnsbl_is_listing(const struct dns_record *r);

/* Answers judged, and failures among them. Any thread. */
void dnsbl_count(const struct dnsbl *l, unsigned long long *asked, unsigned long long *failed);

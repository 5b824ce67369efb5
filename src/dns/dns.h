/*
 * dns.h - what is asked of the DNS and what it answers, whoever is asked
 *
 * Names are bytes with dots between the labels, without a dot at the end and without escapes.
 */
#pragma once

#include "base/slice.h"

enum dns_type {
	DNS_A = 1,
	DNS_CNAME = 5,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
};

/* "A", "MX", … */
const char *dns_type_name(enum dns_type type);

enum dns_status {
	DNS_DATA,
	DNS_NODATA,   /* the name is there, but nothing of that type */
	DNS_NXDOMAIN, /* the name isn't there */
	DNS_FAILED,   /* not known, for the time being */
};

struct dns_record {
	unsigned preference; /* MX */
	struct slice data;   /* A, AAAA: 4 or 16 octets; TXT: its strings joined; else a host name,
			      * empty for the root */
};

struct dns_answer {
	enum dns_status status;
	const struct dns_record *v; /* DNS_DATA: n records, those behind CNAMEs included */
	size_t n;
	const char *cause; /* DNS_FAILED: why, for the log, such as "no server has answered" */
};

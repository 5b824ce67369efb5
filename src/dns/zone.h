/*
 * zone.h - a few DNS records in memory, for tests and demonstrations
 *
 * Text form, one record a line: NAME TYPE VALUE, `#` comments. TYPE is A, AAAA, MX ("10 host"),
 * TXT (one or more strings in quotes, joined), PTR, CNAME; or NAME TIMEOUT, and each question for
 * that name fails for the time being. Names without case; a trailing dot is dropped.
 */
#pragma once

#include "base/diag.h"

struct zone;

enum zone_type {
	ZONE_A = 1,
	ZONE_CNAME = 5,
	ZONE_PTR = 12,
	ZONE_MX = 15,
	ZONE_TXT = 16,
	ZONE_AAAA = 28
};
enum zone_answer { ZONE_DATA, ZONE_NODATA, ZONE_NXDOMAIN, ZONE_TEMPFAIL };

struct zone_record {
	unsigned preference; /* MX */
	struct slice data;   /* A, AAAA: 4 or 16 octets; TXT: the text; else a host name */
};

struct zone *zone_new(void);
void zone_free(struct zone *z);

/* Add a line such as `example.net TXT "v=spf1 -all"`, which stands at `at`. Mistakes go to d. */
bool zone_add(struct zone *z, struct slice line, struct span at, struct diags *d);

/* Add all lines of a file. False if it can't be read (errno) or had mistakes. */
bool zone_add_file(struct zone *z, const char *path, struct diags *d);

/* Ask for name and type, following up to 8 CNAMEs. *v (n records) stays valid as long as the zone
 * is neither changed nor freed. Safe for any number of threads once nobody adds. */
enum zone_answer zone_ask(const struct zone *z, struct slice name, enum zone_type type,
    const struct zone_record **v, size_t *n);

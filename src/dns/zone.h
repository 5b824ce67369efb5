/*
 * zone.h - a few DNS records in memory, for tests and demonstrations
 *
 * Text form, one record a line: NAME TYPE VALUE, `#` comments. TYPE is A, AAAA, MX ("10 host"),
 * TXT (one or more strings in quotes, joined), PTR, CNAME; or NAME TIMEOUT, and each question for
 * that name fails for the time being. Names without case; a trailing dot is dropped.
 *
 * In names and strings `\DDD` is a byte, in decimal, and `\X` is X itself if that isn't a digit
 * (RFC 1035 5.1); but a dot inside a label can't be had.
 */
#pragma once

#include "base/diag.h"
#include "dns/dns.h"

struct zone;

struct zone *zone_new(void);
void zone_free(struct zone *z);

/* Add a line such as `example.net TXT "v=spf1 -all"`, which stands at `at`. Mistakes go to d. */
bool zone_add(struct zone *z, struct slice line, struct span at, struct diags *d);

/* Add all lines of a file. False if it can't be read (errno) or had mistakes. */
bool zone_add_file(struct zone *z, const char *path, struct diags *d);

/* Ask for name and type, following up to LIMIT_DNS_CNAMES CNAMEs. The answer's records stay valid
 * as long as the zone is neither changed nor freed. Any thread, once nobody adds. */
struct dns_answer zone_ask(const struct zone *z, struct slice name, enum dns_type type);

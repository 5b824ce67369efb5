/*
 * resolver.h - questions to the system's DNS servers
 */
#pragma once

#include "base/arena.h"
#include "dns/zone.h"

#include <stdint.h>

/* Ask the servers of resolv.conf for name (name_check() likes it, and it has no backslash) and
 * type; they follow CNAMEs. The answer is one as of a zone, its n records *v live in a.
 * ZONE_TEMPFAIL: no server had a usable answer by the deadline, a time of clock_us(); it is kept.
 * Any thread. */
enum zone_answer resolver_ask(const char *name, enum zone_type type, uint64_t deadline,
    struct arena *a, const struct zone_record **v, size_t *n);

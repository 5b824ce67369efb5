/*
 * offline.h - DNS for who asks no server
 */
#pragma once

#include "rule/program.h"

struct offline {
	struct session_env env; /* for sessions under the program */
	struct zone *nothing;
	bool own; /* the resolver and SPF of env are */
};

/* DNS is what the zone has, if it isn't NULL; else what `set dns-zone` has, else nothing. False on
 * lack of memory. End it in each case, before the zone and the program. */
bool offline_begin(struct offline *o, const struct program *p, struct zone *zone);
void offline_end(struct offline *o);

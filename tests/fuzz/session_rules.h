/*
 * session_rules.h - the rule sets of fuzz_session
 */
#pragma once

#define SESSION_RULES 5

/* Rule files. Some name a zone file `zone`: its text. */
extern const char *const session_rules[SESSION_RULES];
extern const char session_zone[];

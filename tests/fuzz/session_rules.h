/*
 * session_rules.h - the rule sets of fuzz_session
 */
#pragma once

/* Rule files; NULL behind the last. Some name a zone file `zone`: its text. */
extern const char *const session_rules[];
extern const char session_zone[];

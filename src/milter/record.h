/*
 * record.h - what was decided, as lines of the log
 */
#pragma once

#include "rule/judge.h"

/* A session as its lines need it. */
struct record {
	const struct session *session;
	uint64_t us; /* time that the message has taken up in us, microseconds */
};

/* One line for a verdict, one for a note. */
void record_decision(const struct record *r, const struct decision *d);
void record_note(const struct record *r, const struct note *n);

/* A verdict of the adapter's own, tempfail, and why. rule: the one whose effect failed, or NULL. */
void record_failure(const struct record *r, const struct rule *rule, enum stage stage,
    const struct reply *reply, const char *why);

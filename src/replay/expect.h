/*
 * expect.h - what a test of rules expects of a transaction
 *
 *   expect ACTION [CODE [ENHANCED]] [by LABEL | by FILE:LINE | by default | by error | by split |
 *       by limit] [at STAGE] [text "TEXT"] [for <RECIPIENT>]
 *   expect [no] header "Name: value" | expect no header "Name"
 *   expect [no] quarantine ["REASON"]
 *   expect [no] recipient <ADDRESS>
 *   expect [no] log "TEXT"
 *
 * Without `for` it must be so for each recipient. Headers and recipients are those of the message
 * as it would be delivered.
 */
#pragma once

#include "replay/line.h"
#include "replay/replay.h"

#include <stdio.h>

enum expect_kind {
	EXPECT_VERDICT,
	EXPECT_HEADER,
	EXPECT_QUARANTINE,
	EXPECT_RECIPIENT,
	EXPECT_LOG,
};

enum expect_by { BY_ANY, BY_CAUSE, BY_LABEL, BY_PLACE };

struct expect {
	enum expect_kind kind;
	bool no;
	struct span span; /* of its words */
	/* EXPECT_VERDICT */
	enum action action;
	unsigned code;	       /* 0: any */
	struct slice enhanced; /* absent: any; the same below */
	enum expect_by by;
	enum cause cause;	/* BY_CAUSE */
	struct slice rule;	/* BY_LABEL: the label; BY_PLACE: the file */
	unsigned line;		/* BY_PLACE */
	enum stage stage;	/* STAGE_NEVER: any */
	struct slice recipient; /* also of EXPECT_RECIPIENT */
	struct slice name;	/* of the header */
	struct slice text;	/* of the reply, header, reason, log line */
};

/* Read the words of an `expect` line; its mistakes are added, a label that p doesn't have among
 * them. Texts stay where the line has them. */
bool expect_parse(
    const struct line *l, const struct program *p, struct diags *d, struct expect *out);

/* True if it came so. */
bool expect_met(const struct expect *e, const struct program *p, const struct transaction *t);

/* Print what came of the thing that is expected. No line end. */
void expect_show(
    FILE *out, const struct expect *e, const struct program *p, const struct transaction *t);

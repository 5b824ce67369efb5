/*
 * reply.h - answers and effects as libmilter takes them
 */
#pragma once

#include "rule/judge.h"

#include <libmilter/mfapi.h>

/* Set the reply that goes with an answer, and return the answer's status. */
sfsistat reply_give(SMFICTX *ctx, const struct answer *a);

/* Do one thing to the message; only at its end. leading: the MTA takes header values with the white
 * space behind the colon. False if it can't be done. */
bool reply_apply(SMFICTX *ctx, const struct effect *e, bool leading);

/* What an effect does, in words for the log: "add a header". */
const char *reply_effect_name(enum effect_kind k);

/*
 * wants.h - what we ask of the MTA: no more than the rules need
 */
#pragma once

#include "rule/program.h"

#include <libmilter/mfapi.h>

/* SMFIP_NO… of the callbacks that nobody needs, and other ways of the MTA's that we want. */
unsigned long wants_steps(const struct needs *n);

/* SMFIP_NR_… of the replies that nobody needs. libmilter offers all of them whatever the MTA can.
 */
unsigned long wants_no_replies(const struct needs *n);

/* SMFIF_… of what we may have to do to a message. */
unsigned long wants_actions(const struct needs *n);

/* Ask for the macros; only while negotiating. */
void wants_macros(SMFICTX *ctx, const struct needs *n);

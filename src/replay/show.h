/*
 * show.h - what the engine decided, in words for an admin
 *
 * What a client or sender controls is printed harmless: line feeds as \n, what must not reach a
 * terminal as \xHH.
 */
#pragma once

#include "rule/judge.h"

#include <stdio.h>

/* A text of which at most max bytes are shown; what was cut is told by "...". */
void show_text(FILE *out, struct slice s, size_t max);

/* The same, in double quotes unless it is one plain word; `absent` for an absent one. */
void show_value(FILE *out, struct slice s, size_t max);

/* `LABEL (FILE:LINE)`, or `rule (FILE:LINE)`. */
void show_rule(FILE *out, const struct rule *r);

/* `reject 550 5.7.1 by LABEL (FILE:LINE) at rcpt: TEXT`; `none` for NULL. */
void show_verdict(FILE *out, const struct decision *d);

/* What is done to an accepted message; what goes into the log. */
void show_effect(FILE *out, const struct effect *e);
void show_note(FILE *out, const struct note *n);

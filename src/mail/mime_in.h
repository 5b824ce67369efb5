/*
 * mime_in.h - what the files of mime share
 */
#pragma once

#include "mail/mime.h"

/* A limit was reached: the first one is told. */
void mime_cut(struct mime *m, const char *limit);

/* A part's content, its transfer encoding undone: the part's own bytes if it has none, else in the
 * arena. It counts as decoded, and ends where that limit does. */
struct slice mime_decode(struct mime *m, const struct mime_part *p, struct arena *a);

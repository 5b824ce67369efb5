/*
 * privileges.h - from root to the user that the daemon runs as
 */
#pragma once

#include "base/buf.h"

/* Become user, for good. user NULL: stay who we are. Returns 0, or an exit status with *why. */
int privileges_drop(const char *user, struct buf *why);

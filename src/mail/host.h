/*
 * host.h - the host of a URL, out of its disguises
 */
#pragma once

#include "base/arena.h"

/* The host that a browser makes of what stands in a URL, user and port off: percent-encoding
 * undone, control bytes and white space that it drops dropped, A-labels (mail/domain.h), IPv4 in
 * decimal, octal or hexadecimal numbers as four decimal ones, IPv6 without its brackets. Absent if
 * it is empty or can't be a host, and on lack of memory. */
struct slice host_read(struct slice written, struct arena *a);

/*
 * name.h - what can be a name in the DNS
 */
#pragma once

#include "base/arena.h"
#include "base/slice.h"

enum name_error { NAME_OK, NAME_TOO_LONG, NAME_EMPTY_LABEL, NAME_LONG_LABEL };

/* s without one dot at its end. */
struct slice name_trim(struct slice s);

/* A name with its U-labels made A-labels (RFC 5890), in a if it has any; as it is where that can't
 * be done. Absent on lack of memory. */
struct slice name_to_ascii(struct slice name, struct arena *a);

/* Check the lengths of a name and its labels (RFC 1035 2.3.4); a dot at the end is allowed, any
 * byte is. *label (if not NULL) gets the label that is wrong. */
enum name_error name_check(struct slice name, struct slice *label);

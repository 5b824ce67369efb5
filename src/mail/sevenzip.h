/*
 * sevenzip.h - where a 7z archive keeps its list
 */
#pragma once

#include "base/slice.h"

struct sevenzip {
	struct slice header; /* at the archive's end; empty: it has no items */
	struct slice packed; /* the list itself, where that header only says how it is packed */
	size_t unpacked;     /* how long it will be, in bytes */
	bool encrypted;	     /* it can't be read without the password */
};

/* Read where the list is. False if the archive is cut off, or made in no way that packers make it.
 */
bool sevenzip_read(struct slice content, struct sevenzip *out);

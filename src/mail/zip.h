/*
 * zip.h - the names in a zip's directory
 */
#pragma once

#include "base/slice.h"

/* On the way through a directory. */
struct zip {
	struct slice content;
	size_t at, end; /* of the directory; the same where there is none */
	size_t moved;	/* bytes that stand before the zip in the content */
};

/* Find the directory of a zip. */
struct zip zip_directory(struct slice content);

/* The next name in the directory that its file does not have itself, as the bytes that it is. False
 * if there are no more. */
bool zip_alias(struct zip *z, struct slice *name);

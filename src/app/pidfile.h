/*
 * pidfile.h - a file that says which process we are
 *
 * A lock on it, not its content, says that the process lives: a number left by a crash is no
 * obstacle, nor is another process that got the same number since.
 */
#pragma once

#include "base/buf.h"

struct pidfile {
	const char *path; /* NULL: none */
	int fd;		  /* open and locked as long as we run */
};

/* Write our number. path NULL: no file is wanted. Returns 0, or an exit status with *why. */
int pidfile_write(const char *path, struct pidfile *out, struct buf *why);

/* Remove it, or make it empty where we may not. */
void pidfile_remove(const struct pidfile *p);

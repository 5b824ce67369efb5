/*
 * cachedir.h - a directory of files that can be made again
 *
 * A file is written whole or not at all, whatever happens meanwhile, and read only if nobody else
 * can have written it. Beyond a number of bytes those go that were used least lately. Names are
 * hexadecimal digits, CACHEDIR_NAME of them; files of other names are left alone.
 *
 * Where something fails, *why tells what, in words that follow the path.
 */
#pragma once

#include "base/buf.h"

#define CACHEDIR_NAME 32

struct cachedir {
	int fd;	      /* -1: not open */
	size_t limit; /* bytes of all files: LIMIT_CACHE_BYTES */
};

/* Open a directory that is there. False if it isn't, or if others may write to it. */
bool cachedir_open(struct cachedir *c, const char *path, struct buf *why);
void cachedir_close(struct cachedir *c);

/* Append a file's bytes; from now on it is the one used last. False if there is none, and with *why
 * if there is one that can't be read or trusted. */
bool cachedir_read(const struct cachedir *c, const char *name, struct buf *out, struct buf *why);

/* Write a file, in place of one that is there. False if it can't be written, or is too large. */
bool cachedir_write(
    const struct cachedir *c, const char *name, struct slice bytes, struct buf *why);

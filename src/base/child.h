/*
 * child.h - work in a process of its own
 *
 * For what leaves much memory behind, or can't be stopped: a process can be killed, and what it has
 * taken goes with it. It has the least priority, ends when the thread that made it does, and has
 * none of the caller's files open but the standard ones. What it has found out it tells, in pieces.
 */
#pragma once

#include "base/buf.h"

#include <stdint.h>
#include <sys/types.h>

struct child {
	pid_t pid;
	int fd;
};

/* Tell a piece, in the child. False if nobody listens any more. */
bool child_tell(int fd, struct slice piece);

/* Call work(data, fd), which tells to fd, in a child; it ends with that. False if there is none to
 * be had. No other thread should be at work: what it holds at that moment, such as memory that is
 * being allocated under a sanitizer, is never let go in the child. */
bool child_start(struct child *c, void (*work)(void *data, int fd), void *data);

enum child_said {
	CHILD_PIECE,
	CHILD_GONE,	/* it has ended */
	CHILD_LATE,	/* it is past the time */
	CHILD_TOO_MUCH, /* out does not take all of the piece */
	CHILD_STOPPED,
};

/* Append the next piece to out. Waits for it until end (of clock_us), or until stop, a file
 * descriptor (-1: none), can be read. Behind CHILD_LATE and CHILD_STOPPED the child is to be ended.
 */
enum child_said child_hear(const struct child *c, int stop, uint64_t end, struct buf *out);

/* Kill it, if it still is at work. */
void child_end(struct child *c);

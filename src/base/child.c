/*
 * child.c - work in a process of its own
 *
 * A piece is told as its length, 8 bytes, and its bytes.
 */
#include "base/child.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PRIORITY 19

/* ---- in the child ---- */

/* Leave what is the caller's alone. False if he is gone already. */
static bool
part(pid_t caller, int fd)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != caller)
		return false;
	/* a connection that we held open would not end when the caller closes it */
	close_range(STDERR_FILENO + 1, (unsigned)fd - 1, 0);
	close_range((unsigned)fd + 1, UINT_MAX, 0);
	setpriority(PRIO_PROCESS, 0, PRIORITY);
	return true;
}

/* Write all. */
static bool
write_all(int fd, struct slice s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			s = slice_of(s.p + n, s.n - (size_t)n);
	}
	return true;
}

/* Tell a piece. */
bool
child_tell(int fd, struct slice piece)
{
	uint64_t n = piece.n;

	return write_all(fd, slice_of((const char *)&n, sizeof(n))) && write_all(fd, piece);
}

/* ---- in the caller ---- */

/* Start it. */
bool
child_start(struct child *c, void (*work)(void *data, int fd), void *data)
{
	pid_t caller = getpid();
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		return false;
	c->fd = fds[0];
	c->pid = fork();
	if (c->pid == 0) {
		if (part(caller, fds[1]))
			work(data, fds[1]);
		/* nothing of the caller's is flushed or called */
		_exit(EXIT_SUCCESS);
	}
	close(fds[1]);
	if (c->pid < 0)
		close(fds[0]);
	return c->pid > 0;
}

/* Wait until there is something to read. */
static enum child_said
wait_for(int fd, int stop, uint64_t end)
{
	struct pollfd v[] = { { .fd = fd, .events = POLLIN }, { .fd = stop, .events = POLLIN } };

	for (;;) {
		uint64_t now = clock_us(), ms;

		if (now >= end)
			return CHILD_LATE;
		ms = (end - now) / 1000 + 1;
		if (poll(v, 2, ms < INT_MAX ? (int)ms : INT_MAX) <= 0)
			continue;
		return v[1].revents != 0 ? CHILD_STOPPED : CHILD_PIECE;
	}
}

/* Append so many bytes. */
static enum child_said
take(const struct child *c, int stop, uint64_t end, uint64_t wanted, struct buf *out)
{
	char some[65536];

	while (wanted > 0) {
		enum child_said said = wait_for(c->fd, stop, end);
		ssize_t n;

		if (said != CHILD_PIECE)
			return said;
		n = read(c->fd, some, wanted < sizeof(some) ? (size_t)wanted : sizeof(some));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return CHILD_GONE;
		/* of what is too much the rest is read, to get to the next piece */
		buf_add(out, slice_of(some, (size_t)n));
		wanted -= (uint64_t)n;
	}
	return out->cut ? CHILD_TOO_MUCH : CHILD_PIECE;
}

/* Hear a piece. */
enum child_said
child_hear(const struct child *c, int stop, uint64_t end, struct buf *out)
{
	struct buf length = { 0 };
	uint64_t n = 0;
	enum child_said said = take(c, stop, end, sizeof(n), &length);

	if (said == CHILD_PIECE) {
		memcpy(&n, length.p, sizeof(n));
		said = take(c, stop, end, n, out);
	}
	buf_free(&length);
	return said;
}

/* End it. */
void
child_end(struct child *c)
{
	close(c->fd);
	kill(c->pid, SIGKILL);
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}

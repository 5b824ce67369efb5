/*
 * pidfile.c - a file that says which process we are
 */
#include "app/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

/* Read what is there; the number as a slice of *text, or absent if this is no pid file. */
static struct slice
read_number(int fd, char *text, size_t size)
{
	ssize_t n = pread(fd, text, size, 0);
	struct slice s = slice_trim(slice_of(text, n > 0 ? (size_t)n : 0));
	unsigned long long pid;

	if (n < 0 || (size_t)n == size)
		return SLICE_ABSENT;
	if (s.n > 0 && s.p[s.n - 1] == '\n')
		s.n--;
	return s.n == 0 || slice_number(s, 1u << 30, &pid) ? s : SLICE_ABSENT;
}

/* Say why there is no file. Returns an exit status. */
static int
tell(const char *path, struct buf *why)
{
	int error = errno;

	buf_printf(why, "the pid-file %s can't be written: %s", path, strerror(error));
	return error == EACCES ? EX_NOPERM : EX_CANTCREAT;
}

/* True if an open file still stands at its path. */
static bool
is_there(int fd, const char *path)
{
	struct stat there, ours;

	return lstat(path, &there) == 0 && fstat(fd, &ours) == 0 && there.st_dev == ours.st_dev &&
	    there.st_ino == ours.st_ino;
}

/* Open and lock the file. Its last owner removes it when it ends, maybe after we have opened it:
 * then another one is wanted. 0 or an exit status. */
static int
open_locked(const char *path, int *fd, struct buf *why)
{
	char text[32];
	struct slice old;

	for (;;) {
		*fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
		if (*fd < 0)
			return tell(path, why);
		if (flock(*fd, LOCK_EX | LOCK_NB) != 0)
			break;
		if (is_there(*fd, path))
			return 0;
		close(*fd);
	}
	old = read_number(*fd, text, sizeof(text));
	buf_printf(
	    why, "postern is already running, as process %.*s (pid-file %s)", SLICE_ARG(old), path);
	close(*fd);
	return EX_UNAVAILABLE;
}

/* Write our number into it. 0 or an exit status. */
static int
fill(int fd, const char *path, struct buf *why)
{
	char text[32];
	int n;

	if (read_number(fd, text, sizeof(text)).p == NULL) {
		buf_printf(why, "%s is there and is no pid file; choose another pid-file", path);
		return EX_CANTCREAT;
	}
	n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n) {
		tell(path, why);
		return EX_IOERR;
	}
	return 0;
}

/* Write our number. */
int
pidfile_write(const char *path, struct pidfile *out, struct buf *why)
{
	int status;

	*out = (struct pidfile){ NULL, -1 };
	if (path == NULL)
		return 0;
	status = open_locked(path, &out->fd, why);
	if (status != 0)
		return status;
	status = fill(out->fd, path, why);
	if (status == 0)
		out->path = path;
	else
		close(out->fd);
	return status;
}

/* Remove it. */
void
pidfile_remove(const struct pidfile *p)
{
	if (p->path == NULL)
		return;
	if (is_there(p->fd, p->path) && unlink(p->path) != 0 && ftruncate(p->fd, 0) != 0)
		return;
	close(p->fd);
}

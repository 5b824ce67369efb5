/*
 * cachedir.c - a directory of files that can be made again
 *
 * A file is written under a name of the process's, and takes its own name when it is on the disk.
 * What a process that was killed leaves behind counts as the files do, and goes as they do.
 */
#include "base/cachedir.h"

#include "base/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_SIZE (CACHEDIR_NAME + 24) /* with a process's number */
#define FOR_OTHERS (S_IWGRP | S_IWOTH)

/* errno, in words. */
static bool
tell(struct buf *why)
{
	buf_str(why, strerror(errno));
	return false;
}

/* Open a directory. */
bool
cachedir_open(struct cachedir *c, const char *path, struct buf *why)
{
	struct stat st;

	*c = (struct cachedir){ .fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.limit = LIMIT_CACHE_BYTES };
	if (c->fd < 0)
		return tell(why);
	if (fstat(c->fd, &st) != 0)
		tell(why);
	else if (st.st_uid != geteuid())
		buf_printf(why, "it belongs to user %u, not to user %u as which this runs",
		    (unsigned)st.st_uid, (unsigned)geteuid());
	else if (st.st_mode & FOR_OTHERS)
		buf_printf(why, "others may write to it (mode %04o)", st.st_mode & 07777);
	else
		return true;
	cachedir_close(c);
	return false;
}

void
cachedir_close(struct cachedir *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

/* Read all of an open file. */
static bool
read_all(int fd, size_t size, struct buf *out)
{
	char piece[16384];
	ssize_t n;

	while (size > 0) {
		n = read(fd, piece, size < sizeof(piece) ? size : sizeof(piece));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		buf_add(out, slice_of(piece, (size_t)n));
		size -= (size_t)n;
	}
	return !out->cut;
}

/* Read a file. */
bool
cachedir_read(const struct cachedir *c, const char *name, struct buf *out, struct buf *why)
{
	/* without NONBLOCK a fifo of that name would hold us up */
	int fd = openat(c->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool good = false;
	struct stat st;

	if (fd < 0)
		return errno != ENOENT && tell(why);
	errno = 0;
	if (fstat(fd, &st) != 0)
		tell(why);
	else if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_mode & FOR_OTHERS)
		buf_printf(why, "%s may be somebody else's work", name);
	else if ((uintmax_t)st.st_size > c->limit)
		buf_printf(why, "%s is too large", name);
	else if (!read_all(fd, (size_t)st.st_size, out))
		buf_printf(why, "%s can't be read: %s", name,
		    errno != 0 ? strerror(errno) : "it is not whole");
	else
		good = true;
	if (good)
		futimens(
		    fd, (struct timespec[]){ { .tv_nsec = UTIME_NOW }, { .tv_nsec = UTIME_NOW } });
	close(fd);
	return good;
}

/* Write all of a file and have it on the disk. */
static bool
write_all(int fd, struct slice s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		s = slice_of(s.p + n, s.n - (size_t)n);
	}
	return fsync(fd) == 0;
}

/* True for the name of a file of ours, or of one that was being written. */
static bool
is_ours(const char *name)
{
	size_t n = strspn(name, "0123456789abcdef");

	return n == CACHEDIR_NAME && (name[n] == '\0' || name[n] == '.');
}

/* The bytes of all files but one, and the one of them that was used least lately. */
static uintmax_t
measure(DIR *dir, const char *but, char *oldest)
{
	struct timespec when = { 0 };
	uintmax_t bytes = 0;
	struct dirent *e;
	struct stat st;

	*oldest = '\0';
	rewinddir(dir);
	while ((e = readdir(dir)) != NULL) {
		if (!is_ours(e->d_name) || strcmp(e->d_name, but) == 0 ||
		    strlen(e->d_name) >= NAME_SIZE ||
		    fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		bytes += (uintmax_t)st.st_size;
		if (*oldest == '\0' || st.st_mtim.tv_sec < when.tv_sec ||
		    (st.st_mtim.tv_sec == when.tv_sec && st.st_mtim.tv_nsec < when.tv_nsec)) {
			when = st.st_mtim;
			strcpy(oldest, e->d_name);
		}
	}
	return bytes;
}

/* Remove files until there is room for one of so many bytes. */
static void
make_room(const struct cachedir *c, const char *name, size_t bytes)
{
	int fd = openat(c->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	char oldest[NAME_SIZE];

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (measure(dir, name, oldest) > c->limit - bytes && *oldest != '\0')
		if (unlinkat(c->fd, oldest, 0) != 0)
			break;
	closedir(dir);
}

/* Write a file. */
bool
cachedir_write(const struct cachedir *c, const char *name, struct slice bytes, struct buf *why)
{
	char being[NAME_SIZE];
	bool good;
	int fd;

	if (bytes.n > c->limit) {
		buf_printf(why, "%zu bytes are too many", bytes.n);
		return false;
	}
	make_room(c, name, bytes.n);
	snprintf(being, sizeof(being), "%.*s.%ld", CACHEDIR_NAME, name, (long)getpid());
	unlinkat(c->fd, being, 0); /* of one that had our number */
	fd = openat(c->fd, being, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return tell(why);
	good = write_all(fd, bytes) && renameat(c->fd, being, c->fd, name) == 0;
	if (!good) {
		tell(why);
		unlinkat(c->fd, being, 0);
	}
	close(fd);
	if (good)
		fsync(c->fd);
	return good;
}

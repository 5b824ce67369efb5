/*
 * listener.c - the socket on which the MTA finds us
 *
 * We bind it ourselves and hand libmilter the descriptor: libmilter would remove a socket that
 * another instance listens on, make it with any permissions the umask leaves, and at its end remove
 * whatever stands at the path by then.
 */
#include "app/listener.h"

#include "base/clock.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#define PATH_SIZE sizeof(((struct sockaddr_un *)NULL)->sun_path)
#define POSTFIX_QUEUE "/var/spool/postfix/" /* where Debian's smtpd is in its chroot */

/* ---- unix ---- */

/* A path as an address; false if it is too long. */
static bool
unix_address(const char *path, struct sockaddr_un *out)
{
	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= PATH_SIZE)
		return false;
	strcpy(out->sun_path, path);
	return true;
}

/* Make room at the path: remove a socket that nobody listens on. 0 or an exit status. */
static int
clear_path(const char *path, const struct sockaddr_un *address, struct buf *why)
{
	struct stat st;
	int fd, error = 0;

	if (lstat(path, &st) != 0)
		return 0; /* not there, or bind tells why */
	if (!S_ISSOCK(st.st_mode)) {
		buf_printf(
		    why, "%s is there and is no socket; remove it or choose another path", path);
		return EX_CANTCREAT;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0)
		error = errno;
	if (fd >= 0)
		close(fd);
	if (error == 0 || error == EAGAIN) {
		buf_printf(why, "the socket %s is already in use; is postern running?", path);
		return EX_CANTCREAT;
	}
	if (error != ECONNREFUSED && error != ENOENT) {
		buf_printf(why,
		    "the socket %s is there and can't be asked whether it is in use: %s", path,
		    strerror(error));
		return EX_CANTCREAT;
	}
	if (unlink(path) != 0 && errno != ENOENT) {
		buf_printf(why, "the old socket %s can't be removed: %s", path, strerror(errno));
		return EX_CANTCREAT;
	}
	return 0;
}

/* Look up the owner of the socket. 0 or an exit status. */
static int
find_owner(const struct socket_setting *s, uid_t *uid, gid_t *gid, struct buf *why)
{
	const struct passwd *pw = s->user != NULL ? getpwnam(s->user) : NULL;
	const struct group *gr = s->group != NULL ? getgrnam(s->group) : NULL;

	if (s->user != NULL && pw == NULL) {
		buf_printf(why, "there is no user `%s` for the socket", s->user);
		return EX_NOUSER;
	}
	if (s->group != NULL && gr == NULL) {
		buf_printf(why, "there is no group `%s` for the socket", s->group);
		return EX_NOUSER;
	}
	*uid = pw != NULL ? pw->pw_uid : (uid_t)-1;
	*gid = gr != NULL ? gr->gr_gid : (gid_t)-1;
	return 0;
}

/* Say why the socket file could not be made. */
static int
tell_bind(const struct socket_setting *s, int error, struct buf *why)
{
	char path[PATH_SIZE];
	const char *dir = dirname(strcpy(path, s->path));
	struct buf mta = { 0 };

	listener_for_mta(s, &mta);
	buf_printf(why, "the socket %s can't be made: %s", s->path, strerror(error));
	if (error == ENOENT)
		buf_printf(why,
		    "; make its directory: install -d -m 0750 -g postfix %s"
		    " (and in Postfix's main.cf: smtpd_milters = %s)",
		    dir, mta.p);
	else if (error == EACCES)
		buf_printf(why, "; %s must be writable for the user that starts postern", dir);
	else if (error == EADDRINUSE)
		buf_printf(why, "; is another postern being started?");
	buf_free(&mta);
	return error == EACCES || error == EPERM ? EX_NOPERM : EX_CANTCREAT;
}

/* Bind with the right mode and owner from the first moment, then listen. 0 or an exit status. */
static int
bind_unix(const struct socket_setting *s, const struct sockaddr_un *address, struct listener *out,
    struct buf *why)
{
	uid_t uid;
	gid_t gid;
	int status = find_owner(s, &uid, &gid, why), error;
	struct stat st;

	if (status != 0)
		return status;

	mode_t before = umask(~(mode_t)(s->mode < 0 ? 0660 : s->mode) & 0777);

	error = bind(out->fd, (const struct sockaddr *)address, sizeof(*address)) != 0 ? errno : 0;
	umask(before);
	if (error != 0)
		return tell_bind(s, error, why);
	/* nobody can connect before listen(), so a change of owner is in time */
	if ((uid != (uid_t)-1 || gid != (gid_t)-1) && lchown(s->path, uid, gid) != 0) {
		buf_printf(why, "the socket %s can't be given to user %s, group %s: %s", s->path,
		    s->user != NULL ? s->user : "(as is)", s->group != NULL ? s->group : "(as is)",
		    strerror(errno));
		unlink(s->path);
		return EX_NOPERM;
	}
	if (lstat(s->path, &st) != 0 || listen(out->fd, SOMAXCONN) != 0) {
		buf_printf(why, "the socket %s can't be listened on: %s", s->path, strerror(errno));
		unlink(s->path);
		return EX_OSERR;
	}
	out->path = s->path;
	out->dev = st.st_dev;
	out->ino = st.st_ino;
	return 0;
}

/* Lock a directory, where it can be locked. False if somebody else holds on to the lock. */
static bool
lock_directory(const char *dir, int *fd)
{
	uint64_t end = clock_us() + LIMIT_LOCK_MS * 1000ull;

	*fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (*fd >= 0 && flock(*fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
		if (clock_us() > end) {
			close(*fd);
			return false;
		}
		usleep(LIMIT_LOCK_PAUSE_MS * 1000);
	}
	return true;
}

/* Open a unix socket. The lock on its directory keeps two starters from taking each other's socket
 * for an old one between bind() and listen(). */
static int
open_unix(const struct socket_setting *s, struct listener *out, struct buf *why)
{
	char path[PATH_SIZE];
	struct sockaddr_un address;
	const char *dir;
	int lock, status;

	if (!unix_address(s->path, &address)) {
		buf_printf(why, "the path of the socket %s is too long", s->path);
		return EX_CANTCREAT;
	}
	dir = dirname(strcpy(path, s->path));
	if (!lock_directory(dir, &lock)) {
		buf_printf(why,
		    "the socket %s can't be made: another process holds a lock on %s; is another"
		    " postern being started? (fuser %s tells which process it is)",
		    s->path, dir, dir);
		return EX_CANTCREAT;
	}
	status = clear_path(s->path, &address, why);
	if (status == 0)
		status = bind_unix(s, &address, out, why);
	if (lock >= 0)
		close(lock);
	return status;
}

/* ---- inet ---- */

/* Add a host: the colons of an IPv6 address would be taken for that of the port. */
static void
add_host(struct buf *out, const char *host)
{
	buf_printf(out, strchr(host, ':') != NULL ? "[%s]" : "%s", host);
}

/* Bind and listen on the first address of the host that lets us. */
static int
open_inet(const struct socket_setting *s, struct listener *out, struct buf *why)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *all;
	char port[8];
	int error = EADDRNOTAVAIL, rc;

	snprintf(port, sizeof(port), "%u", s->port);
	rc = getaddrinfo(s->host, port, &hints, &all);
	if (rc != 0) {
		buf_printf(why, "the host %s of the socket has no address: %s", s->host,
		    rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
		return EX_NOHOST;
	}
	for (const struct addrinfo *a = all; a != NULL && error != 0; a = a->ai_next) {
		int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd >= 0 &&
		    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)) == 0 &&
		    bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0) {
			out->fd = fd;
			error = 0;
			continue;
		}
		error = errno;
		if (fd >= 0)
			close(fd);
	}
	freeaddrinfo(all);
	if (error == 0)
		return 0;
	buf_printf(why, "the socket inet:%s@", port);
	add_host(why, s->host);
	buf_printf(why, " can't be opened: %s",
	    error == EADDRINUSE ? "already in use; is postern running?" : strerror(error));
	return error == EACCES ? EX_NOPERM : EX_CANTCREAT;
}

/* ---- both ---- */

/* Bind and listen. */
int
listener_open(const struct socket_setting *s, struct listener *out, struct buf *why)
{
	int status;

	*out = (struct listener){ .fd = -1 };
	if (s->family == SOCKET_INET)
		return open_inet(s, out, why);
	out->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (out->fd < 0) {
		buf_printf(why, "no socket to be had: %s", strerror(errno));
		return EX_OSERR;
	}
	status = open_unix(s, out, why);
	if (status != 0) {
		close(out->fd);
		out->fd = -1;
	}
	return status;
}

/* Remove our file, if it is ours. */
static void
remove_file(const struct listener *l)
{
	struct stat st;

	if (lstat(l->path, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino)
		unlink(l->path);
}

/* Let nobody connect. */
void
listener_close(struct listener *l)
{
	int quiet;

	if (l->fd < 0)
		return;
	if (l->path != NULL)
		remove_file(l);
	quiet = eventfd(0, EFD_CLOEXEC);
	if (quiet >= 0) {
		dup3(quiet, l->fd, O_CLOEXEC);
		close(quiet);
	}
	*l = (struct listener){ .fd = -1 };
}

/* How the MTA is told. */
void
listener_for_mta(const struct socket_setting *s, struct buf *out)
{
	const size_t n = strlen(POSTFIX_QUEUE);

	if (s->family == SOCKET_INET) {
		buf_str(out, "inet:");
		add_host(out, s->host);
		buf_printf(out, ":%u", s->port);
		return;
	}
	buf_printf(out, "unix:%s", strncmp(s->path, POSTFIX_QUEUE, n) == 0 ? s->path + n : s->path);
}

/* ---- the MTA's way to it ---- */

struct identity {
	uid_t uid;
	gid_t groups[64];
	int ngroups;
};

/* True if these permission bits (as for others: 4, 2, 1) are granted to an identity. */
static bool
granted(const struct identity *who, const struct stat *st, unsigned bits)
{
	bool in_group = false;

	if (who->uid == 0)
		return true;
	if (st->st_uid == who->uid)
		return (st->st_mode >> 6 & bits) == bits;
	for (int i = 0; i < who->ngroups; i++)
		in_group |= st->st_gid == who->groups[i];
	return ((in_group ? st->st_mode >> 3 : st->st_mode) & bits) == bits;
}

/* Could the user connect? */
bool
listener_admits(const struct socket_setting *s, const char *user, struct buf *why)
{
	const struct passwd *pw = getpwnam(user);
	struct identity who;
	char part[PATH_SIZE];
	struct stat st;

	if (s->family != SOCKET_UNIX || pw == NULL || strlen(s->path) >= PATH_SIZE)
		return true;
	who.uid = pw->pw_uid;
	who.ngroups = (int)(sizeof(who.groups) / sizeof(*who.groups));
	if (getgrouplist(user, pw->pw_gid, who.groups, &who.ngroups) < 0)
		return true;
	for (const char *p = strchr(s->path, '/'); p != NULL; p = strchr(p + 1, '/')) {
		snprintf(part, (size_t)(p - s->path) + 2, "%s", s->path);
		if (stat(part, &st) == 0 && !granted(&who, &st, 1)) {
			buf_printf(why,
			    "user %s can't enter the directory %s, so Postfix can't reach the"
			    " socket %s; let its group in (chgrp postfix, chmod g+x)",
			    user, part, s->path);
			return false;
		}
	}
	if (stat(s->path, &st) != 0 || granted(&who, &st, 6))
		return true;
	buf_printf(why,
	    "user %s can't connect to the socket %s; write for example:"
	    " set socket \"unix:%s\" mode 0660 group postfix",
	    user, s->path, s->path);
	return false;
}

/*
 * privileges.c - from root to the user that the daemon runs as
 */
#include "app/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sysexits.h>
#include <unistd.h>

/* Become user. */
int
privileges_drop(const char *user, struct buf *why)
{
	const struct passwd *pw;

	if (user == NULL)
		return 0;
	errno = 0;
	pw = getpwnam(user);
	if (pw == NULL) {
		buf_printf(why, "`set user %s`: %s", user,
		    errno != 0 ? strerror(errno) : "there is no such user");
		return EX_NOUSER;
	}
	if (geteuid() != 0 && pw->pw_uid == geteuid())
		return 0;
	if (geteuid() != 0) {
		buf_printf(why, "only root can become user %s; start postern as root or as %s",
		    user, user);
		return EX_NOPERM;
	}
	if (initgroups(user, pw->pw_gid) != 0 || setgid(pw->pw_gid) != 0 ||
	    setuid(pw->pw_uid) != 0) {
		buf_printf(why, "can't become user %s: %s", user, strerror(errno));
		return EX_OSERR;
	}
	if (geteuid() != pw->pw_uid || getegid() != pw->pw_gid ||
	    (pw->pw_uid != 0 && setuid(0) == 0)) {
		buf_printf(why, "root's privileges did not go with user %s", user);
		return EX_OSERR;
	}
	return 0;
}

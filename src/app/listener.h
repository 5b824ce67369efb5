/*
 * listener.h - the socket on which the MTA finds us
 */
#pragma once

#include "base/buf.h"
#include "rule/settings.h"

struct listener {
	int fd;
	const char *path; /* of a unix socket; the setting's own memory */
	dev_t dev;	  /* the file that we made there */
	ino_t ino;
};

/* Bind and listen as a setting says. A socket file that nobody listens on is replaced, one in use
 * is left alone, as is any other file. Returns 0, or an exit status of sysexits.h with *why telling
 * what is wrong and what to do. Call before threads are made: it changes the umask for a moment. */
int listener_open(const struct socket_setting *s, struct listener *out, struct buf *why);

/* Remove a unix socket's file, if it is still ours. The socket itself goes on. Once is enough:
 * later the file's number may be a successor's. */
void listener_unlink(struct listener *l);

/* Whether Postfix's smtpd could connect to a unix socket; if not, *why says what is in its way.
 * True where that can't be told (no user of that name, an inet socket). */
bool listener_admits(const struct socket_setting *s, const char *user, struct buf *why);

/* How the MTA is told of the socket: "unix:/run/postern/postern.sock"; a path inside Postfix's
 * queue directory relative to it, for smtpd may be in a chroot there. Adds to *out. */
void listener_for_mta(const struct socket_setting *s, struct buf *out);

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

/* Let nobody connect any more: the socket is closed, a unix socket's file removed if it is still
 * ours. Its descriptor stays good, on something that never becomes ready: libmilter polls and
 * closes it; a poll that has begun must be interrupted. Once is enough: later the file's number may
 * be a successor's. */
void listener_close(struct listener *l);

/* Whether Postfix's smtpd could connect to a unix socket; if not, *why says what is in its way.
 * True where that can't be told (no user of that name, an inet socket). */
bool listener_admits(const struct socket_setting *s, const char *user, struct buf *why);

/* How the MTA is told of the socket: "inet:127.0.0.1:8890"; "unix:/run/postern/postern.sock"; a
 * path inside Postfix's queue directory relative to it, for smtpd may be in a chroot there. Adds to
 * *out. */
void listener_for_mta(const struct socket_setting *s, struct buf *out);

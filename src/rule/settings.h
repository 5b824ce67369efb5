/*
 * settings.h - what `set NAME VALUE` says, in one table
 */
#pragma once

#include "base/log.h"
#include "session/stage.h"

#include <sys/types.h>

enum socket_family { SOCKET_UNIX, SOCKET_INET };

struct socket_setting {
	enum socket_family family;
	const char *path; /* SOCKET_UNIX */
	const char *host; /* SOCKET_INET: address or name */
	unsigned port;
	long mode;		  /* SOCKET_UNIX: permission bits; -1: 0660 */
	const char *user, *group; /* SOCKET_UNIX: owner; NULL: the daemon's */
};

enum mode { MODE_ENFORCE, MODE_MONITOR };
enum mixed { MIXED_SPLIT, MIXED_DELIVER, MIXED_DROP };
enum on_error { ON_ERROR_TEMPFAIL, ON_ERROR_SKIP };

struct settings {
	struct socket_setting socket;
	const char *user;     /* NULL: stay who we are */
	const char *pid_file; /* NULL: none */
	enum log_target log;
	enum mode mode;
	enum stage refuse_at; /* STAGE_CONNECT, STAGE_HELO, STAGE_MAIL or STAGE_RCPT */
	enum mixed mixed;
	enum on_error on_error;
	const char *dns_zone; /* NULL: the system's resolver */
	size_t max_message_size;
};

/* Names of all settings, NULL behind the last: for the manual's test. */
const char *settings_at(size_t i);

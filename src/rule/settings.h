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
/* Bits. */
enum spf_header {
	SPF_HEADER_NONE = 0,
	SPF_HEADER_RECEIVED = 1,
	SPF_HEADER_RESULTS = 2,
	SPF_HEADER_BOTH = SPF_HEADER_RECEIVED | SPF_HEADER_RESULTS,
};

/* Authentication-Results that senders write under our name. */
enum forged_results { FORGED_POSSIBLE, FORGED_REMOVED };

struct list;

struct settings {
	struct socket_setting socket;
	const char *user;     /* NULL: stay who we are */
	const char *pid_file; /* NULL: none */
	enum log_target log;
	enum mode mode;
	enum stage refuse_at; /* STAGE_CONNECT, STAGE_HELO, STAGE_MAIL or STAGE_RCPT */
	enum mixed mixed;
	enum on_error on_error, on_dns_error;
	const char *dns_servers; /* "ADDR[:PORT],…"; NULL: those of resolv.conf */
	const char *dns_zone;	 /* NULL: name servers are asked */
	unsigned dns_timeout, dns_min_ttl, dns_max_ttl, spf_timeout; /* seconds */
	unsigned match_budget;					     /* likewise */
	enum spf_header spf_header;
	const char *authserv_id; /* NULL: as the MTA calls itself */
	enum forged_results forged_results;
	const struct list *relays; /* trusted ones, a list of networks; NULL: none */
	const char *relays_name;
	const char *cache_dir;
	size_t max_message_size;
	size_t max_headers, max_header_size;
	size_t max_parts, max_nesting, max_decoded_size, max_urls, max_archive_entries;
};

/* Names of all settings, NULL behind the last: for the manual's test. */
const char *settings_at(size_t i);

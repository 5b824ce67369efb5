/*
 * log.h - lines to the admin's log
 *
 * A line is `key=value` fields, blank between them. A value with a blank, a quote, a backslash, `=`
 * or a byte that is not printable ASCII is quoted, with \" \\ \n \r \t and \xHH inside; bytes of
 * valid UTF-8 above ASCII stay. A field longer than LIMIT_LOG_FIELD is cut and ends in "...".
 */
#pragma once

#include "base/buf.h"

enum log_target { LOG_TO_STDERR, LOG_TO_SYSLOG, LOG_TO_JOURNAL };
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE, LOG_LEVEL_INFO };

/* Choose where lines go; before threads are made. ident is the program's name. Journal falls back
 * to stderr with sd-daemon level prefixes where libsystemd is absent. */
void log_open(enum log_target target, const char *ident);

/* A line in words, for what concerns the daemon and no session. */
void log_say(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A line of fields: start with an empty buffer, add fields, send it. Absent values add nothing. */
void log_field(struct buf *line, const char *key, struct slice value);
void log_field_num(struct buf *line, const char *key, long long value);
void log_send(enum log_level level, const struct buf *line);

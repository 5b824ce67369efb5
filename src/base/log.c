/*
 * log.c - lines to the admin's log
 *
 * A line goes out in one piece, so that lines of several threads don't mix. Whatever the sender of
 * a mail wrote into a field, it can't end the line, end the field, or steer a terminal.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "base/log.h"

#include "base/limits.h"
#include "base/utf8.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-journal.h>
#endif

/* Set once, before threads are made. */
static struct {
	enum log_target target;
	const char *ident;
} out = { LOG_TO_STDERR, "postern" };

/* Held while a line is written: the system keeps only what is no longer than PIPE_BUF in one piece.
 */
static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;

static const struct {
	int priority;	    /* syslog's and the journal's */
	const char *prefix; /* for words on stderr, where no priority is seen */
} levels[] = {
	[LOG_LEVEL_ERROR] = { LOG_ERR, "error: " },
	[LOG_LEVEL_WARNING] = { LOG_WARNING, "warning: " },
	[LOG_LEVEL_NOTICE] = { LOG_NOTICE, "" },
	[LOG_LEVEL_INFO] = { LOG_INFO, "" },
};

/* Choose where lines go. */
void
log_open(enum log_target target, const char *ident)
{
	out.target = target;
	out.ident = ident;
	if (target == LOG_TO_SYSLOG)
		openlog(ident, LOG_PID | LOG_NDELAY, LOG_MAIL);
	else
		closelog();
}

/* Write a line to stderr; what can't be written is lost, there is nobody to tell. */
static void
send_stderr(const char *before, struct slice line)
{
	struct pollfd room = { .fd = STDERR_FILENO, .events = POLLOUT };
	struct buf b = { 0 };
	struct slice rest;

	buf_str(&b, before);
	buf_add(&b, line);
	buf_char(&b, '\n');
	rest = buf_slice(&b);
	pthread_mutex_lock(&writing);
	while (rest.n > 0) {
		ssize_t n = write(STDERR_FILENO, rest.p, rest.n);

		if (n >= 0)
			rest = slice_of(rest.p + n, rest.n - (size_t)n);
		else if (errno == EAGAIN)
			poll(&room, 1, -1);
		else if (errno != EINTR)
			break;
	}
	pthread_mutex_unlock(&writing);
	buf_free(&b);
}

/* Send a line to the journal, or to stderr in the words that systemd takes from there. */
static void
send_journal(int priority, struct slice line)
{
#ifdef HAVE_LIBSYSTEMD
	sd_journal_send("MESSAGE=%.*s", SLICE_ARG(line), "PRIORITY=%d", priority,
	    "SYSLOG_IDENTIFIER=%s", out.ident, NULL);
#else
	char before[8];

	snprintf(before, sizeof(before), "<%d>", priority);
	send_stderr(before, line);
#endif
}

/* Send a line, which is harmless by now, to where lines go. */
static void
send_line(enum log_level level, const char *prefix, struct slice line)
{
	char before[64];

	switch (out.target) {
	case LOG_TO_STDERR:
		snprintf(before, sizeof(before), "%.40s: %s", out.ident, prefix);
		send_stderr(before, line);
		break;
	case LOG_TO_SYSLOG:
		syslog(levels[level].priority, "%.*s", SLICE_ARG(line));
		break;
	case LOG_TO_JOURNAL:
		send_journal(levels[level].priority, line);
		break;
	}
}

/* Add bytes, each that could do harm (and, for a quoted value, `"` and `\`) escaped. */
static void
add_escaped(struct buf *b, struct slice s, bool quoted)
{
	while (s.n > 0) {
		uint32_t code;
		size_t n = utf8_decode(s, &code);

		if (quoted && (code == '"' || code == '\\'))
			buf_printf(b, "\\%c", (char)code);
		else if (utf8_harmless(code))
			buf_add(b, slice_of(s.p, n));
		else if (code == '\n')
			buf_str(b, "\\n");
		else if (code == '\r')
			buf_str(b, "\\r");
		else if (code == '\t')
			buf_str(b, "\\t");
		else
			for (size_t i = 0; i < n; i++)
				buf_printf(b, "\\x%02X", (unsigned char)s.p[i]);
		s = slice_of(s.p + n, s.n - n);
	}
}

/* A line in words. */
void
log_say(enum log_level level, const char *fmt, ...)
{
	struct buf line = { 0 };
	char text[LIMIT_LOG_WORDS];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	add_escaped(&line, slice_str(text), false);
	send_line(level, levels[level].prefix, buf_slice(&line));
	buf_free(&line);
}

/* True if a value can't be told from the rest of the line unless it is quoted. */
static bool
needs_quotes(struct slice value)
{
	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];

		if (c <= ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '=')
			return true;
	}
	return value.n == 0;
}

/* Add a field. */
void
log_field(struct buf *line, const char *key, struct slice value)
{
	const struct slice dots = SLICE("...");
	bool cut = value.n > LIMIT_LOG_FIELD;

	if (value.p == NULL)
		return;
	if (cut)
		value.n = utf8_prefix(value, LIMIT_LOG_FIELD - dots.n);

	bool quoted = needs_quotes(value);

	if (line->n > 0)
		buf_char(line, ' ');
	buf_str(line, key);
	buf_str(line, quoted ? "=\"" : "=");
	if (quoted)
		add_escaped(line, value, true);
	else
		buf_add(line, value);
	if (cut)
		buf_add(line, dots);
	if (quoted)
		buf_char(line, '"');
}

/* Add a field with a number. */
void
log_field_num(struct buf *line, const char *key, long long value)
{
	buf_printf(line, "%s%s=%lld", line->n > 0 ? " " : "", key, value);
}

/* Send a line of fields. */
void
log_send(enum log_level level, const struct buf *line)
{
	send_line(level, "", buf_slice(line));
}

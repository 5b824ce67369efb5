/*
 * app.c - what the subcommands share
 */
#include "app/app.h"

#include <errno.h>
#include <stdarg.h>
#include <sysexits.h>

/* Say how a subcommand was called wrongly. */
int
app_usage(const char *subcommand, const char *fmt, ...)
{
	va_list ap;

	if (fmt != NULL) {
		fprintf(stderr, "postern %s: ", subcommand);
		va_start(ap, fmt);
		vfprintf(stderr, fmt, ap);
		va_end(ap);
		fputc('\n', stderr);
	}
	fprintf(stderr, "see: postern %s --help\n", subcommand);
	return EX_USAGE;
}

/* Load a ruleset and print what the checker says of it. */
static struct program *
load(const char *path, int *status, bool thorough)
{
	struct program *p;
	struct diags d;

	diags_init(&d);
	errno = 0;
	p = program_load(path, &d);
	*status = p != NULL ? EX_OK : EX_DATAERR;
	if (p == NULL && d.errors == 0) {
		fprintf(stderr, "postern: %s can't be read: %s\n", path, strerror(errno));
		*status = EX_NOINPUT;
	}
	if (p != NULL && thorough)
		program_warn_slow(p, &d);
	diags_print(&d, stderr);
	diags_free(&d);
	return p;
}

struct program *
app_load(const char *path, int *status)
{
	return load(path, status, false);
}

struct program *
app_load_thoroughly(const char *path, int *status)
{
	return load(path, status, true);
}

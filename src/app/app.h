/*
 * app.h - the program `postern`: one function for each subcommand
 *
 * Each takes the arguments from its own name on (argv[0] is "check", …), prints what is wrong to
 * stderr, and returns the program's exit status: 0, 1, or one of sysexits.h.
 */
#pragma once

#include "rule/program.h"

#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc"
#endif

/* The rule file that is read unless -c says otherwise. */
#define APP_CONFIG SYSCONFDIR "/postern/postern.conf"

/* The recipient of `postern explain` where none is given. */
#define APP_RECIPIENT "someone@localhost"

int app_run(int argc, char **argv); /* run.c: the daemon */
int app_check(int argc, char **argv);
int app_test(int argc, char **argv);
int app_explain(int argc, char **argv);
int app_spf(int argc, char **argv);
int app_compile(int argc, char **argv);
int app_bench(int argc, char **argv);
int app_help(int argc, char **argv);

/* A subcommand was called wrongly (fmt NULL: getopt has said so): say what, point to its help.
 * Returns EX_USAGE. */
int app_usage(const char *subcommand, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Load a ruleset and print what the checker says of it. NULL with *status EX_DATAERR (mistakes) or
 * EX_NOINPUT (it can't be read). */
struct program *app_load(const char *path, int *status);

/* The same, with warnings that take up to LIMIT_DANGER_MS to find. */
struct program *app_load_thoroughly(const char *path, int *status);

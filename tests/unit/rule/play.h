/*
 * play.h - a dialogue by hand: rules, what the MTA says, what it is told, as words
 */
#pragma once

#include "rule/judge.h"

/* Errs on `err`, is true of `yes`. */
#define ERRS "/(*LIMIT_MATCH=100)yes|err(?:x+x+)+y/"
#define ERR "errxxxxxxxxxxxxxxxxxx-y"

struct play {
	struct diags diags;
	struct program *program;
	struct judge *judge;
	struct session *session;
	struct buf said; /* the last answer */
	struct buf log;	 /* decisions and notes, one a line */
	struct buf effects;
};

/* Load rules and begin a session; a mistake in them fails the test. */
void start(struct play *p, const char *rules);
void finish(struct play *p);

/* The same with `set dns-zone` to a file of that text; failing lists are not told to the log. */
void start_with_zone(struct play *p, const char *zone, const char *rules);

/* Reach a stage: the answer as `continue`, `reject 550 5.7.1 TEXT`, … All words are valid until the
 * next call. */
const char *reach(struct play *p, enum stage s);
const char *client(struct play *p, const char *ip);
const char *helo(struct play *p, const char *name);
const char *mail(struct play *p, const char *from);
const char *rcpt(struct play *p, const char *to);
const char *data(struct play *p);

/* One header and the end of the headers; the body (may be NULL) and the end of the message, where
 * an acceptance is `accept`, however it is told. */
const char *header(struct play *p, const char *name, const char *value);
const char *body(struct play *p, const char *text);

/* CONNECT to MAIL from <a@example.net>, nothing told. */
void greet(struct play *p);

/* One recipient and the message, with nothing told before its end. */
const char *message(struct play *p, const char *header_value, const char *text);

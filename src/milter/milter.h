/*
 * milter.h - the MTA's side: libmilter's callbacks become facts, the judge's answers its replies
 *
 * libmilter has one set of callbacks for the whole process and hands them nothing of ours before a
 * connection has private data; so there is one milter in a process. A connection keeps the program
 * under which it began.
 */
#pragma once

#include "rule/program.h"

/* The process's milter on a socket that listens already; libmilter closes it at the end. Holds a
 * reference to the program until milter_close_door. False if libmilter refuses. */
bool milter_begin(struct program *p, int fd);

/* Serve until libmilter is told to stop. It doesn't wait for sessions. False if it failed. */
bool milter_serve(void);

/* From now on no connection is taken on: the MTA does with its mail what is set there for a filter
 * that is not to be had. Connections that are there go on. */
void milter_close_door(void);

/* Connections that are there now. */
unsigned milter_sessions(void);

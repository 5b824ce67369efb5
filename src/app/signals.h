/*
 * signals.h - signals to the daemon, in spite of libmilter
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

/* Keep HUP, TERM, INT and USR1 from all threads. Before the first is made. */
void signals_block(void);

/* Wait for the next of them, at most ms milliseconds (-1: without end). 0 if none came in time. */
int signals_wait(int ms);

/* Interrupt the system call that a thread waits in, if it does. */
void signals_interrupt(pthread_t thread);

/* Tell libmilter to stop, and wake the thread in smfi_main until it says that it has *left. */
void signals_stop_libmilter(pthread_t serving, const atomic_bool *left);

/*
 * signals.c - signals to the daemon, in spite of libmilter
 *
 * smfi_main starts a thread that waits for HUP, TERM and INT and stops the filter at once on each:
 * sessions are cut, and HUP kills what it should refresh. It waits in sigwait(); the program's own
 * definition below takes that call's place, so that libmilter's thread hears of a signal when we
 * say so. smfi_stop() would not do instead: it waits for a lock that smfi_main holds while it polls
 * the listening socket, up to five seconds. A signal to that thread ends the poll.
 */
#include "app/signals.h"

#include "base/limits.h"

#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <time.h>

#define WAKE SIGUSR2

static struct {
	sigset_t set;
	sem_t stop; /* libmilter may have its TERM */
} signals;

/* libmilter's wait for signals: until we want it to stop. */
int
sigwait(const sigset_t *restrict set, int *restrict sig)
{
	(void)set;
	while (sem_wait(&signals.stop) != 0)
		continue;
	*sig = SIGTERM;
	return 0;
}

/* The wake-up signal has done its work when it has interrupted a system call. */
static void
do_nothing(int sig)
{
	(void)sig;
}

/* Keep the signals from all threads. */
void
signals_block(void)
{
	struct sigaction wake = { .sa_handler = do_nothing }, ignore = { .sa_handler = SIG_IGN };

	sem_init(&signals.stop, 0, 0);
	sigemptyset(&signals.set);
	sigaddset(&signals.set, SIGHUP);
	sigaddset(&signals.set, SIGTERM);
	sigaddset(&signals.set, SIGINT);
	sigaddset(&signals.set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &signals.set, NULL);
	sigaction(WAKE, &wake, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

/* Wait for a signal. */
int
signals_wait(int ms)
{
	struct timespec wait = { ms / 1000, ms % 1000 * 1000000L };
	int sig;

	do {
		sig = ms < 0 ? sigwaitinfo(&signals.set, NULL)
			     : sigtimedwait(&signals.set, NULL, &wait);
	} while (sig < 0 && errno == EINTR);
	return sig < 0 ? 0 : sig;
}

/* Interrupt a thread. */
void
signals_interrupt(pthread_t thread)
{
	pthread_kill(thread, WAKE);
}

/* Make libmilter stop. */
void
signals_stop_libmilter(pthread_t serving, const atomic_bool *left)
{
	sem_post(&signals.stop);
	while (!atomic_load(left)) {
		signals_interrupt(serving);
		nanosleep(&(struct timespec){ 0, LIMIT_WAKE_MS * 1000000L }, NULL);
	}
}

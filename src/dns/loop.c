/*
 * loop.c - who asks DNS servers: a thread of its own, or one of those who wait
 *
 * One thread at a time leads: it gives c-ares what is asked, sleeps in epoll_wait(), and has c-ares
 * read what comes. Who waits for the only answer that is awaited leads, until it is there; that
 * spares a question two changes of threads. With more than one awaited, leaders would change all
 * the time: then the loop's own thread leads, and takes what comes together. It goes on until no
 * query is left, which is when c-ares' patience is over, so who waits less long need not tell.
 *
 * Those who wait are woken only after who leads has left off, if it does: so they can lead next.
 */
#include "dns/loop.h"

#include "base/clock.h"
#include "base/limits.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EVENTS 64 /* taken from epoll at once */

struct loop {
	struct loop_calls calls;
	pthread_t thread;
	int epoll, bell;
	/* of who leads, or holds the lock while nobody does */
	struct channels *channels;
	struct dns_query *finished; /* whose waiters don't know yet */

	pthread_mutex_t lock; /* of all below */
	pthread_cond_t idle;  /* the thread's: there is something to do, and nobody leads */
	bool led;
	bool asleep; /* who leads does, so the bell has to be rung */
	bool ended;
	struct dns_query *asked; /* not given to c-ares yet; the latest first */
};

/* ---- the lead ---- */

/* A query is done. */
static void
finish(void *arg, struct dns_query *q, struct slice message, const char *cause)
{
	struct loop *l = arg;

	l->calls.done(l->calls.arg, q, message, cause);
	q->next = l->finished;
	l->finished = q;
}

/* Ask what others gave, the eldest first. */
static void
ask_all(struct loop *l, struct dns_query *latest)
{
	struct dns_query *first = NULL, *next;

	for (struct dns_query *q = latest; q != NULL; q = next) {
		next = q->next;
		q->next = first;
		first = q;
	}
	for (struct dns_query *q = first; q != NULL; q = next) {
		next = q->next;
		channels_ask(l->channels, q);
	}
}

/* Tell those who wait for queries that are done. */
static void
wake_all(struct loop *l, struct dns_query *done)
{
	for (struct dns_query *q = done, *next; q != NULL; q = next) {
		next = q->next;
		l->calls.wake(l->calls.arg, q);
	}
}

/* Milliseconds to sleep, until a time of clock_us() at most. */
static int
nap(uint64_t until)
{
	uint64_t now = clock_us();

	if (until <= now)
		return 0;
	return until - now > LIMIT_DNS_TICK_MS * 1000ull ? LIMIT_DNS_TICK_MS
							 : (int)((until - now + 999) / 1000);
}

/* Wait for answers, until a time of clock_us() at most, and for more to ask. */
static void
await(struct loop *l, uint64_t until)
{
	struct epoll_event v[EVENTS];
	uint64_t rung;
	int n;

	n = epoll_wait(l->epoll, v, EVENTS, nap(until));
	for (int i = 0; i < n; i++)
		if (v[i].data.u64 == CHANNELS_OTHER)
			(void)!read(l->bell, &rung, sizeof(rung));
	channels_serve(l->channels, v, n > 0 ? (size_t)n : 0);
}

/* Lead under the lock, which is let go meanwhile, as long as there is something to do: until *known
 * (if not NULL), or a time of clock_us(). */
static void
lead(struct loop *l, const atomic_bool *known, uint64_t until)
{
	bool goes_on = true;

	l->led = true;
	while (goes_on) {
		struct dns_query *asked = l->asked, *finished;

		l->asked = NULL;
		l->asleep = asked == NULL;
		pthread_mutex_unlock(&l->lock);
		if (asked != NULL)
			ask_all(l, asked);
		else
			await(l, until);
		finished = l->finished;
		l->finished = NULL;
		goes_on = (known == NULL || !atomic_load_explicit(known, memory_order_relaxed)) &&
		    clock_us() < until;
		pthread_mutex_lock(&l->lock);
		l->asleep = false;
		goes_on &= !l->ended && (l->asked != NULL || channels_open(l->channels) > 0);
		l->led = goes_on;
		if (finished == NULL)
			continue;
		pthread_mutex_unlock(&l->lock);
		wake_all(l, finished);
		pthread_mutex_lock(&l->lock);
	}
}

/* True if there is something to do that nobody does; under the lock. */
static bool
is_idle(const struct loop *l)
{
	return !l->led && (l->asked != NULL || channels_open(l->channels) > 0);
}

/* True if one query alone is asked, and was not given to c-ares yet; under the lock. */
static bool
is_single(const struct loop *l)
{
	return l->asked != NULL && l->asked->next == NULL && channels_open(l->channels) == 0;
}

static void *
run(void *arg)
{
	struct loop *l = arg;

	pthread_mutex_lock(&l->lock);
	while (!l->ended)
		if (is_idle(l))
			lead(l, NULL, UINT64_MAX);
		else
			pthread_cond_wait(&l->idle, &l->lock);
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* Start the thread; signals are for others. */
static bool
start(struct loop *l, const char *servers, unsigned timeout_ms)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u64 = CHANNELS_OTHER };
	sigset_t all, before;
	bool good;

	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->epoll < 0 || l->bell < 0 || epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->bell, &e) != 0)
		return false;
	l->channels = channels_new(servers, timeout_ms, l->epoll, finish, l);
	if (l->channels == NULL)
		return false;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	good = pthread_create(&l->thread, NULL, run, l) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return good;
}

/* Give back what a loop without a thread has. */
static void
drop(struct loop *l)
{
	channels_free(l->channels);
	wake_all(l, l->finished);
	if (l->epoll >= 0)
		close(l->epoll);
	if (l->bell >= 0)
		close(l->bell);
	pthread_cond_destroy(&l->idle);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

struct loop *
loop_new(const char *servers, unsigned timeout_ms, const struct loop_calls *calls)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->calls = *calls;
	l->epoll = l->bell = -1;
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->idle, NULL);
	if (start(l, servers, timeout_ms))
		return l;
	drop(l);
	return NULL;
}

/* Wake who leads. */
static void
ring(struct loop *l)
{
	uint64_t once = 1;

	(void)!write(l->bell, &once, sizeof(once));
}

void
loop_ask(struct loop *l, struct dns_query *q, bool leads)
{
	bool asleep, idle;

	pthread_mutex_lock(&l->lock);
	asleep = l->asleep && l->asked == NULL;
	idle = !l->led && !leads;
	q->next = l->asked;
	l->asked = q;
	pthread_mutex_unlock(&l->lock);
	if (asleep)
		ring(l);
	else if (idle)
		pthread_cond_signal(&l->idle);
}

void
loop_lead(struct loop *l, const atomic_bool *known, uint64_t until)
{
	bool idle;

	pthread_mutex_lock(&l->lock);
	if (!atomic_load_explicit(known, memory_order_relaxed) && !l->led && is_single(l))
		lead(l, known, until);
	idle = is_idle(l);
	pthread_mutex_unlock(&l->lock);
	if (idle)
		pthread_cond_signal(&l->idle);
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	pthread_mutex_lock(&l->lock);
	l->ended = true;
	pthread_mutex_unlock(&l->lock);
	ring(l);
	pthread_cond_signal(&l->idle);
	pthread_join(l->thread, NULL);
	ask_all(l, l->asked);
	drop(l);
}

/*
 * loop.c - the thread that asks DNS servers
 *
 * It sleeps in epoll_wait(), and does nothing but run c-ares, which sends each query to one server
 * after the other, by TCP where UDP is too short, and matches answers by id, question and address.
 * It runs until its patience is over, so whoever waits less long need not tell.
 *
 * c-ares uses one UDP socket for each server as long as a query is open. An attacker who finds its
 * port has only the id left to guess. So queries go to a new channel, with new sockets, after
 * LIMIT_DNS_CHANNEL_QUERIES; it reads resolv.conf again, too. The old channel ends when its last
 * query has. A channel on which a server didn't answer is left likewise: c-ares would never leave a
 * TCP connection that is stuck, and would ask a dead server before the others each time; the new
 * channel asks the next one first. And a server that doesn't know EDNS is asked again through a
 * channel without it (RFC 6891 7), for c-ares has a setting of it for each channel, and where that
 * is on cuts the record off any query that such a server refuses.
 *
 * c-ares doesn't tell why it gave up after refusals, so its sockets are read here.
 */
#include "dns/loop.h"

#include "base/clock.h"
#include "base/limits.h"
#include "dns/wire.h"

#include <ares.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define EVENTS 64 /* taken from epoll at once */

static const char no_memory[] = "no memory is left";
static const char unreachable[] = "the server can't be reached";

struct channel {
	struct loop *loop;
	uint32_t slot;
	ares_channel ares;
	uint64_t begun;
	unsigned sent, open; /* queries */
	bool slow;	     /* a server didn't answer in time */
	bool plain;	     /* without EDNS */
	const char *said;    /* what the latest packet says, if that is a failure */
};

struct loop {
	char *servers; /* NULL: those of resolv.conf */
	unsigned timeout_ms;
	loop_done *done;
	void *arg;

	pthread_t thread;
	int epoll, bell;
	struct channel *channels[LIMIT_DNS_CHANNELS];
	struct channel *current; /* one of them, or NULL */
	bool plain;		 /* a server doesn't know EDNS: the next channel goes without */
	int nservers;		 /* when the latest channel began */
	unsigned first;		 /* server to be asked first, as a number modulo those there are */
	uint64_t looked;	 /* when timeouts were last looked for */

	pthread_mutex_t lock;
	struct loop_query *asked; /* by others, under the lock; the latest first */
	bool ended;		  /* likewise */
};

/* ---- c-ares' sockets ---- */

static ares_socket_t
open_socket(int family, int type, int protocol, void *arg)
{
	int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol), on = 1;

	(void)arg;
	if (fd >= 0 && type == SOCK_STREAM)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static int
close_socket(ares_socket_t fd, void *arg)
{
	(void)arg;
	return close(fd);
}

static int
connect_socket(ares_socket_t fd, const struct sockaddr *to, ares_socklen_t n, void *arg)
{
	struct channel *c = arg;
	int status = connect(fd, to, n);

	if (status != 0 && errno != EINPROGRESS)
		c->said = unreachable;
	return status;
}

/* Receive. A datagram comes with its sender, and has its rcode looked at. */
static ares_ssize_t
receive(ares_socket_t fd, void *to, size_t size, int flags, struct sockaddr *from,
    ares_socklen_t *nfrom, void *arg)
{
	struct channel *c = arg;
	ssize_t n = recvfrom(fd, to, size, flags, from, nfrom);

	c->said = NULL;
	if (n < 0 && errno != EAGAIN) {
		c->said = unreachable;
	} else if (n > 0 && from != NULL) {
		unsigned rcode = wire_rcode(slice_of(to, (size_t)n));

		if (rcode != 0)
			c->said = wire_cause(rcode);
	}
	return n;
}

/* Send. A datagram that finds no room is lost, as it may be anywhere on its way: it is sent again.
 */
static ares_ssize_t
transmit(ares_socket_t fd, const struct iovec *v, int n, void *arg)
{
	struct msghdr m = { .msg_iov = (struct iovec *)v, .msg_iovlen = (size_t)n };
	ssize_t sent = sendmsg(fd, &m, MSG_NOSIGNAL);
	struct channel *c = arg;
	int type = 0;
	socklen_t size = sizeof(type);

	if (sent >= 0)
		return sent;
	if (errno != EAGAIN) {
		c->said = unreachable;
		return sent;
	}
	getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
	if (type == SOCK_DGRAM)
		return (ssize_t)v[0].iov_len;
	errno = EAGAIN;
	return -1;
}

static const struct ares_socket_functions sockets = { open_socket, close_socket, connect_socket,
	receive, transmit };

/* Watch a socket for what c-ares waits for. */
static void
watch(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct channel *c = arg;
	struct epoll_event e = { .events = (readable ? EPOLLIN : 0u) | (writable ? EPOLLOUT : 0u),
		.data.u64 = (uint64_t)c->slot << 32 | (uint32_t)fd };

	if (e.events == 0)
		epoll_ctl(c->loop->epoll, EPOLL_CTL_DEL, fd, NULL);
	else if (epoll_ctl(c->loop->epoll, EPOLL_CTL_MOD, fd, &e) != 0)
		epoll_ctl(c->loop->epoll, EPOLL_CTL_ADD, fd, &e);
}

/* ---- channels ---- */

/* Let the servers of a channel begin with a certain one. Returns how many there are, 0 if it knows
 * none. */
static int
order_servers(ares_channel ares, unsigned first)
{
	struct ares_addr_port_node *head = NULL, *last = NULL;
	int n = 0;

	if (ares_get_servers_ports(ares, &head) != ARES_SUCCESS || head == NULL)
		return 0;
	for (struct ares_addr_port_node *s = head; s != NULL; s = s->next) {
		last = s;
		n++;
	}
	for (unsigned i = 0; i < first % (unsigned)n; i++) {
		last->next = head;
		last = head;
		head = head->next;
		last->next = NULL;
	}
	if (ares_set_servers_ports(ares, head) != ARES_SUCCESS)
		n = 0;
	ares_free_data(head);
	return n;
}

/* Begin a channel with patience for so many servers. c-ares waits in each round twice as long as in
 * the one before, and each time up to a tick longer. False if it can't be, or knows no server. */
static bool
init_ares(struct channel *c, int nservers)
{
	unsigned parts = (unsigned)nservers * ((1u << LIMIT_DNS_ROUNDS) - 1);
	unsigned slack = (unsigned)nservers * LIMIT_DNS_ROUNDS * LIMIT_DNS_TICK_MS;
	unsigned all = c->loop->timeout_ms;
	unsigned ms = (all > 2 * slack ? all - slack : all) / parts;
	struct ares_options o = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | (c->plain ? 0 : ARES_FLAG_EDNS),
		.timeout = ms > 0 ? (int)ms : 1,
		.tries = LIMIT_DNS_ROUNDS,
		.ednspsz = LIMIT_DNS_UDP,
		.sock_state_cb = watch,
		.sock_state_cb_data = c,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ |
	    ARES_OPT_SOCK_STATE_CB;

	if (ares_init_options(&c->ares, &o, mask) != ARES_SUCCESS)
		return false;
	ares_set_socket_functions(c->ares, &sockets, c);
	if ((c->loop->servers == NULL ||
		ares_set_servers_ports_csv(c->ares, c->loop->servers) == ARES_SUCCESS) &&
	    (c->loop->nservers = order_servers(c->ares, c->loop->first)) > 0)
		return true;
	ares_destroy(c->ares);
	return false;
}

/* Begin a channel in a free slot. How many servers there are is known when it has begun: it begins
 * again if that differs from the last time. NULL if it can't be. */
static struct channel *
begin_channel(struct loop *l, uint32_t slot)
{
	struct channel *c = calloc(1, sizeof(*c));
	int patience = l->nservers > 0 ? l->nservers : 1;

	if (c == NULL)
		return NULL;
	c->loop = l;
	c->slot = slot;
	c->plain = l->plain;
	c->begun = clock_us();
	if (!init_ares(c, patience))
		goto failed;
	if (l->nservers != patience) {
		ares_destroy(c->ares);
		if (!init_ares(c, l->nservers))
			goto failed;
	}
	return c;
failed:
	free(c);
	return NULL;
}

/* True if a channel has served its time. */
static bool
is_worn(const struct channel *c)
{
	return c->sent >= LIMIT_DNS_CHANNEL_QUERIES ||
	    (c->slow && clock_us() - c->begun >= LIMIT_DNS_CHANNEL_MS * 1000ull);
}

/* Let queries go to a new channel if it is time. The one that there is stays if no other can be. */
static void
turn(struct loop *l)
{
	struct channel *c = l->current;
	uint32_t slot = 0;

	if (c != NULL && is_worn(c))
		l->plain = false; /* is tried anew */
	else if (c != NULL && c->plain == l->plain)
		return;
	while (slot < LIMIT_DNS_CHANNELS && l->channels[slot] != NULL)
		slot++;
	if (slot == LIMIT_DNS_CHANNELS)
		return;
	if (c != NULL && c->slow)
		l->first++;
	c = begin_channel(l, slot);
	if (c != NULL)
		l->current = l->channels[slot] = c;
}

/* End the channels that are left and have nothing to do any more; all of them at the end. */
static void
sweep(struct loop *l, bool all)
{
	for (size_t i = 0; i < LIMIT_DNS_CHANNELS; i++) {
		struct channel *c = l->channels[i];

		if (c == NULL || (!all && (c == l->current || c->open > 0)))
			continue;
		c->said = NULL;
		ares_destroy(c->ares);
		free(c);
		l->channels[i] = NULL;
	}
}

/* ---- queries ---- */

static void answered(void *arg, int status, int timeouts, unsigned char *message, int n);

/* Give a query to c-ares. */
static void
send_query(struct channel *c, struct loop_query *q)
{
	unsigned char text[WIRE_QUERY];
	uint16_t id;

	q->channel = c;
	c->sent++;
	c->open++;
	c->said = NULL;
	if (getrandom(&id, sizeof(id), 0) == sizeof(id)) {
		ares_send(c->ares, text, (int)wire_query(text, id, q->name, q->type, !c->plain),
		    answered, q);
	} else {
		c->said = "no random numbers";
		answered(q, ARES_ENOMEM, 0, NULL, 0);
	}
}

/* What c-ares says about a query that has no answer. */
static const char *
cause_of(int status)
{
	switch (status) {
	case ARES_ETIMEOUT:
		return "no server has answered";
	case ARES_ENOMEM:
		return no_memory;
	case ARES_EDESTRUCTION:
		return "postern ends";
	default:
		return "no server had an answer";
	}
}

/* c-ares is through with a query. */
static void
answered(void *arg, int status, int timeouts, unsigned char *message, int n)
{
	struct loop_query *q = arg;
	struct channel *c = q->channel;
	struct loop *l = c->loop;
	struct slice text = SLICE_ABSENT;
	const char *cause = NULL;

	c->open--;
	c->slow |= timeouts > 0;
	if (status == ARES_SUCCESS)
		text = slice_of((const char *)message, (size_t)n);
	else
		cause = c->said != NULL ? c->said : cause_of(status);
	if (text.p != NULL && !c->plain && wire_rcode(text) == WIRE_FORMERR) {
		l->plain = true;
		turn(l);
		if (l->current->plain) {
			send_query(l->current, q);
			return;
		}
	}
	l->done(l->arg, q, text, cause);
}

/* Ask what others gave, the eldest first. */
static void
ask_all(struct loop *l, struct loop_query *latest)
{
	struct loop_query *first = NULL, *next;

	for (struct loop_query *q = latest; q != NULL; q = next) {
		next = q->next;
		q->next = first;
		first = q;
	}
	for (struct loop_query *q = first; q != NULL; q = next) {
		next = q->next;
		turn(l);
		if (l->current != NULL)
			send_query(l->current, q);
		else
			l->done(l->arg, q, SLICE_ABSENT, "no name server can be asked");
	}
}

/* ---- the thread ---- */

/* What is there to do on a socket; one may be gone since. */
static void
serve(struct loop *l, const struct epoll_event *e)
{
	uint32_t slot = (uint32_t)(e->data.u64 >> 32);
	int fd = (int)(uint32_t)e->data.u64;
	bool failed = (e->events & (EPOLLERR | EPOLLHUP)) != 0;
	struct channel *c;
	uint64_t rung;

	if (slot == LIMIT_DNS_CHANNELS) {
		(void)!read(l->bell, &rung, sizeof(rung));
		return;
	}
	c = l->channels[slot];
	if (c == NULL)
		return;
	c->said = NULL;
	ares_process_fd(c->ares, failed || (e->events & EPOLLIN) != 0 ? fd : ARES_SOCKET_BAD,
	    failed || (e->events & EPOLLOUT) != 0 ? fd : ARES_SOCKET_BAD);
}

/* Look for queries that were not answered in time. */
static void
look_at_clock(struct loop *l)
{
	uint64_t now = clock_us();

	if (now - l->looked < LIMIT_DNS_TICK_MS * 1000ull)
		return;
	l->looked = now;
	for (size_t i = 0; i < LIMIT_DNS_CHANNELS; i++)
		if (l->channels[i] != NULL && l->channels[i]->open > 0) {
			l->channels[i]->said = NULL;
			ares_process_fd(l->channels[i]->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
		}
}

/* True as long as a query is open. */
static bool
is_busy(const struct loop *l)
{
	for (size_t i = 0; i < LIMIT_DNS_CHANNELS; i++)
		if (l->channels[i] != NULL && l->channels[i]->open > 0)
			return true;
	return false;
}

static void *
run(void *arg)
{
	struct loop *l = arg;
	struct epoll_event v[EVENTS];
	struct loop_query *asked;
	bool ended;

	do {
		int n = epoll_wait(l->epoll, v, EVENTS, is_busy(l) ? LIMIT_DNS_TICK_MS : -1);

		for (int i = 0; i < n; i++)
			serve(l, &v[i]);
		look_at_clock(l);
		pthread_mutex_lock(&l->lock);
		asked = l->asked;
		l->asked = NULL;
		ended = l->ended;
		pthread_mutex_unlock(&l->lock);
		ask_all(l, asked);
		sweep(l, false);
	} while (!ended);
	sweep(l, true);
	return NULL;
}

/* Start the thread; signals are for others. */
static bool
start(struct loop *l)
{
	struct epoll_event e = { .events = EPOLLIN,
		.data.u64 = (uint64_t)LIMIT_DNS_CHANNELS << 32 };
	sigset_t all, before;
	bool good;

	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->epoll < 0 || l->bell < 0 || epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->bell, &e) != 0)
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
	if (l->epoll >= 0)
		close(l->epoll);
	if (l->bell >= 0)
		close(l->bell);
	pthread_mutex_destroy(&l->lock);
	free(l->servers);
	free(l);
}

/* c-ares wants it, once in a process. */
static void
init_library(void)
{
	ares_library_init(ARES_LIB_INIT_ALL);
}

struct loop *
loop_new(const char *servers, unsigned timeout_ms, loop_done *done, void *arg)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct loop *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	pthread_once(&once, init_library);
	pthread_mutex_init(&l->lock, NULL);
	l->epoll = l->bell = -1;
	l->timeout_ms = timeout_ms;
	l->done = done;
	l->arg = arg;
	l->servers = servers != NULL ? strdup(servers) : NULL;
	if ((servers == NULL || l->servers != NULL) && start(l))
		return l;
	drop(l);
	return NULL;
}

/* Wake the thread. */
static void
ring(struct loop *l)
{
	uint64_t once = 1;

	(void)!write(l->bell, &once, sizeof(once));
}

void
loop_ask(struct loop *l, struct loop_query *q)
{
	bool first;

	pthread_mutex_lock(&l->lock);
	first = l->asked == NULL;
	q->next = l->asked;
	l->asked = q;
	pthread_mutex_unlock(&l->lock);
	if (first)
		ring(l);
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
	pthread_join(l->thread, NULL);
	drop(l);
}

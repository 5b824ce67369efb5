/*
 * channel.c - queries to DNS servers, by c-ares
 *
 * c-ares sends each query to one server after the other, by TCP where UDP is too short, and matches
 * answers by id, question and address.
 *
 * A channel has one UDP socket for each server. It stays open, for to open one for each query takes
 * as long as all the rest. An attacker who finds its port has only the id left to guess. So queries
 * go to a new channel, with new sockets, after LIMIT_DNS_CHANNEL_QUERIES or LIMIT_DNS_CHANNEL_MS;
 * it reads resolv.conf again, too. The old channel ends when its last query has: c-ares would never
 * leave a TCP connection that is stuck. Where a server didn't answer, c-ares would ask it before
 * the others each time; the new channel asks the next one first. And a server that doesn't know
 * EDNS is asked again through a channel without it (RFC 6891 7), for c-ares has a setting of it for
 * each channel, and where that is on cuts the record off any query that such a server refuses.
 *
 * c-ares doesn't tell why it gave up after refusals, so its sockets are read here.
 */
#include "dns/channel.h"

#include "base/clock.h"
#include "base/limits.h"
#include "dns/wire.h"

#include <ares.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static const char no_memory[] = "no memory is left";
static const char unreachable[] = "the server can't be reached";

struct channel {
	struct channels *set;
	uint32_t slot;
	ares_channel ares;
	uint64_t begun;
	unsigned sent, open; /* queries */
	bool slow;	     /* a server didn't answer in time */
	bool plain;	     /* without EDNS */
	const char *said;    /* what the latest packet says, if that is a failure */
};

struct channels {
	char *servers; /* NULL: those of resolv.conf */
	unsigned timeout_ms;
	int epoll;
	channels_done *done;
	void *arg;

	struct channel *v[LIMIT_DNS_CHANNELS];
	struct channel *current; /* one of them, or NULL */
	size_t open;		 /* queries */
	int nservers;		 /* when the latest channel began */
	unsigned first;		 /* server to be asked first, as a number modulo those there are */
	uint64_t looked;	 /* when timeouts were last looked for */
};

/* ---- c-ares' sockets ---- */

static ares_socket_t
open_socket(int family, int type, int protocol, void *arg)
{
	int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol), on = 1;
	struct channel *c = arg;

	if (fd < 0)
		c->said = "no socket could be opened";
	else if (type == SOCK_STREAM)
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

/* Watch a socket for what c-ares waits for. When that is nothing it is about to close it, which
 * ends the watch. */
static void
watch(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct channel *c = arg;
	struct epoll_event e = { .events = (readable ? EPOLLIN : 0u) | (writable ? EPOLLOUT : 0u),
		.data.u64 = (uint64_t)c->slot << 32 | (uint32_t)fd };

	if (e.events != 0 && epoll_ctl(c->set->epoll, EPOLL_CTL_ADD, fd, &e) != 0)
		epoll_ctl(c->set->epoll, EPOLL_CTL_MOD, fd, &e);
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
	unsigned all = c->set->timeout_ms;
	unsigned ms = (all > 2 * slack ? all - slack : all) / parts;
	struct ares_options o = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_STAYOPEN |
		    (c->plain ? 0 : ARES_FLAG_EDNS),
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
	if ((c->set->servers == NULL ||
		ares_set_servers_ports_csv(c->ares, c->set->servers) == ARES_SUCCESS) &&
	    (c->set->nservers = order_servers(c->ares, c->set->first)) > 0)
		return true;
	ares_destroy(c->ares);
	return false;
}

/* Begin a channel in a free slot. How many servers there are is known when it has begun: it begins
 * again if that differs from the last time. NULL if it can't be. */
static struct channel *
begin_channel(struct channels *set, uint32_t slot, bool plain)
{
	struct channel *c = calloc(1, sizeof(*c));
	int patience = set->nservers > 0 ? set->nservers : 1;

	if (c == NULL)
		return NULL;
	c->set = set;
	c->slot = slot;
	c->plain = plain;
	c->begun = clock_us();
	if (!init_ares(c, patience))
		goto failed;
	if (set->nservers != patience) {
		ares_destroy(c->ares);
		if (!init_ares(c, set->nservers))
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
	    clock_us() - c->begun >= LIMIT_DNS_CHANNEL_MS * 1000ull;
}

/* Let queries go to a new channel, with EDNS or `plain`. The one that there is stays if no other
 * can be. */
static void
turn(struct channels *set, bool plain)
{
	struct channel *c = set->current;
	uint32_t slot = 0;

	while (slot < LIMIT_DNS_CHANNELS && set->v[slot] != NULL)
		slot++;
	if (slot == LIMIT_DNS_CHANNELS)
		return;
	if (c != NULL && c->slow)
		set->first++;
	c = begin_channel(set, slot, plain);
	if (c != NULL)
		set->current = set->v[slot] = c;
}

/* End a channel. */
static void
end_channel(struct channel *c)
{
	struct channels *set = c->set;

	c->said = NULL;
	ares_destroy(c->ares);
	set->v[c->slot] = NULL;
	free(c);
}

/* ---- queries ---- */

static void answered(void *arg, int status, int timeouts, unsigned char *message, int n);

/* Give a query to c-ares. */
static void
send_query(struct channel *c, struct dns_query *q)
{
	unsigned char text[WIRE_QUERY];
	uint16_t id;

	q->channel = c;
	c->sent++;
	c->open++;
	c->set->open++;
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
	struct dns_query *q = arg;
	struct channel *c = q->channel;
	struct channels *set = c->set;
	struct slice text = SLICE_ABSENT;
	const char *cause = NULL;

	c->open--;
	set->open--;
	c->slow |= timeouts > 0;
	if (status == ARES_SUCCESS)
		text = slice_of((const char *)message, (size_t)n);
	else
		cause = c->said != NULL ? c->said : cause_of(status);
	if (text.p != NULL && !c->plain && wire_rcode(text) == WIRE_FORMERR) {
		if (!set->current->plain)
			turn(set, true);
		if (set->current->plain) {
			send_query(set->current, q);
			return;
		}
	}
	set->done(set->arg, q, text, cause);
}

void
channels_ask(struct channels *set, struct dns_query *q)
{
	if (set->current == NULL || is_worn(set->current))
		turn(set, false); /* EDNS is tried anew */
	if (set->current != NULL)
		send_query(set->current, q);
	else
		set->done(set->arg, q, SLICE_ABSENT, "no name server can be asked");
}

size_t
channels_open(const struct channels *set)
{
	return set->open;
}

/* ---- time and sockets ---- */

/* What is there to do on a socket; one may be gone since. */
static void
serve(struct channels *set, const struct epoll_event *e)
{
	struct channel *c = set->v[e->data.u64 >> 32];
	int fd = (int)(uint32_t)e->data.u64;
	bool failed = (e->events & (EPOLLERR | EPOLLHUP)) != 0;

	if (c == NULL)
		return;
	c->said = NULL;
	ares_process_fd(c->ares, failed || (e->events & EPOLLIN) != 0 ? fd : ARES_SOCKET_BAD,
	    failed || (e->events & EPOLLOUT) != 0 ? fd : ARES_SOCKET_BAD);
}

/* Look for queries that were not answered in time. */
static void
look_at_clock(struct channels *set)
{
	uint64_t now = clock_us();

	if (now - set->looked < LIMIT_DNS_TICK_MS * 1000ull)
		return;
	set->looked = now;
	for (size_t i = 0; i < LIMIT_DNS_CHANNELS; i++)
		if (set->v[i] != NULL && set->v[i]->open > 0) {
			set->v[i]->said = NULL;
			ares_process_fd(set->v[i]->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
		}
}

void
channels_serve(struct channels *set, const struct epoll_event *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].data.u64 != CHANNELS_OTHER)
			serve(set, &v[i]);
	look_at_clock(set);
	for (size_t i = 0; i < LIMIT_DNS_CHANNELS; i++)
		if (set->v[i] != NULL && set->v[i] != set->current && set->v[i]->open == 0)
			end_channel(set->v[i]);
}

/* c-ares wants it, once in a process. */
static void
init_library(void)
{
	ares_library_init(ARES_LIB_INIT_ALL);
}

struct channels *
channels_new(const char *servers, unsigned timeout_ms, int epoll, channels_done *done, void *arg)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct channels *set = calloc(1, sizeof(*set));

	if (set == NULL)
		return NULL;
	pthread_once(&once, init_library);
	set->timeout_ms = timeout_ms;
	set->epoll = epoll;
	set->done = done;
	set->arg = arg;
	set->servers = servers != NULL ? strdup(servers) : NULL;
	if (servers == NULL || set->servers != NULL)
		return set;
	free(set);
	return NULL;
}

void
channels_free(struct channels *set)
{
	if (set == NULL)
		return;
	for (size_t i = 0; i < LIMIT_DNS_CHANNELS; i++)
		if (set->v[i] != NULL)
			end_channel(set->v[i]);
	free(set->servers);
	free(set);
}

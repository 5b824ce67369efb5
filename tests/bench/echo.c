/*
 * echo.c - a filter without libmilter, that only reads and answers: what asking costs
 *
 *   echo SOCKET
 *
 * One thread. It negotiates that no answer is awaited but at the end of a message, and looks at
 * nothing. So beside it can be seen what the measuring itself takes, and how much of the cost of a
 * filter that does nothing is libmilter's.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NO_REPLY                                                                                   \
	(SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_DATA |           \
	    SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY)
#define EVENTS 64
#define BACKLOG 1024
#define PACKET 5 /* bytes before its data: length and letter */

/* A connection. */
struct peer {
	int fd;
	unsigned char head[PACKET]; /* of the packet that is being read */
	size_t nhead;
	size_t left; /* bytes of its data */
};

static char in[1 << 17];

static void
die(const char *what)
{
	perror(what);
	exit(71);
}

/* Answer a packet that awaits it; false if it was the last one. */
static bool
answer(struct peer *p)
{
	struct {
		uint32_t n;
		char letter;
		uint32_t words[3];
	} __attribute__((packed)) out = { .letter = SMFIR_CONTINUE };
	size_t data = 0;

	switch (p->head[4]) {
	case SMFIC_OPTNEG:
		out.letter = SMFIC_OPTNEG;
		out.words[0] = htonl(6);
		out.words[2] = htonl(NO_REPLY);
		data = sizeof(out.words);
		break;
	case SMFIC_BODYEOB:
		break;
	case SMFIC_QUIT:
		return false;
	default:
		return true;
	}
	out.n = htonl((uint32_t)data + 1);
	return send(p->fd, &out, PACKET + data, MSG_NOSIGNAL) == (ssize_t)(PACKET + data);
}

/* Go through what was read; false if the connection is to be closed. */
static bool
read_packets(struct peer *p, const char *at, size_t n)
{
	while (n > 0) {
		if (p->nhead < PACKET) {
			size_t want = PACKET - p->nhead, take = n < want ? n : want;
			uint32_t length;

			memcpy(p->head + p->nhead, at, take);
			p->nhead += take;
			at += take;
			n -= take;
			if (p->nhead < PACKET)
				return true;
			memcpy(&length, p->head, sizeof(length));
			p->left = ntohl(length) - 1;
		}
		if (p->left > n) {
			p->left -= n;
			return true;
		}
		at += p->left;
		n -= p->left;
		p->left = p->nhead = 0;
		if (!answer(p))
			return false;
	}
	return true;
}

static void
watch(int epoll, int fd, void *data)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = data };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		die("epoll_ctl");
}

/* Take a new connection. */
static void
take(int epoll, int listener)
{
	struct peer *p = calloc(1, sizeof(*p));

	if (p == NULL)
		die("calloc");
	p->fd = accept(listener, NULL, NULL);
	if (p->fd < 0)
		die("accept");
	watch(epoll, p->fd, p);
}

/* Read what there is of a connection. */
static void
serve(struct peer *p)
{
	ssize_t n = recv(p->fd, in, sizeof(in), 0);

	if (n > 0 && read_packets(p, in, (size_t)n))
		return;
	close(p->fd);
	free(p);
}

int
main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int epoll = epoll_create1(0), listener = socket(AF_UNIX, SOCK_STREAM, 0);
	struct epoll_event events[EVENTS];

	if (argc != 2 || strlen(argv[1]) >= sizeof(address.sun_path)) {
		fprintf(stderr, "echo SOCKET\n");
		return 64;
	}
	strcpy(address.sun_path, argv[1]);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(listener, BACKLOG) != 0)
		die(argv[1]);
	watch(epoll, listener, NULL);
	for (int n; (n = epoll_wait(epoll, events, EVENTS, -1)) >= 0;)
		for (int i = 0; i < n; i++)
			if (events[i].data.ptr == NULL)
				take(epoll, listener);
			else
				serve(events[i].data.ptr);
	die("epoll_wait");
}

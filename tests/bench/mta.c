/*
 * mta.c - what a filter costs: the MTA's part of the milter protocol, and the filter's CPU time
 *
 *   mta MESSAGES CONNECTIONS SOCKET FILTER [ARGUMENT...]
 *
 * Starts the filter, which has to listen on the unix socket, gives it that many messages of 2 KB,
 * each in a session of its own, as Postfix does, with so many sessions at a time, and ends it.
 * Prints the CPU time that the filter has taken, user and system, in microseconds a message; how
 * many answers it has given in a session; and the SMFIP_… that it has negotiated, hexadecimal.
 *
 * Like Postfix, packets that await no answer are sent with the next one that does.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define VERSION 6
#define ALL_STEPS 0x1fffff
#define START_MS 5000 /* that a filter may take to listen */

static struct sockaddr_un filter = { .sun_family = AF_UNIX };
static atomic_int left;		   /* messages */
static atomic_uint answers, steps; /* of the last session: all are alike */
static pid_t pid;		   /* of the filter */
static char body[1024];
static size_t nbody;

/* 17 headers, 1 KB. */
static const struct {
	const char *name, *value;
} headers[] = {
	{ "Received",
	    "from client.example.net (client.example.net [192.0.2.25])\n"
	    "\tby mx.example.org with ESMTPS; Mon, 2 Feb 2026 10:00:01 +0100" },
	{ "Received",
	    "from [192.0.2.130] (unknown [192.0.2.130])\n"
	    "\tby client.example.net with ESMTPSA; Mon, 2 Feb 2026 10:00:00 +0100" },
	{ "DKIM-Signature",
	    "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net; s=one;\n"
	    "\th=from:to:subject:date:message-id;\n"
	    "\tbh=frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=;\n"
	    "\tb=bm90IGEgc2lnbmF0dXJlLCBidXQgYXMgbG9uZyBhcyBvbmU=" },
	{ "Date", "Mon, 2 Feb 2026 10:00:00 +0100" },
	{ "From", "\"Ann Sender\" <ann@example.net>" },
	{ "To", "\"Bob Reader\" <bob@example.org>" },
	{ "Cc", "carol@example.org" },
	{ "Reply-To", "ann@example.net" },
	{ "Message-ID", "<20260202100000.1@client.example.net>" },
	{ "In-Reply-To", "<20260201090000.2@mx.example.org>" },
	{ "References", "<20260201080000.3@client.example.net>" },
	{ "Subject", "Re: what we agreed on yesterday" },
	{ "User-Agent", "Some Mail Reader 1.0" },
	{ "MIME-Version", "1.0" },
	{ "Content-Language", "en-GB" },
	{ "Content-Type", "text/plain; charset=us-ascii" },
	{ "Content-Transfer-Encoding", "7bit" },
};

/* One session. */
struct session {
	int fd;
	uint32_t steps; /* as agreed */
	unsigned answers;
	char out[2 * 8192]; /* not sent yet */
	size_t n;
};

/* Give up: a bench of something else than what it says is worth nothing. */
static void
die(const char *why)
{
	fprintf(stderr, "mta: %s\n", why);
	if (pid > 0)
		kill(pid, SIGKILL);
	exit(1);
}

static void
put(struct session *s, char command, const void *data, size_t n)
{
	uint32_t size = htonl((uint32_t)n + 1);

	if (s->n + sizeof(size) + 1 + n > sizeof(s->out))
		die("a packet is too long");
	memcpy(s->out + s->n, &size, sizeof(size));
	s->out[s->n + sizeof(size)] = command;
	memcpy(s->out + s->n + sizeof(size) + 1, data, n);
	s->n += sizeof(size) + 1 + n;
}

static void
flush(struct session *s)
{
	for (size_t at = 0; at < s->n;) {
		ssize_t n = send(s->fd, s->out + at, s->n - at, MSG_NOSIGNAL);

		if (n <= 0)
			die("the filter has hung up");
		at += (size_t)n;
	}
	s->n = 0;
}

static void
take(struct session *s, char *p, size_t n)
{
	while (n > 0) {
		ssize_t got = recv(s->fd, p, n, 0);

		if (got <= 0)
			die("the filter has hung up");
		p += got;
		n -= (size_t)got;
	}
}

/* Read an answer: its letter. Its data, 512 bytes at most, go to p. */
static char
answer(struct session *s, char *p)
{
	uint32_t size;
	char letter;

	flush(s);
	s->answers++;
	take(s, (char *)&size, sizeof(size));
	size = ntohl(size);
	if (size == 0 || size > 512)
		die("an answer of no or of too many bytes");
	take(s, &letter, 1);
	take(s, p, size - 1);
	return letter;
}

/* Send a packet, if its callback is wanted, and await the answer, if there will be one: it has to
 * be "go on", so that all messages go all the way. */
static void
tell(struct session *s, char command, const void *data, size_t n, uint32_t unwanted,
    uint32_t no_reply)
{
	char p[512];

	if ((s->steps & unwanted) != 0)
		return;
	put(s, command, data, n);
	if ((s->steps & no_reply) == 0 && answer(s, p) != SMFIR_CONTINUE)
		die("the filter ends a message before its end");
}

/* The same with a string, its NUL included. */
#define PUT(s, command, text) put(s, command, text, sizeof(text))
#define TELL(s, command, text, unwanted, no_reply)                                                 \
	tell(s, command, text, sizeof(text), unwanted, no_reply)

static void
negotiate(struct session *s)
{
	uint32_t offer[3] = { htonl(VERSION), htonl(SMFI_CURR_ACTS), htonl(ALL_STEPS) };
	char p[512];

	put(s, SMFIC_OPTNEG, offer, sizeof(offer));
	if (answer(s, p) != SMFIC_OPTNEG)
		die("the filter doesn't negotiate");
	memcpy(&s->steps, p + 2 * sizeof(uint32_t), sizeof(s->steps));
	s->steps = ntohl(s->steps);
}

static void
send_headers(struct session *s)
{
	const char *blank = (s->steps & SMFIP_HDR_LEADSPC) != 0 ? " " : "";
	char line[512];

	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		int n = snprintf(
		    line, sizeof(line), "%s%c%s%s", headers[i].name, '\0', blank, headers[i].value);

		tell(s, SMFIC_HEADER, line, (size_t)n + 1, SMFIP_NOHDRS, SMFIP_NR_HDR);
	}
}

/* One session with one message. */
static void
run_session(void)
{
	struct session s = { .fd = socket(AF_UNIX, SOCK_STREAM, 0) };
	char p[512], letter;

	if (s.fd < 0 || connect(s.fd, (struct sockaddr *)&filter, sizeof(filter)) != 0)
		die(strerror(errno));
	negotiate(&s);
	PUT(&s, SMFIC_MACRO, "Cj\0mx.example.org\0{daemon_name}\0smtpd");
	TELL(&s, SMFIC_CONNECT,
	    "client.example.net\0004\x63\x9c"
	    "192.0.2.25",
	    SMFIP_NOCONNECT, SMFIP_NR_CONN);
	TELL(&s, SMFIC_HELO, "client.example.net", SMFIP_NOHELO, SMFIP_NR_HELO);
	PUT(&s, SMFIC_MACRO, "M{mail_addr}\0ann@example.net");
	TELL(&s, SMFIC_MAIL, "<ann@example.net>\0SIZE=2048", SMFIP_NOMAIL, SMFIP_NR_MAIL);
	PUT(&s, SMFIC_MACRO, "R{rcpt_addr}\0bob@example.org");
	TELL(&s, SMFIC_RCPT, "<bob@example.org>", SMFIP_NORCPT, SMFIP_NR_RCPT);
	PUT(&s, SMFIC_MACRO,
	    "Ti\0"
	    "4bW3xk1Zq7z9rNd");
	tell(&s, SMFIC_DATA, "", 0, SMFIP_NODATA, SMFIP_NR_DATA);
	send_headers(&s);
	tell(&s, SMFIC_EOH, "", 0, SMFIP_NOEOH, SMFIP_NR_EOH);
	tell(&s, SMFIC_BODY, body, nbody, SMFIP_NOBODY, SMFIP_NR_BODY);
	put(&s, SMFIC_BODYEOB, "", 0);
	do
		letter = answer(&s, p);
	while (letter == SMFIR_INSHEADER || letter == SMFIR_CHGHEADER || letter == SMFIR_ADDRCPT);
	if (letter != SMFIR_CONTINUE && letter != SMFIR_ACCEPT)
		die("the filter refuses a message");
	put(&s, SMFIC_QUIT, "", 0);
	flush(&s);
	close(s.fd);
	atomic_store(&answers, s.answers);
	atomic_store(&steps, s.steps);
}

static void *
run_sessions(void *arg)
{
	(void)arg;
	while (atomic_fetch_sub(&left, 1) > 0)
		run_session();
	return NULL;
}

/* Wait until the filter listens. */
static void
await_filter(void)
{
	for (int ms = 0; ms < START_MS; ms += 10) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);
		int rc = connect(fd, (struct sockaddr *)&filter, sizeof(filter));

		close(fd);
		if (rc == 0)
			return;
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	die("the filter doesn't listen");
}

/* A text of short words. */
static void
make_body(void)
{
	static const char *const words[] = { "the", "meeting", "of", "our", "group", "was", "moved",
		"to", "Thursday", "please", "bring", "your", "notes", "and", "what", "you",
		"have" };
	unsigned x = 1;

	for (size_t column = 0; nbody + 16 < sizeof(body);) {
		const char *word = words[(x = x * 69069 + 5) >> 16 & 15];

		column += strlen(word) + 1;
		nbody += (size_t)sprintf(body + nbody, "%s%s", word, column > 70 ? "\r\n" : " ");
		if (column > 70)
			column = 0;
	}
	nbody += (size_t)sprintf(body + nbody, "\r\n");
}

int
main(int argc, char **argv)
{
	int messages = argc > 4 ? atoi(argv[1]) : 0, connections = argc > 4 ? atoi(argv[2]) : 0;
	struct rusage used;
	pthread_t *threads;
	double us;

	if (messages <= 0 || connections <= 0 || strlen(argv[3]) >= sizeof(filter.sun_path)) {
		fprintf(stderr, "mta MESSAGES CONNECTIONS SOCKET FILTER [ARGUMENT...]\n");
		return 64;
	}
	strcpy(filter.sun_path, argv[3]);
	make_body();
	pid = fork();
	if (pid == 0) {
		execv(argv[4], argv + 4);
		_exit(127);
	}
	await_filter();
	atomic_init(&left, messages);
	threads = calloc((size_t)connections, sizeof(*threads));
	for (int i = 0; i < connections; i++)
		if (pthread_create(&threads[i], NULL, run_sessions, NULL) != 0)
			die("no thread to be had");
	for (int i = 0; i < connections; i++)
		pthread_join(threads[i], NULL);
	free(threads);
	kill(pid, SIGKILL);
	if (wait4(pid, NULL, 0, &used) != pid)
		die("the filter is gone");
	us = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 +
	    (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
	printf("%.1f %u %x\n", us / messages, atomic_load(&answers), atomic_load(&steps));
	return 0;
}

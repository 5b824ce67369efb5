/*
 * mta.c - what a filter costs: the MTA's part of the milter protocol, and the filter's CPU time
 *
 *   mta LETTER MESSAGES CONNECTIONS SOCKET FILTER [ARGUMENT...]
 *
 * Starts the filter, which has to listen on the unix socket, gives it that many messages, all of
 * them LETTER, each in a session of its own, as Postfix does, with so many sessions at a time, and
 * ends it. Prints the CPU time that the filter has taken, user and system, in microseconds a
 * message; how many answers it has given in a session; and the SMFIP_… that it has negotiated,
 * hexadecimal.
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
#define MOST_HEADERS 100
#define MOST_LINE 4096 /* bytes of a header */
#define CHUNK 65535    /* bytes of the body in a packet */

static struct sockaddr_un filter = { .sun_family = AF_UNIX };
static atomic_int left;		   /* messages */
static atomic_uint answers, steps; /* of the last session: all are alike */
static pid_t pid;		   /* of the filter */

/* The message. */
static struct {
	struct {
		const char *name, *value; /* its folds at line feeds, as the MTAs have them */
	} headers[MOST_HEADERS];
	size_t nheaders;
	const char *body;
	size_t nbody;
} mail;

/* One session. */
struct session {
	int fd;
	uint32_t steps; /* as agreed */
	unsigned answers;
	char out[CHUNK + 8192]; /* not sent yet */
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
put(struct session *s, char command, const void *data, size_t n)
{
	uint32_t size = htonl((uint32_t)n + 1);

	if (s->n + sizeof(size) + 1 + n > sizeof(s->out))
		flush(s);
	memcpy(s->out + s->n, &size, sizeof(size));
	s->out[s->n + sizeof(size)] = command;
	memcpy(s->out + s->n + sizeof(size) + 1, data, n);
	s->n += sizeof(size) + 1 + n;
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
	char line[MOST_LINE];

	for (size_t i = 0; i < mail.nheaders; i++) {
		int n = snprintf(line, sizeof(line), "%s%c%s%s", mail.headers[i].name, '\0', blank,
		    mail.headers[i].value);

		if ((size_t)n >= sizeof(line))
			die("a header is too long");
		tell(s, SMFIC_HEADER, line, (size_t)n + 1, SMFIP_NOHDRS, SMFIP_NR_HDR);
	}
}

static void
send_body(struct session *s)
{
	for (size_t at = 0, n; at < mail.nbody; at += n) {
		n = mail.nbody - at < CHUNK ? mail.nbody - at : CHUNK;
		tell(s, SMFIC_BODY, mail.body + at, n, SMFIP_NOBODY, SMFIP_NR_BODY);
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
	send_body(&s);
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

/* Read all of a file; *n gets its length. A NUL follows it. */
static char *
read_file(const char *path, size_t *n)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t room = 0;

	for (*n = 0; f != NULL && *n == room; *n += fread(text + *n, 1, room - *n, f)) {
		room = room * 2 + CHUNK;
		text = realloc(text, room + 1);
		if (text == NULL)
			die("no memory is left");
	}
	if (f == NULL || ferror(f))
		die(strerror(errno));
	fclose(f);
	text[*n] = '\0';
	return text;
}

/* Take the message apart, whose lines end in CRLF. */
static void
read_mail(const char *path)
{
	size_t n;
	char *at = read_file(path, &n), *end = strstr(at, "\r\n\r\n");

	if (end == NULL)
		die("there is no empty line in the letter");
	*end = '\0';
	mail.body = end + 4;
	mail.nbody = n - (size_t)(mail.body - at);
	for (char *to; at != NULL; at = end) {
		char *colon = strchr(at, ':');

		if (colon == NULL || mail.nheaders == MOST_HEADERS)
			die("no header, or too many of them");
		*colon = '\0';
		mail.headers[mail.nheaders].name = at;
		at = to = colon + 1 + (colon[1] == ' ');
		mail.headers[mail.nheaders++].value = at;
		while ((end = strstr(at, "\r\n")) != NULL && (end[2] == ' ' || end[2] == '\t')) {
			memmove(to, at, (size_t)(end - at));
			to += end - at;
			at = end + 1;
		}
		n = end != NULL ? (size_t)(end - at) : strlen(at);
		memmove(to, at, n);
		to[n] = '\0';
		end = end != NULL ? end + 2 : NULL;
	}
}

int
main(int argc, char **argv)
{
	int messages = argc > 5 ? atoi(argv[2]) : 0, connections = argc > 5 ? atoi(argv[3]) : 0;
	struct rusage used;
	pthread_t *threads;
	double us;

	if (messages <= 0 || connections <= 0 || strlen(argv[4]) >= sizeof(filter.sun_path)) {
		fprintf(stderr, "mta LETTER MESSAGES CONNECTIONS SOCKET FILTER [ARGUMENT...]\n");
		return 64;
	}
	strcpy(filter.sun_path, argv[4]);
	read_mail(argv[1]);
	pid = fork();
	if (pid == 0) {
		execv(argv[5], argv + 5);
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

/*
 * mta.c - what a filter costs: the MTA's part of the milter protocol, and the filter's CPU time
 *
 *   mta LETTER SECONDS CONNECTIONS SOCKET FILTER [ARGUMENT...]
 *
 * Starts the filter, which has to listen on the unix socket, gives it messages for so long, all of
 * them LETTER, each in a session of its own, as Postfix does, with so many sessions at a time, and
 * ends it, with all the processes that it has made. Before the clock starts it gets some in the
 * same way. Prints, as words NAME=VALUE:
 *
 *   us        CPU time of the filter's processes, user and system, in microseconds a message
 *   own       the same of this program: what it costs to ask
 *   messages  how many that were
 *   rate      messages a second
 *   answers   that the filter has given in a session
 *   steps     the SMFIP_... that it has negotiated, hexadecimal
 *   start     milliseconds from the filter's start until it first answered
 *   rss       kilobytes of its processes that are in memory at the end
 *
 * Like Postfix, packets that await no answer are sent with the next one that does.
 */
#include "base/clock.h"

#include <arpa/inet.h>
#include <dirent.h>
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
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define VERSION 6
#define ALL_STEPS 0x1fffff
#define START_SECONDS 120 /* that a filter may take to listen */
#define WARM 4		  /* a part in so many of the time goes to what isn't counted */
#define MOST_HEADERS 100
#define MOST_PROCESSES 100 /* of a filter */
#define MOST_LINE 4096	   /* bytes of a header */
#define MOST_ANSWER 4096   /* bytes of an answer */
#define CHUNK 65535	   /* bytes of the body in a packet */

static struct sockaddr_un filter = { .sun_family = AF_UNIX };
static uint64_t end;		   /* of clock_us(): when no session begins any more */
static atomic_ulong messages;	   /* given */
static atomic_uint answers, steps; /* of the last session: all are alike */

/* The filter's processes, the one that was started first. */
static struct {
	pid_t pids[MOST_PROCESSES];
	size_t n;
} processes;

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

/* ---- the filter's processes ---- */

/* Add the children of a process, which are told by its threads. */
static void
add_children(pid_t parent)
{
	char path[64];
	DIR *tasks;
	long child;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)parent);
	tasks = opendir(path);
	if (tasks == NULL)
		return;
	for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
		char file[sizeof(path) + sizeof(task->d_name) + 16];
		FILE *f;

		snprintf(file, sizeof(file), "%s/%s/children", path, task->d_name);
		f = fopen(file, "r");
		if (f == NULL)
			continue;
		while (processes.n < MOST_PROCESSES && fscanf(f, "%ld", &child) == 1)
			processes.pids[processes.n++] = (pid_t)child;
		fclose(f);
	}
	closedir(tasks);
}

/* All processes beneath this one are the filter's: those whose parent ends come to this one. */
static void
find_processes(void)
{
	processes.n = 0;
	add_children(getpid());
	for (size_t i = 0; i < processes.n; i++)
		add_children(processes.pids[i]);
}

static void
end_filter(void)
{
	for (find_processes(); processes.n > 0; find_processes()) {
		for (size_t i = 0; i < processes.n; i++)
			kill(processes.pids[i], SIGKILL);
		waitpid(-1, NULL, 0);
	}
}

/* The CPU time of a process, in microseconds. */
static double
process_us(pid_t pid)
{
	struct timespec t = { 0 };
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) == 0)
		clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* That of its children which have ended: there are filters that make a process for each session. */
static double
ended_us(pid_t pid)
{
	unsigned long user = 0, system = 0;
	char path[64], line[1024];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return 0;
	if (fgets(line, sizeof(line), f) != NULL && strrchr(line, ')') != NULL)
		sscanf(strrchr(line, ')'),
		    ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %lu %lu", &user,
		    &system);
	fclose(f);
	return (double)(user + system) * 1e6 / (double)sysconf(_SC_CLK_TCK);
}

/* That of the filter. */
static double
filter_us(void)
{
	double us = 0;

	find_processes();
	for (size_t i = 0; i < processes.n; i++)
		us += process_us(processes.pids[i]) + ended_us(processes.pids[i]);
	return us;
}

/* Kilobytes of a process that are in memory. */
static unsigned long
process_rss(pid_t pid)
{
	unsigned long pages = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return 0;
	if (fscanf(f, "%*u %lu", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages * (unsigned long)sysconf(_SC_PAGESIZE) / 1024;
}

/* Those of the filter. */
static unsigned long
filter_rss(void)
{
	unsigned long kb = 0;

	find_processes();
	for (size_t i = 0; i < processes.n; i++)
		kb += process_rss(processes.pids[i]);
	return kb;
}

/* ---- packets ---- */

/* Give up: a bench of something else than what it says is worth nothing. */
static void
die(const char *why)
{
	static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;

	pthread_mutex_lock(&once);
	fprintf(stderr, "mta: %s\n", why);
	end_filter();
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

/* Read an answer: its letter. Its data go to p. */
static char
answer(struct session *s, char *p)
{
	uint32_t size;
	char letter;

	flush(s);
	s->answers++;
	take(s, (char *)&size, sizeof(size));
	size = ntohl(size);
	if (size == 0 || size > MOST_ANSWER)
		die("an answer of no or of too many bytes");
	take(s, &letter, 1);
	take(s, p, size - 1);
	return letter;
}

/* Send a packet, if its callback is wanted, and await the answer, if there will be one: it has to
 * be "go on", so that all messages go all the way, or of a body, "no more of it". True: go on. */
static bool
tell(struct session *s, char command, const void *data, size_t n, uint32_t unwanted,
    uint32_t no_reply)
{
	char p[MOST_ANSWER], letter;

	if ((s->steps & unwanted) != 0)
		return true;
	put(s, command, data, n);
	if ((s->steps & no_reply) != 0)
		return true;
	letter = answer(s, p);
	if (letter != SMFIR_CONTINUE && (letter != SMFIR_SKIP || command != SMFIC_BODY))
		die(letter == SMFIR_ACCEPT ? "the filter ends a message before its end"
					   : "the filter refuses a message");
	return letter == SMFIR_CONTINUE;
}

/* The same with a string, its NUL included. */
#define PUT(s, command, text) put(s, command, text, sizeof(text))
#define TELL(s, command, text, unwanted, no_reply)                                                 \
	tell(s, command, text, sizeof(text), unwanted, no_reply)

static void
negotiate(struct session *s)
{
	uint32_t offer[3] = { htonl(VERSION), htonl(SMFI_CURR_ACTS), htonl(ALL_STEPS) };
	char p[MOST_ANSWER];

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
		if (!tell(s, SMFIC_BODY, mail.body + at, n, SMFIP_NOBODY, SMFIP_NR_BODY))
			return;
	}
}

/* Does the filter change the message, or ask for time, and will yet say what is to be done? */
static bool
is_action(char letter)
{
	return letter != '\0' &&
	    strchr((char[]){ SMFIR_PROGRESS, SMFIR_ADDHEADER, SMFIR_INSHEADER, SMFIR_CHGHEADER,
		       SMFIR_ADDRCPT, '\0' },
		letter) != NULL;
}

/* Connect to the filter, and negotiate; false if it doesn't listen. */
static bool
open_session(struct session *s)
{
	s->n = s->answers = 0;
	s->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (s->fd < 0)
		die(strerror(errno));
	if (connect(s->fd, (struct sockaddr *)&filter, sizeof(filter)) != 0) {
		close(s->fd);
		return false;
	}
	negotiate(s);
	return true;
}

static void
close_session(struct session *s)
{
	put(s, SMFIC_QUIT, "", 0);
	flush(s);
	close(s->fd);
}

/* One session with one message. */
static void
run_session(struct session *s)
{
	char p[MOST_ANSWER], letter;

	if (!open_session(s))
		die(strerror(errno));
	PUT(s, SMFIC_MACRO, "Cj\0mx.example.org\0{daemon_name}\0smtpd");
	TELL(s, SMFIC_CONNECT,
	    "client.example.net\0004\x63\x9c"
	    "192.0.2.25",
	    SMFIP_NOCONNECT, SMFIP_NR_CONN);
	TELL(s, SMFIC_HELO, "client.example.net", SMFIP_NOHELO, SMFIP_NR_HELO);
	PUT(s, SMFIC_MACRO, "M{mail_addr}\0ann@example.net");
	TELL(s, SMFIC_MAIL, "<ann@example.net>\0SIZE=2048", SMFIP_NOMAIL, SMFIP_NR_MAIL);
	PUT(s, SMFIC_MACRO, "R{rcpt_addr}\0bob@example.org");
	TELL(s, SMFIC_RCPT, "<bob@example.org>", SMFIP_NORCPT, SMFIP_NR_RCPT);
	PUT(s, SMFIC_MACRO,
	    "Ti\0"
	    "4bW3xk1Zq7z9rNd");
	tell(s, SMFIC_DATA, "", 0, SMFIP_NODATA, SMFIP_NR_DATA);
	send_headers(s);
	tell(s, SMFIC_EOH, "", 0, SMFIP_NOEOH, SMFIP_NR_EOH);
	send_body(s);
	put(s, SMFIC_BODYEOB, "", 0);
	do
		letter = answer(s, p);
	while (is_action(letter));
	if (letter != SMFIR_CONTINUE && letter != SMFIR_ACCEPT)
		die("the filter refuses a message");
	close_session(s);
	atomic_fetch_add(&messages, 1);
	atomic_store(&answers, s->answers);
	atomic_store(&steps, s->steps);
}

/* A connection: session after session, one at least. */
static void *
run_sessions(void *arg)
{
	struct session *s = malloc(sizeof(*s));

	(void)arg;
	if (s == NULL)
		die("no memory is left");
	do
		run_session(s);
	while (clock_us() < end);
	free(s);
	return NULL;
}

/* Give messages for so long, on so many connections. */
static void
run(double seconds, int connections)
{
	pthread_t *threads = calloc((size_t)connections, sizeof(*threads));

	end = clock_us() + (uint64_t)(seconds * 1e6);
	atomic_store(&messages, 0);
	for (int i = 0; i < connections; i++)
		if (threads == NULL || pthread_create(&threads[i], NULL, run_sessions, NULL) != 0)
			die("no thread to be had");
	for (int i = 0; i < connections; i++)
		pthread_join(threads[i], NULL);
	free(threads);
}

/* Start the filter, and wait until it answers: for how many microseconds. */
static uint64_t
start_filter(char **command)
{
	uint64_t begun = clock_us();
	struct session *s = malloc(sizeof(*s));
	pid_t pid = fork();

	if (s == NULL || pid < 0)
		die(strerror(errno));
	if (pid == 0) {
		execv(command[0], command);
		_exit(127);
	}
	while (!open_session(s)) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			die("the filter ends at once");
		if (clock_us() > begun + START_SECONDS * 1000000ull)
			die("the filter doesn't listen");
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	begun = clock_us() - begun;
	close_session(s);
	free(s);
	return begun;
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
	double seconds = argc > 5 ? atof(argv[2]) : 0, us, own, rate;
	int connections = argc > 5 ? atoi(argv[3]) : 0;
	unsigned long n;
	uint64_t start, begun;

	if (seconds <= 0 || connections <= 0 || strlen(argv[4]) >= sizeof(filter.sun_path)) {
		fprintf(stderr, "mta LETTER SECONDS CONNECTIONS SOCKET FILTER [ARGUMENT...]\n");
		return 64;
	}
	strcpy(filter.sun_path, argv[4]);
	read_mail(argv[1]);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	start = start_filter(argv + 5);
	run(seconds / WARM, connections);
	us = filter_us();
	own = process_us(getpid());
	begun = clock_us();
	run(seconds, connections);
	n = atomic_load(&messages);
	rate = (double)n * 1e6 / (double)(clock_us() - begun);
	own = (process_us(getpid()) - own) / (double)n;
	us = (filter_us() - us) / (double)n;
	printf("us=%.1f own=%.1f messages=%lu rate=%.0f answers=%u steps=%x start=%.1f rss=%lu\n",
	    us, own, n, rate, atomic_load(&answers), atomic_load(&steps), (double)start / 1e3,
	    filter_rss());
	end_filter();
	return 0;
}

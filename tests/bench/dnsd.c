/*
 * dnsd.c - a DNS server on loopback that makes its answers up, and who asks it
 *
 *   dnsd TTL PORT PROGRAM [ARGUMENT...]
 *
 * Answers on 127.0.0.1 (port 0: any) while the program runs, which finds the server in DNSD as
 * ADDR:PORT, and then prints how many questions there were, and the CPU time that answering them
 * took, in microseconds.
 *
 * For each number N there is a domain dN.bench with an SPF record that takes a client nine
 * questions until it fails, one of which finds nothing:
 *
 *   dN      TXT  v=spf1 a mx include:i.dN.bench include:j.dN.bench exists:%{ir}.x.%{d} -all
 *   i.dN    TXT  v=spf1 ip4:198.51.100.0/24 a:a.dN.bench -all
 *   j.dN    TXT  v=spf1 ip4:203.0.113.0/24 a:b.dN.bench -all
 */
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define BATCH 64       /* questions that are read at once */
#define PATIENCE 50    /* milliseconds between two looks whether the program still runs */
#define ROOM (4 << 20) /* bytes of questions that may wait */

struct packet {
	unsigned char b[1024];
	size_t n;
};

/* What is asked. */
struct question {
	const char *label; /* beneath dN.bench: "" for itself, NULL for any other name */
	unsigned long domain;
	unsigned type;
	size_t end; /* of the question in its packet */
	char name[NS_MAXDNAME];
};

static unsigned ttl;

static void
die(const char *why)
{
	fprintf(stderr, "dnsd: %s\n", why);
	exit(1);
}

/* Find out which domain a name belongs to: LABEL.dN.bench or dN.bench. */
static void
place(struct question *q)
{
	char *dot = strchr(q->name, '.'), *domain = q->name, *end;

	q->label = NULL;
	if (dot != NULL && strcasecmp(dot, ".bench") != 0) {
		*dot = '\0';
		domain = dot + 1;
	}
	if (domain[0] != 'd')
		return;
	q->domain = strtoul(domain + 1, &end, 10);
	if (end > domain + 1 && strcasecmp(end, ".bench") == 0)
		q->label = domain == q->name ? "" : q->name;
}

/* Read the question of a packet; false if it isn't one. */
static bool
read_question(const struct packet *p, struct question *q)
{
	int n;

	if (p->n < NS_HFIXEDSZ || (p->b[2] & 0x80) != 0 || ns_get16(p->b + 4) != 1)
		return false;
	n = ns_name_uncompress(p->b, p->b + p->n, p->b + NS_HFIXEDSZ, q->name, sizeof(q->name));
	if (n < 0 || NS_HFIXEDSZ + (size_t)n + 4 > p->n)
		return false;
	q->type = ns_get16(p->b + NS_HFIXEDSZ + n);
	q->end = NS_HFIXEDSZ + (size_t)n + 4;
	place(q);
	return true;
}

/* Add a record, of the name asked for or of `bench`. */
static void
add(struct packet *p, bool of_bench, unsigned type, const void *data, size_t n)
{
	unsigned char *at = p->b + p->n;

	if (of_bench)
		at = (unsigned char *)memcpy(at, "\5bench", 7) + 7;
	else {
		ns_put16(0xc000 | NS_HFIXEDSZ, at);
		at += 2;
	}
	ns_put16(type, at);
	ns_put16(ns_c_in, at + 2);
	ns_put32(ttl, at + 4);
	ns_put16((unsigned)n, at + 8);
	memcpy(at + 10, data, n);
	p->n = (size_t)(at + 10 + n - p->b);
	p->b[of_bench ? 9 : 7]++; /* records of the authority or the answer section */
}

/* Add a TXT record of one string. */
static void
add_text(struct packet *p, const char *fmt, unsigned long domain)
{
	char text[256];
	int n = snprintf(text + 1, sizeof(text) - 1, fmt, domain, domain);

	text[0] = (char)n;
	add(p, false, ns_t_txt, text, (size_t)n + 1);
}

/* The records of a label. Returns false if there is no such name. */
static bool
answer_label(struct packet *p, const struct question *q)
{
	const unsigned char address[] = { 198, 51, 100, (unsigned char)(q->domain % 250 + 1) };
	bool itself = q->label != NULL && *q->label == '\0';

	if (q->label == NULL)
		return false;
	if (itself && q->type == ns_t_txt)
		add_text(p,
		    "v=spf1 a mx include:i.d%lu.bench include:j.d%lu.bench exists:%%{ir}.x.%%{d} "
		    "-all",
		    q->domain);
	else if (itself && q->type == ns_t_mx)
		add(p, false, ns_t_mx, "\0\12\1m\300\14", 6);
	else if (strcasecmp(q->label, "i") == 0 && q->type == ns_t_txt)
		add_text(p, "v=spf1 ip4:198.51.100.0/24 a:a.d%lu.bench -all", q->domain);
	else if (strcasecmp(q->label, "j") == 0 && q->type == ns_t_txt)
		add_text(p, "v=spf1 ip4:203.0.113.0/24 a:b.d%lu.bench -all", q->domain);
	else if ((itself || strchr("abmABM", *q->label) != NULL) && q->type == ns_t_a)
		add(p, false, ns_t_a, address, sizeof(address));
	return itself || strchr("abijmABIJM", *q->label) != NULL;
}

/* Make a question its answer. */
static void
make_answer(struct packet *p, const struct question *q)
{
	static const unsigned char soa[] = "\0\0" /* MNAME and RNAME: the root */
					   "\0\0\0\1\0\0\16\20\0\0\16\20\0\1\121\200\0\0\1\54";

	memset(p->b + 6, 0, 6);
	p->b[2] = (p->b[2] & 0x79) | 0x84; /* an authoritative answer */
	p->b[3] = 0x80;
	p->n = q->end;
	if (!answer_label(p, q))
		p->b[3] |= ns_r_nxdomain;
	if (p->b[7] == 0)
		add(p, true, ns_t_soa, soa, sizeof(soa) - 1);
}

/* Read some questions and answer them; how many there were, -1 if there were none for a while. */
static int
serve(int fd)
{
	static struct packet packets[BATCH];
	static struct sockaddr_in from[BATCH];
	static struct iovec parts[BATCH];
	struct mmsghdr in[BATCH] = { 0 }, out[BATCH];
	struct question q;
	int n, good = 0;

	for (int i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){ packets[i].b, 512 };
		in[i].msg_hdr = (struct msghdr){ .msg_name = &from[i],
			.msg_namelen = sizeof(from[i]),
			.msg_iov = &parts[i],
			.msg_iovlen = 1 };
	}
	n = recvmmsg(fd, in, BATCH, MSG_WAITFORONE, NULL);
	for (int i = 0; i < n; i++) {
		packets[i].n = in[i].msg_len;
		if (!read_question(&packets[i], &q))
			continue;
		make_answer(&packets[i], &q);
		parts[i].iov_len = packets[i].n;
		out[good++] = in[i];
	}
	for (int sent = 0, k; sent < good; sent += k) {
		k = sendmmsg(fd, out + sent, (unsigned)(good - sent), 0);
		if (k <= 0)
			k = 1; /* who asked is gone */
	}
	return n;
}

/* A socket at which questions come in. */
static int
open_socket(int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct timeval patience = { .tv_usec = PATIENCE * 1000 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), room = ROOM;
	socklen_t size = sizeof(at);
	char text[32];

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &size) != 0)
		die(strerror(errno));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	snprintf(text, sizeof(text), "127.0.0.1:%d", ntohs(at.sin_port));
	setenv("DNSD", text, 1);
	return fd;
}

int
main(int argc, char **argv)
{
	unsigned long long questions = 0;
	struct rusage used;
	int fd, status = 0;
	pid_t pid;

	if (argc < 4) {
		fprintf(stderr, "dnsd TTL PORT PROGRAM [ARGUMENT...]\n");
		return 64;
	}
	ttl = (unsigned)strtoul(argv[1], NULL, 10);
	fd = open_socket(atoi(argv[2]));
	pid = fork();
	if (pid == 0) {
		execvp(argv[3], argv + 3);
		_exit(127);
	}
	do {
		int n = serve(fd);

		questions += n > 0 ? (unsigned)n : 0;
		if (n > 0)
			continue;
		if (waitpid(pid, &status, WNOHANG) == pid)
			pid = 0;
	} while (pid > 0);
	getrusage(RUSAGE_SELF, &used);
	printf("%llu %lld\n", questions,
	    (long long)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 +
		used.ru_utime.tv_usec + used.ru_stime.tv_usec);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

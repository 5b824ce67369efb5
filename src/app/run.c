/*
 * run.c - `postern run`: the daemon
 *
 * Stays in the foreground. Everything that can fail because of the admin's settings is done, and
 * told on stderr, before the first connection is taken; root's privileges go as soon as the socket
 * and the pid file are made. A thread of its own tends signals: on TERM and INT no further
 * connection is taken, and libmilter is stopped once the open ones have ended or their grace is
 * over.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "app/app.h"
#include "app/listener.h"
#include "app/pidfile.h"
#include "app/privileges.h"
#include "app/signals.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "dns/dnsbl.h"
#include "milter/milter.h"
#include "rule/bases.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-daemon.h>
#endif

struct daemon {
	struct program *program;
	struct listener listener;
	struct pidfile pidfile;
	pthread_t main;
	atomic_bool stopping;
	atomic_bool left; /* smfi_main has returned */
};

/* Tell the service manager. */
static void
notify(const char *state)
{
#ifdef HAVE_LIBSYSTEMD
	sd_notify(0, state);
#else
	(void)state;
#endif
}

/* Let open sessions end, LIMIT_GRACE_MS at most; a second signal cuts that short. */
static void
drain(void)
{
	uint64_t end = clock_us() + (uint64_t)LIMIT_GRACE_MS * 1000;
	int sig = 0;

	while (milter_sessions() > 0 && clock_us() < end && sig != SIGTERM && sig != SIGINT)
		sig = signals_wait(LIMIT_DRAIN_MS);
}

/* The thread that tends signals. */
static void *
tend_signals(void *arg)
{
	struct daemon *d = arg;
	int sig;

	while ((sig = signals_wait(-1)) != SIGTERM && sig != SIGINT)
		log_say(LOG_LEVEL_NOTICE,
		    "SIG%s: the rules are read at start; restart to make changes count",
		    sigabbrev_np(sig));
	atomic_store(&d->stopping, true);
	listener_close(&d->listener);
	signals_interrupt(d->main);
	milter_close_door();
	notify("STOPPING=1");
	log_say(LOG_LEVEL_NOTICE, "SIG%s: stopping, %u sessions open", sigabbrev_np(sig),
	    milter_sessions());
	drain();
	signals_stop_libmilter(d->main, &d->left);
	return NULL;
}

/* As many file descriptors as we may have: each session takes one. */
static void
raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Say how to attach Postfix, and what would keep it from us. */
static void
tell_ready(const struct program *p)
{
	const struct socket_setting *s = &p->settings.socket;
	struct buf socket = { 0 }, why = { 0 }, line = { 0 };

	if (!listener_admits(s, "postfix", &why))
		log_say(LOG_LEVEL_WARNING, "%s", why.p);
	if (geteuid() == 0)
		log_say(LOG_LEVEL_WARNING, "running as root; `set user NAME` gives that up");
	listener_for_mta(s, &socket);
	buf_str(&line, "ready");
	log_field(&line, "socket", buf_slice(&socket));
	log_field_num(&line, "rules", p->nrules);
	log_send(LOG_LEVEL_NOTICE, &line);
	notify("READY=1");
	buf_free(&socket);
	buf_free(&why);
	buf_free(&line);
}

/* Take hold of what must be had before the first connection. 0 or an exit status with *why. */
static int
prepare(struct daemon *d, struct buf *why)
{
	const struct settings *s = &d->program->settings;
	int status = pidfile_write(s->pid_file, &d->pidfile, why);

	if (status == 0)
		status = listener_open(&s->socket, &d->listener, why);
	if (status == 0)
		status = privileges_drop(s->user, why);
	if (status == 0 && !milter_begin(d->program, d->listener.fd)) {
		buf_str(why, "libmilter can't take over the socket; the system's log says why");
		status = EX_SOFTWARE;
	}
	return status;
}

/* Say what a list was asked, and how often it failed. */
static void
tell_list(const struct dnsbl_ask *ask)
{
	unsigned long long asked, failed;
	struct buf line = { 0 };
	char *of = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&of, &n);

	if (out == NULL)
		return;
	program_print_ref(ask->of, out);
	fclose(out);
	dnsbl_count(ask->list, &asked, &failed);
	buf_str(&line, "list");
	log_field(&line, "zone", dnsbl_zone(ask->list));
	log_field(&line, "of", slice_str(of));
	log_field_num(&line, "answers", (long long)asked);
	log_field_num(&line, "failed", (long long)failed);
	log_send(LOG_LEVEL_INFO, &line);
	buf_free(&line);
	free(of);
}

/* Say at the end what was asked of the DNS. */
static void
tell_lookups(const struct program *p)
{
	struct resolver_counts n;
	struct buf line = { 0 };

	if (p->resolver == NULL)
		return;
	resolver_count(p->resolver, &n);
	buf_str(&line, "dns");
	log_field_num(&line, "questions", (long long)n.questions);
	log_field_num(&line, "hits", (long long)n.hits);
	log_field_num(&line, "joined", (long long)n.joined);
	log_field_num(&line, "sent", (long long)n.sent);
	log_field_num(&line, "failed", (long long)n.failed);
	log_field_num(&line, "late", (long long)n.late);
	log_field_num(&line, "evicted", (long long)n.evicted);
	log_field_num(&line, "entries", (long long)n.entries);
	log_field_num(&line, "bytes", (long long)n.bytes);
	log_send(LOG_LEVEL_INFO, &line);
	buf_free(&line);
	for (uint32_t i = 0; i < p->ndnsbls; i++)
		tell_list(&p->dnsbls[i]);
}

/* Serve until a signal ends it. Returns the exit status. */
static int
serve(struct daemon *d)
{
	pthread_t signals;
	bool well;

	d->main = pthread_self();
	signals_block();
	if (pthread_create(&signals, NULL, tend_signals, d) != 0) {
		log_say(LOG_LEVEL_ERROR, "no thread to be had");
		return EX_OSERR;
	}
	bases_begin(d->program);
	tell_ready(d->program);
	well = milter_serve();
	atomic_store(&d->left, true);
	/* told to stop before it has begun, libmilter says that it failed */
	if (!well && !atomic_load(&d->stopping)) {
		log_say(LOG_LEVEL_ERROR, "libmilter has given up; the system's log says why");
		return EX_OSERR;
	}
	pthread_join(signals, NULL);
	tell_lookups(d->program);
	return 0;
}

/* Leave nothing behind. Sessions whose grace is over still run: for them all stays as it is. */
static void
clean_up(struct daemon *d, int status)
{
	unsigned open = milter_sessions();

	listener_close(&d->listener);
	pidfile_remove(&d->pidfile);
	bases_end(d->program);
	if (open > 0) {
		log_say(LOG_LEVEL_WARNING, "%u sessions were cut", open);
		_exit(status);
	}
	milter_close_door();
	program_unref(d->program);
}

/* postern run [-c FILE] */
int
app_run(int argc, char **argv)
{
	const char *config = APP_CONFIG;
	struct daemon d = { .listener.fd = -1, .pidfile.fd = -1 };
	struct buf why = { 0 };
	int opt, status;

	while ((opt = getopt(argc, argv, "c:")) != -1) {
		if (opt != 'c')
			return app_usage("run", NULL);
		config = optarg;
	}
	if (optind < argc)
		return app_usage("run", "`%s` is too much", argv[optind]);
	d.program = app_load(config, &status);
	if (d.program == NULL)
		return status;
	raise_descriptors();
	log_open(d.program->settings.log, "postern");
	status = prepare(&d, &why);
	if (status != 0)
		fprintf(stderr, "postern: %s\n", why.p);
	else
		status = serve(&d);
	buf_free(&why);
	clean_up(&d, status);
	return status;
}

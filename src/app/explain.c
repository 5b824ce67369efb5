/*
 * explain.c - `postern explain`: what the rules make of one session, and why
 */
#include "app/app.h"
#include "base/limits.h"
#include "replay/show.h"
#include "replay/trace.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

struct request {
	const char *config;
	struct script script; /* up to MAIL, then all of it */
	struct slice sender;
	const char **recipients;
	size_t nrecipients;
	const char *message; /* NULL: none */
	bool brief;
};

/* --client IP[,NAME[,PTR]] */
static bool
read_client(struct script *s, const char *arg)
{
	struct slice name, ptr = SLICE_ABSENT, address = slice_cut(slice_str(arg), ',', &name);
	struct ip ip;

	if (name.p != NULL)
		name = slice_cut(name, ',', &ptr);
	if (!ip_parse(address, &ip))
		return false;
	script_client(s, &ip, name, ptr.p != NULL ? ptr : name);
	return true;
}

/* --macro NAME=VALUE */
static bool
read_macro(struct script *s, const char *arg)
{
	struct slice value, name = slice_cut(slice_str(arg), '=', &value);

	if (name.n == 0 || value.p == NULL)
		return false;
	script_macro(s, name, value);
	return true;
}

/* One option; false if it is wrong, *status is set then. */
static bool
read_option(struct request *r, int opt, int *status)
{
	bool sound = true;

	switch (opt) {
	case 'c':
		r->config = optarg;
		break;
	case 'C':
		sound = read_client(&r->script, optarg);
		break;
	case 'H':
		script_add(&r->script, STEP_HELO, slice_str(optarg), SLICE_ABSENT);
		break;
	case 's':
		r->sender = slice_str(optarg);
		break;
	case 'r':
		r->recipients[r->nrecipients++] = optarg;
		break;
	case 'm':
		sound = read_macro(&r->script, optarg);
		break;
	case 'u':
		script_fact(&r->script, "sasl.user", slice_str(optarg));
		break;
	case 'b':
		r->brief = true;
		break;
	default:
		*status = app_usage("explain", NULL);
		return false;
	}
	if (!sound)
		*status = app_usage("explain",
		    opt == 'C' ? "`%s` is no IP[,NAME[,PTR]]" : "`%s` is no NAME=VALUE", optarg);
	return sound;
}

/* The options and the argument. */
static bool
read_request(struct request *r, int argc, char **argv, int *status)
{
	static const struct option options[] = {
		{ "client", required_argument, NULL, 'C' },
		{ "helo", required_argument, NULL, 'H' },
		{ "sender", required_argument, NULL, 's' },
		{ "recipient", required_argument, NULL, 'r' },
		{ "macro", required_argument, NULL, 'm' },
		{ "sasl-user", required_argument, NULL, 'u' },
		{ "brief", no_argument, NULL, 'b' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "c:", options, NULL)) != -1)
		if (!read_option(r, opt, status))
			return false;
	if (argc - optind > 1) {
		*status = app_usage("explain", "`%s` is too much: one message", argv[optind + 1]);
		return false;
	}
	r->message = argv[optind];
	if (r->nrecipients == 0)
		r->recipients[r->nrecipients++] = APP_RECIPIENT;
	return true;
}

/* Add MAIL, RCPT and the message to the script. */
static bool
add_message(struct request *r, int *status)
{
	struct source *file = NULL;
	struct message m = { 0 };
	struct diags d;

	script_mail(&r->script, r->sender, NULL, 0);
	for (size_t i = 0; i < r->nrecipients; i++)
		script_add(&r->script, STEP_RCPT, slice_str(r->recipients[i]), SLICE_ABSENT);
	if (r->message == NULL)
		return true;
	diags_init(&d);
	file = source_read(&d, r->message, LIMIT_MESSAGE_FILE);
	if (file != NULL) {
		message_parse(&r->script.arena, file->text, &m);
		script_message(&r->script, &m);
	} else {
		fprintf(stderr, "postern: %s can't be read: %s\n", r->message, strerror(errno));
		*status = EX_NOINPUT;
	}
	diags_free(&d);
	return file != NULL;
}

/* What is done to the message and what is logged. */
static void
print_effects(const struct transaction *t)
{
	for (size_t i = 0; i < t->nnotes; i++) {
		show_note(stdout, &t->notes[i]);
		putchar('\n');
	}
	for (size_t i = 0; i < t->neffects; i++) {
		show_effect(stdout, &t->effects[i]);
		putchar('\n');
	}
}

/* The verdicts: with several recipients one for each, then that of the message. */
static void
print_verdicts(const struct program *p, const struct transaction *t, bool brief, bool colour)
{
	for (size_t i = 0; !brief && t->nrecipients > 1 && i < t->nrecipients; i++) {
		fputs("verdict for ", stdout);
		show_text(stdout, t->recipients[i], LIMIT_ADDRESS);
		fputs(": ", stdout);
		show_verdict(stdout, transaction_verdict(p, t, i));
		putchar('\n');
	}
	if (!brief && p->settings.mode == MODE_MONITOR)
		puts("set mode monitor: this verdict is logged, the mail goes on");
	fputs(colour ? "\033[1mverdict: " : "verdict: ", stdout);
	show_verdict(stdout, transaction_verdict(p, t, SIZE_MAX));
	puts(colour ? "\033[0m" : "");
}

/* Run the script under the rules, and print. */
static int
explain(struct request *r, struct program *p)
{
	bool colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL && !r->brief;
	struct trace trace;
	struct replay_hooks hooks;
	struct outcome out;
	bool ran;

	trace_init(&trace, p, stdout, colour);
	hooks = trace_hooks(&trace);
	ran = replay_run(p, NULL, &r->script, r->brief ? NULL : &hooks, &out);
	trace_free(&trace);
	if (ran && !r->brief)
		print_effects(&out.transactions[0]);
	if (ran)
		print_verdicts(p, &out.transactions[0], r->brief, colour);
	else
		fputs("postern: out of memory\n", stderr);
	outcome_free(&out);
	return ran ? EX_OK : EX_OSERR;
}

/* postern explain [OPTION…] [MESSAGE.eml] */
int
app_explain(int argc, char **argv)
{
	struct request r = { .config = APP_CONFIG, .sender = SLICE("") };
	struct program *p = NULL;
	char host[256] = "localhost";
	int status = EX_OK;

	script_init(&r.script);
	/* as the MTA of this host would say, unless --macro j says otherwise */
	gethostname(host, sizeof(host) - 1);
	script_fact(&r.script, "server.name", slice_str(host));
	r.recipients = arena_alloc(&r.script.arena, (size_t)argc * sizeof(*r.recipients));
	if (read_request(&r, argc, argv, &status) && add_message(&r, &status))
		p = app_load(r.config, &status);
	if (p != NULL) {
		status = explain(&r, p);
		program_unref(p);
	}
	script_free(&r.script);
	return status;
}

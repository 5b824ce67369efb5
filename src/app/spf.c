/*
 * spf.c - `postern spf`: one SPF check, and what led to its result
 */
#include "spf/spf.h"
#include "app/app.h"
#include "base/buf.h"
#include "base/limits.h"
#include "dns/server.h"

#include <errno.h>
#include <getopt.h>
#include <sysexits.h>
#include <unistd.h>

struct request {
	struct ip client;
	struct slice helo, sender; /* absent: not given */
	struct buf servers;	   /* with commas between them; empty: those of the system */
	unsigned nservers;
	const char *zone; /* a file that answers in their place */
	bool trace;
};

/* --dns-server ADDR[:PORT] */
static bool
read_server(struct request *r, const char *arg)
{
	char server[SERVER_TEXT];

	if (!server_parse(slice_str(arg), server))
		return false;
	buf_printf(&r->servers, "%s%s", r->nservers++ > 0 ? "," : "", server);
	return true;
}

/* One option; false if it is wrong, *status is set then. */
static bool
read_option(struct request *r, int opt, int *status)
{
	bool sound = true;

	switch (opt) {
	case 'C':
		sound = ip_parse(slice_str(optarg), &r->client);
		break;
	case 'H':
		r->helo = slice_str(optarg);
		break;
	case 's':
		r->sender = slice_str(optarg);
		/* as logs show it */
		if (r->sender.n > 1 && optarg[0] == '<' && optarg[r->sender.n - 1] == '>')
			r->sender = slice_of(optarg + 1, r->sender.n - 2);
		break;
	case 'd':
		sound = read_server(r, optarg);
		break;
	case 'z':
		r->zone = optarg;
		break;
	case 't':
		r->trace = true;
		break;
	default:
		*status = app_usage("spf", NULL);
		return false;
	}
	if (!sound)
		*status = app_usage(
		    "spf", opt == 'C' ? "`%s` is no IP address" : "`%s` is no ADDR[:PORT]", optarg);
	return sound;
}

/* The options, and whether they make sense together. */
static bool
read_request(struct request *r, int argc, char **argv, int *status)
{
	static const struct option options[] = {
		{ "client", required_argument, NULL, 'C' },
		{ "helo", required_argument, NULL, 'H' },
		{ "sender", required_argument, NULL, 's' },
		{ "dns-server", required_argument, NULL, 'd' },
		{ "zone", required_argument, NULL, 'z' },
		{ "trace", no_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!read_option(r, opt, status))
			return false;
	if (optind < argc)
		*status = app_usage("spf", "`%s` is too much", argv[optind]);
	else if (r->client.family == 0)
		*status = app_usage("spf", "who sends? --client IP is missing");
	else if (r->helo.n == 0 && r->sender.n == 0)
		*status = app_usage("spf",
		    r->sender.p != NULL
			? "the null sender is checked by its HELO: --helo NAME is missing"
			: "what is checked? --sender ADDRESS or --helo NAME is missing");
	else if (r->nservers > LIMIT_DNS_SERVERS)
		*status = app_usage("spf", "more than %d name servers", LIMIT_DNS_SERVERS);
	else if (r->zone != NULL && r->nservers > 0)
		*status = app_usage("spf", "who is asked, --zone or --dns-server?");
	return *status == EX_OK;
}

/* Read the zone, if one is named; false with *status if it isn't sound. */
static bool
load_zone(const char *path, struct zone **zone, int *status)
{
	struct diags d;

	if (path == NULL)
		return true;
	*zone = zone_new();
	if (*zone == NULL) {
		fputs("postern: out of memory\n", stderr);
		*status = EX_OSERR;
		return false;
	}
	diags_init(&d);
	errno = 0;
	if (!zone_add_file(*zone, path, &d)) {
		*status = d.errors > 0 ? EX_DATAERR : EX_NOINPUT;
		if (d.errors == 0)
			fprintf(stderr, "postern: %s can't be read: %s\n", path, strerror(errno));
	}
	diags_print(&d, stderr);
	diags_free(&d);
	return *status == EX_OK;
}

/* Print a line of the trace. */
static void
print_trace(void *ctx, unsigned depth, struct slice line)
{
	(void)ctx;
	printf("%*s%.*s\n", 2 * (int)depth, "", SLICE_ARG(line));
}

/* Check, and print what came of it. */
static void
check(const struct request *r, struct spf *spf, struct arena *a)
{
	const struct spf_trace trace = { .line = print_trace };
	const struct spf_query query = {
		.identity = r->sender.p != NULL ? SPF_MAIL_FROM : SPF_HELO,
		.client = &r->client,
		.helo = r->helo,
		.sender = r->sender,
	};
	struct spf_answer answer;

	spf_check(spf, &query, r->trace ? &trace : NULL, a, &answer);
	printf("result: %s\n", spf_result_name(answer.result));
	printf("reason: %.*s\n", SLICE_ARG(answer.why));
	if (answer.explanation.p != NULL)
		printf("explanation: %.*s\n", SLICE_ARG(answer.explanation));
	printf("lookups: %u (void %u)\n", answer.lookups, answer.voids);
}

/* Make what a check takes, and check. */
static int
run(const struct request *r, const struct zone *zone)
{
	struct resolver *resolver = resolver_new(&(struct resolver_config){
	    .zone = zone, .servers = r->nservers > 0 ? r->servers.p : NULL });
	struct spf *spf = NULL;
	char host[256] = "localhost";
	struct arena arena;
	int status = EX_OK;

	gethostname(host, sizeof(host) - 1);
	if (resolver != NULL)
		spf = spf_new(&(struct spf_config){ .resolver = resolver, .receiver = host });
	arena_init(&arena, 0);
	if (spf != NULL)
		check(r, spf, &arena);
	else {
		fputs("postern: out of memory\n", stderr);
		status = EX_OSERR;
	}
	arena_free(&arena);
	spf_free(spf);
	resolver_free(resolver);
	return status;
}

/* postern spf --client IP [OPTION…] */
int
app_spf(int argc, char **argv)
{
	struct request r = { .helo = SLICE_ABSENT, .sender = SLICE_ABSENT };
	struct zone *zone = NULL;
	int status = EX_OK;

	if (read_request(&r, argc, argv, &status) && load_zone(r.zone, &zone, &status))
		status = run(&r, zone);
	zone_free(zone);
	buf_free(&r.servers);
	return status;
}

/*
 * compile.c - `postern compile`: databases of patterns into cache-dir, before the daemon wants them
 */
#include "app/app.h"
#include "app/privileges.h"
#include "match/hyper.h"
#include "rule/bases.h"

#include <sysexits.h>
#include <unistd.h>

/* Say what became of one. data is the exit status. */
static void
print_report(void *data, const struct base_report *r)
{
	struct slice why = buf_slice(&r->why);
	int *status = data;

	scan_print(&r->scan->ref, r->scan->folded, stdout);
	printf(": %u patterns, %zu for the database: ", r->scan->npatterns,
	    multi_weak(r->scan->multi));
	if (r->from == BASE_FAILED)
		printf("%.*s\n", SLICE_ARG(why));
	else if (r->from == BASE_DAMAGED)
		printf("%.*s, and is made anew\n", SLICE_ARG(why));
	else if (r->from == BASE_REFUSED)
		puts("libhs takes none of them");
	else
		printf("%s, %zu bytes, %u ms\n",
		    r->from == BASE_CACHE ? "there already" : "compiled", r->bytes, r->ms);
	/* what takes a minute should be seen as it comes */
	fflush(stdout);
	if (r->from == BASE_COMPILED && !r->kept) {
		fprintf(stderr, "postern: it can't be kept: %.*s\n", SLICE_ARG(why));
		*status = EX_IOERR;
	} else if (r->from == BASE_FAILED)
		*status = EX_OSERR;
}

/* How many of its texts a database is for. */
static unsigned
count_wanted(const struct program *p)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < p->nscans; i++)
		n += multi_weak(p->scans[i].multi) > 0;
	return n;
}

/* Fill the cache. */
static int
compile(struct program *p)
{
	struct buf why = { 0 };
	int status = privileges_drop(p->settings.user, &why);

	if (status != EX_OK)
		fprintf(stderr, "postern: %s\n", why.p);
	else if (!bases_compile(p, print_report, &status, &why)) {
		fprintf(stderr, "postern: cache-dir %s can't be filled: %.*s\n",
		    p->settings.cache_dir, SLICE_ARG(buf_slice(&why)));
		status = EX_CANTCREAT;
	}
	buf_free(&why);
	return status;
}

/* postern compile [-c FILE] */
int
app_compile(int argc, char **argv)
{
	const char *config = APP_CONFIG;
	struct program *p;
	int opt, status;

	while ((opt = getopt(argc, argv, "c:")) != -1) {
		if (opt != 'c')
			return app_usage("compile", NULL);
		config = optarg;
	}
	if (optind < argc)
		return app_usage(
		    "compile", "`%s` is too much; rules are named by -c", argv[optind]);
	p = app_load(config, &status);
	if (p == NULL)
		return status;
	if (!hyper_is_there())
		puts("postern was built without libhs: there is nothing to compile");
	else if (count_wanted(p) == 0)
		puts("no pattern needs a database: there is nothing to compile");
	else
		status = compile(p);
	program_unref(p);
	return status;
}

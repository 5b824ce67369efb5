/*
 * test.c - `postern test`: tests of rules
 *
 * A test that fails is run again with a trace, so that the admin sees at once what the rules saw.
 * No test asks the network: DNS is what its dns lines say, else what `set dns-zone` has, else
 * nothing.
 */
#include "app/app.h"
#include "app/offline.h"
#include "base/limits.h"
#include "replay/testfile.h"
#include "replay/trace.h"

#include <errno.h>
#include <sysexits.h>
#include <unistd.h>

struct tally {
	unsigned passed, failed;
	int status; /* EX_OK until a file or its rules have mistakes */
};

/* Run one test's script. hooks may be NULL. */
static bool
run(const struct test *test, struct program *p, const struct replay_hooks *hooks,
    struct outcome *out)
{
	struct offline o;
	bool ran;

	*out = (struct outcome){ 0 };
	ran = offline_begin(&o, p, test->zone) && replay_run(p, &o.env, &test->script, hooks, out);
	offline_end(&o);
	return ran;
}

/* Print what the rules saw in a test. */
static void
print_why(const struct test *test, struct program *p)
{
	struct replay_hooks hooks;
	struct outcome out;
	struct trace trace;

	puts("  what the rules saw:");
	trace_init(&trace, p, stdout, false);
	hooks = trace_hooks(&trace);
	run(test, p, &hooks, &out);
	outcome_free(&out);
	trace_free(&trace);
}

/* Print one expectation that was not met. */
static void
print_miss(const struct expectation *e, const struct program *p, const struct transaction *t)
{
	struct span span = e->expect.span;

	printf("  line %u: %.*s\n  but came: ", span_line(span), SLICE_ARG(span_slice(span)));
	expect_show(stdout, &e->expect, p, t);
	putchar('\n');
}

/* Run one test and count it. */
static void
run_test(struct tally *tally, const struct test *test, struct program *p)
{
	struct outcome out;
	unsigned missed = 0;

	if (!run(test, p, NULL, &out)) {
		fputs("postern: out of memory\n", stderr);
		tally->status = EX_OSERR;
	}
	for (size_t i = 0; i < test->nexpects; i++) {
		const struct expectation *e = &test->expects[i];

		if (e->transaction >= out.n ||
		    expect_met(&e->expect, p, &out.transactions[e->transaction]))
			continue;
		if (missed++ == 0)
			printf("%s:%u: failed: %.*s\n", test->span.source->name,
			    span_line(test->span), SLICE_ARG(test->name));
		print_miss(e, p, &out.transactions[e->transaction]);
	}
	outcome_free(&out);
	if (missed > 0)
		print_why(test, p);
	tally->failed += missed > 0;
	tally->passed += missed == 0;
}

/* The rules that a file of tests is for: X.rules beside X.test, if there is one. */
static const char *
find_rules(const char *tests, struct arena *a)
{
	size_t n = strlen(tests);
	struct slice beside;

	if (n > 5 && strcmp(tests + n - 5, ".test") == 0)
		n -= 5;
	beside = arena_printf(a, "%.*s.rules", (int)n, tests);
	return beside.p != NULL && access(beside.p, F_OK) == 0 ? beside.p : APP_CONFIG;
}

/* Run the tests of one file. */
static void
run_file(struct tally *tally, const char *path, struct program *p)
{
	struct testfile file;
	struct source *src;
	struct diags d;

	diags_init(&d);
	src = source_read(&d, path, LIMIT_TEST_FILE);
	if (src == NULL) {
		fprintf(stderr, "postern: %s can't be read: %s\n", path, strerror(errno));
		tally->status = EX_NOINPUT;
		diags_free(&d);
		return;
	}
	testfile_parse(src, p, &d, &file);
	diags_print(&d, stderr);
	if (d.errors > 0)
		tally->status = EX_DATAERR;
	for (size_t i = 0; d.errors == 0 && i < file.n; i++)
		run_test(tally, &file.tests[i], p);
	testfile_free(&file);
	diags_free(&d);
}

/* Run the tests of one file under the rules that are for it. */
static void
run_with_own_rules(struct tally *tally, const char *path)
{
	struct program *p;
	struct arena a;
	int status;

	arena_init(&a, 0);
	a.fatal = true;
	p = app_load(find_rules(path, &a), &status);
	if (p != NULL)
		run_file(tally, path, p);
	else
		tally->status = status;
	program_unref(p);
	arena_free(&a);
}

/* postern test [-c FILE] FILE.test… */
int
app_test(int argc, char **argv)
{
	struct tally tally = { .status = EX_OK };
	struct program *p = NULL;
	const char *config = NULL;
	int opt;

	while ((opt = getopt(argc, argv, "c:")) != -1) {
		if (opt != 'c')
			return app_usage("test", NULL);
		config = optarg;
	}
	if (optind == argc)
		return app_usage("test", "which tests?");
	if (config != NULL) {
		p = app_load(config, &tally.status);
		if (p == NULL)
			return tally.status;
	}
	for (int i = optind; i < argc; i++)
		if (p != NULL)
			run_file(&tally, argv[i], p);
		else
			run_with_own_rules(&tally, argv[i]);
	program_unref(p);
	printf("%u passed, %u failed\n", tally.passed, tally.failed);
	if (tally.status != EX_OK)
		return tally.status;
	return tally.failed > 0 ? 1 : EX_OK;
}

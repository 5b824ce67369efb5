/*
 * bench.c - `postern bench`: which rules cost what
 *
 * The messages run again and again, in turn without and with a look at each rule: the first tell
 * how long a message takes, the others what of it belongs to which rule. The quickest round counts,
 * as whatever else the machine does makes rounds slower, and none quicker.
 */
#include "app/bench.h"

#include "app/app.h"
#include "app/offline.h"
#include "app/privileges.h"
#include "base/clock.h"
#include "replay/testfile.h"
#include "replay/vec.h"
#include "rule/bases.h"

#include <errno.h>
#include <getopt.h>
#include <sysexits.h>

struct play {
	const struct script *script;
	const struct offline *offline;
};

/* All sessions of a round. */
struct corpus {
	struct program *program;
	struct arena arena;
	struct diags diags;	/* of files of tests */
	struct offline offline; /* for sessions without a zone of their own */
	struct play *plays;
	struct script **scripts; /* of messages */
	struct testfile **files;
	struct offline **offlines; /* of tests with a zone */
	size_t nplays, nscripts, nfiles, nofflines;
	size_t capplays, capscripts, capfiles, capofflines;
	int status; /* EX_OK, unless something could not be had */
};

/* ---- the sessions ---- */

/* One more session. */
static void
add_play(struct corpus *c, const struct script *script, const struct offline *offline)
{
	c->plays = vec_room(&c->arena, c->plays, c->nplays, &c->capplays, sizeof(*c->plays));
	c->plays[c->nplays++] = (struct play){ script, offline };
}

/* Say so. */
static void
no_memory(struct corpus *c)
{
	fputs("postern: out of memory\n", stderr);
	c->status = EX_OSERR;
}

/* Read a file; NULL, and said, if it can't be. */
static struct source *
read_file(struct corpus *c, struct diags *d, const char *path, size_t max)
{
	struct source *file = source_read(d, path, max);

	if (file == NULL) {
		fprintf(stderr, "postern: %s can't be read: %s\n", path, strerror(errno));
		c->status = EX_NOINPUT;
	}
	return file;
}

/* The session of a message. */
static void
add_message(struct corpus *c, const char *path)
{
	struct script *script = arena_alloc(&c->arena, sizeof(*script));
	struct source *file;
	struct message m;
	struct arena a;
	struct diags d;

	diags_init(&d);
	arena_init(&a, 0);
	a.fatal = true;
	file = read_file(c, &d, path, LIMIT_MESSAGE_FILE);
	if (file != NULL) {
		message_parse(&a, file->text, &m);
		testfile_default(script, &m);
		c->scripts = vec_room(
		    &c->arena, c->scripts, c->nscripts, &c->capscripts, sizeof(*c->scripts));
		c->scripts[c->nscripts++] = script;
		add_play(c, script, &c->offline);
	}
	arena_free(&a);
	diags_free(&d);
}

/* The session of a test. */
static void
add_test(struct corpus *c, const struct test *test)
{
	struct offline *offline = &c->offline;

	if (test->zone != NULL) {
		offline = arena_alloc(&c->arena, sizeof(*offline));
		c->offlines = vec_room(
		    &c->arena, c->offlines, c->nofflines, &c->capofflines, sizeof(*c->offlines));
		c->offlines[c->nofflines++] = offline;
		if (!offline_begin(offline, c->program, test->zone))
			no_memory(c);
	}
	add_play(c, &test->script, offline);
}

/* The sessions of a file of tests. */
static void
add_tests(struct corpus *c, const char *path)
{
	struct source *source = read_file(c, &c->diags, path, LIMIT_TEST_FILE);
	unsigned errors = c->diags.errors;
	struct testfile *file;

	if (source == NULL)
		return;
	file = arena_alloc(&c->arena, sizeof(*file));
	testfile_parse(source, c->program, &c->diags, file);
	c->files = vec_room(&c->arena, c->files, c->nfiles, &c->capfiles, sizeof(*c->files));
	c->files[c->nfiles++] = file;
	for (size_t i = 0; c->diags.errors == errors && i < file->n; i++)
		add_test(c, &file->tests[i]);
}

/* True for the name of a file of tests. */
static bool
is_test_file(const char *path)
{
	size_t n = strlen(path);

	return n > 5 && strcmp(path + n - 5, ".test") == 0;
}

/* Read all. */
static void
corpus_begin(struct corpus *c, struct program *p, char **paths, int n)
{
	*c = (struct corpus){ .program = p, .status = EX_OK };
	arena_init(&c->arena, 0);
	c->arena.fatal = true;
	diags_init(&c->diags);
	if (!offline_begin(&c->offline, p, NULL))
		no_memory(c);
	for (int i = 0; i < n; i++)
		if (is_test_file(paths[i]))
			add_tests(c, paths[i]);
		else
			add_message(c, paths[i]);
	diags_print(&c->diags, stderr);
	if (c->diags.errors > 0)
		c->status = EX_DATAERR;
}

/* Give all back. */
static void
corpus_end(struct corpus *c)
{
	for (size_t i = 0; i < c->nofflines; i++)
		offline_end(c->offlines[i]);
	for (size_t i = 0; i < c->nfiles; i++)
		testfile_free(c->files[i]);
	for (size_t i = 0; i < c->nscripts; i++)
		script_free(c->scripts[i]);
	offline_end(&c->offline);
	diags_free(&c->diags);
	arena_free(&c->arena);
}

/* ---- rounds ---- */

/* Count the messages of a session, and those whose end nobody waited for. */
static void
count_messages(struct bench *b, const struct program *p, const struct outcome *out)
{
	b->messages += out->n;
	for (size_t i = 0; i < out->n; i++) {
		const struct decision *d = transaction_verdict(p, &out->transactions[i], SIZE_MAX);

		b->early += d != NULL && d->stage < STAGE_BODY;
	}
}

/* Run all sessions once; with b, count the messages. False on lack of memory. */
static bool
run_round(struct corpus *c, struct costs *cost, struct bench *b)
{
	struct replay_hooks hooks = { .cost = cost };
	bool ran = true;

	if (cost != NULL)
		cost_begin_round(cost);
	for (size_t i = 0; ran && i < c->nplays; i++) {
		const struct play *play = &c->plays[i];
		struct outcome out;

		ran = replay_run(c->program, &play->offline->env, play->script, &hooks, &out);
		if (ran && b != NULL)
			count_messages(b, c->program, &out);
		outcome_free(&out);
	}
	if (cost != NULL)
		cost_end_round(cost);
	return ran;
}

/* Run rounds until their time is over. False on lack of memory. */
static bool
run_rounds(struct corpus *c, struct bench *b)
{
	uint64_t end = clock_us() + LIMIT_BENCH_MS * 1000;
	bool ran = run_round(c, NULL, b);

	b->ns = UINT64_MAX;
	while (ran && (b->rounds == 0 || clock_us() < end)) {
		uint64_t ns = clock_thread_ns();

		ran = run_round(c, NULL, NULL);
		ns = clock_thread_ns() - ns;
		b->ns = ns < b->ns ? ns : b->ns;
		ran = ran && run_round(c, b->cost, NULL);
		b->rounds++;
	}
	return ran;
}

/* Take the databases that the daemon would have, as the user who may read them. */
static void
take_bases(struct program *p)
{
	struct buf why = { 0 };

	/* without them it is slower, and said so */
	if (privileges_drop(p->settings.user, &why) == EX_OK)
		bases_take(p);
	buf_free(&why);
}

/* Measure and print. */
static int
bench(struct corpus *c, bool all)
{
	struct bench b = { .program = c->program, .all = all };

	take_bases(c->program);
	b.cost = cost_new(c->program);
	if (b.cost != NULL && run_rounds(c, &b)) {
		cost_settle(b.cost, b.ns);
		bench_print(&b);
		bench_warn(&b);
	} else {
		no_memory(c);
	}
	cost_free(b.cost);
	return c->status;
}

/* postern bench [--all] RULES MESSAGE… */
int
app_bench(int argc, char **argv)
{
	static const struct option options[] = { { "all", no_argument, NULL, 'a' },
		{ NULL, 0, NULL, 0 } };
	struct corpus corpus;
	struct program *p;
	bool all = false;
	int opt, status;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt != 'a')
			return app_usage("bench", NULL);
		all = true;
	}
	if (argc - optind < 2)
		return app_usage("bench", optind == argc ? "which rules?" : "which messages?");
	p = app_load(argv[optind], &status);
	if (p == NULL)
		return status;
	corpus_begin(&corpus, p, argv + optind + 1, argc - optind - 1);
	status = corpus.status;
	if (status == EX_OK)
		status = bench(&corpus, all);
	corpus_end(&corpus);
	program_unref(p);
	return status;
}

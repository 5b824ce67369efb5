/*
 * test_bases.c - rule/bases.c: databases of patterns, from the cache and made, while sessions run
 *
 * Where there is no libhs no pattern is in want of one: then nothing may happen.
 */
#include "match/hyper.h"
#include "rule/bases.h"
#include "rule/judge.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define THREADS 4
#define MESSAGES 20 /* of each thread, behind the base's coming */
#define WAIT_S 60

static char dir[] = "/tmp/postern-test-bases.XXXXXX";

/* Three patterns without a rare text for each of two facts. */
static const char rules[] = "a: reject if body ~ /[a-z]{3}[0-9]{4}x/\n"
			    "b: reject if body ~ /\\d{16}/\n"
			    "c: reject if body ~ /[A-Z]{5,8}\\d[^a]b/\n"
			    "d: reject if subject ~ /[a-z]{3}[0-9]{4}y/n\n"
			    "e: reject if subject ~ /\\d{16}/n\n"
			    "f: reject if subject ~ /[A-Z]{5,8}\\d[^a]b/n\n";

static struct program *
load(const char *more)
{
	struct program *p;
	struct diags d;
	char text[1024];

	diags_init(&d);
	snprintf(text, sizeof(text), "set cache-dir \"%s\"\n%s", dir, more);
	p = program_load_text("test.rules", slice_str(text), &d);
	diags_print(&d, stderr);
	diags_free(&d);
	assert_non_null(p);
	return p;
}

static int
setup(void **state)
{
	(void)state;
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

/* What became of each, as words. */
static void
note(void *data, const struct base_report *r)
{
	static const char *const froms[] = { "cache", "compiled", "refused", "damaged", "failed" };
	struct buf *all = data;

	if (r->from == BASE_DAMAGED) {
		buf_str(all, "damaged\n"); /* the name is another one on each machine */
		return;
	}
	buf_printf(all, "%s%s%s%s%.*s\n", froms[r->from], r->kept ? " kept" : "",
	    r->scan->folded ? " folded" : "", r->why.n > 0 ? ": " : "",
	    SLICE_ARG(buf_slice(&r->why)));
}

/* What `postern compile` would do. */
static void
assert_compiles(struct program *p, const char *wanted)
{
	struct buf all = { 0 }, why = { 0 };

	assert_true(bases_compile(p, note, &all, &why));
	assert_string_equal(all.n > 0 ? all.p : "", hyper_is_there() ? wanted : "");
	buf_free(&all);
	buf_free(&why);
}

/* Do something to each file of the cache; returns how many there are. */
static int
each_file(int (*f)(const char *path))
{
	char path[512];
	struct dirent *e;
	DIR *d = opendir(dir);
	int n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		assert_int_equal(f(path), 0);
		n++;
	}
	closedir(d);
	return n;
}

/* Change a byte behind the middle of it. */
static int
damage(const char *path)
{
	int fd = open(path, O_RDWR);
	struct stat st;
	char c;

	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(pread(fd, &c, 1, st.st_size / 2), 1);
	c ^= 1;
	assert_int_equal(pwrite(fd, &c, 1, st.st_size / 2), 1);
	return close(fd);
}

static int
shorten(const char *path)
{
	return truncate(path, 100);
}

static int
expose(const char *path)
{
	return chmod(path, 0666);
}

static void
what_was_made_is_kept(void **state)
{
	struct program *p = load(rules);

	(void)state;
	assert_compiles(p, "compiled kept\ncompiled kept folded\n");
	/* there is nothing more to make */
	assert_compiles(p, "");
	program_unref(p);
	p = load(rules);
	assert_compiles(p, "cache kept\ncache kept folded\n");
	program_unref(p);
	/* other patterns are another file */
	p = load("reject if body ~ /[a-z]{3}[0-9]{4}x/\nreject if body ~ /\\d{16}/\n"
		 "reject if body ~ /[A-Z]{5,8}\\d[^a]c/\n");
	assert_compiles(p, "compiled kept\n");
	program_unref(p);
}

/* Who only takes what is there makes none. */
static void
what_is_kept_can_be_taken(void **state)
{
	struct program *p = load(rules);
	uint32_t n = hyper_is_there() ? 2 : 0;

	(void)state;
	assert_int_equal(bases_take(p), n);
	assert_compiles(p, "compiled kept\ncompiled kept folded\n");
	program_unref(p);
	p = load(rules);
	assert_int_equal(bases_take(p), 0);
	for (uint32_t i = 0; i < n; i++)
		assert_non_null(atomic_load(&p->scans[i].base));
	program_unref(p);
}

/* A file that is not good is made anew, and then it is good. */
static void
what_is_damaged_is_made_anew(void **state)
{
	int (*const harms[])(const char *path) = { damage, shorten, expose };
	struct program *p = load(rules);

	(void)state;
	assert_compiles(p, "compiled kept\ncompiled kept folded\n");
	program_unref(p);
	for (size_t i = 0; i < sizeof(harms) / sizeof(*harms); i++) {
		assert_int_equal(each_file(harms[i]), hyper_is_there() ? 2 : 0);
		p = load(rules);
		assert_compiles(p, "damaged\ndamaged\ncompiled kept\ncompiled kept folded\n");
		program_unref(p);
		p = load(rules);
		assert_compiles(p, "cache kept\ncache kept folded\n");
		program_unref(p);
	}
}

/* Too few patterns for a scan, or such as have a rare text, want none. */
static void
not_all_want_one(void **state)
{
	struct program *p = load("reject if body ~ /\\d{16}/\nreject if subject ~ /viagra/\n"
				 "reject if subject ~ /cialis/\nreject if subject ~ /levitra/\n");

	(void)state;
	assert_compiles(p, "");
	bases_begin(p);
	assert_null(p->bases);
	program_unref(p);
}

static void
a_directory_that_is_not_there_is_told(void **state)
{
	struct program *p = load(rules);
	struct buf all = { 0 }, why = { 0 };

	(void)state;
	assert_int_equal(rmdir(dir), 0);
	assert_false(bases_compile(p, note, &all, &why));
	assert_int_equal(all.n, 0);
	assert_string_equal(why.p, "No such file or directory");
	buf_free(&why);
	program_unref(p);
	assert_int_equal(mkdir(dir, 0700), 0);
}

static void
on_decided(void *ctx, const struct decision *d)
{
	(void)ctx;
	(void)d;
}

static void
on_noted(void *ctx, const struct note *n)
{
	(void)ctx;
	(void)n;
}

/* What a message of this body gets. */
static const char *
ask(struct program *p, const char *text)
{
	struct judge *j = judge_new(p, &(struct watcher){ on_decided, on_noted, NULL });
	struct answer a;
	struct session *s;
	struct ip ip;

	assert_non_null(j);
	s = judge_session(j);
	assert_true(ip_parse(SLICE("192.0.2.1"), &ip));
	session_connect(s, &ip, 4711, SLICE("host.example"));
	judge_stage(j, STAGE_CONNECT);
	session_helo(s, SLICE("host.example"));
	judge_stage(j, STAGE_HELO);
	session_mail(s, SLICE("<a@example.net>"), NULL, 0);
	judge_stage(j, STAGE_MAIL);
	assert_true(session_rcpt(s, SLICE("<b@example.org>")));
	judge_stage(j, STAGE_RCPT);
	judge_stage(j, STAGE_DATA);
	session_header(s, SLICE("Subject"), SLICE("hello"), false);
	judge_stage(j, STAGE_HEADERS);
	session_body(s, slice_str(text));
	a = judge_stage(j, STAGE_BODY);
	judge_free(j);
	return a.told == TOLD_REJECT ? "reject" : "accept";
}

/* True if each scan has its base. */
static bool
all_there(const struct program *p)
{
	for (uint32_t i = 0; i < p->nscans; i++)
		if (multi_weak(p->scans[i].multi) > 0 && atomic_load(&p->scans[i].base) == NULL)
			return false;
	return true;
}

/* Ask until the bases are there, and some times more. */
static void *
ask_on(void *arg)
{
	struct program *p = arg;
	time_t end = time(NULL) + WAIT_S;

	for (int after = 0; after < MESSAGES && time(NULL) < end; after += all_there(p)) {
		assert_string_equal(ask(p, "abc1234x"), "reject");
		assert_string_equal(ask(p, "1234567890123456"), "reject");
		assert_string_equal(ask(p, "abc123x 123456789012345 ABCDE12a"), "accept");
	}
	return NULL;
}

static void
they_come_while_sessions_run(void **state)
{
	struct program *p = load(rules);
	pthread_t threads[THREADS];

	(void)state;
	bases_begin(p);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_on, p), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_true(all_there(p));
	bases_end(p);
	assert_null(p->bases);
	/* those that are there stay */
	assert_true(all_there(p));
	assert_string_equal(ask(p, "abc1234x"), "reject");
	program_unref(p);
	/* the next one has them before it begins */
	p = load(rules);
	bases_begin(p);
	assert_true(all_there(p));
	assert_null(p->bases);
	program_unref(p);
}

/* Ended at once, in whatever state the making is. */
static void
it_ends_at_any_time(void **state)
{
	(void)state;
	for (unsigned us = 0; us < 20000; us += 2000) {
		struct program *p = load(rules);

		bases_begin(p);
		usleep(us);
		program_unref(p);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_made_is_kept),
		TEST(what_is_kept_can_be_taken),
		TEST(what_is_damaged_is_made_anew),
		TEST(not_all_want_one),
		TEST(a_directory_that_is_not_there_is_told),
		TEST(they_come_while_sessions_run),
		TEST(it_ends_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

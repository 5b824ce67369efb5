/*
 * test_cachedir.c - base/cachedir.c: what is written whole, trusted, and kept within bounds
 */
#include "base/cachedir.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define A "00000000000000000000000000000aaa"
#define B "00000000000000000000000000000bbb"
#define C "00000000000000000000000000000ccc"

static char dir[] = "/tmp/postern-test-cache.XXXXXX";
static struct cachedir cache;
static struct buf why;

/* The path of a file of the directory. */
static const char *
path(const char *name)
{
	static char text[sizeof dir + 256];

	snprintf(text, sizeof(text), "%s/%s", dir, name);
	return text;
}

static int
setup(void **state)
{
	(void)state;
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	if (mkdtemp(dir) == NULL)
		return -1;
	return cachedir_open(&cache, dir, &why) ? 0 : -1;
}

static int
teardown(void **state)
{
	char command[128];

	(void)state;
	cachedir_close(&cache);
	buf_free(&why);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

/* What a file holds; NULL if it can't be read. Valid until the next call. */
static const char *
content(const char *name)
{
	static char text[256];
	struct buf b = { 0 };
	bool good;

	buf_clear(&why);
	good = cachedir_read(&cache, name, &b, &why);
	snprintf(text, sizeof(text), "%.*s", SLICE_ARG(buf_slice(&b)));
	buf_free(&b);
	return good ? text : NULL;
}

/* The end of what was told. */
static void
assert_told(const char *end)
{
	size_t n = strlen(end);

	assert_true(why.n >= n);
	assert_string_equal(why.p + why.n - n, end);
}

/* Write a file that was last used so many seconds ago. */
static void
put(const char *name, const char *text, long age)
{
	struct timespec now, times[2];

	assert_true(cachedir_write(&cache, name, slice_str(text), &why));
	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec -= age;
	times[0] = times[1] = now;
	assert_int_equal(utimensat(AT_FDCWD, path(name), times, 0), 0);
}

static void
keeps_what_was_written_last(void **state)
{
	struct stat st;

	(void)state;
	assert_null(content(A));
	assert_int_equal(why.n, 0);
	put(A, "one", 0);
	assert_string_equal(content(A), "one");
	put(A, "another", 0);
	assert_string_equal(content(A), "another");
	put(B, "", 0);
	assert_string_equal(content(B), "");
	assert_int_equal(stat(path(A), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* nothing else is left */
	assert_int_equal(unlink(path(A)), 0);
	assert_int_equal(unlink(path(B)), 0);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(mkdir(dir, 0700), 0);
}

/* A directory that others can write to, or that isn't there, is not used. */
static void
trusts_no_directory_of_others(void **state)
{
	struct cachedir c;
	struct buf told = { 0 };

	(void)state;
	assert_int_equal(chmod(dir, 0770), 0);
	assert_false(cachedir_open(&c, dir, &told));
	assert_string_equal(told.p, "others may write to it (mode 0770)");
	assert_int_equal(c.fd, -1);
	assert_int_equal(chmod(dir, 0755), 0);
	assert_true(cachedir_open(&c, dir, &told));
	cachedir_close(&c);
	buf_clear(&told);
	assert_false(cachedir_open(&c, path("nowhere"), &told));
	assert_string_equal(told.p, "No such file or directory");
	if (geteuid() == 0) {
		assert_int_equal(chown(dir, 1, 0), 0);
		buf_clear(&told);
		assert_false(cachedir_open(&c, dir, &told));
		assert_string_equal(told.p, "it belongs to user 1, not to user 0 as which this runs");
	}
	buf_free(&told);
}

static void
trusts_no_file_of_others(void **state)
{
	(void)state;
	put(A, "text", 0);
	assert_int_equal(symlink(A, path(B)), 0);
	assert_null(content(B));
	assert_true(why.n > 0);
	assert_int_equal(chmod(path(A), 0620), 0);
	assert_null(content(A));
	assert_told(" may be somebody else's work");
	assert_int_equal(chmod(path(A), 0600), 0);
	assert_non_null(content(A));
	if (geteuid() == 0) {
		assert_int_equal(chown(path(A), 1, 0), 0);
		assert_null(content(A));
		assert_told(" may be somebody else's work");
	}
	/* nobody writes to it: that must not hold us up */
	assert_int_equal(mkfifo(path(C), 0600), 0);
	assert_null(content(C));
	assert_told(" may be somebody else's work");
}

/* A link in the place of a file is replaced, and what it points to left alone. */
static void
follows_no_link_to_write(void **state)
{
	(void)state;
	put(A, "text", 0);
	assert_int_equal(symlink(A, path(B)), 0);
	put(B, "other", 0);
	assert_string_equal(content(A), "text");
	assert_string_equal(content(B), "other");
}

/* Those used least lately go; reading is use. */
static void
holds_to_its_bytes(void **state)
{
	(void)state;
	cache.limit = 30;
	put(A, "0123456789", 300);
	put(B, "0123456789", 200);
	put(C, "0123456789", 100);
	assert_non_null(content(A));
	put("000000000000000000000000000000dd", "01234", 0);
	assert_non_null(content(A));
	assert_null(content(B));
	assert_non_null(content(C));
	/* in its own place it needs none of another */
	put(A, "01234567890", 0);
	assert_non_null(content(C));
	/* the whole of it */
	put(B, "012345678901234567890123456789", 0);
	assert_null(content(A));
	assert_null(content(C));
	assert_non_null(content(B));
	assert_false(cachedir_write(&cache, A, SLICE("0123456789012345678901234567890"), &why));
	assert_string_equal(why.p, "31 bytes are too many");
	assert_non_null(content(B));
	cache.limit = 20;
	assert_null(content(B));
	assert_told(" is too large");
}

/* What a process left that was killed goes like a file, what is not ours stays. */
static void
clears_leavings_and_nothing_else(void **state)
{
	static const char *const others[] = { "README", A "0", "0000", NULL };

	(void)state;
	cache.limit = 10;
	for (size_t i = 0; others[i] != NULL; i++)
		close(open(path(others[i]), O_CREAT | O_WRONLY, 0600));
	for (size_t i = 0; others[i] != NULL; i++)
		assert_int_equal(truncate(path(others[i]), 1000), 0);
	close(open(path(A ".77"), O_CREAT | O_WRONLY, 0600));
	assert_int_equal(truncate(path(A ".77"), 10), 0);
	put(B, "1", 0);
	assert_int_equal(access(path(A ".77"), F_OK), -1);
	for (size_t i = 0; others[i] != NULL; i++)
		assert_int_equal(access(path(others[i]), F_OK), 0);
}

/* A file that can't be written whole is not there at all; the one before stays. */
static void
writes_whole_or_not_at_all(void **state)
{
	struct rlimit was, small;
	char being[128];

	(void)state;
	put(A, "before", 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = (struct rlimit){ 5, was.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_false(cachedir_write(&cache, A, SLICE("0123456789"), &why));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_string_equal(why.p, "File too large");
	assert_string_equal(content(A), "before");
	snprintf(being, sizeof(being), A ".%ld", (long)getpid());
	assert_int_equal(access(path(being), F_OK), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keeps_what_was_written_last),
		TEST(trusts_no_directory_of_others),
		TEST(trusts_no_file_of_others),
		TEST(follows_no_link_to_write),
		TEST(holds_to_its_bytes),
		TEST(clears_leavings_and_nothing_else),
		TEST(writes_whole_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

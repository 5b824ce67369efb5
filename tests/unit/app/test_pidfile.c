/*
 * test_pidfile.c - app/pidfile.c, where another process comes in between
 */
#include "app/pidfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/postern-test-pid.XXXXXX";
static int before_lock; /* times that something happens between open() and flock() */

/* The last owner ends, and removes the file, when the next one has just opened it. */
int
flock(int fd, int operation)
{
	if (before_lock > 0) {
		before_lock--;
		unlink(path);
	}
	return (int)syscall(SYS_flock, fd, operation);
}

static int
setup(void **state)
{
	(void)state;
	return close(mkstemp(path));
}

static int
teardown(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

/* A lock on a file that is gone keeps nobody out. */
static void
locks_the_file_that_is_there(void **state)
{
	struct pidfile first, second;
	struct buf why = { 0 };
	char text[32] = "";
	FILE *f;

	(void)state;
	before_lock = 2;
	assert_int_equal(pidfile_write(path, &first, &why), 0);
	assert_int_equal(before_lock, 0);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	assert_int_equal(atol(text), getpid());
	assert_int_not_equal(pidfile_write(path, &second, &why), 0);
	assert_non_null(strstr(why.p, "already running"));
	pidfile_remove(&first);
	assert_int_not_equal(access(path, F_OK), 0);
	buf_free(&why);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(locks_the_file_that_is_there),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/*
 * test_child.c - base/child.c: what is heard of it, and that nothing stays
 */
#include "base/child.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LONG_MS 20000
#define LARGE 300000 /* bytes: more than a pipe holds */

static struct child child;
static struct buf heard;

/* Milliseconds from now, as child_hear wants them. */
static uint64_t
in_ms(unsigned ms)
{
	return clock_us() + ms * 1000;
}

static enum child_said
hear(void)
{
	buf_clear(&heard);
	return child_hear(&child, -1, in_ms(LONG_MS), &heard);
}

static void
start(void (*work)(void *data, int fd), void *data)
{
	assert_true(child_start(&child, work, data));
}

/* End it, and see that no process is left. */
static void
end(void)
{
	child_end(&child);
	assert_int_equal(waitpid(-1, NULL, 0), -1);
	assert_int_equal(errno, ECHILD);
	heard.limit = 0;
	buf_free(&heard);
}

/* A letter some times, an empty piece, a word. */
static void
tell_letters(void *data, int fd)
{
	char many[LARGE];

	memset(many, *(char *)data, sizeof(many));
	child_tell(fd, slice_of(many, sizeof(many)));
	child_tell(fd, SLICE(""));
	child_tell(fd, SLICE("word"));
}

/* A piece, and half of another. */
static void
tell_and_die(void *data, int fd)
{
	uint64_t length = 100;

	(void)data;
	child_tell(fd, SLICE("word"));
	if (write(fd, &length, sizeof(length)) == sizeof(length))
		raise(SIGKILL);
}

static void
sleep_long(void *data, int fd)
{
	(void)data;
	(void)fd;
	sleep(LONG_MS / 1000);
}

/* What the child is: its priority, and whether it has the caller's file. */
static void
tell_what(void *data, int fd)
{
	char text[32];

	snprintf(text, sizeof(text), "%d %d", getpriority(PRIO_PROCESS, 0),
	    fcntl(*(int *)data, F_GETFD));
	child_tell(fd, slice_str(text));
}

static void
what_it_tells_is_heard(void **state)
{
	(void)state;
	start(tell_letters, "a");
	assert_int_equal(hear(), CHILD_PIECE);
	assert_int_equal(heard.n, LARGE);
	assert_int_equal(strspn(heard.p, "a"), LARGE);
	assert_int_equal(hear(), CHILD_PIECE);
	assert_int_equal(heard.n, 0);
	assert_int_equal(hear(), CHILD_PIECE);
	assert_string_equal(heard.p, "word");
	assert_int_equal(hear(), CHILD_GONE);
	assert_int_equal(hear(), CHILD_GONE);
	end();
}

static void
its_death_is_noticed(void **state)
{
	(void)state;
	start(tell_and_die, NULL);
	assert_int_equal(hear(), CHILD_PIECE);
	assert_string_equal(heard.p, "word");
	assert_int_equal(hear(), CHILD_GONE);
	end();
}

/* Behind a piece that is too large comes the next one. */
static void
it_is_held_to_its_bytes(void **state)
{
	(void)state;
	start(tell_letters, "a");
	heard.limit = LARGE - 1;
	assert_int_equal(hear(), CHILD_TOO_MUCH);
	buf_free(&heard);
	assert_int_equal(hear(), CHILD_PIECE);
	assert_int_equal(hear(), CHILD_PIECE);
	assert_string_equal(heard.p, "word");
	end();
}

static void
it_is_held_to_its_time(void **state)
{
	uint64_t before = clock_us();

	(void)state;
	start(sleep_long, NULL);
	assert_int_equal(child_hear(&child, -1, in_ms(50), &heard), CHILD_LATE);
	assert_true(clock_us() - before >= 50000);
	end();
	assert_true(clock_us() - before < LONG_MS * 500);
}

static void
it_can_be_stopped(void **state)
{
	int stop = eventfd(1, EFD_CLOEXEC);
	uint64_t before = clock_us();

	(void)state;
	start(sleep_long, NULL);
	assert_int_equal(child_hear(&child, stop, in_ms(LONG_MS), &heard), CHILD_STOPPED);
	end();
	assert_true(clock_us() - before < LONG_MS * 500);
	close(stop);
}

static void
it_is_apart(void **state)
{
	int fds[40], high;

	(void)state;
	for (size_t i = 0; i < 40; i++)
		fds[i] = open("/dev/null", O_RDONLY);
	start(tell_what, &fds[0]);
	assert_int_equal(hear(), CHILD_PIECE);
	assert_string_equal(heard.p, "19 -1");
	end();
	for (size_t i = 0; i < 40; i++)
		close(fds[i]);
	/* also behind the pipe's own */
	high = fcntl(STDIN_FILENO, F_DUPFD, 200);
	assert_true(high >= 200);
	start(tell_what, &high);
	assert_int_equal(hear(), CHILD_PIECE);
	assert_string_equal(heard.p, "19 -1");
	end();
	close(high);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_tells_is_heard),
		cmocka_unit_test(its_death_is_noticed),
		cmocka_unit_test(it_is_held_to_its_bytes),
		cmocka_unit_test(it_is_held_to_its_time),
		cmocka_unit_test(it_can_be_stopped),
		cmocka_unit_test(it_is_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_clock.c - time that never goes back
 */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

/* It grows, in microseconds. */
static void
grows(void **state)
{
	const struct timespec pause = { .tv_nsec = 3000000 };
	uint64_t before = clock_us();

	(void)state;
	nanosleep(&pause, NULL);

	uint64_t after = clock_us();

	assert_true(after - before >= 3000);
	assert_true(after - before < 1000000);
}

/* Both clocks grow, in nanoseconds; the thread's stands still while the thread does nothing. */
static void
grows_finely(void **state)
{
	const struct timespec pause = { .tv_nsec = 30000000 };
	uint64_t before = clock_ns(), had = clock_thread_ns();

	(void)state;
	nanosleep(&pause, NULL);
	assert_in_range(clock_thread_ns() - had, 1, 25000000);
	had = clock_thread_ns();
	while (clock_ns() - before < 40000000)
		;
	assert_in_range(clock_thread_ns() - had, 1, 10000000);
	assert_in_range(clock_us() - before / 1000, 40000, 10000000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(grows),
		cmocka_unit_test(grows_finely) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

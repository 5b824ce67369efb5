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

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(grows) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

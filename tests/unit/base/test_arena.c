/*
 * test_arena.c - memory that is freed as a whole
 */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* Pieces of all sizes are zeroed, aligned, and don't overlap, also in the second round. */
static void
hands_out(void **state)
{
	static const size_t sizes[] = { 1, 0, 17, 900, 5000, 3, 70000, 2000000, 8, 1024 };
	enum { N = sizeof(sizes) / sizeof(sizes[0]) };
	struct arena a;
	unsigned char *p[N];

	(void)state;
	arena_init(&a, 0);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < N; i++) {
			p[i] = arena_alloc(&a, sizes[i]);
			assert_non_null(p[i]);
			assert_int_equal((uintptr_t)p[i] % 16, 0);
			for (size_t k = 0; k < sizes[i]; k++)
				assert_int_equal(p[i][k], 0);
			memset(p[i], (int)i + 1, sizes[i]);
		}
		for (size_t i = 0; i < N; i++)
			for (size_t k = 0; k < sizes[i]; k++)
				assert_int_equal(p[i][k], i + 1);
		arena_reset(&a);
		assert_int_equal(a.used, 0);
	}
	arena_free(&a);
	assert_non_null(arena_alloc(&a, 1));
	arena_free(&a);
}

/* The limit is on what is handed out; a refused request changes nothing. */
static void
keeps_its_limit(void **state)
{
	const char text[200] = "";
	struct arena a;

	(void)state;
	arena_init(&a, 1024);
	assert_non_null(arena_alloc(&a, 600));
	assert_null(arena_alloc(&a, 600));
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_alloc(&a, SIZE_MAX - 8));
	assert_non_null(arena_alloc(&a, 300));
	assert_null(arena_slice(&a, slice_of(text, sizeof(text))).p);
	assert_null(arena_printf(&a, "%0200d", 1).p);
	arena_reset(&a);
	assert_non_null(arena_alloc(&a, 1024));
	assert_null(arena_alloc(&a, 1));
	arena_free(&a);
}

/* Copies end in a NUL; absent stays absent, empty stays there. */
static void
copies(void **state)
{
	struct arena a;
	struct slice s;

	(void)state;
	arena_init(&a, 0);
	s = arena_slice(&a, SLICE("a\0b"));
	assert_true(slice_eq(s, SLICE("a\0b")));
	assert_int_equal(s.p[3], '\0');
	assert_null(arena_slice(&a, SLICE_ABSENT).p);
	assert_non_null(arena_slice(&a, SLICE("")).p);
	s = arena_printf(&a, "%s-%05d", "x", 42);
	assert_string_equal(s.p, "x-00042");
	assert_int_equal(s.n, 7);
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hands_out),
		cmocka_unit_test(keeps_its_limit),
		cmocka_unit_test(copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

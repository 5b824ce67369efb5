/*
 * test_places.c - where in a text a match may begin
 */
#include "base/limits.h"
#include "match/places.h"
#include "match/spots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* All places of a text are in one of the blocks, and these are not many more than needed. */
static void
counts_blocks(void **state)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 4095, 4096, 4097, 20000, 1 << 20, SIZE_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		unsigned shift = places_shift(sizes[i]);

		assert_true(sizes[i] >> shift < PLACES_BLOCKS);
		assert_true(shift == PLACES_BLOCK_MIN || sizes[i] >> (shift - 1) >= PLACES_BLOCKS);
	}
}

/* A block reaches back as many as it is told. */
static void
reaches_back(void **state)
{
	static const size_t reaches[] = { 0, 1, 2, 3, 62, 63, 64, 65, 127, 128, 200, 255, 256,
		SIZE_MAX };

	(void)state;
	for (size_t k = 0; k < sizeof(reaches) / sizeof(*reaches); k++)
		for (size_t at = 0; at < PLACES_BLOCKS; at += 5) {
			struct places p = { .v = { 0 } };

			bits_add(p.v, at);
			places_reach_back(&p, reaches[k]);
			for (size_t i = 0; i < PLACES_BLOCKS; i++)
				assert_int_equal(bits_has(p.v, i), i <= at && at - i <= reaches[k]);
		}
}

/* Runs of blocks come one after another, the last one ends with the text. */
static void
tells_runs(void **state)
{
	struct places p = { .v = { 0 } };
	size_t n = 20000, from, to;
	unsigned block = 0;

	(void)state;
	assert_int_equal(places_shift(n), 7);
	assert_false(places_next(&p, n, &block, &from, &to));
	bits_add(p.v, 0);
	bits_add(p.v, 63);
	bits_add(p.v, 64);
	bits_add(p.v, 156);
	bits_add(p.v, 157); /* there is no such block */
	block = 0;
	assert_true(places_next(&p, n, &block, &from, &to) && from == 0 && to == 127);
	assert_true(places_next(&p, n, &block, &from, &to) && from == 63 * 128 && to == 8319);
	assert_true(places_next(&p, n, &block, &from, &to) && from == 156 * 128 && to == n);
	assert_false(places_next(&p, n, &block, &from, &to));
	places_fill(&p);
	block = 0;
	assert_true(places_next(&p, n, &block, &from, &to) && from == 0 && to == n);
	assert_false(places_next(&p, n, &block, &from, &to));
	block = 0;
	assert_true(places_next(&p, 0, &block, &from, &to) && from == 0 && to == 0);
}

/* What was found in each text is kept, by pattern. */
static void
keeps_spots(void **state)
{
	static const uint32_t one[] = { 2, 3, 7 }, two[] = { 3 };
	struct places places[3] = { { { 1 } }, { { 2 } }, { { 3 } } };
	struct spots s = { .n = 0 };
	const struct spot *v;
	size_t n;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_false(spots_of(&s, 0, 0, 10, &v, &n));
		spots_add(&s, &(struct multi_found){ one, places, 3 });
		spots_add(&s, &(struct multi_found){ NULL, NULL, 0 });
		spots_add(&s, &(struct multi_found){ two, places, 1 });
		assert_true(spots_of(&s, 0, 0, 10, &v, &n) && n == 3 && v[0].pattern == 2);
		assert_true(spots_of(&s, 0, 3, 4, &v, &n) && n == 1 && v[0].pattern == 3);
		assert_true(v[0].places.v[0] == 2);
		assert_true(spots_of(&s, 0, 4, 4, &v, &n) && n == 1 && v[0].pattern == 7);
		assert_true(spots_of(&s, 0, 8, 4, &v, &n) && n == 0);
		assert_true(spots_of(&s, 1, 0, 10, &v, &n) && n == 0);
		assert_true(spots_of(&s, 2, 3, 1, &v, &n) && n == 1 && v[0].places.v[0] == 1);
		assert_false(spots_of(&s, 3, 0, 10, &v, &n));
		spots_clear(&s);
	}
	spots_free(&s);
}

/* Too many are not kept, nor what comes behind them. */
static void
bounds_spots(void **state)
{
	struct places *places = calloc(LIMIT_SPOTS + 1, sizeof(*places));
	uint32_t *ids = calloc(LIMIT_SPOTS + 1, sizeof(*ids));
	struct spots s = { .n = 0 };
	const struct spot *v;
	size_t n;

	(void)state;
	assert_true(places != NULL && ids != NULL);
	for (uint32_t i = 0; i <= LIMIT_SPOTS; i++)
		ids[i] = i;
	spots_add(&s, &(struct multi_found){ ids, places, LIMIT_SPOTS - 1 });
	spots_add(&s, &(struct multi_found){ ids, places, 2 });
	spots_add(&s, &(struct multi_found){ ids, places, 1 });
	assert_true(spots_of(&s, 0, 0, LIMIT_SPOTS, &v, &n) && n == LIMIT_SPOTS - 1);
	assert_false(spots_of(&s, 1, 0, 10, &v, &n));
	assert_false(spots_of(&s, 2, 0, 10, &v, &n));
	spots_clear(&s);
	spots_add(&s, &(struct multi_found){ ids, places, LIMIT_SPOTS + 1 });
	assert_false(spots_of(&s, 0, 0, 10, &v, &n));
	spots_clear(&s);
	for (size_t i = 0; i <= LIMIT_SPOTS; i++)
		spots_add(&s, &(struct multi_found){ ids, places, 0 });
	assert_true(spots_of(&s, LIMIT_SPOTS - 1, 0, 10, &v, &n));
	assert_false(spots_of(&s, LIMIT_SPOTS, 0, 10, &v, &n));
	spots_free(&s);
	free(places);
	free(ids);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_blocks),
		cmocka_unit_test(reaches_back),
		cmocka_unit_test(tells_runs),
		cmocka_unit_test(keeps_spots),
		cmocka_unit_test(bounds_spots),
	};

	return cmocka_run_group_tests_name("places", tests, NULL, NULL);
}

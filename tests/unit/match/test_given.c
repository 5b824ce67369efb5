/*
 * test_given.c - rules and mail of others: with a pass and without, the same patterns match
 *
 *   POSTERN_RULESETS=FOLDER  each /PATTERN/FLAGS in the files there is asked
 *   POSTERN_MAIL=FOLDER      of each of the files there
 *
 * Without, nothing is tried.
 */
#include "agree.h"

#include "base/arena.h"
#include "base/utf8.h"

#include <ftw.h>
#include <stdlib.h>

#define GIVEN_BYTES 100000 /* of one text: the rest is left out */

/* What is had of others. */
static struct given {
	struct arena arena;
	struct multi_pattern *v;
	size_t n, room;
	struct slice *texts;
	size_t ntexts, text_room;
} given;

/* Room for one more in an array. */
static void *
room_for(void *v, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return v;
	*room = *room == 0 ? 64 : 2 * *room;
	v = reallocarray(v, *room, size);
	assert_non_null(v);
	return v;
}

/* A file's bytes; absent if there are none. */
static struct slice
file_of(struct arena *a, const char *path)
{
	FILE *file = fopen(path, "rb");
	long size = 0;
	char *p;

	if (file == NULL)
		return SLICE_ABSENT;
	if (fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) <= 0) {
		fclose(file);
		return SLICE_ABSENT;
	}
	rewind(file);
	p = arena_alloc(a, (size_t)size);
	size = (long)fread(p, 1, (size_t)size, file);
	fclose(file);
	return slice_of(p, (size_t)size);
}

static int
add_text(const char *path, const struct stat *st, int type, struct FTW *at)
{
	struct slice text = type == FTW_F ? file_of(&given.arena, path) : SLICE_ABSENT;

	(void)st;
	(void)at;
	if (text.n > GIVEN_BYTES)
		text.n = GIVEN_BYTES;
	given.texts = room_for(given.texts, given.ntexts, &given.text_room, sizeof(*given.texts));
	if (text.n > 0)
		given.texts[given.ntexts++] = text;
	return 0;
}

/* The place of the next slash that is not escaped. */
static size_t
next_slash(struct slice s, size_t i)
{
	while (i < s.n && s.p[i] != '/')
		i += s.p[i] == '\\' ? 2 : 1;
	return i < s.n ? i : s.n;
}

/* The patterns of a file, with the flags that are ours. */
static int
add_patterns(const char *path, const struct stat *st, int type, struct FTW *at)
{
	struct slice rest = type == FTW_F ? file_of(&given.arena, path) : SLICE_ABSENT;

	(void)st;
	(void)at;
	while (rest.n > 0) {
		struct slice line = slice_cut(rest, '\n', &rest);
		size_t from = line.n > 0 && line.p[0] == '#' ? line.n : next_slash(line, 0), to;

		for (; from + 1 < line.n; from = next_slash(line, to + 1)) {
			struct multi_pattern p = { .flags = 0 };

			to = next_slash(line, from + 1);
			p.re = slice_of(line.p + from + 1, to - from - 1);
			for (; to + 1 < line.n && strchr("isx", line.p[to + 1]) != NULL; to++)
				p.flags |= line.p[to + 1] == 'i' ? PATTERN_CASELESS
				    : line.p[to + 1] == 's'	 ? PATTERN_DOTALL
								 : PATTERN_EXTENDED;
			given.v = room_for(given.v, given.n, &given.room, sizeof(*given.v));
			given.v[given.n++] = p;
		}
	}
	return 0;
}

/* All patterns against all texts, as bytes or in UTF-8. Returns how many were candidates. */
static size_t
check_given(unsigned flags)
{
	struct multi_scratch s = { .zero = NULL };
	struct multi_pattern *v = calloc(given.n + 1, sizeof(*v));
	struct pattern **compiled = calloc(given.n + 1, sizeof(*compiled));
	struct pattern_error err;
	struct multi_base *b;
	struct multi *m;
	struct arena a = { .limit = 0 };
	size_t n = 0, found = 0;

	assert_true(v != NULL && compiled != NULL);
	for (size_t i = 0; i < given.n; i++) {
		v[n] = given.v[i];
		v[n].flags |= flags;
		compiled[n] = pattern_compile(v[n].re, v[n].flags, &err);
		n += compiled[n] != NULL;
	}
	m = multi_build(v, n);
	assert_non_null(m);
	b = multi_base_compile(m);
	for (size_t i = 0; i < given.ntexts; i++) {
		struct slice text = given.texts[i];

		if (flags & PATTERN_UTF)
			text = utf8_clean(&a, text);
		found += agree(m, NULL, v, compiled, n, text, &s);
		if (b != NULL)
			found += agree(m, b, v, compiled, n, text, &s);
		arena_reset(&a);
	}
	multi_base_free(b);
	multi_free(m);
	multi_scratch_free(&s);
	for (size_t i = 0; i < n; i++)
		pattern_free(compiled[i]);
	free(compiled);
	free(v);
	arena_free(&a);
	return found;
}

static void
agrees_on_given_patterns(void **state)
{
	const char *rulesets = getenv("POSTERN_RULESETS"), *mail = getenv("POSTERN_MAIL");
	size_t found = 0;

	(void)state;
	if (rulesets == NULL || mail == NULL) {
		printf("# no POSTERN_RULESETS, no POSTERN_MAIL: not tried\n");
		return;
	}
	assert_int_equal(nftw(rulesets, add_patterns, 16, FTW_PHYS), 0);
	assert_int_equal(nftw(mail, add_text, 16, FTW_PHYS), 0);
	assert_true(given.n > 0 && given.ntexts > 0);
	found += check_given(0);
	found += check_given(PATTERN_CASELESS);
	found += check_given(PATTERN_UTF);
	found += check_given(PATTERN_UTF | PATTERN_CASELESS | PATTERN_MULTILINE);
	printf("# %zu patterns, %zu texts, %zu candidates\n", given.n, given.ntexts, found);
	arena_free(&given.arena);
	free(given.v);
	free(given.texts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_on_given_patterns),
	};

	return cmocka_run_group_tests_name("given", tests, NULL, NULL);
}

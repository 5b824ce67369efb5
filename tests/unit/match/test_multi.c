/*
 * test_multi.c - which of many patterns are worth asking PCRE2 about
 *
 * What must hold of any patterns and texts is tried with random ones, of few letters so that much
 * matches.
 */
#include "agree.h"

#include <pthread.h>
#include <stdlib.h>

#define SETS 300    /* random sets of patterns */
#define BASES 25    /* of them with a base: that takes longer */
#define PATTERNS 20 /* patterns of each */
#define TEXTS 30    /* texts that each is asked about */
#define THREADS 4

static uint64_t state_of_chance;

/* A number below n. */
static unsigned
chance(unsigned n)
{
	state_of_chance = state_of_chance * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((state_of_chance >> 33) % n);
}

/* The candidates as a text: "0 2 ". */
static const char *
candidates(const struct multi *m, const struct multi_base *b, struct slice text)
{
	static char out[4096];
	struct multi_scratch s = { .zero = NULL };
	struct multi_found f;
	size_t used = 0;

	out[0] = '\0';
	assert_true(multi_scan(m, b, text, &s, &f));
	for (size_t i = 0; i < f.n; i++)
		used += (size_t)snprintf(out + used, sizeof(out) - used, "%u ", f.ids[i]);
	multi_scratch_free(&s);
	return out;
}

/* A multi of patterns without flags, NULL behind the last. */
static struct multi *
multi_of(unsigned flags, const char *const *re)
{
	struct multi_pattern v[64];
	size_t n = 0;
	struct multi *m;

	for (; re[n] != NULL; n++)
		v[n] = (struct multi_pattern){ slice_str(re[n]), flags };
	m = multi_build(v, n);
	assert_non_null(m);
	return m;
}

/* Candidates are those of which all is there that they require. */
static void
finds_candidates(void **state)
{
	static const char *const re[] = { "viagra", "dear\\s+friend", "foo.*quux",
		"(?:won|lost) it", "abc", NULL };
	struct multi *m = multi_of(PATTERN_CASELESS, re);

	(void)state;
	assert_string_equal(candidates(m, NULL, SLICE("nothing here")), "");
	assert_string_equal(candidates(m, NULL, SLICE("")), "");
	assert_string_equal(candidates(m, NULL, SLICE_ABSENT), "");
	assert_string_equal(candidates(m, NULL, SLICE("buy ViAgRa")), "0 ");
	assert_string_equal(candidates(m, NULL, SLICE("Dear\r\n  friend")), "1 ");
	assert_string_equal(candidates(m, NULL, SLICE("Dear old friend")), "");
	assert_string_equal(candidates(m, NULL, SLICE("quux foo")), "2 ");
	assert_string_equal(candidates(m, NULL, SLICE("foo")), "");
	assert_string_equal(candidates(m, NULL, SLICE("I lost it")), "3 ");
	assert_string_equal(candidates(m, NULL, SLICE("\0\0abc\0")), "4 ");
	assert_string_equal(candidates(m, NULL, SLICE("abc")), "4 ");
	assert_string_equal(candidates(m, NULL, SLICE("ab")), "");
	assert_string_equal(
	    candidates(m, NULL, SLICE("abc won it dear friend viagra")), "0 1 3 4 ");
	multi_free(m);
}

/* What requires nothing that is known is always a candidate; no patterns have none. */
static void
keeps_the_unknown(void **state)
{
	static const char *const re[] = { "viagra", "(*COMMIT)viagra", "^", NULL };
	static const char *const none[] = { NULL };
	struct multi *m = multi_of(0, re);

	(void)state;
	assert_string_equal(candidates(m, NULL, SLICE("x")), "1 2 ");
	multi_free(m);
	m = multi_of(0, none);
	assert_string_equal(candidates(m, NULL, SLICE("x")), "");
	multi_free(m);
}

/* A scratch goes from one multi to another. */
static void
shares_scratch(void **state)
{
	static const char *const one[] = { "abcd", "efgh", NULL }, *const two[] = { "efgh", NULL };
	struct multi *a = multi_of(0, one), *b = multi_of(0, two);
	struct multi_scratch s = { .zero = NULL };
	struct multi_found f;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_true(multi_scan(b, NULL, SLICE("efgh"), &s, &f));
		assert_true(f.n == 1 && f.ids[0] == 0);
		assert_true(multi_scan(a, NULL, SLICE("abcdefgh"), &s, &f));
		assert_true(f.n == 2 && f.ids[0] == 0 && f.ids[1] == 1);
	}
	multi_scratch_free(&s);
	multi_free(a);
	multi_free(b);
}

/* The Kelvin sign is a k, the long s an s, and what stands between two words may be long. */
static void
finds_kelvin(void **state)
{
	static const char *const re[] = { "task\\W+force", NULL };
	static char text[100000];
	struct multi *m = multi_of(PATTERN_CASELESS | PATTERN_UTF, re);

	(void)state;
	assert_string_equal(
	    candidates(m, NULL, SLICE("a ta\xc5\xbf\xe2\x84\xaa \xe2\x80\x93 FORCE")), "0 ");
	assert_string_equal(candidates(m, NULL, SLICE("ta\xc5\xbf\xe2\x84\xab FORCE")), "");
	for (size_t at = 100; at < sizeof(text); at += 997) {
		memset(text, ' ', sizeof(text));
		memcpy(text + 50, "tas\xe2\x84\xaa", 6);
		memcpy(text + at, "forc", 4);
		memcpy(text + sizeof(text) - 5, "FORCE", 5);
		if (strcmp(candidates(m, NULL, slice_of(text, at)), "") != 0)
			fail_msg("found before %zu", at);
		memset(text + at, ' ', 4);
		assert_string_equal(candidates(m, NULL, slice_of(text, sizeof(text))), "0 ");
	}
	multi_free(m);
}

/* Many texts that share their parts are told apart. */
static void
finds_each_of_many(void **state)
{
	enum { N = 4096 };
	static char re[N][16];
	static struct multi_pattern v[N];
	struct multi_scratch s = { .zero = NULL };
	struct multi *m;

	(void)state;
	for (unsigned i = 0; i < N; i++) {
		for (unsigned k = 0; k < 12; k++)
			re[i][k] = i >> k & 1 ? 'a' : 'b';
		v[i].re = slice_str(re[i]);
	}
	m = multi_build(v, N);
	assert_non_null(m);
	for (uint32_t i = 0; i < N; i += 7) {
		struct multi_found f;

		assert_true(multi_scan(m, NULL, v[i].re, &s, &f));
		assert_true(f.n == 1 && f.ids[0] == i);
	}
	multi_scratch_free(&s);
	multi_free(m);
}

/* The bytes of a text that a match of its only candidate may begin at, in blocks. */
static size_t
bytes_to_search(const struct multi *m, struct slice text)
{
	struct multi_scratch s = { .zero = NULL };
	size_t sum = 0, from, to;
	struct multi_found f;
	unsigned block = 0;

	assert_true(multi_scan(m, NULL, text, &s, &f));
	while (f.n > 0 && places_next(&f.places[0], text.n, &block, &from, &to))
		sum += to - from + 1;
	multi_scratch_free(&s);
	return sum;
}

/* A match begins near what it requires; clauses that are too far from one another are none. */
static void
finds_places(void **state)
{
	static const char *const plain[] = { "needle", NULL },
				 *const two[] = { "(?:foo|bar).{0,20}needle", NULL },
				 *const far[] = { "\\w+needle", NULL };
	static char text[20000];
	struct slice t = slice_of(text, sizeof(text));
	struct multi *m = multi_of(0, plain);

	(void)state;
	memset(text, ' ', sizeof(text));
	memcpy(text + 10000, "needle", 6);
	assert_int_equal(bytes_to_search(m, t), 256);
	memcpy(text + 12, "needle", 6);
	assert_int_equal(bytes_to_search(m, t), 384);
	multi_free(m);
	m = multi_of(0, two);
	assert_int_equal(bytes_to_search(m, t), 0);
	memcpy(text + 19000, "bar", 3);
	assert_int_equal(bytes_to_search(m, t), 0);
	memcpy(text + 9985, "foo", 3);
	assert_int_equal(bytes_to_search(m, t), 256);
	multi_free(m);
	m = multi_of(0, far);
	assert_int_equal(bytes_to_search(m, t), sizeof(text) + 1);
	multi_free(m);
}

/* A text that is all parts of many literals is given up, and not looked at to the end. */
static void
gives_up_dear_texts(void **state)
{
	enum { LEAST = 30, MOST = 48, N = (LEAST + MOST) * (MOST - LEAST + 1) / 2 };
	static char re[N][MOST + 1], text[1 << 20];
	static struct multi_pattern v[N];
	struct slice t = slice_of(text, sizeof(text));
	struct multi_scratch s = { .zero = NULL };
	struct multi_found f;
	struct multi *m;
	unsigned n = 0;

	(void)state;
	/* one b in many a, at all places, in all lengths */
	for (unsigned length = LEAST; length <= MOST; length++)
		for (unsigned place = 0; place < length; place++, n++) {
			memset(re[n], 'a', length);
			re[n][place] = 'b';
			v[n].re = slice_of(re[n], length);
		}
	assert_int_equal(n, N);
	m = multi_build(v, N);
	assert_non_null(m);
	/* few places cost little, however long the text is */
	memset(text, 'x', sizeof(text));
	memset(text, 'a', 12);
	memcpy(text + 100000, re[7], LEAST);
	assert_true(multi_scan(m, NULL, t, &s, &f));
	assert_true(f.n == 1 && f.ids[0] == 7);
	memset(text, 'a', sizeof(text));
	for (unsigned i = 0; i < sizeof(text); i += LEAST / 2)
		text[i] = 'b';
	assert_true(!multi_scan(m, NULL, t, &s, &f) || f.n > N / 2);
	/* nothing of that is left */
	assert_true(multi_scan(m, NULL, slice_of(re[8], LEAST), &s, &f));
	assert_true(f.n == 1 && f.ids[0] == 8);
	multi_scratch_free(&s);
	multi_free(m);
}

/* ---- against PCRE2 ---- */

struct set {
	struct multi_pattern v[PATTERNS];
	struct pattern *compiled[PATTERNS];
	char text[PATTERNS][256];
	size_t n;
};

/* Write a random pattern. */
static size_t
random_pattern(char *out, size_t max, unsigned depth)
{
	static const char *const atoms[] = { "a", "b", "k", "S", "abk", "ska", "bas", " ", "-",
		"\\s", "\\w", "\\W", ".", "\\d", "[ak]", "[^a]", "[a-k]", "[\\s-]", "\\b", "^", "$",
		"\\x6b", "1", "\xc3\xa4", "\xc3\x84", "[\xc3\xa4x]", "\xc5\xbf", "\xe2\x84\xaa",
		"\\1", "\\Qa.\\E", "\\K", "\\R", "\\X", "\\G", "\\A", "\\z", ".{0,40}",
		"[^b]{2,30}", "(?1)" };
	static const char *const opens[] = { "(", "(?:", "(?i:", "(?=", "(?!", "(?<=", "(?>",
		"(?|" };
	static const char *const repeats[] = { "?", "*", "+", "{2}", "{1,2}", "{0}", "+?", "{2,}" };
	size_t n = 0;

	for (unsigned i = 1 + chance(4); i > 0 && n + 40 < max; i--) {
		if (depth < 3 && chance(4) == 0) {
			n += (size_t)snprintf(
			    out + n, max - n, "%s", opens[chance(sizeof(opens) / sizeof(*opens))]);
			n += random_pattern(out + n, max - n - 20, depth + 1);
			if (chance(2) == 0) {
				out[n++] = '|';
				n += random_pattern(out + n, max - n - 20, depth + 1);
			}
			out[n++] = ')';
		} else
			n += (size_t)snprintf(
			    out + n, max - n, "%s", atoms[chance(sizeof(atoms) / sizeof(*atoms))]);
		if (chance(3) == 0)
			n += (size_t)snprintf(out + n, max - n, "%s",
			    repeats[chance(sizeof(repeats) / sizeof(*repeats))]);
	}
	out[n] = '\0';
	return n;
}

static void
random_set(struct set *set)
{
	struct pattern_error err;

	set->n = 0;
	while (set->n < PATTERNS) {
		struct multi_pattern *p = &set->v[set->n];

		random_pattern(set->text[set->n], sizeof(set->text[0]), 0);
		p->re = slice_str(set->text[set->n]);
		p->flags = chance(32);
		set->compiled[set->n] = pattern_compile(p->re, p->flags, &err);
		set->n += set->compiled[set->n] != NULL;
	}
}

/* Write a random text in UTF-8. */
static struct slice
random_text(char *out, size_t max)
{
	static const char *const words[] = { "a", "b", "k", "s", "A", "K", "S", "abk", "ska", "bas",
		" ", "  ", "-", "\n", "1", "\xc3\xa4", "\xc3\x84", "\xc5\xbf", "\xe2\x84\xaa", "x",
		"aa", ".", "0000000000000000000000000000000000000000" };
	size_t n = 0;

	for (unsigned i = chance(80); i > 0 && n + 42 < max; i--)
		n += (size_t)snprintf(
		    out + n, max - n, "%s", words[chance(sizeof(words) / sizeof(*words))]);
	return slice_of(out, n);
}

static void
misses_nothing(void **state)
{
	struct multi_scratch s = { .zero = NULL };
	size_t found = 0;
	struct set set;
	char text[2048];

	(void)state;
	state_of_chance = 20261123;
	for (int i = 0; i < SETS; i++) {
		struct multi_base *b = NULL;
		struct multi *m;

		random_set(&set);
		m = multi_build(set.v, set.n);
		assert_non_null(m);
		if (i < BASES)
			b = multi_base_compile(m);
		for (int k = 0; k < TEXTS; k++) {
			struct slice t = random_text(text, sizeof(text));

			found += agree(m, NULL, set.v, set.compiled, set.n, t, &s);
			if (b != NULL)
				found += agree(m, b, set.v, set.compiled, set.n, t, &s);
		}
		multi_base_free(b);
		multi_free(m);
		for (size_t k = 0; k < set.n; k++)
			pattern_free(set.compiled[k]);
	}
	assert_true(found > 0 && found < (size_t)SETS * TEXTS * PATTERNS);
	multi_scratch_free(&s);
}

/* ---- a base ---- */

static const char *const weak[] = { "[0-9]{3}-[0-9]{2}", "^[A-Z]+$", "viagra", "^\\s*$",
	"(?:[a-f][0-9]){3}", NULL };

/* A base tells the weak patterns apart; packed and unpacked, it is the same. */
static void
has_a_base(void **state)
{
	struct multi *m = multi_of(0, weak);
	struct multi_base *b = multi_base_compile(m), *again;
	struct buf bytes = { .p = NULL };
	char name[MULTI_NAME];

	(void)state;
	assert_string_equal(candidates(m, NULL, SLICE("abc")), "0 1 3 4 ");
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(multi_requires(m, i), i == 2);
	if (multi_weak(m) == 0) {
		printf("# no libhs: no base\n");
		assert_null(b);
		multi_free(m);
		return;
	}
	assert_non_null(b);
	/* the fourth matches what is empty, and is asked always */
	assert_string_equal(candidates(m, b, SLICE("abc")), "3 ");
	assert_string_equal(candidates(m, b, SLICE("tel. 123-45")), "0 3 ");
	assert_string_equal(candidates(m, b, SLICE("ABC\n")), "1 3 ");
	assert_string_equal(candidates(m, b, SLICE("viagra a1b2c3")), "2 3 4 ");
	assert_true(multi_base_name(m, name) && strlen(name) == MULTI_NAME - 1);
	assert_true(multi_base_pack(m, b, &bytes));
	multi_base_free(b);
	again = multi_base_unpack(m, buf_slice(&bytes));
	assert_non_null(again);
	assert_string_equal(candidates(m, again, SLICE("viagra a1b2c3")), "2 3 4 ");
	multi_base_free(again);
	buf_free(&bytes);
	multi_free(m);
}

/* A base that is damaged, cut off, or of other patterns is none. */
static void
refuses_a_false_base(void **state)
{
	static const char *const other[] = { "[0-9]{4}-[0-9]{2}", NULL };
	struct multi *m = multi_of(0, weak), *o = multi_of(0, other);
	struct multi_base *b = multi_base_compile(m);
	struct buf bytes = { .p = NULL };
	char name[MULTI_NAME], other_name[MULTI_NAME];

	(void)state;
	assert_null(multi_base_unpack(m, SLICE("")));
	assert_null(multi_base_unpack(m, SLICE_ABSENT));
	assert_true(multi_base_name(m, name) && multi_base_name(o, other_name));
	if (b != NULL) {
		assert_string_not_equal(name, other_name);
		assert_true(multi_base_pack(m, b, &bytes));
		assert_null(multi_base_unpack(o, buf_slice(&bytes)));
		for (size_t i = 0; i < bytes.n; i += 1 + bytes.n / 200) {
			assert_null(multi_base_unpack(m, slice_of(bytes.p, i)));
			bytes.p[i] ^= 0x40;
			assert_null(multi_base_unpack(m, buf_slice(&bytes)));
			bytes.p[i] ^= 0x40;
		}
	}
	multi_base_free(b);
	buf_free(&bytes);
	multi_free(m);
	multi_free(o);
}

/* ---- threads ---- */

struct shared {
	const struct multi *m;
	const struct multi_base *b;
};

static void *
scan_often(void *arg)
{
	const struct shared *shared = arg;
	struct multi_scratch s = { .zero = NULL };
	size_t wrong = 0;

	for (int i = 0; i < 2000; i++) {
		struct multi_found f;

		wrong += !multi_scan(shared->m, i % 2 ? shared->b : NULL,
			     i % 3 ? SLICE("xx 123-45 viagra") : SLICE("viagra"), &s, &f) ||
		    f.n < 2 || f.ids[f.n - 1] < 2;
	}
	multi_scratch_free(&s);
	return wrong == 0 ? arg : NULL;
}

/* One multi and one base serve all threads. */
static void
serves_threads(void **state)
{
	struct multi *m = multi_of(0, weak);
	struct multi_base *b = multi_base_compile(m);
	struct shared shared = { m, b };
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, scan_often, &shared), 0);
	for (int i = 0; i < THREADS; i++) {
		void *good;

		pthread_join(threads[i], &good);
		assert_non_null(good);
	}
	multi_base_free(b);
	multi_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_candidates),
		cmocka_unit_test(keeps_the_unknown),
		cmocka_unit_test(shares_scratch),
		cmocka_unit_test(finds_kelvin),
		cmocka_unit_test(finds_each_of_many),
		cmocka_unit_test(finds_places),
		cmocka_unit_test(gives_up_dear_texts),
		cmocka_unit_test(misses_nothing),
		cmocka_unit_test(has_a_base),
		cmocka_unit_test(refuses_a_false_base),
		cmocka_unit_test(serves_threads),
	};

	return cmocka_run_group_tests_name("multi", tests, NULL, NULL);
}

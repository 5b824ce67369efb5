/*
 * test_log.c - lines to the admin's log
 */
#include "base/log.h"

#include "base/limits.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* A line with one field. */
static const char *
field(struct slice value)
{
	static struct buf b;

	buf_free(&b);
	log_field(&b, "k", value);
	return b.p != NULL ? b.p : "";
}

/* A value is quoted where it could be taken for something else. */
static void
quotes(void **state)
{
	(void)state;
	assert_string_equal(field(SLICE("a@example.com")), "k=a@example.com");
	assert_string_equal(field(SLICE("")), "k=\"\"");
	assert_string_equal(field(SLICE_ABSENT), "");
	assert_string_equal(field(SLICE("a b")), "k=\"a b\"");
	assert_string_equal(field(SLICE("a=b")), "k=\"a=b\"");
	assert_string_equal(field(SLICE("a\"b\\c")), "k=\"a\\\"b\\\\c\"");
	assert_string_equal(field(SLICE("\n\r\t\0\x1b\x7f")), "k=\"\\n\\r\\t\\x00\\x1B\\x7F\"");
	assert_string_equal(field(SLICE("gr\xc3\xbc\xc3\x9f")), "k=\"gr\xc3\xbc\xc3\x9f\"");
	assert_string_equal(field(SLICE("\xff\xc3")), "k=\"\\xFF\\xC3\"");
	assert_string_equal(field(SLICE("\xc2\x9b")), "k=\"\\xC2\\x9B\"");
}

/* A long value is cut between characters, and it shows. */
static void
cuts(void **state)
{
	char text[LIMIT_LOG_FIELD + 1];
	const char *got;

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(strlen(field(slice_of(text, LIMIT_LOG_FIELD))), LIMIT_LOG_FIELD + 2);
	got = field(slice_of(text, LIMIT_LOG_FIELD + 1));
	assert_int_equal(strlen(got), LIMIT_LOG_FIELD + 2);
	assert_string_equal(got + strlen(got) - 4, "a...");
	for (size_t i = 0; i + 1 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa4", 2);
	got = field(slice_of(text, sizeof(text)));
	assert_string_equal(got + strlen(got) - 6, "\xc3\xa4...\"");
}

/* Fields stand apart. */
static void
joins_fields(void **state)
{
	struct buf b = { 0 };

	(void)state;
	log_field(&b, "absent", SLICE_ABSENT);
	log_field(&b, "client", SLICE("192.0.2.1"));
	log_field(&b, "absent", SLICE_ABSENT);
	log_field_num(&b, "ms", -3);
	assert_string_equal(b.p, "client=192.0.2.1 ms=-3");
	buf_free(&b);
}

/* Run something with stderr going into a file; returns what was written, which the caller frees. */
static char *
captured(void (*run)(void))
{
	FILE *f = tmpfile();
	int saved = dup(STDERR_FILENO);
	char *text = calloc(1, 1 << 20);

	assert_non_null(f);
	dup2(fileno(f), STDERR_FILENO);
	run();
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(f);
	assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
	fclose(f);
	return text;
}

static void
say_all(void)
{
	struct buf b = { 0 };

	log_open(LOG_TO_STDERR, "postern");
	log_say(LOG_LEVEL_ERROR, "can't open %s", "x\ny");
	log_say(LOG_LEVEL_WARNING, "odd");
	log_say(LOG_LEVEL_INFO, "ready");
	log_field(&b, "event", SLICE("verdict"));
	log_send(LOG_LEVEL_WARNING, &b);
	buf_free(&b);
}

/* Words carry their level, fields don't; a line feed can't make a second line. */
static void
writes_to_stderr(void **state)
{
	char *got = captured(say_all);

	(void)state;
	assert_string_equal(got,
	    "postern: error: can't open x\\ny\n"
	    "postern: warning: odd\n"
	    "postern: ready\n"
	    "postern: event=verdict\n");
	free(got);
}

/* The length is more than a pipe takes in one piece. */
enum { THREADS = 4, LINES = 100, FIELDS = 40, LENGTH = 300 };

static void *
write_lines(void *arg)
{
	struct buf b = { 0 };
	char text[LENGTH];

	memset(text, *(const char *)arg, sizeof(text));
	for (int i = 0; i < FIELDS; i++)
		log_field(&b, "k", slice_of(text, sizeof(text)));
	for (int i = 0; i < LINES; i++)
		log_send(LOG_LEVEL_INFO, &b);
	buf_free(&b);
	return NULL;
}

static void *
write_from_threads(void *arg)
{
	static const char letters[THREADS] = { 'a', 'b', 'c', 'd' };
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, write_lines, (void *)&letters[i]), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return arg;
}

/* A line of one of them alone. */
static void
is_whole(const char *line)
{
	const char *p = line + strlen("postern: ");

	assert_int_equal(strlen(line), strlen("postern:") + FIELDS * (strlen(" k=") + LENGTH));
	for (int i = 0; i < FIELDS; i++, p += strlen("k= ") + LENGTH)
		assert_int_equal(strspn(p + 2, (char[]){ line[11], '\0' }), LENGTH);
}

/* Lines of threads don't mix, though the reader of a pipe takes them bit by bit. */
static void
keeps_lines_whole(void **state)
{
	const int modes[] = { 0, O_NONBLOCK };

	(void)state;
	for (size_t m = 0; m < 2; m++) {
		int p[2], saved = dup(STDERR_FILENO), lines = 0;
		size_t size = 0;
		char *line = NULL;
		pthread_t writer;
		FILE *f;

		assert_int_equal(pipe2(p, modes[m]), 0);
		assert_int_equal(fcntl(p[0], F_SETFL, 0), 0);
		dup2(p[1], STDERR_FILENO);
		close(p[1]);
		assert_int_equal(pthread_create(&writer, NULL, write_from_threads, NULL), 0);
		f = fdopen(p[0], "r");
		for (; lines < THREADS * LINES && getline(&line, &size, f) > 0; lines++) {
			line[strcspn(line, "\n")] = '\0';
			is_whole(line);
		}
		pthread_join(writer, NULL);
		dup2(saved, STDERR_FILENO);
		close(saved);
		assert_int_equal(lines, THREADS * LINES);
		free(line);
		fclose(f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes),
		cmocka_unit_test(cuts),
		cmocka_unit_test(joins_fields),
		cmocka_unit_test(writes_to_stderr),
		cmocka_unit_test(keeps_lines_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

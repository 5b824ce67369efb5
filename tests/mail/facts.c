/*
 * facts.c - prints what rules see of messages
 *
 *   facts MESSAGE.eml...
 *
 * One line of JSON for each: every fact of the message that is text, with all its values; those of
 * `header` are of the headers To and Cc.
 */
#include "session/facts.h"
#include "replay/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

/* A text as JSON has it. It is valid UTF-8. */
static void
print_text(struct slice text)
{
	putchar('"');
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < ' ' || c == '"' || c == '\\')
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

/* A fact with its values. */
static void
print_fact(struct session *s, const struct fact *f)
{
	struct slice args[] = { SLICE("To"), SLICE("Cc") };
	struct fact_ref ref = { .fact = f, .args = args, .nargs = 2 };
	struct values got;

	fact_get(s, &ref, &got);
	printf("\"%s\": [", f->name);
	for (size_t i = 0; i < got.n; i++) {
		fputs(i > 0 ? ", " : "", stdout);
		print_text(got.v[i].text);
	}
	putchar(']');
	arena_reset(&s->scratch);
}

/* All items are asked of a message: so message.truncated tells of each. */
static uint32_t
all_items(void)
{
	uint32_t set = 0;

	for (size_t i = 0; fact_at(i) != NULL; i++)
		set |= content_asks(fact_at(i));
	return set;
}

/* All facts of one message. */
static void
print_facts(const struct session_env *env, const struct message *m)
{
	const char *between = "{";
	struct session s;

	session_init(&s, env);
	session_connect(&s, NULL, 0, SLICE_ABSENT);
	session_mail(&s, SLICE("<>"), NULL, 0);
	for (size_t i = 0; i < m->nheaders; i++)
		session_header(&s, m->headers[i].name, m->headers[i].value, true);
	session_body(&s, m->body);
	for (size_t i = 0; fact_at(i) != NULL; i++) {
		const struct fact *f = fact_at(i);

		if (!(f->flags & FACT_NEEDS_HEADERS) || f->flags & FACT_RAW)
			continue;
		fputs(between, stdout);
		print_fact(&s, f);
		between = ", ";
	}
	puts("}");
	session_free(&s);
}

/* A whole file; absent if it can't be read. */
static struct slice
read_file(struct arena *a, const char *path)
{
	FILE *f = fopen(path, "rb");
	struct buf text = { 0 };
	struct slice out = SLICE_ABSENT;
	char piece[65536];
	size_t n;

	if (f == NULL)
		return SLICE_ABSENT;
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(&text, slice_of(piece, n));
	if (!ferror(f))
		out = arena_slice(a, buf_slice(&text));
	fclose(f);
	buf_free(&text);
	return out;
}

int
main(int argc, char **argv)
{
	struct session_env env = {
		.keep_headers = true, .keep_body = true, .asked = all_items(), .authserv_id = "mx"
	};

	for (int i = 1; i < argc; i++) {
		struct message m = { 0 };
		struct slice text;
		struct arena a;

		arena_init(&a, 0);
		a.fatal = true;
		text = read_file(&a, argv[i]);
		if (text.p == NULL) {
			perror(argv[i]);
			return EX_NOINPUT;
		}
		message_parse(&a, text, &m);
		print_facts(&env, &m);
		arena_free(&a);
	}
	return EX_OK;
}

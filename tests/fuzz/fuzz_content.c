/*
 * fuzz_content.c - what facts say of a whole message
 *
 * An input is a message. Every fact of it is asked twice, in opposite orders: that must make no
 * difference. The first byte chooses small limits, which are reached in a few lines then.
 */
#include "fuzz.h"

#include "base/utf8.h"
#include "replay/message.h"
#include "session/facts.h"

#include <stdlib.h>

/* What one order of asking came to: a sum for each fact. */
#define FACTS_MAX 100
struct sums {
	uint64_t v[FACTS_MAX];
	size_t n;
};

static uint64_t
add(uint64_t sum, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		sum = (sum ^ (unsigned char)s.p[i]) * 1099511628211u;
	return (sum ^ s.n) * 1099511628211u;
}

/* A value is fit to be matched, and so is its folded text. */
static void
check_value(struct session *s, const struct fact *f, const struct value *v)
{
	struct slice folded;

	if (f->flags & FACT_RAW)
		return;
	assert(utf8_valid(v->text));
	assert(memchr(v->text.p, '\0', v->text.n) == NULL);
	assert(content_fold(s, f, v, &folded));
	assert(utf8_valid(folded) && (folded.n <= 11 * v->text.n || f->kind == KIND_NAME));
	if (f->kind == KIND_WORD) {
		const char *const *word = f->words;

		while (*word != NULL && !slice_eq(v->text, slice_str(*word)))
			word++;
		assert(*word != NULL);
	}
}

/* Ask one fact. */
static uint64_t
ask(struct session *s, const struct fact *f)
{
	struct slice args[] = { SLICE("From"), SLICE("To"), SLICE("Content-Type") };
	bool named = f->args != NULL && strcmp(f->args, "header") == 0;
	struct fact_ref ref = { .fact = f, .args = args, .nargs = named ? 3 : 0 };
	struct values got;
	uint64_t sum = 14695981039346656037u;

	fact_get(s, &ref, &got);
	assert(f->flags & FACT_MANY || got.n <= 1);
	for (size_t i = 0; i < got.n; i++) {
		check_value(s, f, &got.v[i]);
		sum = add(sum, got.v[i].text);
	}
	sum = (sum ^ got.cut) * 1099511628211u;
	arena_reset(&s->scratch);
	return sum;
}

/* Ask all facts of the content, from the first or from the last on. */
static void
ask_all(struct session *s, bool backwards, struct sums *out)
{
	while (fact_at(out->n) != NULL)
		out->n++;
	assert(out->n <= FACTS_MAX);
	for (size_t k = 0; k < out->n; k++) {
		size_t i = backwards ? out->n - 1 - k : k;
		const struct fact *f = fact_at(i);

		if (f->flags & FACT_NEEDS_HEADERS)
			out->v[i] = ask(s, f);
	}
}

/* All items are asked of the message: so what is cut off is known of each. */
static uint32_t
all_items(void)
{
	uint32_t set = 0;

	for (size_t i = 0; fact_at(i) != NULL; i++)
		set |= content_asks(fact_at(i));
	return set;
}

static void
run(const struct session_env *env, const struct message *m, bool backwards, struct sums *out)
{
	struct session s;

	session_init(&s, env);
	session_connect(&s, NULL, 0, SLICE_ABSENT);
	session_mail(&s, SLICE("<a@b>"), NULL, 0);
	for (size_t i = 0; i < m->nheaders; i++)
		session_header(&s, m->headers[i].name, m->headers[i].value, true);
	session_body(&s, m->body);
	ask_all(&s, backwards, out);
	session_free(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct session_env env = {
		.keep_headers = true, .keep_body = true, .authserv_id = "mx", .asked = all_items()
	};
	struct sums forwards = { 0 }, backwards = { 0 };
	struct message m;
	struct arena a;

	if (size == 0)
		return 0;
	if (data[0] & 1) {
		env.max_headers = 4;
		env.max_parts = 5;
		env.max_nesting = 3;
		env.max_decoded = 200;
		env.max_urls = 3;
		env.max_archive_entries = 2;
		env.max_message = 2000;
	}
	arena_init(&a, 0);
	a.fatal = true;
	message_parse(&a, slice_of((const char *)data, size), &m);
	run(&env, &m, false, &forwards);
	run(&env, &m, true, &backwards);
	for (size_t i = 0; i < forwards.n; i++)
		if (forwards.v[i] != backwards.v[i]) {
			fprintf(stderr, "%s depends on the order\n", fact_at(i)->name);
			abort();
		}
	arena_free(&a);
	return 0;
}

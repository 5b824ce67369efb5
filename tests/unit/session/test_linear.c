/* test_linear.c - a whole message, all facts asked: double of anything takes double the time */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "replay/message.h"
#include "session/facts.h"

#include "../mail/linear.h"

/* A message that is one piece again and again. In a piece, %zu is its number. */
struct work {
	const char *what, *before, *piece, *behind;
	size_t n;
};

#define HTML "Content-Type: text/html; charset=utf-8\n\n"
#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n"

static const struct work works[] = {
	{ "multiparts within one another", MIXED "--b\n",
	    "Content-Type: multipart/mixed; boundary=b%zu\n\n--b%zu\n", "\nx\n", 20000 },
	{ "those that don't part", MIXED "--b\n",
	    "Content-Type: multipart/mixed; boundary=b\n\n--b\n", "", 20000 },
	{ "messages within one another", "Content-Type: message/rfc822\n\n",
	    "Subject: %zu\nContent-Type: message/rfc822\n\n", "\nx\n", 20000 },
	{ "parts", MIXED, "--b\n\ntext %zu\n", "--b--\n", 10000 },
	{ "attachments", MIXED, "--b\nContent-Disposition: attachment; filename=%zu.exe\n\nMZ\n",
	    "--b--\n", 5000 },
	{ "boundaries that are none", MIXED "--b\n\n", "--b%zu\n", "", 50000 },
	{ "comments in an address", "From: ", "(x)", " <a@b.example>\n\n", 50000 },
	{ "comments that are open", "From: ", "(", " <a@b.example>\n\n", 50000 },
	{ "quotes that are open", "From: ", "\\\"", " <a@b.example>\n\n", 50000 },
	{ "addresses", "From: ", "\"n %zu\" <a%zu@b.example>, ", "\n\n", 10000 },
	{ "encoded words", "Subject:", " =?utf-8?q?a=C3=BC?=", "\n\n", 20000 },
	{ "encoded words that have no end", "Subject:", " =?utf-8?q?a", "\n\n", 50000 },
	{ "parameters", MIXED "--b\nContent-Disposition: attachment", "; filename*%zu*=x",
	    "\n\nx\n", 20000 },
	{ "headers", "", "Subject: %zu\n", "\n\n", 5000 },
	{ "comments in HTML", HTML, "a<!-- b -->", "", 50000 },
	{ "comments in HTML that are open", HTML, "<!--", "", 50000 },
	{ "entities", HTML, "&#%zu;&amp;", "", 50000 },
	{ "entities that are none", HTML, "&a", "", 50000 },
	{ "elements within one another", HTML, "<div>", "x", 50000 },
	{ "hidden elements", HTML, "<p style='color:#%zu;display:none'>x</p>", "", 20000 },
	{ "classes", HTML "<style>.c9 { display: none }</style><p class='", "c%zu ", "'>x", 50000 },
	{ "links", HTML, "<a href='http://h%zu.example/'>x</a> ", "", 5000 },
	{ "links that name another host", HTML,
	    "<a href='http://h%zu.example/'>www.bank.example</a> ", "", 5000 },
	{ "URLs", "\n", "http://h%zu.d%zu.example/ ", "", 5000 },
	{ "uuencoded files", "\n", "begin 644 %zu\n#86)C\n`\nend\n", "", 10000 },
	{ "letters to fold", "Content-Type: text/plain; charset=utf-8\n\n", "\u0301\u200b\uff41",
	    "", 50000 },
};

/* What a piece is made into: %zu becomes the number. */
static void
add_piece(struct buf *out, const char *piece, size_t number)
{
	struct slice rest = slice_str(piece);

	while (rest.n > 0) {
		const char *at = memmem(rest.p, rest.n, "%zu", 3);
		size_t n = at != NULL ? (size_t)(at - rest.p) : rest.n;

		buf_add(out, slice_of(rest.p, n));
		if (at != NULL) {
			buf_printf(out, "%zu", number);
			n += 3;
		}
		rest = slice_of(rest.p + n, rest.n - n);
	}
}

/* Ask a fact, and fold what it gives. */
static void
ask(struct session *s, const struct fact *f)
{
	struct slice args[] = { SLICE("From"), SLICE("Subject") };
	struct fact_ref ref = { .fact = f, .args = args, .nargs = 2 };
	struct values got;
	struct slice folded;

	fact_get(s, &ref, &got);
	for (size_t i = 0; i < got.n && !(f->flags & FACT_RAW); i++)
		assert_true(content_fold(s, f, &got.v[i], &folded));
	arena_reset(&s->scratch);
}

/* The limits are as high as settings let them be. */
static void
work(const void *arg, size_t n)
{
	const struct work *w = arg;
	struct session_env env = {
		.keep_headers = true,
		.keep_body = true,
		.max_parts = 20000,
		.max_nesting = 1000,
		.max_urls = 10000,
	};
	struct buf text = { 0 };
	struct message m;
	struct session s;
	struct arena a;

	arena_init(&a, 0);
	a.fatal = true;
	buf_str(&text, w->before);
	for (size_t i = 0; i < n; i++)
		add_piece(&text, w->piece, i);
	buf_str(&text, w->behind);
	message_parse(&a, buf_slice(&text), &m);
	session_init(&s, &env);
	session_connect(&s, NULL, 0, SLICE_ABSENT);
	session_mail(&s, SLICE("<>"), NULL, 0);
	for (size_t i = 0; i < m.nheaders; i++)
		session_header(&s, m.headers[i].name, m.headers[i].value, true);
	session_body(&s, m.body);
	for (size_t i = 0; fact_at(i) != NULL; i++)
		if (fact_at(i)->flags & FACT_NEEDS_HEADERS)
			ask(&s, fact_at(i));
	session_free(&s);
	arena_free(&a);
	buf_free(&text);
}

static void
time_is_linear(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++)
		if (!is_linear(work, &works[i], works[i].n))
			fail_msg("%s", works[i].what);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_is_linear),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

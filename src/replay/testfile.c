/*
 * testfile.c - tests of rules
 *
 * One table of the words that may begin a line. A test is turned into a script while it is read;
 * what it leaves out is put in at the first line that comes after it in an SMTP dialogue.
 */
#include "replay/testfile.h"

#include "base/limits.h"
#include "base/suggest.h"
#include "dns/zone.h"
#include "replay/vec.h"

#include <errno.h>

/* An honest stranger who writes to us: names and networks of RFC 2606 and RFC 5737. */
#define CLIENT_ADDRESS "198.51.100.1"
#define CLIENT_NAME "mail.example.net"
#define SERVER_ADDRESS "203.0.113.1"
#define SERVER_PORT "25"
#define SERVER_NAME "mx.example.org"
#define SENDER "<sender@example.net>"
#define RECIPIENT "<recipient@example.org>"

struct reader {
	struct line_reader lines;
	const struct program *program;
	struct testfile *out;
	struct test *test; /* NULL between tests */
	struct line line;
	bool client, server, connected, helo, mail, rcpt, ended; /* said so far */
	size_t mails;
};

static bool
mistake(struct reader *r, size_t word, const char *what)
{
	diag_error(r->lines.diags, line_rest(&r->line, word), "%s", what);
	return false;
}

/* ---- defaults ---- */

/* The connection is there: whoever wasn't named is the default. */
static void
need_connection(struct reader *r)
{
	struct script *s = &r->test->script;
	struct slice name = SLICE(CLIENT_NAME);
	struct ip ip;

	if (r->connected)
		return;
	r->connected = true;
	if (!r->client && ip_parse(SLICE(CLIENT_ADDRESS), &ip))
		script_client(s, &ip, name, name);
	if (!r->server) {
		script_fact(s, "server.ip", SLICE(SERVER_ADDRESS));
		script_fact(s, "server.port", SLICE(SERVER_PORT));
		script_fact(s, "server.name", SLICE(SERVER_NAME));
	}
}

static void
need_helo(struct reader *r)
{
	struct script *s = &r->test->script;

	need_connection(r);
	if (!r->helo)
		script_add(
		    s, STEP_HELO, s->local ? SLICE("localhost") : SLICE(CLIENT_NAME), SLICE_ABSENT);
	r->helo = true;
}

/* A transaction is open. */
static void
need_mail(struct reader *r)
{
	need_helo(r);
	if (r->mail)
		return;
	script_mail(&r->test->script, SLICE(SENDER), NULL, 0);
	r->mail = true;
	r->ended = false;
	r->mails++;
}

/* It has a recipient. */
static void
need_rcpt(struct reader *r)
{
	need_mail(r);
	if (!r->rcpt)
		script_add(&r->test->script, STEP_RCPT, SLICE(RECIPIENT), SLICE_ABSENT);
	r->rcpt = true;
}

void
testfile_default(struct script *out, const struct message *m)
{
	struct test test = { .expects = NULL };
	struct reader r = { .test = &test };

	script_init(&test.script);
	need_rcpt(&r);
	script_message(&test.script, m);
	*out = test.script;
}

/* ---- the lines of a test; each returns false for a mistake it has told ---- */

static bool
begin_connection_line(struct reader *r)
{
	return !r->connected ||
	    mistake(r, 0, "this belongs to the connection: above helo, mail, macro");
}

static bool
read_client(struct reader *r)
{
	struct slice name = line_text(&r->line, 2);
	struct slice ptr = r->line.n > 3 ? line_text(&r->line, 3) : name;
	struct ip ip;

	if (!begin_connection_line(r))
		return false;
	if (!ip_parse(line_text(&r->line, 1), &ip))
		return mistake(r, 1, "this is no IP address");
	script_client(&r->test->script, &ip, name, ptr);
	return r->client = true;
}

static bool
read_server(struct reader *r)
{
	struct script *s = &r->test->script;
	struct ip ip;

	if (!begin_connection_line(r))
		return false;
	if (!ip_parse(line_text(&r->line, 1), &ip))
		return mistake(r, 1, "this is no IP address");
	script_fact(s, "server.ip", line_text(&r->line, 1));
	script_fact(s, "server.port", r->line.n > 2 ? line_text(&r->line, 2) : SLICE(SERVER_PORT));
	script_fact(s, "server.name", r->line.n > 3 ? line_text(&r->line, 3) : SLICE(SERVER_NAME));
	return r->server = true;
}

static bool
read_daemon(struct reader *r)
{
	if (!begin_connection_line(r))
		return false;
	script_fact(&r->test->script, "daemon", line_text(&r->line, 1));
	return true;
}

static bool
read_local(struct reader *r)
{
	if (!begin_connection_line(r))
		return false;
	script_local(&r->test->script);
	return r->client = true;
}

/* no client, no helo */
static bool
read_no(struct reader *r)
{
	if (line_is(&r->line, 1, "client"))
		return begin_connection_line(r) && (r->client = true);
	if (line_is(&r->line, 1, "helo"))
		return r->helo = true;
	return mistake(r, 0, "`no` stands before `client` or `helo`");
}

static bool
read_dns(struct reader *r)
{
	struct span at = line_rest(&r->line, 1);

	if (r->test->zone == NULL)
		r->test->zone = zone_new();
	return r->test->zone != NULL && zone_add(r->test->zone, span_slice(at), at, r->lines.diags);
}

static bool
read_helo(struct reader *r)
{
	need_connection(r);
	script_add(&r->test->script, STEP_HELO, line_text(&r->line, 1), SLICE_ABSENT);
	r->helo = true;
	r->mail = r->rcpt = false;
	return true;
}

static bool
read_tls(struct reader *r)
{
	static const char *const facts[] = { "tls.version", "tls.cipher", "tls.bits" };

	need_connection(r);
	for (size_t i = 1; i < r->line.n; i++)
		script_fact(&r->test->script, facts[i - 1], line_text(&r->line, i));
	return true;
}

static bool
read_auth(struct reader *r)
{
	struct slice method = r->line.n > 2 ? line_text(&r->line, 2) : SLICE("PLAIN");

	need_connection(r);
	script_fact(&r->test->script, "sasl.user", line_text(&r->line, 1));
	script_fact(&r->test->script, "sasl.method", method);
	return true;
}

static bool
read_macro(struct reader *r)
{
	need_connection(r);
	script_macro(&r->test->script, line_text(&r->line, 1), line_text(&r->line, 2));
	return true;
}

static bool
read_mail(struct reader *r)
{
	struct slice params[LINE_WORDS];

	if (!line_is(&r->line, 1, "from"))
		return mistake(r, 0, "`mail` has `from` behind it: mail from <ADDRESS>");
	if (r->mail)
		need_rcpt(r);
	need_helo(r);
	for (size_t i = 3; i < r->line.n; i++)
		params[i - 3] = line_text(&r->line, i);
	script_mail(&r->test->script, line_text(&r->line, 2), params, r->line.n - 3);
	r->mail = true;
	r->rcpt = r->ended = false;
	r->mails++;
	return true;
}

static bool
read_rcpt(struct reader *r)
{
	if (!line_is(&r->line, 1, "to"))
		return mistake(r, 0, "`rcpt` has `to` behind it: rcpt to <ADDRESS>");
	need_mail(r);
	script_add(&r->test->script, STEP_RCPT, line_text(&r->line, 2), SLICE_ABSENT);
	return r->rcpt = true;
}

static bool
read_header(struct reader *r)
{
	struct slice value, name = slice_cut(line_text(&r->line, 1), ':', &value);

	if (value.p == NULL)
		return mistake(r, 1, "a header is written \"Name: value\"");
	need_rcpt(r);
	script_add(&r->test->script, STEP_HEADER, name, value);
	return true;
}

static bool
read_body(struct reader *r)
{
	need_rcpt(r);
	script_add(&r->test->script, STEP_BODY, line_text(&r->line, 1), SLICE_ABSENT);
	script_add(&r->test->script, STEP_BODY, SLICE("\r\n"), SLICE_ABSENT);
	return true;
}

/* The file of a message, whose name is relative to the test file. */
static bool
read_message(struct reader *r)
{
	const char *from = r->lines.source->name, *slash = strrchr(from, '/');
	struct slice name = line_text(&r->line, 1);
	struct source *file;
	struct message m;
	int folder = slash != NULL && name.n > 0 && name.p[0] != '/' ? (int)(slash - from) + 1 : 0;
	struct slice path = arena_printf(&r->out->arena, "%.*s%.*s", folder, from, SLICE_ARG(name));

	file = source_read(r->lines.diags, path.p, LIMIT_MESSAGE_FILE);
	if (file == NULL) {
		diag_error(r->lines.diags, r->line.v[1].span, "can't read the message %s: %s",
		    path.p, strerror(errno));
		return false;
	}
	need_rcpt(r);
	message_parse(&r->out->arena, file->text, &m);
	script_message(&r->test->script, &m);
	return true;
}

static bool
read_rset(struct reader *r)
{
	script_add(&r->test->script, STEP_RSET, SLICE_ABSENT, SLICE_ABSENT);
	r->mail = r->rcpt = false;
	return r->ended = true;
}

static bool
read_expect(struct reader *r)
{
	struct test *t = r->test;
	struct expectation *e;

	t->expects =
	    vec_room(&r->out->arena, t->expects, t->nexpects, &t->capexpects, sizeof(*t->expects));
	e = &t->expects[t->nexpects++];
	e->transaction = r->mails > 0 ? r->mails - 1 : 0;
	return expect_parse(&r->line, r->program, r->lines.diags, &e->expect);
}

static const struct {
	const char *word;
	size_t least, most; /* words behind it */
	bool (*read)(struct reader *r);
	const char *form;
} forms[] = {
	{ "client", 1, 3, read_client, "client ADDRESS [NAME [PTR]]" },
	{ "server", 1, 3, read_server, "server ADDRESS [PORT [NAME]]" },
	{ "daemon", 1, 1, read_daemon, "daemon NAME" },
	{ "local", 0, 0, read_local, "local" },
	{ "no", 1, 1, read_no, "no client, no helo" },
	{ "dns", 2, LINE_WORDS, read_dns, "dns NAME TYPE VALUE" },
	{ "helo", 1, 1, read_helo, "helo NAME" },
	{ "tls", 1, 3, read_tls, "tls VERSION [CIPHER [BITS]]" },
	{ "auth", 1, 2, read_auth, "auth USER [METHOD]" },
	{ "macro", 2, 2, read_macro, "macro NAME VALUE" },
	{ "mail", 2, LINE_WORDS, read_mail, "mail from <ADDRESS> [PARAMETER...]" },
	{ "rcpt", 2, 2, read_rcpt, "rcpt to <ADDRESS>" },
	{ "header", 1, 1, read_header, "header \"Name: value\"" },
	{ "body", 1, 1, read_body, "body \"a line\"" },
	{ "message", 1, 1, read_message, "message \"FILE\"" },
	{ "rset", 0, 0, read_rset, "rset" },
	{ "expect", 1, LINE_WORDS, read_expect, "expect ACTION ..." },
};

/* Read a line inside a test. */
static void
read_form(struct reader *r)
{
	struct slice word = line_text(&r->line, 0);
	struct suggest near;
	struct diag *g;

	suggest_begin(&near, word);
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		if (!line_is(&r->line, 0, forms[i].word)) {
			suggest_offer(&near, slice_str(forms[i].word));
			continue;
		}
		if (r->line.n - 1 >= forms[i].least && r->line.n - 1 <= forms[i].most)
			forms[i].read(r);
		else
			diag_hint(r->lines.diags,
			    diag_error(r->lines.diags, r->line.span, "`%s` takes %s words here",
				forms[i].word, r->line.n - 1 < forms[i].least ? "more" : "fewer"),
			    "write: %s", forms[i].form);
		return;
	}
	g = diag_error(
	    r->lines.diags, r->line.v[0].span, "unknown word `%.*s` in a test", SLICE_ARG(word));
	if (near.best.p != NULL)
		diag_hint(r->lines.diags, g, "did you mean %.*s?", SLICE_ARG(near.best));
}

/* test "name" { */
static void
begin_test(struct reader *r)
{
	struct testfile *f = r->out;
	struct line *l = &r->line;

	if (!line_is(l, 0, "test") || l->n != 3 || !l->v[1].quoted || !line_is(l, 2, "{")) {
		diag_hint(r->lines.diags,
		    diag_error(r->lines.diags, l->span, "a test begins otherwise"),
		    "write: test \"what it shows\" {");
		if (!line_is(l, l->n - 1, "{"))
			return;
	}
	f->tests = vec_room(&f->arena, f->tests, f->n, &f->cap, sizeof(*f->tests));
	r->test = &f->tests[f->n++];
	*r->test = (struct test){ .name = line_text(l, 1), .span = l->span };
	script_init(&r->test->script);
	r->client = r->server = r->connected = r->helo = r->mail = r->rcpt = r->ended = false;
	r->mails = 0;
}

/* } */
static void
end_test(struct reader *r)
{
	if (r->test->nexpects == 0)
		diag_hint(r->lines.diags,
		    diag_error(r->lines.diags, r->test->span, "this test expects nothing"),
		    "add a line such as: expect reject by LABEL");
	if (!r->ended)
		need_rcpt(r);
	r->test = NULL;
}

/* Read all tests of a file. */
void
testfile_parse(
    const struct source *src, const struct program *p, struct diags *d, struct testfile *out)
{
	struct reader r = { .program = p, .out = out };

	*out = (struct testfile){ 0 };
	arena_init(&out->arena, 0);
	out->arena.fatal = true;
	r.lines = (struct line_reader){ .source = src, .arena = &out->arena, .diags = d };
	while (line_next(&r.lines, &r.line)) {
		if (r.test == NULL)
			begin_test(&r);
		else if (line_is(&r.line, 0, "}") && r.line.n == 1)
			end_test(&r);
		else if (line_is(&r.line, 0, "test") && line_is(&r.line, r.line.n - 1, "{")) {
			diag_error(d, r.line.span, "the test above has no `}` at its end");
			end_test(&r);
			begin_test(&r);
		} else
			read_form(&r);
	}
	if (r.test != NULL) {
		diag_error(d, r.test->span, "this test has no `}` at its end");
		end_test(&r);
	}
	if (out->n == 0)
		diag_error(d, (struct span){ src, 0, 0 }, "there is no test in this file");
}

/* Give its memory back. */
void
testfile_free(struct testfile *f)
{
	for (size_t i = 0; i < f->n; i++) {
		script_free(&f->tests[i].script);
		zone_free(f->tests[i].zone);
	}
	arena_free(&f->arena);
	*f = (struct testfile){ 0 };
}

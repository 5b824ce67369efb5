/*
 * test_list_file.c - the entries of a file
 */
#include "list/list.h"

#include "base/limits.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* Read a list from a text; what is printed of its mistakes goes to *said, the caller frees both. */
static struct list *
read_list(enum list_type type, struct slice text, bool *ok, char **said)
{
	char path[] = "test-list-XXXXXX";
	struct list *l = list_new(type, 0);
	int fd = mkstemp(path);
	struct diags d;
	size_t n;
	FILE *out = open_memstream(said, &n);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text.p, text.n), text.n);
	close(fd);
	diags_init(&d);
	*ok = list_add_file(l, path, &d);
	unlink(path);
	for (size_t i = 0; i < d.n; i++)
		((struct source *)d.v[i].span.source)->name = "F";
	diags_print(&d, out);
	fclose(out);
	diags_free(&d);
	return l;
}

/* The list as "[!]ENTRY[,SECOND][/FLAGS][=TEXT];" or, if there are mistakes, those. */
static const char *
content(enum list_type type, struct slice text)
{
	static char got[4000];
	size_t used = 0;
	char *said;
	bool ok;
	struct list *l = read_list(type, text, &ok, &said);

	snprintf(got, sizeof(got), "%s", said);
	assert_int_equal(ok, strstr(said, "error: ") == NULL);
	for (size_t i = 0; i < list_size(l) && said[0] == '\0'; i++) {
		struct list_entry e = list_at(l, i);

		used += (size_t)snprintf(got + used, sizeof(got) - used, "%s%.*s%s%.*s",
		    e.except ? "!" : "", SLICE_ARG(e.entry), e.second.p != NULL ? "," : "",
		    SLICE_ARG(e.second));
		if (e.flags != 0)
			used += (size_t)snprintf(got + used, sizeof(got) - used, "/%u", e.flags);
		used += (size_t)snprintf(got + used, sizeof(got) - used, "%s%.*s;",
		    e.text.p != NULL ? "=" : "", SLICE_ARG(e.text));
	}
	free(said);
	list_free(l);
	return got;
}

#define READS(type, text, want) assert_string_equal(content(type, SLICE(text)), want)

/* Entries, exceptions, texts, comments, and what other systems do to line ends. */
static void
reads_lines(void **state)
{
	(void)state;
	READS(LIST_DOMAINS, "", "");
	READS(LIST_DOMAINS, "# only\n\n  \t\n   # comments\n", "");
	READS(LIST_DOMAINS, "a.example\nb.example", "a.example;b.example;");
	READS(LIST_DOMAINS,
	    "\xef\xbb\xbf"
	    "a.example\r\n\r\nb.example\r\n",
	    "a.example;b.example;");
	READS(LIST_DOMAINS, "  !a.example\n! b.example x\n", "!a.example;!b.example=x;");
	READS(LIST_WORDS, "a#b # c\nd\t# e\n", "a#b;d;");
	READS(LIST_WORDS, "a  a text, more  # comment\nb x#y\n", "a=a text, more;b=x#y;");
	READS(LIST_WORDS, "a \"quo # ted \\\" \\\\ \" # c\nb \"\"\nc say \"x\"\n",
	    "a=quo # ted \" \\ ;b=;c=say \"x\";");
	READS(LIST_WORDS, "a \"1\\n2\"\n", "a=1\n2;");
	READS(LIST_WORDS, "\"two words\" t\n\"!x\"\n\"#\"\n", "two words=t;!x;#;");
	READS(LIST_NETWORKS, "192.0.2.0/24 office\n::1\n", "192.0.2.0/24=office;::1;");
	READS(LIST_ADDRESSES, "<>\nuser@\n", "<>;user@;");
}

static void
reads_patterns(void **state)
{
	(void)state;
	READS(LIST_PATTERNS, "/a b # c/\n!/x\\/y/i no\nm{a/{2}}sm \"t\"\n",
	    "a b # c;!x\\/y/1=no;a/{2}/6=t;");
	READS(LIST_PATTERNS, "/a/ # comment\n", "a;");
}

static void
reads_pairs(void **state)
{
	(void)state;
	READS(LIST_PAIRS, "a@x.example\tb@y.example\n! c@ <>  why not # c\n",
	    "a@x.example,b@y.example;!c@,<>=why not;");
	READS(LIST_PAIRS, "a@x.example # none\n",
	    "F:1:1: error: the second address of this pair is missing\n"
	    "  a@x.example # none\n  ^~~~~~~~~~~\n"
	    "  hint: write both, with white space between them\n");
	/* the second column has its own place */
	READS(LIST_PAIRS, "a@x.example  b..example text\n",
	    "F:1:14: error: `b..example` has an empty label\n"
	    "  a@x.example  b..example text\n               ^~~~~~~~~~\n");
}

/* Mistakes are told at their own line and column. */
static void
tells_mistakes(void **state)
{
	(void)state;
	READS(LIST_NETWORKS, "192.0.2.0/24\n  127.0.0.1/8 x\n",
	    "F:2:3: error: `127.0.0.1/8` has bits set behind its prefix; the network is "
	    "127.0.0.0/8\n    127.0.0.1/8 x\n    ^~~~~~~~~~~\n  hint: write 127.0.0.0/8\n");
	READS(LIST_PATTERNS, "/ab(c/ x\nabc\n/x/q\n/a/b/\n/x\n",
	    "F:1:6: error: in this pattern: missing closing parenthesis\n  /ab(c/ x\n       ^\n"
	    "F:2:1: error: a pattern stands between slashes\n  abc\n  ^~~\n  hint: write /abc/\n"
	    "F:3:4: error: unknown flag `q` behind a pattern\n  /x/q\n     ^\n"
	    "  hint: flags are i (without case), s (. matches line feeds), m (^ and $ at each "
	    "line), x (white space and comments inside), n (asked of the folded text); a slash "
	    "inside a pattern is written \\/\n"
	    "F:4:4: error: unknown flag `b` behind a pattern\n  /a/b/\n     ^\n"
	    "  hint: flags are i (without case), s (. matches line feeds), m (^ and $ at each "
	    "line), x (white space and comments inside), n (asked of the folded text); a slash "
	    "inside a pattern is written \\/\n"
	    "F:5:1: error: this pattern has no end\n  /x\n  ^~\n"
	    "  hint: close it with / on the same line\n");
	READS(LIST_WORDS, "a \"x\" y\n",
	    "F:1:7: error: nothing can stand behind the text\n  a \"x\" y\n        ^\n"
	    "  hint: a quote inside a text is written \\\"\n");
	READS(LIST_WORDS, "\"a\"b\n",
	    "F:1:4: error: white space is missing here\n  \"a\"b\n     ^\n"
	    "  hint: an entry and its text stand apart\n");
	READS(
	    LIST_WORDS, "! # x\n", "F:1:1: error: an exception without an entry\n  ! # x\n  ^~\n");
	READS(LIST_WORDS, "ok\na\0b\n",
	    "F:2:2: error: a control byte (0x00) in a list file\n  a\xef\xbf\xbd"
	    "b\n   ^\n  hint: take it out; an editor may not show it\n");
	READS(LIST_WORDS, "gr\xfcn\n",
	    "F:1:3: error: this line is not UTF-8\n  gr\xef\xbf\xbdn\n    ^\n"
	    "  hint: save the file in UTF-8\n");
}

/* A duplicate is a warning that names the first, also where it looks different. */
static void
warns_of_duplicates(void **state)
{
	(void)state;
	READS(LIST_NETWORKS, "\n192.0.2.1\n::ffff:192.0.2.1/128\n",
	    "F:3:1: warning: `::ffff:192.0.2.1/128` is in the list already, from line 2\n"
	    "  ::ffff:192.0.2.1/128\n  ^~~~~~~~~~~~~~~~~~~~\n");
	READS(LIST_DOMAINS, "A.example\n!a.EXAMPLE.\n",
	    "F:2:2: warning: `a.EXAMPLE.` is in the list already, from line 1\n"
	    "  !a.EXAMPLE.\n   ^~~~~~~~~~\n  hint: the first one counts, which is no exception\n");
	READS(LIST_PATTERNS, "/a/\n/a/i\n/A/\n", "a;a/1;A;");
	READS(LIST_PATTERNS, "/a/\nm{a}\n",
	    "F:2:3: warning: `a` is in the list already, from line 1\n  m{a}\n    ^\n");
	READS(LIST_PAIRS, "a@ b@\na@ c@\nA@ B@\n",
	    "F:3:1: warning: `A@ B@` is in the list already, from line 1\n  A@ B@\n  ^~~~~\n");
}

/* Lines and texts beyond their limits are mistakes. */
static void
bounds_lines(void **state)
{
	static char text[LIMIT_LINE + 100];

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_non_null(strstr(
	    content(LIST_WORDS, slice_of(text, LIMIT_LINE + 1)), "a line longer than 65536"));
	assert_non_null(
	    strstr(content(LIST_WORDS, slice_of(text, LIMIT_LINE)), "an entry longer than 4096"));
	text[1] = ' ';
	assert_non_null(strstr(content(LIST_WORDS, slice_of(text, LIMIT_TEXT + 3)),
	    "text of an entry is longer than 4096"));
}

/* A file that can't be read says so by errno alone. */
static void
tells_what_it_cannot_read(void **state)
{
	struct list *l = list_new(LIST_WORDS, 0);
	struct diags d;

	(void)state;
	diags_init(&d);
	assert_false(list_add_file(l, "no-such-file", &d));
	assert_int_equal(errno, ENOENT);
	assert_int_equal(d.errors + d.warnings, 0);
	diags_free(&d);
	list_free(l);
}

/* Errors of an earlier file are not held against a later one. */
static void
judges_each_file_alone(void **state)
{
	char path[] = "test-list-XXXXXX";
	struct list *l = list_new(LIST_WORDS, 0);
	int fd = mkstemp(path);
	struct diags d;

	(void)state;
	assert_int_equal(write(fd, "a\n", 2), 2);
	close(fd);
	diags_init(&d);
	diag_error(&d, (struct span){ 0 }, "earlier");
	assert_true(list_add_file(l, path, &d));
	assert_true(list_add_file(l, path, &d)); /* duplicates are no errors */
	assert_int_equal(list_size(l), 1);
	assert_int_equal(d.warnings, 1);
	unlink(path);
	diags_free(&d);
	list_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_lines),
		cmocka_unit_test(reads_patterns),
		cmocka_unit_test(reads_pairs),
		cmocka_unit_test(tells_mistakes),
		cmocka_unit_test(warns_of_duplicates),
		cmocka_unit_test(bounds_lines),
		cmocka_unit_test(tells_what_it_cannot_read),
		cmocka_unit_test(judges_each_file_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

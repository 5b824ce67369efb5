/*
 * test_passes.c - what passes over texts tell changes no word of what comes of a session
 *
 * The same rules are loaded thrice: asked pattern by pattern, after passes, and after passes with
 * databases. What `postern explain` prints, and each decision, note and effect, must be the same.
 * Random rules and sessions are made from one number each:
 *
 *   POSTERN_PASSES_SEED=N    begin with round N instead of the first
 *   POSTERN_PASSES_ROUNDS=N  so many rounds
 */
#include "base/bits.h"
#include "base/limits.h"
#include "replay/show.h"
#include "replay/testfile.h"
#include "replay/trace.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define ROUNDS 1500
#define WITH_BASE 12 /* in each so many-th round there are databases: they take their time */

/* ---- three ways ---- */

enum way { WAY_IN_TURN, WAY_PASSES, WAY_BASES, WAYS };

/* Take the passes out of a program: each pattern is asked, each rule looked at. */
static void
take_passes_out(struct program *p)
{
	scans_free(p);
	p->scans = NULL;
	p->nscans = 0;
	for (uint32_t i = 0; i < p->natoms; i++)
		p->atoms[i].scan = SCAN_NONE;
	for (uint32_t i = 0; i < p->nrules; i++)
		p->rules[i].sleeps_by = UINT32_MAX;
}

/* Give each pass its database. */
static void
add_bases(struct program *p)
{
	for (uint32_t i = 0; i < p->nscans; i++)
		atomic_store(&p->scans[i].base, multi_base_compile(p->scans[i].multi));
}

static struct program *
prepare(struct program *p, enum way way)
{
	if (p != NULL && way == WAY_IN_TURN)
		take_passes_out(p);
	if (p != NULL && way == WAY_BASES)
		add_bases(p);
	return p;
}

/* All that came of a script, in words. */
static void
print_outcome(FILE *out, const struct outcome *o)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct transaction *t = &o->transactions[i];

		for (size_t k = 0; k < t->ndecisions; k++) {
			const struct decision *d = &t->decisions[k];

			show_verdict(out, d);
			fprintf(out, " told at %s, %s, of %zu: %s\n", stage_name(d->told),
			    d->obeyed ? "obeyed" : "in vain", d->nrecipients,
			    d->why != NULL ? d->why : "");
		}
		for (size_t k = 0; k < t->nnotes; k++) {
			show_note(out, &t->notes[k]);
			fprintf(out, " at %s, of %zu\n", stage_name(t->notes[k].stage),
			    t->notes[k].nrecipients);
		}
		for (size_t k = 0; k < t->neffects; k++) {
			show_effect(out, &t->effects[k]);
			putc('\n', out);
		}
	}
}

/* Run a script twice, without a trace and with one: what came of it, to be freed. */
static char *
tell(struct program *p, const struct session_env *env, const struct script *s)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	struct replay_hooks hooks;
	struct outcome o;
	struct trace trace;

	assert_non_null(out);
	assert_true(replay_run(p, env, s, NULL, &o));
	print_outcome(out, &o);
	outcome_free(&o);
	trace_init(&trace, p, out, false);
	hooks = trace_hooks(&trace);
	assert_true(replay_run(p, env, s, &hooks, &o));
	print_outcome(out, &o);
	trace_free(&trace);
	outcome_free(&o);
	fclose(out);
	return text;
}

/* ---- random rules ---- */

static uint64_t state_of_chance;

/* A number below n. */
static unsigned
chance(unsigned n)
{
	state_of_chance = state_of_chance * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((state_of_chance >> 33) % n);
}

#define ONE_OF(v) ((v)[chance(sizeof(v) / sizeof(*(v)))])

static const char *const words[] = { "viagra", "dear", "friend", "invoice", "cheap", "winner",
	"account", "bank", "kiss", "task", "b\xc3\xbcro", "v1agra", "12-345", "x@y.example" };
static const char *const facts[] = { "helo", "sender", "recipient", "subject", "body",
	"header(\"X-A\", \"X-B\")", "raw.body", "raw.header(\"Subject\")", "url.host", "from.name",
	"attachment.name", "body", "subject" };

/* One that is asked of bytes has no flag n. */
static void
write_pattern(struct buf *out, bool bytes)
{
	static const char *const between[] = { "", " ", "\\s+", ".{0,9}", ".*", "\\W", "|",
		"[-_ ]?", "(?:", "\\w+" };
	static const char *const flags[] = { "", "i", "i", "is", "m", "n", "in" };
	static const char *const whole[] = { "\\d{2}-\\d+", "^\\s*$", "[a-f]{3}[0-9]?", "(a+)+$",
		"^", "(*LIMIT_MATCH=20)(?:x+x+)+y", ".", "\\bthe\\b" };

	buf_char(out, '/');
	if (chance(6) == 0)
		buf_str(out, ONE_OF(whole));
	else {
		unsigned open = 0;

		buf_str(out, chance(5) == 0 ? "^" : chance(3) == 0 ? "\\b" : "");
		buf_str(out, ONE_OF(words));
		for (unsigned i = chance(3); i > 0; i--) {
			const char *s = ONE_OF(between);

			buf_str(out, s);
			open += strcmp(s, "(?:") == 0;
			buf_str(out, ONE_OF(words));
		}
		for (; open > 0; open--)
			buf_str(out, chance(2) == 0 ? ")" : ")?");
	}
	buf_printf(out, "/%s", bytes ? "i" : ONE_OF(flags));
}

static void
write_condition(struct buf *out, unsigned depth)
{
	static const char *const joins[] = { " and ", " and ", " or " };
	const char *fact = ONE_OF(facts);
	bool bytes = strncmp(fact, "raw.", 4) == 0;

	switch (depth > 2 ? 0 : chance(10)) {
	case 1:
	case 2:
	case 3:
		buf_char(out, '(');
		write_condition(out, depth + 1);
		buf_str(out, ONE_OF(joins));
		write_condition(out, depth + 1);
		buf_char(out, ')');
		return;
	case 4:
		buf_str(out, "not (");
		write_condition(out, depth + 1);
		buf_char(out, ')');
		return;
	case 5:
		buf_str(out, "2 of (");
		for (int i = 0; i < 3; i++) {
			write_condition(out, depth + 1);
			buf_str(out, i < 2 ? ", " : ")");
		}
		return;
	case 6:
		buf_printf(out, "score >= %u", chance(4));
		return;
	case 7:
		buf_printf(
		    out, "%s%s in l%u", fact, chance(4) == 0 ? " not" : "", bytes ? 0 : chance(2));
		return;
	case 8:
		buf_printf(out, "count(%s ~ ", fact);
		write_pattern(out, bytes);
		buf_printf(out, ") > %u", chance(3));
		return;
	default:
		buf_printf(out, "%s %s ", fact, chance(7) == 0 ? "!~" : "~");
		write_pattern(out, bytes);
	}
}

/* The first list can be asked of bytes. */
static void
write_list(struct buf *out, unsigned number)
{
	buf_printf(out, "list l%u of patterns {\n", number);
	for (unsigned i = 1 + chance(6); i > 0; i--) {
		buf_str(out, chance(5) == 0 ? "    !" : "    ");
		write_pattern(out, number == 0);
		buf_char(out, '\n');
	}
	buf_str(out, "}\n");
}

static void
write_rules(struct buf *out)
{
	static const char *const settings[] = { "", "set on-error skip\n", "set mode monitor\n",
		"set mixed-recipients deliver\n", "set mixed-recipients drop\n",
		"set refuse-at mail\n" };
	static const char *const actions[] = { "accept", "reject", "reject",
		"reject \"no {score}\"", "tempfail", "discard", "monitor reject",
		"log \"{subject}\"", "score 1", "score 2", "score -1",
		"add-header \"X-Seen\" \"{score.rules}\"", "quarantine \"odd\"",
		"set-header \"Subject\" \"[{helo}]\"", "copy-to \"c@example.org\"" };

	buf_str(out, ONE_OF(settings));
	write_list(out, 0);
	write_list(out, 1);
	for (unsigned i = 2 + chance(20), n = i; i > 0; i--) {
		buf_printf(out, "r%u: %s if ", n - i, ONE_OF(actions));
		write_condition(out, 0);
		buf_char(out, '\n');
	}
}

/* ---- random sessions ---- */

static void
write_text(struct buf *out, unsigned most)
{
	static const char *const odd[] = { "\xe2\x84\xaai\xc5\xbf\xc5\xbf",
		("\xef\xbd\x82"
		 "ank"),
		"VIAGRA", "the", "a", "xxxxxxxxxxxxxxxxxx", "http://bank.example/", "Dear", "-",
		"\t", "000000000000000000000000000000000000000000000000", "\xff", "" };

	for (unsigned i = chance(most + 1); i > 0; i--) {
		buf_str(out, chance(3) == 0 ? ONE_OF(odd) : ONE_OF(words));
		buf_char(out, ' ');
	}
}

static void
add_text(struct script *s, enum step_kind kind, const char *name, const char *before, unsigned most)
{
	struct buf b = { .p = NULL };

	buf_str(&b, before);
	write_text(&b, most);
	if (kind == STEP_BODY)
		for (size_t i = 60; i + 1 < b.n; i += 60) {
			if (b.p[i] == ' ' && b.p[i + 1] == ' ')
				memcpy(b.p + i, "\r\n", 2);
		}
	if (name != NULL)
		script_add(s, kind, slice_str(name), buf_slice(&b));
	else
		script_add(s, kind, buf_slice(&b), SLICE_ABSENT);
	buf_free(&b);
}

static void
random_script(struct script *s)
{
	static const char *const recipients[] = { "<bank@example.org>", "<kiss@example.org>",
		"<x@y.example>" };
	struct ip ip;

	script_init(s);
	assert_true(ip_parse(SLICE("192.0.2.1"), &ip));
	script_client(s, &ip, SLICE("host.example"), SLICE("host.example"));
	for (unsigned n = 1 + chance(2); n > 0; n--) {
		script_add(s, STEP_HELO, slice_str(ONE_OF(words)), SLICE_ABSENT);
		script_mail(
		    s, chance(2) == 0 ? SLICE("<>") : SLICE("<bank@account.example>"), NULL, 0);
		for (unsigned i = 1 + chance(3); i > 0; i--)
			script_add(s, STEP_RCPT, slice_str(ONE_OF(recipients)), SLICE_ABSENT);
		add_text(s, STEP_HEADER, "From", " dear friend <bank@example.net>", 0);
		add_text(s, STEP_HEADER, "Subject", " ", 6);
		for (unsigned i = chance(4); i > 0; i--)
			add_text(s, STEP_HEADER, chance(2) == 0 ? "X-A" : "X-B", " ", 12);
		add_text(s, STEP_BODY, NULL, "", 200);
	}
}

/* ---- random rules and sessions ---- */

/* A number from the environment. */
static unsigned long long
from_environment(const char *name, unsigned long long otherwise)
{
	const char *s = getenv(name);

	return s != NULL ? strtoull(s, NULL, 10) : otherwise;
}

/* One round. False if the rules were not taken. */
static bool
play_round(unsigned long long seed, size_t *passes)
{
	struct buf rules = { .p = NULL };
	char *told[WAYS] = { NULL };
	struct script script;
	bool taken = true;

	state_of_chance = seed;
	write_rules(&rules);
	random_script(&script);
	for (enum way way = WAY_IN_TURN; way < (seed % WITH_BASE ? WAY_BASES : WAYS) && taken;
	     way++) {
		struct diags d;
		struct program *p;

		diags_init(&d);
		p = prepare(program_load_text("random.rules", buf_slice(&rules), &d), way);
		taken = p != NULL;
		if (taken) {
			*passes += p->nscans;
			told[way] = tell(p, NULL, &script);
			program_unref(p);
		}
		diags_free(&d);
		if (taken && strcmp(told[way], told[WAY_IN_TURN]) != 0)
			fail_msg("round %llu, way %d\n%s----\n%s----\n%s", seed, way, rules.p,
			    told[WAY_IN_TURN], told[way]);
	}
	for (enum way way = WAY_IN_TURN; way < WAYS; way++)
		free(told[way]);
	script_free(&script);
	buf_free(&rules);
	return taken;
}

static void
random_rules_say_the_same(void **state)
{
	unsigned long long seed = from_environment("POSTERN_PASSES_SEED", 1);
	unsigned long long n = from_environment("POSTERN_PASSES_ROUNDS", ROUNDS), taken = 0;
	size_t passes = 0;

	(void)state;
	for (unsigned long long i = 0; i < n; i++)
		taken += play_round(seed + i, &passes);
	/* the dice must reach what is tried */
	assert_true(n < ROUNDS || (taken > n / 2 && passes > n));
}

/* ---- rules that have tests ---- */

/* Tell of each test of a file under its rules. */
static char *
tell_tests(struct program *p, const struct testfile *file)
{
	struct buf all = { .p = NULL };

	for (size_t i = 0; i < file->n; i++) {
		const struct test *test = &file->tests[i];
		struct session_env env = p->env;
		struct zone *nothing = test->zone == NULL ? zone_new() : NULL;
		struct resolver *resolver = resolver_new(
		    &(struct resolver_config){ .zone = test->zone != NULL ? test->zone : nothing });
		struct spf *spf = spf_new(
		    &(struct spf_config){ .resolver = resolver, .receiver = "mx.example.org" });
		char *text;

		env.quiet = true;
		if (p->resolver != NULL) {
			env.resolver = resolver;
			env.spf = spf;
		}
		text = tell(p, &env, &test->script);
		buf_printf(&all, "%.*s\n%s", SLICE_ARG(test->name), text);
		free(text);
		spf_free(spf);
		resolver_free(resolver);
		zone_free(nothing);
	}
	buf_char(&all, '\0');
	return all.p;
}

/* The tests of X.test under X.rules, each way. False if there are no such rules. */
static bool
play_tests(const char *folder, const char *name)
{
	char rules[600], tests[600];
	char *told[WAYS] = { NULL };
	int n = (int)strlen(name) - 5;

	snprintf(rules, sizeof(rules), "%s/%.*s.rules", folder, n, name);
	snprintf(tests, sizeof(tests), "%s/%s", folder, name);
	for (enum way way = WAY_IN_TURN; way < WAYS; way++) {
		struct testfile file;
		struct program *p;
		struct source *src;
		struct diags d;

		diags_init(&d);
		p = prepare(program_load(rules, &d), way);
		src = p != NULL ? source_read(&d, tests, LIMIT_TEST_FILE) : NULL;
		if (src != NULL) {
			testfile_parse(src, p, &d, &file);
			told[way] = tell_tests(p, &file);
			testfile_free(&file);
		}
		program_unref(p);
		diags_free(&d);
		if (src == NULL)
			return false;
		if (strcmp(told[way], told[WAY_IN_TURN]) != 0)
			fail_msg(
			    "%s, way %d\n%s----\n%s", tests, way, told[WAY_IN_TURN], told[way]);
	}
	for (enum way way = WAY_IN_TURN; way < WAYS; way++)
		free(told[way]);
	return true;
}

/* All tests in a folder of the sources. Returns how many files. */
static unsigned
play_folder(const char *under)
{
	const char *top = getenv("srcdir");
	struct dirent *entry;
	unsigned n = 0;
	char path[300];
	DIR *folder;

	snprintf(path, sizeof(path), "%s/%s", top != NULL ? top : ".", under);
	folder = opendir(path);
	if (folder == NULL)
		fail_msg("there is no %s", path);
	while ((entry = readdir(folder)) != NULL) {
		size_t length = strlen(entry->d_name);

		if (length > 5 && strcmp(entry->d_name + length - 5, ".test") == 0)
			n += play_tests(path, entry->d_name);
	}
	closedir(folder);
	return n;
}

static void
tested_rules_say_the_same(void **state)
{
	(void)state;
	assert_true(play_folder("tests/rules/pass") > 20);
	assert_true(play_folder("rules") > 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_rules_say_the_same),
		cmocka_unit_test(tested_rules_say_the_same),
	};

	return cmocka_run_group_tests_name("passes", tests, NULL, NULL);
}

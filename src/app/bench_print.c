/*
 * bench_print.c - what `postern bench` has measured, in words
 */
#include "app/bench.h"
#include "match/hyper.h"
#include "replay/show.h"

#include <stdlib.h>

#define RULES_SHOWN 10
/* A rule is warned of that takes so much of a message, and so many times what most others take.
 * Libmilter takes some 150 us of it: a rule that takes few is not worth a thought. */
#define DEAR_US 20
#define DEAR_PERCENT 10
#define DEAR_TIMES 5

/* Microseconds a message, and a share of it. */
static double
us_of(const struct bench *b, uint64_t ns)
{
	return (double)ns / 1000 / (double)b->messages;
}

static double
percent_of(const struct bench *b, uint64_t ns)
{
	return 100.0 * (double)ns / (double)b->ns;
}

/* The first two columns. */
static void
print_time(const struct bench *b, uint64_t ns)
{
	printf("%9.2f  %5.1f  ", us_of(b, ns), percent_of(b, ns));
}

/* ---- what serves all rules ---- */

/* True for what has taken time of its own: what serves one rule alone is a part of that. */
static bool
is_shown(const struct cost_shared *s)
{
	return s->rules != 1 && s->time.looks > 0;
}

/* Add it to a sum, if it is one of its own. */
static void
add_shared(struct cost_time *sum, const struct cost_shared *s)
{
	if (!is_shown(s))
		return;
	sum->best += s->time.best;
	sum->looks += s->time.looks;
}

/* The fact that an item is the values of. */
static const struct fact *
fact_of(enum content_item item)
{
	size_t i = 0;

	while (fact_at(i)->item != item)
		i++;
	return fact_at(i);
}

/* Print the passes, of which `all` is the sum. */
static void
print_scans(const struct bench *b, uint64_t all)
{
	const struct program *p = b->program;

	print_time(b, all);
	puts("passes over texts");
	for (uint32_t i = 0; i < p->nscans; i++) {
		const struct scan *scan = &p->scans[i];

		if (!is_shown(&b->cost->scans[i]))
			continue;
		print_time(b, b->cost->scans[i].time.best);
		fputs("    ", stdout);
		scan_print(&scan->ref, scan->folded, stdout);
		printf(": %u patterns of %u rules", scan->npatterns, b->cost->scans[i].rules);
		if (multi_weak(scan->multi) > 0 && atomic_load(&scan->base) == NULL)
			printf(", %zu without their database", multi_weak(scan->multi));
		putchar('\n');
	}
}

/* Print what was decoded, likewise. */
static void
print_items(const struct bench *b, uint64_t all)
{
	print_time(b, all);
	puts("decoding");
	for (enum content_item i = CONTENT_NONE + 1; i < CONTENT_ITEMS; i++) {
		const struct cost_shared *item = &b->cost->items[i];

		if (!is_shown(item))
			continue;
		print_time(b, item->time.best);
		printf("    %s, for %u rules\n", fact_of(i)->name, item->rules);
	}
}

/* Where the time goes. */
static void
print_totals(const struct bench *b)
{
	const struct program *p = b->program;
	const struct costs *c = b->cost;
	struct cost_time scans = { 0 }, items = { 0 };
	uint64_t rules = 0, known;

	for (uint32_t i = 0; i < p->nscans; i++)
		add_shared(&scans, &c->scans[i]);
	for (size_t i = 0; i < CONTENT_ITEMS; i++)
		add_shared(&items, &c->items[i]);
	for (uint32_t i = 0; i < p->nrules; i++)
		rules += c->rules[i].time.best;
	known = scans.best + items.best + rules + c->lookups.best;
	print_time(b, b->ns);
	puts("a message");
	if (scans.looks > 0)
		print_scans(b, scans.best);
	if (items.looks > 0)
		print_items(b, items.best);
	if (c->lookups.looks > 0) {
		print_time(b, c->lookups.best);
		puts("lookups");
	}
	print_time(b, rules);
	puts("rules");
	print_time(b, b->ns > known ? b->ns - known : 0);
	puts("the rest");
}

/* ---- rules ---- */

struct row {
	uint32_t rule;
	uint64_t ns;
};

/* The dearest first, in the order of the file where they are alike. */
static int
by_time(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? 1 : -1;
	return (x->rule > y->rule) - (x->rule < y->rule);
}

/* All rules; to be freed. NULL on lack of memory. */
static struct row *
sort_rules(const struct bench *b)
{
	uint32_t n = b->program->nrules;
	struct row *rows = calloc(n + 1, sizeof(*rows));

	if (rows == NULL)
		return NULL;
	for (uint32_t i = 0; i < n; i++)
		rows[i] = (struct row){ i, b->cost->rules[i].time.best };
	qsort(rows, n, sizeof(*rows), by_time);
	return rows;
}

/* Print one rule. */
static void
print_rule(const struct bench *b, const struct row *row)
{
	const struct cost_rule *rule = &b->cost->rules[row->rule];
	struct cost_sum sum = cost_sum(b->cost, row->rule);

	print_time(b, row->ns);
	printf("%10u  %13u  %7u  ", sum.candidates, rule->confirmations, rule->matches);
	show_rule(stdout, &b->program->rules[row->rule]);
	if (sum.lent > 0)
		printf(", asks %u for others", sum.lent);
	if (sum.borrowed > 0)
		printf(", %u asked by others", sum.borrowed);
	putchar('\n');
}

void
bench_print(const struct bench *b)
{
	uint32_t n = b->program->nrules, shown = 0;
	struct row *rows = sort_rules(b);

	printf("%zu message%s", b->messages, b->messages == 1 ? "" : "s");
	if (b->early > 0)
		printf(", %zu with a verdict before the end", b->early);
	printf("; %u round%s\n\n       us      %%\n", b->rounds, b->rounds == 1 ? "" : "s");
	print_totals(b);
	if (rows != NULL && n > 0)
		puts("\n       us      %  candidates  confirmations  matches  rule");
	for (; rows != NULL && shown < n; shown++) {
		if (!b->all && (shown == RULES_SHOWN || rows[shown].ns == 0))
			break;
		print_rule(b, &rows[shown]);
	}
	if (shown < n)
		printf("and %u rule%s more (--all)\n", n - shown, n - shown == 1 ? "" : "s");
	free(rows);
}

/* ---- warnings ---- */

/* What makes a rule dear. */
enum why {
	WHY_ALONE,   /* it alone wants an item, or a pass */
	WHY_NO_PASS, /* PCRE2 is asked of a text without a pass */
	WHY_NO_TEXT, /* a pattern requires no text */
	WHY_OFTEN,   /* what it requires is there */
	WHY_ASKED,   /* it has no pattern */
};

static const struct {
	const char *reason, *advice;
} whys[] = {
	[WHY_ALONE] = { "no other rule wants that",
	    "put what is quickly known and seldom true before it, with `and`" },
	[WHY_NO_PASS] = { "few patterns are asked of that text, so that PCRE2 searches it each time",
	    "put what is seldom true before it, with `and`; `postern check` warns of forms that "
	    "are slow" },
	[WHY_NO_TEXT] = { "a pattern there requires no text, so that PCRE2 searches each message",
	    "let each match have three letters of plain text side by side, or put what is seldom "
	    "true before it, with `and`" },
	[WHY_OFTEN] = { "what it requires is in many messages, which PCRE2 searches then",
	    "let it require a text that is rare; `postern check` warns of forms that are slow" },
	[WHY_ASKED] = { "it is asked each time",
	    "put what is quickly known and seldom true before it, with `and`" },
};

/* True if one of an atom's patterns requires no text, and no database is there that knows it. */
static bool
requires_nothing(const struct program *p, const struct atom *a)
{
	const struct scan *scan = &p->scans[a->scan];
	size_t n = a->list != NULL ? list_size(a->list) : 1;

	if (atomic_load(&scan->base) != NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!multi_requires(scan->multi, a->pattern_number + (uint32_t)i))
			return true;
	return false;
}

/* Why a comparison takes its time. */
static enum why
why_of_atom(const struct program *p, const struct atom *a)
{
	if (a->pattern == NULL && (a->list == NULL || list_type(a->list) != LIST_PATTERNS))
		return WHY_ASKED;
	if (a->scan == SCAN_NONE)
		return WHY_NO_PASS;
	return requires_nothing(p, a) ? WHY_NO_TEXT : WHY_OFTEN;
}

/* True if that is for one rule alone, and took more than what was found so far. */
static bool
is_dearer(const struct cost_shared *s, uint32_t rule, uint64_t *most)
{
	if (s->rules != 1 || s->first != rule || s->time.best <= *most)
		return false;
	*most = s->time.best;
	return true;
}

/* Say for what most of a rule's time goes, and tell why that is. */
static enum why
say_what(const struct bench *b, uint32_t rule)
{
	const struct program *p = b->program;
	uint32_t atom = cost_sum(b->cost, rule).dearest;
	const struct scan *scan = NULL;
	const struct fact *fact = NULL;
	uint64_t most = atom != UINT32_MAX ? b->cost->atoms[atom].time.best : 0;

	for (uint32_t i = 0; i < p->nscans; i++)
		if (is_dearer(&b->cost->scans[i], rule, &most))
			scan = &p->scans[i];
	for (enum content_item i = CONTENT_NONE + 1; i < CONTENT_ITEMS; i++)
		if (is_dearer(&b->cost->items[i], rule, &most))
			fact = fact_of(i);
	if (fact != NULL)
		fprintf(stderr, "decoding %s", fact->name);
	else if (scan != NULL) {
		fputs("a pass over ", stderr);
		scan_print(&scan->ref, scan->folded, stderr);
	} else if (atom != UINT32_MAX)
		program_print_atom(p, &p->atoms[atom], stderr);
	else
		fputs("its condition", stderr);
	if (fact != NULL || scan != NULL)
		return WHY_ALONE;
	return atom != UINT32_MAX ? why_of_atom(p, &p->atoms[atom]) : WHY_ASKED;
}

/* Warn of one rule. */
static void
warn(const struct bench *b, const struct row *row)
{
	const struct rule *r = &b->program->rules[row->rule];
	enum why why;

	fprintf(stderr, "%s:%u: warning: %s takes %.0f %% of a message's time, most of it for ",
	    r->file, r->line, r->label != NULL ? r->label : "this rule", percent_of(b, row->ns));
	why = say_what(b, row->rule);
	fprintf(stderr, ": %s\n  hint: %s\n", whys[why].reason, whys[why].advice);
	if (why == WHY_NO_TEXT && hyper_is_there())
		fputs(
		    "  hint: or have a database made for such patterns: postern compile\n", stderr);
}

void
bench_warn(const struct bench *b)
{
	uint32_t n = b->program->nrules;
	struct row *rows = sort_rules(b);
	double least = DEAR_US;

	fflush(stdout);
	if (rows != NULL && n > 1 && DEAR_TIMES * us_of(b, rows[n / 2].ns) > least)
		least = DEAR_TIMES * us_of(b, rows[n / 2].ns);
	for (uint32_t i = 0; rows != NULL && i < n; i++)
		if (us_of(b, rows[i].ns) >= least && percent_of(b, rows[i].ns) >= DEAR_PERCENT)
			warn(b, &rows[i]);
	free(rows);
}

/* test_help.c - the manual pages: what there is has an entry, and what has an entry is there */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/help.h"
#include "rule/program.h"

#include <stdio.h>

#define RULES "postern-rules(5)"
#define SETTINGS "postern.conf(5)"

/* Words of the language that no table has. */
static const char *const words[] = { "set", "include", "list", "define", "when", "monitor", "if",
	"not", "and", "or", "of", "=", "!=", "<", "<=", ">", ">=", "~", "!~", "in", "aligned",
	"count", "networks", "domains", "addresses", "words", "patterns", "entry", "entry.text",
	"dnsbl.zone", "dnsbl.value", "dnsbl.text", "test", NULL };

/* The entry of a word on a page; NULL if there is none. */
static const struct help_entry *
entry(const char *page, const char *word)
{
	const struct help_entry *e = help_entries;

	while (e->word != NULL && (strcmp(e->page, page) != 0 || strcmp(e->word, word) != 0))
		e++;
	return e->word != NULL ? e : NULL;
}

/* Fail unless the word has an entry that says something. */
static void
assert_told(const char *page, const char *word)
{
	const struct help_entry *e = entry(page, word);

	if (e == NULL)
		fail_msg("%s has no entry for %s", page, word);
	else if (strstr(e->text, "\n    ") == NULL)
		fail_msg("the entry of %s in %s has no text", word, page);
}

static void
facts(void **state)
{
	(void)state;
	for (size_t i = 0; fact_at(i) != NULL; i++)
		assert_told(RULES, fact_at(i)->name);
}

/* True if a text has these words, whatever the lines on which they stand. */
static bool
says(const char *text, const char *phrase)
{
	const char *t, *p;

	for (; *text != '\0'; text++) {
		for (t = text, p = phrase; *p != '\0' && *t != '\0'; p++, t++) {
			if (*p == ' ' && (*t == '\n' || *t == ' '))
				t += strspn(t, " \n") - 1;
			else if (*p != *t)
				break;
		}
		if (*p == '\0')
			return true;
	}
	return false;
}

/* True if the entry of a fact tells its kind or its words, its stage, and the macros that carry it.
 * What takes an argument, and what is known as its parts are, has no stage of its own. */
static bool
is_told_in_full(const struct fact *f, const char *text)
{
	static const char *const kinds[] = { [KIND_TEXT] = "Text",
		[KIND_NAME] = "Name",
		[KIND_ADDRESS] = "Address",
		[KIND_IP] = "IP address",
		[KIND_NUMBER] = "Number",
		[KIND_WORD] = "" };
	bool good = says(text, kinds[f->kind]);
	char from[32];

	snprintf(from, sizeof(from), "rom %s", stage_name(f->stage));
	if (f->get != NULL && f->args == NULL)
		good &= says(text, from);
	for (size_t i = 0; i < 3 && f->macros[i] != NULL; i++)
		good &= says(text, f->macros[i]);
	for (size_t i = 0; f->words != NULL && f->words[i] != NULL; i++)
		good &= says(text, f->words[i]) || says(text, "the values of spf");
	return good;
}

static void
facts_in_full(void **state)
{
	(void)state;
	for (size_t i = 0; fact_at(i) != NULL; i++) {
		const struct fact *f = fact_at(i);
		bool told = false;

		/* an action may have the same name */
		for (const struct help_entry *e = help_entries; e->word != NULL; e++)
			told |= strcmp(e->word, f->name) == 0 && is_told_in_full(f, e->text);
		if (!told)
			fail_msg("no entry tells all of %s", f->name);
	}
}

static void
macros(void **state)
{
	const char *text = entry(RULES, "macro")->text;

	(void)state;
	for (size_t i = 0; macro_at(i) != NULL; i++)
		if (strstr(text, macro_at(i)) == NULL)
			fail_msg("the entry of macro does not tell of %s", macro_at(i));
}

static void
actions(void **state)
{
	(void)state;
	for (enum action a = ACT_ACCEPT; a <= ACT_LOG; a++)
		assert_told(RULES, action_name(a));
}

static void
language(void **state)
{
	(void)state;
	for (size_t i = 0; words[i] != NULL; i++)
		assert_told(RULES, words[i]);
}

static void
settings(void **state)
{
	(void)state;
	for (size_t i = 0; settings_at(i) != NULL; i++)
		assert_told(SETTINGS, settings_at(i));
}

/* True if a page may have an entry of that word. */
static bool
is_known(const struct help_entry *e)
{
	if (strcmp(e->page, SETTINGS) == 0) {
		for (size_t i = 0; settings_at(i) != NULL; i++)
			if (strcmp(settings_at(i), e->word) == 0)
				return true;
		return false;
	}
	for (size_t i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], e->word) == 0)
			return true;
	for (enum action a = ACT_ACCEPT; a <= ACT_LOG; a++)
		if (strcmp(action_name(a), e->word) == 0)
			return true;
	return fact_find(slice_str(e->word)) != NULL;
}

static void
nothing_else(void **state)
{
	(void)state;
	for (const struct help_entry *e = help_entries; e->word != NULL; e++)
		if (!is_known(e))
			fail_msg("%s tells of %s, which is not there", e->page, e->word);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts),
		cmocka_unit_test(facts_in_full),
		cmocka_unit_test(macros),
		cmocka_unit_test(actions),
		cmocka_unit_test(language),
		cmocka_unit_test(settings),
		cmocka_unit_test(nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

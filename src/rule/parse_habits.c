/*
 * parse_habits.c - words of other languages, and what they are here
 *
 * An admin comes from access tables, ACLs and packet filters, and writes what they call it.
 */
#include "rule/parse.h"

struct habit {
	const char *theirs, *ours;
};

/* The entry for a word, whatever its case. */
static const char *
find(const struct habit *v, size_t n, struct slice word)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq_nocase(word, slice_str(v[i].theirs)))
			return v[i].ours;
	return NULL;
}

const char *
habit_action(struct slice word)
{
	static const struct habit actions[] = { { "allow", "accept" }, { "bcc", "copy-to" },
		{ "block", "reject" }, { "defer", "tempfail" }, { "deny", "reject" },
		{ "drop", "discard" }, { "dunno", "accept" }, { "hold", "quarantine" },
		{ "ok", "accept" }, { "pass", "accept" }, { "permit", "accept" },
		{ "prepend", "add-header" }, { "refuse", "reject" }, { "warn", "log" } };

	return find(actions, sizeof actions / sizeof *actions, word);
}

const char *
habit_word(struct slice word)
{
	static const struct habit words[] = {
		{ "//", "a comment begins with #" },
		{ "<>", "write !=" },
		{ "contains", "write ~ and a pattern such as /text/i" },
		{ "else", "there is no else: the first rule that is true decides" },
		{ "eq", "write =" },
		{ "equals", "write =" },
		{ "is", "write =" },
		{ "like", "write ~ and a pattern such as /text/i" },
		{ "match", "write ~ and a pattern such as /text/i" },
		{ "matches", "write ~ and a pattern such as /text/i" },
		{ "ne", "write !=" },
		{ "unless", "write if not (…)" },
		{ "where", "write if" },
	};

	return find(words, sizeof words / sizeof *words, word);
}

/*
 * help.c - `postern help`: the manual's entry of a word of the language
 */
#include "app/help.h"

#include "app/app.h"
#include "base/suggest.h"

#include <sysexits.h>
#include <unistd.h>

#define COLUMNS 78

/* True if an entry further up has the same word. */
static bool
is_again(const struct help_entry *e)
{
	for (const struct help_entry *f = help_entries; f != e; f++)
		if (strcmp(f->word, e->word) == 0)
			return true;
	return false;
}

/* Print all words, as many on a line as fit. */
static void
print_words(void)
{
	size_t column = 0;

	puts("postern help WORD prints the manual's entry of one of these:\n");
	for (const struct help_entry *e = help_entries; e->word != NULL; e++) {
		size_t n = strlen(e->word) + 2;

		if (is_again(e))
			continue;
		if (column > 0 && column + n > COLUMNS) {
			putchar('\n');
			column = 0;
		}
		printf("  %s", e->word);
		column += n;
	}
	putchar('\n');
}

/* Say that a word has no entry. */
static int
unknown(const char *word)
{
	struct suggest near;

	suggest_begin(&near, slice_str(word));
	for (const struct help_entry *e = help_entries; e->word != NULL; e++)
		suggest_offer(&near, slice_str(e->word));
	if (near.best.p != NULL)
		return app_usage("help", "the manual has no entry for `%s`; did you mean %.*s?",
		    word, SLICE_ARG(near.best));
	return app_usage("help", "the manual has no entry for `%s`", word);
}

/* postern help [WORD] */
int
app_help(int argc, char **argv)
{
	size_t found = 0;

	if (getopt(argc, argv, "") != -1)
		return app_usage("help", NULL);
	if (optind == argc) {
		print_words();
		return EX_OK;
	}
	if (argc - optind > 1)
		return app_usage("help", "one word, please");
	for (const struct help_entry *e = help_entries; e->word != NULL; e++)
		if (slice_eq_nocase(slice_str(e->word), slice_str(argv[optind])))
			printf("%s%s\n    See %s.\n", found++ > 0 ? "\n" : "", e->text, e->page);
	return found > 0 ? EX_OK : unknown(argv[optind]);
}

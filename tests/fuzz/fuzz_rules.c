/*
 * fuzz_rules.c - rule files: lexer, parser, checker, and the way back to text
 *
 * A ruleset is either refused with an error that can be shown, or it prints as a ruleset that
 * loads and prints the same.
 */
#include "fuzz.h"

#include "rule/program.h"

#include <stdlib.h>

/* Load a ruleset; its mistakes are shown to nobody. */
static struct program *
load(struct slice text)
{
	struct diags d;
	struct program *p;

	diags_init(&d);
	p = program_load_text("rules", text, &d);
	diags_print(&d, quiet_out());
	assert((p != NULL) == (d.errors == 0));
	diags_free(&d);
	return p;
}

/* The ruleset as a text, to be freed. */
static struct slice
print(const struct program *p)
{
	char *text;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	program_print(p, out);
	fclose(out);
	return slice_of(text, n);
}

/* What was printed must load, and print the same. */
static void
check_print(const struct program *p)
{
	struct slice once = print(p), twice;
	struct program *again = load(once);

	if (again == NULL)
		fprintf(stderr, "this was printed, and does not load:\n%.*s", SLICE_ARG(once));
	assert(again != NULL);
	twice = print(again);
	if (!slice_eq(once, twice))
		fprintf(stderr, "printed:\n%.*sand then:\n%.*s", SLICE_ARG(once), SLICE_ARG(twice));
	assert(slice_eq(once, twice));
	program_unref(again);
	free((char *)once.p);
	free((char *)twice.p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct program *p = load(files_take(data, size));

	if (p != NULL)
		check_print(p);
	program_unref(p);
	files_drop();
	return 0;
}

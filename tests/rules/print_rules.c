/*
 * print_rules.c - a ruleset as the program prints it back
 *
 * usage: print_rules FILE. Fails if what was printed is not the same when it is read and printed
 * once more.
 */
#include "rule/program.h"

#include <stdlib.h>

/* The program as text, to be freed; NULL after its mistakes were printed. */
static char *
print_text(struct program *p, struct diags *d)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	diags_print(d, stderr);
	if (p == NULL || out == NULL)
		return NULL;
	program_print(p, out);
	fclose(out);
	program_unref(p);
	return text;
}

int
main(int argc, char **argv)
{
	struct diags first, second;
	char *once = NULL, *again = NULL;
	bool same;

	if (argc != 2)
		return 2;
	diags_init(&first);
	diags_init(&second);
	once = print_text(program_load(argv[1], &first), &first);
	if (once != NULL) {
		fputs(once, stdout);
		again = print_text(program_load_text("printed", slice_str(once), &second), &second);
	}
	same = once != NULL && again != NULL && strcmp(once, again) == 0;
	if (once != NULL && again != NULL && !same)
		printf("# printed once more it is:\n%s", again);
	free(once);
	free(again);
	diags_free(&first);
	diags_free(&second);
	return same ? 0 : 1;
}

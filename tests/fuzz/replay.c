/*
 * replay.c - main() for a fuzzer without libFuzzer: gives it each file of its corpus, as TAP
 *
 * The corpus of fuzz_NAME is $srcdir/tests/fuzz/corpus/NAME. Files named as arguments are taken
 * instead, to look at one finding. A fuzzer tells a fault by ending the program, which leaves the
 * plan unfulfilled; the name is printed before, so that the culprit is known.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Run one file. The input is a block of exactly its size, so that reading past its end is seen. */
static void
replay(int number, const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL;
	long size;

	printf("# %s\n", path);
	fflush(stdout);
	if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0 ||
	    (size > 0 && (data = malloc((size_t)size)) == NULL)) {
		printf("Bail out! can't read %s\n", path);
		exit(1);
	}
	rewind(file);
	if (fread(data, 1, (size_t)size, file) != (size_t)size) {
		printf("Bail out! can't read %s\n", path);
		exit(1);
	}
	fclose(file);
	LLVMFuzzerTestOneInput(data, (size_t)size);
	free(data);
	printf("ok %d - %s\n", number, path);
}

static int
is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Run all of a folder, in the order of the names. */
static int
replay_folder(const char *folder)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, is_input, alphasort);
	char path[4096];

	if (n <= 0) {
		printf("Bail out! no inputs in %s\n", folder);
		return 1;
	}
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
		replay(i + 1, path);
		free(entries[i]);
	}
	free(entries);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir"), *name = strstr(argv[0], "fuzz_");
	char folder[2048];

	if (argc > 1) {
		printf("1..%d\n", argc - 1);
		for (int i = 1; i < argc; i++)
			replay(i, argv[i]);
		return 0;
	}
	for (const char *next = name; next != NULL; next = strstr(next + 1, "fuzz_"))
		name = next;
	snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/%s", srcdir ? srcdir : ".",
	    name ? name + strlen("fuzz_") : "");
	return replay_folder(folder);
}

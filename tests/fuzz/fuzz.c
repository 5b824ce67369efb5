/*
 * fuzz.c - what the fuzzers share: files that exist in the input alone, and nowhere to write to
 *
 * The linker puts these functions in place of source_read, glob and globfree (--wrap): a fuzzed
 * `include "/dev/zero"` must not be obeyed, and what is found must not depend on the machine.
 */
#include "fuzz.h"

#include "base/diag.h"

#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdlib.h>

#define MOST 16

static struct {
	struct slice name, text;
} files[MOST];
static size_t nfiles;

struct source *__wrap_source_read(struct diags *d, const char *path, size_t max);
int __wrap_glob(const char *pattern, int flags, int (*failed)(const char *, int), glob_t *g);
void __wrap_globfree(glob_t *g);

void
files_add(struct slice name, struct slice text)
{
	if (nfiles == MOST)
		nfiles--;
	files[nfiles].name = name;
	files[nfiles++].text = text;
}

struct slice
files_take(const uint8_t *data, size_t size)
{
	struct slice rest = slice_of(data != NULL ? (const char *)data : "", size);
	struct slice first = rest, name = SLICE_ABSENT;
	const char *begin = rest.p;

	nfiles = 0;
	while (rest.p != NULL) {
		struct slice line = slice_cut(rest, '\n', &rest);
		struct slice text = slice_of(begin, (size_t)(line.p - begin));
		const char *next = rest.p != NULL ? rest.p : line.p + line.n;

		if (line.n >= 3 && memcmp(line.p, "%% ", 3) == 0) {
			if (name.p == NULL)
				first = text;
			else
				files_add(name, text);
			name = slice_of(line.p + 3, line.n - 3);
			begin = next;
		} else if (rest.p == NULL && name.p != NULL) {
			files_add(name, slice_of(begin, (size_t)(next - begin)));
		}
	}
	return first;
}

struct slice
files_text(struct slice name)
{
	for (size_t i = 0; i < nfiles; i++)
		if (slice_eq(files[i].name, name))
			return files[i].text;
	return SLICE_ABSENT;
}

void
files_drop(void)
{
	nfiles = 0;
}

struct source *
__wrap_source_read(struct diags *d, const char *path, size_t max)
{
	struct slice text = files_text(slice_str(path));

	errno = text.p == NULL ? ENOENT : EFBIG;
	return text.p != NULL && text.n <= max ? source_text(d, path, text) : NULL;
}

int
__wrap_glob(const char *pattern, int flags, int (*failed)(const char *, int), glob_t *g)
{
	(void)flags;
	(void)failed;
	g->gl_pathv = calloc(MOST, sizeof(*g->gl_pathv));
	g->gl_pathc = 0;
	for (size_t i = 0; i < nfiles; i++) {
		char *name = strndup(files[i].name.p, files[i].name.n);

		if (fnmatch(pattern, name, FNM_PATHNAME | FNM_PERIOD) == 0)
			g->gl_pathv[g->gl_pathc++] = name;
		else
			free(name);
	}
	return g->gl_pathc > 0 ? 0 : GLOB_NOMATCH;
}

void
__wrap_globfree(glob_t *g)
{
	for (size_t i = 0; i < g->gl_pathc; i++)
		free(g->gl_pathv[i]);
	free(g->gl_pathv);
}

FILE *
quiet_out(void)
{
	static FILE *out;

	if (out == NULL)
		out = fopen("/dev/null", "w");
	assert(out != NULL);
	return out;
}

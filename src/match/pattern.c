/*
 * pattern.c - PCRE2 patterns
 *
 * Newlines are line feeds as in Perl, whatever PCRE2 was built for. In UTF mode classes such as \w
 * and \b know the letters of all languages (PCRE2_UCP). \C is refused, it could cut a character; in
 * byte mode (*UTF) is refused, since the subject need not be valid.
 */
#include "match/pattern_in.h"

#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>

#define GROUP_NAME_MAX 32 /* bytes of a group's name in PCRE2 */
#define ITEM_NS 1	  /* that an item takes, of bytes */
#define UTF_ITEM_NS 3	  /* of UTF-8 */
#define PLAIN_CLASS 32	  /* bytes of a class that takes no longer */
#define CLASS_BYTES 16	  /* of others, that take as much again */

/* PCRE2's options for our flags. */
static uint32_t
options_of(unsigned flags)
{
	uint32_t options = PCRE2_NEVER_BACKSLASH_C;

	options |= flags & PATTERN_UTF ? PCRE2_UTF | PCRE2_UCP : PCRE2_NEVER_UTF;
	if (flags & PATTERN_CASELESS)
		options |= PCRE2_CASELESS;
	if (flags & PATTERN_DOTALL)
		options |= PCRE2_DOTALL;
	if (flags & PATTERN_MULTILINE)
		options |= PCRE2_MULTILINE;
	if (flags & PATTERN_EXTENDED)
		options |= PCRE2_EXTENDED;
	return options;
}

/* True if the pattern begins with ^, blanks and the openings of plain groups left aside. */
static bool
begins_with_caret(struct slice re, bool extended)
{
	size_t i = 0;

	while (i < re.n && (re.p[i] == '(' || (extended && strchr(" \t\n", re.p[i]) != NULL)))
		i += re.n - i > 2 && memcmp(re.p + i, "(?:", 3) == 0 ? 3 : 1;
	return i < re.n && re.p[i] == '^';
}

/* Compile with PCRE2. */
pcre2_code *
pattern_code(struct slice re, unsigned flags, uint32_t options, int *error, size_t *offset)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	pcre2_code *code = NULL;

	*error = PCRE2_ERROR_NOMEMORY;
	*offset = 0;
	if (context == NULL)
		return NULL;
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	pcre2_set_max_pattern_length(context, LIMIT_PATTERN);
	code = pcre2_compile(
	    (PCRE2_SPTR)re.p, re.n, options_of(flags) | options, error, offset, context);
	pcre2_compile_context_free(context);
	return code;
}

/* True if a text has one of some characters behind another one. */
static bool
has_pair(struct slice re, char first, const char *second)
{
	for (size_t i = 0; i + 1 < re.n; i++)
		if (re.p[i] == first && re.p[i + 1] != '\0' && strchr(second, re.p[i + 1]) != NULL)
			return true;
	return false;
}

/* The longest class of a pattern, in bytes; what looks like one is taken for one. */
static size_t
longest_class(struct slice re)
{
	size_t most = 0, from = SIZE_MAX;

	for (size_t i = 0; i < re.n; i++)
		if (re.p[i] == '[' && from == SIZE_MAX)
			from = i;
		else if (re.p[i] == ']' && from != SIZE_MAX && re.p[i - 1] != ':') {
			most = i - from > most ? i - from : most;
			from = SIZE_MAX;
		}
	return from != SIZE_MAX && re.n - from > most ? re.n - from : most;
}

/* How many nanoseconds an item may take that is held against the text: on machines of today about
 * twice what it does take. A class of UTF-8 is gone through range by range. */
static double
item_ns(const struct pattern *p, struct slice re)
{
	size_t class = longest_class(re);
	double ns = p->flags & PATTERN_UTF ? UTF_ITEM_NS : ITEM_NS;

	if (p->flags & PATTERN_UTF && class > PLAIN_CLASS)
		ns *= 1 + (double)class / CLASS_BYTES;
	return ns;
}

/* Keep what a search needs to know beside the code. False on lack of memory. */
static bool
describe(struct pattern *p, struct slice re, unsigned flags)
{
	uint32_t groups, options = 0;

	pcre2_pattern_info(p->code, PCRE2_INFO_CAPTURECOUNT, &groups);
	pcre2_pattern_info(p->code, PCRE2_INFO_ALLOPTIONS, &options);
	p->groups = groups;
	p->flags = flags;
	p->caret = begins_with_caret(re, flags & PATTERN_EXTENDED);
	p->item_ns = item_ns(p, re);
	/* verbs say where to go on; \G is where a piece begins */
	p->anchored = options & PCRE2_ANCHORED;
	p->whole = p->anchored || has_pair(re, '(', "*") || has_pair(re, '\\', "G");
	p->late = calloc(1, sizeof(*p->late));
	p->re = malloc(re.n + 1);
	if (p->re != NULL && re.n > 0)
		memcpy(p->re, re.p, re.n);
	p->nre = re.n;
	return p->late != NULL && p->re != NULL;
}

/* Compile a pattern. */
struct pattern *
pattern_compile(struct slice re, unsigned flags, struct pattern_error *err)
{
	struct pattern *p = calloc(1, sizeof(*p));
	int error = PCRE2_ERROR_NOMEMORY;
	size_t offset = 0;

	if (re.p == NULL)
		re = SLICE("");
	if (p != NULL)
		p->code = pattern_code(re, flags, PCRE2_USE_OFFSET_LIMIT, &error, &offset);
	if (p != NULL && p->code != NULL && !describe(p, re, flags)) {
		pattern_free(p);
		p = NULL;
		error = PCRE2_ERROR_NOMEMORY;
	}
	if (p == NULL || p->code == NULL) {
		pattern_free(p);
		pcre2_get_error_message(error, (PCRE2_UCHAR *)err->message, sizeof(err->message));
		err->offset = offset < re.n ? offset : re.n;
		return NULL;
	}
	return p;
}

/* Free a pattern. */
void
pattern_free(struct pattern *p)
{
	if (p == NULL)
		return;
	if (p->late != NULL) {
		pcre2_code_free(atomic_load(&p->late->quick));
		pcre2_code_free(atomic_load(&p->late->watched));
		free(atomic_load(&p->late->effort));
	}
	free(p->late);
	free(p->re);
	pcre2_code_free(p->code);
	free(p);
}

/* The code with what the JIT makes of it: most patterns of a large set are never asked about. */
const pcre2_code *
pattern_quick(const struct pattern *p)
{
	pcre2_code *code = atomic_load(&p->late->quick), *other = NULL;

	if (code != NULL)
		return code;
	code = pcre2_code_copy(p->code);
	if (code == NULL)
		return p->code;
	pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	if (atomic_compare_exchange_strong(&p->late->quick, &other, code))
		return code;
	pcre2_code_free(code); /* another thread was faster */
	return other;
}

/* Work out what a search for it may have to do, and keep it if there is memory. */
struct effort
pattern_effort(const struct pattern *p)
{
	struct slice re = slice_of(p->re, p->nre);
	struct effort *e = atomic_load(&p->late->effort), *other = NULL, made;
	struct arena a;

	if (e != NULL)
		return *e;
	arena_init(&a, 0);
	made = effort_of(syntax_tree(re, p->flags, NULL, &a), re);
	arena_free(&a);
	e = malloc(sizeof(*e));
	if (e != NULL)
		*e = made;
	if (e != NULL && !atomic_compare_exchange_strong(&p->late->effort, &other, e))
		free(e); /* another thread was faster */
	return made;
}

/* Number of capturing groups. */
unsigned
pattern_groups(const struct pattern *p)
{
	return p->groups;
}

/* Number of the group so named. */
unsigned
pattern_group(const struct pattern *p, struct slice name)
{
	char text[GROUP_NAME_MAX + 1];
	int number;

	if (name.n > GROUP_NAME_MAX)
		return 0;
	snprintf(text, sizeof(text), "%.*s", SLICE_ARG(name));
	number = pcre2_substring_number_from_name(p->code, (PCRE2_SPTR)text);
	return number > 0 ? (unsigned)number : 0;
}

/* True if ^ ties the match to the start of the text. */
bool
pattern_is_anchored(const struct pattern *p)
{
	uint32_t options = 0;

	pcre2_pattern_info(p->code, PCRE2_INFO_ALLOPTIONS, &options);
	return p->caret && (options & PCRE2_ANCHORED);
}

/* True if each match begins with a line feed or has one that PCRE2 knows it can't do without. */
bool
pattern_needs_newline(const struct pattern *p)
{
	uint32_t first_type = 0, first = 0, last_type = 0, last = 0;

	pcre2_pattern_info(p->code, PCRE2_INFO_FIRSTCODETYPE, &first_type);
	pcre2_pattern_info(p->code, PCRE2_INFO_FIRSTCODEUNIT, &first);
	pcre2_pattern_info(p->code, PCRE2_INFO_LASTCODETYPE, &last_type);
	pcre2_pattern_info(p->code, PCRE2_INFO_LASTCODEUNIT, &last);
	return (first_type == 1 && first == '\n') || (last_type == 1 && last == '\n');
}

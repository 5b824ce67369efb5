/*
 * pattern.c - PCRE2 patterns
 *
 * Newlines are line feeds as in Perl, whatever PCRE2 was built for. In UTF mode classes such as \w
 * and \b know the letters of all languages (PCRE2_UCP). \C is refused, it could cut a character; in
 * byte mode (*UTF) is refused, since the subject need not be valid.
 *
 * Matching needs memory that threads can't share: match data, a match context with the limits, and
 * a stack for the code that the JIT made. Each thread makes its own at its first match, gives it to
 * whatever pattern it asks next, and frees it when it ends. libmilter's threads come and go, and
 * the JIT's stack is mapped and unmapped with them: so it is made only when a match wants more than
 * the 32 KB that PCRE2 takes of the thread's own.
 */
#include "match/pattern.h"

#include "base/limits.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define JIT_STACK_START 65536 /* bytes; grows to LIMIT_JIT_STACK */
#define GROUP_NAME_MAX 32     /* bytes of a group's name in PCRE2 */

struct pattern {
	pcre2_code *code;
	unsigned groups;
	bool caret; /* begins with ^, maybe within parentheses */
};

/* What a thread needs to match. */
struct scratch {
	pcre2_match_context *context;
	pcre2_match_data *data;
	pcre2_jit_stack *stack; /* NULL as long as the thread's own was enough */
	unsigned groups;	/* that data has room for */
};

static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;
static pthread_key_t scratch_key;
static bool scratch_has_key;

/* Free a thread's scratch memory. */
static void
scratch_free(void *p)
{
	struct scratch *s = p;

	pcre2_match_data_free(s->data);
	pcre2_jit_stack_free(s->stack);
	pcre2_match_context_free(s->context);
	free(s);
}

/* Make the key under which threads keep their scratch memory. */
static void
make_key(void)
{
	scratch_has_key = pthread_key_create(&scratch_key, scratch_free) == 0;
}

/* New scratch memory for the calling thread. */
static struct scratch *
scratch_new(void)
{
	struct scratch *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->context = pcre2_match_context_create(NULL);
	s->groups = LIMIT_CAPTURES;
	s->data = pcre2_match_data_create(s->groups + 1, NULL);
	if (s->context == NULL || s->data == NULL || pthread_setspecific(scratch_key, s) != 0) {
		scratch_free(s);
		return NULL;
	}
	pcre2_set_match_limit(s->context, LIMIT_MATCH);
	pcre2_set_depth_limit(s->context, LIMIT_MATCH_DEPTH);
	pcre2_set_heap_limit(s->context, LIMIT_MATCH_HEAP_KB);
	return s;
}

/* Give the JIT's code a stack of its own; false if it has one, or if there is no memory. */
static bool
scratch_add_stack(struct scratch *s)
{
	if (s->stack != NULL)
		return false;
	s->stack = pcre2_jit_stack_create(JIT_STACK_START, LIMIT_JIT_STACK, NULL);
	if (s->stack != NULL)
		pcre2_jit_stack_assign(s->context, NULL, s->stack);
	return s->stack != NULL;
}

/* The calling thread's scratch memory, with room for so many groups; NULL if there is no memory. */
static struct scratch *
scratch_get(unsigned groups)
{
	struct scratch *s;

	pthread_once(&scratch_once, make_key);
	if (!scratch_has_key)
		return NULL;
	s = pthread_getspecific(scratch_key);
	if (s == NULL)
		s = scratch_new();
	if (s != NULL && groups > s->groups) {
		pcre2_match_data *data = pcre2_match_data_create(groups + 1, NULL);

		if (data == NULL)
			return NULL;
		pcre2_match_data_free(s->data);
		s->data = data;
		s->groups = groups;
	}
	return s;
}

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

/* Compile with PCRE2; NULL with its error number and offset. */
static pcre2_code *
compile(struct slice re, unsigned flags, int *error, size_t *offset)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	pcre2_code *code = NULL;

	*error = PCRE2_ERROR_NOMEMORY;
	*offset = 0;
	if (context == NULL)
		return NULL;
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	pcre2_set_max_pattern_length(context, LIMIT_PATTERN);
	code = pcre2_compile((PCRE2_SPTR)re.p, re.n, options_of(flags), error, offset, context);
	pcre2_compile_context_free(context);
	return code;
}

/* Compile a pattern. */
struct pattern *
pattern_compile(struct slice re, unsigned flags, struct pattern_error *err)
{
	struct pattern *p = calloc(1, sizeof(*p));
	int error = PCRE2_ERROR_NOMEMORY;
	size_t offset = 0;
	uint32_t groups;

	if (p != NULL)
		p->code = compile(re, flags, &error, &offset);
	if (p == NULL || p->code == NULL) {
		free(p);
		pcre2_get_error_message(error, (PCRE2_UCHAR *)err->message, sizeof(err->message));
		err->offset = offset < re.n ? offset : re.n;
		return NULL;
	}
	/* without it PCRE2 interprets: slower, the same answers */
	pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE);
	pcre2_pattern_info(p->code, PCRE2_INFO_CAPTURECOUNT, &groups);
	p->groups = groups;
	p->caret = begins_with_caret(re, flags & PATTERN_EXTENDED);
	return p;
}

/* Free a pattern. */
void
pattern_free(struct pattern *p)
{
	if (p == NULL)
		return;
	pcre2_code_free(p->code);
	free(p);
}

/* Search from an offset on; the match is in s->data on MATCH_YES. */
static enum match
search(
    const struct pattern *p, struct slice subject, size_t from, uint32_t options, struct scratch *s)
{
	PCRE2_SPTR text = (PCRE2_SPTR)(subject.p != NULL ? subject.p : "");
	int rc;

	do
		rc = pcre2_match(p->code, text, subject.n, from, options | PCRE2_NO_UTF_CHECK,
		    s->data, s->context);
	while (rc == PCRE2_ERROR_JIT_STACKLIMIT && scratch_add_stack(s));
	if (rc == PCRE2_ERROR_NOMATCH)
		return MATCH_NO;
	return rc < 0 ? MATCH_ERROR : MATCH_YES;
}

/* Search the subject. */
enum match
pattern_match(const struct pattern *p, struct slice subject)
{
	return pattern_capture(p, subject, NULL, 0);
}

/* Search the subject and tell what the groups took. */
enum match
pattern_capture(const struct pattern *p, struct slice subject, struct slice *caps, size_t ncaps)
{
	struct scratch *s = scratch_get(p->groups);
	enum match m = s != NULL ? search(p, subject, 0, 0, s) : MATCH_ERROR;

	if (m != MATCH_YES)
		return m;

	const size_t *ends = pcre2_get_ovector_pointer(s->data);

	for (size_t i = 0; i < ncaps; i++) {
		caps[i] = SLICE_ABSENT;
		if (i > p->groups || ends[2 * i] == PCRE2_UNSET)
			continue;

		/* \K can put the start of a match behind its end */
		size_t start = ends[2 * i], end = ends[2 * i + 1];

		caps[i] = slice_of(
		    (subject.p != NULL ? subject.p : "") + start, end > start ? end - start : 0);
	}
	return m;
}

/* Count matches; after an empty one the next must not be empty at the same place, as in Perl. */
enum match
pattern_count(const struct pattern *p, struct slice subject, size_t max, size_t *count)
{
	struct scratch *s = scratch_get(p->groups);
	uint32_t options = 0;
	size_t from = 0;

	*count = 0;
	if (s == NULL)
		return MATCH_ERROR;
	while (*count < max) {
		enum match m = search(p, subject, from, options, s);

		if (m == MATCH_ERROR)
			return MATCH_ERROR;
		if (m == MATCH_NO)
			break;
		(*count)++;

		const size_t *ends = pcre2_get_ovector_pointer(s->data);

		if (options != 0 && ends[1] <= from)
			break; /* \K in odd places: it would not end */
		options = ends[1] <= ends[0] ? PCRE2_NOTEMPTY_ATSTART : 0;
		from = ends[1] > from ? ends[1] : from;
	}
	return *count > 0 ? MATCH_YES : MATCH_NO;
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

/*
 * inquiry.h - what one check asks of the DNS: its limits, its trace, and what ended it
 *
 * The first trouble is the result of the check. What runs into it returns at once, whatever the
 * value, and whoever called that looks at `over`.
 */
#pragma once

#include "base/limits.h"
#include "spf/spf.h"

/* for "%.*s": as much of a term as a sentence shows */
#define SPF_SHOWN(s) ((s).n < 80 ? (int)(s).n : 80), (s).p

struct inquiry {
	struct resolver *resolver;
	uint64_t deadline;		/* of clock_us() */
	const struct spf_trace *trace;	/* NULL: nobody listens */
	unsigned depth;			/* of includes, for the trace */
	unsigned lookups;		/* terms that ask the DNS */
	unsigned voids;			/* of which found nothing */
	unsigned queries;		/* questions in all */
	bool over;			/* there was trouble */
	enum spf_result result;		/* then: none, temperror or permerror */
	char trouble[LIMIT_SPF_REASON]; /* and what it was */
};

/* Tell the trouble that ends the check; only the first counts. */
void inquiry_trouble(struct inquiry *q, enum spf_result result, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Count a term that asks the DNS, as its record writes it; false if it is one too many. */
bool inquiry_term(struct inquiry *q, struct slice term);

/* Count a term that found nothing. */
void inquiry_void(struct inquiry *q, struct slice term);

/* Begin to ask; inquiry_end must follow. */
void inquiry_start(
    struct inquiry *q, struct question *question, struct slice name, enum dns_type type);

/* Wait for the answer. */
enum dns_status inquiry_wait(struct inquiry *q, struct question *question);

void inquiry_end(struct inquiry *q, struct question *question);

/* Both: begin and wait. inquiry_end must follow. */
enum dns_status inquiry_ask(
    struct inquiry *q, struct question *question, struct slice name, enum dns_type type);

/* A question without an answer is trouble. */
void inquiry_failed(struct inquiry *q, const struct question *question);

/* Tell the trace, if there is one, a line. */
void inquiry_tell(struct inquiry *q, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Make n bytes printable ASCII, in place. */
struct slice spf_printable(char *p, size_t n);

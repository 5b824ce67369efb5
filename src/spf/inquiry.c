/*
 * inquiry.c - what one check asks of the DNS
 */
#include "spf/inquiry.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>

struct slice
spf_printable(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] < ' ' || p[i] > '~')
			p[i] = '?';
	return slice_of(p, n);
}

void
inquiry_trouble(struct inquiry *q, enum spf_result result, const char *fmt, ...)
{
	va_list ap;

	if (q->over)
		return;
	q->over = true;
	q->result = result;
	va_start(ap, fmt);
	vsnprintf(q->trouble, sizeof(q->trouble), fmt, ap);
	va_end(ap);
	inquiry_tell(q, "%s: %s", spf_result_name(result), q->trouble);
}

bool
inquiry_term(struct inquiry *q, struct slice term)
{
	if (q->lookups == LIMIT_SPF_TERMS) {
		inquiry_trouble(q, SPF_PERMERROR,
		    "more than %d terms ask the DNS (the next is \"%.*s\")", LIMIT_SPF_TERMS,
		    SPF_SHOWN(term));
		return false;
	}
	q->lookups++;
	return true;
}

void
inquiry_void(struct inquiry *q, struct slice term)
{
	if (q->over)
		return; /* there was no time left to ask */
	q->voids++;
	inquiry_tell(q, "  nothing found, %u of %d", q->voids, LIMIT_SPF_VOIDS);
	if (q->voids > LIMIT_SPF_VOIDS)
		inquiry_trouble(q, SPF_PERMERROR,
		    "more than %d terms find nothing in the DNS (the last is \"%.*s\")",
		    LIMIT_SPF_VOIDS, SPF_SHOWN(term));
}

/* True if one more question may be asked. */
static bool
may_ask(struct inquiry *q)
{
	if (q->queries == LIMIT_SPF_QUERIES)
		inquiry_trouble(
		    q, SPF_PERMERROR, "more than %d questions to the DNS", LIMIT_SPF_QUERIES);
	else if (clock_us() >= q->deadline)
		inquiry_trouble(q, SPF_TEMPERROR, "the time for this check is up");
	return !q->over;
}

/* Set a question up, and count it. */
static void
set_up(struct inquiry *q, struct question *question, struct slice name, enum dns_type type)
{
	/* the resolver knows without asking that there is no empty name */
	*question = (struct question){ .name = may_ask(q) ? name : SLICE(""), .type = type };
	q->queries += question->name.n > 0;
}

void
inquiry_start(struct inquiry *q, struct question *question, struct slice name, enum dns_type type)
{
	set_up(q, question, name, type);
	resolver_start(q->resolver, question);
}

/* Write a record as an admin knows it; returns its length. */
static size_t
show_record(enum dns_type type, const struct dns_record *r, char *out, size_t size)
{
	char address[INET6_ADDRSTRLEN];
	int n = 0;

	if (type == DNS_A || type == DNS_AAAA)
		n = snprintf(out, size, "%s",
		    inet_ntop(
			type == DNS_A ? AF_INET : AF_INET6, r->data.p, address, sizeof(address)));
	else if (type == DNS_MX)
		n = snprintf(out, size, "%u %.*s.", r->preference, SLICE_ARG(r->data));
	else if (type == DNS_TXT)
		n = snprintf(out, size, "\"%.*s\"", SLICE_ARG(r->data));
	else
		n = snprintf(out, size, "%.*s.", SLICE_ARG(r->data));
	return (size_t)n < size ? (size_t)n : size - 1;
}

/* Tell what was asked and what the answer is. */
static void
tell_answer(struct inquiry *q, const struct question *question)
{
	const struct dns_answer *a = &question->answer;
	char text[LIMIT_SPF_TRACE];
	size_t n = 0;

	if (a->status != DNS_DATA) {
		inquiry_tell(q, "  DNS %s %.*s: %s", dns_type_name(question->type),
		    SLICE_ARG(question->name),
		    a->status == DNS_NODATA	  ? "none"
			: a->status == DNS_FAILED ? a->cause
						  : "no such name");
		return;
	}
	for (size_t i = 0; i < a->n && n < sizeof(text) - 3; i++) {
		if (i > 0)
			n += (size_t)snprintf(text + n, 3, ", ");
		n += show_record(question->type, &a->v[i], text + n, sizeof(text) - n);
	}
	inquiry_tell(q, "  DNS %s %.*s: %.*s", dns_type_name(question->type),
	    SLICE_ARG(question->name), (int)n, text);
}

/* There is an answer. */
static enum dns_status
answered(struct inquiry *q, const struct question *question)
{
	if (q->trace != NULL && question->name.n > 0)
		tell_answer(q, question);
	if (question->answer.status == DNS_FAILED && clock_us() >= q->deadline)
		inquiry_trouble(q, SPF_TEMPERROR,
		    "the time for this check was up before the DNS answered for %s of %.*s",
		    dns_type_name(question->type), SLICE_ARG(question->name));
	return question->answer.status;
}

enum dns_status
inquiry_wait(struct inquiry *q, struct question *question)
{
	resolver_wait(q->resolver, question, q->deadline);
	return answered(q, question);
}

void
inquiry_end(struct inquiry *q, struct question *question)
{
	resolver_end(q->resolver, question);
}

enum dns_status
inquiry_ask(struct inquiry *q, struct question *question, struct slice name, enum dns_type type)
{
	set_up(q, question, name, type);
	resolver_ask(q->resolver, question, q->deadline);
	return answered(q, question);
}

void
inquiry_failed(struct inquiry *q, const struct question *question)
{
	inquiry_trouble(q, SPF_TEMPERROR, "DNS lookup of %s for %.*s failed: %s",
	    dns_type_name(question->type), SLICE_ARG(question->name), question->answer.cause);
}

void
inquiry_tell(struct inquiry *q, const char *fmt, ...)
{
	char line[LIMIT_SPF_TRACE];
	va_list ap;
	int n;

	if (q->trace == NULL)
		return;
	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof(line)) {
		n = (int)sizeof(line) - 1;
		memcpy(line + n - 3, "...", 3);
	}
	q->trace->line(q->trace->ctx, q->depth, spf_printable(line, (size_t)n));
}

/*
 * macro.h - macros of SPF records and explanations (RFC 7208 section 7)
 */
#pragma once

#include "base/ip.h"
#include "base/limits.h"

#include <time.h>

/* What macros stand for. */
struct spf_macros {
	const struct ip *client;		/* %{i}, %{c}, %{v} */
	struct slice sender, local, domain;	/* %{s}, %{l}, %{o} */
	struct slice current;			/* %{d} */
	struct slice helo;			/* %{h} */
	struct slice receiver;			/* %{r} */
	time_t now;				/* %{t} */
	struct slice (*client_name)(void *ctx); /* %{p}, called for it alone */
	void *ctx;
};

/* What is wrong with a domain-spec, as in `has a "%" that begins no macro`; NULL: nothing. *at gets
 * the offset of where. */
const char *spf_macro_check_name(struct slice spec, size_t *at);

/* The same of an explanation, or (not explanation) of the value of an unknown modifier, which
 * holds no blanks. */
const char *spf_macro_check_text(struct slice text, bool explanation, size_t *at);

/* Expand a domain-spec that was checked, into a name without a dot at its end, labels cut from the
 * left if it is too long. What comes out need not be a name that can be asked for. Absent: it
 * holds a local part that is not ASCII, and so stands for no name (RFC 8616 4). */
struct slice spf_macro_name(
    struct slice spec, const struct spf_macros *m, char out[LIMIT_DNS_NAME + 1]);

/* Expand an explanation that was checked; what goes beyond size is cut. */
struct slice spf_macro_text(struct slice text, const struct spf_macros *m, char *out, size_t size);

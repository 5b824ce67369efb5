/*
 * term.h - what a mechanism means for a client
 */
#pragma once

#include "spf/inquiry.h"
#include "spf/macro.h"
#include "spf/record.h"

/* A name that a term is about, and room for it. */
struct spf_target {
	struct slice name; /* absent: the term is about no name (see spf_macro_name) */
	char room[LIMIT_DNS_NAME + 1];
};

/* Expand a term's domain-spec; without one it is the current domain. Trouble: %{p} asks the DNS. */
void spf_term_target(struct inquiry *q, const struct spf_macros *m, const struct spf_term *t,
    struct spf_target *out);

/* True if a mechanism that needs no DNS (all, ip4, ip6) matches. */
bool spf_term_includes(const struct spf_term *t, const struct ip *client);

/* True if a, mx, ptr or exists matches. Trouble. */
bool spf_term_matches(struct inquiry *q, const struct spf_macros *m, const struct spf_term *t);

/* The name of the client, for %{p}: the one that is `domain`, else one below it, else another; of
 * those that the DNS confirms (RFC 7208 5.5). Absent: none. */
struct slice spf_client_name(
    struct inquiry *q, const struct ip *client, struct slice domain, char out[LIMIT_DNS_NAME + 1]);

/*
 * identity.h - whom a check is about
 */
#pragma once

#include "spf/macro.h"
#include "spf/spf.h"

/* Find out from the query what macros stand for (but for the time and %{p}), and the domain to
 * check: m->domain. Then, or if there is no such domain, *out is filled in, as much as is known.
 * Texts live in a. */
bool spf_identify(const struct spf_query *q, const char *receiver, struct arena *a,
    struct spf_macros *m, struct spf_answer *out);

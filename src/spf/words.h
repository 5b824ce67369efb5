/*
 * words.h - the answer of a check in words
 */
#pragma once

#include "spf/walk.h"

struct spf_words {
	char why[LIMIT_SPF_REASON + 1];
	char explanation[LIMIT_SPF_REASON + 1]; /* empty: none */
	char mechanism[LIMIT_SPF_REASON + 1];	/* empty: none matched */
};

/* Say what the end of a walk means. The explanation of a fail is asked for now. */
void spf_words(struct spf_walk *w, enum spf_result result, struct spf_words *out);

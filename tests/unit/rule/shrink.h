/*
 * shrink.h - make a failing case small
 */
#pragma once

#include "random_rules.h"

/* True if the case still fails. */
typedef bool fails_fn(const struct ruleset *rs, const struct rsession *ss);

/* Take away rules, conditions, messages… as long as it still fails. */
void shrink(struct ruleset *rs, struct rsession *ss, fails_fn *fails);

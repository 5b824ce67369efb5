/*
 * relax.h - a pattern in a plainer form that matches at least as much
 *
 * For libhs, whose reading of a pattern need not be PCRE2's: what is written has nothing in it but
 * bytes, sets of bytes, groups, branches, repetitions, and ^ and $.
 */
#pragma once

#include "base/buf.h"
#include "match/syntax.h"

/* Write a tree. With anchors, ^ and $ stand where the pattern has them;
 * without, nothing does. */
void relax_write(const struct node *tree, bool anchors, struct buf *out);

/*
 * html_entity.h - character references of HTML: &amp; &#65; &#x41;
 */
#pragma once

#include "base/arena.h"

#define HTML_ENTITY_BYTES 8 /* of UTF-8 that one may stand for */

/* Read the one at the start of s, which begins with `&`; returns its length, 0 if it is none. out
 * gets what it stands for, *n bytes. In an attribute what looks like `&name=` is none (13.2.5.73).
 */
size_t html_entity(struct slice s, bool in_attribute, char out[HTML_ENTITY_BYTES], size_t *n);

/* An attribute's value with its entities undone, up to max bytes of it: *cut is set if there were
 * more. A piece of s if there are none; absent on lack of memory. */
struct slice html_unescape(struct slice s, size_t max, struct arena *a, bool *cut);

/*
 * html_colour.h - colours by name
 */
#pragma once

#include "base/slice.h"

#include <stdint.h>

/* The colour of a name in lower case; HTML_COLOUR_UNKNOWN (see html_style.h) if there is none. */
int32_t html_colour_named(struct slice name);

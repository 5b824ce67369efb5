/*
 * name.c - what can be a name in the DNS
 *
 * Only lengths are looked at: which bytes make sense in a name depends on what it is used for.
 */
#include "dns/name.h"

#include "base/limits.h"

struct slice
name_trim(struct slice s)
{
	if (s.n > 0 && s.p[s.n - 1] == '.')
		s.n--;
	return s;
}

enum name_error
name_check(struct slice name, struct slice *label)
{
	struct slice rest = name_trim(name), part;

	if (rest.n > LIMIT_DNS_NAME)
		return NAME_TOO_LONG;
	do {
		part = slice_cut(rest, '.', &rest);
		if (label != NULL)
			*label = part;
		if (part.n == 0)
			return NAME_EMPTY_LABEL;
		if (part.n > LIMIT_DNS_LABEL)
			return NAME_LONG_LABEL;
	} while (rest.p != NULL);
	return NAME_OK;
}

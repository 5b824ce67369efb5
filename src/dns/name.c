/*
 * name.c - what can be a name in the DNS
 *
 * Only lengths are checked: which bytes make sense in a name depends on what it is used for.
 */
#include "dns/name.h"

#include "base/limits.h"

#include <idn2.h>

struct slice
name_trim(struct slice s)
{
	if (s.n > 0 && s.p[s.n - 1] == '.')
		s.n--;
	return s;
}

struct slice
name_to_ascii(struct slice name, struct arena *a)
{
	struct slice text;
	uint8_t *ascii = NULL;
	int status;

	if (slice_is_ascii(name) || memchr(name.p, '\0', name.n) != NULL)
		return name;
	text = arena_slice(a, name);
	if (text.p == NULL)
		return text;
	status =
	    idn2_lookup_u8((const uint8_t *)text.p, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (status == IDN2_OK)
		text = arena_slice(a, slice_str((const char *)ascii));
	else if (status == IDN2_MALLOC)
		text = SLICE_ABSENT;
	idn2_free(ascii);
	return text;
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

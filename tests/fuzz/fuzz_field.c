/*
 * fuzz_field.c - the values of header fields, and charsets
 *
 * The first line of an input names a charset or a parameter; what follows is the value of a field,
 * of any kind.
 */
#include "fuzz.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "mail/charset.h"
#include "mail/field.h"

/* What must be true of a text from a field. */
static void
check_text(struct slice s)
{
	assert(s.p != NULL && utf8_valid(s));
	for (size_t i = 0; i < s.n; i++)
		assert((unsigned char)s.p[i] >= ' ' && s.p[i] != 0x7f);
}

static void
check_mailbox(const struct field_mailbox *m)
{
	assert(m->name.n + m->addr.n > 0);
	assert(m->local.p == m->addr.p && m->local.n <= m->addr.n);
	assert(m->domain.n == 0 || m->domain.p[m->domain.n - 1] != '.');
	if (m->local.n < m->addr.n) {
		assert(m->addr.p[m->local.n] == '@');
		assert(m->domain.p == m->local.p + m->local.n + 1);
		assert(m->addr.n == m->local.n + 1 + m->domain.n);
	}
	check_text(m->addr);
	if (m->name.p != NULL)
		check_text(m->name);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice value, name = slice_cut(slice_of((const char *)data, size), '\n', &value), s;
	struct field_mailbox *v;
	struct arena a;
	size_t n;
	bool cut;

	if (value.p == NULL)
		return 0;
	arena_init(&a, 0);
	s = charset_to_utf8(value, name, &a);
	assert(s.p != NULL && utf8_valid(s) && s.n <= 3 * value.n + 3);
	check_text(field_decode(value, &a));
	check_text(field_token(value, &a));
	if (field_parameter(value, name, &a, &s))
		check_text(s);
	n = field_addresses(value, &a, &v, &cut);
	assert(n <= LIMIT_MAILBOXES);
	for (size_t i = 0; i < n; i++)
		check_mailbox(&v[i]);
	arena_free(&a);
	return 0;
}

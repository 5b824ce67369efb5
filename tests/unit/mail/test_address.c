/*
 * test_address.c - the mailboxes of an address field
 */
#include "mail/field.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "linear.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* A field, and its mailboxes: `name <addr>` or `<addr>`, with `; ` between. */
struct row {
	const char *raw, *mailboxes;
};

/* What must be true of each mailbox: its parts are those of its address. */
static void
check(const struct field_mailbox *m, const char *raw)
{
	bool at = m->addr.n > m->local.n;

	if (m->name.n + m->addr.n == 0 || m->local.p != m->addr.p ||
	    (at && m->addr.p[m->local.n] != '@') ||
	    m->addr.n != m->local.n + m->domain.n + (at ? 1 : 0) || !utf8_valid(m->addr) ||
	    !utf8_valid(m->name) || (m->domain.n > 0 && m->domain.p[m->domain.n - 1] == '.'))
		fail_msg("%s: %.*s", raw, SLICE_ARG(m->addr));
}

static void
expect(const struct row *rows, size_t n)
{
	struct buf got = { 0 };
	struct field_mailbox *v;
	struct arena a;
	bool cut;

	arena_init(&a, 0);
	for (size_t i = 0; i < n; i++) {
		size_t count = field_addresses(slice_str(rows[i].raw), &a, &v, &cut);

		buf_clear(&got);
		for (size_t k = 0; k < count; k++) {
			check(&v[k], rows[i].raw);
			buf_printf(&got, "%s%.*s%s<%.*s>", k > 0 ? "; " : "", SLICE_ARG(v[k].name),
			    v[k].name.p != NULL ? " " : "", SLICE_ARG(v[k].addr));
		}
		assert_false(cut);
		if (!slice_eq(buf_slice(&got), slice_str(rows[i].mailboxes)))
			fail_msg("%s: \"%.*s\", not \"%s\"", rows[i].raw,
			    SLICE_ARG(buf_slice(&got)), rows[i].mailboxes);
	}
	buf_free(&got);
	arena_free(&a);
}

static void
reads_mailboxes(void **state)
{
	static const struct row rows[] = {
		{ NULL, "" },
		{ "", "" },
		{ " , ,", "" },
		{ "a@b.example", "<a@b.example>" },
		{ "<a@b>", "<a@b>" },
		{ "Anna <a@b>", "Anna <a@b>" },
		{ "Anna Berg<a@b>,c@d", "Anna Berg <a@b>; <c@d>" },
		{ "\"Berg, Anna\" <a@b>", "Berg, Anna <a@b>" },
		{ "\"Anna \\\"A\\\" Berg\" <a@b>", "Anna \"A\" Berg <a@b>" },
		{ "Anna \"A\" Berg <a@b>", "Anna A Berg <a@b>" },
		{ "Anna (of here) Berg <a@b>", "Anna Berg <a@b>" },
		{ "a@b (Anna)", "Anna <a@b>" },
		{ "a@b (Anna (A\\)) Berg)", "Anna (A)) Berg <a@b>" },
		{ "(Anna) <a@b>", "Anna <a@b>" },
		{ "\"\" <a@b> (Anna)", "Anna <a@b>" },
		{ "Anna\r\n Berg\r\n\t<a@b>", "Anna Berg <a@b>" },
		{ "J. R. Doe <a@b>", "J. R. Doe <a@b>" },
		/* the parts of an address */
		{ "A@B.Example.", "<A@B.Example>" },
		{ "a @ b . example", "<a@b.example>" },
		{ "a (x) @ (y) b", "x y <a@b>" },
		{ "Mr . Doe @ b", "<Mr.Doe@b>" },
		{ "\"abc\"@d", "<abc@d>" },
		{ "\"a b\"@c", "<\"a b\"@c>" },
		{ "N <\"a@b\"@c>", "N <\"a@b\"@c>" },
		{ "a@[192.0.2.1]", "<a@[192.0.2.1]>" },
		{ "<@r.example,@s:a@b>", "<a@b>" },
		{ "\xc3\xa9va@caf\xc3\xa9.example", "<éva@café.example>" },
		{ "\xe9va@b", "<éva@b>" },
		/* groups */
		{ "undisclosed-recipients:;", "" },
		{ "friends: a@b, Carl <c@d>;, e@f", "<a@b>; Carl <c@d>; <e@f>" },
		{ "\"our: friends\":a@b;g:c@d;", "<a@b>; <c@d>" },
		{ "g:g:a@b;;", "<a@b>" },
		{ "g:(nobody); (the end)", "" },
		/* local names */
		{ "root", "<root>" },
		{ "root, a@b", "<root>; <a@b>" },
		{ "MAILER-DAEMON (Mail)", "Mail <MAILER-DAEMON>" },
	};

	(void)state;
	expect(rows, COUNT(rows));
}

static void
decodes_names(void **state)
{
	static const struct row rows[] = {
		{ "=?utf-8?q?caf=C3=A9?= <a@b>", "café <a@b>" },
		{ "\"=?utf-8?q?caf=C3=A9?=\" <a@b>", "café <a@b>" },
		{ "=?utf-8?q?caf=C3?= =?utf-8?q?=A9?=<a@b>", "café <a@b>" },
		{ "=?utf-8?q?Doe,_Jane_(x)?= <a@b>", "Doe, Jane (x) <a@b>" },
		{ "=?utf-8?q?Doe, Jane?= <a@b>", "Doe, Jane <a@b>" },
		{ "=?utf-8?q?Doe\"?= <a@b>, \"x\" <c@d>", "Doe\" <a@b>; x <c@d>" },
		{ "a@b (=?utf-8?q?caf=C3=A9?=)", "café <a@b>" },
		{ "J\xe9r\xf4me <a@b>", "Jérôme <a@b>" },
		{ "=?utf-8?q?a=00=0Ab?= <a@b>", "a\xef\xbf\xbd b <a@b>" },
		{ "=?utf-8?q?_?= <a@b>", "<a@b>" },
		/* where none may be */
		{ "=?utf-8?b?Y2VvQGJhbms=?==?utf-8?q?=00?=@evil.example",
		    "<ceo@bank\xef\xbf\xbd@evil.example>" },
		{ "<ceo@=?utf-8?q?bank?=.example>", "<ceo@bank.example>" },
	};

	(void)state;
	expect(rows, COUNT(rows));
}

/* A name is not an address, whatever it looks like. */
static void
sees_through_forgeries(void **state)
{
	static const struct row rows[] = {
		{ "\"ceo@bank.example\" <x@evil.example>", "ceo@bank.example <x@evil.example>" },
		{ "ceo@bank.example <x@evil.example>", "ceo@bank.example <x@evil.example>" },
		{ "=?utf-8?q?ceo=40bank.example?= <x@evil.example>",
		    "ceo@bank.example <x@evil.example>" },
		{ "=?utf-8?q?=3Cceo=40bank.example=3E?= <x@evil.example>",
		    "<ceo@bank.example> <x@evil.example>" },
		{ "\"CEO <ceo@bank.example>\" <x@evil.example>",
		    "CEO <ceo@bank.example> <x@evil.example>" },
		{ "x@evil.example (CEO <ceo@bank.example>)",
		    "CEO <ceo@bank.example> <x@evil.example>" },
		{ "\"CEO\" (<ceo@bank.example>) <x@evil.example>", "CEO <x@evil.example>" },
		{ "=?utf-8?q?CEO_=3Cceo=40bank.example=3E?=", "CEO <ceo@bank.example> <>" },
		{ "CEO <ceo@bank.example> <x@evil.example>",
		    "CEO <ceo@bank.example>; <x@evil.example>" },
		{ "ceo@bank.example, x@evil.example", "<ceo@bank.example>; <x@evil.example>" },
		{ "ceo@bank.example@evil.example", "<ceo@bank.example@evil.example>" },
		{ "<@bank.example:x@evil.example>", "<x@evil.example>" },
		{ "Bank: Security <x@evil.example>", "Bank: Security <x@evil.example>" },
		{ "\"Bank\"", "Bank <>" },
		{ "Bank Security", "Bank Security <>" },
		{ "Bank <>", "Bank <>" },
	};

	(void)state;
	expect(rows, COUNT(rows));
}

static void
reads_broken_mailboxes(void **state)
{
	static const struct row rows[] = {
		{ "<>", "" },
		{ "<c@d> x", "x <c@d>" },
		{ "N <c@d> x", "N <c@d>" },
		{ "N <c@d> x y@z", "N <c@d>; x <y@z>" },
		{ "N <c@d", "N <c@d>" },
		{ "N <c@d, M <e@f>", "N <c@d>; M <e@f>" },
		{ "N <c@d, e@f", "N <c@d>; <e@f>" },
		{ "<<a@b>>", "<a@b>" },
		{ "<a@b, c@d>", "<a@b>; <c@d>" },
		{ "N < a@b >", "N <a@b>" },
		{ "N <mailto:a@b>", "N <a@b>" },
		{ "Doe, John <j@d>", "Doe, John <j@d>" },
		{ "a@b, Doe, John <j@d>, e@f", "<a@b>; Doe, John <j@d>; <e@f>" },
		{ "a@b c@d", "<a@b>; <c@d>" },
		{ "a@b;c@d", "<a@b>; <c@d>" },
		{ "John a@b", "John <a@b>" },
		{ "\"Doe, John\" a@b", "Doe, John <a@b>" },
		{ "\"unterminated <a@b>", "unterminated <a@b>" },
		{ "(unterminated <a@b>", "(unterminated <a@b>" },
		{ "[list] Anna <a@b>", "[list] Anna <a@b>" },
		{ "[unterminated <a@b>", "[unterminated <a@b>" },
		{ "a@", "<a@>" },
		{ "@b", "<@b>" },
		{ "a@.", "<a@>" },
		{ "a@b..", "<a@b>" },
		{ "N <a b@c>", "N <a b@c>" },
	};

	(void)state;
	expect(rows, COUNT(rows));
}

static void
counts_mailboxes(void **state)
{
	struct field_mailbox *v;
	struct buf raw = { 0 };
	struct arena a;
	bool cut;

	(void)state;
	for (int i = 0; i < LIMIT_MAILBOXES; i++)
		buf_printf(&raw, "%sn%d <a%d@b>", i > 0 ? "," : "", i, i);
	arena_init(&a, 0);
	assert_int_equal(field_addresses(buf_slice(&raw), &a, &v, &cut), LIMIT_MAILBOXES);
	assert_false(cut);
	assert_true(slice_eq(v[LIMIT_MAILBOXES - 1].addr, SLICE("a999@b")));
	buf_str(&raw, ", ,");
	assert_int_equal(field_addresses(buf_slice(&raw), &a, &v, &cut), LIMIT_MAILBOXES);
	assert_false(cut);
	buf_str(&raw, "x@y");
	assert_int_equal(field_addresses(buf_slice(&raw), &a, &v, &cut), LIMIT_MAILBOXES);
	assert_true(cut);
	assert_true(slice_eq(v[0].name, SLICE("n0")));
	arena_free(&a);
	arena_init(&a, 1000);
	assert_true(field_addresses(buf_slice(&raw), &a, &v, &cut) < 20);
	assert_true(cut);
	arena_free(&a);
	buf_free(&raw);
}

/* A field that is one piece again and again, and an address. */
static void
read_field(const void *arg, size_t n)
{
	const char *const *pieces = arg;
	struct field_mailbox *v;
	struct buf raw = { 0 };
	struct arena a;
	bool cut;

	buf_str(&raw, pieces[0]);
	while (raw.n < n)
		buf_str(&raw, pieces[1]);
	buf_str(&raw, pieces[2]);
	arena_init(&a, 0);
	n = field_addresses(buf_slice(&raw), &a, &v, &cut);
	for (size_t i = 0; i < n; i++)
		check(&v[i], pieces[1]);
	arena_free(&a);
	buf_free(&raw);
}

static void
takes_linear_time(void **state)
{
	static const char *const pieces[][3] = {
		{ "", "a@b, ", "" },
		{ "", "(", "" },
		{ "", "(", ") <a@b>" },
		{ "", "()", "" },
		{ "", "<", "" },
		{ "", "<a", "" },
		{ "", "<a,", "" },
		{ "<", "a@b,", ">" },
		{ "<", "@a,", ":a@b>" },
		{ "", "<\"", "" },
		{ "", ",\"<", "" },
		{ "", "<@a:", "" },
		{ "", "<\\\"", "" },
		{ "", "<\\(", "" },
		{ "", "\\\",", "" },
		{ "", "(,", "" },
		{ "", "g:", "" },
		{ "", "g:", ";" },
		{ "", "\"", "" },
		{ "", "\"\\", "" },
		{ "", "a ", "<a@b>" },
		{ "", "a, ", "<a@b>" },
		{ "", "a, ", "a@b" },
		{ "", ",", "" },
		{ "", "@", "" },
		{ "", "a@b ", "" },
		{ "", "a . ", "@b" },
		{ "", "[", "" },
		{ "", "[a", "] <a@b>" },
		{ "", "=?u?q?", "" },
		{ "", "=?u?q?a\"(", "<a@b>" },
		{ "", "=?utf-8?q?a?= ", "<a@b>" },
		{ "", "<>", "" },
		{ "", "<a@b>", "" },
		{ "", "(<\"", "" },
		{ "", "\r\n ", "" },
		{ "", "\xe9 ", "<a@b>" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(pieces); i++)
		if (!is_linear(read_field, pieces[i], 200000))
			fail_msg("%s", pieces[i][1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_mailboxes),
		cmocka_unit_test(decodes_names),
		cmocka_unit_test(sees_through_forgeries),
		cmocka_unit_test(reads_broken_mailboxes),
		cmocka_unit_test(counts_mailboxes),
		cmocka_unit_test(takes_linear_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

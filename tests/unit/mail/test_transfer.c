/*
 * test_transfer.c - transfer encodings, whole and broken
 */
#include "mail/transfer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "linear.h"

/* Decode, by small steps and at once, and hold the size against it. */
static struct slice
decode(enum transfer how, struct slice s)
{
	static struct buf out;
	struct transfer_reader r = transfer_begin(how, s);
	struct buf steps = { 0 };
	char piece[64];
	size_t n;

	buf_clear(&out);
	transfer_decode(how, s, &out);
	while ((n = transfer_read(&r, piece, sizeof(piece))) > 0)
		buf_add(&steps, slice_of(piece, n));
	assert_true(slice_eq(buf_slice(&steps), buf_slice(&out)));
	assert_int_equal(transfer_size(how, s), out.n);
	buf_free(&steps);
	return buf_slice(&out);
}

static void
assert_decodes(enum transfer how, struct slice from, struct slice to)
{
	struct slice got = decode(how, from);

	if (!slice_eq(got, to))
		fail_msg("%.*s: %.*s, wanted %.*s", SLICE_ARG(from), SLICE_ARG(got), SLICE_ARG(to));
}

static void
names(void **state)
{
	(void)state;
	assert_int_equal(transfer_named(SLICE("base64")), TRANSFER_BASE64);
	assert_int_equal(transfer_named(SLICE("quoted-printable")), TRANSFER_QP);
	assert_int_equal(transfer_named(SLICE("x-uuencode")), TRANSFER_UU);
	assert_int_equal(transfer_named(SLICE("8bit")), TRANSFER_NONE);
	assert_int_equal(transfer_named(SLICE("base65")), TRANSFER_NONE);
	assert_int_equal(transfer_named(SLICE_ABSENT), TRANSFER_NONE);
}

static void
base64_of_any_sender(void **state)
{
	static const struct {
		struct slice from, to;
	} t[] = {
		{ SLICE("dmlhZ3Jh"), SLICE("viagra") },
		{ SLICE("dmlh\r\nZ3Jh\r\n"), SLICE("viagra") },
		{ SLICE("dmlhZw=="), SLICE("viag") },
		{ SLICE("dmlhZw"), SLICE("viag") },		 /* no padding */
		{ SLICE("dmlhZ3J"), SLICE("viagr") },		 /* broken off */
		{ SLICE("dmlhZ3Jhd"), SLICE("viagra") },	 /* six bits are no byte */
		{ SLICE("d-m*l h\x80Z3\0Jh"), SLICE("viagra") }, /* junk */
		{ SLICE("dmlhZw==cmE="), SLICE("viagra") },	 /* two pieces */
		{ SLICE("=dmlhZ3Jh"), SLICE("viagra") },
		{ SLICE("d=dmlhZ3Jh"), SLICE("viagra") },
		{ SLICE("AP+/+g=="), SLICE("\0\xff\xbf\xfa") },
		{ SLICE(""), SLICE("") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_decodes(TRANSFER_BASE64, t[i].from, t[i].to);
}

static void
every_byte_through_base64(void **state)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char from[4 * 256], to[3 * 256];

	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		unsigned bits = i << 16 | (255 - i) << 8 | (i * 7 & 255);

		for (unsigned j = 0; j < 4; j++)
			from[4 * i + j] = digits[bits >> (18 - 6 * j) & 63];
		for (unsigned j = 0; j < 3; j++)
			to[3 * i + j] = (char)(bits >> (16 - 8 * j));
	}
	assert_decodes(TRANSFER_BASE64, slice_of(from, sizeof(from)), slice_of(to, sizeof(to)));
}

static void
quoted_printable_of_any_sender(void **state)
{
	static const struct {
		struct slice from, to;
	} t[] = {
		{ SLICE("via=67ra =E2=82=AC=3D\r\n"), SLICE("viagra \xe2\x82\xac=\r\n") },
		{ SLICE("=e2=82=aC"), SLICE("\xe2\x82\xac") },
		{ SLICE("via=\r\ngra"), SLICE("viagra") },
		{ SLICE("via=\ngra"), SLICE("viagra") },
		{ SLICE("via= \t \r\ngra"),
		    SLICE("viagra") }, /* white space that came on the way */
		{ SLICE("via="), SLICE("via") },
		{ SLICE("via= "), SLICE("via") },
		{ SLICE("via=6"), SLICE("via=6") },
		{ SLICE("via=zz=67"), SLICE("via=zzg") },
		{ SLICE("via==67ra"), SLICE("via=gra") },
		{ SLICE("a = b"), SLICE("a = b") },
		{ SLICE("=00=ff\xff"), SLICE("\0\xff\xff") },
		{ SLICE(""), SLICE("") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_decodes(TRANSFER_QP, t[i].from, t[i].to);
}

static void
uuencode_of_any_sender(void **state)
{
	static const struct {
		struct slice from, to;
	} t[] = {
		{ SLICE("begin 644 x\n&=FEA9W)A\n`\nend\n"), SLICE("viagra") },
		{ SLICE("begin 644 x\r\n&=FEA9W)A\r\n \r\nend\r\n"), SLICE("viagra") },
		{ SLICE("lead\nbegin 0644 x\n&=FEA9W)A\nend\n"), SLICE("viagra") },
		{ SLICE("begin 644 x\n&=FEA9W)A"), SLICE("viagra") },
		{ SLICE("begin 644 x\n$=FEA9P\n"), SLICE("viag") },	 /* short last group */
		{ SLICE("begin 644 x\n&=FEA9W)A+\n"), SLICE("viagra") }, /* check sum */
		{ SLICE("&=FEA9W)A\n"), SLICE("&=FEA9W)A\n") },		 /* no begin: as it is */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_decodes(TRANSFER_UU, t[i].from, t[i].to);
}

static void
a_limit_keeps_the_front(void **state)
{
	struct buf out = { .limit = 3 };

	(void)state;
	transfer_decode(TRANSFER_BASE64, SLICE("dmlhZ3Jh"), &out);
	assert_true(slice_eq(buf_slice(&out), SLICE("via")));
	assert_true(out.cut);
	buf_free(&out);
}

static void
files_in_text(void **state)
{
	static const struct {
		struct slice text;
		const char *whole, *name; /* NULL: none */
	} t[] = {
		{ SLICE("a\nbegin 644 a b.exe\n#86)C\n`\nend\nz"),
		    "begin 644 a b.exe\n#86)C\n`\nend\n", "a b.exe" },
		{ SLICE("begin 644 x\n#86)C\nplain text\n"), "begin 644 x\n#86)C\n", "x" },
		{ SLICE("begin 644 x\n#86)C\n`\n#86)C\n"), "begin 644 x\n#86)C\n`\n", "x" },
		{ SLICE("begin 644 x\n#86)C\n\nSHOUT\n"), "begin 644 x\n#86)C\n", "x" },
		{ SLICE("begin 644 x\nbegin 644 y\n#86)C\nend\n"), "begin 644 y\n#86)C\nend\n",
		    "y" },
		{ SLICE("begin 644 x"), NULL, NULL },
		{ SLICE("begin 644 x\nend\n"), NULL, NULL },
		{ SLICE("begin 64 xy\n#86)C\n"), NULL, NULL },
		{ SLICE("begin 648 x\n#86)C\n"), NULL, NULL },
		{ SLICE("begin 644 x\n#86)\n"), NULL, NULL },	 /* too short */
		{ SLICE("begin 644 x\n#86)C86\n"), NULL, NULL }, /* too long */
		{ SLICE("begin with care\n#86)C\n"), NULL, NULL },
		{ SLICE("begin 644 \n#86)C\n"), NULL, NULL },
		{ SLICE(" begin 644 x\n#86)C\n"), NULL, NULL },
		{ SLICE(""), NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct transfer_uu uu;
		bool found = transfer_find_uu(t[i].text, &uu);

		if (found != (t[i].whole != NULL))
			fail_msg("%.*s: found %d", SLICE_ARG(t[i].text), found);
		if (!found)
			continue;
		if (!slice_eq(uu.whole, slice_str(t[i].whole)) ||
		    !slice_eq(uu.name, slice_str(t[i].name)))
			fail_msg("%.*s: %.*s, %.*s", SLICE_ARG(t[i].text), SLICE_ARG(uu.whole),
			    SLICE_ARG(uu.name));
	}
}

struct repeated {
	enum transfer how;
	struct slice piece;
};

/* Decode so many megabytes, and look for files in them. */
static void
work(const void *arg, size_t n)
{
	const struct repeated *t = arg;
	struct buf text = { 0 };
	struct transfer_uu uu;
	struct slice rest;

	if (t->how == TRANSFER_UU)
		buf_str(&text, "begin 644 x\n");
	while (text.n < n << 20)
		buf_add(&text, t->piece);
	rest = buf_slice(&text);
	transfer_size(t->how, rest);
	while (transfer_find_uu(rest, &uu)) {
		const char *from = uu.whole.p + uu.whole.n;

		rest = slice_of(from, (size_t)(rest.p + rest.n - from));
	}
	buf_free(&text);
}

static void
time_is_linear(void **state)
{
	static const struct repeated t[] = {
		{ TRANSFER_BASE64, SLICE("dmlhZ3Jh") },
		{ TRANSFER_BASE64, SLICE("=") },
		{ TRANSFER_BASE64, SLICE("\0") },
		{ TRANSFER_QP, SLICE("=") },
		{ TRANSFER_QP, SLICE("= ") },
		{ TRANSFER_QP, SLICE(" ") },
		{ TRANSFER_UU, SLICE("#86)C\n") },
		{ TRANSFER_UU, SLICE("begin 644 x\n") },
		{ TRANSFER_UU, SLICE("begin 644 x\n#86)C\n") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_true(is_linear(work, &t[i], 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(base64_of_any_sender),
		cmocka_unit_test(every_byte_through_base64),
		cmocka_unit_test(quoted_printable_of_any_sender),
		cmocka_unit_test(uuencode_of_any_sender),
		cmocka_unit_test(a_limit_keeps_the_front),
		cmocka_unit_test(files_in_text),
		cmocka_unit_test(time_is_linear),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

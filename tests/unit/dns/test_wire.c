/* test_wire.c - dns/wire.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "dns/wire.h"
#include "fake_server.h"

#include <arpa/nameser.h>
#include <stdlib.h>

#define A(last) "\300\0\2" last

static struct packet p;
static struct arena arena;
static struct wire_answer got;

static int
teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

/* An empty answer for a name. */
static void
begin(struct slice name, enum dns_type type, unsigned rcode)
{
	p.n = wire_query(p.b, 1, name, type, true);
	packet_answer(&p, rcode);
}

/* Read the packet, in a block of exactly its size. */
static enum dns_status
reads(struct slice name, enum dns_type type)
{
	char *copy = malloc(p.n > 0 ? p.n : 1);

	memcpy(copy, p.b, p.n);
	arena_reset(&arena);
	got = wire_read(slice_of(copy, p.n), name, type, &arena);
	for (size_t i = 0; i < got.answer.n; i++) { /* an address lies in the message */
		struct dns_record *r = (struct dns_record *)&got.answer.v[i];

		r->data = arena_slice(&arena, r->data);
	}
	free(copy);
	assert_int_equal(got.answer.status == DNS_DATA, got.answer.n > 0);
	assert_int_equal(got.answer.status == DNS_FAILED, got.answer.cause != NULL);
	return got.answer.status;
}

static enum dns_status
read_a(void)
{
	return reads(SLICE("a.example"), DNS_A);
}

/* It is no answer, for this cause. */
static void
fails(const char *cause)
{
	assert_int_equal(read_a(), DNS_FAILED);
	assert_string_equal(got.answer.cause, cause);
	assert_false(got.has_ttl);
}

static void
is(size_t i, struct slice data)
{
	assert_true(i < got.answer.n);
	assert_true(slice_eq(got.answer.v[i].data, data));
}

static void
writes_queries(void **state)
{
	static const char with[] =
	    "\1\2\1\0\0\1\0\0\0\0\0\1\1a\2\0\\\0\0\20\0\1\0\0\51\4\320\0\0\0\0\0\0";
	static const char without[] = "\1\2\1\0\0\1\0\0\0\0\0\0\1a\2\0\\\0\0\20\0\1";
	unsigned char out[WIRE_QUERY];
	char name[253];
	size_t n;

	(void)state;
	n = wire_query(out, 0x102, SLICE("a.\0\\."), DNS_TXT, true);
	assert_int_equal(n, sizeof(with) - 1);
	assert_memory_equal(out, with, n);
	n = wire_query(out, 0x102, SLICE("a.\0\\"), DNS_TXT, false);
	assert_int_equal(n, sizeof(without) - 1);
	assert_memory_equal(out, without, n);
	memset(name, 'x', sizeof(name));
	for (size_t i = 49; i < sizeof(name); i += 50)
		name[i] = '.';
	n = wire_query(out, 1, slice_of(name, sizeof(name)), DNS_A, true);
	assert_int_equal(n, WIRE_QUERY);
}

static void
reads_records(void **state)
{
	(void)state;
	begin(SLICE("a.example"), DNS_A, 0);
	packet_add(&p, NULL, ns_t_a, 60, A("\1"), 4);
	packet_add(&p, "\1A\7EXAMPLE", ns_t_a, 50, A("\2"), 4);
	packet_add(&p, "\1b\7example", ns_t_a, 40, A("\3"), 4);
	packet_add(&p, NULL, ns_t_aaaa, 40, "0123456789abcdef", 16);
	assert_int_equal(read_a(), DNS_DATA);
	assert_int_equal(got.answer.n, 2);
	is(0, SLICE(A("\1")));
	is(1, SLICE(A("\2")));
	assert_true(got.has_ttl);
	assert_int_equal(got.ttl, 50);
	assert_int_equal(reads(SLICE("a.example"), DNS_AAAA), DNS_DATA);
	is(0, SLICE("0123456789abcdef"));

	begin(SLICE("a.example"), DNS_MX, 0);
	packet_add(&p, NULL, ns_t_mx, 60, "\1\2\2mx\300\16", 7);
	packet_add(&p, NULL, ns_t_mx, 60, "\0\0\0", 3);
	assert_int_equal(reads(SLICE("A.example."), DNS_MX), DNS_DATA);
	assert_int_equal(got.answer.v[0].preference, 258);
	is(0, SLICE("mx.example"));
	is(1, SLICE(""));

	begin(SLICE("a.example"), DNS_TXT, 0);
	packet_add(&p, NULL, ns_t_txt, 60, "\3a\0b\0\2cd", 8);
	packet_add(&p, NULL, ns_t_txt, 60, "", 0);
	assert_int_equal(reads(SLICE("a.example"), DNS_TXT), DNS_DATA);
	is(0, SLICE("a\0bcd"));
	is(1, SLICE(""));

	begin(SLICE("a.example"), DNS_PTR, 0);
	packet_add(&p, NULL, ns_t_ptr, 60, "\2\0\\\1h\0", 6);
	assert_int_equal(reads(SLICE("a.example"), DNS_PTR), DNS_DATA);
	is(0, SLICE("\0\\.h"));
}

/* A host with a dot inside a label. */
static void
leaves_out_what_has_no_text(void **state)
{
	(void)state;
	begin(SLICE("a.example"), DNS_PTR, 0);
	packet_add(&p, NULL, ns_t_ptr, 60, "\3a.b\0", 5);
	assert_int_equal(reads(SLICE("a.example"), DNS_PTR), DNS_NODATA);
	packet_add(&p, NULL, ns_t_ptr, 60, "\1c\0", 3);
	assert_int_equal(reads(SLICE("a.example"), DNS_PTR), DNS_DATA);
	assert_int_equal(got.answer.n, 1);
	is(0, SLICE("c"));
	/* such a name is an alias like any other */
	begin(SLICE("a.example"), DNS_A, 0);
	packet_add(&p, NULL, ns_t_cname, 60, "\3a.b\0", 5);
	packet_add(&p, "\3a.b", ns_t_a, 60, A("\1"), 4);
	assert_int_equal(read_a(), DNS_DATA);
}

static void
reads_denials(void **state)
{
	(void)state;
	begin(SLICE("a.example"), DNS_A, ns_r_nxdomain);
	assert_int_equal(read_a(), DNS_NXDOMAIN);
	assert_false(got.has_ttl);
	packet_add_soa(&p, 300, 200);
	assert_int_equal(read_a(), DNS_NXDOMAIN);
	assert_true(got.has_ttl);
	assert_int_equal(got.ttl, 200);

	begin(SLICE("a.example"), DNS_A, 0);
	packet_add_soa(&p, 100, 200);
	assert_int_equal(read_a(), DNS_NODATA);
	assert_int_equal(got.ttl, 100);

	/* of the alias's target */
	begin(SLICE("a.example"), DNS_A, ns_r_nxdomain);
	packet_add(&p, NULL, ns_t_cname, 30, "\1b\300\16", 4);
	packet_add_soa(&p, 100, 200);
	assert_int_equal(read_a(), DNS_NXDOMAIN);
	assert_int_equal(got.ttl, 30);

	/* more than 31 bits are 0 */
	begin(SLICE("a.example"), DNS_A, 0);
	packet_add(&p, NULL, ns_t_a, 0x80000000, A("\1"), 4);
	assert_int_equal(read_a(), DNS_DATA);
	assert_int_equal(got.ttl, 0);
}

/* Write the label nI. */
static void
number(char *out, int i)
{
	memcpy(out, "\3nxx\7example", 13);
	out[2] = (char)('0' + i / 10);
	out[3] = (char)('0' + i % 10);
}

static void
follows_aliases(void **state)
{
	char owner[16], target[16];

	(void)state;
	for (int hops = 1; hops <= LIMIT_DNS_CNAMES + 1; hops++) {
		begin(SLICE("n00.example"), DNS_A, 0);
		for (int i = hops; i > 0; i--) { /* the last one first */
			number(owner, i - 1);
			number(target, i);
			packet_add(&p, owner, ns_t_cname, 100u - (unsigned)i, target, 13);
		}
		number(owner, hops);
		packet_add(&p, owner, ns_t_a, 200, A("\1"), 4);
		if (hops <= LIMIT_DNS_CNAMES) {
			assert_int_equal(reads(SLICE("n00.example"), DNS_A), DNS_DATA);
			assert_int_equal(got.ttl, 100 - hops);
			assert_int_equal(got.answer.n, 1);
		} else {
			assert_int_equal(reads(SLICE("n00.example"), DNS_A), DNS_FAILED);
			assert_string_equal(got.answer.cause, "too many aliases (CNAME)");
		}
		/* who asks for the alias itself */
		assert_int_equal(reads(SLICE("n00.example"), DNS_CNAME), DNS_DATA);
		is(0, SLICE("n01.example"));
	}

	begin(SLICE("a.example"), DNS_A, 0);
	packet_add(&p, NULL, ns_t_cname, 60, "\300\14", 2);
	fails("too many aliases (CNAME)");
	begin(SLICE("a.example"), DNS_A, 0);
	packet_add(&p, NULL, ns_t_cname, 60, "\1b\300\16", 4);
	assert_int_equal(read_a(), DNS_NODATA);
	packet_add(&p, "\1c\7example", ns_t_a, 60, A("\1"), 4);
	assert_int_equal(read_a(), DNS_NODATA);
}

/* Change the octet at the packet's end minus n. */
static void
spoil(size_t n, unsigned char c)
{
	p.b[p.n - n] = c;
}

static void
refuses_malformed(void **state)
{
	static const struct {
		unsigned type;
		struct slice data;
	} wrong[] = {
		{ ns_t_a, { "\300\0\2", 3 } },
		{ ns_t_a, { "\300\0\2\1\0", 5 } },
		{ ns_t_cname, { "\1b\300", 3 } },
		{ ns_t_cname, { "\1b\300\377", 4 } },
		{ ns_t_cname, { "\1b\0\0", 4 } },
		{ ns_t_cname, { "\101b\0", 3 } },
		{ ns_t_cname, { "", 0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		begin(SLICE("a.example"), DNS_A, 0);
		packet_add(&p, NULL, wrong[i].type, 60, wrong[i].data.p, wrong[i].data.n);
		fails("a broken answer");
	}
	begin(SLICE("a.example"), DNS_TXT, 0);
	packet_add(&p, NULL, ns_t_txt, 60, "\4one", 4);
	assert_int_equal(reads(SLICE("a.example"), DNS_TXT), DNS_FAILED);
	begin(SLICE("a.example"), DNS_MX, 0);
	packet_add(&p, NULL, ns_t_mx, 60, "\0\1", 2);
	assert_int_equal(reads(SLICE("a.example"), DNS_MX), DNS_FAILED);

	/* a name that points to itself; the data, cut off; more records than there are */
	begin(SLICE("a.example"), DNS_A, 0);
	packet_add(&p, NULL, ns_t_a, 60, A("\1"), 4);
	spoil(15, (unsigned char)(p.n - 16));
	fails("a broken answer");
	begin(SLICE("a.example"), DNS_A, 0);
	packet_add(&p, NULL, ns_t_a, 60, A("\1"), 4);
	spoil(5, 5);
	fails("a broken answer");
	spoil(5, 4);
	p.b[7]++;
	fails("a broken answer");
	p.b[7]--;
	assert_int_equal(read_a(), DNS_DATA);
	for (size_t n = p.n; n > 0; n--) {
		p.n = n - 1;
		fails("a broken answer");
	}
	/* cut off */
	begin(SLICE("a.example"), DNS_A, 0);
	p.b[2] |= 0x02;
	fails("an answer that is cut off, even by TCP");
	/* a query */
	p.n = wire_query(p.b, 1, SLICE("a.example"), DNS_A, true);
	fails("a broken answer");
}

static void
refuses_too_much(void **state)
{
	(void)state;
	begin(SLICE("a.example"), DNS_A, 0);
	for (int i = 0; i < LIMIT_DNS_RECORDS; i++)
		packet_add(&p, NULL, ns_t_a, 60, A("\1"), 4);
	assert_int_equal(read_a(), DNS_DATA);
	assert_int_equal(got.answer.n, LIMIT_DNS_RECORDS);
	packet_add(&p, NULL, ns_t_a, 60, A("\1"), 4);
	fails("too many records");
}

static void
tells_failures(void **state)
{
	static const char *const causes[] = { NULL, "the server didn't understand (FORMERR)",
		"the server failed (SERVFAIL)", NULL, "the server can't do that (NOTIMP)",
		"the server refused (REFUSED)", "the server failed" };

	(void)state;
	for (unsigned i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
		if (causes[i] != NULL) {
			begin(SLICE("a.example"), DNS_A, i);
			fails(causes[i]);
			assert_int_equal(wire_rcode(slice_of((char *)p.b, p.n)), i);
		}
	assert_int_equal(wire_rcode(slice_of((char *)p.b, 3)), WIRE_FORMERR);

	/* an authority that was taken for a resolver */
	begin(SLICE("a.example"), DNS_A, 0);
	packet_add(&p, NULL, ns_t_ns, 60, "\2ns\0", 4);
	p.b[7] = 0;
	p.b[9] = 1;
	assert_int_equal(read_a(), DNS_NODATA);
	p.b[3] = 0;
	fails("the server knows only its own names (it doesn't recurse)");
}

static void
survives_lack_of_memory(void **state)
{
	(void)state;
	arena_free(&arena);
	arena_init(&arena, 16);
	begin(SLICE("a.example"), DNS_A, 0);
	packet_add(&p, NULL, ns_t_a, 60, A("\1"), 4);
	fails("no memory is left");
	arena_free(&arena);
	arena_init(&arena, 64);
	begin(SLICE("a.example"), DNS_TXT, 0);
	packet_add(&p, NULL, ns_t_txt, 60,
	    "\77ooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooo", 64);
	assert_int_equal(reads(SLICE("a.example"), DNS_TXT), DNS_FAILED);
	assert_string_equal(got.answer.cause, "no memory is left");
	arena_free(&arena);
	arena_init(&arena, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_queries),
		cmocka_unit_test(reads_records),
		cmocka_unit_test(leaves_out_what_has_no_text),
		cmocka_unit_test(reads_denials),
		cmocka_unit_test(follows_aliases),
		cmocka_unit_test(refuses_malformed),
		cmocka_unit_test(refuses_too_much),
		cmocka_unit_test(tells_failures),
		cmocka_unit_test(survives_lack_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}

/*
 * fuzz_wire.c - answers of DNS servers
 *
 * The first line of an input is what was asked, TYPE NAME; what follows is the message.
 */
#include "fuzz.h"

#include "base/limits.h"
#include "dns/name.h"
#include "dns/wire.h"

static const enum dns_type types[] = { DNS_A, DNS_AAAA, DNS_MX, DNS_TXT, DNS_PTR, DNS_CNAME };

/* What a record must be like that came from a message of so many octets. */
static void
check_record(const struct dns_record *r, enum dns_type type, size_t size)
{
	assert(r->data.p != NULL);
	assert(type == DNS_MX ? r->preference <= 65535 : r->preference == 0);
	switch (type) {
	case DNS_A:
		assert(r->data.n == 4);
		break;
	case DNS_AAAA:
		assert(r->data.n == 16);
		break;
	case DNS_TXT:
		assert(r->data.n < size);
		break;
	case DNS_MX:
	case DNS_PTR:
	case DNS_CNAME:
		assert(r->data.n == 0 || name_check(r->data, NULL) == NAME_OK);
		assert(r->data.n == 0 || r->data.p[r->data.n - 1] != '.');
		break;
	}
}

/* Read the message as an answer to this question. */
static void
read_as(struct slice message, struct slice name, enum dns_type type)
{
	struct wire_answer w;
	struct arena a;
	uint32_t sum = 0;

	arena_init(&a, 0);
	w = wire_read(message, name, type, &a);
	assert((w.answer.status == DNS_DATA) == (w.answer.n > 0));
	assert((w.answer.status == DNS_FAILED) == (w.answer.cause != NULL));
	assert(w.answer.status != DNS_FAILED || !w.has_ttl);
	assert(w.answer.n <= LIMIT_DNS_RECORDS && w.answer.n * 11 <= message.n);
	assert(!w.has_ttl || w.ttl <= INT32_MAX);
	for (size_t i = 0; i < w.answer.n; i++) {
		const struct dns_record *r = &w.answer.v[i];

		check_record(r, type, message.n);
		for (size_t k = 0; k < r->data.n; k++) /* all of it can be read */
			sum = sum * 31 + (unsigned char)r->data.p[k];
	}
	assert(sum == 0 || w.answer.n > 0);
	arena_free(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = slice_of(data != NULL ? (const char *)data : "", size), message, name;
	struct slice type = slice_cut(slice_cut(input, '\n', &message), ' ', &name);
	unsigned char query[WIRE_QUERY];
	bool named = false;

	if (message.p == NULL || name.p == NULL || name_check(name, NULL) != NAME_OK)
		return 0;
	assert(wire_query(query, 1, name, DNS_A, true) <= WIRE_QUERY);
	assert(wire_rcode(message) < 16);
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (slice_eq(type, slice_str(dns_type_name(types[i])))) {
			read_as(message, name, types[i]);
			named = true;
		}
	for (size_t i = 0; !named && i < sizeof(types) / sizeof(*types); i++)
		read_as(message, name, types[i]);
	return 0;
}

/*
 * test_ip.c - addresses and networks
 */
#include "base/ip.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/un.h>

#include <cmocka.h>

/* Parse and write again. */
static const char *
again(const char *s)
{
	static char text[IP_TEXT];
	struct ip ip;

	return ip_parse(slice_str(s), &ip) ? ip_format(&ip, text) : "bad";
}

/* All spellings of an address come out as one. */
static void
reads_addresses(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "::", "::" },
		{ "::1", "::1" },
		{ "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
		{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
		{ "IPv6:2001:db8::1", "2001:db8::1" },
		{ "ipv6:::1", "::1" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "::FFFF:c000:201", "192.0.2.1" },
		{ "IPv6:::ffff:192.0.2.1", "192.0.2.1" },
	};
	static const char *const bad[] = { "", "192.0.2", "192.0.2.256", "192.0.2.1.", "192.0.2.01",
		" 192.0.2.1", "192.0.2.1 ", "192.0.2.1/32", "0x7f.1", "1", "::1::", "2001:db8::g",
		"[::1]", "IPv6:", "IPv6:192.0.2.1", "fe80::1%eth0", ":", "example.com",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:eeee:ffff" };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(again(cases[i].in), cases[i].out);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (strcmp(again(bad[i]), "bad") != 0)
			fail_msg("`%s` was taken", bad[i]);

	struct ip ip;

	assert_false(ip_parse(SLICE("192.0.2.1\0x"), &ip));
	assert_false(ip_parse(SLICE_ABSENT, &ip));
}

/* Families other than the internet's, and no address at all, are refused. */
static void
reads_socket_addresses(void **state)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_port = htons(25), .sin_addr.s_addr = htonl(0xc0000201)
	};
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(2525),
		.sin6_addr.s6_addr = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char text[IP_TEXT];
	uint16_t port;
	struct ip ip;

	(void)state;
	assert_true(ip_from_sockaddr((struct sockaddr *)&in, &ip, &port));
	assert_string_equal(ip_format(&ip, text), "192.0.2.1");
	assert_int_equal(port, 25);
	assert_true(ip_from_sockaddr((struct sockaddr *)&in6, &ip, &port));
	assert_string_equal(ip_format(&ip, text), "2001:db8::1");
	assert_int_equal(port, 2525);
	memcpy(in6.sin6_addr.s6_addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\7", 16);
	assert_true(ip_from_sockaddr((struct sockaddr *)&in6, &ip, NULL));
	assert_string_equal(ip_format(&ip, text), "192.0.2.7");
	assert_int_equal(ip.family, 4);
	assert_false(ip_from_sockaddr((struct sockaddr *)&un, &ip, &port));
	assert_false(ip_from_sockaddr(NULL, &ip, &port));
	assert_string_equal(ip_format(&(struct ip){ 0 }, text), "");
}

/* What networks may look like, and what is wrong with those that don't. */
static void
reads_networks(void **state)
{
	static const struct {
		const char *in;
		enum network_error error;
		const char *ip;
		unsigned prefix;
	} cases[] = {
		{ "192.0.2.0/24", NETWORK_OK, "192.0.2.0", 24 },
		{ "192.0.2.1", NETWORK_OK, "192.0.2.1", 32 },
		{ "0.0.0.0/0", NETWORK_OK, "0.0.0.0", 0 },
		{ "::/0", NETWORK_OK, "::", 0 },
		{ "::1", NETWORK_OK, "::1", 128 },
		{ "2001:db8::/33", NETWORK_OK, "2001:db8::", 33 },
		{ "::ffff:192.0.2.0/120", NETWORK_OK, "192.0.2.0", 24 },
		{ "::ffff:192.0.2.1", NETWORK_OK, "192.0.2.1", 32 },
		{ "127.0.0.1/8", NETWORK_HOST_BITS, "127.0.0.0", 8 },
		{ "192.0.2.129/25", NETWORK_HOST_BITS, "192.0.2.128", 25 },
		{ "1.2.3.4/0", NETWORK_HOST_BITS, "0.0.0.0", 0 },
		{ "2001:db8::1/64", NETWORK_HOST_BITS, "2001:db8::", 64 },
		{ "192.0.2.0/33", NETWORK_BAD_PREFIX, NULL, 0 },
		{ "192.0.2.0/", NETWORK_BAD_PREFIX, NULL, 0 },
		{ "192.0.2.0/x", NETWORK_BAD_PREFIX, NULL, 0 },
		{ "192.0.2.0/24/24", NETWORK_BAD_PREFIX, NULL, 0 },
		{ "192.0.2.0/255.255.255.0", NETWORK_BAD_PREFIX, NULL, 0 },
		{ "::ffff:192.0.2.0/24", NETWORK_BAD_PREFIX, NULL, 0 },
		{ "::/129", NETWORK_BAD_PREFIX, NULL, 0 },
		{ "192.0.2/24", NETWORK_BAD_ADDRESS, NULL, 0 },
		{ "/24", NETWORK_BAD_ADDRESS, NULL, 0 },
		{ "", NETWORK_BAD_ADDRESS, NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct network net;
		char text[IP_TEXT];

		if (network_parse(slice_str(cases[i].in), &net) != cases[i].error)
			fail_msg("%s", cases[i].in);
		if (cases[i].ip == NULL)
			continue;
		assert_string_equal(ip_format(&net.ip, text), cases[i].ip);
		assert_int_equal(net.prefix, cases[i].prefix);
	}
}

/* A mask keeps the bits of the prefix and no other, bit by bit. */
static void
masks(void **state)
{
	struct ip a = { .family = 4, .b = { 192, 0, 2, 129 } };
	uint32_t n = 0xc0000281;

	(void)state;
	for (unsigned prefix = 0; prefix <= 32; prefix++) {
		struct ip masked = ip_mask(&a, prefix);

		for (unsigned bit = 0; bit < 32; bit++) {
			uint32_t m = n ^ 1u << bit;
			struct ip b = { .family = 4, .b = { m >> 24, m >> 16, m >> 8, m } };
			struct ip other = ip_mask(&b, prefix);

			assert_int_equal(ip_eq(&masked, &other),
			    (uint64_t)n >> (32 - prefix) == (uint64_t)m >> (32 - prefix));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_addresses),
		cmocka_unit_test(reads_socket_addresses),
		cmocka_unit_test(reads_networks),
		cmocka_unit_test(masks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

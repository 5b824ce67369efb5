/* test_received.c - session/received.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "session/received.h"

#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>

#define RELAY "192.0.2.25"

static const struct session_env env = { .keep_headers = true };
static struct list *relays;
static struct diags diags;
static struct session s;

static int
setup(void **state)
{
	static const char *const entries[] = { RELAY, "2001:db8:25::/48", "10.0.0.0/8" };

	(void)state;
	diags_init(&diags);
	relays = list_new(LIST_NETWORKS, 0);
	for (size_t i = 0; i < sizeof(entries) / sizeof(*entries); i++)
		assert_true(list_add(
		    relays, &(struct list_entry){ .entry = slice_str(entries[i]) }, &diags));
	session_init(&s, &env);
	session_mail(&s, SLICE("<ann@example.net>"), NULL, 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	session_free(&s);
	list_free(relays);
	diags_free(&diags);
	return 0;
}

static void
header(const char *name, const char *value)
{
	session_header(&s, slice_str(name), slice_str(value), false);
}

/* A message of one Received header. */
static void
only(const char *value)
{
	session_mail(&s, SLICE("<ann@example.net>"), NULL, 0);
	header("Received", value);
}

/* The client and HELO name that come out are these; ip NULL: none do. */
static void
check(const char *value, const char *ip, const char *helo)
{
	char text[IP_TEXT] = "";
	const char *why = NULL;
	struct slice name;
	struct ip client;

	if (!received_client(&s, relays, &client, &name, &why)) {
		assert_non_null(why);
		if (ip != NULL)
			fail_msg("%s: %s", value, why);
		return;
	}
	ip_format(&client, text);
	if (ip == NULL)
		fail_msg("%s: took %s for the client", value, text);
	assert_string_equal(text, ip);
	assert_non_null(name.p);
	if (!slice_eq(name, slice_str(helo)))
		fail_msg("%s: HELO was %.*s", value, SLICE_ARG(name));
}

struct line {
	const char *value, *ip, *helo;
};

static void
check_lines(const struct line *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		only(v[i].value);
		check(v[i].value, v[i].ip, v[i].helo);
	}
}

#define CHECK(lines) check_lines(lines, sizeof(lines) / sizeof(*(lines)))

/* ---- forms that MTAs write ---- */

static void
postfix(void **state)
{
	static const struct line lines[] = {
		{ "from mail.example.net (mail.example.net [198.51.100.1])\r\n"
		  "\tby backup.example.org (Postfix) with ESMTP id 4Xq2\r\n"
		  "\tfor <ben@example.org>; Mon, 23 Nov 2026 10:00:00 +0100 (CET)",
		    "198.51.100.1", "mail.example.net" },
		{ "from mail.example.net (unknown [198.51.100.1])\n\t(using TLSv1.3 with cipher "
		  "TLS_AES_256_GCM_SHA384 (256/256 bits)\n\t key-exchange X25519 server-signature "
		  "RSA-PSS (2048 bits))\n\t(No client certificate requested)\n\tby backup.example.org "
		  "(Postfix) with ESMTPS id 4Xq3",
		    "198.51.100.1", "mail.example.net" },
		{ "from mail.example.net (mail.example.net [IPv6:2001:db8::1])\n\tby "
		  "backup.example.org (Postfix) with ESMTP id 4Xq4",
		    "2001:db8::1", "mail.example.net" },
		{ "from [203.0.113.9] (host.example.net [198.51.100.1]) by b (Postfix) with ESMTP id 1",
		    "198.51.100.1", "[203.0.113.9]" },
		{ "from 203.0.113.9 (host.example.net [198.51.100.1]) by b (Postfix) with SMTP id 1",
		    "198.51.100.1", "203.0.113.9" },
		{ "from mail.example.net (mail.example.net[198.51.100.1]) by b (Postfix) with SMTP id 1",
		    NULL, NULL },
		{ "from ann.example.net (ann.example.net [198.51.100.1]) (Authenticated sender: ann) "
		  "by b (Postfix) with ESMTPSA id 1",
		    NULL, NULL },
		{ "by backup.example.org (Postfix, from userid 1000) id 4Xq5", NULL, NULL },
	};

	(void)state;
	CHECK(lines);
}

static void
sendmail(void **state)
{
	static const struct line lines[] = {
		{ "from mail.example.net (mail.example.net [198.51.100.1])\n\tby backup.example.org "
		  "(8.18.1/8.18.1) with ESMTPS id 5A6IhxJf059886\n\t(version=TLSv1.3 "
		  "cipher=TLS_AES_256_GCM_SHA384 bits=256 verify=NO)\n\tfor <ben@example.org>; Mon",
		    "198.51.100.1", "mail.example.net" },
		{ "from mail.example.net (pool-1.example.com [198.51.100.1] (may be forged)) by b "
		  "(8.17.1/8.17.1) with ESMTP id 1",
		    "198.51.100.1", "mail.example.net" },
		{ "from mail.example.net ([198.51.100.1]) by b (8.17.1/8.17.1) with SMTP id 1",
		    "198.51.100.1", "mail.example.net" },
		{ "from mail.example.net ([IPv6:2001:db8::1]) by b (8.17.1/8.17.1) with SMTP id 1",
		    "2001:db8::1", "mail.example.net" },
		{ "from mail.example.net (IDENT:ann@mail.example.net [198.51.100.1]) by b (8.9.3/8.9.3) "
		  "with ESMTP id 1",
		    "198.51.100.1", "mail.example.net" },
		{ "from mail.example.net (mail.example.net [198.51.100.1]) by b (8.17.1/8.17.1) with "
		  "ESMTPSA id 1",
		    NULL, NULL },
		{ "(from ann@localhost) by backup.example.org (8.18.1/8.18.1/Submit) id 1", NULL,
		    NULL },
	};

	(void)state;
	CHECK(lines);
}

static void
exim(void **state)
{
	static const struct line lines[] = {
		{ "from mail.example.net ([198.51.100.1])\n\tby backup.example.org with esmtps  (TLS1.3) "
		  "tls TLS_AES_256_GCM_SHA384\n\t(Exim 4.96)\n\t(envelope-from <ann@example.net>)\n\tid "
		  "1r5",
		    "198.51.100.1", "mail.example.net" },
		{ "from rdns.example.net ([198.51.100.1]:4821 helo=mail.example.net)\n\tby b with esmtp "
		  "(Exim 4.96) id 1",
		    "198.51.100.1", "mail.example.net" },
		{ "from [198.51.100.1] (helo=mail.example.net)\n\tby b with smtp (Exim 4.96) id 1",
		    "198.51.100.1", "mail.example.net" },
		{ "from [198.51.100.1] (port=4821 helo=mail.example.net ident=ann) by b with esmtp id 1",
		    "198.51.100.1", "mail.example.net" },
		{ "from [2001:db8::1] (helo=mail.example.net) by b with esmtp (Exim 4.96) id 1",
		    "2001:db8::1", "mail.example.net" },
		{ "from mail.example.net ([198.51.100.1] ident=ann) by b with esmtp (Exim 4.96) id 1",
		    "198.51.100.1", "mail.example.net" },
		{ "from mail.example.net ([198.51.100.1] helo=mail.example.net) by b with esmtpsa id 1",
		    NULL, NULL },
		{ "from ann by backup.example.org with local (Exim 4.96) (envelope-from "
		  "<ann@example.net>) id 1",
		    NULL, NULL },
	};

	(void)state;
	CHECK(lines);
}

static void
qmail(void **state)
{
	static const struct line lines[] = {
		{ "from unknown (HELO mail.example.net) (198.51.100.1)\n  by backup.example.org with "
		  "SMTP; 23 Nov 2026 09:00:00 -0000",
		    "198.51.100.1", "mail.example.net" },
		{ "from mail.example.net (198.51.100.1) by b with SMTP; 23 Nov 2026",
		    "198.51.100.1", "mail.example.net" },
		{ "from unknown (HELO mail.example.net) (ann@198.51.100.1) by b with ESMTPS; 23 Nov",
		    "198.51.100.1", "mail.example.net" },
		{ "from unknown (HELO mail.example.net) (203.0.113.9@198.51.100.1) by b with SMTP; 23",
		    "198.51.100.1", "mail.example.net" },
		{ "from unknown (HELO [203.0.113.9]) (198.51.100.1) by b with SMTP; 23 Nov 2026",
		    "198.51.100.1", "[203.0.113.9]" },
		{ "from unknown (HELO) (198.51.100.1) by b with SMTP; 23 Nov 2026", "198.51.100.1",
		    "" },
		{ "from unknown (EHLO mail.example.net) ([::ffff:198.51.100.1]) by b with SMTP; 23",
		    "198.51.100.1", "mail.example.net" },
		{ "(qmail 4711 invoked by uid 89); 23 Nov 2026 09:00:00 -0000", NULL, NULL },
	};

	(void)state;
	CHECK(lines);
	only("(qmail 4711 invoked from network); 23 Nov 2026 09:00:00 -0000");
	check("qmail alone", NULL, NULL);
	header(
	    "Received", "from unknown (HELO mail.example.net) (198.51.100.1) by b with SMTP; 23");
	check("qmail", "198.51.100.1", "mail.example.net");
}

static void
exchange(void **state)
{
	static const struct line lines[] = {
		{ "from mail.example.net (198.51.100.1) by FE01.example.org (192.0.2.8) with Microsoft "
		  "SMTP\n Server (version=TLS1_2,\n cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id "
		  "15.20.9818.32; Mon",
		    "198.51.100.1", "mail.example.net" },
		{ "from EX1.example.net (2001:db8:1:2::3) by EX2.example.net (2001:db8:1:2::4) with "
		  "Microsoft SMTP Server id 15.20; Mon",
		    "2001:db8:1:2::3", "EX1.example.net" },
		{ "from mail.example.net ([198.51.100.1]) by EX2.example.org with Microsoft "
		  "SMTPSVC(10.0.14393.4169);\n\t Mon",
		    "198.51.100.1", "mail.example.net" },
		{ "from EX1.example.net ([fe80::1:2:3:4]) by EX1.example.net ([fe80::1:2:3:4%6]) with "
		  "mapi id 15.20; Mon",
		    NULL, NULL },
	};

	(void)state;
	CHECK(lines);
}

static void
others(void **state)
{
	static const struct line lines[] = {
		/* Gmail */
		{ "from mail.example.net (mail.example.net. [198.51.100.1])\r\n        by mx.google.com "
		  "with ESMTPS id 38308e7f\r\n        for <ben@example.org>\r\n        (version=TLS1_3 "
		  "cipher=TLS_AES_256_GCM_SHA384 bits=256/256);\r\n        Mon",
		    "198.51.100.1", "mail.example.net" },
		/* Yahoo */
		{ "from 198.51.100.1 (EHLO mail.example.net)\n by 10.9.8.7 with SMTPs\n (version=TLS1_2 "
		  "cipher=X);\n Mon",
		    "198.51.100.1", "mail.example.net" },
		{ "from 203.0.113.9\n by atlas.example.com pod-id NONE with HTTPS; Mon", NULL,
		    NULL },
		/* OpenSMTPD */
		{ "from mail.example.net (mail.example.net [198.51.100.1])\n\tby b (OpenSMTPD) with "
		  "ESMTPS id 1 (TLSv1.3:TLS_AES_256_GCM_SHA384:256:NO)\n\tfor <ben@example.org>;\n\tMon",
		    "198.51.100.1", "mail.example.net" },
		/* Courier */
		{ "from mail.example.net (mail.example.net [::ffff:198.51.100.1])\n  (TLS: "
		  "TLS1.3,256bits,ECDHE)\n  by b with ESMTPS\n  id 1; Mon",
		    "198.51.100.1", "mail.example.net" },
		/* CommuniGate */
		{ "from [198.51.100.1] (HELO mail.example.net)\n  by b (CommuniGate Pro SMTP 6.1)\n  "
		  "with ESMTP id 1; Mon",
		    "198.51.100.1", "mail.example.net" },
		{ "from [198.51.100.1] (account ann HELO mail.example.net) by b (CommuniGate Pro SMTP "
		  "6.1) with ESMTPA id 1; Mon",
		    NULL, NULL },
		/* appliances */
		{ "from mail.example.net ([198.51.100.1])\r\n  by esa1.example.org with "
		  "ESMTP/TLS/ECDHE-RSA-AES256-GCM-SHA384; Mon",
		    "198.51.100.1", "mail.example.net" },
		{ "from mail.example.net (unknown [198.51.100.1])\n\tby app1 (Coremail) with SMTP id 1;\n "
		  "Mon",
		    "198.51.100.1", "mail.example.net" },
		/* fetched, not sent */
		{ "from pop.example.net [198.51.100.1]\n\tby b with IMAP (fetchmail-6.4)\n\tfor <ben@b> "
		  "(single-drop); Mon",
		    NULL, NULL },
		/* no `with` at all */
		{ "from mail.example.net (mail.example.net [198.51.100.1]) by b id 1; Mon",
		    "198.51.100.1", "mail.example.net" },
		{ "from (mail.example.net [198.51.100.1]) by b with SMTP; Mon", "198.51.100.1",
		    "" },
		{ "FROM mail.example.net (mail.example.net [198.51.100.1]) BY b WITH esmtp; Mon",
		    "198.51.100.1", "mail.example.net" },
	};

	(void)state;
	CHECK(lines);
}

/* ---- what a sender can write ---- */

/* 198.51.100.1 is the client; 203.0.113.9 is what it would like to be. */
static void
traps(void **state)
{
	static const struct line lines[] = {
		/* the HELO name */
		{ "from 203.0.113.9 by b with SMTP; Mon", NULL, NULL },
		{ "from [203.0.113.9] by b with SMTP; Mon", NULL, NULL },
		{ "from x [203.0.113.9] (mail.example.net [198.51.100.1]) by b with SMTP; Mon",
		    NULL, NULL },
		{ "from [203.0.113.9] (mail.example.net) by b with SMTP; Mon", NULL, NULL },
		{ "from x (HELO [203.0.113.9]) by b with SMTP; Mon", NULL, NULL },
		{ "from rdns.example.net ([198.51.100.1] helo=[203.0.113.9]) by b with esmtp; Mon",
		    "198.51.100.1", "[203.0.113.9]" },
		{ "from rdns.example.net (helo=[203.0.113.9]) by b with esmtp; Mon", NULL, NULL },
		{ "from \"x (y [203.0.113.9])\" (mail.example.net [198.51.100.1]) by b with SMTP; Mon",
		    "198.51.100.1", "\"x (y [203.0.113.9])\"" },
		{ "from by (mail.example.net [198.51.100.1]) by b with SMTP; Mon", NULL, NULL },
		/* what ident, the reverse DNS and a certificate say */
		{ "from [198.51.100.1] (helo=x ident=y [203.0.113.9]) by b with esmtp; Mon",
		    "198.51.100.1", "x" },
		{ "from x ([203.0.113.9] [198.51.100.1]) by b with SMTP; Mon", "198.51.100.1",
		    "x" },
		{ "from x (y [203.0.113.9] z [198.51.100.1]) by b with SMTP; Mon", NULL, NULL },
		{ "from x ((y [203.0.113.9]) name [198.51.100.1]) by b with SMTP; Mon",
		    "198.51.100.1", "x" },
		{ "from x (no address) (Client CN \"[203.0.113.9]\" (not verified)) by b with SMTP; M",
		    NULL, NULL },
		/* the envelope */
		{ "from x (envelope-from <evil [203.0.113.9]>) by b with SMTP; Mon", NULL, NULL },
		{ "from x (y [198.51.100.1]) (envelope-from <\"(z [203.0.113.9])\"@x>) by b with SMTP;",
		    "198.51.100.1", "x" },
		{ "from x (HELO y) (envelope-from <[203.0.113.9]>) by b with SMTP; Mon", NULL,
		    NULL },
		/* what is broken */
		{ "from x (y [198.51.100.1] by b with SMTP; Mon", NULL, NULL },
		{ "from x (y [198.51.100.1]))) by b with SMTP; Mon", "198.51.100.1", "x" },
		{ "from x (y [198.51.100.1]\\) by b with SMTP; Mon", NULL, NULL },
		{ "from \"x (y [198.51.100.1]) by b with SMTP; Mon", NULL, NULL },
		{ "from x (y [198.51.100.1; z]) by b with SMTP; Mon", NULL, NULL },
		{ "from x (y [198.51.100.1]z) by b with SMTP; Mon", NULL, NULL },
		{ "from x (y [198.51.100.1]:99999) by b with SMTP; Mon", NULL, NULL },
		{ "from x (y [198.51.100.1) by b with SMTP; Mon", NULL, NULL },
		{ "from x (y [198.51.100.256]) by b with SMTP; Mon", NULL, NULL },
		{ "from x (y []) by b with SMTP; Mon", NULL, NULL },
		{ "from x () by b with SMTP; Mon", NULL, NULL },
		{ "from x (y [198.51.100.1]); by b with SMTP; Mon", NULL, NULL },
		{ "from x (y [198.51.100.1])", NULL, NULL },
		{ "from", NULL, NULL },
		{ "", NULL, NULL },
		{ "\\", NULL, NULL },
		{ "(\\", NULL, NULL },
		{ "nonsense", NULL, NULL },
		/* the relay by itself */
		{ "from localhost (localhost [127.0.0.1]) by b with ESMTP; Mon", NULL, NULL },
		{ "from localhost (localhost [IPv6:::1]) by b with ESMTP; Mon", NULL, NULL },
		{ "from x (y [0.0.0.0]) by b with ESMTP; Mon", NULL, NULL },
	};

	(void)state;
	CHECK(lines);
}

/* ---- several relays ---- */

static void
chains(void **state)
{
	(void)state;
	check("no header", NULL, NULL);
	header("Subject", "from x (y [203.0.113.9]) by b with SMTP; Mon");
	header("Received-SPF", "from x (y [203.0.113.9]) by b with SMTP; Mon");
	check("no Received", NULL, NULL);
	header("RECEIVED", "from b2 (b2 [10.0.0.2]) by b with ESMTP id 1; Mon");
	check("relays only", NULL, NULL);
	/* within a forwarder, as Gmail has it */
	header("Received", "by mail-f70.example.com with SMTP id 2adb; Mon");
	header("Received", "from b3 (b3 [IPv6:2001:db8:25::3]) by b2 with ESMTP id 1; Mon");
	header("Received", "from mail.example.net (m [198.51.100.1]) by b3 with ESMTP id 1; Mon");
	header("Received", "from x (y [203.0.113.9]) by mail.example.net with ESMTP id 1; Mon");
	check("a chain", "198.51.100.1", "mail.example.net");

	only("from b2 (b2 [10.0.0.2]) by b with ESMTP id 1; Mon");
	header("Received", "from x y z");
	header("Received", "from x (y [203.0.113.9]) by mail.example.net with ESMTP id 1; Mon");
	check("a broken one in between", NULL, NULL);

	only("by backup.example.org (Postfix)\n\tid 4Xq5; Mon");
	header("Received", "from mail.example.net (m [198.51.100.1]) by b with ESMTP id 1; Mon");
	check("forwarded by Postfix", "198.51.100.1", "mail.example.net");

	only("by backup.example.org with HTTP; Mon");
	header("Received", "from x (y [203.0.113.9]) by b with ESMTP id 1; Mon");
	check("begun at the relay", NULL, NULL);
}

static void
many_hops(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LIMIT_RECEIVED_HOPS - 1; i++)
		header("Received", "from b (b [10.0.0.2]) by b with ESMTP id 1; Mon");
	header("Received", "from mail.example.net (m [198.51.100.1]) by b with ESMTP id 1; Mon");
	check("the most", "198.51.100.1", "mail.example.net");
	session_mail(&s, SLICE("<ann@example.net>"), NULL, 0);
	for (unsigned i = 0; i < LIMIT_RECEIVED_HOPS; i++)
		header("Received", "from b (b [10.0.0.2]) by b with ESMTP id 1; Mon");
	header("Received", "from mail.example.net (m [198.51.100.1]) by b with ESMTP id 1; Mon");
	check("more", NULL, NULL);
}

/* Long and deep values take neither long nor much stack. */
static void
large(void **state)
{
	size_t n = 1 << 20;
	char *text = malloc(n + 1);

	(void)state;
	assert_non_null(text);
	for (const char *c = "([\"\\@ =;x"; *c != '\0'; c++) {
		memset(text, *c, n);
		memcpy(text, "from ", 5);
		text[n] = '\0';
		only(text);
		check("large", NULL, NULL);
	}
	free(text);
}

static void
anything(void **state)
{
	static const char *const parts[] = { "from ", "by ", "with ", "SMTP ", "(", ")", "[", "]",
		"198.51.100.1", "helo=", "HELO ", "x", "\"", "\\", ";", "\r\n\t", " ", "@", ":",
		"1" };

	(void)state;
	srandom(5321);
	for (unsigned i = 0; i < 50000; i++) {
		char value[400] = "from ";
		const char *why;
		struct slice helo;
		struct ip ip;

		for (unsigned n = random() % 25; n > 0; n--)
			strcat(value, parts[random() % (sizeof(parts) / sizeof(*parts))]);
		only(value);
		if (received_client(&s, relays, &ip, &helo, &why))
			assert_true(ip.family == 4 || ip.family == 6);
		else
			assert_non_null(why);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(postfix, setup, teardown),
		cmocka_unit_test_setup_teardown(sendmail, setup, teardown),
		cmocka_unit_test_setup_teardown(exim, setup, teardown),
		cmocka_unit_test_setup_teardown(qmail, setup, teardown),
		cmocka_unit_test_setup_teardown(exchange, setup, teardown),
		cmocka_unit_test_setup_teardown(others, setup, teardown),
		cmocka_unit_test_setup_teardown(traps, setup, teardown),
		cmocka_unit_test_setup_teardown(chains, setup, teardown),
		cmocka_unit_test_setup_teardown(many_hops, setup, teardown),
		cmocka_unit_test_setup_teardown(large, setup, teardown),
		cmocka_unit_test_setup_teardown(anything, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * testfile.h - tests of rules
 *
 *   test "name" {
 *       client ADDRESS [NAME [PTR]]       no client
 *       server ADDRESS [PORT [NAME]]      daemon NAME
 *       local                             mail from sendmail(1), no SMTP client
 *       dns NAME TYPE VALUE
 *       helo NAME                         no helo
 *       tls VERSION [CIPHER [BITS]]
 *       auth USER [METHOD]
 *       macro NAME VALUE
 *       mail from <ADDRESS> [PARAMETER…]
 *       rcpt to <ADDRESS>
 *       header "Name: value"              body "a line"
 *       message "FILE"                    beside the test file
 *       rset
 *       expect …                          see expect.h
 *   }
 *
 * What is left out is as of an honest stranger: see the defaults in testfile.c. An expectation is
 * of the transaction in which it stands, that is of the last `mail` above it.
 */
#pragma once

#include "replay/expect.h"

struct test {
	struct slice name;
	struct span span; /* of its `test` line */
	struct script script;
	struct zone *zone; /* of its dns lines; NULL: it has none */
	struct expectation {
		struct expect expect;
		size_t transaction;
	} * expects;
	size_t nexpects, capexpects;
};

struct testfile {
	struct arena arena;
	struct test *tests;
	size_t n, cap;
};

/* Read all tests of a file. Mistakes are added to d (there are none if its error count is as
 * before); p, if not NULL, tells which labels there are. src and what d holds must outlive the
 * tests. Free with testfile_free. */
void testfile_parse(
    const struct source *src, const struct program *p, struct diags *d, struct testfile *out);
void testfile_free(struct testfile *f);

/* The script of a test that has nothing but this message. To be freed with script_free. */
void testfile_default(struct script *out, const struct message *m);

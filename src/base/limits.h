/*
 * limits.h - every limit of the program, in one place
 *
 * A limit stands for what grows with input. Each says what happens beyond it; an admin may change
 * those that have a setting of the same meaning.
 */
#pragma once

/* ---- rule files: beyond each, a diagnostic and no program ---- */
#define LIMIT_RULE_FILE (64u << 20) /* bytes of one rule file */
#define LIMIT_LIST_FILE (1u << 30)  /* bytes of one list file */
#define LIMIT_LINE 65536	    /* bytes of one line of a list file */
#define LIMIT_INCLUDES 1000	    /* files that one ruleset includes */
#define LIMIT_INCLUDE_DEPTH 16	    /* files within files */
#define LIMIT_CONDITION 100000	    /* parts of one condition, with its definitions filled in */
#define LIMIT_DEPTH 256		    /* parts within one another, definitions filled in */
#define LIMIT_SCORE 1000000000000   /* what a score can be compared with */
#define LIMIT_NESTING 64	    /* parentheses, `not` and `when` within one another */
#define LIMIT_DIAGS 200		    /* mistakes shown in one run; the rest is counted */
#define LIMIT_RULES 1000000	    /* rules of one ruleset */
#define LIMIT_TEXT 4096		    /* bytes of one text in a rule */
#define LIMIT_PATTERN 32768	    /* bytes of one pattern */
#define LIMIT_PATTERN_DEPTH 250	    /* groups within one another that are looked into: else asked */
/* patterns that may match, in all texts of a fact: where there are more, it isn't kept */
#define LIMIT_SPOTS 4096
#define LIMIT_FACTOR 48 /* bytes of one text that a pattern requires: it is cut */
#define LIMIT_MACROS 50 /* macros that an MTA takes in one request */
#define LIMIT_NAME 64	/* bytes of a label, list or definition name */

/* ---- matching: beyond each, the atom's outcome is error ---- */
#define LIMIT_MATCH 1000000	 /* PCRE2's match limit */
#define LIMIT_MATCH_DEPTH 100000 /* PCRE2's depth limit */
#define LIMIT_MATCH_MS 2000	 /* milliseconds of matching for a message (match-budget) */
/* Milliseconds of the processor for trying suspect patterns in `postern check`: the rest is not
 * tried; and from which on the search of one text is warned of */
#define LIMIT_DANGER_MS 200
#define LIMIT_DANGER_SLOW_MS 200
#define LIMIT_MATCH_HEAP_KB 20000  /* PCRE2's heap limit, in KiB */
#define LIMIT_JIT_STACK (1u << 20) /* bytes of a thread's JIT stack */
#define LIMIT_CAPTURES 10	   /* groups that a text can name by number: {1} to {9} */
#define LIMIT_PAIRS 100000	   /* pairs of two facts' values that are held against a list */

/* ---- replies and texts to the MTA: beyond each, the text is cut ---- */
#define LIMIT_REPLY_LINE 500   /* bytes of one line of a reply (RFC 5321 4.5.3.1.5: 512) */
#define LIMIT_REPLY_LINES 30   /* lines of a reply (libmilter takes 32) */
#define LIMIT_HEADER_VALUE 900 /* bytes of a header that a rule writes (RFC 5322 2.1.1: 998) */
#define LIMIT_MILTER_LINE 980  /* bytes of one line of a reply, as libmilter takes it */
#define LIMIT_LOG_FIELD 512    /* bytes of one value in a log line */
#define LIMIT_LOG_WORDS 4096   /* bytes of a log line in words */

#define LIMIT_TEXT_FILLED 16384 /* bytes of a text with its facts filled in */

/* ---- sessions ---- */
#define LIMIT_CLASSES 500      /* kinds of recipients of one message: the next is sent separately */
#define LIMIT_RECIPIENTS 10000 /* recipients of one message: then 452 4.5.3 */
#define LIMIT_PARAMETERS 64    /* ESMTP parameters of one MAIL: those behind are not seen */
#define LIMIT_HEADERS_BYTES (4u << 20) /* header bytes kept: then the facts are cut off */
#define LIMIT_HEADERS 20000	       /* headers kept: then the facts are cut off */
#define LIMIT_MESSAGE (32u << 20)      /* body bytes kept (max-message-size): then cut off */
/* Bytes of body memory kept from one message to the next: the rest is given back */
#define LIMIT_BODY_IDLE (256u << 10)
#define LIMIT_MACRO_VALUE 4096		 /* bytes kept of one macro */
#define LIMIT_ADDRESS 4096		 /* bytes kept of one address or host name */
#define LIMIT_RECEIVED_HOPS 30		 /* Received headers of trusted relays: then SPF is none */
#define LIMIT_SESSION_BYTES (256u << 20) /* memory of one session: then facts err */

/* ---- mail: beyond each, the message is cut, and the facts keep what was had ---- */
#define LIMIT_MAILBOXES 1000   /* mailboxes of one field: those behind are left out */
#define LIMIT_WORD_CHARSET 64  /* bytes of a charset's name in an encoded word: then it is none */
#define LIMIT_FIELD_VALUES 20  /* values of one parameter: those behind are left out */
#define LIMIT_MIME_PARTS 1000  /* parts of a message: those behind are not looked at */
#define LIMIT_MIME_NESTING 100 /* parts within one another: the innermost has none */
#define LIMIT_MIME_DECODED (64u << 20) /* bytes of its decoded texts: the last is cut off */
#define LIMIT_HTML_CHARSET 1024 /* bytes in which HTML names its charset: then it is guessed */
#define LIMIT_URLS 1000		/* different URLs of one message */
#define LIMIT_URL 8192		/* bytes of one URL */
#define LIMIT_URL_SCHEME 64	/* bytes of its scheme: with more it has none */
#define LIMIT_RESULTS 32	/* results of DKIM that a filter tells: then they can't be told */
#define LIMIT_DOMAIN_TEXT 1024	/* bytes of a name that is made A-labels: then it stays as it is */
#define LIMIT_KIND_BYTES (36u << 10) /* first bytes of a file that its kind is known by at most */
#define LIMIT_ARCHIVE_ENTRIES 1000   /* names of one archive */
#define LIMIT_ARCHIVE_NAME 4096	     /* bytes of one of them */
#define LIMIT_ARCHIVE_BYTES (16u << 20)	 /* bytes that a compressed tar is unpacked to */
#define LIMIT_ARCHIVE_READ (8u << 20)	 /* bytes read of an archive to list it */
#define LIMIT_ARCHIVES_BYTES (64u << 20) /* bytes read and unpacked of all in one message */
#define LIMIT_ARCHIVE_HEADER (1u << 20)	 /* bytes of a 7z's list: with more it has no items */
#define LIMIT_HTML_DEPTH 512	 /* HTML elements within one another: the rest are beside them */
#define LIMIT_HTML_LINKS 10000	 /* links of one HTML part: those behind are left out */
#define LIMIT_HTML_URL 8192	 /* bytes of one URL: it is cut */
#define LIMIT_HTML_STYLE 65536	 /* bytes of one style attribute: those behind don't count */
#define LIMIT_HTML_RULES 1000	 /* selectors of style sheets: those behind don't count */
#define LIMIT_HTML_CLASSES 32	 /* of them, for one element: likewise */
#define LIMIT_HTML_CSS_VALUE 128 /* bytes of one value in a style: those behind don't count */

/* ---- databases of patterns: without one, patterns are asked of PCRE2 more often ---- */
#define LIMIT_DATABASE_S 900 /* seconds that one may take to make: then there is none */
#define LIMIT_DATABASE_BYTES (128u << 20) /* bytes of one: likewise */
#define LIMIT_CACHE_BYTES (512u << 20)	  /* bytes of cache-dir: those used least lately go */

/* ---- the process ---- */
#define LIMIT_LOCK_MS 1000     /* waiting for another starter to let go of the socket's place */
#define LIMIT_LOCK_PAUSE_MS 20 /* between two tries at that */
#define LIMIT_GRACE_MS 10000   /* from SIGTERM to the end, if sessions are open */
#define LIMIT_DRAIN_MS 10      /* between two looks at them */
#define LIMIT_WAKE_MS 5	       /* between two signals to libmilter's main thread to stop it */
/* Seconds that the MTA may say nothing, or not end a packet: then its connection is closed. It
 * is silent while it waits for the client: Postfix for 300 s (smtpd_timeout), Sendmail for an
 * hour (Timeout.command), both for as long as a message takes to come in, for they tell nothing
 * of it before its end. */
#define LIMIT_IDLE_S 3700

/* ---- DNS and SPF ---- */
#define LIMIT_ZONE_FILE (16u << 20) /* bytes of a zone file */
#define LIMIT_DNS_NAME 253	    /* octets of a name (RFC 1035 2.3.4, as text) */
#define LIMIT_DNS_LABEL 63	    /* octets of a label */
#define LIMIT_DNS_CNAMES 8	    /* aliases behind one another: then the lookup failed */
#define LIMIT_DNS_MS 5000	    /* milliseconds for one question (dns-timeout): likewise */
#define LIMIT_DNS_SERVERS 8	    /* name servers: with more, a diagnostic and no program */
#define LIMIT_DNS_TTL 86400	    /* seconds that an answer is kept at most */
#define LIMIT_DNS_CACHE (32u << 20) /* bytes of kept answers: those used least lately go */
#define LIMIT_DNS_FAILED_TTL 5	    /* seconds that a failure of the servers is kept */
#define LIMIT_DNS_OPEN 4096	    /* queries that are out at once: the next lookup fails */
#define LIMIT_DNS_RECORDS 1000	    /* records of one answer: then the lookup failed */
#define LIMIT_DNS_UDP 1232   /* octets of an answer by UDP: then by TCP (dnsflagday.net/2020) */
#define LIMIT_DNS_ROUNDS 2   /* times that each server is asked: then the lookup failed */
#define LIMIT_DNS_TICK_MS 20 /* between two looks for queries that were not answered in time */
#define LIMIT_DNS_CHANNEL_QUERIES 1000 /* queries through one UDP port: the next have another */
#define LIMIT_DNS_CHANNEL_MS 1000      /* age of such a port: likewise */
#define LIMIT_DNS_CHANNELS 16	       /* sets of sockets at once: then the latest stays in use */
#define LIMIT_DNSBLS 60		/* different dnsbl( ) questions of one ruleset: a diagnostic */
#define LIMIT_DNSBL_NAMES 100	/* values of one fact that a list is asked for: then it fails */
#define LIMIT_DNSBL_ANSWERS 100 /* answers of one list: then it errs */
#define LIMIT_DNSBL_QUIET_S 600 /* seconds between two complaints of one failing list */
/* Milliseconds that lists have beyond what SPF may take of one answer to the MTA, lest a sender
 * whose name servers are slow makes them fail: then the lookup failed */
#define LIMIT_DNSBL_SPARE_MS 1000
#define LIMIT_SPF_REASON 400   /* bytes of spf.reason: then it is cut */
#define LIMIT_SPF_RECORD 65535 /* bytes of an SPF record: then permerror */
#define LIMIT_SPF_TERM 1024    /* bytes of a domain name in it, macros and all: likewise */
#define LIMIT_SPF_TERMS 10     /* terms of a check that ask the DNS (RFC 7208 4.6.4): likewise */
#define LIMIT_SPF_VOIDS 2      /* of which find nothing: likewise */
/* MX names of one term: then permerror; PTR names of a client: the rest is not looked at */
#define LIMIT_SPF_HOSTS 10
/* DNS questions of one check: then permerror. No record within the limits above gets there: its own
 * TXT, the names and addresses of each term's hosts, those of %{p}, and the explanation. */
#define LIMIT_SPF_QUERIES ((LIMIT_SPF_TERMS + 1) * (1 + LIMIT_SPF_HOSTS) + 2)
#define LIMIT_SPF_TRACE 1000 /* bytes of one line of a trace: then it is cut */
/* Milliseconds that a check takes at most (spf-timeout): then temperror. With LIMIT_DNSBL_SPARE_MS
 * it must stay below Sendmail's 10 s and Postfix's 30 s: all checks of one answer end by it. */
#define LIMIT_SPF_MS 8000

/* ---- the tools: beyond each, the file is not read ---- */
#define LIMIT_MESSAGE_FILE (256u << 20) /* bytes of a message given to test and explain */
#define LIMIT_TEST_FILE (64u << 20)	/* bytes of a file of tests */
#define LIMIT_BENCH_MS 1000 /* milliseconds of `postern bench`: then no further round begins */

/*
 * session.h - what the MTA has told of one SMTP session
 *
 * An adapter calls these in the order of the dialogue; each copies its arguments. Values are kept
 * within LIMIT_ADDRESS, LIMIT_MACRO_VALUE, LIMIT_HEADERS…: what is beyond is cut and remembered.
 * Lack of memory makes the facts concerned `cut` as well. One thread at a time.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/ip.h"
#include "list/list.h"
#include "session/stage.h"
#include "spf/spf.h"

#include <stdint.h>

/* What costs a question to somebody else; bits of a set. */
#define LOOKUP_SPF 1ull
#define LOOKUP_SPF_HELO 2ull
#define LOOKUP_DNSBL(i) (4ull << (i)) /* session_env.dnsbls[i] */

struct fact_ref;

/* A question to a list: which, and about which fact. */
struct dnsbl_ask {
	struct dnsbl *list;
	const struct fact_ref *of;
};

/* One answer of a list. */
struct listing {
	struct slice name; /* that was asked for */
	struct ip ip;
};

struct listings {
	const struct listing *v;
	size_t n;
	const char *why; /* the list has failed: why; NULL: it has not */
	bool cut;	 /* not all was asked or kept: a limit, or memory */
};

struct macro {
	struct macro *next;
	struct slice name; /* as the MTA names it: `i`, `{daemon_name}` */
	struct slice value;
	bool cut; /* the value is not all there */
};

struct header {
	struct slice line; /* `Name: value`; the two below point into it */
	struct slice name;
	struct slice value; /* the bytes that came, folds as CR LF or LF and white space, without
			     * the one blank behind the colon */
};

struct recipient {
	struct slice given;   /* as the MTA gave it, for taking it off again */
	struct slice address; /* without <> and source route, valid UTF-8 */
	bool cut;	      /* the address is not all there */
	struct macro *macros; /* of its RCPT */
	bool macros_lost;     /* there was no memory for one */
};

/* Limits that kept something of a message from being seen; bits of a set. */
enum limited {
	LIMITED_HEADERS = 1,	 /* max-headers */
	LIMITED_HEADER_SIZE = 2, /* max-header-size */
	LIMITED_MESSAGE = 4,	 /* max-message-size */
	LIMITED_PARTS = 8,	 /* max-parts */
	LIMITED_NESTING = 16,	 /* max-nesting */
	LIMITED_DECODED = 32,	 /* max-decoded-size */
	LIMITED_URLS = 64,	 /* max-urls, LIMIT_URL, or LIMIT_HTML_LINKS */
	LIMITED_ARCHIVE = 128,	 /* max-archive-entries, or another of LIMIT_ARCHIVE_… */
	LIMITED_STYLES = 256,	 /* LIMIT_HTML_STYLE and its like: what is hidden may be seen */
	LIMITED_ADDRESSES = 512, /* LIMIT_MAILBOXES */
	LIMITED_RESULTS =
	    1024, /* results of filters before us that can't be told from forged ones */
	LIMITED_MEMORY = 2048, /* LIMIT_SESSION_BYTES, or the machine's */
};

struct content;

/* What a ruleset may ask beyond the session itself; shared by sessions, outlives them. */
struct session_env {
	struct resolver *resolver;	/* NULL: nothing is looked up */
	struct spf *spf;		/* NULL: SPF is `none`, as it is of local mail */
	const struct list *relays;	/* trusted ones, a list of networks; NULL: none */
	const struct dnsbl_ask *dnsbls; /* ndnsbls of them */
	size_t ndnsbls;
	unsigned dns_ms;    /* patience with one question; 0: LIMIT_DNS_MS */
	unsigned answer_ms; /* with all that one answer to the MTA takes, lists with
			     * LIMIT_DNSBL_SPARE_MS more; 0: LIMIT_SPF_MS */
	bool quiet;	    /* failing lists are not told to the log: tests */
	bool keep_headers, keep_body;
	uint32_t asked;		 /* what of the content its rules ask: bits of content_asks */
	const char *authserv_id; /* whose Authentication-Results are believed; NULL: nobody's */
	bool forged_removed; /* also without a queue id: senders' ones are taken out before us */
	/* limits; 0 stands for the one of limits.h */
	size_t max_message; /* body bytes kept: LIMIT_MESSAGE */
	size_t max_headers, max_header_bytes;
	size_t max_parts, max_nesting, max_decoded, max_urls, max_archive_entries;
};

struct session {
	const struct session_env *env;
	struct arena connection, greeting, message; /* memory by lifetime */
	struct arena decoded;			    /* of the message, what content.c made of it */
	struct arena scratch; /* values handed out by fact_get; the caller of fact_get resets it */

	/* of the connection */
	struct ip client;
	uint16_t client_port;
	struct slice client_name; /* verified; absent if not */
	bool client_name_cut;
	bool relayed; /* the client is a trusted relay: the one before it counts for SPF */
	struct listings *listings; /* of env->dnsbls; NULL before the first lookup */
	bool local; /* no SMTP client: mail from sendmail(1) through Postfix's non_smtpd_milters;
		     * before MAIL: it may be */

	/* of the greeting */
	struct slice helo;
	bool helo_cut;
	struct spf_answer spf_helo;

	/* of the message */
	bool in_message;
	bool smtputf8;
	struct slice sender; /* "<>" for the null sender; absent before MAIL */
	bool sender_cut;
	long long size_declared; /* -1: none */
	struct spf_answer spf;
	struct recipient *recipients;
	size_t nrecipients, caprecipients;
	size_t withheld; /* that would be refused, in `set mode monitor` */
	size_t selected; /* whose facts `recipient…` are; SIZE_MAX: none */
	struct header *headers;
	size_t nheaders, capheaders, header_bytes;
	bool headers_cut;
	unsigned limits; /* LIMITED_… of what was looked at so far; that of the body is in `body` */
	struct buf body;
	struct content *content; /* what was decoded so far; NULL: nothing */
	unsigned long long size; /* of the message so far, in bytes, CR LF line ends; the empty line
				  * behind the header is counted from MAIL on */

	struct macro *macros[LIVES]; /* those of LIFE_RECIPIENT are in the recipients */
	bool macros_lost[LIVES];     /* there was no memory for one */
	uint64_t looked_up;	     /* LOOKUP_… that were got */
	uint64_t answer_by; /* when SPF ends, of clock_us(), and lists somewhat later; 0: each
			     * by its own time */
};

/* Make an empty session. Free with session_free. */
void session_init(struct session *s, const struct session_env *env);
void session_free(struct session *s);

/* The connection: client NULL where there is no address; name is the verified host name, or what
 * MTAs give when there is none (absent, "unknown", "[192.0.2.1]"). */
void session_connect(struct session *s, const struct ip *client, uint16_t port, struct slice name);

/* HELO or EHLO: ends the message and what the last HELO brought. */
void session_helo(struct session *s, struct slice name);

/* MAIL: ends the last message. from with or without <>; params are ESMTP parameters (`SIZE=100`).
 */
void session_mail(struct session *s, struct slice from, const struct slice *params, size_t nparams);

/* RCPT: the recipient is added and selected. False when LIMIT_RECIPIENTS or memory is used up. */
bool session_rcpt(struct session *s, struct slice to);

/* The recipient added last was refused: forget it. */
void session_drop_rcpt(struct session *s);

/* Whose facts `recipient…` are: an index, or SIZE_MAX for nobody's. */
void session_select(struct session *s, size_t recipient);

/* One header, in order; its value as the MTA gave it, with (`leading` true) or without the white
 * space behind the colon. A piece of the body. Both count for `size` whether kept or not. */
void session_header(struct session *s, struct slice name, struct slice value, bool leading);
void session_body(struct session *s, struct slice chunk);

/* A macro as given at a stage; it lives as long as what that stage belongs to. `{rcpt_…}` is the
 * selected recipient's, which after session_rcpt is the new one. `{x}` is the same as `x`. */
void session_macro(struct session *s, enum stage at, struct slice name, struct slice value);

/* A macro's value, of the selected recipient first, then of the message…; absent if unknown. The
 * second says also (cut may not be NULL) whether the value, or the macro, got lost at a limit. */
struct slice session_macro_get(const struct session *s, struct slice name);
struct slice session_macro_find(const struct session *s, struct slice name, bool *cut);

/* The message is over (verdict, abort, RSET): forget it; helo and connection stay. */
void session_end_message(struct session *s);

/* ---- lookups.c ---- */

/* From now on, until it is called again, all lookups together take env->answer_ms at most, and
 * LIMIT_DNSBL_SPARE_MS. */
void session_begin_answer(struct session *s);

/* The LOOKUP_… bits that can't be got at a stage: SPF behind a trusted relay, as long as its
 * Received is not there. */
uint64_t session_not_yet(const struct session *s, enum stage at);

/* Get what the LOOKUP_… bits ask for and is not there yet, side by side; blocks. What can't be got
 * yet is not to be asked for. */
void session_look_up(struct session *s, uint64_t lookups);

/* The text of a listing (a TXT record of its name), in scratch memory; absent if there is none.
 * Blocks. */
struct slice session_listing_text(struct session *s, const struct listing *l);

/* The queue id (macro `i`), absent as long as there is none. */
struct slice session_queue_id(const struct session *s);

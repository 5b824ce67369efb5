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
#include "session/stage.h"
#include "spf/spf.h"

#include <stdint.h>

/* What costs a question to somebody else; bits. */
enum lookup { LOOKUP_SPF = 1, LOOKUP_SPF_HELO = 2 };

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

/* What a ruleset may ask beyond the session itself; shared by sessions, outlives them. */
struct session_env {
	struct resolver *resolver; /* NULL: nothing is looked up */
	struct spf *spf;    /* NULL: SPF is `none` */
	size_t max_message; /* body bytes kept; 0: LIMIT_MESSAGE */
	bool keep_headers, keep_body;
};

struct session {
	const struct session_env *env;
	struct arena connection, greeting, message; /* memory by lifetime */
	struct arena scratch; /* values handed out by fact_get; the caller of fact_get resets it */

	/* of the connection */
	struct ip client;
	uint16_t client_port;
	struct slice client_name; /* verified; absent if not */
	bool client_name_cut;
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
	struct buf body;
	unsigned long long size; /* of the message so far, in bytes, CR LF line ends; the empty line
				  * behind the header is counted from MAIL on */

	struct macro *macros[LIVES]; /* those of LIFE_RECIPIENT are in the recipients */
	bool macros_lost[LIVES];     /* there was no memory for one */
	unsigned looked_up;	     /* LOOKUP_… that were got */
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

/* Get what the LOOKUP_… bits ask for and is not there yet; blocks. */
void session_look_up(struct session *s, unsigned lookups);

/* The queue id (macro `i`), absent as long as there is none. */
struct slice session_queue_id(const struct session *s);

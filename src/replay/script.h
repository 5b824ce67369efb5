/*
 * script.h - one SMTP session, written down: what the client says, what the MTA tells of it
 *
 * Built step by step; everything is copied into its arena. A macro is given at the stage at which
 * MTAs know it, from the place in the script on where it stands; one of the connection counts from
 * its beginning wherever it stands.
 */
#pragma once

#include "replay/message.h"

enum step_kind {
	STEP_MACRO,  /* a: name, b: value */
	STEP_HELO,   /* a: name */
	STEP_MAIL,   /* a: address with or without <>; params */
	STEP_RCPT,   /* a: address with or without <> */
	STEP_HEADER, /* a: name, b: value with the white space behind the colon */
	STEP_BODY,   /* a: bytes */
	STEP_RSET,
};

struct step {
	enum step_kind kind;
	struct slice a, b;
	struct slice *params; /* STEP_MAIL: ESMTP parameters */
	size_t nparams;
};

struct script {
	struct arena arena;
	bool local;	  /* no SMTP client: Postfix's non_smtpd_milters */
	struct ip client; /* family 0: no address */
	uint16_t client_port;
	struct slice client_name; /* verified; absent if not */
	struct step *steps;
	size_t nsteps, capsteps;
};

void script_init(struct script *s);
void script_free(struct script *s);

/* Add a step. The returned step is valid until the next one is added. */
struct step *script_add(struct script *s, enum step_kind kind, struct slice a, struct slice b);

/* MAIL with its parameters. */
void script_mail(struct script *s, struct slice from, const struct slice *params, size_t nparams);

/* The headers and the body of a message. */
void script_message(struct script *s, const struct message *m);

/* Who connects. name and ptr may be absent or "unknown"; a name is verified, a ptr without a name
 * is forged (Postfix's reverse_client_name). Gives the macros that carry them, too. */
void script_client(struct script *s, const struct ip *ip, struct slice name, struct slice ptr);

/* A macro; a name of several letters may come without its braces. */
void script_macro(struct script *s, struct slice name, struct slice value);

/* The macro that carries a fact such as "sasl.user". */
void script_fact(struct script *s, const char *fact, struct slice value);

/* Mail from sendmail(1), as Postfix's cleanup(8) tells it: from localhost, port 0. */
void script_local(struct script *s);

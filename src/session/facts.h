/*
 * facts.h - the one table of what rules can ask
 *
 * Adding a fact is one entry and its getter. Language, checker, manual test and engine read this
 * table; a word that is not in it doesn't exist.
 */
#pragma once

#include "session/content.h"
#include "session/session.h"

enum kind {
	KIND_TEXT,    /* any text */
	KIND_NAME,    /* a host or domain name, or a mailbox's local part */
	KIND_ADDRESS, /* a mailbox, or `<>` */
	KIND_IP,
	KIND_NUMBER,
	KIND_WORD, /* one of a few words */
};

/* One value. Its text is always there: what `{fact}` puts into a reply. */
struct value {
	struct slice text;
	long long number; /* KIND_NUMBER */
	struct ip ip;	  /* KIND_IP */
	/* Where its folded text (mail/fold.h) is kept for as long as the value lives, absent before
	 * it was first asked; NULL: nowhere. */
	struct slice *folded;
};

struct values {
	const struct value *v; /* in the session's scratch memory, or longer-lived */
	size_t n;	       /* 0: the fact is absent */
	bool cut;	       /* more there was: a limit cut it off */
	bool failed;	       /* more there may be: a list has failed */
};

struct fact;
struct fact_ref;
typedef void fact_get_fn(struct session *s, const struct fact_ref *ref, struct values *out);

enum fact_flags {
	FACT_RAW = 1,  /* bytes; patterns match bytes */
	FACT_MANY = 2, /* may have several values */
	FACT_NEEDS_HEADERS = 4,
	FACT_NEEDS_BODY = 8,
	FACT_OF_SCORE = 16, /* the engine knows it, not the session */
	FACT_ALWAYS = 32,   /* never absent */
	FACT_COUNTS = 64,   /* what it needs must come by, but need not be kept */
	FACT_TAIL = 128,    /* its last part stands behind the parentheses: header("From").addr */
	FACT_DECODES = 256, /* the body's parts are decoded for it */
};

struct fact {
	const char *name;
	enum kind kind;
	enum stage stage; /* at which it is known; of `macro` and `dnsbl`, fact_ref tells */
	enum life life;
	unsigned flags;	  /* FACT_… */
	uint64_t lookups; /* LOOKUP_… that it costs; of `dnsbl`, fact_ref tells */
	const char *args; /* what the parentheses take: NULL nothing, "header" one or more header
			   * names, "macro" one macro name, "zone" a list's zone and a fact */
	const char *const *words; /* KIND_WORD: its values, NULL at the end */
	const char
	    *macros[3]; /* the macros that carry it, the first known one counts; NULL at the end */
	enum content_item item; /* of get_content */
	fact_get_fn *get;	/* NULL: FACT_OF_SCORE */
};

/* A fact as a rule names it, with its arguments. */
struct fact_ref {
	const struct fact *fact;
	const struct slice *args;
	size_t nargs;
	enum stage stage;
	enum life life;
	uint64_t lookups;
	const struct fact_ref *of; /* dnsbl: the fact that the list is asked about, */
	unsigned ask;		   /* and the index of that question in session_env.dnsbls */
};

/* All facts, by index; NULL behind the last. */
const struct fact *fact_at(size_t i);

/* The fact of that name; NULL if there is none. */
const struct fact *fact_find(struct slice name);

/* Its values now. Only for facts with a getter, whose stage is reached and lookups are got. */
void fact_get(struct session *s, const struct fact_ref *ref, struct values *out);

/* The stage at which an MTA's macro is known, the later of Postfix's and Sendmail's; STAGE_BODY for
 * an unknown one. What comes with HELO is known at MAIL, as HELO may come again. *known (may be
 * NULL) says whether it is in the table. Names with two and more letters stand in braces. */
enum stage macro_stage(struct slice name, bool *known);

/* The lifetime of a macro that is known at a stage. */
enum life macro_life(enum stage s, struct slice name);

/* Names of all known macros, NULL behind the last: for suggestions and the manual's test. */
const char *macro_at(size_t i);

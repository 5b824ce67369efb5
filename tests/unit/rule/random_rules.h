/*
 * random_rules.h - random rulesets and sessions for the property tests
 *
 * A ruleset here is a small tree of its own, which naive.c judges by the words of the language and
 * print_rules.c writes down for the program to load. The values of a text fact are five words, each
 * with a letter and a tail on which a pattern can be made to run into its match limit; so an atom
 * is two sets of letters: those for which it is true and those for which it is an error.
 */
#pragma once

#include "base/buf.h"
#include "rule/program.h"

enum {
	MAX_RULES = 9,
	MAX_ATOMS = 7,
	MAX_CONDS = 96,
	MAX_PARTS = 3,
	MAX_WHENS = 4,
	MAX_DEFINES = 2,
	MAX_HELOS = 2,
	MAX_MESSAGES = 3,
	MAX_RCPTS = 4,
	MAX_SAME = 3,	      /* values of one header */
	VALUES = 5,	      /* a text fact's values: 0 to 4 */
	NULL_SENDER = VALUES, /* and of `sender` */
	ABSENT = -1,
	NONE = -1,
};

/* ---- chance ---- */

struct chance {
	uint64_t state;
};

uint64_t chance_next(struct chance *c);
/* 0 to n - 1. */
int chance_below(struct chance *c, int n);
/* True in `percent` of a hundred cases. */
bool chance_of(struct chance *c, int percent);

/* ---- facts ---- */

enum what {
	W_IP,
	W_NAME,
	W_PORT,
	W_DAEMON,
	W_LISTED,
	W_HELO,
	W_LISTED_HELO,
	W_SENDER,
	W_SENDER_DOMAIN,
	W_SIZE,
	W_USER,
	W_MAIL_HOST,
	W_RCPT,
	W_RCPT_DOMAIN,
	W_RCPT_HOST,
	W_COUNT,
	W_QUEUE_ID,
	W_HEADER_1,
	W_HEADER_2,
	W_BODY,
	W_LATE,
	WHATS,
};

enum sort { SORT_IP, SORT_NAME, SORT_ADDRESS, SORT_WORD, SORT_NUMBER, SORT_BODY, SORT_LISTING };

struct what_def {
	const char *name; /* as a rule names it */
	enum stage stage;
	enum sort sort;
	int group; /* facts of one group share their words; 0: of its own kind */
	bool recipient, many;
};

extern const struct what_def what_defs[WHATS];

/* ---- rules ---- */

enum atom_kind {
	A_PATTERN,	/* ~ */
	A_PATTERN_LIST, /* in a list of patterns */
	A_IN,		/* in a list, or = */
	A_THERE,
	A_NUMBER,	 /* op number */
	A_COUNT,	 /* count(fact) op number */
	A_COUNT_MATCHES, /* count(fact ~ /re/) op number */
	A_SAME,		 /* fact = other */
	A_ALIGNED,	 /* fact aligned other, or a host below the one domain of `yes` */
	A_PAIR,		 /* (recipient, sender) in a list of pairs of domains */
};

struct ratom {
	enum atom_kind kind;
	enum what what, other;
	unsigned yes, err;  /* sets of values */
	unsigned yes_other; /* A_PAIR: of `other` */
	enum atom_op op;
	long number;
	bool named;  /* the list has a name */
	bool folded; /* patterns have the flag n */
};

enum cond_kind { C_ATOM, C_NOT, C_AND, C_OR, C_OF, C_SCORE, C_DEFINED };

struct rcond {
	enum cond_kind kind;
	int index;	 /* of the atom or definition */
	enum atom_op op; /* C_SCORE; OP_EQ is `score = N` */
	long number;
	int n; /* C_OF */
	int nparts, parts[MAX_PARTS];
	bool short_not; /* C_NOT: `!~` where that can be written */
};

struct rtext {
	bool given;
	int what; /* a fact in it, or NONE */
	bool score;
};

struct rrule {
	bool off; /* taken out while a failure is made smaller */
	bool monitor;
	enum action action;
	int cond;      /* NONE: always */
	int when;      /* NONE */
	unsigned code; /* 0: none is written */
	struct rtext text;
	long score;
	int pattern; /* remove-header: index of an atom whose pattern it has, or NONE */
};

struct rwhen {
	int cond, parent;
};

struct ruleset {
	enum stage refuse_at;
	enum on_error on_error, on_dns_error;
	enum mixed mixed;
	enum mode mode;
	bool small; /* max-message-size is 1K */
	struct ratom atoms[MAX_ATOMS];
	int natoms;
	struct rcond conds[MAX_CONDS];
	int nconds;
	int defines[MAX_DEFINES];
	int ndefines;
	struct rwhen whens[MAX_WHENS];
	int nwhens;
	struct rrule rules[MAX_RULES];
	int nrules;
};

/* ---- sessions ---- */

struct rrcpt {
	int local, domain, host;
};

struct rmessage {
	int helo; /* a HELO before this message; ABSENT */
	int sender, sender_domain, user, mail_host, size;
	struct rrcpt rcpts[MAX_RCPTS];
	int nrcpts;
	int queue_id, late, body;
	bool far; /* the body's word stands behind the first kilobyte */
	int headers[2][MAX_SAME];
	int nheaders[2];
	enum stage abort_after; /* STAGE_NEVER */
	bool abort_by_helo;
};

/* What a list says of one that it is asked about. */
enum fault {
	FAULT_NONE,
	FAULT_SILENT,  /* no answer; it has no values then */
	FAULT_OUTSIDE, /* an answer outside of 127/8 as well */
	FAULT_REFUSES, /* one in 127.255.255.x as well */
};

struct rlisting {
	int values[MAX_SAME], n;
	enum fault fault;
};

struct rsession {
	bool local;
	int ip, name, port, daemon;
	struct rlisting listed, listed_helo[VALUES]; /* the client; a HELO name */
	int helos[MAX_HELOS];
	int nhelos;
	struct rmessage messages[MAX_MESSAGES];
	int nmessages;
};

/* What a round shall be like. */
struct shape {
	int max_rules, max_atoms, max_rcpts, max_messages;
	bool score, enforce, split,
	    remote; /* score rules at all; not mode monitor; …; no local sessions */
};

void random_rules(struct ruleset *rs, const struct shape *shape, struct chance *c);
void random_session(struct rsession *ss, const struct shape *shape, struct chance *c);

/* ---- print_rules.c ---- */

/* The ruleset as an admin would write it. */
void print_rules(struct buf *b, const struct ruleset *rs);

/* What lists say of a session's client and HELO names, as lines of a zone. */
void print_zone(struct buf *b, const struct rsession *ss);

/* The session in words. */
void print_session(struct buf *b, const struct rsession *ss);

/* One value of a fact; a sender; a recipient, whose number n makes its local part unique. */
void value_text(struct buf *b, enum what w, int value);
void sender_text(struct buf *b, const struct rmessage *m);
void rcpt_text(struct buf *b, const struct rmessage *m, int n);

/* The index that a rule has in the program: rules that are off are not there. */
int program_index(const struct ruleset *rs, int rule);
/* And back; NONE if there is none. */
int ruleset_index(const struct ruleset *rs, long index);

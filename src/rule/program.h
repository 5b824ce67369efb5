/*
 * program.h - a checked ruleset, ready to run
 *
 * Immutable once loaded, shared by all threads, counted. Conditions are a graph in which identical
 * parts are one: an atom (one comparison) that several rules hold is asked once.
 */
#pragma once

#include "base/diag.h"
#include "base/limits.h"
#include "list/list.h"
#include "rule/scan.h"
#include "rule/score.h"
#include "rule/settings.h"
#include "session/facts.h"

#include <stdatomic.h>

/* ---- texts ---- */

enum piece_kind {
	PIECE_LITERAL,
	PIECE_FACT,
	PIECE_GROUP,	     /* {1}, {name}: what a group of the rule's pattern matched */
	PIECE_ENTRY,	     /* {entry}: the list entry that decided */
	PIECE_ENTRY_TEXT,    /* {entry.text} */
	PIECE_LISTING_ZONE,  /* {dnsbl.zone}: of the first dnsbl( ) of the rule that is true */
	PIECE_LISTING_VALUE, /* {dnsbl.value}: its answer */
	PIECE_LISTING_TEXT,  /* {dnsbl.text}: what the list says of it */
};

struct piece {
	enum piece_kind kind;
	struct slice literal;  /* PIECE_LITERAL; PIECE_GROUP: its name, if it was named */
	struct fact_ref ref;   /* PIECE_FACT */
	uint32_t atom;	       /* PIECE_GROUP, PIECE_ENTRY, PIECE_ENTRY_TEXT: whose */
	const uint32_t *atoms; /* PIECE_LISTING_…: those of them that can be it, natoms */
	uint32_t natoms;
	unsigned group; /* PIECE_GROUP */
	struct span span;
};

/* A text with `{…}` in it. n == 0: no text was given. */
struct text {
	const struct piece *v;
	size_t n;
	enum stage stage;    /* at which all of it is known */
	uint64_t lookups;    /* LOOKUP_… that it costs */
	bool recipient;	     /* names the recipient */
	bool score;	     /* waits for the exact score */
	uint32_t score_upto; /* which score: that of so many score rules */
};

/* ---- conditions ---- */

enum atom_op {
	OP_THERE, /* FACT */
	OP_EQ,
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE,
	OP_MATCH, /* ~ */
	OP_IN,
	OP_ALIGNED, /* the same organizational domain */
};

struct atom {
	enum atom_op op;
	struct fact_ref left;
	bool pair; /* (left, left2) in PAIRS */
	struct fact_ref left2;
	bool count; /* count(left) op number, count(left ~ pattern) op number */
	/* the right side: one of them, by op and left */
	const struct pattern *pattern;
	struct slice pattern_text; /* as written, for printing back */
	unsigned pattern_flags;
	const struct list *list;
	const char *list_name; /* NULL: written in place */
	bool right_fact;
	struct fact_ref right;
	struct text text; /* n > 0: a literal or a text with {…} */
	long long number;
	struct ip ip;

	enum stage stage; /* at which it is known */
	enum life life;
	uint64_t lookups;
	bool score;		 /* asks score or score.rules: wants them exact */
	uint32_t score_upto;	 /* which score: that of so many score rules */
	uint32_t cell;		 /* index of its outcome among those of a walk */
	uint32_t scan;		 /* the pass that its patterns are part of; SCAN_NONE */
	uint32_t pattern_number; /* of the first of them in it */
	uint32_t wakes;		 /* the first rule that sleeps by this atom; UINT32_MAX */
	struct span span;
};

enum node_kind {
	NODE_TRUE,
	NODE_ATOM,
	NODE_NOT,
	NODE_AND,
	NODE_OR,
	NODE_OF,    /* at least n of its parts */
	NODE_SCORE, /* score op number, by interval */
};

struct node {
	enum node_kind kind;
	uint32_t first, count; /* its parts: program.parts[first …] */
	uint32_t atom;	       /* NODE_ATOM */
	uint32_t n;	       /* NODE_OF */
	enum atom_op op;       /* NODE_SCORE: OP_LT to OP_GE */
	long long number;      /* NODE_SCORE */
	uint32_t score_upto;   /* NODE_SCORE: the sum of so many score rules */
	uint32_t size,
	    depth; /* parts in all, and within one another; a shared part counts each time */
	/* what stages.c works out: the first stage at which it can be surely true, or false */
	enum stage true_at, false_at;
	enum stage asked_from; /* the first at which anything of it can be asked */
	bool recipient;	       /* names the recipient */
};

/* ---- rules ---- */

enum action {
	ACT_ACCEPT,
	ACT_REJECT,
	ACT_TEMPFAIL,
	ACT_DISCARD,
	ACT_QUARANTINE,
	ACT_ADD_HEADER,
	ACT_SET_HEADER,
	ACT_REMOVE_HEADER,
	ACT_REDIRECT,
	ACT_COPY_TO,
	ACT_SCORE,
	ACT_LOG,
};

/* "accept", "add-header", … */
const char *action_name(enum action a);

struct rule {
	const char *label; /* NULL: none */
	const char *file;  /* where it stands */
	unsigned line;
	bool monitor;
	enum action action;
	uint32_t cond;		       /* a node */
	unsigned code;		       /* reject, tempfail: 550 */
	const char *enhanced;	       /* "5.7.1" */
	struct text text;	       /* of the reply, header, log line, address, reason */
	const char *header;	       /* …-header: its name */
	const struct pattern *pattern; /* remove-header ~ */
	struct slice pattern_text;
	unsigned pattern_flags;
	long long score;
	/* what stages.c works out */
	enum stage acts_at;    /* the first stage at which it can act; STAGE_NEVER */
	uint32_t delayed_by;   /* the rule above for which it waits; UINT32_MAX: none */
	uint32_t sleeps_by;    /* the atom that wakes it; UINT32_MAX: none */
	uint32_t wakes_next;   /* the next rule that the same atom wakes; UINT32_MAX */
	uint32_t score_number; /* score, not monitored: which of them it is */
	struct span span;      /* of its action word; good only while the diags of its load live */
};

/* True for accept, reject, tempfail, discard. */
bool action_decides(enum action a);

/* True for rules that neither decide nor score: those that have an effect, or only tell the log. */
bool rule_is_effect(const struct rule *r);

/* What the adapters must ask of the MTA. */
struct needs {
	bool reply[STAGES];	      /* a verdict may be told at this stage */
	bool headers, body;	      /* that they come by */
	bool keep_headers, keep_body; /* and that they are kept */
	bool
	    skips_body; /* a verdict may be certain before a body, and can be told behind it only */
	uint32_t asked; /* of the content: bits of content_asks */
	const char *macros[STAGES][LIMIT_MACROS];
	unsigned nmacros[STAGES];
	bool changes_headers, adds_recipients, deletes_recipients, quarantines;
};

struct named_list {
	const char *name; /* NULL: written in place */
	struct list *list;
	const char *file; /* NULL: entries in place */
};

struct program {
	atomic_uint refs;
	struct arena arena;
	struct settings settings;
	struct zone *zone;	   /* dns-zone; NULL */
	struct resolver *resolver; /* NULL likewise */
	struct spf *spf;	   /* NULL if neither a rule nor spf-header asks SPF */
	const char *host;	   /* the machine's own name */
	struct session_env env;	   /* for sessions that run under it */

	struct dnsbl_ask *dnsbls; /* the questions to lists, by number */
	uint32_t ndnsbls;

	struct rule *rules;
	uint32_t nrules;
	struct atom
	    *atoms; /* in the order in which they stand in the file; cells are by lifetime */
	uint32_t natoms;
	uint32_t
	    life_start[LIVES + 1]; /* cells of a lifetime: from life_start[l] to life_start[l+1] */
	uint32_t *recipient_atoms; /* those that name the recipient: as many as there are cells */
	struct node *nodes;
	uint32_t nnodes;
	uint32_t *parts;
	struct named_list *lists;
	uint32_t nlists;
	struct scan *scans;
	uint32_t nscans;
	struct bases *bases;	   /* bases of scans are being made; NULL */
	struct pattern **patterns; /* all of them, to be freed */
	uint32_t npatterns;

	uint32_t *scores, nscores; /* indices of score rules (not monitored ones), ascending */
	/* sets of rules (base/bits.h): those that decide, the same as `scores`, and all others;
	 * monitored ones are among these */
	uint64_t *deciding, *scoring, *effects;
	struct score_stage score_stages[STAGES];
	uint64_t *parting;    /* rules by which recipients may part at RCPT */
	bool names_recipient; /* some rule does */
	uint64_t lookups;     /* LOOKUP_… that its rules ask for */
	struct needs needs;
};

/* Load a ruleset: parse with its includes, check, compile. All mistakes go to d. NULL if there was
 * an error, or if path can't be read: then errno is set and d is without an error. */
struct program *program_load(const char *path, struct diags *d);

/* The same from a text; includes and lists are relative to the working directory. */
struct program *program_load_text(const char *name, struct slice text, struct diags *d);

/* Warn of patterns whose search may take very long, by trying them: up to LIMIT_DANGER_MS. For the
 * program that was loaded with these diags. */
void program_warn_slow(const struct program *p, struct diags *d);

/* The rule before which the first so many score rules stand. */
uint32_t program_score_end(const struct program *p, uint32_t upto);

struct program *program_ref(struct program *p);
void program_unref(struct program *p);

/* Print the whole program as a ruleset that means the same: settings that were changed, lists,
 * rules with their whole conditions. */
void program_print(const struct program *p, FILE *out);

/* Print one condition, one fact reference, a rule's statement without its condition. */
void program_print_cond(const struct program *p, uint32_t node, FILE *out);
void program_print_ref(const struct fact_ref *ref, FILE *out);
void program_print_action(const struct program *p, const struct rule *r, FILE *out);
void program_print_atom(const struct program *p, const struct atom *a, FILE *out);

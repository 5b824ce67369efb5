/*
 * build.h - a program while it is built: names, and conditions of which equal parts are one
 *
 * Within the checker only: load.c, check*.c, text.c, settings*.c, stages.c, warn.c, needs.c,
 * print.c.
 */
#pragma once

#include "rule/ast.h"

#include <uthash.h>

/* A label, list or definition. */
struct name {
	UT_hash_handle hh;
	struct slice s;
	struct span span; /* where it was given */
	uint32_t index;	  /* of the list, the node of the definition, the rule */
	bool tainted;	  /* a list or definition with a mistake in it */
	const struct ast_cond
	    *cond; /* a definition that reads the score is compiled where it is used */
};

/* NAME_MACRO: those that are not known, of which each is warned of once. */
enum name_space { NAME_LABEL, NAME_LIST, NAME_DEFINITION, NAME_SETTING, NAME_MACRO, NAME_SPACES };

struct interned;

struct build {
	struct diags *diags;
	struct arena *tmp; /* lives as long as the diags */
	struct program *p;
	struct name *names[NAME_SPACES];
	struct interned *atoms, *nodes;
	uint32_t caprules, capatoms, capnodes, capparts, caplists, capscores, cappatterns,
	    capdnsbls, capscans, nparts;
	uint32_t when;	       /* the node of the blocks around */
	unsigned whens;	       /* how many there are */
	bool tainted;	       /* a mistake is in what is read: keep it from causing others */
	unsigned files, depth; /* included so far, within one another */
	bool many_dnsbls;      /* rules ask lists too many questions, and this was said */
	unsigned many_macros;  /* bits of the stages at which rules ask for too many */
	const struct source *opened[LIMIT_INCLUDE_DEPTH + 1];
};

/* There is no memory to load rules with: say so, and end. */
_Noreturn void build_no_memory(void);

/* Make room for one more element of `size` bytes behind n. */
void *build_grow(void *v, uint32_t n, uint32_t *cap, size_t size);

/* A NUL-terminated copy in the program's memory. */
const char *build_keep(struct build *b, struct slice s);

/* Give a name; NULL if it is taken (reported, with the line of the first). */
struct name *build_name(struct build *b, enum name_space ns, struct slice s, struct span at);
struct name *build_find(struct build *b, enum name_space ns, struct slice s);

/* Nodes: equal ones are one. build_all and build_any take parts, flatten parts of their own kind
 * and leave out what says nothing; build_of takes n. */
uint32_t build_atom(struct build *b, const struct atom *a);
uint32_t build_not(struct build *b, uint32_t node);
uint32_t build_all(struct build *b, const uint32_t *parts, uint32_t n);
uint32_t build_any(struct build *b, const uint32_t *parts, uint32_t n);
uint32_t build_of(struct build *b, uint32_t n, const uint32_t *parts, uint32_t count);
uint32_t build_score(struct build *b, enum atom_op op, long long number);

/* True if the node reads the score. */
bool build_reads_score(const struct build *b, uint32_t node);

/* The atoms without which the node can't be true, through `and` alone. Returns how many, at most
 * max are stored. */
uint32_t build_required(const struct build *b, uint32_t node, uint32_t *atoms, uint32_t max);

/* The atoms that ask a list and can make the node true, not under `not`, in their order. Returns
 * how many, at most max are stored. */
uint32_t build_listings(const struct build *b, uint32_t node, uint32_t *atoms, uint32_t max);

/* Give a pattern to the program, which frees it. Returns it. */
const struct pattern *build_keep_pattern(struct build *b, struct pattern *pat);

void build_free(struct build *b);

/* ---- check.c ---- */

/* Take statements into the program. */
void check_stmts(struct build *b, const struct ast_stmt *s);

/* A hint "did you mean X?" where one is near, else the other one (may be NULL). */
void check_hint(struct build *b, struct diag *g, struct slice near, const char *otherwise);

/* Give a list or definition its name. NULL if it can't have it (reported). */
struct name *check_name(struct build *b, enum name_space ns, const struct ast_word *w);

/* True if a header can have that name: printable ASCII without colon (RFC 5322 2.2), and, as none
 * has them, without quote and backslash. Else reported. */
bool check_header_name(struct build *b, const struct ast_word *w);

/* ---- check_cond.c ---- */

uint32_t check_cond(struct build *b, const struct ast_cond *c);

/* An int64 with an optional K, M or G (powers of 1024). */
bool check_number(struct slice s, long long *out);

/* An int64 with a unit was expected. */
void check_bad_number(struct build *b, struct span at, struct slice s);

/* True if a fact's values are names of hosts or domains. */
bool check_is_host(const struct fact *f);

/* ---- check_ref.c ---- */

/* A fact with its arguments; false if it is none (reported). */
bool check_ref(struct build *b, const struct ast_ref *r, struct fact_ref *out);

/* True for a word that the checker takes for a fact with a typo, such as client.nmae. */
bool check_looks_like_fact(struct slice s);

/* "unknown fact": with the one that was meant, if one is near; in a text `entry` is one. */
void check_unknown_fact(struct build *b, struct span at, struct slice name, bool text);

/* A reference as it is written; with `part`, as in "domain", that part of the same address. */
const char *check_spell(struct build *b, const struct fact_ref *ref, const char *part);

/* ---- check_pattern.c ---- */

/* A pattern for a fact, or for bytes (raw), and its PATTERN_… flags. NULL: reported. */
const struct pattern *check_pattern(
    struct build *b, const struct ast_pattern *p, bool raw, unsigned *flags);

/* The right side of ~, and the pattern inside count( ). */
void check_match(struct build *b, const struct ast_pattern *p, struct atom *a);

/* Warn of a pattern for folded text that asks for what is never in one. */
void check_folded(struct build *b, struct span at, struct slice re, unsigned flags);

/* A list of patterns that a fact is held against at a place: what can't be, and what never
 * matches. */
void check_pattern_list(
    struct build *b, struct span at, const struct list *l, const struct fact *f);

/* ---- check_dnsbl.c ---- */

/* The rest of dnsbl("ZONE", FACT), which has an argument; out->fact is set. False: reported. */
bool check_dnsbl(struct build *b, const struct ast_ref *r, struct fact_ref *out);

/* ---- check_list.c ---- */

/* list NAME of TYPE … */
void check_list(struct build *b, const struct ast_stmt *s);

/* The right side of `in` for values of a kind. False: reported. */
bool check_in(struct build *b, const struct ast_cond *c, struct atom *a);

/* ---- text.c ---- */

/* Compile a text. cond: the rule's condition, for {1} and {entry}; UINT32_MAX where there is none.
 */
void text_compile(struct build *b, const struct ast_word *w, uint32_t cond, struct text *out);

/* ---- settings.c ---- */

void settings_default(struct settings *s);
void settings_set(struct build *b, const struct ast_stmt *s);

/* When all are there: what they mean together. */
void settings_check(struct build *b);

/* Print those that were changed: those that name a list, or the others. */
void settings_print(const struct settings *s, bool lists, FILE *out);

/* ---- settings_socket.c ---- */

/* socket "unix:PATH" [mode M] [user U] [group G] | "inet:PORT@HOST" */
void settings_set_socket(struct build *b, const struct ast_word *v);

/* Print it unless it is the default. */
void settings_print_socket(
    const struct socket_setting *s, const struct socket_setting *def, FILE *out);

/* ---- print.c ---- */

/* A text in quotes, with the bytes of `before` at its start. */
void build_print_quoted(const char *before, struct slice s, FILE *out);

/* A pattern with its delimiters and flags. */
const char *build_pattern_text(struct build *b, struct slice re, unsigned flags);

/* A word: in quotes only if it needs them. */
void build_print_word(struct slice s, FILE *out);

/* ---- load.c ---- */

/* A path as the admin wrote it, relative to the file it stands in; in the program's arena. */
const char *load_path(struct build *b, struct span where, struct slice path);

/* include "PATTERN" */
void load_include(struct build *b, const struct ast_stmt *s);

/* ---- stages.c, warn.c, needs.c: when all rules are there ---- */

void stages_work_out(struct build *b);
void warn_work_out(struct build *b);
void needs_work_out(struct build *b);

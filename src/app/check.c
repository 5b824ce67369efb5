/*
 * check.c - `postern check`: mistakes in the rules, and when each rule can act
 */
#include "app/app.h"
#include "dns/dnsbl.h"
#include "replay/show.h"

#include <getopt.h>
#include <sysexits.h>

/* What a condition or text may cost; bits beside LOOKUP_…. */
#define COST_HEADERS (1ull << 62)
#define COST_BODY (1ull << 63)

_Static_assert(LIMIT_DNSBLS <= 60, "the bits of lookups and these don't meet");

static const struct {
	uint64_t bit;
	const char *words;
} costs[] = {
	{ LOOKUP_SPF, "DNS lookups for SPF" },
	{ LOOKUP_SPF_HELO, "DNS lookups for SPF of the HELO name" },
	{ COST_HEADERS, "the headers" },
	{ COST_BODY, "the body" },
};

/* What one fact costs. */
static uint64_t
ref_cost(const struct fact_ref *ref)
{
	const struct fact *f = ref->fact;

	return ref->lookups | (f->flags & FACT_NEEDS_HEADERS ? COST_HEADERS : 0) |
	    (f->flags & FACT_NEEDS_BODY ? COST_BODY : 0);
}

static uint64_t
text_cost(const struct text *t)
{
	uint64_t cost = 0;

	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].kind == PIECE_FACT)
			cost |= ref_cost(&t->v[i].ref);
	return cost;
}

static uint64_t
node_cost(const struct program *p, uint32_t index)
{
	const struct node *n = &p->nodes[index];
	uint64_t cost = 0;

	if (n->kind == NODE_ATOM) {
		const struct atom *a = &p->atoms[n->atom];

		cost = ref_cost(&a->left) | text_cost(&a->text);
		cost |= a->pair ? ref_cost(&a->left2) : 0;
		cost |= a->right_fact ? ref_cost(&a->right) : 0;
	} else {
		for (uint32_t i = 0; i < n->count; i++)
			cost |= node_cost(p, p->parts[n->first + i]);
	}
	return cost;
}

/* Print the DNS lookups in lists among the costs. Returns how many costs are printed by now. */
static unsigned
print_lists(const struct program *p, uint64_t cost, unsigned printed)
{
	for (uint32_t i = 0; i < p->ndnsbls; i++)
		if (cost & LOOKUP_DNSBL(i))
			printf("%sa DNS lookup of %s in %.*s",
			    printed++ > 0 ? ", " : "    needs:   ", p->dnsbls[i].of->fact->name,
			    SLICE_ARG(dnsbl_zone(p->dnsbls[i].list)));
	return printed;
}

/* Print when a rule can act, and when the MTA hears of it. */
static void
print_stages(const struct program *p, const struct rule *r, uint64_t cost)
{
	bool refuses = r->action == ACT_REJECT || r->action == ACT_TEMPFAIL;
	bool effect = !action_decides(r->action) && r->action != ACT_SCORE && r->action != ACT_LOG;

	fputs("    acts:    ", stdout);
	if (r->acts_at == STAGE_NEVER) {
		puts("never");
		return;
	}
	printf("at %s", stage_name(r->acts_at));
	if (p->settings.relays != NULL && cost & (LOOKUP_SPF | LOOKUP_SPF_HELO) &&
	    r->acts_at < STAGE_HEADERS)
		fputs(" (behind a trusted relay at headers)", stdout);
	if (r->monitor)
		fputs(", logged only", stdout);
	else if (refuses && r->acts_at < p->settings.refuse_at)
		printf(", told at %s (refuse-at)", stage_name(p->settings.refuse_at));
	else if (r->action == ACT_DISCARD || effect)
		fputs(", done at the end of the message", stdout);
	putchar('\n');
}

/* Print the facts whose absence makes a part of the condition true: !=, !~ and `not in` are the
 * `not` of what an absent fact never is. Returns how many were printed. */
static unsigned
print_absent(const struct program *p, uint32_t index, bool negated, unsigned printed)
{
	const struct node *n = &p->nodes[index];
	const struct atom *a = &p->atoms[n->atom];

	if (n->kind == NODE_ATOM && negated && a->op != OP_THERE && !a->count &&
	    !(a->left.fact->flags & FACT_ALWAYS)) {
		fputs(printed++ > 0 ? ", " : "    absent:  true also without ", stdout);
		program_print_ref(&a->left, stdout);
	}
	negated ^= n->kind == NODE_NOT;
	for (uint32_t i = 0; i < n->count; i++)
		printed = print_absent(p, p->parts[n->first + i], negated, printed);
	return printed;
}

/* Print one rule. */
static void
print_rule(const struct program *p, const struct rule *r)
{
	uint64_t cost = node_cost(p, r->cond) | text_cost(&r->text);
	unsigned printed = 0;

	printf("%s:%u: %s%s", r->file, r->line, r->label != NULL ? r->label : "",
	    r->label != NULL ? ": " : "");
	program_print_action(p, r, stdout);
	putchar('\n');
	if (p->nodes[r->cond].kind != NODE_TRUE) {
		fputs("    if:      ", stdout);
		program_print_cond(p, r->cond, stdout);
		putchar('\n');
	}
	if (print_absent(p, r->cond, false, 0) > 0)
		putchar('\n');
	print_stages(p, r, cost);
	if (r->delayed_by != UINT32_MAX) {
		fputs("    waits:   for ", stdout);
		show_rule(stdout, &p->rules[r->delayed_by]);
		putchar('\n');
	}
	for (size_t i = 0; i < sizeof(costs) / sizeof(*costs); i++)
		if (cost & costs[i].bit)
			printf("%s%s", printed++ > 0 ? ", " : "    needs:   ", costs[i].words);
	printed = print_lists(p, cost, printed);
	if (printed > 0)
		putchar('\n');
}

/* postern check [-c FILE] [--explain] */
int
app_check(int argc, char **argv)
{
	static const struct option options[] = { { "explain", no_argument, NULL, 'e' },
		{ NULL, 0, NULL, 0 } };
	const char *config = APP_CONFIG;
	struct program *p;
	bool explain = false;
	unsigned named = 0;
	int opt, status;

	while ((opt = getopt_long(argc, argv, "c:", options, NULL)) != -1)
		switch (opt) {
		case 'c':
			config = optarg;
			break;
		case 'e':
			explain = true;
			break;
		default:
			return app_usage("check", NULL);
		}
	if (optind < argc)
		return app_usage("check", "`%s` is too much; rules are named by -c", argv[optind]);
	p = app_load(config, &status);
	if (p == NULL)
		return status;
	for (uint32_t i = 0; explain && i < p->nrules; i++)
		print_rule(p, &p->rules[i]);
	for (uint32_t i = 0; i < p->nlists; i++)
		named += p->lists[i].name != NULL;
	printf("%s: %u rule%s, %u list%s: sound\n", config, p->nrules, p->nrules == 1 ? "" : "s",
	    named, named == 1 ? "" : "s");
	program_unref(p);
	return EX_OK;
}

/*
 * check.c - `postern check`: mistakes in the rules, and when each rule can act
 */
#include "app/app.h"
#include "dns/dnsbl.h"
#include "replay/show.h"

#include <getopt.h>
#include <sysexits.h>

/* What a condition or text may cost. */
struct cost {
	uint64_t lookups; /* LOOKUP_… */
	unsigned flags;	  /* of its facts */
	uint32_t asked;	  /* of the content: bits of content_asks */
};

/* Those that have words of their own, in the order in which they are printed. */
static const struct {
	struct cost bit;
	const char *words;
} costs[] = {
	{ { .lookups = LOOKUP_SPF }, "DNS lookups for SPF" },
	{ { .lookups = LOOKUP_SPF_HELO }, "DNS lookups for SPF of the HELO name" },
	{ { .flags = FACT_NEEDS_HEADERS }, "the headers" },
	{ { .flags = FACT_NEEDS_BODY }, "the body" },
	{ { .flags = FACT_DECODES }, "its parts decoded" },
	{ { .asked = 1u << CONTENT_FILE_NAME | 1u << CONTENT_FILE_TRAIT }, "archives listed" },
};

/* What one fact costs, and that which it is asked about. */
static void
add_ref(struct cost *c, const struct fact_ref *ref)
{
	c->lookups |= ref->lookups;
	c->flags |= ref->fact->flags;
	c->asked |= content_asks(ref->fact);
	if (ref->of != NULL)
		add_ref(c, ref->of);
}

static void
add_text(struct cost *c, const struct text *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].kind == PIECE_FACT)
			add_ref(c, &t->v[i].ref);
}

static void
add_node(struct cost *c, const struct program *p, uint32_t index)
{
	const struct node *n = &p->nodes[index];

	if (n->kind == NODE_ATOM) {
		const struct atom *a = &p->atoms[n->atom];

		add_ref(c, &a->left);
		add_text(c, &a->text);
		if (a->pair)
			add_ref(c, &a->left2);
		if (a->right_fact)
			add_ref(c, &a->right);
	}
	for (uint32_t i = 0; i < n->count; i++)
		add_node(c, p, p->parts[n->first + i]);
}

/* Print what a rule may cost, if it costs anything. */
static void
print_costs(const struct program *p, const struct cost *c)
{
	const char *between = "    needs:   ";

	for (size_t i = 0; i < sizeof(costs) / sizeof(*costs); i++) {
		const struct cost *bit = &costs[i].bit;

		if (!(c->lookups & bit->lookups || c->flags & bit->flags || c->asked & bit->asked))
			continue;
		printf("%s%s", between, costs[i].words);
		between = ", ";
	}
	for (uint32_t i = 0; i < p->ndnsbls; i++) {
		const struct fact_ref *of = p->dnsbls[i].of;

		if (!(c->lookups & LOOKUP_DNSBL(i)))
			continue;
		printf("%s%s of ", between,
		    of->fact->flags & FACT_MANY ? "DNS lookups" : "a DNS lookup");
		program_print_ref(of, stdout);
		printf(" in %.*s", SLICE_ARG(dnsbl_zone(p->dnsbls[i].list)));
		between = ", ";
	}
	if (*between == ',')
		putchar('\n');
}

/* Print when a rule can act, and when the MTA hears of it. */
static void
print_stages(const struct program *p, const struct rule *r, const struct cost *cost)
{
	bool refuses = r->action == ACT_REJECT || r->action == ACT_TEMPFAIL;
	bool effect = !action_decides(r->action) && r->action != ACT_SCORE && r->action != ACT_LOG;

	fputs("    acts:    ", stdout);
	if (r->acts_at == STAGE_NEVER) {
		puts("never");
		return;
	}
	printf("at %s", stage_name(r->acts_at));
	if (p->settings.relays != NULL && cost->lookups & (LOOKUP_SPF | LOOKUP_SPF_HELO) &&
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

/* Print a fact that may be absent, behind those printed before. */
static unsigned
print_without(const struct fact_ref *ref, unsigned printed)
{
	if (ref->fact->flags & FACT_ALWAYS)
		return printed;
	fputs(printed > 0 ? ", " : "    absent:  true also without ", stdout);
	program_print_ref(ref, stdout);
	return printed + 1;
}

/* Print the facts whose absence makes a part of the condition true: !=, !~ and `not in` are the
 * `not` of what an absent fact never is. Returns how many were printed. */
static unsigned
print_absent(const struct program *p, uint32_t index, bool negated, unsigned printed)
{
	const struct node *n = &p->nodes[index];
	const struct atom *a = &p->atoms[n->atom];

	if (n->kind == NODE_ATOM && negated && a->op != OP_THERE && !a->count) {
		printed = print_without(&a->left, printed);
		if (a->right_fact)
			printed = print_without(&a->right, printed);
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
	struct cost cost = { 0 };

	add_node(&cost, p, r->cond);
	add_text(&cost, &r->text);
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
	print_stages(p, r, &cost);
	if (r->delayed_by != UINT32_MAX) {
		fputs("    waits:   for ", stdout);
		show_rule(stdout, &p->rules[r->delayed_by]);
		putchar('\n');
	}
	print_costs(p, &cost);
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
	p = app_load_thoroughly(config, &status);
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

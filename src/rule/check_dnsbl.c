/*
 * check_dnsbl.c - dnsbl("ZONE") and dnsbl("ZONE", FACT)
 *
 * Each different question of a ruleset is kept once and has a number, which is its bit among the
 * lookups of a session. Rules that ask the same question share its answer.
 */
#include "rule/build.h"

#include "base/limits.h"
#include "dns/dnsbl.h"
#include "dns/name.h"

/* The zone, as the list is known by it. Absent: reported. */
static struct slice
check_zone(struct build *b, const struct ast_word *w)
{
	struct slice written = w->ref != NULL ? span_slice(w->span) : w->s;
	struct slice zone = name_trim(written);
	struct diag *g;

	if (!w->quoted && fact_find(w->s) != NULL) {
		g = diag_error(b->diags, w->span, "%.*s is a fact, and no zone", SLICE_ARG(w->s));
		diag_hint(b->diags, g, "the zone comes first: dnsbl(\"zen.example\", %.*s)",
		    SLICE_ARG(written));
		return SLICE_ABSENT;
	}
	for (size_t i = 0; i < zone.n; i++)
		if (strchr("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.",
			zone.p[i]) == NULL ||
		    zone.p[i] == '\0')
			zone.n = 0;
	if (zone.n > 0 && name_check(zone, NULL) == NAME_OK)
		return zone;
	g = diag_error(b->diags, w->span, "`%.*s` is no zone of the DNS", SLICE_ARG(written));
	diag_hint(b->diags, g, "write the list's domain: dnsbl(\"zen.example\")");
	return SLICE_ABSENT;
}

/* True if a list can be asked about a fact; else reported. */
static bool
check_asked(struct build *b, const struct ast_word *w, const struct fact_ref *ref)
{
	const struct fact *f = ref->fact;

	if (f->life == LIFE_RECIPIENT)
		diag_hint(b->diags,
		    diag_error(b->diags, w->span, "a list can't be asked about the recipient"),
		    "it is asked about the client, its names and the sender");
	else if (ref->lookups != 0)
		diag_hint(b->diags,
		    diag_error(b->diags, w->span, "%s is looked up itself", f->name),
		    "the domain that SPF checks is sender.domain, or helo");
	else if (f->kind == KIND_IP || check_is_host(f))
		return true;
	else
		diag_hint(b->diags,
		    diag_error(
			b->diags, w->span, "%s is neither an address nor a host's name", f->name),
		    "write %s",
		    f->kind == KIND_ADDRESS || f->kind == KIND_NAME
			? check_spell(b, ref, "domain")
			: "a fact such as client.name, helo, sender.domain or url.host");
	return false;
}

/* The fact that is asked about, in the program's memory. NULL: reported. */
static const struct fact_ref *
check_of(struct build *b, const struct ast_word *w)
{
	struct fact_ref *of = arena_alloc(&b->p->arena, sizeof *of);
	struct ast_ref named = { 0 };

	if (w != NULL && w->quoted) {
		diag_hint(b->diags, diag_error(b->diags, w->span, "a fact stands without quotes"),
		    "write dnsbl(\"zen.example\", sender.domain)");
		return NULL;
	}
	if (w == NULL)
		named.name.s = SLICE("client.ip");
	else if (w->ref != NULL)
		named = *w->ref;
	else
		named = (struct ast_ref){ .span = w->span, .name = *w };
	if (!check_ref(b, &named, of) || (w != NULL && !check_asked(b, w, of)))
		return NULL;
	return of;
}

/* True if two references are the same fact with the same arguments. */
static bool
is_same(const struct fact_ref *a, const struct fact_ref *b)
{
	bool same = a->fact == b->fact && a->nargs == b->nargs;

	for (size_t i = 0; same && i < a->nargs; i++)
		same = slice_eq_nocase(a->args[i], b->args[i]);
	return same;
}

/* The number of a question; UINT32_MAX: there are too many (reported). */
static uint32_t
question(struct build *b, struct slice zone, const struct fact_ref *of, struct span at)
{
	struct program *p = b->p;
	struct dnsbl *l;

	for (uint32_t i = 0; i < p->ndnsbls; i++)
		if (is_same(p->dnsbls[i].of, of) &&
		    slice_eq_nocase(dnsbl_zone(p->dnsbls[i].list), zone))
			return i;
	if (p->ndnsbls == LIMIT_DNSBLS) {
		if (!b->many_dnsbls)
			diag_error(b->diags, at, "more than %d different questions to lists",
			    LIMIT_DNSBLS);
		b->many_dnsbls = true;
		return UINT32_MAX;
	}
	l = dnsbl_new(zone);
	if (l == NULL)
		build_no_memory();
	p->dnsbls = build_grow(p->dnsbls, p->ndnsbls, &b->capdnsbls, sizeof *p->dnsbls);
	p->dnsbls[p->ndnsbls] = (struct dnsbl_ask){ l, of };
	return p->ndnsbls++;
}

bool
check_dnsbl(struct build *b, const struct ast_ref *r, struct fact_ref *out)
{
	const struct ast_word *of = r->args->next;
	struct slice zone = check_zone(b, r->args), *args;
	uint32_t index;

	if (zone.p == NULL)
		return false;
	if (of != NULL && of->next != NULL) {
		diag_hint(b->diags,
		    diag_error(b->diags, of->next->span, "dnsbl takes a zone and one fact"),
		    "several lists are asked by several dnsbl( ) with `or` between them");
		return false;
	}
	out->of = check_of(b, of);
	if (out->of == NULL)
		return false;
	index = question(b, zone, out->of, r->span);
	if (index == UINT32_MAX)
		return false;
	args = arena_alloc(&b->p->arena, sizeof *args);
	args[0] = dnsbl_zone(b->p->dnsbls[index].list);
	*out = (struct fact_ref){ .fact = out->fact,
		.args = args,
		.nargs = 1,
		.stage = out->of->stage,
		.life = out->of->life,
		.lookups = LOOKUP_DNSBL(index),
		.of = out->of,
		.ask = index };
	return true;
}

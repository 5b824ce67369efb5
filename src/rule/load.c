/*
 * load.c - from a path to a program: files and what they include, then all passes over the whole
 *
 * Names, types and conditions are checked while statements are read; stages and needs when all
 * rules are there. A ruleset with an error never becomes a program.
 */
#include "dns/dnsbl.h"
#include "rule/bases.h"
#include "rule/build.h"
#include "rule/parse.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

const char *
load_path(struct build *b, struct span where, struct slice path)
{
	const char *name = where.source->name, *slash = strrchr(name, '/');

	if ((path.n > 0 && path.p[0] == '/') || slash == NULL)
		return arena_slice(&b->p->arena, path).p;
	return arena_printf(&b->p->arena, "%.*s/%.*s", (int)(slash - name), name, SLICE_ARG(path))
	    .p;
}

/* True if two names are of one file. */
static bool
is_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return strcmp(a, b) == 0 ||
	    (stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino);
}

/* True if one more file can be included here. */
static bool
may_include(struct build *b, const char *path, struct span at)
{
	for (unsigned i = 0; i <= b->depth; i++)
		if (is_same_file(b->opened[i]->name, path)) {
			diag_error(b->diags, at, "%s includes itself%s", path,
			    i < b->depth ? " by way of others" : "");
			return false;
		}
	if (b->depth == LIMIT_INCLUDE_DEPTH) {
		diag_error(
		    b->diags, at, "more than %d files within one another", LIMIT_INCLUDE_DEPTH);
		return false;
	}
	if (b->files >= LIMIT_INCLUDES) {
		if (b->files++ == LIMIT_INCLUDES)
			diag_error(b->diags, at, "more than %d files are included", LIMIT_INCLUDES);
		return false;
	}
	return true;
}

/* errno says why a file that is named at a place can't be read. */
static void
cant_read(struct build *b, const char *path, struct span at)
{
	int why = errno;
	struct diag *g = diag_error(b->diags, at, "%s can't be read: %s", path, strerror(why));

	if (why == EISDIR)
		diag_hint(b->diags, g, "write \"%.*s/*.rules\" for the files in it",
		    SLICE_ARG(span_slice(at)));
	else
		diag_hint(b->diags, g, "the path is relative to the file that names it");
}

/* One included file: parse it, and take its statements here. */
static void
load_one(struct build *b, const char *path, struct span at)
{
	const struct source *src;

	if (!may_include(b, path, at))
		return;
	src = source_read(b->diags, path, LIMIT_RULE_FILE);
	if (src == NULL) {
		cant_read(b, path, at);
		return;
	}
	b->files++;
	b->opened[++b->depth] = src;
	check_stmts(b, parse_file(src, b->diags));
	b->depth--;
}

/* True for a directory that is there but can't be read: what matches in it is not known. */
static int
is_hidden(const char *path, int why)
{
	(void)path;
	errno = why;
	return why != ENOENT && why != ENOTDIR;
}

void
load_include(struct build *b, const struct ast_stmt *s)
{
	const char *path = load_path(b, s->name.span, s->name.s);
	glob_t g = { 0 };

	if (strpbrk(path, "*?[") == NULL) {
		load_one(b, path, s->name.span);
		return;
	}
	switch (glob(path, 0, is_hidden, &g)) {
	case 0:
		for (size_t i = 0; i < g.gl_pathc; i++)
			load_one(b, arena_slice(b->tmp, slice_str(g.gl_pathv[i])).p, s->name.span);
		break;
	case GLOB_NOMATCH:
		diag_warn(b->diags, s->name.span, "no file matches %s: nothing is included", path);
		break;
	default:
		/* what can't be read may hold half of the policy */
		cant_read(b, path, s->name.span);
		break;
	}
	globfree(&g);
}

/* The DNS zone of `set dns-zone`, and a resolver and SPF where a rule or a header asks them. */
static void
load_lookups(struct build *b)
{
	struct program *p = b->p;
	const struct settings *s = &p->settings;
	struct name *set = build_find(b, NAME_SETTING, SLICE("dns-zone"));
	char host[256] = "localhost";

	if (p->settings.dns_zone != NULL) {
		unsigned errors = b->diags->errors;

		p->zone = zone_new();
		if (!zone_add_file(p->zone, p->settings.dns_zone, b->diags) &&
		    b->diags->errors == errors)
			diag_hint(b->diags,
			    diag_error(b->diags, set->span, "%s can't be read: %s",
				p->settings.dns_zone, strerror(errno)),
			    "the path is relative to the file that names it");
	}
	gethostname(host, sizeof host - 1);
	p->host = arena_slice(&p->arena, slice_str(host)).p;
	if (b->diags->errors == 0 && p->lookups != 0)
		p->resolver = resolver_new(&(struct resolver_config){ .zone = p->zone,
		    .servers = s->dns_servers,
		    .timeout_ms = s->dns_timeout * 1000,
		    .min_ttl = s->dns_min_ttl,
		    .max_ttl = s->dns_max_ttl });
	if (p->resolver != NULL && p->lookups & (LOOKUP_SPF | LOOKUP_SPF_HELO))
		p->spf = spf_new(&(struct spf_config){ .resolver = p->resolver,
		    .receiver = p->host,
		    .timeout_ms = s->spf_timeout * 1000 });
	/* without them SPF would be `none`, and lists would fail */
	if (b->diags->errors == 0 &&
	    ((p->lookups != 0 && p->resolver == NULL) ||
		(p->lookups & (LOOKUP_SPF | LOOKUP_SPF_HELO) && p->spf == NULL)))
		build_no_memory();
	p->env = (struct session_env){ .resolver = p->resolver,
		.spf = p->spf,
		.relays = s->relays,
		.dnsbls = p->dnsbls,
		.ndnsbls = p->ndnsbls,
		.dns_ms = s->dns_timeout * 1000,
		.answer_ms =
		    1000 * (s->dns_timeout > s->spf_timeout ? s->dns_timeout : s->spf_timeout),
		.keep_headers = p->needs.keep_headers,
		.keep_body = p->needs.keep_body,
		.asked = p->needs.asked,
		.authserv_id = s->authserv_id,
		.forged_removed = s->forged_results == FORGED_REMOVED,
		.max_message = s->max_message_size,
		.max_headers = s->max_headers,
		.max_header_bytes = s->max_header_size,
		.max_parts = s->max_parts,
		.max_nesting = s->max_nesting,
		.max_decoded = s->max_decoded_size,
		.max_urls = s->max_urls,
		.max_archive_entries = s->max_archive_entries };
}

/* All passes over one source. */
static struct program *
load_source(const struct source *src, struct diags *d)
{
	struct build b = { .diags = d, .tmp = &d->arena, .opened = { src } };
	struct program *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	b.p = p;
	atomic_init(&p->refs, 1);
	arena_init(&p->arena, 0);
	p->arena.fatal = true;
	settings_default(&p->settings);
	build_all(&b, NULL, 0); /* node 0 is `true` */
	/* room for atoms even if there are none: others point at the first without looking */
	p->atoms = build_grow(p->atoms, 0, &b.capatoms, sizeof *p->atoms);
	check_stmts(&b, parse_file(src, d));
	stages_work_out(&b);
	needs_work_out(&b);
	scans_build(&b);
	score_build(&b);
	settings_check(&b);
	load_lookups(&b);
	build_free(&b);
	if (d->errors == 0)
		return p;
	program_unref(p);
	errno = 0;
	return NULL;
}

struct program *
program_load(const char *path, struct diags *d)
{
	const struct source *src = source_read(d, path, LIMIT_RULE_FILE);

	return src != NULL ? load_source(src, d) : NULL;
}

struct program *
program_load_text(const char *name, struct slice text, struct diags *d)
{
	return load_source(source_text(d, name, text), d);
}

struct program *
program_ref(struct program *p)
{
	atomic_fetch_add(&p->refs, 1);
	return p;
}

void
program_unref(struct program *p)
{
	if (p == NULL || atomic_fetch_sub(&p->refs, 1) != 1)
		return;
	bases_end(p);
	for (uint32_t i = 0; i < p->ndnsbls; i++)
		dnsbl_free(p->dnsbls[i].list);
	free(p->dnsbls);
	spf_free(p->spf);
	resolver_free(p->resolver);
	zone_free(p->zone);
	for (uint32_t i = 0; i < p->nlists; i++)
		list_free(p->lists[i].list);
	scans_free(p);
	for (uint32_t i = 0; i < p->npatterns; i++)
		pattern_free(p->patterns[i]);
	free(p->patterns);
	free(p->lists);
	free(p->rules);
	free(p->atoms);
	free(p->nodes);
	free(p->parts);
	free(p->scores);
	arena_free(&p->arena);
	free(p);
}

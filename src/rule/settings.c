/*
 * settings.c - the table of settings
 *
 * An entry names a setting and the function that reads its value; words of a choice are one table
 * each, which serves reading, suggesting and printing.
 */
#include "rule/build.h"

#include "base/suggest.h"
#include "dns/server.h"
#include "spf/header.h"

#include <limits.h>

struct choice {
	const char *word;
	int value;
};

static const struct choice modes[] = { { "enforce", MODE_ENFORCE }, { "monitor", MODE_MONITOR },
	{ 0 } };
static const struct choice stages[] = { { "connect", STAGE_CONNECT }, { "helo", STAGE_HELO },
	{ "mail", STAGE_MAIL }, { "rcpt", STAGE_RCPT }, { 0 } };
static const struct choice mixes[] = { { "split", MIXED_SPLIT }, { "deliver", MIXED_DELIVER },
	{ "drop", MIXED_DROP }, { 0 } };
static const struct choice errors[] = { { "tempfail", ON_ERROR_TEMPFAIL },
	{ "skip", ON_ERROR_SKIP }, { 0 } };
static const struct choice logs[] = { { "stderr", LOG_TO_STDERR }, { "syslog", LOG_TO_SYSLOG },
	{ "journal", LOG_TO_JOURNAL }, { 0 } };

static const struct choice forgeries[] = { { "possible", FORGED_POSSIBLE },
	{ "removed", FORGED_REMOVED }, { 0 } };
static const struct choice spf_headers[] = { { "received-spf", SPF_HEADER_RECEIVED },
	{ "authentication-results", SPF_HEADER_RESULTS }, { "both", SPF_HEADER_BOTH },
	{ "none", SPF_HEADER_NONE }, { 0 } };

struct setting;
typedef void set_fn(struct build *b, const struct setting *s, const struct ast_word *v);

struct setting {
	const char *name;
	set_fn *set;
	size_t at; /* offset in struct settings */
	const struct choice *choices;
	size_t least, most; /* seconds of a time, a number, bytes; most 0: no bound */
	bool many;	    /* values may stand in braces */
};

static set_fn set_choice, set_path, set_word, set_size, set_count, set_time, set_socket,
    set_servers, set_authserv_id, set_relays;

#define AT(field) .at = offsetof(struct settings, field)
#define MINUTE 60u
#define WEEK (7 * 86400u)
/* What a message takes is held to LIMIT_SESSION_BYTES whatever an admin allows it: settings beyond
 * those in the table would only make facts err. */
#define M ((size_t)1 << 20)
static const struct setting table[] = {
	{ .name = "socket", .set = set_socket },
	{ .name = "user", .set = set_word, AT(user) },
	{ .name = "pid-file", .set = set_path, AT(pid_file) },
	{ .name = "log", .set = set_choice, AT(log), .choices = logs },
	{ .name = "mode", .set = set_choice, AT(mode), .choices = modes },
	{ .name = "refuse-at", .set = set_choice, AT(refuse_at), .choices = stages },
	{ .name = "mixed-recipients", .set = set_choice, AT(mixed), .choices = mixes },
	{ .name = "on-error", .set = set_choice, AT(on_error), .choices = errors },
	{ .name = "on-dns-error", .set = set_choice, AT(on_dns_error), .choices = errors },
	{ .name = "dns-server", .set = set_servers, AT(dns_servers), .many = true },
	{ .name = "dns-zone", .set = set_path, AT(dns_zone) },
	{ .name = "dns-timeout", .set = set_time, AT(dns_timeout), .least = 1, .most = MINUTE },
	{ .name = "dns-min-ttl", .set = set_time, AT(dns_min_ttl), .least = 0, .most = WEEK },
	{ .name = "dns-max-ttl", .set = set_time, AT(dns_max_ttl), .least = 1, .most = WEEK },
	{ .name = "match-budget", .set = set_time, AT(match_budget), .least = 1, .most = MINUTE },
	{ .name = "spf-timeout", .set = set_time, AT(spf_timeout), .least = 1, .most = MINUTE },
	{ .name = "spf-header", .set = set_choice, AT(spf_header), .choices = spf_headers },
	{ .name = "forged-results", .set = set_choice, AT(forged_results), .choices = forgeries },
	{ .name = "authserv-id", .set = set_authserv_id, AT(authserv_id) },
	{ .name = "trusted-relays", .set = set_relays, AT(relays_name) },
	{ .name = "cache-dir", .set = set_path, AT(cache_dir) },
	{ .name = "max-message-size", .set = set_size, AT(max_message_size), .least = 1 },
	{ .name = "max-headers", .set = set_count, AT(max_headers), .least = 1, .most = 200000 },
	{ .name = "max-header-size",
	    .set = set_size,
	    AT(max_header_size),
	    .least = 1,
	    .most = 16 * M },
	{ .name = "max-parts", .set = set_count, AT(max_parts), .least = 1, .most = 20000 },
	{ .name = "max-nesting", .set = set_count, AT(max_nesting), .least = 1, .most = 1000 },
	{ .name = "max-decoded-size",
	    .set = set_size,
	    AT(max_decoded_size),
	    .least = 1,
	    .most = 96 * M },
	{ .name = "max-urls", .set = set_count, AT(max_urls), .least = 1, .most = 10000 },
	{ .name = "max-archive-entries",
	    .set = set_count,
	    AT(max_archive_entries),
	    .least = 1,
	    .most = 10000 },
};
#define NSETTINGS (sizeof table / sizeof *table)

_Static_assert(sizeof(enum mode) == sizeof(int), "choices are stored as int");

const char *
settings_at(size_t i)
{
	return i < NSETTINGS ? table[i].name : NULL;
}

void
settings_default(struct settings *s)
{
	*s = (struct settings){
		.socket = { .family = SOCKET_UNIX,
		    .path = "/run/postern/postern.sock",
		    .mode = 0660 },
		.log = LOG_TO_STDERR,
		.mode = MODE_ENFORCE,
		.refuse_at = STAGE_RCPT,
		.mixed = MIXED_SPLIT,
		.on_error = ON_ERROR_TEMPFAIL,
		.on_dns_error = ON_ERROR_SKIP,
		.dns_timeout = LIMIT_DNS_MS / 1000,
		.dns_max_ttl = LIMIT_DNS_TTL,
		.spf_timeout = LIMIT_SPF_MS / 1000,
		.match_budget = LIMIT_MATCH_MS / 1000,
		.spf_header = SPF_HEADER_NONE,
		.cache_dir = "/var/cache/postern",
		.max_message_size = LIMIT_MESSAGE,
		.max_headers = LIMIT_HEADERS,
		.max_header_size = LIMIT_HEADERS_BYTES,
		.max_parts = LIMIT_MIME_PARTS,
		.max_nesting = LIMIT_MIME_NESTING,
		.max_decoded_size = LIMIT_MIME_DECODED,
		.max_urls = LIMIT_URLS,
		.max_archive_entries = LIMIT_ARCHIVE_ENTRIES,
	};
}

/* One of a few words. */
static void
set_choice(struct build *b, const struct setting *s, const struct ast_word *v)
{
	struct suggest sug;
	struct buf all = { 0 };

	suggest_begin(&sug, v->s);
	for (const struct choice *c = s->choices; c->word != NULL; c++) {
		if (slice_eq(v->s, slice_str(c->word))) {
			*(int *)((char *)&b->p->settings + s->at) = c->value;
			buf_free(&all);
			return;
		}
		suggest_offer(&sug, slice_str(c->word));
		buf_printf(&all, "%s%s", all.n > 0 ? ", " : "values are ", c->word);
	}
	check_hint(b,
	    diag_error(b->diags, v->span, "`%s` can't be `%.*s`", s->name, SLICE_ARG(v->s)),
	    sug.best, arena_slice(b->tmp, buf_slice(&all)).p);
	buf_free(&all);
}

/* A user's name. */
static void
set_word(struct build *b, const struct setting *s, const struct ast_word *v)
{
	*(const char **)((char *)&b->p->settings + s->at) = build_keep(b, v->s);
}

/* A file's path, relative to the file that says so. */
static void
set_path(struct build *b, const struct setting *s, const struct ast_word *v)
{
	if (!v->quoted)
		diag_hint(b->diags, diag_error(b->diags, v->span, "a path stands in quotes"),
		    "write \"%.*s\"", SLICE_ARG(v->s));
	*(const char **)((char *)&b->p->settings + s->at) = load_path(b, v->span, v->s);
}

/* Write a number of bytes with the largest unit that leaves no rest; n is the size of out. Returns
 * out. */
static char *
show_size(size_t bytes, char *out, size_t n)
{
	const char *unit = bytes >= M && bytes % M == 0 ? "M" : "";

	snprintf(out, n, "%zu%s", *unit != '\0' ? bytes / M : bytes, unit);
	return out;
}

/* Say that a setting's value is out of bounds. */
static void
out_of_bounds(struct build *b, const struct setting *s, const struct ast_word *v, bool above)
{
	char least[24], most[24];
	struct diag *g = diag_error(b->diags, v->span, "`%s` is between %s and %s", s->name,
	    show_size(s->least, least, sizeof least), show_size(s->most, most, sizeof most));

	if (above)
		diag_hint(b->diags, g,
		    "with more, one message could take all the memory that a session has");
}

/* A number of bytes. */
static void
set_size(struct build *b, const struct setting *s, const struct ast_word *v)
{
	long long n;

	if (!check_number(v->s, &n) || n < 1 || n > LLONG_MAX / 2)
		diag_hint(b->diags,
		    diag_error(b->diags, v->span, "`%.*s` is no size", SLICE_ARG(v->s)),
		    "write a number of bytes such as 500000, 512K or 20M");
	else if (s->most != 0 && (size_t)n > s->most)
		out_of_bounds(b, s, v, true);
	else
		*(size_t *)((char *)&b->p->settings + s->at) = n;
}

/* How many of something. */
static void
set_count(struct build *b, const struct setting *s, const struct ast_word *v)
{
	unsigned long long n;

	if (!slice_number(v->s, ULLONG_MAX, &n))
		diag_hint(b->diags,
		    diag_error(b->diags, v->span, "`%.*s` is no number", SLICE_ARG(v->s)),
		    "write a whole number such as %zu", s->most / 10);
	else if (n < s->least || n > s->most)
		out_of_bounds(b, s, v, n > s->most);
	else
		*(size_t *)((char *)&b->p->settings + s->at) = n;
}

/* The units of a time, the largest first. */
static const struct {
	char letter;
	unsigned seconds;
} units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };
#define NUNITS (sizeof units / sizeof *units)

/* A number and a unit. Out of range of what can be set, it is UINT_MAX. */
static bool
read_time(struct slice s, unsigned *seconds)
{
	unsigned long long n;

	for (size_t i = 0; i < NUNITS; i++)
		if (s.n > 1 && s.p[s.n - 1] == units[i].letter &&
		    slice_number(slice_of(s.p, s.n - 1), ULLONG_MAX, &n)) {
			*seconds = n <= WEEK ? n * units[i].seconds : UINT_MAX;
			return true;
		}
	return false;
}

/* Write a time with the largest unit that leaves no rest; n is the size of out. Returns out. */
static char *
show_time(unsigned seconds, char *out, size_t n)
{
	size_t i = 0;

	while (i < NUNITS - 1 && (seconds == 0 || seconds % units[i].seconds != 0))
		i++;
	snprintf(out, n, "%u%c", seconds / units[i].seconds, units[i].letter);
	return out;
}

/* A time within bounds. */
static void
set_time(struct build *b, const struct setting *s, const struct ast_word *v)
{
	char least[16], most[16];
	unsigned seconds;

	if (!read_time(v->s, &seconds))
		diag_hint(b->diags,
		    diag_error(b->diags, v->span, "`%.*s` is no time", SLICE_ARG(v->s)),
		    "write a number and a unit, such as 30s, 10m, 1h or 7d");
	else if (seconds < s->least || seconds > s->most)
		diag_error(b->diags, v->span, "`%s` is between %s and %s", s->name,
		    show_time(s->least, least, sizeof least),
		    show_time(s->most, most, sizeof most));
	else
		*(unsigned *)((char *)&b->p->settings + s->at) = seconds;
}

/* Name servers. */
static void
set_servers(struct build *b, const struct setting *s, const struct ast_word *v)
{
	struct buf all = { 0 };
	unsigned n = 0;

	(void)s;
	for (; v != NULL; v = v->next) {
		char server[SERVER_TEXT] = "";

		if (!server_parse(v->s, server))
			diag_hint(b->diags,
			    diag_error(b->diags, v->span, "`%.*s` is no address of a name server",
				SLICE_ARG(v->s)),
			    "write it as 192.0.2.1 or 2001:db8::1, with a port as 192.0.2.1:5353 "
			    "or [2001:db8::1]:5353");
		else if (++n == LIMIT_DNS_SERVERS + 1)
			diag_error(
			    b->diags, v->span, "more than %d name servers", LIMIT_DNS_SERVERS);
		buf_printf(&all, "%s%s", all.n > 0 ? "," : "", server);
	}
	b->p->settings.dns_servers = build_keep(b, buf_slice(&all));
	buf_free(&all);
}

/* The name under which we put results into headers. */
static void
set_authserv_id(struct build *b, const struct setting *s, const struct ast_word *v)
{
	if (header_is_name(v->s))
		set_word(b, s, v);
	else
		diag_hint(b->diags,
		    diag_error(
			b->diags, v->span, "`%.*s` can't be an authserv-id", SLICE_ARG(v->s)),
		    "it is a name such as mx.example.org");
}

/* A list of networks that stands above. */
static void
set_relays(struct build *b, const struct setting *s, const struct ast_word *v)
{
	const struct name *n = build_find(b, NAME_LIST, v->s);
	struct settings *mine = &b->p->settings;
	struct suggest sug;
	struct network net;
	struct diag *g;

	if (n != NULL && n->tainted)
		return;
	if (n == NULL) {
		suggest_begin(&sug, v->s);
		for (struct name *i = b->names[NAME_LIST]; i != NULL; i = i->hh.next)
			suggest_offer(&sug, i->s);
		g = diag_error(
		    b->diags, v->span, "no list is named `%.*s` above this line", SLICE_ARG(v->s));
		if (network_parse(v->s, &net) != NETWORK_BAD_ADDRESS)
			diag_hint(b->diags, g, "write above: list relays of networks { %.*s }",
			    SLICE_ARG(v->s));
		else
			check_hint(b, g, sug.best, "a list stands above its use");
		return;
	}
	mine->relays = b->p->lists[n->index].list;
	set_word(b, s, v);
	if (list_type(mine->relays) != LIST_NETWORKS)
		diag_hint(b->diags,
		    diag_error(b->diags, v->span, "`%s` takes a list of networks, not of %s",
			s->name, list_type_name(list_type(mine->relays))),
		    "relays are told by their addresses");
}

/* socket "unix:PATH" … */
static void
set_socket(struct build *b, const struct setting *s, const struct ast_word *v)
{
	(void)s;
	settings_set_socket(b, v);
}

/* One value, or several in braces where a setting takes them. */
static void
check_braces(struct build *b, const struct setting *s, const struct ast_stmt *stmt)
{
	const struct ast_word *second = stmt->values->next;

	if (stmt->braces && !s->many)
		diag_error(
		    b->diags, stmt->values->span, "`%s` takes one value, without braces", s->name);
	else if (second != NULL && s->many && !stmt->braces)
		diag_hint(b->diags,
		    diag_error(b->diags, second->span, "several values stand in braces"),
		    "write set %s { %.*s, %.*s }", s->name, SLICE_ARG(stmt->values->s),
		    SLICE_ARG(second->s));
	else if (second != NULL && !s->many && s->set != set_socket)
		diag_error(b->diags, second->span, "`%s` takes one value", s->name);
}

void
settings_set(struct build *b, const struct ast_stmt *stmt)
{
	struct suggest sug;

	suggest_begin(&sug, stmt->name.s);
	for (size_t i = 0; i < NSETTINGS; i++) {
		suggest_offer(&sug, slice_str(table[i].name));
		if (!slice_eq(stmt->name.s, slice_str(table[i].name)))
			continue;
		build_name(b, NAME_SETTING, stmt->name.s, stmt->name.span);
		if (b->whens > 0)
			diag_hint(b->diags,
			    diag_error(
				b->diags, stmt->span, "a setting can't depend on a condition"),
			    "write it outside of `when`");
		table[i].set(b, &table[i], stmt->values);
		check_braces(b, &table[i], stmt);
		return;
	}
	check_hint(b,
	    diag_error(
		b->diags, stmt->name.span, "unknown setting `%.*s`", SLICE_ARG(stmt->name.s)),
	    sug.best, "settings are listed in postern.conf(5)");
}

void
settings_check(struct build *b)
{
	const struct settings *s = &b->p->settings;
	const struct name *least = build_find(b, NAME_SETTING, SLICE("dns-min-ttl"));
	char min[16], max[16];

	if (least != NULL && s->dns_min_ttl > s->dns_max_ttl)
		diag_error(b->diags, least->span,
		    "`dns-min-ttl`, %s, is more than `dns-max-ttl`, %s",
		    show_time(s->dns_min_ttl, min, sizeof min),
		    show_time(s->dns_max_ttl, max, sizeof max));
}

/* The word of a choice's value. */
static const char *
choice_word(const struct choice *c, int value)
{
	while (c->value != value)
		c++;
	return c->word;
}

/* dns-server, as it was given: several in braces */
static void
print_servers(const char *servers, FILE *out)
{
	struct slice rest = slice_str(servers), first = slice_cut(rest, ',', &rest);

	fputs(rest.p != NULL ? "{ " : "", out);
	build_print_word(first, out);
	while (rest.p != NULL) {
		fputs(", ", out);
		build_print_word(slice_cut(rest, ',', &rest), out);
		fputs(rest.p == NULL ? " }" : "", out);
	}
}

/* A setting whose value is at `mine`, if it isn't the default's. */
static void
print_setting(const struct setting *s, const char *mine, const char *def, FILE *out)
{
	const char *text, *usual;
	char time[16];

	if (s->set == set_choice) {
		if (*(const int *)mine != *(const int *)def)
			fprintf(out, "set %s %s\n", s->name,
			    choice_word(s->choices, *(const int *)mine));
		return;
	}
	if (s->set == set_size || s->set == set_count) {
		if (*(const size_t *)mine != *(const size_t *)def)
			fprintf(out, "set %s %zu\n", s->name, *(const size_t *)mine);
		return;
	}
	if (s->set == set_time) {
		if (*(const unsigned *)mine != *(const unsigned *)def)
			fprintf(out, "set %s %s\n", s->name,
			    show_time(*(const unsigned *)mine, time, sizeof time));
		return;
	}
	text = *(const char *const *)mine;
	usual = *(const char *const *)def;
	if (text == NULL || (usual != NULL && strcmp(text, usual) == 0))
		return;
	fprintf(out, "set %s ", s->name);
	if (s->set == set_path)
		build_print_quoted("", slice_str(text), out);
	else if (s->set == set_servers)
		print_servers(text, out);
	else
		build_print_word(slice_str(text), out);
	fputc('\n', out);
}

void
settings_print(const struct settings *s, bool lists, FILE *out)
{
	struct settings d;

	settings_default(&d);
	for (size_t i = 0; i < NSETTINGS; i++) {
		if ((table[i].set == set_relays) != lists)
			continue;
		if (table[i].set == set_socket)
			settings_print_socket(&s->socket, &d.socket, out);
		else
			print_setting(&table[i], (const char *)s + table[i].at,
			    (const char *)&d + table[i].at, out);
	}
}

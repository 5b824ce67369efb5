/*
 * settings.c - the table of settings
 *
 * An entry names a setting and the function that reads its value; words of a choice are one table
 * each, which serves reading, suggesting and printing.
 */
#include "rule/build.h"

#include "base/suggest.h"

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

struct setting;
typedef void set_fn(struct build *b, const struct setting *s, const struct ast_word *v);

struct setting {
	const char *name;
	set_fn *set;
	size_t at; /* offset in struct settings */
	const struct choice *choices;
};

static void set_choice(struct build *b, const struct setting *s, const struct ast_word *v);
static void set_path(struct build *b, const struct setting *s, const struct ast_word *v);
static void set_word(struct build *b, const struct setting *s, const struct ast_word *v);
static void set_size(struct build *b, const struct setting *s, const struct ast_word *v);
static void set_socket(struct build *b, const struct setting *s, const struct ast_word *v);

#define AT(field) offsetof(struct settings, field)
static const struct setting table[] = {
	{ "socket", set_socket, 0, NULL },
	{ "user", set_word, AT(user), NULL },
	{ "pid-file", set_path, AT(pid_file), NULL },
	{ "log", set_choice, AT(log), logs },
	{ "mode", set_choice, AT(mode), modes },
	{ "refuse-at", set_choice, AT(refuse_at), stages },
	{ "mixed-recipients", set_choice, AT(mixed), mixes },
	{ "on-error", set_choice, AT(on_error), errors },
	{ "dns-zone", set_path, AT(dns_zone), NULL },
	{ "max-message-size", set_size, AT(max_message_size), NULL },
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
		.max_message_size = LIMIT_MESSAGE,
	};
}

/* A NUL-terminated copy in the program's memory. */
static const char *
keep(struct build *b, struct slice s)
{
	return arena_slice(&b->p->arena, s).p;
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
	*(const char **)((char *)&b->p->settings + s->at) = keep(b, v->s);
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

/* A number of bytes. */
static void
set_size(struct build *b, const struct setting *s, const struct ast_word *v)
{
	long long n;

	if (!check_number(v->s, &n) || n < 1 || n > LLONG_MAX / 2)
		diag_hint(b->diags,
		    diag_error(b->diags, v->span, "`%.*s` is no size", SLICE_ARG(v->s)),
		    "write a number of bytes such as 500000, 512K or 20M");
	else
		*(size_t *)((char *)&b->p->settings + s->at) = n;
}

/* "inet:PORT@HOST" behind its first five bytes. */
static void
set_inet(struct build *b, const struct ast_word *v)
{
	struct socket_setting *sock = &b->p->settings.socket;
	struct slice host, port;
	unsigned long long n;

	port = slice_cut(slice_of(v->s.p + 5, v->s.n - 5), '@', &host);
	if (!slice_number(port, 65535, &n) || n == 0 || host.n == 0) {
		diag_hint(b->diags, diag_error(b->diags, v->span, "this is no socket"),
		    "write \"inet:PORT@HOST\" with a port up to 65535, such as "
		    "\"inet:8890@127.0.0.1\"");
		return;
	}
	if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = slice_of(host.p + 1, host.n - 2);
	*sock = (struct socket_setting){
		.family = SOCKET_INET, .port = n, .host = keep(b, host), .mode = -1
	};
}

/* mode M, user U, group G behind a unix socket. */
static void
set_socket_options(struct build *b, const struct ast_word *v)
{
	struct socket_setting *sock = &b->p->settings.socket;

	for (; v != NULL; v = v->next->next) {
		if (v->next == NULL) {
			diag_hint(b->diags,
			    diag_error(b->diags, v->span, "`%.*s` needs a value", SLICE_ARG(v->s)),
			    "a unix socket takes mode M, user U and group G");
			return;
		}
		if (slice_eq(v->s, SLICE("mode"))) {
			struct slice m = v->next->s;

			if (m.n < 3 || m.n > 4 || strspn(m.p, "01234567") < m.n)
				diag_hint(b->diags,
				    diag_error(
					b->diags, v->next->span, "`%.*s` is no mode", SLICE_ARG(m)),
				    "write it in octal, for example 0660");
			else
				sock->mode = strtol(m.p, NULL, 8) & 0777;
		} else if (slice_eq(v->s, SLICE("user"))) {
			sock->user = keep(b, v->next->s);
		} else if (slice_eq(v->s, SLICE("group"))) {
			sock->group = keep(b, v->next->s);
		} else {
			diag_hint(b->diags,
			    diag_error(b->diags, v->span, "unknown word `%.*s`", SLICE_ARG(v->s)),
			    "a unix socket takes mode M, user U and group G");
			return;
		}
	}
}

/* socket "unix:PATH" [mode M] [user U] [group G] | "inet:PORT@HOST" */
static void
set_socket(struct build *b, const struct setting *s, const struct ast_word *v)
{
	struct socket_setting *sock = &b->p->settings.socket;

	(void)s;
	if (v->s.n > 5 && memcmp(v->s.p, "unix:", 5) == 0) {
		*sock = (struct socket_setting){ .family = SOCKET_UNIX, .mode = 0660 };
		sock->path = keep(b, slice_of(v->s.p + 5, v->s.n - 5));
		if (sock->path[0] != '/')
			diag_hint(b->diags,
			    diag_error(b->diags, v->span, "a socket's path begins with `/`"),
			    "the MTA that connects to it has another working directory");
		/* as in struct sockaddr_un */
		if (strlen(sock->path) > 107)
			diag_error(b->diags, v->span, "a socket's path has at most 107 bytes");
		set_socket_options(b, v->next);
	} else if (v->s.n > 5 && memcmp(v->s.p, "inet:", 5) == 0) {
		set_inet(b, v);
		if (v->next != NULL)
			diag_error(
			    b->diags, v->next->span, "only a unix socket has mode, user and group");
	} else {
		struct diag *g = diag_error(b->diags, v->span, "this is no socket");

		if (v->s.n > 0 && v->s.p[0] == '/')
			diag_hint(b->diags, g, "write \"unix:%.*s\"", SLICE_ARG(v->s));
		else
			diag_hint(b->diags, g, "write \"unix:PATH\" or \"inet:PORT@HOST\"");
	}
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
		if (table[i].set != set_socket && stmt->values->next != NULL)
			diag_error(b->diags, stmt->values->next->span, "`%s` takes one value",
			    table[i].name);
		return;
	}
	check_hint(b,
	    diag_error(
		b->diags, stmt->name.span, "unknown setting `%.*s`", SLICE_ARG(stmt->name.s)),
	    sug.best, "settings are listed in postern.conf(5)");
}

/* The word of a choice's value. */
static const char *
choice_word(const struct choice *c, int value)
{
	while (c->value != value)
		c++;
	return c->word;
}

/* A word behind its name, unless it is the default. */
static void
print_option(const char *name, const char *value, FILE *out)
{
	if (value == NULL)
		return;
	fputs(name, out);
	build_print_word(slice_str(value), out);
}

/* socket, with what was said of it */
static void
print_socket(const struct socket_setting *s, FILE *out)
{
	if (s->family == SOCKET_INET) {
		fprintf(out,
		    strchr(s->host, ':') != NULL ? "set socket \"inet:%u@[%s]\"\n"
						 : "set socket \"inet:%u@%s\"\n",
		    s->port, s->host);
		return;
	}
	fputs("set socket ", out);
	build_print_quoted("unix:", slice_str(s->path), out);
	fprintf(out, " mode %04lo", (unsigned long)s->mode);
	print_option(" user ", s->user, out);
	print_option(" group ", s->group, out);
	fputc('\n', out);
}

void
settings_print(const struct settings *s, FILE *out)
{
	struct settings d;

	settings_default(&d);
	for (size_t i = 0; i < NSETTINGS; i++) {
		const char *mine = (const char *)s + table[i].at,
			   *def = (const char *)&d + table[i].at;
		const char *name = table[i].name;

		if (table[i].set == set_socket) {
			if (s->socket.family != d.socket.family ||
			    s->socket.mode != d.socket.mode || s->socket.user != NULL ||
			    s->socket.group != NULL || strcmp(s->socket.path, d.socket.path) != 0)
				print_socket(&s->socket, out);
		} else if (table[i].set == set_choice) {
			if (*(const int *)mine != *(const int *)def)
				fprintf(out, "set %s %s\n", name,
				    choice_word(table[i].choices, *(const int *)mine));
		} else if (table[i].set == set_size) {
			if (*(const size_t *)mine != *(const size_t *)def)
				fprintf(out, "set %s %zu\n", name, *(const size_t *)mine);
		} else if (*(const char *const *)mine != NULL) {
			fprintf(out, "set %s ", name);
			if (table[i].set == set_path)
				build_print_quoted("", slice_str(*(const char *const *)mine), out);
			else
				build_print_word(slice_str(*(const char *const *)mine), out);
			fputc('\n', out);
		}
	}
}

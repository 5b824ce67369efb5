/*
 * settings_socket.c - set socket: where the MTA finds us
 */
#include "rule/build.h"

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
		.family = SOCKET_INET, .port = n, .host = build_keep(b, host), .mode = -1
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
			sock->user = build_keep(b, v->next->s);
		} else if (slice_eq(v->s, SLICE("group"))) {
			sock->group = build_keep(b, v->next->s);
		} else {
			diag_hint(b->diags,
			    diag_error(b->diags, v->span, "unknown word `%.*s`", SLICE_ARG(v->s)),
			    "a unix socket takes mode M, user U and group G");
			return;
		}
	}
}

/* socket "unix:PATH" [mode M] [user U] [group G] | "inet:PORT@HOST" */
void
settings_set_socket(struct build *b, const struct ast_word *v)
{
	struct socket_setting *sock = &b->p->settings.socket;

	if (v->s.n > 5 && memcmp(v->s.p, "unix:", 5) == 0) {
		*sock = (struct socket_setting){ .family = SOCKET_UNIX, .mode = 0660 };
		sock->path = build_keep(b, slice_of(v->s.p + 5, v->s.n - 5));
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
void
settings_print_socket(const struct socket_setting *s, const struct socket_setting *def, FILE *out)
{
	if (s->family == def->family && s->mode == def->mode && s->user == NULL &&
	    s->group == NULL && strcmp(s->path, def->path) == 0)
		return;
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

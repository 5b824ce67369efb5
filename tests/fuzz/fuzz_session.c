/*
 * fuzz_session.c - an SMTP session as the milter's callbacks hear of it, in any order
 *
 * The input is a script, one callback a line, named by the letter of its packet in the milter
 * protocol. Behind it stand the arguments, divided by NUL; \0 \n \r and \\ stand for these bytes.
 *
 *   0 1 2 …  the rule set, of session_rules.c: ends the connection and begins one under it
 *   O STEPS  negotiate; the steps that the MTA offers, hexadecimal
 *   D NAME VALUE   tell a macro
 *   C NAME ADDRESS PORT
 *   H NAME
 *   M SENDER PARAMETER…
 *   R RECIPIENT
 *   T        DATA
 *   L NAME VALUE   a header
 *   N        the end of the header
 *   B BYTES  a piece of the body
 *   E N      the end of the message; the MTA does not let us do the N-th effect
 *   A        abort
 *   K        QUIT_NC: the next connection comes without a negotiation
 *   Q        QUIT: it comes with one
 *
 * Anything may come anywhere, and be repeated or left out, as far as libmilter lets it. What is
 * told is held against what an MTA takes (fake_milter.c), what is logged against what a line of a
 * log may be.
 */
#include "fake_milter.h"
#include "session_rules.h"

#include "base/limits.h"
#include "base/log.h"
#include "milter/milter.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/un.h>

#define MOST_ARGUMENTS 16
#define NO_REPLIES                                                                                 \
	(SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_DATA |           \
	    SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY | SMFIP_NR_UNKN)
#define LOG_FIELDS 20 /* record.c has no more */

/* A line's arguments: NUL-terminated, NULL behind the last; the first is always there. */
struct arguments {
	char *v[MOST_ARGUMENTS + 1];
	size_t n;
	size_t bytes; /* of all of them, from v[0] on */
};

void __wrap_log_send(enum log_level level, const struct buf *line);
void __wrap_log_say(enum log_level level, const char *fmt, ...);

/* A line for the log: one line of printable text, not too long. */
void
__wrap_log_send(enum log_level level, const struct buf *line)
{
	(void)level;
	assert(line->n > 0 && line->n <= (size_t)LOG_FIELDS * (LIMIT_LOG_FIELD + 32));
	for (size_t i = 0; i < line->n; i++)
		assert((unsigned char)line->p[i] >= ' ' && line->p[i] != 0x7f);
}

void
__wrap_log_say(enum log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

/* ---- the script ---- */

/* Undo a line's escapes and part it at its NULs. To be freed: v[0]. */
static void
read_arguments(struct slice line, struct arguments *out)
{
	char *text = malloc(line.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < line.n; i++) {
		char c = line.p[i];

		if (c == '\\' && i + 1 < line.n) {
			c = line.p[++i];
			c = c == '0' ? '\0' : c == 'n' ? '\n' : c == 'r' ? '\r' : c;
		}
		text[n++] = c;
	}
	text[n] = '\0';
	*out = (struct arguments){ .bytes = n };
	for (size_t at = 0; at <= n && out->n < MOST_ARGUMENTS; at += strlen(text + at) + 1)
		out->v[out->n++] = text + at;
}

/* An argument; empty if it isn't there. */
static char *
argument(const struct arguments *a, size_t i)
{
	static char empty[1];

	return i < a->n ? a->v[i] : empty;
}

/* ---- the MTA ---- */

/* libmilter offers all SMFIP_NR_… and answers in our place where the MTA knows them not. */
static void
negotiate(SMFICTX *ctx, unsigned long offered)
{
	const unsigned long actions = SMFI_CURR_ACTS;
	unsigned long none2, none3;

	offered |= NO_REPLIES;
	ctx->negotiating = ctx->negotiated = true;
	if (fake_filter.xxfi_negotiate(ctx, actions, offered, 0, 0, &ctx->actions, &ctx->steps,
		&none2, &none3) != SMFIS_CONTINUE)
		ctx->actions = ctx->steps = 0;
	ctx->negotiating = false;
	assert((ctx->actions & ~actions) == 0 && (ctx->steps & ~offered) == 0);
	assert((ctx->actions & ~fake_filter.xxfi_flags) == 0);
}

/* The client's address as libmilter hands it over; NULL if there is none. */
static sfsistat
connect_from(SMFICTX *ctx, char *name, const char *address, const char *port)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	} a = { 0 };

	if (inet_pton(AF_INET, address, &a.in.sin_addr) == 1)
		a.in.sin_family = AF_INET;
	else if (inet_pton(AF_INET6, address, &a.in6.sin6_addr) == 1)
		a.in6.sin6_family = AF_INET6;
	else
		a.un.sun_family = AF_UNIX;
	if (a.any.sa_family != AF_UNIX)
		a.in.sin_port = htons((uint16_t)atoi(port));
	return fake_filter.xxfi_connect(ctx, name, *address != '\0' ? &a.any : NULL);
}

/* The end of the message; the effect that the MTA doesn't let us do. */
static sfsistat
end_of_message(SMFICTX *ctx, const char *refused)
{
	sfsistat r;

	ctx->at_end = true;
	ctx->refuse = (unsigned)atoi(refused);
	r = fake_filter.xxfi_eom(ctx);
	ctx->at_end = false;
	return r;
}

/* The callbacks that give an answer; nothing if the letter is none of theirs. */
static void
ask(SMFICTX *ctx, char letter, struct arguments *a)
{
	const struct smfiDesc *f = &fake_filter;
	unsigned long no_reply = 0;
	sfsistat r;

	fake_begin(ctx);
	switch (letter) {
	case 'C':
		no_reply = SMFIP_NR_CONN;
		r = connect_from(ctx, argument(a, 0), argument(a, 1), argument(a, 2));
		break;
	case 'H':
		no_reply = SMFIP_NR_HELO;
		r = f->xxfi_helo(ctx, a->v[0]);
		break;
	case 'M':
		no_reply = SMFIP_NR_MAIL;
		r = f->xxfi_envfrom(ctx, a->v);
		break;
	case 'R':
		no_reply = SMFIP_NR_RCPT;
		r = f->xxfi_envrcpt(ctx, a->v);
		break;
	case 'T':
		no_reply = SMFIP_NR_DATA;
		r = f->xxfi_data(ctx);
		break;
	case 'L':
		no_reply = SMFIP_NR_HDR;
		r = f->xxfi_header(ctx, argument(a, 0), argument(a, 1));
		break;
	case 'N':
		no_reply = SMFIP_NR_EOH;
		r = f->xxfi_eoh(ctx);
		break;
	case 'B':
		no_reply = SMFIP_NR_BODY;
		r = f->xxfi_body(ctx, (unsigned char *)a->v[0], a->bytes);
		break;
	case 'E':
		r = end_of_message(ctx, a->v[0]);
		break;
	default:
		return;
	}
	fake_end(ctx, no_reply, r);
}

/* ---- runs ---- */

/* One of the rule sets, loaded once. */
static struct program *
rules(unsigned i)
{
	static struct program *loaded[SESSION_RULES];
	struct diags d;

	if (loaded[i] != NULL)
		return loaded[i];
	files_add(SLICE("zone"), slice_str(session_zone));
	diags_init(&d);
	loaded[i] = program_load_text("rules", slice_str(session_rules[i]), &d);
	if (loaded[i] == NULL)
		diags_print(&d, stderr);
	assert(loaded[i] != NULL);
	diags_free(&d);
	files_drop();
	return loaded[i];
}

/* The connection's end. */
static void
hang_up(SMFICTX *ctx)
{
	fake_filter.xxfi_close(ctx);
	assert(ctx->data == NULL && milter_sessions() == 0);
}

/* What libmilter itself keeps from a filter: a second negotiation, a connection before the first,
 * and anything else but a connection behind QUIT_NC. */
static bool
comes_through(const SMFICTX *ctx, char letter)
{
	if (letter == 'O')
		return !ctx->negotiated;
	return ctx->negotiated ? ctx->data != NULL || letter == 'C' : letter != 'C';
}

/* One line of the script. */
static void
run_line(SMFICTX *ctx, char letter, struct arguments *a)
{
	if (letter >= '0' && letter < '0' + SESSION_RULES) {
		hang_up(ctx);
		fake_free(ctx);
		milter_close_door();
		milter_begin(rules((unsigned)(letter - '0')), 0);
	} else if (letter == 'D') {
		fake_macro(ctx, argument(a, 0), argument(a, 1));
	} else if (letter == 'K') {
		hang_up(ctx);
	} else if (letter == 'Q') {
		hang_up(ctx);
		fake_free(ctx);
	} else if (!comes_through(ctx, letter)) {
		return;
	} else if (letter == 'O') {
		negotiate(ctx, strtoul(a->v[0], NULL, 16));
	} else if (letter == 'A') {
		fake_filter.xxfi_abort(ctx);
	} else {
		ask(ctx, letter, a);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_of(data != NULL ? (const char *)data : "", size);
	SMFICTX ctx = { 0 };

	milter_begin(rules(0), 0);
	while (rest.p != NULL) {
		struct slice line = slice_cut(rest, '\n', &rest);
		struct arguments a;

		if (line.n == 0)
			continue;
		read_arguments(slice_of(line.p + 1, line.n - 1), &a);
		run_line(&ctx, *line.p, &a);
		free(a.v[0]);
	}
	hang_up(&ctx);
	fake_free(&ctx);
	milter_close_door();
	return 0;
}

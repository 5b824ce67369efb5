/*
 * fake_milter.c - libmilter as a filter sees it, without an MTA
 */
#include "fake_milter.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>

#define MOST_LINES 32  /* of a reply */
#define MOST_BYTES 980 /* of one of its lines */

struct smfiDesc fake_filter;

/* ---- the process ---- */

int
smfi_register(struct smfiDesc description)
{
	fake_filter = description;
	return MI_SUCCESS;
}

int
smfi_setconn(char *where)
{
	assert(where != NULL);
	return MI_SUCCESS;
}

int
smfi_settimeout(int seconds)
{
	assert(seconds >= 0);
	return MI_SUCCESS;
}

int
smfi_opensocket(bool remove)
{
	(void)remove;
	return MI_SUCCESS;
}

int
smfi_main(void)
{
	return MI_SUCCESS;
}

/* ---- a connection ---- */

int
smfi_setpriv(SMFICTX *ctx, void *data)
{
	ctx->data = data;
	return MI_SUCCESS;
}

void *
smfi_getpriv(SMFICTX *ctx)
{
	return ctx->data;
}

char *
smfi_getsymval(SMFICTX *ctx, char *name)
{
	for (size_t i = ctx->nmacros; i > 0; i--)
		if (strcmp(ctx->macros[i - 1].name, name) == 0)
			return ctx->macros[i - 1].value;
	return NULL;
}

int
smfi_setsymlist(SMFICTX *ctx, int where, char *macros)
{
	assert(ctx->negotiating);
	assert(where >= SMFIM_FIRST && where <= SMFIM_LAST && !ctx->listed[where]);
	assert(macros != NULL && *macros != '\0');
	ctx->listed[where] = true;
	return MI_SUCCESS;
}

void
fake_macro(SMFICTX *ctx, const char *name, const char *value)
{
	if (ctx->nmacros == FAKE_MACROS) {
		free(ctx->macros[0].name);
		free(ctx->macros[0].value);
		ctx->nmacros--;
		memmove(ctx->macros, ctx->macros + 1, ctx->nmacros * sizeof(*ctx->macros));
	}
	ctx->macros[ctx->nmacros].name = strdup(name);
	ctx->macros[ctx->nmacros++].value = strdup(value);
}

/* ---- replies ---- */

/* True for `5.7.1` of that class. */
static bool
is_enhanced(const char *code, char class)
{
	char end;
	unsigned subject, detail;

	return code[0] == class && code[1] == '.' && isdigit(code[2]) &&
	    sscanf(code + 2, "%3u.%3u%c", &subject, &detail, &end) == 2;
}

/* A line of a reply, which both MTAs take for a format of printf. */
static void
check_line(const char *line)
{
	assert(strlen(line) <= MOST_BYTES);
	for (; *line != '\0'; line++) {
		assert((unsigned char)*line >= ' ' && *line != 0x7f);
		if (*line == '%')
			assert(*++line == '%');
	}
}

/* What replies of one and of several lines have in common. */
static int
set_reply(SMFICTX *ctx, const char *code, const char *enhanced)
{
	assert(strlen(code) == 3 && isdigit(code[1]) && isdigit(code[2]));
	assert(code[0] == '4' || code[0] == '5');
	assert(is_enhanced(enhanced, code[0]));
	assert(ctx->reply == '\0');
	ctx->reply = code[0];
	return MI_SUCCESS;
}

int
smfi_setreply(SMFICTX *ctx, char *code, char *enhanced, char *text)
{
	if (text != NULL)
		check_line(text);
	return set_reply(ctx, code, enhanced);
}

int
smfi_setmlreply(SMFICTX *ctx, const char *code, const char *enhanced, ...)
{
	const char *line;
	unsigned n = 0;
	va_list ap;

	va_start(ap, enhanced);
	while ((line = va_arg(ap, const char *)) != NULL) {
		check_line(line);
		n++;
	}
	va_end(ap);
	assert(n > 0 && n <= MOST_LINES);
	return set_reply(ctx, code, enhanced);
}

/* ---- effects ---- */

/* What goes for each: one more, if the input doesn't let it fail. */
static int
effect(SMFICTX *ctx, unsigned long action)
{
	assert(ctx->at_end && ctx->reply == '\0' && !ctx->refused);
	if ((ctx->actions & action) == 0)
		ctx->refused = true;
	ctx->effects++;
	if (ctx->refuse != 0 && ctx->effects == ctx->refuse)
		ctx->refused = true;
	return ctx->refused ? MI_FAILURE : MI_SUCCESS;
}

static void
check_header(const char *name, const char *value)
{
	assert(*name != '\0');
	for (; *name != '\0'; name++)
		assert(*name > ' ' && *name < 0x7f && *name != ':');
	for (; value != NULL && *value != '\0'; value++)
		assert(*value >= ' ' && *value < 0x7f);
}

/* An address, or a reason: there, and one line. */
static void
check_text(const char *text)
{
	assert(*text != '\0');
	for (; *text != '\0'; text++)
		assert((unsigned char)*text >= ' ' && *text != 0x7f);
}

int
smfi_insheader(SMFICTX *ctx, int index, char *name, char *value)
{
	assert(index == 0);
	check_header(name, value);
	return effect(ctx, SMFIF_ADDHDRS);
}

int
smfi_chgheader(SMFICTX *ctx, char *name, int index, char *value)
{
	assert(index > 0);
	check_header(name, value);
	return effect(ctx, SMFIF_CHGHDRS);
}

int
smfi_addrcpt(SMFICTX *ctx, char *address)
{
	check_text(address);
	return effect(ctx, SMFIF_ADDRCPT);
}

/* Whatever it was that the MTA gave us. */
int
smfi_delrcpt(SMFICTX *ctx, char *address)
{
	assert(*address != '\0');
	return effect(ctx, SMFIF_DELRCPT);
}

int
smfi_quarantine(SMFICTX *ctx, char *reason)
{
	check_text(reason);
	return effect(ctx, SMFIF_QUARANTINE);
}

/* ---- callbacks ---- */

void
fake_begin(SMFICTX *ctx)
{
	ctx->reply = '\0';
	ctx->effects = 0;
	ctx->refused = false;
}

void
fake_end(SMFICTX *ctx, unsigned long no_reply, sfsistat returned)
{
	if ((ctx->steps & no_reply) != 0) {
		assert(returned == SMFIS_NOREPLY && ctx->reply == '\0');
		return;
	}
	if (no_reply == SMFIP_NR_CONN)
		ctx->accepted = returned == SMFIS_ACCEPT;
	switch (returned) {
	case SMFIS_REJECT:
		assert(ctx->reply == '5');
		break;
	case SMFIS_TEMPFAIL:
		assert(ctx->reply == '4' || ctx->data == NULL);
		break;
	case SMFIS_ACCEPT:
	case SMFIS_DISCARD:
		/* Told at RCPT, it would be for all recipients; a discard before MAIL counts for
		 * nothing. */
		assert(no_reply != SMFIP_NR_RCPT || ctx->accepted);
		assert(returned != SMFIS_DISCARD ||
		    (no_reply != SMFIP_NR_CONN && no_reply != SMFIP_NR_HELO));
		/* fallthrough */
	case SMFIS_CONTINUE:
		assert(ctx->reply == '\0');
		break;
	case SMFIS_SKIP:
		assert(no_reply == SMFIP_NR_BODY && (ctx->steps & SMFIP_SKIP) != 0);
		assert(ctx->reply == '\0');
		break;
	default:
		assert(false);
	}
	assert(ctx->effects == 0 || ctx->refused || returned == SMFIS_CONTINUE ||
	    returned == SMFIS_ACCEPT);
	assert(!ctx->refused || returned == SMFIS_TEMPFAIL);
}

void
fake_free(SMFICTX *ctx)
{
	assert(ctx->data == NULL);
	for (size_t i = 0; i < ctx->nmacros; i++) {
		free(ctx->macros[i].name);
		free(ctx->macros[i].value);
	}
	*ctx = (SMFICTX){ 0 };
}

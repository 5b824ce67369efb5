/*
 * null.c - a filter that does nothing: what libmilter itself costs
 *
 *   null [-c] STEPS SOCKET
 *
 * -c: it copies headers and body into memory of its own, as any filter has to that looks at them.
 * STEPS are the SMFIP_… that it negotiates, hexadecimal: 0 and each callback is made and answered,
 * ff080 and no answer is awaited but at the end of the message.
 */
#include <libmilter/mfapi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned long steps;
static bool copies;

/* What was copied of a message. */
struct copy {
	char *p;
	size_t n, room;
};

/* The answer of a callback with that SMFIP_NR_… bit. */
static sfsistat
go_on(unsigned long no_reply)
{
	return (steps & no_reply) != 0 ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

/* Copy bytes, if that is asked for; false on lack of memory. */
static bool
keep(SMFICTX *ctx, const void *p, size_t n)
{
	struct copy *c = smfi_getpriv(ctx);

	if (!copies)
		return true;
	if (c == NULL) {
		c = calloc(1, sizeof(*c));
		if (c == NULL || smfi_setpriv(ctx, c) != MI_SUCCESS)
			return false;
	}
	if (n > c->room - c->n) {
		size_t room = c->room * 2 > c->n + n ? c->room * 2 : c->n + n;
		char *larger = realloc(c->p, room);

		if (larger == NULL)
			return false;
		c->p = larger;
		c->room = room;
	}
	memcpy(c->p + c->n, p, n);
	c->n += n;
	return true;
}

static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long offered_actions, unsigned long offered_steps,
    unsigned long f2, unsigned long f3, unsigned long *actions, unsigned long *wanted,
    unsigned long *out2, unsigned long *out3)
{
	(void)ctx;
	(void)f2;
	(void)f3;
	*actions = offered_actions;
	*wanted = steps & offered_steps;
	*out2 = *out3 = 0;
	return SMFIS_CONTINUE;
}

static sfsistat
on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *address)
{
	(void)ctx;
	(void)name;
	(void)address;
	return go_on(SMFIP_NR_CONN);
}

static sfsistat
on_helo(SMFICTX *ctx, char *name)
{
	(void)ctx;
	(void)name;
	return go_on(SMFIP_NR_HELO);
}

static sfsistat
on_mail(SMFICTX *ctx, char **argv)
{
	(void)ctx;
	(void)argv;
	return go_on(SMFIP_NR_MAIL);
}

static sfsistat
on_rcpt(SMFICTX *ctx, char **argv)
{
	(void)ctx;
	(void)argv;
	return go_on(SMFIP_NR_RCPT);
}

static sfsistat
on_data(SMFICTX *ctx)
{
	(void)ctx;
	return go_on(SMFIP_NR_DATA);
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
	if (!keep(ctx, name, strlen(name) + 1) || !keep(ctx, value, strlen(value) + 1))
		return SMFIS_TEMPFAIL;
	return go_on(SMFIP_NR_HDR);
}

static sfsistat
on_eoh(SMFICTX *ctx)
{
	(void)ctx;
	return go_on(SMFIP_NR_EOH);
}

static sfsistat
on_body(SMFICTX *ctx, unsigned char *chunk, size_t n)
{
	return keep(ctx, chunk, n) ? go_on(SMFIP_NR_BODY) : SMFIS_TEMPFAIL;
}

static sfsistat
on_eom(SMFICTX *ctx)
{
	(void)ctx;
	return SMFIS_CONTINUE;
}

static sfsistat
on_close(SMFICTX *ctx)
{
	struct copy *c = smfi_getpriv(ctx);

	if (c != NULL)
		free(c->p);
	free(c);
	smfi_setpriv(ctx, NULL);
	return SMFIS_CONTINUE;
}

int
main(int argc, char **argv)
{
	struct smfiDesc description = {
		.xxfi_name = (char[]){ "null" },
		.xxfi_version = SMFI_VERSION,
		.xxfi_connect = on_connect,
		.xxfi_helo = on_helo,
		.xxfi_envfrom = on_mail,
		.xxfi_envrcpt = on_rcpt,
		.xxfi_data = on_data,
		.xxfi_header = on_header,
		.xxfi_eoh = on_eoh,
		.xxfi_body = on_body,
		.xxfi_eom = on_eom,
		.xxfi_close = on_close,
		.xxfi_negotiate = on_negotiate,
	};

	if (argc == 4 && strcmp(argv[1], "-c") == 0) {
		copies = true;
		argc--;
		argv++;
	}
	if (argc != 3) {
		fprintf(stderr, "null [-c] STEPS SOCKET\n");
		return 64;
	}
	steps = strtoul(argv[1], NULL, 16);
	if (smfi_setconn(argv[2]) != MI_SUCCESS || smfi_register(description) != MI_SUCCESS ||
	    smfi_opensocket(1) != MI_SUCCESS)
		return 71;
	return smfi_main() != MI_SUCCESS;
}

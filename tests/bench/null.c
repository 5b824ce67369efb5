/*
 * null.c - a filter that does nothing: what libmilter itself costs
 *
 *   null STEPS SOCKET
 *
 * STEPS are the SMFIP_… that it negotiates, hexadecimal: 0 and each callback is made and answered,
 * ff080 and no answer is awaited but at the end of the message.
 */
#include <libmilter/mfapi.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned long steps;

/* The answer of a callback with that SMFIP_NR_… bit. */
static sfsistat
go_on(unsigned long no_reply)
{
	return (steps & no_reply) != 0 ? SMFIS_NOREPLY : SMFIS_CONTINUE;
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
	(void)ctx;
	(void)name;
	(void)value;
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
	(void)ctx;
	(void)chunk;
	(void)n;
	return go_on(SMFIP_NR_BODY);
}

static sfsistat
on_eom(SMFICTX *ctx)
{
	(void)ctx;
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
		.xxfi_negotiate = on_negotiate,
	};

	if (argc != 3) {
		fprintf(stderr, "null STEPS SOCKET\n");
		return 64;
	}
	steps = strtoul(argv[1], NULL, 16);
	if (smfi_setconn(argv[2]) != MI_SUCCESS || smfi_register(description) != MI_SUCCESS ||
	    smfi_opensocket(1) != MI_SUCCESS)
		return 71;
	return smfi_main() != MI_SUCCESS;
}

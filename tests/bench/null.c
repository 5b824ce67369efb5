/*
 * null.c - a filter that does nothing: what libmilter itself costs
 *
 *   null all|nr SOCKET
 *
 * all: each callback is made and answered. nr: each is made, and no answer is awaited but at the
 * end of the message.
 */
#include <libmilter/mfapi.h>
#include <stdio.h>
#include <string.h>

#define NO_REPLIES                                                                                 \
	(SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_DATA |           \
	    SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY | SMFIP_NR_UNKN)

static sfsistat answer = SMFIS_CONTINUE;

static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long offered_actions, unsigned long offered_steps,
    unsigned long f2, unsigned long f3, unsigned long *actions, unsigned long *steps,
    unsigned long *out2, unsigned long *out3)
{
	(void)ctx;
	(void)f2;
	(void)f3;
	*actions = offered_actions;
	*steps = answer == SMFIS_NOREPLY ? offered_steps & NO_REPLIES : 0;
	*out2 = *out3 = 0;
	return SMFIS_CONTINUE;
}

static sfsistat
on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *address)
{
	(void)ctx;
	(void)name;
	(void)address;
	return answer;
}

/* HELO. */
static sfsistat
on_name(SMFICTX *ctx, char *name)
{
	(void)ctx;
	(void)name;
	return answer;
}

/* MAIL and RCPT. */
static sfsistat
on_address(SMFICTX *ctx, char **argv)
{
	(void)ctx;
	(void)argv;
	return answer;
}

/* DATA and the end of the header. */
static sfsistat
on_step(SMFICTX *ctx)
{
	(void)ctx;
	return answer;
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
	(void)ctx;
	(void)name;
	(void)value;
	return answer;
}

static sfsistat
on_body(SMFICTX *ctx, unsigned char *chunk, size_t n)
{
	(void)ctx;
	(void)chunk;
	(void)n;
	return answer;
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
		.xxfi_helo = on_name,
		.xxfi_envfrom = on_address,
		.xxfi_envrcpt = on_address,
		.xxfi_data = on_step,
		.xxfi_header = on_header,
		.xxfi_eoh = on_step,
		.xxfi_body = on_body,
		.xxfi_eom = on_eom,
		.xxfi_negotiate = on_negotiate,
	};

	if (argc != 3) {
		fprintf(stderr, "null all|nr SOCKET\n");
		return 64;
	}
	if (strcmp(argv[1], "nr") == 0)
		answer = SMFIS_NOREPLY;
	if (smfi_setconn(argv[2]) != MI_SUCCESS || smfi_register(description) != MI_SUCCESS ||
	    smfi_opensocket(1) != MI_SUCCESS)
		return 71;
	return smfi_main() != MI_SUCCESS;
}

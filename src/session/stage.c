/*
 * stage.c - names of the stages, as rules, logs and tests write them
 */
#include "session/stage.h"

/* A stage's name. */
const char *
stage_name(enum stage s)
{
	static const char *const names[] = {
		[STAGE_CONNECT] = "connect",
		[STAGE_HELO] = "helo",
		[STAGE_MAIL] = "mail",
		[STAGE_RCPT] = "rcpt",
		[STAGE_DATA] = "data",
		[STAGE_HEADERS] = "headers",
		[STAGE_BODY] = "body",
		[STAGE_NEVER] = "never",
	};

	return names[s];
}

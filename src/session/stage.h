/*
 * stage.h - the stages of an SMTP session, and how long a fact lives
 */
#pragma once

/* In the order of the SMTP dialogue. Facts of STAGE_HEADERS are there when the header ends, those
 * of STAGE_BODY at the end of the message. */
enum stage {
	STAGE_CONNECT,
	STAGE_HELO,
	STAGE_MAIL,
	STAGE_RCPT,
	STAGE_DATA,
	STAGE_HEADERS,
	STAGE_BODY,
	STAGE_NEVER, /* behind the last: what can't happen */
};
#define STAGES STAGE_NEVER

static inline enum stage
stage_later(enum stage a, enum stage b)
{
	return a > b ? a : b;
}

static inline enum stage
stage_earlier(enum stage a, enum stage b)
{
	return a < b ? a : b;
}

/* A fact of a lifetime is lost with what it belongs to: a HELO ends what came by the last one and
 * the message, MAIL ends the last message. */
enum life {
	LIFE_CONNECTION,
	LIFE_HELO,
	LIFE_MESSAGE,
	LIFE_RECIPIENT,
};
#define LIVES (LIFE_RECIPIENT + 1)

/* "connect", "helo", "mail", "rcpt", "data", "headers", "body"; "never". */
const char *stage_name(enum stage s);

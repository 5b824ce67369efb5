/*
 * wants.c - what we ask of the MTA
 *
 * Most of a filter's cost is round trips: contents that no rule looks at are not sent to us, and
 * where no rule can act the MTA waits for no reply.
 */
#include "milter/wants.h"

#include "base/log.h"

/* Where an MTA is asked for macros. */
static const struct {
	int where;
	enum stage stage;
} places[] = {
	{ SMFIM_CONNECT, STAGE_CONNECT },
	{ SMFIM_HELO, STAGE_HELO },
	{ SMFIM_ENVFROM, STAGE_MAIL },
	{ SMFIM_ENVRCPT, STAGE_RCPT },
	{ SMFIM_DATA, STAGE_DATA },
	{ SMFIM_EOH, STAGE_HEADERS },
	{ SMFIM_EOM, STAGE_BODY },
};

/* The replies that nobody needs under these rules. */
unsigned long
wants_no_replies(const struct needs *n)
{
	static const struct {
		enum stage stage;
		unsigned long bit;
	} replies[] = {
		{ STAGE_CONNECT, SMFIP_NR_CONN },
		{ STAGE_HELO, SMFIP_NR_HELO },
		{ STAGE_MAIL, SMFIP_NR_MAIL },
		{ STAGE_RCPT, SMFIP_NR_RCPT },
		{ STAGE_DATA, SMFIP_NR_DATA },
		{ STAGE_HEADERS, SMFIP_NR_EOH },
	};
	unsigned long bits = SMFIP_NR_HDR | SMFIP_NR_UNKN;

	for (size_t i = 0; i < sizeof(replies) / sizeof(*replies); i++)
		if (!n->reply[replies[i].stage])
			bits |= replies[i].bit;
	/* each piece of a body is awaited only where the rest may turn out not to be wanted */
	if (!n->skips_body)
		bits |= SMFIP_NR_BODY;
	return bits;
}

/* The callbacks that nobody needs, and headers as they came. CONNECT, HELO, MAIL and RCPT are in
 * every line of the log. */
unsigned long
wants_steps(const struct needs *n)
{
	unsigned long bits = SMFIP_NOUNKNOWN;

	if (n->skips_body)
		bits |= SMFIP_SKIP;
	bits |= n->headers ? SMFIP_HDR_LEADSPC : SMFIP_NOHDRS;
	if (!n->body)
		bits |= SMFIP_NOBODY;
	if (!n->reply[STAGE_DATA] && n->nmacros[STAGE_DATA] == 0)
		bits |= SMFIP_NODATA;
	/* without it, libmilter leaves a message unanswered that has no header, if we want headers;
	 * and it is there that we know whether we want the body */
	if (!n->reply[STAGE_HEADERS] && n->nmacros[STAGE_HEADERS] == 0 && !n->headers &&
	    !n->skips_body)
		bits |= SMFIP_NOEOH;
	return bits;
}

/* What we may do to a message. */
unsigned long
wants_actions(const struct needs *n)
{
	unsigned long bits = SMFIF_SETSYMLIST;

	if (n->changes_headers)
		bits |= SMFIF_ADDHDRS | SMFIF_CHGHDRS;
	if (n->adds_recipients)
		bits |= SMFIF_ADDRCPT;
	if (n->deletes_recipients)
		bits |= SMFIF_DELRCPT;
	if (n->quarantines)
		bits |= SMFIF_QUARANTINE;
	return bits;
}

/* Ask for macros: those that rules need, and at each stage the queue id for the log. A list of ours
 * takes the place of the MTA's own.
 *
 * An MTA that has none to send at a stage sends no list, and libmilter goes on with what it has had
 * at the last HELO, MAIL or RCPT: {auth_authen} of one message would be the next one's. So where
 * rules need macros we ask for the MTA's name too, which is always there. */
void
wants_macros(SMFICTX *ctx, const struct needs *n)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		enum stage stage = places[i].stage;
		struct buf list = { 0 };

		for (unsigned m = 0; m < n->nmacros[stage]; m++)
			buf_printf(&list, "%s ", n->macros[stage][m]);
		if (n->nmacros[stage] < LIMIT_MACROS)
			buf_str(&list, "i");
		if (n->nmacros[stage] > 0 && n->nmacros[stage] + 1 < LIMIT_MACROS)
			buf_str(&list, " j");
		if (list.p == NULL || list.cut ||
		    smfi_setsymlist(ctx, places[i].where, list.p) != MI_SUCCESS)
			log_say(LOG_LEVEL_WARNING, "the MTA could not be asked for macros at %s",
			    stage_name(stage));
		buf_free(&list);
	}
}

/*
 * record.c - what was decided, as lines of the log
 *
 * One line for each verdict and each note. Fields, in this order; one that has no value is left
 * out:
 *
 *   id      the queue id, as soon as the MTA has given one
 *   note    of a line that is no verdict: log (a `log` rule's text), monitor (a rule that only
 *           watches was true), error (a rule could not be decided and let the message pass)
 *   action  accept, reject, tempfail or discard; of a note, the rule's action
 *   code    the reply's code: 550
 *   dsn     its enhanced code: 5.7.1
 *   rule    the label of the rule that decided
 *   place   where that rule stands: FILE:LINE
 *   cause   rule; default (no rule decided); error (the rule could not be decided: `set on-error`);
 *           dns (likewise, for want of a DNS answer: `set on-dns-error`); split (this recipient's
 *           rules differ from the first one's); limit; mta (the MTA or the system did not do what
 *           we asked: see why)
 *   stage   connect, helo, mail, rcpt, data, headers or body (the end of the message)
 *   obeyed  no: the MTA was told something else (`set mode monitor`, or another recipient's verdict
 *           counted)
 *   client  the client's address
 *   name    its verified host name
 *   helo    what it called itself
 *   from    the sender; <> is the null sender
 *   to      the recipient; the first, if there are several
 *   nrcpt   how many recipients it is about, if more than one
 *   limits  of a verdict: the limits that kept something of the message from being seen
 *   ms      milliseconds that all our work for this message has taken so far, the connection's
 *           for its first message
 *   why     of cause mta, dns and error: what went wrong, if that can be told
 *   text    of the reply, or of the note
 */
#include "milter/record.h"

#include "base/limits.h"
#include "base/log.h"

/* Its word in a line. */
static const char *
cause_name(enum cause c)
{
	switch (c) {
	case CAUSE_RULE:
		return "rule";
	case CAUSE_DEFAULT:
		return "default";
	case CAUSE_ERROR:
		return "error";
	case CAUSE_DNS:
		return "dns";
	case CAUSE_SPLIT:
		return "split";
	case CAUSE_LIMIT:
		break;
	}
	return "limit";
}

/* Begin a line: the queue id is what an admin looks for. */
static void
begin(struct buf *line, const struct record *r)
{
	log_field(line, "id", session_queue_id(r->session));
}

/* Which rule, and where it stands. */
static void
add_rule(struct buf *line, const struct rule *rule)
{
	struct buf place = { 0 };

	if (rule == NULL)
		return;
	log_field(line, "rule", slice_str(rule->label));
	buf_printf(&place, "%s:%u", rule->file, rule->line);
	log_field(line, "place", buf_slice(&place));
	buf_free(&place);
}

/* Whose message it is. */
static void
add_envelope(
    struct buf *line, const struct session *s, const size_t *recipients, size_t nrecipients)
{
	char client[IP_TEXT];

	if (s->client.family != 0)
		log_field(line, "client", slice_str(ip_format(&s->client, client)));
	log_field(line, "name", s->client_name);
	log_field(line, "helo", s->helo);
	log_field(line, "from", s->sender);
	if (nrecipients > 0)
		log_field(line, "to", s->recipients[recipients[0]].address);
	if (nrecipients > 1)
		log_field_num(line, "nrcpt", (long long)nrecipients);
}

/* The reply's codes. */
static void
add_codes(struct buf *line, const struct reply *reply)
{
	log_field_num(line, "code", reply->code);
	log_field(line, "dsn", slice_str(reply->enhanced));
}

/* Finish a line and send it. */
static void
end(struct buf *line, const struct record *r, const char *why, struct slice text,
    enum log_level level)
{
	buf_printf(
	    line, " ms=%llu.%03u", (unsigned long long)(r->us / 1000), (unsigned)(r->us % 1000));
	log_field(line, "why", slice_str(why));
	log_field(line, "text", text);
	log_send(level, line);
	buf_free(line);
}

/* One line for a verdict. */
void
record_decision(const struct record *r, const struct decision *d)
{
	bool refusal = d->action == ACT_REJECT || d->action == ACT_TEMPFAIL;
	bool trouble = d->cause == CAUSE_ERROR || d->cause == CAUSE_DNS || d->cause == CAUSE_LIMIT;
	struct buf line = { 0 }, limits = { 0 };

	begin(&line, r);
	log_field(&line, "action", slice_str(action_name(d->action)));
	if (refusal)
		add_codes(&line, &d->reply);
	add_rule(&line, d->rule);
	log_field(&line, "cause", slice_str(cause_name(d->cause)));
	log_field(&line, "stage", slice_str(stage_name(d->told)));
	if (!d->obeyed)
		log_field(&line, "obeyed", SLICE("no"));
	add_envelope(&line, r->session, d->recipients, d->nrecipients);
	content_limits(r->session, &limits);
	if (limits.n > 0)
		log_field(&line, "limits", buf_slice(&limits));
	buf_free(&limits);
	end(&line, r, d->why, refusal ? d->reply.text : SLICE_ABSENT,
	    trouble ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO);
}

/* One line for a note. */
void
record_note(const struct record *r, const struct note *n)
{
	static const char *const kinds[] = {
		[NOTE_LOG] = "log",
		[NOTE_MONITOR] = "monitor",
		[NOTE_ERROR] = "error",
	};
	struct buf line = { 0 };

	begin(&line, r);
	log_field(&line, "note", slice_str(kinds[n->kind]));
	log_field(&line, "action", slice_str(action_name(n->rule->action)));
	add_rule(&line, n->rule);
	log_field(&line, "stage", slice_str(stage_name(n->stage)));
	add_envelope(&line, r->session, n->recipients, n->nrecipients);
	end(&line, r, NULL, n->text, n->kind == NOTE_ERROR ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO);
}

/* A verdict of the adapter's own. */
void
record_failure(const struct record *r, const struct rule *rule, enum stage stage,
    const struct reply *reply, const char *why)
{
	const struct session *s = r->session;
	struct buf line = { 0 };

	begin(&line, r);
	log_field(&line, "action", slice_str(action_name(ACT_TEMPFAIL)));
	add_codes(&line, reply);
	add_rule(&line, rule);
	log_field(&line, "cause", SLICE("mta"));
	log_field(&line, "stage", slice_str(stage_name(stage)));
	add_envelope(&line, s, &(size_t){ 0 }, s->nrecipients > 0);
	end(&line, r, why, reply->text, LOG_LEVEL_WARNING);
}

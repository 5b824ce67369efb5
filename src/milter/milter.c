/*
 * milter.c - libmilter's callbacks
 *
 * Each callback copies what it is told into the session, asks the judge, and passes the answer on.
 * At negotiation we ask for what the rules need and no more, for most of a filter's cost is round
 * trips: contents that no rule looks at are not sent, and where no rule can act the MTA waits for
 * no reply. A stage at which we agreed not to reply must never be answered, not even with a
 * refusal.
 *
 * libmilter runs the callbacks of one connection one after another, but in different threads. It
 * lets no CONNECT pass before the negotiation, but HELO and MAIL; a connection without private data
 * is one that we know nothing of, and gets a temporary failure.
 */
#include "milter/milter.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "milter/record.h"
#include "milter/reply.h"
#include "milter/wants.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* One connection: libmilter's private data. */
struct link {
	struct judge *judge;
	struct session *session; /* the judge's */
	unsigned long noreply;	 /* SMFIP_NR_… as agreed */
	bool skips;		 /* the MTA can be told that the rest of a body is not wanted */
	bool leading;		 /* header values come and go with the white space before them */
	bool lost;		 /* a failure of this message went untold: it can't be let in */
	uint64_t spent;		 /* microseconds in callbacks for this message, or before it */
	uint64_t entered;	 /* when the running callback began */
};

/* What libmilter has no place for. */
static struct {
	pthread_mutex_t lock;	 /* of program */
	struct program *program; /* NULL: no connection is taken on */
	atomic_uint sessions;
} door = { .lock = PTHREAD_MUTEX_INITIALIZER };

static const struct answer broken = {
	TOLD_TEMPFAIL,
	{ 451, "4.3.0", SLICE("Temporary failure, try again later") },
};

/* ---- connections ---- */

/* What the log needs of a connection, now. */
static struct record
record_of(const struct link *l)
{
	uint64_t now = clock_us();

	return (struct record){ l->session, l->spent + (now - l->entered) };
}

/* The judge has a verdict. */
static void
on_decided(void *ctx, const struct decision *d)
{
	struct record r = record_of(ctx);

	record_decision(&r, d);
}

/* The judge has something for the log. */
static void
on_noted(void *ctx, const struct note *n)
{
	struct record r = record_of(ctx);

	record_note(&r, n);
}

/* The program that is current, with a reference for the caller; NULL if the door is closed. */
static struct program *
current_program(void)
{
	struct program *p;

	pthread_mutex_lock(&door.lock);
	p = door.program != NULL ? program_ref(door.program) : NULL;
	pthread_mutex_unlock(&door.lock);
	return p;
}

/* Make the program current, or close the door with NULL. */
static void
set_program(struct program *p)
{
	struct program *last;

	pthread_mutex_lock(&door.lock);
	last = door.program;
	door.program = p;
	pthread_mutex_unlock(&door.lock);
	if (last != NULL)
		program_unref(last);
}

/* Make a connection's data. NULL on lack of memory, or if the door is closed. */
static struct link *
link_new(SMFICTX *ctx)
{
	struct program *p = current_program();
	struct link *l = p != NULL ? calloc(1, sizeof(*l)) : NULL;
	struct watcher w = { on_decided, on_noted, l };

	if (p == NULL)
		return NULL;
	if (l != NULL && (l->judge = judge_new(p, &w)) != NULL &&
	    smfi_setpriv(ctx, l) == MI_SUCCESS) {
		l->session = judge_session(l->judge);
		l->entered = clock_us();
		atomic_fetch_add(&door.sessions, 1);
	} else {
		if (l != NULL && l->judge != NULL)
			judge_free(l->judge);
		free(l);
		l = NULL;
		log_say(LOG_LEVEL_ERROR, "out of memory, a connection was not taken on");
	}
	program_unref(p);
	return l;
}

/* Make the data of a connection behind QUIT_NC: it comes without a negotiation, under what was
 * agreed for the last one. The replies we agreed away follow from the rules alone, as libmilter
 * itself makes up for an MTA that doesn't know of them. */
static struct link *
link_renew(SMFICTX *ctx)
{
	struct link *l = link_new(ctx);

	if (l != NULL) {
		const struct needs *n = &judge_program(l->judge)->needs;

		l->noreply = wants_no_replies(n);
		l->leading = n->headers;
	}
	return l;
}

/* A callback begins; NULL if we know nothing of the connection. */
static struct link *
enter(SMFICTX *ctx)
{
	struct link *l = smfi_getpriv(ctx);

	if (l != NULL)
		l->entered = clock_us();
	return l;
}

/* It ends with an answer; noreply is the bit under which its reply could be agreed away. */
static sfsistat
leave(SMFICTX *ctx, struct link *l, unsigned long noreply, const struct answer *a)
{
	bool silent = (l->noreply & noreply) != 0;

	l->spent += clock_us() - l->entered;
	if (silent && a->told != TOLD_CONTINUE)
		l->lost = true;
	return silent ? SMFIS_NOREPLY : reply_give(ctx, a);
}

/* It ends with a failure of ours; the log is told. */
static sfsistat
fail(SMFICTX *ctx, struct link *l, enum stage at, unsigned long noreply, const struct rule *rule,
    const char *why)
{
	struct record r = record_of(l);

	record_failure(&r, rule, at, &broken.reply, why);
	return leave(ctx, l, noreply, &broken);
}

/* ---- the dialogue ---- */

/* Agree with the MTA on what it sends and where it waits. */
static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long offered_actions, unsigned long offered_steps,
    unsigned long f2, unsigned long f3, unsigned long *actions, unsigned long *steps,
    unsigned long *out2, unsigned long *out3)
{
	struct link *l;

	(void)f2;
	(void)f3;
	l = link_new(ctx);
	if (l == NULL)
		return SMFIS_REJECT;

	const struct needs *n = &judge_program(l->judge)->needs;

	if ((offered_actions & SMFIF_SETSYMLIST) != 0)
		wants_macros(ctx, n);
	*actions = wants_actions(n) & offered_actions;
	*steps = (wants_steps(n) | wants_no_replies(n)) & offered_steps;
	*out2 = *out3 = 0;
	l->noreply = *steps & wants_no_replies(n);
	l->leading = (*steps & SMFIP_HDR_LEADSPC) != 0;
	l->skips = (*steps & SMFIP_SKIP) != 0;
	l->spent += clock_us() - l->entered;
	return SMFIS_CONTINUE;
}

/* Give the session a macro, if the MTA has told it. */
static void
take_macro(SMFICTX *ctx, struct link *l, enum stage at, const char *name)
{
	const char *value = smfi_getsymval(ctx, (char *)name);

	if (value != NULL)
		session_macro(l->session, at, slice_str(name), slice_str(value));
}

/* The session has reached a stage: its macros, then the judge's answer. */
static struct answer
ask(SMFICTX *ctx, struct link *l, enum stage at)
{
	const struct needs *n = &judge_program(l->judge)->needs;

	for (unsigned i = 0; i < n->nmacros[at]; i++)
		take_macro(ctx, l, at, n->macros[at][i]);
	if (at >= STAGE_MAIL)
		take_macro(ctx, l, at, "i");
	return judge_stage(l->judge, at);
}

/* The message is over: nothing of it is kept. */
static void
end_message(struct link *l)
{
	if (l->session->in_message)
		l->spent = 0;
	judge_abort(l->judge);
	l->lost = false;
}

/* A stage of a message that brings nothing but itself. */
static sfsistat
message_stage(SMFICTX *ctx, enum stage at, unsigned long noreply)
{
	struct link *l = enter(ctx);
	struct answer a;
	sfsistat r;

	if (l == NULL)
		return SMFIS_TEMPFAIL;
	if (!l->session->in_message)
		return fail(ctx, l, at, noreply, NULL, "the MTA has announced no message");
	a = ask(ctx, l, at);
	r = leave(ctx, l, noreply, &a);
	if (at != STAGE_RCPT && a.told != TOLD_CONTINUE && r != SMFIS_NOREPLY)
		end_message(l);
	return r;
}

/* A client has connected. */
static sfsistat
on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *address)
{
	struct link *l = enter(ctx);
	struct ip client;
	uint16_t port = 0;

	if (l == NULL)
		l = link_renew(ctx);
	if (l == NULL)
		return SMFIS_TEMPFAIL;

	bool known = ip_from_sockaddr(address, &client, &port);

	session_connect(l->session, known ? &client : NULL, port, slice_str(name));

	struct answer a = ask(ctx, l, STAGE_CONNECT);

	return leave(ctx, l, SMFIP_NR_CONN, &a);
}

/* HELO or EHLO. */
static sfsistat
on_helo(SMFICTX *ctx, char *name)
{
	struct link *l = enter(ctx);

	if (l == NULL)
		return SMFIS_TEMPFAIL;
	end_message(l);
	session_helo(l->session, slice_str(name));

	struct answer a = ask(ctx, l, STAGE_HELO);

	return leave(ctx, l, SMFIP_NR_HELO, &a);
}

/* MAIL. */
static sfsistat
on_mail(SMFICTX *ctx, char **argv)
{
	struct link *l = enter(ctx);
	struct slice params[LIMIT_PARAMETERS];
	size_t n = 0;

	if (l == NULL)
		return SMFIS_TEMPFAIL;
	end_message(l);
	while (n < LIMIT_PARAMETERS && argv[n + 1] != NULL) {
		params[n] = slice_str(argv[n + 1]);
		n++;
	}
	session_mail(l->session, slice_str(argv[0]), params, n);

	struct answer a = ask(ctx, l, STAGE_MAIL);

	return leave(ctx, l, SMFIP_NR_MAIL, &a);
}

/* RCPT. */
static sfsistat
on_rcpt(SMFICTX *ctx, char **argv)
{
	struct link *l = enter(ctx);

	if (l == NULL)
		return SMFIS_TEMPFAIL;

	if (!l->session->in_message || session_rcpt(l->session, slice_str(argv[0])))
		return message_stage(ctx, STAGE_RCPT, SMFIP_NR_RCPT);

	struct answer a = judge_overflow(l->judge);

	if ((l->noreply & SMFIP_NR_RCPT) != 0)
		a.told = TOLD_CONTINUE; /* the judge tells it at the message's end */
	return leave(ctx, l, SMFIP_NR_RCPT, &a);
}

/* DATA. */
static sfsistat
on_data(SMFICTX *ctx)
{
	return message_stage(ctx, STAGE_DATA, SMFIP_NR_DATA);
}

/* One header. */
static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
	static const struct answer go_on = { .told = TOLD_CONTINUE };
	struct link *l = enter(ctx);

	if (l == NULL)
		return SMFIS_TEMPFAIL;
	if (l->session->in_message)
		session_header(l->session, slice_str(name), slice_str(value), l->leading);
	return leave(ctx, l, SMFIP_NR_HDR, &go_on);
}

/* The end of the headers. */
static sfsistat
on_eoh(SMFICTX *ctx)
{
	return message_stage(ctx, STAGE_HEADERS, SMFIP_NR_EOH);
}

/* A piece of the body. */
static sfsistat
on_body(SMFICTX *ctx, unsigned char *chunk, size_t n)
{
	static const struct answer go_on = { .told = TOLD_CONTINUE };
	struct link *l = enter(ctx);

	if (l == NULL)
		return SMFIS_TEMPFAIL;
	if (l->skips && judge_is_settled(l->judge)) {
		l->spent += clock_us() - l->entered;
		return SMFIS_SKIP;
	}
	if (l->session->in_message)
		session_body(l->session, slice_of((char *)chunk, n));
	return leave(ctx, l, SMFIP_NR_BODY, &go_on);
}

/* Do to an accepted message what the rules say; NULL, or the effect that failed. */
static const struct effect *
apply_effects(SMFICTX *ctx, struct link *l)
{
	const struct effect *v;
	size_t n = judge_effects(l->judge, &v);

	for (size_t i = 0; i < n; i++)
		if (!reply_apply(ctx, &v[i], l->leading))
			return &v[i];
	return NULL;
}

/* The judge's answer to the whole message. */
static sfsistat
answer_message(SMFICTX *ctx, struct link *l)
{
	struct answer a = ask(ctx, l, STAGE_BODY);
	const struct effect *failed = NULL;
	char why[80];

	if (a.told == TOLD_CONTINUE || a.told == TOLD_ACCEPT)
		failed = apply_effects(ctx, l);
	if (failed == NULL)
		return leave(ctx, l, 0, &a);
	snprintf(why, sizeof(why), "the MTA does not let us %s", reply_effect_name(failed->kind));
	return fail(ctx, l, STAGE_BODY, 0, failed->rule, why);
}

/* The end of the message. */
static sfsistat
on_eom(SMFICTX *ctx)
{
	struct link *l = enter(ctx);
	sfsistat r;

	if (l == NULL)
		return SMFIS_TEMPFAIL;
	if (!l->session->in_message)
		r = fail(ctx, l, STAGE_BODY, 0, NULL, "the MTA has announced no message");
	else if (l->lost)
		r = fail(ctx, l, STAGE_BODY, 0, NULL, "an earlier failure could not be told");
	else
		r = answer_message(ctx, l);
	end_message(l);
	return r;
}

/* The transaction ends without a message. */
static sfsistat
on_abort(SMFICTX *ctx)
{
	struct link *l = enter(ctx);

	if (l != NULL)
		end_message(l);
	return SMFIS_CONTINUE;
}

/* The connection ends. */
static sfsistat
on_close(SMFICTX *ctx)
{
	struct link *l = smfi_getpriv(ctx);

	if (l == NULL)
		return SMFIS_CONTINUE;
	smfi_setpriv(ctx, NULL);
	judge_free(l->judge);
	free(l);
	atomic_fetch_sub(&door.sessions, 1);
	return SMFIS_CONTINUE;
}

/* ---- the process ---- */

/* Tell libmilter all of it. */
bool
milter_begin(struct program *p, int fd)
{
	char socket[32];
	struct smfiDesc description = {
		.xxfi_name = (char[]){ "postern" },
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = wants_actions(&p->needs),
		.xxfi_connect = on_connect,
		.xxfi_helo = on_helo,
		.xxfi_envfrom = on_mail,
		.xxfi_envrcpt = on_rcpt,
		.xxfi_data = on_data,
		.xxfi_header = on_header,
		.xxfi_eoh = on_eoh,
		.xxfi_body = on_body,
		.xxfi_eom = on_eom,
		.xxfi_abort = on_abort,
		.xxfi_close = on_close,
		.xxfi_negotiate = on_negotiate,
	};

	snprintf(socket, sizeof(socket), "fd:%d", fd);
	if (smfi_register(description) != MI_SUCCESS || smfi_setconn(socket) != MI_SUCCESS ||
	    smfi_settimeout(LIMIT_IDLE_S) != MI_SUCCESS || smfi_opensocket(false) != MI_SUCCESS)
		return false;
	set_program(program_ref(p));
	return true;
}

/* Serve until the end. */
bool
milter_serve(void)
{
	return smfi_main() == MI_SUCCESS;
}

/* Take on no further connection. */
void
milter_close_door(void)
{
	set_program(NULL);
}

/* Connections that are there now. */
unsigned
milter_sessions(void)
{
	return atomic_load(&door.sessions);
}

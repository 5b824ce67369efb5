/*
 * script.c - one SMTP session, written down
 *
 * Facts that MTAs carry in macros are given by the facts table's own word for the macro, so that a
 * script can't tell the engine something else than an MTA would.
 */
#include "replay/script.h"

#include "replay/vec.h"
#include "session/facts.h"

#include <assert.h>

#define CLIENT_PORT 49152 /* of a client whose port nobody cares for (RFC 6335 6) */

/* Start an empty script: a client without an address that says nothing. */
void
script_init(struct script *s)
{
	*s = (struct script){ 0 };
	arena_init(&s->arena, 0);
	s->arena.fatal = true;
}

/* Give its memory back. */
void
script_free(struct script *s)
{
	arena_free(&s->arena);
	*s = (struct script){ 0 };
}

/* Add a step. */
struct step *
script_add(struct script *s, enum step_kind kind, struct slice a, struct slice b)
{
	s->steps = vec_room(&s->arena, s->steps, s->nsteps, &s->capsteps, sizeof(*s->steps));

	struct step *step = &s->steps[s->nsteps++];

	*step = (struct step){ .kind = kind };
	step->a = arena_slice(&s->arena, a);
	step->b = arena_slice(&s->arena, b);
	return step;
}

/* Add MAIL. */
void
script_mail(struct script *s, struct slice from, const struct slice *params, size_t nparams)
{
	struct step *step = script_add(s, STEP_MAIL, from, SLICE_ABSENT);

	step->params = arena_alloc(&s->arena, nparams * sizeof(*params) + 1);
	step->nparams = nparams;
	for (size_t i = 0; i < nparams; i++)
		step->params[i] = arena_slice(&s->arena, params[i]);
}

/* Add the headers and the body of a message. */
void
script_message(struct script *s, const struct message *m)
{
	for (size_t i = 0; i < m->nheaders; i++)
		script_add(s, STEP_HEADER, m->headers[i].name, m->headers[i].value);
	script_add(s, STEP_BODY, m->body, SLICE_ABSENT);
}

/* Add a macro. */
void
script_macro(struct script *s, struct slice name, struct slice value)
{
	if (name.n > 1 && name.p[0] != '{')
		name = arena_printf(&s->arena, "{%.*s}", SLICE_ARG(name));
	script_add(s, STEP_MACRO, name, value);
}

/* Add the macro that carries a fact. */
void
script_fact(struct script *s, const char *fact, struct slice value)
{
	const struct fact *f = fact_find(slice_str(fact));

	assert(f != NULL && f->macros[0] != NULL);
	script_macro(s, slice_str(f->macros[0]), value);
}

/* True if a name server gave a name. */
static bool
is_name(struct slice name)
{
	return name.n > 0 && !slice_eq(name, SLICE("unknown"));
}

/* Say who connects. */
static void
set_client(
    struct script *s, const struct ip *ip, uint16_t port, struct slice name, struct slice ptr)
{
	struct slice unknown = SLICE("unknown"), resolved = SLICE("FAIL");
	char address[IP_TEXT];

	if (is_name(name))
		resolved = SLICE("OK");
	else if (is_name(ptr))
		resolved = SLICE("FORGED");
	s->client = *ip;
	s->client_port = port;
	s->client_name = is_name(name) ? arena_slice(&s->arena, name) : SLICE_ABSENT;
	script_macro(s, SLICE("{client_addr}"), slice_str(ip_format(ip, address)));
	script_macro(s, SLICE("{client_port}"), arena_printf(&s->arena, "%u", s->client_port));
	script_macro(s, SLICE("{client_name}"), is_name(name) ? name : unknown);
	script_macro(s, SLICE("{client_ptr}"), is_name(ptr) ? ptr : unknown);
	script_macro(s, SLICE("{client_resolve}"), resolved);
}

/* Say who connects, from any port. */
void
script_client(struct script *s, const struct ip *ip, struct slice name, struct slice ptr)
{
	set_client(s, ip, CLIENT_PORT, name, ptr);
}

/* Make it a message that no SMTP client brought. */
void
script_local(struct script *s)
{
	struct ip localhost = { .family = 4, .b = { 127, 0, 0, 1 } };

	set_client(s, &localhost, 0, SLICE("localhost"), SLICE("localhost"));
	s->local = true;
}

/*
 * macros.c - the MTA's macros: when they are known, how long they live, their values
 *
 * A session keeps only the macros that an adapter hands it, a handful, so a list per lifetime is
 * searched faster than anything else. A name is looked up from the innermost lifetime outwards; an
 * empty value hides one of an outer lifetime, since that is how Sendmail takes a macro back.
 */
#include "base/limits.h"
#include "session/facts.h"
#include "session/names.h"

/* Where the macros of one lifetime are. */
struct shelf {
	struct macro **list;
	bool *lost;
	struct arena *arena;
};

/* What both MTAs document for milters; a few come from one of them alone. i is given at the second
 * RCPT by Postfix, at MAIL by Sendmail. */
static const struct {
	const char *name;
	enum stage stage;
} known_macros[] = {
	{ "j", STAGE_CONNECT },
	{ "_", STAGE_CONNECT },
	{ "v", STAGE_CONNECT },
	{ "{client_addr}", STAGE_CONNECT },
	{ "{client_connections}", STAGE_CONNECT },
	{ "{client_name}", STAGE_CONNECT },
	{ "{client_port}", STAGE_CONNECT },
	{ "{client_ptr}", STAGE_CONNECT },
	{ "{client_resolve}", STAGE_CONNECT },
	{ "{daemon_addr}", STAGE_CONNECT },
	{ "{daemon_name}", STAGE_CONNECT },
	{ "{daemon_port}", STAGE_CONNECT },
	{ "{if_addr}", STAGE_CONNECT },
	{ "{if_name}", STAGE_CONNECT },
	/* given with HELO, which may come again until MAIL */
	{ "{cert_issuer}", STAGE_MAIL },
	{ "{cert_subject}", STAGE_MAIL },
	{ "{cipher}", STAGE_MAIL },
	{ "{cipher_bits}", STAGE_MAIL },
	{ "{tls_version}", STAGE_MAIL },
	{ "{verify}", STAGE_MAIL },
	{ "{auth_authen}", STAGE_MAIL },
	{ "{auth_author}", STAGE_MAIL },
	{ "{auth_ssf}", STAGE_MAIL },
	{ "{auth_type}", STAGE_MAIL },
	{ "{mail_addr}", STAGE_MAIL },
	{ "{mail_host}", STAGE_MAIL },
	{ "{mail_mailer}", STAGE_MAIL },
	{ "{rcpt_addr}", STAGE_RCPT },
	{ "{rcpt_host}", STAGE_RCPT },
	{ "{rcpt_mailer}", STAGE_RCPT },
	{ "i", STAGE_DATA },
	{ "{nrcpts}", STAGE_DATA },
	{ "{msg_id}", STAGE_BODY },
	{ "{msg_size}", STAGE_BODY },
};

/* A single letter without braces, any other name as it is. */
static struct slice
plain_name(struct slice name)
{
	if (name.n == 3 && name.p[0] == '{' && name.p[2] == '}')
		return slice_of(name.p + 1, 1);
	return name;
}

/* True for the macros that tell of one recipient. */
static bool
is_of_recipient(struct slice name)
{
	const struct slice prefix = SLICE("{rcpt_");

	return name.n > prefix.n && slice_eq(slice_of(name.p, prefix.n), prefix);
}

/* When a macro is known. */
enum stage
macro_stage(struct slice name, bool *known)
{
	enum stage stage = is_of_recipient(name) ? STAGE_RCPT : STAGE_BODY;
	bool found = false;

	name = plain_name(name);
	for (size_t i = 0; !found && macro_at(i) != NULL; i++)
		if (slice_eq(slice_str(macro_at(i)), name)) {
			stage = known_macros[i].stage;
			found = true;
		}
	if (known != NULL)
		*known = found;
	return stage;
}

/* How long a macro lives. */
enum life
macro_life(enum stage s, struct slice name)
{
	if (is_of_recipient(name))
		return LIFE_RECIPIENT;
	if (s == STAGE_CONNECT)
		return LIFE_CONNECTION;
	return s == STAGE_HELO ? LIFE_HELO : LIFE_MESSAGE;
}

/* The i-th known macro. */
const char *
macro_at(size_t i)
{
	return i < sizeof(known_macros) / sizeof(*known_macros) ? known_macros[i].name : NULL;
}

/* The macros of a lifetime; list NULL if no recipient is selected. */
static struct shelf
shelf_of(struct session *s, enum life life)
{
	struct recipient *r;

	switch (life) {
	case LIFE_CONNECTION:
		return (struct shelf){ &s->macros[life], &s->macros_lost[life], &s->connection };
	case LIFE_HELO:
		return (struct shelf){ &s->macros[life], &s->macros_lost[life], &s->greeting };
	case LIFE_MESSAGE:
		return (struct shelf){ &s->macros[life], &s->macros_lost[life], &s->message };
	case LIFE_RECIPIENT:
		break;
	}
	if (s->selected == SIZE_MAX)
		return (struct shelf){ NULL, NULL, NULL };
	r = &s->recipients[s->selected];
	return (struct shelf){ &r->macros, &r->macros_lost, &s->message };
}

/* The macro of that name in a list; NULL if there is none. */
static struct macro *
find_in(struct macro *list, struct slice name)
{
	while (list != NULL && !slice_eq(list->name, name))
		list = list->next;
	return list;
}

/* Put a macro without value into a list. NULL on lack of memory. */
static struct macro *
add_to(const struct shelf *shelf, struct slice name)
{
	struct macro *m = arena_alloc(shelf->arena, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->name = arena_slice(shelf->arena, name);
	if (m->name.p == NULL)
		return NULL;
	m->next = *shelf->list;
	*shelf->list = m;
	return m;
}

/* Keep a macro. */
void
session_macro(struct session *s, enum stage at, struct slice name, struct slice value)
{
	struct shelf shelf;
	struct macro *m;

	name = plain_name(name);
	shelf = shelf_of(s, macro_life(at, name));
	if (shelf.list == NULL || value.p == NULL)
		return;
	m = find_in(*shelf.list, name);
	if (m != NULL && !m->cut && slice_eq(m->value, value))
		return;
	if (m == NULL)
		m = add_to(&shelf, name);
	if (m == NULL)
		*shelf.lost = true;
	else
		m->value = name_keep(shelf.arena, value, LIMIT_MACRO_VALUE, &m->cut);
}

/* Look a macro up, innermost lifetime first. */
struct slice
session_macro_find(const struct session *s, struct slice name, bool *cut)
{
	const struct recipient *r = s->selected != SIZE_MAX ? &s->recipients[s->selected] : NULL;
	struct macro *m = NULL;
	bool lost = false;

	name = plain_name(name);
	if (r != NULL) {
		m = find_in(r->macros, name);
		lost = r->macros_lost;
	}
	for (int life = LIFE_MESSAGE; m == NULL && !lost && life >= LIFE_CONNECTION; life--) {
		m = find_in(s->macros[life], name);
		lost = s->macros_lost[life];
	}
	*cut = m != NULL ? m->cut : lost;
	return m != NULL ? m->value : SLICE_ABSENT;
}

/* Look a macro's value up. */
struct slice
session_macro_get(const struct session *s, struct slice name)
{
	bool cut;

	return session_macro_find(s, name, &cut);
}

/* The queue id. */
struct slice
session_queue_id(const struct session *s)
{
	struct slice id = session_macro_get(s, SLICE("i"));

	return id.n > 0 ? id : SLICE_ABSENT;
}

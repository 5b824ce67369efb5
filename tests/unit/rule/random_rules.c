/*
 * random_rules.c - throw dice for rules, facts and dialogues
 */
#include "random_rules.h"

const struct what_def what_defs[WHATS] = {
	[W_IP] = { "client.ip", STAGE_CONNECT, SORT_IP, 0, false, false },
	[W_NAME] = { "client.name", STAGE_CONNECT, SORT_NAME, 1, false, false },
	[W_PORT] = { "client.port", STAGE_CONNECT, SORT_NUMBER, 0, false, false },
	[W_DAEMON] = { "macro(\"{daemon_name}\")", STAGE_CONNECT, SORT_WORD, 2, false, false },
	[W_LISTED] = { "dnsbl(\"ip.example\")", STAGE_CONNECT, SORT_LISTING, 10, false, true },
	[W_HELO] = { "helo", STAGE_MAIL, SORT_NAME, 1, false, false },
	[W_LISTED_HELO] = { "dnsbl(\"name.example\", helo)", STAGE_MAIL, SORT_LISTING, 10, false,
	    true },
	[W_SENDER] = { "sender", STAGE_MAIL, SORT_ADDRESS, 3, false, false },
	[W_SENDER_DOMAIN] = { "sender.domain", STAGE_MAIL, SORT_NAME, 4, false, false },
	[W_SIZE] = { "size.declared", STAGE_MAIL, SORT_NUMBER, 0, false, false },
	[W_USER] = { "sasl.user", STAGE_MAIL, SORT_WORD, 5, false, false },
	[W_MAIL_HOST] = { "macro(\"{mail_host}\")", STAGE_MAIL, SORT_WORD, 6, false, false },
	[W_RCPT] = { "recipient", STAGE_RCPT, SORT_ADDRESS, 7, true, false },
	[W_RCPT_DOMAIN] = { "recipient.domain", STAGE_RCPT, SORT_NAME, 4, true, false },
	[W_RCPT_HOST] = { "macro(\"{rcpt_host}\")", STAGE_RCPT, SORT_WORD, 6, true, false },
	[W_COUNT] = { "recipient.count", STAGE_DATA, SORT_NUMBER, 0, false, false },
	[W_QUEUE_ID] = { "macro(\"i\")", STAGE_DATA, SORT_WORD, 8, false, false },
	[W_HEADER_1] = { "raw.header(\"X-One\")", STAGE_HEADERS, SORT_WORD, 9, false, true },
	[W_HEADER_2] = { "raw.header(\"X-Two\", \"X-Too\")", STAGE_HEADERS, SORT_WORD, 9, false,
	    true },
	[W_BODY] = { "raw.body", STAGE_BODY, SORT_BODY, 9, false, false },
	[W_LATE] = { "macro(\"{late}\")", STAGE_BODY, SORT_WORD, 8, false, false },
};

uint64_t
chance_next(struct chance *c)
{
	uint64_t z = c->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

int
chance_below(struct chance *c, int n)
{
	return (int)(chance_next(c) % (uint64_t)n);
}

bool
chance_of(struct chance *c, int percent)
{
	return chance_below(c, 100) < percent;
}

/* An ordering operator. */
static enum atom_op
random_op(struct chance *c)
{
	return OP_LT + chance_below(c, 4);
}

/* A non-empty set of values that is not all of them. */
static unsigned
random_set(struct chance *c)
{
	return 1 + chance_below(c, (1 << VALUES) - 2);
}

/* Another fact whose words can be the same as w's, or WHATS. */
static enum what
random_twin(enum what w, struct chance *c)
{
	enum what found = WHATS;
	int seen = 0;

	for (enum what o = 0; o < WHATS; o++)
		if (o != w && what_defs[o].group == what_defs[w].group && what_defs[w].group != 0 &&
		    what_defs[o].sort != SORT_BODY && what_defs[w].sort != SORT_BODY &&
		    chance_below(c, ++seen) == 0)
			found = o;
	return found;
}

/* An atom about a number. */
static void
random_number_atom(struct ratom *a, struct chance *c)
{
	a->kind = A_NUMBER;
	a->op = random_op(c);
	switch (a->what) {
	case W_PORT:
		a->number = 1000 + 100 * chance_below(c, VALUES);
		break;
	case W_SIZE:
		a->number = 1000 * chance_below(c, VALUES);
		break;
	default:
		a->number = 1 + chance_below(c, 3);
	}
}

/* An atom about a text fact. */
static void
random_text_atom(struct ratom *a, struct chance *c)
{
	const struct what_def *def = &what_defs[a->what];
	int die = chance_below(c, 100);

	a->yes = random_set(c);
	a->named = chance_of(c, 40);
	/* bytes are not folded */
	a->folded = strncmp(def->name, "raw.", 4) != 0 && chance_of(c, 30);
	if (def->sort == SORT_NAME && chance_of(c, 20)) {
		a->kind = A_ALIGNED;
		a->other = chance_of(c, 50) ? random_twin(a->what, c) : WHATS;
		a->yes = 1u << chance_below(c, VALUES);
	} else if (def->many && die < 25) {
		a->kind = die < 15 ? A_COUNT : A_COUNT_MATCHES;
		a->op = random_op(c);
		a->number = chance_below(c, 3);
	} else if (def->sort == SORT_BODY || die < 65) {
		a->kind = die < 50 || def->sort == SORT_BODY ? A_PATTERN : A_PATTERN_LIST;
		if (chance_of(c, 70))
			a->err = random_set(c) & ~a->yes;
	} else if (die < 72 && def->sort != SORT_ADDRESS) {
		a->kind = A_THERE;
	} else if (die < 80 && (a->other = random_twin(a->what, c)) != WHATS) {
		a->kind = A_SAME;
	} else {
		a->kind = A_IN;
		if (a->what == W_SENDER && chance_of(c, 30))
			a->yes |= 1u << NULL_SENDER;
	}
}

/* An atom about what a list says. */
static void
random_listing_atom(struct ratom *a, struct chance *c)
{
	int die = chance_below(c, 100);

	a->yes = random_set(c);
	a->named = chance_of(c, 40);
	if (die < 30) {
		a->kind = A_THERE;
	} else if (die < 60) {
		a->kind = A_IN;
	} else if (die < 75) {
		a->kind = A_PATTERN;
	} else if (die < 90) {
		a->kind = die < 83 ? A_COUNT : A_COUNT_MATCHES;
		a->op = random_op(c);
		a->number = chance_below(c, 3);
	} else {
		a->kind = A_SAME;
		a->other = a->what == W_LISTED ? W_LISTED_HELO : W_LISTED;
	}
}

/* One comparison. */
static void
random_atom(struct ratom *a, struct chance *c)
{
	static const int heavy[] = { W_IP, W_HELO, W_SENDER, W_RCPT, W_RCPT, W_RCPT_DOMAIN,
		W_HEADER_1, W_BODY, W_LISTED, W_LISTED_HELO };

	*a = (struct ratom){ .other = WHATS };
	a->what = chance_of(c, 50) ? (enum what)heavy[chance_below(c, 10)]
				   : (enum what)chance_below(c, WHATS);
	if (chance_of(c, 4)) {
		a->kind = A_PAIR;
		a->what = W_RCPT_DOMAIN;
		a->other = W_SENDER_DOMAIN;
		a->yes = random_set(c);
		a->yes_other = random_set(c);
		a->named = true;
	} else if (what_defs[a->what].sort == SORT_NUMBER) {
		random_number_atom(a, c);
	} else if (what_defs[a->what].sort == SORT_IP) {
		a->kind = A_IN;
		a->yes = random_set(c);
		a->named = chance_of(c, 40);
	} else if (what_defs[a->what].sort == SORT_LISTING) {
		random_listing_atom(a, c);
	} else {
		random_text_atom(a, c);
	}
}

/* Reserve a condition. */
static int
new_cond(struct ruleset *rs, enum cond_kind kind)
{
	rs->conds[rs->nconds] = (struct rcond){ .kind = kind };
	return rs->nconds++;
}

/* A condition without parts. */
static int
random_leaf(struct ruleset *rs, const struct shape *shape, struct chance *c)
{
	int i;

	if (shape->score && chance_of(c, 14)) {
		i = new_cond(rs, C_SCORE);
		rs->conds[i].op = chance_of(c, 15) ? OP_EQ : random_op(c);
		rs->conds[i].number = chance_below(c, 8) - 2;
	} else if (rs->ndefines > 0 && chance_of(c, 8)) {
		i = new_cond(rs, C_DEFINED);
		rs->conds[i].index = chance_below(c, rs->ndefines);
	} else {
		i = new_cond(rs, C_ATOM);
		rs->conds[i].index = chance_below(c, rs->natoms);
	}
	return i;
}

/* A condition of at most `depth` levels above its atoms. */
static int
random_cond(struct ruleset *rs, const struct shape *shape, int depth, struct chance *c)
{
	int die = chance_below(c, 100), i, nparts;

	if (depth == 0 || die < 40 || rs->nconds > MAX_CONDS - 16)
		return random_leaf(rs, shape, c);
	if (die < 55) {
		i = new_cond(rs, C_NOT);
		nparts = 1;
		rs->conds[i].short_not = chance_of(c, 50);
	} else if (die < 90) {
		i = new_cond(rs, die < 73 ? C_AND : C_OR);
		nparts = chance_of(c, 25) ? 3 : 2;
	} else {
		i = new_cond(rs, C_OF);
		nparts = 3;
		rs->conds[i].n = 1 + chance_below(c, 3);
	}
	rs->conds[i].nparts = nparts;
	for (int p = 0; p < nparts; p++) {
		int part = random_cond(rs, shape, depth - 1, c);

		rs->conds[i].parts[p] = part;
	}
	return i;
}

/* An action; reject and accept are the most. */
static enum action
random_action(const struct shape *shape, struct chance *c)
{
	static const struct {
		enum action action;
		int weight;
	} table[] = { { ACT_ACCEPT, 17 }, { ACT_REJECT, 20 }, { ACT_TEMPFAIL, 9 },
		{ ACT_DISCARD, 6 }, { ACT_QUARANTINE, 6 }, { ACT_ADD_HEADER, 7 },
		{ ACT_SET_HEADER, 4 }, { ACT_REMOVE_HEADER, 4 }, { ACT_REDIRECT, 3 },
		{ ACT_COPY_TO, 3 }, { ACT_LOG, 8 }, { ACT_SCORE, 13 } };
	int die = chance_below(c, shape->score ? 100 : 87), i = 0;

	while (die >= table[i].weight)
		die -= table[i++].weight;
	return table[i].action;
}

/* The text of a rule: a reply only of facts that are known whenever it may be given. */
static void
random_text(struct rtext *t, const struct ruleset *rs, bool reply, const struct shape *shape,
    struct chance *c)
{
	static const int facts[] = { W_IP, W_NAME, W_HELO, W_SENDER, W_RCPT, W_COUNT, W_LISTED };
	int what = facts[chance_below(c, 7)];
	enum stage known = what_defs[what].stage;

	t->given = true;
	t->what = NONE;
	if (what == W_HELO && rs->refuse_at <= STAGE_HELO)
		known = STAGE_HELO;
	if (chance_of(c, 40) && (!reply || known <= rs->refuse_at))
		t->what = what;
	t->score = shape->score && chance_of(c, 12);
}

/* What an action takes. */
static void
random_arguments(
    struct rrule *r, const struct ruleset *rs, const struct shape *shape, struct chance *c)
{
	r->pattern = NONE;
	r->text.what = NONE;
	switch (r->action) {
	case ACT_REJECT:
	case ACT_TEMPFAIL:
		if (chance_of(c, 60))
			r->code = (r->action == ACT_REJECT ? 550 : 450) + chance_below(c, 4);
		if (chance_of(c, 60))
			random_text(&r->text, rs, true, shape, c);
		break;
	case ACT_SCORE:
		r->score = 1 + chance_below(c, 4);
		if (chance_of(c, 30))
			r->score = -r->score;
		break;
	case ACT_ADD_HEADER:
	case ACT_SET_HEADER:
	case ACT_LOG:
		random_text(&r->text, rs, false, shape, c);
		break;
	case ACT_REMOVE_HEADER:
		for (int i = 0; i < rs->natoms; i++)
			if (rs->atoms[i].kind == A_PATTERN && rs->atoms[i].err == 0 &&
			    rs->atoms[i].what == W_HEADER_1)
				r->pattern = i;
		break;
	default:
		break;
	}
}

/* Open and close `when` blocks before a rule. */
static int
random_when(struct ruleset *rs, int now, const struct shape *shape, struct chance *c)
{
	if (now != NONE && chance_of(c, 40))
		now = rs->whens[now].parent;
	if (rs->nwhens < MAX_WHENS && chance_of(c, 12)) {
		int cond = random_cond(rs, shape, 1, c);

		rs->whens[rs->nwhens] = (struct rwhen){ cond, now };
		now = rs->nwhens++;
	}
	return now;
}

/* The settings. */
static void
random_settings(struct ruleset *rs, const struct shape *shape, struct chance *c)
{
	static const enum stage early[] = { STAGE_CONNECT, STAGE_HELO, STAGE_MAIL };

	rs->refuse_at = chance_of(c, 50) ? STAGE_RCPT : early[chance_below(c, 3)];
	rs->on_error = chance_of(c, 50) ? ON_ERROR_TEMPFAIL : ON_ERROR_SKIP;
	rs->on_dns_error = chance_of(c, 50) ? ON_ERROR_TEMPFAIL : ON_ERROR_SKIP;
	rs->mixed = shape->split ? MIXED_SPLIT : (enum mixed)chance_below(c, 3);
	rs->mode = !shape->enforce && chance_of(c, 8) ? MODE_MONITOR : MODE_ENFORCE;
	rs->small = chance_of(c, 50);
}

void
random_rules(struct ruleset *rs, const struct shape *shape, struct chance *c)
{
	int when = NONE;
	bool removes = false;

	memset(rs, 0, sizeof(*rs));
	random_settings(rs, shape, c);
	rs->natoms = 1 + chance_below(c, shape->max_atoms);
	for (int i = 0; i < rs->natoms; i++)
		random_atom(&rs->atoms[i], c);
	for (int i = chance_below(c, MAX_DEFINES + 1); i > 0; i--) {
		int cond = random_cond(rs, shape, 1, c);

		rs->defines[rs->ndefines++] = cond;
	}
	rs->nrules = 1 + chance_below(c, shape->max_rules);
	for (int i = 0; i < rs->nrules; i++) {
		struct rrule *r = &rs->rules[i];

		when = random_when(rs, when, shape, c);
		r->when = when;
		r->monitor = chance_of(c, 10);
		r->action = random_action(shape, c);
		/* two of these would count each other's headers: not what is tested here */
		if (r->action == ACT_REMOVE_HEADER && removes)
			r->action = ACT_ACCEPT;
		removes = removes || r->action == ACT_REMOVE_HEADER;
		random_arguments(r, rs, shape, c);
		if (r->monitor)
			r->text = (struct rtext){ r->text.given, NONE, false };
		r->cond = chance_of(c, 4) ? NONE : random_cond(rs, shape, 2, c);
	}
}

/* A value, or sometimes none. */
static int
random_value(struct chance *c)
{
	return chance_of(c, 12) ? ABSENT : chance_below(c, VALUES);
}

/* One transaction. */
static void
random_message(struct rmessage *m, const struct shape *shape, struct chance *c)
{
	m->helo = chance_of(c, 25) ? chance_below(c, VALUES) : ABSENT;
	m->sender = chance_of(c, 10) ? NULL_SENDER : chance_below(c, VALUES);
	m->sender_domain = chance_below(c, VALUES);
	m->user = random_value(c);
	m->mail_host = random_value(c);
	m->size = random_value(c);
	m->nrcpts = 1 + chance_below(c, shape->max_rcpts);
	for (int i = 0; i < m->nrcpts; i++) {
		struct rrcpt *r = &m->rcpts[i];

		if (i > 0 && chance_of(c, 40)) {
			*r = m->rcpts[i - 1];
			continue;
		}
		r->local = chance_below(c, VALUES);
		r->domain = chance_below(c, VALUES);
		r->host = random_value(c);
	}
	m->queue_id = random_value(c);
	m->late = random_value(c);
	m->body = random_value(c);
	m->far = chance_of(c, 25);
	for (int h = 0; h < 2; h++) {
		m->nheaders[h] = chance_below(c, MAX_SAME + 1);
		for (int i = 0; i < m->nheaders[h]; i++)
			m->headers[h][i] = chance_below(c, VALUES);
	}
	m->abort_after = STAGE_NEVER;
	if (chance_of(c, 12))
		m->abort_after = STAGE_MAIL + chance_below(c, 4);
	m->abort_by_helo = chance_of(c, 50);
}

/* What a list says: mostly that it doesn't know, or a few values. */
static void
random_listing(struct rlisting *l, struct chance *c)
{
	int first = chance_below(c, VALUES);

	l->fault = chance_of(c, 35) ? FAULT_SILENT + chance_below(c, 3) : FAULT_NONE;
	l->n = l->fault == FAULT_SILENT || chance_of(c, 40) ? 0 : 1 + chance_below(c, MAX_SAME);
	for (int i = 0; i < l->n; i++)
		l->values[i] = (first + i) % VALUES;
}

void
random_session(struct rsession *ss, const struct shape *shape, struct chance *c)
{
	memset(ss, 0, sizeof(*ss));
	ss->local = !shape->remote && chance_of(c, 12);
	ss->ip = chance_below(c, VALUES);
	ss->name = random_value(c);
	ss->port = chance_below(c, VALUES);
	ss->daemon = random_value(c);
	random_listing(&ss->listed, c);
	for (int v = 0; v < VALUES; v++)
		random_listing(&ss->listed_helo[v], c);
	ss->nhelos = chance_below(c, MAX_HELOS + 1);
	for (int i = 0; i < ss->nhelos; i++)
		ss->helos[i] = chance_below(c, VALUES);
	ss->nmessages = 1 + chance_below(c, shape->max_messages);
	for (int i = 0; i < ss->nmessages; i++)
		random_message(&ss->messages[i], shape, c);
}

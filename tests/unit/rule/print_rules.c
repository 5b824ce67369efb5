/*
 * print_rules.c - write a random ruleset in the rule language, a session in words
 */
#include "random_rules.h"

/* On this tail a pattern of nested repetitions runs into its match limit. */
#define TAIL "xxxxxxxxxxxxxx-y"

void
value_text(struct buf *b, enum what w, int value)
{
	const struct what_def *def = &what_defs[w];

	switch (def->sort) {
	case SORT_IP:
		buf_printf(b, "192.0.2.%d", value + 1);
		break;
	case SORT_LISTING:
		buf_printf(b, "127.0.0.%d", value + 2);
		break;
	case SORT_NUMBER:
		buf_printf(b, "%d", value);
		break;
	default:
		buf_printf(b, "q%d%c" TAIL "%s", def->group, 'a' + value,
		    def->sort == SORT_NAME ? ".example" : "");
	}
}

void
sender_text(struct buf *b, const struct rmessage *m)
{
	if (m->sender == NULL_SENDER) {
		buf_str(b, "<>");
		return;
	}
	value_text(b, W_SENDER, m->sender);
	buf_char(b, '@');
	value_text(b, W_SENDER_DOMAIN, m->sender_domain);
}

void
rcpt_text(struct buf *b, const struct rmessage *m, int n)
{
	value_text(b, W_RCPT, m->rcpts[n].local);
	buf_printf(b, ".%d@", n);
	value_text(b, W_RCPT_DOMAIN, m->rcpts[n].domain);
}

/* The letters of a set. */
static void
print_set(struct buf *b, unsigned set)
{
	buf_char(b, '[');
	for (int v = 0; v < VALUES; v++)
		if (set >> v & 1)
			buf_char(b, 'a' + v);
	buf_char(b, ']');
}

/* A pattern that is true of one set, an error of the other. */
static void
print_pattern(struct buf *b, enum what w, unsigned yes, unsigned err)
{
	if (what_defs[w].sort == SORT_LISTING) {
		buf_str(b, "\\.[");
		for (int v = 0; v < VALUES; v++)
			if (yes >> v & 1)
				buf_printf(b, "%d", v + 2);
		buf_str(b, "]$");
		return;
	}
	if (err != 0)
		buf_str(b, "(*LIMIT_MATCH=100)");
	buf_printf(b, "q%d(?:", what_defs[w].group);
	if (yes != 0)
		print_set(b, yes);
	if (yes != 0 && err != 0)
		buf_char(b, '|');
	if (err != 0) {
		print_set(b, err);
		buf_str(b, "(?:x+x+)+y");
	}
	buf_char(b, ')');
}

/* One entry of a list. */
static void
print_entry(struct buf *b, enum what w, int value)
{
	if (what_defs[w].sort == SORT_IP || what_defs[w].sort == SORT_LISTING) {
		value_text(b, w, value);
		return;
	}
	buf_char(b, '"');
	value_text(b, w, value);
	buf_str(b, what_defs[w].sort == SORT_ADDRESS ? "@\"" : "\"");
}

/* Those of a local part that recipients have with their numbers. */
static void
print_rcpt_entries(struct buf *b, int value, const char *between)
{
	for (int n = 0; n < MAX_RCPTS; n++) {
		buf_str(b, n > 0 ? between : "");
		buf_char(b, '"');
		value_text(b, W_RCPT, value);
		buf_printf(b, ".%d@\"", n);
	}
}

/* The entries of a list, with `between` between them. */
static void
print_entries(struct buf *b, const struct ratom *a, const char *between)
{
	bool first = true;

	for (int v = 0; v <= NULL_SENDER; v++) {
		if (!(a->yes >> v & 1))
			continue;
		buf_str(b, first ? "" : between);
		first = false;
		if (v == NULL_SENDER) {
			buf_str(b, "<>");
			continue;
		}
		if (a->what == W_RCPT)
			print_rcpt_entries(b, v, between);
		else
			print_entry(b, a->what, v);
	}
}

/* The entries of a pattern list. */
static void
print_pattern_entries(struct buf *b, const struct ratom *a)
{
	buf_str(b, "  /");
	print_pattern(b, a->what, a->yes, 0);
	buf_str(b, a->folded ? "/n\n" : "/\n");
	if (a->err != 0) {
		buf_str(b, "  /");
		print_pattern(b, a->what, 0, a->err);
		buf_str(b, "/\n");
	}
}

/* The two columns of a list of pairs. */
static void
print_pairs(struct buf *b, const struct ratom *a)
{
	for (int v = 0; v < VALUES; v++)
		for (int o = 0; o < VALUES; o++)
			if (a->yes >> v & a->yes_other >> o & 1) {
				buf_str(b, "  ");
				value_text(b, a->what, v);
				buf_char(b, ' ');
				value_text(b, a->other, o);
				buf_char(b, '\n');
			}
}

/* The lists that have names. */
static void
print_lists(struct buf *b, const struct ruleset *rs)
{
	static const char *const types[] = { [SORT_IP] = "networks",
		[SORT_NAME] = "domains",
		[SORT_ADDRESS] = "addresses",
		[SORT_WORD] = "words",
		[SORT_LISTING] = "networks" };

	for (int i = 0; i < rs->natoms; i++) {
		const struct ratom *a = &rs->atoms[i];

		if (a->kind == A_PATTERN_LIST) {
			buf_printf(b, "list l%d of patterns {\n", i);
			print_pattern_entries(b, a);
			buf_str(b, "}\n");
		} else if (a->kind == A_PAIR) {
			buf_printf(b, "list l%d of addresses addresses {\n", i);
			print_pairs(b, a);
			buf_str(b, "}\n");
		} else if (a->kind == A_IN && a->named) {
			buf_printf(b, "list l%d of %s {\n  ", i, types[what_defs[a->what].sort]);
			print_entries(b, a, i % 2 == 0 ? ",\n  " : "\n  ");
			buf_str(b, "\n}\n");
		}
	}
}

/* An ordering operator or `=`. */
static const char *
op_text(enum atom_op op)
{
	static const char *const ops[] = {
		[OP_EQ] = "=", [OP_LT] = "<", [OP_LE] = "<=", [OP_GT] = ">", [OP_GE] = ">="
	};

	return ops[op];
}

/* One comparison; with `no` its negation, where there is an operator for that. */
static void
print_atom(struct buf *b, const struct ruleset *rs, int i, bool no)
{
	const struct ratom *a = &rs->atoms[i];
	const char *name = what_defs[a->what].name;

	switch (a->kind) {
	case A_PATTERN:
		buf_printf(b, "%s %s /", name, no ? "!~" : "~");
		print_pattern(b, a->what, a->yes, a->err);
		buf_str(b, a->folded ? "/n" : "/");
		break;
	case A_PATTERN_LIST:
		buf_printf(b, "%s %s l%d", name, no ? "not in" : "in", i);
		break;
	case A_IN:
		if (what_defs[a->what].sort == SORT_LISTING && !a->named &&
		    (a->yes & (a->yes - 1)) == 0) {
			buf_printf(b, "%s %s ", name, no ? "!=" : "=");
			print_entries(b, a, "");
			break;
		}
		buf_printf(b, "%s %s ", name, no ? "not in" : "in");
		if (a->named) {
			buf_printf(b, "l%d", i);
			break;
		}
		buf_str(b, "{ ");
		print_entries(b, a, ", ");
		buf_str(b, " }");
		break;
	case A_THERE:
		buf_printf(b, "%s%s", no ? "not " : "", name);
		break;
	case A_NUMBER:
		buf_printf(b, "%s%s %s %ld", no ? "not " : "", name, op_text(a->op), a->number);
		break;
	case A_COUNT:
		buf_printf(
		    b, "%scount(%s) %s %ld", no ? "not " : "", name, op_text(a->op), a->number);
		break;
	case A_COUNT_MATCHES:
		buf_printf(b, "%scount(%s ~ /", no ? "not " : "", name);
		print_pattern(b, a->what, a->yes, 0);
		buf_printf(b, "/%s) %s %ld", a->folded ? "n" : "", op_text(a->op), a->number);
		break;
	case A_SAME:
		buf_printf(b, "%s %s %s", name, no ? "!=" : "=", what_defs[a->other].name);
		break;
	case A_ALIGNED:
		buf_printf(b, "%s %saligned ", name, no ? "not " : "");
		if (a->other != WHATS) {
			buf_str(b, what_defs[a->other].name);
			break;
		}
		buf_str(b, "\"www.");
		for (int v = 0; v < VALUES; v++)
			if (a->yes >> v & 1)
				value_text(b, a->what, v);
		buf_char(b, '"');
		break;
	case A_PAIR:
		buf_printf(b, "(recipient, sender) %s l%d", no ? "not in" : "in", i);
		break;
	}
}

/* A condition; in parentheses if it binds weaker than `binding` (1 or, 2 and, 3 not, 4 an atom). */
static void
print_cond(struct buf *b, const struct ruleset *rs, int i, int binding)
{
	static const int bindings[] = { [C_ATOM] = 4,
		[C_NOT] = 3,
		[C_AND] = 2,
		[C_OR] = 1,
		[C_OF] = 4,
		[C_SCORE] = 4,
		[C_DEFINED] = 4 };
	const struct rcond *c = &rs->conds[i];
	int own = bindings[c->kind];

	if (own < binding)
		buf_char(b, '(');
	switch (c->kind) {
	case C_ATOM:
		print_atom(b, rs, c->index, false);
		break;
	case C_NOT:
		if (c->short_not && rs->conds[c->parts[0]].kind == C_ATOM) {
			print_atom(b, rs, rs->conds[c->parts[0]].index, true);
			break;
		}
		buf_str(b, "not ");
		print_cond(b, rs, c->parts[0], 4);
		break;
	case C_SCORE:
		buf_printf(b, "score %s %ld", op_text(c->op), c->number);
		break;
	case C_DEFINED:
		buf_printf(b, "d%d", c->index);
		break;
	case C_OF:
		buf_printf(b, "%d of (", c->n);
		own = 1;
		/* fall through */
	case C_AND:
	case C_OR:
		for (int p = 0; p < c->nparts; p++) {
			if (p > 0)
				buf_str(b,
				    c->kind == C_AND	  ? " and "
					: c->kind == C_OR ? " or "
							  : ", ");
			print_cond(b, rs, c->parts[p], own);
		}
		if (c->kind == C_OF)
			buf_char(b, ')');
		break;
	}
	if (bindings[c->kind] < binding)
		buf_char(b, ')');
}

/* The text of a rule, in quotes. */
static void
print_text(struct buf *b, const struct rtext *t, int rule)
{
	if (!t->given)
		return;
	buf_printf(b, " \"t%d", rule);
	if (t->what != NONE)
		/* inside of quotes, a name in parentheses has none */
		buf_printf(b, " {%s}",
		    t->what == W_LISTED ? "dnsbl(ip.example)" : what_defs[t->what].name);
	if (t->score)
		buf_str(b, " {score}");
	buf_str(b, " end\"");
}

/* An action with what it takes. */
static void
print_action(struct buf *b, const struct ruleset *rs, int i)
{
	const struct rrule *r = &rs->rules[i];

	buf_str(b, action_name(r->action));
	switch (r->action) {
	case ACT_REJECT:
	case ACT_TEMPFAIL:
		if (r->code != 0)
			buf_printf(b, " %u %u.7.%u", r->code, r->code / 100, r->code % 10);
		break;
	case ACT_QUARANTINE:
		buf_printf(b, " \"q%d\"", i);
		break;
	case ACT_ADD_HEADER:
		buf_printf(b, " \"X-Add-%d\"", i);
		break;
	case ACT_SET_HEADER:
		buf_printf(b, " \"X-Set-%d\"", i);
		break;
	case ACT_REMOVE_HEADER:
		buf_str(b, " \"X-One\"");
		if (r->pattern != NONE) {
			buf_str(b, " ~ /");
			print_pattern(b, W_HEADER_1, rs->atoms[r->pattern].yes, 0);
			buf_char(b, '/');
		}
		break;
	case ACT_REDIRECT:
	case ACT_COPY_TO:
		buf_printf(b, " \"to%d@example.org\"", i);
		break;
	case ACT_SCORE:
		buf_printf(b, " %ld", r->score);
		break;
	default:
		break;
	}
	print_text(b, &r->text, i);
}

/* How deep a `when` is. */
static int
depth_of(const struct ruleset *rs, int when)
{
	int n = 0;

	for (; when != NONE; when = rs->whens[when].parent)
		n++;
	return n;
}

/* Close blocks until `now` is an ancestor of `next`, then open those that lead to `next`. */
static void
print_blocks(struct buf *b, const struct ruleset *rs, int now, int next)
{
	int chain[MAX_WHENS], n = 0;

	while (now != NONE) {
		bool inside = false;

		for (int w = next; w != NONE; w = rs->whens[w].parent)
			inside = inside || w == now;
		if (inside)
			break;
		buf_printf(b, "%*s}\n", 2 * (depth_of(rs, now) - 1), "");
		now = rs->whens[now].parent;
	}
	for (; next != now; next = rs->whens[next].parent)
		chain[n++] = next;
	while (n-- > 0) {
		buf_printf(b, "%*swhen ", 2 * (depth_of(rs, chain[n]) - 1), "");
		print_cond(b, rs, rs->whens[chain[n]].cond, 1);
		buf_str(b, " {\n");
	}
}

void
print_rules(struct buf *b, const struct ruleset *rs)
{
	static const char *const mixed[] = {
		[MIXED_SPLIT] = "split", [MIXED_DELIVER] = "deliver", [MIXED_DROP] = "drop"
	};
	int when = NONE;

	buf_printf(b,
	    "set refuse-at %s\nset on-error %s\nset on-dns-error %s\nset mixed-recipients %s\n",
	    stage_name(rs->refuse_at), rs->on_error == ON_ERROR_SKIP ? "skip" : "tempfail",
	    rs->on_dns_error == ON_ERROR_SKIP ? "skip" : "tempfail", mixed[rs->mixed]);
	if (rs->mode == MODE_MONITOR)
		buf_str(b, "set mode monitor\n");
	if (rs->small)
		buf_str(b, "set max-message-size 1K\n");
	print_lists(b, rs);
	for (int i = 0; i < rs->ndefines; i++) {
		buf_printf(b, "define d%d if ", i);
		print_cond(b, rs, rs->defines[i], 1);
		buf_char(b, '\n');
	}
	for (int i = 0; i < rs->nrules; i++) {
		const struct rrule *r = &rs->rules[i];

		if (r->off)
			continue;
		print_blocks(b, rs, when, r->when);
		when = r->when;
		buf_printf(
		    b, "%*sr%d: %s", 2 * depth_of(rs, when), "", i, r->monitor ? "monitor " : "");
		print_action(b, rs, i);
		if (r->cond != NONE) {
			buf_str(b, " if ");
			print_cond(b, rs, r->cond, 1);
		}
		buf_char(b, '\n');
	}
	print_blocks(b, rs, when, NONE);
}

/* The answers of a list for one name. */
static void
print_listing(struct buf *b, const char *name, const struct rlisting *l)
{
	for (int i = 0; i < l->n; i++) {
		buf_printf(b, "%s A ", name);
		value_text(b, W_LISTED, l->values[i]);
		buf_char(b, '\n');
	}
	if (l->fault == FAULT_SILENT)
		buf_printf(b, "%s TIMEOUT\n", name);
	else if (l->fault != FAULT_NONE)
		buf_printf(b, "%s A %s\n", name,
		    l->fault == FAULT_OUTSIDE ? "192.0.2.99" : "127.255.255.254");
}

void
print_zone(struct buf *b, const struct rsession *ss)
{
	struct buf name = { 0 };

	buf_printf(&name, "%d.2.0.192.ip.example", ss->ip + 1);
	print_listing(b, name.p, &ss->listed);
	for (int v = 0; v < VALUES; v++) {
		buf_clear(&name);
		value_text(&name, W_HELO, v);
		buf_str(&name, ".name.example");
		print_listing(b, name.p, &ss->listed_helo[v]);
	}
	buf_free(&name);
}

/* One value of a session. */
static void
print_value(struct buf *b, const char *name, enum what w, int value)
{
	buf_printf(b, " %s=", name);
	if (value == ABSENT)
		buf_char(b, '-');
	else
		value_text(b, w, value);
}

/* One transaction of it. */
static void
print_message(struct buf *b, const struct rmessage *m)
{
	if (m->helo != ABSENT) {
		print_value(b, "helo", W_HELO, m->helo);
		buf_char(b, '\n');
	}
	buf_str(b, " mail from ");
	sender_text(b, m);
	buf_printf(b, " size=%d", m->size == ABSENT ? -1 : 1000 * m->size);
	print_value(b, "user", W_USER, m->user);
	print_value(b, "{mail_host}", W_MAIL_HOST, m->mail_host);
	for (int i = 0; i < m->nrcpts; i++) {
		buf_str(b, "\n  rcpt to ");
		rcpt_text(b, m, i);
		print_value(b, "{rcpt_host}", W_RCPT_HOST, m->rcpts[i].host);
	}
	buf_str(b, "\n  data");
	print_value(b, "i", W_QUEUE_ID, m->queue_id);
	for (int h = 0; h < 2; h++)
		for (int i = 0; i < m->nheaders[h]; i++)
			print_value(b,
			    h == 0	     ? "X-One"
				: i % 2 == 0 ? "X-Two"
					     : "X-Too",
			    W_HEADER_1 + h, m->headers[h][i]);
	print_value(b, m->far ? "far body" : "body", W_BODY, m->body);
	print_value(b, "{late}", W_LATE, m->late);
	buf_char(b, '\n');
	if (m->abort_after != STAGE_NEVER)
		buf_printf(b, "  %s after %s\n", m->abort_by_helo ? "HELO" : "RSET",
		    stage_name(m->abort_after));
}

void
print_session(struct buf *b, const struct rsession *ss)
{
	buf_printf(b, "%s", ss->local ? "local" : "client");
	print_value(b, "ip", W_IP, ss->ip);
	print_value(b, "name", W_NAME, ss->name);
	buf_printf(b, " port=%d", 1000 + 100 * ss->port);
	print_value(b, "daemon", W_DAEMON, ss->daemon);
	for (int i = 0; i < ss->nhelos; i++)
		print_value(b, "helo", W_HELO, ss->helos[i]);
	buf_char(b, '\n');
	for (int i = 0; i < ss->nmessages; i++)
		print_message(b, &ss->messages[i]);
	print_zone(b, ss);
}

int
program_index(const struct ruleset *rs, int rule)
{
	int n = 0;

	for (int i = 0; i < rule; i++)
		n += !rs->rules[i].off;
	return n;
}

int
ruleset_index(const struct ruleset *rs, long index)
{
	for (int i = 0; i < rs->nrules; i++)
		if (!rs->rules[i].off && index-- == 0)
			return i;
	return NONE;
}

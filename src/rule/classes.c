/*
 * classes.c - recipients that go on together, and one answer for all of them
 *
 * SMTP has one answer after DATA. Under `split` there is one class, since a recipient that would
 * make a second one is told to come separately; otherwise verdicts of several classes become one.
 */
#include "rule/judge_in.h"

/* Make room for one more in an array of the message's memory. */
static void *
grow(struct judge *j, void *v, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap * 2 + 4;
	void *p;

	if (n < *cap)
		return v;
	p = arena_alloc(&j->memory, more * size);
	if (p == NULL)
		return NULL;
	if (n > 0)
		memcpy(p, v, n * size);
	*cap = more;
	return p;
}

/* Add a recipient to a class. False: no memory. */
static bool
add(struct judge *j, struct class *c, size_t rcpt)
{
	size_t *v = grow(j, c->recipients, c->n, &c->cap, sizeof *v);

	if (v == NULL)
		return false;
	c->recipients = v;
	v[c->n++] = rcpt;
	return true;
}

/* A recipient may have passed rules in error that the others of its class passed as false. */
static void
merge_errors(struct judge *j, struct class *k, const struct class *c)
{
	for (const struct passed_error *i = c->walk.errors; i != NULL; i = i->next) {
		const struct passed_error *known = k->walk.errors;

		while (known != NULL && known->rule != i->rule)
			known = known->next;
		if (known == NULL)
			walk_note_error(&k->walk, i->rule, &j->memory);
	}
}

/* True if the recipient of `c` belongs to the class `k`. */
static bool
belongs(struct judge *j, const struct class *c, const struct class *k)
{
	struct eval a, b;

	if (!j->program->names_recipient)
		return true;
	a = judge_eval(j, k);
	walk_fill(&a);
	b = judge_eval(j, c);
	walk_fill(&b);
	return walk_same(&a, &b);
}

bool
class_join(struct judge *j, const struct class *c)
{
	bool split = j->program->settings.mixed == MIXED_SPLIT && !j->session.local;
	struct class *v, *k;

	for (size_t i = 0; i < j->nclasses; i++)
		if (belongs(j, c, &j->classes[i])) {
			j->overflow |= !add(j, &j->classes[i], c->recipients[0]);
			merge_errors(j, &j->classes[i], c);
			return true;
		}
	if ((split && j->nclasses > 0) || j->nclasses == LIMIT_CLASSES)
		return false;
	v = grow(j, j->classes, j->nclasses, &j->capclasses, sizeof *v);
	if (v == NULL) {
		j->overflow = true;
		return true;
	}
	j->classes = v;
	k = &v[j->nclasses];
	*k = (struct class){ .walk = c->walk };
	k->own = arena_alloc(&j->memory, j->nown);
	if (k->own == NULL || (c->n > 0 && !add(j, k, c->recipients[0]))) {
		j->overflow = true;
		return true;
	}
	memcpy(k->own, c->own, j->nown);
	j->nclasses++;
	return true;
}

bool
class_drops(const struct judge *j)
{
	return j->program->settings.mixed == MIXED_DROP;
}

bool
class_is_settled(struct judge *j, const struct class *c)
{
	struct eval e = judge_eval(j, c);
	bool settled = walk_is_settled(&c->walk, &e);

	/* rules that only watch are asked for each recipient by itself */
	for (size_t i = 1; settled && j->program->names_recipient && i < c->n; i++) {
		struct class one = { .own = j->spare, .recipients = &c->recipients[i], .n = 1 };

		e = judge_eval(j, &one);
		memset(j->spare, 0, j->nown);
		settled = walk_is_settled(&c->walk, &e);
	}
	return settled;
}

/* How many classes stand how. */
struct count {
	size_t open, accept, act, discard, reject, tempfail;
};

static struct count
count_classes(const struct judge *j)
{
	struct count n = { 0 };

	for (size_t i = 0; i < j->nclasses; i++) {
		const struct verdict *v = &j->classes[i].verdict;

		n.open += v->standing == STAND_OPEN;
		n.accept += v->standing == STAND_ACCEPT || v->standing == STAND_ACT;
		n.act += v->standing == STAND_ACT;
		n.discard += v->standing == STAND_DISCARD;
		n.reject += v->standing == STAND_REFUSE && v->action == ACT_REJECT;
		n.tempfail += v->standing == STAND_REFUSE && v->action == ACT_TEMPFAIL;
	}
	return n;
}

/* The first class with that action. */
static const struct verdict *
first_with(const struct judge *j, enum action a)
{
	for (size_t i = 0; i < j->nclasses; i++)
		if (j->classes[i].verdict.standing != STAND_OPEN &&
		    j->classes[i].verdict.action == a)
			return &j->classes[i].verdict;
	return NULL;
}

/* One action out of all classes; false: not certain yet. */
static bool
combine(const struct judge *j, const struct count *n, enum action *a)
{
	if (class_drops(j) && n->tempfail > 0) {
		*a = ACT_TEMPFAIL;
		return true;
	}
	if (n->open > 0 || j->nclasses == 0)
		return false;
	*a = n->accept > 0    ? ACT_ACCEPT
	    : n->tempfail > 0 ? ACT_TEMPFAIL
	    : n->reject > 0   ? ACT_REJECT
			      : ACT_DISCARD;
	return true;
}

bool
class_combine(struct judge *j, struct verdict *v)
{
	struct count n = count_classes(j);
	bool last = j->stage == STAGE_BODY, drop = class_drops(j);
	enum action a;
	uint32_t error;

	if (j->overflow && last) {
		*v = (struct verdict){ STAND_REFUSE, ACT_TEMPFAIL, CAUSE_LIMIT, UINT32_MAX };
		return true;
	}
	if (!combine(j, &n, &a)) {
		/* every recipient was refused, yet here is a message: it is let in for nobody */
		*v = (struct verdict){ STAND_REFUSE, ACT_TEMPFAIL, CAUSE_ERROR, UINT32_MAX };
		return last && j->session.withheld == 0;
	}
	/* a message is dropped or changed, and recipients are taken off, only at its end; the
	 * sendmail command can be refused nowhere else */
	if (!last &&
	    (a == ACT_ACCEPT ? n.act > 0 || n.discard > 0 || (drop && n.reject > 0)
			     : a == ACT_DISCARD || j->session.local))
		return false;
	*v = *first_with(j, a);
	if (last && a == ACT_ACCEPT && (error = effects_make(j)) != UINT32_MAX) {
		*v = (struct verdict){ STAND_REFUSE, ACT_TEMPFAIL, CAUSE_ERROR, error };
		if (error == EFFECTS_LIMIT) {
			v->cause = CAUSE_LIMIT;
			v->rule = UINT32_MAX;
		}
		for (size_t i = 0; i < j->nclasses; i++)
			if (j->classes[i].verdict.action == ACT_ACCEPT)
				j->classes[i].verdict = *v;
	}
	return true;
}

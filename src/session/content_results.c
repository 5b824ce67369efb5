/*
 * content_results.c - what filters before us found out: DKIM and DMARC
 *
 * Only of Authentication-Results that can be told from a sender's (mail/results.h). Of Postfix, the
 * queue id in a field's name is proof: a sender who is to guess it has to hit the microsecond and
 * the inode. Sendmail's ids follow one another, and prove nothing.
 */
#include "mail/domain.h"
#include "mail/results.h"
#include "session/content_in.h"

#define PASS "pass"
const char *const content_dkim_words[] = { PASS, "fail", "none", "neutral", "policy", "temperror",
	"permerror", NULL };
const char *const content_dmarc_words[] = { PASS, "fail", "none", "temperror", "permerror", NULL };

/* The queue id, if it is one that nobody can know beforehand; else absent. */
static struct slice
proof(const struct session *s)
{
	static const struct slice postfix = SLICE("Postfix");
	struct slice mta = session_macro_get(s, SLICE("v"));

	if (mta.n < postfix.n || !slice_eq(slice_of(mta.p, postfix.n), postfix))
		return SLICE_ABSENT;
	return session_queue_id(s);
}

bool
content_is_told(const struct session *s, struct slice field, struct slice name)
{
	enum results_author author = results_author(field, name, proof(s));

	return author == RESULTS_NUMBERED || (author == RESULTS_NAMED && s->env->forged_removed);
}

/* Read them. False on lack of memory. */
static bool
read_results(struct session *s, struct content *c)
{
	struct results *r = arena_alloc(&s->decoded, sizeof(*r));

	if (r == NULL)
		return false;
	c->results = r;
	results_init(r, slice_str(s->env->authserv_id), proof(s), s->env->forged_removed);
	results_chosen(r, s->helo);
	results_chosen(r, s->sender);
	for (size_t i = 0; i < s->nheaders; i++)
		results_header(r, s->headers[i].name, s->headers[i].value);
	c->results_cut = !results_end(r, s->headers_cut);
	if (c->results_cut)
		content_limit(s, LIMITED_RESULTS);
	return true;
}

/* The results; NULL for none. What can't be told cuts m. */
static const struct results *
results(struct session *s, struct many *m)
{
	struct content *c = content_of(s);

	if (s->env->authserv_id == NULL)
		return NULL;
	if (c == NULL || (c->results == NULL && !read_results(s, c))) {
		content_limit(s, LIMITED_MEMORY);
		m->values.cut = true;
		return NULL;
	}
	m->values.cut |= c->results_cut;
	return c->results;
}

/* The word among those of the fact, in its spelling; absent if it is none of them. */
static struct slice
word_of(struct slice word, const char *const *words)
{
	for (; *words != NULL; words++)
		if (slice_eq_nocase(word, slice_str(*words)))
			return slice_str(*words);
	return SLICE_ABSENT;
}

void
content_make_dkim(struct session *s, struct many *m)
{
	const struct results *r = results(s, m);

	for (size_t i = 0; r != NULL && i < r->ndkim; i++)
		content_add(s, m, word_of(r->dkim[i].word, content_dkim_words));
}

void
content_make_dkim_domains(struct session *s, struct many *m)
{
	const struct results *r = results(s, m);

	for (size_t i = 0; r != NULL && i < r->ndkim; i++)
		if (slice_eq_nocase(r->dkim[i].word, SLICE(PASS)))
			content_add_once(s, m, r->dkim[i].domain);
}

/* True if a domain is that of the one mailbox in From: what a filter that reads From otherwise has
 * found out is of somebody else. */
static bool
is_of_from(struct session *s, struct slice domain)
{
	const struct fact_ref from = { .fact = fact_find(SLICE("from.domain")) };
	struct arena_mark mark = arena_mark(&s->scratch);
	struct values values;
	bool same;

	fact_get(s, &from, &values);
	domain = domain_of_mailbox(domain, &s->scratch);
	same = values.n == 1 && !values.cut && slice_eq(values.v[0].text, domain);
	arena_release(&s->scratch, mark);
	return same;
}

void
content_make_dmarc(struct session *s, struct many *m)
{
	const struct results *r = results(s, m);
	struct slice word = SLICE_ABSENT;

	if (r != NULL)
		word = word_of(r->dmarc.word, content_dmarc_words);
	if (slice_eq(word, SLICE(PASS)) && !is_of_from(s, r->dmarc.domain)) {
		content_limit(s, LIMITED_RESULTS);
		m->values.cut = true;
		return;
	}
	content_add(s, m, word);
}

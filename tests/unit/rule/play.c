/*
 * play.c - a dialogue by hand
 */
#include "play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void
on_decided(void *ctx, const struct decision *d)
{
	static const char *const causes[] = { "rule", "default", "error", "dns", "split", "limit" };
	struct play *p = ctx;

	buf_printf(&p->log, "%s by %s %s at %s%s%s%s\n", action_name(d->action), causes[d->cause],
	    d->rule != NULL && d->rule->label != NULL ? d->rule->label : "-", stage_name(d->stage),
	    d->obeyed ? "" : " in vain", d->why != NULL ? ": " : "", d->why != NULL ? d->why : "");
}

static void
on_noted(void *ctx, const struct note *n)
{
	static const char *const kinds[] = { "log", "monitor", "error" };
	struct play *p = ctx;

	buf_printf(&p->log, "%s %s at %s: %.*s\n", kinds[n->kind],
	    n->rule->label != NULL ? n->rule->label : "-", stage_name(n->stage),
	    SLICE_ARG(n->text));
}

void
start(struct play *p, const char *rules)
{
	struct watcher w = { on_decided, on_noted, p };

	memset(p, 0, sizeof(*p));
	diags_init(&p->diags);
	p->program = program_load_text("test.rules", slice_str(rules), &p->diags);
	if (p->program == NULL)
		diags_print(&p->diags, stderr);
	assert_non_null(p->program);
	p->judge = judge_new(p->program, &w);
	assert_non_null(p->judge);
	p->session = judge_session(p->judge);
}

void
finish(struct play *p)
{
	judge_free(p->judge);
	program_unref(p->program);
	diags_free(&p->diags);
	buf_free(&p->said);
	buf_free(&p->log);
	buf_free(&p->effects);
}

/* Reach a stage: the answer in words. */
const char *
reach(struct play *p, enum stage s)
{
	static const char *const names[] = { "continue", "accept", "reject", "tempfail",
		"discard" };
	struct answer a = judge_stage(p->judge, s);

	buf_clear(&p->said);
	buf_str(&p->said, names[a.told]);
	if (a.told == TOLD_REJECT || a.told == TOLD_TEMPFAIL)
		buf_printf(&p->said, " %u %s %.*s", a.reply.code, a.reply.enhanced,
		    SLICE_ARG(a.reply.text));
	return p->said.p;
}

const char *
client(struct play *p, const char *ip)
{
	struct ip addr;

	assert_true(ip_parse(slice_str(ip), &addr));
	session_connect(p->session, &addr, 4711, SLICE("host.example"));
	return reach(p, STAGE_CONNECT);
}

const char *
helo(struct play *p, const char *name)
{
	session_helo(p->session, slice_str(name));
	return reach(p, STAGE_HELO);
}

const char *
mail(struct play *p, const char *from)
{
	session_mail(p->session, slice_str(from), NULL, 0);
	return reach(p, STAGE_MAIL);
}

const char *
rcpt(struct play *p, const char *to)
{
	size_t before;
	const char *said;

	assert_true(session_rcpt(p->session, slice_str(to)));
	before = p->session->nrecipients;
	said = reach(p, STAGE_RCPT);
	if (strcmp(said, "continue") != 0 && p->session->nrecipients == before)
		session_drop_rcpt(p->session);
	return said;
}

const char *
data(struct play *p)
{
	return reach(p, STAGE_DATA);
}

/* One header, and the end of headers. */
const char *
header(struct play *p, const char *name, const char *value)
{
	session_header(p->session, slice_str(name), slice_str(value), false);
	return reach(p, STAGE_HEADERS);
}

/* The body and the end of the message, with its effects. */
const char *
body(struct play *p, const char *text)
{
	static const char *const kinds[] = { "add-header", "set-header", "delete-header",
		"add-recipient", "delete-recipient", "quarantine" };
	const struct effect *v;
	const char *said;
	size_t n;

	if (text != NULL)
		session_body(p->session, slice_str(text));
	said = reach(p, STAGE_BODY);
	/* how an acceptance is told at the end is the engine's choice */
	if (strcmp(said, "continue") == 0)
		said = "accept";
	buf_clear(&p->effects);
	buf_str(&p->effects, "");
	if (strcmp(said, "accept") != 0)
		return said;
	n = judge_effects(p->judge, &v);
	for (size_t i = 0; i < n; i++)
		buf_printf(&p->effects, "%s %.*s:%.*s:%u\n", kinds[v[i].kind], SLICE_ARG(v[i].name),
		    SLICE_ARG(v[i].value), v[i].index);
	return said;
}

/* As far as MAIL, with nothing told. */
void
greet(struct play *p)
{
	assert_string_equal(client(p, "192.0.2.1"), "continue");
	assert_string_equal(helo(p, "host.example"), "continue");
	assert_string_equal(mail(p, "<a@example.net>"), "continue");
}

/* One message to one recipient from MAIL on, nothing told before its end. */
const char *
message(struct play *p, const char *header_value, const char *text)
{
	assert_string_equal(rcpt(p, "<b@example.org>"), "continue");
	assert_string_equal(data(p), "continue");
	assert_string_equal(header(p, "X-Test", header_value), "continue");
	return body(p, text);
}

/* A ruleset with a zone of its own. */
void
start_with_zone(struct play *p, const char *zone, const char *rules)
{
	char path[] = "/tmp/postern-zone-XXXXXX", text[2000];
	int fd = mkstemp(path);

	assert_true(fd >= 0 && write(fd, zone, strlen(zone)) == (ssize_t)strlen(zone));
	close(fd);
	snprintf(text, sizeof(text), "set dns-zone \"%s\"\n%s", path, rules);
	start(p, text);
	p->program->env.quiet = true;
	unlink(path);
}

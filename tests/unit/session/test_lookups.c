/*
 * test_lookups.c - session/lookups.c, over a resolver of the test's own
 *
 * It answers from a zone in memory, and writes down what is asked and awaited, and until when.
 */
#include "base/clock.h"
#include "base/limits.h"
#include "dns/dnsbl.h"
#include "session/facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LISTS = 4 };

#define RELAY "192.0.2.25"

static struct {
	struct buf log; /* `start NAME` and `wait NAME`, one a line */
	unsigned starts, open;
	uint64_t deadline; /* of the last wait */
} asked;
static uint64_t now = 1000000;
static struct zone *zone;
static struct diags diags;
static struct dnsbl_ask asks[LISTS];
static struct fact_ref refs[LISTS];
static struct session_env env;
static struct session s;

/* ---- the resolver ---- */

uint64_t
clock_us(void)
{
	return now;
}

uint64_t
clock_thread_ns(void)
{
	return 0;
}

void
resolver_start(struct resolver *r, struct question *q)
{
	(void)r;
	asked.starts++;
	asked.open++;
	buf_printf(&asked.log, "start %.*s\n", SLICE_ARG(q->name));
}

void
resolver_wait(struct resolver *r, struct question *q, uint64_t deadline)
{
	(void)r;
	asked.deadline = deadline;
	buf_printf(&asked.log, "wait %.*s\n", SLICE_ARG(q->name));
	q->answer = zone_ask(zone, q->name, q->type);
}

void
resolver_ask(struct resolver *r, struct question *q, uint64_t deadline)
{
	resolver_start(r, q);
	resolver_wait(r, q, deadline);
}

void
resolver_end(struct resolver *r, struct question *q)
{
	(void)r;
	(void)q;
	assert_true(asked.open > 0);
	asked.open--;
}

/* ---- the session ---- */

static unsigned many; /* values of the fact below */

/* A fact of several addresses: 192.0.2.1, 192.0.2.2, … */
static void
get_many(struct session *session, const struct fact_ref *ref, struct values *out)
{
	struct value *v = arena_alloc(&session->scratch, (many + 1) * sizeof(*v));

	(void)ref;
	assert_non_null(v);
	for (unsigned i = 0; i < many; i++)
		v[i].text = arena_printf(&session->scratch, "192.0.2.%u", i + 1);
	out->v = v;
	out->n = many;
}

static const struct fact many_fact = { .name = "many", .kind = KIND_IP, .get = get_many };

/* Add a line to the zone. */
static void
add(const char *line)
{
	assert_true(zone_add(zone, slice_str(line), (struct span){ 0 }, &diags));
}

/* List i asks about a fact. */
static void
ask_about(unsigned i, const char *name, const struct fact *fact)
{
	refs[i] = (struct fact_ref){ .fact = fact, .stage = fact->stage, .life = fact->life };
	asks[i] = (struct dnsbl_ask){ dnsbl_new(slice_str(name)), &refs[i] };
}

static int
setup(void **state)
{
	(void)state;
	diags_init(&diags);
	zone = zone_new();
	ask_about(0, "ip.example", fact_find(SLICE("client.ip")));
	ask_about(1, "helo.example", fact_find(SLICE("helo")));
	ask_about(2, "sender.example", fact_find(SLICE("sender.domain")));
	ask_about(3, "many.example", &many_fact);
	/* a pointer that only our own resolver sees */
	env = (struct session_env){ .resolver = (struct resolver *)&asked,
		.dnsbls = asks,
		.ndnsbls = LISTS,
		.keep_headers = true,
		.quiet = true };
	env.spf = spf_new(&(struct spf_config){ .resolver = env.resolver, .receiver = "mx" });
	session_init(&s, &env);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	assert_int_equal(asked.open, 0);
	session_free(&s);
	spf_free(env.spf);
	for (unsigned i = 0; i < LISTS; i++)
		dnsbl_free(asks[i].list);
	zone_free(zone);
	diags_free(&diags);
	buf_free(&asked.log);
	memset(&asked, 0, sizeof(asked));
	many = 0;
	return 0;
}

static void
connect_from(const char *address)
{
	struct ip ip;

	assert_true(ip_parse(slice_str(address), &ip));
	session_connect(&s, &ip, 4711, SLICE("host.example.net"));
}

static void
mail(const char *from)
{
	session_mail(&s, slice_str(from), NULL, 0);
}

/* The values of list i, divided by blanks, with `cut` and `failed` behind them; until the next
 * call. */
static const char *
listed(unsigned i)
{
	static char text[200];
	struct fact_ref ref = { .fact = fact_find(SLICE("dnsbl")), .of = asks[i].of, .ask = i };
	struct values got;
	struct buf b = { 0 };

	fact_get(&s, &ref, &got);
	for (size_t k = 0; k < got.n; k++)
		buf_printf(&b, "%.*s ", SLICE_ARG(got.v[k].text));
	buf_printf(&b, "%s%s", got.cut ? "cut " : "", got.failed ? "failed " : "");
	snprintf(text, sizeof(text), "%.*s", SLICE_ARG(buf_slice(&b)));
	if (text[0] != '\0')
		text[strlen(text) - 1] = '\0';
	buf_free(&b);
	arena_reset(&s.scratch);
	return text;
}

/* Ask list i: what it says. */
static const char *
look_up(unsigned i)
{
	session_look_up(&s, LOOKUP_DNSBL(i));
	assert_true(s.looked_up & LOOKUP_DNSBL(i));
	return listed(i);
}

/* ---- asking ---- */

static void
all_are_asked_before_any_is_awaited(void **state)
{
	static const char first[] =
	    "start 1.2.0.192.ip.example\nstart host.example.net.helo.example\n"
	    "start example.net.sender.example\nstart example.net\n";
	static const char last[] = "wait 1.2.0.192.ip.example\nwait host.example.net.helo.example\n"
				   "wait example.net.sender.example\n";

	(void)state;
	connect_from("192.0.2.1");
	session_helo(&s, SLICE("host.example.net"));
	mail("<a@example.net>");
	session_look_up(
	    &s, LOOKUP_SPF | LOOKUP_DNSBL(2) | LOOKUP_DNSBL(0) | LOOKUP_SPF_HELO | LOOKUP_DNSBL(1));
	assert_ptr_equal(strstr(asked.log.p, first), asked.log.p);
	/* SPF between them */
	assert_non_null(strstr(asked.log.p, "wait example.net\n"));
	assert_string_equal(asked.log.p + asked.log.n - strlen(last), last);
}

static void
nothing_is_asked_twice_or_unbidden(void **state)
{
	(void)state;
	connect_from("192.0.2.1");
	session_look_up(&s, 0);
	assert_int_equal(asked.starts, 0);
	session_look_up(&s, LOOKUP_DNSBL(0));
	session_look_up(&s, LOOKUP_DNSBL(0));
	assert_int_equal(asked.starts, 1);
	assert_int_equal(s.looked_up, LOOKUP_DNSBL(0));
}

static void
answers_are_values(void **state)
{
	(void)state;
	add("1.2.0.192.ip.example A 127.0.0.2");
	add("1.2.0.192.ip.example A 127.0.0.4");
	add("2.2.0.192.ip.example A 127.0.0.2");
	add("2.2.0.192.ip.example A 127.255.255.254");
	add("3.2.0.192.ip.example TIMEOUT");
	connect_from("192.0.2.1");
	assert_string_equal(look_up(0), "127.0.0.2 127.0.0.4");
	connect_from("192.0.2.2");
	assert_string_equal(look_up(0), "127.0.0.2 failed");
	connect_from("192.0.2.3");
	assert_string_equal(look_up(0), "failed");
	connect_from("192.0.2.4");
	assert_string_equal(look_up(0), "");
}

static void
what_has_no_name_is_not_listed(void **state)
{
	(void)state;
	session_connect(&s, NULL, 0, SLICE_ABSENT);
	assert_string_equal(look_up(0), "");
	session_helo(&s, SLICE("two words"));
	assert_string_equal(look_up(1), "");
	mail("<>");
	assert_string_equal(look_up(2), "");
	assert_int_equal(asked.starts, 0);
	session_helo(&s, SLICE("[192.0.2.7]"));
	assert_string_equal(look_up(1), "");
	assert_string_equal(
	    asked.log.p, "start 7.2.0.192.helo.example\nwait 7.2.0.192.helo.example\n");
}

static void
without_a_resolver_a_list_says_nothing_certain(void **state)
{
	(void)state;
	env.resolver = NULL;
	connect_from("192.0.2.1");
	assert_string_equal(look_up(0), "cut");
	assert_int_equal(asked.starts, 0);
}

/* ---- limits ---- */

static void
a_list_is_asked_about_so_many_values(void **state)
{
	(void)state;
	/* the last that is asked, and the next */
	add("100.2.0.192.many.example A 127.0.0.20");
	add("101.2.0.192.many.example A 127.0.0.21");
	many = LIMIT_DNSBL_NAMES;
	connect_from("192.0.2.1");
	assert_string_equal(look_up(3), "127.0.0.20");
	assert_int_equal(asked.starts, LIMIT_DNSBL_NAMES);
	connect_from("192.0.2.1");
	many++;
	assert_string_equal(look_up(3), "127.0.0.20 failed");
	assert_int_equal(asked.starts, 2 * LIMIT_DNSBL_NAMES);
}

static void
so_many_answers_are_kept(void **state)
{
	const struct listings *l;
	char line[100];

	(void)state;
	for (unsigned i = 0; i < LIMIT_DNSBL_ANSWERS; i++) {
		snprintf(line, sizeof(line), "1.2.0.192.many.example A 127.0.%u.1", i);
		add(line);
	}
	many = 2;
	connect_from("192.0.2.1");
	session_look_up(&s, LOOKUP_DNSBL(3));
	l = &s.listings[3];
	assert_int_equal(l->n, LIMIT_DNSBL_ANSWERS);
	assert_false(l->cut);
	assert_int_equal(l->v[99].ip.b[2], 99);
	add("2.2.0.192.many.example A 127.0.0.2");
	connect_from("192.0.2.1");
	session_look_up(&s, LOOKUP_DNSBL(3));
	l = &s.listings[3];
	assert_int_equal(l->n, LIMIT_DNSBL_ANSWERS);
	assert_true(l->cut);
	assert_null(l->why);
}

/* With so many bytes of memory of a kind: what is known is either all or marked. */
static void
starve(struct arena *a, unsigned list, const char *all)
{
	bool complete = false;

	for (size_t bytes = 1; bytes < 4000 && !complete; bytes += 8) {
		const char *got;

		connect_from("192.0.2.1");
		session_helo(&s, SLICE("host.example.net"));
		mail("<a@example.net>");
		many = 2;
		a->limit = a->used + bytes;
		session_look_up(&s, LOOKUP_DNSBL(list));
		assert_int_equal(asked.open, 0);
		got = listed(list);
		a->limit = 0;
		complete = strcmp(got, all) == 0;
		assert_true(complete || strstr(got, "cut") != NULL);
	}
	assert_true(complete);
}

static void
lack_of_memory_is_never_a_clean_bill(void **state)
{
	(void)state;
	add("1.2.0.192.ip.example A 127.0.0.2");
	add("host.example.net.helo.example A 127.0.0.3");
	add("example.net.sender.example A 127.0.0.4");
	starve(&s.connection, 0, "127.0.0.2");
	starve(&s.connection, 1, "127.0.0.3");
	starve(&s.greeting, 1, "127.0.0.3");
	starve(&s.message, 2, "127.0.0.4");
	starve(&s.scratch, 0, "127.0.0.2");
	starve(&s.scratch, 2, "127.0.0.4");
}

static void
a_text_that_finds_no_memory_is_absent(void **state)
{
	(void)state;
	add("1.2.0.192.ip.example A 127.0.0.2");
	add("1.2.0.192.ip.example TXT \"  because  \"");
	add("2.2.0.192.ip.example A 127.0.0.2");
	add("2.2.0.192.ip.example TXT \"  \"");
	connect_from("192.0.2.1");
	session_look_up(&s, LOOKUP_DNSBL(0));
	assert_true(slice_eq(session_listing_text(&s, &s.listings[0].v[0]), SLICE("because")));
	s.scratch.limit = s.scratch.used + 1;
	assert_null(session_listing_text(&s, &s.listings[0].v[0]).p);
	s.scratch.limit = 0;
	connect_from("192.0.2.2");
	session_look_up(&s, LOOKUP_DNSBL(0));
	assert_null(session_listing_text(&s, &s.listings[0].v[0]).p);
}

/* ---- time ---- */

static void
answers_are_awaited_as_long_as_the_mta_may_wait(void **state)
{
	const uint64_t all = (1000 + LIMIT_DNSBL_SPARE_MS) * 1000;

	(void)state;
	connect_from("192.0.2.1");
	/* nobody waits for an answer: each question has its own time */
	session_look_up(&s, LOOKUP_DNSBL(0));
	assert_int_equal(asked.deadline, now + LIMIT_DNS_MS * 1000);
	env.dns_ms = 700;
	connect_from("192.0.2.1");
	session_look_up(&s, LOOKUP_DNSBL(0));
	assert_int_equal(asked.deadline, now + 700000);
	session_begin_answer(&s);
	assert_int_equal(s.answer_by, now + LIMIT_SPF_MS * 1000);
	connect_from("192.0.2.1");
	session_look_up(&s, LOOKUP_DNSBL(0));
	assert_int_equal(asked.deadline, now + 700000);
	/* most of the answer's time is gone */
	env.answer_ms = 1000;
	session_begin_answer(&s);
	now += all - 400000;
	connect_from("192.0.2.1");
	session_look_up(&s, LOOKUP_DNSBL(0));
	assert_int_equal(asked.deadline, now + 400000);
	/* and all of it */
	now += 600000;
	connect_from("192.0.2.1");
	session_look_up(&s, LOOKUP_DNSBL(0));
	assert_int_equal(asked.deadline, now - 200000);
	session_begin_answer(&s);
	assert_int_equal(s.answer_by, now + 1000000);
	add("1.2.0.192.ip.example A 127.0.0.2");
	connect_from("192.0.2.1");
	session_look_up(&s, LOOKUP_DNSBL(0));
	now += all - 100000;
	session_listing_text(&s, &s.listings[0].v[0]);
	assert_int_equal(asked.deadline, now + 100000);
}

static void
a_slow_sender_leaves_lists_their_time(void **state)
{
	(void)state;
	add("1.2.0.192.ip.example A 127.0.0.2");
	connect_from("192.0.2.1");
	session_begin_answer(&s);
	/* what SPF may use is used up */
	now += LIMIT_SPF_MS * 1000;
	session_look_up(&s, LOOKUP_DNSBL(0));
	assert_int_equal(asked.deadline, now + LIMIT_DNSBL_SPARE_MS * 1000);
	/* and lists have no more than that, all together */
	now += LIMIT_DNSBL_SPARE_MS * 1000;
	session_listing_text(&s, &s.listings[0].v[0]);
	assert_int_equal(asked.deadline, now);
}

static void
spf_of_what_no_client_has_sent_is_none(void **state)
{
	struct ip loopback;

	(void)state;
	add("example.net TXT \"v=spf1 -all\"");
	assert_true(ip_parse(SLICE("127.0.0.1"), &loopback));
	session_connect(&s, &loopback, 0, SLICE("localhost"));
	session_helo(&s, SLICE("example.net"));
	session_mail(&s, SLICE("a@example.net"), NULL, 0);
	session_look_up(&s, LOOKUP_SPF | LOOKUP_SPF_HELO);
	assert_int_equal(s.spf.result, SPF_NONE);
	assert_int_equal(s.spf_helo.result, SPF_NONE);
	assert_int_equal(asked.starts, 0);
	/* somebody on the same machine who speaks SMTP is one */
	session_connect(&s, &loopback, 4711, SLICE("localhost"));
	mail("<a@example.net>");
	session_look_up(&s, LOOKUP_SPF);
	assert_int_equal(s.spf.result, SPF_FAIL);
}

static void
what_is_known_lives_as_long_as_what_it_is_about(void **state)
{
	const uint64_t ip = LOOKUP_DNSBL(0), helo = LOOKUP_DNSBL(1), sender = LOOKUP_DNSBL(2),
		       all = ip | helo | sender | LOOKUP_SPF | LOOKUP_SPF_HELO;

	(void)state;
	add("1.2.0.192.ip.example A 127.0.0.2");
	add("one.example.helo.example A 127.0.0.3");
	add("example.net.sender.example A 127.0.0.4");
	connect_from("192.0.2.1");
	session_helo(&s, SLICE("one.example"));
	mail("<a@example.net>");
	session_look_up(&s, all);
	assert_int_equal(s.looked_up, all);
	assert_string_equal(listed(0), "127.0.0.2");
	assert_string_equal(listed(1), "127.0.0.3");
	assert_string_equal(listed(2), "127.0.0.4");
	mail("<a@example.org>");
	assert_int_equal(s.looked_up, ip | helo | LOOKUP_SPF_HELO);
	assert_string_equal(listed(1), "127.0.0.3");
	assert_string_equal(look_up(2), "");
	session_helo(&s, SLICE("two.example"));
	assert_int_equal(s.looked_up, ip);
	assert_string_equal(listed(0), "127.0.0.2");
	assert_string_equal(look_up(1), "");
	connect_from("192.0.2.2");
	assert_int_equal(s.looked_up, 0);
	assert_string_equal(look_up(0), "");
}

/* ---- behind a trusted relay ---- */

/* A session of the relay, whose client is 198.51.100.7, with HELO client.example. */
static void
relayed(struct list *relays)
{
	assert_true(list_add(relays, &(struct list_entry){ .entry = slice_str(RELAY) }, &diags));
	env.relays = relays;
	add("example.net TXT \"v=spf1 ip4:198.51.100.7 -all\"");
	add("client.example TXT \"v=spf1 ip4:198.51.100.7 -all\"");
	add("relay.example TXT \"v=spf1 -all\"");
	connect_from(RELAY);
	session_helo(&s, SLICE("relay.example"));
}

/* The headers that the relay has put above. */
static void
received(const char *from)
{
	char value[300];

	snprintf(value, sizeof(value),
	    "from %s by relay.example (Postfix) with ESMTP id 1; Mon, 2 Nov 2026 10:00:00 +0000",
	    from);
	session_header(&s, SLICE("Received"), slice_str(value), false);
}

static void
spf_behind_a_relay_waits_for_its_header(void **state)
{
	struct list *relays = list_new(LIST_NETWORKS, 0);
	const uint64_t spf = LOOKUP_SPF | LOOKUP_SPF_HELO;
	size_t greeting;

	(void)state;
	connect_from("192.0.2.1");
	assert_int_equal(session_not_yet(&s, STAGE_MAIL), 0);
	relayed(relays);
	assert_true(s.relayed);
	for (enum stage at = STAGE_CONNECT; at < STAGES; at++)
		assert_int_equal(session_not_yet(&s, at), at < STAGE_HEADERS ? spf : 0);
	mail("<a@example.net>");
	received("client.example (client.example [198.51.100.7])");
	greeting = s.greeting.used;
	session_look_up(&s, spf);
	assert_int_equal(s.spf.result, SPF_PASS);
	assert_int_equal(s.spf_helo.result, SPF_PASS);
	/* the result goes with the message */
	assert_int_equal(s.greeting.used, greeting);
	/* another message of the same relay has come another way */
	mail("<a@example.net>");
	assert_int_equal(s.looked_up & spf, 0);
	received("relay.example (client.example [198.51.100.8])");
	session_look_up(&s, spf);
	assert_int_equal(s.spf.result, SPF_FAIL);
	assert_int_equal(s.spf_helo.result, SPF_FAIL);
	/* and another connection of somebody else isn't relayed */
	connect_from("198.51.100.7");
	session_helo(&s, SLICE("client.example"));
	assert_false(s.relayed);
	assert_int_equal(session_not_yet(&s, STAGE_MAIL), 0);
	mail("<a@example.net>");
	session_look_up(&s, spf);
	assert_int_equal(s.spf.result, SPF_PASS);
	assert_int_equal(s.spf_helo.result, SPF_PASS);
	mail("<a@example.net>");
	assert_int_equal(s.looked_up, LOOKUP_SPF_HELO);
	list_free(relays);
}

static void
spf_of_the_null_sender_behind_a_relay(void **state)
{
	struct list *relays = list_new(LIST_NETWORKS, 0);

	(void)state;
	relayed(relays);
	mail("<>");
	received("client.example (client.example [198.51.100.7])");
	session_look_up(&s, LOOKUP_SPF);
	/* of the client's HELO, not the relay's */
	assert_int_equal(s.spf.result, SPF_PASS);
	assert_true(slice_eq(s.spf.domain, SLICE("client.example")));
	list_free(relays);
}

static void
spf_is_none_where_the_relay_does_not_tell(void **state)
{
	struct list *relays = list_new(LIST_NETWORKS, 0);

	(void)state;
	relayed(relays);
	mail("<a@example.net>");
	session_look_up(&s, LOOKUP_SPF | LOOKUP_SPF_HELO);
	assert_int_equal(s.spf.result, SPF_NONE);
	assert_int_equal(s.spf_helo.result, SPF_NONE);
	assert_true(s.spf.reason.n > 0);
	assert_int_equal(asked.starts, 0);
	mail("<a@example.net>");
	received("client.example");
	session_look_up(&s, LOOKUP_SPF);
	assert_int_equal(s.spf.result, SPF_NONE);
	list_free(relays);
}

static void
lists_are_asked_about_the_relay_itself(void **state)
{
	struct list *relays = list_new(LIST_NETWORKS, 0);

	(void)state;
	relayed(relays);
	look_up(0);
	assert_string_equal(
	    asked.log.p, "start 25.2.0.192.ip.example\nwait 25.2.0.192.ip.example\n");
	list_free(relays);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_are_asked_before_any_is_awaited),
		TEST(nothing_is_asked_twice_or_unbidden),
		TEST(answers_are_values),
		TEST(what_has_no_name_is_not_listed),
		TEST(without_a_resolver_a_list_says_nothing_certain),
		TEST(a_list_is_asked_about_so_many_values),
		TEST(so_many_answers_are_kept),
		TEST(lack_of_memory_is_never_a_clean_bill),
		TEST(a_text_that_finds_no_memory_is_absent),
		TEST(answers_are_awaited_as_long_as_the_mta_may_wait),
		TEST(a_slow_sender_leaves_lists_their_time),
		TEST(spf_of_what_no_client_has_sent_is_none),
		TEST(what_is_known_lives_as_long_as_what_it_is_about),
		TEST(spf_behind_a_relay_waits_for_its_header),
		TEST(spf_of_the_null_sender_behind_a_relay),
		TEST(spf_is_none_where_the_relay_does_not_tell),
		TEST(lists_are_asked_about_the_relay_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

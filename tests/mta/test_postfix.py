#!/usr/bin/env python3
"""`postern run` behind a real Postfix: what SMTP clients see, and what becomes of their mail.

    POSTERN=./postern tests/mta/test_postfix.py [WORD...]

runs the tests whose names hold one of the words, or all. Needs root and Postfix. Touches no other
Postfix.
"""

import re
import sys
import time
from email.header import decode_header, make_header

from harness import equal
from mailsite import STRANGER, code, main, queue_id
from smtpclient import Answer

site = None  # the Postfix that all tests share


# ---- every stage, every action ----

STAGES = {  # a condition known there, true of cell {n} alone
    "connect": "client.ip = 192.0.2.{n}",
    "helo": "helo = cell{n}.example",
    "mail": "sender = cell{n}@client.example",
    "rcpt": "recipient = cell{n}@example.test",
    "data": "recipient.count = 2 and sender = two{n}@client.example",
    "headers": 'raw.header("X-Cell") = cell{n}',
    "body": "raw.body ~ /cell={n};/",
}


def headers_are(name, *values):
    return lambda mails: mails and all((m.get_all(name) or []) == list(values) for m in mails)


def recipients(mails):
    return {m["Delivered-To"].partition("@")[0] for m in mails}


ACTIONS = {  # the action, the answer that the client gets (None: taken), what is true of the mails
    "accept": ("accept", None, headers_are("X-Rest", "reject")),
    "reject": ("reject", "550 5.7.1 Message refused by local policy", None),
    "reject-text": ('reject 554 5.7.9 "not {helo}, 100%"', "554 5.7.9 not {helo}, 100%", None),
    "reject-lines": (r'reject 550 5.6.0 "one\ntwo"', "550 5.6.0 one\n5.6.0 two", None),
    "tempfail": ("tempfail", "451 4.7.1 Try again later", None),
    "tempfail-text": ('tempfail 450 4.2.1 "later"', "450 4.2.1 later", None),
    "discard": ("discard", None, lambda mails: not mails),
    "quarantine": ('quarantine "look at this"', None, "hold"),
    "add": ('add-header "X-Old" "zero"', None, headers_are("X-Old", "zero", "one", "two")),
    "set": ('set-header "X-Old" "three"', None, headers_are("X-Old", "three", "two")),
    "set-new": ('set-header "X-New" "three"', None, headers_are("X-New", "three")),
    "remove": ('remove-header "X-Old"', None, headers_are("X-Old")),
    "remove-one": ('remove-header "X-Old" ~ /w/', None, headers_are("X-Old", "one")),
    "redirect": ('redirect "else@example.test"', None, lambda mails: recipients(mails) == {"else"}),
    "copy": ('copy-to "else@example.test"', None, lambda mails: recipients(mails) > {"else"}),
    "monitor": ("monitor reject", None, headers_are("X-Old", "one", "two")),
    "log": ('log "seen"', None, headers_are("X-Old", "one", "two")),
}


def helo_of(n, stage):
    return "cell%d.example" % n if stage == "helo" else "client.example"


def run_cell(n, stage, action):
    """A session in which the rule of cell n is true: the last answer, and what it answers."""
    def at(s, yes, no):
        return yes.replace("{n}", str(n)) if s == stage else no

    to = [at("rcpt", "cell{n}", "b")] + (["c"] if stage == "data" else [])
    headers = [("X-Cell", at("headers", "cell{n}", "none")), ("X-Old", "one"), ("X-Old", "two"),
               ("X-Rest", "reject" if action == "accept" else "none")]
    with site.connect(proxy=at("connect", "192.0.2.{n}", STRANGER), helo=helo_of(n, stage)) as c:
        sender = at("mail", "cell{n}", at("data", "two{n}", "a")) + "@client.example"
        equal(c.mail(sender).code, 250)
        for r in to:
            answer = c.rcpt(r + "@example.test")
            if answer.code != 250:
                return answer, c.said[:4]
        return c.data(headers, "text\n" + at("body", "cell={n};\n", "")), c.said


def check_cell(d, n, stage, action):
    """The answer in a session of cell n, and the log; the queue id of a mail that was taken."""
    what = "%s for a fact of %s" % (action, stage)
    reply = ACTIONS[action][1]
    answer, answered = run_cell(n, stage, action)
    if reply or action in ("accept", "discard"):
        equal(len(d.logged(rule="%s-%s" % (action, stage))), 1, what)
    if reply is None:
        return queue_id(answer)
    equal("%d %s" % answer, reply.replace("{helo}", helo_of(n, stage)), what)
    equal(answered, {"data": "DATA", "headers": ".", "body": "."}.get(stage, "RCPT"), what)
    return None


def test_every_stage_and_action():
    cells = [(n + 1, *cell) for n, cell in enumerate((s, a) for s in STAGES for a in ACTIONS)]
    rules = ["%s-%s: %s if %s\n" % (a, s, ACTIONS[a][0], STAGES[s].replace("{n}", str(n)))
             for n, s, a in cells]
    rules.append('rest: reject if raw.header("X-Rest") = reject\n')
    with site.filtering("".join(rules)) as d:
        queued = {(s, a): check_cell(d, n, s, a) for n, s, a in cells}
    for (stage, action), queue in queued.items():
        what, check = "%s for a fact of %s" % (action, stage), ACTIONS[action][2]
        if check == "hold":
            equal(site.queued()[queue]["queue_name"], "hold", what)
        elif check:
            mails = site.delivered(queue)
            assert check(mails), (what, [str(m) for m in mails])


# ---- when a refusal is told ----

REFUSALS = """set refuse-at %s
c: reject 554 5.7.9 "not {client.ip}" if client.ip = 192.0.2.1
t: tempfail 450 4.7.9 "later, {client.ip}" if client.ip = 192.0.2.2
h: reject 554 5.7.9 "not {helo}" if helo = bad.example
m: reject 554 5.7.9 "not {sender}" if sender = bad@client.example
"""
REFUSED = [  # client, HELO, sender, the reply, the stage of its rule
    ("192.0.2.1", "x.example", "a", "554 5.7.9 not 192.0.2.1", "connect"),
    ("192.0.2.2", "x.example", "a", "450 4.7.9 later, 192.0.2.2", "connect"),
    ("192.0.2.3", "bad.example", "a", "554 5.7.9 not bad.example", "helo"),
    ("192.0.2.3", "x.example", "bad", "554 5.7.9 not bad@client.example", "mail"),
]


def test_refuse_at():
    order = ["connect", "helo", "mail", "rcpt"]
    for at in order:
        with site.filtering(REFUSALS % at) as d:
            for address, helo, local, reply, stage in REFUSED:
                what = "refuse-at %s: %s" % (at, reply)
                with site.connect(proxy=address, helo=helo) as c:
                    # a refused connection: Postfix says so in its banner, and waits for MAIL
                    banner = 554 if at == "connect" and address == "192.0.2.1" else 220
                    equal(c.banner.code, banner, what)
                    answer = c.mail(local + "@client.example")
                    if at == "rcpt":
                        equal(answer.code, 250, what)
                        answer = c.rcpt("b@example.test")
                    equal("%d %s" % answer, reply, what)
                line = d.logged(text=reply[10:])[0]
                equal(line["stage"], max(at, stage, key=order.index), what)


# ---- messages ----

def test_headers_go_on_top():
    with site.filtering('add-header "X-First" "1"\nadd-header "X-Second" "{client.ip}"\n'):
        mail = site.copy(site.send()[1])
        names = [n for n in mail.keys() if n in ("X-First", "X-Second", "Received", "Subject")]
        assert names.index("Received") == 2, names
        equal(names[-1], "Subject")


def test_odd_texts_in_headers():
    rules = """add-header "X-Odd" "{raw.header(X-In)}"
set-header "Subject" "[{sender.local}] {raw.header(Subject)}"
"""
    with site.filtering(rules):
        headers = [("Subject", "caf\u00e9"), ("X-In", "a\n\tb 100% %s")]
        mail = site.copy(site.send(headers=headers)[1])
        equal(mail["X-Odd"].split(), ["a", "b", "100%", "%s"])
        equal(str(make_header(decode_header(mail["Subject"]))), "[a] caf\u00e9")
        equal(mail["Subject"].isascii(), True)


def test_quarantine():
    with site.filtering('add-header "X-Why" "{raw.header(Subject)}"\n'
                   'q: quarantine "odd" if raw.header("Subject") ~ /odd/\n') as d:
        queue = queue_id(site.send(headers=[("Subject", "odd one")])[1])
        equal(site.queued()[queue]["queue_name"], "hold")
        equal(site.queued_text(queue)["X-Why"], "odd one")
        equal(d.logged(action="accept")[0]["id"], queue)
        site.run("postsuper", "-H", queue)
        site.run("postqueue", "-i", queue)
        equal(len(site.delivered(queue)), 1)


def test_spf():
    zone = """client.example TXT "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all"
strict.example TXT "v=spf1 -all"
slow.example TIMEOUT
helo.example TXT "v=spf1 ip4:192.0.2.77 -all"
"""
    rules = """set dns-zone "zone"
add-header "X-SPF" "{spf} {spf.domain} {spf.helo}"
spf-later: tempfail 451 4.4.3 "SPF lookup failed, try again" if spf = temperror
spf-fail: reject 550 5.7.23 "{spf.reason}" if spf = fail
"""
    with site.filtering(rules, files={"zone": zone}) as d:
        for address in (STRANGER, "2001:db8::77"):
            with site.connect(proxy=address) as c:
                equal(site.copy(c.send()[1])["X-SPF"].split()[:2], ["pass", "client.example"])
        with site.connect(helo="helo.example") as c:
            equal(site.copy(c.send(sender="a@unknown.example")[1])["X-SPF"].split()[::2],
                  ["none", "pass"])
            # of the null sender: the HELO name
            equal(site.copy(c.send(sender="")[1])["X-SPF"].split()[:2], ["pass", "helo.example"])
            answer = c.send(sender="a@strict.example")[1]
            equal(code(answer), "550 5.7.23")
            assert "strict.example" in answer.text and STRANGER in answer.text, answer
            equal(c.send(sender="a@slow.example")[1],
                  Answer(451, "4.4.3 SPF lookup failed, try again"))
        equal(d.logged(rule="spf-fail")[0]["dsn"], "5.7.23")


def test_null_sender():
    rules = """null: reject 550 5.5.3 "A bounce has one recipient"
    if sender = <> and recipient.count > 1
add-header "X-From" "{sender}"
"""
    with site.filtering(rules) as d:
        equal(site.copy(site.send(sender="")[1])["X-From"], "<>")
        answers, last = site.send(sender="", recipients=["b@example.test", "c@example.test"])
        equal([a.code for a in answers], [250, 250])
        equal(code(last), "550 5.5.3")
        equal(d.logged(rule="null")[0]["from"], "<>")


def test_too_large_a_body():
    rules = """set max-message-size 10K
late: reject if raw.body ~ /the end/
"""
    with site.filtering(rules) as d:
        equal(code(site.send(body="a line\n" * 10000 + "the end\n")[1]), "451 4.3.0")
        equal(code(site.send(body="the end\n" + "a line\n" * 10000)[1]), "550 5.7.1")
        equal(len(site.copies(site.send(body="a line\n" * 1000)[1])), 1)
        equal(d.logged(rule="late")[0]["cause"], "error")


# ---- recipients ----

def test_one_of_two_recipients_is_refused():
    rule = 'no: reject "No mail for {recipient}" if recipient = spamtrap@example.test\n'
    with site.filtering(rule) as d:
        answers, last = site.send(recipients=["b@example.test", "spamtrap@example.test"])
        equal([a.code for a in answers], [250, 550])
        equal(answers[1].text, "5.7.1 No mail for spamtrap@example.test")
        equal(site.copy(last)["Delivered-To"], "b@example.test")
        equal(d.logged(rule="no")[0]["to"], "spamtrap@example.test")
        accepted = d.logged(action="accept")[0]
        equal((accepted["to"], accepted["id"]), ("b@example.test", queue_id(last)))


MIXED = """set mixed-recipients %s
roles: accept if recipient.local = postmaster
spam: reject if raw.header("Subject") ~ /spam/
lost: discard if recipient.local = drop and raw.header("Subject") ~ /lost/
"""
BOTH = ["postmaster@example.test", "b@example.test"]


def test_split_and_a_retry():
    with site.filtering(MIXED % "split") as d:
        for subject, end in (("spam", 550), ("ham", 250)):
            headers = [("Subject", subject)]
            answers, last = site.send(recipients=BOTH, headers=headers)
            equal([a.code for a in answers], [250, 452])
            equal(answers[1].text, "4.5.3 Send separately")
            equal(site.copy(last)["Delivered-To"], BOTH[0])
            times = 1 if subject == "spam" else 2
            equal(len(d.logged(times, cause="split", to=BOTH[1])), times)
            answers, last = site.send(recipients=BOTH[1:], headers=headers)
            equal([answers[0].code, last.code], [250, end])
        equal(site.copy(last)["Delivered-To"], BOTH[1])


def test_mixed_recipients_deliver_and_drop():
    spam, lost = [("Subject", "spam")], [("Subject", "lost")]
    for mode, names in (("deliver", BOTH), ("drop", BOTH[:1])):
        with site.filtering(MIXED % mode) as d:
            answers, last = site.send(recipients=BOTH, headers=spam)
            equal([a.code for a in answers], [250, 250], mode)
            equal({m["Delivered-To"] for m in site.copies(last)}, set(names), mode)
            equal(len(d.logged(rule="spam")), 1, mode)
            _, last = site.send(recipients=["drop@example.test", "b@example.test"], headers=lost)
            equal(site.copy(last)["Delivered-To"], "b@example.test", mode)
            _, last = site.send(recipients=["drop@example.test"], headers=lost)
            equal(site.copies(last), [], mode)
            equal(code(site.send(headers=spam)[1]), "550 5.7.1", mode)


def test_100_recipients():
    with site.filtering('no: reject "Not {recipient.local}" if recipient.local ~ /[05]$/\n') as d:
        names = ["user%02d" % n for n in range(100)]
        answers, last = site.send(recipients=[n + "@example.test" for n in names])
        equal([a.code for a in answers], [550 if n[-1] in "05" else 250 for n in names])
        equal({m["Delivered-To"] for m in site.copies(last)},
              {n + "@example.test" for n in names if n[-1] not in "05"})
        equal(len(d.logged(20, rule="no")), 20)
        equal(d.logged(action="accept")[0]["nrcpt"], "80")


# ---- the dialogue ----

DIALOGUE = """h: reject "not {helo}" if helo = bad.example
m: reject "not {sender}" if sender.local = bad
r: reject "not {recipient}" if recipient.local = bad
s: reject "not this" if raw.header("Subject") ~ /bad/
"""


def test_transactions_do_not_mix():
    with site.filtering(DIALOGUE), site.connect() as c:
        for _ in range(3):
            equal(c.send(sender="bad@client.example")[1].code, 550)
            equal(c.send()[1].code, 250)
            equal(c.send(headers=[("Subject", "bad")])[1].code, 550)
            equal(c.send(recipients=["bad@example.test", "b@example.test"])[1].code, 250)
        c.mail("bad@client.example")
        equal(c.say("RSET").code, 250)
        equal(c.send()[1].code, 250)
        c.mail()
        c.rcpt("b@example.test")
        c.ehlo("bad.example")  # ends the transaction
        equal(c.rcpt("b@example.test").code, 503)
        equal(c.send()[1].text, "5.7.1 not bad.example")
        c.say("HELO good.example")
        equal(c.send()[1].code, 250)


def test_pipelining():
    commands = ("MAIL FROM:<a@client.example>\r\nRCPT TO:<bad@example.test>\r\n"
                "RCPT TO:<b@example.test>\r\nRCPT TO:<c@example.test>\r\nDATA\r\n")
    with site.filtering(DIALOGUE), site.connect() as c:
        c.write(commands)
        equal([c.answer().code for _ in range(5)], [250, 550, 250, 250, 354])
        c.write("Subject: one\r\n\r\none\r\n.\r\n" + commands.replace("a@", "bad@") + "RSET\r\n")
        first = c.answer()
        equal([c.answer().code for _ in range(6)], [250, 550, 550, 550, 554, 250])
        equal({m["Delivered-To"] for m in site.copies(first)},
              {"b@example.test", "c@example.test"})


def test_bdat():
    with site.filtering(DIALOGUE), site.connect() as c:
        for subject, end in (("good", 250), ("bad", 550)):
            c.mail()
            c.rcpt("b@example.test")
            message = "Subject: %s\r\n\r\nHello\r\n" % subject
            c.write("BDAT 10\r\n" + message[:10])
            equal(c.answer().code, 250)
            c.write("BDAT %d LAST\r\n%s" % (len(message) - 10, message[10:]))
            equal(c.answer().code, end)


def test_smtputf8():
    rules = 'r: reject "Nicht f\u00fcr {recipient}" if recipient.local = "j\u00fcrgen"\n'
    with site.filtering(rules) as d, site.connect() as c:
        equal(c.mail("a@client.example", "SMTPUTF8").code, 250)
        equal(c.rcpt("j\u00fcrgen@example.test"),
              Answer(550, "5.7.1 Nicht f\u00fcr j\u00fcrgen@example.test"))
        equal(d.logged(rule="r")[0]["to"], "j\u00fcrgen@example.test")


def test_client_drops_at_every_point():
    said = ["MAIL FROM:<a@client.example>", "RCPT TO:<b@example.test>",
            "RCPT TO:<bad@example.test>", "DATA", "Subject: x\r\n\r\nand then"]
    with site.filtering(DIALOGUE) as d:
        for n in range(len(said) + 1):
            with site.connect() as c:
                for line in said[:n]:
                    c.write(line + "\r\n")
                    if line[:4] in ("MAIL", "RCPT", "DATA"):
                        c.answer()
        equal(site.send()[1].code, 250)
        start = time.monotonic()
        equal(d.stop(), 0)
        assert time.monotonic() - start < 2, "a session that is over was waited for"


# ---- what is logged ----

def test_log():
    with site.filtering(DIALOGUE + 'say: log "{sender} writes"\n') as d:
        with site.connect() as c:
            names = ["bad@example.test", "b@example.test", "c@example.test"]
            queue = queue_id(c.send(recipients=names)[1])
            last = c.send(headers=[("Subject", "bad")])[1]
        equal(code(last), "550 5.7.1")
        refused, said, accepted, end = d.logged(4)
        equal((refused["rule"], refused["stage"], refused["to"]), ("r", "rcpt", "bad@example.test"))
        equal((said["id"], said["note"], said["text"]), (queue, "log", "a@client.example writes"))
        equal((accepted["id"], accepted["cause"], accepted["nrcpt"]), (queue, "default", "2"))
        assert site.await_log(r" %s: milter-reject: END-OF-MESSAGE" % end["id"]), "not its queue id"
        for line in d.records():
            equal((line["client"], line["helo"], line["from"]),
                  (STRANGER, "client.example", "a@client.example"))
            assert float(line["ms"]) < 1000, line
        for line in refused, end:
            assert re.search(r"postern\.conf:\d+$", line["place"]), line
            equal((line["code"], line["dsn"]), ("550", "5.7.1"))


def test_mode_monitor():
    with site.filtering("set mode monitor\n" + DIALOGUE) as d:
        equal(site.send(sender="bad@client.example")[1].code, 250)
        line = d.logged(rule="m")[0]
        equal((line["action"], line["obeyed"]), ("reject", "no"))


if __name__ == "__main__":
    sys.exit(main(globals()))

#!/usr/bin/env python3
"""`postern run` behind a real Postfix: what SMTP clients see, and what becomes of their mail.

    POSTERN=./postern tests/mta/test_postfix.py [WORD...]

runs the tests whose names hold one of the words, or all. Needs root and Postfix, and for some tests
openssl and saslpasswd2; what can't run is skipped and says why. Touches no other Postfix.
"""

import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import time

import postfix
from harness import Daemon, equal, main
from postfix import PROXY, Postfix, Service
from smtpclient import Answer, Closed, Smtp, queue_id

AUTH = {"smtpd_sasl_auth_enable": "yes",
        "smtpd_relay_restrictions": "permit_sasl_authenticated, reject_unauth_destination"}
SERVICES = {
    "relay": Service(PROXY),
    "submission": Service({**PROXY, **AUTH, "smtpd_tls_security_level": "encrypt"}),
    "submissions": Service({**PROXY, **AUTH, "smtpd_tls_wrappermode": "yes"}),
    "plain": Service(),
    "plain6": Service(host="::1"),
    "chroot": Service({"smtpd_milters": "unix:postern/s"}, chroot="y"),
    "accept": Service({"milter_default_action": "accept"}),
    "reject": Service({"milter_default_action": "reject"}),
    "quarantine": Service({"milter_default_action": "quarantine"}),
}
USER, PASSWORD = "alice@example.test", "secret"
STRANGER = "192.0.2.77"

mta = None  # the Postfix that all tests share


def filtering(rules, **more):
    """A daemon with these rules at the socket that Postfix knows."""
    return Daemon('set socket "unix:%s" group postfix\n%s' % (mta.socket, rules), **more)


def connect(service="relay", proxy=STRANGER, helo="client.example", **more):
    """A client that has said EHLO."""
    if PROXY.items() <= SERVICES[service].options.items():
        more["proxy"] = proxy
    client = Smtp(mta.ports[service], host=SERVICES[service].host, **more)
    client.ehlo(helo)
    return client


def send(service="relay", **message):
    """A client with one mail: the answers to RCPT, and that to the mail."""
    with connect(service) as c:
        return c.send(**message)


def code(answer):
    """An answer as `550 5.7.1`."""
    return "%d %s" % (answer.code, answer.text.partition(" ")[0])


def taken(answer):
    """The queue id of a mail that was taken."""
    equal(answer.code, 250, answer.text)
    return queue_id(answer)


def delivered(answer):
    """The one mail that was delivered."""
    mails = mta.delivered(taken(answer))
    equal(len(mails), 1, "copies delivered")
    return mails[0]


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


def goes_to(*more):
    """To these, and to nobody else but to whom it was sent if None is among them."""
    def check(mails):
        to = {m["Delivered-To"].partition("@")[0] for m in mails}
        return to == set(more) if None not in more else to > set(more) - {None}
    return check


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
    "redirect": ('redirect "else@example.test"', None, goes_to("else")),
    "copy": ('copy-to "else@example.test"', None, goes_to(None, "else")),
    "monitor": ("monitor reject", None, headers_are("X-Old", "one", "two")),
    "log": ('log "seen"', None, headers_are("X-Old", "one", "two")),
}


def run_cell(n, stage, action):
    """A session in which the rule of cell n is true: the last answer, and what it answers."""
    def at(s, yes, no):
        return yes.replace("{n}", str(n)) if s == stage else no

    recipients = [at("rcpt", "cell{n}", "b")] + (["c"] if stage == "data" else [])
    with connect(proxy=at("connect", "192.0.2.{n}", STRANGER), helo=helo_of(n, stage)) as c:
        sender = at("mail", "cell{n}", at("data", "two{n}", "a")) + "@client.example"
        equal(c.mail(sender).code, 250)
        for r in recipients:
            answer = c.rcpt(r + "@example.test")
            if answer.code != 250:
                return answer, "RCPT"
        answer = c.say("DATA")
        if answer.code != 354:
            return answer, "DATA"
        headers = [("X-Cell", at("headers", "cell{n}", "none")), ("X-Old", "one"), ("X-Old", "two"),
                   ("X-Rest", "reject" if action == "accept" else "none")]
        return c.content(headers, "text\n" + at("body", "cell={n};\n", "")), "dot"


def helo_of(n, stage):
    return "cell%d.example" % n if stage == "helo" else "client.example"


def test_every_stage_and_action():
    cells = [(n + 1, s, a) for n, (s, a) in enumerate((s, a) for s in STAGES for a in ACTIONS)]
    rules = ["%s-%s: %s if %s\n" % (a, s, ACTIONS[a][0], STAGES[s].replace("{n}", str(n)))
             for n, s, a in cells]
    told = {"data": "DATA", "headers": "dot", "body": "dot"}  # others at RCPT
    ends = []
    with filtering("".join(rules) + "rest: reject if raw.header(\"X-Rest\") = reject\n") as d:
        for n, stage, action in cells:
            what = "%s for a fact of %s" % (action, stage)
            answer, where = run_cell(n, stage, action)
            _, want, check = ACTIONS[action]
            if want:
                want = want.replace("{helo}", helo_of(n, stage))
                equal("%d %s" % answer, want, what)
                equal(where, told.get(stage, "RCPT"), what)
            else:
                ends.append((what, taken(answer), check))
            if ACTIONS[action][0] not in ("monitor reject", 'log "seen"') and (
                    want or action in ("accept", "discard")):
                equal(len(d.logged(rule="%s-%s" % (action, stage))), 1, what)
    for what, queue, check in ends:
        if check == "hold":
            equal(mta.queued()[queue]["queue_name"], "hold", what)
        else:
            assert check(mta.delivered(queue)), (what, [str(m) for m in mta.delivered(queue)])


# ---- when a refusal is told ----

def test_refuse_at():
    rules = """set refuse-at %s
c: reject 554 5.7.9 "not {client.ip}" if client.ip = 192.0.2.1
t: tempfail 450 4.7.9 "later, {client.ip}" if client.ip = 192.0.2.2
h: reject 554 5.7.9 "not {helo}" if helo = bad.example
m: reject 554 5.7.9 "not {sender}" if sender = bad@client.example
"""
    want = {  # the command that is refused: Postfix itself waits for MAIL at the least
        "connect": "MAIL", "helo": "MAIL", "mail": "MAIL", "rcpt": "RCPT"}
    clients = [("192.0.2.1", "x.example", "a", "554 5.7.9 not 192.0.2.1"),
               ("192.0.2.2", "x.example", "a", "450 4.7.9 later, 192.0.2.2"),
               ("192.0.2.3", "bad.example", "a", "554 5.7.9 not bad.example"),
               ("192.0.2.3", "x.example", "bad", "554 5.7.9 not bad@client.example")]
    for at, command in want.items():
        with filtering(rules % at) as d:
            for address, helo, local, reply in clients:
                what = "refuse-at %s: %s" % (at, reply)
                with connect(proxy=address, helo=helo) as c:
                    equal(c.banner.code, 554 if (at, address) == ("connect", "192.0.2.1") else 220, what)
                    answer = c.mail(local + "@client.example")
                    if command == "RCPT":
                        equal(answer.code, 250, what)
                        answer = c.rcpt("b@example.test")
                    equal("%d %s" % answer, reply, what)
                line = d.logged(text=reply[10:])[0]
                equal(line["stage"], min(at, "rcpt") if local == "a" else max("mail", at), what)


# ---- services ----

SERVICE_RULES = """add-header "X-Seen" "{daemon} {server.port} {sasl.user} {sasl.method} {tls.version}"
accept if sasl.user
must-auth: reject 530 5.7.0 "Authenticate first" if server.port in { 465, 587 }
not-here: reject "No relay for {sender.domain}" if daemon = relay and sender.domain = example.test
"""


def test_relay():
    with filtering(SERVICE_RULES):
        mail = delivered(send()[1])
        equal(mail["X-Seen"].split(), ["relay", "25"])
        equal(code(send(sender="alice@example.test")[1]), "550 5.7.1")
        equal(code(send(recipients=["b@else.example"])[1]), "554 5.7.1")  # Postfix's own refusal


def check_submission(service, port, method):
    """Who has logged in may write to all the world, and who has not to nobody."""
    if method is None:
        raise Skip("no openssl (Debian: openssl)")
if __name__ == "__main__":
    why = postfix.missing()
    if why:
        print("1..0 # SKIP test_postfix: " + why)
        sys.exit(0)
    with Postfix(SERVICES) as mta:
        sys.exit(main(globals()))

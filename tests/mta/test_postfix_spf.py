#!/usr/bin/env python3
"""SPF behind a real Postfix: who is checked, by which identity, and what the client is told.

    POSTERN=./postern tests/mta/test_postfix_spf.py [WORD...]

runs the tests whose names hold one of the words, or all. Needs root and Postfix, and for some tests
openssl and saslpasswd2. Touches no other Postfix.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "spf"))

import mailsite
from dnsserver import Server
from harness import POSTERN, Skip, equal
from mailsite import PASSWORD, USER, code, main
from postfix import PROXY, Service
from spfsite import BACKUP, BAD, BAD6, FORWARDER6, GOOD, GOOD6, TOLD, ZONE, filtering, result
from zone import Zone

site = None  # the Postfix that all tests share

SHIPPED = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../rules/spf.rules"))

# A service that takes its clients' certificates, of those whom its file names.
mailsite.SERVICES["certified"] = Service({
    **PROXY, "smtpd_tls_ask_ccert": "yes", "smtpd_tls_CAfile": "$config_directory/client.pem"})


def shipped():
    """The rules that admins get."""
    return filtering(site, 'include "%s"\n' % SHIPPED)


# ---- which identity ----

def test_trap_11_a_pass_of_the_helo_is_not_one_of_the_sender():
    rules = TOLD + 'add-header "X-Welcome" "yes" if spf = pass\n'
    with filtering(site, rules), site.connect(proxy=GOOD, helo="good.example") as c:
        for sender, want in (("a@strict.example", "550 5.7.23"),
                             ("a@soft.example", "softfail pass"),
                             ("a@nowhere.example", "none pass"),
                             ("a@neutral.example", "neutral pass"),
                             ("a@good.example", "pass pass")):
            equal(result(site, c, ""), "pass pass", "before " + sender)  # a bounce: by its HELO
            equal(result(site, c, sender), want, sender)
        for sender in ("a@soft.example", "a@nowhere.example"):
            equal(site.copy(c.send(sender=sender)[1])["X-Welcome"], None, sender)
        # nor the other way round, and a second HELO begins anew
        c.ehlo("strict.example")
        equal(result(site, c, "a@good.example"), "pass fail")
        equal(result(site, c, ""), "550 5.7.23")
        c.ehlo("neutral.example")
        equal(result(site, c, ""), "neutral neutral")


def test_trap_12_the_name_of_a_certificate_is_no_user():
    if not shutil.which("openssl"):
        raise Skip("needs openssl (Debian: openssl)")
    key, cert = (os.path.join(site.etc, name) for name in ("client.key", "client.pem"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=" + USER,
                    "-keyout", key, "-out", cert], stderr=subprocess.DEVNULL, check=True)
    rules = 'users: accept if sasl.user\nadd-header "X-Name" "{macro({cert_subject})}"\n' + TOLD
    with filtering(site, rules) as d, site.connect("certified", proxy=BAD) as c:
        equal(c.starttls(certificate=(cert, key)).code, 220)
        c.ehlo()
        equal(code(c.send(sender="a@strict.example")[1]), "550 5.7.23")
        # AUTH= is what a client claims
        equal(c.mail("a@strict.example", "AUTH=" + USER).code, 250)
        equal(code(c.rcpt("b@example.test")), "550 5.7.23")
        c.say("RSET")
        # Postfix has believed the certificate, and told us
        equal(site.copy(c.send(sender="a@neutral.example")[1])["X-Name"], USER)
        equal(d.logged(0, rule="users"), [])


def test_null_sender_is_checked_by_its_helo():
    with filtering(site, TOLD) as d:
        for helo, proxy, want in (("good.example", GOOD, "pass pass"),
                                  ("good.example", GOOD6, "pass pass"),
                                  ("good.example", BAD, "550 5.7.23"),
                                  ("good.example", BAD6, "550 5.7.23"),
                                  ("slow.example", BAD, "temperror temperror"),
                                  ("broken.example", BAD, "permerror permerror"),
                                  ("nowhere.example", BAD, "none none"),
                                  ("[198.51.100.66]", BAD, "none none"),
                                  ("localhost", BAD, "none none")):
            with site.connect(proxy=proxy, helo=helo) as c:
                equal(result(site, c, ""), want, helo)
        line = d.logged(2, rule="fail")[0]
        equal((line["from"], line["helo"], line["client"]), ("<>", "good.example", BAD))


# ---- which client ----

def test_a_client_with_ipv6():
    with filtering(site, TOLD) as d:
        for proxy, want in ((GOOD6, "pass none"), (BAD6, "550 5.7.23")):
            with site.connect(proxy=proxy) as c:
                equal(result(site, c, "a@good.example"), want, proxy)
        line = d.logged(rule="fail")[0]
        equal(line["client"], BAD6)
        assert BAD6 in line["text"], line


def test_a_client_with_ipv4_mapped_into_ipv6():
    with filtering(site, TOLD) as d:
        for proxy, want in (("::ffff:" + GOOD, "pass none"), ("::ffff:" + BAD, "550 5.7.23")):
            with site.connect(proxy=proxy) as c:
                equal(result(site, c, "a@good.example"), want, proxy)
        equal(d.logged(rule="fail")[0]["client"], BAD)


def test_a_client_of_the_loopback_interface_is_one_like_others():
    with filtering(site, TOLD):
        for service in mailsite.SERVICES.keys() & {"plain", "plain6"}:
            with site.connect(service) as c:
                equal(result(site, c, "a@good.example"), "550 5.7.23", service)
                equal(result(site, c, "a@neutral.example"), "neutral none", service)


# ---- who is not checked ----

def test_no_spf_on_authenticated_mail():
    if not site.submits:
        raise Skip("needs openssl and saslpasswd2 (Debian: openssl, sasl2-bin, libsasl2-modules)")
    with shipped() as d:
        for login in (False, True):
            with site.connect("submissions", proxy=BAD, server_port=465, tls=True) as c:
                if login:
                    equal(c.login(USER, PASSWORD).code, 235)
                for sender, refused in (("a@strict.example", "550 5.7.23"),
                                        ("a@slow.example", "451 4.4.3"),
                                        ("a@broken.example", "550 5.7.24")):
                    last = c.send(sender=sender)[1]
                    if login:
                        equal(len(site.copies(last)), 1, sender)
                    else:
                        equal(code(last), refused, sender)
        equal(len(d.logged(3, action="accept")), 3)


def test_no_spf_behind_a_backup_mx_or_forwarder():
    rules = 'list known of networks from "known"\naccept if client.ip in known\n' + TOLD
    known = BACKUP + "\n2001:db8:7::/64\n!192.0.2.9\n192.0.2.0/24\n"
    with site.filtering('set dns-zone "zone"\n' + rules, files={"zone": ZONE, "known": known}):
        for proxy, want in ((BACKUP, 250), (FORWARDER6, 250), ("192.0.2.8", 250),
                            ("192.0.2.9", 550), ("203.0.113.26", 550), ("2001:db8:8::25", 550)):
            with site.connect(proxy=proxy) as c:
                equal(c.send(sender="a@strict.example")[1].code, want, proxy)


def test_postmaster_is_reached_by_all_and_nobody_beside():
    with shipped(), site.connect(proxy=BAD) as c:
        names = ["postmaster@example.test", "b@example.test"]
        answers, last = c.send(sender="a@strict.example", recipients=names)
        equal([a.code for a in answers], [250, 550])
        equal(site.copy(last)["Delivered-To"], names[0])
        answers, last = c.send(sender="a@slow.example", recipients=names[::-1])
        equal([a.code for a in answers], [451, 250])
        equal(site.copy(last)["Delivered-To"], names[0])


# ---- a policy of its own for each result, and what is told ----

RESULTS = [  # sender, the answer (None: taken), what its text tells, the rule
    ("a@strict.example", "550 5.7.23", ("strict.example", BAD), "spf-fail"),
    ("a@slow.example", "451 4.4.3", ("again later", "slow.example"), "spf-later"),
    ("a@broken.example", "550 5.7.24", ("postmaster of broken.example",), "spf-error"),
    ("a@soft.example", "550 5.7.1", ("5 points",), "spam"),  # it has no name either
    ("a@neutral.example", None, (), None),
    ("a@nowhere.example", None, (), None),
    ("", None, (), None),
]


def test_temperror_none_and_bounces_have_policies_of_their_own():
    with shipped() as d:
        for sender, want, told, rule in RESULTS:
            with site.connect(proxy=BAD) as c:
                last = c.send(sender=sender)[1]
                if want is None:
                    mail = site.copy(last)
                    equal(mail["X-Spam-Status"], "2 points: nameless=2", sender)
                    assert mail["Authentication-Results"].startswith("mx.example.test; spf=n"), mail
                    continue
                equal(code(last), want, sender)
                for words in told:
                    assert words in last.text, last
                equal(d.logged(rule=rule)[0]["from"], sender)
        # a bounce in the name of a host that denies it, or can't be asked
        for helo, want in (("strict.example", "550 5.7.23"), ("slow.example", "451 4.4.3")):
            with site.connect(proxy=BAD, helo=helo) as c:
                equal(code(c.send(sender="")[1]), want, helo)


def test_550_never_comes_with_a_code_of_class_4():
    with shipped():
        for sender, want, _, _ in RESULTS:
            with site.connect(proxy=BAD) as c:
                answer = c.send(sender=sender)[1]
                equal(str(answer.code)[0], answer.text[0] if want else "2", answer)
    for rule in ('reject 550 4.7.23 "no"', 'tempfail 451 5.7.23 "later"'):
        with tempfile.NamedTemporaryFile("w", suffix=".rules") as f:
            f.write(rule + " if spf = fail\n")
            f.flush()
            done = subprocess.run([POSTERN, "check", "-c", f.name], capture_output=True, text=True,
                                  check=False)
        equal(done.returncode, 65, rule)
        assert "error:" in done.stderr, done.stderr


def test_a_refusal_says_why():
    with filtering(site, TOLD):
        with site.connect(proxy=BAD) as c:
            text = c.send(sender="a@good.example")[1].text
            for words in "5.7.23 ", "good.example", BAD:
                assert words in text, text
            # in the domain's own words, whatever the sender puts into them
            equal(c.send(sender="50%n@explained.example")[1].text,
                  "5.7.23 50%%n is no user of explained.example at %s, 100%%" % BAD)


def test_the_log_names_rule_client_and_sender():
    with shipped() as d:
        for proxy, helo, sender in ((BAD, "c.example", "a@strict.example"),
                                    (BAD6, "strict.example", "")):
            with site.connect(proxy=proxy, helo=helo) as c:
                equal(code(c.send(sender=sender)[1]), "550 5.7.23")
            line = d.logged(client=proxy)[0]
            equal((line["action"], line["rule"], line["code"], line["dsn"], line["stage"]),
                  ("reject", "spf-fail", "550", "5.7.23", "rcpt"))
            equal((line["helo"], line["from"], line["to"]),
                  (helo, sender or "<>", "b@example.test"))
            assert re.search(r"spf\.rules:\d+$", line["place"]), line
            assert "strict.example" in line["text"] and proxy in line["text"], line


def test_a_hostile_record_does_no_harm():
    zone = 'exp.example TXT "v=spf1 -all exp=%s"\n' % ("%{d}" * 127)
    zone += 'exists.example TXT "v=spf1 exists:%sA -all"\n' % ("%{d}" * 127)
    zone += 'long.example TXT "v=spf1 %s ip4:198.51.100.1 -all"\n' % " ".join(
        "ip4:192.0.2.%d" % n for n in range(70))
    with filtering(site, TOLD, zone) as d, site.connect(proxy=GOOD) as c:
        for domain, want in (("exp.example", "550"), ("exists.example", "permerror none"),
                             ("long.example", "pass none")):
            equal(result(site, c, "a@" + domain)[:len(want)], want, domain)
        equal(d.process.poll(), None)


# ---- DNS servers ----

def asking(servers, rules, settings=""):
    """A daemon that asks these servers."""
    where = ", ".join('"%s"' % s for s in servers)
    return site.filtering("set dns-server { %s }\n%s%s" % (where, settings, rules))


def records():
    """ZONE as servers have it."""
    return Zone(ZONE.replace('"', ""))


def names(server):
    """What it was asked for."""
    return [name.decode() for name, _, _ in server.asked]

def test_a_huge_txt_answer_that_needs_tcp():
    zone = records()
    zone.add("huge.example", 16, "v=spf1 " + " ".join(
        "ip4:192.0.2.%d" % n for n in range(200)) + " ip4:198.51.100.1 -all")
    for n in range(40):
        zone.add("huge.example", 16, "some-service-verification=%d-%s" % (n, "x" * 120))
    with Server(zone) as server, asking([server.address], TOLD):
        for proxy, want in ((GOOD, "pass none"), (BAD, "550 5.7.23")):
            with site.connect(proxy=proxy) as c:
                equal(result(site, c, "a@huge.example"), want, proxy)
        equal([over for name, kind, over in server.asked if name == b"huge.example"],
              ["udp", "tcp"])


def test_a_message_costs_one_check():
    with Server(records()) as server, asking([server.address], TOLD):
        recipients = ["user%d@example.test" % n for n in range(5)]
        for proxy in (GOOD, GOOD6):
            with site.connect(proxy=proxy) as c:
                for _ in range(3):
                    last = c.send(sender="a@good.example", recipients=recipients)[1]
                    equal(len(site.copies(last)), 5)
        equal(sorted(names(server)), ["client.example", "good.example"])


def test_who_is_not_checked_costs_no_question():
    rules = 'list inside of networks { 192.0.2.0/24 }\naccept if client.ip in inside or sasl.user\n'
    with Server(records()) as server, asking(
            [server.address], rules + TOLD, "set spf-header both\n"):
        with site.connect(proxy="192.0.2.77") as c:
            equal(len(site.copies(c.send(sender="a@strict.example")[1])), 1)
        if site.submits:
            with site.connect("submissions", proxy=BAD, server_port=465, tls=True) as c:
                equal(c.login(USER, PASSWORD).code, 235)
                equal(len(site.copies(c.send(sender="a@strict.example")[1])), 1)
        equal(names(server), [])
        with site.connect(proxy=BAD) as c:
            equal(code(c.send(sender="a@strict.example")[1]), "550 5.7.23")
        assert "strict.example" in names(server)


def silence(server, query):
    return []


LATER = TOLD + 'later: tempfail 451 4.4.3 "SPF: {spf.reason}" if spf = temperror\n'
SHORT = "set spf-timeout 2s\nset dns-timeout 2s\n"  # Postfix waits for 30 s


def test_a_server_that_does_not_answer():
    with Server(udp=silence) as server, asking([server.address], LATER, SHORT) as d:
        start = time.monotonic()
        with site.connect(proxy=BAD) as c:
            equal(code(c.send(sender="a@good.example")[1]), "451 4.4.3")
        seconds = time.monotonic() - start
        assert 1.5 < seconds < 10, "%.1f s" % seconds
        assert server.asked, "nobody was asked"
        equal(d.logged(rule="later")[0]["code"], "451")


def test_no_server_at_all():
    with Server() as server:
        address = server.address
    with asking([address], LATER), site.connect(proxy=BAD) as c:
        start = time.monotonic()
        equal(code(c.send(sender="a@good.example")[1]), "451 4.4.3")
        assert time.monotonic() - start < 10


def test_the_second_server_answers_for_the_first():
    with Server(udp=silence) as dead, Server(records()) as server:
        with asking([dead.address, server.address], LATER), site.connect(proxy=GOOD) as c:
            equal(result(site, c, "a@good.example"), "pass none")


def test_many_mails_of_a_domain_that_stalls():
    """None waits for longer than Postfix does, nor does mail of others; they share the question."""
    with Server(records()) as server, asking([server.address], LATER, SHORT):
        slow, answers = [site.connect(proxy=BAD) for _ in range(20)], []

        def send(c):
            answers.append(code(c.send(sender="a@slow.example")[1]))

        threads = [threading.Thread(target=send, args=(c,)) for c in slow]
        start = time.monotonic()
        for t in threads:
            t.start()
        with site.connect(proxy=GOOD) as c:
            equal(c.send(sender="a@good.example")[1].code, 250)
        for t, c in zip(threads, slow):
            t.join(20)
            c.drop()
        seconds = time.monotonic() - start
        assert seconds < 15, "%.1f s" % seconds
        equal(answers, ["451 4.4.3"] * 20)
        assert names(server).count("slow.example") <= 4, server.asked


if __name__ == "__main__":
    sys.exit(main(globals()))

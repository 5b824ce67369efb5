#!/usr/bin/env python3
"""`postern run` behind a real Postfix: its services, its other ways in, and a daemon that goes.

    POSTERN=./postern tests/mta/test_postfix_services.py [WORD...]

runs the tests whose names hold one of the words, or all. Needs root and Postfix, and for submission
openssl and saslpasswd2. Touches no other Postfix.
"""

import os
import pwd
import re
import signal
import sys
import time

from harness import Daemon, Skip, equal
from mailsite import PASSWORD, SERVICES, USER, code, main, queue_id

site = None  # the Postfix that all tests share


# ---- services ----

SERVICE_RULES = """
add-header "X-Seen" "{daemon} {server.port} {sasl.user} {sasl.method} {tls.version}"
accept if sasl.user
must-auth: reject 530 5.7.0 "Authenticate first" if server.port in { 465, 587 }
own: reject "Log in to send as {sender}" if daemon = relay and sender.domain = example.test
"""


def test_relay():
    with site.filtering(SERVICE_RULES):
        equal(site.copy(site.send()[1])["X-Seen"].split(), ["relay", "25"])
        equal(code(site.send(sender="alice@example.test")[1]), "550 5.7.1")
        equal(code(site.send(recipients=["b@else.example"])[1]), "554 5.7.1")  # by Postfix itself


def check_submission(service, port, starttls):
    """Who has logged in may write to all the world, and who has not to nobody."""
    if not site.submits:
        raise Skip("needs openssl and saslpasswd2 (Debian: openssl, sasl2-bin, libsasl2-modules)")
    with site.filtering(SERVICE_RULES) as d:
        with site.connect(service, server_port=port, tls=not starttls) as c:
            if starttls:
                equal(code(c.mail()), "530 5.7.0")  # by Postfix itself: STARTTLS first
                equal(c.starttls().code, 220)
                c.ehlo("after-tls.example")
            equal("%d %s" % c.send(sender=USER)[1], "530 5.7.0 Authenticate first")
            line = d.logged(rule="must-auth")[0]
            equal(line["helo"], "after-tls.example" if starttls else "client.example")
            # AUTH= of a client that has not logged in makes it nobody
            c.mail(USER, "AUTH=" + USER)
            equal(c.rcpt("b@example.test").code, 530)
            c.say("RSET")
            equal(code(c.login(USER, "wrong")), "535 5.7.8")
            equal(code(c.login(USER, PASSWORD)), "235 2.7.0")
            seen = site.copy(c.send(sender=USER)[1])["X-Seen"].split()
            equal(seen[:4], [service, str(port), USER, "PLAIN"])
            assert seen[4].startswith("TLSv1"), seen
            equal(c.send(sender=USER, recipients=["b@else.example"])[1].code, 250)


def test_submission_with_starttls():
    check_submission("submission", 587, True)


def test_submission_with_tls_from_the_first_byte():
    check_submission("submissions", 465, False)


def test_addresses_of_clients():
    rules = """add-header "X-Client" "{client.ip} {server.ip} {server.port}"
reject if client.ip in { 192.0.2.128/25, 2001:db8:bad::/48 }
"""
    with site.filtering(rules) as d:
        for address in ("192.0.2.5", "2001:db8::5"):
            with site.connect(proxy=address) as c:
                server = "2001:db8::25" if ":" in address else "203.0.113.25"
                equal(site.copy(c.send()[1])["X-Client"], "%s %s 25" % (address, server))
        for address in ("192.0.2.200", "2001:db8:bad::5"):
            with site.connect(proxy=address) as c:
                equal(code(c.send()[1]), "550 5.7.1")
            equal(len(d.logged(client=address, action="reject")), 1)
        for service in SERVICES.keys() & {"plain", "plain6"}:  # no PROXY line: as it comes
            host = SERVICES[service].host
            seen = site.copy(site.send(service)[1])["X-Client"]
            equal(seen, "%s %s %d" % (host, host, site.ports[service]))


def test_as_the_readme_says():
    """smtpd in its chroot, postern as a user of its own, the socket for Postfix's group alone."""
    folder = os.path.dirname(site.socket)
    nobody = pwd.getpwnam("nobody")
    before = os.stat(folder)
    os.chown(folder, nobody.pw_uid, before.st_gid)
    try:
        with Daemon('set socket "unix:%s" mode 0660 group postfix\nset user nobody\n'
                    'add-header "X-Seen" "yes"\n' % site.socket) as d:
            assert not d.await_line("can't", 0), d.lines
            equal(os.stat("/proc/%d" % d.process.pid).st_uid, nobody.pw_uid)
            equal(oct(os.stat(site.socket).st_mode & 0o777), "0o660")
            equal(site.copy(site.send("chroot")[1])["X-Seen"], "yes")
            equal(d.stop(), 0)
            assert not os.path.exists(site.socket)
    finally:
        os.chown(folder, before.st_uid, before.st_gid)


# ---- mail from sendmail(1) ----

def sendmail(subject, recipient="b@example.test"):
    """Hand a mail over as a program on this machine does; how its queue id is to be found."""
    token = "<%s.%d@example.test>" % (re.sub(r"\W", "-", subject), time.monotonic_ns())
    text = "Subject: %s\nMessage-Id: %s\n\nHello\n" % (subject, token)
    site.run("sendmail", "-f", "local@example.test", recipient, stdin=text.encode())
    found = site.await_log(r" (\w+): message-id=" + re.escape(token))
    assert found, "cleanup did not see it"
    return found.group(1)


def test_sendmail():
    rules = """add-header "X-Seen" "{client.ip} {helo} {daemon} {sender} {recipient}"
r: reject "Not {recipient}" if recipient.local = bad
s: reject 550 5.7.9 "No spam from here" if raw.header("Subject") ~ /spam/
l: tempfail if raw.header("Subject") ~ /later/
d: discard if raw.header("Subject") ~ /lost/
"""
    with site.filtering(rules) as d:
        queue = sendmail("hello")
        mails = site.delivered(queue)
        equal([m["X-Seen"].split()[-2:] for m in mails],
              [["local@example.test", "b@example.test"]])
        line = d.logged(action="accept")[0]
        equal((line["id"], line["client"], line["from"]),
              (queue, "127.0.0.1", "local@example.test"))
        # a refusal waits for the end of the message, which comes back to its sender
        for subject, recipient, text in (("spam", "b", "No spam from here"),
                                         ("hi", "bad", "Not bad@example.test")):
            queue = sendmail(subject, recipient + "@example.test")
            bounce = site.await_log(r" %s: sender non-delivery notification: (\w+)" % queue)
            mails = site.delivered(bounce.group(1))
            equal([m["Delivered-To"] for m in mails], ["local@example.test"])
            assert text in str(mails[0]), mails[0]
        equal(d.logged(rule="s")[0]["stage"], "body")
        equal(site.delivered(sendmail("lost")), [])
        sendmail("later")
        equal(d.logged(rule="l")[0]["action"], "tempfail")
        assert "maildrop" in [m["queue_name"] for m in site.queued().values()]
        site.run("postsuper", "-d", "ALL", "maildrop")


# ---- the daemon comes and goes ----

DOWN = [  # service, the answer to MAIL, where the mail goes
    ("plain", "451 4.7.1", None),
    ("reject", "550 5.5.0", None),
    ("accept", "250 2.1.0", "inbox"),
    ("quarantine", "250 2.1.0", "hold"),
]


def check_down(c, service, want, where):
    """What milter_default_action makes of a mail."""
    answer = c.mail()
    equal(code(answer), want, service)
    if where is None:
        return
    c.rcpt("b@example.test")
    last = c.data()
    if where == "hold":
        equal(site.queued()[queue_id(last)]["queue_name"], "hold", service)
    else:
        site.copy(last)


def test_postern_is_not_there():
    for service, want, where in DOWN:
        with site.connect(service) as c:
            check_down(c, service, want, where)


def test_postern_is_killed():
    for service, want, where in DOWN:
        with site.filtering("reject if helo = never.example\n") as d, site.connect(service) as c:
            d.process.kill()
            d.process.wait(10)
            check_down(c, service, want, where)
            with site.filtering('add-header "X-Back" "yes"\n'):  # over the socket it left behind
                equal(site.copy(site.send(service)[1])["X-Back"], "yes", service)


def test_sigterm_lets_a_session_finish():
    with site.filtering('add-header "X-Seen" "yes"\n') as d, site.connect() as c:
        c.mail()
        c.rcpt("b@example.test")
        d.process.send_signal(signal.SIGTERM)
        assert d.await_line("stopping")
        mail = c.data()
        c.quit()
        equal(site.copy(mail)["X-Seen"], "yes")
        equal(d.process.wait(5), 0)


if __name__ == "__main__":
    sys.exit(main(globals()))

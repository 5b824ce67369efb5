#!/usr/bin/env python3
"""SPF behind a real Postfix: what trusted relays tell, and the headers that a message gets.

    POSTERN=./postern tests/mta/test_postfix_spf_headers.py [WORD...]

runs the tests whose names hold one of the words, or all. Needs root and Postfix, and for some tests
openssl and saslpasswd2. Touches no other Postfix.
"""

import re
import sys

import mailsite
from harness import Skip, equal
from mailsite import PASSWORD, USER, code, main
from postfix import PROXY, Service
from spfsite import BACKUP, BAD, BAD6, FORWARDER6, GOOD, GOOD6, TOLD, filtering, result

site = None  # the Postfix that all tests share

# A backup MX, which has no filter and hands all on to `plain`.
mailsite.SERVICES["backup"] = Service({
    **PROXY, "smtpd_milters": "", "content_filter": "smtp:[127.0.0.1]:{plain}"})


# ---- behind a trusted relay ----

RELAYED = """list relays of networks { 203.0.113.25, 2001:db8:7::/64, 127.0.0.1 }
set trusted-relays relays
""" + TOLD


def received(helo, name, address, by="backup.example.test"):
    return ("Received", "from %s (%s [%s])\n\tby %s (Postfix) with ESMTP id 4711\n\tfor "
            "<b@example.test>; Mon, 23 Nov 2026 10:00:00 +0000 (UTC)" % (helo, name, address, by))


RECEIVED = [  # from above; what comes of a@good.example
    ([("mail.good.example", "unknown", GOOD)], "pass none"),
    ([("strict.example", "unknown", GOOD)], "pass fail"),
    ([("mail.good.example", "unknown", BAD)], "550 5.7.23"),
    ([("mail.good.example", "unknown", "IPv6:" + GOOD6)], "pass none"),
    ([("mail.good.example", "unknown", "IPv6:" + BAD6)], "550 5.7.23"),
    # what the client says of itself proves nothing
    ([("[%s]" % GOOD, "unknown", BAD)], "550 5.7.23"),
    ([("mail.good.example", "unknown", BAD), ("mail.good.example", "unknown", GOOD)], "550 5.7.23"),
    # from relay to relay
    ([("fwd.example", "fwd.example", "IPv6:" + FORWARDER6), ("good.example", "unknown", GOOD)],
     "pass pass"),
    ([("fwd.example", "fwd.example", "IPv6:" + FORWARDER6), ("good.example", "unknown", BAD)],
     "550 5.7.23"),
    # it can't be told
    ([], "none none"),
    ([("mail.good.example", "unknown", "198.51.100.300")], "none none"),
    ([("fwd.example", "fwd.example", "IPv6:" + FORWARDER6)], "none none"),
]


def test_a_trusted_relay_tells_by_its_received_who_is_checked():
    with filtering(site, RELAYED), site.connect(proxy=BACKUP, helo="backup.example.test") as c:
        for hops, want in RECEIVED:
            headers = [received(*hop) for hop in hops] + [("Subject", "hello")]
            equal(result(site, c, "a@good.example", headers=headers), want, hops)


def test_what_others_write_into_received_counts_for_nothing():
    with filtering(site, RELAYED), site.connect(proxy=BAD) as c:
        headers = [received("mail.good.example", "unknown", GOOD)]
        answers, last = c.send(sender="a@good.example", headers=headers)
        equal((code(answers[0]), code(last)), ("550 5.7.23", "550 5.7.23"))


def test_a_backup_mx_that_is_a_postfix():
    with filtering(site, RELAYED) as d:
        clients = [(GOOD, "strict.example", "a@good.example", "pass fail"),
                   (GOOD6, "nowhere.example", "a@good.example", "pass none"),
                   (GOOD, "good.example", "", "pass pass")]
        for n, (proxy, helo, sender, want) in enumerate(clients):
            with site.connect("backup", proxy=proxy, helo=helo) as c:
                equal(c.send(sender=sender)[1].code, 250)
            mail = site.delivered(d.logged(n + 1, client="127.0.0.1")[n]["id"])[0]
            equal(mail["X-SPF"].rsplit(" ", 1)[0], want, helo)
        # it has taken the mail already, so that a refusal makes it bounce
        with site.connect("backup", proxy=BAD) as c:
            equal(c.send(sender="a@good.example")[1].code, 250)
        line = d.logged(rule="fail")[0]
        equal((line["client"], line["from"]), ("127.0.0.1", "a@good.example"))
        assert BAD in line["text"], line
        assert site.await_log(r"postfix/bounce\[.*sender non-delivery notification")


# ---- headers ----

OURS = "mx.example.test"


def bare(value):
    """A header's value without its comments and quoted strings."""
    value = re.sub(r'"(?:[^"\\]|\\.)*"', '""', value)
    while "(" in value:
        value, n = re.subn(r"\((?:[^()\\]|\\.)*\)", "", value)
        assert n, value
    return value


def told(mail):
    """The two headers of SPF, without comments and quoted strings, white space made one."""
    return [" ".join(bare(v).split()) if v else None
            for v in (mail["Authentication-Results"], mail["Received-SPF"])]


def test_headers_stand_above_postfix_own():
    rules = 'set spf-header both\nadd-header "X-Mark" "{spf}"\n'
    with filtering(site, rules), site.connect(proxy=GOOD) as c:
        mail = site.copy(c.send(sender="a@good.example")[1])
        ours = ("Authentication-Results", "Received-SPF", "X-Mark", "Received", "Subject")
        equal([n for n in mail.keys() if n in ours], list(ours))
        results, received_spf = told(mail)
        equal(results, OURS + "; spf=pass smtp.mailfrom=a@good.example")
        for pair in ("pass receiver=" + OURS, "client-ip=" + GOOD, "identity=mailfrom",
                     'envelope-from=""', "helo=client.example"):
            assert pair in received_spf, received_spf
        assert 'envelope-from="a@good.example"' in mail["Received-SPF"], mail["Received-SPF"]
        assert "good.example" in mail["Authentication-Results"].partition("(")[2], mail


def test_headers_of_each_result_and_identity():
    rules = 'set spf-header authentication-results\nadd-header "X-HELO" "{spf.helo}"\n'
    with filtering(site, rules), site.connect(proxy=BAD6, helo="soft.example") as c:
        for sender, want in (("a@strict.example", "fail"), ("a@soft.example", "softfail"),
                             ("a@neutral.example", "neutral"), ("a@nowhere.example", "none"),
                             ("a@slow.example", "temperror"), ("a@broken.example", "permerror")):
            equal(told(site.copy(c.send(sender=sender)[1])),
                  ["%s; spf=%s smtp.mailfrom=%s; spf=softfail smtp.helo=soft.example" % (
                      OURS, want, sender), None])
        equal(told(site.copy(c.send(sender="")[1]))[0],
              OURS + "; spf=softfail smtp.helo=soft.example")


def test_forged_results_in_our_name_are_removed():
    forged = [OURS + "; spf=pass smtp.mailfrom=a@bank.example", "MX.Example.Test; dmarc=pass",
              ' (by (me)) "mx.example.test" 1; spf=pass', "\n\tmx.example.test;\n\tdkim=pass"]
    others = ["mx.example.net; dkim=pass", "mx.example.test.example; spf=pass", "nonsense"]
    headers = [("Authentication-Results", v) for v in forged[:2] + others + forged[2:]]
    for which in ("authentication-results", "both"):
        rules = 'set spf-header %s\n' % which
        with filtering(site, rules), site.connect(proxy=GOOD) as c:
            mail = site.copy(c.send(sender="a@good.example", headers=headers)[1])
            values = mail.get_all("Authentication-Results")
            equal(values[1:], others, which)
            equal(bare(values[0]).split(), [OURS + ";", "spf=pass", "smtp.mailfrom=a@good.example"])
    with filtering(site, 'set authserv-id example.test\n'
                   'set spf-header authentication-results\n'), site.connect(proxy=GOOD) as c:
        values = (OURS + "; x=y", "example.test; spf=pass")
        headers = [("Authentication-Results", v) for v in values]
        mail = site.copy(c.send(sender="a@good.example", headers=headers)[1])
        equal([v.partition(";")[0] for v in mail.get_all("Authentication-Results")],
              ["example.test", OURS])


def test_what_a_sender_writes_stays_in_quotes():
    senders = ['"x; dkim=pass header.d=bank.example"@good.example', '"a\\"(b"@good.example',
               "o'hara+x=y@good.example", "a;b=c@good.example"]
    rules = 'set spf-header both\n'
    with filtering(site, rules) as d, site.connect(proxy=GOOD, helo='x"(y;dkim=pass') as c:
        for n, sender in enumerate(senders):
            if c.mail(sender).code != 250:
                c.say("RSET")
                continue
            equal(c.rcpt("b@example.test").code, 250)
            mail = site.copy(c.data())
            results, received_spf = told(mail)
            assert results.startswith(OURS + "; spf=pass smtp.mailfrom="), mail
            assert received_spf.startswith("pass receiver=" + OURS), mail
            for value in (results, received_spf):
                assert "dkim" not in value and "bank" not in value, mail
            assert d.logged(n + 1, action="accept"), sender
        assert n > 0


def test_headers_of_smtputf8():
    zone = 'xn--bchner-3ya.example TXT "v=spf1 ip4:198.51.100.1 -all"\n'
    rules = 'set spf-header authentication-results\n'
    with filtering(site, rules, zone), site.connect(proxy=GOOD) as c:
        equal(c.mail("j\u00fcrgen@b\u00fcchner.example", "SMTPUTF8").code, 250)
        equal(c.rcpt("b@example.test").code, 250)
        mail = site.copy(c.data())
        value = dict(mail.raw_items())["Authentication-Results"]
        value = value.encode("ascii", "surrogateescape").decode()
        assert "spf=pass" in value and "j\u00fcrgen@b\u00fcchner.example" in value, value


def test_no_header_for_authenticated_mail():
    if not site.submits:
        raise Skip("needs openssl and saslpasswd2 (Debian: openssl, sasl2-bin, libsasl2-modules)")
    rules = 'set spf-header both\naccept if sasl.user\n'
    with filtering(site, rules):
        with site.connect("submissions", proxy=BAD, server_port=465, tls=True) as c:
            equal(told(site.copy(c.send(sender="a@strict.example")[1]))[0].split()[1], "spf=fail")
            equal(c.login(USER, PASSWORD).code, 235)
            equal(told(site.copy(c.send(sender="a@strict.example")[1])), [None, None])


def test_headers_behind_a_relay_tell_of_who_gave_it_the_mail():
    with filtering(site, "set spf-header both\n" + RELAYED.replace("fail:", "monitor")) as _:
        with site.connect(proxy=BACKUP, helo="backup.example.test") as c:
            headers = [received("mail.bad.example", "unknown", BAD)]
            mail = site.copy(c.send(sender="a@good.example", headers=headers)[1])
            results, received_spf = told(mail)
            assert results.startswith(OURS + "; spf=fail"), results
            for pair in ("client-ip=" + BAD, "helo=mail.bad.example"):
                assert pair in received_spf, received_spf
            assert BACKUP not in results + received_spf
            results, received_spf = told(site.copy(c.send(sender="a@good.example")[1]))
            assert results.startswith(OURS + "; spf=none"), results
            assert "client-ip" not in received_spf, received_spf


if __name__ == "__main__":
    sys.exit(main(globals()))

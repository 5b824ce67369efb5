#!/usr/bin/env python3
"""`postern spf` as an admin meets it: what it prints, which identity it checks, how it says what is
wrong."""

import contextlib
import os
import sys
import tempfile

import program
from dnsserver import Server
from program import equal
from zone import Zone

RECORDS = """\
example.net TXT "v=spf1 include:a.example -all exp=e.example.net"
a.example TXT "v=spf1 ip4:192.0.2.0/24 ~all"
e.example.net TXT "%{i} may not send for %{o}, says %{h}"
mx.example TXT "v=spf1 a -all"
mx.example A 192.0.2.7
"""


@contextlib.contextmanager
def zone_file(text=RECORDS):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "zone")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        yield path


def check(client, **more):
    with zone_file() as path:
        return program.check(client, zone=path, **more)


# ---- what it prints ----

def test_a_fail_is_printed_whole():
    with zone_file() as path:
        status, out, err = program.run("--client", "198.51.100.9", "--sender", "ann@example.net",
                                       "--helo", "pc.example", "--zone", path)
    equal((status, err), (0, ""))
    equal(out, "result: fail\n"
               "reason: example.net does not allow 198.51.100.9 to send its mail (-all)\n"
               "explanation: 198.51.100.9 may not send for example.net, says pc.example\n"
               "lookups: 1 (void 0)\n")


def test_a_pass_has_no_explanation():
    got = check("192.0.2.1", sender="ann@example.net")
    equal((got.result, got.explanation, got.terms, got.trace), ("pass", None, 1, []))
    assert "ip4:192.0.2.0/24 of a.example" in got.reason, got.reason


def test_every_result_exits_with_0():
    for client, record, result in (
            ("192.0.2.1", "v=spf1 ip4:192.0.2.1", "pass"), ("192.0.2.1", "v=spf1 -all", "fail"),
            ("192.0.2.1", "v=spf1 ~all", "softfail"), ("192.0.2.1", "v=spf1 ?all", "neutral"),
            ("192.0.2.1", "nothing of that kind", "none"), ("192.0.2.1", "v=spf1 moo", "permerror"),
            ("192.0.2.1", "v=spf1 a:late.example", "temperror")):
        with zone_file('d.example TXT "%s"\nlate.example TIMEOUT\n' % record) as path:
            equal(program.check(client, "a@d.example", zone=path).result, result)


def test_the_trace_is_indented_by_include():
    got = check("198.51.100.9", sender="ann@example.net", trace=True)
    depth = {line.strip(): len(line) - len(line.lstrip(" ")) for line in got.trace}
    for text, want in (("-all: match", 0), ("ip4:192.0.2.0/24: no match", 2), ("~all: match", 2),
                       ("include:a.example: no match", 0)):
        found = [d for line, d in depth.items() if line.startswith(text)]
        equal(found, [want], "%s in %s" % (text, got.trace))
    equal((got.result, got.terms), ("fail", 1))


# ---- whom it checks ----

def test_the_sender_alone():
    got = check("192.0.2.1", sender="ann@example.net")
    assert got.reason.startswith("example.net "), got.reason


def test_a_sender_in_brackets():
    equal(check("192.0.2.1", sender="<ann@example.net>").result, "pass")


def test_the_helo_alone():
    got = check("192.0.2.7", helo="mx.example")
    equal(got.result, "pass", got.reason)
    equal(check("192.0.2.8", helo="mx.example").result, "fail")


def test_the_null_sender_is_checked_by_its_helo():
    for sender in ("", "<>"):
        equal(check("192.0.2.7", sender=sender, helo="mx.example").result, "pass")


def test_a_sender_is_not_checked_by_its_helo():
    equal(check("192.0.2.7", sender="ann@a.example", helo="mx.example").result, "pass")
    equal(check("192.0.3.7", sender="ann@a.example", helo="mx.example").result, "softfail")


def test_ipv6():
    with zone_file('d.example TXT "v=spf1 ip6:2001:db8::/32 -all"\n') as path:
        equal(program.check("2001:db8::7", "a@d.example", zone=path).result, "pass")
        equal(program.check("2001:db9::7", "a@d.example", zone=path).result, "fail")


# ---- whom it asks ----

def test_one_of_several_servers():
    with Server() as none, Server(Zone("example.net TXT v=spf1 -all")) as good:
        got = program.check("192.0.2.1", "a@example.net", dns_server=[good.address, none.address])
        equal((got.result, none.asked), ("fail", []))


def test_a_name_is_asked_for_once():
    with Server(Zone("example.net TXT v=spf1 a a a mx -all\nexample.net A 198.51.100.1")) as server:
        program.check("192.0.2.1", "a@example.net", dns_server=server.address)
        equal(sorted(kind for _, kind, _ in server.asked), ["A", "MX", "TXT"])


# ---- what is wrong ----

def wrong(status, says, *words):
    got, out, err = program.run(*words)
    equal((got, out), (status, ""), err)
    assert says in err, err


def test_what_is_missing_is_told():
    wrong(64, "--client IP is missing", "--sender", "a@example.net")
    wrong(64, "--sender ADDRESS or --helo NAME is missing", "--client", "192.0.2.1")
    wrong(64, "--helo NAME is missing", "--client", "192.0.2.1", "--sender", "<>")
    wrong(64, "see: postern spf --help", "--client")


def test_what_is_no_address():
    for word in ("192.0.2.256", "mail.example.net", "192.0.2.1/24", ""):
        wrong(64, "`%s` is no IP address" % word, "--helo", "a.example", "--client", word)


def test_what_is_no_server():
    for word in ("localhost", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:x", "[::1",
                 "[::1]5353", "[127.0.0.1]:53", "", "127.0.0.1,127.0.0.2"):
        wrong(64, "`%s` is no ADDR[:PORT]" % word, "--client", "192.0.2.1", "--helo", "a.example",
              "--dns-server", word)


def test_what_is_too_much():
    wrong(64, "`more` is too much", "--client", "192.0.2.1", "--helo", "a.example", "more")
    wrong(64, "--zone or --dns-server?", "--client", "192.0.2.1", "--helo", "a.example",
          "--zone", "x", "--dns-server", "127.0.0.1")
    wrong(64, "see: postern spf --help", "--such")


def test_too_many_servers():
    wrong(64, "more than 8 name servers", "--client", "192.0.2.1", "--helo", "a.example",
          *["--dns-server", "127.0.0.1"] * 9)


def test_a_zone_that_cannot_be_read():
    for path in ("/no/such", "/"):
        wrong(66, path + " can't be read: ", "--client", "192.0.2.1", "--helo", "a.example",
              "--zone", path)


def test_a_zone_with_a_mistake():
    with zone_file("d.example A 192.0.2.1\nd.example TEXT \"v=spf1\"\n") as path:
        wrong(65, path + ":2:11: error: unknown record type", "--client", "192.0.2.1",
              "--helo", "d.example", "--zone", path)


def test_help():
    status, out, err = program.run("--help")
    equal((status, err), (0, ""))
    for option in ("--client", "--sender", "--helo", "--dns-server", "--zone", "--trace"):
        assert option in out, out


sys.exit(program.main(globals()))

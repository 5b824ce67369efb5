#!/usr/bin/env python3
"""Records that are large, nested, expensive or malicious, each through a DNS server that counts the
queries, and through a zone file: the results are the same, and no check asks more than it may."""

import os
import sys
import tempfile

import program
from dnsserver import Server
from program import equal
from zone import A, MX, PTR, TXT, Zone

# DNS questions of one check: each of 11 records with the hosts of its term, what %{p} takes and the
# explanation
MOST_QUERIES = 123

LISTED, STRANGER = "192.0.2.1", "198.51.100.9"


def record(text, *records):
    """A zone with example.net's SPF record, and (name, type, value) beside it."""
    zone = Zone().add("example.net", TXT, text)
    for name, kind, value in records:
        zone.add(name, kind, value)
    return zone


def check(zone, client=STRANGER, sender="a@example.net", **more):
    """One check both ways; the answer, and what the server was asked."""
    with Server(zone) as server:
        got = program.check(client, sender, dns_server=server.address, **more)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "zone")
        zone.write(path)
        same = program.check(client, sender, zone=path, **more)
    equal(same[:5], got[:5], "the zone's answer differs")
    queries = [over for _, _, over in server.asked].count("udp")
    assert queries <= MOST_QUERIES, "%d queries" % queries
    equal(server.malformed, [], "malformed queries")
    assert all(len(name) <= 253 for name, _, _ in server.asked), server.asked
    assert len(got.reason) <= 400 and len(got.explanation or "") <= 400, got
    return got, server.asked


def expect(result, zone, client=STRANGER, sender="a@example.net", **more):
    got, asked = check(zone, client, sender, **more)
    equal(got.result, result, got.reason)
    return got, asked


# ---- large ----

def test_70_ip4_terms():
    text = "v=spf1 " + " ".join("ip4:203.0.113.%d" % n for n in range(70)) + " -all"
    expect("fail", record(text))
    for n in (0, 24, 63, 64, 69):
        expect("pass", record(text), "203.0.113.%d" % n)


def test_60_ip6_terms():
    text = "v=spf1 " + " ".join("ip6:2001:db8:0:%x::/64" % n for n in range(60)) + " -all"
    expect("fail", record(text), "2001:db8:1::1")
    expect("pass", record(text), "2001:db8:0:3b::7")


def test_1000_terms_before_a_syntax_error():
    text = "v=spf1 " + "ip4:203.0.113.1 " * 1000 + "moo -all"
    got, _ = expect("permerror", record(text))
    assert "moo" in got.reason, got.reason


def test_an_ip4_of_many_characters():
    expect("permerror", record("v=spf1 ip4:" + "0" * 45 + "1.2.3.4 -all"))


def test_a_prefix_that_overflows():
    for prefix in ("33", "256", "280", "4294967320", "18446744073709551640", "024"):
        expect("permerror", record("v=spf1 ip4:198.51.100.0/%s -all" % prefix))
    expect("permerror", record("v=spf1 ip6:2001:db8::/129 -all"))
    expect("permerror", record("v=spf1 a/33 -all"))


def test_a_prefix_of_nothing():
    for term in ("ip4:203.0.113.0/0", "a:mail.example.net/0"):
        expect("pass", record("v=spf1 %s -all" % term, ("mail.example.net", A, "203.0.113.1")))


# ---- clients ----

def test_the_loopback_is_a_client_like_others():
    for client in ("127.0.0.1", "::1"):
        expect("fail", record("v=spf1 ip4:192.0.2.1 -all"), client)


def test_an_ipv4_client_in_ipv6():
    zone = record("v=spf1 ip4:192.0.2.1 -all exp=e.example.net",
                  ("e.example.net", TXT, "%{c} %{v} %{i}"))
    expect("pass", zone, "::ffff:192.0.2.1")
    got, _ = expect("fail", zone, "::ffff:198.51.100.9")
    equal(got.explanation, "198.51.100.9 in-addr 198.51.100.9")


# ---- terms that ask the DNS ----

def terms(count, last="-all"):
    hosts = [("h%d.example.net" % n, A, "203.0.113.1") for n in range(count)]
    return record("v=spf1 %s %s" % (" ".join("a:" + name for name, _, _ in hosts), last), *hosts)


def test_10_terms():
    got, asked = expect("fail", terms(10))
    equal((got.terms, got.voids, len(asked)), (10, 0, 11))


def test_11_terms():
    got, asked = expect("permerror", terms(11))
    assert "10" in got.reason, got.reason
    assert len(asked) <= 11, asked


def test_11_terms_the_last_of_which_would_match():
    zone = terms(11)
    zone.add("h10.example.net", A, LISTED)
    expect("permerror", zone, LISTED)


def test_11_terms_behind_a_match():
    zone = terms(11)
    zone.add("h3.example.net", A, LISTED)
    got, _ = expect("pass", zone, LISTED)
    equal(got.terms, 4)


def test_nested_includes():
    """Five levels of eight: 37,449 lookups for who counts anew in each."""
    zone = record("v=spf1 " + " ".join("include:l1-%d.example" % n for n in range(8)) + " -all")
    for level in range(1, 5):
        below = " ".join("include:l%d-%d.example" % (level + 1, n) for n in range(8))
        for n in range(8):
            zone.add("l%d-%d.example" % (level, n), TXT, "v=spf1 %s ?all" % below)
    for n in range(8):
        zone.add("l5-%d.example" % n, TXT, "v=spf1 ip4:203.0.113.1 -all")
    got, asked = expect("permerror", zone)
    equal(got.terms, 10)
    assert len(asked) <= 11, asked


def test_includes_in_a_loop():
    got, asked = expect("permerror", record("v=spf1 include:example.net -all"))
    equal(got.terms, 10)
    assert len(asked) <= 11, asked


def test_redirects_in_a_loop():
    got, asked = expect("permerror", record("v=spf1 redirect=example.net"))
    equal(got.terms, 10)
    assert len(asked) <= 11, asked


def test_2_void_lookups():
    got, _ = expect("fail", record("v=spf1 a:a.example exists:b.example -all"))
    equal((got.terms, got.voids), (2, 2))


def test_3_void_lookups():
    got, asked = expect("permerror", record("v=spf1 a:a.example exists:b.example mx:c.example -all"))
    assert "2" in got.reason, got.reason
    equal(len(asked), 4)


def mx(count):
    zone = record("v=spf1 mx -all")
    for n in range(count):
        zone.add("example.net", MX, (n, "m%d.example.net" % n))
        zone.add("m%d.example.net" % n, A, "203.0.113.1")
    return zone


def test_10_mx_hosts():
    _, asked = expect("fail", mx(10))
    equal(len(asked), 12)


def test_11_mx_hosts():
    _, asked = expect("permerror", mx(11))
    assert len(asked) <= 12, asked


def test_10_times_10_mx_hosts():
    """The most that a sound record can ask."""
    zone = record("v=spf1 " + " ".join("mx:d%d.example" % n for n in range(10)) + " -all")
    for n in range(10):
        for host in range(10):
            zone.add("d%d.example" % n, MX, (host, "m%d.d%d.example" % (host, n)))
            zone.add("m%d.d%d.example" % (host, n), A, "203.0.113.1")
    _, asked = expect("fail", zone)
    equal(len(asked), 1 + 10 + 100)


def test_ptr_of_many_names():
    zone = record("v=spf1 ptr -all")
    for n in range(200):
        name = "p%d.example.net" % n
        zone.add("9.100.51.198.in-addr.arpa", PTR, name).add(name, A, STRANGER if n > 9 else LISTED)
    got, asked = expect("fail", zone)
    equal(got.terms, 1)
    equal(len({name for name, _, _ in asked}), 2 + 10)


def test_p_in_many_terms_is_looked_up_once():
    zone = record("v=spf1 " + "exists:%{p}.a.example " * 2 + "-all exp=e.example.net",
                  ("e.example.net", TXT, "%{p} %{p} %{p}"))
    for n in range(20):
        name = "p%d.example.net" % n
        zone.add("9.100.51.198.in-addr.arpa", PTR, name).add(name, A, LISTED)
    got, asked = expect("fail", zone)
    equal(got.explanation, "unknown unknown unknown")
    assert len(asked) <= 1 + 1 + 10 + 1 + 1, asked


# ---- macros ----

def test_127_macros_in_a_mechanism():
    """CVE-2023-42118, as 127 macros and as fewer with letters between them."""
    for name in ("%{d}" * 60 + "%{d1}", "a%{d}" * 42 + "%{d}" + "A" * 35,
                 "%{d}" * 127 + "A", "%{d}" * 4000):
        for term in ("exists:", "include:", "a:", "mx:", "ptr:", "redirect=", "exp="):
            got, _ = check(record("v=spf1 %s%s -all" % (term, name)))
            assert got.result in ("fail", "permerror"), got


def test_127_macros_in_an_explanation():
    for text in ("%{d}" * 127 + "A", "a%{d}" * 42 + "%{d}" + "A" * 40, "%{s}" * 60, "%{d}" * 15000):
        zone = record("v=spf1 -all exp=e.example.net", ("e.example.net", TXT, text))
        expect("fail", zone)


def test_names_that_grow():
    """Each include doubles the name of the next, until it is cut to what can be one."""
    zone, name = Zone(), "example.net"
    while not zone.exists(name):
        zone.add(name, TXT, "v=spf1 include:%{d}.%{d} -all")
        name = "%s.%s" % (name, name)
        while len(name) > 253:
            name = name.split(".", 1)[1]
    got, asked = expect("permerror", zone)
    equal((got.terms, max(len(name) for name, _, _ in asked)), (10, 251))

    zone = record("v=spf1 exists:%{l}.%{l}.%{l}.%{l}.%{l}.%{l}.example.net -all")
    _, asked = expect("fail", zone, sender="x" * 60 + "@example.net")
    assert any(name.endswith(b".example.net") and len(name) > 180 for name, _, _ in asked), asked


def test_the_last_two_labels_of_two():
    got, asked = expect("pass", record("v=spf1 exists:%{d2}.x.example -all",
                                       ("example.net.x.example", A, "127.0.0.2")))
    assert (b"example.net.x.example", "A", "udp") in asked, asked
    equal(got.terms, 1)


def test_a_number_of_labels_that_overflows():
    for digits in ("0", "00", "128", "4294967297", "18446744073709551617", "9" * 60):
        got, _ = check(record("v=spf1 exists:%%{d%s}.x.example -all" % digits,
                              ("example.net.x.example", A, "127.0.0.2")))
        assert got.result == ("permerror" if digits.strip("0") == "" else "pass"), (digits, got)


def test_a_sender_with_odd_bytes():
    zone = record("v=spf1 exists:%{l}.x.example -all exp=e.example.net",
                  ("e.example.net", TXT, "%{l} of %{s}"))
    for local in ("a b", "a\\b", "a\"b", "a%{d}b", "\xff\x01\x7f", "a..b", "." * 50, "%" * 300,
                  "a/b:c", "\x1b[2Jb"):
        expect("fail", zone, sender=local.encode("latin-1").decode("utf-8", "surrogateescape")
               + "@example.net")


# ---- what a terminal or a reply should not see ----

def test_control_characters_in_an_explanation():
    for text in (b"bell \x07", b"\x1b[31mred", b"two\r\nlines", b"nul \0", b"tab\t", b"\x7f"):
        zone = record("v=spf1 -all exp=e.example.net", ("e.example.net", TXT, text))
        expect("fail", zone)  # the program's output is printable, or the answer can't be read


def test_an_explanation_that_is_not_ascii():
    zone = record("v=spf1 -all exp=e.example.net", ("e.example.net", TXT, "Grüße".encode()))
    got, _ = expect("fail", zone)
    equal(got.explanation, None)


def test_an_explanation_that_is_long():
    zone = record("v=spf1 -all exp=e.example.net", ("e.example.net", TXT, "long " * 1000))
    got, _ = expect("fail", zone)
    assert got.explanation is None or got.explanation.startswith("long long"), got


def test_control_characters_in_a_record():
    for text in (b"v=spf1 a\0 -all", b"v=spf1 \x1b[31m -all", b"v=spf1 a:\xff.example -all",
                 b"v=spf1 a\tb -all", b"v=spf1 -all\n", b"v=spf1 -all\0"):
        got, _ = expect("permerror", Zone().add("example.net", TXT, text), trace=True)
        assert got.trace, got


def test_explanations_of_includes_are_not_asked_for():
    zone = record("v=spf1 include:a.example -all",
                  ("a.example", TXT, "v=spf1 -all exp=e.a.example"),
                  ("e.a.example", TXT, "not this"))
    got, asked = expect("fail", zone)
    equal(got.explanation, None)
    equal([name for name, _, _ in asked], [b"example.net", b"a.example"])


def test_explanations_are_asked_for_after_a_fail_alone():
    for qualifier, result in (("?", "neutral"), ("~", "softfail"), ("+", "pass")):
        zone = record("v=spf1 %sall exp=e.example.net" % qualifier, ("e.example.net", TXT, "no"))
        _, asked = expect(result, zone)
        equal(len(asked), 1)


# ---- names ----

def test_names_that_cannot_be_are_not_asked_for():
    for name in ("a..b.example", "x" * 64 + ".example", "." * 5 + "example"):
        got, asked = check(record("v=spf1 a:%s -all" % name))
        assert got.result in ("fail", "permerror"), got
        equal(len(asked), 1)


def test_a_sender_of_many_labels():
    domain = "a." * 126 + "example"
    got, asked = check(Zone(), sender="x@" + domain)
    equal((got.result, asked), ("none", []))


def test_a_domain_in_utf8():
    zone = Zone().add("xn--bcher-kva.example", TXT, "v=spf1 -all")
    expect("fail", zone, sender="a@bücher.example")


sys.exit(program.main(globals()))

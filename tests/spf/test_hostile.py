#!/usr/bin/env python3
"""DNS servers that lie, stall, send garbage or loop: a check ends in time, with the right result and a
reason that tells what was wrong."""

import os
import socket
import struct
import sys

import program
from dnsserver import (NXDOMAIN, SERVFAIL, TRUNCATED, Server, framed, message)
from program import equal
from zone import A, CNAME, MX, TXT, Zone

FAIL = "v=spf1 ip4:192.0.2.1 -all"
PASS = "v=spf1 +all"
ZONE = Zone("example.net TXT " + FAIL)
BIG = Zone().add("example.net", TXT, "x" * 3000).add("example.net", TXT, FAIL)  # needs TCP

IN_TIME = 11  # seconds: those of a check (8), and some for a machine that is busy
UNANSWERED = "DNS lookup of TXT for example.net failed: no server has answered"


def check(server, **more):
    """A check of example.net by one server, or several."""
    servers = server if isinstance(server, list) else [server]
    got = program.check("192.0.2.9", "a@example.net", dns_server=[s.address for s in servers], **more)
    assert got.seconds < IN_TIME, "took %.1f s" % got.seconds
    return got


def expect(result, reason, zone=ZONE, udp=None, tcp=None):
    """What comes of a server that does this; the reason holds that text."""
    with Server(zone, udp, tcp) as server:
        got = check(server)
    equal(got.result, result, got.reason)
    assert reason in got.reason, got.reason
    equal(server.malformed, [], "malformed queries")
    return server.asked


def say(*texts, **other):
    """Answer with these TXT records of the name asked."""
    def udp(_, query):
        return [message(query, [(query.name, TXT, [text.encode()]) for text in texts], **other)]
    return udp


# ---- nobody answers, or somebody else ----

def test_a_server_that_never_answers():
    asked = expect("temperror", UNANSWERED, udp=lambda *_: [])
    assert 1 <= len(asked) <= 4, asked


def test_a_wrong_id():
    expect("temperror", UNANSWERED,
           udp=lambda _, q: [message(q, [(q.name, TXT, [PASS.encode()])], id=q.id ^ 0x5555)])


def test_the_right_answer_behind_wrong_ids():
    expect("fail", "-all", udp=lambda s, q: [
        *(message(q, [(q.name, TXT, [PASS.encode()])], id=q.id ^ n) for n in range(1, 200)),
        *s.answer_udp(q)])


def test_a_wrong_question():
    expect("temperror", UNANSWERED, udp=say(PASS, question=b"example.com"))


def test_an_answer_from_another_port():
    def udp(server, query):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", 0))
            other.sendto(say(PASS)(server, query)[0], server.peer)
        return []
    expect("temperror", UNANSWERED, udp=udp)


def test_an_answer_after_the_patience_is_over():
    def udp(server, query):
        server.closing.wait(6)
        return server.answer_udp(query)
    expect("temperror", UNANSWERED, udp=udp)


def test_an_answer_at_the_second_try():
    def udp(server, query):
        return server.answer_udp(query) if len(server.asked) > 1 else []
    expect("fail", "-all", udp=udp)


def test_every_answer_many_times():
    expect("fail", "-all", udp=lambda s, q: s.answer_udp(q) * 500)


def test_the_query_itself():
    expect("temperror", "example.net failed: ", udp=lambda _, q: [q.wire])


# ---- several servers ----

def test_the_second_server_where_the_first_is_silent():
    with Server(udp=lambda *_: []) as first, Server(ZONE) as second:
        got = check([first, second])
        equal((got.result, len(second.asked)), ("fail", 1))


def test_the_second_server_where_the_first_refuses():
    for rcode in (SERVFAIL, 5, 4):
        with Server(udp=lambda _, q, r=rcode: [message(q, [], rcode=r)]) as first, \
                Server(ZONE) as second:
            equal(check([first, second]).result, "fail", "rcode %d" % rcode)


def test_the_second_server_where_nobody_listens():
    with Server() as first:
        gone = first.address
    with Server(ZONE) as second:
        got = program.check("192.0.2.9", "a@example.net", dns_server=[gone, second.address])
        equal(got.result, "fail", got.reason)
        assert got.seconds < IN_TIME, got.seconds


def test_the_second_server_where_the_first_stalls_by_tcp():
    with Server(BIG, tcp=lambda s, *_: s.closing.wait()) as first, Server(BIG) as second:
        equal(check([first, second]).result, "fail")


def test_nobody_listens():
    with Server() as server:
        gone = server.address
    got = program.check("192.0.2.9", "a@example.net", dns_server=gone)
    equal(got.result, "temperror", got.reason)
    assert "example.net failed: the server can't be reached" in got.reason, got.reason


def test_failures_say_what_they_are():
    for rcode, word in ((1, "FORMERR"), (SERVFAIL, "SERVFAIL"), (4, "NOTIMP"), (5, "REFUSED")):
        expect("temperror", word, udp=lambda _, q, r=rcode: [message(q, [], rcode=r)])


def test_servers_without_edns():
    """They are asked once more without it, whether they repeat the OPT record or not."""
    for repeat in (False, True):
        def udp(server, query, repeat=repeat):
            if query.size is None:
                return server.answer_udp(query)
            query.size = query.size if repeat else None
            return [message(query, [], rcode=1)]
        asked = expect("fail", "-all", udp=udp)
        equal(len(asked), 2)


# ---- garbage ----

def test_noise():
    expect("temperror", UNANSWERED, udp=lambda *_: [os.urandom(n) for n in (1, 11, 12, 60, 1400)])


def test_noise_behind_the_right_question():
    """Each is an answer to the question, and broken further on: no result may come of it."""
    def udp(_, query):
        wire = message(query, [], count=1, flags=0)
        return [wire[:12] + query.question + os.urandom(300)]
    for _ in range(20):
        asked = expect("temperror", "example.net failed: ", udp=udp)
        assert len(asked) < 10, asked


def test_an_answer_cut_short():
    whole = {}

    def udp(server, query):
        whole["n"] = len(server.answer(query))
        return [server.answer(query)[:whole["cut"]]]
    for cut in (13, 20, 35, 45, 60):
        whole["cut"] = cut
        expect("temperror", "example.net failed: ", udp=udp)
        assert cut < whole["n"], whole


def test_more_answers_promised_than_sent():
    expect("temperror", "example.net failed: ", udp=say(FAIL, count=65535))


def test_a_string_longer_than_its_record():
    expect("temperror", "a broken answer",
           udp=lambda _, q: [message(q, [(q.name, TXT, b"\xffv=spf1 +all")])])


def test_an_address_of_three_octets():
    zone = Zone("example.net TXT v=spf1 a -all")

    def udp(server, query):
        if query.type == A:
            return [message(query, [(query.name, A, b"\1\2\3")])]
        return server.answer_udp(query)
    expect("temperror", "a broken answer", zone, udp)


def test_a_name_that_points_to_itself():
    zone = Zone("example.net TXT v=spf1 mx -all")

    def udp(server, query):
        if query.type != MX:
            return server.answer_udp(query)
        wire = message(query, [(query.name, MX, b"\0\1\xc0\0")])
        at = wire.index(b"\0\1\xc0\0") + 2
        return [wire[:at] + struct.pack("!H", 0xC000 | at) + wire[at + 2:]]
    expect("temperror", "a broken answer", zone, udp)


# ---- lies ----

def test_records_of_other_names():
    """What nobody asked for is not taken, in this answer nor in a later one."""
    def udp(server, query):
        if query.name == b"example.net":
            return [message(query, [(query.name, TXT, [b"v=spf1 include:victim.example -all"]),
                                    (b"victim.example", TXT, [PASS.encode()])])]
        return server.answer_udp(query)
    expect("permerror", "victim.example does not exist", udp=udp)
    expect("none", "no SPF record",
           udp=lambda _, q: [message(q, [(b"example.com", TXT, [PASS.encode()])])])


def test_records_of_other_types_and_classes():
    expect("none", "no SPF record",
           udp=lambda _, q: [message(q, [(q.name, A, "192.0.2.9"), (q.name, MX, (0, b"x.example"))])])

    def chaos(server, query):
        wire = server.answer(query)
        at = len(query.question) + 12 + 2 + 2
        assert wire[at:at + 2] == b"\0\1", wire
        return [wire[:at] + b"\0\3" + wire[at + 2:]]
    expect("none", "no SPF record", udp=chaos)


def test_a_denial_with_records():
    expect("none", "example.net", udp=say(PASS, rcode=NXDOMAIN))


# ---- aliases ----

def chain(length):
    zone = Zone()
    for n in range(length):
        zone.add("c%d.example" % n if n else "example.net", CNAME, "c%d.example" % (n + 1))
    return zone.add("c%d.example" % length, TXT, FAIL)


def test_a_few_aliases():
    expect("fail", "-all", chain(8))


def test_a_chain_of_20_aliases():
    asked = expect("temperror", "too many aliases (CNAME)", chain(20))
    assert len(asked) <= 2, asked


def test_aliases_in_a_loop():
    zone = Zone("example.net CNAME a.example\na.example CNAME b.example\nb.example CNAME a.example")
    expect("temperror", "too many aliases (CNAME)", zone)


def test_an_alias_of_itself():
    expect("temperror", "too many aliases (CNAME)", Zone("example.net CNAME example.net"))


def test_an_alias_without_what_it_stands_for():
    expect("none", "no SPF record",
           udp=lambda _, q: [message(q, [(q.name, CNAME, b"elsewhere.example")])])


# ---- truncation, and TCP ----

def test_an_answer_too_large_for_udp():
    asked = expect("fail", "-all", BIG)
    equal([over for _, _, over in asked], ["udp", "tcp"])


def test_an_answer_cut_by_udp_with_a_wrong_record():
    """Of a truncated answer nothing counts."""
    expect("fail", "-all", BIG, udp=say(PASS, flags=TRUNCATED))


def test_an_answer_of_64_kb():
    zone = Zone().add("example.net", TXT, "x" * 64000).add("example.net", TXT, FAIL)
    expect("fail", "-all", zone)


def test_a_record_of_60_kb():
    record = "v=spf1 " + "ip4:198.51.100.77 " * 3300 + "ip4:192.0.2.9 -all"
    expect("pass", "(ip4:192.0.2.9)", Zone().add("example.net", TXT, record))


def test_truncation_for_ever():
    """By TCP too: what is left of the answer is no denial."""
    expect("temperror", "example.net failed: ", BIG,
           tcp=lambda _, q, c: c.sendall(framed(message(q, [], flags=TRUNCATED))))


def test_tcp_refused():
    with Server(BIG) as server:
        server.close_tcp()
        got = check(server)
    equal(got.result, "temperror", got.reason)


def test_tcp_closed_at_once():
    expect("temperror", "example.net failed: ", BIG, tcp=lambda _, q, c: c.shutdown(socket.SHUT_RDWR))


def test_tcp_closed_in_a_message():
    def tcp(server, query, connection):
        connection.sendall(framed(server.answer(query))[:700])
        connection.shutdown(socket.SHUT_RDWR)
    expect("temperror", "example.net failed: ", BIG, tcp=tcp)


def test_tcp_that_says_nothing():
    expect("temperror", UNANSWERED, BIG, tcp=lambda s, *_: s.closing.wait())


def test_tcp_that_stalls_in_a_message():
    def tcp(server, query, connection):
        connection.sendall(framed(server.answer(query))[:700])
        server.closing.wait()
    expect("temperror", UNANSWERED, BIG, tcp=tcp)


def test_tcp_one_byte_a_second():
    def tcp(server, query, connection):
        for byte in framed(server.answer(query)):
            connection.sendall(bytes([byte]))
            if server.closing.wait(1):
                return
    expect("temperror", UNANSWERED, BIG, tcp=tcp)


def test_tcp_in_single_bytes():
    def tcp(server, query, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in framed(server.answer(query)):
            connection.sendall(bytes([byte]))
    expect("fail", "-all", BIG, tcp=tcp)


def test_tcp_that_answers_too_late():
    def tcp(server, query, connection):
        if not server.closing.wait(6):
            server.answer_tcp(query, connection)
    expect("temperror", UNANSWERED, BIG, tcp=tcp)


def test_tcp_with_a_wrong_id():
    expect("temperror", "example.net failed: ", BIG, tcp=lambda _, q, c: c.sendall(
        framed(message(q, [(q.name, TXT, [PASS.encode()])], id=q.id ^ 1))))


def test_tcp_with_an_empty_message():
    expect("temperror", "example.net failed: ", BIG, tcp=lambda _, q, c: c.sendall(b"\0\0"))


def test_tcp_without_end():
    def tcp(server, *_):
        connection = _[-1]
        while not server.closing.is_set():
            connection.sendall(os.urandom(65536))
    expect("temperror", "example.net failed: ", BIG, tcp=tcp)


# ---- the whole check ----

def test_every_lookup_is_slow():
    """Each takes less than its patience, all together more than that of the check."""
    record = "v=spf1 " + " ".join("a:h%d.example" % n for n in range(9)) + " -all"
    zone = Zone("example.net TXT " + record)
    for n in range(9):
        zone.add("h%d.example" % n, A, "198.51.100.1")

    def udp(server, query):
        server.closing.wait(1.4)
        return server.answer_udp(query)
    with Server(zone, udp) as server:
        got = check(server)
    equal(got.result, "temperror", got.reason)
    assert got.seconds > 7, got.seconds
    assert "time" in got.reason, got.reason


sys.exit(program.main(globals()))

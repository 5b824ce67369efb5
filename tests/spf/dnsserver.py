"""A DNS server on 127.0.0.1, by UDP and TCP, that answers from a Zone as a recursive server would.

What it answers, and how, can be replaced: a test gives it functions that lie, stall or send garbage.
"""

import contextlib
import socket
import struct
import threading

from zone import A, AAAA, CNAME, MX, NAMES, OPT, PTR, SOA, TXT, Zone

CLASS_IN = 1
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3
RESPONSE, TRUNCATED, RECURSION = 0x8000, 0x0200, 0x0180  # RD and RA
TTL = 300
CHAIN = 32  # CNAMEs that are followed


class Query:
    """A question as it came."""

    def __init__(self, wire):
        self.wire = wire
        self.id, self.flags = struct.unpack_from("!HH", wire)
        labels, at = [], 12
        while wire[at] != 0:
            labels.append(wire[at + 1:at + 1 + wire[at]])
            at += 1 + wire[at]
        self.name = b".".join(labels)  # in the case that was asked
        self.type = struct.unpack_from("!H", wire, at + 1)[0]
        self.question = wire[12:at + 5]
        self.size = None  # of a UDP answer that the client takes, by EDNS
        if struct.unpack_from("!H", wire, 10)[0] > 0 and len(wire) >= at + 5 + 11:
            self.size = struct.unpack_from("!H", wire, at + 5 + 3)[0]


class Writer:
    """A message under way; names are compressed."""

    def __init__(self):
        self.wire = b""
        self.known = {}

    def name(self, name):
        while name:
            if name.lower() in self.known:
                self.wire += struct.pack("!H", 0xC000 | self.known[name.lower()])
                return
            if len(self.wire) < 0x4000:
                self.known[name.lower()] = len(self.wire)
            label, _, name = name.partition(b".")
            assert 0 < len(label) < 64, "no name can have the label %r" % label
            self.wire += bytes([len(label)]) + label
        self.wire += b"\0"

    def record(self, owner, kind, value, ttl=TTL):
        self.name(owner)
        self.wire += struct.pack("!HHI", kind, CLASS_IN, ttl)
        start = len(self.wire)
        self.wire += b"\0\0"
        self.value(kind, value)
        size = struct.pack("!H", len(self.wire) - start - 2)
        self.wire = self.wire[:start] + size + self.wire[start + 2:]

    def value(self, kind, value):
        if isinstance(value, bytes) and kind not in (CNAME, PTR):
            self.wire += value  # as it is
        elif kind in (A, AAAA):
            self.wire += socket.inet_pton(socket.AF_INET if kind == A else socket.AF_INET6, value)
        elif kind == TXT:
            self.wire += b"".join(bytes([len(s)]) + s for s in value)
        elif kind == MX:
            self.wire += struct.pack("!H", value[0])
            self.name(value[1])
        elif kind == SOA:
            self.wire += b"\0\0" + struct.pack("!IIIII", 1, 3600, 600, 86400, value)
        else:
            self.name(value)


def message(query, answers, rcode=NOERROR, **other):
    """An answer of these (owner, type, value). other: flags to add, id, question, count of answers."""
    writer = Writer()
    edns = query.size is not None
    negative = not any(kind == query.type for _, kind, _ in answers) and rcode != SERVFAIL
    writer.wire = struct.pack("!HHHHHH", other.get("id", query.id),
                              RESPONSE | RECURSION | rcode | other.get("flags", 0), 1,
                              other.get("count", len(answers)), int(negative), int(edns))
    question = other.get("question")
    writer.name(query.name if question is None else question)
    writer.wire += query.question[-4:]
    for owner, kind, value in answers:
        writer.record(owner, kind, value)
    if negative:
        writer.record(b"", SOA, 60)
    if edns:
        writer.wire += b"\0" + struct.pack("!HHIH", OPT, 1232, 0, 0)
    return writer.wire


def look_up(zone, name, kind):
    """What the zone says: (answers, rcode), or None where nobody answers."""
    answers = []
    for _ in range(CHAIN):
        found = zone.find(name, kind)
        if found or (name.lower() in zone.silent):
            if not found:
                return None
            return answers + [(name, kind, value) for value in found], NOERROR
        if name.lower() in zone.failing:
            return [], SERVFAIL
        target = zone.find(name, CNAME)
        if not target:
            return answers, NOERROR if zone.exists(name) else NXDOMAIN
        answers.append((name, CNAME, target[0]))
        name = target[0]
    return answers, NOERROR


def framed(wire):
    """A message as it goes over TCP."""
    return struct.pack("!H", len(wire)) + wire


class Server:
    """udp(server, query): the datagrams to answer with. tcp(server, query, connection): sends what it
    wants. asked: each (name, type, "udp" or "tcp") in the order in which they came; malformed: datagrams
    that were no query. Both functions are called by one thread for each transport and connection."""

    def __init__(self, zone=None, udp=None, tcp=None):
        self.zone = zone or Zone()
        self.udp = udp or Server.answer_udp
        self.tcp = tcp or Server.answer_tcp
        self.asked = []
        self.malformed = []
        self.peer = None  # who sent the datagram that is answered
        self.closing = threading.Event()  # a function that waits, waits for this
        self.datagrams, self.listener = self.bind()
        self.port = self.datagrams.getsockname()[1]
        for run in (self.run_udp, self.run_tcp):
            threading.Thread(target=run, daemon=True).start()

    @staticmethod
    def bind():
        """Both sockets, with one port."""
        while True:
            datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            datagrams.bind(("127.0.0.1", 0))
            listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(datagrams.getsockname())
            except OSError:
                datagrams.close()
                listener.close()
                continue
            listener.listen(64)
            return datagrams, listener

    @property
    def address(self):
        return "127.0.0.1:%d" % self.port

    def answer(self, query):
        """The whole answer to a query; None where nobody answers."""
        found = look_up(self.zone, query.name, query.type)
        return None if found is None else message(query, *found)

    def answer_udp(self, query):
        wire = self.answer(query)
        if wire is not None and len(wire) > (query.size or 512):
            wire = message(query, [], flags=TRUNCATED)
        return [] if wire is None else [wire]

    def answer_tcp(self, query, connection):
        wire = self.answer(query)
        if wire is None:
            self.closing.wait()
        else:
            connection.sendall(framed(wire))

    def note(self, query, over):
        self.asked.append((query.name.lower(), NAMES.get(query.type, query.type), over))

    def run_udp(self):
        while True:
            wire, self.peer = self.datagrams.recvfrom(65535)
            if self.closing.is_set():
                self.datagrams.close()
                return
            try:
                query = Query(wire)
            except (IndexError, struct.error):
                self.malformed.append(wire)
                self.datagrams.sendto(wire[:2] + b"\x80\x01" + bytes(8), self.peer)
                continue
            self.note(query, "udp")
            for datagram in self.udp(self, query):
                self.datagrams.sendto(datagram, self.peer)

    def run_tcp(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        """All queries of a connection."""
        with connection, connection.makefile("rb") as stream:
            try:
                while True:
                    size = stream.read(2)
                    if len(size) < 2:
                        return
                    query = Query(stream.read(struct.unpack("!H", size)[0]))
                    self.note(query, "tcp")
                    self.tcp(self, query, connection)
            except OSError:
                return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closing.set()
        self.close_tcp()
        with contextlib.suppress(OSError):  # it may be closed already
            self.datagrams.sendto(b"", self.datagrams.getsockname())

    def close_tcp(self):
        """Refuse connections from now on."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

#!/usr/bin/env python3
"""Results of an earlier filter, and of senders who would be one, behind a real Postfix.

    POSTERN=./postern tests/mta/test_postfix_results.py [WORD...]

runs the tests whose names hold one of the words, or all. Needs root and Postfix. Touches no other
Postfix.
"""

import contextlib
import os
import socket
import struct
import sys
import threading

import mailsite
import postfix
from harness import equal
from mailsite import code, main
from postfix import Service

site = None  # the Postfix that all tests share

NAME = "mx.example.test"
CHAIN = {"smtpd_milters": "unix:postern/earlier unix:postern/s"}
mailsite.SERVICES["chain"] = Service(CHAIN)
# The same, and what senders write under our name is taken out before a filter sees it.
mailsite.SERVICES["clean"] = Service({**CHAIN, "cleanup_service_name": "clean"})
postfix.MASTER += """clean unix n - n - 0 cleanup
    -o { header_checks = regexp:$config_directory/clean }
"""
CLEAN = r"""/^Authentication-Results[[:space:]]*:[[:space:]]*"?mx\.example\.test([^-.a-z0-9]|$)/ IGNORE
"""


class Earlier:
    """A filter that puts these values at the top of each mail as Authentication-Results; {i} is the
    queue id."""

    CONTINUE, ADD_HEADERS = b"c", 0x01
    END_OF_MESSAGE, MACROS, NEGOTIATE, SILENT = b"E", b"D", b"O", (b"A", b"K")

    def __init__(self, *values, index=0):
        self.values, self.index = values, index
        self.path = os.path.join(os.path.dirname(site.socket), "earlier")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        os.chmod(self.path, 0o777)
        self.listener.listen()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        queue_id = b""
        with connection, connection.makefile("rwb") as stream:
            while True:
                size = stream.read(4)
                if len(size) < 4:
                    return
                packet = stream.read(struct.unpack("!I", size)[0])
                command, data = packet[:1], packet[1:]
                if command == b"Q":
                    return
                if command == self.MACROS:
                    words = data[1:].split(b"\0")
                    queue_id = dict(zip(words[::2], words[1::2])).get(b"i", queue_id)
                elif command == self.NEGOTIATE:
                    self.say(stream, b"O" + struct.pack("!III", 6, self.ADD_HEADERS, 0))
                elif command not in self.SILENT:
                    if command == self.END_OF_MESSAGE:
                        self.add(stream, queue_id)
                    self.say(stream, self.CONTINUE)

    def add(self, stream, queue_id):
        """Insert the values, so that the first is at the top."""
        for value in reversed(self.values):
            value = value.replace("{i}", queue_id.decode()).encode()
            self.say(stream, b"i" + struct.pack("!I", self.index) + b"Authentication-Results\0"
                     + value + b"\0")

    @staticmethod
    def say(stream, packet):
        stream.write(struct.pack("!I", len(packet)) + packet)
        stream.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


RULES = """set authserv-id mx.example.test
fail: reject 550 5.7.26 "{from.domain} says no" if dmarc = fail
signed: reject 550 5.7.27 "signed by {dkim.domain}" if dkim = pass
good: reject 550 5.7.28 "DMARC says yes" if dmarc = pass
some: reject 550 5.7.29 "some result" if dmarc or dkim
"""
NUMBERED = NAME + "/{i}; "
FAIL = "dmarc=fail (p=reject dis=none) header.from=bank.example"
SIGNED = "dkim=pass (2048-bit key) header.d=signed.example header.i=@signed.example"
FORGED = NAME + "; dkim=pass header.d=bank.example; dmarc=pass header.from=bank.example"
FROM = ("From", "a@bank.example")


def result(values, service="chain", forged=(), rules=RULES, index=0, **more):
    """What becomes of a mail to which an earlier filter adds these values."""
    headers = [("Authentication-Results", v) for v in forged] + [FROM, *more.pop("headers", ())]
    helo = more.pop("helo", "client.example")
    with Earlier(*values, index=index), site.filtering(rules), site.connect(service, helo=helo) as c:
        return code(c.send(headers=headers, **more)[1])


def test_what_an_earlier_filter_inserts_is_shown_above_what_the_sender_wrote():
    rules = 'add-header "X-Seen" "{raw.header.lines}" if raw.header.lines ~ /^Authentication-R/\n'
    value = NAME + ";\n\t" + FAIL
    for index in (0, 1):
        with Earlier(value, index=index), site.filtering(rules), site.connect("chain") as c:
            headers = [("Authentication-Results", FORGED), ("Received", "from x by y"), FROM]
            mail = site.copy(c.send(headers=headers)[1])
            lines = [n for n in mail.keys() if n in ("Received", "Authentication-Results", "From")]
            ours = ["Authentication-Results", "Received"]
            equal(lines, (ours if index == 0 else ours[::-1])
                  + ["Authentication-Results", "Received", "From"])
            # the same to us, and Postfix' own Received is not shown
            assert mail["X-Seen"].startswith("Authentication-Results: " + NAME + "; "), mail
            assert "dmarc=fail" in mail["X-Seen"], mail


def test_the_queue_id_tells_an_earlier_filter_from_a_sender():
    for index in (0, 1):
        equal(result([NUMBERED + FAIL], index=index), "550 5.7.26")
        equal(result([NUMBERED + FAIL, NUMBERED + SIGNED], forged=[FORGED], index=index),
              "550 5.7.26")
        equal(result([NUMBERED + SIGNED], forged=[FORGED], index=index), "550 5.7.27")


def test_a_sender_is_not_believed():
    for forged in ([FORGED], [NAME + "/4711; dmarc=pass"], ['"' + NAME + '/"; dmarc=pass'],
                   [NAME + "/{i}; dmarc=pass"]):
        equal(result([], forged=forged), "250 2.0.0", forged)
        equal(result(["other.example; dmarc=fail"], forged=forged), "250 2.0.0", forged)


BY_NAME = "set forged-results removed\n" + RULES


def test_by_name_where_postfix_removes_what_senders_write():
    site.write("clean", CLEAN)
    forged = [FORGED, "\n\t" + FORGED, '"%s"; dmarc=pass' % NAME, NAME + " 1; dmarc=pass",
              NAME.upper() + ";dmarc=pass", NAME + "/4711; dmarc=pass", NAME + "(c); dmarc=pass"]
    equal(result([], "clean", forged, BY_NAME), "250 2.0.0")
    equal(result([NAME + "; " + FAIL], "clean", forged, BY_NAME), "550 5.7.26")
    equal(result([NAME + "; " + SIGNED], "clean", forged, BY_NAME), "550 5.7.27")
    # the topmost field counts in any case
    equal(result([NAME + "; " + FAIL], "chain", forged, BY_NAME), "550 5.7.26")


def test_where_we_tell_spf_too_what_filters_told_stays():
    rules = "set authserv-id mx.example.test\nset spf-header authentication-results\n"
    told = lambda mail: [" ".join(v.split()) for v in mail.get_all("Authentication-Results")]
    for more, value in (("", NUMBERED + FAIL), ("set forged-results removed\n", NAME + "; " + FAIL)):
        headers = [("Authentication-Results", FORGED), ("Received", "from x by y"),
                   ("Authentication-Results", NAME + "; dmarc=pass"), FROM]
        with Earlier(value), site.filtering(more + rules), site.connect("chain") as c:
            got = told(site.copy(c.send(headers=headers)[1]))
            assert got[0].startswith(NAME + "; spf="), got
            assert got[1].startswith(NAME) and got[1].endswith(FAIL), got
            # the sender's, unless nobody else can have written it
            equal(got[2:], [FORGED] if more else [], more)


def test_what_filters_copy_from_a_sender_is_not_believed():
    smuggled = SIGNED.replace("=@", "=x; dkim=pass header.d=bank.example header.i=@")
    signature = ("DKIM-Signature", "v=1; d=signed.example; i=x=3B=20dkim=3Dpass@signed.example")
    equal(result([NUMBERED + smuggled], headers=[signature]), "451 4.3.0")
    equal(result([NUMBERED + SIGNED], helo="x;dmarc=pass"), "451 4.3.0")
    equal(result([NUMBERED + "dmarc=none header.from=[x; dkim=pass header.d=y]"]), "451 4.3.0")
    # nothing was told, so nothing is false
    equal(result([], headers=[signature], helo="x;dmarc=pass"), "250 2.0.0")


if __name__ == "__main__":
    sys.exit(main(globals()))

"""The MTA's part of the milter protocol (version 6), for tests.

Client speaks the packets. It keeps to what was negotiated as an MTA does: steps that the filter does
not want are not sent, no reply is awaited where none was agreed, macros are those that were asked
for. Mta stands on it and behaves as Postfix or Sendmail do: their order of packets, their macros,
and what they do after a verdict.
"""

import collections
import socket
import struct

NOCONNECT, NOHELO, NOMAIL, NORCPT, NOBODY, NOHDRS, NOEOH = (1 << i for i in range(7))
NR_HDR, NOUNKNOWN, NODATA, SKIP, RCPT_REJ = (1 << i for i in range(7, 12))
NR_CONN, NR_HELO, NR_MAIL, NR_RCPT, NR_DATA, NR_UNKN, NR_EOH, NR_BODY = (1 << i for i in range(12, 20))
HDR_LEADSPC = 1 << 20
ALL_STEPS = 0x1FFFFF

ADDHDRS, CHGBODY, ADDRCPT, DELRCPT, CHGHDRS, QUARANTINE, CHGFROM, ADDRCPT_PAR, SETSYMLIST = (
    1 << i for i in range(9))
ALL_ACTIONS = 0x1FF

# command: (not sent if, not answered if, number of its macro list)
STEPS = {
    "C": (NOCONNECT, NR_CONN, 0),
    "H": (NOHELO, NR_HELO, 1),
    "M": (NOMAIL, NR_MAIL, 2),
    "R": (NORCPT, NR_RCPT, 3),
    "T": (NODATA, NR_DATA, 4),
    "E": (0, 0, 5),
    "N": (NOEOH, NR_EOH, 6),
    "L": (NOHDRS, NR_HDR, None),
    "B": (NOBODY, NR_BODY, None),
    "U": (NOUNKNOWN, NR_UNKN, None),
}

CHUNK = 65535

# kind: continue accept reject tempfail discard skip, or none where no reply was due.
Reply = collections.namedtuple("Reply", "kind text")
NONE = Reply("none", "")
CONTINUE = Reply("continue", "")
KINDS = {"c": "continue", "a": "accept", "r": "reject", "t": "tempfail", "d": "discard", "s": "skip"}


class Dropped(Exception):
    """The filter has closed the connection."""


def open_socket(where, timeout=20):
    """Connect to unix:PATH or inet:PORT@HOST."""
    family, _, rest = where.partition(":")
    if family == "unix":
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        s.settimeout(timeout)
        s.connect(rest)
        return s
    port, _, host = rest.partition("@")
    return socket.create_connection((host, int(port)), timeout)


def strings(*args):
    """C strings, one behind the other."""
    return b"".join(a.encode("utf-8", "surrogateescape") + b"\0" for a in args)


class Client:
    """One connection to a filter, packet by packet."""

    def __init__(self, where, actions=ALL_ACTIONS, steps=ALL_STEPS, version=6):
        self.sock = open_socket(where)
        self.offered = (version, actions, steps)
        self.steps = self.actions = 0
        self.lists = {}  # macro list number: names, of those that were asked for
        self.session = {}  # macros that an MTA gives at any stage, if asked
        self.buffered = b""

    def close(self):
        self.sock.close()

    # ---- packets ----

    def send(self, command, data=b""):
        """Send a packet, whatever was negotiated."""
        try:
            self.sock.sendall(struct.pack("!I", len(data) + 1) + command.encode() + data)
        except (BrokenPipeError, ConnectionResetError) as e:
            raise Dropped from e

    def take(self, n):
        """Read n bytes."""
        while len(self.buffered) < n:
            try:
                more = self.sock.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                raise Dropped
            self.buffered += more
        data, self.buffered = self.buffered[:n], self.buffered[n:]
        return data

    def receive(self):
        """Read a packet: its command and data."""
        (n,) = struct.unpack("!I", self.take(4))
        data = self.take(n)
        return data[:1].decode(), data[1:]

    def quiet(self, seconds=0.05):
        """True if the filter says nothing for a while."""
        self.sock.settimeout(seconds)
        try:
            self.buffered += self.sock.recv(65536)
        except socket.timeout:
            pass
        finally:
            self.sock.settimeout(20)
        return not self.buffered

    # ---- the protocol ----

    def negotiate(self):
        self.send("O", struct.pack("!III", *self.offered))
        command, data = self.receive()
        assert command == "O", command
        version, self.actions, self.steps = struct.unpack("!III", data[:12])
        assert version <= self.offered[0]
        # none offered: libmilter takes it for version 1, which offered these without saying so
        assert self.actions & ~(self.offered[1] or 0x0F) == 0, "wants actions that were not offered"
        assert self.steps & ~(self.offered[2] or 0x3F) == 0, "wants steps that were not offered"
        rest = data[12:]
        while rest:
            (where,) = struct.unpack("!I", rest[:4])
            names, _, rest = rest[4:].partition(b"\0")
            self.lists[where] = names.decode().split()
        return self

    def answer(self):
        """Read the reply to a command; at the end of a message also what is done to it."""
        done = []
        while True:
            command, data = self.receive()
            if command in KINDS:
                return Reply(KINDS[command], ""), done
            if command == "y":
                text = data.rstrip(b"\0").decode("utf-8", "surrogateescape")
                return Reply({"4": "tempfail", "5": "reject"}[text[0]], text), done
            done.append(self.modification(command, data))

    @staticmethod
    def modification(command, data):
        """A change to the message as a tuple."""
        def text(raw):
            return [p.decode("utf-8", "surrogateescape") for p in raw.split(b"\0")[:-1]]

        if command in "im":
            name = "insert" if command == "i" else "change"
            return (name, struct.unpack("!I", data[:4])[0], *text(data[4:]))
        names = {"h": "add", "+": "addrcpt", "-": "delrcpt", "q": "quarantine", "p": "progress",
                 "b": "body", "e": "from", "2": "addrcpt_par"}
        return (names[command], *text(data))

    def wanted(self, command, macros):
        """Of these macros, those that the filter gets at a command."""
        number = STEPS[command][2]
        names = self.lists.get(number)
        if names is None:
            return macros
        known = {**self.session, **macros}
        return {k: v for k, v in known.items() if k in names or k.strip("{}") in names}

    def step(self, command, data=b"", macros=None):
        """Send a command if it is wanted, with its macros; its reply, and changes."""
        skip, silent, _ = STEPS[command]
        if self.steps & skip:
            return NONE, []
        macros = self.wanted(command, macros or {})
        if macros:
            pairs = [x for kv in macros.items() for x in kv]
            self.send("D", command.encode() + strings(*pairs))
        self.send(command, data)
        if self.steps & silent:
            return NONE, []
        return self.answer()

    def connect(self, address="192.0.2.1", name="client.example", port=4321, macros=None):
        """CONNECT. address: IPv4, IPv6, a path (AF_UNIX), or None for none at all."""
        data = strings(name)
        if address is None:
            data += b"U"
        elif "/" in address:
            data += b"L" + struct.pack("!H", 0) + strings(address)
        elif ":" in address:
            data += b"6" + struct.pack("!H", port) + strings("IPv6:" + address)
        else:
            data += b"4" + struct.pack("!H", port) + strings(address)
        return self.step("C", data, macros)[0]

    def helo(self, name="client.example", macros=None):
        return self.step("H", strings(name), macros)[0]

    def mail(self, sender="<a@client.example>", *params, macros=None):
        return self.step("M", strings(sender, *params), macros)[0]

    def rcpt(self, recipient="<b@here.example>", *params, macros=None):
        return self.step("R", strings(recipient, *params), macros)[0]

    def data(self, macros=None):
        return self.step("T", macros=macros)[0]

    def header(self, name, value):
        """value as on the wire behind the colon, folds as LF and white space."""
        if not self.steps & HDR_LEADSPC and value.startswith(" "):
            value = value[1:]
        return self.step("L", strings(name, value))[0]

    def eoh(self, macros=None):
        return self.step("N", macros=macros)[0]

    def body(self, chunk):
        return self.step("B", chunk)[0]

    def eom(self, macros=None):
        return self.step("E", macros=macros)

    def unknown(self, line):
        return self.step("U", strings(line))[0]

    def abort(self):
        self.send("A")

    def quit(self):
        self.send("Q")
        self.close()

    def quit_nc(self):
        """QUIT, and a new connection follows on this one."""
        self.send("K")


# What became of a message: the verdict, the stage that brought it, what is to be done to it.
Outcome = collections.namedtuple("Outcome", "reply stage changes")


class Mta:
    """An SMTP session at an MTA with one filter."""

    def __init__(self, where, dialect="postfix", address="192.0.2.1", name="client.example",
                 daemon="smtpd", port=4321, macros=None, **offers):
        assert dialect in ("postfix", "sendmail")
        self.postfix = dialect == "postfix"
        self.local = False
        self.client = Client(where, **offers).negotiate()
        self.macros = dict(macros or {})  # of the session
        self.address, self.name, self.daemon, self.port = address, name, daemon, port
        self.count = 0
        self.over = False  # the filter has had its say for the connection
        self.reset()
        self.said = self.connect()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()

    def reset(self):
        self.in_message = False
        self.recipients = []
        self.verdict = None

    # ---- macros as each MTA gives them ----

    def connect(self):
        address = self.address
        prefix = "IPv6:" if self.postfix and address and ":" in address else ""
        known = address is not None and "/" not in address
        m = {
            "j": "mx.here.example",
            "{daemon_name}": self.daemon,
            "v": "Postfix 3.7.11" if self.postfix else "8.17.1.9",
            "_": "%s [%s]" % (self.name, address),
            "{client_addr}": prefix + (address or "") if known else "",
            "{client_name}": self.name,
            "{client_ptr}": self.name,
            "{client_port}": str(self.port),
            "{client_resolve}": "OK",
        }
        if self.postfix:
            m["{daemon_addr}"] = "192.0.2.25"
            m["{daemon_port}"] = "25"
        else:
            m["{daemon_addr}"] = "0.0.0.0"
            m["{if_addr}"] = "192.0.2.25"
            m["{if_name}"] = "mx.here.example"
        m.update(self.macros)
        self.client.session = m
        reply = self.client.connect(address, self.name, self.port, m)
        self.over = reply.kind not in ("continue", "none", "discard")
        return reply

    def queue_id(self, early):
        """Postfix has one from the second RCPT on, Sendmail from MAIL."""
        if self.postfix and early:
            return {}
        return {"i": "4X%05d" % self.count if self.postfix else "3ARS%05d" % self.count}

    # ---- commands ----

    def helo(self, name="client.example", tls=None):
        """tls: the version and cipher of a session that began before."""
        m = {}
        if tls:
            m = {"{tls_version}": tls[0], "{cipher}": tls[1], "{cipher_bits}": "256"}
            if not self.postfix:
                m.update({"{cert_subject}": "", "{cert_issuer}": "", "{verify}": "NO"})
            self.macros.update(m)
        if self.over:
            return NONE
        if self.in_message and self.verdict is None and not self.postfix:
            self.client.abort()
        reply = self.client.helo(name, m)
        if self.in_message and self.verdict is None and self.postfix:
            self.client.abort()
        self.reset()
        if reply.kind == "accept":
            self.over = True
        return reply

    def mail(self, sender="<a@client.example>", *params, auth=None, author=None):
        """auth: user and method of a client that logged in; author: what it put into AUTH=."""
        self.reset()
        self.count += 1
        if self.over:
            return NONE
        self.in_message = True
        m = {**self.macros, **self.queue_id(not self.local)}
        m.update({"{mail_addr}": sender.strip("<>"), "{mail_mailer}": "smtp",
                  "{mail_host}": sender.strip("<>").partition("@")[2]})
        if auth:
            user, method = auth
            m["{auth_type}"] = method
            m["{auth_authen}"] = user if self.postfix else user.partition("@")[0]
            if not self.postfix:
                m["{auth_ssf}"] = "0"
        if author is not None:
            m["{auth_author}"] = author
        return self.note("mail", self.client.mail(sender, *params, macros=m))

    def rcpt(self, recipient="<b@here.example>", *params):
        if self.over or self.verdict is not None:
            return NONE
        m = self.queue_id(not self.recipients)
        bare = recipient.strip("<>")
        m["{rcpt_mailer}"] = "local"
        m["{rcpt_host}"] = bare.partition("@")[2] if self.postfix else ""
        m["{rcpt_addr}"] = bare if self.postfix else bare.partition("@")[0]
        reply = self.client.rcpt(recipient, *params, macros=m)
        if reply.kind in ("continue", "none"):
            self.recipients.append(recipient)
        elif reply.kind in ("accept", "discard"):
            self.note("rcpt", reply)
        return reply

    def note(self, stage, reply, changes=()):
        """Take a reply for the message."""
        if reply.kind not in ("continue", "none", "skip"):
            self.verdict = Outcome(reply, stage, list(changes))
        return reply

    def message(self, headers=(("Subject", " hello"),), body=b"Hello\r\n", chunk=CHUNK):
        """From DATA to the final dot; the outcome, which may have been there before."""
        for _ in (1,):
            if self.over or self.verdict is not None:
                break
            assert self.recipients, "no recipient: an MTA answers DATA itself"
            c = self.client
            m = self.queue_id(False)
            if self.note("data", c.data(m)) and self.verdict:
                break
            for name, value in headers:
                if self.note("headers", c.header(name, value)) and self.verdict:
                    break
            if self.verdict or (self.note("headers", c.eoh(m)) and self.verdict):
                break
            for i in range(0, len(body), chunk):
                if self.note("body", c.body(body[i:i + chunk])).kind == "skip" or self.verdict:
                    break
            if self.verdict:
                break
            if not self.postfix:
                m["{msg_id}"] = "<1@client.example>"
            reply, changes = c.eom(m)
            self.verdict = Outcome(reply, "body", changes)
        outcome = self.verdict or Outcome(NONE, "connect", [])
        self.in_message = False
        return outcome

    def rset(self):
        if self.in_message and self.verdict is None and not self.over:
            self.client.abort()
        self.reset()

    def quit(self):
        self.rset()
        try:
            self.client.quit()
        except Dropped:
            self.client.close()

    def send(self, sender="<a@client.example>", recipients=("<b@here.example>",), **message):
        """One whole transaction; replies at RCPT, and the outcome (None if nobody was left)."""
        self.mail(sender)
        replies = [self.rcpt(r) for r in recipients]
        if not self.recipients and self.verdict is None and not self.over:
            self.rset()
            return replies, None
        return replies, self.message(**message)


class Submission(Mta):
    """Mail that sendmail(1) took, as Postfix's cleanup shows it to non_smtpd_milters."""

    def __init__(self, where, **offers):
        super().__init__(where, "postfix", "127.0.0.1", "localhost", "cleanup", 0, **offers)
        self.local = True
        self.helo("localhost")

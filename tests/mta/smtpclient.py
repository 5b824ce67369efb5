"""An SMTP client that says just what a test wants it to say."""

import base64
import collections
import socket
import ssl

# code: 550; text: all lines behind the code, joined with line feeds.
Answer = collections.namedtuple("Answer", "code text")


class Closed(Exception):
    """The server has closed the connection."""


class Smtp:
    """A connection. proxy: the client's address as the PROXY protocol tells it, to a service that
    takes it; server_port is then the port that it is said to have come to. told: called with each
    line, and "C" or "S" for who says it."""

    def __init__(self, port, host="127.0.0.1", proxy=None, server_port=25, tls=False, told=None):
        self.said = ""  # what was answered last; "." for a message
        self.told = told or (lambda who, line: None)
        self.sock = socket.create_connection((host, port), 20)
        self.lines = None
        if proxy:
            six = ":" in proxy
            self.write("PROXY %s %s %s 45678 %d\r\n" % (
                "TCP6" if six else "TCP4", proxy, "2001:db8::25" if six else "203.0.113.25",
                server_port))
        if tls:
            self.wrap()
        self.lines = self.sock.makefile("rb")
        self.banner = self.answer()

    def write(self, data):
        try:
            self.sock.sendall(data if isinstance(data, bytes) else data.encode())
        except (BrokenPipeError, ConnectionResetError) as e:
            raise Closed from e

    def answer(self):
        text = []
        while True:
            try:
                line = self.lines.readline()
            except ConnectionResetError:
                line = b""
            if not line:
                raise Closed
            line = line.decode("utf-8", "replace").rstrip("\r\n")
            self.told("S", line)
            text.append(line[4:])
            if line[3:4] != "-":
                return Answer(int(line[:3]), "\n".join(text))

    def say(self, command):
        """One command, and the answer to it."""
        self.said = command
        self.told("C", command)
        self.write(command + "\r\n")
        return self.answer()

    def ehlo(self, name="client.example"):
        return self.say("EHLO " + name)

    def mail(self, sender="a@client.example", *parameters):
        return self.say(" ".join(["MAIL FROM:<%s>" % sender, *parameters]))

    def rcpt(self, recipient):
        return self.say("RCPT TO:<%s>" % recipient)

    def content(self, text):
        """A message behind DATA, up to the final dot; the answer to that."""
        self.said = "."
        lines = text.splitlines() + ["."]
        for line in lines:
            self.told("C", line)
        stuffed = ["." + line if line.startswith(".") else line for line in lines[:-1]]
        self.write("\r\n".join(stuffed + [".", ""]))
        return self.answer()

    def data(self, headers=(("Subject", "hello"),), body="Hello\n"):
        """DATA and a message; the last answer that came."""
        answer = self.say("DATA")
        if answer.code != 354:
            return answer
        return self.content("".join("%s: %s\n" % h for h in headers) + "\n" + body)

    def send(self, sender="a@client.example", recipients=("b@example.test",), **message):
        """A transaction as far as it is let: the answers to RCPT, and that to the message; the
        first is that to MAIL alone if it was refused. No recipient left: RSET."""
        first = self.mail(sender)
        if first.code != 250:
            return [first], first
        answers = [self.rcpt(r) for r in recipients]
        if not any(a.code == 250 for a in answers):
            self.say("RSET")
            return answers, answers[-1]
        return answers, self.data(**message)

    def wrap(self, certificate=None):
        """TLS from here on, whoever the server is. certificate: files of ours and of its key."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if certificate:
            context.load_cert_chain(*certificate)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.sock = context.wrap_socket(self.sock)

    def starttls(self, certificate=None):
        answer = self.say("STARTTLS")
        if answer.code == 220:
            self.lines.close()
            self.wrap(certificate)
            self.lines = self.sock.makefile("rb")
        return answer

    def login(self, user, password):
        """AUTH PLAIN."""
        token = base64.b64encode(("\0%s\0%s" % (user, password)).encode()).decode()
        return self.say("AUTH PLAIN " + token)

    def drop(self):
        """Go without a word."""
        if self.lines is not None:
            self.lines.close()
        self.sock.close()

    def quit(self):
        try:
            self.say("QUIT")
        except Closed:
            pass
        self.drop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.drop()

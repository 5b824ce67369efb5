#!/usr/bin/env python3
"""What is in the mail, behind a real Postfix: whatever it is encoded in, it is refused while its sender
is on the line, with the reason in the reply; the honest twin is delivered.

    POSTERN=./postern tests/mta/test_postfix_content.py [WORD...]

runs the tests whose names hold one of the words, or all. Needs root and Postfix. Touches no other
Postfix.
"""

import base64
import io
import quopri
import sys
import zipfile

from harness import equal
from mailsite import code, main

site = None  # the Postfix that all tests share

RULES = r"""
sent: reject 550 5.7.1 "{sender} is refused" if sender = "jörg@bücher.example"
heir: reject 554 5.6.0 "Not of {1}, please" if subject ~ /(наследств\w+)/i
heir-folded: reject 554 5.6.0 "Not of {1}, please" if subject ~ /(inheritance)/in
boss: reject 554 5.6.0 "{from.name} does not write from {from.domain}"
    if from.name ~ /the boss/in and from.domain not aligned "example.test"
writer: reject 550 5.1.1 "{from.name} is refused" if header("From").local = "jörg"
money: reject 554 5.6.0 "We take no {1}" if body ~ /(free money)/i
unseen: reject 554 5.6.0 "{1} is hidden in it" if body.hidden ~ /(\w+ \w+)/
file: reject 554 5.6.1 "{1} files are refused" if attachment.name ~ /\.(exe|scr)$/in
program: reject 554 5.6.1 "A program is refused, whatever it is called" if attachment.kind = exe
link: reject 554 5.6.0 "{url.host} is refused" if url.domain = evil.example
"""

HONEST = "Here is money, and you are free to take it."
SPAM = "Here is free money."


def answer(fields, body, sender="a@client.example", parameters=()):
    """What is told of a mail with these fields."""
    with site.connect() as c:
        equal(c.mail(sender, *parameters).code, 250)
        told = c.rcpt("b@example.test")
        return told if told.code != 250 else c.data(headers=fields, body=body)


def fields_of(kind, encoding="7bit", *more):
    return (("Subject", "hello"), ("MIME-Version", "1.0"), ("Content-Type", kind),
            ("Content-Transfer-Encoding", encoding)) + more


def refused(fields, body, want, *told, **more):
    got = answer(fields, body, **more)
    equal(code(got), want, got.text)
    for words in told:
        assert words in got.text, got


def delivered(fields, body, **more):
    """The one copy that is delivered."""
    return site.copy(answer(fields, body, **more))


def lines64(content):
    return base64.encodebytes(content).decode()


def test_base64():
    with site.filtering(RULES) as d:
        fields = fields_of("text/plain; charset=utf-8", "base64")
        refused(fields, lines64(SPAM.encode()), "554 5.6.0", "We take no free money")
        mail = delivered(fields, lines64(HONEST.encode()))
        equal(mail.get_payload(decode=True).decode(), HONEST)
        line = d.logged(rule="money")[0]
        equal((line["stage"], line["code"], line["to"]), ("body", "554", "b@example.test"))


def test_quoted_printable():
    fields = fields_of("text/plain; charset=koi8-r", "quoted-printable")
    hello = quopri.encodestring("Привет".encode("koi8-r")).decode()
    with site.filtering(RULES):
        refused(fields, hello + ": =46r=65e =\nmon=\ney\n", "554 5.6.0", "We take no Free money")
        delivered(fields, hello + ": =46r=65e=\nzing\n")


def test_html():
    fields = fields_of("text/html; charset=utf-8")
    with site.filtering(RULES):
        refused(fields, "<p>fr<b></b>e<!-- x -->e&nbsp;\n<i>m&#111;ney</i></p>\n", "554 5.6.0",
                "We take no free money")
        refused(fields, "<p>Hello</p><div style='display:none'>lorem ipsum</div>\n", "554 5.6.0",
                "lorem ipsum is hidden in it")
        refused(fields, "<a href='http://bank.example@%65vil.example/'>your bank</a>\n",
                "554 5.6.0", "evil.example is refused")
        delivered(fields, "<p title='free money'>free</p><p>money</p><!-- free money -->\n")
        delivered(fields, "<a href='http://good.example/?evil.example'>your bank</a>\n")


def test_subject():
    """RFC 2047, folded and split where it must not be."""
    with site.filtering(RULES):
        text = "О наследстве".encode()
        words = "\n ".join("=?utf-8?B?%s?=" % base64.b64encode(text[n:n + 5]).decode()
                           for n in range(0, len(text), 5))
        # 7-bit replies: what is beyond ASCII is replaced
        refused([("Subject", words)], "x\n", "554 5.6.0", "Not of ")
        refused([("Subject", "=?utf-8?Q?inherit=C3=A0nce?=")], "x\n", "554 5.6.0", "inheritance")
        delivered([("Subject", "=?utf-8?Q?inherit_a_chance?=")], "x\n")
        refused([("From", "\"=?utf-8?Q?The?= =?utf-8?Q?_B=D0=BEss?=\" <a@client.example>")], "x\n",
                "554 5.6.0", "does not write from client.example")
        delivered([("From", "=?utf-8?Q?The_Boss?= <boss@mail.example.test>")], "x\n")


def test_smtputf8():
    """Headers and addresses in UTF-8; the reply is too, where the client has said that it may."""
    utf8 = ("SMTPUTF8", "BODY=8BITMIME")
    with site.filtering(RULES) as d:
        refused([("Subject", "Наследство")], "x\n", "554 5.6.0", "Not of Наследство",
                parameters=utf8)
        delivered([("Subject", "Следствие")], "x\n", parameters=utf8)
        refused([], "", "550 5.7.1", "jörg@bücher.example is refused",
                sender="jörg@bücher.example", parameters=utf8)
        refused([("From", "Jörg <jörg@bücher.example>")], "x\n", "550 5.1.1", "Jörg is refused",
                parameters=utf8)
        mail = delivered([("From", "Jürg <jürg@bücher.example>")], "x\n",
                         sender="jürg@bücher.example", parameters=utf8)
        assert mail is not None
        equal(d.logged(rule="sent")[0]["from"], "jörg@bücher.example")


def attached(content, name, kind="application/octet-stream"):
    """A mail with an attachment: its fields, its text."""
    return fields_of("multipart/mixed; boundary=b"), (
        "--b\n\nSee the file.\n--b\nContent-Type: %s\nContent-Transfer-Encoding: base64\n"
        "Content-Disposition: attachment; %s\n\n%s--b--\n" % (kind, name, lines64(content)))


def zipped(name):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr(name, "x")
    return out.getvalue()


def test_attachment_by_name():
    with site.filtering(RULES):
        for name in ("filename=a.exe", "filename=\"=?utf-8?Q?a.e?= =?utf-8?Q?xe?=\"",
                     "filename*0=\"a.\"; filename*1=ex; filename*2=e",
                     "filename*=utf-8''a%2E%65xe", "filename=\"a.\u0435xe\""):
            refused(*attached(b"x", name), "554 5.6.1", "exe files are refused")
        refused(*attached(zipped("docs/a.scr"), "filename=a.zip"), "554 5.6.1", "scr files")
        refused(*attached(b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0" + bytes(200), "filename=a.pdf"),
                "554 5.6.1", "whatever it is called")
        mail = delivered(*attached(zipped("docs/a.txt"), "filename=\"an .exe.zip\""))
        equal(mail.get_payload(1).get_filename(), "an .exe.zip")


def test_a_body_that_changes_nothing_is_skipped():
    with site.filtering("""
mark: add-header "X-Seen" "by {sender}" if sender = known@client.example
known: accept if sender = known@client.example
no: reject 550 5.7.1 "no" if body ~ /last word/
""") as d:
        body = "A line of some length that is there to fill the mail.\n" * 8000 + "last word\n"
        fields = fields_of("text/plain")
        refused(fields, body, "550 5.7.1", "no")
        mail = delivered(fields, body, sender="known@client.example")
        equal(mail["X-Seen"], "by known@client.example")
        equal(mail.get_payload(), body)
        equal(d.logged(rule="known")[0]["stage"], "body")


if __name__ == "__main__":
    sys.exit(main(globals()))

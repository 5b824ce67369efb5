"""The messages of test_hostile.py, and what is to come of each.

`needle` is what the rules look for. A message has its own limits of time and memory where it is a large
one.
"""

import base64
import bz2
import collections
import gzip
import io
import lzma
import tarfile
import zipfile

# make: gives the message; found: the rules in-… that are true, not_found: that are not; limits: what
# message.truncated names; ms, mb: what it may cost.
Row = collections.namedtuple("Row", "name make found not_found limits ms mb")
ROWS = []

HEAD = b"From: a@example.net\nTo: b@example.org\nSubject: test\nMIME-Version: 1.0\n"


def made(value):
    """A value, or what the function returns that makes it: large ones are made when they are needed."""
    return value() if callable(value) else value


def add(name, make, found="", not_found="", limits="", ms=400, mb=64):
    """A message, as bytes or a function that makes them. limits None: any will do, or none."""
    ROWS.append(Row(name, lambda: made(make), found.split(), not_found.split(),
                    limits.split() if limits is not None else None, ms, mb))


def mail(*fields, body=b"text\n"):
    """A message with these fields, lines as bytes."""
    return HEAD + b"".join(f + b"\n" for f in fields) + b"\n" + body


def typed(kind, body, *fields):
    """A message of this Content-Type."""
    return mail(b"Content-Type: " + kind, *fields, body=body)


def html(source):
    return typed(b"text/html; charset=utf-8", source)


def base64_lines(content):
    return base64.encodebytes(content)


def mixed(*parts, end=b"--b--\n"):
    """A multipart of these parts: each has its header and an empty line."""
    return typed(b"multipart/mixed; boundary=b", b"".join(b"--b\n" + p + b"\n" for p in parts) + end)


def attached(content, name=b"needle.zip", kind=b"application/octet-stream"):
    """A message with an attachment."""
    return mixed(b"Content-Type: text/plain\n\nsee the file",
                 b"Content-Type: %s\nContent-Disposition: attachment; filename=\"%s\"\n"
                 b"Content-Transfer-Encoding: base64\n\n%s" % (kind, name, base64_lines(content)))


# ---- structure ----

def nested(depth, at, boundary=lambda level: b"b%d" % level, close=True):
    """Multiparts within one another, with the needle as a text at one level."""
    out, kinds = [], [b"multipart/mixed; boundary=\"%s\"" % boundary(n) for n in range(depth)]
    for level in range(depth):
        if level == at:
            out.append(b"--%s\n\nneedle\n" % boundary(level))
        inner = kinds[level + 1] if level + 1 < depth else b"text/plain"
        out.append(b"--%s\nContent-Type: %s\n\n" % (boundary(level), inner))
    out.append(b"innermost\n")
    if close:
        out.extend(b"--%s--\n" % boundary(level) for level in reversed(range(depth)))
    return typed(kinds[0], b"".join(out))


add("1,000 multiparts within one another", lambda: nested(1000, 50), "body", limits="max-nesting")
add("1,000 of them, the needle too deep", lambda: nested(1000, 500), "", "body", "max-nesting")
add("1,000 of them that don't end", lambda: nested(1000, 50, close=False), "body",
    limits="max-nesting")
add("90 multiparts within one another", lambda: nested(90, 89), "body")
add("90 whose boundaries begin alike", lambda: nested(90, 89, lambda n: b"b" * (n + 1)), "body")
add("90 of one boundary", lambda: nested(90, 3, lambda n: b"b"), "body")
add("20,000 multiparts within one another", lambda: nested(20000, 50), "body",
    limits="max-nesting", ms=2000)
add("1,000 messages within one another",
    lambda: typed(b"message/rfc822", b"Subject: first needle\n"
                  + b"Content-Type: message/rfc822\n\nSubject: x\n" * 1000 + b"\ninnermost\n"),
    "body", limits="max-nesting")
add("messages and multiparts within one another",
    lambda: typed(b"message/rfc822", b"".join(
        b"Content-Type: multipart/digest; boundary=c%d\n\n--c%d\n\nSubject: s%d needle\n" % (n, n, n)
        for n in range(500))), "body", limits="max-nesting")
add("100,000 parts", lambda: mixed(*[b"\nneedle %d" % n for n in range(100000)]), "body",
    limits="max-parts", ms=1000, mb=128)
add("100,000 parts, the needle in the last",
    lambda: mixed(*[b"\nx"] * 100000, b"\nneedle"), "raw-body", "body", "max-parts", ms=1000, mb=128)
add("100,000 empty parts", lambda: typed(b"multipart/mixed; boundary=b", b"--b\n" * 100000),
    limits="max-parts", ms=1000)
add("100,000 attachments", lambda: mixed(
    *[b"Content-Disposition: attachment; filename=needle%d.txt\n\nx" % n for n in range(100000)]),
    "name", limits="max-parts", ms=2000, mb=128)
add("900 parts of 900 types", lambda: mixed(
    *[b"Content-Type: x-%d/needle; name=n%d\nContent-Transfer-Encoding: x-%d\n\nx" % (n, n, n)
      for n in range(900)]), "type")
add("34 MB", lambda: mail(body=b"needle\n" + b"all work and no play\n" * 1700000), "body",
    limits="max-message-size", ms=4000, mb=600)
add("34 MB of one line", lambda: mail(body=b"needle " + b"x" * 35000000), "body",
    limits="max-message-size", ms=4000, mb=600)
add("lines of 64 KB", lambda: mail(body=(b"x" * 65530 + b" needle\n") * 30), "body", ms=1000)
add("blank lines alone", lambda: mail(body=b"\n" * 1000000 + b"needle\n"), "body", ms=1000, mb=128)
add("an empty file", b"")
add("no header", b"\nneedle\n", "body")
add("no body", b"From: a@example.net\nSubject: needle\n", "subject")
add("line ends of one CR", HEAD.replace(b"\n", b"\r") + b"\rneedle\r")
add("a file of random bytes", lambda: bytes((n * n * 31 + n // 7) & 255 for n in range(200000)))

# ---- boundaries ----

TWO = b"before\n--b\n\nfirst needle\n--b\n\nsecond\n--b--\nbehind\n"
add("a boundary that never comes", typed(b"multipart/mixed; boundary=c", TWO), "body")
add("a boundary that doesn't end", typed(b"multipart/mixed; boundary=b", TWO[:-15]), "body")
add("no boundary", typed(b"multipart/mixed", TWO), "body")
add("an empty boundary", typed(b"multipart/mixed; boundary=\"\"", TWO.replace(b"--b", b"--")), "body")
add("a boundary of 70 characters", typed(b"multipart/mixed; boundary=" + b"b" * 70,
                                         TWO.replace(b"--b", b"--" + b"b" * 70)), "body")
add("a boundary of 2,000 characters", typed(b"multipart/mixed; boundary=" + b"b" * 2000,
                                            TWO.replace(b"--b", b"--" + b"b" * 2000)), "body")
add("a boundary of 100 KB", lambda: typed(b"multipart/mixed; boundary=" + b"b" * 100000,
                                          TWO.replace(b"--b", b"--" + b"b" * 100000)), "body")
add("a boundary of signs", typed(b"multipart/mixed; boundary=\"'()+_,-./:=? x\"",
                                 TWO.replace(b"--b", b"--'()+_,-./:=? x")), "body")
add("a boundary that isn't quoted", typed(b"multipart/mixed; boundary==_b=; charset=x",
                                          TWO.replace(b"--b", b"--=_b=")), "body")
add("a boundary with blanks behind", typed(b"multipart/mixed; boundary=\"b \"",
                                           TWO.replace(b"--b\n", b"--b \t \n")), "body")
add("a boundary as an encoded word", typed(b"multipart/mixed; boundary=\"=?utf-8?q?b?=\"", TWO),
    "body")
add("a boundary in continuations", typed(b"multipart/mixed; boundary*0=a; boundary*1=b",
                                         TWO.replace(b"--b", b"--ab")), "body")
add("two boundaries", typed(b"multipart/mixed; boundary=c; boundary=b", TWO), "body")
add("two types", typed(b"multipart/mixed; boundary=b", TWO, b"Content-Type: text/plain"), "body")
add("two types, the other way round",
    typed(b"text/plain", TWO, b"Content-Type: multipart/mixed; boundary=b"), "body")
add("the boundary of the outer one in the inner",
    mixed(b"Content-Type: multipart/alternative; boundary=b\n\n--b\n\nneedle", b"\nx"), "body")
add("an inner boundary that begins like the outer",
    mixed(b"Content-Type: multipart/alternative; boundary=bc\n\n--bc\n\nneedle\n--bc--", b"\nx"), "body")
add("an inner multipart without end, then a part of the outer",
    mixed(b"Content-Type: multipart/alternative; boundary=c\n\n--c\n\nx", b"\nneedle"), "body")
add("100,000 lines that are nearly a boundary",
    lambda: typed(b"multipart/mixed; boundary=" + b"-" * 60,
                  (b"-" * 61 + b"x\n") * 100000 + b"--" + b"-" * 60 + b"\n\nneedle\n"), "body", ms=1000,
    mb=128)
add("100,000 dashes lines in 90 open multiparts",
    lambda: nested(90, 89, close=False) + b"--b\n" * 100000, "body", ms=2000)

# ---- NUL and other bytes ----

add("NUL in every header", b"".join(b"X-\0T: a\0b\nSubject: nee\0dle\0\n" for _ in range(100))
    + b"\n\0\0text\0\n")
add("NUL between all characters", lambda: mail(body=b"\0".join(b"needle"[n:n + 1] for n in range(6))))
add("NUL alone", lambda: mail(body=b"\0" * 1000000))
add("NUL in a boundary", typed(b"multipart/mixed; boundary=\"b\0c\"", TWO))
add("NUL in base64", typed(b"text/plain", b"bmVl\0ZGxl\0\n", b"Content-Transfer-Encoding: base64"),
    "body")
add("NUL in HTML", html(b"<\0p style='dis\0play:none'>a\0b &\0amp; needle<\0/p><!\0-- -->\0"))
add("NUL in a file's name", mixed(b"Content-Disposition: attachment; filename=\"a\0needle.exe\"\n\nx"))
add("all 256 bytes in all places", lambda: bytes(range(256)).join(
    [b"Subject: ", b"\nContent-Type: ", b"; charset=", b"\n\n", b"<p>", b"\n"]))

# ---- headers ----

add("a header of 200 KB", lambda: mail(b"X-Test: " + b"x" * 200000 + b" needle"), "header")
add("a header of 200 KB in folds", lambda: mail(b"X-Test: a" + b"\n folded" * 28000 + b"\n needle"), "header")
add("a header of 200 KB of encoded words", lambda: mail(b"X-Test:" + b" =?utf-8?q?a?=" * 15000 + b" needle"),
    "header")
add("a line of 64 KB in a header", lambda: mail(b"Subject: " + b"x " * 32768 + b"needle"), "subject")
add("20,000 headers", lambda: b"X-Test: needle\n" + b"X-A: b\n" * 19990 + b"\n\n", "header", ms=1000)
add("30,000 headers", lambda: b"X-Test: needle\n" + b"X-A: b\n" * 30000 + b"\n\n", "header",
    limits="max-headers", ms=1000)
add("a header behind 30,000", lambda: b"X-A: b\n" * 30000 + b"X-Test: needle\n\n\n", "", "header",
    "max-headers", ms=1000)
add("6 MB of headers", lambda: b"X-Test: needle\n" + (b"X-A: " + b"b" * 990 + b"\n") * 6000 + b"\n\n",
    "header", limits="max-header-size", ms=2000, mb=128)
add("20,000 Content-Types", lambda: b"Content-Type: text/plain; charset=x\n" * 19000 + b"\nneedle\n",
    "body", ms=1000)
add("fields without a name", mail(b": needle", b" : x", b"\t", b"X-Test : needle"))
add("a colon 10,000 times", lambda: mail(b"X-Test" + b":" * 10000 + b"needle"), "header")

# ---- results of other filters ----

OURS = b"Authentication-Results: mx.example.org"
add("results: 10,000 headers", lambda: (OURS + b"; dkim=pass header.d=needle.example\n") * 10000
    + b"\n\n", limits=None, ms=1000)
add("results: 10,000 in one header", lambda: OURS
    + b"; dkim=pass header.d=needle.example" * 10000 + b"\n\n", limits=None, ms=1000)
add("results: 100,000 parentheses", lambda: OURS + b"(" * 100000 + b"; dmarc=pass\n\n\n", limits=None)
add("results: 100,000 quotes", lambda: OURS + b"; dmarc=pass reason=\"" + b"\\\"" * 100000
    + b"\n\n\n", limits=None)

# ---- addresses ----

add("100,000 addresses", lambda: mail(
    b"Cc: needle@example.com" + b"".join(b",\n \"N %d\" <a%d@n%d.example>" % (n, n, n)
                                         for n in range(100000))), "parts", ms=1000, mb=128)
add("200,000 addresses", lambda: mail(
    b"X-Test: needle", b"Cc: " + b", ".join(b"a%d@n%d.example" % (n, n) for n in range(200000))), "header",
    limits="max-header-size", ms=1000, mb=128)
for _name, _from in [
        ("100,000 parentheses", lambda: b"(" * 100000 + b"needle <a@example.net>"),
        ("100,000 parentheses that close", lambda: b"(" * 50000 + b")" * 50000 + b" needle <a@example.net>"),
        ("100,000 angle brackets", lambda: b"<" * 100000 + b"needle@example.net" + b">" * 10),
        ("100,000 quotes", lambda: b"\"" * 100001 + b"needle <a@example.net>"),
        ("100,000 backslashes", lambda: b"\"" + b"\\" * 100001 + b"needle <a@example.net>"),
        ("100,000 commas", lambda: b"," * 100000 + b"needle <a@example.net>"),
        ("100,000 at signs", lambda: b"needle" + b"@" * 100000 + b"example.net"),
        ("100,000 colons", lambda: b"needle" + b":" * 100000 + b"a@example.net;"),
        ("100,000 dots", lambda: b"needle" + b"." * 100000 + b"@example.net"),
        ("100,000 groups", lambda: b"g:a@b.example;" * 20000 + b"needle <a@example.net>"),
        ("a route of 10,000 hosts", lambda: b"<@a.example," * 10000 + b":needle@example.net>"),
        ("a quoted string without end", b"\"needle <a@example.net>"),
        ("an address of 100 KB", lambda: b"needle" * 20000 + b"@" + b"a." * 20000 + b"example")]:
    add("From of " + _name, lambda v=_from: b"From: " + made(v) + b"\n\n\n", "raw-lines")

# ---- RFC 2047 ----

for _name, _word, _found in [
        ("sound", b"=?utf-8?q?needle?=", True),
        ("sound, base64", b"=?utf-8?b?bmVlZGxl?=", True),
        ("lower and upper case", b"=?UTF-8?Q?needl=65?=", True),
        ("in a quoted string", b"\"=?utf-8?q?needle?=\"", True),
        ("in a comment", b"(=?utf-8?q?needle?=)", True),
        ("split in the word", b"=?utf-8?q?nee?= =?utf-8?q?dle?=", True),
        ("split by a fold", b"=?utf-8?q?nee?=\n =?utf-8?q?dle?=", True),
        ("split by a tab and blanks", b"=?utf-8?q?nee?= \t  =?utf-8?q?dle?=", True),
        ("not divided", b"=?utf-8?q?nee?==?utf-8?q?dle?=", True),
        ("split in a character", b"=?utf-8?q?needle=C3?= =?utf-8?q?=BC?=", True),
        ("split in a character, base64", b"=?utf-8?b?bmVlZGxlw?= =?utf-8?b?7w=?=", True),
        ("of two charsets", b"=?utf-8?q?nee?= =?iso-8859-1?b?ZGxl?=", True),
        ("of unknown charset", b"=?x-unknown?q?needle?=", True),
        ("of no charset", b"=??q?needle?=", None),
        ("of a charset with language", b"=?utf-8*en?q?needle?=", True),
        ("of a wrong charset", b"=?us-ascii?q?needle=C3=BC=FF?=", True),
        ("of a charset of two bytes", b"=?utf-16?q?needle?=", None),
        ("of a charset of 1 KB", lambda: b"=?" + b"x" * 1000 + b"?q?needle?=", None),
        ("of an unknown encoding", b"=?utf-8?x?needle?=", True),
        ("without end", b"=?utf-8?q?needle", True),
        ("with half an end", b"=?utf-8?q?needle?", True),
        ("with blanks", b"=?utf-8?q?a needle and more?=", True),
        ("with blanks, base64", b"=?utf-8?b?bmVl ZGxl?=", None),
        ("with blanks between its parts", b"=? utf-8 ? q ? needle ?=", True),
        ("in the middle of a word", b"a=?utf-8?q?needle?=b", True),
        ("nested", b"=?utf-8?q?=3D=3Futf-8=3Fq=3Fneedle=3F=3D?=", True),
        ("nested, as it stands", b"=?utf-8?q?=?utf-8?q?needle?=?=", True),
        ("empty", b"=?utf-8?q??= needle", True),
        ("empty, base64", b"=?utf-8?b??= =?utf-8?b?bmVlZGxl?=", True),
        ("empty throughout", b"=????= needle", True),
        ("with broken escapes", b"=?utf-8?q?=ZZ=4needle=?=", True),
        ("with a question mark", b"=?utf-8?q?what?needle?=", True),
        ("with base64 cut", b"=?utf-8?b?bmVlZGxlIG?=", True),
        ("with base64 without padding", b"=?utf-8?b?bmVlZGxlIA?=", True),
        ("with base64 of more padding", b"=?utf-8?b?bmVlZGxl====?=", True),
        ("with base64 that isn't", b"=?utf-8?b?***bm*VlZGxl?=", None),
        ("with raw bytes", b"=?utf-8?q?needle\xfc\xc3\xbc?=", True),
        ("with NUL", b"=?utf-8?q?needle=00?=", True),
        ("with line ends", b"=?utf-8?q?needle=0D=0ABcc:=20x?=", True),
        ("in UTF-7", b"=?utf-7?q?needle+AGE-?=", True),
        ("in ISO-2022-JP without end", b"=?iso-2022-jp?b?GyRCJUYlOSVIbmVlZGxl?= needle", True),
        ("100,000 times its beginning", lambda: b"=?utf-8?q?" * 10000 + b"needle", None),
        ("100,000 question marks", lambda: b"=" + b"?" * 100000 + b"needle", None),
        ("10,000 times =?", lambda: b"=?" * 50000 + b" needle", True)]:
    add("an encoded word: " + _name, lambda v=_word: mail(b"X-Test: " + made(v)), "header" if _found else "",
        "" if _found is not False else "header")

# ---- charsets ----

for _name, _charset, _text, _found in [
        ("UTF-8 that isn't", b"utf-8", b"needle \xfc\xff\xc3", True),
        ("ASCII that isn't", b"us-ascii", b"needle \xfc\xff\xc3", True),
        ("UTF-16 of odd length", b"utf-16", "needle x".encode("utf-16") + b"\x41", True),
        ("UTF-16 that isn't", b"utf-16", b"needle, all in ASCII", None),
        ("UTF-32", b"utf-32", "needle".encode("utf-32"), True),
        ("half surrogates", b"utf-16le", lambda: b"\x00\xd8" * 1000 + "needle".encode("utf-16le"), None),
        ("broken UTF-7", b"utf-7", b"needle +AG +++-- +//////", True),
        ("ISO-2022-JP without end", b"iso-2022-jp", b"needle \x1b$B%F%9%H\n", True),
        ("ISO-2022-JP of escapes alone", b"iso-2022-jp", lambda: b"\x1b$B\x1b(B" * 10000 + b"needle", True),
        ("GB18030, cut", b"gb18030", b"needle \x81\x30\x81", True),
        ("Big5, cut", b"big5", b"needle \xa4", True),
        ("Shift_JIS of bad pairs", b"shift_jis", b"needle \x81\x00\xfd\xfe\xff", True),
        ("an unknown one", b"x-unknown", b"needle \xfc", True),
        ("an empty one", b"\"\"", b"needle \xfc", True),
        ("a name of 10 KB", lambda: b"x" * 10000, b"needle \xfc", True),
        ("a name with control bytes", b"\"utf-8\x01\x1b[0m//TRANSLIT\"", b"needle \xfc", True),
        ("an encoding as its name", b"base64", b"needle \xfc", True)]:
    add("charset: " + _name, lambda c=_charset, v=_text: typed(b"text/plain; charset=" + made(c), made(v)),
        "body" if _found else "")
add("1 MB of bad UTF-8", lambda: typed(b"text/plain; charset=utf-8", b"needle " + b"\xff" * 1000000),
    "body", ms=1000, mb=128)
add("HTML of three charsets", typed(b"text/html; charset=utf-16",
    b"<meta charset=koi8-r><meta http-equiv=content-type content='text/html;charset=utf-7'>needle"))

# ---- transfer encodings ----

BASE64 = b"Content-Transfer-Encoding: base64"
QP = b"Content-Transfer-Encoding: quoted-printable"
for _name, _field, _text, _found in [
        ("base64, cut", BASE64, b"bmVlZGxlIGFuZCBtb3", True),
        ("base64, cut in each way", BASE64, b"bmVlZGxlI", True),
        ("base64 that isn't", BASE64, b"needle, in plain text: no base64 at all!", None),
        ("base64 with signs in it", BASE64, b"b!m@V#l$Z%G^x&l*\n", True),
        ("base64 that ends early", BASE64, b"bmVl=\nZGxl\n", None),
        ("base64 in a line of 1 MB", BASE64, lambda: base64.b64encode(b"needle " * 150000), True),
        ("base64 in lines of one character", BASE64,
         b"\n".join(base64.b64encode(b"needle" * 10000)[n:n + 1] for n in range(80000)), True),
        ("1 MB of =", BASE64, lambda: b"=" * 1000000, False),
        ("base64 for URLs", BASE64, b"bmVlZGxlIP__-w", True),
        ("quoted-printable, cut", QP, b"needle=", True),
        ("quoted-printable, cut in a byte", QP, b"needl=65=4", True),
        ("quoted-printable that isn't", QP, b"=needle ==ZZ=\x00=G1", True),
        ("quoted-printable of soft ends", QP, lambda: b"n=\n=\n=\nee=\n" + b"=\n" * 100000 + b"dle", True),
        ("quoted-printable in lower case", QP, b"n=65=65dl=65 =c3=bc", True),
        ("quoted-printable with blanks at its ends", QP, b"nee= \t \ndle   \n", True),
        ("1 MB of = in quoted-printable", QP, lambda: b"=" * 1000000, False),
        ("an unknown encoding", b"Content-Transfer-Encoding: x-unknown", b"needle", True),
        ("an empty one", b"Content-Transfer-Encoding:", b"needle", True),
        ("two", b"Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64", b"needle", True),
        ("one with a comment", b"Content-Transfer-Encoding: (yes) base64 (no)", b"bmVlZGxl", True),
        ("one in quotes", b"Content-Transfer-Encoding: \"base64\"", b"bmVlZGxl", True)]:
    add("encoding: " + _name, lambda f=_field, v=_text: typed(b"text/plain", made(v), f),
        "body" if _found else "", "body" if _found is False else "", ms=800)
for _name, _text in [
        ("without end", b"begin 644 needle.exe\n%9W)O=\n"),
        ("without lines", b"begin 644 needle.exe\nend\n"),
        ("of wrong lengths", b"begin 644 needle.exe\nM!!\n~~~~~\n!\n`\nend\n"),
        ("of 100,000 beginnings", lambda: b"begin 644 needle.exe\n" * 100000),
        ("of 100,000 files", lambda: b"begin 644 needle.exe\n#86)C\n`\nend\n" * 100000)]:
    add("uuencode " + _name, lambda v=_text: mail(body=made(v)),
        limits="max-parts" if "files" in _name else "", ms=3000, mb=128)
add("uuencode without a name", mail(body=b"begin 644 \n#86)C\nend\nneedle\n"), "body")

# ---- parameters ----

for _name, _parameters, _found in [
        ("a gap", b"filename*0=nee; filename*2=dle", None),
        ("turned round", b"filename*1=dle; filename*0=nee", True),
        ("no first", b"filename*1=nee; filename*2=dle", None),
        ("twice the same", b"filename*0=nee; filename*0=xxx; filename*1=dle", None),
        ("a large number", lambda: b"filename*0=needle; filename*99999999999999999999=x", True),
        ("a negative one", b"filename*-1=needle", None),
        ("leading zeros", b"filename*00=nee; filename*01=dle", None),
        ("10,000 pieces", lambda: b"; ".join(b"filename*%d=needle" % n for n in range(10000)), True),
        ("10,000 turned round", lambda: b"; ".join(b"filename*%d=needle" % (9999 - n)
                                                   for n in range(10000)), True),
        ("no charset", b"filename*=needle", None),
        ("a charset alone", b"filename*=utf-8'needle", None),
        ("an unknown charset", b"filename*=x-unknown''needle", True),
        ("broken percents", b"filename*=utf-8''%6eeedl%65%%4%ZZ", None),
        ("a character in two pieces", b"filename*0*=utf-8''needle%C3; filename*1*=%BC", True),
        ("an encoded word", b"filename=\"=?utf-8?q?needle?=\"", True),
        ("an encoded word without quotes", b"filename==?utf-8?q?needle?=", True),
        ("blanks without quotes", b"filename=the needle.exe", True),
        ("a quote without end", b"filename=\"needle.exe", True),
        ("a name of 1 MB", lambda: b"filename=\"needle" + b"x" * 1000000 + b"\"", True),
        ("100,000 parameters", lambda: b"a=b; " * 100000 + b"filename=needle", True),
        ("100,000 semicolons", lambda: b";" * 100000 + b"filename=needle", True),
        ("comments", b"(a(b)) filename (x) = (y) needle (z)", None),
        ("no name", b"", False),
        ("paths", b"filename=\"..\\../c:\\needle.exe\"", True)]:
    add("a file's name: " + _name, lambda v=_parameters: mixed(
        b"Content-Type: application/octet-stream\nContent-Disposition: attachment; "
        + made(v) + b"\n\nx"), "name" if _found else "", "name" if _found is False else "", ms=800)

# ---- HTML ----

HTML_LIMITS = {
    "100,000 div": "styles",
    "100,000 div, hidden at the first": "styles",
    "100,000 hidden div": "styles",
    "100,000 tables": "styles",
    "100,000 rules of style": "styles",
    "a style of 1 MB": "styles",
    "100,000 links": "max-urls",
    "a link of 1 MB": "max-urls",
}

for _name, _make, _found in [
        ("100,000 div", lambda: b"<div>" * 100000 + b"needle", "body"),
        ("100,000 div, hidden at the first", lambda: b"<div style='display:none'>" + b"<div>" * 100000
         + b"needle", "hidden"),
        ("100,000 hidden div", lambda: b"<div hidden>x" * 100000 + b"needle", "hidden"),
        ("100,000 end tags", lambda: b"</div></p></b>" * 100000 + b"needle", "body"),
        ("100,000 elements that cross", lambda: b"<b><i></b></i>" * 50000 + b"needle", "body"),
        ("100,000 tables", lambda: b"<table><tr><td>" * 50000 + b"needle", "body"),
        ("100,000 attributes", lambda: b"<p " + b"".join(b"a%d=b " % n for n in range(100000))
         + b">needle", "body"),
        ("an attribute of 1 MB", lambda: b"<p title='" + b"x" * 1000000 + b"'>needle", "body"),
        ("a tag of 1 MB", lambda: b"<" + b"x" * 1000000 + b">needle", "body"),
        ("a tag without end", b"needle <p title='x", "body"),
        ("1 MB of <", lambda: b"<" * 1000000 + b" needle", "body"),
        ("1 MB of &", lambda: b"&" * 1000000 + b" needle", "body"),
        ("100,000 entities", lambda: b"&amp;&#65;&#x42;&nbsp;" * 25000 + b"needle", "body"),
        ("bad entities", b"&#99999999999; &#x; &#xD800; &#0; &x; &notanentity; &#x110000 needle", "body"),
        ("an entity of 1 MB", lambda: b"&" + b"a" * 1000000 + b"; needle", "body"),
        ("a comment without end", b"needle <!-- x", "body"),
        ("a comment without end before", b"<p>x</p><!-- needle", ""),
        ("100,000 comments without end", lambda: b"needle" + b"<!-- -- - <!" * 100000, "body"),
        ("100,000 comments", lambda: b"<!-- x -->" * 100000 + b"needle", "body"),
        ("odd comments", b"<!><!-><!--><!--->needle<!-- a --!><![CDATA[x]]><?php ?><!doctype", "body"),
        ("a script without end", b"needle<script>x", "body"),
        ("100,000 scripts", lambda: b"<script>x</script" * 100000 + b">needle", ""),
        ("a title without end", b"<title>needle", ""),
        ("100,000 links", lambda: b"".join(b"<a href='http://h%d.example/'>x</a>" % n
                                           for n in range(100000)) + b"needle", "body"),
        ("a link of 1 MB", lambda: b"<a href='http://needle.example/" + b"x" * 1000000 + b"'>x</a>", "host"),
        ("10,000 links within one another", lambda: b"<a href=http://needle.example/>" * 10000, "host"),
        ("100,000 rules of style", lambda: b"<style>"
         + b"".join(b".c%d { display: none }" % n for n in range(100000)) + b"</style>needle", "body"),
        ("1,000 rules for 10,000 elements", lambda: b"<style>"
         + b"".join(b".c%d { display: block }" % n for n in range(1000)) + b"</style>"
         + b"<p class='c1 c2 c3 c999'>x</p>" * 10000 + b"needle", "body"),
        ("10,000 classes of one element", lambda: b"<style>.c9999 { color: red }</style><p class='"
         + b" ".join(b"c%d" % n for n in range(10000)) + b"'>needle", "body"),
        ("@media within one another", lambda: b"<style>" + b"@media screen {" * 50000
         + b"</style>needle", "body"),
        ("a style of 1 MB", lambda: b"<p style='" + b"color:red;" * 100000 + b"'>needle", "body"),
        ("a style without end", b"needle<style>.a { display: none", "body"),
        ("a colour of many digits", lambda: b"<p style='color:#" + b"f" * 10000 + b"'>needle", "body"),
        ("a size of many digits", lambda: b"<p style='font-size:" + b"9" * 10000 + b"px'>needle", "body"),
        ("1 MB of text in one element", lambda: b"<p>" + b"needle " * 150000, "body"),
        ("a table of 300 x 300", lambda: (b"<table>" + (b"<tr>" + b"<td>x" * 300) * 300
                                          + b"</table>needle"), "body"),
        ("plaintext", b"<plaintext>needle <b>", "body")]:
    add("HTML: " + _name, lambda v=_make: html(made(v)), _found, limits=HTML_LIMITS.get(_name, ""),
        ms=2500, mb=256)

# ---- archives ----


def zipped(*names, content=b"x", compression=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as z:
        for name in names:
            z.writestr(zipfile.ZipInfo(name), content, compression)
    return out.getvalue()


def nested_zip(depth):
    content = b"needle"
    for n in range(depth):
        content = zipped("level%d.zip" % n, content=content)
    return content


def zip_of_zips():
    """Like the one called 42: what its members come to is far more than anybody can hold."""
    inner = zipped(*["zeros%d" % n for n in range(16)], content=bytes(4 << 20))
    for _ in range(3):
        inner = zipped(*["zip%d.zip" % n for n in range(16)], content=inner)
    return inner


def lying_zip():
    """A zip whose list says that its members are of 4 GB each."""
    content = bytearray(zipped("needle.exe", *["x%d" % n for n in range(50)]))
    at = content.find(b"PK\1\2")
    while at >= 0:
        content[at + 20:at + 28] = b"\xff\xff\xff\x7f" * 2
        at = content.find(b"PK\1\2", at + 4)
    return bytes(content)


def tarred(names, mode="w"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as t:
        for name in names:
            t.addfile(tarfile.TarInfo(name))
    return out.getvalue()


def nested_gzip(depth):
    content = tarred(["needle"])
    for _ in range(depth):
        content = gzip.compress(content)
    return content


for _name, _make, _found, _limits in [
        ("zip", lambda: zipped("a", "needle.exe"), True, ""),
        ("zip with a path", lambda: zipped("../../needle.exe"), True, ""),
        ("zip with an empty name", lambda: zipped("", "/", "needle"), True, ""),
        ("zip in zip, 50 deep", lambda: nested_zip(50), False, ""),
        ("zip of zips", zip_of_zips, False, ""),
        ("zip that lies", lying_zip, True, ""),
        ("zip of 30,000 files", lambda: zipped("needle", *["f%d" % n for n in range(30000)]), True,
         "max-archive-entries"),
        ("zip with a name of 60 KB", lambda: zipped("n" * 60000, "needle"), None, None),
        ("zip, cut", lambda: zipped("a", "needle.exe", "b" * 100)[:90], None, None),
        ("zip without its list", lambda: zipped("needle.exe")[:60], None, None),
        ("zip of a beginning alone", b"PK\3\4", False, None),
        ("tar of 40,000 files", lambda: tarfile.TarInfo("needle").tobuf() * 40000, True,
         "max-archive-entries"),
        ("tar.gz of 100,000 files", lambda: gzip.compress(tarfile.TarInfo("needle").tobuf() * 100000),
         True, "max-archive-entries"),
        ("tar.xz", lambda: tarred(["needle"], "w:xz"), True, ""),
        ("tar of names of 4 KB", lambda: tarred("needle" + "/" * 4000 + "x%d" % n for n in range(100)),
         None, None),
        ("tar, cut", lambda: tarred(["needle", "x"])[:1000], None, None),
        ("gzip of 200 MB", lambda: gzip.compress(bytes(200 << 20), 1), False, None),
        ("gzip in gzip, 50 deep", lambda: nested_gzip(50), False, None),
        ("gzip that lies of its name", lambda: b"\x1f\x8b\x08\x08" + b"\0" * 6 + b"needle" * 100000, None, None),
        ("7z with a large list", lambda: b"7z\xbc\xaf\x27\x1c\0\4" + b"\0" * 4 + b"\xff" * 20 + b"x" * 1000, False,
         None),
        ("rar of garbage", b"Rar!\x1a\x07\x01\x00" + bytes(range(256)) * 100, False, None),
        ("rar4 of garbage", b"Rar!\x1a\x07\x00" + bytes(range(256)) * 100, False, None),
        ("OLE of garbage", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(range(256)) * 4000, False, ""),
        ("cab of garbage", lambda: b"MSCF\0\0\0\0" + b"\xff" * 10000, False, None),
        ("iso of garbage", lambda: bytes(32769) + b"CD001\1" + b"\xff" * 10000, False, None)]:
    add("archive: " + _name, lambda v=_make: attached(made(v), b"a.bin"),
        "name" if _found else "", "name" if _found is False else "", _limits, ms=3000, mb=256)
add("900 zips", lambda: mixed(*[
    b"Content-Disposition: attachment; filename=%d.zip\nContent-Transfer-Encoding: base64\n\n%s"
    % (n, base64_lines(zipped("needle.exe"))) for n in range(900)]), "name", ms=2000, mb=128)



def bomb(pack):
    """What is packed by this as a tar of 15 MB."""
    big = tarfile.TarInfo("needle")
    big.size = 15 << 20
    return pack(big.tobuf() + bytes(big.size + 1024))


for _name, _pack in ("gzip", gzip.compress), ("bzip2", bz2.compress), ("xz", lzma.compress):
    add("900 tars of 15 MB by " + _name, lambda p=_pack: mixed(*[
        b"Content-Disposition: attachment; filename=a.tar\nContent-Transfer-Encoding: base64\n\n%s"
        % base64_lines(content) for content in [bomb(p)] * 900]),
        "name", limits="max-archive-entries", ms=3000, mb=256)
add("an xz that wants 1 GB", lambda: attached(lzma.compress(
    tarfile.TarInfo("needle").tobuf() + bytes(1024),
    filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}])), limits=None, ms=1000, mb=256)

# ---- URLs ----

for _name, _make, _found, _limits in [
        ("100,000 URLs", lambda: b"http://needle.example/\n" + b"".join(
            b"http://h%d.example/\n" % n for n in range(100000)), "host", "max-urls"),
        ("one URL 100,000 times", lambda: b"http://needle.example/\n" * 100000, "host dns", ""),
        ("a URL of 1 MB", lambda: b"http://needle.example/" + b"x" * 1000000, "host", "max-urls"),
        ("a host of 1 MB", lambda: b"http://" + b"a." * 500000 + b"needle.example/", "", None),
        ("userinfo of 1 MB", lambda: b"http://" + b"a" * 1000000 + b"@needle.example/", "", None),
        ("100,000 at signs", lambda: b"http://" + b"a@" * 3000 + b"needle.example/", "host", ""),
        ("100,000 percents", lambda: b"http://%6eeedle.example/" + b"%25" * 2000, "host", ""),
        ("100,000 schemes", lambda: b"http://" * 100000 + b"needle.example/", "", None),
        ("100,000 www.", lambda: b"www." * 100000 + b" www.needle.example", "host", None),
        ("100,000 colons", lambda: b"a:" * 100000 + b" http://needle.example", "host", None),
        ("100,000 brackets", lambda: b"(http://[" * 100000 + b" http://needle.example/)", "host", None),
        ("100,000 dots", lambda: b"x." * 100000 + b" http://needle.example/", "host", None),
        ("100,000 at signs alone", lambda: b"a@" * 100000 + b" http://needle.example/", "host", None),
        ("hosts of all kinds", lambda: "http://xn--{0} http://{1}.example http://ünéedle.example "
         "http://1.2.3.4.5 http://0x7f.1 http://[::1] http://:80 http://@ http://a:b@ http://.. "
         "http://needle.example".format("9" * 3000, "ü" * 1000).encode(), "host", ""),
        ("ports of all kinds", lambda: b"http://a.example:99999999999/ http://a.example:-1/ http://a.example: "
         b"http://needle.example:x/", "", "")]:
    add("URLs: " + _name, lambda v=_make: typed(b"text/plain; charset=utf-8", made(v)), _found,
        limits=_limits, ms=2500, mb=128)

add("80,000 links that name another host", lambda: mixed(*[
    b"Content-Type: text/html\n\n" + b"".join(
        b"<a href=//h%d.x%d.example>www.bank.example</a>\n" % (n, part) for n in range(8000))
    for part in range(10)]), limits="max-urls", ms=2500, mb=256)
add("80,000 links to one host that name another", lambda: mixed(*[
    b"Content-Type: text/html\n\n" + b"<a href=//needle.example>www.bank.example</a>\n" * 8000
    for part in range(10)]), "host", ms=2500, mb=256)

# ---- folded text ----

for _name, _piece, _times in [
        ("zero-width characters", "\u200b", 300000),
        ("combining marks", "\u0301", 300000),
        ("combining marks of many classes", "\u0301\u0323\u0345\u05b0\u0670", 60000),
        ("letters that become 18", "\ufdfa", 100000),
        ("Hangul in pieces", "\u1100\u1161\u11a8", 100000),
        ("math letters", "\U0001d5c7", 200000),
        ("overrides", "\u202e\u202d\u2066\u2069", 100000)]:
    add("1 MB of " + _name, lambda p=_piece, n=_times: typed(
        b"text/plain; charset=utf-8", ("needle " + p * n + " n\u200bee\u00addle").encode()), "body body-n",
        ms=2500, mb=128)

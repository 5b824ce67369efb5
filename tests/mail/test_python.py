#!/usr/bin/env python3
"""What postern sees of odd messages, compared with what a second parser does: Python's email package.

    tests/mail/test_python.py [WORD...]

Where they differ, the tables below say why and who is right; a difference that they don't explain
fails. With POSTERN_ODD_MAIL=FOLDER[:FOLDER...] the messages in these folders are compared too.
$POSTERN_FACTS is the program that prints what rules see, tests/mail/facts if it is not set.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

import secondparser
from explain import tell
from oddmail import FOUND, MAILS
from secondparser import values

FACTS = os.path.abspath(os.environ.get("POSTERN_FACTS", "tests/mail/facts"))


def ours(paths):
    """The facts of the messages in these files."""
    done = subprocess.run([FACTS, *paths], stdout=subprocess.PIPE, timeout=300, check=True)
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def shown_of(texts, plain):
    """What is not among the plain texts, all of which must be there, in this order; None if they aren't."""
    rest, at = [], 0
    for text in texts:
        if at < len(plain) and text == plain[at]:
            at += 1
        else:
            rest.append(text)
    return rest if at == len(plain) else None


def differences(got, theirs):
    """{fact: (ours, theirs)} where both differ."""
    out = {name: (values(got[name]), theirs[name])
           for name in ("subject", "from", "from.name", "attachment.name")}
    out["body.html"] = values(got["body.html"]), theirs["sources"]
    out = {name: both for name, both in out.items() if both[0] != both[1]}
    # of HTML, body has what is seen; some may show nothing
    rest = shown_of(values(got["body"]), theirs["texts"])
    if rest is None or len(rest) > len(theirs["sources"]):
        out["body"] = values(got["body"]), theirs["texts"]
    return out


def ascii_alone(texts):
    return [re.sub("[^!-~]", "", t) for t in texts]


def is_of_bytes(both):
    """Whether the difference is one of bytes beyond ASCII whose charset is missing, wrong or unknown: we
    take them for UTF-8 if they are and else for windows-1252, as mail programs do, Python for nothing."""
    return (len(both[0]) == len(both[1]) and any("\ufffd" in t for t in both[1])
            and ascii_alone(both[0]) == ascii_alone(both[1]))


def unexplained(differing, reasons):
    """What is left of the differences, as text."""
    return "\n".join("%s: we have %.300r, Python %.300r" % (fact, *both)
                     for fact, both in differing.items()
                     if fact not in reasons and not is_of_bytes(both))


def compare(raw, got, reasons):
    """What is wrong with a message, or None."""
    try:
        theirs = secondparser.facts(raw)
    except Exception as e:  # it promises to raise none
        return None if "*" in reasons else "Python fails: %s: %s" % (type(e).__name__, e)
    return unexplained(differences(got, theirs), reasons) or None


def own_mails():
    """[(name, bytes, reasons)] of the messages here."""
    return [(name, raw.encode() if isinstance(raw, str) else raw, reasons)
            for name, raw, reasons in MAILS]


def found_mails():
    """The same of those in the folders."""
    out = []
    for top in filter(None, os.environ.get("POSTERN_ODD_MAIL", "").split(":")):
        for folder, _, names in os.walk(top):
            for name in sorted(names):
                with open(os.path.join(folder, name), "rb") as f:
                    out.append((name, f.read(), FOUND.get(name, {})))
    return out


def main():
    mails = [m for m in own_mails() + found_mails()
             if not sys.argv[1:] or any(word in m[0] for word in sys.argv[1:])]
    print("1..%d" % len(mails))
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, (_, raw, _) in enumerate(mails):
            paths.append(os.path.join(folder, "%d.eml" % number))
            with open(paths[-1], "wb") as f:
                f.write(raw)
        seen = ours(paths)
    passed = 0
    for number, ((name, raw, reasons), got) in enumerate(zip(mails, seen)):
        fault = compare(raw, got, reasons)
        tell(number + 1, name, fault, "".join("\n%s: %s" % r for r in reasons.items()))
        passed += fault is None
    return 0 if passed == len(mails) == len(seen) else 1


sys.exit(main())

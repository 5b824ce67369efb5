"""The second half of contrib/demo, which builds what this shows: $POSTERN is the program.

A Postfix for the domain example.org, postern beside it with the starter rules, and four clients,
whose addresses the PROXY protocol tells.
"""

import collections
import os
import re
import shutil
import sys
import textwrap

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests", "mta"))

import postfix
from harness import Daemon
from smtpclient import Smtp

ZONE = """example.net TXT "v=spf1 ip4:192.0.2.10 -all"
"""
RULES = """set socket "unix:%s" group postfix
set dns-zone "zone"
include "%s/rules/starter.rules"
"""

# reply: what the mail must end with; label: of the rule that the log must name, None for none
Scene = collections.namedtuple("Scene", "title why client helo sender letter reply label")

SCENES = [
    Scene("An honest mail", "Anna writes from the mail server that her domain's SPF record names.",
          "192.0.2.10", "mail.example.net", "anna@example.net", "honest.eml", "250", None),
    Scene("A forged HELO", "A stranger calls himself what he connects to.",
          "198.51.100.66", "mx.example.org", "win@example.com", "honest.eml",
          "550 5.7.1", "forged-helo"),
    Scene("A forged sender",
          "A stranger writes in Anna's name; her domain's SPF record knows nothing of him.",
          "198.51.100.66", "pc66.example.com", "anna@example.net", "honest.eml",
          "550 5.7.23", "spf-fail"),
    Scene("Spam", "Nothing is forged; the letter itself gives it away, point by point.",
          "198.51.100.66", "pc66.example.com", "j.cole@example.com", "inheritance.eml",
          "550 5.7.1", "spam"),
]

COLOURS = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
colourful = sys.stdout.isatty() and "NO_COLOR" not in os.environ


def paint(colour, text):
    return "\033[%sm%s\033[0m" % (COLOURS[colour], text) if colourful else text


class Dialogue:
    """Prints an SMTP dialogue as it goes."""

    def __init__(self):
        self.more = self.letter = False  # inside an answer of several lines, inside a message

    def told(self, who, line):
        if who == "C":
            line_shown = paint("dim", line) if self.letter else line
            print("  %s %s" % (paint("cyan", "client "), line_shown))
            self.letter = self.letter and line != "."
            return
        if not self.more:  # of an answer to EHLO the first line
            colour = "red" if line[0] in "45" else "green"
            print("  %s %s" % (paint("cyan", "Postfix"), paint(colour, line.replace("-", " ", 1))))
        self.more = line[3:4] == "-"
        self.letter = line.startswith("354")


def show_log(lines):
    """Lines of postern's log, folded."""
    width = shutil.get_terminal_size().columns
    for line in lines:
        print(textwrap.fill(line, max(width - 2, 40), initial_indent="  ", subsequent_indent="    ",
                            break_long_words=False, break_on_hyphens=False))


def deliver(scene, port):
    """What the client says; the answer to its mail."""
    with open(os.path.join(TOP, "rules", "letters", scene.letter), encoding="ascii") as f:
        letter = f.read()
    with Smtp(port, proxy=scene.client, told=Dialogue().told) as c:
        c.ehlo(scene.helo)
        answer = c.mail(scene.sender)
        if answer.code == 250:
            answer = c.rcpt("recipient@example.org")
        if answer.code == 250:
            answer = c.say("DATA")
        if answer.code == 354:
            answer = c.content(letter)
        c.quit()
    return answer


def play(scene, mta, daemon):
    """One scene; True if it ended as it should."""
    print("\n%s\n%s\n" % (paint("bold", scene.title), scene.why))
    before = len(daemon.records())
    answer = deliver(scene, mta.ports["smtp"])
    decided = daemon.logged(**({"rule": scene.label} if scene.label else {"cause": "default"}))
    print("\n  " + paint("yellow", "postern's log"))
    show_log([line for line in daemon.lines if " stage=" in line][before:])
    well = ("%d %s" % answer).startswith(scene.reply) and len(decided) == 1
    if well and scene.label is None:
        queue = re.search(r"queued as (\w+)", answer.text).group(1)
        well = len(mta.delivered(queue)) == 1
        print("\n  " + paint("green", "It lies in the mailbox of recipient@example.org."))
    if not well:
        print("\n  " + paint("red", "This should have ended with %s by %s." % (
            scene.reply, scene.label or "no rule")))
    return well


def main():
    why = postfix.missing()
    if why:
        print("contrib/demo: " + why, file=sys.stderr)
        return 1
    services = {"smtp": postfix.Service(postfix.PROXY)}
    with postfix.Postfix(services, domain="example.org") as mta:
        with Daemon(RULES % (mta.socket, TOP), files={"zone": ZONE}) as daemon:
            well = [play(scene, mta, daemon) for scene in SCENES]
    print("\n" + (paint("green", "All came out as it should.") if all(well)
                  else paint("red", "%d of %d did not come out as they should." % (
                      well.count(False), len(well)))))
    return 0 if all(well) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)

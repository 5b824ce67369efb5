"""Sets of rules to bench with, the same on every machine: none of them matches the letters.

rare   each asks for a word that is in no letter
hot    all their words are in the letters, but not in that order, or not so near to each other
mixed  as real admins have them: seven of ten ask headers, the others the text; one in ten is hot, one
       in a hundred asks for a shape of digits and letters, and no certain word

A larger set begins with the smaller one. Their patterns mean the same as PCRE and as POSIX ERE, and
ignore case.
"""

import re
from typing import NamedTuple

# What the rules of a mixed set ask, over and over: a header and a kind of pattern.
MIXED = [("Subject", "rare"), (None, "rare"), ("From", "rare"), ("Subject", "rare"),
         ("X-Mailer", "rare"), (None, "hot"), ("Received", "rare"), ("Subject", "rare"),
         ("List-Unsubscribe", "rare"), (None, "rare")]

# On what a mail says: {text} is the fact.
CONTENT = r"""
list phrases of patterns i { /next of kin/, /free money/, /act now/, /risk free/, /no obligation/ }
phrase: reject if {text} in phrases
winner: reject if {text} ~ /(lottery|prize) (winner|draw)/i
click: reject if {text} ~ /click (here|below) (now|at once)/i
wire: reject if {text} ~ /(wire|bank) transfer of (usd|eur) ?[0-9,.]{6,}/i
pills: reject if {text} ~ /\bcheap\s+(pills|meds|viagra)\b/i
account: reject if {text} ~ /your account (has been|will be).{1,80}(suspended|closed)/is
friend: reject if {text} ~ /dear (beneficiary|winner|sir).{1,200}urgent/is
coins: reject if {text} ~ /\b(bitcoin|btc|wallet)\b.{1,100}\b(bc1|[13])[a-z0-9]{25,39}\b/is
password: reject if {text} ~ /verify your (password|identity|bank details)/i
unsubscribe: reject if {text} ~ /^to be removed from this list/im
"""

# On facts of each stage, at most of which the MTA has to await an answer.
STAGES = r"""
list inside of networks { 127.0.0.0/8, ::1, 203.0.113.0/24 }
list dynamic of patterns i { /dyn[0-9]/, /ppp-?[0-9]/, /\bdsl\b/ }
accept if client.ip in inside or sasl.user
forged: reject "{helo} is my own name" if helo in { mx.example.org, "[203.0.113.1]" }
bare: reject 550 5.5.2 "{helo} is not a full name" if helo !~ /[.:]/
home: reject "{client.ptr} is no mail server" if client.ptr in dynamic
spammer: reject if sender.domain in { spam.example, .spam.example }
nobody: reject 550 5.1.1 "No such user" if recipient = nobody@example.org
froms: reject 550 5.6.0 "One From, please" if count(header("From")) != 1
urgent: reject if subject ~ /urgent.*reply/i
kin: reject if body ~ /next of kin/i
mark: add-header "X-Bulk" "yes" if header("List-Unsubscribe")
"""


class Rule(NamedTuple):
    header: str  # None: the text
    pattern: str


class Maker:
    """Makes rules for letters that say nothing but this text."""

    def __init__(self, text):
        self.text = text.lower()
        self.words = sorted(set(re.findall(r"\b[a-z]{4,}\b", self.text)))
        self.state = 1

    def draw(self, things):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return things[(self.state >> 33) % len(things)]

    def strange_word(self):
        """One that no letter has."""
        while True:
            word = "".join(self.draw("bdfgklmnprstvz") + self.draw("aeiou") for _ in range(4))
            if word not in self.text:
                return word

    def rare(self):
        form = self.draw(["buy {} (now|today)", r"\b{}s?\b", "{}.{{1,40}}(bank|account)",
                          "(free|cheap) {}"])
        return form.format(self.strange_word())

    def hot(self):
        form = self.draw([r"\b{}\s+{}\s+{}\s+{}\b", "{} {}.{{1,30}}{} {}", "{} ({}|{})[,;:] {}"])
        while True:
            pattern = form.format(*(self.draw(self.words) for _ in range(4)))
            # without \b it begins with a word, which Python looks for much quicker
            if not re.search(pattern.replace(r"\b", ""), self.text):
                return pattern

    def shape(self):
        return "[0-9]{%d}[- ][a-z]{%d}[0-9]{%d}" % tuple(self.draw(range(2, n)) for n in (9, 5, 9))

    def rule(self, kind, number):
        if kind != "mixed":
            return Rule(None, getattr(self, kind)())
        header, kind = MIXED[number % len(MIXED)] if number % 100 < 99 else (None, "shape")
        return Rule(header, getattr(self, kind)())

    def make(self, kind, count):
        """A set of so many rules, no two alike."""
        rules, self.state = {}, 1
        while len(rules) < count:
            rules[self.rule(kind, len(rules))] = None
        return list(rules)

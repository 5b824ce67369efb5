"""What the tests of SPF behind a Postfix share: domains, rules that tell, and a result in short."""

from mailsite import code

GOOD, BAD = "198.51.100.1", "198.51.100.66"  # whom good.example names, and whom nobody does
GOOD6, BAD6 = "2001:db8:1::1", "2001:db8:66::1"
BACKUP, FORWARDER6 = "203.0.113.25", "2001:db8:7::25"  # relays of the shipped rules

ZONE = """good.example TXT "v=spf1 ip4:198.51.100.1 ip6:2001:db8:1::/48 -all"
strict.example TXT "v=spf1 -all"
soft.example TXT "v=spf1 ~all"
neutral.example TXT "v=spf1 ?all"
broken.example TXT "v=spf1 ip4:198.51.100.300 -all"
slow.example TIMEOUT
explained.example TXT "v=spf1 -all exp=why.explained.example"
why.explained.example TXT "%{l} is no user of %{d} at %{i}, 100%%"
"""
TOLD = """add-header "X-SPF" "{spf} {spf.helo} {spf.domain}"
fail: reject 550 5.7.23 "{spf.reason}" if spf = fail
"""


def filtering(site, rules, more=""):
    """A daemon for which ZONE, with what is added to it, is all of the DNS."""
    return site.filtering('set dns-zone "zone"\n' + rules, files={"zone": ZONE + more})


def result(site, c, sender, **message):
    """What the rules TOLD say of a mail: its result and that of its HELO name, or the reply."""
    mail = c.send(sender=sender, **message)[1]
    return code(mail) if mail.code != 250 else site.copy(mail)["X-SPF"].rsplit(" ", 1)[0]

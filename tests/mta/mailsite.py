"""A Postfix with services of each kind, which a test file's tests share, and what they ask of it.

The services `relay`, `submission` and `submissions` take the PROXY protocol, so that their clients
come from any address, to any port.
"""

import os
import re
import shutil
import sys

import harness
import postfix
from harness import equal
from postfix import PROXY, Postfix, Service
from smtpclient import Smtp

AUTH = {"smtpd_sasl_auth_enable": "yes",
        "smtpd_relay_restrictions": "permit_sasl_authenticated, reject_unauth_destination"}
SERVICES = {
    "relay": Service(PROXY),
    "submission": Service({**PROXY, **AUTH, "smtpd_tls_security_level": "encrypt"}),
    "submissions": Service({**PROXY, **AUTH, "smtpd_tls_wrappermode": "yes"}),
    "plain": Service(),
    "chroot": Service({"smtpd_milters": "unix:postern/s"}, chroot="y"),
    "accept": Service({"milter_default_action": "accept"}),
    "reject": Service({"milter_default_action": "reject"}),
    "quarantine": Service({"milter_default_action": "quarantine"}),
}
if postfix.has_ipv6():
    SERVICES["plain6"] = Service(host="::1")
USER, PASSWORD = "alice@example.test", "secret"
STRANGER = "192.0.2.77"


def code(answer):
    """An answer as `550 5.7.1`."""
    return "%d %s" % (answer.code, answer.text.partition(" ")[0])


def queue_id(answer):
    """The queue id of a mail that was taken."""
    equal(answer.code, 250, answer.text)
    return re.search(r"queued as (\w+)", answer.text).group(1)


class Site(Postfix):
    """Postfix with the services above."""

    def __init__(self):
        users = {USER: PASSWORD} if shutil.which("saslpasswd2") else {}
        self.submits = bool(users) and shutil.which("openssl") is not None
        super().__init__(SERVICES, tls=shutil.which("openssl") is not None, users=users)

    def filtering(self, rules, **more):
        """A daemon with these rules at the socket that Postfix knows."""
        head = 'set socket "unix:%s" group postfix\n' % self.socket
        return harness.Daemon(head + rules, **more)

    def connect(self, service="relay", proxy=STRANGER, helo="client.example", **more):
        """A client that has said EHLO."""
        if PROXY.items() <= SERVICES[service].options.items():
            more["proxy"] = proxy
        client = Smtp(self.ports[service], host=SERVICES[service].host, **more)
        client.ehlo(helo)
        return client

    def send(self, service="relay", **message):
        """A client with one mail: the answers to RCPT, and that to the mail."""
        with self.connect(service) as c:
            return c.send(**message)

    def copies(self, answer):
        """All that was delivered of a mail."""
        return self.delivered(queue_id(answer))

    def copy(self, answer):
        """The one copy of it."""
        copies = self.copies(answer)
        equal(len(copies), 1, "copies delivered")
        return copies[0]


def main(found):
    """Run the tests among these names, with one Site for all as `site`."""
    why = postfix.missing()
    if why:
        print("1..0 # SKIP %s %s" % (os.path.basename(sys.argv[0]), why))
        return 0
    with Site() as found["site"]:
        return harness.main(found)

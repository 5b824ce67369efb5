"""A private Postfix for tests: configuration, queue, log and mailboxes in a directory of its own.

It listens on ports of the loopback interface that were free, knows nothing of /etc/postfix, asks no
DNS, and delivers mail to its domain into one Maildir; mail to any other domain is dropped. Needs
root.
"""

import collections
import email
import email.policy
import glob
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

DAEMONS = "/usr/lib/postfix/sbin"

# An smtpd(8) of master.cf. options: parameters of main.cf that are its own; in their values {NAME} is
# the port of that service.
Service = collections.namedtuple("Service", "options host chroot",
                                 defaults=({}, "127.0.0.1", "n"))

# Its clients say first in whose name they come (see smtpclient.Smtp).
PROXY = {"smtpd_upstream_proxy_protocol": "haproxy"}

MASTER = """
pickup    unix n - n 60    1 pickup
cleanup   unix n - n -     0 cleanup
qmgr      unix n - n 300   1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n -     - trivial-rewrite
bounce    unix - - n -     0 bounce
defer     unix - - n -     0 bounce
trace     unix - - n -     0 bounce
verify    unix - - n -     1 verify
flush     unix n - n 1000? 0 flush
proxymap  unix - - n -     - proxymap
showq     unix n - n -     - showq
error     unix - - n -     - error
retry     unix - - n -     - error
discard   unix - - n -     - discard
virtual   unix - n n -     - virtual
anvil     unix - - n -     1 anvil
scache    unix - - n -     1 scache
smtp      unix - - n -     - smtp
postlog   unix-dgram n - n - 1 postlogd
"""


def missing():
    """Why there can be no private Postfix here; None if there can."""
    if os.geteuid() != 0:
        return "needs root"
    for name in ("postfix", "postconf", "postqueue", "postcat", "sendmail"):
        if shutil.which(name) is None:
            return "needs Postfix: no %s (Debian: postfix)" % name
    if not os.path.exists(os.path.join(DAEMONS, "master")):
        return "needs Postfix: no %s/master" % DAEMONS
    return None


def has_ipv6():
    """Whether ::1 is an address of this machine."""
    try:
        free_port("::1")
        return True
    except OSError:
        return False


def free_port(host="127.0.0.1"):
    """A port that nobody listens on now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as s:
        s.bind((host, 0))
        return s.getsockname()[1]


class Postfix:
    """Postfix with these services, by name; its milter is at .socket, a path in its queue directory
    as Debian's chroot wants it. users: passwords by name, for services that take AUTH."""

    def __init__(self, services, domain="example.test", tls=False, users=None):
        self.dir = tempfile.mkdtemp(prefix="postern-mta-")
        self.etc, self.queue, self.mail, self.log = (
            os.path.join(self.dir, d) for d in ("etc", "queue", "mail", "log"))
        self.socket = os.path.join(self.queue, "postern", "s")
        self.ports = {name: free_port(s.host) for name, s in services.items()}
        self.domain = domain
        # without us it would run for ever
        for sig in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(sig, lambda number, _: sys.exit(128 + number))
        try:
            self.configure(services, tls, users)
            self.start()
        except BaseException:
            self.stop()
            raise

    def configure(self, services, tls, users):
        user = pwd.getpwnam("postfix")
        os.chmod(self.dir, 0o755)
        for d in (self.etc, self.queue, self.log):
            os.mkdir(d)
        for d in (self.mail, os.path.join(self.dir, "data")):
            os.mkdir(d)
            os.chown(d, user.pw_uid, user.pw_gid)
        os.mkdir(os.path.dirname(self.socket))
        os.chmod(os.path.dirname(self.socket), 0o750)
        os.chown(os.path.dirname(self.socket), 0, user.pw_gid)
        parameters = self.parameters(user)
        if tls:
            parameters.update(self.make_certificate())
        if users:
            parameters.update(self.make_users(users))
        self.write("main.cf", "".join("%s = %s\n" % p for p in parameters.items()))
        self.write("master.cf", MASTER + "".join(
            self.line(name, service) for name, service in services.items()))

    def parameters(self, user):
        return {
            "compatibility_level": "3.6",
            "queue_directory": self.queue,
            "data_directory": os.path.join(self.dir, "data"),
            "command_directory": "/usr/sbin",
            "daemon_directory": DAEMONS,
            "maillog_file": os.path.join(self.log, "maillog"),
            "maillog_file_prefixes": self.dir,
            "inet_interfaces": "loopback-only",
            "myhostname": "mx." + self.domain,
            "mynetworks": "127.0.0.0/8 [::1]/128",
            "mydestination": "",
            "alias_maps": "",
            "virtual_mailbox_domains": self.domain,
            "virtual_mailbox_base": self.mail,
            "virtual_mailbox_maps": "static:inbox/",
            "virtual_uid_maps": "static:%d" % user.pw_uid,
            "virtual_gid_maps": "static:%d" % user.pw_gid,
            "virtual_mailbox_limit": "0",
            "default_transport": "discard:",
            "relay_transport": "discard:",
            "disable_dns_lookups": "yes",
            "smtpd_relay_restrictions": "permit_mynetworks, reject_unauth_destination",
            "smtpd_peername_lookup": "no",
            "smtpd_error_sleep_time": "0",
            "smtpd_hard_error_limit": "1000",
            "smtpd_milters": "unix:" + self.socket,
            "non_smtpd_milters": "$smtpd_milters",
        }

    def make_certificate(self):
        """A certificate that nobody vouches for; the parameters that name it."""
        key, cert = (os.path.join(self.etc, name) for name in ("key.pem", "cert.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                        "/CN=mx." + self.domain, "-keyout", key, "-out", cert],
                       stderr=subprocess.DEVNULL, check=True)
        return {"smtpd_tls_chain_files": "%s, %s" % (key, cert), "smtpd_tls_security_level": "may"}

    def make_users(self, users):
        """Passwords that AUTH PLAIN takes; the parameters that lead there."""
        # Debian's smtpd looks in a folder `sasl` beside main.cf, whatever the parameter says
        folder = os.path.join(self.etc, "sasl")
        path = os.path.join(folder, "sasldb2")
        os.mkdir(folder)
        for user, password in users.items():
            local, _, realm = user.partition("@")
            subprocess.run(["saslpasswd2", "-p", "-c", "-f", path, "-u", realm, local],
                           input=password.encode(), check=True)
        shutil.chown(path, None, "postfix")
        self.write("sasl/smtpd.conf", "pwcheck_method: auxprop\nauxprop_plugin: sasldb\n"
                   "sasldb_path: %s\nmech_list: PLAIN\n" % path)
        return {"cyrus_sasl_config_path": folder}

    def line(self, name, service):
        host = "[%s]" % service.host if ":" in service.host else service.host
        options = {"milter_macro_daemon_name": name, **service.options}
        return "%s:%d inet n - %s - - smtpd\n%s" % (host, self.ports[name], service.chroot, "".join(
            "    -o { %s = %s }\n" % (o, value.format(**self.ports))
            for o, value in options.items()))

    def write(self, name, text):
        with open(os.path.join(self.etc, name), "w", encoding="utf-8") as f:
            f.write(text)

    def run(self, program, *arguments, stdin=None):
        """One of Postfix's commands on this instance; what it prints."""
        option = "-C" if program == "sendmail" else "-c"
        done = subprocess.run([program, option, self.etc, *arguments], input=stdin,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        output = done.stdout.decode("utf-8", "replace")
        if done.returncode != 0:
            raise RuntimeError("%s %s: status %d: %s" % (
                program, " ".join(arguments), done.returncode, output or self.logged()))
        return output

    def start(self):
        """Start it. A signal to us waits until it is up: only then can it be stopped."""
        starting = subprocess.Popen(["postfix", "-c", self.etc, "start"], start_new_session=True,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            starting.wait()
        finally:
            why = starting.communicate()[1].decode("utf-8", "replace")
        if starting.returncode != 0:
            raise RuntimeError("postfix start: status %d: %s" % (
                starting.returncode, why or self.logged()))

    # ---- what became of a mail ----

    def logged(self):
        """The log so far."""
        try:
            with open(os.path.join(self.log, "maillog"), encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def await_log(self, pattern, seconds=10):
        """The first match in the log; None if none came in time."""
        end = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.logged(), re.M)
            if found or time.monotonic() > end:
                return found
            time.sleep(0.02)

    def gone(self, queue_id, seconds=10):
        """Wait until a mail has left the queue; false if it has not in time."""
        return self.await_log(r" %s: (removed$|milter-discard:)" % queue_id, seconds)

    def mails(self):
        """All that was delivered, oldest first: as email.message, the recipient in Delivered-To."""
        out = []
        paths = glob.glob(os.path.join(self.mail, "inbox", "new", "*"))
        for path in sorted(paths, key=os.path.getmtime):
            with open(path, "rb") as f:
                out.append(email.message_from_binary_file(f, policy=email.policy.compat32))
        return out

    def delivered(self, queue_id):
        """What was delivered of a mail, once it has left the queue."""
        assert self.gone(queue_id), "%s is still in the queue" % queue_id
        return [m for m in self.mails() if re.search(r"id %s\b" % queue_id, str(m["Received"]))]

    def queued(self):
        """The mails in the queue, by their ids, as postqueue -j tells of them."""
        lines = self.run("postqueue", "-j").splitlines()
        return {m["queue_id"]: m for m in map(json.loads, lines)}

    def queued_text(self, queue_id):
        """A mail in the queue, as email.message."""
        return email.message_from_string(self.run("postcat", "-hbq", queue_id))

    # ---- its end ----

    def stop(self):
        try:
            if os.path.exists(os.path.join(self.queue, "pid", "master.pid")):
                self.run("postfix", "stop")
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

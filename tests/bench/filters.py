"""The filters that are measured: how each is told rules, and started on a unix socket.

All give the same verdict on a letter, which is none, and as little else as they can be made to do:
the peers check no sender, ask no DNS, know nothing but the rules.
"""

import os
import pwd
import shutil
import subprocess
import time

TOOLS = os.path.abspath("tests/bench")
NO_REPLY = "ff080"  # the SMFIP_NR_..., for null


class Postern:
    """postern, of this program."""

    def __init__(self, program):
        self.program = os.path.abspath(program)

    def missing(self):
        return "" if os.access(self.program, os.X_OK) else "there is no " + self.program

    def write(self, folder, rules, cache):
        """Write the rules; a cache of databases that is warm has got them before."""
        os.makedirs(cache, 0o700, exist_ok=True)
        path = os.path.join(folder, "postern.conf")
        with open(path, "w", encoding="utf-8") as out:
            # many at once on a few processors wait for each other, which counts
            out.write('set socket "unix:%s/socket"\nset cache-dir "%s"\nset match-budget 60s\n'
                      % (folder, cache))
            out.write(rules if isinstance(rules, str) else self.text(rules))
        return path

    @staticmethod
    def text(rules):
        facts = ['header("%s")' % r.header if r.header else "body" for r in rules]
        return "".join("r%d: reject if %s ~ /%s/i\n" % (n, fact, r.pattern)
                       for n, (fact, r) in enumerate(zip(facts, rules)))

    def prepare(self, folder, rules):
        path = self.write(folder, rules, os.path.join(folder, "cache"))
        run([self.program, "compile", "-c", path])

    def command(self, folder):
        return [self.program, "run", "-c", os.path.join(folder, "postern.conf")]


class Tool:
    """One of ours that knows no rules."""

    def __init__(self, *words):
        self.words = words

    def missing(self):
        return ""

    def prepare(self, folder, rules):
        pass

    def command(self, folder):
        return [os.path.join(TOOLS, self.words[0]), *self.words[1:], os.path.join(folder, "socket")]


class Peer:
    """A filter of others. It has a user of its own, if it is root who starts it."""

    program = user = ""

    def missing(self):
        return "" if shutil.which(self.program) else "it isn't installed"

    def prepare(self, folder, rules):
        for name, text in self.files(folder, rules).items():
            path = os.path.join(folder, name)
            with open(path, "w", encoding="utf-8") as out:
                out.write(text)
            os.chmod(path, 0o755)
        if self.user and is_root():
            os.chown(folder, pwd.getpwnam(self.user).pw_uid, -1)
            for name in os.listdir(folder):
                os.chown(os.path.join(folder, name), pwd.getpwnam(self.user).pw_uid, -1)


class Rspamd(Peer):
    """With regular expressions alone, which it has Hyperscan look for: in text that it has decoded."""

    program = "rspamd"
    first = ""  # folder that was prepared

    def files(self, folder, rules):
        config = """
            options { pidfile = "DIR/pid"; tempdir = "DIR"; hs_cache_dir = "DIR"; filters = "regexp";
                      dns { nameserver = "127.0.0.1:1"; } }
            logging { type = "file"; filename = "DIR/log"; level = "info"; }
            worker "rspamd_proxy" { bind_socket = "DIR/socket mode=0666"; milter = yes; count = 2;
                                    upstream "local" { default = yes; self_scan = yes; } }
            actions { reject = 1; }
            regexp { }
            lua = "DIR/rules.lua";
            """
        lua = "config.regexp = config.regexp or {}\n" + "".join(
            "config.regexp.R%d = { re = [[/%s/i{mime}]], score = 1.0 }\n" % (n, r.pattern)
            for n, r in enumerate(rules))
        return {"rspamd.conf": config.replace("DIR", folder), "rules.lua": lua}

    def prepare(self, folder, rules):
        """It runs once until the database of its patterns is in the cache, which it cleans of those of
        others, but for what is the same for all and takes it long."""
        super().prepare(folder, rules)
        self.first = self.first or folder
        for name in os.listdir(self.first):
            if name.endswith(".hsmp") and self.first != folder:
                shutil.copy(os.path.join(self.first, name), folder)
        log, patience = os.path.join(folder, "log"), time.monotonic() + 120
        with subprocess.Popen(self.command(folder), stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, start_new_session=True) as process:
            while time.monotonic() < patience and process.poll() is None:
                time.sleep(0.2)
                if os.path.exists(log) and "full hyperscan database" in read(log):
                    break
            else:
                raise RuntimeError("rspamd makes no database of patterns: " + read(log)[-500:])
            process.terminate()

    def command(self, folder):
        as_root = ["--insecure"] if is_root() else []
        return [shutil.which("rspamd"), "--no-fork", *as_root, "-c", folder + "/rspamd.conf"]


class Mailfromd(Peer):
    """Its patterns are POSIX's, and look at the body as it comes."""

    program = user = "mailfromd"

    def files(self, folder, rules):
        tests = ['  if text matches "%s"\n    reject 550 5.7.1 "refused"\n  fi\n'
                 % r.pattern.replace("\\", "\\\\") for r in rules]
        return {"rules.mfl": "#pragma regex +extended +icase\n#pragma stacksize 65536\n"
                             "prog body\ndo\n  string text body_string($1, $2)\n%sdone\n"
                             % "".join(tests)}

    def command(self, folder):
        as_user = ["--user=" + self.user] if is_root() else []
        return [shutil.which("mailfromd"), "--no-config", "--foreground", "--stderr", *as_user,
                "--state-directory=" + folder, "--pidfile=" + folder + "/pid",
                "--milter-socket=unix:" + folder + "/socket", folder + "/rules.mfl"]


class Mimedefang(Peer):
    """Two processes of Perl and a multiplexor: the rules in turn, on decoded parts."""

    program, user = "mimedefang-multiplexor", "defang"

    def missing(self):
        if not super().missing() and subprocess.run(["mimedefang.pl", "-features"], check=False,
                                                    capture_output=True).returncode != 0:
            return "mimedefang.pl doesn't run: some module of Perl is missing (Debian: libnet-dns-perl)"
        return super().missing()

    def files(self, folder, rules):
        perl = r"""
            sub filter {
                my ($entity) = @_;
                return action_accept() unless defined($entity->bodyhandle);
                my $text = $entity->bodyhandle->as_string;
                foreach my $rule (@rules) {
                    return action_bounce("refused") if $text =~ $rule;
                }
                return action_accept();
            }
            1;
            """
        start = """#!/bin/sh
            mimedefang-multiplexor -D USER -s DIR/mux -z DIR -f DIR/worker -m 2 -x 2 \
                -r 1000000 -q 128 -Q 300 -b 300 &
            while kill -0 $! && [ ! -S DIR/mux ]; do sleep 0.05; done
            exec mimedefang -D USER -q -X -m DIR/mux -z DIR -p DIR/socket
            """
        return {"filter.pl": "my @rules = (%s);\n" % "".join("qr{%s}i,\n" % r.pattern for r in rules) + perl,
                "worker": '#!/bin/sh\nexec mimedefang.pl -f %s/filter.pl "$@"\n' % folder,
                "start": start.replace("DIR", folder).replace("USER", "-U defang" if is_root() else "")}

    def command(self, folder):
        if os.path.exists(folder + "/mux"):
            os.unlink(folder + "/mux")
        return [folder + "/start"]


def is_root():
    return os.getuid() == 0


def run(command):
    """Run a command that has to succeed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise RuntimeError("%s: %s" % (" ".join(command), done.stdout[-500:]))
    return done.stdout


def read(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()

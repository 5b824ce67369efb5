"""What the tests of `postern run` share: a daemon, its log, and how tests are run.

$POSTERN is the program, ./postern if it is not set.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import milterclient as mc
from milterclient import Client, Mta

POSTERN = os.path.abspath(os.environ.get("POSTERN", "./postern"))
DIALECTS = ("postfix", "sendmail")


class Daemon:
    """postern run with these rules, on a unix socket in a directory of its own."""

    def __init__(self, rules, sock=None, files=None, wait=True):
        self.dir = tempfile.mkdtemp(prefix="postern-test-")
        self.path = os.path.join(self.dir, "s")
        self.where = sock or "unix:" + self.path
        self.conf = os.path.join(self.dir, "postern.conf")
        for name, text in (files or {}).items():
            self.write(name, text)
        head = "" if re.search(r"^set socket", rules, re.M) else 'set socket "%s"\n' % self.where
        self.write("postern.conf", head + rules.replace("DIR", self.dir))
        self.lines = []
        self.more = threading.Condition()
        here = os.path.dirname(os.path.abspath(__file__))
        env = {
            # else its store of freed memory looks like a leak
            "ASAN_OPTIONS": "quarantine_size_mb=4",
            "TSAN_OPTIONS": "atexit_sleep_ms=0:ignore_noninstrumented_modules=1:suppressions=" + os.path.join(here, "tsan.supp"),
            **os.environ,
        }
        self.process = subprocess.Popen([POSTERN, "run", "-c", self.conf], cwd=self.dir, env=env,
                                        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        text=True, errors="surrogateescape")
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        if wait and not self.await_line(r"^postern: ready "):
            self.__exit__(RuntimeError)
            raise RuntimeError("not ready")

    def write(self, name, text):
        with open(os.path.join(self.dir, name), "w", encoding="utf-8") as f:
            f.write(text)

    def read(self):
        for line in self.process.stderr:
            with self.more:
                self.lines.append(line.rstrip("\n"))
                self.more.notify_all()
        with self.more:
            self.lines.append("(end)")
            self.more.notify_all()

    def await_line(self, pattern, seconds=20):
        """The first line that matches; None if none came in time or before the end."""
        end = time.monotonic() + seconds
        with self.more:
            while True:
                for line in self.lines:
                    if re.search(pattern, line):
                        return line
                left = end - time.monotonic()
                if left <= 0 or "(end)" in self.lines:
                    return None
                self.more.wait(left)

    def logged(self, count=1, seconds=20, **fields):
        """The lines of the log with these fields, as dictionaries; waits until there are so many."""
        want = {k: str(v) for k, v in fields.items()}
        end = time.monotonic() + seconds
        while True:
            found = [r for r in self.records() if want.items() <= r.items()]
            with self.more:
                if len(found) >= count or time.monotonic() > end or "(end)" in self.lines:
                    return found
                self.more.wait(0.05)

    def records(self):
        with self.more:
            lines = list(self.lines)
        return [r for r in map(fields_of, lines) if "stage" in r]

    def mta(self, dialect="postfix", **more):
        return Mta(self.where, dialect, **more)

    def client(self, **offers):
        return Client(self.where, **offers).negotiate()

    def stop(self, sig=signal.SIGTERM, seconds=20):
        """Stop it; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(sig)
        status = self.process.wait(seconds)
        self.reader.join(5)
        return status

    def __enter__(self):
        return self

    def end(self):
        """End it; what is wrong with how it ends, or None. Of an end that the test waited for, it knows."""
        if self.process.returncode is not None:
            return None
        if self.process.poll() is not None:
            return "it has ended by itself, with status %d" % self.process.returncode
        self.process.send_signal(signal.SIGTERM)
        self.process.send_signal(signal.SIGINT)  # no grace for sessions that are left open
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return "it does not end"
        return "exit status %d" % status if status != 0 else None

    def __exit__(self, kind, *_):
        try:
            fault = self.end() if kind is None else None
            if self.process.poll() is None:
                self.process.kill()
            self.process.wait(20)
            self.reader.join(5)
            self.process.stderr.close()
            text = "\n".join(self.lines)
            if "Sanitizer" in text or "runtime error" in text:
                fault = "see the sanitizer's report"
            if kind is not None or fault:
                print("\n        ".join(["    the end of the daemon's log:"] + self.lines[-20:]))
            assert not fault, fault
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)


def fields_of(line):
    """key=value fields of a line of the log."""
    out = {}
    for key, value in re.findall(r'(?:^|\s)([a-z]+)=("(?:[^"\\]|\\.)*"|\S*)', line):
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        out[key] = value
    return out


def equal(got, want, what=""):
    assert got == want, "%s: got %r, want %r" % (what or "values differ", got, want)


def kinds(replies):
    return [r.kind for r in replies]


PASSED = ("continue", "accept", "none")


def passed(replies):
    """True if none of them is a refusal."""
    return all(r.kind in PASSED for r in replies)



def alive(d):
    """The daemon judges as ever."""
    with d.mta() as m:
        m.helo()
        replies, got = m.send()
        return kinds(replies)[0] in PASSED and got.reply.kind in PASSED


# ---- one rule for every stage and action ----

CONTENT = {  # fact's stage: the condition under which its rules act
    "connect": "client.name = {a}-connect.example",
    "helo": "helo = {a}-helo.example",
    "mail": "sender = {a}@mail.example",
    "rcpt": "recipient = {a}@rcpt.example",
    "data": "recipient.count = 2 and sender = {a}@data.example",
    "headers": 'raw.header("X-Act") = {a}',
    "body": "raw.body ~ /act={a}/",
}
ACTIONS = {
    "accept": "accept",
    "reject": 'reject 554 5.7.9 "no {s}"',
    "tempfail": 'tempfail 450 4.7.9 "later {s}"',
    "discard": "discard",
}


def matrix_rules():
    out = []
    for stage, cond in CONTENT.items():
        for action, text in ACTIONS.items():
            out.append("%s-%s: %s if %s" % (action, stage, text.replace("{s}", stage),
                                            cond.replace("{a}", action)))
    return "\n".join(out) + "\n"


def run_cell(d, dialect, stage, action):
    """One session whose facts make one rule true."""
    def at(s, yes, no):
        return yes.replace("{a}", action) if s == stage else no

    with d.mta(dialect, name=at("connect", "{a}-connect.example", "client.example")) as m:
        m.helo(at("helo", "{a}-helo.example", "client.example"))
        sender = at("mail", "<{a}@mail.example>", at("data", "<{a}@data.example>", "<a@x.example>"))
        rcpts = [at("rcpt", "<{a}@rcpt.example>", "<b@here.example>")]
        if stage == "data":
            rcpts.append("<c@here.example>")
        m.mail(sender)
        replies = [m.rcpt(r) for r in rcpts]
        if all(r.kind in ("reject", "tempfail") for r in replies):
            m.rset()
            return mc.Outcome(replies[0], "rcpt", [])
        return m.message(headers=[("X-Act", at("headers", " {a}", " none"))],
                         body=at("body", "act={a}\r\n", "act=none\r\n").encode())


class Skip(Exception):
    """A test can't run here; says why."""


def main(found):
    """Run the tests among these names, or those whose name holds one of the command line's words."""
    words = sys.argv[1:]
    tests = [(n, f) for n, f in found.items() if n.startswith("test_") and callable(f)
             and (not words or any(w in n for w in words))]
    passed = failed = 0
    print("1..%d" % len(tests))
    for name, test in tests:
        start = time.monotonic()
        try:
            test()
        except Skip as e:
            print("ok - %s # SKIP %s" % (name[5:].replace("_", " "), e))
        except Exception as e:
            failed += 1
            print("not ok - %s" % name[5:].replace("_", " "))
            where = traceback.extract_tb(e.__traceback__)
            lines = [str(f.lineno) for f in where if os.path.basename(f.filename).startswith("test_")]
            print("    line %s: %s: %s" % (", ".join(lines), type(e).__name__, e))
        else:
            passed += 1
            print("ok - %s (%.2f s)" % (name[5:].replace("_", " "), time.monotonic() - start))
        sys.stdout.flush()
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


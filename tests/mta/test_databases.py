#!/usr/bin/env python3
"""Databases of patterns: `postern compile`, and the daemon that makes what it does not find.

    POSTERN=./postern tests/mta/test_databases.py [WORD...]
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time

from harness import POSTERN, Daemon, Skip, equal, main

# patterns that require no text by which they could be known
FEW = "".join("f%d: reject if subject ~ /[0-9]{%d}[a-f]x/\n" % (n, n) for n in range(5, 9))
# some seconds of work for libhs
MANY = "".join("m%d: reject if body ~ /[a-z]{2,%d}\\d{3,%d}\\s+[^ ]{1,20}(?:the|a|an|of)\\w+.[aeiou]+/\n"
               % (n, 4 + n % 12, 5 + n // 12) for n in range(144))
NAME = re.compile("[0-9a-f]{32}")


def postern(*words):
    """Status and output of a subcommand."""
    run = subprocess.run([POSTERN, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
    return run.returncode, run.stdout


class Cache:
    """A directory for databases, and rules that name it."""

    def __init__(self, rules):
        self.rules = rules

    def __enter__(self):
        self.top = tempfile.TemporaryDirectory(prefix="postern-test-")
        self.dir = os.path.join(self.top.name, "cache")
        self.conf = os.path.join(self.top.name, "a.rules")
        os.mkdir(self.dir, 0o700)
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write('set cache-dir "cache"\n' + self.rules)
        return self

    def __exit__(self, *_):
        self.top.cleanup()

    def compile(self):
        return postern("compile", "-c", self.conf)

    def files(self):
        return sorted(os.listdir(self.dir))

    def daemon(self):
        return Daemon('set cache-dir "%s"\n%s' % (self.dir, self.rules))


def need_libhs():
    with Cache(FEW) as c:
        if "without libhs" in c.compile()[1]:
            raise Skip("postern was built without libhs")


def children(d):
    """The processes that the daemon has made."""
    found = []
    tasks = "/proc/%d/task" % d.process.pid
    for task in os.listdir(tasks):
        with open(os.path.join(tasks, task, "children"), encoding="ascii") as f:
            found += map(int, f.read().split())
    return found


def is_running(pid):
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii", errors="replace") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for(what, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("it does not come")


def subject(d, text):
    """What a message with this subject gets."""
    with d.mta() as m:
        m.helo()
        m.mail()
        m.rcpt()
        return m.message(headers=(("Subject", text),)).reply.kind


# ---- postern compile ----

def test_compile_fills_the_cache():
    need_libhs()
    with Cache(FEW) as c:
        status, out = c.compile()
        equal(status, 0)
        assert re.fullmatch(r"subject: 4 patterns, 4 for the database: compiled, \d+ bytes, \d+ ms\n", out), out
        (name,) = c.files()
        assert NAME.fullmatch(name), name
        equal(os.stat(os.path.join(c.dir, name)).st_mode & 0o7777, 0o600)
        status, out = c.compile()
        equal(status, 0)
        assert re.fullmatch(r"subject: 4 patterns, 4 for the database: there already, \d+ bytes, \d+ ms\n", out), out
        equal(c.files(), [name])


def test_compile_without_need():
    with Cache("reject if subject ~ /viagra/\n") as c:
        status, out = c.compile()
        equal(status, 0)
        assert "there is nothing to compile" in out, out
        equal(c.files(), [])


def test_compile_refuses_what_is_wrong():
    with Cache("reject if subjetc ~ /x/\n") as c:
        status, out = c.compile()
        equal(status, 65)
        assert "did you mean subject?" in out, out
        equal(postern("compile", "-c", c.dir + "/none")[0], 66)
        equal(postern("compile", c.conf)[0], 64)


def test_compile_tells_that_it_cannot_keep():
    need_libhs()
    with Cache(FEW) as c:
        os.chmod(c.dir, 0o777)
        status, out = c.compile()
        equal(status, 73)
        assert re.search(r"cache-dir .*/cache can't be filled: others may write to it \(mode 0777\)$", out.strip()), out
        os.rmdir(c.dir)
        status, out = c.compile()
        equal(status, 73)
        assert "No such file or directory" in out, out


def test_compile_writes_as_the_user_of_the_daemon():
    need_libhs()
    if os.geteuid() != 0:
        raise Skip("only root becomes another user")
    with Cache("set user nobody\n" + FEW) as c:
        os.chmod(c.top.name, 0o711)
        os.chmod(c.conf, 0o600)
        os.chmod(c.dir, 0o755)  # it is root's
        status, out = c.compile()
        equal(status, 73, out)
        assert "can't be filled: it belongs to user 0, not to user" in out, out
        import pwd
        nobody = pwd.getpwnam("nobody").pw_uid
        os.chown(c.dir, nobody, -1)
        equal(c.compile()[0], 0)
        (name,) = c.files()
        equal(os.stat(os.path.join(c.dir, name)).st_uid, nobody)


def test_check_makes_none():
    with Cache(MANY) as c:
        equal(postern("check", "-c", c.conf)[0], 0)
        equal(c.files(), [])


# ---- the daemon ----

def test_the_daemon_makes_it_and_finds_it_again():
    need_libhs()
    with Cache(FEW) as c:
        with c.daemon() as d:
            assert d.await_line("database of=subject patterns=4 from=compiled ms=[0-9]+ bytes=[0-9]+$")
            equal(subject(d, "12345ax"), "reject")
            equal(subject(d, "1234ax"), "accept")
            (name,) = c.files()
            wait_for(lambda: not children(d))
        with c.daemon() as d:
            # it is there with the first session
            with d.more:
                lines = list(d.lines)
            found = [i for i, line in enumerate(lines) if "from=cache" in line]
            ready = [i for i, line in enumerate(lines) if " ready " in line]
            assert found and found[0] < ready[0], lines
            equal(subject(d, "12345ax"), "reject")
            equal(subject(d, "1234ax"), "accept")
        equal(c.files(), [name])


def test_a_damaged_file_is_made_anew():
    need_libhs()
    with Cache(FEW) as c:
        c.compile()
        path = os.path.join(c.dir, c.files()[0])
        with open(path, "r+b") as f:
            good = f.read()
            f.seek(len(good) // 2)
            f.write(bytes(16))
        with c.daemon() as d:
            assert d.await_line(r'database of=subject patterns=4 from=damaged .*why="[0-9a-f]{32} is damaged"')
            assert d.await_line("database of=subject patterns=4 from=compiled")
            equal(subject(d, "12345ax"), "reject")
        with open(path, "rb") as f:
            equal(len(f.read()), len(good))
        with c.daemon() as d:
            assert d.await_line("from=cache")


def test_without_a_directory_it_is_said_once():
    need_libhs()
    with Cache(FEW + re.sub("^f", "g", FEW.replace("subject", "body"), flags=re.M)) as c:
        os.rmdir(c.dir)
        with c.daemon() as d:
            assert d.await_line("of=subject patterns=4 from=compiled")
            assert d.await_line("of=body patterns=4 from=compiled")
            with d.more:
                said = [line for line in d.lines if "cache-dir" in line]
            equal(len(said), 1, said)
            assert "No such file or directory; databases of patterns are made at each start" in said[0], said
            equal(subject(d, "12345ax"), "reject")


def test_it_serves_meanwhile_and_leaves_no_child():
    need_libhs()
    with Cache(MANY + FEW) as c:
        with c.daemon() as d:
            (child,) = wait_for(lambda: children(d))
            equal(os.getpriority(os.PRIO_PROCESS, child), 19)
            equal(subject(d, "12345ax"), "reject")
            equal(subject(d, "1234ax"), "accept")
            assert is_running(child), "too quick for this test"
            start = time.monotonic()
            equal(d.stop(), 0)
            took = time.monotonic() - start
            assert took < 10, "%.2f s" % took
            assert not is_running(child)
        # killed, it can't end its child: that goes by itself
        d = c.daemon()
        try:
            (child,) = wait_for(lambda: children(d))
            d.process.send_signal(signal.SIGKILL)
            d.process.wait(20)
            wait_for(lambda: not is_running(child))
        finally:
            d.stop()
            d.__exit__(None)
        equal([name for name in c.files() if not NAME.fullmatch(name)], [])


def test_a_child_that_dies_is_told():
    need_libhs()
    with Cache(MANY + FEW) as c:
        with c.daemon() as d:
            (child,) = wait_for(lambda: children(d))
            os.kill(child, signal.SIGKILL)
            assert d.await_line(r'database of=\S+ patterns=[0-9]+ from=failed .*why="the process .* has failed"')
            equal(subject(d, "12345ax"), "reject")
            equal(subject(d, "1234ax"), "accept")


if __name__ == "__main__":
    sys.exit(main(globals()))

"""Runs `postern explain` on a message, and tells what came of it and what it cost. $POSTERN is the
program, ./postern if it is not set."""

import collections
import os
import re
import subprocess
import sys
import tempfile
import threading
import time

POSTERN = os.path.abspath(os.environ.get("POSTERN", "./postern"))
RULES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "facts.rules")

# notes: the texts of log rules by label; ms: of CPU; mb: the most memory it had; out: all it printed.
Seen = collections.namedtuple("Seen", "notes ms mb out")

NOTE = re.compile(r"^log by (\S+) \(.*?\) at \w+: (.*)$", re.M)


def sanitizer():
    """The sanitizer that the program was built with: "address", "thread", or None."""
    with open(POSTERN, "rb") as f:
        text = f.read()
    for name in "address", "thread":
        if b"__%csan_init" % name[0].encode() in text:
            return name
    return None


def waited(process, seconds):
    """Wait for a process for so long, then kill it; its wait status and what it cost."""
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    _, status, usage = os.wait4(process.pid, 0)
    timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage


def explain(path, *more, rules=RULES, seconds=60):
    """What the rules make of the message in a file. Fails if the program does."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen([POSTERN, "explain", "-c", rules, *more, path],
                                   stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        usage = waited(process, seconds)
        out.seek(0)
        err.seek(0)
        said = err.read(100000).decode("utf-8", "replace")
        text = out.read().decode("utf-8")
    assert process.returncode == 0 and said == "", "exit status %d: %s" % (process.returncode, said)
    assert text.rsplit("\n", 2)[-2].startswith("verdict: "), text[-200:]
    return Seen(dict(NOTE.findall(text)), (usage.ru_utime + usage.ru_stime) * 1000,
                usage.ru_maxrss / 1024, text)


class Folder:
    """A folder for messages, which goes away at the end."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="postern-mail-")
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def write(self, make):
        """The path of a file with what make() returns. That is made in a process of its own: what this
        one has of memory counts for the programs that it starts."""
        path = os.path.join(self.folder.name, "letter.eml")
        child = os.fork()
        if child == 0:
            status = 1
            try:
                with open(path, "wb") as f:
                    f.write(make())
                status = 0
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, "no message was made"
        return path


def tell(number, name, fault, remark=""):
    """One result of TAP."""
    print("%s %d - %s" % ("not ok" if fault else "ok", number, name))
    for line in ("%s\n%s" % (fault or "", remark)).split("\n"):
        if line:
            print("# " + line)
    sys.stdout.flush()

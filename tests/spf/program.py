"""Runs `postern spf` and reads what it prints. $POSTERN is the program, ./postern if it is not set."""

import collections
import os
import re
import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

POSTERN = os.path.abspath(os.environ.get("POSTERN", "./postern"))

# result, reason; explanation: None if there is none; terms and voids: the numbers of `lookups:`;
# trace: the lines above; seconds that it took.
Answer = collections.namedtuple("Answer", "result reason explanation terms voids trace seconds")

ANSWER = re.compile(r"(?P<trace>(?:.*\n)*?)result: (?P<result>[a-z]+)\nreason: (?P<reason>.+)\n"
                    r"(?:explanation: (?P<explanation>.*)\n)?"
                    r"lookups: (?P<terms>\d+) \(void (?P<voids>\d+)\)\n")


def run(*arguments):
    """The program's exit status, output and what it says on standard error."""
    done = subprocess.run([POSTERN, "spf", *map(os.fsencode, arguments)], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=120, check=False)
    return done.returncode, done.stdout.decode("latin-1"), done.stderr.decode("latin-1")


def check(client, sender=None, helo=None, **more):
    """One check; more: dns_server, zone, trace."""
    words = ["--client", client]
    for option, value in (("--sender", sender), ("--helo", helo), ("--zone", more.get("zone")),
                          ("--dns-server", more.get("dns_server"))):
        for one in value if isinstance(value, list) else [value]:
            words += [option, one] if one is not None else []
    start = time.monotonic()
    status, out, err = run(*words, *(["--trace"] if more.get("trace") else []))
    seconds = time.monotonic() - start
    assert (status, err) == (0, ""), "exit status %d: %s" % (status, err)
    found = ANSWER.fullmatch(out)
    assert found, "this is no answer: %r" % out
    assert re.fullmatch(r"[ -~\n]*", out), "this is not printable ASCII: %r" % out
    return Answer(found["result"], found["reason"], found["explanation"], int(found["terms"]),
                  int(found["voids"]), found["trace"].splitlines(), seconds)


def equal(got, want, what="values differ"):
    assert got == want, "%s: got %r, want %r" % (what, got, want)


def report(number, name, test):
    """Run a test and tell of it in TAP; true if it passed."""
    try:
        test()
    except Exception as e:
        lines = [str(f.lineno) for f in traceback.extract_tb(e.__traceback__)
                 if os.path.basename(f.filename).startswith("test_")]
        fault = "%s: %s (line %s)" % (type(e).__name__, e, ", ".join(lines))
        print("not ok %d - %s\n# %s" % (number, name, fault.replace("\n", "\n# ")))
        return False
    print("ok %d - %s" % (number, name))
    return True


def main(found):
    """Run the functions test_… among these names, or those whose name holds one of the command line's
    words; side by side, as most of them wait."""
    tests = [(name[5:].replace("_", " "), test) for name, test in found.items()
             if name.startswith("test_") and (not sys.argv[1:] or any(w in name for w in sys.argv[1:]))]
    return run_all(tests)


def run_all(tests, workers=24):
    """Run [(name, function)] side by side, told in their order. The program's exit status."""
    with ThreadPoolExecutor(workers) as pool:
        waiting = [(name, pool.submit(test)) for name, test in tests]
        print("1..%d" % len(tests))
        passed = [report(n + 1, name, future.result) for n, (name, future) in enumerate(waiting)]
    return 0 if all(passed) else 1

#!/usr/bin/env python3
"""Odd messages that others have collected: each goes through `postern explain` under rules that ask for
every fact, and must end well, soon and in little memory.

    POSTERN_ODD_MAIL=FOLDER[:FOLDER...] POSTERN=./postern tests/mail/test_odd.py

takes all files in these folders, and in those inside, for messages. It is skipped without.
"""

import os
import sys

from explain import explain, sanitizer, tell

MS, MB = 1000, 256  # what a message may cost
TIMES = {None: 1, "address": 12, "thread": 25}


def messages(folders):
    """The paths of all files."""
    return sorted(os.path.join(folder, name) for top in folders.split(":")
                  for folder, _, names in os.walk(top) for name in names)


def fault_of(path, costs, built):
    """What is wrong with how a message ended, or None. Its cost is added to costs."""
    try:
        seen = explain(path, seconds=60 * TIMES[built])
    except Exception as e:
        return "%s: %s" % (type(e).__name__, e)
    costs.append((seen.ms, seen.mb, path, seen.notes.get("truncated")))
    if seen.ms > MS * TIMES[built] or seen.mb > MB * TIMES[built]:
        return "%.0f ms, %.0f MB" % (seen.ms, seen.mb)
    return None


def main():
    folders = os.environ.get("POSTERN_ODD_MAIL")
    if not folders:
        print("1..0 # SKIP POSTERN_ODD_MAIL names no folder of messages")
        return 0
    built, costs, faults = sanitizer(), [], 0
    paths = messages(folders)
    print("1..%d" % len(paths))
    for number, path in enumerate(paths):
        fault = fault_of(path, costs, built)
        tell(number + 1, os.path.basename(path), fault)
        faults += fault is not None
    for ms, mb, path, limits in costs:
        if limits:
            print("# cut off by %s: %s" % (limits, os.path.basename(path)))
    if costs:
        print("# %d messages, %.0f ms; the slowest: %.0f ms, %s; the largest: %.0f MB, %s" % (
            len(costs), sum(c[0] for c in costs), max(costs)[0], os.path.basename(max(costs)[2]),
            max(c[1] for c in costs), os.path.basename(max(costs, key=lambda c: c[1])[2])))
    return 1 if faults else 0


sys.exit(main())

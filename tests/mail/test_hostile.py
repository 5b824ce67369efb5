#!/usr/bin/env python3
"""Messages that were made to hurt: each goes through `postern explain` under rules that ask for every
fact, and must end well, in bounded time and memory; what a limit cut off is named, and what stands
before it is found.

    POSTERN=./postern tests/mail/test_hostile.py [WORD...]

runs those whose names hold one of the words, or all, and prints what each costs: milliseconds of CPU,
MB of memory at most.
"""

import sys

import hostile
from explain import Folder, explain, sanitizer, tell

# A sanitizer makes a program slower and larger: so many times.
TIMES = {None: 1, "address": 12, "thread": 25}
LARGER = {None: 1, "address": 8, "thread": 12}


def fault_of(row, seen, built):
    """What is wrong with what came of a message, or None."""
    limits = seen.notes.get("truncated", "").split(", ") if "truncated" in seen.notes else []
    missing = [label for label in row.found if "in-" + label not in seen.notes]
    wrong = [label for label in row.not_found if "in-" + label in seen.notes]
    if missing or wrong:
        return "not found in: %s; found in: %s" % (" ".join(missing), " ".join(wrong))
    if row.limits is not None and limits != list(row.limits):
        return "message.truncated: %s, not %s" % (limits, list(row.limits))
    if seen.ms > row.ms * TIMES[built]:
        return "%.0f ms, more than %d" % (seen.ms, row.ms * TIMES[built])
    if seen.mb > row.mb * LARGER[built]:
        return "%.0f MB, more than %d" % (seen.mb, row.mb * LARGER[built])
    return None


def run(row, folder, number, built):
    """One message; true if all is well."""
    remark = ""
    try:
        seen = explain(folder.write(row.make), seconds=60 * TIMES[built])
        remark = "%s: %.0f ms, %.0f MB" % (row.name, seen.ms, seen.mb)
        fault = fault_of(row, seen, built)
    except Exception as e:
        fault = "%s: %s" % (type(e).__name__, e)
    tell(number, row.name, fault, remark)
    return fault is None


def main():
    rows = [row for row in hostile.ROWS
            if not sys.argv[1:] or any(word in row.name for word in sys.argv[1:])]
    built = sanitizer()
    print("1..%d" % len(rows))
    with Folder() as folder:
        passed = [run(row, folder, number + 1, built) for number, row in enumerate(rows)]
    return 0 if all(passed) else 1


sys.exit(main())

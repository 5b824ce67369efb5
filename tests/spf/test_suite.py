#!/usr/bin/env python3
"""The public suites of SPF tests, each case twice: records from a zone file, and from a DNS server.

rfc7208 is RFC 7208's own and passes as it is. In the others a case may want what RFC 7208 has changed,
or never said: what comes instead is in DIFFERENCES, with the reason.
"""

import os
import shutil
import sys
import tempfile

import program
import suite
from dnsserver import Server

SUITES = {"rfc7208": 203, "rfc4408": 191, "pyspf": 16, "blitirispf": 21}  # with so many cases

SINGLE_LABEL = "a domain of one label has no SPF record that counts (RFC 7208 4.3)"
NO_TOPLABEL = "a domain-spec ends in a dot and a label (RFC 7208 7.1)"

# case: the result, and why it differs
DIFFERENCES = {
    "pyspf/corner cases/default-modifier":
        ("neutral", "an unknown modifier is ignored (RFC 7208 6)"),
    "pyspf/corner cases/default-modifier-harsh":
        ("neutral", "an unknown modifier is ignored (RFC 7208 6), and no result is called ambiguous"
                    " (RFC 7208 2.6)"),
    "blitirispf/Resolution limits/resolution-with-10-lookups": ("permerror", NO_TOPLABEL),
    "blitirispf/MX resolution limits/mx-resolution-10-terms": ("none", SINGLE_LABEL),
    "blitirispf/MX resolution limits/mx-resolution-11-terms": ("none", SINGLE_LABEL),
    "blitirispf/NXDOMAIN tests/one-mx-not-found": ("none", SINGLE_LABEL),
    "blitirispf/NXDOMAIN tests/all-mx-not-found": ("none", SINGLE_LABEL),
    "blitirispf/NXDOMAIN tests/include-not-found": ("none", SINGLE_LABEL),
    "blitirispf/NXDOMAIN tests/redirect-not-found": ("none", SINGLE_LABEL),
}


def run_case(case, **source):
    """One check, held against what the suite or RFC 7208 wants."""
    got = program.check(case.client, case.sender, case.helo, **source)
    wanted = case.results
    if case.name in DIFFERENCES:
        wanted = [DIFFERENCES[case.name][0]]
        assert wanted[0] not in case.results, "this is no difference: the suite wants it too"
    assert got.result in wanted, "got %s (%s), want %s" % (got.result, got.reason, wanted)
    if case.explanation is not None:
        program.equal(got.explanation or "DEFAULT", case.explanation, "explanation")


def tests_of(name, folder, servers):
    """The tests of a suite. Servers that were started are added to servers."""
    tests = []
    scenarios = suite.read(name)
    for number, scenario in enumerate(scenarios):
        path = os.path.join(folder, "%s-%d.zone" % (name, number))
        scenario.zone.write(path)
        servers.append(Server(scenario.zone))
        for case in scenario.cases:
            tests.append((case.name + " (zone)", lambda c=case, p=path: run_case(c, zone=p)))
            tests.append((case.name + " (server)",
                          lambda c=case, a=servers[-1].address: run_case(c, dns_server=a)))
    cases = [case for scenario in scenarios for case in scenario.cases]
    tests.append((name + " is whole", lambda: program.equal(len(cases), SUITES[name], "cases")))
    return tests


def differ(tests):
    """Each difference is that of a case."""
    names = {name.removesuffix(" (zone)") for name, _ in tests}
    program.equal(sorted(set(DIFFERENCES) - names), [], "no such cases")


def main():
    missing = suite.missing()
    if missing:
        print("1..%d" % len(SUITES))
        for number, name in enumerate(SUITES):
            print("ok %d - %s # SKIP %s" % (number + 1, name, missing))
        return 0
    folder = tempfile.mkdtemp(prefix="postern-spf-")
    servers = []
    try:
        tests = [test for name in SUITES for test in tests_of(name, folder, servers)]
        tests.append(("each difference is that of a case", lambda: differ(tests)))
        words = sys.argv[1:]
        return program.run_all([t for t in tests if not words or any(w in t[0] for w in words)])
    finally:
        for server in servers:
            server.__exit__()
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())

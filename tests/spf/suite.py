"""The suites of SPF tests, in YAML: each document a scenario, with records and cases.

Records are written for a person: a text alone or a list of strings for TXT; SPF for what was a type of
its own once and stands for TXT unless the name has that (or TXT: NONE) too; TIMEOUT for questions that
nobody answers.
"""

import collections
import os

from zone import CNAME, MX, TXT, TYPES, Zone, key

FOLDER = "/usr/share/gocode/src/blitiri.com.ar/go/spf/testdata"
PACKAGES = "golang-blitiri-go-spf-dev and python3-yaml"

# results: those that are right. explanation: None if it isn't looked at, else what it must be, "DEFAULT"
# for none.
Case = collections.namedtuple("Case", "name client helo sender results explanation")
Scenario = collections.namedtuple("Scenario", "name zone cases")


def missing():
    """Why no suite can be read; None if they can."""
    try:
        import yaml  # pylint: disable=import-outside-toplevel,unused-import
    except ImportError:
        return "no python3-yaml"
    return None if os.path.isdir(FOLDER) else "no golang-blitiri-go-spf-dev"


def read(suite):
    """The scenarios of a suite."""
    import yaml  # pylint: disable=import-outside-toplevel

    with open(os.path.join(FOLDER, suite + "-tests.yml"), encoding="utf-8") as file:
        documents = [d for d in yaml.safe_load_all(file) if d]
    return [read_scenario(suite, n + 1, d) for n, d in enumerate(documents)]


def read_scenario(suite, number, document):
    name = (document.get("description") or document.get("comment") or "scenario %d" % number).strip()
    cases = []
    for case, what in document["tests"].items():
        results = what["result"] if isinstance(what["result"], list) else [what["result"]]
        cases.append(Case("%s/%s/%s" % (suite, name, case), what["host"], what.get("helo"),
                          what["mailfrom"], results, what.get("explanation")))
    return Scenario(name, read_zone(document["zonedata"]), cases)


def read_zone(data):
    zone = Zone()
    for name, entries in data.items():
        entries = [item for entry in entries for item in entry.items()]
        kinds = {kind for kind, _ in entries}
        for kind, value in entries:
            if kind == "SPF":
                if "TXT" not in kinds:
                    zone.add(name, TXT, value)
            elif kind == "TIMEOUT":
                zone.silent.add(key(name))
            elif kind == "SERVFAIL":
                zone.failing.add(key(name))
            elif kind == "CNAMELOOP":
                zone.add(name, CNAME, name)
            elif kind == "MX":
                zone.add(name, MX, value)
            elif (kind, value) != ("TXT", "NONE"):
                zone.add(name, TYPES[kind], value)
    return zone

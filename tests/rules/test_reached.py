#!/usr/bin/env python3
"""Each diagnostic of the checker stands in a golden: what nobody has seen is often wrong.

The sources are searched for calls of diag_error(), diag_warn() and the like; each text in such a
call must be found, whatever was filled in, in one of the .expected files beside this one.
"""
import glob
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
SRC = os.path.join(HERE, '..', '..', 'src')
SOURCES = ['rule/*.c', 'list/*.c', 'match/literal.c', 'dns/zone.c']

# What no golden can have, and why.
UNREACHED = {
    'more than %d rules': 'a file of a million rules is too large to keep',
}

CALL = re.compile(r'\b(?:diag_(?:error|warn|hint)|parse_fail)\s*\(')
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')
LITERALS = re.compile(r'(?:"(?:[^"\\]|\\.)*"\s*)+')
FILLED_IN = re.compile(r'%(?:\.\*|[.0-9]*)(?:ll|l|z)?[a-z]')


def call_at(text, start):
    """The arguments of a call: up to the parenthesis that closes it."""
    depth, i = 1, start
    while depth > 0:
        if text[i] == '"':
            i = LITERAL.match(text, i).end()
            continue
        depth += {'(': 1, ')': -1}.get(text[i], 0)
        i += 1
    return text[start:i]


def diagnostics(text):
    """The texts of all diagnostics in a source, each with its line."""
    for call in CALL.finditer(text):
        for literals in LITERALS.findall(call_at(text, call.end())):
            what = ''.join(LITERAL.findall(literals))
            what = re.sub(r'\\(.)', lambda m: '\n' if m[1] == 'n' else m[1], what)
            if re.search('[a-z]{2}', FILLED_IN.sub('', what)):
                yield text.count('\n', 0, call.start()) + 1, what


def is_reached(what, goldens):
    parts = [re.escape(part.replace('%%', '%')) for part in FILLED_IN.split(what)]
    return re.search('.*'.join(parts), goldens) is not None


def read(path):
    with open(path, encoding='utf-8', errors='replace') as file:
        return file.read()


def main():
    goldens = ''.join(read(path) for path in glob.glob(os.path.join(HERE, '*', '*.expected')))
    paths = [path for pattern in SOURCES for path in sorted(glob.glob(os.path.join(SRC, pattern)))]
    number = 0
    for path in paths:
        found = list(diagnostics(read(path)))
        if not found:
            continue
        number += 1
        missing = [(line, what) for line, what in found
                   if what not in UNREACHED and not is_reached(what, goldens)]
        name = os.path.relpath(path, SRC)
        print(f'{"not ok" if missing else "ok"} {number} - {name}: {len(found)} texts')
        for line, what in missing:
            print(f'# {name}:{line}: no golden has: {what!r}')
    print(f'1..{number}')


main()

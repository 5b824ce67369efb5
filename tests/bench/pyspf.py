"""pyspf's checks, as checks.c describes them.

pyspf.py cold|warm PROCESSES SECONDS

Python runs one thread at a time, so these are processes.
"""

import os
import resource
import sys
import time

FEW = 50


def check(domain):
    result, _ = spf.check2(i='192.0.2.1', s='user@d%d.bench' % domain, h='mx.bench')
    if result != 'fail':
        sys.exit('pyspf.py: a check has not failed but is ' + result)


def cpu_us():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return round((used.ru_utime + used.ru_stime) * 1e6)


def work(warm, first, step, seconds, out):
    """Check every step-th domain, and write how many there were, and the CPU time that took."""
    begun, cpu, n = time.monotonic(), cpu_us(), 0
    while time.monotonic() - begun < seconds:
        number = first + n * step
        check(number % FEW if warm else number)
        n += 1
    os.write(out, b'%d %d\n' % (n, cpu_us() - cpu))


def main():
    warm, processes, seconds = sys.argv[1] == 'warm', int(sys.argv[2]), float(sys.argv[3])
    reader, writer = os.pipe()
    if warm:
        for domain in range(FEW):
            check(domain)
    begun = time.monotonic()
    children = []
    for first in range(processes):
        child = os.fork()
        if child == 0:
            try:
                work(warm, first, processes, seconds, writer)
            finally:
                os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    us = (time.monotonic() - begun) * 1e6
    os.close(writer)
    with os.fdopen(reader) as results:
        done = [[int(word) for word in line.split()] for line in results]
    if len(done) != processes:
        sys.exit('pyspf.py: a process has failed')
    print(sum(n for n, _ in done), round(us), sum(cpu for _, cpu in done))


try:
    import spf
except ImportError:
    sys.exit(77)  # it isn't there
main()

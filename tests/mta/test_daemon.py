#!/usr/bin/env python3
"""`postern run` as a process: its log, socket, files and signals.

    POSTERN=./postern tests/mta/test_daemon.py [WORD...]

runs the tests whose names hold one of the words, or all. One line for each, then how many passed.
"""

import fcntl
import grp
import os
import pwd
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import traceback

from harness import (ACTIONS, CONTENT, DIALECTS, PASSED, POSTERN, Daemon, Skip, alive, equal, fields_of,
                     main, matrix_rules, run_cell)
from milterclient import Client, Dropped, open_socket


# ---- the log ----

def test_log_fields():
    rules = 'forged: reject 550 5.7.1 "{helo} is \\"mine\\""\n    if helo = mx.here.example and recipient != ok@here.example\n'
    with Daemon(rules) as d:
        with d.mta(name="client.example") as m:
            m.helo("mx.here.example")
            m.mail("<a@client.example>")
            m.rcpt("<b@here.example>")
            equal(m.rcpt("<ok@here.example>").kind, "continue")
            m.rcpt("<c@here.example>")
        first, second = d.logged(2, rule="forged")
        want = {"action": "reject", "code": "550", "dsn": "5.7.1", "rule": "forged",
                "place": d.conf + ":2", "cause": "rule", "stage": "rcpt", "client": "192.0.2.1",
                "name": "client.example", "helo": "mx.here.example", "from": "a@client.example",
                "to": "b@here.example", "text": 'mx.here.example is "mine"'}
        for key, value in want.items():
            equal(first.get(key), value, key)
        assert re.fullmatch(r"\d+\.\d{3}", first["ms"]), first
        assert "id" not in first and "obeyed" not in first and "nrcpt" not in first, first
        equal((second["id"], second["to"]), ("4X00001", "c@here.example"))
        with d.mta("sendmail", name="unknown") as m:
            m.helo("mx.here.example")
            m.mail()
            m.rcpt()
        line = d.logged(3, rule="forged")[2]
        equal(line.get("id"), "3ARS00001")
        assert "name" not in line, line


def test_log_cannot_be_forged():
    with Daemon("no: reject if helo ~ /evil/\n") as d:
        with d.mta() as m:
            m.helo('evil\r\naction=accept id="x\\" \x1b[2J\u202e')
            m.mail('<"a b=c"@x.example>')
            m.rcpt()
        (line,) = d.logged(rule="no")
        equal(line["action"], "reject")
        with d.more:
            raw = "\n".join(d.lines)
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", raw), raw
        assert not re.search(r"^action=accept", raw, re.M), raw


def test_queue_id_as_soon_as_there_is_one():
    with Daemon("no: reject if raw.body ~ /zzz/\n") as d:
        for n, (dialect, wanted) in enumerate((("postfix", "4X00001"), ("sendmail", "3ARS00001"))):
            with d.mta(dialect) as m:
                m.helo()
                m.send()
            equal(d.logged(n + 1, action="accept")[n].get("id"), wanted)


# ---- the process ----

def test_the_end_tells_what_lists_were_asked():
    zone = '1.2.0.192.zen.example A 127.0.0.2\n2.2.0.192.zen.example TIMEOUT\n'
    rules = 'set dns-zone "zone"\nreject if dnsbl("zen.example")\n'
    with Daemon(rules, files={"zone": zone}) as d:
        for address in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
            with d.mta(address=address) as m:
                m.helo()
                m.mail()
                m.rcpt()
        equal(d.stop(), 0)
        assert d.await_line("list zone=zen.example of=client.ip answers=3 failed=1")
        assert d.await_line("dns questions=3 ")


def test_64_sessions_at_once():
    failures = []
    rules = matrix_rules()
    with Daemon(rules) as d:
        def work(i):
            try:
                dialect = DIALECTS[i % 2]
                for n in range(5):
                    stage = list(CONTENT)[(i + n) % len(CONTENT)]
                    action = list(ACTIONS)[(i + n) % len(ACTIONS)]
                    got = run_cell(d, dialect, stage, action)
                    good = PASSED if action == "accept" else (action,)
                    if got.reply.kind not in good:
                        failures.append((stage, action, got))
            except Exception:
                failures.append(traceback.format_exc())

        threads = [threading.Thread(target=work, args=(i,)) for i in range(64)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert not failures, failures[:3]
        equal(d.stop(), 0)


def test_sigterm_within_a_second():
    with Daemon(matrix_rules()) as d:
        assert alive(d)
        start = time.monotonic()
        equal(d.stop(), 0)
        took = time.monotonic() - start
        assert took < 1, "%.2f s" % took
        assert not os.path.exists(d.path), "the socket is left behind"


def test_sigterm_lets_open_sessions_finish():
    with Daemon('no: reject if raw.body ~ /x/\n') as d:
        m = d.mta()
        m.helo()
        m.mail()
        m.rcpt()
        d.process.send_signal(signal.SIGTERM)
        assert d.await_line("stopping")
        try:
            Client(d.where).negotiate()
            raise AssertionError("a connection was taken on")
        except (FileNotFoundError, ConnectionRefusedError, Dropped):
            pass
        time.sleep(0.2)
        equal(d.process.poll(), None, "it has left an open session alone")
        equal(m.message(body=b"x\r\n").reply.kind, "reject")
        m.quit()
        start = time.monotonic()
        equal(d.process.wait(10), 0)
        took = time.monotonic() - start
        assert took < 1, "%.2f s" % took


def test_a_second_sigterm_ends_the_wait():
    with Daemon("reject if client.ip = 192.0.2.1\n") as d:
        m = d.mta()
        d.process.send_signal(signal.SIGTERM)
        assert d.await_line("stopping")
        start = time.monotonic()
        equal(d.stop(signal.SIGINT), 0)
        took = time.monotonic() - start
        assert took < 1, "%.2f s" % took
        assert d.await_line("1 sessions were cut")
        m.client.close()


def test_sighup_does_not_stop_it():
    with Daemon(matrix_rules()) as d:
        for _ in range(50):
            d.process.send_signal(signal.SIGHUP)
        assert d.await_line("restart")
        d.process.send_signal(signal.SIGUSR1)
        d.process.send_signal(signal.SIGUSR2)
        assert alive(d)
        equal(d.stop(), 0)


def test_stale_socket_is_replaced():
    with Daemon("accept\n", wait=False) as d:
        d.process.kill()
        d.process.wait()
        if os.path.exists(d.path):
            os.unlink(d.path)
        s = socket.socket(socket.AF_UNIX)
        s.bind(d.path)
        s.close()
        with Daemon('set socket "unix:%s"\naccept\n' % d.path) as second:
            second.where = d.where
            assert alive(second)
            equal(second.stop(), 0)


def test_living_socket_is_not_stolen():
    with Daemon("accept\n") as d:
        with Daemon('set socket "unix:%s"\naccept\n' % d.path, wait=False) as second:
            equal(second.process.wait(20), 73)
            assert second.await_line("already in use"), second.lines
        assert alive(d)


def test_a_lock_on_the_directory_is_not_awaited_for_ever():
    with tempfile.TemporaryDirectory() as tmp:
        fd = os.open(tmp, os.O_RDONLY)
        fcntl.flock(fd, fcntl.LOCK_EX)
        with Daemon('set socket "unix:%s/s"\naccept\n' % tmp, wait=False) as d:
            equal(d.process.wait(10), 73)
            assert d.await_line("another process holds a lock on " + tmp)
        with Daemon('set socket "unix:%s/s"\naccept\n' % tmp, wait=False) as d:
            time.sleep(0.3)
            os.close(fd)
            assert d.await_line("ready"), "a starter that is soon done is waited for"


def test_other_files_are_left_alone():
    with Daemon('set socket "unix:DIR/file"\naccept\n', files={"file": "precious"}, wait=False) as d:
        equal(d.process.wait(20), 73)
        assert d.await_line("is no socket")
        with open(os.path.join(d.dir, "file"), encoding="utf-8") as f:
            equal(f.read(), "precious")


def test_a_successors_socket_survives():
    with Daemon("accept\n") as d:
        os.unlink(d.path)
        with Daemon('set socket "unix:%s"\naccept\n' % d.path) as second:
            second.where = d.where
            equal(d.stop(), 0)
            assert os.path.exists(d.path), "the old one took the new one's socket with it"
            assert alive(second)


def test_socket_mode():
    for mode in ("0600", "0666", None):
        extra = " mode %s" % mode if mode else ""
        with Daemon('set socket "unix:DIR/s"%s\naccept\n' % extra) as d:
            equal("%04o" % stat.S_IMODE(os.stat(d.path).st_mode), mode or "0660")


def test_only_root_becomes_another_user():
    if os.geteuid() == 0:
        raise Skip("this is root")
    with Daemon("set user root\naccept\n", wait=False) as d:
        equal(d.process.wait(20), 77)
        assert d.await_line("only root can become user root")
        assert not os.path.exists(d.path)


def test_socket_owner_and_user():
    if os.geteuid() != 0:
        raise Skip("this is not root")
    rules = 'set socket "unix:DIR/s" mode 0660 user daemon group mail\nset user nobody\naccept\n'
    with Daemon(rules) as d:
        st = os.stat(d.path)
        equal((st.st_uid, st.st_gid), (pwd.getpwnam("daemon").pw_uid, grp.getgrnam("mail").gr_gid))
        with open("/proc/%d/status" % d.process.pid, encoding="ascii") as f:
            status = f.read()
        uid, gid = pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("nobody").pw_gid
        assert re.search(r"^Uid:(\t%d){4}$" % uid, status, re.M), status
        assert re.search(r"^Gid:(\t%d){4}$" % gid, status, re.M), status
        assert re.search(r"^Groups:\s*%d\s*$" % gid, status, re.M), status
        assert alive(d)
        equal(d.stop(), 0)


def test_socket_errors_tell_what_to_do():
    with Daemon('set socket "unix:DIR/no/such/dir/s"\naccept\n', wait=False) as d:
        equal(d.process.wait(20), 73)
        assert d.await_line(r"make its directory: install -d .*main\.cf: smtpd_milters = unix:")
    with Daemon('set socket "unix:DIR/s" group no-such-group\naccept\n', wait=False) as d:
        equal(d.process.wait(20), 67)
        assert d.await_line("no group `no-such-group`")
    with Daemon('set user no-such-user\naccept\n', wait=False) as d:
        equal(d.process.wait(20), 67)
        assert d.await_line("no such user")
        assert not os.path.exists(d.path)


def free_port(family, host):
    with socket.socket(family) as s:
        s.bind((host, 0))
        return s.getsockname()[1]


def refused(where, seconds=5):
    """True if soon nobody listens there."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            open_socket(where).close()
        except ConnectionRefusedError:
            return True
        time.sleep(0.01)
    return False


def inet_socket(family, host, shown):
    """A daemon on this host; shown: the host as it is written before or behind a port."""
    port = free_port(family, host)
    with Daemon('set socket "inet:%d@%s"\naccept if client.ip = 192.0.2.9\n' % (port, shown)) as d:
        d.where = "inet:%d@%s" % (port, host)
        equal(fields_of(d.await_line("ready"))["socket"], "inet:%s:%d" % (shown, port))
        assert alive(d)
        with Daemon('set socket "inet:%d@%s"\naccept\n' % (port, shown), wait=False) as second:
            equal(second.process.wait(20), 73)
            assert second.await_line(re.escape("inet:%d@%s can't be opened: already in use" % (port, shown)))
        m = d.mta()
        d.process.send_signal(signal.SIGTERM)
        assert d.await_line("stopping")
        assert refused(d.where), "somebody listens while sessions end"
        m.helo()
        assert m.send()[1].reply.kind in PASSED
        m.quit()
        equal(d.process.wait(10), 0)


def test_inet_socket():
    inet_socket(socket.AF_INET, "127.0.0.1", "127.0.0.1")


def test_inet_socket_of_ipv6():
    try:
        free_port(socket.AF_INET6, "::1")
    except OSError:
        raise Skip("no ::1 here") from None
    inet_socket(socket.AF_INET6, "::1", "[::1]")


def test_pid_file():
    with Daemon('set pid-file "DIR/pid"\naccept if client.ip = 192.0.2.9\n') as d:
        path = os.path.join(d.dir, "pid")
        with open(path, encoding="utf-8") as f:
            equal(f.read(), "%d\n" % d.process.pid)
        with Daemon('set pid-file "%s"\naccept\n' % path, wait=False) as second:
            equal(second.process.wait(20), 69)
            assert second.await_line("already running, as process %d" % d.process.pid)
        equal(d.stop(), 0)
        assert not os.path.exists(path)
    with Daemon('set pid-file "DIR/pid"\naccept\n', files={"pid": "99999\n"}) as d:
        with open(os.path.join(d.dir, "pid"), encoding="utf-8") as f:
            equal(f.read(), "%d\n" % d.process.pid, "a crash's pid file is no obstacle")
    with Daemon('set pid-file "DIR/pid"\naccept\n', files={"pid": "precious\n"}, wait=False) as d:
        equal(d.process.wait(20), 73)
        assert d.await_line("is no pid file")
        with open(os.path.join(d.dir, "pid"), encoding="utf-8") as f:
            equal(f.read(), "precious\n")


def test_mistakes_in_the_rules():
    with Daemon("rejct if client.ip = 192.0.2.1\n", wait=False) as d:
        equal(d.process.wait(20), 65)
        assert d.await_line(r"postern\.conf:2:1: error: ")
        assert not os.path.exists(d.path)
    status = subprocess.run([POSTERN, "run", "-c", "/no/such/file"], stderr=subprocess.PIPE, check=False)
    equal(status.returncode, 66)


def test_ready_line():
    with Daemon("accept if client.ip = 192.0.2.1\nreject if client.ip = 192.0.2.2\n") as d:
        line = fields_of(d.await_line("ready"))
        equal((line["socket"], line["rules"]), ("unix:" + d.path, "2"))


def built_with(name):
    """True if the program's config.h, beside it, defines a name."""
    config = os.path.join(os.path.dirname(POSTERN), "config.h")
    if not os.path.exists(config):
        raise Skip("no config.h beside " + POSTERN)
    with open(config, encoding="utf-8") as f:
        return re.search(r"^#define %s 1$" % name, f.read(), re.M) is not None


def test_readiness_for_a_service_manager():
    if not built_with("HAVE_LIBSYSTEMD"):
        raise Skip("built without libsystemd")
    with tempfile.TemporaryDirectory() as tmp:
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        s.bind(os.path.join(tmp, "n"))
        s.settimeout(10)
        os.environ["NOTIFY_SOCKET"] = os.path.join(tmp, "n")
        try:
            with Daemon("accept\n") as d:
                equal(s.recv(100), b"READY=1")
                equal(d.stop(), 0)
                equal(s.recv(100), b"STOPPING=1")
        finally:
            del os.environ["NOTIFY_SOCKET"]
            s.close()


# ---- these tests themselves ----

def test_a_crash_does_not_go_unnoticed():
    try:
        with Daemon("accept\n") as d:
            d.process.send_signal(signal.SIGKILL)
            assert d.await_line(r"^\(end\)$")
    except AssertionError as e:
        assert "status -9" in str(e), e
    else:
        raise AssertionError("unnoticed")


def test_memory_is_given_back():
    """Nothing is kept of a message or a connection that has ended."""
    with Daemon(matrix_rules()) as d:
        def kilobytes():
            with open("/proc/%d/status" % d.process.pid, encoding="ascii") as f:
                return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))

        def sessions(n):
            for _ in range(n):
                with d.mta() as m:
                    m.helo()
                    m.send(body=b"x" * 500000)

        sessions(20)
        before = kilobytes()
        sessions(100)
        grown = kilobytes() - before
        assert grown < 20000, "%d KB more" % grown
        equal(d.stop(), 0)


if __name__ == "__main__":
    sys.exit(main(globals()))

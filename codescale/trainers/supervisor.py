"""Stands between a worker and a training command, so that no process of it is left, whatever ends the worker.

Started as a program of its own, with the standard library alone. It leaves the worker's session, becomes the parent of
all that the command leaves behind (Linux: a subreaper), and holds the lock of the run's folder. Its standard input is a
pipe that the worker holds: when that ends, be it by a kill with -9, every process of the command gets SIGTERM, and
after the grace SIGKILL. What the command started also bears a mark in its environment, which finds what hid.

    supervisor.py GRACE LOG LOCK MARK COMMAND...

It tells on standard output, a JSON object a line, {"started": PID}, and then one of {"exit": CODE}, {"signal": NUMBER},
{"refused": WHY}, {"held": true} and {"stopped": true}.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

MARK = "CODESCALE_MARK"
"""The variable whose value, the run's own folder, marks every process of a command."""
LOG_BYTES = 2**20
"""Of a command's output the log keeps at least half as much, the latest."""
LOCK_SECONDS = 30.0
"""How long after the grace of an earlier command its folder may be held."""
_LOOK = 0.05
_SUBREAPER, _DEATH_SIGNAL = 36, 1  # PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG


class Log:
    """The latest output of one attempt in a file that does not grow without end."""

    def __init__(self, path: str) -> None:
        self._file = Path(path).open("ab+", buffering=0)  # noqa: SIM115  (kept to the end of the program)
        self._file.truncate(0)

    def write(self, output: bytes) -> None:
        """Adds ``output``; of what is too long the older half goes."""
        with contextlib.suppress(OSError):  # a full disk does not end the run
            if self._file.tell() + len(output) > LOG_BYTES:
                self._file.seek(max(0, self._file.tell() - LOG_BYTES // 2))
                kept = (self._file.read() + output)[-LOG_BYTES // 2 :]
                self._file.truncate(0)
                output = kept
            self._file.write(output)


def process_table(mark: str) -> dict[int, tuple[int, bool]]:
    """By id: the parent of each living process, and whether it carries ``mark`` (known on Linux)."""
    found: dict[int, tuple[int, bool]] = {}
    if not Path("/proc/self").is_dir():
        listed = subprocess.run(["ps", "-axo", "pid=,ppid=,state="], capture_output=True, text=True, check=False).stdout
        rows = [line.split() for line in listed.splitlines()]
        return {int(pid): (int(parent), False) for pid, parent, state in rows if not state.startswith("Z")}
    for name in filter(str.isdigit, (one.name for one in Path("/proc").iterdir())):
        with contextlib.suppress(OSError, ValueError, IndexError):
            with Path(f"/proc/{name}/stat").open("rb") as file:
                state, parent = file.read().rpartition(b")")[2].split()[:2]
            if state in (b"Z", b"X"):
                continue
            marked = False
            with contextlib.suppress(OSError), Path(f"/proc/{name}/environ").open("rb") as file:
                marked = f"{MARK}={mark}".encode() in file.read().split(b"\0")
            found[int(name)] = (int(parent), marked)
    return found


def processes_of(root: int, mark: str) -> set[int]:
    """The living processes below ``root``, those that carry ``mark``, and those below them."""
    table = process_table(mark)
    found = {pid for pid, (_, marked) in table.items() if marked}
    while more := {pid for pid, (parent, _) in table.items() if parent in found or parent == root} - found:
        found |= more
    return found - {root, os.getpid()}


def send(number: int, pids: set[int], group: int | None) -> None:
    """Sends a signal to processes, and to the process group of the command where there is one."""
    if group is not None:
        with contextlib.suppress(OSError):
            os.killpg(group, number)
    for pid in pids:
        with contextlib.suppress(OSError):
            os.kill(pid, number)


def reap(command: int | None) -> None:
    """Takes note of orphans that ended, so that none stays a zombie; how ``command`` itself ends is asked elsewhere."""
    with contextlib.suppress(ChildProcessError, AttributeError):  # macOS has no waitid, and no orphans come here
        while found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if found.si_pid == command:
                return
            os.waitpid(found.si_pid, os.WNOHANG)


def end_all(mark: str, group: int | None, grace: float, drain: Callable[[], None] = lambda: None) -> None:
    """SIGTERM to all processes of a command; SIGKILL to those left after ``grace`` seconds, until there are none."""
    pids = processes_of(os.getpid(), mark)
    send(signal.SIGTERM, pids, group)
    for number, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, 10.0)):
        until = time.monotonic() + seconds
        while pids and time.monotonic() < until:
            drain()
            time.sleep(_LOOK)
            reap(group)
            pids = processes_of(os.getpid(), mark)
            if number == signal.SIGKILL:
                send(signal.SIGKILL, pids, None)
        if number == signal.SIGTERM and pids:
            send(signal.SIGKILL, pids, group)


def tell(**what: object) -> None:
    """One line for the worker, which may be gone."""
    with contextlib.suppress(OSError):
        os.write(1, (json.dumps(what) + "\n").encode())


def prctl(option: int, value: int) -> None:
    """A setting of this process, where the system has it."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def locked(path: str, seconds: float) -> bool:
    """Takes the lock of the folder; False where another command holds it for longer than ``seconds``."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    until = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > until or worker_gone():
                return False
            time.sleep(_LOOK)
        else:
            return True


def worker_gone() -> bool:
    """Whether the worker has closed its end of the pipe, or is dead."""
    ready, _, _ = select.select([0], [], [], 0)
    return bool(ready) and os.read(0, 1) == b""


def supervise(grace: float, log: Log, mark: str, command: list[str]) -> dict[str, object]:
    """Runs ``command`` to its end, or to the worker's. Returns how it ended, for :func:`tell`."""
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ | {MARK: mark},
            preexec_fn=lambda: prctl(_DEATH_SIGNAL, signal.SIGKILL),  # noqa: PLW1509  (one thread)
        )
    except (OSError, ValueError) as error:
        return {"refused": getattr(error, "strerror", None) or str(error)}
    tell(started=child.pid)
    assert child.stdout is not None
    output = child.stdout.fileno()
    os.set_blocking(output, False)

    def drain() -> None:
        with contextlib.suppress(BlockingIOError):
            for _ in range(64):  # one that never stops writing is looked after all the same
                chunk = os.read(output, 65_536)
                if not chunk:
                    return
                log.write(chunk)

    stopped = False
    code: int | None = None
    while code is None and not stopped:
        select.select([0, output], [], [], _LOOK)
        drain()
        stopped = worker_gone()
        code = child.poll()
        reap(child.pid)
        if code is None and not stopped:
            time.sleep(_LOOK)
    # What is left once the command itself has ended (daemons, ranks of it) is ended as well.
    end_all(mark, child.pid, grace, drain)
    drain()
    code = child.poll() if code is None else code
    return {"stopped": True} if stopped or code is None else {"signal": -code} if code < 0 else {"exit": code}


def main(arguments: list[str]) -> None:
    """The program. The worker gets a child that ends at once: Ray ends what is a child of its workers."""
    if os.fork():
        os._exit(0)
    os.setsid()
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(number, lambda *_: None)  # what is ignored would be ignored by the command as well
    prctl(_SUBREAPER, 1)
    grace, log, lock, mark, *command = arguments
    if not locked(lock, float(grace) + LOCK_SECONDS):
        tell(held=True)
        return
    end_all(mark, None, 0.0)  # of a supervisor that was killed with -9
    ended = supervise(float(grace), Log(log), mark, command)
    tell(**ended)


if __name__ == "__main__":
    main(sys.argv[1:])

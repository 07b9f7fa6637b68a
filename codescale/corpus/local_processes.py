"""Spreads work over processes on this machine.

Each is a Python of its own that imports what it needs and nothing of the caller's program, which may be a notebook or
a script without a guard. It ends with its pipe, however this process ended.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from multiprocessing.connection import Connection
from typing import Any

from codescale.errors import UserError

_WAITING = 2
"""Items that a process has, the one at work included."""


class _Process:
    """A process with ``work`` to do, and how many items it ``has``."""

    def __init__(self, work: Callable[[Any], Any]) -> None:
        items, to_process = os.pipe()
        from_process, results = os.pipe()
        settings = {"PYTHONPATH": os.pathsep.join(sys.path), "TOKENIZERS_PARALLELISM": "false", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "codescale.corpus.worker_process", str(items), str(results)],
            env=os.environ | settings,
            pass_fds=(items, results),
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # an interrupt is for this process, which ends those
        )
        os.close(items)
        os.close(results)
        self._send = Connection(to_process, readable=False)
        self._receive = Connection(from_process, writable=False)
        self.has = 0
        self._give(work)

    def _give(self, item: Any) -> None:
        try:
            self._send.send(item)
        except OSError:
            raise self._lost() from None

    def _lost(self) -> UserError:
        code = self._process.wait()
        hint = "have more memory free, and run the same command again: it goes on where it stood"
        return UserError("corpus", f"a process that worked on it ended by itself (code {code})", hint)

    def take(self, item: Any) -> None:
        """Has the process do ``item`` after what it has."""
        self._give(item)
        self.has += 1

    def result(self) -> Any:
        """What the process made of the first item that it has."""
        try:
            done, result = self._receive.recv()
        except (EOFError, OSError):
            raise self._lost() from None
        if not done:
            raise RuntimeError(f"in a process that works on the corpus:\n{result}")
        self.has -= 1
        return result

    def close(self) -> None:
        """Ends the process."""
        self._send.close()
        self._receive.close()
        self._process.kill()
        self._process.wait()


class LocalProcesses:
    """A :class:`~codescale.corpus.spread.Spread` over ``count`` processes; None: one for each core that is ours."""

    def __init__(self, count: int | None = None) -> None:
        self._count = count or _cores()

    def __call__(self, work: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        """The results, in the order of ``items``. Raises :class:`UserError` where a process is killed."""
        with ExitStack() as stack:
            processes = []
            for _ in range(self._count):
                processes.append(_Process(work))
                stack.callback(processes[-1].close)
            order: deque[_Process] = deque()
            for item in items:
                if len(order) == _WAITING * self._count:
                    yield order.popleft().result()
                chosen = min(processes, key=lambda process: process.has)
                chosen.take(item)
                order.append(chosen)
            while order:
                yield order.popleft().result()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

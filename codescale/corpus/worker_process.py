"""What a process of :mod:`~codescale.corpus.local_processes` runs: receives the work, then items, and sends results.

Items are read by a thread as they come: were they read only between two results, this process and its parent could
each wait for the other to read. When the pipe ends the parent is gone, and so is this process, whatever it is doing.
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any


def _read(items: Connection, queue: SimpleQueue[Any]) -> None:
    try:
        while True:
            queue.put(items.recv())
    except (EOFError, OSError):
        os._exit(1)


def main() -> None:
    """Serves the parent until it is gone; its pipes are the two arguments."""
    items, results = Connection(int(sys.argv[1]), writable=False), Connection(int(sys.argv[2]), readable=False)
    queue: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_read, args=(items, queue), daemon=True).start()
    work = queue.get()
    while True:
        item = queue.get()
        try:
            answer = (True, work(item))
        except BaseException:
            answer = (False, traceback.format_exc())
        results.send(answer)


if __name__ == "__main__":
    main()

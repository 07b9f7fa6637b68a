"""What goes on beside a stage of a study in a store: its lease is renewed, and what it finishes is put there."""

from __future__ import annotations

import _thread
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from codescale.errors import UserError
from codescale.storage.lease import RENEW_SECONDS, Lease

PUSH_SECONDS = 5.0


@contextmanager
def kept_by(lease: Lease, push: Callable[[], int], say: Callable[[str], None]) -> Iterator[None]:
    """Renews ``lease`` and calls ``push`` now and then while the block runs, and once more whatever ends it.

    Raises
    ------
    UserError
        Where the last push fails, or the lease was lost: the block is interrupted then.
    """
    ended = threading.Event()
    failing: list[str] = []

    def renew() -> None:
        while not ended.wait(RENEW_SECONDS):
            _unless_away(lease.renew, failing, say)
            if lease.lost and not ended.is_set():
                _thread.interrupt_main()
                return

    def put() -> None:
        while not ended.wait(PUSH_SECONDS):
            if not lease.lost:
                _unless_away(push, failing, say)

    threads = [threading.Thread(target=target, daemon=True) for target in (renew, put)]
    for thread in threads:
        thread.start()
    try:
        yield
    except BaseException as error:
        _end(threads, ended)
        if lease.lost:
            raise lease.taken() from error
        _unless_away(push, failing, say)
        _unless_away(lease.release, failing, say)
        raise
    _end(threads, ended)
    try:
        push()
    finally:
        lease.release()


def _end(threads: list[threading.Thread], ended: threading.Event) -> None:
    ended.set()
    for thread in threads:
        thread.join()


def _unless_away(call: Callable[[], object], failing: list[str], say: Callable[[str], None]) -> None:
    """``call``, and where the store refuses a line about it, once until something goes through again."""
    try:
        call()
        failing.clear()
    except UserError as error:
        if not failing:
            say(f"{error} (the work goes on here)")
        failing.append(str(error))

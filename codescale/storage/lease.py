"""One driver at a time: an object that says who works on a study, put only where there is none.

The holder renews it; who finds it watches whether it is renewed, by its own clock, since clocks of two machines differ.
A holder that is gone is succeeded by a put over the version that was watched, so that of two successors one wins, and a
holder that had only been cut off finds out with its next renewal.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from codescale.errors import UserError
from codescale.storage.object_store import ObjectStore
from codescale.storage.synced_names import LEASE

RENEW_SECONDS = 5.0
STALE_SECONDS = 90.0
"""How long a lease may stay as it is before its holder counts as dead: longer than a store is usually away."""

WATCH_SECONDS = 2.0


class Lease:
    """The right to write to the study in ``store``.

    Parameters
    ----------
    store
        The study's store.
    stale
        Seconds without a renewal after which another holder counts as dead.
    """

    def __init__(self, store: ObjectStore, stale: float = STALE_SECONDS) -> None:
        self._store, self._stale = store, stale
        self._version: str | None = None
        self._renewals = 0
        self._holder = {
            "host": platform.node(),
            "machine": _machine(),
            "pid": os.getpid(),
            "begun": datetime.now(UTC).isoformat(timespec="seconds"),
            "token": secrets.token_hex(8),
        }
        self.lost = False

    def acquire(self, say: Callable[[str], None]) -> None:
        """Takes the lease. Raises :class:`UserError` where somebody else has it and is alive."""
        while self._version is None:
            self._version = self._store.create(LEASE, self._content())
            found = None if self._version else self._store.read(LEASE)
            if found is not None:
                self._version = self._succeed(*found, say)

    def renew(self) -> None:
        """Says that the holder is alive; ``lost`` is set where another one has taken the lease."""
        if self._version is None or self.lost:
            return
        self._renewals += 1
        version = self._store.replace(LEASE, self._content(), self._version)
        self.lost = version is None
        self._version = version or self._version

    def release(self) -> None:
        """Gives the lease back."""
        if self._version is not None and not self.lost:
            self._store.delete(LEASE)
        self._version = None

    def taken(self) -> UserError:
        """What to say where it is lost."""
        found = self._store.read(LEASE)
        who = "another driver" if found is None else _described(_parsed(found[0]))
        problem = f"{who} has taken over, since this one was cut off from the store"
        return UserError(str(self._store.address), problem, "let it go on; what was finished here is kept")

    def _content(self) -> bytes:
        return json.dumps(self._holder | {"renewals": self._renewals}).encode()

    def _succeed(self, content: bytes, version: str, say: Callable[[str], None]) -> str | None:
        """The lease's new version once its holder is known to be dead; None where it was given back meanwhile."""
        holder = _parsed(content)
        if not _died_here(holder):
            say(f"{_described(holder)} has worked on {self._store.address}: waiting to see whether it still does")
            if not self._watch(version, holder):
                return None
        say(f"Going on where {_described(holder)} was killed")
        return self._store.replace(LEASE, self._content(), version)

    def _watch(self, version: str, holder: dict[str, Any]) -> bool:
        """Whether the lease stays as it is for as long as no living holder leaves it; False where it goes.

        Raises :class:`UserError` where it is renewed.
        """
        begun = time.monotonic()
        while time.monotonic() - begun < self._stale:
            time.sleep(min(WATCH_SECONDS, self._stale / 10))
            found = self._store.read(LEASE)
            if found is None:
                return False
            if found[1] != version:
                hint = "wait for it, or stop it; this command then goes on from there"
                who = _described(_parsed(found[0]) or holder)
                raise UserError(str(self._store.address), f"{who} is working on this study", hint)
        return True


def _machine() -> str:
    """What tells this machine, and on it this container, from others of the same name."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}-{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return secrets.token_hex(8)


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        holder = json.loads(content)
    except ValueError:
        return {}
    return holder if isinstance(holder, dict) else {}


def _died_here(holder: dict[str, Any]) -> bool:
    """Whether the holder was a process of this machine that is no more."""
    pid = holder.get("pid")
    if holder.get("machine") != _machine() or not isinstance(pid, int):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def _described(holder: dict[str, Any]) -> str:
    if not holder:
        return "another driver"
    return f"the driver on {holder.get('host')} (process {holder.get('pid')}, since {holder.get('begun')})"

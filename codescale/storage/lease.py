"""One driver at a time: an object that says who works on a study, put only where there is none.

The holder renews it; who finds it watches whether it is renewed, by its own clock, since clocks of two machines differ.
A holder that is gone is succeeded by a put over the version that was watched, so that of two successors one wins, and a
holder that had only been cut off finds out with its next renewal.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable

from codescale.errors import UserError
from codescale.storage.holder import Holder, described, lives_here, parse_holder, this_process
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
        self._holder = this_process() | {"token": secrets.token_hex(8)}
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
        who = "another driver" if found is None else described(parse_holder(found[0]))
        problem = f"{who} has taken over, since this one was cut off from the store"
        return UserError(str(self._store.address), problem, "let it go on; what was finished here is kept")

    def _content(self) -> bytes:
        return json.dumps(self._holder | {"renewals": self._renewals}).encode()

    def _succeed(self, content: bytes, version: str, say: Callable[[str], None]) -> str | None:
        """The lease's new version once its holder is known to be dead; None where it was given back meanwhile."""
        holder = parse_holder(content)
        if lives_here(holder) is not False:
            say(f"{described(holder)} has worked on {self._store.address}: waiting to see whether it still does")
            if not self._watch(version, holder):
                return None
        say(f"Going on where {described(holder)} was killed")
        return self._store.replace(LEASE, self._content(), version)

    def _watch(self, version: str, holder: Holder) -> bool:
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
                who = described(parse_holder(found[0]) or holder)
                raise UserError(str(self._store.address), f"{who} is working on this study", hint)
        return True


def lease_holder(store: ObjectStore, patience: float = RENEW_SECONDS + WATCH_SECONDS) -> tuple[Holder, bool | None]:
    """Who has the lease of the study in ``store``, and whether that one is alive; an empty one where nobody has it.

    Nothing is written. Of a holder on another machine a renewal is waited for, for ``patience`` seconds; where none
    comes that cannot be told.
    """
    found = store.read(LEASE)
    if found is None:
        return {}, None
    holder, begun = parse_holder(found[0]), time.monotonic()
    alive = lives_here(holder)
    while alive is None and time.monotonic() - begun < patience:
        time.sleep(min(0.5, patience / 10))
        again = store.read(LEASE)
        if again is None:
            return {}, None
        if again[1] != found[1]:
            return parse_holder(again[0]), True
    return holder, alive

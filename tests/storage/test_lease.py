"""One driver at a time: the living are left alone, the dead succeeded, by one."""

from __future__ import annotations

import json
import threading
import time

import pytest

from codescale.errors import UserError
from codescale.storage import holder
from codescale.storage import lease as leases
from codescale.storage.lease import Lease
from codescale.storage.object_store import ObjectStore
from codescale.storage.synced_names import LEASE

STALE = 1.0


def silent(line: str) -> None:
    pass


def elsewhere(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> Lease:
    """A lease that a driver on another machine has."""
    with monkeypatch.context() as patched:
        patched.setattr(holder, "this_machine", lambda: "another machine")
        held = Lease(store, STALE)
    held.acquire(silent)
    return held


def test_a_lease_is_taken_and_given_back(store: ObjectStore) -> None:
    lease = Lease(store, STALE)
    lease.acquire(silent)
    lease.renew()
    assert not lease.lost
    found = store.read(LEASE)
    assert found is not None
    assert json.loads(found[0])["pid"] > 0
    lease.release()
    assert store.read(LEASE) is None


def test_a_living_holder_is_left_alone(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    held, ended = elsewhere(store, monkeypatch), threading.Event()

    def renew() -> None:
        while not ended.wait(0.1):
            held.renew()

    thread = threading.Thread(target=renew)
    thread.start()
    try:
        with pytest.raises(UserError, match="is working on this study"):
            Lease(store, 60.0).acquire(silent)
    finally:
        ended.set()
        thread.join()
    assert not held.lost


def test_a_holder_that_gives_it_back_meanwhile_is_waited_for(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = elsewhere(store, monkeypatch)
    threading.Timer(0.3, held.release).start()
    lease = Lease(store, 60.0)
    monkeypatch.setattr(leases, "WATCH_SECONDS", 0.1)
    lease.acquire(silent)
    lease.renew()
    assert not lease.lost


def test_a_dead_holder_is_succeeded_and_finds_out(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    held, lines = elsewhere(store, monkeypatch), []
    lease = Lease(store, STALE)
    lease.acquire(lines.append)
    assert "waiting" in lines[0]
    held.renew()
    assert held.lost
    assert "has taken over" in str(held.taken())
    held.release()
    lease.renew()
    assert not lease.lost, "who had lost the lease took it away"


def test_a_process_of_this_machine_that_is_no_more_is_not_waited_for(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = Lease(store, 3600.0)
    dead._holder["pid"] = 2**22 + 1  # more than there are
    dead.acquire(silent)
    lease = Lease(store, 3600.0)
    lease.acquire(silent)
    lease.renew()
    assert not lease.lost


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"pid": "x"}', b'{"pid": -1}'])
def test_a_lease_that_says_nothing_is_watched_too(store: ObjectStore, content: bytes) -> None:
    store.put(LEASE, content)
    lease = Lease(store, 0.2)
    lease.acquire(silent)
    lease.renew()
    assert not lease.lost


def test_of_many_drivers_one_has_it(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them find a dead one, and those that come too late a living one."""
    elsewhere(store, monkeypatch)
    won: list[Lease] = []
    refused: list[UserError] = []

    def drive() -> None:
        lease = Lease(store, STALE)
        try:
            lease.acquire(silent)
        except UserError as error:
            refused.append(error)
            return
        won.append(lease)
        begun = time.monotonic()
        while time.monotonic() - begun < 5 * STALE and len(refused) < 5:
            lease.renew()
            time.sleep(0.05)

    threads = [threading.Thread(target=drive) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert not won[0].lost
    assert len(refused) == 5

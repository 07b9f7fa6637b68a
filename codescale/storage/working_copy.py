"""A study that lives in a store, as a folder of this machine: fetched before a stage, put back while it goes on.

Stages read and write files. Every file is replaced whole, so that each state of the folder that is seen here may go to
the store; what says that others are whole (a manifest) goes last. The results of a run are put where there are none
yet: the first ones stay, whoever else has done the run too. All else is written by the holder of the study's lease.

On its way to a worker a working copy is only its address: it opens on the worker's machine, in that one's cache.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from codescale.files import file_sha256
from codescale.progress import Progress
from codescale.storage.address import FILE, StoreAddress
from codescale.storage.agreement import Agreed, agreed, read_agreement, write_agreement
from codescale.storage.cache import copy_folder, locked, put_content
from codescale.storage.cloud_store import CloudStore
from codescale.storage.lease import Lease
from codescale.storage.object_store import ObjectStore, StoredObject
from codescale.storage.shared_folder import SharedFolder
from codescale.storage.stage_keeper import kept_by
from codescale.storage.synced_names import MANIFEST, RESULTS, folder_marks, goes_last, is_result, is_shard, is_synced

LOCK = ".working.lock"
"""Of the folder: held by the command that works in it, so that no other one of this machine fetches over its files."""

AT_ONCE = 16
"""Small objects that are on their way at the same time."""


class WorkingCopy:
    """The folder ``root`` of this machine, and the store at ``address`` that it is a copy of."""

    def __init__(self, address: StoreAddress) -> None:
        self.address = address
        self.root = copy_folder(address)
        self._lock = threading.RLock()
        self._lease: Lease | None = None
        self._shards: dict[str, str] = {}  # versions of those that the store has and this copy has not fetched

    def __reduce__(self) -> tuple[Any, ...]:
        return WorkingCopy, (self.address,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WorkingCopy) and other.address == self.address

    def __hash__(self) -> int:
        return hash(self.address)

    @cached_property
    def store(self) -> ObjectStore:
        """The store, of which nothing is asked yet.

        Raises :class:`UserError` where the package that it needs is not installed.
        """
        return SharedFolder(self.address) if self.address.scheme == FILE else CloudStore(self.address)

    def name(self, path: Path) -> str:
        """What the file ``path`` of the copy is called in the store."""
        return path.relative_to(self.root).as_posix()

    def open(self, progress: Progress) -> None:
        """Makes the copy what the store holds, unless another command of this machine is at work in it.

        Raises :class:`UserError` where the store refuses, or cannot be reached.
        """
        self.store.check()
        with locked(self.root / LOCK, wait=False) as free:
            if free and self.pull():
                progress.say(f"{self.address}: working copy in {self.root}")

    def pull(self) -> int:
        """Fetches what the store has that the copy has not, and returns how many files; shards wait until they are
        read.

        A file that was changed here while the store's is as it was stays. Of two changes the store's wins: what a
        killed command had no time to put is then older than what another one did since.
        """
        with self._lock:
            known, stored = read_agreement(self.root), self._stored()
            for name in [name for name in known if is_shard(name) and not (self.root / name).exists()]:
                del known[name]
            self._shards = {name: one.version for name, one in stored.items() if is_shard(name) and name not in known}
            wanted = [one for name, one in stored.items() if not is_shard(name) and not self._has(one, known)]
            for name in set(known) - set(stored):  # somebody removed it from the store
                if known.pop(name).holds(self.root / name):
                    (self.root / name).unlink()
            self._fetch(wanted, known)
            write_agreement(self.root, str(self.address), known)
            return len(wanted)

    def push(self) -> int:
        """Puts what was changed in the copy since, and returns how many files.

        Raises :class:`UserError` where the store refuses, or another driver has taken over.
        """
        with self._lock:
            if self._lease is not None and self._lease.lost:
                raise self._lease.taken()
            known, files = read_agreement(self.root), self._files()
            gone = [name for name in known if name not in files and not (self.root / name).exists()]
            for name in gone:
                if name == MANIFEST:
                    self.store.delete(name)
                del known[name]
            changed = sorted(name for name, stat in files.items() if name not in known or not known[name].is_of(stat))
            if not (gone or changed):
                return 0
            try:
                for part in ([n for n in changed if not goes_last(n)], [n for n in changed if goes_last(n)]):
                    at_once(lambda name: self._push(name, known), part)
            finally:
                write_agreement(self.root, str(self.address), known)
            return len(changed)

    def upload(self, path: Path) -> None:
        """Puts one file of a run as soon as it is finished; a worker's part. Another's results are kept and fetched."""
        self._put(self.name(path))

    def fetch_results(self) -> None:
        """Fetches the results of runs that other machines have put."""
        with self._lock:
            known = read_agreement(self.root)
            stored = [one for prefix in RESULTS for one in self.store.list(prefix) if is_result(one.name)]
            self._fetch([one for one in stored if not (self.root / one.name).exists()], known)

    def fetch_content(self, path: Path, sha256: str) -> None:
        """Has the file ``path`` of the copy be there with the content of this hash, through the machine's cache; it is
        not there afterwards where the store has no such content.
        """
        name = self.name(path)
        put_content(sha256, path, lambda target: self.store.fetch(name, target))
        with self._lock:
            version = self._shards.pop(name, None)
            if version is not None and path.exists() and self.store.sha256(name) == sha256:
                known = read_agreement(self.root)
                write_agreement(self.root, str(self.address), known | {name: agreed(path, version)})

    def fetch(self, path: Path) -> None:
        """Has one file be as it is in the store, if it is there."""
        name = self.name(path)
        if not path.exists() or self.store.sha256(name) != file_sha256(path):
            self.store.fetch(name, path)

    def remove(self, path: Path) -> None:
        """Removes one file from the store, and all whose names go on from its own."""
        name = self.name(path)
        for one in self.store.list(name.rpartition("/")[0] + "/"):
            if one.name.startswith(name):
                self.store.delete(one.name)

    @contextmanager
    def working(self, progress: Progress) -> Iterator[None]:
        """While a stage writes: under the study's lease, all that it finishes goes to the store at once.

        Raises :class:`UserError` where another driver is at work, or the store is away for too long; what was finished
        is then in the copy, and goes to the store with the next command.
        """
        if self._lease is not None:  # a stage of a longer work
            yield
            self.push()
            return
        self._lease = lease = Lease(self.store)
        try:
            lease.acquire(progress.say)
            with locked(self.root / LOCK), kept_by(lease, self.push, progress.say):
                self.pull()
                yield
        finally:
            self._lease = None

    def _stored(self) -> dict[str, StoredObject]:
        stored = {one.name: one for one in self.store.list() if is_synced(one.name)}
        marks = folder_marks({name: one.size for name, one in stored.items()})
        return {name: one for name, one in stored.items() if name not in marks}

    def _has(self, one: StoredObject, known: dict[str, Agreed]) -> bool:
        entry = known.get(one.name)
        return entry is not None and entry.version == one.version and (self.root / one.name).exists()

    def _fetch(self, wanted: Iterable[StoredObject], known: dict[str, Agreed]) -> None:
        def fetch(one: StoredObject) -> None:
            path = self.root / one.name
            version = self.store.fetch(one.name, path)
            if version is not None:
                known[one.name] = agreed(path, version)

        wanted = list(wanted)
        try:
            at_once(fetch, wanted)
        finally:
            if wanted:
                write_agreement(self.root, str(self.address), known)

    def _push(self, name: str, known: dict[str, Agreed]) -> None:
        with suppress(FileNotFoundError):  # removed meanwhile: the next push says so
            known[name] = self._put(name)

    def _put(self, name: str) -> Agreed:
        path = self.root / name
        with _unchanging(path) as content:
            if not is_result(name):
                return agreed(content, self.store.put(name, content))
            version = self.store.create(name, content)
            if version is not None:
                return agreed(content, version)
        version = self.store.fetch(name, path)  # the first results of a run are its results
        return agreed(path, version or "")

    def _files(self) -> dict[str, os.stat_result]:
        """What of the copy belongs in the store, by name. Names, no paths: a large study has a hundred thousand."""
        found, folders = {}, [""]
        while folders:
            prefix = folders.pop()
            with suppress(OSError), os.scandir(self.root / prefix) as entries:
                for entry in entries:
                    name = prefix + entry.name
                    if entry.is_dir():
                        if not (entry.name.startswith(".") or entry.is_symlink()):
                            folders.append(f"{name}/")
                    elif is_synced(name):
                        with suppress(FileNotFoundError):  # removed meanwhile
                            found[name] = entry.stat()
        return found


@contextmanager
def _unchanging(path: Path) -> Iterator[Path]:
    """A second name of the file that ``path`` is now, which stays that file when ``path`` is replaced."""
    second = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.tmp")
    os.link(path, second)
    try:
        yield second
    finally:
        with suppress(OSError):
            second.unlink()


def at_once(call: Callable[[Any], None], items: list[Any]) -> None:
    """Calls ``call`` with each of ``items``, several at a time. Raises what the first one that failed raised."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in pool.map(call, items):
            pass

"""A study in a store, fetched to be looked at: apart from the working copy, without its lock, and nothing is put.

What is fetched is what tells how far the study is; shards, models, checkpoints and tables stay where they are. Results
of runs never change, so that a second look fetches what is new.
"""

from __future__ import annotations

from pathlib import Path

from codescale.storage.address import FILE
from codescale.storage.agreement import Agreed, agreed, read_agreement, write_agreement
from codescale.storage.cache import cache_folder
from codescale.storage.object_store import ObjectStore, StoredObject
from codescale.storage.synced_names import MANIFEST, folder_marks, is_synced
from codescale.storage.working_copy import WorkingCopy, at_once

_LEFT_OUT = ("corpus/", "models/", "start/", "test_losses/")
_CONFIGURATION = "/config.json"
"""Of the model that runs start from: its shape."""


def watched_copy(copy: WorkingCopy) -> Path:
    """The folder of this machine with what the store of ``copy`` holds now, in so far as it tells how far a study is.

    Raises :class:`~codescale.errors.UserError` where the store refuses, or cannot be reached.
    """
    root, store = cache_folder() / "watched" / copy.root.name, copy.store
    if copy.address.scheme != FILE:  # a folder would be made
        store.check()
    stored, known = _stored(store), read_agreement(root)
    for name in set(known) - set(stored):
        (root / name).unlink(missing_ok=True)
        del known[name]
    wanted = [one for one in stored.values() if not _has(root, one, known.get(one.name))]

    def fetch(one: StoredObject) -> None:
        version = store.fetch(one.name, root / one.name)
        if version is not None:  # removed meanwhile
            known[one.name] = agreed(root / one.name, version)

    at_once(fetch, wanted)
    if wanted:
        write_agreement(root, str(copy.address), known)
    return root


def _stored(store: ObjectStore) -> dict[str, StoredObject]:
    found = {one.name: one for one in store.list() if is_synced(one.name)}
    marks = folder_marks({name: one.size for name, one in found.items()})
    return {name: one for name, one in found.items() if _is_watched(name) and name not in marks}


def _is_watched(name: str) -> bool:
    if name.startswith("start/"):
        return name.endswith(_CONFIGURATION)
    return name == MANIFEST or not (name.startswith(_LEFT_OUT) or name.endswith(".parquet"))


def _has(root: Path, one: StoredObject, known: Agreed | None) -> bool:
    return known is not None and known.version == one.version and (root / one.name).exists()

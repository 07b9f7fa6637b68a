"""Which of a study's files live in its store, and in which order they go there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

LEASE = "lease.json"
"""Who works on the study; no file of it."""

CHECKPOINTS = "checkpoints/"
"""Goes between the workers and the store, never through the driver."""

RESULTS = ("runs/", "test_losses/")
"""One object for each run, written once and never changed."""

MANIFEST = "corpus/manifest.json"
"""The one file that stages take back: without it a corpus is being built. Any other one that is missing here was lost,
as a cache may be, and is still in the store.
"""

_DERIVED = ("tensorboard", "trainer_logs", "optuna.journal", "downloads", "wandb", "mlruns", "mlflow.db")
"""What grows line by line, or is made again of the rest: on this machine alone."""

_FOLDERS = ("corpus", "runs", "test_losses", "models", "start", "evaluation")

_LAST = ("manifest.json", "run.json")
"""Files that say that the others beside them are whole."""


def is_synced(name: str) -> bool:
    """Whether the file ``name`` of a study is in its store too; never one that would lie outside of the study."""
    parts = [part for part in name.split("/") if part not in ("", ".")] or ["."]  # a mark of the study has no name
    hidden = name.startswith("/") or any(part.startswith(".") for part in parts)
    beside_shards = parts[0] == "corpus" and parts[1:2] in (["documents"], ["parts"])
    return not (hidden or beside_shards or name == LEASE or parts[0] in (*_DERIVED, CHECKPOINTS.rstrip("/")))


def is_shard(name: str) -> bool:
    """Whether ``name`` is a token shard: large, and fetched by its hash once somebody reads it."""
    return name.startswith("corpus/") and name.endswith(".arrow")


def is_result(name: str) -> bool:
    """Whether ``name`` is of one run, and is put where there is none yet."""
    return name.startswith(RESULTS)


def goes_last(name: str) -> bool:
    """Whether ``name`` may be in the store only when all files before it are."""
    return PurePosixPath(name).name in _LAST


def folder_marks(sizes: Mapping[str, int]) -> set[str]:
    """Which of a store's objects are no files of the study: other tools mark folders by an object without content.

    ``sizes`` are the lengths of all objects by name.
    """
    folders = {str(parent) for name in sizes for parent in PurePosixPath(name).parents} | set(_FOLDERS)
    return {name for name, size in sizes.items() if size == 0 and name in folders}

"""TensorBoard event files: a folder a run, scalars in either encoding, as TensorFlow, torch, Lightning and transformers
write them.

Records are checked and decoded by TensorBoard's own code. Our own curves come back as they were: tags
`loss.<language>/annealed` and `loss.<language>/trunk`, steps that are tokens.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from codescale.errors import UserError
from codescale.importing.readers.json_tables import table_of
from codescale.importing.readers.source_table import SourceTable

EVENTS = "*tfevents*"
_KINDS = {"annealed": True, "trunk": False}
"""How the tags of our own curves end, and whether the learning rate had been cooled down there."""


@dataclass
class _Run:
    """A run's scalars: by tag and step, of the folder that they lie in."""

    folders: dict[str, dict[str, dict[int, float]]] = field(default_factory=dict)

    def tags(self) -> Iterator[tuple[str, dict[int, float]]]:
        """Tags with their points. Where folders of one run disagree about a tag (`train` and `validation` of Keras, or
        the folders that torch's ``add_scalars`` makes), the folder is a part of its name.
        """
        for tag in dict.fromkeys(tag for tags in self.folders.values() for tag in tags):
            series = {folder: tags[tag] for folder, tags in self.folders.items() if tag in tags}
            joined: dict[int, float] = {}
            agree = all(
                joined.setdefault(step, value) == value or np.isnan(value)
                for points in series.values()
                for step, value in points.items()
            )
            if agree:
                yield tag, joined
            else:
                yield from ((f"{folder}/{tag}" if folder else tag, points) for folder, points in series.items())


def event_files(root: Path) -> list[Path]:
    """The event files at or below ``root``."""
    if root.is_file():
        return [root] if root.match(EVENTS) else []
    return sorted(path for path in root.rglob(EVENTS) if path.is_file())


def read_event_files(root: Path, known: Set[str]) -> tuple[SourceTable, list[str]]:
    """The scalars below ``root``, one row for each run and step, and what to say of them.

    A run is called as its folder, or as the nearest folder above it that is one of the ``known`` runs. Columns are
    tags, ``run_id`` and ``step``; of our own curves also ``annealed`` and ``parent_run_id``. Raises
    :class:`UserError` for a file that is damaged; one that breaks off, as of a run that was killed, is read up to
    there.
    """
    runs: dict[str, _Run] = {}
    notes = []
    twice = 0
    for path in event_files(root):
        name, folder = _run_name(root, path.parent, known)
        tags = runs.setdefault(name, _Run()).folders.setdefault(folder, {})
        points, whole = _scalars(path)
        if not whole:
            notes.append(f"{path}: breaks off in the middle of a record; what stands before it was read")
        for tag, step, value in points:
            series = tags.setdefault(tag, {})
            twice += step in series and series[step] != value
            series[step] = value
    if not any(tags for run in runs.values() for tags in run.folders.values()):
        raise UserError(root, "holds no scalars in its event files", "name the folder that a trainer logged losses to")
    if twice:
        notes.append(f"{root}: {twice:,} points were logged twice with other values; the later ones were taken")
    rows, shown = [], []
    for name, run in runs.items():
        for row in _rows(name, run):
            rows.append(row)
            shown.append(f"{name}, step {row['step']}")
    return table_of(root, rows, row_name=shown.__getitem__, steps_are_tokens=True), notes


def _run_name(root: Path, folder: Path, known: Set[str]) -> tuple[str, str]:
    """The run that ``folder`` is of, and which of the run's folders it is."""
    root = root.absolute() if root.is_dir() else root.absolute().parent
    folder = folder.absolute()
    inner = folder
    while True:
        path = inner.relative_to(root).as_posix() if inner != root else inner.name
        found = next((name for name in (path, inner.name) if name in known), None)
        if found is not None:
            return found, "" if inner == folder else folder.relative_to(inner).as_posix()
        if inner == root:
            return (folder.relative_to(root).as_posix() if folder != root else folder.name), ""
        inner = inner.parent


def _scalars(path: Path) -> tuple[list[tuple[str, int, float]], bool]:
    """Tag, step and value of every scalar in ``path``, and whether the file ends with a whole record."""
    from google.protobuf.message import DecodeError
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.tensorflow_stub.errors import DataLossError, OutOfRangeError
    from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import PyRecordReader_New
    from tensorboard.data_compat import migrate_event

    found: list[tuple[str, int, float]] = []
    try:
        reader = PyRecordReader_New(str(path))
        while True:
            reader.GetNext()
            event = migrate_event(Event.FromString(reader.curr_event))
            found += ((tag, int(event.step), value) for tag, value in _values(event.summary.value))
    except OutOfRangeError:
        return found, True
    except DataLossError as error:
        if "truncated" in str(error).lower():
            return found, False
        raise UserError(path, "is damaged: a record has another checksum", "copy it again from where it lies") from None
    except (DecodeError, ValueError, TypeError) as error:
        detail = " ".join(str(error).split())[:100]
        raise UserError(path, f"cannot be read as an event file ({detail})", "copy it again") from None
    except OSError as error:
        raise UserError(path, f"cannot be read ({error.strerror})", "check its permissions") from None
    finally:
        if "reader" in locals():
            reader.file_handle.close()


def _values(values: Iterable[Any]) -> Iterator[tuple[str, float]]:
    """What stands as a scalar: migrated ``simple_value``, or a tensor of the scalars plugin or of no plugin at all."""
    from tensorboard.util.tensor_util import make_ndarray

    for value in values:
        plugin = value.metadata.plugin_data.plugin_name
        if plugin not in ("", "scalars") or not value.HasField("tensor"):
            continue
        array = np.asarray(make_ndarray(value.tensor))
        if array.size == 1 and np.issubdtype(array.dtype, np.number):
            yield value.tag, float(array.reshape(()))


def _rows(name: str, run: _Run) -> Iterator[dict[str, Any]]:
    found: dict[tuple[int, str], dict[str, float]] = {}
    for tag, points in run.tags():
        column, _, kind = tag.rpartition("/")
        if kind not in _KINDS:
            column, kind = tag, ""
        for step, value in points.items():
            found.setdefault((step, kind), {})[column] = value
    for (step, kind), values in sorted(found.items()):
        own: dict[str, Any] = {"annealed": _KINDS[kind]} if kind else {}
        if own.get("annealed"):
            own["parent_run_id"] = name
        yield {"run_id": f"{name}@{step}" if own.get("annealed") else name, "step": step} | own | values

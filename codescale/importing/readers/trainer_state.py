"""``trainer_state.json`` of transformers' Trainer: the log of a run, each evaluation set a row of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from codescale.errors import UserError
from codescale.importing.readers.json_tables import parse_json, table_of
from codescale.importing.readers.source_table import SourceTable

STATE = "trainer_state.json"
_CHECKPOINT = re.compile(r"checkpoint-\d+")


def is_trainer_state(content: Any) -> bool:
    """Whether parsed JSON is what the Trainer writes."""
    return isinstance(content, dict) and isinstance(content.get("log_history"), list)


def read_trainer_states(root: Path, files: Iterable[Path]) -> SourceTable:
    """The logs in ``files``: a run is called as the folder that its state, or its checkpoints, lie in.

    Of a run's several checkpoints the last one's state is read, which holds the log from the start. Columns are the
    names in ``log_history`` (``eval_<set>_loss``, ``step``). Raises :class:`UserError` for a file of another shape.
    """
    latest: dict[str, tuple[float, Path, list[Any]]] = {}
    for path in sorted(files):
        content = parse_json(path)
        if not is_trainer_state(content):
            raise UserError(
                path, "has no list log_history", "give a trainer_state.json as transformers' Trainer writes it"
            )
        step = content.get("global_step")
        found = (float(step) if isinstance(step, int | float) else 0.0, path, content["log_history"])
        name = _run_name(root, path)
        latest[name] = max(latest.get(name, found), found, key=lambda one: one[0])
    rows, names = [], []
    for run, (_, path, log) in latest.items():
        shown = "" if path == root else f"{path.relative_to(root).as_posix()}, "
        for number, entry in enumerate(log, 1):
            if not isinstance(entry, dict):
                raise UserError(f"{path}, log_history {number}", "is no object", "make the file again")
            rows.append({"run_id": run} | entry)
            names.append(f"{shown}log_history {number}")
    return table_of(root, rows, row_name=names.__getitem__)


def _run_name(root: Path, path: Path) -> str:
    folder = path.absolute().parent
    if _CHECKPOINT.fullmatch(folder.name) and folder != root.absolute():
        folder = folder.parent
    if root.is_dir() and folder != root.absolute():
        return folder.relative_to(root.absolute()).as_posix()
    return folder.name

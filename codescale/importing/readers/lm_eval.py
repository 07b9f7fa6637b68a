"""Results of EleutherAI's lm-evaluation-harness: one JSON file an evaluated model, every figure a metric."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from codescale.errors import UserError
from codescale.importing.readers.json_tables import parse_json, table_of
from codescale.importing.readers.source_table import SourceTable

_PATH = re.compile(r"(?:^|,)(?:pretrained|path|model)=([^,]+)")


def is_lm_eval(content: Any) -> bool:
    """Whether parsed JSON is what the harness writes: results by task, each a mapping."""
    results = content.get("results") if isinstance(content, dict) else None
    return isinstance(results, dict) and all(isinstance(task, dict) for task in results.values())


def read_lm_eval(root: Path, files: Iterable[Path]) -> SourceTable:
    """One row a file, ``<task>/<metric>`` a column, as releases 0.3 (``acc``) and 0.4 (``acc,none``) name them.

    The run is the model: the last part of its name or path. Standard errors and samples are no figures of the model and
    are left. Raises :class:`UserError` for a file of another shape.
    """
    rows, names = [], []
    for path in sorted(files):
        content = parse_json(path)
        if not is_lm_eval(content):
            raise UserError(path, "has no results by task", "give a results file of the lm-evaluation-harness")
        row: dict[str, Any] = {"run_id": _model(content, path)}
        for task, figures in content["results"].items():
            for figure, value in figures.items():
                metric, _, kind = figure.partition(",")
                if isinstance(value, int | float) and not isinstance(value, bool) and "_stderr" not in metric:
                    row[f"{task}/{metric}" + ("" if kind in ("", "none") else f",{kind}")] = value
        rows.append(row)
        names.append("results" if path == root else path.relative_to(root).as_posix())
    figures = tuple(dict.fromkeys(name for row in rows for name in row if name != "run_id"))
    return table_of(root, rows, row_name=names.__getitem__, figures=figures)


def _model(content: dict[str, Any], path: Path) -> str:
    config = content.get("config")
    arguments = config.get("model_args") if isinstance(config, dict) else None
    name = content.get("model_name")
    if not isinstance(name, str) or not name:
        if isinstance(arguments, dict):
            name = arguments.get("pretrained") or arguments.get("path")
        elif isinstance(arguments, str) and (found := _PATH.search(arguments)):
            name = found.group(1)
    return Path(name).name if isinstance(name, str) and Path(name).name else path.absolute().parent.name

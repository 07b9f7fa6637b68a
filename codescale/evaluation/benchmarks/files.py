"""Problems from files on disk: MultiPL-E's columns, or HumanEval's; JSON Lines (also gzipped) or Parquet.

MultiPL-E (Cassano et al. 2022, arXiv 2208.08227): ``name``, ``language``, ``prompt``, ``tests``, ``stop_tokens``.
HumanEval (Chen et al. 2021, arXiv 2107.03374): ``task_id``, ``prompt``, ``test``, ``entry_point``, in Python.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import pyarrow.parquet as pq
from pyarrow import ArrowException
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from codescale.errors import UserError
from codescale.evaluation.benchmarks.problem import Problem
from codescale.study.languages import LanguageNames, load_registry
from codescale.validation import checked

_HINT = (
    "a file of MultiPL-E has name, language, prompt, tests and stop_tokens; "
    "one of HumanEval task_id, prompt, test and entry_point"
)

_HUMANEVAL_STOPS = ("\nclass ", "\ndef ", "\n#", "\nif ", "\nprint(")
"""Chen et al. 2021, section 2.1."""

_MOST_PROBLEMS = 100_000


class _MultiPlE(BaseModel):
    model_config = ConfigDict(extra="ignore")
    name: str
    language: str
    prompt: str
    tests: str
    stop_tokens: list[str] = Field(min_length=0)


class _HumanEval(BaseModel):
    model_config = ConfigDict(extra="ignore")
    task_id: str
    prompt: str
    test: str
    entry_point: str = Field(pattern=r"^[A-Za-z_]\w*$")


def read_problems(path: Path) -> tuple[Problem, ...]:
    """The problems in ``path``, in their order.

    Raises
    ------
    UserError
        Names the row and the column that is missing or wrong, and a language that is not known.
    """
    names = LanguageNames(load_registry())
    problems: list[Problem] = []
    for where, row in _rows(path):
        if len(problems) == _MOST_PROBLEMS:
            raise UserError(path, f"has more than {_MOST_PROBLEMS:,} problems", "split it")
        problems.append(_humaneval(row, where) if "entry_point" in row else _multipl_e(row, where, names))
    if not problems:
        raise UserError(path, "holds no problem", _HINT)
    seen: set[tuple[str, str]] = set()
    for one in problems:
        if (one.name, one.language) in seen:
            raise UserError(path, f"has {one.name} in {one.language} twice", "remove one of them")
        seen.add((one.name, one.language))
    return tuple(problems)


def _multipl_e(row: Mapping[str, Any], where: str, names: LanguageNames) -> Problem:
    found = checked(TypeAdapter(_MultiPlE), row, where, _HINT)
    language = names.find(found.language)
    if language is None:
        raise UserError(f"{where}, language", f"{found.language!r} is not known", "see codescale/languages.yaml")
    return Problem(found.name, language, found.prompt, found.tests, tuple(stop for stop in found.stop_tokens if stop))


def _humaneval(row: Mapping[str, Any], where: str) -> Problem:
    found = checked(TypeAdapter(_HumanEval), row, where, _HINT)
    tests = f"{found.test}\n\ncheck({found.entry_point})\n"
    return Problem(found.task_id, "python", found.prompt, tests, _HUMANEVAL_STOPS)


def _rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each row of ``path``, and what to call it."""
    if path.suffix == ".parquet":
        try:
            table = pq.read_table(path)
        except (ArrowException, OSError) as error:
            raise UserError(path, f"is no readable Parquet file ({error})", _HINT) from None
        yield from ((f"{path}, row {number}", row) for number, row in enumerate(table.to_pylist(), start=1))
        return
    number = 0
    try:
        with _opened(path) as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    row = json.loads(line)
                    if not isinstance(row, dict):
                        raise UserError(f"{path}, row {number}", "is no object", _HINT)
                    yield f"{path}, row {number}", row
    except FileNotFoundError:
        raise UserError(path, "no such file", _HINT) from None
    except (ValueError, RecursionError, EOFError, OSError) as error:
        reason = " ".join(str(error).split())[:100]
        raise UserError(f"{path}, row {number + 1}", f"is not JSON ({reason})", _HINT) from None


def _opened(path: Path) -> TextIO:
    return gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")

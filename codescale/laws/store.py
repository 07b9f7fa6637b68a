"""Laws as JSON files: written atomically, read back with every mistake named. No pickle."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from codescale.errors import UserError
from codescale.files import read_json, write_json
from codescale.laws.law import Law
from codescale.validation import first_mistake


def save_law(law: Law, path: str | Path) -> None:
    """Writes ``law`` to ``path``. Raises :class:`UserError` where the disk refuses."""
    write_json(path, law.model_dump(mode="json"))


def load_law(path: str | Path) -> Law:
    """The law in ``path``. Raises :class:`UserError` where the file is missing, broken or of an unknown law."""
    content = read_json(path)
    if not isinstance(content, dict) or "parameters" not in content:
        raise UserError(path, "is not a law file", "make one with: codescale fit RUNS --output law.json")
    try:
        return Law.model_validate(content)
    except UserError as error:
        raise UserError(f"{path}, name", error.problem, error.mend) from None
    except ValidationError as error:
        raise first_mistake(error, content).refusal(path, "fit the law again with: codescale fit") from None

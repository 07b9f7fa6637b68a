"""The held-out programs: a folder each, with ``spec.yaml`` and a reference in every language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import codescale
from codescale.errors import UserError
from codescale.evaluation.programs.forms.registry import FORMS
from codescale.evaluation.programs.prompts import check_signature
from codescale.evaluation.programs.specification import Specification, read_specification
from codescale.files import read_text
from codescale.study.languages import load_registry

_HINT = "see held_out_programs/README.md"


@dataclass(frozen=True)
class HeldOutProgram:
    """``references``: by language, the text of its file, which stands in ``folder``."""

    folder: Path
    specification: Specification
    references: Mapping[str, str]

    @property
    def name(self) -> str:
        """The name in its specification."""
        return self.specification.name


def packaged_programs() -> Path:
    """``held_out_programs/`` inside an installed package, else beside it in a checkout."""
    installed = Path(str(files("codescale"))) / "held_out_programs"
    return installed if installed.is_dir() else Path(codescale.__file__).parent.parent / "held_out_programs"


def load_programs(folder: Path | None = None) -> tuple[HeldOutProgram, ...]:
    """The programs in ``folder`` (default: those of the package), by name.

    Raises :class:`UserError` that names the file and what is wrong with it.
    """
    folder = packaged_programs() if folder is None else folder
    found = sorted(path.parent for path in folder.glob("*/spec.yaml"))
    if not found:
        raise UserError(folder, "holds no program (a folder with spec.yaml)", _HINT)
    return tuple(_load(path) for path in found)


def _load(folder: Path) -> HeldOutProgram:
    specification = read_specification(folder / "spec.yaml")
    if specification.name != folder.name:
        raise UserError(folder / "spec.yaml", f"name is {specification.name}, its folder another", "give both one name")
    registry = load_registry()
    references = {}
    for language, form in FORMS.items():
        path = folder / f"solution{registry[language].endings[0]}"
        references[language] = read_text(path)
        check_signature(references[language], form, specification, path)
    return HeldOutProgram(folder, specification, references)

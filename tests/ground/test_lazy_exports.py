"""The faces of the rooms: what they name is there, costs nothing before it is asked for, and brings no torch or Ray."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import codescale

ROOT = Path(codescale.__file__).parent
FACES = sorted(
    ".".join(("codescale", *path.relative_to(ROOT).parts[:-1]))
    for path in ROOT.rglob("__init__.py")
    if "= lazy(" in path.read_text(encoding="utf-8")
)
LIGHT = ("codescale.allocation", "codescale.importing", "codescale.laws", "codescale.mixtures", "codescale.runs")
"""What neither torch nor Ray may come with, whatever is asked for."""
LIGHT += ("codescale.search", "codescale.study")
NEEDS_RAY = {"run_search"}


def source_of(face: str) -> ast.Module:
    return ast.parse((ROOT.joinpath(*face.split(".")[1:]) / "__init__.py").read_text(encoding="utf-8"))


def imported_for_types(face: str) -> dict[str, str]:
    """Name to module, as the imports under ``TYPE_CHECKING`` say it."""
    return {
        alias.name: str(node.module)
        for node in ast.walk(source_of(face))
        if isinstance(node, ast.ImportFrom)
        and str(node.module) not in ("__future__", "typing", "codescale.lazy_exports")
        for alias in node.names
    }


def lazily_loaded(face: str) -> dict[str, str]:
    """Name to module, as the mapping says it that :func:`codescale.lazy_exports.lazy` is given."""
    calls = (node for node in ast.walk(source_of(face)) if isinstance(node, ast.Call))
    mapping = next(call.args[1] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "lazy")
    return {name: module for module, names in ast.literal_eval(mapping).items() for name in names}


def loaded_by(statements: str) -> set[str]:
    """The modules that ``statements`` load in a fresh interpreter."""
    script = f"{statements}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(shown.stdout))


def test_every_room_that_people_import_from_has_a_face() -> None:
    assert {"codescale", *LIGHT} <= set(FACES)


@pytest.mark.parametrize("face", FACES)
class TestFace:
    def test_says_the_same_to_type_checkers_as_to_the_interpreter(self, face: str) -> None:
        assert imported_for_types(face) == lazily_loaded(face)

    def test_lists_its_names(self, face: str) -> None:
        module = importlib.import_module(face)
        assert set(lazily_loaded(face)) == set(module.__all__) - {"__version__"}
        assert set(module.__all__) <= set(dir(module))

    def test_has_what_it_names(self, face: str) -> None:
        module = importlib.import_module(face)
        for name, home in lazily_loaded(face).items():
            assert getattr(module, name) is getattr(importlib.import_module(home), name)

    def test_names_no_submodule(self, face: str) -> None:
        submodules = {found.name for found in pkgutil.iter_modules(importlib.import_module(face).__path__)}
        assert not submodules & set(lazily_loaded(face))

    def test_refuses_what_it_does_not_name(self, face: str) -> None:
        with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
            _ = importlib.import_module(face).nonsense

    def test_loads_nothing_before_it_is_asked(self, face: str) -> None:
        loaded = {name for name in loaded_by(f"import {face}") if name.split(".")[0] == "codescale"}
        assert loaded == {"codescale", "codescale.lazy_exports", face}


@pytest.mark.parametrize("face", LIGHT)
def test_light_rooms_need_neither_torch_nor_ray(face: str) -> None:
    names = sorted(set(lazily_loaded(face)) - NEEDS_RAY)
    loaded = loaded_by(f"from {face} import {', '.join(names)}")
    assert {"codescale.errors", face} <= loaded
    assert not {"torch", "ray", "transformers"} & loaded


def test_scipy_is_loaded_when_something_is_computed() -> None:
    loaded = loaded_by("from codescale.laws import fit_law")
    assert "codescale.laws.fitting.fit" in loaded
    assert not [name for name in loaded if name.split(".")[0] == "scipy"]

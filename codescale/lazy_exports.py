"""The face of a room: names that are loaded when they are first asked for.

``codescale.laws.fit_law`` is in ``codescale/laws/fitting/fit.py``; that file, and what it imports, is loaded when
``fit_law`` is first looked up, so that ``import codescale.laws`` costs nothing and a room may name what needs torch or
Ray. A face says its names twice: as imports under ``TYPE_CHECKING``, for type checkers and for the reference pages, and
as the mapping that :func:`lazy` is given (``tests/ground/test_faces.py`` compares the two).
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence


def lazy(package: str, names: Mapping[str, Sequence[str]]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` (PEP 562) of ``package``.

    Parameters
    ----------
    package
        The package's ``__name__``.
    names
        Module to the names that it lends the package. No name may be that of a submodule: importing the submodule
        would take its place.
    """
    homes = {name: module for module, lent in names.items() for name in lent}

    def load(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value: object = getattr(importlib.import_module(homes[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    def listed() -> list[str]:
        return sorted({*vars(sys.modules[package]), *homes})

    return load, listed

"""CodeScale: how to split a code model's token budget across programming languages, measured and proved."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codescale.stages.study import Study

__version__ = "0.1.0"
__all__ = ["Study", "__version__"]


def __getattr__(name: str) -> object:
    """Loads ``Study`` when it is first asked for, so that ``import codescale.laws`` stays light."""
    if name == "Study":
        from codescale.stages.study import Study

        return Study
    raise AttributeError(f"module 'codescale' has no attribute {name!r}")

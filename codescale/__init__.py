"""CodeScale: how to split a code model's token budget across programming languages, measured and proved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codescale.lazy_exports import lazy

if TYPE_CHECKING:
    from codescale.designs.design import design
    from codescale.search.tables.suggest import suggest
    from codescale.stages.study import Study

__version__ = "0.1.0"
__all__ = ["Study", "__version__", "design", "suggest"]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "codescale.designs.design": ["design"],
        "codescale.search.tables.suggest": ["suggest"],
        "codescale.stages.study": ["Study"],
    },
)

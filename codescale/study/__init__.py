"""study.yaml, a file per section of it, and the study's folder.

For: schemas, defaults and paths. May not: do any work, know torch or Ray.

    parse_study, StudyConfig  what study.yaml says
    StudyFolder               where a study's files are
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from codescale.lazy_exports import lazy

if TYPE_CHECKING:
    from codescale.study.config import StudyConfig, parse_study
    from codescale.study.folder import StudyFolder
    from codescale.study.languages import Language, load_registry

__all__ = [
    "Language",
    "StudyConfig",
    "StudyFolder",
    "load_registry",
    "parse_study",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "codescale.study.config": ["StudyConfig", "parse_study"],
        "codescale.study.folder": ["StudyFolder"],
        "codescale.study.languages": ["Language", "load_registry"],
    },
)

"""A whole study small enough for a test: generated code, three languages, models of a few thousand parameters."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.generated_code import write_repositories

STUDY = {
    "name": "small",
    "languages": ["python", "java", "rust"],
    "sizes": {
        "tiny": {"hidden": 16, "layers": 1, "heads": 2, "intermediate": 32},
        "small": {"hidden": 32, "layers": 1, "heads": 2, "intermediate": 64},
        "large": {"hidden": 64, "layers": 1, "heads": 2, "intermediate": 132},
    },
    "corpus": {"sources": [{"kind": "folder", "path": "code"}], "vocabulary": 300, "near_duplicate_similarity": 1.0},
    "training": {"context": 32, "batch": 4, "evaluations": 4, "evaluation_tokens": 1024, "checkpoint_seconds": 0.05},
    "sweep": {
        "grid": {"sizes": ["tiny", "small"], "tokens": [2560, 5120]},
        "pairs": {"size": "tiny", "tokens": 5120, "seeds": 2},
        "mixtures": {"count": 8, "sizes": ["small"], "tokens": [5120]},
    },
    "fit": {"bootstrap": 20},
    "target": {"size": "small", "n_tokens": 5120},
    "search": {"space": "all_languages", "size": "small", "tokens": 5120, "trials": 5, "concurrency": 1},
    "comparison": {
        "size": "small",
        "tokens": 5120,
        "seeds": 3,
        "larger": {"size": "large", "tokens": 5120, "seeds": 3},
    },
}


def make_study(folder: Path, **changes: object) -> Path:
    """Writes a study and its code to ``folder``."""
    write_repositories(folder / "code")
    (folder / "study.yaml").write_text(yaml.safe_dump(STUDY | changes, sort_keys=False))
    return folder

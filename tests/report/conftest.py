"""A synthetic study folder, made once for all tests of the report."""

from __future__ import annotations

from pathlib import Path

import pytest

from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from tests.report.synthetic_study import make_study


@pytest.fixture(scope="session")
def whole_study(tmp_path_factory: pytest.TempPathFactory) -> tuple[StudyConfig, StudyFolder]:
    """A finished study; tests read it and do not write to it."""
    root: Path = tmp_path_factory.mktemp("report") / "study"
    return make_study(root)

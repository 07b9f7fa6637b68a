"""The Python examples of the pages run as they stand, on a small table of runs that is made here."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pyarrow as pa
import pytest
from pyarrow import csv

from codescale.allocation import optimize_mixture, write_mixture
from codescale.laws import fit_law, save_law
from codescale.runs import read_runs

DOCS = Path(__file__).parents[2] / "docs"
LANGUAGES = ("python", "java", "typescript")
GIVEN: dict[str, dict[str, Any]] = {
    "laws": {"n_params": np.array([1e6]), "n_tokens": np.array([1e8]), "proportions": np.array([[0.5, 0.3, 0.2]])},
    "search-in-optuna": {"train": lambda mixture: {name: 2.0 - 0.1 * np.sqrt(mixture[name]) for name in mixture}},
}
"""What an example takes for granted: numbers of the reader's own, or a function that trains."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``runs.csv``, ``space.yaml``, ``law.json`` and ``mixture.yaml``."""
    folder = tmp_path_factory.mktemp("examples")
    (folder / "space.yaml").write_text("languages: all\n")
    generator = np.random.default_rng(0)
    rows = []
    for number, (n_params, n_tokens) in enumerate((n, d) for n in (1e6, 3e6, 1e7) for d in (1e8, 3e8, 1e9)):
        for shares in [*np.eye(3), np.full(3, 1 / 3), *generator.dirichlet(np.ones(3), 4)]:
            losses = (
                1.5 + 300 * n_params**-0.4 + np.array([600, 900, 1200]) * (n_tokens * (0.7 * shares + 0.3)) ** -0.37
            )
            row = {"run_id": f"{number}-{len(rows)}", "n_params": n_params, "n_tokens": n_tokens}
            row |= {f"proportion.{name}": share for name, share in zip(LANGUAGES, shares, strict=True)}
            row |= {f"loss.{name}": loss for name, loss in zip(LANGUAGES, losses, strict=True)}
            rows.append(row)
    csv.write_csv(pa.Table.from_pylist(rows), folder / "runs.csv")
    law = fit_law(read_runs(folder / "runs.csv"), "effective-data", bootstrap=4)
    save_law(law, folder / "law.json")
    write_mixture(folder / "mixture.yaml", optimize_mixture(law, 1e7, 1e9), "law.json", "shuffled")
    return folder


@pytest.mark.parametrize(
    "page", ["laws", "allocation", "forecast", "simulate", "search-in-optuna", "design", "suggest", "pruning"]
)
def test_the_examples_of_a_page_run(page: str, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(files)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    blocks = re.findall(r"^```python\n(.*?)^```$", (DOCS / f"{page}.md").read_text(encoding="utf-8"), re.M | re.S)
    assert blocks
    for block in blocks:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they look far beyond these small runs
            exec(compile(block, f"docs/{page}.md", "exec"), dict(GIVEN.get(page, {})))

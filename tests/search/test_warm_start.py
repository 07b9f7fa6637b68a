"""What a search is told of the sweep: no run twice, and how much seeds change each language."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codescale.runs.seed_noise import PRIOR_FREEDOM
from codescale.runs.table import RunsTable
from codescale.search.objective.problem import SearchProblem
from codescale.search.warm_start import beside_trials, target_noise
from tests.laws.synthetic_runs import TableMaker, make_truth
from tests.search.synthetic_trials import LANGUAGES, problem, study

DEVIATION = {"python": 0.002, "java": 0.004, "rust": 0.012}


def swept(folder: Path, asked: SearchProblem, seeds: int) -> RunsTable:
    """Two mixtures at the trials' scale with ``seeds`` seeds, whose runs read some tokens more, and three at half D."""
    n_params, n_tokens = asked.proxy
    maker, generator = TableMaker(make_truth(3), list(LANGUAGES), 0.0), np.random.default_rng(0)
    for k, shares in enumerate(generator.dirichlet(np.ones(3), size=3)):
        maker.add(f"half-{k}", n_params, n_tokens / 2, shares, 0)
        for seed in range(seeds if k else 0):
            maker.add(f"whole-{k}-{seed}", n_params, round(1.001 * n_tokens), shares, seed)
    table = maker.table(folder)
    luck = generator.standard_normal(table.losses.shape) * [DEVIATION[name] for name in table.targets]
    table.losses[:] = table.losses * np.exp(luck)
    return table


def test_a_run_that_stands_for_a_trial_is_no_row_of_the_sweep_too(tmp_path: Path) -> None:
    asked = problem(study())
    found = beside_trials(swept(tmp_path, asked, 3), asked)
    assert found is not None
    others = {f"whole-{k}-{seed}" for k in (1, 2) for seed in range(3) if seed != asked.config.seed}
    assert {name.split("@")[0] for name in found.run_id} == {"half-0", "half-1", "half-2", *others}
    assert beside_trials(None, asked) is None
    whole = swept(tmp_path, asked, asked.config.seed + 1)
    ours = whole.select((whole.seed == asked.config.seed) & (whole.n_tokens > asked.proxy.n_tokens))
    assert len(ours) == 2
    assert beside_trials(ours, asked) is None


def test_a_run_outside_the_space_is_no_trial_and_stays_a_row_of_the_sweep(tmp_path: Path) -> None:
    asked = problem(study())
    whole = swept(tmp_path, asked, asked.config.seed + 1)
    ours = whole.select((whole.seed == asked.config.seed) & (whole.n_tokens > asked.proxy.n_tokens))
    python = ours.proportions[:, ours.domains.index("python")]
    narrow = tmp_path / "narrow.yaml"
    narrow.write_text(f"languages: {{python: [{python.mean():.6f}, 1], java: free, rust: free}}\n")
    found = beside_trials(ours, problem(study(), narrow))
    assert found is not None
    assert found.run_id.tolist() == [ours.run_id[int(np.argmin(python))]]


def test_each_languages_noise_is_its_own_shrunk_to_that_of_all(tmp_path: Path) -> None:
    asked = problem(study())
    many, few = (target_noise(swept(tmp_path, asked, seeds), asked) for seeds in (60, 3))
    assert many is not None
    assert few is not None
    freedom, pool = 2 * 59, np.mean([one**2 for one in DEVIATION.values()])
    shrunk = {
        name: np.sqrt((PRIOR_FREEDOM * pool + freedom * one**2) / (PRIOR_FREEDOM + freedom))
        for name, one in DEVIATION.items()
    }
    assert many.deviation == pytest.approx(shrunk, rel=0.2)
    assert many.shared < 0.2
    assert few.deviation["python"] > DEVIATION["python"]
    assert few.deviation.keys() == DEVIATION.keys()


def test_without_two_seeds_nothing_is_known(tmp_path: Path) -> None:
    asked = problem(study())
    table = swept(tmp_path, asked, 1)
    assert target_noise(table, asked) is None
    assert target_noise(None, asked) is None
    assert target_noise(table.select(table.n_tokens < asked.proxy.n_tokens), asked) is None

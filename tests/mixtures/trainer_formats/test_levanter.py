"""Levanter's file against its sampler's rule, restated: counts in a block cut down, the largest takes the rest.

The rule is that of levanter.data.mixture.MixtureDataset (marin-levanter 0.2.20), which scripts/bench_export.py runs.
"""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from codescale.mixtures.mixture import Mixture
from codescale.mixtures.trainer_formats import DataSource, export_mixture
from codescale.mixtures.warning import MixtureWarning


def trained(weights: dict[str, float], block: int) -> dict[str, float]:
    """The shares that Levanter trains, block after block."""
    total = sum(weights.values())
    counts = np.array([weight / total * block for weight in weights.values()]).astype(np.int32)
    counts[np.argmax(counts)] += block - counts.sum()
    return dict(zip(weights, (counts / block).tolist(), strict=True))


def exported(mixture: Mixture) -> tuple[dict[str, float], int]:
    data = yaml.safe_load(export_mixture(mixture, {name: DataSource(path=name) for name in mixture}, "levanter"))[
        "data"
    ]
    return data["train_weights"], data["mixture_block_size"]


def test_the_rule_loses_a_small_share_and_our_file_does_not() -> None:
    mixture = Mixture({"python": 0.9988, "cobol": 0.0009, "ada": 0.0003})
    assert trained(dict(mixture), 2048) == pytest.approx({"python": 0.99951, "cobol": 0.00049, "ada": 0.0}, abs=1e-5)
    assert trained(*exported(mixture)) == pytest.approx(dict(mixture), rel=0.01)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=12))
def test_what_is_trained_is_what_is_written(drawn: list[float]) -> None:
    mixture = Mixture({f"l{k}": weight / sum(drawn) for k, weight in enumerate(drawn)})
    weights, block = exported(mixture)
    assert 2048 <= block < 2**16
    assert trained(weights, block) == pytest.approx(weights, abs=1e-12)
    assert trained(weights, block) == pytest.approx(dict(mixture), rel=0.01)


def test_a_share_that_no_block_holds_is_left_out_and_said() -> None:
    with pytest.warns(MixtureWarning, match=r"^ada: less than one sequence in 65,535"):
        weights, block = exported(Mixture({"python": 0.999999, "ada": 0.000001}))
    assert weights == {"python": 1.0}
    assert block == 2048
    with pytest.warns(MixtureWarning, match=r"ada: Levanter trains a share of 1\.53e-05 instead of 1e-05"):
        exported(Mixture({"python": 0.99999, "ada": 0.00001}))

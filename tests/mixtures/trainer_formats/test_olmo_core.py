"""OLMo-core's file against its rule, restated: what rounding up to whole batches adds is dealt out evenly over files.

The rule is that of olmo_core.data.source_mixture (ai2-olmo-core 3.0.0), which scripts/bench_export.py runs; each source
is one file with tokens enough.
"""

from __future__ import annotations

import math
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.trainer_formats import DataSource, export_mixture
from codescale.mixtures.warning import MixtureWarning

LENGTH = 2048
pytestmark = pytest.mark.filterwarnings("ignore::codescale.mixtures.warning.MixtureWarning")


def trained(ratios: dict[str, float], requested: int, batch: int) -> dict[str, float]:
    """The shares that OLMo-core trains on."""
    tokens = {name: int(requested * ratio) for name, ratio in ratios.items()}
    counts = {name: count // LENGTH for name, count in tokens.items()}
    missing = math.ceil(requested / batch) * (batch // LENGTH) - sum(counts.values())
    each, left = divmod(missing, len(counts))
    for name in counts:
        counts[name] += each
    for name in sorted(counts, key=lambda name: tokens[name] % LENGTH, reverse=True)[:left]:
        counts[name] += 1
    return {name: count / sum(counts.values()) for name, count in counts.items()}


def exported(mixture: Mixture, n_tokens: float, batch_size: int | None = None) -> dict[str, Any]:
    sources = {name: DataSource(path=name) for name in mixture}
    content: dict[str, Any] = yaml.safe_load(
        export_mixture(mixture, sources, "olmo-core", n_tokens=n_tokens, batch_size=batch_size)
    )
    return content


def test_the_rule_feeds_a_source_of_ratio_0_and_our_file_has_none() -> None:
    ratios = {"python": 0.9997, "cobol": 0.0003, "ada": 0.0}
    assert trained(ratios, 100_000_000, 128 * 1_000 * LENGTH)["ada"] > 0.1
    content = exported(Mixture(ratios), 1e8, 512)
    assert [one["source_name"] for one in content["source_list"]["sources"]] == ["python", "cobol"]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=12), st.floats(7, 13), st.sampled_from([1, 7, 64, 512]))
def test_what_is_trained_is_the_mixture_to_a_sequence(drawn: list[float], digits: float, batch_size: int) -> None:
    mixture = Mixture({f"l{k}": weight / sum(drawn) for k, weight in enumerate(drawn)})
    content = exported(mixture, 10**digits, batch_size)
    requested, batch = content["requested_tokens"], content["global_batch_size"]
    assert batch == batch_size * LENGTH
    assert requested % batch == 0
    assert 0 <= requested - 10**digits < batch
    ratios = {one["source_name"]: one["target_ratio"] for one in content["source_list"]["sources"]}
    assert abs(sum(ratios.values()) - 1) < 1e-9
    found = trained(ratios, requested, batch)
    for name, share in mixture.items():
        assert abs(found.get(name, 0.0) - share) <= 1.5 * LENGTH / requested + 1e-8


def test_each_language_that_buys_a_sequence_gets_one() -> None:
    tiny = 1.01 / (1.45 * 64)
    mixture = Mixture({"python": 1 - 10 * tiny, **{f"l{k}": tiny for k in range(10)}})
    content = exported(mixture, 1.45 * 64 * LENGTH, 64)
    assert all(one["target_ratio"] >= 1 / 128 for one in content["source_list"]["sources"])
    assert len(content["source_list"]["sources"]) == 11


def test_a_source_may_be_repeated_as_often_as_its_share_asks() -> None:
    sources = {"python": DataSource(path="p", tokens=1e9), "java": DataSource(path="j", tokens=2e8)}
    text = export_mixture(Mixture({"python": 0.5, "java": 0.5}), sources, "olmo-core", n_tokens=1e9, batch_size=64)
    found = {one["source_name"]: one["max_repetition_ratio"] for one in yaml.safe_load(text)["source_list"]["sources"]}
    assert found == {"python": 1.0, "java": 3.0}


def test_what_is_assumed_is_said() -> None:
    with pytest.warns(MixtureWarning, match="the batch is taken to be 512 sequences of 2048 tokens"):
        exported(Mixture({"python": 1.0}), 1e9)
    with pytest.warns(MixtureWarning, match="to let it repeat them, give tokens of python"):
        exported(Mixture({"python": 1.0}), 1e9, 64)
    with pytest.warns(MixtureWarning, match="make requested_tokens a multiple of global_batch_size"):
        text = export_mixture(Mixture({"python": 1.0}), {"python": DataSource(path="p")}, "olmo-core")
    assert list(yaml.safe_load(text)) == ["source_list"]


def test_a_batch_beyond_the_budget_is_refused() -> None:
    with pytest.raises(UserError, match="--batch-size: a global batch of 512 sequences of 2048 tokens"):
        exported(Mixture({"python": 1.0}), 1e5, 512)
    with pytest.raises(UserError, match="more sequences than can be counted"):
        exported(Mixture({"python": 1.0}), 1e25, 512)

"""What an allocation writes: mixture.yaml, which other stages read, and the mixtures of a front."""

from __future__ import annotations

from pathlib import Path

import yaml

from codescale.allocation.files import write_front, write_mixture
from codescale.allocation.optimize import Allocation, optimize_mixture
from codescale.allocation.pareto import FrontPoint
from codescale.mixtures.files import read_mixture, read_organisation
from codescale.mixtures.mixture import Mixture
from tests.allocation.made_law import made_law


def test_a_mixture_survives_its_file(tmp_path: Path) -> None:
    mixture = Mixture({"python": 0.31, "go": 0.69})
    nan = float("nan")
    made = Allocation(
        mixture=mixture,
        objective=1.9,
        interval=(nan, 1.95),
        losses={},
        share_intervals={"python": (0.2, nan)},
        objective_uniform=2.0,
        improvement=(0.0, 0.1),
        goal="mean",
        value=1.9,
        value_uniform=2.0,
        standard_error=0.01,
        flat={},
        marginal={},
        harmed=(),
        refitted=(),
        weights={"python": 1.0},
        n_params=1e9,
        n_tokens=1e11,
        extrapolated=False,
    )
    write_mixture(tmp_path / "mixture.yaml", made, "law.json")
    content = yaml.safe_load((tmp_path / "mixture.yaml").read_text())
    assert list(content) == [
        "proportions",
        "objective",
        "interval",
        "law",
        "n_params",
        "n_tokens",
        "share_intervals",
        "gain_over_uniform",
    ]
    assert content["share_intervals"] == {"python": [0.2, None]}
    assert content["gain_over_uniform"] == [0.0, 0.1]
    assert content["interval"] == [None, 1.95]
    assert content["law"] == "law.json"
    assert read_mixture(tmp_path / "mixture.yaml") == mixture
    assert read_organisation(tmp_path / "mixture.yaml") == "shuffled"
    write_mixture(tmp_path / "mixture.yaml", made, "law.json", "paired")
    assert read_organisation(tmp_path / "mixture.yaml") == "paired"
    assert read_mixture(tmp_path / "mixture.yaml") == mixture


def test_a_front_is_written_in_order(tmp_path: Path) -> None:
    nan = float("nan")
    front = [
        FrontPoint(Mixture({"python": 1.0}), (1.0, 0.9, 1.1), (2.0, nan, nan)),
        FrontPoint(Mixture({"go": 1.0}), (1.5, 1.4, 1.6), (1.2, 1.1, 1.3)),
    ]
    write_front(tmp_path / "front.yaml", front)
    first, second = yaml.safe_load((tmp_path / "front.yaml").read_text())
    assert first == {
        "proportions": {"python": 1.0},
        "first": 1.0,
        "first_interval": [0.9, 1.1],
        "second": 2.0,
        "second_interval": [None, None],
    }
    assert second["proportions"] == {"go": 1.0}


def test_gains_over_baselines_are_written_where_they_were_asked_for(tmp_path: Path) -> None:
    law, nan = made_law(samples=4), float("nan")
    made = optimize_mixture(law, 1e6, 1e8, {"go": 1.0}, baselines=["uniform"])
    write_mixture(tmp_path / "mixture.yaml", made, "law.json")
    written = yaml.safe_load((tmp_path / "mixture.yaml").read_text())["baselines"]
    gain = made.gains["uniform"]
    assert written["uniform"] == {
        "proportions": dict.fromkeys(law.domains, 0.2),
        "value": gain.value,
        "gain": gain.gain,
        "interval": list(gain.interval),
    }
    one = FrontPoint(
        Mixture({"go": 1.0}), (1.0, 0.9, 1.1), (2.0, nan, nan), gains={"natural": ((0.1, 0.0, 0.2), (0.3, nan, nan))}
    )
    write_front(tmp_path / "front.yaml", [one])
    (row,) = yaml.safe_load((tmp_path / "front.yaml").read_text())
    assert row["baselines"] == {
        "natural": {
            "first_gain": 0.1,
            "first_interval": [0.0, 0.2],
            "second_gain": 0.3,
            "second_interval": [None, None],
        }
    }

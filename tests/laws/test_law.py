"""Laws as files: one written before kappa loads, and predicts as the sum that it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codescale.errors import UserError
from codescale.laws.fitting.fit import fit_law
from codescale.laws.law import Law, load_law, save_law
from tests.allocation.made_law import made_law
from tests.laws.synthetic_runs import study_table

pytestmark = pytest.mark.filterwarnings("ignore::codescale.laws.warning.LawWarning")


@pytest.fixture(scope="module")
def law(tmp_path_factory: pytest.TempPathFactory) -> Law:
    return fit_law(study_table(tmp_path_factory.mktemp("study")), "effective-data", bootstrap=4)


def without_kappa(columns: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Parameters as files of before held them."""
    return {
        target: {name: value for name, value in own.items() if name.rpartition("/")[2] != "kappa"}
        for target, own in columns.items()
    }


def as_before(law: Law) -> dict[str, Any]:
    content = law.model_dump(mode="json")
    return content | {field: without_kappa(content[field]) for field in ("parameters", "bootstrap")}


def sums(own: dict[str, Any], domains: tuple[str, ...], n: Any, d: Any, shares: Any) -> Any:
    """E + A N^-alpha + B (D sum_j t_j p_j)^-beta, by hand."""
    worth = sum(own[f"t.{name}"] * shares[:, k] for k, name in enumerate(domains))
    return own["E"] + own["A"] * n ** -own["alpha"] + own["B"] * (d * worth) ** -own["beta"]


def test_a_file_of_before_predicts_as_the_sum_that_it_was(law: Law, tmp_path: Path) -> None:
    content = as_before(law)
    assert not any("kappa" in name for own in content["parameters"].values() for name in own)
    (tmp_path / "old.json").write_text(json.dumps(content))
    old = load_law(tmp_path / "old.json")
    generator = np.random.default_rng(0)
    n, d, shares = generator.uniform(3e4, 3e5, 9), generator.uniform(1e5, 9e5, 9), generator.dirichlet(np.ones(3), 9)
    found = old.predict(n, d, shares).losses
    for k, target in enumerate(old.targets):
        assert old.parameters[target]["kappa"] == 1.0
        assert old.bootstrap[target]["kappa"] == [1.0] * 4
        assert found[:, k] == pytest.approx(sums(content["parameters"][target], old.domains, n, d, shares), rel=1e-6)
        sample = {name: column[2] for name, column in content["bootstrap"][target].items()}
        drawn = np.exp(old.surface(2).log_losses(np.log(n), np.log(d), shares))[:, k]
        assert drawn == pytest.approx(sums(sample, old.domains, n, d, shares), rel=1e-6)


def test_a_file_of_today_keeps_its_kappa(law: Law, tmp_path: Path) -> None:
    kappas = [law.parameters[target]["kappa"] for target in law.targets]
    assert min(abs(kappa - 1.0) for kappa in kappas) > 0
    save_law(law, tmp_path / "new.json")
    assert load_law(tmp_path / "new.json") == law


def test_a_stack_of_before_gets_a_kappa_for_each_member_that_has_one(law: Law) -> None:
    own = as_before(law)["parameters"]["l0"]
    chinchilla = {name: own[name] for name in ("E", "A", "alpha", "B", "beta")}
    joined = {f"effective-data/{name}": value for name, value in own.items()} | {"effective-data/weight": 0.6}
    joined |= {f"chinchilla/{name}": value for name, value in chinchilla.items()} | {"chinchilla/weight": 0.4}
    content = law.model_dump(mode="json") | {
        "name": "stack",
        "members": ["effective-data", "chinchilla"],
        "targets": ["l0"],
        "parameters": {"l0": joined},
        "bootstrap": {},
        "noise": {"l0": 0.01},
        "correlation": [[1.0]],
    }
    old = Law.model_validate(content)
    assert old.parameters["l0"]["effective-data/kappa"] == 1.0
    assert "chinchilla/kappa" not in old.parameters["l0"]
    at = np.array([1e5]), np.array([3e5]), np.full((1, 3), 1 / 3)
    plain = (
        chinchilla["E"] + chinchilla["A"] * 1e5 ** -chinchilla["alpha"] + chinchilla["B"] * 3e5 ** -chinchilla["beta"]
    )
    expected = sums(own, old.domains, *at)[0] ** 0.6 * plain**0.4
    assert old.predict(*at).losses[0, 0] == pytest.approx(expected, rel=1e-6)


def test_a_file_of_before_says_nothing_of_its_trunks_and_predicts_as_it_did(law: Law, tmp_path: Path) -> None:
    content = law.model_dump(mode="json")
    assert content.pop("trunks") > 9
    del content["noise_freedom"]
    (tmp_path / "old.json").write_text(json.dumps(content))
    old = load_law(tmp_path / "old.json")
    assert old.trunks is None
    at = np.array([1e5]), np.array([3e5]), np.full((1, 3), 1 / 3)
    assert (old.predict(*at).low == law.predict(*at).low).all()
    (tmp_path / "none.json").write_text(json.dumps(content | {"trunks": 0}))
    with pytest.raises(UserError, match="trunks"):
        load_law(tmp_path / "none.json")
    (tmp_path / "none.json").write_text(json.dumps(content | {"noise_freedom": {"l0": -1.0}}))
    with pytest.raises(UserError, match=r"noise_freedom\.l0"):
        load_law(tmp_path / "none.json")


def test_a_changed_copy_knows_nothing_of_what_the_original_had_computed() -> None:
    law = made_law(samples=5)
    at = np.array([1e6]), np.array([1e7]), np.full((1, 5), 0.2)
    fresh = law.predict(*at).losses
    assert law.repetition is None
    repeated = law.model_copy(update={"half_life": 2.0})
    assert repeated.repetition is not None
    assert (repeated.predict(*at, np.full((1, 5), 1e5)).losses > fresh).all()
    assert law.predict(*at).losses == pytest.approx(fresh)

"""The second term of repeated tokens: found where runs hold it, else left out, and heard in every answer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from codescale.errors import UserError
from codescale.laws.fitting.fit import fit_law
from codescale.laws.forms.registry import find_form
from codescale.laws.law import Law, load_law, save_law
from codescale.laws.observations import narrow, observe
from codescale.laws.predict import predict_table
from codescale.laws.repetition import PUBLISHED, ExcessParameters, Repetition, fit_half_life
from codescale.laws.synergy.predicted import law_synergy
from codescale.runs.table import RunsTable, write_runs
from codescale.runs.table_reader import read_runs

pytestmark = pytest.mark.filterwarnings("ignore::codescale.laws.warning.LawWarning")

SIZES = np.array([7e6, 2.5e7, 8e7, 2.5e8, 8e8])
DISTINCT = np.array([1e8, 4e8, 1.5e9, 4e9])
BOTH = Repetition(PUBLISHED, ExcessParameters(half_life=5.3, tokens_per_parameter=19.5))
"""As published, with what its A, alpha, B and beta make compute-optimal."""


def planted(
    folder: Path, truth: Repetition, sizes: np.ndarray = SIZES, languages: int = 1, rows: int = 70, noise: float = 0.003
) -> RunsTable:
    """Runs of one to a thousand epochs by Muennighoff's law: E 1.87, A 521, B 1488, both exponents 0.353; of several
    languages each learns from the others' tokens a seventh.
    """
    generator = np.random.default_rng(3)
    n, distinct = generator.choice(sizes, rows), generator.choice(DISTINCT, rows)
    epochs = np.where(generator.random(rows) < 0.3, 1.0, np.exp(generator.uniform(0.0, np.log(1000.0), rows)))
    d, p = distinct * epochs, generator.dirichlet(np.ones(languages), rows)
    unique = np.minimum(d[:, None] * p, distinct[:, None] / languages)
    params, tokens, worth = truth.as_seen(n, d, p, unique)
    transfer = np.where(np.eye(languages) > 0, 1.0, 0.15)
    losses = 1.87 + (521 * params**-0.353)[:, None] + 1488 * (tokens[:, None] * (worth @ transfer)) ** -0.353
    losses = losses * np.exp(noise * generator.standard_normal(losses.shape))
    columns = {"run_id": [str(k) for k in range(rows)], "n_params": n, "n_tokens": d}
    for k in range(languages):
        columns |= {f"proportion.l{k}": p[:, k], f"loss.l{k}": losses[:, k], f"unique_tokens.l{k}": unique[:, k]}
    write_runs(folder / "runs.parquet", pa.table(columns))
    return read_runs(folder / "runs.parquet")


def fitted(table: RunsTable, name: str) -> Law:
    return fit_law(table, name, bootstrap=8, repetition=True, workers=1)


@pytest.fixture(scope="module")
def law(tmp_path_factory: pytest.TempPathFactory) -> Law:
    return fitted(planted(tmp_path_factory.mktemp("two"), BOTH, languages=2), "effective-data")


def test_the_published_constants_come_back(tmp_path: Path) -> None:
    found = fitted(planted(tmp_path, BOTH), "chinchilla")
    assert found.half_life == pytest.approx(PUBLISHED, rel=0.15)
    assert found.excess_parameters is not None
    assert found.excess_parameters.half_life == pytest.approx(5.3, rel=0.3)
    assert found.excess_parameters.tokens_per_parameter == pytest.approx(19.5, rel=0.3)


def test_they_come_back_from_several_languages_too(law: Law) -> None:
    assert law.half_life == pytest.approx(PUBLISHED, rel=0.15)
    assert law.excess_parameters is not None
    assert law.excess_parameters.half_life == pytest.approx(5.3, rel=0.3)


@pytest.mark.parametrize(("truth", "sizes"), [(Repetition(PUBLISHED), SIZES), (BOTH, SIZES[:2])])
def test_where_runs_hold_no_second_term_or_cannot_tell_it_the_first_is_what_it_was(
    truth: Repetition, sizes: np.ndarray, tmp_path: Path
) -> None:
    """No parameter was too many; or there are two sizes alone."""
    table = planted(tmp_path, truth, sizes)
    found = fitted(table, "chinchilla")
    assert found.excess_parameters is None
    assert found.half_life == fit_half_life(find_form("chinchilla"), observe(narrow(table)), 1)[0]


def test_a_law_file_keeps_it_and_one_of_before_has_none(law: Law, tmp_path: Path) -> None:
    path = tmp_path / "law.json"
    save_law(law, path)
    assert load_law(path) == law
    content = json.loads(path.read_text())
    del content["excess_parameters"]
    path.write_text(json.dumps(content))
    assert load_law(path) == law.model_copy(update={"excess_parameters": None})
    path.write_text(json.dumps(content | {"excess_parameters": {"half_life": 0.0, "tokens_per_parameter": 20.0}}))
    with pytest.raises(UserError, match=r"excess_parameters\.half_life"):
        load_law(path)
    path.write_text(
        json.dumps(content | {"half_life": None, "excess_parameters": law.model_dump()["excess_parameters"]})
    )
    with pytest.raises(UserError, match="excess_parameters: stands without half_life"):
        load_law(path)


def test_every_answer_of_a_law_sees_the_same_parameters(law: Law, tmp_path: Path) -> None:
    """A model a hundred times too large for its tokens: surfaces, samples, predictions and tables agree, with distinct
    tokens and without, where all are fresh.
    """
    n, d, p = np.array([2e9]), np.array([4e8]), np.array([[0.3, 0.7]])
    assert law.excess_parameters is not None
    for unique in (np.array([2e6, 3e6]), None):
        rows = None if unique is None else unique[None]
        predicted = law.predict(n, d, p, rows).losses[0]
        surface = np.exp(law.surface(None, unique).log_losses(np.log(n), np.log(d), p))[0]
        assert surface == pytest.approx(predicted, rel=1e-9)
        drawn = law.sampled_losses(n, d, p, rows)
        assert drawn[0, 0] == pytest.approx(predicted, rel=1e-9)
        sample = np.exp(law.surface(2, unique).log_losses(np.log(n), np.log(d), p))[0]
        assert sample == pytest.approx(drawn[3, 0], rel=1e-9)
        distinct = 5e6 if unique is not None else 4e8
        seen = law.excess_parameters.effective(n, np.array([distinct]))
        tokens = Repetition(law.half_life or 0.0).as_seen(n, d, p, np.full((1, 2), np.inf) if rows is None else rows)
        inner = law.inner_surface().log_losses(np.log(seen), np.log(tokens[1]), tokens[2])
        assert np.exp(inner)[0] == pytest.approx(predicted, rel=1e-9)
    smaller = law.predict(0.01 * n, d, p, np.array([[2e6, 3e6]])).losses[0]
    assert smaller == pytest.approx(law.predict(n, d, p, np.array([[2e6, 3e6]])).losses[0], rel=1e-3)


def test_slopes_are_those_of_the_losses(law: Law) -> None:
    surface, p = law.surface(unique_tokens=np.array([5e7, 2e7])), np.array([0.4, 0.6])
    at = (np.log(8e8), np.log(4e8))
    losses, slopes = surface.losses_and_slopes(*at, p)
    along = np.array([1.0, -1.0])
    ahead, behind = (
        np.exp(surface.log_losses(np.array([at[0]]), np.array([at[1]]), (p + e * along)[None]))[0]
        for e in (1e-5, -1e-5)
    )
    assert losses == pytest.approx(0.5 * (ahead + behind), rel=1e-6)
    assert slopes @ along == pytest.approx((ahead - behind) / 2e-5, rel=1e-3, abs=1e-7)


def test_a_language_alone_over_its_half_twice_has_half_the_distinct_tokens(law: Law) -> None:
    """What the synergy matrix compares, at a size that is far too large."""
    n, d = 8e8, 4e8
    found = law_synergy(law, n, d)
    half = np.array([[d / 2, np.inf]])
    alone = law.predict(np.array([n]), np.array([d]), np.array([[1.0, 0.0]]), half).losses[0, 0]
    mixed = law.predict(np.array([n]), np.array([d]), np.array([[0.5, 0.5]])).losses[0, 0]
    assert found.gain[0, 1] == pytest.approx(1.0 - mixed / alone, rel=1e-6)


def test_a_table_is_predicted_with_its_distinct_tokens(law: Law, tmp_path: Path) -> None:
    table = planted(tmp_path, BOTH, languages=2, noise=0.0)
    predicted = predict_table(law, table)
    found = np.column_stack([predicted[f"predicted.l{k}"].to_numpy() for k in range(2)])
    assert np.abs(found / table.losses - 1).mean() < 0.003

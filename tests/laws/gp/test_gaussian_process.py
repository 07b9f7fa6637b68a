"""The stack and the Gaussian process on its residuals: derivatives, robustness, honesty of hold-outs, storage."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codescale.arrays import Array
from codescale.errors import UserError
from codescale.laws.fitting.candidates import (
    _held_out_corrections,
    fit_form,
    log_losses,
    stack_candidates,
    with_process,
)
from codescale.laws.fitting.fit import fit_law
from codescale.laws.fitting.holdout import make_splits
from codescale.laws.forms.registry import find_form
from codescale.laws.gp import kernel
from codescale.laws.gp.gaussian_process import (
    MOST_ROWS,
    GaussianProcess,
    TargetProcess,
    _Residuals,
    _robust_weights,
    chosen_rows,
    fit_gaussian_process,
)
from codescale.laws.gp.kernel import Hyperparameters
from codescale.laws.gp.law_correction import KnownPart, held_out_corrections
from codescale.laws.law import Law, load_law, save_law
from codescale.laws.observations import Observations, narrow, observe
from codescale.runs.table import RunsTable, write_runs
from codescale.runs.table_reader import read_runs
from tests.laws.gp.oracle import Oracle
from tests.laws.synthetic_runs import TableMaker, make_truth

pytestmark = pytest.mark.filterwarnings("ignore::codescale.laws.warning.LawWarning")


def bumpy_table(folder: Path, count: int = 90, noise: float = 0.001) -> RunsTable:
    """Mixtures of three languages at three N and two D, whose losses have a bump that no form knows."""
    maker = TableMaker(make_truth(3), ["l0", "l1", "l2"], noise)
    maker.mixtures(count // 6, (27e3, 83e3, 151e3), (2e5, 4e5))
    for row in maker.rows:
        bump = 0.1 * np.sin(7.0 * row["proportion.l0"] ** (1 / 3)) * np.cos(5.0 * row["proportion.l1"])
        for name in maker.languages:
            row[f"loss.{name}"] = float(row[f"loss.{name}"] * np.exp(bump))
    return maker.table(folder)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> RunsTable:
    return bumpy_table(tmp_path_factory.mktemp("bumpy"), 240)


@pytest.fixture(scope="module")
def law(table: RunsTable) -> Law:
    return fit_law(table, bootstrap=6, workers=1)


def test_auto_takes_the_process_where_no_form_fits(law: Law) -> None:
    assert law.name == "gaussian-process"
    assert len(law.members) >= 2
    singles = [law.held_out[name].error for name in ("effective-data", "additive", "exponential")]
    assert law.held_out["gaussian-process"].error < 0.6 * min(singles)
    weights = [law.parameters["l0"][f"{name}/weight"] for name in law.members]
    assert sum(weights) == pytest.approx(1.0, abs=1e-5)
    assert min(weights) > 0


def test_on_unseen_mixtures_it_is_as_good_as_its_held_out_error_says(law: Law, tmp_path: Path) -> None:
    maker = TableMaker(make_truth(3), ["l0", "l1", "l2"], 0.0, seed=99)
    maker.mixtures(60, (83e3,), (4e5,))
    for row in maker.rows:
        bump = 0.1 * np.sin(7.0 * row["proportion.l0"] ** (1 / 3)) * np.cos(5.0 * row["proportion.l1"])
        for name in maker.languages:
            row[f"loss.{name}"] = float(row[f"loss.{name}"] * np.exp(bump))
    unseen = maker.table(tmp_path)
    prediction = law.predict(unseen.n_params, unseen.n_tokens, unseen.proportions)
    error = np.abs(prediction.losses / unseen.losses - 1).mean()
    assert error < 1.5 * law.held_out["gaussian-process"].splits["mixtures"]
    inside = (prediction.low < unseen.losses) & (unseen.losses < prediction.high)
    assert 0.8 <= inside.mean() <= 1.0


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_the_likelihoods_gradient_is_its_derivative(seed: int) -> None:
    generator = np.random.default_rng(seed)
    inputs, values = generator.standard_normal((12, 4)), generator.standard_normal(12)
    prior = generator.standard_normal(6)
    known_noise = 0.3 * (np.arange(12)[:, None] % 4 == np.arange(12) % 4) if seed % 2 else None
    likelihood = kernel._Likelihood(inputs, values, generator.uniform(1, 5, 12), known_noise, prior, np.ones(6))
    theta = prior + 0.3 * generator.standard_normal(6)
    _, gradient = likelihood.value_and_gradient(theta)
    step = 1e-5
    for k in range(6):
        ahead, behind = theta.copy(), theta.copy()
        ahead[k] += step
        behind[k] -= step
        numeric = (likelihood.value_and_gradient(ahead)[0] - likelihood.value_and_gradient(behind)[0]) / (2 * step)
        assert gradient[k] == pytest.approx(numeric, rel=1e-4, abs=1e-5)


def test_slopes_of_the_surface_are_its_derivatives(law: Law) -> None:
    generator = np.random.default_rng(1)
    for sample in (None, 0, 5):
        surface = law.surface(sample)
        shares = 0.9 * generator.dirichlet(np.ones(3)) + 0.1 / 3
        at = (float(np.log(83e3)), float(np.log(4e5)))
        losses, slopes = surface.losses_and_slopes(*at, shares)

        def value(p: np.ndarray, of: object = surface, at: tuple[float, float] = at) -> np.ndarray:
            return np.exp(of.log_losses(np.array([at[0]]), np.array([at[1]]), p[None]))[0]  # type: ignore[attr-defined]

        assert losses == pytest.approx(value(shares), rel=1e-10)
        for j in range(3):
            ahead, behind = shares.copy(), shares.copy()
            ahead[j] += 1e-6
            behind[j] -= 1e-6
            assert slopes[:, j] == pytest.approx((value(ahead) - value(behind)) / 2e-6, rel=1e-4, abs=1e-6)


def test_the_surface_predicts_what_the_law_predicts(law: Law, table: RunsTable) -> None:
    rows = table.select(np.arange(10))
    predicted = law.predict(rows.n_params, rows.n_tokens, rows.proportions).losses
    surface = law.surface().log_losses(np.log(rows.n_params), np.log(rows.n_tokens), rows.proportions)
    assert predicted == pytest.approx(np.exp(surface), rel=1e-12)
    sample = law.surface(3).log_losses(np.log(rows.n_params), np.log(rows.n_tokens), rows.proportions)
    assert np.abs(sample - surface).max() > 1e-6
    assert np.abs(sample - surface).max() < 0.05


def test_far_from_the_runs_the_law_stands_alone(law: Law) -> None:
    own = law.posteriors[0]
    assert own is not None
    rows = own.conditioned.inputs[:3]
    lengthscale = np.array([1.0 / own.conditioned.process.relevance[0], 0.0, 0.0, 0.0, 0.0])
    assert np.abs(own.correction(rows)[:, 0]).max() > 1e-3
    assert own.correction(rows + 40.0 * lengthscale)[:, 0] == pytest.approx(0.0, abs=1e-9)
    deviation = np.sqrt(own.variance(rows + 40.0 * lengthscale))
    assert deviation == pytest.approx(own.conditioned.process.amplitude)
    assert (np.sqrt(own.variance(rows)) < 0.3 * deviation).all()


def test_a_law_with_a_process_is_stored_whole_and_damage_is_named(law: Law, table: RunsTable, tmp_path: Path) -> None:
    path = tmp_path / "law.json"
    save_law(law, path)
    again = load_law(path)
    before = law.predict(table.n_params, table.n_tokens, table.proportions)
    after = again.predict(table.n_params, table.n_tokens, table.proportions)
    assert np.array_equal(before.losses, after.losses)
    assert np.array_equal(before.low, after.low)
    content = json.loads(path.read_text())
    for damage, field in (
        (lambda c: c["process"]["targets"]["l0"]["rows"].__setitem__(0, 10**6), "rows"),
        (lambda c: c["process"]["targets"]["l0"]["weights"].__setitem__(0, 0.0), "weights"),
        (lambda c: c["process"]["targets"]["l0"]["relevance"].pop(), "relevance"),
        (lambda c: c["process"]["shares"][0].pop(), "shares"),
        (lambda c: c["members"].append("astrology"), "members"),
    ):
        broken = json.loads(json.dumps(content))
        damage(broken)
        (tmp_path / "broken.json").write_text(json.dumps(broken))
        with pytest.raises(UserError, match=r"broken\.json") as caught:
            load_law(tmp_path / "broken.json")
        assert field in str(caught.value) or "astrology" in str(caught.value)


def test_renaming_and_reordering_languages_changes_nothing(law: Law, table: RunsTable, tmp_path: Path) -> None:
    names = {"l0": "zig", "l1": "ada", "l2": "nim"}
    content = table.table
    content = content.rename_columns(
        [
            ".".join([name.split(".")[0], names[name.split(".")[1]]]) if "." in name else name
            for name in content.column_names
        ]
    )
    content = content.select(content.column_names[::-1])
    write_runs(tmp_path / "renamed.parquet", content)
    other = fit_law(read_runs(tmp_path / "renamed.parquet"), bootstrap=0, workers=1)
    assert other.name == law.name
    shares = np.random.default_rng(3).dirichlet(np.ones(3), size=20)
    order = [other.domains.index(names[name]) for name in law.domains]
    turned = np.empty_like(shares)
    turned[:, order] = shares
    at = (np.full(20, 1e5), np.full(20, 3e5))
    first, second = law.predict(*at, shares).losses, other.predict(*at, turned).losses
    columns = [other.targets.index(names[name]) for name in law.targets]
    assert second[:, columns] == pytest.approx(first, rel=3e-3)  # hold-outs, in single precision, differ by processor


def law_inputs(data: Observations) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log N, log D and shares."""
    return data.log_params, data.log_tokens, data.shares


@pytest.fixture(scope="module")
def data(table: RunsTable) -> Observations:
    return observe(narrow(table))


def test_held_out_rows_do_not_reach_their_own_prediction(data: Observations) -> None:
    splits = make_splits(data, 0)
    fitted = [fit_form(find_form(name), data, splits, [], 1) for name in ("effective-data", "additive")]
    stack = stack_candidates(data, splits, fitted)
    assert stack is not None
    judged = with_process(stack, data, splits, np.zeros(3), 0, 1)
    assert judged is not None
    assert judged.process is not None
    split, values = splits[0], judged.held_out_values[0]
    spoilt = replace(data, log_losses=np.where(split.test[:, None], data.log_losses + 1.0, data.log_losses))
    clean, other = (
        [both[0] for both in _held_out_corrections(judged.process, judged.form, one, splits[:1], [values], 0)]
        for one in (data, spoilt)
    )
    assert np.array_equal(clean, other)
    assert np.abs(clean[0]).max() > 0.01
    members = judged.form.log_losses(values[0][None], data.domains, *(one[split.test] for one in law_inputs(data)))[0]
    assert judged.predicted[0][:, 0] == pytest.approx(members + clean[0][:, 0])
    assert judged.variances[0] == pytest.approx(clean[1])
    assert all((one == 0).all() for one in stack.variances)


def test_a_baseline_is_no_member_of_a_stack_however_well_it_does(data: Observations) -> None:
    splits = make_splits(data, 0)
    fitted = [fit_form(find_form(name), data, splits, [], 1) for name in ("effective-data", "additive", "linear")]
    flattered = replace(fitted[2], residuals=[0.1 * one for one in fitted[0].residuals], held_out=fitted[0].held_out)
    stack = stack_candidates(data, splits, [*fitted[:2], flattered])
    assert stack is not None
    assert set(stack.form.member_names) == {"effective-data", "additive"}  # type: ignore[attr-defined]
    assert stack_candidates(data, splits, [fitted[0], flattered]) is None


def corrections(process: GaussianProcess, own: TargetProcess, residuals: Array, points: Array) -> tuple[Array, Array]:
    """Mean and variance at ``points`` where ``own`` knows all its rows."""
    known = np.ones(len(own.rows), dtype=bool)
    return held_out_corrections(process, own, [KnownPart(residuals, known, points)])[0]


def test_a_row_in_twenty_that_is_far_off_hardly_moves_the_rest(data: Observations) -> None:
    form = find_form("effective-data")
    values = form.fit(data, np.ones((1, len(data))), 1)[0]
    residuals = data.log_losses - log_losses(form, values, data)
    odd = np.random.default_rng(0).permutation(len(data))[: len(data) // 20]
    spoilt = residuals.copy()
    spoilt[odd] += 0.3
    clean = fit_gaussian_process(data, data.targets, residuals, np.zeros(3), 0)
    robust = fit_gaussian_process(data, data.targets, spoilt, np.zeros(3), 0)
    others = np.setdiff1d(np.arange(len(data)), odd)
    for process, values_of in ((clean, residuals), (robust, spoilt)):
        own = process.targets["l0"]
        corrected, _ = corrections(process, own, values_of[:, 0], process.inputs[others])
        assert np.abs(corrected - residuals[others, 0]).mean() < 0.01
    assert np.array(robust.targets["l0"].weights)[odd].max() < 0.2


def test_a_large_table_is_thinned_with_every_trunk_kept(data: Observations) -> None:
    repeats = MOST_ROWS // len(data) + 2
    many = replace(
        data,
        **{
            name: np.concatenate([getattr(data, name)] * repeats)
            for name in ("log_params", "log_tokens", "shares", "log_losses", "trunk", "usable")
        },
    )
    rows = chosen_rows(many, 0)
    assert len(rows) == MOST_ROWS
    assert set(many.trunk[rows]) == set(many.trunk)


def test_weights_are_hubers_of_what_each_row_is_off_where_the_others_are_known() -> None:
    """Three rounds, each row left out one after the other by scikit-learn's process."""
    generator = np.random.default_rng(0)
    inputs, residuals = generator.uniform(0, 3, (15, 2)), 0.1 * generator.standard_normal(15)
    residuals[3] += 2.0
    process = Hyperparameters(np.array([0.7, 1.1]), 0.3, 0.05)
    weights = np.ones(15)
    for _ in range(3):
        left_out = []
        for k in range(15):
            others = np.arange(15) != k
            oracle = Oracle(process, inputs[others], residuals[others], process.noise**2 / weights[others])
            left_out.append(abs(residuals[k] - oracle.mean_and_covariance(inputs[[k]])[0][0]))
        weights = np.clip(1.345 * 1.4826 * np.median(left_out) / np.array(left_out), 1e-3, 1.0)
    assert weights.min() < 0.2
    own = _Residuals(inputs, residuals, np.arange(15), 0.0)
    assert _robust_weights(process, own) == pytest.approx(weights, rel=1e-3)  # single precision


def target(**changes: object) -> TargetProcess:
    fields: dict[str, object] = {
        "rows": [0, 2, 1],
        "residuals": [0.1, -0.2, 0.3],
        "weights": [1.0, 0.5, 0.25],
        "relevance": [1.0, 1.0, 0.5],
        "amplitude": 0.2,
        "noise": 0.1,
    }
    return TargetProcess.model_validate(fields | changes)


def process(**changes: object) -> GaussianProcess:
    fields: dict[str, object] = {
        "log_params": [1.0, 2.0, 3.0],
        "log_tokens": [4.0, 5.0, 6.0],
        "shares": [[1.0], [1.0], [1.0]],
        "targets": {"a": target()},
    }
    return GaussianProcess.model_validate(fields | changes)


def test_a_process_that_knows_fewer_rows_keeps_what_belongs_to_them() -> None:
    known = target().on(np.array([False, True, True]))
    assert (known.rows, known.residuals, known.weights) == ([2, 1], [-0.2, 0.3], [0.5, 0.25])
    assert (known.relevance, known.amplitude, known.noise) == ([1.0, 1.0, 0.5], 0.2, 0.1)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rows": [0, 1]}, "rows, residuals and weights differ in length"),
        ({"weights": [1.0, 0.5]}, "rows, residuals and weights differ in length"),
        ({"weights": [1.0, 0.5, 0.0]}, "weights lie above 0 and are at most 1"),
        ({"weights": [1.01, 0.5, 0.5]}, "weights lie above 0 and are at most 1"),
    ],
)
def test_a_damaged_target_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=f"Value error, {said} "):
        target(**changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"log_tokens": [4.0, 5.0]}, "log_params, log_tokens and shares differ in length or are more than 1500"),
        ({"shares": [[1.0], [1.0]]}, "log_params, log_tokens and shares differ in length or are more than 1500"),
        ({"shares": [[1.0], [0.5, 0.5], [1.0]]}, "shares: rows are missing or differ in length"),
        ({"targets": {"a": target(rows=[0, 3, 1])}}, "targets.a.rows: names rows that do not exist"),
        ({"targets": {"a": target(rows=[0, -1, 1])}}, "targets.a.rows: names rows that do not exist"),
        ({"targets": {"a": target(relevance=[1.0])}}, "targets.a.relevance: has another length than the inputs"),
    ],
)
def test_a_damaged_process_is_refused(changes: dict[str, object], said: str) -> None:
    assert process().inputs.tolist() == [[1.0, 4.0, 1.0], [2.0, 5.0, 1.0], [3.0, 6.0, 1.0]]
    with pytest.raises(ValueError, match=f"Value error, {said} "):
        process(**changes)


def test_as_many_rows_as_may_be_are_all_taken_and_few_or_flat_residuals_have_no_process(data: Observations) -> None:
    usable = replace(data, usable=np.arange(len(data)) % 3 != 0)
    assert chosen_rows(usable, 0).tolist() == [k for k in range(len(data)) if k % 3]
    residuals = 0.01 * np.random.default_rng(0).standard_normal((len(data), 3))
    residuals[19:, 0] = np.nan
    residuals[20:, 1] = np.nan
    residuals[:, 2] = 0.5
    found = fit_gaussian_process(data, ("l0", "l1", "l2"), residuals, np.zeros(3), 0)
    assert list(found.targets) == ["l1"]
    own = found.targets["l1"]
    assert own.rows == list(range(20))
    assert own.residuals == residuals[:20, 1].tolist()
    assert len(own.weights) == 20


def test_whatever_the_workers_the_law_is_the_same_to_the_last_bit(
    table: RunsTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In many small chunks of fits, and with hyperparameters of drawn rows, so that workers have what to share out."""
    monkeypatch.setattr("codescale.laws.forms.solver._CHUNK", 20_000)
    monkeypatch.setattr("codescale.laws.gp.gaussian_process._ROWS_FOR_HYPERPARAMETERS", 100)
    first, second = (fit_law(table, bootstrap=4, workers=workers) for workers in (1, 2))
    assert first.process is not None
    assert first.model_dump() == second.model_dump()


def test_a_process_that_is_told_of_luck_does_not_follow_lucky_trunks(data: Observations) -> None:
    """Residuals that are all luck, shared by the rows of a trunk: told, the process takes little of it for the
    mixture's, and what it does not know of a trunk is about the luck.
    """
    luck, data = 0.01, replace(data, trunk=data.mixture_index)
    generator = np.random.default_rng(0)
    residuals = luck * generator.standard_normal((int(data.trunk.max()) + 1, 1))[data.trunk]
    residuals = residuals + 0.0005 * generator.standard_normal(residuals.shape)
    followed, unknown, amplitudes = [], [], []
    for told in (0.0, luck):
        found = fit_gaussian_process(data, ("l0",), residuals, np.array([told]), 0)
        own = found.targets["l0"]
        assert own.luck == told
        amplitudes.append(own.amplitude)
        correction, variance = corrections(found, own, np.array(own.residuals), found.inputs)
        followed.append(float(correction.std()))
        unknown.append(float(np.sqrt(variance.mean())))
    assert followed[0] > 0.7 * luck
    assert followed[1] < 0.5 * luck
    assert unknown[1] > 1.5 * unknown[0]
    assert amplitudes[1] < 0.6 * amplitudes[0], amplitudes

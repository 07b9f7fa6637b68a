"""Fitting: parameters come back, names and order do not matter, what cannot be fitted is refused or named."""

from __future__ import annotations

import itertools
import json
import warnings
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from codescale.errors import UserError
from codescale.laws.fitting.fit import fit_law
from codescale.laws.fitting.holdout import make_splits
from codescale.laws.intervals import NORMAL_90
from codescale.laws.law import Law, load_law, save_law
from codescale.laws.observations import narrow, observe, thin
from codescale.laws.synergy.measured import measure_synergy
from codescale.laws.warning import LawWarning, RepetitionWarning
from codescale.runs.table import RunsTable, write_runs
from codescale.runs.table_reader import read_runs
from codescale.runs.units import LossUnit
from tests.laws.synthetic_runs import SIZES, TOKENS, TableMaker, make_truth, study_table

pytestmark = pytest.mark.filterwarnings("ignore::codescale.laws.warning.LawWarning")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> RunsTable:
    return study_table(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def law(table: RunsTable) -> Law:
    return fit_law(table, bootstrap=30)


def changed(table: RunsTable, folder: Path, **columns: object) -> RunsTable:
    """The table with ``columns`` set, read again; ``__`` stands for a dot in a name."""
    content = table.table
    for key, values in columns.items():
        name = key.replace("__", ".")
        if name in content.column_names:
            content = content.drop_columns([name])
        content = content.append_column(name, pa.array(values))
    write_runs(folder / "changed.parquet", content)
    return read_runs(folder / "changed.parquet")


def test_auto_takes_the_law_that_made_the_data_and_reaches_its_noise(law: Law) -> None:
    assert law.name == "effective-data"
    assert law.held_out["effective-data"].error < 0.004
    for baseline in ("mean", "linear"):
        assert law.held_out["effective-data"].error < 0.5 * law.held_out[baseline].error


def test_predictions_recover_the_truth_within_the_noise(law: Law) -> None:
    truth = make_truth(3)
    generator = np.random.default_rng(5)
    shares = generator.dirichlet(np.ones(3), size=40)
    n_params, n_tokens = generator.uniform(SIZES[0], SIZES[-1], 40), generator.uniform(TOKENS[0], TOKENS[-1], 40)
    expected = np.array([truth.losses(n, d, p) for n, d, p in zip(n_params, n_tokens, shares, strict=True)])
    prediction = law.predict(n_params, n_tokens, shares)
    assert np.abs(prediction.losses / expected - 1).mean() < 0.003
    inside = (expected >= prediction.low) & (expected <= prediction.high)
    assert inside.mean() > 0.85
    assert not prediction.extrapolated.any()


def test_transfer_is_recovered_without_noise(tmp_path: Path) -> None:
    maker = TableMaker(make_truth(3), ["a", "b", "c"], noise=0.0)
    maker.grid()
    maker.mixtures(15, sizes=SIZES, tokens=TOKENS)
    fitted = fit_law(maker.table(tmp_path), "effective-data", bootstrap=0)
    for k, target in enumerate("abc"):
        found = [fitted.parameters[target][f"t.{name}"] for name in "abc"]
        np.testing.assert_allclose(found, maker.truth.transfer[k], rtol=0.12)
        assert fitted.parameters[target][f"t.{target}"] == 1.0


def test_renaming_and_reordering_languages_changes_no_prediction(table: RunsTable, law: Law, tmp_path: Path) -> None:
    renamed = {"l0": "zeta", "l1": "alpha", "l2": "mu"}
    columns: dict[str, pa.ChunkedArray] = {}
    for name in reversed(table.table.column_names):
        prefix, _, language = name.rpartition(".")
        columns[f"{prefix}.{renamed[language]}" if language in renamed else name] = table.table[name]
    write_runs(tmp_path / "renamed.parquet", pa.table(columns))
    other = fit_law(read_runs(tmp_path / "renamed.parquet"), bootstrap=30)
    n, d, shares = np.array([1e5, 3e5]), np.array([2e5, 4e5]), np.array([[0.2, 0.3, 0.5], [0.6, 0.4, 0.0]])
    ours = law.predict(n, d, shares)
    order = [other.domains.index(renamed[name]) for name in law.domains]
    reordered = np.zeros_like(shares)
    reordered[:, order] = shares
    theirs = other.predict(n, d, reordered)
    targets = [other.targets.index(renamed[name]) for name in law.targets]
    np.testing.assert_allclose(theirs.losses[:, targets], ours.losses, rtol=1e-4)


@pytest.mark.parametrize("name", ["effective-data", "joint"])
def test_the_same_seed_gives_the_same_law_whatever_the_workers(
    table: RunsTable, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codescale.laws.forms.solver._CHUNK", 5_000)  # many chunks to share out
    first = fit_law(table, name, seed=3, bootstrap=10, workers=1)
    second = fit_law(table, name, seed=3, bootstrap=10, workers=2)
    assert first == second


def test_intervals_widen_outside_the_fitted_range(law: Law) -> None:
    n = np.array([SIZES[-1], 4 * SIZES[-1], 40 * SIZES[-1]])
    prediction = law.predict(n, np.full(3, TOKENS[-1]), np.full((3, 3), 1 / 3))
    width = (prediction.high / prediction.low)[:, 0]
    assert list(prediction.extrapolated) == [False, True, True]
    assert width[0] < width[1] < width[2]


def test_the_noise_part_of_an_interval_widens_by_the_laws_widening(law: Law) -> None:
    """Apart from the bootstrap's spread, which grows outside the range by itself: what `widening` adds, by hand."""
    assert law.widening > 0
    n = np.array([SIZES[-1], 4 * SIZES[-1], 40 * SIZES[-1]])
    at = n, np.full(3, TOKENS[-1]), np.full((3, 3), 1 / 3)

    def half_widths(**changes: object) -> np.ndarray:
        prediction = Law.model_validate(law.model_dump() | changes).predict(*at)
        return np.log(prediction.high / prediction.low)[:, 0] / (2 * NORMAL_90)

    noise = law.noise[law.targets[0]]
    spread = half_widths(noise=dict.fromkeys(law.targets, 0.0))
    distance = 2.0 * np.log([1.0, 4.0, 40.0]) / np.log(SIZES[-1] / SIZES[0])
    for factor in (0.0, 1.0, 2.5):
        found = np.sqrt(half_widths(widening=factor) ** 2 - spread**2)
        np.testing.assert_allclose(found, noise * (1.0 + factor * distance), rtol=1e-6)


def test_the_noise_grows_with_the_distance_from_the_fitted_range(law: Law) -> None:
    bare = Law.model_validate(law.model_dump() | {"bootstrap": {}})
    low, high = law.fitted_range.n_tokens
    prediction = bare.predict(np.full(2, SIZES[-1]), np.array([high, high * high / low]), np.full((2, 3), 1 / 3))
    widths = np.log(prediction.high / prediction.low)
    np.testing.assert_allclose(widths[1], (1 + law.widening) * widths[0])
    least, most = law.fitted_range.n_params
    larger = bare.predict(np.array([most * most / least]), np.array([high]), np.full((1, 3), 1 / 3))
    np.testing.assert_allclose(np.log(larger.high / larger.low)[0], (1 + 2 * law.widening) * widths[0])


def test_a_law_survives_its_file(law: Law, tmp_path: Path) -> None:
    save_law(law, tmp_path / "law.json")
    assert load_law(tmp_path / "law.json") == law


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("{", "is not JSON"),
        ("[1]", "is not a law file"),
        ('{"parameters": {}}', "name: is missing"),
    ],
)
def test_a_broken_law_file_is_refused(tmp_path: Path, content: str, expected: str) -> None:
    (tmp_path / "law.json").write_text(content)
    with pytest.raises(UserError, match=expected):
        load_law(tmp_path / "law.json")


def test_a_law_file_of_an_unknown_law_is_refused(law: Law, tmp_path: Path) -> None:
    save_law(law, tmp_path / "law.json")
    text = (tmp_path / "law.json").read_text().replace('"effective-data",', '"phlogiston",', 1)
    (tmp_path / "law.json").write_text(text)
    with pytest.raises(UserError, match=r"law\.json, name: 'phlogiston' is not a law"):
        load_law(tmp_path / "law.json")


def test_an_unknown_law_lists_the_known_ones(table: RunsTable) -> None:
    with pytest.raises(UserError, match=r"'newton' is not a law.*effective-data.*chinchilla"):
        fit_law(table, "newton")


def test_mixed_corpora_are_refused_unless_one_is_named(table: RunsTable, tmp_path: Path) -> None:
    names = ["c" if k % 10 else "d" for k in range(len(table))]
    mixed = changed(table, tmp_path, corpus_id=names)
    with pytest.raises(UserError, match="corpus_id: mixes 'c', 'd'"):
        fit_law(mixed, "mean")
    alone = mixed.select(mixed.corpus_id == "c")
    assert fit_law(mixed, "mean", corpus_id="c", bootstrap=0) == fit_law(alone, "mean", bootstrap=0)
    with pytest.raises(UserError, match="no fittable row has 'e'"):
        fit_law(mixed, "mean", corpus_id="e")


def test_mixed_organisations_and_hyperparameters_are_refused(table: RunsTable, tmp_path: Path) -> None:
    halves = ["paired" if k % 2 else "shuffled" for k in range(len(table))]
    with pytest.raises(UserError, match="organisation: mixes"):
        fit_law(changed(table, tmp_path, organisation=halves), "mean")
    rates = changed(table, tmp_path, hyper__lr=[1.0 if k % 2 else None for k in range(len(table))])
    with pytest.raises(UserError, match=r"hyper\.lr: mixes 1, empty"):
        fit_law(rates, "mean")
    with pytest.raises(UserError, match=r"hyper\.speed: there is no such column"):
        fit_law(rates, "mean", hyper={"speed": 1.0})
    assert fit_law(rates, "mean", hyper={"lr": 1.0}, bootstrap=0).fitted_rows == len(table) // 2


def test_fewer_rows_than_parameters_are_refused(table: RunsTable) -> None:
    with pytest.raises(UserError, match="has 5 usable rows for l0, and effective-data has 7 parameters"):
        fit_law(table.select(np.arange(5)), "effective-data")


def test_unfinished_runs_are_left_out(table: RunsTable, tmp_path: Path) -> None:
    status = ["pruned" if k < 3 else "ok" for k in range(len(table))]
    whole, part = (fit_law(one, "mean", bootstrap=0) for one in (table, changed(table, tmp_path, status=status)))
    assert part.fitted_rows == whole.fitted_rows - 3
    with pytest.raises(UserError, match="has no row that is ok and annealed"):
        fit_law(changed(table, tmp_path, annealed=[False] * len(table)))


def test_repeated_tokens_are_left_out_where_fresh_ones_reach_as_far(table: RunsTable) -> None:
    with pytest.warns(LawWarning, match="left out 3 rows on repeated tokens"):
        fitted = fit_law(table, "mean", bootstrap=0)
    assert fitted.fitted_rows == len(table) - 3


def test_one_size_leaves_alpha_unidentified_and_says_so(tmp_path: Path) -> None:
    maker = TableMaker(make_truth(3), ["a", "b", "c"], noise=0.001)
    maker.mixtures(30, tokens=TOKENS)
    with pytest.warns(LawWarning, match=r"cannot identify (\S*/)?A, (\S*/)?alpha: all rows have one N"):
        fitted = fit_law(maker.table(tmp_path), bootstrap=5)
    assert {"A", "alpha"} <= {name.rpartition("/")[2] for name in fitted.unidentified}
    prediction = fitted.predict(np.array([SIZES[-1], 1e6]), np.full(2, 2e5), np.full((2, 3), 1 / 3))
    assert np.isfinite(prediction.high[0]).all()
    assert np.isnan(prediction.high[1]).all()


def test_one_mixture_is_fitted_without_its_shares(tmp_path: Path) -> None:
    maker = TableMaker(make_truth(3), ["a", "b", "c"], noise=0.001)
    for n_params in SIZES:
        for n_tokens in TOKENS:
            maker.add(f"run-{n_params:.0f}", n_params, n_tokens, np.full(3, 1 / 3))
    assert fit_law(maker.table(tmp_path), bootstrap=0).form.ignores_shares


def test_domains_that_never_vary_alone_are_named(tmp_path: Path) -> None:
    maker = TableMaker(make_truth(4), ["a", "b", "c", "d"], noise=0.001)
    for k, share in enumerate(np.linspace(0.1, 0.9, 12)):
        shares = np.array([share, (1 - share) / 2, (1 - share) / 2, 0.0])
        for n_tokens in TOKENS:
            maker.add(f"run{k}", SIZES[0], n_tokens, shares)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LawWarning)
        fitted = fit_law(maker.table(tmp_path), "effective-data", bootstrap=0)
    assert "no row trains on it" in fitted.unidentified["t.d"]
    assert {"t.b", "t.c"} <= set(fitted.unidentified)
    assert "t.a" not in fitted.unidentified


def test_the_papers_law_recovers_gamma(tmp_path: Path) -> None:
    table = study_table(tmp_path, noise=0.001)
    fitted = fit_law(table, "proportional", bootstrap=20)
    assert fitted.targets == ("mixture",)
    gamma = fitted.parameters["mixture"]["gamma"]
    values = fitted.bootstrap["mixture"]["gamma"]
    assert min(values) <= gamma <= max(values)
    alone = fitted.predict(np.array([SIZES[1]]), np.array([TOKENS[1]]), np.eye(3)[:1])
    expected = make_truth(3).losses(SIZES[1], TOKENS[1], np.eye(3)[0])[0]
    assert alone.losses[0, 0] == pytest.approx(expected, rel=0.01)


def test_the_papers_tau_is_the_synergy_gain(tmp_path: Path) -> None:
    table = study_table(tmp_path, noise=0.0)
    fitted = fit_law(table, "proportional", bootstrap=0)
    gain = measure_synergy(table, table.domains).gain
    for i in table.domains:
        for j in table.domains:
            if i != j:
                found = fitted.parameters["mixture"][f"tau.{i}.{j}"]
                assert found == pytest.approx(gain[i][j].value, abs=1e-9)


def test_hold_outs_take_mixtures_whole_and_keep_them_from_training(tmp_path: Path) -> None:
    maker = TableMaker(make_truth(3), ["a", "b", "c"], noise=0.001)
    maker.grid()
    maker.mixtures(12, sizes=SIZES)
    data = observe(narrow(maker.table(tmp_path)))
    splits = make_splits(data, seed=0)
    assert {split.kind for split in splits} == {"mixtures", "longest", "largest", "both"}
    both = next(split for split in splits if split.kind == "both")
    for log_values in (data.log_params, data.log_tokens):
        assert log_values[both.train].max() < log_values[both.test].min()
    for split in splits:
        assert not (split.train & split.test).any()
        assert split.test.any()
        if split.kind == "mixtures":
            assert not set(data.mixture_index[split.test]) & set(data.mixture_index[split.train])
    assert sum(split.test for split in splits if split.kind == "mixtures").max() == 1


def test_the_papers_law_needs_pair_runs(tmp_path: Path) -> None:
    maker = TableMaker(make_truth(3), ["a", "b", "c"], noise=0.001)
    maker.grid()
    maker.mixtures(8)
    with pytest.raises(UserError, match="takes its tau from pair runs"):
        fit_law(maker.table(tmp_path), "proportional")


@pytest.mark.parametrize("name", ["additive", "joint", "family"])
def test_a_law_is_recovered_from_data_that_it_made(name: str, tmp_path: Path) -> None:
    """Predictions on unseen mixtures, N and D inside the range are those of the law that made the losses."""
    maker = TableMaker(make_truth(3), ["a", "b", "c"], noise=0.0)
    maker.grid()
    maker.mixtures(25, sizes=SIZES, tokens=TOKENS)
    table = maker.table(tmp_path)
    first = fit_law(table, name, bootstrap=0)
    made = first.predict(table.n_params, table.n_tokens, table.proportions).losses
    noisy = made * np.exp(0.002 * np.random.default_rng(1).standard_normal(made.shape))
    columns = {f"loss__{target}": noisy[:, k] for k, target in enumerate(first.targets)}
    again = fit_law(changed(table, tmp_path, **columns), name, bootstrap=0)
    generator = np.random.default_rng(2)
    shares = generator.dirichlet(np.ones(3), size=40)
    where = generator.uniform(SIZES[0], SIZES[-1], 40), generator.uniform(TOKENS[0], TOKENS[-1], 40), shares
    expected, found = first.predict(*where).losses, again.predict(*where).losses
    assert np.abs(found / expected - 1).mean() < 0.002
    assert again.held_out[name].error < 0.004


def test_auto_leaves_out_forms_that_do_not_suit_the_table(tmp_path: Path) -> None:
    maker = TableMaker(make_truth(3), ["a", "b", "c"], noise=0.001)
    maker.mixtures(40, tokens=TOKENS[:1])
    one_point = maker.table(tmp_path)
    assert "joint" not in fit_law(one_point, bootstrap=0).held_out
    content = one_point.table.rename_columns(
        ["loss.benchmark" if name == "loss.a" else name for name in one_point.table.column_names]
    )
    write_runs(tmp_path / "benchmark.parquet", content)
    held_out = fit_law(read_runs(tmp_path / "benchmark.parquet"), bootstrap=0).held_out
    assert "family" not in held_out
    assert "additive" in held_out


def test_auto_tries_what_its_page_says(law: Law, tmp_path: Path) -> None:
    """docs/law-auto.md: laws that ignore the mixture on tables of one alone."""
    composed, baselines = {"stack", "gaussian-process"}, {"mean", "linear"}
    assert set(law.held_out) - composed - baselines == {"effective-data", "additive", "joint", "exponential", "family"}
    maker = TableMaker(make_truth(1), ["a"], 0.003)
    for size, tokens in itertools.product(SIZES, np.geomspace(1e5, 1e6, 6)):
        maker.add(f"run{size:.0f}-{tokens:.0f}", size, float(tokens), np.ones(1))
    one = fit_law(maker.table(tmp_path), bootstrap=0)
    assert set(one.held_out) - composed - baselines == {"chinchilla", "coupled"}


def test_a_huge_table_is_thinned_to_whole_runs_ends_and_other_rows(
    table: RunsTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codescale.laws.observations.MOST_ROWS", 30)
    with pytest.warns(LawWarning, match=r"fitted to 30 of \d+ rows"):
        chosen = thin(table, 0)
    assert len(chosen) == 30
    assert len(np.unique(chosen.n_tokens)) > 1
    longest = {trunk: table.n_tokens[table.trunk == trunk].max() for trunk in set(table.trunk)}
    ends = sum(d == longest[trunk] for trunk, d in zip(chosen.trunk, chosen.n_tokens, strict=True))
    assert 15 <= ends < 30


def test_losses_that_are_not_there_and_copied_rows_are_said(table: RunsTable, tmp_path: Path) -> None:
    gap = [float("nan") if k in (2, 5) else value for k, value in enumerate(table.losses[:, 1])]
    with pytest.warns(LawWarning, match=rf"2 of {3 * len(table)} losses are empty or NaN and left out \(of l1\)"):
        fit_law(changed(table, tmp_path, loss__l1=gap), "mean", bootstrap=0)
    copied = pa.concat_tables([table.table, table.table.slice(0, 4)])
    names = [*table.run_id, *(f"copy-{k}" for k in range(4))]
    copied = copied.drop_columns(["run_id"]).append_column("run_id", pa.array(names))
    write_runs(tmp_path / "copied.parquet", copied)
    with pytest.warns(LawWarning, match="4 rows have the N, D, shares and losses of another row"):
        fit_law(read_runs(tmp_path / "copied.parquet"), "mean", bootstrap=0)
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always", LawWarning)
        fit_law(table, "mean", bootstrap=0)
    assert not [one for one in given if "empty or NaN" in str(one.message) or "another row" in str(one.message)]


@pytest.mark.parametrize("name", ["effective-data", "additive", "joint", "exponential", "family", "chinchilla"])
def test_two_sizes_cannot_tell_the_exponent_of_n(name: str, tmp_path: Path) -> None:
    maker = TableMaker(make_truth(3), ["a", "b", "c"], noise=0.001)
    maker.mixtures(14, sizes=SIZES[:2], tokens=TOKENS)
    fitted = fit_law(maker.table(tmp_path), name, bootstrap=0)
    assert "the rows have two N" in fitted.unidentified["alpha"]
    assert "A" in fitted.unidentified
    assert "beta" not in fitted.unidentified


def test_fewer_mixtures_than_parameters_are_said(tmp_path: Path) -> None:
    few, enough = (TableMaker(make_truth(3), ["a", "b", "c"], noise=0.001) for _ in range(2))
    few.mixtures(5, sizes=SIZES, tokens=TOKENS)
    enough.mixtures(6, sizes=SIZES, tokens=TOKENS)
    named = fit_law(few.table(tmp_path, "few.csv"), "additive", bootstrap=0).unidentified
    assert {"gamma.a", "gamma.b", "gamma.c"} <= set(named)
    assert "fewer mixtures" in named["gamma.a"]
    assert fit_law(enough.table(tmp_path, "enough.csv"), "additive", bootstrap=0).unidentified == {}


def test_a_law_says_what_it_ignores(table: RunsTable) -> None:
    with pytest.warns(LawWarning, match="mean: ignores the mixture, N, D:"):
        fit_law(table, "mean", bootstrap=0)
    with pytest.warns(LawWarning, match="chinchilla: ignores the mixture:"):
        fit_law(table, "chinchilla", bootstrap=0)


def test_the_bootstrap_draws_runs_and_not_rows(tmp_path: Path) -> None:
    """The rows of a run err together: drawn one by one they would look like four times as many runs."""
    maker = TableMaker(make_truth(1), ["a"], noise=0.0)
    generator = np.random.default_rng(4)
    for run in range(30):
        offset = float(np.exp(0.1 * generator.standard_normal()))
        for n_tokens in (1e5, 2e5, 4e5, 8e5):
            maker.add(f"run{run}", SIZES[0], n_tokens, np.ones(1))
            maker.rows[-1]["loss.a"] = 3.0 * offset
    table = maker.table(tmp_path)
    apart = changed(table, tmp_path, parent_run_id=[None] * len(table))
    runs, rows = (np.std(fit_law(one, "mean", bootstrap=200).bootstrap["a"]["log_loss"]) for one in (table, apart))
    assert 1.5 < runs / rows < 2.6
    assert runs == pytest.approx(0.1 / np.sqrt(30), rel=0.35)


def test_a_law_in_bits_per_byte_is_the_law_in_nats_scaled_and_says_its_unit(
    table: RunsTable, law: Law, tmp_path: Path
) -> None:
    sizes = dict.fromkeys(table.targets, 3.7)
    found = fit_law(table.in_unit(LossUnit.BITS_PER_BYTE, sizes), bootstrap=30)
    assert (found.name, found.loss_unit) == (law.name, LossUnit.BITS_PER_BYTE)
    at = (np.array([3e6, 1e7]), np.array([2e8, 1e9]), np.full((2, 3), 1 / 3))
    ours, theirs = found.predict(*at), law.predict(*at)
    assert ours.losses == pytest.approx(theirs.losses / 3.7 / np.log(2), rel=1e-3)
    assert ours.high / ours.low == pytest.approx(theirs.high / theirs.low, rel=0.02)
    save_law(found, tmp_path / "law.json")
    assert load_law(tmp_path / "law.json").loss_unit is LossUnit.BITS_PER_BYTE


def test_perplexities_are_fitted_by_their_logarithms_with_a_line(table: RunsTable, law: Law) -> None:
    with pytest.warns(LawWarning, match="losses are perplexity: their natural logarithms, nats per token, are taken"):
        found = fit_law(table.in_unit(LossUnit.PERPLEXITY), law.name, bootstrap=0)
    assert found.loss_unit is LossUnit.NATS_PER_TOKEN
    assert found.values == pytest.approx(law.values, rel=1e-6)


def test_a_law_file_without_a_unit_is_of_nats_per_token(law: Law, tmp_path: Path) -> None:
    content = law.model_dump(mode="json")
    assert content.pop("loss_unit") == "nats per token"
    (tmp_path / "law.json").write_text(json.dumps(content))
    assert load_law(tmp_path / "law.json").loss_unit is LossUnit.NATS_PER_TOKEN
    (tmp_path / "law.json").write_text(json.dumps(content | {"loss_unit": "perplexity"}))
    with pytest.raises(UserError, match="laws are of nats per token, not of perplexity"):
        load_law(tmp_path / "law.json")


def test_rows_that_are_left_out_do_not_move_the_law(table: RunsTable) -> None:
    usable = observe(narrow(table)).usable
    whole, part = (fit_law(one, "effective-data", bootstrap=0) for one in (table, table.select(usable)))
    where = np.full(3, SIZES[1]), np.full(3, TOKENS[1]), np.eye(3)
    np.testing.assert_allclose(whole.predict(*where).losses, part.predict(*where).losses, rtol=2e-4)


def repeating(folder: Path) -> RunsTable:
    """Six lengths of one language, the longest three over tokens that are seen again."""
    maker = TableMaker(make_truth(1), ["a"], 0.001)
    for k in range(6):
        maker.add(f"r{k}", SIZES[0], 1e5 * 2**k, np.ones(1), unique=4e5)
    return maker.table(folder)


def test_repeated_tokens_that_count_as_fresh_are_said_once(tmp_path: Path) -> None:
    table = repeating(tmp_path)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        fit_law(table, "chinchilla", bootstrap=0)
        fit_law(table, "chinchilla", bootstrap=0, repetition=True)
    (line,) = [one for one in said if issubclass(one.category, RepetitionWarning)]
    assert "3 of 6 rows see tokens again, up to 8.0 epochs" in str(line.message)
    assert line.filename.endswith("fit.py")


@pytest.mark.parametrize("trunks", [1, 3])
def test_a_law_knows_how_many_trunks_it_rests_on_and_of_one_tells_no_interval(trunks: int, tmp_path: Path) -> None:
    maker = TableMaker(make_truth(1), ["a"], 0.003)
    for size in SIZES[:trunks]:
        for tokens in np.geomspace(1e5, 1e6, 6):
            maker.add(f"run{size:.0f}", size, float(tokens), np.ones(1))
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        law = fit_law(maker.table(tmp_path), "chinchilla", bootstrap=8)
    said = [str(one.message) for one in heard if "branches of one trunk" in str(one.message)]
    assert law.trunks == trunks
    assert (len(law.samples) == 0) == (trunks == 1)
    assert len(said) == (trunks == 1)
    told = law.predict(np.array([SIZES[0]]), np.array([3e5]), np.ones((1, 1)))
    assert np.isnan(told.low).all() == np.isnan(told.high).all() == (trunks == 1)


@pytest.mark.parametrize("sizes", [SIZES[:1], SIZES[:2]])
def test_auto_fits_runs_of_one_or_two_sizes_on_one_corpus(sizes: tuple[float, ...], tmp_path: Path) -> None:
    maker = TableMaker(make_truth(1), ["a"], 0.001)
    for n_params, n_tokens in itertools.product(sizes, np.geomspace(1e5, 1e7, 6)):
        maker.add(f"r-{n_params:.0f}-{n_tokens:.0f}", n_params, n_tokens, np.ones(1))
    assert fit_law(maker.table(tmp_path), bootstrap=0, workers=1).name == "chinchilla"

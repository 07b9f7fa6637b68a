"""The next runs of a table: those that a search would have tried, each of them under way for the next."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from codescale.errors import UserError
from codescale.laws.fitting.fit import fit_law
from codescale.mixtures.bounds import AvailableTokens
from codescale.runs.records import RunRecord, read_records
from codescale.runs.table import RunsTable, records_table, write_runs
from codescale.runs.table_reader import read_runs
from codescale.search.bayesopt.sampler import LawSampler
from codescale.search.bayesopt.settings import DEFAULT_SETTINGS
from codescale.search.law_optimum import law_optimum
from codescale.search.space.space import SearchPoint, SearchSpace
from codescale.search.tables.suggest import suggest
from codescale.search.tables.suggestions import Suggestions
from codescale.search.warm_start import WarmStart
from tests.search.synthetic_trials import LANGUAGES, TOKENS, problem, study, swept_record
from tests.search.tune.by_hand import Hand, swept

ALIKE = dict.fromkeys(LANGUAGES, 1.0)


def written(folder: Path, records: list[RunRecord], name: str = "runs.parquet") -> RunsTable:
    """The runs table of ``records``; what diverged before it was evaluated has a row without losses."""
    table = records_table([record for record in records if record.evaluations])
    rows = [
        {f"proportion.{name}": share for name, share in record.spec.proportions.items()}
        | {"run_id": record.spec.run_id, "n_params": record.spec.n_params, "n_tokens": 1, "status": record.status}
        | {"corpus_id": record.corpus_id, "stage": record.spec.stage, "organisation": record.spec.organisation}
        for record in records
        if not record.evaluations
    ]
    if rows:
        table = pa.concat_tables([table, pa.Table.from_pylist(rows)], promote_options="permissive")
    write_runs(folder / name, table)
    return read_runs(folder / name)


def next_of_search(hand: Hand, count: int) -> list[SearchPoint]:
    """What the search would try next, ``count`` trials at once."""
    asked = [hand.ask() for _ in range(count)]
    return [hand.search.space.point_of(hand.live[one]) for one in asked if one is not None]


def assert_same(found: Suggestions, wanted: list[SearchPoint]) -> None:
    assert len(found.runs) == len(wanted)
    for one, point in zip(found.runs, wanted, strict=True):
        assert [one.point.mixture.get(name, 0.0) for name in LANGUAGES] == pytest.approx(
            [point.mixture.get(name, 0.0) for name in LANGUAGES], abs=1e-6
        )
        assert one.point.hyper == pytest.approx(point.hyper)


@pytest.mark.parametrize(
    ("trials", "with_sweep"), [(0, True), (1, True), (5, True), (13, True), (4, False), (12, False)]
)
def test_the_suggestions_are_what_the_search_would_have_tried(tmp_path: Path, trials: int, with_sweep: bool) -> None:
    """From the table that the search itself would write: finished, stopped and diverged trials, and the sweep."""
    warm = WarmStart(evaluated=swept() if with_sweep else [])
    config = study(trials=40, concurrency=8)
    hand = Hand(tmp_path, config, warm)
    hand.go(trials)
    records = [*warm.evaluated, *read_records(hand.folder.runs)]
    found = suggest(written(tmp_path, records), "all_languages", 8, weights=ALIKE, seed=config.seed)
    assert_same(found, next_of_search(hand, 8))


def test_hyperparameters_and_pruned_trials_too(tmp_path: Path) -> None:
    space = tmp_path / "space.yaml"
    space.write_text(
        "languages: {python: [0.1, 1], java: free, rust: {tied_to: java, ratio: 0.5}}\n"
        "hyperparameters:\n  learning_rate_factor: {low: 0.25, high: 4, scale: log}\n"
        "  organisation: [shuffled, paired]\n"
    )
    config = study(trials=60, concurrency=4)
    hand = Hand(tmp_path / "study", config, WarmStart(), space=str(space))
    hand.go(20)
    records = read_records(hand.folder.runs)
    assert {"ok", "pruned"} <= {record.status for record in records}
    found = suggest(written(tmp_path, records), space, 4, weights=ALIKE, seed=config.seed)
    assert_same(found, next_of_search(hand, 4))
    assert found.counts["pruned"] > 0


def test_runs_at_other_scales_and_a_law_teach_as_they_do_in_the_search(tmp_path: Path) -> None:
    config = study(trials=40, concurrency=8)
    sweep = [*small_runs(), *swept()[:4]]
    table = written(tmp_path, sweep)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of two sizes, which tell no exponent
        law = fit_law(table, "effective-data", bootstrap=8)
    asked = problem(config)
    optimum = law_optimum(law, asked, AvailableTokens(tokens={}))
    warm = WarmStart(law_optimum=optimum, evaluated=swept()[:4], law=law, runs=table)
    hand = Hand(tmp_path / "study", config, warm)
    words = {"weights": ALIKE, "seed": config.seed, "n_params": 2608, "n_tokens": TOKENS, "law": law}
    for trials in (0, 3):
        hand.go(trials)
        records = [*sweep, *read_records(hand.folder.runs)]
        after = written(tmp_path, records, f"after-{trials}.parquet")
        found = suggest(after, "all_languages", 3, **words)  # type: ignore[arg-type]
        assert found.counts["earlier"] == 10
        if not trials:
            assert [one.source for one in found.runs] == ["law", "sampler", "sampler"]
        probe = Hand(
            tmp_path / "study", config, warm
        )  # what is asked for stays under way: a search of its own each time
        assert_same(found, next_of_search(probe, 3))


def small_runs() -> list[RunRecord]:
    """Ten runs of a smaller model."""
    return [
        record.model_copy(update={"spec": record.spec.model_copy(update={"n_params": 500, "run_id": f"small-{k}"})})
        for k, record in enumerate(swept())
    ]


def test_what_is_under_way_counts_whether_it_says_so_or_has_no_loss(tmp_path: Path) -> None:
    """Eight at once, or four, written into the table, and four more."""
    table = written(tmp_path, swept())
    at_once = suggest(table, "all_languages", 8)
    first = suggest(table, "all_languages", 4)
    for status in (None, "running"):
        planned = first.table
        if status:
            planned = planned.append_column("status", pa.array([status] * 4))
        write_runs(tmp_path / "more.csv", pa.concat_tables([table.table, planned], promote_options="permissive"))
        more = suggest(read_runs(tmp_path / "more.csv"), "all_languages", 4)
        assert more.counts["under way"] == 4
        assert_same(more, [one.point for one in at_once.runs[4:]])
        assert [one.run_id for one in more.runs] == [one.run_id for one in at_once.runs[4:]]


def test_the_same_table_and_seed_give_the_same_and_another_seed_others(tmp_path: Path) -> None:
    table = written(tmp_path, swept(), "runs.csv")
    first, again = (suggest(table, "all_languages", 4) for _ in range(2))
    assert first.table.equals(again.table)
    other = suggest(table, "all_languages", 4, seed=7)
    assert [one.point.mixture for one in other.runs] != [one.point.mixture for one in first.runs]


def test_the_table_of_suggestions_is_a_runs_table_within_the_space(tmp_path: Path) -> None:
    table = written(tmp_path, swept())
    found = suggest(table, "all_languages", 6)
    write_runs(tmp_path / "next.csv", found.table)
    read = read_runs(tmp_path / "next.csv")
    assert set(read.n_params) == {2608}
    assert set(read.n_tokens) == {TOKENS}
    assert np.isnan(read.losses).all()
    assert not set(read.run_id) & set(table.run_id)
    for one in found.runs:
        assert one.gain is not None
        assert one.gain >= 0
        assert one.expected == pytest.approx(found.best.measured if found.best else 0, rel=0.3)


def test_replicates_tell_the_noise_and_the_search_is_told_to_stop_where_nothing_is_left(tmp_path: Path) -> None:
    records = swept()
    noisy = [swept_record(f"again-{k}", dict(records[0].spec.proportions), 10 + k, 1.2 * (-1) ** k) for k in range(4)]
    stopped = suggest(written(tmp_path, [*records, *noisy]), "all_languages", 1, seed=3)
    assert stopped.noise == pytest.approx(1.2, rel=0.2)
    assert "seeds alone change" in stopped.stop
    assert len(stopped.runs) == 1
    open_ended = suggest(written(tmp_path, records), "all_languages", 1, seed=3)
    assert open_ended.noise is None
    assert open_ended.stop == ""


def test_runs_at_other_scales_inform_and_are_no_trials(tmp_path: Path) -> None:
    large = swept()
    table = written(tmp_path, [*small_runs(), *large[:2]])
    found = suggest(table, "all_languages", 2, n_params=2608, n_tokens=TOKENS, seed=3)
    assert found.counts["finished"] == 2
    assert found.counts["earlier"] == 10
    assert {one.expected is None for one in found.runs} == {False}
    alone = suggest(written(tmp_path, large[:2]), "all_languages", 2, seed=3)
    assert {one.expected for one in alone.runs} == {None}


def test_rows_of_a_run_at_another_length_inform(tmp_path: Path) -> None:
    """A table of somebody's that names no branches: one id, a final loss at each of two D."""
    rows = [
        {"run_id": f"mine-{k}", "n_params": 1e6, "n_tokens": tokens}
        | {f"proportion.{name}": 1 / 3 + 0.01 * k * sign for name, sign in zip(LANGUAGES, (1, 0, -1), strict=True)}
        | {f"loss.{name}": 2.0 + 0.01 * k + 1e7 / tokens for name in LANGUAGES}
        for k in range(6)
        for tokens in (1e8, 2e8)
    ]
    write_runs(tmp_path / "runs.csv", pa.Table.from_pylist(rows))
    found = suggest(read_runs(tmp_path / "runs.csv"), "all_languages", 1)
    assert found.proxy.n_tokens == 2e8
    assert (found.counts["finished"], found.counts["earlier"]) == (6, 6)


def test_the_sampler_is_told_what_replicates_say_of_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, Any]] = []

    class Told(LawSampler):
        def __init__(self, space: SearchSpace, **words: Any) -> None:
            told.append(words)
            super().__init__(space, **words)

    monkeypatch.setattr("codescale.search.tables.suggest.LawSampler", Told)
    records = swept()
    again = [swept_record(f"again-{k}", dict(records[0].spec.proportions), 10 + k, 0.1 * (-1) ** k) for k in range(4)]
    found = suggest(written(tmp_path, [*records, *again]), "all_languages", 1, seed=3)
    assert told[0]["noise"] == found.noise == pytest.approx(0.1, rel=0.2)
    assert set(told[0]["target_noise"].deviation) == set(LANGUAGES)
    assert len(told[0]["runs"]) == 4


def test_runs_outside_the_space_inform(tmp_path: Path) -> None:
    space = tmp_path / "space.yaml"
    space.write_text("languages: {python: [0.5, 1], java: free, rust: free}\n")
    found = suggest(written(tmp_path, swept()), space, 2)
    inside = sum(record.spec.proportions["python"] >= 0.5 for record in swept())
    assert (found.counts["finished"], found.counts["earlier"]) == (inside, 10 - inside)
    assert all(one.point.mixture["python"] >= 0.5 - 1e-9 for one in found.runs)


def test_a_rule_of_no_harm_measures_its_reference_first(tmp_path: Path) -> None:
    space = tmp_path / "space.yaml"
    space.write_text("languages: all\nno_harm: {reference: uniform, margin: 5%}\n")
    found = suggest(written(tmp_path, swept()), space, 2)
    assert found.runs[0].source == "reference"
    assert list(found.runs[0].point.mixture.values()) == pytest.approx([1 / 3] * 3)
    assert found.best is not None
    assert found.best.keeps_rule is not None


def test_before_anything_has_finished_points_are_spread(tmp_path: Path) -> None:
    planned = records_table(swept()).select(
        ["run_id", "n_params", "n_tokens", *(f"proportion.{one}" for one in LANGUAGES)]
    )
    write_runs(tmp_path / "planned.csv", planned.slice(3, 1))
    found = suggest(read_runs(tmp_path / "planned.csv"), "all_languages", 4)
    assert found.best is None
    assert len({tuple(one.point.mixture.array(LANGUAGES).round(6)) for one in found.runs}) == 4


def test_a_table_of_several_recipes_is_refused_until_one_is_named(tmp_path: Path) -> None:
    other = [replace_corpus(record, "another") for record in swept()[:3]]
    renamed = [
        record.model_copy(update={"spec": record.spec.model_copy(update={"run_id": f"x{k}"})})
        for k, record in enumerate(other)
    ]
    table = written(tmp_path, [*swept(), *renamed])
    with pytest.raises(UserError, match="mixes 'another'"):
        suggest(table, "all_languages", 1)
    found = suggest(table, "all_languages", 1, corpus_id="another")
    assert found.counts["finished"] == 3


def replace_corpus(record: RunRecord, corpus_id: str) -> RunRecord:
    return record.model_copy(update={"corpus_id": corpus_id})


def test_weights_decide_what_is_best(tmp_path: Path) -> None:
    table = written(tmp_path, swept())
    for language in LANGUAGES:
        found = suggest(table, "all_languages", 1, weights={language: 1.0})
        column = table.losses[:, table.targets.index(language)]
        final = np.where(table.annealed, column, np.inf)
        assert found.best is not None
        assert found.best.run_id == table.run_id[int(np.argmin(final))]


def test_more_suggestions_than_patience_are_asked_no_further(tmp_path: Path) -> None:
    assert DEFAULT_SETTINGS.patience == 3
    found = suggest(written(tmp_path, swept()), "all_languages", 5)
    assert len(found.runs) == found.table.num_rows == 5


def test_wrong_words_are_named(tmp_path: Path) -> None:
    table = written(tmp_path, swept())
    with pytest.raises(UserError, match="no such loss"):
        suggest(table, "all_languages", weights={"cobol": 1.0})
    with pytest.raises(UserError, match="no number of runs"):
        suggest(table, "all_languages", 0)
    with pytest.raises(UserError, match="not a search space"):
        suggest(table, "nowhere")
    with pytest.raises(UserError, match="is not a count"):
        suggest(table, "all_languages", n_params=0.0)


def test_losses_that_are_missing_are_counted(tmp_path: Path) -> None:
    table = written(tmp_path, swept())
    losses = table.losses.copy()
    losses[table.annealed.nonzero()[0][0], 0] = np.nan
    assert suggest(replace(table, losses=losses), "all_languages", 1).counts["lack"] == 1


def test_no_problem_of_a_study_is_needed() -> None:
    assert problem(study()).seed == study().seed

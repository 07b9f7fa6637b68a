"""Simulated searches: what they cost, what they find, and the command."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from codescale.arrays import Array
from codescale.cli import main
from codescale.errors import UserError
from codescale.laws.law import Law, save_law
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.no_harm import NoHarmRule, ResolvedNoHarm
from codescale.report.terminal.simulation import costs_of, simulation_rows, simulation_table
from codescale.runs.units import LossUnit
from codescale.search.bayesopt.seed_noise import TargetNoise
from codescale.search.samplers import SamplerName
from codescale.search.simulation.landscape import (
    Landscape,
    attainable,
    of_law,
    read_landscape,
    refuse_other_question,
    within,
)
from codescale.search.simulation.simulate import Known, Outcome, SearchPlan, cost_to, regret_at, simulate
from tests.search.planted_landscape import LANGUAGES, D, N, effective_data_law, landscape, space


def test_attainable_is_the_optimum_of_a_known_law() -> None:
    """With equal exponents and heights everything is symmetric: there equal shares are best, and nothing is gained."""
    law = effective_data_law((0.2, 0.2, 0.2, 0.2))
    ground = of_law(law, dict.fromkeys(LANGUAGES, 1.0), N, D, 0.0, 0)
    with pytest.raises(UserError, match="no mixture is better"):
        attainable(ground, space())
    skewed = of_law(law, {"python": 1.0}, N, D, 0.0, 0)
    assert attainable(skewed, space()).shares == pytest.approx([1, 0, 0, 0], abs=1e-3)


def test_a_landscape_has_the_laws_unit_and_takes_no_law_in_another(tmp_path: Path) -> None:
    law = effective_data_law((0.16, 0.2, 0.25, 0.3))
    in_bits = law.model_copy(update={"loss_unit": LossUnit.BITS_PER_BYTE})
    ground = of_law(in_bits, {"python": 1.0}, N, D, 0.0, 0)
    refuse_other_question(tmp_path / "law.json", in_bits, ground)
    with pytest.raises(UserError, match="its losses are nats per token, those to search in bits per byte"):
        refuse_other_question(tmp_path / "law.json", law, ground)
    shown = io.StringIO()
    plan = SearchPlan("random", 4)
    outcome = simulate(ground, space(), plan, Known(), attainable(ground, space()), 0)
    Console(file=shown, width=200).print(simulation_table({"random": [outcome]}, ground, attainable(ground, space())))
    assert "bits per byte" in shown.getvalue()
    assert "nats" not in shown.getvalue()


def correlated_law(deviations: tuple[float, ...], together: float) -> Law:
    law = effective_data_law((0.16, 0.2, 0.25, 0.3))
    correlation = together + (1.0 - together) * np.eye(len(LANGUAGES))
    noise = dict(zip(LANGUAGES, deviations, strict=True))
    return law.model_copy(update={"noise": noise, "correlation": correlation.tolist()})


def test_a_runs_noise_is_that_of_the_law_and_goes_together_as_there() -> None:
    deviations = (0.004, 0.006, 0.006, 0.012)
    ground = of_law(correlated_law(deviations, 0.7), dict.fromkeys(LANGUAGES, 1.0), N, D, None, 0)
    shares, generator = np.full(4, 0.25), np.random.default_rng(0)
    runs = np.array([ground.run(shares, generator).losses for _ in range(3000)])
    assert np.log(runs).std(axis=0) == pytest.approx(deviations, rel=0.05)
    off = ~np.eye(4, dtype=bool)
    assert np.corrcoef(np.log(runs).T)[off] == pytest.approx(0.7, abs=0.05)
    objectives = np.array([ground.mean(losses) for losses in runs])
    assert objectives.std() == pytest.approx(ground.deviation(shares), rel=0.05)


def test_correlated_noise_is_not_averaged_away() -> None:
    """Four languages of one noise, all of one luck: the objective strays twice as far as by luck of their own."""
    weights, shares = dict.fromkeys(LANGUAGES, 1.0), np.full(4, 0.25)
    apart, one = (of_law(correlated_law((0.01,) * 4, t), weights, N, D, None, 0) for t in (0.0, 1.0))
    losses = one.losses(shares[None])[0]
    assert one.deviation(shares) == pytest.approx(0.01 * losses.mean())
    assert apart.deviation(shares) == pytest.approx(0.01 * np.linalg.norm(losses) / 4)


def test_a_noise_that_is_given_is_that_of_a_usual_language() -> None:
    law = correlated_law((0.004, 0.006, 0.006, 0.012), 0.5)
    shares, weights = np.full(4, 0.25), dict.fromkeys(LANGUAGES, 1.0)
    own, given = of_law(law, weights, N, D, None, 0), of_law(law, weights, N, D, 0.012, 0)
    assert (own.noise, given.noise) == (0.006, 0.012)
    assert given.deviation(shares) == pytest.approx(2 * own.deviation(shares))


def test_evaluations_share_their_runs_luck_and_its_correlation() -> None:
    ground = of_law(correlated_law((0.01,) * 4, 0.9), dict.fromkeys(LANGUAGES, 1.0), N, D, None, 3)
    generator, shares = np.random.default_rng(0), np.full(4, 0.25)
    runs = [ground.run(shares, generator) for _ in range(2000)]
    final = np.log([run.losses for run in runs])
    last = np.log([run.evaluations[-1][1] for run in runs])
    more = last - final
    assert more.std(axis=0) == pytest.approx([0.01 / 3] * 4, rel=0.06)
    assert np.corrcoef(more.T)[0, 1] == pytest.approx(0.9, abs=0.03)


def test_a_search_costs_what_its_runs_cost_and_what_was_known_before() -> None:
    ground = landscape()
    outcome = simulate(ground, space(), SearchPlan("random", 10), Known(cost=1e18), attainable(ground, space()), 0)
    assert outcome.cost == pytest.approx([1e18 + 6 * N * D * trials for trials in (5, 10)])
    assert outcome.pruned == 0


def test_pruned_trials_cost_less() -> None:
    ground = landscape(evaluations=3)
    target = attainable(ground, space())
    whole = simulate(ground, space(), SearchPlan("random", 25), Known(), target, 0)
    pruned = simulate(ground, space(), SearchPlan("random", 25, prune=True), Known(), target, 0)
    assert pruned.pruned > 0
    assert pruned.cost[-1] < whole.cost[-1]


def test_the_same_seed_gives_the_same_search_also_in_batches() -> None:
    ground = landscape()
    target = attainable(ground, space())
    plan = SearchPlan("law", 8, concurrency=4)
    first, second = (simulate(ground, space(), plan, Known(), target, 3) for _ in range(2))
    assert first.regret.tolist() == second.regret.tolist()


def test_a_search_says_where_it_would_end_and_ends_there_if_asked() -> None:
    ground = landscape(noise=0.01)
    target = attainable(ground, space())
    on = simulate(ground, space(), SearchPlan("law", 24), Known(), target, 0)
    assert on.end is not None
    assert on.end.trials < 24
    assert on.cost[-1] == pytest.approx(24 * ground.cost())
    ended = simulate(ground, space(), SearchPlan("law", 24, ends=True), Known(), target, 0)
    assert ended.end == on.end
    assert ended.cost[-1] <= on.end.cost + ground.cost()
    random = simulate(ground, space(), SearchPlan("random", 24, ends=True), Known(), target, 0)
    assert random.end is None


def test_a_start_is_tried_first() -> None:
    ground = landscape()
    target = attainable(ground, space())
    from codescale.mixtures.mixture import Mixture

    best = Mixture.from_array(LANGUAGES, target.shares / target.shares.sum())
    outcome = simulate(ground, space(), SearchPlan("random", 1), Known(start=best), target, 0)
    assert outcome.regret_of_lowest[0] == pytest.approx(0.0, abs=1e-3)


def test_a_table_says_each_recommendation_once() -> None:
    def outcome(*costs: float) -> Outcome:
        return Outcome(np.array(costs), np.linspace(0.4, 0.1, len(costs)), np.zeros(len(costs)), 0, np.zeros(1))

    assert costs_of({"law": [outcome(5, 10)] * 3}) == pytest.approx([5, 10])
    assert costs_of({"law": [outcome(5)]}) == pytest.approx([5])
    assert costs_of({"law": [outcome(5, 10)], "tpe": [outcome(5, 7.5, 10)]}) == pytest.approx([5, 7.58, 10], rel=0.01)
    assert len(costs_of({"law": [outcome(*range(5, 100))]})) == 6


def test_regret_before_the_first_report_is_that_of_uniform() -> None:
    outcome = Outcome(np.array([10.0, 20.0, 30.0]), np.array([0.05, 0.4, 0.02]), np.zeros(3), 0, np.zeros(1))
    assert [at.median for at in regret_at([outcome], [5, 10, 29, 30])] == [1.0, 0.05, 0.4, 0.02]
    assert cost_to(outcome, 0.1) == 30.0, "one lucky report does not count"
    assert cost_to(outcome, 0.01) == float("inf")


def test_a_table_is_searched_only_where_its_runs_were() -> None:
    law = effective_data_law((0.16, 0.2, 0.25, 0.3))
    ranges = law.fitted_range.model_copy(update={"proportions": dict.fromkeys(LANGUAGES, (0.1, 0.4))})
    narrowed = within(space(), law.model_copy(update={"fitted_range": ranges}))
    assert set(narrowed.bounds.values()) == {(0.1, 0.4)}
    ranges = ranges.model_copy(update={"proportions": dict.fromkeys(LANGUAGES, (0.0, 0.2))})
    with pytest.raises(UserError, match="holds no mixture"):
        within(space(), law.model_copy(update={"fitted_range": ranges}))


def test_the_command_prints_a_table_and_writes_every_curve(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, output = tmp_path / "law.json", tmp_path / "regret.csv"
    save_law(effective_data_law((0.16, 0.2, 0.25, 0.3)), path)
    options = ["--trials", "10", "--seeds", "1", "--sampler", "random", "--output", str(output)]
    monkeypatch.setattr(sys, "argv", ["codescale", "simulate", str(path), *options])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert "Regret of the recommended mixture" in capsys.readouterr().out
    assert len(output.read_text().splitlines()) == 3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--sampler", "tree"], "'tree' is not a sampler"),
        (["--noise", "-1"], "is not a deviation"),
        (["--params", "-5"], "is far from all runs"),
        (["--tokens", "1e308"], "is far from all runs"),
        (["--known", "OTHER"], "tells nothing of go"),
        (["--output", "LAW"], "is an input of this command"),
        (["--space", "DATE"], "put it in quotes"),
        (["--space", "nowhere"], "is not a search space"),
    ],
)
def test_bad_options_are_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    words: str,
) -> None:
    path = tmp_path / "law.json"
    law = effective_data_law((0.16, 0.2, 0.25, 0.3))
    save_law(law, path)
    renamed = path.read_text().replace('"go"', '"cobol"').replace("t.go", "t.cobol")
    (tmp_path / "other.json").write_text(renamed)
    (tmp_path / "date.yaml").write_text("languages: {python: 2024-99-99, java: free}")
    files = {"LAW": path, "OTHER": tmp_path / "other.json", "DATE": tmp_path / "date.yaml"}
    named = [str(files.get(option, option)) for option in options]
    monkeypatch.setattr(sys, "argv", ["codescale", "simulate", str(path), *named])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert json.loads(path.read_text()), "the law is still there"
    errors = capsys.readouterr().err
    assert words in errors
    assert "Traceback" not in errors


def test_scale_defaults_to_the_largest_runs(tmp_path: Path) -> None:
    save_law(effective_data_law((0.16, 0.2, 0.25, 0.3)), tmp_path / "law.json")
    ground, _ = read_landscape(tmp_path / "law.json", "all_languages", None, None)
    assert (ground.n_params, ground.n_tokens) == (N, D)


RULE = ResolvedNoHarm(NoHarmRule("uniform", 0.03, True), Mixture.uniform(LANGUAGES), LANGUAGES)


def go_alone() -> Landscape:
    """Go's loss is nearly all that counts."""
    weights = {"python": 0.05, "java": 0.05, "javascript": 0.05, "go": 1.0}
    return replace(landscape(), weights=weights)


def test_the_best_under_a_rule_keeps_it_and_costs_something() -> None:
    ground = go_alone()
    free, kept = attainable(ground, space()), attainable(ground, space(), no_harm=RULE)
    assert kept.kept(ground.losses(kept.shares[None])[0])
    assert not kept.kept(ground.losses(free.shares[None])[0])
    assert free.best < kept.best < kept.uniform
    assert kept.regret(kept.uniform) == pytest.approx(1.0)


@pytest.mark.parametrize("sampler", ["law", "tpe", "gp", "random"])
def test_every_sampler_recommends_what_keeps_the_rule(sampler: SamplerName) -> None:
    ground = go_alone()
    target = attainable(ground, space(), no_harm=RULE)
    plan = SearchPlan(sampler, 14, report_every=7, no_harm=RULE)
    outcome = simulate(ground, space(), plan, Known(), target, 0)
    assert outcome.kept is not None
    assert outcome.kept.all()
    assert outcome.regret[-1] <= 1.0 + 1e-9
    shown = io.StringIO()
    Console(file=shown, width=200).print(simulation_table({sampler: [outcome]}, ground, target))
    assert "keeps the rule of no harm in 1 of 1" in shown.getvalue()
    assert "100 % is the rule's reference" in shown.getvalue()
    assert simulation_rows({sampler: [outcome]}, [0], target).splitlines()[0].endswith(",kept")


def test_a_search_that_knows_how_much_seeds_change_stays_farther_inside_the_rule() -> None:
    """Go is most of the objective, and what it gains the others lose."""
    ground = go_alone()
    target, plan = attainable(ground, space(), no_harm=RULE), SearchPlan("law", 14, report_every=14, no_harm=RULE)
    objective = []
    for deviation in (0.001, 0.05):
        noise = TargetNoise(dict.fromkeys(LANGUAGES, deviation))
        outcome = simulate(ground, space(), plan, Known(noise=noise), target, 0)
        assert outcome.kept is not None
        assert outcome.kept.all()
        objective.append(float(ground.objective(outcome.recommended[None])[0]))
    assert objective[0] < objective[1] <= target.uniform + 1e-9


def test_runs_of_one_seed_have_a_part_of_their_luck_in_common() -> None:
    ground, generator = replace(landscape(noise=0.01), shared=0.4), np.random.default_rng(0)
    shares = np.full(4, 0.25)
    truth = np.log(ground.losses(shares[None])[0])

    def off(luck: Array | None) -> Array:
        return np.array([np.log(ground.run(shares, generator, seed_luck=luck).losses) - truth for _ in range(600)])

    lucks = np.array([ground.seed_luck(generator) for _ in range(2000)])
    assert lucks.std(axis=0) == pytest.approx([0.01 * np.sqrt(0.4)] * 4, rel=0.06)
    assert off(None).std(axis=0) == pytest.approx([0.01] * 4, rel=0.1), "a seed of its own"
    same = off(lucks[0])
    assert same.mean(axis=0) == pytest.approx(lucks[0], abs=0.0015)
    assert same.std(axis=0) == pytest.approx([0.01 * np.sqrt(0.6)] * 4, rel=0.1)
    assert not replace(ground, shared=0.0).seed_luck(generator).any()


def test_a_cost_is_paid_where_the_rule_is_kept_too() -> None:
    regret, cost = np.array([0.5, 0.05, 0.05, 0.05]), np.arange(1.0, 5.0)
    plain = Outcome(cost, regret, regret, 0, np.empty(0))
    assert cost_to(plain, 0.1) == 2
    assert cost_to(replace(plain, kept=np.array([True, False, True, True])), 0.1) == 3

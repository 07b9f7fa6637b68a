"""What a search costs, when it ends, what it can resolve; stopped trials checked, several objectives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from codescale.runs.records import RunRecord, RunSpec, read_records
from codescale.runs.seed_noise import SeedNoise
from codescale.search.bayesopt.settings import DEFAULT_SETTINGS
from codescale.search.bayesopt.termination import ExpectedRegret, Terminator
from codescale.search.cost import Speed, recorded_speed, search_cost
from codescale.search.objective.objective import Objective
from codescale.search.objective.problem import SearchProblem
from codescale.search.objective.seed_noise import (
    minimum_detectable_difference,
    objective_noise,
    seeds_needed,
    sweep_noise,
)
from codescale.search.objective.weights import scalarized
from codescale.search.pareto import directions, front_of, refuse_too_few
from codescale.search.space.schema import ObjectiveSpec
from codescale.search.space.space import SearchPoint, load_space
from codescale.search.trials.pruning_audit import audit_runs, with_checks
from codescale.search.trials.spec import TrialSpecs, run_cost
from codescale.study.config import parse_study
from tests.search.synthetic_trials import LANGUAGES, TOKENS, finished_record, problem, study
from tests.search.tune.by_hand import Hand


def record(run_id: str, shares: dict[str, float], seed: int = 3, shift: float = 0.0) -> RunRecord:
    spec = RunSpec(
        run_id=run_id, stage="mixture", size="tiny", n_params=2608, token_points=(TOKENS,), proportions=shares,
        seed=seed,
    )  # fmt: skip
    done = finished_record(spec)
    evaluations = tuple(
        one.model_copy(update={"losses": {name: loss + shift for name, loss in one.losses.items()}})
        for one in done.evaluations
    )
    return done.model_copy(update={"evaluations": evaluations})


@pytest.mark.parametrize("budget", [{"trials": 3}, {"tokens": 3 * TOKENS + 1}, {"flops": 3.5}])
def test_each_budget_ends_the_search(tmp_path: Path, budget: dict[str, float]) -> None:
    """A trial that ends counts its own FLOPs (1 in the synthetic records), one under way what it may take."""
    config = study(prune="none", budget=budget)
    hand = Hand(tmp_path, config)
    if "flops" in budget:
        each = TrialSpecs(problem(config)).flops
        assert each == run_cost(config, "tiny", TOKENS)
        hand = Hand(tmp_path, study(prune="none", budget={"flops": 3.5 * each}))
        end = hand.end

        def counted(trial_id: str) -> None:
            spec = hand.live[trial_id]
            end(trial_id)
            next(entry for entry in hand.history.entries if entry.run_id == spec.run_id).flops = each

        hand.end = counted  # type: ignore[method-assign]
    hand.go()
    assert hand.search.ended
    assert len(hand.history.trials) >= 3
    assert len([entry for entry in hand.history.trials if entry.state == "COMPLETE"]) <= 12
    if "tokens" in budget:
        assert hand.history.tokens_trained <= 3 * TOKENS
    else:
        assert len(hand.history.trials) == 3


def test_hours_count_over_all_sessions(tmp_path: Path) -> None:
    hand = Hand(tmp_path, study(prune="none", budget={"hours": 0.5}))
    hand.go(2)
    assert hand.search.remaining > 0
    hand.history._before["seconds"] = 1800.0
    assert hand.search.remaining == 0
    assert hand.ask() is None


def test_one_budget_of_tokens_and_words_for_pruning() -> None:
    with pytest.raises(UserError, match="either budget"):
        study(budget={"tokens": 10**6}, budget_tokens=10**6)
    with pytest.raises(UserError, match=r"search\.prune"):
        study(prune="sometimes")
    words = {value: study(prune=value).search.prune for value in (True, False, "asha", "none")}
    assert words == {True: "curves", False: "none", "asha": "asha", "none": "none"}
    content = study().model_dump(mode="json", exclude_unset=True)
    del content["search"]["trials"]
    content["search"]["budget"] = {"hours": 2}
    assert parse_study(content, "study").search.most_trials > 10_000
    assert study(budget={"trials": 5}).search.most_trials == 5


def says(hand: Hand, improvement: Callable[[], float]) -> None:
    """From now on the sampler of ``hand`` expects so much of its next trial, and little of all further ones."""
    hand.search.trial_sampler.expected_improvement = improvement  # type: ignore[method-assign]
    hand.search.trial_sampler.expected_regret = lambda: ExpectedRegret(0.003, 0.001, 0.009)  # type: ignore[union-attr]


def test_too_little_to_gain_ends_the_search_and_says_so(tmp_path: Path) -> None:
    """A sampler that expects less than the noise from its third suggestion on; it is not asked about the starts."""
    hand = Hand(tmp_path, study(trials=40, prune="none"))
    hand.search._terminator = Terminator(0.01)
    heard = iter([0.5, 0.02, *([0.004] * 40)])
    says(hand, lambda: next(heard))
    hand.go()
    assert hand.search.ended
    suggested = [trial for trial in hand.history.trials if trial.source == "sampler"]
    assert len(suggested) == 2 + DEFAULT_SETTINGS.patience
    assert len(suggested) < len(hand.history.trials)
    assert "0.004 nats per token" in hand.history.result().content()["ended"]
    assert "0.003 (0.001 to 0.009)" in hand.history.result().content()["ended"]


def test_a_search_that_ended_is_not_taken_up_again_but_for_what_a_kill_left(tmp_path: Path) -> None:
    hand = Hand(tmp_path, study(trials=40, prune="none"))
    hand.search._terminator = Terminator(0.01)
    says(hand, lambda: 0.004)
    while not hand.search.history.ended:
        trial_id = hand.ask()
        assert trial_id is not None
        if not hand.search.history.ended:
            hand.end(trial_id)
    killed = Hand(tmp_path, study(trials=40, prune="none"), noise=0.01)
    assert killed.history.ended == hand.history.ended
    killed.go()
    assert len(killed.history.trials) == len(hand.history.trials)
    assert killed.search.ended
    again = Hand(tmp_path, study(trials=40, prune="none"), noise=0.01)
    assert again.ask() is None
    assert again.sequence() == killed.sequence()
    assert Hand(tmp_path, study(trials=40, prune="none")).ask() is not None, "end_at_noise: false goes on"


@pytest.mark.parametrize(
    ("budget", "field"), [({"trials": 2}, "search.trials"), ({"trials": 40, "tokens": 2 * TOKENS}, "search.budget")]
)
def test_a_front_without_a_trial_for_each_search_is_refused(budget: dict[str, int], field: str) -> None:
    space = load_space("all_languages", LANGUAGES)
    aims = tuple(ObjectiveSpec(name=name, weights={name: 1.0}) for name in LANGUAGES)
    with pytest.raises(UserError, match=field):
        refuse_too_few(SearchProblem.of(study(budget=budget), replace(space, aims=aims)))
    refuse_too_few(SearchProblem.of(study(budget=budget), space))
    refuse_too_few(SearchProblem.of(study(budget={"trials": 4}), replace(space, aims=aims)))


def test_stopped_trials_are_drawn_blindly_and_told_apart(tmp_path: Path) -> None:
    hand = Hand(tmp_path, study(trials=16, sampler="random"))
    hand.go()
    result = hand.history.result()
    pruned = [trial.run_id for trial in result.trials if trial.state == "PRUNED"]
    records = {one.spec.run_id: one for one in read_records(hand.folder.runs)}
    specs = audit_runs([records[run_id] for run_id in pruned], 3, seed=1)
    assert len(specs) == 3 == len({spec.run_id for spec in specs})
    assert specs == audit_runs([records[run_id] for run_id in reversed(pruned)], 3, seed=1)
    assert {spec.stage for spec in specs} == {"check"}
    assert audit_runs([], 3, 1) == audit_runs([records[pruned[0]]], 0, 1) == []
    checks = [finished_record(spec) for spec in specs]
    told = with_checks(result, checks, hand.history.objective)
    assert [one.won for one in told.checked or ()] == [False] * 3
    assert told.tokens_checked == 3 * TOKENS
    assert told.incumbent == result.incumbent
    lucky = checks[0].model_copy(
        update={
            "evaluations": tuple(
                one.model_copy(update={"losses": dict.fromkeys(LANGUAGES, 0.5)}) for one in checks[0].evaluations
            )
        }
    )
    diverged = checks[0].model_copy(update={"status": "diverged", "evaluations": ()})
    told = with_checks(result, [diverged], hand.history.objective)
    assert told.checked
    assert told.checked[0].objective is None
    assert not told.checked[0].won
    told = with_checks(result, [lucky], hand.history.objective)
    assert told.checked
    assert told.checked[0].won
    assert told.checked[0].beat_the_best_of_then
    assert told.incumbent
    assert told.incumbent.run_id == lucky.spec.run_id
    assert told.incumbent_history[-1] == (result.tokens_trained + TOKENS, 0.5)


def test_the_noise_of_seeds_is_pooled_over_runs_that_differ_in_nothing_else() -> None:
    uniform, other = dict.fromkeys(LANGUAGES, 1 / 3), {"python": 0.5, "java": 0.5}
    records = [record(f"u{k}", uniform, k, shift) for k, shift in enumerate((0.0, 0.02, 0.04))]
    records += [record(f"o{k}", other, k, shift) for k, shift in enumerate((0.0, 0.01))]
    records += [record("alone", {"java": 1.0})]
    objective = Objective.of(dict.fromkeys(LANGUAGES, 1.0), TOKENS)
    noise = objective_noise(records, objective, 2608)
    assert noise is not None
    assert noise.degrees_of_freedom == 3
    assert noise.pooled == pytest.approx(np.sqrt((2 * 0.02**2 + 0.01**2 / 2) / 3))
    assert noise.interval[0] < noise.pooled < noise.interval[1]
    assert objective_noise(records, objective, 9) is None
    assert objective_noise(records[-1:], objective, 2608) is None
    later = [
        one.model_copy(update={"spec": one.spec.model_copy(update={"stage": "comparison"})}) for one in records[3:]
    ]
    begun = sweep_noise([*records[:3], *later], objective, 2608)
    assert begun is not None
    assert (begun.degrees_of_freedom, begun.pooled) == (2, pytest.approx(0.02))


def test_what_is_resolved_is_found_in_four_of_five_repetitions() -> None:
    random = np.random.default_rng(0)
    for seeds in (3, 8):
        gap = minimum_detectable_difference(0.01, seeds)
        first = random.normal(0, 0.01, (4000, seeds))
        second = random.normal(gap, 0.01, (4000, seeds))
        found = stats.ttest_ind(first, second, axis=1).pvalue < 0.05
        assert found.mean() == pytest.approx(0.8, abs=0.04)
    assert minimum_detectable_difference(0.01, 1) == float("inf")
    needed = seeds_needed(0.01, 0.015)
    assert needed is not None
    assert minimum_detectable_difference(0.01, needed) <= 0.015 < minimum_detectable_difference(0.01, needed - 1)
    assert seeds_needed(0.01, 1e-6) is None


def test_a_cost_counts_what_the_budget_allows() -> None:
    config = study(trials=20, check_pruned=2, budget={"tokens": 5 * TOKENS})
    each = run_cost(config, "tiny", TOKENS)
    speed = Speed(each / 3600, 2, "by hand")  # a run takes a worker an hour
    found = search_cost(config, SeedNoise(np.array([0.01]), 0.01, 4), speed)
    assert [(one.name[:6], one.runs, one.hours) for one in found.costs] == [
        ("trials", 5, pytest.approx(2.5)), ("stoppe", 2, pytest.approx(1.0)), ("compar", 9, pytest.approx(4.5))
    ]  # fmt: skip
    assert found.costs[0].tokens == 5 * TOKENS
    few = study(trials=20, check_pruned=9, budget={"tokens": 5 * TOKENS})
    assert [cost.runs for cost in search_cost(few, None, None).costs] == [5, 5, 9]
    hours = study(trials=20, budget={"hours": 4})
    assert search_cost(hours, None, speed).costs[0].runs == 8
    assert search_cost(hours, None, None).resolutions == ()
    done = record("done", dict.fromkeys(LANGUAGES, 1 / 3))
    known = recorded_speed([done], "tiny", 2)
    assert known is not None
    assert known.flops_per_second == done.flops / done.seconds
    assert recorded_speed([done], "small", 2) is None


def test_several_objectives_have_a_front() -> None:
    aims = (
        ObjectiveSpec(name="web", weights={"python": 2, "java": 2}),
        ObjectiveSpec(name="systems", weights={"rust": 1}),
    )
    assert directions(2, 10).tolist() == [[0.5, 0.5], [1, 0], [0, 1]]
    assert len(directions(2, 40)) == 5
    assert len(directions(3, 40)) == 4
    assert scalarized(aims, (0.5, 0.5)).weights == {"python": 0.25, "java": 0.25, "rust": 0.5}
    assert scalarized(aims, (0.0, 1.0)).weights == {"rust": 1.0}
    random = np.random.default_rng(0)
    records = [
        record(f"run-{k}", dict(zip(LANGUAGES, map(float, random.dirichlet([1, 1, 1])), strict=True)))
        for k in range(30)
    ]
    front = front_of(records, aims, TOKENS)
    web, systems = ([one.objectives[name] for one in front] for name in ("web", "systems"))
    assert 1 < len(front) < 30
    assert web == sorted(web)
    assert systems == sorted(systems, reverse=True)
    kept = {one.run_id for one in front}
    twins = [one.model_copy(update={"spec": one.spec.model_copy(update={"run_id": "twin"})}) for one in records]
    assert front_of([*records, *twins], aims, TOKENS) == front
    for other in records:
        if other.spec.run_id not in kept:
            values = [Objective.aimed(aim, TOKENS).curve(other).final or 0.0 for aim in aims]
            assert any(a <= values[0] and b <= values[1] for a, b in zip(web, systems, strict=True))


def test_searches_of_one_front_have_ids_of_their_own() -> None:
    point = SearchPoint(Mixture.uniform(LANGUAGES), {})
    ids = {TrialSpecs(problem(study()), part).spec(0, point).run_id for part in ("", "front-0", "front-1")}
    assert len(ids) == 3


def test_a_metric_that_nobody_measures_is_named() -> None:
    objective = Objective.aimed(ObjectiveSpec(weights={"java": 1}, metrics={"pass_at_1": -1}), TOKENS)
    done = record("done", dict.fromkeys(LANGUAGES, 1 / 3))
    lost = objective.missing(done, done.evaluations[-1])
    assert lost is not None
    assert "objective.metrics.pass_at_1" in str(lost)
    assert objective.curve(done).final is None
    measured = done.model_copy(update={"metrics": {"pass_at_1": 0.5}})
    plain = Objective.aimed(ObjectiveSpec(weights={"java": 1}), TOKENS).curve(done).final
    assert plain is not None
    assert objective.curve(measured).final == pytest.approx(plain - 0.5)

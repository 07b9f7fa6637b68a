"""A search that also chooses the data's organisation: 0 or 1 everywhere, and never anything between."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution
from rich.console import Console

from codescale.comparison.plan import MEASURED, PREDICTED, UNIFORM, comparison_runs
from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from codescale.organisation import PAIRED, SHUFFLED
from codescale.report.terminal.search import search_table
from codescale.runs.records import RunRecord
from codescale.search.bayesopt.sampler import LawSampler
from codescale.search.objective.objective import Objective
from codescale.search.objective.problem import SearchProblem
from codescale.search.objective.study_space import study_space
from codescale.search.recommendation import recommendation
from codescale.search.space.distributions import distributions, suggest_point, typed
from codescale.search.space.space import SearchPoint, SearchSpace, load_space
from codescale.search.trials.spec import TrialSpecs
from codescale.search.warm_start import WarmStart, comparable, starting_points
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from tests.search.synthetic_trials import CORPUS, LANGUAGES, TOKENS, finished_record, problem, study
from tests.search.tune.by_hand import WARM, Hand, sweep_record, swept

BOTH = "languages: all\nhyperparameters: {organisation: [shuffled, paired]}"
WITH_RATE = (
    "languages: all\nhyperparameters: {organisation: [shuffled, paired], "
    "learning_rate_factor: {low: 0.5, high: 2.0, scale: log}}"
)
ALONE = "languages: uniform\nhyperparameters: {organisation: [paired, shuffled]}"
SAMPLERS = ["law", "tpe", "random", "gp", "cmaes"]


def space_of(folder: Path, text: str = BOTH) -> SearchSpace:
    path = folder / "ours.yaml"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return load_space(path, LANGUAGES)


def hand_of(folder: Path, config: StudyConfig, text: str = BOTH, warm: WarmStart = WARM) -> Hand:
    return Hand(folder, config, warm, space=str(space_of(folder, text).path))


def paired_study(**search: object) -> StudyConfig:
    config = study(**search)
    return config.model_copy(update={"training": config.training.model_copy(update={"organisation": PAIRED})})


def test_a_point_names_the_organisation_by_number_and_optuna_by_word(tmp_path: Path) -> None:
    space = space_of(tmp_path, WITH_RATE)
    assert space.names[-1] == "organisation"
    point = SearchPoint(Mixture.uniform(LANGUAGES), {"learning_rate_factor": 1.5, "organisation": 1.0})
    told = typed(space.parameters(point))
    assert told["organisation"] == PAIRED
    assert space.point(told).same(point)
    assert not point.same(SearchPoint(point.mixture, point.hyper | {"organisation": 0.0}))
    assert distributions(space)["organisation"] == CategoricalDistribution((SHUFFLED, PAIRED))
    trial = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1)).ask()
    assert suggest_point(trial, space).hyper["organisation"] in (0.0, 1.0)


def test_a_trial_is_the_same_run_whether_its_organisation_was_searched_or_the_studys(tmp_path: Path) -> None:
    fixed, mixture = TrialSpecs(problem(study())), Mixture.uniform(LANGUAGES)
    plain = fixed.spec(4, SearchPoint(mixture, {}))
    shuffled, paired = (fixed.spec(4, SearchPoint(mixture, {"organisation": number})) for number in (0.0, 1.0))
    assert plain == shuffled
    assert plain.hyper == {}
    assert paired.organisation == PAIRED
    assert paired.run_id != plain.run_id
    assert TrialSpecs(problem(paired_study())).spec(4, SearchPoint(mixture, {})) == paired
    space = space_of(tmp_path)
    records = [finished_record(fixed.spec(k, SearchPoint(mixture, {"organisation": float(k)}))) for k in (0, 1)]
    assert set(TrialSpecs(SearchProblem.of(study(), space, CORPUS)).belonging(records)) == {0, 1}
    assert set(fixed.belonging(records)) == {0}
    assert space.point_of(paired).hyper == {"organisation": 1.0}


def test_ids_of_shuffled_trials_are_those_of_before() -> None:
    spec = TrialSpecs(problem(study())).spec(4, SearchPoint(Mixture.uniform(LANGUAGES), {}))
    assert spec.run_id == "trial-0004-9a590433"


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("text", [BOTH, WITH_RATE])
def test_every_sampler_tries_both_and_a_replay_goes_on_with_the_same_sequence(
    tmp_path: Path, sampler: str, text: str
) -> None:
    config = study(trials=10, sampler=sampler, prune=False, end_at_noise=False)
    undisturbed = hand_of(tmp_path / "whole", config, text)
    undisturbed.go()
    assert {entry.organisation for entry in undisturbed.history.trials} == {SHUFFLED, PAIRED}
    assert len(undisturbed.history.trials) == 10
    hand_of(tmp_path / "killed", config, text).go(5)
    again = hand_of(tmp_path / "killed", config, text)
    again.go()
    assert again.sequence() == undisturbed.sequence()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_organisation_alone_can_be_searched(tmp_path: Path, sampler: str) -> None:
    hand = hand_of(tmp_path, study(trials=4, sampler=sampler, end_at_noise=False), ALONE, WarmStart())
    hand.go()
    assert len(hand.history.trials) == 4
    assert {entry.organisation for entry in hand.history.trials} == {SHUFFLED, PAIRED}
    assert hand.history.result().content()["incumbent"]["organisation"] == PAIRED


@pytest.mark.parametrize("text", [BOTH, WITH_RATE])
def test_our_sampler_soon_tries_and_recommends_the_better_one(tmp_path: Path, text: str) -> None:
    hand = hand_of(tmp_path, study(trials=16, prune=False, end_at_noise=False), text)
    hand.go()
    advised = recommendation(hand.search.trial_sampler, hand.search.study, hand.history)
    assert advised is not None
    assert advised.organisation == PAIRED
    assert sum(entry.organisation == PAIRED for entry in hand.history.trials[-4:]) >= 3


def test_where_pairing_does_harm_our_sampler_finds_that_out(tmp_path: Path) -> None:
    space = space_of(tmp_path)
    sampler = LawSampler(space, weights=dict.fromkeys(LANGUAGES, 1.0), seed=2)
    found = optuna.create_study(sampler=sampler)

    def objective(trial: optuna.Trial) -> float:
        point = suggest_point(trial, space)
        price = 0.03 * point.hyper["organisation"]
        losses = {name: 2.0 + price + 0.3 * (point.mixture[name] - 0.4) ** 2 for name in LANGUAGES}
        trial.set_user_attr("losses", losses)
        return sum(losses.values()) / 3

    found.optimize(objective, n_trials=12)
    assert sampler.recommend(found).hyper["organisation"] == 0.0
    assert sampler.recommend(found, anywhere=True).hyper["organisation"] == 0.0
    tried = [trial.params["organisation"] for trial in found.trials]
    assert set(tried) == {SHUFFLED, PAIRED}


def test_a_search_begins_with_the_laws_optimum_under_both(tmp_path: Path) -> None:
    config = study(sampler="tpe")
    starts = starting_points(SearchProblem.of(config, space_of(tmp_path), CORPUS), WARM)
    assert [(source, point.hyper["organisation"]) for source, point in starts] == [
        ("law", 0.0),
        ("law", 1.0),
        ("thompson", 0.0),
    ]
    assert starts[0][1].mixture == starts[1][1].mixture
    assert [point.hyper for _, point in starting_points(problem(config), WARM)] == [{}, {}]
    other = starting_points(SearchProblem.of(paired_study(), space_of(tmp_path), CORPUS), WARM)
    assert other[0][1].hyper == {"organisation": 1.0}


def both_swept() -> list[RunRecord]:
    paired = [
        finished_record(
            record.spec.model_copy(update={"run_id": f"{record.spec.run_id}-paired", "organisation": PAIRED})
        )
        for record in swept()[:3]
    ]
    return swept() + paired


def test_runs_of_the_sweep_enter_with_their_organisation(tmp_path: Path) -> None:
    free, fixed = space_of(tmp_path), load_space("all_languages", LANGUAGES)
    kept = [
        [record.spec.organisation for record in comparable(both_swept(), SearchProblem.of(config, space, CORPUS))]
        for config, space in ((study(), free), (study(), fixed), (paired_study(), fixed))
    ]
    assert [(one.count(SHUFFLED), one.count(PAIRED)) for one in kept] == [(10, 3), (10, 0), (0, 3)]
    hand = hand_of(tmp_path / "hand", study(trials=3), WITH_RATE, WarmStart(evaluated=both_swept()))
    trials = hand.search.study.trials
    assert [trial.params["organisation"] for trial in trials].count(PAIRED) == 3
    hand.go()
    content = hand.history.result().content()
    assert [entry["organisation"] for entry in content["trials"]][:13].count(PAIRED) == 3
    advised = recommendation(hand.search.trial_sampler, hand.search.study, hand.history)
    assert advised is not None
    assert advised.organisation == PAIRED


def test_curves_carry_the_organisation_to_what_foretells_their_ends(tmp_path: Path) -> None:
    """Else a paired trial's end would be foretold from shuffled ones, and the better of two be stopped."""
    objective = Objective.of(dict.fromkeys(LANGUAGES, 1.0), TOKENS).varying(
        space_of(tmp_path, WITH_RATE).hyperparameters
    )
    shares = dict(Mixture.uniform(LANGUAGES))
    found = [
        objective.curve(sweep_record("r", shares, organisation=word, hyper={"learning_rate_factor": 2.0})).settings
        for word in (SHUFFLED, PAIRED)
    ]
    assert found == [pytest.approx((np.log(2.0), 0.0)), pytest.approx((np.log(2.0), 1.0))]


def test_the_comparison_trains_the_choice_as_it_was_found_and_the_others_as_the_study_does() -> None:
    mixtures = {
        UNIFORM: Mixture.uniform(LANGUAGES),
        PREDICTED: Mixture({"python": 0.6, "java": 0.4}),
        MEASURED: Mixture.uniform(LANGUAGES),
    }
    config = study()
    runs = comparison_runs(config, config.comparison, mixtures, None, {}, PAIRED)
    assert {role: {spec.organisation for spec in specs} for role, specs in runs.items()} == {
        UNIFORM: {SHUFFLED},
        PREDICTED: {SHUFFLED},
        MEASURED: {PAIRED},
    }
    assert {spec.run_id for spec in runs[MEASURED]}.isdisjoint(spec.run_id for spec in runs[UNIFORM])
    before = comparison_runs(config, config.comparison, mixtures, None, {}, SHUFFLED)
    assert before == comparison_runs(config, config.comparison, mixtures, None, {})
    assert before[MEASURED] == before[UNIFORM]
    assert before[PREDICTED] == runs[PREDICTED]
    everything = paired_study()
    paired = comparison_runs(everything, everything.comparison, mixtures, None, {}, PAIRED)
    assert paired[MEASURED] == paired[UNIFORM]
    assert paired[UNIFORM][0].organisation == PAIRED


@pytest.mark.parametrize("languages", ["{java: free, rust: free}", "{python: 0, java: free, rust: free}"])
def test_a_space_without_the_pivot_has_nothing_to_choose(tmp_path: Path, languages: str) -> None:
    space = "hyperparameters: {organisation: [shuffled, paired]}"
    (tmp_path / "search_space.yaml").write_text(f"languages: {languages}\n{space}")
    with pytest.raises(UserError, match=r"hyperparameters.organisation: .* the pivot, python, no tokens"):
        study_space(study(), StudyFolder(tmp_path))
    (tmp_path / "search_space.yaml").write_text(f"languages: all\n{space}")
    assert study_space(study(), StudyFolder(tmp_path)).frees_organisation


@pytest.mark.parametrize(
    "languages",
    ["{python: free, java: 0, rust: 0}", "{python: [0.4, 1], java: {tied_to: rust, ratio: 2}, rust: 0}", "{python: 1}"],
)
def test_a_space_of_the_pivot_alone_has_nothing_to_choose(tmp_path: Path, languages: str) -> None:
    space = "hyperparameters: {organisation: [shuffled, paired]}"
    (tmp_path / "search_space.yaml").write_text(f"languages: {languages}\n{space}")
    with pytest.raises(UserError, match=r"hyperparameters.organisation: .* the pivot, python, all tokens"):
        study_space(study(), StudyFolder(tmp_path))


def test_the_terminal_shows_the_organisation_where_one_was_paired(tmp_path: Path) -> None:
    for text, shown in ((BOTH, True), ("languages: all", False)):
        hand = hand_of(tmp_path / str(shown), study(trials=6), text)
        hand.go()
        console = Console(width=200, record=True, file=StringIO())
        console.print(search_table(hand.history.result()))
        assert ("its organisation" in console.export_text()) == shown


def test_sweep_entries_of_a_space_with_hyperparameters_can_be_recommended(tmp_path: Path) -> None:
    text = "languages: all\nhyperparameters: {learning_rate_factor: {low: 0.5, high: 2.0, scale: log}}"
    hand = hand_of(tmp_path, study(trials=2), text, WarmStart(evaluated=swept()))
    hand.go()
    assert recommendation(hand.search.trial_sampler, hand.search.study, hand.history) is not None

"""Which runs a study does, what they cost, and what a budget takes away first."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from codescale.errors import UserError
from codescale.study.config import StudyConfig, parse_study
from codescale.study.presets import preset_text
from codescale.study.sweep import MixturePlan, OrganisationPlan, SweepSection
from codescale.sweeps.plan import (
    FEWEST_MIXTURES,
    fit_to_budget,
    organisation_runs,
    plan_sweep,
    runs_of,
    sweep_cost,
    unique_tokens_of,
)
from tests.tiny_study import tiny_study

AVAILABLE = {"python": 5_000, "java": 4_000, "rust": 3_000}


def changed(config: StudyConfig, **changes: object) -> StudyConfig:
    return config.model_copy(update={"sweep": config.sweep.model_copy(update=changes)})


def test_every_language_is_held_to_as_many_unique_tokens_as_the_scarcest_has(config: StudyConfig) -> None:
    assert unique_tokens_of(config, AVAILABLE, 640) == 3_000
    grid = [run for run in plan_sweep(config, AVAILABLE) if run.stage in ("grid", "mixture")]
    assert {run.unique_tokens for run in grid} == {3_000}
    assert unique_tokens_of(changed(config, unique_tokens=700), AVAILABLE, 640) == 700


def as_the_target(config: StudyConfig, **target: object) -> StudyConfig:
    """The target sees 6,400 tokens; runs of 640 and 320 imitate its repetition."""
    wanted = config.target.model_copy(update={"n_tokens": 6_400} | target)
    return changed(config, repetition="target").model_copy(update={"target": wanted})


def test_a_proxy_repeats_each_language_as_the_target_will(config: StudyConfig) -> None:
    config = as_the_target(config)
    assert unique_tokens_of(config, AVAILABLE, 640) == {"python": 500, "java": 400, "rust": 300}
    for run in plan_sweep(config, AVAILABLE):
        if run.stage == "grid":  # a language alone stands for no mixture of the target
            assert run.unique_tokens == 3_000
            assert run.token_points == (320, 640)
        if run.stage != "mixture":
            continue
        (tokens,) = run.token_points  # a trunk has one set of unique tokens, so each D is a run of its own
        assert run.run_id.endswith(f"-d{tokens}")
        for language, share in run.mixture.items():
            at_target = share * 6_400 / AVAILABLE[language]
            assert share * tokens / run.unique_tokens[language] == pytest.approx(at_target, rel=0.01)


@given(
    count=st.integers(1, 10**13), tokens=st.integers(1, 10**12), target=st.integers(1, 10**13), share=st.floats(0.01, 1)
)
def test_epochs_of_a_proxy_are_those_of_the_target(count: int, tokens: int, target: int, share: float) -> None:
    config = as_the_target(tiny_study(), n_tokens=target, available=dict.fromkeys(AVAILABLE, count))
    held = unique_tokens_of(config, None, tokens)["rust"]
    assert held >= 1
    exact = count * tokens / target
    assert held <= max(1, exact * (1 + 1e-12))
    assert held > exact - 1 - exact * 1e-12


def test_what_the_target_will_have_is_the_studys_word_or_the_corpus(config: StudyConfig) -> None:
    config = as_the_target(config, available={"rust": 6_400})
    assert unique_tokens_of(config, AVAILABLE, 640) == {"python": 500, "java": 400, "rust": 640}
    assert unique_tokens_of(config, None, 640) == {"rust": 640}
    assert unique_tokens_of(as_the_target(config, available={}), None, 640) is None


def test_repetition_that_the_corpus_cannot_imitate_is_refused(config: StudyConfig) -> None:
    plenty = as_the_target(config, available={"rust": 6_400})
    with pytest.raises(UserError, match=r"mixture-\d+-\S+-s0-d640 needs \d+ distinct tokens of rust .* corpus has 330"):
        plan_sweep(plenty, AVAILABLE | {"rust": 330})
    with pytest.raises(UserError, match=r"mixture-000-\S+-s0-d640 would be left 4 tokens of java"):
        plan_sweep(as_the_target(config, available={"java": 40}), AVAILABLE)
    with pytest.raises(ValueError, match="leave unique_tokens out"):
        SweepSection(unique_tokens=100, repetition="target")


def test_the_grid_has_every_language_size_and_d(config: StudyConfig) -> None:
    grid = [run for run in plan_sweep(config, AVAILABLE) if run.stage == "grid"]
    assert len(grid) == 3 * 2
    assert all(run.token_points == (320, 640) for run in grid)


def test_pairs_see_half_of_each_language_once_and_alone_sees_it_twice(config: StudyConfig) -> None:
    runs = plan_sweep(config, AVAILABLE)
    pairs = [run for run in runs if run.stage == "pair"]
    alone = [run for run in runs if run.stage == "alone"]
    assert {frozenset(run.proportions) for run in pairs} == {
        frozenset(pair) for pair in (("python", "java"), ("python", "rust"), ("java", "rust"))
    }
    assert all(run.unique_tokens == 320 and run.token_points == (640,) for run in pairs)
    assert all(run.unique_tokens == 320 and run.token_points == (320, 640) for run in alone)


def test_run_ids_are_unique_and_the_plan_is_the_same_every_time(config: StudyConfig) -> None:
    runs = plan_sweep(config, AVAILABLE)
    assert len({run.run_id for run in runs}) == len(runs)
    assert runs == plan_sweep(config, AVAILABLE)


def test_a_pair_plan_beyond_the_corpus_is_refused(config: StudyConfig) -> None:
    with pytest.raises(
        UserError, match="half of it is more than the 300 training tokens of rust; set it to 600 or less"
    ):
        plan_sweep(config, AVAILABLE | {"rust": 300})


def test_mixtures_may_be_spread_over_those_that_the_target_may_have(config: StudyConfig) -> None:
    """The target reads 6,400 tokens, four times at most what there is: no more than 4 × 320 of Rust, a fifth."""
    config = as_the_target(config, available={"python": 6_400, "java": 6_400, "rust": 320})
    plan = config.sweep.mixtures.model_copy(update={"spread": "target", "count": 12})
    runs = [run for run in plan_sweep(changed(config, mixtures=plan), AVAILABLE) if run.stage == "mixture"]
    assert len({run.run_id.split("-d")[0].rsplit("-s", 1)[0] for run in runs}) == 12
    assert all(run.proportions["rust"] <= 0.2 + 1e-9 for run in runs)
    assert dict(runs[0].mixture) == pytest.approx({"python": 0.4, "java": 0.4, "rust": 0.2})  # nearest to uniform


def test_baselines_are_trained_beside_the_mixtures_with_seeds(config: StudyConfig) -> None:
    plan = config.sweep.mixtures.model_copy(update={"baselines": ("natural", "temperature:0.5"), "uniform_seeds": 2})
    config = changed(config, mixtures=plan)
    runs = [run for run in plan_sweep(config, AVAILABLE) if run.run_id.startswith(("mixture-nat", "mixture-temp"))]
    assert [run.run_id for run in runs[:2]] == ["mixture-natural-tiny-s0", "mixture-natural-tiny-s1"]
    assert dict(runs[0].mixture) == pytest.approx({"python": 5 / 12, "java": 4 / 12, "rust": 3 / 12})
    assert [run.run_id for run in runs[2:]] == ["mixture-temperature-0.5-tiny-s0", "mixture-temperature-0.5-tiny-s1"]
    assert not [run for run in plan_sweep(config, None) if "natural" in run.run_id]  # before there is a corpus


@pytest.mark.parametrize(
    ("words", "said"),
    [(["file:a.yaml"], "by rules alone"), (["natural", "natural"], "named twice"), (["x"], "no basel")],
)
def test_what_is_no_baseline_of_a_sweep_is_refused(words: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        MixturePlan(count=6, sizes=("tiny",), tokens=(320,), baselines=words)


def test_a_budget_takes_the_grids_ends_first_and_then_mixtures(config: StudyConfig) -> None:
    wide = config.sweep.model_copy(
        update={"grid": config.sweep.grid.model_copy(update={"tokens": (320, 640, 960), "sizes": ("tiny", "small")})}
    )
    config = config.model_copy(update={"sweep": wide})
    full = sweep_cost(config, runs_of(config, wide, None)).tokens
    trimmed = fit_to_budget(changed(config, budget_tokens=full - 1), None)
    assert trimmed.grid.tokens == (320, 640)
    assert trimmed.mixtures == wide.mixtures
    small = sweep_cost(config, runs_of(config, trimmed, None)).tokens
    fewer = fit_to_budget(changed(config, budget_tokens=small - 1), None)
    assert fewer.grid == trimmed.grid
    assert fewer.mixtures.count == wide.mixtures.count - 1
    assert fewer.pairs == wide.pairs


def test_a_budget_that_holds_nothing_says_how_much_it_takes(config: StudyConfig) -> None:
    with pytest.raises(UserError, match=r"sweep.budget_tokens: 1,000 tokens do not hold .* raise it to [\d,]+ or more"):
        fit_to_budget(changed(config, budget_tokens=1_000), None)


def test_the_smallest_sweep_keeps_enough_mixtures(config: StudyConfig) -> None:
    sweep = SweepSection(mixtures=config.sweep.mixtures, budget_tokens=640 * (FEWEST_MIXTURES + 2))
    assert fit_to_budget(config.model_copy(update={"sweep": sweep}), None).mixtures.count == FEWEST_MIXTURES


def test_the_paper_preset_is_the_papers_plan() -> None:
    config = parse_study(yaml.safe_load(preset_text("paper")), "paper")
    runs = plan_sweep(config, None)
    grid = sweep_cost(config, [run for run in runs if run.stage == "grid"])
    assert grid.points == 420
    sizes = [run.n_params for run in runs if run.stage == "grid"]
    assert 0.09e9 < min(sizes) < 0.11e9
    assert 3.0e9 < max(sizes) < 3.2e9
    points = sorted({tokens for run in runs if run.stage == "grid" for tokens in run.token_points})
    assert (points[0], points[-1]) == (2_000_000_000, 64_000_000_000)
    assert {run.token_points[-1] for run in runs if run.stage == "pair"} == {128_000_000_000}
    assert {run.token_points[-1] for run in runs if run.stage == "mixture"} == {1_000_000_000_000}


@pytest.mark.parametrize("preset", ["demo", "quick"])
def test_the_demo_presets_fit_their_budgets_untrimmed(preset: str) -> None:
    config = parse_study(yaml.safe_load(preset_text(preset)), preset)
    assert fit_to_budget(config, None) == config.sweep


def test_both_arms_have_the_same_mixture_seeds_and_tokens(config: StudyConfig) -> None:
    plan = OrganisationPlan(sizes=("tiny", "small"), tokens=(320, 640), seeds=3, paired_shares=(0.25, 1.0))
    runs = runs_of(config, SweepSection(organisation=plan), dict.fromkeys(config.languages, 10_000))
    assert len({run.run_id for run in runs}) == len(runs) == 2 * 3 * 3
    assert {run.stage for run in runs} == {"organisation"}
    assert {run.token_points for run in runs} == {(320, 640)}
    assert {run.unique_tokens for run in runs} == {None}
    assert all(run.proportions == {"python": 0.5, "java": 0.25, "rust": 0.25} for run in runs)
    arms = {(run.organisation, run.hyper.get("paired_share")) for run in runs}
    assert arms == {("shuffled", None), ("paired", 0.25), ("paired", None)}
    for arm in arms:
        seeds = [run.seed for run in runs if (run.organisation, run.hyper.get("paired_share")) == arm]
        assert sorted(seeds) == [0, 0, 1, 1, 2, 2]
    own = plan.model_copy(update={"proportions": {"python": 0.2, "rust": 0.8}})
    assert organisation_runs(config, own)[0].proportions == {"python": 0.2, "rust": 0.8}


def test_an_arm_names_its_share_where_the_study_pairs_another(config: StudyConfig) -> None:
    plan = OrganisationPlan(sizes=("tiny",), tokens=(640,), seeds=2, paired_shares=(0.5, 1.0))
    half = config.model_copy(update={"training": config.training.model_copy(update={"paired_share": 0.5})})
    paired = [run for run in organisation_runs(half, plan) if run.organisation == "paired"]
    assert [(run.run_id, run.hyper) for run in paired[:2]] == [
        ("organisation-tiny-s0-paired-0.5", {}),
        ("organisation-tiny-s0-paired", {"paired_share": 1.0}),
    ]

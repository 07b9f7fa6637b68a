"""The seeds of the proof: none of them chose a mixture, whatever the study."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from codescale.comparison.plan import MEASURED, PREDICTED, UNIFORM, comparison_runs
from codescale.mixtures.mixture import Mixture
from codescale.runs.records import RunRecord, RunSpec
from codescale.search.objective.problem import SearchProblem
from codescale.search.space.space import SearchPoint, load_space
from codescale.search.trials.pruning_audit import audit_runs
from codescale.search.trials.spec import TrialSpecs
from codescale.study.comparison import ComparisonSection, Scale
from codescale.study.config import StudyConfig
from codescale.study.sweep import GridPlan, MixturePlan, PairPlan, SweepSection
from codescale.sweeps.plan import plan_sweep
from codescale.sweeps.retry import retries_of
from tests.tiny_study import tiny_study

counts = st.integers(1, 6)
grids = st.builds(lambda seeds: GridPlan(sizes=("tiny",), tokens=(640,), seeds=seeds), counts)
pairs = st.builds(lambda seeds: PairPlan(size="tiny", tokens=640, seeds=seeds), counts)
mixtures = st.builds(
    lambda seeds, uniform: MixturePlan(count=3, sizes=("tiny",), tokens=(640,), seeds=seeds, uniform_seeds=uniform),
    counts,
    counts,
)
sweeps = st.builds(
    lambda grid, pair, mixture: SweepSection(grid=grid, pairs=pair, mixtures=mixture),
    st.none() | grids,
    st.none() | pairs,
    st.none() | mixtures,
)
comparisons = st.builds(
    lambda seeds, larger: ComparisonSection(size="tiny", tokens=640, seeds=seeds, larger=larger),
    st.integers(3, 6),
    st.none() | st.builds(lambda seeds: Scale(size="small", tokens=640, seeds=seeds), st.integers(3, 6)),
)
studies = st.builds(
    lambda seed, sweep, comparison: tiny_study().model_copy(
        update={"seed": seed, "sweep": sweep, "comparison": comparison}
    ),
    st.integers(0, 1000),
    sweeps,
    comparisons,
)


def diverged(spec: RunSpec) -> RunRecord:
    return RunRecord(
        spec=spec,
        status="diverged",
        evaluations=(),
        corpus_id="c",
        tokens_trained=1,
        flops=1.0,
        seconds=1.0,
        finished=0.0,
    )


def seeds_that_chose(config: StudyConfig) -> set[int]:
    """Of all runs by which a mixture may be chosen: sweep, second tries, trials, and the checks of stopped ones."""
    swept = plan_sweep(config, None)
    trials = TrialSpecs(SearchProblem.of(config, load_space("all_languages", config.languages)))
    tried = [trials.spec(number, SearchPoint(config.uniform(), {})) for number in range(3)]
    checked = audit_runs([diverged(spec) for spec in tried], 3, config.seed)
    again = retries_of([diverged(spec) for spec in swept], 0.5)
    return {spec.seed for spec in [*swept, *again, *tried, *checked]}


@settings(deadline=None, max_examples=60)
@given(studies)
def test_no_seed_of_the_proof_chose_a_mixture(config: StudyConfig) -> None:
    """Else a lucky seed of sweep or search would be judged again, and found lucky again."""
    compared = {
        UNIFORM: config.uniform(),
        PREDICTED: Mixture({"python": 0.5, "java": 0.5}),
        MEASURED: Mixture({"python": 0.7, "rust": 0.3}),
    }
    chose = seeds_that_chose(config)
    for scale in config.comparison.scales:
        for runs in comparison_runs(config, scale, compared, None, {}).values():
            seeds = [run.seed for run in runs]
            assert len(set(seeds)) == scale.seeds
            assert chose.isdisjoint(seeds)

"""The data's organisation in the runs of sweeps and of ``codescale train``, and in their ids."""

from __future__ import annotations

from codescale.mixtures.mixture import Mixture
from codescale.runs.records import RunSpec
from codescale.study.config import StudyConfig
from codescale.sweeps.plan import plan_sweep
from codescale.sweeps.single_model import single_run

AVAILABLE = {"python": 5000, "java": 5000, "rust": 5000}


def trained(config: StudyConfig, **training: object) -> StudyConfig:
    return config.model_copy(update={"training": config.training.model_copy(update=training)})


def single(config: StudyConfig) -> RunSpec:
    return single_run(config, "corpus", "tiny", 640, Mixture({"python": 0.5, "java": 0.5}), 0)


def test_a_study_that_pairs_plans_the_same_runs_under_ids_of_their_own(config: StudyConfig) -> None:
    shuffled, paired = plan_sweep(config, AVAILABLE), plan_sweep(trained(config, organisation="paired"), AVAILABLE)
    assert [f"{spec.run_id}-paired" for spec in shuffled] == [spec.run_id for spec in paired]
    assert {spec.organisation for spec in shuffled} == {"shuffled"}
    same = {"run_id": "", "organisation": "shuffled"}
    assert [spec.model_copy(update=same) for spec in paired] == [spec.model_copy(update=same) for spec in shuffled]


def test_ids_of_shuffled_runs_are_those_of_before(config: StudyConfig) -> None:
    assert single(config).run_id == "train-tiny-640-s0-9629d5d0"
    assert plan_sweep(config, AVAILABLE)[0].run_id == "grid-python-tiny-s0"


def test_a_single_runs_id_knows_the_pivot_where_it_pairs(config: StudyConfig) -> None:
    plain, paired = single(config), single(trained(config, organisation="paired"))
    assert (plain.organisation, paired.organisation) == ("shuffled", "paired")
    assert single(trained(config, pivot="java")) == plain
    assert len({plain.run_id, paired.run_id, single(trained(config, organisation="paired", pivot="java")).run_id}) == 3

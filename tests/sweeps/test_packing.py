"""Which runs go together: all of them somewhere, once, in packs of about equal length that a kill does not rename."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codescale.cluster.ray_cluster import Workers
from codescale.runs.records import RunSpec
from codescale.study.config import StudyConfig
from codescale.study.train import RaySection
from codescale.study.training import Shape
from codescale.sweeps.packing import most_together, packs_of, workers_for_packs
from codescale.sweeps.plan import plan_sweep
from codescale.training.memory.plan import MemoryDemand, memory_plan
from codescale.training.packed.session import packs_with


def test_packs_hold_every_run_once_with_those_it_goes_together_with(config: StudyConfig) -> None:
    specs = plan_sweep(config, None)
    packs = packs_of(specs, config, lambda spec: 3)
    assert sorted(spec.run_id for pack in packs for spec in pack.runs) == sorted(spec.run_id for spec in specs)
    assert max(len(pack.runs) for pack in packs) == 3
    for pack in packs:
        assert len({repr(packs_with(config, spec)) for spec in pack.runs}) == 1
    assert len({pack.name for pack in packs}) == len(packs)
    # Languages alone at two D, pairs at the later one only, and the mixtures with them.
    assert len(packs_of(specs, config, lambda spec: 1000)) == len({repr(packs_with(config, spec)) for spec in specs})


@given(count=st.integers(1, 40), most=st.integers(1, 12))
def test_packs_of_a_kind_differ_by_one_run_at_most(count: int, most: int) -> None:
    config = small()
    specs = [run(config, f"r{k}") for k in range(count)]
    lengths = [len(pack.runs) for pack in packs_of(specs, config, lambda spec: most)]
    assert sum(lengths) == count
    assert max(lengths) <= most
    assert max(lengths) - min(lengths) <= 1
    assert len(lengths) == -(-count // most)


def test_a_pack_keeps_its_name_when_some_of_it_is_done() -> None:
    config = small()
    specs = [run(config, f"r{k}") for k in range(3)]
    (pack,) = packs_of(specs, config, lambda spec: 8)
    left = pack.without({"r0", "r2"})
    assert [spec.run_id for spec in left.runs] == ["r1"]
    assert left.name == pack.name
    assert not left.alone
    assert all(one.alone for one in packs_of(specs, config, lambda spec: 1))


def test_hyperparameters_of_a_run_s_own_do_not_part_it_from_others() -> None:
    config = small()
    first = run(config, "a")
    for name, value in (("muon_learning_rate", 0.1), ("learning_rate_factor", 0.5), ("spike", 2.0)):
        assert packs_with(config, run(config, "b", hyper={name: value})) == packs_with(config, first)
    assert packs_with(config, run(config, "b", hyper={"cooldown_share": 0.5})) != packs_with(config, first)


def test_on_a_cpu_runs_go_alone_unless_the_study_says_otherwise() -> None:
    cores = Workers(count=8, threads=1, gpus=0.0)
    config = small()
    assert most_together(config, cores, 100)(run(config, "a")) == 1
    assert workers_for_packs(config.ray, cores) == cores
    fixed = config.model_copy(update={"ray": RaySection(pack=5)})
    assert most_together(fixed, cores, 100)(run(config, "a")) == 5
    assert workers_for_packs(fixed.ray, cores) == cores


def test_packs_have_a_gpu_each_unless_the_study_shares_them_out() -> None:
    config = small()
    shared = Workers(count=16, threads=1, gpus=0.25)
    assert workers_for_packs(config.ray, shared) == Workers(count=4, threads=1, gpus=1.0)
    for section in (RaySection(workers=16), RaySection(gpus_per_worker=0.25), RaySection(pack=1)):
        assert workers_for_packs(section, shared) == shared


def test_a_gpu_is_filled_but_no_worker_is_left_without_work(monkeypatch: pytest.MonkeyPatch) -> None:
    config = small()
    shape, vocabulary, spec = config.sizes["tiny"], config.corpus.vocabulary, run(config, "a")
    one = memory_plan(MemoryDemand(shape, vocabulary, config.training, "cuda")).total
    for memory, runs, expected in ((80 * 2**30, 1000, 64), (80 * 2**30, 20, 10), (10 * one, 1000, 8), (0, 1000, 1)):
        monkeypatch.setattr("codescale.sweeps.packing._memory", lambda workers, memory=memory: memory)
        assert most_together(config, Workers(count=2, threads=1, gpus=1.0), runs)(spec) == expected


def run(config: StudyConfig, run_id: str, **changes: object) -> RunSpec:
    settings: dict = {
        "run_id": run_id,
        "stage": "mixture",
        "size": "tiny",
        "n_params": config.sizes["tiny"].n_params,
        "token_points": (2048,),
        "proportions": {"python": 1.0},
        "seed": 0,
    }
    return RunSpec(**(settings | changes))


def small() -> StudyConfig:
    return StudyConfig.model_validate(
        {
            "name": "small",
            "languages": ("python",),
            "sizes": {"tiny": Shape(hidden=8, layers=1, heads=2, intermediate=16)},
            "target": {"size": "tiny", "n_tokens": 2048},
            "search": {"size": "tiny", "tokens": 2048},
            "comparison": {"size": "tiny", "tokens": 2048},
        }
    )

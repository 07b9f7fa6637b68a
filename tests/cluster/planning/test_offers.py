"""From a cluster's file to seconds and slots: GPUs by peak and utilisation, cores by what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from codescale.cluster.planning.cluster_file import ClusterFile
from codescale.cluster.planning.jobs import Job, JobPhase
from codescale.cluster.planning.offers import Asked, notes_of, offers
from codescale.cluster.planning.prices import read_prices
from codescale.errors import UserError

JOB = Job(n_params=1e9, tokens=1e10, flops=6e19, work=7e19)


def asked(content: dict[str, Any], threads: int = 1) -> Asked:
    file = ClusterFile.model_validate(content)
    return Asked("cluster.yaml", file, read_prices().with_more(file.gpus, file.types), threads)


def phase(*jobs: Job) -> list[JobPhase]:
    return [JobPhase("sweep", jobs)]


def test_a_run_on_gpus_takes_its_work_over_peak_and_utilisation() -> None:
    (offer,) = offers(
        asked({"workers": [{"type": "aws/p5.48xlarge", "most": 2}], "utilisation": [0.2, 0.4], "gpus_per_run": 4}),
        phase(JOB),
    )
    (run,) = offer.phases[0].runs
    assert (run.slots, offer.pool.slots, offer.utilisation) == (4, 8, (0.2, 0.4))
    assert run.seconds == pytest.approx(7e19 / (989.4e12 * 0.4 * 4))


def test_parts_of_a_gpu_hold_more_runs_and_each_is_slower() -> None:
    (offer,) = offers(asked({"workers": [{"type": "aws/g6e.xlarge", "most": 1}], "gpus_per_run": 0.25}), phase(JOB))
    assert offer.pool.slots == 4
    assert offer.phases[0].runs[0].seconds == pytest.approx(7e19 / (362e12 * 0.4 * 0.25))


def test_cores_are_as_fast_as_they_were_measured_or_as_the_file_says() -> None:
    measured = Job(n_params=1e5, tokens=1e6, flops=1e12, work=2e12, speed=1e10)
    for more, seconds in (({}, 200.0), ({"flops_per_second": 4e10}, 50.0)):
        (offer,) = offers(
            asked({"workers": [{"type": "aws/m5.4xlarge", "most": 1} | more]}, threads=4), phase(measured)
        )
        assert offer.pool.slots == 4
        assert offer.phases[0].runs[0].seconds == pytest.approx(seconds)
    with pytest.raises(
        UserError, match=r"workers.0: is a machine without GPU, and how fast its cores train is not known"
    ):
        offers(asked({"workers": [{"type": "aws/m5.4xlarge", "most": 1}]}), phase(JOB))


def test_the_longest_runs_come_first() -> None:
    long = Job(n_params=1e9, tokens=1e11, flops=6e20, work=6e20, count=2)
    (offer,) = offers(asked({"workers": [{"type": "aws/p5.48xlarge", "most": 2}]}), phase(JOB, long))
    assert [run.seconds for run in offer.phases[0].runs] == sorted(
        (r.seconds for r in offer.phases[0].runs), reverse=True
    )
    assert len(offer.phases[0].runs) == 3


def test_only_spot_machines_are_preempted_and_a_spot_price_that_is_missing_is_said() -> None:
    given = asked(
        {
            "workers": [
                {"type": "azure/Standard_ND96isr_H100_v5", "most": 1, "spot": True},
                {"type": "aws/p5.48xlarge", "most": 1, "spot": True},
                {"type": "aws/p5.48xlarge", "most": 1},
            ],
            "preemptions_per_day": 2,
        }
    )
    azure, aws, demand = offers(given, phase(JOB))
    assert azure.pool.preemptions == aws.pool.preemptions == 2 / 86400
    assert demand.pool.preemptions == 0
    assert azure.price == given.prices.nodes[azure.type].spot
    assert aws.price == demand.price == given.prices.nodes[aws.type].on_demand
    (note,) = [one for one in notes_of(given, [azure, aws, demand], phase(JOB)) if "spot price" in one]
    assert "aws/p5.48xlarge" in note
    assert "azure" not in note


def test_small_models_and_missing_prices_are_said() -> None:
    given = asked(
        {
            "workers": [{"type": "own/a", "most": 1}],
            "types": {"own/a": {"cpus": 8, "memory_gb": 9, "gpus": 1, "gpu": "H100"}},
        }
    )
    small = phase(Job(n_params=1e5, tokens=1e6, flops=1e12, work=1e12))
    notes = " ".join(notes_of(given, offers(given, small), small))
    assert "No price is known of own/a" in notes
    assert "100,000 parameters and does not reach" in notes


def test_every_packaged_price_has_a_date_and_a_source_and_every_gpu_a_peak() -> None:
    table = read_prices()
    assert {name.split("/")[0] for name in table.nodes} == {"aws", "gcp", "azure"}
    for node in table.nodes.values():
        assert node.date is not None
        assert node.source
        assert node.on_demand
        assert node.spot is None or node.spot < node.on_demand
        assert not node.gpus or table.peak(node, "prices") > 1e13


def test_own_prices_replace_those_of_the_package(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("nodes: {aws/p5.48xlarge: {cpus: 1, memory_gb: 1, on_demand: 9, date: 2027-01-01, source: a bill}}")
    table = read_prices(own)
    assert table.nodes["aws/p5.48xlarge"].on_demand == 9
    assert len(table.nodes) == len(read_prices().nodes)

"""How many workers a cluster has room for: never more than fit, refused with the numbers where too few do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codescale.cluster.placement import place, room
from codescale.errors import UserError
from codescale.study.train import TrainSection

TWO_CORES, GPU_NODE = {"CPU": 2.0}, {"CPU": 16.0, "GPU": 8.0}

nodes = st.lists(
    st.fixed_dictionaries({"CPU": st.integers(0, 32).map(float), "GPU": st.integers(0, 8).map(float)}),
    min_size=1,
    max_size=4,
)


@given(nodes, st.integers(1, 6), st.integers(0, 6))
def test_what_is_placed_fits(nodes: list[dict[str, float]], fewest: int, more: int) -> None:
    try:
        placed = place(nodes, (fewest, fewest + more), None, batch=64)
    except UserError:
        gpus = 1.0 if any(node["GPU"] >= 1 for node in nodes) else 0.0
        assert room(nodes, 1, gpus) < fewest
        return
    fit = room(nodes, placed.threads, placed.gpus)
    assert fit >= fewest
    assert fit >= min(fewest + more, room(nodes, 1, placed.gpus))


@pytest.mark.parametrize(
    ("cluster", "workers", "threads", "expected"),
    [
        ([TWO_CORES], None, None, ((1, 1), 2, 0.0)),
        ([TWO_CORES], (2, 2), None, ((2, 2), 1, 0.0)),
        ([TWO_CORES, TWO_CORES], (1, 4), None, ((1, 4), 1, 0.0)),
        ([TWO_CORES, TWO_CORES], (2, 2), None, ((2, 2), 2, 0.0)),
        ([GPU_NODE], None, None, ((1, 8), 2, 1.0)),
        ([GPU_NODE, TWO_CORES], (8, 8), 1, ((8, 8), 1, 1.0)),
    ],
)
def test_defaults(cluster: list, workers: tuple[int, int] | None, threads: int | None, expected: tuple) -> None:
    placed = place(cluster, workers, threads, batch=8)
    assert (placed.workers, placed.threads, placed.gpus) == expected


def test_too_few_machines_are_refused_with_the_numbers() -> None:
    with pytest.raises(UserError, match="3 workers of 1 core each are wanted, the cluster has room for 2"):
        place([TWO_CORES], (3, 3), None, batch=8)
    with pytest.raises(UserError, match="9 workers of 1 core and a GPU each are wanted, the cluster has room for 8"):
        place([GPU_NODE], (9, 9), None, batch=16)


@pytest.mark.parametrize("parts", range(1, 65))
def test_as_many_equal_parts_of_a_gpu_as_it_was_parted_in_fit_on_it(parts: int) -> None:
    assert room([{"CPU": 64.0, "GPU": 1.0}], 1, 1 / parts) == parts


def test_more_workers_than_sequences_are_refused() -> None:
    with pytest.raises(UserError, match="5 workers are more than the 4 sequences"):
        place([GPU_NODE], (1, 5), None, batch=4)


@pytest.mark.parametrize(("given", "workers"), [("4", (4, 4)), ("1-4", (1, 4)), (2, (2, 2)), ([1, 3], (1, 3))])
def test_workers_as_people_write_them(given: object, workers: tuple[int, int]) -> None:
    assert TrainSection.model_validate({"workers": given}).workers == workers


@pytest.mark.parametrize("given", ["", "a few", "4-1", "0", 0, -1, [1, 2, 3], 1.5, True, "1-2-3"])
def test_workers_that_are_none(given: object) -> None:
    with pytest.raises(ValueError, match="workers"):
        TrainSection.model_validate({"workers": given})

"""The memory planner: what it counts is what torch keeps, what it foretells is what a fresh process then takes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.profiler import ProfilerActivity, profile

from codescale.errors import UserError
from codescale.study.training import Shape, TrainingSection
from codescale.training.loop.step import Stepper, recompute_activations
from codescale.training.memory import plan as memory_plan
from codescale.training.memory.plan import HEAP_SHARE, HEAP_SHARE_RECOMPUTED, MemoryDemand, check_fits
from codescale.training.model.llama import LanguageModel, initialise
from codescale.training.parallel import SingleProcess

SHAPE = Shape(hidden=64, layers=3, heads=4, intermediate=176)
VOCABULARY, CONTEXT, BATCH = 96, 32, 4


def demand(shape: Shape = SHAPE, **changes: object) -> MemoryDemand:
    training = TrainingSection(**{"context": CONTEXT, "batch": BATCH} | changes)
    return MemoryDemand(shape, VOCABULARY, training)


def kept_for_the_backward_pass(planned: MemoryDemand) -> int:
    """Bytes that torch saves in a forward pass, besides parameters and the rotary tables."""
    training = planned.training
    model = LanguageModel(
        planned.shape, planned.vocabulary, training.context, 0 if training.attention == "document" else None
    )
    if training.checkpoint_activations:
        recompute_activations(model)
    own = {tensor.untyped_storage().data_ptr() for tensor in [*model.parameters(), *model.buffers()]}
    kept: dict[int, torch.Tensor] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.untyped_storage().data_ptr() not in own:
            kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    sequences = torch.randint(0, planned.vocabulary, (training.batch, training.context + 1))
    with (
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
        torch.autocast("cpu", torch.bfloat16, enabled=planned.half),
    ):
        model(sequences)
    return sum(tensor.untyped_storage().nbytes() for tensor in kept.values())


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"attention": "document"},
        {"precision": "bfloat16"},
        {"checkpoint_activations": True},
        {"shape": Shape(hidden=64, layers=3, heads=4, intermediate=176, key_value_heads=2, head_dim=24, tied=True)},
    ],
    ids=["fp32", "documents", "bf16", "recomputed", "shared-keys"],
)
def test_activations_are_those_that_torch_saves(changes: dict) -> None:
    planned = demand(**changes)
    tokens = BATCH * CONTEXT
    counted = tokens * (memory_plan.saved_per_token(planned) + 4 * VOCABULARY) + memory_plan._cast_weights(planned)
    assert kept_for_the_backward_pass(planned) == pytest.approx(counted, rel=0.01)


def allocated_in_a_step(planned: MemoryDemand) -> int:
    """Bytes of live arrays at the fullest moment of a training step, beside weights and optimizer state."""
    training = planned.training
    model = LanguageModel(planned.shape, planned.vocabulary, training.context)
    initialise(model, 0.05, 0)
    stepper = Stepper(model, training, 1.0, SingleProcess(torch.device("cpu")), 1.0)
    sequences = torch.randint(0, planned.vocabulary, (training.batch, training.context + 1))
    stepper.step(sequences, 1.0)
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        stepper.step(sequences, 1.0)
    events = [event for event in profiled.profiler.kineto_results.events() if event.name() == "[memory]"]
    held = most = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()
        most = max(most, held)
    return most


@pytest.mark.parametrize(
    ("shape", "vocabulary", "changes"),
    [
        (SHAPE, 1024, {"optimizer": "adamw"}),
        (SHAPE, 1024, {"batch": 8, "micro_batch": 2}),
        (SHAPE, 64, {"batch": 16}),
        (SHAPE, 64, {"batch": 16, "precision": "bfloat16"}),
        (Shape(hidden=192, layers=3, heads=6, intermediate=512), 256, {"batch": 1}),
        (Shape(hidden=192, layers=4, heads=6, intermediate=512), 64, {"batch": 16, "checkpoint_activations": True}),
    ],
    ids=["logits", "accumulated", "backward", "bf16", "update", "recomputed"],
)
def test_a_steps_fullest_moment_is_the_planned_one(shape: Shape, vocabulary: int, changes: dict) -> None:
    training = TrainingSection(**{"context": 64, "batch": BATCH} | changes)
    planned = MemoryDemand(shape, vocabulary, training)
    plan = memory_plan.memory_plan(planned)
    heap = HEAP_SHARE_RECOMPUTED if training.checkpoint_activations else HEAP_SHARE
    step = max(plan.forward, plan.backward, plan.update) / heap
    assert step == pytest.approx(allocated_in_a_step(planned), rel=0.15)


def measured(wanted: dict) -> dict:
    result = subprocess.run(
        [sys.executable, "-m", "tests.training.memory.measured_memory", json.dumps(wanted)],
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(result.stdout.splitlines()[-1])


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads a process's memory from /proc")
@pytest.mark.parametrize(
    "wanted",
    [
        {"hidden": 64, "layers": 3, "heads": 4, "intermediate": 192, "training": {"batch": 48, "context": 256}},
        {"hidden": 384, "layers": 6, "heads": 6, "intermediate": 1024, "training": {"batch": 2, "context": 128}},
    ],
    ids=["logits", "Muon"],
)
def test_a_fresh_process_takes_what_was_planned(wanted: dict) -> None:
    found = measured({"vocabulary": 1024, "device": "cpu"} | wanted)
    assert found["planned"] == pytest.approx(found["peak"], rel=0.15), found


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_gpu_holds_what_was_planned(optimizer: str, precision: str) -> None:
    training = {"batch": 16, "context": 512, "optimizer": optimizer, "precision": precision, "compile": False}
    shape = {"hidden": 768, "layers": 12, "heads": 12, "intermediate": 2048}
    found = measured(shape | {"vocabulary": 16_384, "device": "cuda", "training": training})
    assert found["planned"] == pytest.approx(found["peak"], rel=0.15), found


@given(
    batch=st.integers(1, 64),
    micro_batch=st.none() | st.integers(1, 64),
    world=st.integers(1, 8),
    packed=st.integers(1, 8),
    optimizer=st.sampled_from(["adamw", "muon"]),
    recomputed=st.booleans(),
    device=st.sampled_from(["cpu", "cuda"]),
)
@settings(deadline=None)
def test_more_needs_more(
    batch: int, micro_batch: int | None, world: int, packed: int, optimizer: str, recomputed: bool, device: str
) -> None:
    world = min(world, batch)

    def total(**changes: object) -> int:
        training = TrainingSection(
            context=CONTEXT,
            batch=batch,
            micro_batch=micro_batch,
            optimizer=optimizer,
            checkpoint_activations=recomputed,
        )
        return memory_plan.memory_plan(
            MemoryDemand(
                **{
                    "shape": SHAPE,
                    "vocabulary": VOCABULARY,
                    "training": training,
                    "device": device,
                    "world": world,
                    "packed": packed,
                }
                | changes
            )
        ).total

    larger = SHAPE.model_copy(update={"hidden": 2 * SHAPE.hidden})
    assert total(shape=larger) > total()
    assert total(vocabulary=2 * VOCABULARY) > total()
    assert total(packed=packed + 1) > total()


def test_a_run_that_does_not_fit_is_refused_with_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    planned = demand(batch=64, optimizer="adamw")
    needed = memory_plan.memory_plan(planned).total
    monkeypatch.setattr(memory_plan, "available_memory", lambda device: needed - 1)
    alone = SingleProcess(torch.device("cpu"))
    with pytest.raises(UserError, match=r"run-7: needs .* GB .* are left on cpu; set training[.]"):
        check_fits(planned, alone, "run-7")
    monkeypatch.setattr(memory_plan, "available_memory", lambda device: needed)
    assert check_fits(planned, alone, "run-7").total == needed


def test_every_alternative_that_is_named_needs_less() -> None:
    planned = demand(batch=64)
    totals = [total for _, total in memory_plan.alternatives(planned)]
    assert totals
    assert max(totals) < memory_plan.memory_plan(planned).total
    assert totals == sorted(totals, reverse=True)


def test_shards_divide_what_they_hold() -> None:
    training = TrainingSection(context=CONTEXT, batch=8)
    whole, shared = (
        memory_plan.memory_plan(MemoryDemand(SHAPE, VOCABULARY, training, world=4, kind=kind))  # type: ignore[arg-type]
        for kind in ("replicated", "sharded")
    )
    assert (shared.weights, shared.optimizer, shared.trunk) == (
        whole.weights // 4,
        whole.optimizer // 4,
        whole.trunk // 4,
    )

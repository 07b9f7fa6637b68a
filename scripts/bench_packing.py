"""Tokens a second of K models in one pack against the same models one after another, on a GPU or a CPU.

    .venv/bin/python scripts/bench_packing.py [--device cpu] [--hidden 64 --layers 3] [--models 4 8] [--page PAGE]

Whole training steps (forward, backward, clipping, optimizers) on random text that is on the device already, both ways
in turn within one process; the figure is the ratio of the medians of all rounds. A second is one of wall time on a GPU
and one of this process's CPU time on a CPU, so that what else runs there does not count. ``--page`` writes it down.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import torch

from codescale.files import write_text
from codescale.stages.timings import machine
from codescale.study.training import Shape, TrainingSection
from codescale.training.loop.step import Stepper
from codescale.training.model.llama import LanguageModel, initialise
from codescale.training.packed.model import PackedModel
from codescale.training.packed.step import PackedStepper
from codescale.training.parallel import SingleProcess

MOST_ALONE = 4
"""So many of the models are timed one after another: each takes as long as any other."""


@dataclass(frozen=True)
class Rates:
    """Training tokens a second, summed over ``models`` models."""

    models: int
    packed: float
    one_after_another: float

    @property
    def ratio(self) -> float:
        """How many times as fast the pack is."""
        return self.packed / self.one_after_another


def measure(
    shape: Shape,
    vocabulary: int,
    training: TrainingSection,
    models: int,
    device: torch.device,
    *,
    steps: int = 5,
    rounds: int = 5,
) -> Rates:
    """The rates of ``models`` models of ``shape``, over ``rounds`` rounds of ``steps`` steps each way."""

    def opened(seed: int) -> LanguageModel:
        model = LanguageModel(shape, vocabulary, training.context)
        initialise(model, training.initial_deviation, seed)
        return model

    pack = PackedModel([opened(seed) for seed in range(models)]).to(device)
    together = PackedStepper(pack, [training] * models, [1.0] * models, 0.0)
    alone = [
        Stepper(opened(seed).to(device), training, 1.0, SingleProcess(device), 0.0)
        for seed in range(min(models, MOST_ALONE))
    ]
    text = torch.randint(0, vocabulary, (models, training.batch, training.context + 1), device=device)

    def steps_together() -> None:
        for _ in range(steps):
            together.step(text, 1.0)

    def steps_alone() -> None:
        for k, stepper in enumerate(alone):
            for _ in range(steps):
                stepper.step(text[k], 1.0)

    for warm_up in (steps_together, steps_alone):
        seconds(warm_up, device)
    times = [(seconds(steps_together, device), seconds(steps_alone, device)) for _ in range(rounds)]
    tokens = steps * training.batch * training.context
    packed, lone = (median(each) for each in zip(*times, strict=True))
    return Rates(models, models * tokens / packed, len(alone) * tokens / lone)


def seconds(work: Callable[[], None], device: torch.device) -> float:
    """What ``work`` takes of a GPU's wall time, until it has done it, or of a CPU's time."""
    if device.type == "cpu":
        begun = time.process_time()
        work()
        return time.process_time() - begun
    begun = time.perf_counter()
    work()
    torch.cuda.synchronize(device)
    return time.perf_counter() - begun


def page(settings: argparse.Namespace, shape: Shape, figures: Sequence[Rates]) -> str:
    """The figures with what they were measured on."""
    here = machine()
    device = torch.cuda.get_device_name() if settings.device == "cuda" else f"{here['cpu']}, {settings.threads} thread"
    lines = [
        "# Packed proxies", "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `scripts/bench_packing.py`: {device}; Python {here['python']}, "
        f"torch {here['torch']}.", "",
        f"{shape.n_params:,} parameters (hidden {shape.hidden}, {shape.layers} layers), vocabulary "
        f"{settings.vocabulary:,}, batches of {settings.batch} × {settings.context} tokens, {settings.optimizer}. "
        f"Tokens a second of {'wall' if settings.device == 'cuda' else 'CPU'} time, all models together.", "",
        "| models | one pack | one after another | ratio |", "| ---: | ---: | ---: | ---: |",
        *(f"| {r.models} | {r.packed:,.0f} | {r.one_after_another:,.0f} | {r.ratio:.2f} |" for r in figures),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measures and prints; writes the page where one is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    gpu = torch.cuda.is_available()
    parser.add_argument("--device", default="cuda" if gpu else "cpu")
    parser.add_argument("--hidden", type=int, default=128 if gpu else 64)
    parser.add_argument("--layers", type=int, default=5 if gpu else 3)
    parser.add_argument("--models", type=int, nargs="+", default=[64] if gpu else [4, 8])
    parser.add_argument("--vocabulary", type=int, default=1024)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--context", type=int, default=256)
    parser.add_argument("--optimizer", default="muon")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--page", type=Path)
    settings = parser.parse_args()
    torch.set_num_threads(settings.threads)
    shape = Shape(
        hidden=settings.hidden,
        layers=settings.layers,
        heads=max(1, settings.hidden // 32),
        intermediate=settings.hidden * 11 // 4,
    )
    training = TrainingSection(batch=settings.batch, context=settings.context, optimizer=settings.optimizer)
    device = torch.device(settings.device)
    figures = [measure(shape, settings.vocabulary, training, count, device) for count in settings.models]
    written = page(settings, shape, figures)
    print(written)
    if settings.page:
        write_text(settings.page, written)


if __name__ == "__main__":
    main()

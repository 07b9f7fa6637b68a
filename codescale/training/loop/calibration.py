"""How fast a machine trains a size of model, by a few seconds of it on random tokens."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch

from codescale.study.config import StudyConfig
from codescale.training.flops import training_flops
from codescale.training.loop.step import Stepper
from codescale.training.model.llama import LanguageModel, initialise
from codescale.training.parallel import SingleProcess

CALIBRATION_SECONDS = 3.0


@dataclass(frozen=True)
class Calibration:
    """Counted training FLOPs a second of one worker, and the steps and seconds that they were measured by."""

    flops_per_second: float
    steps: int
    seconds: float

    @property
    def source(self) -> str:
        """What it was measured by, in words."""
        return f"{self.steps} steps on random tokens, {self.seconds:.0f} s"


def calibrate(config: StudyConfig, size: str, threads: int) -> Calibration:
    """Trains a model of ``size`` with ``threads`` cores for a few seconds; no evaluations, and alone on the machine, so
    a little too fast.
    """
    torch.set_num_threads(threads)
    training, shape, parallel = config.training, config.shape(size), SingleProcess()
    model = LanguageModel(shape, config.corpus.vocabulary, training.context, None)
    initialise(model, training.initial_deviation, 0)
    model = model.to(parallel.device)
    tokens = training.batch * training.context
    flops = training_flops(shape, config.corpus.vocabulary, training.context, tokens)
    stepper = Stepper(model, training, 1.0, parallel, flops * 1000)
    sequences = torch.randint(config.corpus.vocabulary, (training.batch, training.context + 1), device=parallel.device)
    stepper.step(sequences, 1.0)
    begun, steps = time.perf_counter(), 0
    while time.perf_counter() - begun < CALIBRATION_SECONDS:
        stepper.step(sequences, 1.0).loss.item()
        steps += 1
    seconds = time.perf_counter() - begun
    return Calibration(flops * steps / seconds, steps, seconds)

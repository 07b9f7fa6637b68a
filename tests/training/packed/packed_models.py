"""Three small models of one shape that learn at different rates, and batches for them."""

from __future__ import annotations

import torch
from torch import Tensor

from codescale.study.training import Shape
from codescale.training.model.llama import LanguageModel, initialise

SHAPE = Shape(hidden=16, layers=2, heads=2, intermediate=24)
VOCABULARY, CONTEXT = 50, 12
RATES = ({"adamw_learning_rate": 0.02}, {"gradient_clip": 0.05}, {"weight_decay": 0.3, "muon_learning_rate": 0.005})


def models(document_end: int | None = None) -> list[LanguageModel]:
    """The models, drawn with seeds 0, 1 and 2."""
    made = [LanguageModel(SHAPE, VOCABULARY, CONTEXT, document_end) for _ in RATES]
    for seed, model in enumerate(made):
        initialise(model, 0.2, seed)
    return made


def sequences(batch: int = 4, seed: int = 0) -> Tensor:
    """Token ids (models, batch, CONTEXT + 1)."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, VOCABULARY, (len(RATES), batch, CONTEXT + 1), generator=generator)

"""nanotron: one of ``data_stages``, with Nanosets."""

from __future__ import annotations

from codescale.files import yaml_text
from codescale.mixtures.trainer_formats.sources import WeightedSources


def data_stage(weighted: WeightedSources) -> str:
    """Folders of tokenized sequences and the weight of each (``NanosetDatasetsArgs``)."""
    dataset = {"dataset_folder": weighted.paths, "dataset_weights": list(weighted.shares)}
    stage = {"name": "mixture", "start_training_step": 1, "data": {"dataset": dataset, "seed": weighted.seed}}
    return yaml_text({"data_stages": [stage]})

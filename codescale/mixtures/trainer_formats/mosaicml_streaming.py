"""MosaicML streaming: the arguments of ``StreamingDataset``, as LLM Foundry's YAML has them."""

from __future__ import annotations

from codescale.files import yaml_text
from codescale.mixtures.trainer_formats.sources import WeightedSources


def dataset_arguments(weighted: WeightedSources) -> str:
    """A stream for each language with the proportion of its rows, in random batches: ``stratified`` ones deal whole
    rows to every batch and refuse a share below one.
    """
    streams = {
        language: {"remote" if "://" in path else "local": path, "proportion": share}
        for language, path, share in zip(weighted.languages, weighted.paths, weighted.shares_of_rows(), strict=True)
    }
    return yaml_text({"streams": streams, "batching_method": "random", "shuffle": True, "shuffle_seed": weighted.seed})

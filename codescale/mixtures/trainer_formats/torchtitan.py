"""torchtitan: the fields of its loader of interleaved sources (0.3.0), whose configuration is Python."""

from __future__ import annotations

from codescale.errors import UserError
from codescale.files import yaml_text
from codescale.mixtures.trainer_formats.sources import WeightedSources
from codescale.mixtures.warning import warn

_HEADER = """\
# For InterleavedHuggingFaceTextDataLoader.Config (torchtitan 0.3.0); sources are HFDataSource, registered in DATASETS
# by these names. Give each data-parallel rank a seed of its own (seed + dp_rank): docs/export.md of CodeScale.
"""


def dataloader_config(weighted: WeightedSources) -> str:
    """The fields of ``InterleavedHuggingFaceTextDataLoader.Config`` and its ``HFDataSource``: weights are probabilities
    with which the next packed sequence comes from a source.

    Raises :class:`UserError` for two languages that torchtitan, which reads names in lower case, cannot tell apart.
    """
    names = [language.lower() for language in weighted.languages]
    for k, name in enumerate(names):
        if name in names[:k]:
            other = weighted.languages[names.index(name)]
            raise UserError(
                weighted.languages[k],
                f"is {name} to torchtitan, which reads names in lower case, and so is {other}",
                "rename one of them",
            )
    warn(
        "torchtitan's loader draws one language for all data-parallel ranks at a time, and every loader worker the "
        "same batches: give each rank a seed of its own, and leave num_workers at 0 (docs/export.md)"
    )
    sources = [
        {"dataset": name, "dataset_path": path, "weight": share, "infinite": True}
        for name, path, share in zip(names, weighted.paths, weighted.shares, strict=True)
    ]
    return _HEADER + yaml_text({"dataloader": {"sources": sources, "seed": weighted.seed, "num_workers": 0}})

"""OLMo-core: a source mixture over token files, for a budget that is a whole number of global batches."""

from __future__ import annotations

import math

from codescale.errors import UserError
from codescale.files import yaml_text
from codescale.mixtures.trainer_formats.shares import whole_counts
from codescale.mixtures.trainer_formats.sources import WeightedSources
from codescale.mixtures.warning import warn

_BATCH_SIZE = 512
"""Sequences of a global batch where nobody says."""


def source_mixture(weighted: WeightedSources) -> str:
    """The fields of ``SourceMixtureDatasetConfig``; without D only its ``source_list``.

    OLMo-core rounds the tokens up to whole global batches and deals what that adds out evenly over files, whatever
    their ratio (olmo_core.data.source_mixture). So the tokens written are such a number, and each ratio a whole number
    of sequences of it.

    Raises :class:`UserError` where a global batch is more than D.
    """
    if weighted.n_tokens is None:
        warn(
            "OLMo-core deals out what it rounds up evenly over files: give --tokens, or make requested_tokens a "
            "multiple of global_batch_size (docs/export.md)"
        )
        return yaml_text({"source_list": {"sources": _sources(weighted, list(weighted.shares))}})
    batch = weighted.batch_size or _BATCH_SIZE
    if weighted.batch_size is None:
        warn(f"the batch is taken to be {batch} sequences of {weighted.sequence_length} tokens: else give --batch-size")
    tokens = batch * weighted.sequence_length
    if tokens > weighted.n_tokens:
        raise UserError(
            "--batch-size",
            f"a global batch of {batch} sequences of {weighted.sequence_length} tokens is more than D = "
            f"{weighted.n_tokens:.4g}",
            "give a smaller one",
        )
    steps = math.ceil(weighted.n_tokens / tokens)
    if steps * batch >= 2**53:
        raise UserError(
            "--tokens", f"{weighted.n_tokens:g} tokens are more sequences than can be counted", "give fewer"
        )
    counts = whole_counts(weighted.shares, [steps * batch])[0].tolist()
    return yaml_text(
        {
            "source_list": {"sources": _sources(weighted, [count / (steps * batch) for count in counts])},
            "requested_tokens": steps * tokens,
            "global_batch_size": tokens,
            "seed": weighted.seed,
        }
    )


def _sources(weighted: WeightedSources, ratios: list[float]) -> list[dict[str, object]]:
    """A source for each ratio; a language without a share is no source, since its files would be dealt tokens too."""
    epochs = weighted.epochs()
    unknown = [name for name in weighted.languages if name not in epochs]
    if unknown:
        warn(
            "OLMo-core refuses a source with fewer tokens than its share asks for: to let it repeat them, give tokens "
            f"of {', '.join(unknown)} in --paths"
        )
    return [
        {
            "source_name": language,
            "target_ratio": ratio,
            "paths": [path],
            "max_repetition_ratio": math.floor(epochs.get(language, 0.0)) + 1.0,
        }
        for language, path, ratio in zip(weighted.languages, weighted.paths, ratios, strict=True)
    ]

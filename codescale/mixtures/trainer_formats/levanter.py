"""Levanter: components, weights and the block in which its sampler deals out whole sequences."""

from __future__ import annotations

import numpy as np

from codescale.arrays import Array, Integers
from codescale.errors import UserError
from codescale.files import yaml_text
from codescale.mixtures.trainer_formats.shares import whole_counts
from codescale.mixtures.trainer_formats.sources import WeightedSources
from codescale.mixtures.warning import warn

_LARGEST_BLOCK = 2**16 - 1
"""Sequences; Levanter refuses more."""
_BLOCKS = np.union1d(2 ** np.arange(11, 16), np.geomspace(2048, _LARGEST_BLOCK, 2000).astype(np.intp))
"""Sequences, from Levanter's own default on, powers of two among them: the blocks that are tried."""
_NEAR_ENOUGH = 0.01
"""Relative difference of a share in a block from the share that was asked for."""


def data_config(weighted: WeightedSources) -> str:
    """The part of ``data`` that mixes: ``components``, ``train_weights`` and ``mixture_block_size``.

    Levanter cuts the count of each component in a block down to a whole number, gives the largest the rest, and carries
    nothing into the next block (levanter.data.mixture). So the weights written are whole numbers over the block, which
    is large enough for the smallest share.

    Raises :class:`UserError` where no language is left.
    """
    kept = [k for k, share in enumerate(weighted.shares) if share * _LARGEST_BLOCK >= 0.5]
    lost = [name for k, name in enumerate(weighted.languages) if k not in kept]
    if lost:
        warn(
            f"{', '.join(lost)}: less than one sequence in {_LARGEST_BLOCK:,}, the largest block that Levanter deals "
            "out, so it would never be drawn; the share is 0"
        )
    if not kept:
        raise UserError("--format", "no share is large enough for a block of Levanter's", "take fewer languages")
    languages = [weighted.languages[k] for k in kept]
    shares = np.array([weighted.shares[k] for k in kept])
    shares /= shares.sum()
    counts, block = _block(shares)
    for language, count, share in zip(languages, counts.tolist(), shares.tolist(), strict=True):
        if abs(count / block - share) > _NEAR_ENOUGH * share:
            warn(
                f"{language}: Levanter trains a share of {count / block:.3g} instead of {share:.3g}: {count} sequences "
                f"of every {block:,}"
            )
    paths = [weighted.sources[k].path for k in kept]
    data = {
        "components": {
            language: {"source": {"type": "url", "train_urls": [path]}}
            for language, path in zip(languages, paths, strict=True)
        },
        "train_weights": dict(zip(languages, (counts / block).tolist(), strict=True)),
        "mixture_block_size": block,
        "stop_strategy": "restart",
    }
    return yaml_text({"data": data})


def _block(shares: Array) -> tuple[Integers, int]:
    """The counts of the smallest block that is near enough to ``shares`` and dealt out as it is written, and the block;
    else of the one that comes nearest.
    """
    counts = whole_counts(shares, _BLOCKS)
    off = np.abs(counts / (_BLOCKS[:, None] * shares) - 1.0).max(axis=1)
    order = np.argsort(np.where(off <= _NEAR_ENOUGH, 0.0, off), kind="stable")
    chosen = next(k for k in order if _dealt(counts[k], int(_BLOCKS[k])) == counts[k].tolist())
    return counts[chosen], int(_BLOCKS[chosen])


def _dealt(counts: Integers, block: int) -> list[int]:
    """What Levanter's arithmetic makes of the weights ``counts`` / ``block``; a power of two loses nothing."""
    weights = (counts / block).tolist()
    total = sum(weights)
    whole = [int(weight / total * block) for weight in weights]
    whole[whole.index(max(whole))] += block - sum(whole)
    return whole

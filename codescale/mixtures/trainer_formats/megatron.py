"""Megatron-LM: the arguments of ``--data-path``, which a blend of data sets follows at every prefix."""

from __future__ import annotations

from codescale.errors import UserError
from codescale.mixtures.trainer_formats.shares import plain
from codescale.mixtures.trainer_formats.sources import WeightedSources


def data_path_arguments(weighted: WeightedSources) -> str:
    """Weight and prefix of each blended data set. A file of them is what ``--data-args-path`` reads, which splits it at
    white space and knows no quotes.

    Raises :class:`UserError` for a path that it would split.
    """
    for path in weighted.paths:
        if path.split() != [path]:
            raise UserError("--paths", f"{path!r} has white space, at which Megatron splits", "move it, or make a link")
    return "".join(f"{plain(share)} {path}\n" for share, path in zip(weighted.shares, weighted.paths, strict=True))

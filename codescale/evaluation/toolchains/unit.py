"""A program that is to be compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """``files``: texts by name. ``written``: those of them that are a model's, for what its compiling together with
    others depends on; the rest is ours.
    """

    files: Mapping[str, str]
    written: str

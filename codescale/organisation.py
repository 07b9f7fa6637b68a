"""Data organisation: whether a snippet and its translation stand in one training document, or apart.

Yang et al. (2025, arXiv 2512.13472) call them parallel pairing, with a pivot language (Python) on one side of every
pair, and random shuffling.
"""

from __future__ import annotations

from typing import Literal, get_args

Organisation = Literal["shuffled", "paired"]
ORGANISATIONS: tuple[Organisation, ...] = get_args(Organisation)
SHUFFLED, PAIRED = ORGANISATIONS

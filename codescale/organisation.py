"""Data organisation: whether a snippet and its translation stand in one training document, or apart.

Yang et al. (2025, arXiv 2512.13472) call them parallel pairing, with a pivot language (Python) on one side of every
pair, and random shuffling.
"""

from __future__ import annotations

from typing import Literal, get_args

Organisation = Literal["shuffled", "paired"]
ORGANISATIONS: tuple[Organisation, ...] = get_args(Organisation)
SHUFFLED, PAIRED = ORGANISATIONS

ORGANISATION = "organisation"
"""Its name among the hyperparameters of a search, where it is a number: 0 is shuffled, 1 is paired."""


PAIRED_SHARE = "paired_share"
"""The hyperparameter that says which part of the programs with a translation is paired, where translations are."""


def number_of(organisation: Organisation) -> float:
    """What stands for ``organisation`` where only numbers do."""
    return float(ORGANISATIONS.index(organisation))


def organisation_of(number: float) -> Organisation:
    """The organisation that ``number``, 0 or 1, stands for."""
    return ORGANISATIONS[round(number)]

"""The units that losses come in, how they are converted, and what a column's name says of them.

With a loss of L nats per token and b bytes per token: L / ln 2 bits per token, L / b nats per byte, L / (b ln 2) bits
per byte, a perplexity of exp(L), a byte perplexity of exp(L / b).
"""

from __future__ import annotations

import re
from enum import StrEnum

import numpy as np

from codescale.arrays import Array
from codescale.errors import UserError


class LossUnit(StrEnum):
    """A unit of losses; its value is its name in files and for people."""

    NATS_PER_TOKEN = "nats per token"
    BITS_PER_TOKEN = "bits per token"
    NATS_PER_BYTE = "nats per byte"
    BITS_PER_BYTE = "bits per byte"
    PERPLEXITY = "perplexity"
    BYTE_PERPLEXITY = "byte perplexity"

    @property
    def is_per_byte(self) -> bool:
        """Whether it is free of the tokenizer; the others are per token."""
        return self in (LossUnit.NATS_PER_BYTE, LossUnit.BITS_PER_BYTE, LossUnit.BYTE_PERPLEXITY)

    @property
    def is_exponential(self) -> bool:
        """Whether it is a perplexity, which laws are not fitted to and which is 1 at least."""
        return self in (LossUnit.PERPLEXITY, LossUnit.BYTE_PERPLEXITY)

    @property
    def additive(self) -> LossUnit:
        """The unit that laws are fitted in: of a perplexity that of its natural logarithm, else this one."""
        if not self.is_exponential:
            return self
        return LossUnit.NATS_PER_BYTE if self.is_per_byte else LossUnit.NATS_PER_TOKEN

    @property
    def guessing(self) -> float:
        """The loss, in this unit, of guessing bytes at random, or one of three million tokens: larger ones are odd."""
        nats = np.log(256.0) if self.is_per_byte else _MOST_NATS
        return float(np.exp(nats)) if self.is_exponential else float(nats / self._nats)

    @property
    def _nats(self) -> float:
        return float(np.log(2.0)) if self in (LossUnit.BITS_PER_TOKEN, LossUnit.BITS_PER_BYTE) else 1.0


_MOST_NATS = 15.0
"""Guessing one of three million tokens costs as much; no tokenizer has more than some hundred thousand."""

_OTHER_NAMES = {
    "nats": LossUnit.NATS_PER_TOKEN,
    "bpb": LossUnit.BITS_PER_BYTE,
    "bits": LossUnit.BITS_PER_TOKEN,
    "ppl": LossUnit.PERPLEXITY,
    "perplexity per token": LossUnit.PERPLEXITY,
    "token perplexity": LossUnit.PERPLEXITY,
    "perplexity per byte": LossUnit.BYTE_PERPLEXITY,
}
_IN_NAMES = (
    ("byte perplexity", LossUnit.BYTE_PERPLEXITY),
    ("bits per byte", LossUnit.BITS_PER_BYTE),
    ("bpb", LossUnit.BITS_PER_BYTE),
    ("nats per byte", LossUnit.NATS_PER_BYTE),
    ("nats per token", LossUnit.NATS_PER_TOKEN),
    ("bits per token", LossUnit.BITS_PER_TOKEN),
    ("perplexity", LossUnit.PERPLEXITY),
    ("ppl", LossUnit.PERPLEXITY),
)
"""Words of a column's name; the first that is found counts."""


def parse_unit(text: str, where: str) -> LossUnit:
    """The unit called ``text``, whatever its case, with blanks, ``_``, ``-`` or ``/`` between its words.

    Raises :class:`UserError` at ``where`` that lists the units.
    """
    words = " ".join(re.split(r"[\s_-]+", text.strip().lower().replace("/", " per ")))
    known = {unit.value: unit for unit in LossUnit} | _OTHER_NAMES
    if words not in known:
        units = ", ".join(unit.value for unit in LossUnit)
        raise UserError(where, f"{text[:40]!r} is not a unit of losses", f"write one of {units}")
    return known[words]


def unit_in_name(column: str) -> LossUnit | None:
    """The unit that a column's name tells, as ``arc_bpb`` and ``eval/perplexity`` do; None where it tells none."""
    words = f" {' '.join(re.findall('[a-z0-9]+', column.lower()))} "
    return next((unit for said, unit in _IN_NAMES if f" {said} " in words), None)


def converted(losses: Array, unit: LossUnit, to: LossUnit, bytes_per_token: float | Array | None = None) -> Array:
    """``losses`` in ``unit`` as losses in ``to``.

    Parameters
    ----------
    losses
        Any shape; perplexities above 0.
    unit, to
        From one that is per token to one that is per byte, or back, takes the bytes per token.
    bytes_per_token
        Bytes of UTF-8 for each token of the text that the losses are of; of a shape that ``losses`` can be scaled by.

    Raises
    ------
    ValueError
        Where the bytes per token are needed and not given.
    """
    if unit is to:
        return losses
    nats = np.log(losses) if unit.is_exponential else losses * unit._nats
    if unit.is_per_byte != to.is_per_byte:
        if bytes_per_token is None:
            raise ValueError(f"{unit} to {to} takes the bytes per token")
        nats = nats * bytes_per_token if unit.is_per_byte else nats / bytes_per_token
    return np.asarray(np.exp(nats) if to.is_exponential else nats / to._nats)

"""A mixture: the share of training tokens that each language gets.

The noun that every room speaks. It knows no law and no corpus; it only keeps the promise that shares are
non-negative and sum to 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

SUM_TOLERANCE = 1e-3
"""How far shares given by a person or a table may be from 1 in sum before they are refused."""


class MixtureError(ValueError):
    """Shares that are negative, not finite, or do not sum to 1."""


class Mixture(Mapping[str, float]):
    """Proportions of training tokens per language: non-negative, sum 1, immutable, hashable.

    Shares whose sum is within ``SUM_TOLERANCE`` of 1 are scaled to sum exactly to 1; others raise
    :class:`MixtureError`. Two mixtures are equal where their non-zero shares are.

    >>> Mixture({"python": 0.75, "rust": 0.25})["python"]
    0.75
    """

    __slots__ = ("_shares",)

    def __init__(self, shares: Mapping[str, float]) -> None:
        for language, share in shares.items():
            if not math.isfinite(share) or share < 0:
                raise MixtureError(f"the share of {language} is {share}, shares are finite and not negative")
        total = math.fsum(shares.values())
        if abs(total - 1.0) > SUM_TOLERANCE:
            raise MixtureError(f"the shares sum to {total:.6g}, they must sum to 1")
        scale = 1.0 if abs(total - 1.0) <= 1e-15 else 1.0 / total
        self._shares = {language: float(share) * scale for language, share in shares.items()}

    def __getitem__(self, language: str) -> float:
        return self._shares[language]

    def __iter__(self) -> Iterator[str]:
        return iter(self._shares)

    def __len__(self) -> int:
        return len(self._shares)

    def _nonzero(self) -> frozenset[tuple[str, float]]:
        return frozenset((language, share) for language, share in self._shares.items() if share > 0)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mixture) and self._nonzero() == other._nonzero()

    def __hash__(self) -> int:
        return hash(self._nonzero())

    def __repr__(self) -> str:
        shares = ", ".join(f"{language}: {share:.4g}" for language, share in self._shares.items())
        return f"Mixture({shares})"

    @property
    def support(self) -> tuple[str, ...]:
        """The languages whose share is above 0, in order."""
        return tuple(language for language, share in self._shares.items() if share > 0)

    def array(self, languages: Iterable[str]) -> NDArray[np.float64]:
        """Shares as an array in the order of ``languages``; 0 for those not in the mixture.

        Raises :class:`MixtureError` where the mixture holds a language outside ``languages``.
        """
        order = list(languages)
        unknown = [language for language in self.support if language not in order]
        if unknown:
            raise MixtureError(f"{unknown[0]} is in the mixture but not among {', '.join(order)}")
        return np.array([self._shares.get(language, 0.0) for language in order])

    @classmethod
    def from_array(cls, languages: Iterable[str], shares: Iterable[float]) -> Mixture:
        """The mixture of ``languages`` with ``shares``, in the same order."""
        return cls(dict(zip(languages, (float(share) for share in shares), strict=True)))

    @classmethod
    def uniform(cls, languages: Iterable[str]) -> Mixture:
        """Equal shares of all ``languages``."""
        order = list(languages)
        return cls(dict.fromkeys(order, 1.0 / len(order)))

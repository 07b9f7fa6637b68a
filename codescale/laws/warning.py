"""What a law's maker has to be told but need not stop for."""

from __future__ import annotations

import warnings


class LawWarning(UserWarning):
    """A law was fitted or used, but something about it deserves to be known: one plain sentence."""


class DefaultWeightWarning(LawWarning):
    """Something weighs nothing though nobody said so. The commands' tables say it beside the optimum."""


class RepetitionWarning(LawWarning):
    """Rows of repeated tokens count as fresh. A study whose runs repeat as its target will means them to."""


def warn(message: str, category: type[LawWarning] = LawWarning) -> None:
    """Gives ``message`` as a :class:`LawWarning`."""
    warnings.warn(message, category, stacklevel=3)

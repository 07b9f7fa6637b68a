"""What a law's maker has to be told but need not stop for."""

from __future__ import annotations

import warnings


class LawWarning(UserWarning):
    """A law was fitted or used, but something about it deserves to be known: one plain sentence."""


def warn(message: str) -> None:
    """Gives ``message`` as a :class:`LawWarning`."""
    warnings.warn(message, LawWarning, stacklevel=3)

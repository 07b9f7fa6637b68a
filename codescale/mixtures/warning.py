"""What a mixture's user has to be told but need not stop for."""

from __future__ import annotations

import warnings


class MixtureWarning(UserWarning):
    """A mixture was changed, or will be trained otherwise than it reads: one plain sentence."""


def warn(message: str) -> None:
    """Gives ``message`` as a :class:`MixtureWarning`."""
    warnings.warn(message, MixtureWarning, stacklevel=3)

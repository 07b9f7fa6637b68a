"""The smallest share that trains anything: one that buys less than a sequence of the budget is a share of 0."""

from __future__ import annotations

from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture

SEQUENCE_LENGTH = 2048
"""Tokens of a sequence where nobody says how many; torchtitan's, Levanter's and MosaicML's own default."""


def smallest_share(n_tokens: float, sequence_length: int = SEQUENCE_LENGTH) -> float:
    """The share that one sequence is of a budget of ``n_tokens`` tokens; what is below it is never drawn whole."""
    return sequence_length / n_tokens


def without_less_than_a_sequence(
    mixture: Mixture, n_tokens: float, sequence_length: int = SEQUENCE_LENGTH
) -> tuple[Mixture, tuple[str, ...]]:
    """``mixture`` with the shares below :func:`smallest_share` set to 0 and the others scaled to sum 1.

    Parameters
    ----------
    mixture
        Shares of tokens.
    n_tokens
        D: the budget in tokens.
    sequence_length
        Tokens of a sequence.

    Returns
    -------
    tuple
        The mixture and the languages that lost their share, in order.

    Raises
    ------
    UserError
        Where no share buys a sequence.
    """
    least = smallest_share(n_tokens, sequence_length)
    lost = tuple(language for language in mixture.support if mixture[language] < least)
    if not lost:
        return mixture, ()
    kept = sum(mixture[language] for language in mixture.support if language not in lost)
    if not kept:
        raise UserError(
            "--tokens", f"{n_tokens:g} tokens buy no sequence of {sequence_length} tokens of any language", "give more"
        )
    return Mixture({name: 0.0 if name in lost else share / kept for name, share in mixture.items()}), lost


def said_of(lost: tuple[str, ...], mixture: Mixture, n_tokens: float, sequence_length: int = SEQUENCE_LENGTH) -> str:
    """The line that names the languages ``lost`` of ``mixture``."""
    named = ", ".join(f"{language} ({mixture[language]:.3g})" for language in lost)
    return (
        f"{named}: less than one sequence of {sequence_length} tokens at D = {n_tokens:.4g}, "
        f"so {'its share is' if len(lost) == 1 else 'their shares are'} 0"
    )

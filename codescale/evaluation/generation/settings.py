"""How a model continues a prompt."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Decoding:
    """Up to ``new_tokens`` tokens; the likeliest each time where ``temperature`` is 0 (greedy), else drawn from the
    whole vocabulary at that temperature, of which ``top_p`` keeps the fewest tokens that have so much of the
    probability (Holtzman et al. 2020, arXiv 1904.09751).
    """

    new_tokens: int = 256
    temperature: float = 0.0
    top_p: float = 1.0

    @property
    def greedy(self) -> bool:
        """Whether nothing is drawn, so that a prompt has one continuation."""
        return self.temperature == 0

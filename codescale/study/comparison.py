"""The section ``comparison`` of study.yaml."""

from __future__ import annotations

from pydantic import Field

from codescale.study.base import Positive, Section
from codescale.validation import WholeNumber


class Scale(Section):
    """A size and a D (tokens) at which mixtures are compared, each with ``seeds`` seeds (three or more)."""

    size: str
    tokens: Positive
    seeds: WholeNumber = Field(default=3, ge=3, le=1_000)


class ComparisonSection(Scale):
    """The proof: uniform, predicted best and measured best at one scale, and once more at a ``larger`` one."""

    larger: Scale | None = None

    @property
    def scales(self) -> tuple[Scale, ...]:
        """The scale of the proof, and the larger one where there is one."""
        return (self,) if self.larger is None else (self, self.larger)


AT_SCALE = 4
"""How many times the trials' N a model has at least that shows whether their optimum holds at scale."""

"""A stage's JSON: one typed schema that the writer constructs and the reader takes."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Artifact(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Interval(Artifact):
    """A value with an interval; ``low`` and ``high`` are None where the stage could not give one."""

    value: float
    low: float | None = None
    high: float | None = None

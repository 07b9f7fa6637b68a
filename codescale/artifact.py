"""A stage's JSON: one typed schema that the writer constructs and the reader takes.

The order of a class's fields is that of the keys in the file. A field that was not given is not written, so that a key
may be absent; one that was given as None is written as ``null``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from codescale.files import read_json, write_json
from codescale.validation import first_mistake


class Artifact(BaseModel):
    """What a stage leaves in the study folder. Construction refuses names that it does not have; reading ignores them,
    so that files of later versions can be read.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def of(cls, content: Any, where: str | Path, hint: str) -> Self:
        """``content``, what the file ``where`` holds, with keys that are unknown here left out.

        Parameters
        ----------
        content
            Plain values, as JSON or YAML gives them.
        where
            The file, for the error.
        hint
            What to do about a file of another shape, for the error.

        Raises
        ------
        UserError
            Names file and field of the first value that has another shape.
        """
        try:
            return cls.model_validate(content, extra="ignore")
        except ValidationError as error:
            raise first_mistake(error, content).refusal(where, hint) from None

    @classmethod
    def read(cls, path: Path, hint: str) -> Self:
        """The artifact in the JSON file ``path``. Raises :class:`UserError` as :meth:`of` does."""
        return cls.of(read_json(path), path, hint)

    def content(self) -> dict[str, Any]:
        """What is written: plain values by key, in the order of the fields, without those that were not given."""
        return self.model_dump(mode="json", exclude_unset=True)

    def write(self, path: Path) -> None:
        """Writes :meth:`content` to ``path`` as JSON, atomically. Raises :class:`UserError` where the disk refuses."""
        write_json(path, self.content())


class Interval(Artifact):
    """A value with an interval; ``low`` and ``high`` are None where the stage could not give one."""

    value: float
    low: float | None = None
    high: float | None = None

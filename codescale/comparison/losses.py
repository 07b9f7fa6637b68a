"""What the comparison's models lose on the test split, a file for each, written before the run's record."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from codescale.files import read_json, write_json


class TestLosses(BaseModel):
    """What a finished model lost on the test split, nats per token, by language, and by direction of translation where
    the study measures these; about ``tokens`` tokens of each language being read (None: in files of before, four times
    those of a final evaluation).
    """

    __test__ = False  # not a test case, whatever pytest makes of the name
    model_config = ConfigDict(extra="forbid", frozen=True)
    run_id: str
    losses: dict[str, float]
    tokens: int | None = None

    def write(self, folder: Path) -> Path:
        """Writes them to their file in ``folder``, which is returned."""
        path = folder / f"{self.run_id}.json"
        write_json(path, self.model_dump())
        return path


def read_test_losses(folder: Path, run_id: str) -> TestLosses:
    """The test losses of ``run_id``, as its worker wrote them to ``folder``."""
    return TestLosses.model_validate(read_json(folder / f"{run_id}.json"))

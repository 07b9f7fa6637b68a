"""timings.json: seconds of a stage's attempts add up, its runs are those that there are, and other stages stay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codescale.errors import UserError
from codescale.runs.records import RunRecord
from codescale.stages.timings import Timings
from codescale.study.timings import StageCost, StudyTimings
from tests.search.synthetic_trials import TOKENS, swept_record


def record() -> RunRecord:
    return swept_record("one", {"python": 1.0})


def test_seconds_of_attempts_add_up_and_runs_are_all_that_there_are(tmp_path: Path) -> None:
    """The second attempt names the run of the first, which was killed, too."""
    timings = Timings(tmp_path / "timings.json")
    timings.add("sweep", seconds=2.0, orchestration=0.5, records=[record()])
    timings.add("sweep", seconds=3.0, records=[record(), record()])
    timings.put("search", seconds=9.0)
    timings.put("search", seconds=4.0, records=[record()])
    found = StudyTimings.read(tmp_path / "timings.json", "").stages
    assert found["sweep"] == StageCost(
        seconds=5.0, orchestration_seconds=0.5, tokens=2 * TOKENS, flops=2 * record().flops, runs=2
    )
    assert found["search"].seconds == 4.0
    assert found["search"].runs == 1


def test_its_keys_and_numbers_stay_as_they_were(tmp_path: Path) -> None:
    Timings(tmp_path / "timings.json").add("fit", seconds=1.5)
    written = json.loads((tmp_path / "timings.json").read_text())
    assert list(written) == ["stages", "machine"]
    assert json.dumps(written["stages"]["fit"]) == (
        '{"seconds": 1.5, "orchestration_seconds": 0.0, "tokens": 0, "flops": 0, "runs": 0}'
    )
    assert {"cpu", "cores", "python", "torch", "ray"} <= set(written["machine"])


@pytest.mark.parametrize("content", ["[]", '{"stages": 3}', '{"stages": {"fit": {"seconds": "long"}}}'])
def test_a_broken_file_is_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "timings.json").write_text(content)
    with pytest.raises(UserError, match=r"timings\.json: is not what codescale wrote; delete it: only the times"):
        Timings(tmp_path / "timings.json").add("fit", seconds=1.0)

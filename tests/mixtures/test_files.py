"""The YAML files of mixtures: shapes, and one clear line for what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from codescale.errors import UserError
from codescale.mixtures.files import read_available, read_bounds, read_mixture, read_schedule, read_weights
from codescale.mixtures.schedule import Schedule

EARLY, LATE = "{until: 0.8, proportions: {python: 0.5, go: 0.5}}", "{until: 1, proportions: {go: 1}}"


def test_phases_are_read_and_a_mixture_is_one(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(f"{{proportions: {{python: 0.4, go: 0.6}}, phases: [{EARLY}, {LATE}]}}")
    schedule = read_schedule(tmp_path / "m.yaml")
    assert [(phase.until, phase.mixture["go"]) for phase in schedule] == [(0.8, 0.5), (1.0, 1.0)]
    (tmp_path / "s.yaml").write_text(f"phases: [{EARLY.replace('0.8', '1')}]")
    assert read_schedule(tmp_path / "s.yaml") == Schedule.of(read_mixture(tmp_path / "s.yaml"))


def test_the_files_of_the_design_are_read(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text("{python: 2, typescript: 1}")
    (tmp_path / "b.yaml").write_text("{python: [0.1, 0.5], rust: [0, 0.2], text: 0.1}")
    (tmp_path / "a.yaml").write_text("{max_epochs: 4, tokens: {java: 30e9, csharp: 12e9}}")
    assert read_weights(tmp_path / "w.yaml") == {"python": 2.0, "typescript": 1.0}
    assert read_bounds(tmp_path / "b.yaml") == {"python": (0.1, 0.5), "rust": (0.0, 0.2), "text": 0.1}
    available = read_available(tmp_path / "a.yaml")
    assert available.max_epochs == 4
    assert available.largest_share("java", 240e9) == pytest.approx(0.5)
    assert available.largest_share("rust", 240e9) == 1.0


@pytest.mark.parametrize(
    ("reader", "text", "message"),
    [
        (read_weights, "{python: -1}", r"f\.yaml, python: "),
        (read_weights, "{python: lots}", r"f\.yaml, python: "),
        (read_weights, "{python: 1e308, go: 1e308}", r"f\.yaml, python: is '1e308', where a number below 1e\+30"),
        (read_weights, "{python: yes}", r"f\.yaml, python: is true, where a number is wanted"),
        (read_weights, "{python: 0}", "all weights are 0"),
        (read_weights, "[1, 2]", "has another shape"),
        (read_bounds, "{python: [0.5, 0.1]}", r"f\.yaml, python: 0\.5 is above 0\.1"),
        (read_bounds, "{python: 2}", r"f\.yaml, python"),
        (read_available, "{max_epochs: 0, tokens: {}}", r"f\.yaml, max_epochs"),
        (read_available, "{epochs: 2, tokens: {}}", r"f\.yaml, epochs: unknown key"),
        (read_available, "{max_epochs: 2}", r"f\.yaml, tokens: is missing"),
        (read_mixture, "{proportions: {python: 0.5, go: 0.2}}", r"f\.yaml, proportions: the shares sum to 0\.7"),
        (read_mixture, "{shares: {python: 1}}", "proportions: is missing"),
        (
            read_mixture,
            f"{{phases: [{EARLY}, {LATE}]}}",
            "phases: the mixture changes in 2 phases, and one that does not",
        ),
        (read_schedule, f"{{phases: [{LATE}, {EARLY}]}}", r"phases: phase 2 ends at 0.8, the one before it at 1"),
        (read_schedule, f"{{phases: [{EARLY}]}}", r"phases: the last phase ends at 0.8"),
        (
            read_schedule,
            "{phases: [{until: 1, proportions: {go: 0.5}}]}",
            "phases.0.proportions: the shares sum to 0.5",
        ),
        (read_schedule, "{phases: [{until: 2, proportions: {go: 1}}]}", "phases.0.until: is 2"),
        (read_schedule, "{phases: []}", "f.yaml, phases"),
        (
            read_schedule,
            f"{{proportions: {{go: 1}}, phases: [{EARLY}, {LATE}]}}",
            "proportions: are not the mean of the",
        ),
    ],
)
def test_mistakes_name_file_and_key(tmp_path: Path, reader: object, text: str, message: str) -> None:
    (tmp_path / "f.yaml").write_text(text)
    with pytest.raises(UserError, match=message):
        reader(tmp_path / "f.yaml")  # type: ignore[operator]


def test_names_outside_the_law_are_refused(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_text("{cobol: 1}")
    with pytest.raises(UserError, match=r"f\.yaml, cobol: is not in the law; use names among python, go"):
        read_weights(tmp_path / "f.yaml", known=["python", "go"])

"""The picture of the architecture shows the rooms that there are, floor by floor as imports are checked."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PICTURE = (ROOT / "docs/images/architecture.svg").read_text(encoding="utf-8")
NAME = re.compile(r'<text class="name" x="[\d.]+" y="([\d.]+)">(\w+)')
ROOM_OF_ROOMS = ("search", "training", "laws")


def rooms_in(folder: Path) -> set[str]:
    return {package.parent.name for package in folder.glob("*/__init__.py")}


def floors() -> list[set[str]]:
    """The layers of ``pyproject.toml``, from the top, those of rooms alone."""
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(contract for contract in linter["contracts"] if contract.get("containers") == ["codescale"])["layers"]
    named = [set(re.split(r"\s*[|:]\s*", layer)) for layer in layers]
    return [rooms for layer in named if (rooms := layer & rooms_in(ROOT / "codescale"))]


def test_every_room_is_on_its_floor() -> None:
    drawn: dict[float, set[str]] = {}
    for height, name in NAME.findall(PICTURE):
        drawn.setdefault(float(height), set()).add(name)
    from_the_top = [drawn[height] - {"ground"} for height in sorted(drawn)]
    assert [rooms for rooms in from_the_top if rooms] == floors()


def test_rooms_within_rooms_are_drawn() -> None:
    drawn = re.findall(r'<text class="inner"[^>]*>(\w+)', PICTURE)
    assert sorted(drawn) == sorted(name for room in ROOM_OF_ROOMS for name in rooms_in(ROOT / "codescale" / room))


def test_the_page_names_every_room() -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    rooms = rooms_in(ROOT / "codescale").union(*(rooms_in(ROOT / "codescale" / room) for room in ROOM_OF_ROOMS))
    assert {room for room in rooms if f"| `{room}` |" not in page} == set()

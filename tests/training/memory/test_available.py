"""What a run can still have of memory, by Linux's own files."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from codescale.training.memory import available


def write_group(folder: Path, version_2: bool, limit: str, usage: int, inactive: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    names = (
        ("memory.max", "memory.current", "inactive_file")
        if version_2
        else (
            "memory.limit_in_bytes",
            "memory.usage_in_bytes",
            "total_inactive_file",
        )
    )
    (folder / names[0]).write_text(f"{limit}\n")
    (folder / names[1]).write_text(f"{usage}\n")
    (folder / "memory.stat").write_text(f"anon 5\n{names[2]} {inactive}\n")


@pytest.mark.parametrize("version_2", [True, False])
def test_the_tightest_control_group_counts_and_its_cached_files_are_free(tmp_path: Path, version_2: bool) -> None:
    top = tmp_path if version_2 else tmp_path / "memory"
    write_group(top / "pod", version_2, "1000", 700, 100)
    write_group(top / "pod" / "container", version_2, "max" if version_2 else "900", 200, 0)
    membership = tmp_path / "membership"
    membership.write_text("0::/pod/container\n" if version_2 else "5:cpu:/x\n4:memory:/pod/container\n0::/\n")
    left = available._control_groups(membership, tmp_path)
    assert sorted(left) == ([400] if version_2 else [400, 700])


def test_without_control_groups_the_machine_counts(tmp_path: Path) -> None:
    assert available._control_groups(tmp_path / "absent", tmp_path) == []
    left = available.available_memory(torch.device("cpu"))
    assert available.resident_memory() < left < 2**50

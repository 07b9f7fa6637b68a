"""Where toolchains are looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from codescale.evaluation.toolchains.definition import Program
from codescale.evaluation.toolchains.location import locate, toolchains_folder


def test_a_relative_folder_begins_where_the_command_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "tools/own/bin/compiler"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    for one in (program, *program.parents[:4]):
        one.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CODESCALE_TOOLCHAINS", "tools")
    assert toolchains_folder() == tmp_path / "tools"
    wanted = Program(names=("no-such-compiler",), places=("{toolchains}/own/bin/compiler",))
    assert locate(wanted) in (program, None), "None where the sandbox's user cannot see the folder above"

"""Toolchains are found, tried and told apart from ones that are missing, too old or broken."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from codescale.errors import UserError
from codescale.evaluation.sandbox.isolation import Sandbox, open_sandbox
from codescale.evaluation.toolchains.definition import Program, load_definitions
from codescale.evaluation.toolchains.discovery import Toolchains, find_toolchains
from codescale.evaluation.toolchains.location import locate, mounts
from codescale.evaluation.toolchains.workspace import Workspace
from codescale.study.languages import load_registry

LANGUAGES = sorted(load_definitions())


def changed(folder: Path, **changes: object) -> Path:
    """A file that defines Python's toolchain with ``changes``."""
    python = load_definitions()["python"].model_dump(mode="json") | changes
    path = folder / "toolchains.yaml"
    path.write_text(yaml.safe_dump({"python": python}))
    return path


def test_every_programming_language_of_the_registry_has_one() -> None:
    programming = {name for name, language in load_registry().items() if language.kind == "programming"}
    assert set(LANGUAGES) == programming


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_found_compiles_and_runs(toolchains: Toolchains, sandbox: Sandbox, language: str) -> None:
    if language in toolchains.missing:
        pytest.skip(toolchains.missing[language])
    toolchain = toolchains.found[language]
    assert toolchain.version[0].isdigit()
    with Workspace() as workspace:
        folder = workspace.folder()
        toolchain.write_sources(folder, toolchain.definition.example.solution, toolchain.definition.example.driver)
        assert toolchain.compile(sandbox, folder).succeeded
        assert toolchain.run(sandbox, folder).output == b"ready\n"


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "python"])
def test_what_does_not_compile_fails_at_compiling(toolchains: Toolchains, sandbox: Sandbox, language: str) -> None:
    if language in toolchains.missing:
        pytest.skip(toolchains.missing[language])
    toolchain = toolchains.found[language]
    example = toolchain.definition.example
    with Workspace() as workspace:
        folder = workspace.folder()
        toolchain.write_sources(folder, example.solution, f"{example.driver}\n}} (")
        compiled = toolchain.compile(sandbox, folder)
    assert not compiled.succeeded
    assert compiled.exceeded is None


def test_one_that_is_too_old_is_missing_with_a_line(sandbox: Sandbox, tmp_path: Path) -> None:
    version = {"command": ["{python}", "--version"], "pattern": r"Python (\d+(\.\d+)+)", "minimum": "99.1"}
    found = find_toolchains(sandbox, file=changed(tmp_path, version=version))
    assert found.found == {}
    assert "is too old, 99.1 or newer is needed; apt-get install python3" in found.missing["python"]


def test_one_that_is_not_there_is_missing_with_a_line(sandbox: Sandbox, tmp_path: Path) -> None:
    found = find_toolchains(sandbox, file=changed(tmp_path, programs={"python": {"names": ["no-such-python"]}}))
    assert found.missing["python"] == (
        "python: python not found where the sandbox's user may read; apt-get install python3"
    )


def test_one_that_is_broken_is_missing_with_what_it_said(sandbox: Sandbox, tmp_path: Path) -> None:
    found = find_toolchains(sandbox, file=changed(tmp_path, example={"driver": "raise OSError('no library')"}))
    assert "does not run its example in the sandbox" in found.missing["python"]
    assert "no library" in found.missing["python"]
    silent = find_toolchains(sandbox, file=changed(tmp_path, example={"driver": "print('other')"}))
    assert "python" in silent.missing


def test_one_without_a_version_is_missing(sandbox: Sandbox, tmp_path: Path) -> None:
    version = {"command": ["{python}", "--version"], "pattern": "Cobol (.*)", "minimum": "1"}
    found = find_toolchains(sandbox, file=changed(tmp_path, version=version))
    assert "does not tell its version" in found.missing["python"]


def test_a_language_that_is_not_defined_is_missing(sandbox: Sandbox) -> None:
    assert "cobol" in find_toolchains(sandbox, ["cobol"]).missing["cobol"]


def test_a_file_of_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"python\.runs: unknown key"):
        load_definitions(changed(tmp_path, runs=["python"]))


def test_limits_of_a_toolchain_are_its_own(toolchains: Toolchains) -> None:
    if "java" in toolchains.missing:
        pytest.skip(toolchains.missing["java"])
    java = toolchains.found["java"]
    assert java.compile_limits.address_space == 8192 << 20
    assert java.run_limits.memory == 512 << 20


@pytest.mark.skipif(os.geteuid() != 0, reason="others than root run programs as themselves")
def test_what_the_sandboxs_user_cannot_reach_is_passed_over() -> None:
    with Workspace() as workspace:
        home = workspace.folder()
        program = home / "tools" / "bin" / "tool"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
        wanted = Program(names=("no-such-tool",), places=(str(program),))
        assert locate(wanted) == program
        assert mounts(program) == {home / "tools": str(home / "tools")}
        home.chmod(0o700)
        assert locate(wanted) is None


def test_no_home_folder_is_shown_for_a_program_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert mounts(tmp_path / "bin" / "tool") == {}
    assert mounts(tmp_path / "tool") == {}
    assert mounts(Path("/usr/bin/tool")) == {}
    assert mounts(tmp_path / "toolchain" / "bin" / "tool") == {tmp_path / "toolchain": str(tmp_path / "toolchain")}


def test_without_isolation_it_runs_only_for_who_names_the_risk(tmp_path: Path) -> None:
    runner = open_sandbox(run_generated_code_without_isolation=True)
    assert runner.description == "none: generated programs ran with this user's rights"
    found = find_toolchains(runner, ["python"])
    toolchain = found.found["python"]
    with Workspace() as workspace:
        folder = workspace.folder()
        toolchain.write_sources(folder, "", "import os; print(os.environ['HOME'] != '/work', sorted(os.environ))")
        assert toolchain.compile(runner, folder).succeeded
        ran = toolchain.run(runner, folder)
        assert ran.output == b"True ['HOME', 'LANG', 'PATH', 'TMPDIR']\n"
        toolchain.write_sources(folder, "", "while True: print('x' * 1000)")
        assert toolchain.run(runner, folder).exceeded == "output"

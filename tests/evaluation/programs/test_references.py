"""Every reference of every held-out program is right. It takes minutes: all seven toolchains, fifty times."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from codescale.evaluation.programs.checking import Solution, check
from codescale.evaluation.programs.library import HeldOutProgram, load_programs
from codescale.evaluation.sandbox.isolation import Sandbox
from codescale.evaluation.toolchains.discovery import Toolchains


@pytest.mark.slow
@pytest.mark.parametrize("program", load_programs(), ids=lambda program: program.name)
def test_references_pass(toolchains: Toolchains, sandbox: Sandbox, program: HeldOutProgram) -> None:
    def wrong(language: str) -> str:
        solution = Solution(program.specification, program.references[language])
        verdict = check(sandbox, toolchains.found[language], [solution], workers=1)[0]
        return "" if verdict.passed else f"{language}: {verdict.said}"

    languages = [language for language in program.references if language in toolchains.found]
    with ThreadPoolExecutor(2) as pool:
        assert [said for said in pool.map(wrong, languages) if said] == []
    left_out = [toolchains.missing[language] for language in program.references if language in toolchains.missing]
    if left_out:
        pytest.skip("; ".join(left_out))

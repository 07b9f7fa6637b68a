"""Programs compiled as one unit, where a compiler has no way to do one after the other: files, or modules of one crate.

What a diagnostic names is wrong and left out, until a call names none: with mistakes of syntax anywhere compilers tell
no others, so that only what a call without any mistake holds is right. What others might see is not taken.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from codescale.evaluation.sandbox.isolation import Sandbox
from codescale.evaluation.sandbox.limits import Execution, Limits
from codescale.evaluation.toolchains.definition import Crate, Together
from codescale.evaluation.toolchains.toolchain import Toolchain
from codescale.evaluation.toolchains.unit import Unit
from codescale.files import write_text

_MOST_ROUNDS = 6

_TEXTS = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])'", re.DOTALL)
_PAIRS = {")": "(", "]": "[", "}": "{"}


def compile_together(
    sandbox: Sandbox,
    toolchain: Toolchain,
    batch: Path,
    programs: Sequence[Unit],
    how: Together,
    limits: Limits,
) -> dict[int, Execution]:
    """What came of each of the programs in folders 0, 1, … of ``batch``; of those left out nothing is told."""
    solution, seen = toolchain.definition.sources.solution, re.compile(how.alone)
    for name, content in toolchain.definition.files.items():
        write_text(batch / name, content)
    left = [
        number
        for number, one in enumerate(programs)
        if not seen.search(one.written) and (how.crate is None or _is_balanced(one.files[solution]))
    ]
    found: dict[int, Execution] = {}
    for _ in range(_MOST_ROUNDS if len(left) > 1 else 0):
        files = [f"{number}/{solution}" for number in left]
        if how.crate is not None:
            files = []
            _write_crate(batch, left, programs, solution, how.crate)
        ran = toolchain.run_command(sandbox, [*how.command, *files], batch, limits, {})
        if ran.succeeded:
            if how.crate is not None:
                _share(batch, left, how.crate)
            return found | dict.fromkeys(left, ran)
        named = _named(ran, how.diagnostic)
        if ran.exceeded is not None or not named.keys() & set(left):
            break
        for number in named.keys() & set(left):
            found[number] = replace(ran, output=b"", errors="\n".join(named[number]).encode())
        left = [number for number in left if number not in named]
        if not left:
            break
    return found


def _named(ran: Execution, diagnostic: str) -> dict[int, list[str]]:
    said = (ran.output + b"\n" + ran.errors).decode(errors="replace")
    named: dict[int, list[str]] = {}
    for match in re.finditer(diagnostic, said, re.MULTILINE):
        named.setdefault(int(match[1]), []).append(match[2])
    return named


def _write_crate(batch: Path, numbers: Sequence[int], programs: Sequence[Unit], solution: str, crate: Crate) -> None:
    parts = [crate.part.replace("NUMBER", str(number)) for number in numbers]
    cases = [crate.case.replace("NUMBER", str(number)) for number in numbers]
    write_text(batch / crate.file, crate.root.replace("PARTS", "".join(parts)).replace("CASES", "".join(cases)))
    for number in numbers:
        write_text(batch / str(number) / solution, programs[number].files[solution] + crate.entry)


def _share(batch: Path, numbers: Sequence[int], crate: Crate) -> None:
    """Gives each folder the one program, and beside it which of its parts is meant."""
    for number in numbers:
        os.link(batch / crate.program, batch / str(number) / crate.program)
        write_text(batch / str(number) / "part", str(number))


def _is_balanced(source: str) -> bool:
    """Whether brackets close: a compiler gives up at the first file of which they do not."""
    opened: list[str] = []
    for one in re.findall(r"[()\[\]{}]", _TEXTS.sub("", source)):
        if one in _PAIRS:
            if not opened or opened.pop() != _PAIRS[one]:
                return False
        else:
            opened.append(one)
    return not opened

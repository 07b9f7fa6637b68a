"""Programs one after another, none of which is an earlier one with other names and constants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from codescale.parallel_programs.generation.program import generate
from codescale.parallel_programs.normal_form import normal_form
from codescale.parallel_programs.statements import Program


@dataclass(frozen=True)
class GeneratedProgram:
    """``program`` number ``index`` of its seed."""

    index: int
    program: Program


def distinct_programs(seed: int) -> Iterator[GeneratedProgram]:
    """The programs of ``seed`` without end, but for those whose normal form came before: a longer run begins with a
    shorter one. Remembers a hash of each.
    """
    seen: set[bytes] = set()
    for index in count():
        program = generate(seed, index)
        form = bytes.fromhex(normal_form(program))
        if form not in seen:
            seen.add(form)
            yield GeneratedProgram(index, program)

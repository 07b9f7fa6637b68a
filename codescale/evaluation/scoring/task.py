"""What every model of an evaluation is asked, and with what it is checked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from codescale.evaluation.benchmarks.problem import Problem
from codescale.evaluation.generation.settings import Decoding
from codescale.evaluation.programs.library import HeldOutProgram
from codescale.evaluation.sandbox.isolation import Sandbox
from codescale.evaluation.sandbox.limits import Limits
from codescale.evaluation.toolchains.discovery import Toolchains
from codescale.evaluation.toolchains.toolchain import Toolchain
from codescale.files import json_line
from codescale.study.evaluation import EvaluationSection


@dataclass(frozen=True)
class EvaluationTask:
    """The programs, the languages that they are written in and translated between, and the problems of files by name.

    Parameters
    ----------
    section
        The settings.
    seed
        Of what is drawn.
    programs, problems
        What is to be written.
    languages
        In these.
    pivot
        The language of seen directions.
    sandbox, toolchains
        With what it is checked.
    """

    section: EvaluationSection
    seed: int
    programs: Sequence[HeldOutProgram]
    problems: Mapping[str, Sequence[Problem]]
    languages: Sequence[str]
    pivot: str
    sandbox: Sandbox
    toolchains: Toolchains

    @property
    def decoding(self) -> Decoding:
        """How programs are written."""
        return Decoding(self.section.new_tokens, self.section.temperature, self.section.top_p)

    @property
    def translating(self) -> Decoding:
        """How programs are translated: greedily, once."""
        return Decoding(self.section.new_tokens)

    def limits(self, toolchain: Toolchain) -> Limits:
        """What running a program may use."""
        return replace(toolchain.run_limits, cpu_seconds=self.section.cpu_seconds)

    def sources(self, target: str) -> list[str]:
        """The languages from which programs are translated to ``target``."""
        if self.section.directions == "none":
            return []
        others = [name for name in self.languages if name != target]
        return [name for name in others if self.section.directions == "all" or self.pivot in (name, target)]

    def key(self, weights: str, language: str) -> str:
        """What tells this task for a model with these ``weights`` (a checksum) and ``language`` from any other."""
        content: dict[str, Any] = {
            "form": 1,
            "weights": weights,
            "language": language,
            "sources": self.sources(language),
            "settings": self.section.model_dump(mode="json", exclude={"k", "margin", "margin_bits", "workers"}),
            "seed": self.seed,
            "programs": {
                one.name: [one.specification.model_dump(mode="json"), dict(one.references)] for one in self.programs
            },
            "problems": {name: list(map(vars, problems)) for name, problems in self.problems.items()},
            "toolchain": self.toolchains.versions().get(language),
            "sandbox": self.sandbox.description,
        }
        return hashlib.sha256(json_line(content).encode()).hexdigest()

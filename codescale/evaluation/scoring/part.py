"""What one model did in one language: a file of its own, so that an evaluation that was killed goes on from there."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from codescale.artifact import Artifact
from codescale.errors import UserError
from codescale.files import read_json


class ProgramScore(Artifact):
    """A held-out program in one language.

    ``correct`` and ``compiled``, of ``samples``, are None where no toolchain told. ``reference_nats`` is what the
    reference costs after its prompt, of ``reference_bytes`` bytes; ``preferred`` the share of its mutants that cost
    more, None where it has none.
    """

    samples: int
    correct: int | None = None
    compiled: int | None = None
    reference_nats: float
    reference_bytes: int
    preferred: float | None = None


class Translation(Artifact):
    """A program that was translated; ``compiled`` and ``correct`` are None where no toolchain told."""

    exact: bool
    compiled: bool | None = None
    correct: bool | None = None


class DirectionScore(Artifact):
    """Programs translated from one other language: BLEU of all of them together, with sacrebleu's signature."""

    bleu: float
    signature: str
    programs: dict[str, Translation]


class ProblemScore(Artifact):
    """A problem of a file: how many of ``samples`` compiled and were right."""

    samples: int
    correct: int
    compiled: int


class LanguagePart(Artifact):
    """``key`` tells what it is made from: weights, programs, settings and versions. ``problems``: by file and name."""

    key: str
    language: str
    programs: dict[str, ProgramScore]
    translations: dict[str, DirectionScore] = {}
    problems: dict[str, dict[str, ProblemScore]] = {}


def read_part(path: Path, key: str) -> LanguagePart | None:
    """The part in ``path``; None where there is none that was made from ``key``."""
    try:
        part = LanguagePart.model_validate(read_json(path), extra="ignore") if path.exists() else None
    except (UserError, ValidationError):
        return None
    return part if part is not None and part.key == key else None

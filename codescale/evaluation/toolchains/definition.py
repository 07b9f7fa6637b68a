"""What ``toolchains.yaml`` says of a language, checked."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from codescale.evaluation.sandbox.limits import Limits
from codescale.files import read_yaml
from codescale.validation import checked


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Program(_Entry):
    """A program of a toolchain: its ``names`` in PATH, patterns of ``places`` that go before, and the arguments with
    which it tells its own home, for one that only starts another.
    """

    names: tuple[str, ...] = Field(min_length=1)
    places: tuple[str, ...] = ()
    home: tuple[str, ...] | None = None


class Version(_Entry):
    """How a toolchain tells its version, and the least that will do."""

    command: tuple[str, ...] = Field(min_length=1)
    pattern: str
    minimum: str


class Sources(_Entry):
    """File names of what is compiled. ``joined``: the driver stands at the end of the solution's file."""

    solution: str
    driver: str | None = None
    joined: bool = False


class Example(_Entry):
    """Sources of a small program."""

    solution: str = ""
    driver: str


class LimitChanges(_Entry):
    """What a step is allowed beyond the default; ``address_space`` and ``memory`` in MiB."""

    cpu_seconds: int | None = None
    memory: int | None = None
    address_space: int | None = None
    tasks: int | None = None

    def applied(self, limits: Limits) -> Limits:
        """``limits`` with these changes."""
        changes = self.model_dump(exclude_none=True)
        changes |= {name: changes[name] << 20 for name in ("memory", "address_space") if name in changes}
        return Limits(**{**vars(limits), **changes})


class StepLimits(_Entry):
    """The limits of compiling and of running."""

    compile: LimitChanges = LimitChanges()
    run: LimitChanges = LimitChanges()


class Host(_Entry):
    """Compiles ``{count}`` programs, in folders 0, 1, …, each as it would be alone: its ``files``, and ``commands`` of
    which the last one prints ``{"program": NUMBER, "said": null or why not}`` for each. ``memory`` in MiB.
    """

    files: dict[str, str] = {}
    commands: tuple[tuple[str, ...], ...] = Field(min_length=1)
    memory: int | None = None


class Crate(_Entry):
    """How programs become modules of one: ``root`` is its ``file``, with a ``part`` and a ``case`` of each at PARTS and
    CASES, NUMBER filled in; ``entry`` is put behind each; ``program`` is what comes of it. That runs the module whose
    number stands in the file ``part`` beside it.
    """

    file: str
    root: str
    part: str
    case: str
    entry: str
    program: str


class Together(_Entry):
    """A ``command`` that compiles the files put behind it together; ``diagnostic`` finds the folder of each program
    that it complains of, and the complaint; programs that match ``alone`` might be seen by others. ``memory`` in MiB.
    """

    command: tuple[str, ...] = Field(min_length=1)
    diagnostic: str
    alone: str
    crate: Crate | None = None
    memory: int | None = None


class Definition(_Entry):
    """A language of ``toolchains.yaml``."""

    programs: dict[str, Program]
    version: Version
    install: str
    readable: tuple[Path, ...] = ()
    environment: dict[str, str] = {}
    sources: Sources
    files: dict[str, str] = {}
    compile: tuple[tuple[str, ...], ...]
    run: tuple[str, ...] = Field(min_length=1)
    limits: StepLimits = StepLimits()
    host: Host | None = None
    together: Together | None = None
    example: Example


_ADAPTER = TypeAdapter(dict[str, Definition])


def load_definitions(path: Path | None = None) -> Mapping[str, Definition]:
    """The toolchains of ``path``, or those of the package. Raises :class:`UserError` for a file of another shape."""
    if path is None:
        with as_file(files("codescale") / "evaluation" / "toolchains" / "toolchains.yaml") as packaged:
            return load_definitions(packaged)
    hint = "give it the shape of codescale/evaluation/toolchains/toolchains.yaml"
    return checked(_ADAPTER, read_yaml(path), path, hint)

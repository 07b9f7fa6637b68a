"""A Ray of a few lines, whose machines the test plays: actors are asked for, placed, given packs and lost by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from codescale.sweeps.packing import Pack


class Reference:
    """What a call returned, once it has an ``answer``."""

    answer: Any = None


class Method:
    def __init__(self, calls: list[Any]) -> None:
        self._calls = calls

    def remote(self, *arguments: Any) -> Reference:
        reference = Reference()
        self._calls.append(reference if not arguments else (reference, *arguments))
        return reference


class Actor:
    """Was asked for; ``placed`` puts it on a machine. ``given`` holds its packs."""

    def __init__(self) -> None:
        self.placed: list[Reference] = []
        self.given: list[tuple[Reference, Pack, Any]] = []
        self.place, self.run = Method(self.placed), Method(self.given)


@dataclass
class FakeRay:
    """Actors in the order in which they were asked for; those killed are in no list any more."""

    actors: list[Actor] = field(default_factory=list)
    ObjectRef = Reference

    def remote(self, **options: Any) -> Any:
        def made(*_: Any) -> Actor:
            self.actors.append(Actor())
            return self.actors[-1]

        return lambda kind: SimpleNamespace(remote=made)

    def wait(self, references: list[Reference], timeout: float) -> tuple[list[Reference], list[Reference]]:
        return [one for one in references if one.answer is not None][:1], references

    def get(self, reference: Reference) -> Any:
        if isinstance(reference.answer, Exception):
            raise reference.answer
        return reference.answer

    def kill(self, actor: Actor) -> None:
        if actor in self.actors:
            self.actors.remove(actor)

    def place(self, number: int, node: Any = "node") -> Actor:
        self.actors[number].placed[0].answer = node if isinstance(node, Exception) else (node, "host")
        return self.actors[number]

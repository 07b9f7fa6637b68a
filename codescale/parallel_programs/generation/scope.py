"""What a random expression may refer to, and names that are not taken yet."""

from __future__ import annotations

from dataclasses import dataclass, replace

from codescale.parallel_programs.expressions import Variable
from codescale.parallel_programs.generation.draw import Draw
from codescale.parallel_programs.generation.vocabulary import vocabulary
from codescale.parallel_programs.statements import Function
from codescale.parallel_programs.types import INT, Type


@dataclass(frozen=True)
class Scope:
    """``integers`` that may be read, of which those named ``positive`` are never negative; ``helpers`` take and give
    one integer.
    """

    integers: tuple[Variable, ...] = ()
    positive: frozenset[str] = frozenset()
    helpers: tuple[Function, ...] = ()

    def having(self, *variables: Variable, positive: bool = False) -> Scope:
        """One with more ``variables``."""
        known = self.positive | {one.name for one in variables} if positive else self.positive
        return replace(self, integers=(*self.integers, *variables), positive=known)


class Names:
    """Names for the variables of one function."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._taken: set[str] = set()

    def take(self, name: str) -> str:
        """``name``, or with a number where it is taken."""
        wanted, number = name, 2
        while wanted in self._taken:
            wanted, number = f"{name}{number}", number + 1
        self._taken.add(wanted)
        return wanted

    def new(self, role: str, type: Type = INT) -> Variable:
        """A variable with a name for this ``role`` that is not taken."""
        free = [name for name in vocabulary().locals[role] if name not in self._taken]
        return Variable(self.take(self._draw.one_of(free or vocabulary().locals[role])), type)

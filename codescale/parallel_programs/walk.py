"""All statements and expressions within a body, and what is done to its variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

from codescale.parallel_programs.expressions import Aggregate, Expression, MethodCall, Variable
from codescale.parallel_programs.statements import (
    Append,
    AppendText,
    Assign,
    Attempt,
    Body,
    Count,
    ForEach,
    ForEntries,
    ForIndexed,
    ForRange,
    Let,
    OwnAppend,
    OwnAssign,
    ParseInt,
    SetItem,
    Statement,
    Update,
)

Node = Statement | Expression


def nodes(body: Body) -> Iterator[Node]:
    """Every statement and expression of ``body``, those within others too, in the order in which they stand."""
    waiting: list[object] = list(reversed(body))
    while waiting:
        one = waiting.pop()
        if isinstance(one, tuple):
            waiting.extend(reversed(one))
        elif isinstance(one, Node):
            yield one
            waiting.extend(getattr(one, field.name) for field in reversed(fields(one)))


@dataclass(frozen=True)
class Changes:
    """Names of a body's variables that are ``assigned`` anew (loops' own included), that are ``mutated`` in place, and
    that are ``built``, a piece of text at a time; ``own``: whether a method changes its object.
    """

    assigned: frozenset[str]
    mutated: frozenset[str]
    built: frozenset[str]
    own: bool


def changes(body: Body) -> Changes:
    """What ``body`` does to its variables."""
    assigned, mutated, built, own = set(), set(), set(), False
    for node in nodes(body):
        match node:
            case Assign(variable, _) | Update(variable, _, _):
                assigned.add(variable.name)
            case Append(variable, _) | SetItem(variable, _, _) | Count(variable, _, _):
                mutated.add(variable.name)
            case AppendText(variable, _):
                built.add(variable.name)
            case MethodCall(owner, _, _, _):
                mutated.add(owner.name)
            case OwnAssign() | OwnAppend():
                own = True
            case _:
                pass
    return Changes(frozenset(assigned), frozenset(mutated), frozenset(built), own)


def loop_counters(body: Body) -> frozenset[str]:
    """Names that loops count with."""
    counters = set()
    for node in nodes(body):
        match node:
            case ForRange(variable, _, _, _):
                counters.add(variable.name)
            case ForIndexed(index, _, _, _):
                counters.add(index.name)
            case _:
                pass
    return frozenset(counters)


_GIVEN: Mapping[type, tuple[str, ...]] = {
    **dict.fromkeys((Let, Assign, Update, AppendText, Append, SetItem, Count, ParseInt, Attempt), ("variable",)),
    **dict.fromkeys((ForRange, ForEach, Aggregate), ("variable",)),
    ForIndexed: ("index", "variable"),
    ForEntries: ("key", "value"),
}
"""By statement, the fields with variables that it gives a value."""


def unread(body: Body, parameters: Sequence[Variable] = ()) -> frozenset[str]:
    """Names of ``parameters`` and variables that stand only where they get a value, and are of no use."""
    given = {one.name for one in parameters}
    read: set[str] = set()
    for node in nodes(body):
        targets = _GIVEN.get(type(node), ())
        given.update(getattr(node, name).name for name in targets)
        if isinstance(node, Aggregate) and node.value is None and node.kind in ("sum", "list"):
            read.add(node.variable.name)
        for field in fields(node):
            if field.name not in targets:
                read.update(_variables(getattr(node, field.name)))
    return frozenset(given - read)


def _variables(value: object) -> Iterator[str]:
    """Names of the variables that ``value`` is or holds, but for those within statements and expressions."""
    if isinstance(value, Variable):
        yield value.name
    elif isinstance(value, tuple):
        for one in value:
            yield from _variables(one)

"""The programs: the i-th of a seed is a function of the two alone.

A part is taken only where evaluating it alone executes each of its statements, gives more than one result and does
nothing that languages do not agree on; else another one is drawn.
"""

from __future__ import annotations

from codescale.parallel_programs.generation.draw import Draw
from codescale.parallel_programs.generation.functions.numbers import helper
from codescale.parallel_programs.generation.functions.registry import ONE_OF_EACH_WEIGHT, Kind
from codescale.parallel_programs.generation.part import Context, Part, calls
from codescale.parallel_programs.generation.scope import Names
from codescale.parallel_programs.interpreter import Refused, evaluate
from codescale.parallel_programs.statements import Function, If, Program, Statement
from codescale.parallel_programs.walk import nodes, unread

_MOST_TRIES = 400
_ENDINGS = ("report", "summary", "overview", "demo", "check", "review", "figures", "results")


def generate(seed: int, index: int) -> Program:
    """The program number ``index`` (from 0) of ``seed``."""
    draw = Draw(f"{seed}/{index}")
    context = Context(draw)
    parts: list[Part] = []
    if draw.chance(0.3):
        parts.append(_part(context, helper, ()))
        context.helpers = parts[0].functions
    for _ in range(draw.one_of((1, 1, 2, 2, 2, 3) if not parts else (1, 1, 2))):
        parts.append(_part(context, draw.one_of(ONE_OF_EACH_WEIGHT), context.helpers))
    used = {node for part in parts[1:] for node in _called(part)}
    if context.helpers and context.helpers[0].name not in used and draw.chance(0.7):
        parts.pop(0)
    return _program(draw, parts)


def _called(part: Part) -> set[str]:
    names = {one.name for one in part.functions}
    return {
        getattr(node, "function", "")
        for function in part.functions
        for node in nodes(function.body)
        if getattr(node, "function", "") not in names
    }


def _part(context: Context, kind: Kind, helpers: tuple[Function, ...]) -> Part:
    """A part of this ``kind`` of which everything is executed."""
    for _ in range(_MOST_TRIES):
        taken = set(context.taken)
        part = kind(context)
        if _is_sound(part, helpers):
            return part
        context.taken = taken
    raise RuntimeError(f"{kind.__name__} made no sound function in {_MOST_TRIES} tries")


def _is_sound(part: Part, helpers: tuple[Function, ...]) -> bool:
    bodies = [one.body for one in part.functions]
    if any(unread(one.body, one.parameters) for one in part.functions):
        return False
    main = calls(Draw("alone"), Names(Draw("alone")), part)
    program = Program("alone", part.records, part.classes, (*helpers, *part.functions), tuple(main))
    try:
        evaluation = evaluate(program)
    except Refused:
        return False
    bodies += [method.body for one in part.classes for method in one.methods]
    statements = [node for body in bodies for node in nodes(body) if isinstance(node, Statement)]
    if any(isinstance(one, If) and _is_idle(one) for one in statements):
        return False
    several = len(part.inputs) == 1 or len({line.rpartition(": ")[2] for line in evaluation.lines}) > 1
    return several and all(id(statement) in evaluation.executed for statement in statements)


def _is_idle(choice: If) -> bool:
    """Whether two of its ways are the same."""
    ways = [body for _, body in choice.branches] + [choice.otherwise]
    return len({repr(body) for body in ways}) < len(ways)


def _program(draw: Draw, parts: list[Part]) -> Program:
    names = Names(draw)
    main: list[Statement] = []
    for part in parts:
        main += calls(draw, names, part)
    theme = next((part.theme for part in parts if part.theme), parts[-1].functions[-1].name.rpartition("_")[2])
    return Program(
        name=f"{theme}_{draw.one_of(_ENDINGS)}",
        records=tuple(one for part in parts for one in part.records),
        classes=tuple(one for part in parts for one in part.classes),
        functions=tuple(one for part in parts for one in part.functions),
        main=tuple(main),
    )

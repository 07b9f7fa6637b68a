"""What a generated program prints, by evaluating it: independent of every language that it is rendered in.

It refuses what languages do not agree on: integers beyond 32 bits, division or a remainder of what is negative or by
what is not positive, places outside of a list or text, a text that is hardly a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from codescale.parallel_programs.expressions import (
    Aggregate,
    Arithmetic,
    Builtin,
    Call,
    Comparison,
    EmptyMap,
    Expression,
    Field,
    ListLiteral,
    Literal,
    Logic,
    MethodCall,
    New,
    Not,
    OwnField,
    Sorted,
    Text,
    Variable,
)
from codescale.parallel_programs.statements import (
    Append,
    AppendText,
    Assign,
    Attempt,
    Body,
    Break,
    Continue,
    Count,
    Do,
    Fail,
    ForEach,
    ForEntries,
    ForIndexed,
    ForRange,
    Function,
    If,
    Let,
    OwnAppend,
    OwnAssign,
    ParseInt,
    Print,
    Program,
    Return,
    SetItem,
    Statement,
    Update,
    While,
)

_LARGEST = 2**31 - 1
_MOST_STEPS = 20_000
_MOST_CALLS = 60
_MOST_CHARACTERS = 2_000
_NUMBER = re.compile(r"-?[1-9][0-9]{0,8}|0")
_NO_NUMBER = re.compile(r"[a-z][a-z0-9]*")


class Refused(Exception):
    """The program does what languages do not agree on, or never ends."""


class _Failure(Exception):
    """A function failed, with a message."""


class _Return(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


class _Break(Exception):
    pass


class _Continue(Exception):
    pass


def _within(value: int) -> int:
    if not -_LARGEST <= value <= _LARGEST:
        raise Refused("an integer beyond 32 bits")
    return value


def _place(items: Any, index: int) -> Any:
    if not 0 <= index < len(items):
        raise Refused("a place outside")
    return items[index]


def _prefix(value: str, length: int) -> str:
    if not 0 <= length <= len(value):
        raise Refused("a place outside")
    return value[:length]


def _digit(character: str) -> int:
    if not character.isdigit():
        raise Refused("a character that is no digit")
    return int(character)


def _letter(character: str) -> int:
    if not "a" <= character <= "z":
        raise Refused("a character that is no small letter")
    return ord(character) - ord("a")


def _split(value: str, separator: str) -> list[str]:
    parts = value.split(separator)
    if "" in parts:
        raise Refused("an empty part, which languages drop or keep")
    return parts


BUILTINS: Mapping[str, Callable[..., Any]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "length": len,
    "item": _place,
    "upper": str.upper,
    "lower": str.lower,
    "contains": lambda value, part: part in value,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
    "replace": str.replace,
    "reverse": lambda value: value[::-1],
    "prefix": _prefix,
    "split": _split,
    "join": lambda parts, separator: separator.join(parts),
    "join_numbers": lambda numbers: " ".join(map(str, numbers)),
    "is_digit": str.isdigit,
    "is_letter": str.isalpha,
    "is_upper": str.isupper,
    "is_lower": str.islower,
    "is_one_of": lambda character, characters: character in characters,
    "upper_character": str.upper,
    "lower_character": str.lower,
    "digit_value": _digit,
    "letter_index": _letter,
    "count_of": lambda counts, key: counts.get(key, 0),
    "last": lambda items: _place(items, len(items) - 1),
}
"""By name, what a builtin means. Strings are ASCII."""

_ARITHMETIC: Mapping[str, Callable[[int, int], int]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "//": lambda left, right: left // right,
    "%": lambda left, right: left % right,
}
_COMPARISON: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def arithmetic(operator: str, left: int, right: int) -> int:
    """``left operator right``. Raises :class:`Refused` where languages would not agree."""
    if operator in ("//", "%") and (left < 0 or right <= 0):
        raise Refused("division of what is negative, or by what is not positive")
    return _within(_ARITHMETIC[operator](left, right))


def shown(value: Any) -> str:
    """A value within a text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


@dataclass
class Evaluation:
    """``lines`` that were printed, and the ``executed`` statements, by identity."""

    lines: list[str] = field(default_factory=list)
    executed: set[int] = field(default_factory=set)

    @property
    def output(self) -> str:
        """All lines, each with its end."""
        return "".join(f"{line}\n" for line in self.lines)


class _Interpreter:
    def __init__(self, program: Program) -> None:
        self._functions = {function.name: function for function in program.functions}
        self._classes = {one.name: one for one in program.classes}
        self._records = {one.name: one for one in program.records}
        self._steps = 0
        self._calls = 0
        self.evaluation = Evaluation()

    def run(self, body: Body, names: dict[str, Any]) -> None:
        for statement in body:
            self._steps += 1
            if self._steps > _MOST_STEPS:
                raise Refused("more steps than a small program takes")
            self.evaluation.executed.add(id(statement))
            self._execute(statement, names)

    def _execute(self, statement: Statement, names: dict[str, Any]) -> None:
        match statement:
            case Let(variable, value) | Assign(variable, value):
                names[variable.name] = self.value(value, names)
            case Return(value):
                raise _Return(self.value(value, names))
            case Break():
                raise _Break
            case Continue():
                raise _Continue
            case Fail(message):
                raise _Failure(self.value(message, names))
            case Print(shown_text):
                self.evaluation.lines.append(self.value(shown_text, names))
            case Do(call):
                self.value(call, names)
            case If(branches, otherwise):
                self.run(next((b for c, b in branches if self.value(c, names)), otherwise), names)
            case ParseInt(variable, text, message):
                names[variable.name] = self._parse(self.value(text, names), message, names)
            case Attempt():
                self._attempt(statement, names)
            case While() | ForRange() | ForEach() | ForIndexed() | ForEntries():
                self._loop(statement, names)
            case _:
                self._change(statement, names)

    def _change(self, statement: Statement, names: dict[str, Any]) -> None:
        match statement:
            case Update(variable, operator, value):
                names[variable.name] = arithmetic(operator, names[variable.name], self.value(value, names))
            case AppendText(variable, value):
                names[variable.name] += self.value(value, names)
                if len(names[variable.name]) > _MOST_CHARACTERS:
                    raise Refused("a text that is too long")
            case Append(variable, value):
                names[variable.name].append(self.value(value, names))
            case SetItem(variable, index, value):
                place = self.value(index, names)
                _place(names[variable.name], place)
                names[variable.name][place] = self.value(value, names)
            case Count(variable, key, value):
                name, added = self.value(key, names), self.value(value, names)
                names[variable.name][name] = arithmetic("+", names[variable.name].get(name, 0), added)
            case OwnAssign(name, operator, value):
                own, new = names["self"], self.value(value, names)
                own[name] = arithmetic(operator, own[name], new) if operator else new
            case OwnAppend(name, value):
                names["self"][name].append(self.value(value, names))
            case _:
                raise TypeError(statement)

    def _parse(self, text: str, message: Text, names: dict[str, Any]) -> int:
        if _NUMBER.fullmatch(text):
            return int(text)
        if not _NO_NUMBER.fullmatch(text):
            raise Refused("a text that some languages take for a number")
        raise _Failure(self.value(message, names))

    def _attempt(self, attempt: Attempt, names: dict[str, Any]) -> None:
        try:
            result = self.value(attempt.call, names)
        except _Failure as failure:
            self.run(attempt.failure, {**names, "error": str(failure)})
        else:
            self.run(attempt.success, {**names, attempt.variable.name: result})

    def _turns(self, loop: Statement, names: dict[str, Any]) -> Any:
        """The variables of each turn."""
        match loop:
            case While(condition, _):
                while self.value(condition, names):
                    yield {}
            case ForRange(variable, start, stop, _):
                for number in range(self.value(start, names), self.value(stop, names)):
                    yield {variable.name: number}
            case ForEach(variable, source, _):
                for item in list(self.value(source, names)):
                    yield {variable.name: item}
            case ForIndexed(index, variable, source, _):
                for place, item in enumerate(list(self.value(source, names))):
                    yield {index.name: place, variable.name: item}
            case ForEntries(key, value, source, _):
                for name, item in sorted(names[source.name].items()):
                    yield {key.name: name, value.name: item}

    def _loop(self, loop: While | ForRange | ForEach | ForIndexed | ForEntries, names: dict[str, Any]) -> None:
        for turn in self._turns(loop, names):
            names.update(turn)
            self._steps += 1
            if self._steps > _MOST_STEPS:
                raise Refused("more steps than a small program takes")
            try:
                self.run(loop.body, names)
            except _Continue:
                continue
            except _Break:
                break

    def _called(self, function: Function, arguments: list[Any], own: Any = None) -> Any:
        self._calls += 1
        if self._calls > _MOST_CALLS:
            raise Refused("calls within calls")
        names = dict(zip((one.name for one in function.parameters), arguments, strict=True))
        try:
            self.run(function.body, names if own is None else {**names, "self": own})
        except _Return as end:
            return end.value
        finally:
            self._calls -= 1
        return None

    def value(self, expression: Expression, names: dict[str, Any]) -> Any:
        self._steps += 1
        match expression:
            case Literal(value, _):
                return value
            case Variable(name, _):
                return names[name]
            case Arithmetic(operator, left, right):
                return arithmetic(operator, self.value(left, names), self.value(right, names))
            case Comparison(operator, left, right):
                return _COMPARISON[operator](self.value(left, names), self.value(right, names))
            case Logic("and", left, right):
                return self.value(left, names) and self.value(right, names)
            case Logic(_, left, right):
                return self.value(left, names) or self.value(right, names)
            case Not(operand):
                return not self.value(operand, names)
            case Builtin(name, arguments, _):
                return BUILTINS[name](*(self.value(one, names) for one in arguments))
            case Text(parts):
                return "".join(p if isinstance(p, str) else shown(self.value(p, names)) for p in parts)
            case _:
                return self._composed(expression, names)

    def _composed(self, expression: Expression, names: dict[str, Any]) -> Any:
        match expression:
            case Call(function, arguments, _, _):
                return self._called(self._functions[function], [self.value(one, names) for one in arguments])
            case Field(owner, name, _):
                return self.value(owner, names)[name]
            case OwnField(name, _):
                return names["self"][name]
            case MethodCall(owner, method, arguments, _):
                own = names[owner.name]
                found = next(one for one in self._classes[owner.type.name].methods if one.name == method)
                return self._called(found, [self.value(one, names) for one in arguments], own)
            case New(name, arguments):
                return self._new(name, [self.value(one, names) for one in arguments])
            case ListLiteral(items, _):
                return [self.value(item, names) for item in items]
            case EmptyMap():
                return {}
            case Aggregate():
                return self._aggregate(expression, names)
            case Sorted(source, key, descending):
                by = (lambda one: one[key]) if key is not None else None
                return sorted(names[source.name], key=by, reverse=descending)
            case _:
                raise TypeError(expression)

    def _new(self, name: str, arguments: list[Any]) -> dict[str, Any]:
        if name in self._records:
            return dict(zip((one.name for one in self._records[name].fields), arguments, strict=True))
        made = self._classes[name]
        names = dict(zip((one.name for one in made.parameters), arguments, strict=True))
        return {one.name: self.value(first, names) for one, first in zip(made.fields, made.initial, strict=True)}

    def _aggregate(self, aggregate: Aggregate, names: dict[str, Any]) -> Any:
        found = []
        for item in self.value(aggregate.source, names):
            inner = {**names, aggregate.variable.name: item}
            holds = aggregate.condition is None or self.value(aggregate.condition, inner)
            if aggregate.kind in ("any", "all"):
                found.append(holds)
            elif holds:
                found.append(item if aggregate.value is None else self.value(aggregate.value, inner))
        if aggregate.kind == "sum":
            total = 0
            for one in found:
                total = _within(total + one)
            return total
        ends: Mapping[str, Callable[[list[Any]], Any]] = {"count": len, "any": any, "all": all, "list": list}
        return ends[aggregate.kind](found)


def evaluate(program: Program) -> Evaluation:
    """What ``program`` prints and which of its statements were executed. Raises :class:`Refused`."""
    interpreter = _Interpreter(program)
    try:
        interpreter.run(program.main, {})
    except _Failure as failure:
        raise Refused(f"a failure that nothing takes: {failure}") from None
    return interpreter.evaluation

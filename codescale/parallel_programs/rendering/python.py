"""Python 3.10 and newer."""

from __future__ import annotations

from collections.abc import Sequence

from codescale.parallel_programs.expressions import (
    Aggregate,
    EmptyMap,
    Expression,
    ListLiteral,
    Literal,
    New,
    Sorted,
    Text,
)
from codescale.parallel_programs.rendering.base import Lines, Renderer
from codescale.parallel_programs.rendering.code import COMPARISON, NOT, SUM, Code, Template
from codescale.parallel_programs.rendering.names import snake
from codescale.parallel_programs.statements import (
    Attempt,
    Class,
    Count,
    ForEach,
    ForEntries,
    ForIndexed,
    ForRange,
    Function,
    If,
    Let,
    ParseInt,
    Record,
)
from codescale.parallel_programs.types import Type

_TYPES = {"int": "int", "bool": "bool", "character": "str", "string": "str"}


class PythonRenderer(Renderer):
    """Comprehensions, f-strings, dataclasses."""

    end = ""
    division = "//"
    logic = {"and": "and", "or": "or"}
    own = "self."
    builtins = {
        "min": Template("min({0:a}, {1:a})"),
        "max": Template("max({0:a}, {1:a})"),
        "abs": Template("abs({0:a})"),
        "length": Template("len({0:a})"),
        "item": Template("{0}[{1:a}]"),
        "upper": Template("{0}.upper()"),
        "lower": Template("{0}.lower()"),
        "contains": Template("{1:s} in {0:s}", COMPARISON),
        "starts_with": Template("{0}.startswith({1:a})"),
        "ends_with": Template("{0}.endswith({1:a})"),
        "replace": Template("{0}.replace({1:a}, {2:a})"),
        "reverse": Template("{0}[::-1]"),
        "prefix": Template("{0}[:{1:a}]"),
        "split": Template("{0}.split({1:a})"),
        "join": Template("{1}.join({0:a})"),
        "join_numbers": Template('" ".join(map(str, {0:a}))'),
        "is_digit": Template("{0}.isdigit()"),
        "is_letter": Template("{0}.isalpha()"),
        "is_upper": Template("{0}.isupper()"),
        "is_lower": Template("{0}.islower()"),
        "is_one_of": Template("{0:s} in {1:s}", COMPARISON),
        "upper_character": Template("{0}.upper()"),
        "lower_character": Template("{0}.lower()"),
        "digit_value": Template("int({0:a})"),
        "letter_index": Template('ord({0:a}) - ord("a")', SUM),
        "count_of": Template("{0}.get({1:a}, 0)"),
        "last": Template("{0}[-1]"),
    }

    def source(self) -> str:
        """The whole file."""
        parts = [self._record(one) for one in self.program.records]
        parts += [self._class(one) for one in self.program.classes]
        parts += [self._function(one) for one in self.program.functions]
        self.enter(None, self.program.main)
        parts.append(["def main() -> None:", *self.indented(self.body(self.program.main))])
        parts.append(['if __name__ == "__main__":', "    main()"])
        imports = [["from dataclasses import dataclass"]] if self.program.records else []
        return "\n\n\n".join("\n".join(part) for part in [*imports, *parts]) + "\n"

    def variable_name(self, name: str) -> str:
        """Snake case."""
        return snake(name)

    def function_name(self, name: str) -> str:
        """Snake case."""
        return snake(name)

    def type(self, one: Type) -> str:
        """As annotations have it."""
        if one.kind == "list":
            return f"list[{self.type(one.element)}]"
        if one.kind == "map":
            return f"dict[str, {self.type(one.element)}]"
        return self.type_name(one.name) if one.kind == "record" else _TYPES[one.kind]

    def chain(self, parts: Sequence[tuple[str, Lines]]) -> Lines:
        """Blocks by indentation."""
        return [line for head, body in parts for line in (f"{head}:", *self.indented(body))]

    def condition(self, expression: Expression) -> str:
        """Without brackets."""
        return self.expression(expression).text

    def _record(self, record: Record) -> Lines:
        fields = [f"{one.name}: {self.type(one.type)}" for one in record.fields]
        return ["@dataclass(frozen=True)", f"class {self.type_name(record.name)}:", *self.indented(fields)]

    def _parameters(self, function: Function, *first: str) -> str:
        return ", ".join([*first, *(f"{one.name}: {self.type(one.type)}" for one in function.parameters)])

    def _function(self, function: Function, *first: str) -> Lines:
        self.enter(function, function.body)
        returns = "None" if function.returns is None else self.type(function.returns)
        head = f"def {function.name}({self._parameters(function, *first)}) -> {returns}:"
        return [head, *self.indented(self.body(function.body))]

    def _class(self, one: Class) -> Lines:
        constructor = Function("__init__", one.parameters, None, ())
        self.enter(constructor, ())
        fields = []
        for field, initial in zip(one.fields, one.initial, strict=True):
            hint = f": {self.type(field.type)}" if field.type.kind in ("list", "map") else ""
            fields.append(f"self.{field.name}{hint} = {self.value(initial)}")
        lines = [f"def __init__({self._parameters(constructor, 'self')}) -> None:", *self.indented(fields)]
        for method in one.methods:
            lines += ["", *self._function(method, "self")]
        return [f"class {self.type_name(one.name)}:", *self.indented(lines)]

    def branches(self, statement: If) -> list[tuple[str, Lines]]:
        """With ``elif``."""
        return [(head.replace("else if ", "elif ", 1), body) for head, body in super().branches(statement)]

    def update(self, name: str, operator: str, value: Expression) -> str:
        """Augmented assignment."""
        return f"{name} {operator}= {self.expression(value).text}"

    def let(self, statement: Let) -> Lines:
        """With a type where the value tells none."""
        empty = isinstance(statement.value, EmptyMap) or (
            isinstance(statement.value, ListLiteral) and not statement.value.items
        )
        hint = f": {self.type(statement.variable.type)}" if empty else ""
        return [f"{statement.variable.name}{hint} = {self.value(statement.value)}"]

    def for_range(self, loop: ForRange) -> Lines:
        """Over a range."""
        start = "" if loop.start == Literal(0, loop.start.type) else f"{self.expression(loop.start).text}, "
        stop = self.expression(loop.stop).text
        return self.block(f"for {loop.variable.name} in range({start}{stop})", self.body(loop.body))

    def for_each(self, loop: ForEach) -> Lines:
        """Over a list or a string."""
        return self.block(f"for {loop.variable.name} in {self.expression(loop.source).text}", self.body(loop.body))

    def for_indexed(self, loop: ForIndexed) -> Lines:
        """With ``enumerate``."""
        source = self.expression(loop.source).text
        return self.block(f"for {loop.index.name}, {loop.variable.name} in enumerate({source})", self.body(loop.body))

    def for_entries(self, loop: ForEntries) -> Lines:
        """Over sorted items."""
        head = f"for {loop.key.name}, {loop.value.name} in sorted({loop.source.name}.items())"
        return self.block(head, self.body(loop.body))

    def parse(self, statement: ParseInt) -> Lines:
        """With ``int``."""
        parsed = f"{statement.variable.name} = int({self.expression(statement.text).text})"
        return self.chain([("try", [parsed]), ("except ValueError", [f"{self.fail(statement.message)} from None"])])

    def attempt(self, attempt: Attempt) -> Lines:
        """An exception."""
        tried = [f"{attempt.variable.name} = {self.expression(attempt.call).text}", *self.body(attempt.success)]
        return self.chain([("try", tried), ("except ValueError as error", self.body(attempt.failure))])

    def append_text(self, name: str, value: Expression) -> str:
        """Strings are added up."""
        return f"{name} += {self.expression(value).text}"

    def append(self, name: str, value: Expression) -> str:
        """To a list."""
        return f"{name}.append({self.expression(value).text})"

    def count(self, statement: Count) -> str:
        """Of a dictionary."""
        name, key = statement.variable.name, self.expression(statement.key).text
        return f"{name}[{key}] = {name}.get({key}, 0) + {self.expression(statement.value).within(SUM)}"

    def fail(self, message: Text) -> str:
        """An exception."""
        return f"raise ValueError({self.text(message).text})"

    def print(self, text: Text) -> str:
        """A line."""
        return f"print({self.text(text).text})"

    def literal(self, literal: Literal) -> Code:
        """Characters are strings."""
        if isinstance(literal.value, bool):
            return Code(str(literal.value))
        return Code(f'"{literal.value}"') if isinstance(literal.value, str) else super().literal(literal)

    def negated(self, operand: Code) -> Code:
        """With a word."""
        return Code(f"not {operand.within(NOT)}", NOT)

    def text(self, text: Text) -> Code:
        """An f-string."""
        if all(isinstance(part, str) for part in text.parts):
            return Code(f'"{"".join(map(str, text.parts))}"')
        return Code(f'f"{"".join(part if isinstance(part, str) else self._hole(part) for part in text.parts)}"')

    def _hole(self, part: Expression) -> str:
        shown = self.expression(part).text.replace('"', "'")
        return f"{{str({shown}).lower()}}" if part.type.kind == "bool" else f"{{{shown}}}"

    def new(self, expression: New) -> Code:
        """A call of the class."""
        return Code(f"{self.type_name(expression.name)}({self.arguments(expression.arguments)})")

    def list(self, expression: ListLiteral) -> Code:
        """In brackets."""
        return Code(f"[{self.arguments(expression.items)}]")

    def map(self, expression: EmptyMap) -> Code:
        """Empty braces."""
        return Code("{}")

    def aggregate(self, aggregate: Aggregate) -> Code:
        """A comprehension."""
        name = aggregate.variable.name
        loop = f"for {name} in {self.expression(aggregate.source).text}"
        condition = None if aggregate.condition is None else self.expression(aggregate.condition).text
        if aggregate.kind in ("any", "all"):
            return Code(f"{aggregate.kind}({condition} {loop})")
        value = name if aggregate.value is None else self.expression(aggregate.value).text
        if aggregate.kind == "count":
            value = "1"
        inner = f"{value} {loop}" + ("" if condition is None else f" if {condition}")
        return Code(f"[{inner}]" if aggregate.kind == "list" else f"sum({inner})")

    def sorted(self, expression: Sorted) -> Code:
        """A new list."""
        name = expression.source.name
        key = "" if expression.key is None else f", key=lambda one: one.{expression.key}"
        return Code(f"sorted({name}{key}{', reverse=True' if expression.descending else ''})")

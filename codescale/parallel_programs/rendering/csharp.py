"""C# 7, as Mono's compiler knows it."""

from __future__ import annotations

from collections.abc import Sequence

from codescale.parallel_programs.expressions import (
    Aggregate,
    Builtin,
    EmptyMap,
    Expression,
    ListLiteral,
    New,
    Sorted,
    Text,
    Variable,
)
from codescale.parallel_programs.rendering.base import Lines, Renderer
from codescale.parallel_programs.rendering.code import COMPARISON, SUM, Code, Template
from codescale.parallel_programs.rendering.names import pascal
from codescale.parallel_programs.statements import (
    Attempt,
    Class,
    Count,
    ForEach,
    ForEntries,
    ForIndexed,
    ForRange,
    Function,
    Let,
    ParseInt,
    Record,
)
from codescale.parallel_programs.types import Type

_TYPES = {"int": "int", "bool": "bool", "character": "char", "string": "string"}


class CSharpRenderer(Renderer):
    """Properties, LINQ, interpolated strings; all in one static class."""

    trailing_comma = False
    builtins = {
        "min": Template("Math.Min({0:a}, {1:a})"),
        "max": Template("Math.Max({0:a}, {1:a})"),
        "abs": Template("Math.Abs({0:a})"),
        "length": Template("{0}.Count"),
        "item": Template("{0}[{1:a}]"),
        "upper": Template("{0}.ToUpper()"),
        "lower": Template("{0}.ToLower()"),
        "contains": Template("{0}.Contains({1:a})"),
        "starts_with": Template("{0}.StartsWith({1:a})"),
        "ends_with": Template("{0}.EndsWith({1:a})"),
        "replace": Template("{0}.Replace({1:a}, {2:a})"),
        "reverse": Template("new string({0}.Reverse().ToArray())", needs=("System.Linq",)),
        "prefix": Template("{0}.Substring(0, {1:a})"),
        "split": Template("{0}.Split({1:a}).ToList()", needs=("System.Linq",)),
        "join": Template("string.Join({1:a}, {0:a})"),
        "join_numbers": Template('string.Join(" ", {0:a})'),
        "is_digit": Template("char.IsDigit({0:a})"),
        "is_letter": Template("char.IsLetter({0:a})"),
        "is_upper": Template("char.IsUpper({0:a})"),
        "is_lower": Template("char.IsLower({0:a})"),
        "is_one_of": Template("{1}.IndexOf({0:a}) >= 0", COMPARISON),
        "upper_character": Template("char.ToUpper({0:a})"),
        "lower_character": Template("char.ToLower({0:a})"),
        "digit_value": Template("{0} - '0'", SUM),
        "letter_index": Template("{0} - 'a'", SUM),
        "count_of": Template("({0}.ContainsKey({1:a}) ? {0}[{1:a}] : 0)"),
        "last": Template("{0}[{0}.Count - 1]"),
    }

    own = ""

    def source(self) -> str:
        """The whole file."""
        self.needs.add("System")
        parts = [self._record(one) for one in self.program.records]
        parts += [self._class(one) for one in self.program.classes]
        parts += [self._function(one, "static ") for one in self.program.functions]
        self.enter(None, self.program.main)
        parts.append(self.block("static void Main()", self.body(self.program.main)))
        lines: Lines = []
        for part in parts:
            lines += ["", *part] if lines else part
        whole = self.block(f"static class {self.type_name(self.program.name)}", lines)
        return "\n".join([*(f"using {name};" for name in sorted(self.needs)), "", *whole]) + "\n"

    def function_name(self, name: str) -> str:
        """Pascal case."""
        return pascal(name)

    def chain(self, parts: Sequence[tuple[str, Lines]]) -> Lines:
        """Braces on lines of their own."""
        return [line for head, body in parts for line in (head, "{", *self.indented(body), "}")]

    def type(self, one: Type) -> str:
        """As declarations have it."""
        if one.kind == "list":
            self.needs.add("System.Collections.Generic")
            return f"List<{self.type(one.element)}>"
        if one.kind == "map":
            self.needs.add("System.Collections.Generic")
            return f"SortedDictionary<string, {self.type(one.element)}>"
        return self.type_name(one.name) if one.kind == "record" else _TYPES[one.kind]

    def _parameters(self, parameters: tuple[Variable, ...]) -> str:
        return ", ".join(f"{self.type(one.type)} {self.variable_name(one.name)}" for one in parameters)

    def _record(self, record: Record) -> Lines:
        name = self.type_name(record.name)
        given = [f"{pascal(one.name)} = {self.variable_name(one.name)};" for one in record.fields]
        lines = [f"public {self.type(one.type)} {pascal(one.name)} {{ get; }}" for one in record.fields]
        lines += ["", *self.block(f"public {name}({self._parameters(record.fields)})", given)]
        return self.block(f"class {name}", lines)

    def _function(self, function: Function, word: str) -> Lines:
        self.enter(function, function.body)
        returns = "void" if function.returns is None else self.type(function.returns)
        head = f"{word}{returns} {self.function_name(function.name)}({self._parameters(function.parameters)})"
        return self.block(head, self.body(function.body))

    def _class(self, one: Class) -> Lines:
        self.enter(None, ())
        name = self.type_name(one.name)
        lines = [f"private {self.type(field.type)} {self.variable_name(field.name)};" for field in one.fields]
        fields = [
            f"this.{self.variable_name(field.name)} = {self.value(initial)};"
            for field, initial in zip(one.fields, one.initial, strict=True)
        ]
        lines += ["", *self.block(f"public {name}({self._parameters(one.parameters)})", fields)]
        for method in one.methods:
            lines += ["", *self._function(method, "public ")]
        return self.block(f"class {name}", lines)

    def let(self, statement: Let) -> Lines:
        """A text that is built is a builder."""
        name = self.variable_name(statement.variable.name)
        if statement.variable.name in self.changes.built:
            self.needs.add("System.Text")
            return [f"var {name} = new StringBuilder();"]
        kind = self.type(statement.variable.type) if statement.variable.type.kind in _TYPES else "var"
        return [f"{kind} {name} = {self.value(statement.value)};"]

    def variable(self, name: str) -> Code:
        """A builder as text, a failure's message."""
        if name == "error":
            return Code("error.Message")
        code = Code(self.variable_name(name))
        return Code(f"{code}.ToString()") if name in self.changes.built else code

    def for_range(self, loop: ForRange) -> Lines:
        """A counter."""
        name = self.variable_name(loop.variable.name)
        start, stop = self.expression(loop.start).text, self.expression(loop.stop).within(COMPARISON + 1)
        return self.block(f"for (int {name} = {start}; {name} < {stop}; {name}++)", self.body(loop.body))

    def for_each(self, loop: ForEach) -> Lines:
        """Over a list or a string."""
        kind, name = self.type(loop.variable.type), self.variable_name(loop.variable.name)
        return self.block(f"foreach ({kind} {name} in {self.expression(loop.source).text})", self.body(loop.body))

    def for_indexed(self, loop: ForIndexed) -> Lines:
        """A counter and what stands there."""
        index, name = self.variable_name(loop.index.name), self.variable_name(loop.variable.name)
        source = self.expression(loop.source)
        got = f"{self.type(loop.variable.type)} {name} = {source}[{index}];"
        head = f"for (int {index} = 0; {index} < {source}.Count; {index}++)"
        return self.block(head, [got, *self.body(loop.body)])

    def for_entries(self, loop: ForEntries) -> Lines:
        """Of a sorted dictionary."""
        key, value, source = (self.variable_name(one.name) for one in (loop.key, loop.value, loop.source))
        got = [f"string {key} = entry.Key;", f"{self.type(loop.value.type)} {value} = entry.Value;"]
        return self.block(f"foreach (var entry in {source})", [*got, *self.body(loop.body)])

    def parse(self, statement: ParseInt) -> Lines:
        """With ``TryParse``."""
        name, text = self.variable_name(statement.variable.name), self.expression(statement.text).text
        return self.block(f"if (!int.TryParse({text}, out int {name}))", [f"{self.fail(statement.message)};"])

    def attempt(self, attempt: Attempt) -> Lines:
        """An exception."""
        name = self.variable_name(attempt.variable.name)
        got = f"{self.type(attempt.variable.type)} {name} = {self.expression(attempt.call).text};"
        failed = self.body(attempt.failure)
        return self.chain([("try", [got, *self.body(attempt.success)]), ("catch (ArgumentException error)", failed)])

    def append_text(self, name: str, value: Expression) -> str:
        """To a builder."""
        return f"{name}.Append({self.expression(value).text})"

    def append(self, name: str, value: Expression) -> str:
        """To a list."""
        return f"{name}.Add({self.expression(value).text})"

    def count(self, statement: Count) -> str:
        """Of a dictionary."""
        name, key = self.variable_name(statement.variable.name), self.expression(statement.key).text
        found = f"({name}.ContainsKey({key}) ? {name}[{key}] : 0)"
        return f"{name}[{key}] = {found} + {self.expression(statement.value).within(SUM)}"

    def fail(self, message: Text) -> str:
        """An exception."""
        return f"throw new ArgumentException({self.text(message).text})"

    def print(self, text: Text) -> str:
        """A line."""
        return f"Console.WriteLine({self.text(text).text})"

    def text(self, text: Text) -> Code:
        """An interpolated string."""
        if all(isinstance(part, str) for part in text.parts):
            return Code(f'"{"".join(map(str, text.parts))}"')
        return Code(f'$"{"".join(part if isinstance(part, str) else self._hole(part) for part in text.parts)}"')

    def _hole(self, part: Expression) -> str:
        code = self.expression(part)
        return f"{{{code}.ToString().ToLower()}}" if part.type.kind == "bool" else f"{{{code.text}}}"

    def builtin(self, expression: Builtin) -> Code:
        """Strings have a length."""
        if expression.name == "length" and expression.arguments[0].type.kind == "string":
            return Code(f"{self.expression(expression.arguments[0])}.Length")
        return super().builtin(expression)

    def field(self, owner: Code, name: str) -> Code:
        """A property."""
        return Code(f"{owner}.{pascal(name)}")

    def new(self, expression: New) -> Code:
        """A record or object."""
        return Code(f"new {self.type_name(expression.name)}({self.arguments(expression.arguments)})")

    def list(self, expression: ListLiteral) -> Code:
        """A list with what it begins with."""
        kind = self.type(expression.type)
        items = self.arguments(expression.items)
        return Code(f"new {kind} {{ {items} }}" if items else f"new {kind}()")

    def map(self, expression: EmptyMap) -> Code:
        """In the order of its keys."""
        return Code(f"new {self.type(expression.type)}(StringComparer.Ordinal)")

    def _arrow(self, variable: Variable, body: Expression) -> str:
        return f"{self.variable_name(variable.name)} => {self.expression(body).text}"

    def aggregate(self, aggregate: Aggregate) -> Code:
        """LINQ."""
        self.needs.add("System.Linq")
        source, variable = f"{self.expression(aggregate.source)}", aggregate.variable
        condition = "" if aggregate.condition is None else self._arrow(variable, aggregate.condition)
        if aggregate.kind in ("any", "all", "count"):
            return Code(f"{source}.{aggregate.kind.capitalize()}({condition})")
        chosen = f"{source}.Where({condition})" if condition else source
        value = "" if aggregate.value is None else self._arrow(variable, aggregate.value)
        if aggregate.kind == "sum":
            return Code(f"{chosen}.Sum({value})")
        return Code(f"{chosen}.Select({value}).ToList()" if value else f"{chosen}.ToList()")

    def sorted(self, expression: Sorted) -> Code:
        """LINQ."""
        self.needs.add("System.Linq")
        order = "OrderByDescending" if expression.descending else "OrderBy"
        key = "one" if expression.key is None else f"one.{pascal(expression.key)}"
        ordinal = ", StringComparer.Ordinal" if expression.source.type.element.kind == "string" else ""
        return Code(f"{self.variable_name(expression.source.name)}.{order}(one => {key}{ordinal}).ToList()")

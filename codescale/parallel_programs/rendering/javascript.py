"""JavaScript for Node 18 and newer; TypeScript says the types beside."""

from __future__ import annotations

from codescale.parallel_programs.expressions import (
    Aggregate,
    Arithmetic,
    EmptyMap,
    Expression,
    ListLiteral,
    Literal,
    New,
    Sorted,
    Text,
    Variable,
)
from codescale.parallel_programs.rendering.base import Lines, Renderer
from codescale.parallel_programs.rendering.code import COMPARISON, OR, SUM, Code, Template
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
    Update,
)
from codescale.parallel_programs.types import Type


class JavaScriptRenderer(Renderer):
    """Arrow functions, template strings, maps, object literals."""

    unit = "  "
    equality = {"==": "===", "!=": "!=="}
    builtins = {
        "min": Template("Math.min({0:a}, {1:a})"),
        "max": Template("Math.max({0:a}, {1:a})"),
        "abs": Template("Math.abs({0:a})"),
        "length": Template("{0}.length"),
        "item": Template("{0}[{1:a}]"),
        "upper": Template("{0}.toUpperCase()"),
        "lower": Template("{0}.toLowerCase()"),
        "contains": Template("{0}.includes({1:a})"),
        "starts_with": Template("{0}.startsWith({1:a})"),
        "ends_with": Template("{0}.endsWith({1:a})"),
        "replace": Template("{0}.replaceAll({1:a}, {2:a})"),
        "reverse": Template('[...{0}].reverse().join("")'),
        "prefix": Template("{0}.slice(0, {1:a})"),
        "split": Template("{0}.split({1:a})"),
        "join": Template("{0}.join({1:a})"),
        "join_numbers": Template('{0}.join(" ")'),
        "is_digit": Template("/[0-9]/.test({0:a})"),
        "is_letter": Template("/[a-z]/i.test({0:a})"),
        "is_upper": Template("/[A-Z]/.test({0:a})"),
        "is_lower": Template("/[a-z]/.test({0:a})"),
        "is_one_of": Template("{1}.includes({0:a})"),
        "upper_character": Template("{0}.toUpperCase()"),
        "lower_character": Template("{0}.toLowerCase()"),
        "digit_value": Template("Number({0:a})"),
        "letter_index": Template('{0}.charCodeAt(0) - "a".charCodeAt(0)', SUM),
        "count_of": Template("({0}.get({1:a}) ?? 0)"),
        "last": Template("{0}[{0}.length - 1]"),
    }

    def source(self) -> str:
        """The whole file."""
        parts = [*self.records(), *(self._class(one) for one in self.program.classes)]
        parts += [self._function(one) for one in self.program.functions]
        self.enter(None, self.program.main)
        parts.append(self.block(f"function main(){self.hint_of(None)}", self.body(self.program.main)))
        parts.append(["main();"])
        return "\n\n".join("\n".join(part) for part in parts) + "\n"

    def records(self) -> list[Lines]:
        """What is said of records: nothing, they are object literals."""
        return []

    def hint(self, one: Type) -> str:
        """What stands behind a name."""
        return ""

    def hint_of(self, returns: Type | None) -> str:
        """What stands behind a function's parameters."""
        return ""

    def type(self, one: Type) -> str:
        """Not written in this language."""
        return ""

    def _head(self, function: Function, word: str, returns: str) -> str:
        parameters = ", ".join(f"{self.variable_name(one.name)}{self.hint(one.type)}" for one in function.parameters)
        return f"{word}{self.function_name(function.name)}({parameters}){returns}"

    def _function(self, function: Function, word: str = "function ") -> Lines:
        self.enter(function, function.body)
        return self.block(self._head(function, word, self.hint_of(function.returns)), self.body(function.body))

    def declared_fields(self, one: Class) -> Lines:
        """Fields ahead of the constructor."""
        return []

    def _class(self, one: Class) -> Lines:
        constructor = Function("constructor", one.parameters, None, ())
        self.enter(constructor, ())
        fields = [
            f"this.{self.variable_name(field.name)} = {self.value(initial)};"
            for field, initial in zip(one.fields, one.initial, strict=True)
        ]
        lines = [*self.declared_fields(one), *self.block(self._head(constructor, "", ""), fields)]
        for method in one.methods:
            lines += ["", *self._function(method, "")]
        return self.block(f"class {self.type_name(one.name)}", lines)

    def let(self, statement: Let) -> Lines:
        """Constant where it stays what it is."""
        name = statement.variable.name
        word = "let" if name in self.changes.assigned | self.changes.built else "const"
        empty = isinstance(statement.value, EmptyMap) or (
            isinstance(statement.value, ListLiteral) and not statement.value.items
        )
        hint = self.hint(statement.variable.type) if empty and statement.variable.type.kind != "map" else ""
        return [f"{word} {self.variable_name(name)}{hint} = {self.value(statement.value)};"]

    def simple(self, statement: object) -> str:
        """Whole numbers are divided in words."""
        if isinstance(statement, Update) and statement.operator == "//":
            name = self.variable_name(statement.variable.name)
            return f"{name} = Math.floor({name} / {self.expression(statement.value)})"
        return super().simple(statement)  # type: ignore[arg-type]

    def arithmetic(self, expression: Arithmetic) -> Code:
        """Whole numbers are divided in words."""
        code = super().arithmetic(expression)
        return Code(f"Math.floor({code.text})") if expression.operator == "//" else code

    def for_range(self, loop: ForRange) -> Lines:
        """A counter."""
        name = self.variable_name(loop.variable.name)
        start, stop = self.expression(loop.start).text, self.expression(loop.stop).within(COMPARISON + 1)
        return self.block(f"for (let {name} = {start}; {name} < {stop}; {name}++)", self.body(loop.body))

    def for_each(self, loop: ForEach) -> Lines:
        """Over a list or a string."""
        name, source = self.variable_name(loop.variable.name), self.expression(loop.source).text
        return self.block(f"for (const {name} of {source})", self.body(loop.body))

    def for_indexed(self, loop: ForIndexed) -> Lines:
        """With ``entries``."""
        names = f"[{self.variable_name(loop.index.name)}, {self.variable_name(loop.variable.name)}]"
        return self.block(f"for (const {names} of {self.expression(loop.source)}.entries())", self.body(loop.body))

    def for_entries(self, loop: ForEntries) -> Lines:
        """Over sorted keys."""
        key, value, source = (self.variable_name(one.name) for one in (loop.key, loop.value, loop.source))
        got = f"const {value} = {source}.get({key}){self.surely};"
        return self.block(f"for (const {key} of [...{source}.keys()].sort())", [got, *self.body(loop.body)])

    surely = ""
    """What says that a key is there."""

    def parse(self, statement: ParseInt) -> Lines:
        """What is no number is told."""
        name = self.variable_name(statement.variable.name)
        return [
            f"const {name} = Number({self.expression(statement.text).text});",
            *self.block(f"if (Number.isNaN({name}))", [f"{self.fail(statement.message)};"]),
        ]

    def attempt(self, attempt: Attempt) -> Lines:
        """An exception."""
        name = self.variable_name(attempt.variable.name)
        tried = [f"const {name} = {self.expression(attempt.call).text};", *self.body(attempt.success)]
        return self.chain([("try", tried), ("catch (error)", self.body(attempt.failure))])

    def variable(self, name: str) -> Code:
        """A failure shows its message."""
        return Code(self.error if name == "error" else self.variable_name(name))

    error = "error.message"
    """The message of what was caught."""

    def append_text(self, name: str, value: Expression) -> str:
        """Strings are added up."""
        return f"{name} += {self.expression(value).text}"

    def append(self, name: str, value: Expression) -> str:
        """To an array."""
        return f"{name}.push({self.expression(value).text})"

    def count(self, statement: Count) -> str:
        """Of a map."""
        name, key = self.variable_name(statement.variable.name), self.expression(statement.key).text
        return f"{name}.set({key}, ({name}.get({key}) ?? 0) + {self.expression(statement.value).within(SUM)})"

    def fail(self, message: Text) -> str:
        """An exception."""
        return f"throw new Error({self.text(message).text})"

    def print(self, text: Text) -> str:
        """A line."""
        return f"console.log({self.text(text).text})"

    def literal(self, literal: Literal) -> Code:
        """Characters are strings."""
        return Code(f'"{literal.value}"') if isinstance(literal.value, str) else super().literal(literal)

    def text(self, text: Text) -> Code:
        """A template string."""
        if all(isinstance(part, str) for part in text.parts):
            return Code(f'"{"".join(map(str, text.parts))}"')
        shown = [part if isinstance(part, str) else f"${{{self.expression(part).text}}}" for part in text.parts]
        return Code(f"`{''.join(shown)}`")

    def new(self, expression: New) -> Code:
        """An object literal, or an object of a class."""
        if expression.name in self.classes:
            return Code(f"new {self.type_name(expression.name)}({self.arguments(expression.arguments)})")
        fields = next(one for one in self.program.records if one.name == expression.name).fields
        pairs = []
        for field, value in zip(fields, expression.arguments, strict=True):
            name, shown = self.variable_name(field.name), self.expression(value).text
            pairs.append(name if name == shown else f"{name}: {shown}")
        return Code(f"{{ {', '.join(pairs)} }}")

    def list(self, expression: ListLiteral) -> Code:
        """In brackets."""
        return Code(f"[{self.arguments(expression.items)}]")

    def map(self, expression: EmptyMap) -> Code:
        """A map."""
        return Code("new Map()")

    def _arrow(self, variable: Variable, body: Expression) -> str:
        return f"({self.variable_name(variable.name)}) => {self.expression(body).within(OR)}"

    def aggregate(self, aggregate: Aggregate) -> Code:
        """Methods of arrays."""
        source = f"{self.expression(aggregate.source)}"
        if aggregate.source.type.kind == "string":
            source = f"[...{source}]"
        variable = aggregate.variable
        if aggregate.condition is not None:
            method = {"any": "some", "all": "every"}.get(aggregate.kind, "filter")
            source += f".{method}({self._arrow(variable, aggregate.condition)})"
        if aggregate.kind == "count":
            return Code(f"{source}.length")
        if aggregate.kind == "sum":
            name = self.variable_name(variable.name)
            value = name if aggregate.value is None else self.expression(aggregate.value).within(SUM + 1)
            return Code(f"{source}.reduce((total, {name}) => total + {value}, 0)")
        return Code(source if aggregate.value is None else f"{source}.map({self._arrow(variable, aggregate.value)})")

    def sorted(self, expression: Sorted) -> Code:
        """A sorted copy."""
        first, second = ("b", "a") if expression.descending else ("a", "b")
        copy = f"[...{self.variable_name(expression.source.name)}]"
        if expression.key is None and expression.source.type.element.kind == "string":
            return Code(f"{copy}.sort().reverse()" if expression.descending else f"{copy}.sort()")
        key = "" if expression.key is None else f".{self.variable_name(expression.key)}"
        return Code(f"{copy}.sort((a, b) => {first}{key} - {second}{key})")

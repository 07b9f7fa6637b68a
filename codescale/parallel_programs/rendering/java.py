"""Java 17."""

from __future__ import annotations

from codescale.parallel_programs.expressions import (
    Aggregate,
    Builtin,
    Comparison,
    EmptyMap,
    Expression,
    ListLiteral,
    New,
    Sorted,
    Text,
    Variable,
)
from codescale.parallel_programs.rendering.base import Lines, Renderer, split_at_text
from codescale.parallel_programs.rendering.code import COMPARISON, PRODUCT, SUM, UNARY, Code, Template
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
    SetItem,
)
from codescale.parallel_programs.types import INT, Type

_TYPES = {"int": "int", "bool": "boolean", "character": "char", "string": "String"}
_BOXED = {**_TYPES, "int": "Integer", "bool": "Boolean", "character": "Character"}
_COLLECTORS = "java.util.stream.Collectors"


class JavaRenderer(Renderer):
    """Records, streams, string builders; all in one class."""

    trailing_comma = False
    builtins = {
        "min": Template("Math.min({0:a}, {1:a})"),
        "max": Template("Math.max({0:a}, {1:a})"),
        "abs": Template("Math.abs({0:a})"),
        "length": Template("{0}.length()"),
        "item": Template("{0}.get({1:a})"),
        "upper": Template("{0}.toUpperCase()"),
        "lower": Template("{0}.toLowerCase()"),
        "contains": Template("{0}.contains({1:a})"),
        "starts_with": Template("{0}.startsWith({1:a})"),
        "ends_with": Template("{0}.endsWith({1:a})"),
        "replace": Template("{0}.replace({1:a}, {2:a})"),
        "reverse": Template("new StringBuilder({0:a}).reverse().toString()"),
        "prefix": Template("{0}.substring(0, {1:a})"),
        "split": Template("Arrays.asList({0}.split({1:a}))", needs=("java.util.Arrays",)),
        "join": Template("String.join({1:a}, {0:a})"),
        "join_numbers": Template(
            '{0}.stream().map(String::valueOf).collect(Collectors.joining(" "))', needs=(_COLLECTORS,)
        ),
        "is_digit": Template("Character.isDigit({0:a})"),
        "is_letter": Template("Character.isLetter({0:a})"),
        "is_upper": Template("Character.isUpperCase({0:a})"),
        "is_lower": Template("Character.isLowerCase({0:a})"),
        "is_one_of": Template("{1}.indexOf({0:a}) >= 0", COMPARISON),
        "upper_character": Template("Character.toUpperCase({0:a})"),
        "lower_character": Template("Character.toLowerCase({0:a})"),
        "digit_value": Template("Character.getNumericValue({0:a})"),
        "letter_index": Template("{0} - 'a'", SUM),
        "count_of": Template("{0}.getOrDefault({1:a}, 0)"),
        "last": Template("{0}.get({0}.size() - 1)"),
    }

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self._boxed: set[str] = set()

    def source(self) -> str:
        """The whole file."""
        parts = [self._record(one) for one in self.program.records]
        parts += [self._class(one) for one in self.program.classes]
        parts += [self._function(one, "static ") for one in self.program.functions]
        self.enter(None, self.program.main)
        parts.append(self.block("public static void main(String[] args)", self.body(self.program.main)))
        lines: Lines = []
        for part in parts:
            lines += ["", *part] if lines else part
        whole = self.block(f"public class {self.type_name(self.program.name)}", lines)
        imports = [f"import {name};" for name in sorted(self.needs)]
        return "\n".join([*imports, *([""] if imports else []), *whole]) + "\n"

    def type(self, one: Type) -> str:
        """As declarations have it."""
        if one.kind == "list":
            self.needs.add("java.util.List")
            return f"List<{self.boxed(one.element)}>"
        if one.kind == "map":
            self.needs.add("java.util.Map")
            return f"Map<String, {self.boxed(one.element)}>"
        return self.type_name(one.name) if one.kind == "record" else _TYPES[one.kind]

    def boxed(self, one: Type) -> str:
        """As a type argument."""
        return _BOXED.get(one.kind) or self.type(one)

    def _parameters(self, parameters: tuple[Variable, ...]) -> str:
        return ", ".join(f"{self.type(one.type)} {self.variable_name(one.name)}" for one in parameters)

    def _record(self, record: Record) -> Lines:
        return self.block(f"record {self.type_name(record.name)}({self._parameters(record.fields)})", [])

    def _function(self, function: Function, word: str = "") -> Lines:
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
        lines += ["", *self.block(f"{name}({self._parameters(one.parameters)})", fields)]
        for method in one.methods:
            lines += ["", *self._function(method)]
        return self.block(f"static class {name}", lines)

    def let(self, statement: Let) -> Lines:
        """With its type; a text that is built is a builder."""
        name = self.variable_name(statement.variable.name)
        if statement.variable.name in self.changes.built:
            return [f"StringBuilder {name} = new StringBuilder();"]
        value = self.value(statement.value)
        if isinstance(statement.value, ListLiteral) and statement.variable.name in self.changes.mutated:
            self.needs.add("java.util.ArrayList")
            value = f"new ArrayList<>({value if statement.value.items else ''})"
        return [f"{self.type(statement.variable.type)} {name} = {value};"]

    def variable(self, name: str) -> Code:
        """A builder as text, a failure's message."""
        if name == "error":
            return Code("error.getMessage()")
        code = Code(self.variable_name(name))
        return Code(f"{code}.toString()") if name in self.changes.built else code

    def for_range(self, loop: ForRange) -> Lines:
        """A counter."""
        name = self.variable_name(loop.variable.name)
        start, stop = self.expression(loop.start).text, self.expression(loop.stop).within(COMPARISON + 1)
        return self.block(f"for (int {name} = {start}; {name} < {stop}; {name}++)", self.body(loop.body))

    def for_each(self, loop: ForEach) -> Lines:
        """Over a list, or a string's characters."""
        source = self.expression(loop.source)
        shown = f"{source}.toCharArray()" if loop.source.type.kind == "string" else source.text
        head = f"for ({self.type(loop.variable.type)} {self.variable_name(loop.variable.name)} : {shown})"
        return self.block(head, self.body(loop.body))

    def for_indexed(self, loop: ForIndexed) -> Lines:
        """A counter and what stands there."""
        index, name = self.variable_name(loop.index.name), self.variable_name(loop.variable.name)
        source = self.expression(loop.source)
        got = f"{self.type(loop.variable.type)} {name} = {source}.get({index});"
        head = f"for (int {index} = 0; {index} < {source}.size(); {index}++)"
        return self.block(head, [got, *self.body(loop.body)])

    def for_entries(self, loop: ForEntries) -> Lines:
        """Of a sorted map."""
        key, value, source = (self.variable_name(one.name) for one in (loop.key, loop.value, loop.source))
        boxed = self.boxed(loop.value.type)
        got = [f"String {key} = entry.getKey();", f"{self.type(loop.value.type)} {value} = entry.getValue();"]
        self.needs.add("java.util.Map")
        head = f"for (Map.Entry<String, {boxed}> entry : {source}.entrySet())"
        return self.block(head, [*got, *self.body(loop.body)])

    def parse(self, statement: ParseInt) -> Lines:
        """With ``Integer.parseInt``."""
        name = self.variable_name(statement.variable.name)
        parsed = f"{name} = Integer.parseInt({self.expression(statement.text).text});"
        failed = f"{self.fail(statement.message)};"
        return [f"int {name};", *self.chain([("try", [parsed]), ("catch (NumberFormatException exception)", [failed])])]

    def attempt(self, attempt: Attempt) -> Lines:
        """An exception."""
        name = self.variable_name(attempt.variable.name)
        got = f"{self.type(attempt.variable.type)} {name} = {self.expression(attempt.call).text};"
        tried = [got, *self.body(attempt.success)]
        return self.chain([("try", tried), ("catch (IllegalArgumentException error)", self.body(attempt.failure))])

    def append_text(self, name: str, value: Expression) -> str:
        """To a builder."""
        return f"{name}.append({self.expression(value).text})"

    def append(self, name: str, value: Expression) -> str:
        """To a list."""
        return f"{name}.add({self.expression(value).text})"

    def set_item(self, statement: SetItem) -> str:
        """Of a list."""
        name, index = self.variable_name(statement.variable.name), self.expression(statement.index).text
        return f"{name}.set({index}, {self.expression(statement.value).text})"

    def count(self, statement: Count) -> str:
        """With ``merge``."""
        name, key = self.variable_name(statement.variable.name), self.expression(statement.key).text
        return f"{name}.merge({key}, {self.expression(statement.value).text}, Integer::sum)"

    def fail(self, message: Text) -> str:
        """An exception."""
        return f"throw new IllegalArgumentException({self.text(message).text})"

    def print(self, text: Text) -> str:
        """A line."""
        return f"System.out.println({self.text(text).text})"

    def text(self, text: Text) -> Code:
        """Strings added up."""
        parts = [Code(f'"{part}"') if isinstance(part, str) else self.expression(part) for part in text.parts]
        first = text.parts[0]
        if not isinstance(first, str) and first.type.kind != "string":
            if len(parts) == 1:
                return Code(f"String.valueOf({parts[0]:a})")
            parts = [Code('""'), *parts]
        if len(parts) == 1:
            return parts[0]
        return Code(" + ".join(part.within(PRODUCT) for part in parts), SUM)

    def comparison(self, expression: Comparison) -> Code:
        """Objects are compared by what they hold."""
        boxed = self._is_boxed(expression.left) and self._is_boxed(expression.right)
        if expression.operator in ("==", "!=") and (boxed or expression.left.type.kind == "string"):
            equal = f"{self.expression(expression.left)}.equals({self.expression(expression.right).text})"
            return Code(equal) if expression.operator == "==" else Code(f"!{equal}", UNARY)
        return super().comparison(expression)

    def _is_boxed(self, expression: Expression) -> bool:
        if isinstance(expression, Variable):
            return expression.name in self._boxed
        return isinstance(expression, Builtin) and expression.name in ("item", "count_of", "last")

    def builtin(self, expression: Builtin) -> Code:
        """Lists and maps have a size."""
        if expression.name == "length" and expression.arguments[0].type.kind != "string":
            return Code(f"{self.expression(expression.arguments[0])}.size()")
        return super().builtin(split_at_text(expression))

    def field(self, owner: Code, name: str) -> Code:
        """An accessor."""
        return Code(f"{owner}.{self.variable_name(name)}()")

    def new(self, expression: New) -> Code:
        """A record or object."""
        return Code(f"new {self.type_name(expression.name)}({self.arguments(expression.arguments)})")

    def list(self, expression: ListLiteral) -> Code:
        """A list that stays as it is; one of a class' fields begins empty and grows."""
        if not expression.items:
            self.needs.add("java.util.ArrayList")
            return Code("new ArrayList<>()")
        self.needs.add("java.util.List")
        return Code(f"List.of({self.arguments(expression.items)})")

    def map(self, expression: EmptyMap) -> Code:
        """In the order of its keys."""
        self.needs.add("java.util.TreeMap")
        return Code("new TreeMap<>()")

    def aggregate(self, aggregate: Aggregate) -> Code:
        """A stream."""
        is_text = aggregate.source.type.kind == "string"
        stream = f"{self.expression(aggregate.source)}.{'chars' if is_text else 'stream'}()"
        name = self.variable_name(aggregate.variable.name)
        self._boxed |= {aggregate.variable.name} if aggregate.variable.type == INT else set()
        if aggregate.condition is not None:
            method = {"any": "anyMatch", "all": "allMatch"}.get(aggregate.kind, "filter")
            stream += f".{method}({name} -> {self.expression(aggregate.condition).text})"
        code = self._collected(aggregate, stream, name)
        self._boxed.discard(aggregate.variable.name)
        return code

    def _collected(self, aggregate: Aggregate, stream: str, name: str) -> Code:
        if aggregate.kind in ("any", "all"):
            return Code(stream)
        if aggregate.kind == "count":
            return Code(f"(int) {stream}.count()", UNARY)
        if aggregate.kind == "sum":
            value = aggregate.value
            to_int = "Integer::intValue" if value is None else f"{name} -> {self.expression(value).text}"
            return Code(f"{stream}.mapToInt({to_int}).sum()")
        mapped = "" if aggregate.value is None else f".map({name} -> {self.expression(aggregate.value).text})"
        self.needs.add(_COLLECTORS)
        return Code(f"{stream}{mapped}.collect(Collectors.toList())")

    def sorted(self, expression: Sorted) -> Code:
        """A sorted stream."""
        order = ""
        self.needs |= {_COLLECTORS} | ({"java.util.Comparator"} if expression.key or expression.descending else set())
        if expression.key is not None:
            record, key = self.type_name(expression.source.type.element.name), self.variable_name(expression.key)
            order = f"Comparator.comparingInt({record}::{key})" + (".reversed()" if expression.descending else "")
        elif expression.descending:
            order = "Comparator.reverseOrder()"
        name = self.variable_name(expression.source.name)
        return Code(f"{name}.stream().sorted({order}).collect(Collectors.toList())")

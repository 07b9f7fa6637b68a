"""Rust 1.63 and newer, edition 2021.

Parameters are borrowed, variables and fields own. So each expression that is no number knows its form: a ``place``
that owns and stays, a ``temporary`` that owns, a ``reference`` (``&str``, ``&[T]``), or a ``string``
reference (``&String``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal as OneOf

from codescale.parallel_programs.expressions import (
    Aggregate,
    Builtin,
    Call,
    Comparison,
    EmptyMap,
    Expression,
    ListLiteral,
    Literal,
    MethodCall,
    New,
    Sorted,
    Text,
    Variable,
)
from codescale.parallel_programs.rendering.base import Lines, Renderer
from codescale.parallel_programs.rendering.code import ANY, COMPARISON, UNARY, Code, Template
from codescale.parallel_programs.rendering.names import snake
from codescale.parallel_programs.statements import (
    Attempt,
    Body,
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
    Return,
    SetItem,
)
from codescale.parallel_programs.types import Type
from codescale.parallel_programs.walk import changes

Form = OneOf["copy", "place", "temporary", "reference", "string"]

_TYPES = {"int": "i64", "bool": "bool", "character": "char", "string": "String"}
_COPIED = ("int", "bool", "character")
_IDENTIFIER = re.compile("[a-z_][a-z0-9_]*")


@dataclass(frozen=True)
class RustCode(Code):
    """Code whose value is no number; ``kind`` is of its type."""

    form: Form = "copy"
    kind: str = "string"

    def owned(self) -> str:
        """A value of its own."""
        if self.form in ("copy", "temporary"):
            return self.text
        convert = (
            {"string": "to_string", "list": "to_vec"}.get(self.kind, "clone") if self.form == "reference" else "clone"
        )
        return f"{self.within(UNARY + 1)}.{convert}()"

    def borrowed(self) -> str:
        """A reference to it."""
        return f"&{self.within(UNARY)}" if self.form in ("place", "temporary") else self.text

    def compared(self) -> str:
        """A ``&str`` of it."""
        return self.text if self.form == "reference" else f"{self.within(UNARY + 1)}.as_str()"

    def __format__(self, form: str) -> str:
        """Beside what others have, ``r`` borrows."""
        return self.borrowed() if form == "r" else super().__format__(form)


_TEMPORARY = ("upper", "lower", "replace", "reverse", "split", "join", "join_numbers")
_REFERENCE = ("prefix",)


class RustRenderer(Renderer):
    """Iterators, ``Result`` with ``?``, borrowed parameters."""

    own = "self."
    builtins = {
        "min": Template("{0}.min({1:a})"),
        "max": Template("{0}.max({1:a})"),
        "abs": Template("{0}.abs()"),
        "length": Template("{0}.len() as i64", ANY),
        "upper": Template("{0}.to_uppercase()"),
        "lower": Template("{0}.to_lowercase()"),
        "contains": Template("{0}.contains({1:r})"),
        "starts_with": Template("{0}.starts_with({1:r})"),
        "ends_with": Template("{0}.ends_with({1:r})"),
        "replace": Template("{0}.replace({1:r}, {2:r})"),
        "reverse": Template("{0}.chars().rev().collect::<String>()"),
        "prefix": Template("&{0}[..{1}]", UNARY),
        "split": Template("{0}.split({1:a}).map(String::from).collect::<Vec<String>>()"),
        "join": Template("{0}.join({1:r})"),
        "join_numbers": Template('{0}.iter().map(|n| n.to_string()).collect::<Vec<_>>().join(" ")'),
        "is_digit": Template("{0}.is_ascii_digit()"),
        "is_letter": Template("{0}.is_alphabetic()"),
        "is_upper": Template("{0}.is_uppercase()"),
        "is_lower": Template("{0}.is_lowercase()"),
        "is_one_of": Template("{1}.contains({0:a})"),
        "upper_character": Template("{0}.to_ascii_uppercase()"),
        "lower_character": Template("{0}.to_ascii_lowercase()"),
        "digit_value": Template("{0}.to_digit(10).unwrap() as i64", ANY),
        "letter_index": Template("{0} as i64 - 'a' as i64", ANY),
        "count_of": Template("*{0}.get({1:r}).unwrap_or(&0)", UNARY),
        "last": Template("{0}[{0}.len() - 1]"),
    }

    def source(self) -> str:
        """The whole file."""
        parts = [self._record(one) for one in self.program.records]
        for one in self.program.classes:
            parts += self._class(one)
        parts += [self._function(one) for one in self.program.functions]
        self.enter(None, self.program.main)
        parts.append(self.block("fn main()", self.body(self.program.main)))
        imports = [[f"use {name};" for name in sorted(self.needs)]] if self.needs else []
        return "\n\n".join("\n".join(part) for part in [*imports, *parts]) + "\n"

    def variable_name(self, name: str) -> str:
        """Snake case."""
        return snake(name)

    def function_name(self, name: str) -> str:
        """Snake case."""
        return snake(name)

    def type(self, one: Type) -> str:
        """As what owns is declared."""
        if one.kind == "list":
            return f"Vec<{self.type(one.element)}>"
        if one.kind == "map":
            self.needs.add("std::collections::BTreeMap")
            return f"BTreeMap<String, {self.type(one.element)}>"
        return self.type_name(one.name) if one.kind == "record" else _TYPES[one.kind]

    def _parameter_type(self, one: Type) -> str:
        if one.kind == "list":
            return f"&[{self.type(one.element)}]"
        if one.kind == "string":
            return "&str"
        return self.type(one) if one.kind in _COPIED else f"&{self.type(one)}"

    def enter(self, function: Function | None, body: Body) -> None:
        """Parameters are references."""
        super().enter(function, body)
        parameters = () if function is None else function.parameters
        self._forms: dict[str, tuple[Form | OneOf["index"], str]] = {}
        for one in parameters:
            self._know(one, "reference")

    def _know(self, variable: Variable, form: Form) -> None:
        kind = variable.type.kind
        self._forms[variable.name] = ("copy" if kind in _COPIED else form, kind)

    def condition(self, expression: Expression) -> str:
        """Without brackets."""
        return self.expression(expression).text

    def _record(self, record: Record) -> Lines:
        fields = [f"{one.name}: {self.type(one.type)}," for one in record.fields]
        return ["#[derive(Clone)]", *self.block(f"struct {self.type_name(record.name)}", fields)]

    def _function(self, function: Function, *first: str) -> Lines:
        self.enter(function, function.body)
        parameters = [*first, *(f"{one.name}: {self._parameter_type(one.type)}" for one in function.parameters)]
        returns = "" if function.returns is None else self.type(function.returns)
        if function.fails:
            returns = f"Result<{returns}, String>"
        head = f"fn {function.name}({', '.join(parameters)}){f' -> {returns}' if returns else ''}"
        body = self.body(function.body)
        if isinstance(function.body[-1], Return):
            body[-1] = body[-1].removeprefix("return ").removesuffix(";")
        return self.block(head, body)

    def _class(self, one: Class) -> list[Lines]:
        name = self.type_name(one.name)
        struct = self.block(f"struct {name}", [f"{field.name}: {self.type(field.type)}," for field in one.fields])
        self.enter(Function("new", one.parameters, None, ()), ())
        parameters = ", ".join(f"{each.name}: {self._parameter_type(each.type)}" for each in one.parameters)
        fields = []
        for field, initial in zip(one.fields, one.initial, strict=True):
            value = self.value(initial)
            fields.append(field.name if value == field.name else f"{field.name}: {value}")
        lines = self.block(f"fn new({parameters}) -> Self", [f"{name} {{ {', '.join(fields)} }}"])
        for method in one.methods:
            own = "&mut self" if changes(method.body).own else "&self"
            lines += ["", *self._function(method, own)]
        return [struct, self.block(f"impl {name}", lines)]

    def let(self, statement: Let) -> Lines:
        """Mutable where it changes, with a type where the value tells none."""
        variable, value = statement.variable, statement.value
        name = variable.name
        changed = self.changes.assigned | self.changes.mutated | self.changes.built
        word = "let mut" if name in changed or isinstance(value, Sorted) else "let"
        if isinstance(value, Sorted):
            self._know(variable, "place")
            return self._sorted(value, word, name)
        is_literal = isinstance(value, Literal) and value.type.kind == "string"
        if is_literal and name not in changed:
            self._know(variable, "reference")
            return [f"{word} {name} = {self.expression(value).text};"]
        shown = self.value(value)
        if name in self.changes.built:
            shown = "String::new()"
        if isinstance(value, Call) and value.fails:
            shown += "?"
        self._know(variable, "place")
        untold = isinstance(value, Literal | ListLiteral | EmptyMap) and variable.type.kind in ("int", "list", "map")
        return [f"{word} {name}{f': {self.type(variable.type)}' if untold else ''} = {shown};"]

    def value(self, expression: Expression) -> str:
        """A value of its own."""
        code = self.expression(expression)
        return code.owned() if isinstance(code, RustCode) else code.text

    def returned(self, statement: Return) -> Lines:
        """A variable is handed over."""
        value, shown = statement.value, self.value(statement.value)
        if isinstance(value, Variable) and self._forms[value.name][0] == "place":
            shown = value.name
        return [f"return Ok({shown});" if self.function is not None and self.function.fails else f"return {shown};"]

    def _sorted(self, expression: Sorted, word: str, name: str) -> Lines:
        source = self.expression(expression.source)
        copied = f"{word} {name} = {source}.{'to_vec' if self._is_reference(source) else 'clone'}();"
        if expression.key is None:
            order = "sort_by(|a, b| b.cmp(a))" if expression.descending else "sort()"
        elif expression.descending:
            order = f"sort_by(|a, b| b.{expression.key}.cmp(&a.{expression.key}))"
        else:
            order = f"sort_by_key(|one| one.{expression.key})"
        return [copied, f"{name}.{order};"]

    @staticmethod
    def _is_reference(code: Code) -> bool:
        return isinstance(code, RustCode) and code.form == "reference"

    def update(self, name: str, operator: str, value: Expression) -> str:
        """Augmented assignment."""
        return f"{name} {'/' if operator == '//' else operator}= {self.expression(value).text}"

    def for_range(self, loop: ForRange) -> Lines:
        """Over a range."""
        self._know(loop.variable, "copy")
        start, stop = self.expression(loop.start), self.expression(loop.stop)
        shown = start.text if isinstance(loop.start, Literal) else f"{start}"
        head = f"for {loop.variable.name} in {shown}..{stop.within(COMPARISON + 1)}"
        return self.block(head, self.body(loop.body))

    def _pattern(self, variable: Variable) -> str:
        return f"&{variable.name}" if variable.type.kind in _COPIED else variable.name

    def for_each(self, loop: ForEach) -> Lines:
        """Over a slice, a string's characters or the parts of a string."""
        source, name = self.expression(loop.source), loop.variable.name
        if loop.source.type.kind == "string":
            self._know(loop.variable, "copy")
            return self.block(f"for {name} in {source}.chars()", self.body(loop.body))
        if isinstance(loop.source, Builtin) and loop.source.name == "split":
            self._know(loop.variable, "reference")
            text, separator = (self.expression(one) for one in loop.source.arguments)
            return self.block(f"for {name} in {text}.split({separator:a})", self.body(loop.body))
        self._know(loop.variable, "string" if loop.variable.type.kind == "string" else "reference")
        borrowed = source.borrowed() if isinstance(source, RustCode) else source.text
        return self.block(f"for {self._pattern(loop.variable)} in {borrowed}", self.body(loop.body))

    def for_indexed(self, loop: ForIndexed) -> Lines:
        """With ``enumerate``."""
        source = self.expression(loop.source)
        self._forms[loop.index.name] = ("index", "int")
        self._know(loop.variable, "string" if loop.variable.type.kind == "string" else "reference")
        head = f"for ({loop.index.name}, {self._pattern(loop.variable)}) in {source}.iter().enumerate()"
        return self.block(head, self.body(loop.body))

    def for_entries(self, loop: ForEntries) -> Lines:
        """Of a sorted map."""
        self._know(loop.key, "string")
        self._know(loop.value, "copy")
        source = self.expression(loop.source)
        borrowed = source.borrowed() if isinstance(source, RustCode) else source.text
        head = f"for ({loop.key.name}, {self._pattern(loop.value)}) in {borrowed}"
        return self.block(head, self.body(loop.body))

    def parse(self, statement: ParseInt) -> Lines:
        """With ``parse``."""
        self._know(statement.variable, "copy")
        text = self.expression(statement.text)
        return [f"let {statement.variable.name} = {text}.parse::<i64>().map_err(|_| {self.value(statement.message)})?;"]

    def attempt(self, attempt: Attempt) -> Lines:
        """A match."""
        call = self.expression(attempt.call).text
        self._know(attempt.variable, "place")
        arms = self.block(f"Ok({attempt.variable.name}) =>", self.body(attempt.success))
        arms += self.block("Err(error) =>", self.body(attempt.failure))
        return self.block(f"match {call}", arms)

    def variable(self, name: str) -> Code:
        """With its form; a place of an enumeration is no number of ours yet."""
        if name == "error":
            return RustCode(name, form="place")
        form, kind = self._forms[name]
        if form == "index":
            return Code(f"{name} as i64", ANY)
        return Code(name) if form == "copy" else RustCode(name, form=form, kind=kind)

    def append_text(self, name: str, value: Expression) -> str:
        """At the end of a string."""
        code = self.expression(value)
        return f"{name}.push_str({code.borrowed()})" if isinstance(code, RustCode) else f"{name}.push({code.text})"

    def append(self, name: str, value: Expression) -> str:
        """To a vector."""
        return f"{name}.push({self.value(value)})"

    def set_item(self, statement: SetItem) -> str:
        """Of a vector."""
        return f"{statement.variable.name}[{self._place(statement.index)}] = {self.value(statement.value)}"

    def count(self, statement: Count) -> str:
        """With ``entry``."""
        key, added = self.value(statement.key), self.expression(statement.value).text
        return f"*{statement.variable.name}.entry({key}).or_insert(0) += {added}"

    def fail(self, message: Text) -> str:
        """An error as a result."""
        return f"return Err({self.value(message)})"

    def print(self, text: Text) -> str:
        """A line."""
        return f"println!({self._formatted(text)})"

    def _formatted(self, text: Text) -> str:
        words, values = [], []
        for part in text.parts:
            if isinstance(part, str):
                words.append(part)
                continue
            shown = part.name if isinstance(part, Variable) else self.expression(part).text
            is_name = _IDENTIFIER.fullmatch(shown) is not None
            words.append(f"{{{shown}}}" if is_name else "{}")
            values += [] if is_name else [shown]
        return ", ".join([f'"{"".join(words)}"', *values])

    def text(self, text: Text) -> Code:
        """With ``format!``."""
        if all(isinstance(part, str) for part in text.parts):
            return RustCode(f'"{"".join(map(str, text.parts))}"', form="reference")
        return RustCode(f"format!({self._formatted(text)})", form="temporary")

    def literal(self, literal: Literal) -> Code:
        """A string is borrowed."""
        code = super().literal(literal)
        return RustCode(code.text, form="reference") if literal.type.kind == "string" else code

    def comparison(self, expression: Comparison) -> Code:
        """Strings are compared as ``&str``."""
        if expression.left.type.kind != "string":
            return super().comparison(expression)
        sides = [self.expression(one) for one in (expression.left, expression.right)]
        shown = [one.compared() if isinstance(one, RustCode) else one.text for one in sides]
        if isinstance(sides[0], RustCode) and sides[0].form == "place" and isinstance(expression.right, Literal):
            shown[0] = sides[0].text
        return Code(f"{shown[0]} {expression.operator} {shown[1]}", COMPARISON)

    def _place(self, index: Expression) -> str:
        """An index as Rust wants it."""
        if isinstance(index, Literal):
            return str(index.value)
        if isinstance(index, Variable) and self._forms[index.name][0] == "index":
            return index.name
        return f"{self.expression(index)} as usize"

    def builtin(self, expression: Builtin) -> Code:
        """With the form of what comes out."""
        name, kind = expression.name, expression.type.kind
        if name == "item":
            text = f"{self.expression(expression.arguments[0])}[{self._place(expression.arguments[1])}]"
            return Code(text) if kind in _COPIED else RustCode(text, form="place", kind=kind)
        if name in ("min", "max") and isinstance(expression.arguments[0], Literal):
            # A number that stands for itself has no type yet, and so no methods.
            expression = Builtin(name, expression.arguments[::-1], expression.type)
        code = super().builtin(expression)
        if name in _TEMPORARY:
            return RustCode(code.text, code.precedence, "temporary", kind)
        if name in _REFERENCE:
            return RustCode(code.text, code.precedence, "reference", kind)
        return code if kind in _COPIED else RustCode(code.text, code.precedence, "place", kind)

    def arguments(self, arguments: tuple[Expression, ...]) -> str:  # type: ignore[override]
        """Borrowed."""
        codes = [self.expression(one) for one in arguments]
        return ", ".join(code.borrowed() if isinstance(code, RustCode) else code.text for code in codes)

    def composed(self, expression: Expression) -> Code:
        """With the form of what comes out."""
        code, kind = super().composed(expression), expression.type.kind
        if isinstance(code, RustCode) or kind in _COPIED:
            return code
        temporary = isinstance(expression, Call | MethodCall | New | ListLiteral | EmptyMap | Aggregate)
        return RustCode(code.text, code.precedence, "temporary" if temporary else "place", kind)

    def new(self, expression: New) -> Code:
        """A struct, or what ``new`` makes."""
        name = self.type_name(expression.name)
        if expression.name in self.classes:
            return Code(f"{name}::new({self.arguments(expression.arguments)})")
        fields = next(one for one in self.program.records if one.name == expression.name).fields
        pairs = []
        for field, given in zip(fields, expression.arguments, strict=True):
            value = self.value(given)
            pairs.append(field.name if value == field.name else f"{field.name}: {value}")
        return Code(f"{name} {{ {', '.join(pairs)} }}")

    def items(self, expression: ListLiteral) -> Lines:
        """Values of their own."""
        return [self.value(item) for item in expression.items]

    def list(self, expression: ListLiteral) -> Code:
        """A vector."""
        if not expression.items:
            return Code("Vec::new()")
        return Code(f"vec![{', '.join(self.items(expression))}]")

    def map(self, expression: EmptyMap) -> Code:
        """In the order of its keys."""
        self.needs.add("std::collections::BTreeMap")
        return Code("BTreeMap::new()")

    def aggregate(self, aggregate: Aggregate) -> Code:
        """An iterator."""
        variable, is_text = aggregate.variable, aggregate.source.type.kind == "string"
        self._know(variable, "string" if variable.type.kind == "string" else "reference")
        chain = f"{self.expression(aggregate.source)}.{'chars' if is_text else 'iter'}()"
        is_copied = variable.type.kind in _COPIED
        single = f"&{variable.name}" if is_copied and not is_text else variable.name
        if aggregate.kind in ("any", "all"):
            assert aggregate.condition is not None
            return Code(f"{chain}.{aggregate.kind}(|{single}| {self.expression(aggregate.condition).text})")
        if aggregate.condition is not None:
            chain += f".filter(|{'&' if is_copied else ''}{single}| {self.expression(aggregate.condition).text})"
        if aggregate.kind == "count":
            return Code(f"{chain}.count() as i64", ANY)
        if aggregate.value is not None:
            chain += f".map(|{single}| {self.value(aggregate.value)})"
        elif aggregate.kind == "list":
            chain += ".copied()" if is_copied else ".cloned()"
        return Code(f"{chain}.sum::<i64>()" if aggregate.kind == "sum" else f"{chain}.collect::<Vec<_>>()")

    def sorted(self, expression: Sorted) -> Code:
        """Never an expression."""
        raise TypeError(expression)

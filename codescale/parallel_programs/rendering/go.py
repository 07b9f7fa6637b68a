"""Go 1.18 and newer."""

from __future__ import annotations

from codescale.parallel_programs.expressions import (
    Aggregate,
    Builtin,
    Call,
    EmptyMap,
    Expression,
    ListLiteral,
    New,
    Sorted,
    Text,
)
from codescale.parallel_programs.rendering.base import Lines, Renderer, split_at_text
from codescale.parallel_programs.rendering.code import COMPARISON, Code, Template
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
    Return,
)
from codescale.parallel_programs.types import Type

_TYPES = {"int": "int", "bool": "bool", "character": "rune", "string": "string"}
_ZERO = {"int": "0", "bool": "false", "character": "0", "string": '""'}
_VERBS = {"int": "%d", "bool": "%t", "character": "%c", "string": "%s"}

_HELPERS = {
    "min": ["func min(a, b int) int {", "\tif a < b {", "\t\treturn a", "\t}", "\treturn b", "}"],
    "max": ["func max(a, b int) int {", "\tif a > b {", "\t\treturn a", "\t}", "\treturn b", "}"],
    "abs": ["func abs(n int) int {", "\tif n < 0 {", "\t\treturn -n", "\t}", "\treturn n", "}"],
    "reverse": [
        "func reverse(text string) string {",
        "\tletters := []rune(text)",
        "\tfor i, j := 0, len(letters)-1; i < j; i, j = i+1, j-1 {",
        "\t\tletters[i], letters[j] = letters[j], letters[i]",
        "\t}",
        "\treturn string(letters)",
        "}",
    ],
}
"""What Go 1.19 does not have."""


class GoRenderer(Renderer):
    """Loops where others have streams, errors as results, string builders."""

    unit = "\t"
    end = ""
    while_word = "for"
    builtins = {
        "min": Template("min({0:a}, {1:a})", needs=("min",)),
        "max": Template("max({0:a}, {1:a})", needs=("max",)),
        "abs": Template("abs({0:a})", needs=("abs",)),
        "length": Template("len({0:a})"),
        "item": Template("{0}[{1:a}]"),
        "upper": Template("strings.ToUpper({0:a})", needs=("strings",)),
        "lower": Template("strings.ToLower({0:a})", needs=("strings",)),
        "contains": Template("strings.Contains({0:a}, {1:a})", needs=("strings",)),
        "starts_with": Template("strings.HasPrefix({0:a}, {1:a})", needs=("strings",)),
        "ends_with": Template("strings.HasSuffix({0:a}, {1:a})", needs=("strings",)),
        "replace": Template("strings.ReplaceAll({0:a}, {1:a}, {2:a})", needs=("strings",)),
        "reverse": Template("reverse({0:a})", needs=("reverse",)),
        "prefix": Template("{0}[:{1:a}]"),
        "split": Template("strings.Split({0:a}, {1:a})", needs=("strings",)),
        "join": Template("strings.Join({0:a}, {1:a})", needs=("strings",)),
        "join_numbers": Template('strings.Trim(fmt.Sprint({0:a}), "[]")', needs=("fmt", "strings")),
        "is_digit": Template("unicode.IsDigit({0:a})", needs=("unicode",)),
        "is_letter": Template("unicode.IsLetter({0:a})", needs=("unicode",)),
        "is_upper": Template("unicode.IsUpper({0:a})", needs=("unicode",)),
        "is_lower": Template("unicode.IsLower({0:a})", needs=("unicode",)),
        "is_one_of": Template("strings.ContainsRune({1:a}, {0:a})", needs=("strings",)),
        "upper_character": Template("unicode.ToUpper({0:a})", needs=("unicode",)),
        "lower_character": Template("unicode.ToLower({0:a})", needs=("unicode",)),
        "digit_value": Template("int({0} - '0')"),
        "letter_index": Template("int({0} - 'a')"),
        "count_of": Template("{0}[{1:a}]"),
        "last": Template("{0}[len({0})-1]"),
    }

    def source(self) -> str:
        """The whole file."""
        parts = [self._record(one) for one in self.program.records]
        for one in self.program.classes:
            parts += self._class(one)
        parts += [self._function(one) for one in self.program.functions]
        self.enter(None, self.program.main)
        parts.append(self.block("func main()", self.body(self.program.main)))
        parts += [_HELPERS[name] for name in sorted(self.needs & set(_HELPERS))]
        names = sorted(self.needs - set(_HELPERS))
        imports = [f'import "{names[0]}"'] if len(names) == 1 else ["import (", *(f'\t"{one}"' for one in names), ")"]
        return "\n\n".join("\n".join(part) for part in [["package main"], imports, *parts]) + "\n"

    def type(self, one: Type) -> str:
        """As declarations have it."""
        if one.kind == "list":
            return f"[]{self.type(one.element)}"
        if one.kind == "map":
            return f"map[string]{self.type(one.element)}"
        return self.type_name(one.name) if one.kind == "record" else _TYPES[one.kind]

    def _zero(self) -> str:
        assert self.function is not None
        assert self.function.returns is not None
        return _ZERO.get(self.function.returns.kind, "nil")

    def condition(self, expression: Expression) -> str:
        """Without brackets."""
        return self.expression(expression).text

    def _struct(self, name: str, fields: list[tuple[str, str]]) -> Lines:
        width = max(len(field) for field, _ in fields)
        return self.block(f"type {name} struct", [f"{field.ljust(width)} {kind}" for field, kind in fields])

    def _record(self, record: Record) -> Lines:
        fields = [(self.variable_name(one.name), self.type(one.type)) for one in record.fields]
        return self._struct(self.type_name(record.name), fields)

    def _head(self, function: Function, receiver: str = "") -> str:
        parameters = ", ".join(f"{self.variable_name(one.name)} {self.type(one.type)}" for one in function.parameters)
        returns = "" if function.returns is None else f" {self.type(function.returns)}"
        if function.fails:
            returns = f" ({returns.strip()}, error)"
        return f"func {receiver}{self.function_name(function.name)}({parameters}){returns}"

    def _function(self, function: Function, receiver: str = "") -> Lines:
        self.enter(function, function.body)
        return self.block(self._head(function, receiver), self.body(function.body))

    def _class(self, one: Class) -> list[Lines]:
        self.enter(None, ())
        name = self.type_name(one.name)
        fields = [(self.variable_name(field.name), self.type(field.type)) for field in one.fields]
        given = [
            f"{self.variable_name(field.name)}: {self.value(initial)}"
            for field, initial in zip(one.fields, one.initial, strict=True)
            if not (isinstance(initial, ListLiteral) and not initial.items)
        ]
        constructor = Function(f"new_{one.name}", one.parameters, None, ())
        made = self.block(f"{self._head(constructor)} *{name}", [f"return &{name}{{{', '.join(given)}}}"])
        letter = name[0].lower()
        self.own = f"{letter}."
        methods = [self._function(method, f"({letter} *{name}) ") for method in one.methods]
        return [self._struct(name, fields), made, *methods]

    def let(self, statement: Let) -> Lines:
        """A short declaration; a loop for what others have as an expression."""
        name, value = self.variable_name(statement.variable.name), statement.value
        if statement.variable.name in self.changes.built:
            self.needs.add("strings")
            return [f"var {name} strings.Builder"]
        if isinstance(value, ListLiteral) and not value.items:
            return [f"var {name} {self.type(value.type)}"]
        if isinstance(value, Aggregate):
            return self._aggregate(value, name, is_returned=False)
        if isinstance(value, Sorted):
            return self._sorted(value, name)
        if isinstance(value, Call) and value.fails:
            failed = self.block("if err != nil", [f"return {self._zero()}, err"])
            return [f"{name}, err := {self.expression(value).text}", *failed]
        return [f"{name} := {self.value(value)}"]

    def returned(self, statement: Return) -> Lines:
        """With no error where there may be one."""
        if isinstance(statement.value, Aggregate):
            return self._aggregate(statement.value, self.variable_name(statement.value.result), is_returned=True)
        return [f"return {self._result(self.value(statement.value))}"]

    def _result(self, shown: str) -> str:
        return f"{shown}, nil" if self.function is not None and self.function.fails else shown

    def _aggregate(self, aggregate: Aggregate, name: str, is_returned: bool) -> Lines:
        value = Code(self.variable_name(aggregate.variable.name))
        if aggregate.value is not None:
            value = self.expression(aggregate.value)
        loop = f"for _, {self.variable_name(aggregate.variable.name)} := range {self.expression(aggregate.source).text}"
        condition = "" if aggregate.condition is None else self.condition(aggregate.condition)
        if aggregate.kind in ("any", "all"):
            return self._question(aggregate, name, loop, is_returned)
        step = {"sum": f"{name} += {value:a}", "count": f"{name}++", "list": f"{name} = append({name}, {value:a})"}
        inner = [step[aggregate.kind]]
        first = f"var {name} {self.type(aggregate.type)}" if aggregate.kind == "list" else f"{name} := 0"
        lines = [first, *self.block(loop, self.block(f"if {condition}", inner) if condition else inner)]
        return [*lines, f"return {self._result(name)}"] if is_returned else lines

    def _question(self, aggregate: Aggregate, name: str, loop: str, is_returned: bool) -> Lines:
        assert aggregate.condition is not None
        code = self.expression(aggregate.condition)
        wanted = code.text if aggregate.kind == "any" else self.negated(code).text
        answer, otherwise = ("true", "false") if aggregate.kind == "any" else ("false", "true")
        if is_returned:
            inner = [f"return {self._result(answer)}"]
            return [*self.block(loop, self.block(f"if {wanted}", inner)), f"return {self._result(otherwise)}"]
        inner = [f"{name} = {answer}", "break"]
        return [f"{name} := {otherwise}", *self.block(loop, self.block(f"if {wanted}", inner))]

    def _sorted(self, expression: Sorted, name: str) -> Lines:
        self.needs.add("sort")
        source, kind = self.variable_name(expression.source.name), self.type(expression.type)
        copied = f"{name} := append({kind}(nil), {source}...)"
        if expression.key is not None:
            key, sign = self.variable_name(expression.key), ">" if expression.descending else "<"
            less = f"return {name}[i].{key} {sign} {name}[j].{key}"
            return [copied, f"sort.SliceStable({name}, func(i, j int) bool {{", f"\t{less}", "})"]
        slices = "IntSlice" if expression.type.element.kind == "int" else "StringSlice"
        plain = f"sort.{slices.removesuffix('Slice')}s({name})"
        return [copied, f"sort.Sort(sort.Reverse(sort.{slices}({name})))" if expression.descending else plain]

    def for_range(self, loop: ForRange) -> Lines:
        """A counter."""
        name = self.variable_name(loop.variable.name)
        start, stop = self.expression(loop.start).text, self.expression(loop.stop).within(COMPARISON + 1)
        return self.block(f"for {name} := {start}; {name} < {stop}; {name}++", self.body(loop.body))

    def for_each(self, loop: ForEach) -> Lines:
        """Over a slice or a string."""
        name, source = self.variable_name(loop.variable.name), self.expression(loop.source).text
        return self.block(f"for _, {name} := range {source}", self.body(loop.body))

    def for_indexed(self, loop: ForIndexed) -> Lines:
        """Over a slice, with the place."""
        index, name = self.variable_name(loop.index.name), self.variable_name(loop.variable.name)
        return self.block(f"for {index}, {name} := range {self.expression(loop.source).text}", self.body(loop.body))

    def for_entries(self, loop: ForEntries) -> Lines:
        """Over sorted keys."""
        self.needs.add("sort")
        key, value, source = (self.variable_name(one.name) for one in (loop.key, loop.value, loop.source))
        keys = self.variable_name(f"sorted_{loop.source.name}")
        gathered = self.block(f"for {key} := range {source}", [f"{keys} = append({keys}, {key})"])
        lines = [f"{keys} := make([]string, 0, len({source}))", *gathered, f"sort.Strings({keys})"]
        got = f"{value} := {source}[{key}]"
        return [*lines, *self.block(f"for _, {key} := range {keys}", [got, *self.body(loop.body)])]

    def parse(self, statement: ParseInt) -> Lines:
        """With ``strconv.Atoi``."""
        self.needs.add("strconv")
        name, text = self.variable_name(statement.variable.name), self.expression(statement.text).text
        return [f"{name}, err := strconv.Atoi({text})", *self.block("if err != nil", [self.fail(statement.message)])]

    def attempt(self, attempt: Attempt) -> Lines:
        """An error as a result."""
        name, call = self.variable_name(attempt.variable.name), self.expression(attempt.call).text
        failed, success = self.body(attempt.failure), self.body(attempt.success)
        return self.chain([(f"if {name}, err := {call}; err != nil", failed), ("else", success)])

    def variable(self, name: str) -> Code:
        """A builder as text, a failure."""
        if name == "error":
            return Code("err")
        code = Code(self.variable_name(name))
        return Code(f"{code}.String()") if name in self.changes.built else code

    def append_text(self, name: str, value: Expression) -> str:
        """To a builder."""
        method = "WriteRune" if value.type.kind == "character" else "WriteString"
        return f"{name}.{method}({self.expression(value).text})"

    def append(self, name: str, value: Expression) -> str:
        """To a slice."""
        return f"{name} = append({name}, {self.expression(value).text})"

    def count(self, statement: Count) -> str:
        """Of a map."""
        name, key = self.variable_name(statement.variable.name), self.expression(statement.key).text
        return self.update(f"{name}[{key}]", "+", statement.value)

    def fail(self, message: Text) -> str:
        """An error as a result."""
        if all(isinstance(part, str) for part in message.parts):
            self.needs.add("errors")
            return f"return {self._zero()}, errors.New({self.text(message).text})"
        self.needs.add("fmt")
        return f"return {self._zero()}, fmt.Errorf({self._formatted(message)})"

    def _formatted(self, text: Text, ending: str = "") -> str:
        words, values = [], []
        for part in text.parts:
            if isinstance(part, str):
                words.append(part)
            else:
                code = self.expression(part).text
                words.append("%v" if code == "err" else _VERBS[part.type.kind])
                values.append(code)
        return ", ".join([f'"{"".join(words)}{ending}"', *values])

    def print(self, text: Text) -> str:
        """A line."""
        self.needs.add("fmt")
        if all(isinstance(part, str) for part in text.parts):
            return f"fmt.Println({self.text(text).text})"
        if len(text.parts) == 1 and not isinstance(text.parts[0], str) and text.parts[0].type.kind != "character":
            return f"fmt.Println({self.expression(text.parts[0]).text})"
        line = self._formatted(text, ending=r"\n")
        return f"fmt.Printf({line})"

    def text(self, text: Text) -> Code:
        """With ``fmt.Sprintf``."""
        if all(isinstance(part, str) for part in text.parts):
            return Code(f'"{"".join(map(str, text.parts))}"')
        self.needs.add("fmt")
        return Code(f"fmt.Sprintf({self._formatted(text)})")

    def builtin(self, expression: Builtin) -> Code:
        """Texts are split at a text."""
        return super().builtin(split_at_text(expression))

    def new(self, expression: New) -> Code:
        """A struct, or a pointer to one."""
        if expression.name in self.classes:
            return Code(f"{self.function_name(f'new_{expression.name}')}({self.arguments(expression.arguments)})")
        fields = next(one for one in self.program.records if one.name == expression.name).fields
        pairs = [
            f"{self.variable_name(field.name)}: {self.expression(value).text}"
            for field, value in zip(fields, expression.arguments, strict=True)
        ]
        return Code(f"{self.type_name(expression.name)}{{{', '.join(pairs)}}}")

    def items(self, expression: ListLiteral) -> Lines:
        """Records without their type, which stands once before all of them."""
        items = super().items(expression)
        if expression.type.element.kind != "record":
            return items
        return [item.removeprefix(self.type_name(expression.type.element.name)) for item in items]

    def list(self, expression: ListLiteral) -> Code:
        """A slice."""
        return Code(f"{self.type(expression.type)}{{{', '.join(self.items(expression))}}}")

    def map(self, expression: EmptyMap) -> Code:
        """A map."""
        return Code(f"make({self.type(expression.type)})")

    def aggregate(self, aggregate: Aggregate) -> Code:
        """Never an expression."""
        raise TypeError(aggregate)

    def sorted(self, expression: Sorted) -> Code:
        """Never an expression."""
        raise TypeError(expression)

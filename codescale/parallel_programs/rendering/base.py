"""What the renderers of all languages share: one walk over a program, a method for each of its parts.

A renderer is made for one program and used once: it gathers what has to be imported while it writes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

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
    text,
)
from codescale.parallel_programs.rendering.code import (
    AND,
    COMPARISON,
    OR,
    POSTFIX,
    PRODUCT,
    SUM,
    UNARY,
    Code,
    Template,
)
from codescale.parallel_programs.rendering.names import camel, pascal
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
from codescale.parallel_programs.types import Type
from codescale.parallel_programs.walk import Changes, changes

Lines = list[str]

_LONGEST_LINE = 100
"""Characters without the indentation."""

_NO_CHANGES = Changes(frozenset(), frozenset(), frozenset(), False)


class Renderer(ABC):
    """Writes one program in one language with braces and semicolons; others say what differs."""

    unit = "    "
    end = ";"
    logic: Mapping[str, str] = {"and": "&&", "or": "||"}
    equality: Mapping[str, str] = {}
    """What ``==`` and ``!=`` are called, where it is otherwise."""
    division = "/"
    trailing_comma = True
    """Whether a list that takes several lines ends in one."""
    own = "this."
    while_word = "while"
    builtins: Mapping[str, Template]

    def __init__(self, program: Program) -> None:
        self.program = program
        self.needs: set[str] = set()
        self.changes = _NO_CHANGES
        self.function: Function | None = None
        """The function that is being written; none is ``main``."""
        self.classes = {one.name: one for one in program.classes}

    @abstractmethod
    def source(self) -> str:
        """The whole file."""

    # Names and types

    def variable_name(self, name: str) -> str:
        """Of parameters, variables and fields."""
        return camel(name)

    def function_name(self, name: str) -> str:
        """Of functions and methods."""
        return camel(name)

    def type_name(self, name: str) -> str:
        """Of records and classes."""
        return pascal(name)

    @abstractmethod
    def type(self, one: Type) -> str:
        """A type where it is declared."""

    # Lines

    def indented(self, lines: Sequence[str]) -> Lines:
        """``lines`` a level deeper."""
        return [f"{self.unit}{line}" if line else "" for line in lines]

    def chain(self, parts: Sequence[tuple[str, Lines]]) -> Lines:
        """Blocks that belong together, such as ``if`` and ``else``, each with its head."""
        lines: Lines = []
        for head, body in parts:
            lines += [f"{lines.pop()} {head} {{" if lines else f"{head} {{", *self.indented(body), "}"]
        return lines

    def block(self, head: str, body: Lines) -> Lines:
        """One block."""
        return self.chain([(head, body)])

    def condition(self, expression: Expression) -> str:
        """What stands behind ``if`` and ``while``."""
        return f"({self.expression(expression).text})"

    def body(self, body: Body) -> Lines:
        """The statements."""
        return [line for statement in body for line in self.statement(statement)]

    def enter(self, function: Function | None, body: Body) -> None:
        """What follows is the body of ``function``, or of ``main``."""
        self.function = function
        self.changes = changes(body)

    # Statements

    def statement(self, statement: Statement) -> Lines:
        """One statement."""
        match statement:
            case Let():
                return self.wrapped(self.let(statement), statement.value)
            case Return():
                return self.returned(statement)
            case If():
                return self.chain(self.branches(statement))
            case While(condition, body):
                return self.block(f"{self.while_word} {self.condition(condition)}", self.body(body))
            case ForRange():
                return self.for_range(statement)
            case ForEach():
                return self.for_each(statement)
            case ForIndexed():
                return self.for_indexed(statement)
            case ForEntries():
                return self.for_entries(statement)
            case ParseInt():
                return self.parse(statement)
            case Attempt():
                return self.attempt(statement)
            case _:
                return [f"{self.simple(statement)}{self.end}"]

    def simple(self, statement: Statement) -> str:
        """A statement of one line, without its end."""
        match statement:
            case Assign(variable, value):
                return f"{self.variable_name(variable.name)} = {self.value(value)}"
            case Update(variable, operator, value):
                return self.update(self.variable_name(variable.name), operator, value)
            case OwnAssign(name, operator, value) if operator:
                return self.update(f"{self.own}{self.variable_name(name)}", operator, value)
            case OwnAssign(name, _, value):
                return f"{self.own}{self.variable_name(name)} = {self.value(value)}"
            case AppendText(variable, value):
                return self.append_text(self.variable_name(variable.name), value)
            case Append(variable, value):
                return self.append(self.variable_name(variable.name), value)
            case OwnAppend(name, value):
                return self.append(f"{self.own}{self.variable_name(name)}", value)
            case SetItem():
                return self.set_item(statement)
            case Count():
                return self.count(statement)
            case Break():
                return "break"
            case Continue():
                return "continue"
            case Fail(message):
                return self.fail(message)
            case Do(call):
                return self.expression(call).text
            case Print(text):
                return self.print(text)
            case _:
                raise TypeError(statement)

    def wrapped(self, lines: Lines, value: Expression) -> Lines:
        """``lines``, or an item a line where a list is too long for one."""
        if not isinstance(value, ListLiteral) or len(lines[0]) <= _LONGEST_LINE:
            return lines
        items = self.items(value)
        before, _, after = lines[0].partition(", ".join(items))
        last = items[-1] + ("," if self.trailing_comma else "")
        return [before.rstrip(), *self.indented([*(f"{item}," for item in items[:-1]), last]), after.lstrip()]

    def items(self, expression: ListLiteral) -> Lines:
        """What stands in a list."""
        return [self.expression(item).text for item in expression.items]

    def branches(self, statement: If) -> list[tuple[str, Lines]]:
        """The blocks of an ``if`` with their heads."""
        words = ["if", *["else if"] * (len(statement.branches) - 1)]
        parts = [
            (f"{word} {self.condition(condition)}", self.body(body))
            for word, (condition, body) in zip(words, statement.branches, strict=True)
        ]
        return [*parts, ("else", self.body(statement.otherwise))] if statement.otherwise else parts

    def update(self, name: str, operator: str, value: Expression) -> str:
        """An integer changed in place."""
        if operator in ("+", "-") and value == Literal(1, value.type):
            return f"{name}{operator * 2}"
        return f"{name} {self.division if operator == '//' else operator}= {self.expression(value).text}"

    def returned(self, statement: Return) -> Lines:
        """The end of a function."""
        return [f"return {self.value(statement.value)}{self.end}"]

    @abstractmethod
    def let(self, statement: Let) -> Lines:
        """A new variable."""

    @abstractmethod
    def for_range(self, loop: ForRange) -> Lines:
        """A loop that counts."""

    @abstractmethod
    def for_each(self, loop: ForEach) -> Lines:
        """A loop over a list or a string."""

    @abstractmethod
    def for_indexed(self, loop: ForIndexed) -> Lines:
        """A loop over a list that knows the place."""

    @abstractmethod
    def for_entries(self, loop: ForEntries) -> Lines:
        """A loop over a map in the order of its keys."""

    @abstractmethod
    def parse(self, statement: ParseInt) -> Lines:
        """A text as a number, or a failure."""

    @abstractmethod
    def attempt(self, attempt: Attempt) -> Lines:
        """A call that may fail."""

    @abstractmethod
    def append_text(self, name: str, value: Expression) -> str:
        """More of a text."""

    @abstractmethod
    def append(self, name: str, value: Expression) -> str:
        """One more element."""

    def set_item(self, statement: SetItem) -> str:
        """Another element."""
        name = self.variable_name(statement.variable.name)
        return f"{name}[{self.expression(statement.index).text}] = {self.value(statement.value)}"

    @abstractmethod
    def count(self, statement: Count) -> str:
        """A map's value changed."""

    @abstractmethod
    def fail(self, message: Text) -> str:
        """A failure."""

    @abstractmethod
    def print(self, text: Text) -> str:
        """A line of output."""

    # Expressions

    def value(self, expression: Expression) -> str:
        """An expression where it is kept or handed back."""
        return self.expression(expression).text

    def expression(self, expression: Expression) -> Code:
        """An expression where it is looked at."""
        match expression:
            case Literal():
                return self.literal(expression)
            case Variable(name, _):
                return self.variable(name)
            case Arithmetic():
                return self.arithmetic(expression)
            case Comparison():
                return self.comparison(expression)
            case Logic(operator, left, right):
                level = AND if operator == "and" else OR
                sides = self.expression(left).within(level), self.expression(right).within(level + 1)
                return Code(f"{sides[0]} {self.logic[operator]} {sides[1]}", level)
            case Not(operand):
                return self.negated(self.expression(operand))
            case Builtin():
                return self.builtin(expression)
            case Text():
                return self.text(expression)
            case _:
                return self.composed(expression)

    def composed(self, expression: Expression) -> Code:
        """Calls, records and lists."""
        match expression:
            case Call(function, arguments, _, _):
                return Code(f"{self.function_name(function)}({self.arguments(arguments)})")
            case Field(owner, name, _):
                return self.field(self.expression(owner), name)
            case OwnField(name, _):
                return Code(f"{self.own}{self.variable_name(name)}")
            case MethodCall(owner, method, arguments, _):
                return Code(
                    f"{self.variable_name(owner.name)}.{self.function_name(method)}({self.arguments(arguments)})"
                )
            case New():
                return self.new(expression)
            case ListLiteral():
                return self.list(expression)
            case EmptyMap():
                return self.map(expression)
            case Aggregate():
                return self.aggregate(expression)
            case Sorted():
                return self.sorted(expression)
            case _:
                raise TypeError(expression)

    def variable(self, name: str) -> Code:
        """A variable where it is read."""
        return Code(self.variable_name(name))

    def literal(self, literal: Literal) -> Code:
        """A number, truth value, character or text."""
        if isinstance(literal.value, bool):
            return Code("true" if literal.value else "false")
        if isinstance(literal.value, int):
            return Code(str(literal.value), POSTFIX if literal.value >= 0 else UNARY)
        quote = "'" if literal.type.kind == "character" else '"'
        return Code(f"{quote}{literal.value}{quote}")

    def arithmetic(self, expression: Arithmetic) -> Code:
        """Of two integers."""
        level = SUM if expression.operator in "+-" else PRODUCT
        left, right = self.expression(expression.left), self.expression(expression.right)
        operator = self.division if expression.operator == "//" else expression.operator
        return Code(f"{left.within(level)} {operator} {right.within(level + 1)}", level)

    def comparison(self, expression: Comparison) -> Code:
        """Of two values."""
        left, right = self.expression(expression.left), self.expression(expression.right)
        operator = self.equality.get(expression.operator, expression.operator)
        return Code(f"{left.within(COMPARISON + 1)} {operator} {right.within(COMPARISON + 1)}", COMPARISON)

    def negated(self, operand: Code) -> Code:
        """The opposite."""
        return Code(f"!{operand.within(POSTFIX)}", UNARY)

    def builtin(self, expression: Builtin) -> Code:
        """What the language's library does."""
        template = self.builtins[expression.name]
        self.needs.update(template.needs)
        return Code(template.text.format(*map(self.expression, expression.arguments)), template.precedence)

    def arguments(self, arguments: Sequence[Expression]) -> str:
        """What is handed to a function."""
        return ", ".join(self.expression(one).text for one in arguments)

    def field(self, owner: Code, name: str) -> Code:
        """A record's field."""
        return Code(f"{owner}.{self.variable_name(name)}")

    @abstractmethod
    def text(self, text: Text) -> Code:
        """Words and values."""

    @abstractmethod
    def new(self, expression: New) -> Code:
        """A record or object."""

    @abstractmethod
    def list(self, expression: ListLiteral) -> Code:
        """A list."""

    @abstractmethod
    def map(self, expression: EmptyMap) -> Code:
        """A map without keys."""

    @abstractmethod
    def aggregate(self, aggregate: Aggregate) -> Code:
        """A comprehension or stream."""

    @abstractmethod
    def sorted(self, expression: Sorted) -> Code:
        """A sorted copy."""


def split_at_text(expression: Builtin) -> Builtin:
    """``expression`` where texts are split at a text, not at a character."""
    if expression.name != "split":
        return expression
    source, separator = expression.arguments
    assert isinstance(separator, Literal)
    return Builtin("split", (source, text(str(separator.value))), expression.type)

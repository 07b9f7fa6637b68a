"""TypeScript, strict."""

from __future__ import annotations

from codescale.parallel_programs.expressions import EmptyMap
from codescale.parallel_programs.rendering.base import Lines
from codescale.parallel_programs.rendering.code import Code
from codescale.parallel_programs.rendering.javascript import JavaScriptRenderer
from codescale.parallel_programs.statements import Class
from codescale.parallel_programs.types import Type

_TYPES = {"int": "number", "bool": "boolean", "character": "string", "string": "string"}


class TypeScriptRenderer(JavaScriptRenderer):
    """JavaScript with interfaces and types."""

    surely = "!"
    error = "(error as Error).message"

    def type(self, one: Type) -> str:
        """As declarations have it."""
        if one.kind == "list":
            return f"{self.type(one.element)}[]"
        if one.kind == "map":
            return f"Map<string, {self.type(one.element)}>"
        return self.type_name(one.name) if one.kind == "record" else _TYPES[one.kind]

    def hint(self, one: Type) -> str:
        """A type behind a name."""
        return f": {self.type(one)}"

    def hint_of(self, returns: Type | None) -> str:
        """A function's result."""
        return ": void" if returns is None else f": {self.type(returns)}"

    def records(self) -> list[Lines]:
        """Interfaces."""
        return [
            self.block(
                f"interface {self.type_name(one.name)}",
                [f"{self.variable_name(field.name)}: {self.type(field.type)};" for field in one.fields],
            )
            for one in self.program.records
        ]

    def declared_fields(self, one: Class) -> Lines:
        """Fields with their types."""
        return [
            *(f"private {self.variable_name(field.name)}: {self.type(field.type)};" for field in one.fields),
            "",
        ]

    def map(self, expression: EmptyMap) -> Code:
        """A map with its types."""
        return Code(f"new Map<string, {self.type(expression.type.element)}>()")

"""TypeScript: JavaScript with types, checked strictly."""

from __future__ import annotations

from codescale.evaluation.programs.forms.base import camel
from codescale.evaluation.programs.forms.javascript import annotated_driver, block_comment
from codescale.evaluation.programs.specification import Specification
from codescale.evaluation.programs.types import Type

_SIMPLE = {"int": "number", "long": "number", "float": "number", "bool": "boolean", "string": "string"}


class TypeScriptForm:
    """TypeScript."""

    empty_is_null = False

    def signature(self, specification: Specification) -> str:
        parameters = ", ".join(f"{camel(name)}: {_name(kind)}" for name, kind in specification.parameter_types.items())
        return f"function {camel(specification.name)}({parameters}): {_name(specification.result_type)} {{\n"

    def documented(self, specification: Specification, lines: list[str]) -> str:
        return f"{block_comment(lines, '')}{self.signature(specification)}"

    def driver(self, specification: Specification, mark: str) -> str:
        return annotated_driver(specification, mark)


def _name(kind: Type) -> str:
    if kind.kind == "list":
        return f"{_name(kind.of)}[]"
    if kind.kind == "map":
        return f"Map<string, {_name(kind.of)}>"
    if kind.kind == "optional":
        return f"{_name(kind.of)} | null"
    return _SIMPLE[kind.kind]

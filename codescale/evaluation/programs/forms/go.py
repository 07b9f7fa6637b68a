"""Go: a function; it fails with an ``error`` beside the result, and an optional is a value and whether there is one."""

from __future__ import annotations

from typing import Any

from codescale.evaluation.programs.forms.base import camel, decimal, items, quoted_by_code_points
from codescale.evaluation.programs.specification import Specification
from codescale.evaluation.programs.types import Type

_SIMPLE = {"int": "int", "long": "int64", "float": "float64", "bool": "bool", "string": "string"}

_DRIVER = """package main

import (
	"encoding/json"
	"fmt"
)

func report(index int, call func() (interface{}, error)) {
	line := "error"
	defer func() {
		recover()
		fmt.Printf("\\n%(mark)s %%d %%s\\n", index, line)
	}()
	value, failure := call()
	if failure != nil {
		line = "fails"
		return
	}
	encoded, failure := json.Marshal(value)
	if failure == nil {
		line = "ok " + string(encoded)
	}
}

func main() {
%(cases)s
}
"""

_RETURNS = {
    "value": "return {call}, nil",
    "failing": "return {call}",
    "optional": "value, found := {call}; if !found {{ return nil, nil }}; return value, nil",
}


class GoForm:
    """Go."""

    empty_is_null = True

    def signature(self, specification: Specification) -> str:
        parameters = ", ".join(f"{camel(name)} {_name(kind)}" for name, kind in specification.parameter_types.items())
        result = specification.result_type
        returned = _name(result) if result.kind != "optional" else f"({_name(result.of)}, bool)"
        if specification.fails:
            returned = f"({returned}, error)"
        return f"func {camel(specification.name)}({parameters}) {returned} {{\n"

    def documented(self, specification: Specification, lines: list[str]) -> str:
        body = "".join(f"// {line}".rstrip() + "\n" for line in lines)
        return f"{body}{self.signature(specification)}"

    def driver(self, specification: Specification, mark: str) -> str:
        types = list(specification.parameter_types.values())
        optional = specification.result_type.kind == "optional"
        returned = _RETURNS["failing" if specification.fails else "optional" if optional else "value"]
        if optional and specification.result_type.of.kind == "list":
            empty = f"{_name(specification.result_type.of)}{{{{}}}}"
            returned = returned.replace("return value,", f"return append({empty}, value...),")
        lines = []
        for index, case in enumerate(specification.cases):
            arguments = ", ".join(_literal(value, kind) for value, kind in zip(case.given, types, strict=True))
            body = returned.format(call=f"{camel(specification.name)}({arguments})")
            lines.append(f"\treport({index}, func() (interface{{}}, error) {{ {body} }})")
        return _DRIVER % {"mark": mark, "cases": "\n".join(lines)}


def _name(kind: Type) -> str:
    if kind.kind == "list":
        return f"[]{_name(kind.of)}"
    if kind.kind == "map":
        return f"map[string]{_name(kind.of)}"
    return _SIMPLE[kind.kind]


def _literal(value: Any, kind: Type) -> str:
    if kind.kind in ("list", "map"):
        entries = [(key, _literal(item, kind.of)) for key, item in items(value, kind)]
        return (
            _name(kind)
            + "{"
            + ", ".join(item if key is None else f"{_text(key)}: {item}" for key, item in entries)
            + "}"
        )
    if kind.kind == "string":
        return _text(value)
    return decimal(value) if kind.kind == "float" else str(value).lower()


def _text(value: str) -> str:
    return quoted_by_code_points(value, "\\U{:08x}")

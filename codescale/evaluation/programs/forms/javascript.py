"""JavaScript: a function, maps as ``Map``; it fails by throwing an ``Error`` that is none of the engine's own."""

from __future__ import annotations

from typing import Any

from codescale.evaluation.programs.forms.base import camel, quoted
from codescale.evaluation.programs.specification import Specification
from codescale.evaluation.programs.types import Type

_DRIVER = """(() => {
  const encode = (value%(any)s) =>
    JSON.stringify(value === undefined ? null : value, (_%(any)s, item%(any)s) =>
      item instanceof Map ? Object.fromEntries(item) : item);
  const broken = [TypeError, ReferenceError, SyntaxError, RangeError];
  const report = (index%(number)s, call%(call)s) => {
    let line%(string)s;
    try {
      line = "ok " + encode(call());
    } catch (error) {
      line = error instanceof Error && !broken.some((kind) => error instanceof kind) ? "fails" : "error";
    }
    console.log("\\n%(mark)s " + index + " " + line);
  };
%(cases)s
})();
"""

_NO_ANNOTATIONS = dict.fromkeys(("any", "number", "string", "call"), "")


class JavaScriptForm:
    """JavaScript."""

    empty_is_null = False

    def signature(self, specification: Specification) -> str:
        return f"function {camel(specification.name)}({', '.join(map(camel, specification.parameters))}) {{\n"

    def documented(self, specification: Specification, lines: list[str]) -> str:
        return f"{block_comment(lines, '')}{self.signature(specification)}"

    def driver(self, specification: Specification, mark: str) -> str:
        return _DRIVER % {**_NO_ANNOTATIONS, "mark": mark, "cases": calls(specification)}


def annotated_driver(specification: Specification, mark: str) -> str:
    """The same driver with TypeScript's annotations."""
    annotations = {"any": ": any", "number": ": number", "string": ": string", "call": ": () => unknown"}
    return _DRIVER % {**annotations, "mark": mark, "cases": calls(specification)}


def calls(specification: Specification) -> str:
    """A line for each case, which calls the function."""
    types = list(specification.parameter_types.values())
    lines = []
    for index, case in enumerate(specification.cases):
        arguments = ", ".join(_literal(value, kind) for value, kind in zip(case.given, types, strict=True))
        lines.append(f"  report({index}, () => {camel(specification.name)}({arguments}));")
    return "\n".join(lines)


def block_comment(lines: list[str], indentation: str) -> str:
    """``lines`` as ``/** … */``."""
    body = "".join(f"{indentation} * {line}".rstrip() + "\n" for line in lines)
    return f"{indentation}/**\n{body}{indentation} */\n"


def _literal(value: Any, kind: Type) -> str:
    if kind.kind == "list":
        return "[" + ", ".join(_literal(item, kind.of) for item in value) + "]"
    if kind.kind == "map":
        pairs = ", ".join(f"[{quoted(key)}, {_literal(item, kind.of)}]" for key, item in value.items())
        return f"new Map([{pairs}])"
    if kind.kind == "string":
        return quoted(value)
    return str(value).lower()

"""Java: a static method of ``Solution``; it fails with ``IllegalArgumentException``."""

from __future__ import annotations

from typing import Any

from codescale.evaluation.programs.forms.base import camel, decimal, quoted
from codescale.evaluation.programs.forms.javascript import block_comment
from codescale.evaluation.programs.specification import Specification
from codescale.evaluation.programs.types import Type

_SIMPLE = {"int": "int", "long": "long", "float": "double", "bool": "boolean", "string": "String"}
_BOXED = {"int": "Integer", "long": "Long", "float": "Double", "bool": "Boolean"}

_DRIVER = """import java.util.*;
import java.util.concurrent.Callable;

class Driver {
    private static String text(String value) {
        StringBuilder built = new StringBuilder("\\"");
        for (char one : value.toCharArray()) {
            if (one == '"' || one == '\\\\' || one < ' ' || one > '~') {
                built.append(String.format("\\\\u%%04x", (int) one));
            } else {
                built.append(one);
            }
        }
        return built.append('"').toString();
    }

    private static String encode(Object value) {
        if (value instanceof Optional<?>) {
            return encode(((Optional<?>) value).orElse(null));
        }
        if (value instanceof Collection<?>) {
            StringJoiner joined = new StringJoiner(",", "[", "]");
            for (Object item : (Collection<?>) value) {
                joined.add(encode(item));
            }
            return joined.toString();
        }
        if (value instanceof Map<?, ?>) {
            StringJoiner joined = new StringJoiner(",", "{", "}");
            for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
                joined.add(text((String) entry.getKey()) + ":" + encode(entry.getValue()));
            }
            return joined.toString();
        }
        return value instanceof String ? text((String) value) : String.valueOf(value);
    }

    private static void report(int index, Callable<Object> call) {
        String line;
        try {
            line = "ok " + encode(call.call());
        } catch (IllegalArgumentException error) {
            line = "fails";
        } catch (Throwable error) {
            line = "error";
        }
        System.out.println("\\n%(mark)s " + index + " " + line);
    }

    public static void main(String[] arguments) {
%(cases)s
    }
}
"""


class JavaForm:
    """Java."""

    empty_is_null = False

    def signature(self, specification: Specification) -> str:
        parameters = ", ".join(f"{_name(kind)} {camel(name)}" for name, kind in specification.parameter_types.items())
        return f"    static {_name(specification.result_type)} {camel(specification.name)}({parameters}) {{\n"

    def documented(self, specification: Specification, lines: list[str]) -> str:
        return f"{block_comment(lines, '    ')}{self.signature(specification)}"

    def driver(self, specification: Specification, mark: str) -> str:
        types = list(specification.parameter_types.values())
        lines = []
        for index, case in enumerate(specification.cases):
            arguments = ", ".join(_literal(value, kind) for value, kind in zip(case.given, types, strict=True))
            lines.append(f"        report({index}, () -> Solution.{camel(specification.name)}({arguments}));")
        return _DRIVER % {"mark": mark, "cases": "\n".join(lines)}


def _name(kind: Type) -> str:
    if kind.kind == "list":
        return f"List<{_boxed(kind.of)}>"
    if kind.kind == "map":
        return f"Map<String, {_boxed(kind.of)}>"
    if kind.kind == "optional":
        return f"Optional<{_boxed(kind.of)}>"
    return _SIMPLE[kind.kind]


def _boxed(kind: Type) -> str:
    return _BOXED.get(kind.kind, _name(kind))


def _literal(value: Any, kind: Type) -> str:
    if kind.kind == "list":
        item = _boxed(kind.of)
        return f"new ArrayList<{item}>(Arrays.<{item}>asList({', '.join(_literal(one, kind.of) for one in value)}))"
    if kind.kind == "map":
        item = _boxed(kind.of)
        entries = ", ".join(f"Map.entry({quoted(key)}, {_literal(one, kind.of)})" for key, one in value.items())
        return f"new LinkedHashMap<String, {item}>(Map.<String, {item}>ofEntries({entries}))"
    if kind.kind == "string":
        return quoted(value)
    if kind.kind == "float":
        return decimal(value)
    return f"{value}L" if kind.kind == "long" else str(value).lower()

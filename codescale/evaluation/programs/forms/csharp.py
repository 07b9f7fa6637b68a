"""C#: a static method of ``Solution``; it fails with ``ArgumentException`` or ``FormatException``."""

from __future__ import annotations

from typing import Any

from codescale.evaluation.programs.forms.base import camel, decimal, items, pascal, quoted
from codescale.evaluation.programs.specification import Specification
from codescale.evaluation.programs.types import Type

_SIMPLE = {"int": "int", "long": "long", "float": "double", "bool": "bool", "string": "string"}

_DRIVER = """using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

static class Driver
{
    static string Text(string value)
    {
        var built = new StringBuilder("\\"");
        foreach (char one in value)
        {
            if (one == '"' || one == '\\\\' || one < ' ' || one > '~')
                built.Append("\\\\u").Append(((int)one).ToString("x4"));
            else
                built.Append(one);
        }
        return built.Append('"').ToString();
    }

    static string Encode(object value)
    {
        if (value == null)
            return "null";
        if (value is string)
            return Text((string)value);
        if (value is bool)
            return (bool)value ? "true" : "false";
        if (value is double)
            return ((double)value).ToString("R", CultureInfo.InvariantCulture);
        if (value is IDictionary)
        {
            var entries = new List<string>();
            foreach (DictionaryEntry entry in (IDictionary)value)
                entries.Add(Text((string)entry.Key) + ":" + Encode(entry.Value));
            return "{" + string.Join(",", entries) + "}";
        }
        if (value is IEnumerable)
            return "[" + string.Join(",", ((IEnumerable)value).Cast<object>().Select(Encode)) + "]";
        return Convert.ToString(value, CultureInfo.InvariantCulture);
    }

    static void Report(int index, Func<object> call)
    {
        string line;
        try
        {
            line = "ok " + Encode(call());
        }
        catch (Exception error)
        {
            line = error is ArgumentException || error is FormatException ? "fails" : "error";
        }
        Console.WriteLine("\\n%(mark)s " + index + " " + line);
    }

    static void Main()
    {
%(cases)s
    }
}
"""


class CSharpForm:
    """C#."""

    empty_is_null = False

    def signature(self, specification: Specification) -> str:
        parameters = ", ".join(f"{_name(kind)} {camel(name)}" for name, kind in specification.parameter_types.items())
        result = _name(specification.result_type)
        return f"    public static {result} {pascal(specification.name)}({parameters})\n    {{\n"

    def documented(self, specification: Specification, lines: list[str]) -> str:
        body = "".join(f"    /// {line}".rstrip() + "\n" for line in ["<summary>", *lines, "</summary>"])
        return f"{body}{self.signature(specification)}"

    def driver(self, specification: Specification, mark: str) -> str:
        types = list(specification.parameter_types.values())
        lines = []
        for index, case in enumerate(specification.cases):
            arguments = ", ".join(_literal(value, kind) for value, kind in zip(case.given, types, strict=True))
            lines.append(f"        Report({index}, () => Solution.{pascal(specification.name)}({arguments}));")
        return _DRIVER % {"mark": mark, "cases": "\n".join(lines)}


def _name(kind: Type) -> str:
    if kind.kind == "list":
        return f"List<{_name(kind.of)}>"
    if kind.kind == "map":
        return f"Dictionary<string, {_name(kind.of)}>"
    if kind.kind == "optional":
        return f"{_name(kind.of)}?" if kind.of.kind in ("int", "long", "float", "bool") else _name(kind.of)
    return _SIMPLE[kind.kind]


def _literal(value: Any, kind: Type) -> str:
    if kind.kind in ("list", "map"):
        entries = [(key, _literal(item, kind.of)) for key, item in items(value, kind)]
        inside = ", ".join(item if key is None else f"{{ {quoted(key)}, {item} }}" for key, item in entries)
        return f"new {_name(kind)} {{ {inside} }}"
    if kind.kind == "string":
        return quoted(value)
    if kind.kind == "float":
        return decimal(value)
    return f"{value}L" if kind.kind == "long" else str(value).lower()

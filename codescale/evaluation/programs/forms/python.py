"""Python: a function with annotations; it fails with ``ValueError``."""

from __future__ import annotations

from codescale.evaluation.programs.specification import Specification
from codescale.evaluation.programs.types import Type

_SIMPLE = {"int": "int", "long": "int", "float": "float", "bool": "bool", "string": "str"}

_DRIVER = """import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def report(index, arguments):
    try:
        from solution import {name}

        line = "ok " + json.dumps({name}(*arguments))
    except ValueError:
        line = "fails"
    except BaseException:
        line = "error"
    print("\\n{mark}", index, line, flush=True)


for index, arguments in enumerate(
    {cases}
):
    report(index, arguments)
"""


class PythonForm:
    """Python."""

    empty_is_null = False

    def signature(self, specification: Specification) -> str:
        parameters = ", ".join(f"{name}: {_name(kind)}" for name, kind in specification.parameter_types.items())
        return f"def {specification.name}({parameters}) -> {_name(specification.result_type)}:\n"

    def documented(self, specification: Specification, lines: list[str]) -> str:
        first, *others = lines
        body = [f'    """{first}', *(f"    {line}".rstrip() for line in others)]
        end = ['    """'] if others else []
        text = "\n".join([*body, *end]) if others else f'{body[0]}"""'
        return f"{self.signature(specification)}{text}\n"

    def driver(self, specification: Specification, mark: str) -> str:
        cases = repr([case.given for case in specification.cases])
        return _DRIVER.format(name=specification.name, mark=mark, cases=cases)


def _name(kind: Type) -> str:
    if kind.kind == "list":
        return f"list[{_name(kind.of)}]"
    if kind.kind == "map":
        return f"dict[str, {_name(kind.of)}]"
    if kind.kind == "optional":
        return f"{_name(kind.of)} | None"
    return _SIMPLE[kind.kind]

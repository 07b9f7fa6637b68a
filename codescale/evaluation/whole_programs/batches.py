"""How many whole programs of a language become one that runs them all: each in a module, package or namespace apart.

A ``mark`` on a line of its own stands before each program's output and behind the last one's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from codescale.evaluation.toolchains.toolchain import Toolchain


@dataclass(frozen=True)
class Batch:
    """``files`` by path, the commands that compile them in their folder, and the one that runs what came of it there.
    Commands name programs of the toolchain in braces.
    """

    files: Mapping[str, str]
    compile: Sequence[Sequence[str]]
    run: Sequence[str]


Form = Callable[[Toolchain, Sequence[str], str], Batch]


def _python(toolchain: Toolchain, sources: Sequence[str], mark: str) -> Batch:
    files = {f"p{k}.py": source for k, source in enumerate(sources)}
    runs = [f"    print({mark!r})\n    runpy.run_path('p{k}.py', run_name='__main__')\n" for k in range(len(sources))]
    driver = f"import runpy\n\nif __name__ == '__main__':\n{''.join(runs)}    print({mark!r})\n"
    checked = ["{python}", "-I", "-X", "utf8", "-m", "py_compile", *files]
    return Batch({**files, "driver.py": driver}, [checked], ["{python}", "-I", "-B", "-X", "utf8", "driver.py"])


def _node_driver(count: int, mark: str) -> str:
    said = f"console.log({json.dumps(mark)});\n"
    return "".join(f'{said}require("./p{k}.js");\n' for k in range(count)) + said


def _javascript(toolchain: Toolchain, sources: Sequence[str], mark: str) -> Batch:
    files = {f"p{k}.js": source for k, source in enumerate(sources)}
    return Batch({**files, "driver.js": _node_driver(len(sources), mark)}, [], ["{node}", "driver.js"])


def _typescript(toolchain: Toolchain, sources: Sequence[str], mark: str) -> Batch:
    files = {f"p{k}.ts": source for k, source in enumerate(sources)}
    compiled = []
    for command in toolchain.definition.compile:
        options = [part for part in command if part != "{solution}"]
        compiled.append([*options, *files])
    extra = {**toolchain.definition.files, "driver.js": _node_driver(len(sources), mark)}
    return Batch({**files, **extra}, compiled, ["{node}", "driver.js"])


def _java(toolchain: Toolchain, sources: Sequence[str], mark: str) -> Batch:
    files, calls = {}, []
    for k, source in enumerate(sources):
        name = _found(r"^public class (\w+)", source)
        files[f"p{k}/{name}.java"] = f"package p{k};\n\n{source}"
        calls.append(f'        System.out.println("{mark}");\n        p{k}.{name}.main(new String[0]);\n')
    head = "public class Driver {\n    public static void main(String[] arguments) {\n"
    driver = f'{head}{"".join(calls)}        System.out.println("{mark}");\n    }}\n}}\n'
    compiled = [
        [part for part in command if part not in ("{solution}", "{driver}")] + [*files, "Driver.java"]
        for command in toolchain.definition.compile
    ]
    run = [part.replace("{program}", ".") for part in toolchain.definition.run]
    return Batch({**files, "Driver.java": driver}, compiled, run)


def _csharp(toolchain: Toolchain, sources: Sequence[str], mark: str) -> Batch:
    files, calls = {}, []
    for k, source in enumerate(sources):
        name = _found(r"^static class (\w+)", source)
        opened = source.replace("static void Main()", "public static void Main()")
        files[f"p{k}.cs"] = f"namespace P{k}\n{{\n{opened}}}\n"
        calls.append(f'        System.Console.WriteLine("{mark}");\n        P{k}.{name}.Main();\n')
    head = "static class Driver\n{\n    static void Main()\n    {\n"
    driver = f'{head}{"".join(calls)}        System.Console.WriteLine("{mark}");\n    }}\n}}\n'
    compiled = ["{mcs}", "-nologo", "-out:program.exe", "-main:Driver", *files, "driver.cs"]
    return Batch({**files, "driver.cs": driver}, [compiled], ["{mono}", "program.exe"])


def _go(toolchain: Toolchain, sources: Sequence[str], mark: str) -> Batch:
    files = {}
    for k, source in enumerate(sources):
        renamed = source.replace("package main", f"package p{k}", 1)
        files[f"p{k}.go"] = renamed.replace("\nfunc main() {", "\nfunc Main() {")
    imports = "".join(f'\t"p{k}"\n' for k in range(len(sources)))
    calls = "".join(f'\tfmt.Println("{mark}")\n\tp{k}.Main()\n' for k in range(len(sources)))
    driver = f'package main\n\nimport (\n\t"fmt"\n{imports})\n\nfunc main() {{\n{calls}\tfmt.Println("{mark}")\n}}\n'
    each = "for k in $(seq 0 {last}); do {go} tool compile -o p$k.a -p p$k -complete p$k.go || exit 1; done"
    return Batch(
        {**files, "driver.go": driver},
        [
            ["/bin/sh", "-c", each.replace("{last}", str(len(sources) - 1))],
            ["{go}", "tool", "compile", "-I", ".", "-o", "program.o", "-p", "main", "driver.go"],
            ["{go}", "tool", "link", "-L", ".", "-s", "-w", "-o", "program", "program.o"],
        ],
        ["./program"],
    )


def _rust(toolchain: Toolchain, sources: Sequence[str], mark: str) -> Batch:
    modules = []
    for k, source in enumerate(sources):
        opened = re.sub(r"^fn main\(\) \{", "pub fn main() {", source, flags=re.MULTILINE)
        modules.append(f"mod p{k} {{\n{opened}}}\n")
    calls = "".join(f'    println!("{mark}");\n    p{k}::main();\n' for k in range(len(sources)))
    driver = f'fn main() {{\n{calls}    println!("{mark}");\n}}\n'
    options = [part for command in toolchain.definition.compile for part in command]
    compiled = ["program.rs" if part == "{solution}" else part for part in options]
    return Batch({"program.rs": "\n".join([*modules, driver])}, [compiled], ["./program"])


FORMS: Mapping[str, Form] = {
    "python": _python,
    "javascript": _javascript,
    "typescript": _typescript,
    "java": _java,
    "csharp": _csharp,
    "go": _go,
    "rust": _rust,
}
"""By language."""


def _found(pattern: str, source: str) -> str:
    """The name of a program's class; one that nobody has where there is none, so that it does not compile."""
    match = re.search(pattern, source, re.MULTILINE)
    return match.group(1) if match else "Missing"

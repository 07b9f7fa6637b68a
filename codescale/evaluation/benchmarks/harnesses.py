"""How a problem's program is made of prompt, completion and tests in each language, and tells that it ended well.

A program prints ``mark``, drawn anew for each check, as its last act: one that ends early, whatever its exit code, has
passed nothing. Only the tests, which are not a model's, are changed for that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sources:
    """What a toolchain compiles: the solution's file, the driver's, and further files by name."""

    solution: str
    driver: str
    more: Mapping[str, str] = field(default_factory=dict)


_PYTHON = """import os
import runpy

runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "solution.py"), run_name="__main__")
print("\\nMARK", flush=True)
"""

_JAVA = """class Driver {
    public static void main(String[] arguments) throws Throwable {
        Driver.class.getClassLoader().setDefaultAssertionStatus(true);
        Problem.main(arguments);
        System.out.println("\\nMARK");
    }
}
"""

_CSHARP = """static class Debug
{
    public static void Assert(bool holds)
    {
        if (!holds)
            throw new System.Exception("an assertion fails");
    }
    public static void Assert(bool holds, string message)
    {
        Assert(holds);
    }
}

static class Driver
{
    static void Main(string[] arguments)
    {
        Problem.TestedMain(arguments);
        System.Console.WriteLine("\\nMARK");
    }
}
"""

_GO = """package main

import (
	"fmt"
	"testing"
)

func main() {
	test := func(t *testing.T) {
		TEST(t)
		if !t.Failed() {
			fmt.Println("\\nMARK")
		}
	}
	all := func(string, string) (bool, error) { return true, nil }
	testing.Main(all, []testing.InternalTest{{Name: "tested", F: test}}, nil, nil)
}
"""

_TUPLE = """package org.javatuples;

import java.util.Objects;

public final class NAME<GENERICS> {
    private final Object[] values;

    public NAME(PARAMETERS) {
        values = new Object[] {ARGUMENTS};
    }

    public static <GENERICS> NAME<GENERICS> with(PARAMETERS) {
        return new NAME<>(ARGUMENTS);
    }
GETTERS
    @Override
    public boolean equals(Object other) {
        return other instanceof NAME && java.util.Arrays.equals(values, ((NAME<WILDCARDS>) other).values);
    }

    @Override
    public int hashCode() {
        return Objects.hash(values);
    }

    @Override
    public String toString() {
        return java.util.Arrays.toString(values);
    }
}
"""

_GETTER = """
    @SuppressWarnings("unchecked")
    public TYPE getValueNUMBER() {
        return (TYPE) values[NUMBER];
    }
"""


def _tuple(name: str, size: int) -> str:
    """A class of javatuples, which MultiPL-E's Java programs import and no system has."""
    types = "ABCD"[:size]
    getters = "".join(_GETTER.replace("TYPE", kind).replace("NUMBER", str(k)) for k, kind in enumerate(types))
    filled = {
        "NAME": name,
        "GENERICS": ", ".join(types),
        "WILDCARDS": ", ".join("?" * size),
        "PARAMETERS": ", ".join(f"{kind} {kind.lower()}" for kind in types),
        "ARGUMENTS": ", ".join(types.lower()),
        "GETTERS": getters,
    }
    return re.sub("|".join(filled), lambda match: filled[match[0]], _TUPLE)


_TUPLES = {
    f"org/javatuples/{name}.java": _tuple(name, size) for name, size in (("Pair", 2), ("Triplet", 3), ("Quartet", 4))
}


def _python(program: str, tests: str, mark: str) -> Sources:
    return Sources(f"{program}\n{tests}\n", _PYTHON.replace("MARK", mark))


def _java(program: str, tests: str, mark: str) -> Sources:
    return Sources(f"{program}\n{tests}\n", _JAVA.replace("MARK", mark), _TUPLES)


def _javascript(program: str, tests: str, mark: str) -> Sources:
    return Sources(program, f'{tests}\nconsole.log("\\n{mark}");\n')


def _csharp(program: str, tests: str, mark: str) -> Sources:
    renamed = re.sub(r"\bMain\s*\(", "TestedMain(", tests, count=1)
    return Sources(f"{program}\n{renamed}\n", _CSHARP.replace("MARK", mark))


def _go(program: str, tests: str, mark: str) -> Sources:
    found = re.search(r"^func (Test\w+)\(", tests, re.MULTILINE)
    packaged = re.sub(r"^package \w+", "package main", program, count=1, flags=re.MULTILINE)
    driver = _GO.replace("MARK", mark).replace("TEST", found[1] if found else "TestNothing")
    return Sources(f"{packaged}\n{tests}\n", driver)


def _rust(program: str, tests: str, mark: str) -> Sources:
    renamed = re.sub(r"\bfn\s+main\s*\(", "fn tested_main(", tests, count=1)
    return Sources(program, f'{renamed}\nfn main() {{\n    tested_main();\n    println!("\\n{mark}");\n}}\n')


HARNESSES: Mapping[str, Callable[[str, str, str], Sources]] = {
    "python": _python,
    "java": _java,
    "javascript": _javascript,
    "typescript": _javascript,
    "csharp": _csharp,
    "go": _go,
    "rust": _rust,
}
"""By language: program (prompt and completion), tests and mark to sources."""

"""Code that nobody wrote, for tests without a network: repositories of small files in three languages."""

from __future__ import annotations

import random
from pathlib import Path

TEMPLATES = {
    "python": (".py", "def {a}_{b}({c}, {d}):\n    {e} = {c} + {n} * {d}\n    if {e} > {m}:\n        return {e}\n"
                      "    for {a} in range({n}):\n        print({a}, {d})\n    return {c} - {m}\n\n"),
    "java": (".java", "    public static int {a}{b}(int {c}, int {d}) {{\n        int {e} = {c} + {n} * {d};\n"
                      "        if ({e} > {m}) {{ return {e}; }}\n        System.out.println({c});\n"
                      "        return {c} - {m};\n    }}\n\n"),
    "rust": (".rs", "pub fn {a}_{b}({c}: i64, {d}: i64) -> i64 {{\n    let mut {e} = {c} + {n} * {d};\n"
                    "    while {e} > {m} {{ {e} -= {n}; }}\n    match {e} {{ {n} => {c}, _ => {d} }}\n}}\n\n"),
}  # fmt: skip
WORDS = (  # noqa: SIM905 (readable as prose)
    "alpha beta count delta edge field graph head index join key list map node order path queue range size table "
    "unit value width token batch layer model shape scale share split"
).split()


def write_repositories(folder: Path, repositories: int = 6, files: int = 10, functions: int = 10) -> Path:
    """``repositories`` repositories with ``files`` files of each language below ``folder``, always the same."""
    draw = random.Random(0)
    for language, (ending, template) in TEMPLATES.items():
        for repository in range(repositories):
            for number in range(files):
                names = [dict(zip("abcde", draw.sample(WORDS, 5), strict=True)) for _ in range(functions)]
                text = "".join(
                    template.format(**chosen, n=draw.randrange(100), m=draw.randrange(1000)) for chosen in names
                )
                path = folder / f"repository-{repository}" / language / f"{draw.choice(WORDS)}_{number}{ending}"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
    return folder

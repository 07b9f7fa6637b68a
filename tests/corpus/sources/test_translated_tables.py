"""The mappings of other people's parallel corpora that docs/translations.md gives, on small files of their layouts."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from codescale.corpus.record import Reading, Record, endings
from codescale.corpus.sources.registry import open_source
from codescale.progress import Silent
from codescale.study.corpus import CorpusSection
from codescale.study.languages import load_registry

REGISTRY = load_registry()
LANGUAGES = ("python", "java", "csharp")
_PAGE = Path(__file__).parents[3] / "docs" / "translations.md"


def _blocks(kind: str) -> list[str]:
    section = _PAGE.read_text(encoding="utf-8").partition("## Corpora of others")[2].partition("\n## ")[0]
    return re.findall(rf"```{kind}\n(.*?)```", section, re.DOTALL)


def _records(folder: Path, written: str) -> list[Record]:
    reading = Reading(endings(REGISTRY, LANGUAGES), REGISTRY, folder, folder)
    sources = CorpusSection.model_validate({"sources": yaml.safe_load(written)}).sources
    return [record for section in sources for record in open_source(section, reading).records(Silent())]


def _by_program(records: list[Record]) -> dict[str | None, set[tuple[str, bytes]]]:
    found = defaultdict(set)
    for record in records:
        found[record.program].add((record.language, record.content))
    return dict(found)


def test_codetransocean(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "name": "Sum", "Python": "sum(x)", "Java": "sum(x);"},
        {"id": 2, "name": "Sum", "C#": "x.Sum();", "Python": "sum(x)"},
        {"id": 3, "name": "Sort", "Java": "sort(x);", "C#": "x.Sort();"},
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "multilingual_train.json").write_text(lines, encoding="utf-8")
    assert _by_program(_records(tmp_path, _blocks("yaml")[0])) == {
        "Sum": {("python", b"sum(x)"), ("java", b"sum(x);"), ("csharp", b"x.Sum();")},
        "Sort": {("java", b"sort(x);"), ("csharp", b"x.Sort();")},
    }


def test_avatar_and_xlcost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    problem = {"id": "atcoder_abc_A", "java": ["int a ;", "int b ;"], "python": ["a = 1"]}
    Path("train.jsonl").write_text(json.dumps(problem) + "\n", encoding="utf-8")
    pair = Path("pair_data_tok_full/Java-Python")
    pair.mkdir(parents=True)
    (pair / "train-Java-Python-tok.java").write_text("int c ;\nint d ;\n", encoding="utf-8")
    (pair / "train-Java-Python-tok.py").write_text("c = 1\nd = 1\n", encoding="utf-8")
    (script,) = _blocks("python")
    exec(compile(script, "docs/translations.md", "exec"), {})
    assert _by_program(_records(tmp_path, _blocks("yaml")[1])) == {
        "atcoder_abc_A": {("java", b"int a ;"), ("java", b"int b ;"), ("python", b"a = 1")},
        "Java-Python/0": {("java", b"int c ;"), ("python", b"c = 1")},
        "Java-Python/1": {("java", b"int d ;"), ("python", b"d = 1")},
    }

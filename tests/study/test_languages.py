"""What others call a language, found in the registry."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codescale.errors import UserError
from codescale.study.config import parse_study
from codescale.study.languages import LanguageNames, default_weights, load_registry
from tests.tiny_study import tiny_study

REGISTRY = load_registry()

LABELS = {
    "github linguist": ["Python", "Java", "JavaScript", "TypeScript", "TSX", "C#", "Go", "Rust", "Markdown"],
    "the stack v1, folders": ["python", "java", "javascript", "typescript", "c-sharp", "go", "rust", "markdown"],
    "the stack v2": ["Python", "Java", "JavaScript", "TypeScript", "C-Sharp", "Go", "Rust", "Markdown"],
    "starcoderdata": ["python", "java", "javascript", "typescript", "c-sharp", "go", "rust", "restructuredtext"],
    "codeparrot github-code": ["Python", "Java", "JavaScript", "TypeScript", "C#", "GO", "Rust", "Markdown"],
    "multipl-e": ["py", "java", "js", "ts", "cs", "go", "rs"],
    "editors": ["python", "java", "javascriptreact", "typescriptreact", "csharp", "golang", "rust", "plaintext"],
}
MEANT = {
    **dict.fromkeys(["python", "py"], "python"),
    **dict.fromkeys(["javascript", "js", "javascriptreact"], "javascript"),
    **dict.fromkeys(["typescript", "ts", "tsx", "typescriptreact"], "typescript"),
    **dict.fromkeys(["c#", "c-sharp", "csharp", "cs"], "csharp"),
    **dict.fromkeys(["go", "golang"], "go"),
    **dict.fromkeys(["rust", "rs"], "rust"),
    **dict.fromkeys(["markdown", "restructuredtext", "plaintext"], "text"),
    "java": "java",
}


@pytest.mark.parametrize("source", LABELS)
def test_labels_of_public_corpora_work_as_they_are(source: str) -> None:
    names = LanguageNames(REGISTRY)
    assert {label: names.find(label) for label in LABELS[source]} == {
        label: MEANT[label.casefold()] for label in LABELS[source]
    }


@pytest.mark.parametrize("label", ["C", "C++", "C plus plus", "Cobol", "F#", "Rusty", "Javanese", "", "-", "#"])
def test_other_languages_mean_none(label: str) -> None:
    assert LanguageNames(REGISTRY).find(label) is None


@given(st.sampled_from(sorted({*REGISTRY, "golang", "C-Sharp", "plain text"})), st.data())
def test_neither_case_nor_separators_matter(name: str, data: st.DataObject) -> None:
    letters = [data.draw(st.sampled_from([letter.upper(), letter.lower()])) for letter in name]
    spelled = "".join(f"{letter}{data.draw(st.sampled_from(['', '-', '_', '.', ' ']))}" for letter in letters)
    names = LanguageNames(REGISTRY)
    assert names.find(spelled) == names.find(name) is not None


def test_labels_that_a_person_explains_win() -> None:
    names = LanguageNames(REGISTRY, {"py": "rust", "Gopher": "go"})
    assert [names.find(label) for label in ("py", "PY", "gopher", "python")] == ["rust", "rust", "go", "python"]


def test_what_means_two_languages_means_neither(tmp_path: Path) -> None:
    path = tmp_path / "languages.yaml"
    path.write_text(
        "matlab: {label: MATLAB, endings: [.m]}\nobjc: {label: Objective-C, endings: [.m], names: [go]}\n"
        "gogo: {label: GoGo, endings: [.gg], names: [golang]}\npython: {label: Python, endings: [.py]}\n"
    )
    names = LanguageNames(load_registry(path))
    assert names.find("m") is None
    assert names.find("golang") is None, "another language's own name for it"
    assert names.find("go") == "go", "the registry's own name goes before others"
    assert names.find("objective c") == "objc"
    assert names.find("python3") == "python", "a language with other endings keeps the names that it has"


def test_a_study_that_names_a_language_otherwise_is_told_how_it_is_called_here() -> None:
    content = tiny_study().model_dump(mode="json") | {"languages": ["python", "c-sharp"]}
    with pytest.raises(UserError, match=r"languages: 'c-sharp' is not in the registry; write csharp"):
        parse_study(content, "study.yaml")


def test_directions_weigh_nothing_by_default_unless_there_is_nothing_else() -> None:
    registry = load_registry()
    weights = default_weights(("python", "text", "python->java", "java->python"), registry)
    assert weights == {"python": 1.0, "text": 0.0, "python->java": 0.0, "java->python": 0.0}
    assert default_weights(("text", "python->java"), registry) == {"text": 1.0, "python->java": 0.0}
    assert default_weights(("python->java",), registry) == {"python->java": 1.0}

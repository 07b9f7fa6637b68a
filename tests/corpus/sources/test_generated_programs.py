"""Generated programs as a source: a document for each program and language, translations that stay together."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from codescale.corpus.build import build_corpus
from codescale.corpus.fingerprint import fingerprint
from codescale.corpus.local_processes import LocalProcesses
from codescale.corpus.reader import SPLITS, open_corpus
from codescale.corpus.record import Reading, Record, endings
from codescale.corpus.sources.generated_programs import GeneratedProgramsReader
from codescale.corpus.sources.registry import open_source
from codescale.errors import UserError
from codescale.parallel_programs.languages import LANGUAGES
from codescale.progress import Silent
from codescale.study.config import StudyConfig, parse_study
from codescale.study.corpus import CorpusSection, GeneratedProgramsSource
from codescale.study.folder import StudyFolder
from codescale.study.languages import load_registry
from codescale.study.presets import preset_text

REGISTRY = load_registry()


def records(study: tuple[str, ...], **settings: object) -> list[Record]:
    section = GeneratedProgramsSource(kind="generated_programs", **settings)
    reading = Reading(endings(REGISTRY, study), REGISTRY, Path(), Path())
    reader = open_source(section, reading)
    assert isinstance(reader, GeneratedProgramsReader)
    return list(reader.records(Silent()))


def test_each_program_is_one_document_of_each_language() -> None:
    found = records(LANGUAGES, count=5)
    assert [record.language for record in found] == list(LANGUAGES) * 5
    assert len({record.program for record in found}) == 5
    assert all(len({r.program for r in found[k : k + 7]}) == 1 for k in range(0, 35, 7))
    assert {Path(record.path).suffix for record in found} == {".py", ".java", ".js", ".ts", ".cs", ".go", ".rs"}


def test_a_seed_and_a_count_say_which() -> None:
    few, more = records(("python", "rust"), count=4, seed=5), records(("python", "rust"), count=9, seed=5)
    assert more[: len(few)] == few
    others = records(("python", "rust"), count=4, seed=6)
    assert not {record.content for record in few} & {record.content for record in others}
    assert not {record.program for record in few} & {record.program for record in others}


def test_only_languages_of_the_study_or_those_named() -> None:
    assert {record.language for record in records(("go", "python", "text"), count=1)} == {"go", "python"}
    named = records(LANGUAGES, count=1, languages=("rust", "python"))
    assert [record.language for record in named] == ["rust", "python"]


def test_a_corpus_is_of_one_version_of_the_programs(study: StudyConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(study)
    others = study.model_copy(update={"corpus": CorpusSection()})
    unchanged = fingerprint(others)
    monkeypatch.setattr("codescale.corpus.fingerprint.VERSION", 2)
    assert fingerprint(study) != before
    assert fingerprint(others) == unchanged


@pytest.fixture
def study(tmp_path: Path, config: StudyConfig) -> StudyConfig:
    source = GeneratedProgramsSource(kind="generated_programs", count=100)
    section = CorpusSection(sources=(source,), vocabulary=300)
    return config.model_copy(update={"corpus": section})


def test_a_corpus_keeps_translations_in_one_split_whatever_the_number_of_processes(
    tmp_path: Path, study: StudyConfig
) -> None:
    first = build_corpus(study, StudyFolder(tmp_path / "one"), Silent(), LocalProcesses(1))
    second = build_corpus(study, StudyFolder(tmp_path / "two"), Silent(), LocalProcesses(2))
    assert first.corpus_id == second.corpus_id
    corpus = open_corpus(StudyFolder(tmp_path / "one").corpus)
    splits = {}
    for split in SPLITS:
        for language in study.languages:
            for program in corpus.programs(language, split):
                assert program is not None
                assert splits.setdefault(program, split) == split
    assert set(splits.values()) == set(SPLITS)
    kept = sum(corpus.manifest.languages["python"].documents.values())
    assert kept > 80, corpus.manifest.languages["python"].dropped


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{kind: generated_programs}", "corpus.sources.0.count: is missing"),
        ("{kind: generated_programs, count: 0}", "corpus.sources.0.count: is 0, where a number above 0 is wanted"),
        (
            "{kind: generated_programs, count: 2e6}",
            "corpus.sources.0.count: is 2000000, where a number of 1,000,000",
        ),
        ("{kind: generated_programs, count: 9, seed: -1}", "corpus.sources.0.seed: is -1, where a number of 0 or more"),
        ("{kind: generated_programs, count: 9, seeds: 1}", "corpus.sources.0.seeds: unknown key"),
        (
            "{kind: generated_programs, count: 9, languages: [python, cobol]}",
            "corpus.sources.0.languages: no program is generated in 'cobol'; known are python, java,",
        ),
        ("{kind: generated_programs, count: 9, languages: [python]}", "corpus.sources.0.languages: name two or more"),
        ("{kind: generated_programs, count: 9, languages: [go, go]}", "corpus.sources.0.languages: names one twice"),
    ],
)
def test_what_is_wrong_in_a_study_is_one_line(written: str, told: str) -> None:
    content = yaml.safe_load(preset_text("demo"))
    content["corpus"]["sources"] = [yaml.safe_load(written)]
    with pytest.raises(UserError) as caught:
        parse_study(content, "study.yaml")
    assert str(caught.value).startswith("study.yaml, ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("languages", "settings", "told"),
    [
        (("python", "text"), {}, "fewer than two of the languages that programs are generated in"),
        (("python", "go"), {"languages": ("python", "rust")}, "rust is no language of the study; add it to languages"),
    ],
)
def test_languages_that_the_study_does_not_have_are_refused(
    languages: tuple[str, ...], settings: dict[str, object], told: str
) -> None:
    with pytest.raises(UserError) as caught:
        records(languages, count=3, **settings)
    assert told in str(caught.value)

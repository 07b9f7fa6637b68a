"""Translations: where programs come from, that they lie in one split, and that other corpora stay as they were."""

from __future__ import annotations

import json
import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codescale.corpus import build as build_module
from codescale.corpus.build import build_corpus
from codescale.corpus.document import Document
from codescale.corpus.fingerprint import corpus_content, fingerprint
from codescale.corpus.near_duplicates import near_duplicates, signatures_of_texts
from codescale.corpus.programs import merge_programs, program_splits
from codescale.corpus.reader import SPLITS, open_corpus, read_shard
from codescale.corpus.record import Reading
from codescale.corpus.selection import Candidates, Selection, select
from codescale.corpus.shards import write_shard
from codescale.corpus.sources.table import TableReader
from codescale.errors import UserError
from codescale.progress import Silent
from codescale.study.config import StudyConfig
from codescale.study.corpus import CorpusSection, FolderSource, TableSource
from codescale.study.folder import StudyFolder
from codescale.study.languages import load_registry
from tests.corpus.corpus_material import ENDINGS, code, write_repositories

SHARES = {"test": 0.1, "validation": 0.1}


def document(language: str, name: str, program: str | None, lines: int = 30) -> Document:
    seed = sum(ord(letter) * 31**k for k, letter in enumerate(name)) % 2**31
    return Document("repo", f"{name}{ENDINGS[language]}", "MIT", code(language, seed, lines), program)


def selected(documents: dict[str, list[Document]]) -> dict[str, Selection]:
    candidates = {language: Candidates(list(found)) for language, found in documents.items()}
    return select(candidates, CorpusSection(), lambda _: None)


def programs_of(selection: Selection, split: str) -> set[str]:
    return {found.program for found in selection.documents[split] if found.program is not None}


@pytest.fixture
def translated(tmp_path: Path) -> StudyFolder:
    """Sixty programs in Python and Java, half of them in Rust too, as a table; more Python in a folder."""
    rows = [
        {"lang": language, "text": code(language, number, 30), "program": number}
        for number in range(60)
        for language in ("python", "java", *(["rust"] if number % 2 else []))
    ]
    (tmp_path / "code.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    write_repositories(tmp_path / "more", "python", 6, 4, start=100_000)
    return StudyFolder(tmp_path)


@pytest.fixture
def with_programs(config: StudyConfig) -> StudyConfig:
    table = TableSource(kind="table", path="code.jsonl", language_column="lang", program_column="program")
    section = CorpusSection(sources=(table, FolderSource(kind="folder", path="more")), vocabulary=300)
    return config.model_copy(update={"corpus": section})


def test_a_program_lies_in_one_split_in_all_languages(translated: StudyFolder, with_programs: StudyConfig) -> None:
    manifest = build_corpus(with_programs, translated, Silent())
    corpus = open_corpus(translated.corpus)
    found: dict[str, set[str]] = {}
    for language in corpus.languages:
        for split in SPLITS:
            programs = [name for name in corpus.programs(language, split) if name is not None]
            assert len(programs) == manifest.languages[language].programs[split]
            for name in programs:
                found.setdefault(name, set()).add(split)
    assert len(found) == 60
    assert all(len(splits) == 1 for splits in found.values())
    assert [manifest.languages[name].split_by for name in ("python", "java", "rust")] == [
        "package",
        "program",
        "program",
    ]
    assert None in corpus.programs("python", "training")


def test_a_shard_says_which_documents_are_whose_translation(
    translated: StudyFolder, with_programs: StudyConfig
) -> None:
    build_corpus(with_programs, translated, Silent())
    corpus = open_corpus(translated.corpus)
    shared = set(corpus.programs("rust", "training"))
    assert shared <= set(corpus.programs("python", "training"))
    assert len(corpus.programs("java", "training")) == len(corpus.documents("java", "training").offsets) - 1


@pytest.mark.parametrize("step", ["save_tokenizer", "tokenize"])
def test_a_killed_build_keeps_the_programs(
    translated: StudyFolder, with_programs: StudyConfig, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(build_module, step, killed)
        with pytest.raises(KeyboardInterrupt):
            build_corpus(with_programs, translated, Silent())
    (translated.root / "code.jsonl").write_text("")  # not read again
    manifest = build_corpus(with_programs, translated, Silent())
    assert sum(manifest.languages["rust"].programs.values()) == 30


def test_files_of_one_path_but_for_the_ending_are_translations(tmp_path: Path, config: StudyConfig) -> None:
    for language in ("python", "java", "rust"):
        write_repositories(tmp_path / "code", language, 5, 4)
    (tmp_path / "code" / "repo0" / "alone.py").write_text(code("python", 77))
    source = FolderSource(kind="folder", path="code", translations="same_path")
    section = CorpusSection(sources=(source,), vocabulary=300)
    build_corpus(config.model_copy(update={"corpus": section}), StudyFolder(tmp_path), Silent())
    corpus = open_corpus(tmp_path / "corpus")
    programs = [name for split in SPLITS for name in corpus.programs("python", split)]
    assert sorted(name for name in programs if name) == sorted(
        f"repo{r}/part{n % 2}/file{n}" for r in range(5) for n in range(4)
    )
    assert programs.count(None) == 1


def test_a_corpus_without_translations_stays_as_it_was(tmp_path: Path) -> None:
    pieces = [np.arange(1, 9, dtype=np.uint32), np.arange(1, 5, dtype=np.uint32)]
    plain = write_shard(tmp_path / "a.arrow", pieces, 300)
    none = write_shard(tmp_path / "b.arrow", pieces, 300, [None, None])
    some = write_shard(tmp_path / "c.arrow", pieces, 300, [None, "one"])
    assert plain.sha256 == none.sha256 != some.sha256
    assert read_shard(tmp_path / "a.arrow").programs is None
    with pa.memory_map(str(tmp_path / "a.arrow")) as file:
        assert pa.ipc.open_file(file).schema.names == ["tokens"]


def test_keys_that_say_nothing_leave_the_fingerprint_of_a_corpus_as_it_was(config: StudyConfig) -> None:
    """Fingerprints from before there were such keys are those of the same content without them."""
    table = TableSource(kind="table", path="a.jsonl", language="rust")
    folder = FolderSource(kind="folder", path="code")

    def of(*sources: FolderSource | TableSource) -> str:
        return fingerprint(config.model_copy(update={"corpus": CorpusSection(sources=sources)}))

    assert [sorted(source) for source in corpus_content(CorpusSection(sources=(folder, table)))["sources"]] == [
        ["kind", "path"],
        ["kind", "language", "language_column", "path", "repository_column", "text_column"],
    ]
    assert of(table) != of(table.model_copy(update={"program_column": "program"}))
    assert of(folder) != of(folder.model_copy(update={"translations": "same_path"}))


def test_a_program_of_one_document_is_none() -> None:
    merged = merge_programs({"python": [document("python", "a", "p")], "java": [document("java", "b", None)]}, [])
    assert [found.program for found in merged["python"]] == [None]


def test_programs_with_one_text_are_one_program() -> None:
    documents = {
        "python": [document("python", "a", "first"), document("python", "b", "third")],
        "java": [document("java", "a", "first"), document("java", "b", "second"), document("java", "c", "third")],
    }
    merged = merge_programs(documents, [("second", "third")])
    assert [found.program for found in merged["java"]] == ["first", "second", "second"]
    assert [found.program for found in merged["python"]] == ["first", "second"]


def test_the_same_text_under_two_programs_joins_their_translations() -> None:
    text = document("python", "same", None)
    found = {
        "python": [document("python", f"p{n}", f"{n}") for n in range(20)],
        "java": [document("java", f"j{n}", f"{n}") for n in range(20)] + [document("java", "twin", "twin")],
        "rust": [document("rust", f"r{n}", f"{n}") for n in range(20)],
    }
    found["python"] += [
        Document("repo", f"copy{k}.py", "MIT", text.text, program) for k, program in enumerate(("3", "twin"))
    ]
    selections = selected(found)
    where = {d.path: split for split in SPLITS for d in selections["java"].documents[split]}
    assert where["twin.java"] == where["j3.java"]


def test_what_nearly_repeats_a_held_out_program_leaves_training_with_its_translations() -> None:
    found = {language: [document(language, f"{language}{n}", f"{n}", 200) for n in range(30)] for language in ENDINGS}
    before = selected(found)
    held = before["python"].documents["test"][0]
    victim = before["python"].documents["training"][0]
    copy = Document(victim.repository, victim.path, "MIT", held.text.replace("begin_", "start_"), victim.program)
    found["python"][found["python"].index(victim)] = copy
    after = selected(found)
    assert held in after["python"].documents["test"]
    for language in ENDINGS:
        assert victim.program not in programs_of(after[language], "training")
        assert after[language].dropped == {"near_duplicate": 1}


@given(
    has=st.lists(st.sets(st.sampled_from(["python", "java", "rust"]), min_size=2), min_size=3, max_size=60),
    sizes=st.randoms(use_true_random=False),
)
def test_every_language_with_three_programs_has_each_split(has: list[set[str]], sizes: object) -> None:
    documents = {
        language: [
            Document("r", f"{n}", "MIT", "x" * sizes.randint(50, 500), f"{n}")  # type: ignore[attr-defined]
            for n, speakers in enumerate(has)
            if language in speakers
        ]
        for language in ("python", "java", "rust")
    }
    chosen = program_splits(documents, SHARES)
    for found in documents.values():
        if len(found) >= 12 * 3:
            assert {chosen[one.program] for one in found if one.program} == set(SPLITS)
        if found and len(found) >= 3:
            assert "training" in {chosen[one.program] for one in found if one.program}
    assert chosen == program_splits(documents, SHARES)


def one_program(tmp_path: Path, value: object) -> str | None:
    """What a table's reader makes of ``value`` in its program column."""
    row = {"text": "x", "program": value}
    (tmp_path / "ids.jsonl").write_text(json.dumps(row))
    section = TableSource(kind="table", path="ids.jsonl", language="python", program_column="program")
    registry = load_registry()
    reading = Reading({".py": "python"}, registry, tmp_path, tmp_path)
    (record,) = TableReader(section, reading).records(Silent())
    return record.program


@pytest.mark.parametrize(
    ("value", "program"),
    [("a", "a"), (3, "3"), (3.0, "3"), (2.5, "2.5"), (None, None), ("", None), (" \t", None), (float("nan"), None)],
)
def test_a_programs_id_is_text_or_a_number_and_what_is_empty_is_none(
    tmp_path: Path, value: object, program: str | None
) -> None:
    """A column of whole numbers of which some are missing is one of floats: 3.0 there is 3 elsewhere."""
    assert one_program(tmp_path, value) == program


@pytest.mark.parametrize("value", [True, ["a"], {"id": 1}, "\ud800"])
def test_what_is_no_programs_id_is_refused_with_its_row(tmp_path: Path, value: object) -> None:
    with pytest.raises(UserError, match=r"ids\.jsonl, row 1, program: is no ") as refused:
        one_program(tmp_path, value)
    assert "\n" not in str(refused.value)


def test_ids_in_parquet_may_be_bytes_dates_and_decimals(tmp_path: Path) -> None:
    columns = {"b": [b"7"], "d": [date(2025, 1, 2)], "n": [Decimal("7.0")], "f": [7.0]}
    pq.write_table(pa.table({"text": ["x"], **columns}), tmp_path / "ids.parquet")
    registry = load_registry()
    reading = Reading({".py": "python"}, registry, tmp_path, tmp_path)
    found = []
    for column in columns:
        section = TableSource(kind="table", path="ids.parquet", language="python", program_column=column)
        found += [record.program for record in TableReader(section, reading).records(Silent())]
    assert found == ["7", "2025-01-02", "7", "7"]


@pytest.mark.parametrize("programs", [1, 2])
def test_too_few_programs_for_three_splits_are_told_as_that(programs: int) -> None:
    found = {
        language: [document(language, f"{language}{n}", f"{n % programs}") for n in range(30)] for language in ENDINGS
    }
    with pytest.raises(UserError, match=rf"has only {programs} programs for three splits, in 30 documents") as refused:
        selected(found)
    assert "program_column" in str(refused.value)


def test_a_file_whose_name_is_no_text_is_refused_in_one_line(tmp_path: Path, config: StudyConfig) -> None:
    for language in ("python", "java", "rust"):
        write_repositories(tmp_path / "code", language, 5, 4)
    (tmp_path / "code" / "repo0" / os.fsdecode(b"x\xff.py")).write_text(code("python", 77))
    section = CorpusSection(sources=(FolderSource(kind="folder", path="code"),), vocabulary=300)
    with pytest.raises(UserError, match=r"python\.parquet: cannot be written: .*x.*\.py.* is no UTF-8 text; rename"):
        build_corpus(config.model_copy(update={"corpus": section}), StudyFolder(tmp_path), Silent())


def edited(text: str, first: int, every: int) -> str:
    """``text``, as long as it was, with every so many lines changed from the ``first`` one on."""
    lines = text.splitlines(keepends=True)
    for k in range(first, len(lines), every):
        lines[k] = lines[k].replace("_", "-")
    return "".join(lines)


def changed(documents: list[Document], old: Document, text: str) -> Document:
    """The document that stands among ``documents`` in place of ``old``."""
    new = Document(old.repository, old.path, old.licence, text, old.program)
    documents[documents.index(old)] = new
    return new


def test_what_nearly_repeats_a_near_duplicate_of_a_held_out_program_does_not_train() -> None:
    """The near duplicate is gone, but its translations are what a model is judged on."""
    found = {language: [document(language, f"{language}{n}", f"{n}", 200) for n in range(40)] for language in ENDINGS}
    before = selected(found)["python"].documents
    first, second, third = before["test"][0], before["validation"][0], before["training"][0]
    changed(found["python"], second, edited(first.text, 3, 24))
    copy = changed(found["python"], third, edited(edited(first.text, 3, 24), 15, 24))
    assert near_duplicates(signatures_of_texts([first, copy], 0.8), 0.8) == {}
    after = selected(found)
    assert second.program in programs_of(after["java"], "validation")
    assert second.program not in programs_of(after["python"], "validation")
    for language in ENDINGS:
        assert third.program not in programs_of(after[language], "training")


def test_what_nearly_repeats_a_held_out_program_over_the_cap_does_not_train() -> None:
    """Java's document of a program is over the cap, and Python's is what a model is judged on."""
    found = {language: [document(language, f"{language}{n}", f"{n}", 60) for n in range(60)] for language in ENDINGS}
    section = CorpusSection(max_bytes_per_language=sum(one.size for one in found["python"][:48]))

    def capped() -> dict[str, Selection]:
        return select({language: Candidates(list(one)) for language, one in found.items()}, section, lambda _: None)

    before = capped()
    taken = {one.program for split in SPLITS for one in before["java"].documents[split]}
    held = programs_of(before["python"], "test") | programs_of(before["python"], "validation")
    over = next(one for one in found["java"] if one.program in held - taken)
    victim = before["java"].documents["training"][0]
    changed(found["java"], victim, over.text.replace("begin_", "start_"))
    after = capped()
    assert over.program in programs_of(after["python"], "test") | programs_of(after["python"], "validation")
    for language in ENDINGS:
        assert victim.program not in programs_of(after[language], "training")
    assert all(one.path != over.path for split in SPLITS for one in after["java"].documents[split])

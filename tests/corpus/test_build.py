"""A whole corpus, built from generated repositories and packages: contents, resuming, refusals, and the reader."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from codescale.corpus import build as build_module
from codescale.corpus import tokenization
from codescale.corpus.build import build_corpus
from codescale.corpus.document import Document
from codescale.corpus.manifest import Manifest
from codescale.corpus.reader import SPLITS, open_corpus, read_shard
from codescale.corpus.selection import Candidates, select
from codescale.corpus.shards import write_shard
from codescale.corpus.tokenizer import load_tokenizer
from codescale.errors import UserError
from codescale.progress import Silent
from codescale.study.config import StudyConfig
from codescale.study.corpus import CorpusSection, FolderSource, PackageIndexSource
from codescale.study.folder import StudyFolder
from tests.corpus.corpus_material import Index, code, make_sdist, pinned, running, write_repositories


def with_corpus(config: StudyConfig, **settings: Any) -> StudyConfig:
    section = {"sources": (FolderSource(kind="folder", path="code"),), "vocabulary": 300} | settings
    return config.model_copy(update={"corpus": CorpusSection(**section)})


@pytest.fixture
def study(tmp_path: Path) -> StudyFolder:
    """Six Python and six Java repositories, and two in Rust, whose splits are by folder."""
    write_repositories(tmp_path / "code", "python", 6, 4)
    write_repositories(tmp_path / "code", "java", 6, 4, start=100_000)
    write_repositories(tmp_path / "code", "rust", 2, 8, start=200_000)
    return StudyFolder(tmp_path)


@pytest.fixture
def study_config(config: StudyConfig) -> StudyConfig:
    return with_corpus(config)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.suffix in (".arrow", ".json")}


def test_manifest_and_reader_agree(study: StudyFolder, study_config: StudyConfig) -> None:
    manifest = build_corpus(study_config, study, Silent())
    assert manifest == Manifest.read(study.manifest, "")
    assert json.loads(json.dumps(manifest.content())) == json.loads(study.manifest.read_text(encoding="utf-8"))
    corpus = open_corpus(study.corpus)
    assert corpus.languages == study_config.languages
    assert corpus.corpus_id == manifest.corpus_id
    tokenizer = load_tokenizer(study.corpus / "tokenizer.json")
    for language in corpus.languages:
        rows = pq.read_table(study.corpus / "documents" / f"{language}.parquet").to_pylist()
        for split in SPLITS:
            documents = corpus.documents(language, split)
            texts = [row["text"] for row in rows if row["split"] == split]
            assert documents.offsets.dtype == np.int64
            assert documents.tokens.dtype == np.uint16
            assert len(documents.tokens) == documents.offsets[-1] == corpus.count_tokens(language, split)
            borders = zip(documents.offsets[:-1], documents.offsets[1:], strict=True)
            pieces = [documents.tokens[begin:end] for begin, end in borders]
            assert all(piece[-1] == 0 for piece in pieces)
            assert [tokenizer.decode(piece[:-1]) for piece in pieces] == texts
            size = sum(len(text.encode()) for text in texts)
            assert manifest.languages[language].bytes[split] == size
            assert corpus.bytes_per_token(language, split) == pytest.approx(size / len(documents.tokens))
    assert manifest.languages["python"].split_by == "package"
    assert manifest.languages["rust"].split_by == "folder"


def test_shards_are_mapped_not_copied(study: StudyFolder, study_config: StudyConfig) -> None:
    build_corpus(study_config, study, Silent())
    documents = open_corpus(study.corpus, verify=False).documents("python", "training")
    assert not documents.tokens.flags.owndata
    assert not documents.tokens.flags.writeable
    assert not documents.offsets.flags.owndata


def test_a_finished_corpus_is_left_alone(
    study: StudyFolder, study_config: StudyConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = build_corpus(study_config, study, Silent())
    monkeypatch.setattr(build_module, "open_source", lambda *_: pytest.fail("the sources were opened"))
    assert build_corpus(study_config, study, Silent()) == manifest


def test_another_configuration_is_another_corpus(study: StudyFolder, study_config: StudyConfig) -> None:
    first = build_corpus(study_config, study, Silent())
    fewer = study_config.model_copy(update={"languages": ("java", "python")})
    second = build_corpus(fewer, study, Silent())
    assert second.corpus_id != first.corpus_id
    assert not list(study.corpus.rglob("rust*"))
    (study.corpus / ".java.test.arrow.1234.tmp").write_bytes(b"half of a kill")
    again = build_corpus(study_config, study, Silent())
    assert not list(study.corpus.glob(".*"))
    assert again.corpus_id == first.corpus_id, "the same configuration gives the same corpus"


@pytest.mark.parametrize(
    ("module", "step"),
    [
        (build_module, "_collect"),
        (build_module, "write_selection"),
        (build_module, "save_tokenizer"),
        (tokenization, "write_tokens"),
        (tokenization, "join_shards"),
        (build_module, "Manifest"),
    ],
)
def test_killed_at_any_step_it_goes_on(
    study: StudyFolder, study_config: StudyConfig, monkeypatch: pytest.MonkeyPatch, module: ModuleType, step: str
) -> None:
    class Killed(BaseException):
        pass

    calls = 0
    whole = getattr(module, step)

    def killing(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == (1 if step in ("_collect", "save_tokenizer", "Manifest") else 2):
            raise Killed
        return whole(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(module, step, killing)
        with pytest.raises(Killed):
            build_corpus(study_config, study, Silent())
    assert not study.manifest.exists()
    if step not in ("_collect", "write_selection"):
        # The sources are not read again: what was selected is kept.
        (study.root / "code").rename(study.root / "gone")
        (study.root / "code").mkdir()
    resumed = build_corpus(study_config, study, Silent())
    undisturbed = StudyFolder(study.root / "other")
    (undisturbed.root / "code").mkdir(parents=True)
    source = study.root / ("gone" if (study.root / "gone").exists() else "code")
    (undisturbed.root / "code").rmdir()
    (undisturbed.root / "code").symlink_to(source)
    assert build_corpus(study_config, undisturbed, Silent()).corpus_id == resumed.corpus_id
    for name, one in content(study.corpus).items():
        assert name == "manifest.json" or content(undisturbed.corpus)[name] == one


def test_a_broken_shard_is_named_and_mended(study: StudyFolder, study_config: StudyConfig) -> None:
    build_corpus(study_config, study, Silent())
    shard = study.corpus / "java.validation.arrow"
    whole = shard.read_bytes()
    shard.write_bytes(whole[:-8])
    for verify in (True, False):
        with pytest.raises(UserError, match=r"java\.validation\.arrow: is truncated.*run codescale corpus again"):
            open_corpus(study.corpus, verify=verify)
    shard.write_bytes(whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:])
    with pytest.raises(UserError, match=r"java\.validation\.arrow: is altered"):
        open_corpus(study.corpus)
    open_corpus(study.corpus, verify=False)
    shard.unlink()
    with pytest.raises(UserError, match="is missing"):
        open_corpus(study.corpus, verify=False)
    build_corpus(study_config, study, Silent())
    assert shard.read_bytes() == whole


def test_the_readers_other_refusals(study: StudyFolder, study_config: StudyConfig) -> None:
    with pytest.raises(UserError, match=r"manifest\.json: no such file.*run codescale corpus"):
        open_corpus(study.corpus)
    build_corpus(study_config, study, Silent())
    with pytest.raises(UserError, match="'cobol' is not in the corpus"):
        open_corpus(study.corpus).documents("cobol", "training")
    with pytest.raises(ValueError, match="holdout"):
        open_corpus(study.corpus).documents("python", "holdout")
    manifest = json.loads(study.manifest.read_text(encoding="utf-8"))
    manifest["languages"]["rust"]["tokens"]["test"] = 0
    study.manifest.write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(UserError, match="rust has no tokens in the test split"):
        open_corpus(study.corpus)
    study.manifest.write_text("{}", encoding="utf-8")
    with pytest.raises(UserError, match="not a corpus manifest"):
        open_corpus(study.corpus)


def test_a_worker_imports_nothing_that_only_building_needs() -> None:
    program = (
        "import sys, codescale.corpus.reader\n"
        "heavy = {'tokenizers', 'datasketch', 'unearth', 'torch', 'ray', 'scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])


@pytest.mark.parametrize("split", ["validation", "test"])
def test_near_duplicates_across_splits_leave_training(split: str) -> None:
    section = CorpusSection()
    documents = [
        Document(f"repo{r}", f"f{n}.py", "MIT", code("python", 100 * r + n, 200)) for r in range(10) for n in range(4)
    ]
    before = select({"python": Candidates(documents)}, section, lambda _: None)["python"]
    held_out = before.documents[split][0]
    training = before.documents["training"][0]
    copy = Document(training.repository, training.path, "MIT", held_out.text.replace("begin_", "start_"))
    documents[documents.index(training)] = copy
    after = select({"python": Candidates(documents)}, section, lambda _: None)["python"]
    assert after.units == before.units
    assert held_out in after.documents[split]
    assert copy not in after.documents["training"]
    assert after.dropped == {"near_duplicate": 1}


def test_exact_duplicates_stay_once(study: StudyFolder, study_config: StudyConfig) -> None:
    original = next((study.root / "code" / "repo1").rglob("*.py"))
    twin = study.root / "code" / "repo2" / "twin.py"
    twin.write_bytes(original.read_bytes())
    manifest = build_corpus(study_config, study, Silent())
    assert manifest.languages["python"].dropped == {"exact_duplicate": 1}
    rows = pq.read_table(study.corpus / "documents" / "python.parquet").to_pylist()
    assert len([row for row in rows if row["text"] == original.read_text(encoding="utf-8")]) == 1


def test_refusals_name_the_language(study: StudyFolder, study_config: StudyConfig) -> None:
    with pytest.raises(UserError, match=r"corpus, go: has no documents after cleaning"):
        build_corpus(study_config.model_copy(update={"languages": ("python", "go")}), study, Silent())
    (study.root / "code" / "repo0" / "a.go").write_text("package a\n" * 20, encoding="utf-8")
    with pytest.raises(UserError, match=r"corpus, go: has only 1 documents for three splits"):
        build_corpus(study_config.model_copy(update={"languages": ("python", "go")}), study, Silent())
    assert not study.manifest.exists()


def test_a_new_source_that_is_wrong_leaves_the_corpus_that_was_there(
    study: StudyFolder, study_config: StudyConfig
) -> None:
    manifest = build_corpus(study_config, study, Silent())
    before = content(study.corpus)
    wrong = with_corpus(study_config, sources=(FolderSource(kind="folder", path="nowhere"),))
    with pytest.raises(UserError, match="nowhere"):
        build_corpus(wrong, study, Silent())
    assert content(study.corpus) == before
    assert build_corpus(study_config, study, Silent()) == manifest


def test_an_empty_folder_is_refused(tmp_path: Path, study_config: StudyConfig) -> None:
    (tmp_path / "code").mkdir()
    with pytest.raises(UserError, match="holds no file"):
        build_corpus(study_config, StudyFolder(tmp_path), Silent())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(study: StudyFolder, study_config: StudyConfig) -> None:
    study.root.chmod(0o555)
    with pytest.raises(UserError, match="cannot be written"):
        build_corpus(study_config, study, Silent())


def test_from_a_package_index(tmp_path: Path, config: StudyConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = []
    for number in range(6):
        files = {f"src/m{k}.py": code("python", 10 * number + k) for k in range(3)}
        files |= {f"src/A{k}.java": code("java", 500 + 10 * number + k) for k in range(3)}
        packages.append(pinned(make_sdist(tmp_path / "index", f"alpha{number}", files), ("python", "java")))
    catalogue = {"packages": [package.model_dump(mode="json") for package in packages]}
    study = StudyFolder(tmp_path / "study")
    study.root.mkdir()
    (study.root / "catalogue.yaml").write_text(yaml.safe_dump(catalogue), encoding="utf-8")
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    chosen = with_corpus(config, sources=(PackageIndexSource(kind="package_index", catalogue="catalogue.yaml"),))
    chosen = chosen.model_copy(update={"languages": ("python",)})
    with running(Index(tmp_path / "index")) as index:
        monkeypatch.setenv("PIP_INDEX_URL", index.url)
        manifest = build_corpus(chosen, study, Silent())
    assert [source.name for source in manifest.sources] == [f"alpha{n}" for n in range(6)]
    assert manifest.languages["python"].licences == {"MIT": 18}
    assert list(manifest.languages) == ["python"]
    # Another language later, without a network: the downloads are there.
    later = build_corpus(chosen.model_copy(update={"languages": ("python", "java")}), study, Silent())
    assert sum(later.languages["java"].documents.values()) == 18


@given(
    st.lists(st.lists(st.integers(0, 70_000), min_size=1, max_size=20), min_size=1, max_size=10),
    st.sampled_from([70_001, 2**16]),
)
def test_shards_hold_what_was_written(tmp_path_factory: pytest.TempPathFactory, rows: list[list[int]], v: int) -> None:
    rows = [[min(token, v - 1) for token in row] for row in rows]
    path = tmp_path_factory.mktemp("shard") / "x.arrow"
    shard = write_shard(path, (np.array(row, dtype=np.uint32) for row in rows), v)
    found = read_shard(path)
    assert found.tokens.dtype == (np.uint16 if v == 2**16 else np.uint32)
    assert [found.tokens[a:b].tolist() for a, b in zip(found.offsets, found.offsets[1:], strict=False)] == rows
    assert (shard.documents, shard.tokens) == (len(rows), sum(map(len, rows)))

"""The corpus streams: the same bytes for any number of processes, whatever was killed, and from nothing but parts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codescale.corpus import cleaned_parts, selection_file, spread
from codescale.corpus.build import build_corpus
from codescale.corpus.cleaned_parts import Cleaning, PartFolder, RawBatch, clean_in_parts, raw_batches
from codescale.corpus.document import Document
from codescale.corpus.local_processes import LocalProcesses
from codescale.corpus.minhash import band_shape
from codescale.corpus.near_duplicates import near_duplicates, signatures_of_texts
from codescale.corpus.record import Record
from codescale.corpus.selection import Candidates, select
from codescale.corpus.shards import join_shards, write_shard
from codescale.corpus.stored_documents import stored_candidates, stored_signatures
from codescale.errors import UserError
from codescale.progress import Silent
from codescale.study.config import StudyConfig
from codescale.study.corpus import CorpusSection, FolderSource
from codescale.study.folder import StudyFolder
from tests.corpus.corpus_material import code, write_repositories


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches and row groups of a few documents each, all of them spread."""
    monkeypatch.setattr(cleaned_parts, "_BATCH_BYTES", 8_000)
    monkeypatch.setattr(selection_file, "_GROUP_BYTES", 4_000)
    monkeypatch.setattr(spread, "_HERE", 0)


@pytest.fixture
def study(tmp_path: Path) -> StudyFolder:
    write_repositories(tmp_path / "code", "python", 6, 6)
    write_repositories(tmp_path / "code", "java", 6, 6, start=100_000)
    write_repositories(tmp_path / "code", "rust", 2, 8, start=200_000)
    for repository in ("repo1", "repo4"):  # an exact duplicate, and near ones of the same file
        text = code("python", 1, 60)
        (tmp_path / "code" / repository / "twin.py").write_text(text, encoding="utf-8")
        (tmp_path / "code" / repository / "near.py").write_text(f"{text}x{repository}\n", encoding="utf-8")
    return StudyFolder(tmp_path)


@pytest.fixture
def study_config(config: StudyConfig) -> StudyConfig:
    section = CorpusSection(sources=(FolderSource(kind="folder", path="code"),), vocabulary=300)
    return config.model_copy(update={"corpus": section})


def shards(study: StudyFolder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in study.corpus.glob("*.*") if path.name != "manifest.json"}


def beside(study: StudyFolder, name: str) -> StudyFolder:
    """Another study of the same code."""
    other = StudyFolder(study.root / name)
    other.root.mkdir()
    (other.root / "code").symlink_to(study.root / "code")
    return other


def test_any_number_of_processes_and_any_size_of_pieces_give_the_same_corpus(
    study: StudyFolder, study_config: StudyConfig, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    whole = build_corpus(study_config, study, Silent())
    assert whole.languages["python"].dropped == {"exact_duplicate": 1, "near_duplicate": 2}
    request.getfixturevalue("small_pieces")
    for count in (1, 2):
        other = beside(study, f"by{count}")
        built = build_corpus(study_config, other, Silent(), LocalProcesses(count))
        assert built.model_copy(update={"seconds": 0}) == whole.model_copy(
            update={"seconds": 0, "sources": built.sources}
        )
        assert shards(other) == shards(study)
        assert not (other.corpus / "parts").exists()


class Killed(BaseException):
    """Ends a build as a kill does."""


class KillingSpread:
    """Spreads over this process, and dies after so many results."""

    def __init__(self, after: int) -> None:
        self.left = after
        self.done = 0

    def __call__(self, work: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            if not self.left:
                raise Killed
            self.left -= 1
            self.done += 1
            yield work(item)


@pytest.mark.usefixtures("small_pieces")
def test_what_a_killed_build_has_done_is_not_done_again(study: StudyFolder, study_config: StudyConfig) -> None:
    undisturbed = beside(study, "undisturbed")
    everything = KillingSpread(10**9)
    build_corpus(study_config, undisturbed, Silent(), everything)
    done = 0
    for after in (1, 2, 5, 13, 1, 21, 10**9):
        killing = KillingSpread(after)
        try:
            build_corpus(study_config, study, Silent(), killing)
        except Killed:
            assert not study.manifest.exists()
        done += killing.done
    assert study.manifest.exists()
    assert shards(study) == shards(undisturbed)
    # A result that was there when the build was killed may not have been written yet.
    assert everything.done <= done <= everything.done + 6


@pytest.mark.usefixtures("small_pieces")
def test_changed_files_are_cleaned_again_and_others_are_not(study: StudyFolder, study_config: StudyConfig) -> None:
    with pytest.raises(Killed):
        build_corpus(study_config, study, Silent(), KillingSpread(9))
    (study.root / "code" / "repo0" / "part0" / "file0.java").write_text(code("java", 7, 40), encoding="utf-8")
    build_corpus(study_config, study, Silent())
    fresh = beside(study, "fresh")
    build_corpus(study_config, fresh, Silent())
    assert shards(study) == shards(fresh)


def test_a_broken_part_is_made_again(tmp_path: Path) -> None:
    records = [Record("python", "r", f"{n}.py", code("python", n).encode()) for n in range(4)]
    parts = PartFolder(tmp_path)
    cleaning = Cleaning(CorpusSection(), frozenset({"python"}), band_shape(0.8))
    done: list[str] = []

    def spread_of(work: Callable[[Any], Any], items: Iterable[RawBatch]) -> Iterator[Any]:
        for item in items:
            done.append(item.key)
            yield work(item)

    def clean() -> int:
        return clean_in_parts(raw_batches(records, "mark"), cleaning, parts, spread_of)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cleaned_parts, "_BATCH_BYTES", 1)
        patch.setattr(spread, "_HERE", 0)
        assert clean() == len(done) == 4
        assert clean() == len(done) == 4
        parts.texts(2).write_bytes(parts.texts(2).read_bytes()[:-1])
        (tmp_path / "000001.arrow").write_bytes(b"broken")
        clean()
    assert done[4:] == [done[1], done[2]]


def test_documents_on_the_disk_are_selected_as_those_in_memory(tmp_path: Path) -> None:
    records = [
        Record("python", f"repo{r}", f"f{n}.py", (code("python", 10 * r + n % 7, 60) + f"# {n // 7}\n").encode())
        for r in range(7)
        for n in range(12)
    ]
    section = CorpusSection(max_bytes_per_language=150_000)
    parts = PartFolder(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cleaned_parts, "_BATCH_BYTES", 10_000)
        batches = raw_batches(records, "mark")
        count = clean_in_parts(
            batches, Cleaning(section, frozenset({"python"}), band_shape(0.8)), parts, LocalProcesses(1)
        )
    stored = stored_candidates(parts, count, ["python"])
    memory = {"python": Candidates([Document(r.repository, r.path, r.licence, r.content.decode()) for r in records])}
    similarity = section.near_duplicate_similarity
    documents = stored["python"].documents
    assert [document.text for document in documents] == [record.content.decode() for record in records]
    assert near_duplicates(stored_signatures(documents, similarity), similarity) == near_duplicates(
        signatures_of_texts(memory["python"].documents, similarity), similarity
    )
    one = select(stored, section, lambda _: None, stored_signatures)["python"]
    other = select(memory, section, lambda _: None)["python"]
    assert one.dropped == other.dropped
    assert one.dropped["near_duplicate"] > 0
    for split, found in other.documents.items():
        assert [d.text for d in one.documents[split]] == [d.text for d in found]


@pytest.mark.parametrize("vocabulary", [300, 70_000])
@pytest.mark.parametrize("programs", [(), ("a", None, "b", None, "c")])
def test_joined_shards_are_the_shard_of_all(tmp_path: Path, vocabulary: int, programs: tuple[str | None, ...]) -> None:
    documents = [np.arange(length, dtype=np.uint32) for length in (5, 1, 257, 30, 2)]
    whole = write_shard(tmp_path / "whole.arrow", documents, vocabulary, programs)
    pieces = [tmp_path / f"{name}.arrow" for name in "abc"]
    for piece, some in zip(pieces, (documents[:2], documents[2:4], documents[4:]), strict=True):
        write_shard(piece, some, vocabulary)
    joined = join_shards(tmp_path / "joined.arrow", pieces, vocabulary, programs)
    assert (tmp_path / "joined.arrow").read_bytes() == (tmp_path / "whole.arrow").read_bytes()
    assert (joined.sha256, joined.documents, joined.tokens) == (whole.sha256, whole.documents, whole.tokens)


def test_results_come_in_order_however_long_each_takes() -> None:
    assert list(LocalProcesses(3)(time.sleep, [0.05, 0.0, 0.02, 0.0, 0.0])) == [None] * 5
    assert list(LocalProcesses(3)(abs, range(-20, 0))) == list(range(20, 0, -1))


def test_large_items_and_results_do_not_block_each_other() -> None:
    items = [bytes([number]) * 2_000_000 for number in range(12)]
    assert list(LocalProcesses(2)(bytes.upper, items)) == items


def test_a_process_that_is_killed_is_said() -> None:
    with pytest.raises(UserError, match="ended by itself"):
        list(LocalProcesses(2)(os._exit, [3, 3]))
    with pytest.raises(RuntimeError, match="TypeError"):
        list(LocalProcesses(1)(len, [1]))


def test_a_process_that_cleans_or_tokenizes_loads_little() -> None:
    program = (
        "import sys, numpy, codescale.corpus.cleaned_parts as parts, codescale.corpus.encoding\n"
        "parts.minima_of([b'a b c d e f'])\n"
        "heavy = {'datasketch', 'scipy', 'torch', 'ray', 'transformers', 'unearth'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])


_SLEEPING = """
import os, sys, time
from codescale.corpus.local_processes import LocalProcesses
def items():
    yield 60
    print("started", flush=True)
    time.sleep(60)
    yield 60
list(LocalProcesses(1)(time.sleep, items()))
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc")
def test_processes_end_with_their_parent_however_it_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", _SLEEPING], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"started\n"
        children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text(encoding="ascii").split()
        assert children
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        waited = time.monotonic()
        while any(_is_alive(int(child)) for child in children) and time.monotonic() - waited < 30:
            time.sleep(0.05)
        assert not any(_is_alive(int(child)) for child in children)


def _is_alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


_BUILD = """
import sys
from pathlib import Path
from codescale.corpus import cleaned_parts, selection_file, spread
from codescale.corpus.build import build_corpus
from codescale.corpus.local_processes import LocalProcesses
from codescale.progress import Silent
from codescale.study.corpus import CorpusSection, FolderSource
from codescale.study.folder import StudyFolder
from tests.tiny_study import tiny_study
cleaned_parts._BATCH_BYTES, selection_file._GROUP_BYTES, spread._HERE = 8_000, 4_000, 0
section = CorpusSection(sources=(FolderSource(kind="folder", path="code"),), vocabulary=300)
config = tiny_study().model_copy(update={"corpus": section})
build_corpus(config, StudyFolder(Path(sys.argv[1])), Silent(), LocalProcesses(2))
"""


def test_killed_with_9_it_goes_on_to_the_same_bytes(study: StudyFolder, study_config: StudyConfig) -> None:
    undisturbed = beside(study, "undisturbed")
    build_corpus(study_config, undisturbed, Silent())
    killed_with_parts = 0
    for pieces in (2, 6, 11):
        with subprocess.Popen([sys.executable, "-c", _BUILD, str(study.root)]) as build:
            while build.poll() is None and len(list(study.corpus.rglob("*.arrow"))) < pieces:
                time.sleep(0.005)
            build.kill()
            build.wait()
        killed_with_parts += (study.corpus / "parts").exists() and not study.manifest.exists()
    assert killed_with_parts > 0, "the build was never killed in the middle"
    subprocess.run([sys.executable, "-c", _BUILD, str(study.root)], check=True)
    assert shards(study) == shards(undisturbed)
    assert not list(study.corpus.rglob("*.tmp"))

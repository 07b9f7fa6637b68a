"""The stages that `chaos.py` disturbs: what each is given, how far it is, and what has to hold when it has ended."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any, Protocol

import pyarrow.parquet as pq
import yaml
from corpus_material import write_material

from codescale.files import read_json
from codescale.runs.records import RunRecord, read_records
from codescale.stages.study import Study
from codescale.study.folder import StudyFolder
from codescale.training.loop.claim import claimed_runs

KEPT = Path(__file__).resolve().parents[1] / "tests" / "fixtures" / "study_e8b6a9a"
MATERIAL_BYTES = 60_000_000
"""Of code that the corpus is made of: five times what a build does by itself before it hands out the rest."""
RUNS_BETWEEN = 3
"""Runs that end between two kills, about."""


class Disturbed(Protocol):
    """A stage of a study; ``faults`` are what was done twice, as far as that could be seen on the way."""

    name: str
    folder: StudyFolder
    faults: list[str]

    def look(self) -> int:
        """How many pieces of its work are done."""
        ...

    def check(self) -> dict[str, Any]:
        """Asserts that nothing is missing and nothing there twice; returns what there was to do."""
        ...


def run_alone(command: str, folder: Path) -> None:
    """Does ``codescale COMMAND`` on this machine, without a cluster and undisturbed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    subprocess.run(
        [sys.executable, "-m", "codescale.cli", command, str(folder)],
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )


class Corpus:
    """Code that lies on this machine becomes a corpus, here undisturbed and then, the same, on the machines."""

    name = "corpus"

    def __init__(self, root: Path) -> None:
        self.faults: list[str] = []
        self._seen: dict[Path, tuple[int, int]] = {}
        write_material(root / "material", [Path(sysconfig.get_path("purelib"))], MATERIAL_BYTES)
        self._undisturbed = StudyFolder(root / "undisturbed")
        self.folder = StudyFolder(root / "corpus")
        for folder in (self._undisturbed.root, self.folder.root):
            _write_study(folder, _of_tables(root / "material"))
        run_alone("corpus", self._undisturbed.root)

    def look(self) -> int:
        """Parts that are cleaned, files of documents, and pieces that are tokens."""
        for path in [*(self.folder.corpus / "parts").glob("*/*.arrow"), *self.folder.corpus.glob("*/*.parquet")]:
            _look_at(path, self._seen, self.faults)
        return len(self._seen)

    def check(self) -> dict[str, Any]:
        """Every file of the corpus is that of the undisturbed one, to the last bit; of the manifest, all but the time
        that it took.
        """
        ours, theirs = (_contents(folder.corpus) for folder in (self.folder, self._undisturbed))
        assert ours == theirs, sorted(name for name in ours.keys() | theirs if ours.get(name) != theirs.get(name))
        manifests = [read_json(folder.manifest) | {"seconds": 0} for folder in (self.folder, self._undisturbed)]
        assert manifests[0] == manifests[1]
        return {"corpus": manifests[0]["corpus_id"], "files": len(ours), "pieces": self.look()}


class Runs:
    """A stage of runs on the small corpus that lies with the tests."""

    def __init__(self, root: Path, name: str, kills: int, tokens: int) -> None:
        self.name, self.folder = name, StudyFolder(root / name)
        self.faults: list[str] = []
        self._seen: dict[Path, tuple[int, int]] = {}
        self._finished: dict[str, float] = {}
        _write_study(self.folder.root, _of_runs(RUNS_BETWEEN * kills + 4, tokens))
        shutil.copytree(KEPT / "corpus", self.folder.corpus)
        shutil.copy(KEPT / "law.json", self.folder.law)

    def look(self) -> int:
        """How many runs are done; none of them may be written again, or given to a worker."""
        for path in self.folder.runs.glob("*.json"):
            _look_at(path, self._seen, self.faults)
            self._finished.setdefault(path.stem, path.stat().st_mtime)
        for claim in claimed_runs(self.folder):
            for run_id in claim.runs:
                if run_id in self._finished and (claim.since or 0.0) > self._finished[run_id] + 0.5:
                    self.faults.append(f"{run_id} was given to a worker after it was done")
        return len(self._seen)

    def check(self) -> dict[str, Any]:
        """All runs that were to be done are there and ended well, and the table has each of their rows once."""
        records = read_records(self.folder.runs)
        failed = {record.spec.run_id: record.note for record in records if record.status != "ok"}
        assert not failed, failed
        self._check_complete(records)
        columns = pq.read_table(self.folder.runs_table, columns=["run_id", "n_tokens"])
        rows = list(zip(columns["run_id"].to_pylist(), columns["n_tokens"].to_pylist(), strict=True))
        assert sorted(rows) == sorted((row["run_id"], row["n_tokens"]) for one in records for row in one.rows())
        assert len(set(rows)) == len(rows), "a row is there twice"
        assert not claimed_runs(self.folder)
        return {"runs": len(records), "rows": len(rows)}

    def _check_complete(self, records: list[RunRecord]) -> None:
        done = {record.spec.run_id for record in records}
        if self.name == "sweep":
            planned = {spec.run_id for spec in Study(self.folder.root).plan()}
            assert done == planned, done ^ planned
            return
        numbers = sorted(int(run_id.split("-")[1]) for run_id in done)
        assert numbers == list(range(self.folder.config().search.most_trials)), numbers
        told = [trial for trial in read_json(self.folder.search)["trials"] if trial["number"] is not None]
        assert sorted((trial["number"], trial["state"]) for trial in told) == [(k, "COMPLETE") for k in numbers]


def _look_at(path: Path, seen: dict[Path, tuple[int, int]], faults: list[str]) -> None:
    """Notes down that ``path`` is there; a fault where it is another file than before."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return
    now = (stat.st_ino, stat.st_mtime_ns)
    if seen.setdefault(path, now) != now:
        faults.append(f"{path.name} was written again")
        seen[path] = now


def _contents(corpus: Path) -> dict[str, bytes]:
    found = (path for path in corpus.rglob("*") if path.is_file() and path.name != "manifest.json")
    return {str(path.relative_to(corpus)): path.read_bytes() for path in found}


def _write_study(folder: Path, changed: dict[str, Any]) -> None:
    """The study of the tests with other sections."""
    folder.mkdir()
    study = yaml.safe_load((KEPT / "study.yaml").read_text()) | changed
    study.pop("ray")
    (folder / "study.yaml").write_text(yaml.safe_dump(study))


def _of_tables(folder: Path) -> dict[str, Any]:
    tables = {"kind": "table", "path": str(folder), "path_column": "path", "repository_column": "repository"}
    corpus = {"sources": [tables], "vocabulary": 2_000, "max_bytes_per_language": 10**12}
    return {"languages": ["python"], "corpus": corpus}


def _of_runs(runs: int, tokens: int) -> dict[str, Any]:
    """A sweep of ``runs`` runs or more of ``tokens`` tokens, and a search of so many trials."""
    kept = yaml.safe_load((KEPT / "study.yaml").read_text())
    return {
        "training": kept["training"] | {"checkpoint_seconds": 0.5},
        "sweep": {"mixtures": {"count": max(6, runs), "sizes": ["small"], "tokens": [tokens]}},
        "search": kept["search"] | {"trials": runs, "tokens": tokens, "concurrency": 2, "prune": False},
        "target": kept["target"] | {"n_tokens": tokens},
    }

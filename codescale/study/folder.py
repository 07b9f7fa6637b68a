"""A study's folder: where each stage keeps its artifact."""

from __future__ import annotations

import shutil
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codescale.errors import UserError
from codescale.files import parse_yaml, read_yaml, write_passing, write_text
from codescale.progress import Progress
from codescale.storage.address import is_address, parse_address
from codescale.storage.holder import marked
from codescale.storage.working_copy import WorkingCopy
from codescale.study.config import StudyConfig, parse_study


@dataclass(frozen=True)
class StudyFolder:
    """The paths of a study's artifacts: every stage writes its own and reads those before it.

    Of a study that lives in a store ``root`` is this machine's ``working_copy`` of it; on its way to a worker such a
    folder becomes that of the worker's machine.
    """

    root: Path
    working_copy: WorkingCopy | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopened, (self.root, self.working_copy)

    @property
    def name(self) -> str:
        """What to call the study in a command."""
        return self.root.name if self.working_copy is None else str(self.working_copy.address)

    @property
    def checkpoint_storage(self) -> str:
        """Where Ray Train keeps checkpoints so that workers on all machines find them: a folder or an address."""
        return str(self.checkpoints) if self.working_copy is None else self.working_copy.address.within("checkpoints")

    def working(self, progress: Progress) -> AbstractContextManager[None]:
        """While a stage writes: whoever looks on is told who does; of a study in a store the lease is held, and what is
        finished goes there at once.
        """
        return marked(self.root) if self.working_copy is None else self.working_copy.working(progress)

    def publish(self) -> None:
        """Has the store of a study hold what was written, outside of :meth:`working`."""
        if self.working_copy is not None:
            self.working_copy.push()

    def upload(self, path: Path) -> None:
        """Has the store of a study hold the file ``path`` of a run, which a worker has just finished."""
        if self.working_copy is not None:
            self.working_copy.upload(path)

    def write_shared(self, path: Path, text: str) -> None:
        """Writes a short text that workers on all machines see at once; it need not outlive a failing disk."""
        if self.working_copy is None:
            write_passing(path, text)
        else:
            self.working_copy.store.put(self.working_copy.name(path), text.encode())

    def read_shared(self, path: Path) -> str | None:
        """What :meth:`write_shared` wrote; None where it was removed."""
        if self.working_copy is None:
            try:
                return path.read_text(encoding="utf-8")
            except FileNotFoundError:
                return None
        found = self.working_copy.store.read(self.working_copy.name(path))
        return None if found is None else found[0].decode()

    def list_shared(self, folder: Path, ending: str) -> list[Path]:
        """The files in ``folder`` that :meth:`write_shared` wrote and that are called ``*ending``, by name."""
        if self.working_copy is None:
            return sorted(folder.glob(f"*{ending}"))
        names = [one.name for one in self.working_copy.store.list(f"{self.working_copy.name(folder)}/")]
        return sorted(self.root / name for name in names if name.endswith(ending))

    def remove_shared(self, path: Path) -> None:
        """Nobody sees it any more."""
        if self.working_copy is None:
            path.unlink(missing_ok=True)
        else:
            self.working_copy.store.delete(self.working_copy.name(path))

    def discard_checkpoints(self, run_id: str) -> None:
        """Removes what there is of the checkpoints of a run that has ended."""
        for path in self.checkpoints.glob(f"{run_id}*"):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        if self.working_copy is not None:
            self.working_copy.remove(self.checkpoints / run_id)

    def fetch_result(self, path: Path) -> None:
        """Has the file ``path`` of a run be here where a worker on another machine has written it."""
        if self.working_copy is not None and not path.exists():
            self.working_copy.fetch(path)

    def fetch_results(self) -> None:
        """Has the results of runs be here that workers on other machines have written."""
        if self.working_copy is not None:
            self.working_copy.fetch_results()

    @property
    def config_file(self) -> Path:
        """The study's one configuration file."""
        return self.root / "study.yaml"

    @property
    def space_file(self) -> Path:
        """The study's own search space, which wins over the one that ``search.space`` names."""
        return self.root / "search_space.yaml"

    @property
    def corpus(self) -> Path:
        """Tokenizer, shards and manifest."""
        return self.root / "corpus"

    @property
    def manifest(self) -> Path:
        """The corpus manifest, written last: where it exists the corpus is whole."""
        return self.corpus / "manifest.json"

    @property
    def start(self) -> Path:
        """The models of the hub that runs start from, a folder each."""
        return self.root / "start"

    @property
    def start_facts(self) -> Path:
        """Which model that is: its revision and checksum."""
        return self.root / "start.json"

    @property
    def runs(self) -> Path:
        """One immutable JSON file per finished run."""
        return self.root / "runs"

    @property
    def checkpoints(self) -> Path:
        """Checkpoints of runs in progress; emptied as they finish."""
        return self.root / "checkpoints"

    @property
    def trainer_logs(self) -> Path:
        """What commands printed that train in place of our own core, of runs that failed."""
        return self.root / "trainer_logs"

    @property
    def models(self) -> Path:
        """Trained models, one folder each, as transformers opens them."""
        return self.root / "models"

    @property
    def runs_table(self) -> Path:
        """The runs table, compacted from ``runs``."""
        return self.root / "runs.parquet"

    @property
    def law(self) -> Path:
        """The fitted mixture law."""
        return self.root / "law.json"

    @property
    def scaling(self) -> Path:
        """Per language L = E + A N^-alpha + B D^-beta, with intervals."""
        return self.root / "scaling.json"

    @property
    def organisation(self) -> Path:
        """What pairing translations did, target by target, with intervals."""
        return self.root / "organisation.json"

    @property
    def synergy(self) -> Path:
        """The synergy matrix, with intervals."""
        return self.root / "synergy.json"

    @property
    def proportional(self) -> Path:
        """The paper's law, for the comparison with the paper."""
        return self.root / "proportional.json"

    @property
    def mixture(self) -> Path:
        """The mixture that the law predicts to be best."""
        return self.root / "mixture.yaml"

    @property
    def power(self) -> Path:
        """What was expected of the proof before the search, and the seeds that were chosen for it."""
        return self.root / "power.json"

    @property
    def search(self) -> Path:
        """What the search found: trials in order, the incumbent, what pruning saved."""
        return self.root / "search.json"

    @property
    def optuna(self) -> Path:
        """The search's trials as an Optuna journal, derived from the records: for ``optuna-dashboard``."""
        return self.root / "optuna.journal"

    @property
    def test_losses(self) -> Path:
        """One file per run of the comparison: its losses on the test split."""
        return self.root / "test_losses"

    @property
    def comparison(self) -> Path:
        """Uniform, predicted best and measured best, on the test split."""
        return self.root / "comparison.json"

    @property
    def evaluation(self) -> Path:
        """What the models do on held-out programs and translations."""
        return self.root / "evaluation.json"

    @property
    def evaluation_parts(self) -> Path:
        """One file for each evaluated model and language, by which an evaluation goes on."""
        return self.root / "evaluation"

    @property
    def ray(self) -> Path:
        """What Ray keeps while a stage runs; may be deleted between stages."""
        return self.root / ".ray"

    @property
    def timings(self) -> Path:
        """Seconds of every stage, and how many of them were orchestration."""
        return self.root / "timings.json"

    @property
    def tensorboard(self) -> Path:
        """Loss curves for TensorBoard."""
        return self.root / "tensorboard"

    @property
    def report(self) -> Path:
        """The self-contained page."""
        return self.root / "report.html"

    def config(self) -> StudyConfig:
        """The study's configuration. Raises :class:`UserError` where it is missing or wrong."""
        if not self.config_file.exists():
            named = self.root if self.working_copy is None else self.name
            where = self.config_file if self.working_copy is None else f"{named}/{self.config_file.name}"
            raise UserError(where, "no such file", f"make a study with: codescale init {named}")
        content = read_yaml(self.config_file)
        if isinstance(content, dict) and isinstance(content.get("languages_file"), str):
            content["languages_file"] = str(self.root / Path(content["languages_file"]).expanduser())
        return parse_study(content, self.config_file)

    def create(self, text: str) -> StudyConfig:
        """Writes ``text`` as the study's file after checking it; an existing file is never overwritten."""
        if self.config_file.exists():
            raise UserError(self.config_file, "exists already", "choose another folder, or edit the file")
        config = parse_study(parse_yaml(text), self.config_file)
        write_text(self.config_file, text)
        return config


def study_folder(place: str | Path) -> StudyFolder:
    """The study at ``place``, a folder or an address such as ``s3://bucket/study``; nothing is fetched yet.

    Raises :class:`UserError` for an address that is none.
    """
    if not is_address(place):
        return StudyFolder(Path(place).resolve())
    copy = WorkingCopy(parse_address(str(place)))
    return StudyFolder(copy.root, copy)


def _reopened(root: Path, copy: WorkingCopy | None) -> StudyFolder:
    """A folder that came from another process, perhaps of another machine."""
    return StudyFolder(root if copy is None else copy.root, copy)

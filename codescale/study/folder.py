"""A study's folder: where each stage keeps its artifact."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from codescale.errors import UserError
from codescale.files import parse_yaml, read_yaml, write_text
from codescale.study.config import StudyConfig, parse_study


@dataclass(frozen=True)
class StudyFolder:
    """The paths of a study's artifacts: every stage writes its own and reads those before it."""

    root: Path

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
            raise UserError(self.config_file, "no such file", f"make a study with: codescale init {self.root}")
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

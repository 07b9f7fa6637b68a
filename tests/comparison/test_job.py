"""What a worker does with a run of the comparison, without Ray."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from codescale.comparison.job import ProofWork
from codescale.comparison.losses import read_test_losses
from codescale.errors import UserError
from codescale.runs.records import RunRecord, RunSpec, read_records
from codescale.study.config import StudyConfig
from codescale.sweeps.packing import Pack
from codescale.training.loop.claim import Claim


@dataclass
class Session:
    """Takes two steps; ``on_step`` is what happens at each."""

    spec: RunSpec
    diverged: bool
    on_step: Any
    steps: int = 0
    discarded: bool = False

    @property
    def finished(self) -> bool:
        return self.steps == 2

    def advance(self) -> None:
        self.steps += 1
        self.on_step()

    def test_losses(self) -> dict[str, float]:
        return {"python": 1.5}

    def record(self, status: Any) -> RunRecord:
        nothing: dict[str, Any] = {"evaluations": (), "corpus_id": "", "tokens_trained": 0, "flops": 0.0}
        return RunRecord(spec=self.spec, status=status, seconds=1.0, finished=0.0, **nothing)

    def discard_checkpoint(self) -> None:
        self.discarded = True


@dataclass
class Factory:
    """Opens sessions and remembers them."""

    diverged: bool = False
    on_step: Any = lambda: None
    opened: list[Session] = field(default_factory=list)

    def __call__(self, spec: RunSpec, claim: Claim) -> Session:
        self.opened.append(Session(spec, self.diverged, self.on_step))
        return self.opened[-1]


@pytest.fixture
def pack(config: StudyConfig) -> Pack:
    spec = RunSpec(
        run_id="proof-0", stage="comparison", size="tiny", n_params=config.sizes["tiny"].n_params,
        token_points=(1280,), proportions=dict.fromkeys(config.languages, 1 / 3), seed=7,
    )  # fmt: skip
    return Pack("proof-0", (spec,))


def work(folder: Path, factory: Factory) -> ProofWork:
    return ProofWork(factory, folder / "runs", folder / "losses")  # type: ignore[arg-type]


def test_a_run_is_read_on_the_test_split(tmp_path: Path, pack: Pack) -> None:
    factory = Factory()
    (record,) = work(tmp_path, factory)(pack, Claim.make(tmp_path, "proof-0"))
    assert (record.status, read_records(tmp_path / "runs")) == ("ok", [record])
    assert read_test_losses(tmp_path / "losses", "proof-0").losses == {"python": 1.5}
    assert factory.opened[0].discarded


def test_one_that_diverged_is_not(tmp_path: Path, pack: Pack) -> None:
    (record,) = work(tmp_path, Factory(diverged=True))(pack, Claim.make(tmp_path, "proof-0"))
    assert record.status == "diverged"
    assert not (tmp_path / "losses").exists()


def test_one_that_another_worker_was_given_writes_nothing(tmp_path: Path, pack: Pack) -> None:
    claim = Claim.make(tmp_path, "proof-0")
    factory = Factory(on_step=lambda: Claim.make(tmp_path, "proof-0"))
    with pytest.raises(UserError, match="claimed by another worker"):
        work(tmp_path, factory)(pack, claim)
    assert [path.name for path in tmp_path.iterdir()] == ["proof-0.claim"]
    assert not factory.opened[0].discarded

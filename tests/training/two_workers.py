"""Two workers on this machine without Ray: each runs sessions of the same run and tells what it measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from codescale.runs.records import RunSpec
from codescale.study.config import StudyConfig
from codescale.training.jobs.sharded_checkpoint import fill_from_folder, folder_progress, write_folder
from codescale.training.loop.checkpoint import StateDict
from codescale.training.loop.run_progress import RunProgress
from codescale.training.loop.session import TrainingSession
from codescale.training.metrics.evaluation import Evaluator
from codescale.training.metrics.translation import TranslationEvaluator
from codescale.training.parallel import parallel_of
from tests.memory_corpus import MemoryCorpus


class MemoryData:
    """Held-out text and corpus from memory."""

    def __init__(self, config: StudyConfig) -> None:
        self.config, self.corpus = config, MemoryCorpus(document=8, translated=True)

    def evaluator(self, split: str, tokens: int) -> Evaluator:
        return Evaluator(self.corpus, self.config.languages, split, tokens=tokens, context=self.config.training.context)

    def translations(self, split: str, pairs: int) -> TranslationEvaluator:
        training = self.config.training
        directions, context = self.config.directions, training.context
        return TranslationEvaluator(self.corpus, directions, split, pairs=pairs, context=context)


class FolderStore:
    """A checkpoint in a folder, of which workers write and read their parts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, tensors: StateDict, progress: RunProgress) -> None:
        write_folder(self.folder, tensors, progress)

    def progress(self) -> RunProgress | None:
        return folder_progress(self.folder)

    def fill(self, tensors: StateDict) -> None:
        fill_from_folder(self.folder, tensors)

    def discard(self) -> None:
        pass


def open_session(job: dict[str, Any]) -> TrainingSession:
    """The session of a job: its ``config`` and ``spec`` as JSON, its ``kind``, and the folder of its checkpoint."""
    config = StudyConfig.model_validate(job["config"])
    folder = job.get("checkpoint")
    store = FolderStore(Path(folder)) if folder else None
    parallel = parallel_of(job["kind"])
    return TrainingSession(RunSpec.model_validate(job["spec"]), config, MemoryData(config), store, parallel)


def train(job: dict[str, Any]) -> dict[str, Any]:
    """Trains to the end, or to the ``save_at``-th evaluation, where a checkpoint is left."""
    session = open_session(job)
    begun = session.tokens_trained
    while not session.finished:
        session.advance()
        if len(session.evaluations) == job.get("save_at"):
            session._save()
            break
    curve = [{"tokens": one.n_tokens, "losses": one.losses, "metrics": one.metrics} for one in session.evaluations]
    return {"curve": curve, "begun": begun, "diverged": session.diverged}


def train_on(workers: int, jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the first of ``workers`` workers measured of each of ``jobs``, one after another, over gloo."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "jobs.json").write_text(json.dumps(jobs))
        command = [sys.executable, "-m", "tests.training.two_workers", folder, str(workers)]
        environment = os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
        started = [subprocess.Popen([*command, str(rank)], env=environment) for rank in range(workers)]
        assert [process.wait(120) for process in started] == [0] * workers
        return json.loads((Path(folder) / "results.json").read_text())


def main() -> None:
    folder, workers, rank = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=workers)
    results = [train(job) for job in json.loads((folder / "jobs.json").read_text())]
    if rank == 0:
        (folder / "results.json").write_text(json.dumps(results))
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main()

"""A study that starts from a model: its shape, tokenizer and weights are the model's, and forgetting is measured."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from codescale.corpus.reader import open_corpus
from codescale.errors import UserError
from codescale.runs.records import RunSpec
from codescale.runs.table import records_table
from codescale.stages.study import Study
from codescale.training.loop.session import TrainingSession
from codescale.training.metrics.evaluation import held_out_sequences
from codescale.training.session_factory import session_factory
from tests.generated_code import write_repositories
from tests.training.small_models import END, VOCABULARY, llama, write_model

STUDY: dict[str, Any] = {
    "name": "continued",
    "languages": ["python", "java", "rust"],
    "corpus": {"sources": [{"kind": "folder", "path": "code"}], "near_duplicate_similarity": 1.0},
    "training": {
        "context": 32,
        "batch": 4,
        "evaluations": 2,
        "evaluation_tokens": 512,
        "optimizer": "adamw",
        "adamw_learning_rate": 0.003,
        "start": {"model": "model", "keep": {"english": "english"}},
    },
    "target": {"size": "start", "n_tokens": 5120},
    "search": {"size": "start", "tokens": 5120},
    "comparison": {"size": "start", "tokens": 5120},
}


def make_study(folder: Path, start: dict[str, Any] | None = None, **changes: Any) -> Path:
    """A study beside its code, its model and an English text that is to be kept."""
    write_repositories(folder / "code")
    if not (folder / "model").exists():
        write_model(folder / "model")
    (folder / "english").mkdir(exist_ok=True)
    (folder / "english" / "text.txt").write_text("The model knew how to read these lines before it saw code. " * 40)
    training = STUDY["training"] | {"start": STUDY["training"]["start"] | (start or {})}
    content = STUDY | {"training": training} | changes
    (folder / "study.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    return folder


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    made = Study(make_study(tmp_path_factory.mktemp("study")))
    made.corpus()
    return made


def spec(study: Study, **changes: Any) -> RunSpec:
    settings: dict[str, Any] = {
        "run_id": "r",
        "stage": "mixture",
        "size": "start",
        "n_params": study.config.target_params(),
        "token_points": (2560,),
        "proportions": {"python": 0.6, "java": 0.4},
        "seed": 1,
        "start": study.config.start_id,
    }
    return RunSpec(**(settings | changes))


def opened(study: Study, **changes: Any) -> TrainingSession:
    return session_factory(study.config, study.folder.corpus, None)(spec(study, **changes))


def loss_on(model: torch.nn.Module, sequences: torch.Tensor) -> float:
    with torch.no_grad():
        logits = model(sequences[:, :-1]).logits
        return float(torch.nn.functional.cross_entropy(logits.flatten(0, 1), sequences[:, 1:].flatten()))


def test_the_shape_and_the_tokenizer_are_the_models(study: Study) -> None:
    from transformers import AutoTokenizer

    shape = study.config.sizes["start"]
    assert (shape.hidden, shape.key_value_heads, shape.head_dim, shape.tied) == (32, 2, 12, True)
    corpus = open_corpus(study.folder.corpus)
    assert corpus.vocabulary == VOCABULARY
    theirs = AutoTokenizer.from_pretrained(study.folder.root / "model")
    end = theirs.convert_tokens_to_ids(END)
    assert corpus.end_of_document == end
    documents = corpus.documents("python", "training")
    ids = documents.tokens[: documents.offsets[1]].tolist()
    text = theirs.decode(ids[1:-1])
    assert text in {path.read_text() for path in (study.folder.root / "code").rglob("*.py")}
    assert [*theirs(text)["input_ids"], end] == ids


def test_a_session_starts_with_the_models_losses_and_reports_what_is_forgotten(study: Study, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    session = opened(study)
    theirs = AutoModelForCausalLM.from_pretrained(study.folder.root / "model")
    corpus = open_corpus(study.folder.corpus)
    before = session._forgetting.before
    assert set(before) == {"english", "rust"}
    for name, loss in before.items():
        sequences = held_out_sequences(corpus, name, "validation", tokens=512, context=32)
        assert loss == pytest.approx(loss_on(theirs, sequences), abs=1e-5)
    while not session.finished:
        session.advance()
    record = session.record("ok")
    forgotten = record.forgetting()
    assert set(forgotten) == {"english", "rust"}
    metrics = record.evaluations[-1].metrics
    assert metrics["kept_loss.english"] == pytest.approx(before["english"] + forgotten["english"])
    ratio = corpus.bytes_per_token("english", "validation")
    assert metrics["bits_per_byte.english"] == pytest.approx(metrics["kept_loss.english"] / math.log(2) / ratio)
    assert record.final_losses()["rust"] == pytest.approx(before["rust"] + forgotten["rust"])
    assert "english" not in record.final_losses()
    assert "english +" in study.describe(record) or "english -" in study.describe(record)
    columns = records_table([record]).column_names
    assert {"metric.forgetting.english", "metric.forgetting.rust", "metric.epochs.python"} <= set(columns)


def test_training_on_code_forgets_a_text_that_was_learnt_before(tmp_path: Path) -> None:
    """A model that has learnt the English text by heart loses it while it learns code."""
    folder = make_study(tmp_path)
    learning = Study(folder)
    learning.corpus()
    session = opened(learning, proportions={"python": 1.0})
    corpus = open_corpus(learning.folder.corpus)
    sequences = held_out_sequences(corpus, "english", "validation", tokens=2048, context=32)
    optimizer = torch.optim.AdamW(session.model.parameters(), lr=0.01)
    for _ in range(60):
        session.model(sequences).backward()
        optimizer.step()
        optimizer.zero_grad()
    theirs = llama(
        **{
            "num_key_value_heads": 2,
            "head_dim": 12,
            "tie_word_embeddings": True,
            "rms_norm_eps": 1e-5,
            "rope_parameters": {"rope_type": "linear", "rope_theta": 500_000.0, "factor": 2.0},
        }
    )
    theirs.load_state_dict(session.model.state_dict())
    write_model(folder / "model", theirs)
    study = Study(folder)
    assert study.config.start_id != learning.config.start_id
    run = opened(study, token_points=(12_800,), proportions={"python": 1.0})
    assert run._forgetting.before["english"] < 1.0
    while not run.finished:
        run.advance()
    assert run.record("ok").forgetting()["english"] > 0.5


def test_a_resumed_run_remembers_what_the_model_knew(study: Study, tmp_path: Path) -> None:
    factory = session_factory(study.config, study.folder.corpus, tmp_path)
    first = factory(spec(study))
    first.advance()
    first._save()
    second = factory(spec(study))
    assert second._segment == 1
    assert second._forgetting.before == first._forgetting.before


def test_a_run_from_another_model_is_not_taken_for_this_ones(study: Study) -> None:
    one, other = spec(study), spec(study, start="0" * 16)
    assert one != other
    assert opened(study).record("ok").spec.start == study.config.start_id


def test_the_checksum_is_made_once_and_made_again_for_other_weights(tmp_path: Path) -> None:
    first = Study(make_study(tmp_path))
    facts = first.folder.start_facts
    facts.write_text(json.dumps(json.loads(facts.read_text()) | {"sha256": "f" * 64}))
    assert Study(tmp_path).config.start_id == "f" * 16
    write_model(tmp_path / "model", llama(seed=9, num_key_value_heads=2, head_dim=12, tie_word_embeddings=True))
    assert Study(tmp_path).config.start_id not in ("f" * 16, first.config.start_id)


@pytest.mark.parametrize(
    ("start", "changes", "message"),
    [
        ({"model": "./nowhere"}, {}, "training.start.model: no such folder"),
        ({"sha256": "0" * 64}, {}, "training.start.sha256: .* is another model: its checksum is"),
        ({"keep": {"python": "english"}}, {}, "training.start.keep.python: is a language of the study"),
        ({}, {"sizes": {"small": {"hidden": 16, "layers": 1, "heads": 2, "intermediate": 32}}}, "sizes: leave it out"),
        ({}, {"search": {"size": "small", "tokens": 5120}}, r"search.size: 'small' is not among sizes \(start\)"),
        ({}, {"training": {"start": {"model": "model"}}}, "start: the default adamw_learning_rate is for random"),
    ],
)
def test_what_is_wrong_with_a_start_is_said_in_one_line(
    start: dict[str, Any], changes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    make_study(tmp_path, start, **changes)
    with pytest.raises(UserError, match=message):
        Study(tmp_path)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda model: (model / "tokenizer.json").unlink(), "tokenizer.json: no such file; write it with Auto"),
        (lambda model: (model / "tokenizer.json").write_text("{}"), "tokenizer.json: is not a tokenizer"),
        (lambda model: (model / "tokenizer_config.json").write_text('{"eos_token": "?none?"}'), "no token ends a text"),
        (lambda model: (model / "../english/text.txt").write_text(" "), "start.keep.english: .* holds no text"),
    ],
)
def test_what_is_wrong_with_a_models_text_is_said_in_one_line(spoil: Any, message: str, tmp_path: Path) -> None:
    make_study(tmp_path)
    spoil(tmp_path / "model")
    with pytest.raises(UserError, match=message):
        Study(tmp_path).corpus()


class Hub(BaseHTTPRequestHandler):
    """As much of the hub as a download needs: a model's list of files, and the files."""

    COMMIT = "0123456789abcdef0123456789abcdef01234567"

    def __init__(self, folder: Path, asked: list[str], *arguments: Any) -> None:
        self._folder, self._asked = folder, asked
        super().__init__(*arguments)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        self._asked.append(self.path)
        names = [path.name for path in self._folder.iterdir()]
        file = self._folder / self.path.rsplit("/", 1)[-1].partition("?")[0]
        content, kind = b"", "application/json"
        if self.path.startswith("/api/models/team/small/revision/"):
            files = [{"rfilename": name} for name in names]
            content = json.dumps({"id": "team/small", "sha": self.COMMIT, "siblings": files}).encode()
        elif self.path.startswith("/api/models/team/small/tree/"):
            tree = [{"type": "file", "path": name, "size": 1, "oid": name} for name in names]
            content = json.dumps(tree).encode()
        elif self.path.startswith("/team/small/resolve/") and file.is_file():
            content, kind = file.read_bytes(), "application/octet-stream"
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(content))),
            ("ETag", f'"{file.name}"'),
            ("X-Repo-Commit", self.COMMIT),
            ("Accept-Ranges", "bytes"),
        ):
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(content)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
    """A hub on loopback with the model team/small; its address, and what it is asked for."""
    published = write_model(tmp_path / "published")
    (published / "pytorch_model.bin").write_bytes(b"never fetched")
    asked: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Hub, published, asked))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def in_a_process_of_its_own(folder: Path, endpoint: str) -> subprocess.CompletedProcess[str]:
    """Opens the study where the hub is at ``endpoint``, which huggingface_hub reads as it is imported."""
    code = (
        "import sys\nfrom codescale.errors import UserError\nfrom codescale.stages.study import Study\n"
        f"try:\n    print(Study({str(folder)!r}).config.start_id)\n"
        "except UserError as error:\n    sys.exit(str(error))\n"
    )
    quiet = {"HF_ENDPOINT": endpoint, "HF_HOME": str(folder / "hf"), "HF_HUB_DISABLE_XET": "1", "NO_PROXY": "127.0.0.1"}
    environment = {**os.environ, **quiet, "HF_HUB_DISABLE_TELEMETRY": "1", "no_proxy": "127.0.0.1"}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)


def test_a_model_of_the_hub_is_fetched_once_and_without_its_pickles(hub: tuple[str, list[str]], tmp_path: Path) -> None:
    endpoint, asked = hub
    folder = make_study(tmp_path / "study", {"model": "team/small", "revision": "v1"})
    fetched = in_a_process_of_its_own(folder, endpoint)
    assert fetched.returncode == 0, fetched.stderr
    assert any("/revision/v1" in path for path in asked)
    assert not any("pytorch_model.bin" in path for path in asked if "/resolve/" in path)
    assert (folder / "start" / "team--small@v1" / "tokenizer.json").is_file()
    local = Study(make_study(tmp_path / "local", {"model": "../published"}))
    assert fetched.stdout.split() == [local.config.start_id]
    asked.clear()
    assert in_a_process_of_its_own(folder, endpoint).stdout == fetched.stdout
    assert asked == []


def test_a_model_that_the_hub_does_not_have_is_refused(hub: tuple[str, list[str]], tmp_path: Path) -> None:
    folder = make_study(tmp_path / "study", {"model": "team/none"})
    refused = in_a_process_of_its_own(folder, hub[0])
    assert refused.returncode == 1
    assert "training.start.model: team/none cannot be fetched" in refused.stderr
    unreachable = in_a_process_of_its_own(folder, "http://127.0.0.1:9")
    assert "training.start.model: team/none cannot be fetched" in unreachable.stderr


def test_kept_texts_are_no_training_text(study: Study) -> None:
    corpus = open_corpus(study.folder.corpus)
    assert corpus.retention_texts == ("english",)
    assert "english" not in corpus.languages
    with pytest.raises(UserError, match="'english' is not in the corpus"):
        corpus.documents("english", "training")
    assert np.array_equal(corpus.documents("english", "validation").tokens[-1:], [corpus.end_of_document])

"""Results in the files that trainers write anyway: TensorBoard's, transformers' and the harness's."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.trainers.own_trainer import finished, open_session, own_study, python_study

WHERE = {"loss": {"python": "eval_python_loss", "java": "eval_java_loss"}, "test": {"python": "test_python_loss"}}
STATES = """
import json, os, sys, time
out, log = os.environ["CODESCALE_FOLDER"], []
def save(folder, step, **entry):
    log.append({"step": step, "epoch": 0.1} | entry)
    os.makedirs(folder, exist_ok=True)
    with open(folder + "/trainer_state.json", "w") as file:
        file.write(json.dumps({"global_step": step, "log_history": log}))
save(out + "/checkpoint-4", 4, loss=3.0, learning_rate=0.1)
save(out + "/checkpoint-4", 4, eval_python_loss=2.5, eval_runtime=1.0)
save(out + "/checkpoint-4", 4, eval_java_loss=2.25)
time.sleep(0.4)
save(out + "/checkpoint-10", 10, eval_python_loss=2.0)
save(out + "/checkpoint-10", 10, eval_java_loss=1.5)
save(out, 10, test_python_loss=2.1)
"""
EVENTS = """
import os, time
from torch.utils.tensorboard import SummaryWriter
with SummaryWriter(os.environ["CODESCALE_FOLDER"] + "/logs") as writer:
    for step, loss in ((4, 2.5), (10, 2.0)):
        for name in ("python", "java"):
            writer.add_scalar("val/" + name, loss, step)
        writer.add_scalar("train/loss", 9.0, step)
"""


def test_transformers_states_are_read_as_checkpoints_come(tmp_path: Path) -> None:
    config = own_study([sys.executable, "-c", STATES], results={"format": "trainer_state", **WHERE})
    session = finished(config, tmp_path)
    assert session.outcome == "ok", session.failure
    curve = [(one.n_tokens, one.losses, one.annealed) for one in session.evaluations]
    assert curve == [(400, {"python": 2.5, "java": 2.25}, False), (1000, {"python": 2.0, "java": 1.5}, True)]
    assert session.test == {"python": 2.1}


def test_event_files_are_read_by_their_tags(tmp_path: Path) -> None:
    tags = {"python": "val/python", "java": "val/java"}
    config = own_study([sys.executable, "-c", EVENTS], results={"format": "tensorboard", "loss": tags})
    session = finished(config, tmp_path)
    assert session.outcome == "ok", session.failure
    assert [(one.n_tokens, one.losses["java"]) for one in session.evaluations] == [(400, 2.5), (1000, 2.0)]


def test_steps_units_and_names_of_json_lines_may_be_the_trainers_own(tmp_path: Path) -> None:
    program = """
for step, python, java in ((4, 8.0, 4.0), (10, 4.0, 2.0)):
    write(json.dumps({"iter": step, "train": 1.0}) + "\\n")
    write(json.dumps({"iter": step, "py": python}) + "\\n" + json.dumps({"iter": step, "jv": java, "acc": 0.5}) + "\\n")
"""
    named = {"loss": {"python": "py", "java": "jv"}, "step": "iter", "metric": {"accuracy": "acc"}}
    session = finished(python_study(program, results={"unit": "perplexity", **named}), tmp_path)
    assert session.outcome == "ok", session.failure
    last = session.evaluations[-1]
    assert [one.n_tokens for one in session.evaluations] == [400, 1000]
    assert [round(loss, 4) for loss in last.losses.values()] == [1.3863, 0.6931]
    assert last.metrics == {"accuracy": 0.5}


def test_the_harness_adds_metrics_to_the_end(tmp_path: Path) -> None:
    content = {"results": {"humaneval": {"pass@1,none": 0.25, "pass@1_stderr,none": 0.1}}}
    program = f"os.mkdir(FOLDER + '/eval')\nopen(FOLDER + '/eval/results_1.json', 'w').write({json.dumps(content)!r})\n"
    program += "row(400); row(1000)"
    session = finished(python_study(program, results={"lm_eval": "eval"}), tmp_path)
    assert session.outcome == "ok", session.failure
    assert session.evaluations[-1].metrics == {"humaneval/pass@1": 0.25}
    again = open_session(python_study(program, results={"lm_eval": "eval"}), tmp_path)
    assert again.finished
    assert again.evaluations == session.evaluations


def test_a_harness_that_left_nothing_is_said(tmp_path: Path) -> None:
    session = finished(python_study("row(400); row(1000)", results={"lm_eval": "eval"}), tmp_path)
    assert session.failure.startswith("eval holds no results of the lm-evaluation-harness")

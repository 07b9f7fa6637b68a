"""A run by a command as a session: its evaluations as they come, and what a kill leaves to go on with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from codescale.files import write_json
from codescale.trainers import supervisor
from codescale.trainers.command import CommandTemplate, Place
from codescale.trainers.session import CommandSession
from tests.trainers.own_trainer import finished, open_session, own_study, python_study, run_spec

RESUMING = """
from pathlib import Path
steps = Path(FOLDER, "steps")
open(FOLDER + "/begun", "a").write("x")
done = int(steps.read_text()) if steps.exists() else 0
for tokens in range(done + 200, 1001, 200):
    time.sleep(0.05)
    row(tokens, python=3.0 - tokens / 1000)
    steps.write_text(str(tokens))
    while os.path.exists(FOLDER + "/hold") and tokens >= 400:
        time.sleep(0.02)
"""
"""Goes on from its checkpoint; waits at 400 tokens while there is a file ``hold``."""


def test_evaluations_come_as_the_command_writes_them(tmp_path: Path) -> None:
    program = """
row(400, **{"metric.acc": 0.25})
while not os.path.exists(FOLDER + "/go"): time.sleep(0.02)
row(1000, **{"metric.acc": 0.5, "test.python": 2.1, "test.java": 1.6})
"""
    session = open_session(python_study(program), tmp_path)
    first = session.advance()
    assert first is not None
    assert (first.n_tokens, first.annealed, first.branch, first.metrics) == (400, False, None, {"acc": 0.25})
    assert not session.finished
    (session.folder / "go").touch()
    last = session.advance()
    assert last is not None
    assert (last.n_tokens, last.annealed, last.branch) == (1000, True, 1000)
    assert session.finished
    record = session.record(session.outcome)
    assert record.final_losses() == {"python": 2.0, "java": 1.5}
    assert (record.status, record.corpus_id, record.tokens_trained) == ("ok", "trainer", 1000)
    assert record.flops == 6 * 1_000_000 * 1000
    assert session.test == {"python": 2.1, "java": 1.6}
    assert not any("test" in name for name in record.evaluations[-1].metrics)
    assert session.advance() is None


def test_a_command_is_told_its_run(tmp_path: Path) -> None:
    words = ["mixture", "steps", "tokens", "seed", "folder", "results", "workers", "size", "n_params", "run", "study"]
    program = "import json, sys, os; json.dump([sys.argv[1:], dict(os.environ)], open(sys.argv[5] + '/told', 'w'))"
    command = [sys.executable, "-c", program, *(f"{{{word}}}" for word in words), "{share.java}", "{{x}}", '{"a": 1}']
    config = own_study(command, environment={"OUT": "{folder}/out"}, resources={"gpu": 2})
    session = finished(config, tmp_path, run_spec(seed=7))
    told, environment = json.loads((session.folder / "told").read_text())
    folder = str(tmp_path / "run.run")
    expected = [f"{folder}/mixture.json", "10", "1000", "7", folder, f"{folder}/results.jsonl", "2", "small"]
    assert told == [*expected, "1000000", "run", str(tmp_path), "0.75", "{x}", '{"a": 1}']
    assert json.loads(Path(told[0]).read_text()) == {"python": 0.25, "java": 0.75}
    assert environment["OUT"] == f"{folder}/out"
    assert environment["CODESCALE_SEED"] == "7"
    assert environment[supervisor.MARK] == folder
    assert environment["CODESCALE_FOLDER"] == folder
    assert [environment[f"CODESCALE_{one}"] for one in ("NODES", "NODE_RANK", "ADDRESS")] == ["1", "0", "127.0.0.1"]
    assert "HOME" in environment or "PATH" in environment


def test_a_mixture_names_languages_that_a_run_does_not_train_on(tmp_path: Path) -> None:
    command = CommandTemplate.of(own_study(["true", "{mixture}"]), tmp_path).command(
        run_spec(proportions={"java": 1.0}), tmp_path, Place.here()
    )
    assert json.loads(Path(command.arguments[1]).read_text()) == {"python": 0.0, "java": 1.0}


def test_a_mixture_may_be_an_export(tmp_path: Path) -> None:
    (tmp_path / "paths.yaml").write_text("python: /data/python\njava: /data/java\n")
    config = own_study(["true", "{mixture}"], mixture="megatron", paths="paths.yaml")
    template = CommandTemplate.of(config, tmp_path)
    command = template.command(run_spec(), tmp_path, Place.here())
    assert "/data/java" in Path(command.arguments[1]).read_text()


def test_hyperparameters_of_the_search_reach_the_command(tmp_path: Path) -> None:
    config = own_study(["true", "{learning_rate_factor}", "{batch}", "{steps}"])
    template = CommandTemplate.of(config, tmp_path)
    plain = template.command(run_spec(), tmp_path, Place.here()).arguments
    chosen = run_spec(hyper={"learning_rate_factor": 0.5, "batch": 4.0})
    assert plain == ("true", "1", "2", "10")
    assert template.command(chosen, tmp_path, Place.here()).arguments == ("true", "0.5", "4", "5")


def test_closed_and_opened_again_it_goes_on(tmp_path: Path) -> None:
    config = python_study(RESUMING)
    session = open_session(config, tmp_path)
    (session.folder / "hold").touch()
    assert [one.n_tokens for one in (session.advance(), session.advance()) if one] == [200, 400]
    session.close()
    (session.folder / "hold").unlink()
    again = open_session(config, tmp_path)
    assert [one.n_tokens for one in again.evaluations] == [200, 400], "what was reported before"
    while not again.finished:
        again.advance()
    assert again.outcome == "ok", again.failure
    assert [one.n_tokens for one in again.evaluations] == [200, 400, 600, 800, 1000]
    assert (again.folder / "begun").read_text() == "xx"


def test_one_that_has_ended_is_not_started_again(tmp_path: Path) -> None:
    config = python_study(RESUMING)
    done = finished(config, tmp_path).record("ok")
    again = open_session(config, tmp_path)
    assert again.finished
    assert again.outcome == "ok"
    assert again.record("ok").evaluations == done.evaluations
    assert (again.folder / "begun").read_text() == "x"


def test_results_of_one_that_was_killed_before_it_ended_well_wait_for_the_next_attempt(tmp_path: Path) -> None:
    program = "row(400); row(1000)\nwhile not os.path.exists(FOLDER + '/go'): time.sleep(0.02)"
    config = python_study(program)
    session = open_session(config, tmp_path)
    session.advance()
    time.sleep(0.3)
    session.close()
    again = open_session(config, tmp_path)
    assert not again.finished
    (again.folder / "go").touch()
    again.advance()
    assert again.outcome == "ok"
    assert [one.n_tokens for one in again.evaluations] == [400, 1000]


def test_half_a_line_of_a_killed_attempt_is_taken_out(tmp_path: Path) -> None:
    program = """
if os.path.exists(FOLDER + "/once"):
    row(600); row(1000)
else:
    open(FOLDER + "/once", "w").close()
    row(400); write('{"tokens": 500, "loss.py'); os.kill(os.getpid(), 9)
"""
    session = finished(python_study(program, retries=1), tmp_path)
    assert session.outcome == "ok", session.failure
    assert [one.n_tokens for one in session.evaluations] == [400, 600, 1000]


def test_an_attempt_may_begin_its_results_anew(tmp_path: Path) -> None:
    program = """
if os.path.exists(FOLDER + "/once"):
    time.sleep(0.3); open(RESULTS, "w").close(); row(200); row(400); row(1000)
else:
    open(FOLDER + "/once", "w").close()
    row(200); row(400); row(600); sys.exit(1)
"""
    session = finished(python_study(program, retries=1), tmp_path)
    assert session.outcome == "ok", session.failure
    assert [one.n_tokens for one in session.evaluations] == [200, 400, 600, 1000]


def test_the_folder_of_another_plan_is_not_gone_on_from(tmp_path: Path) -> None:
    config = python_study(RESUMING)
    finished(config, tmp_path)
    again = open_session(config, tmp_path, run_spec(proportions={"python": 1.0}))
    assert not again.evaluations
    assert not (again.folder / "steps").exists()


def test_a_worker_that_is_killed_takes_the_command_with_it(tmp_path: Path) -> None:
    write_json(tmp_path / "program.json", "row(400)\ntime.sleep(600)")
    worker = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import json, sys, pathlib\n"
            "from tests.trainers.own_trainer import open_session, python_study\n"
            f"root = pathlib.Path({str(tmp_path)!r})\n"
            "session = open_session(python_study(json.loads((root / 'program.json').read_text())), root)\n"
            "session.advance(); print('evaluated', flush=True); session.advance()",
        ],
        stdout=subprocess.PIPE,
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == b"evaluated\n"
    mark = str(tmp_path / "run.run")
    assert supervisor.processes_of(-1, mark)
    worker.kill()
    worker.wait()
    until = time.monotonic() + 20
    while supervisor.processes_of(-1, mark) and time.monotonic() < until:
        time.sleep(0.05)
    assert not supervisor.processes_of(-1, mark)


def test_a_supervisor_that_is_killed_leaves_nothing(tmp_path: Path) -> None:
    program = "import subprocess; subprocess.Popen(['sleep', '600'], start_new_session=True); row(400); time.sleep(600)"
    session = open_session(python_study(program), tmp_path)
    session.advance()
    mark = str(session.folder)
    (watcher,) = {supervisor.process_table(mark)[pid][0] for pid in supervisor.processes_of(-1, mark)} - (
        supervisor.processes_of(-1, mark)
    )
    os.kill(watcher, signal.SIGKILL)
    assert session.advance() is None
    assert "was lost with its supervisor" in session.failure
    until = time.monotonic() + 20
    while supervisor.processes_of(-1, mark) and time.monotonic() < until:
        time.sleep(0.05)
    assert not supervisor.processes_of(-1, mark)


def test_a_second_session_waits_for_the_first_ones_command_to_end(tmp_path: Path) -> None:
    program = """
import signal
def save(*_):
    time.sleep(1); open(FOLDER + "/saved", "w").close(); sys.exit(0)
if os.path.exists(FOLDER + "/begun"):
    assert os.path.exists(FOLDER + "/saved")
    row(400); row(1000); sys.exit(0)
open(FOLDER + "/begun", "w").close()
signal.signal(15, save)
row(400)
time.sleep(600)
"""
    config = python_study(program, grace=30)
    first = open_session(config, tmp_path)
    first.advance()
    process = first._process
    assert process is not None
    assert process._supervisor.stdin is not None
    process._supervisor.stdin.close()  # as a kill of its worker would
    second = finished(config, tmp_path)
    assert second.outcome == "ok", second.failure


@pytest.mark.parametrize("status", ["pruned", "ok"])
def test_a_folder_that_the_driver_has_no_need_of_goes_when_its_command_has_ended(status: str, tmp_path: Path) -> None:
    session: CommandSession = open_session(python_study("row(400); time.sleep(600)"), tmp_path)
    session.advance()
    (session.folder / ".codescale.json").unlink()
    session.close()
    assert not session.folder.exists()


def test_of_several_results_near_the_end_the_last_one_counts(tmp_path: Path) -> None:
    program = "row(985, java=1.9); time.sleep(0.3); row(990, java=1.8); row(1000)"
    session = finished(python_study(program, training={"batch": 1, "context": 5}), tmp_path)
    assert session.outcome == "ok", session.failure
    assert [(one.n_tokens, one.annealed) for one in session.evaluations] == [(985, False), (990, False), (1000, True)]
    again = open_session(python_study(program, training={"batch": 1, "context": 5}), tmp_path)
    assert again.finished
    assert again.evaluations == session.evaluations


def test_a_result_before_the_first_step_is_passed_over(tmp_path: Path) -> None:
    session = finished(python_study("row(0, python=11.0); row(400); row(1000)"), tmp_path)
    assert session.outcome == "ok", session.failure
    assert [one.n_tokens for one in session.evaluations] == [400, 1000]


def test_an_attempt_may_go_on_from_before_the_last_result(tmp_path: Path) -> None:
    program = """
tries = os.path.getsize(FOLDER + "/tries")
if tries == 1: row(400); row(600); sys.exit(1)
if tries == 2: row(450); row(600); row(700); sys.exit(1)
row(500); row(800); row(1000)
"""
    program = "open(FOLDER + '/tries', 'a').write('x')\n" + program
    session = finished(python_study(program, retries=2), tmp_path)
    assert session.outcome == "ok", session.failure
    assert [one.n_tokens for one in session.evaluations] == [400, 600, 700, 800, 1000]


def test_one_that_repeats_what_is_known_does_not_hang(tmp_path: Path) -> None:
    program = """
for tokens in range(100, 1001, 100):
    time.sleep(0.15)
    row(tokens)
    if tokens == 800 and not os.path.exists(FOLDER + "/once"):
        open(FOLDER + "/once", "w").close()
        sys.exit(1)
"""
    session = finished(python_study(program, retries=1, silence=0.8), tmp_path)
    assert session.outcome == "ok", session.failure
    assert [one.n_tokens for one in session.evaluations] == list(range(100, 1001, 100))

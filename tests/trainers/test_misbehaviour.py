"""Ways for a command to misbehave: each ends as a failed run with a message, or is mended; none hangs or leaves a
process.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from codescale.errors import UserError
from codescale.trainers import supervisor
from codescale.trainers.process import LOG
from tests.trainers.own_trainer import finished, open_session, own_study, python_study

GOOD = "row(400); row(1000)\n"

MISBEHAVIOURS = {
    "fails": (
        "row(400); print('no such file: data.bin'); sys.exit(3)",
        "ended with exit code 3; its output ends: no such file: data.bin",
    ),
    "raises": (
        "raise RuntimeError('CUDA out of memory')",
        "| RuntimeError: CUDA out of memory",
    ),
    "fails after its last result": (
        GOOD + "sys.exit(1)",
        "ended with exit code 1; it has printed nothing",
    ),
    "is killed by a signal": (
        "os.kill(os.getpid(), 11)",
        "was killed by SIGSEGV; it has printed nothing",
    ),
    "writes and prints nothing": (
        "pass",
        "ended well without a result in results.jsonl; it has printed nothing",
    ),
    "ends too early": (
        "row(400); print('done')",
        "ended well with its last result at 400 tokens, and D is 1,000; evaluate after the last step too; its output "
        "ends: done",
    ),
    "counts steps and says of none that it is the last": (
        "row(5); row(10)",
        "ended well with its last result at 10 tokens, and D is 1,000: these are its steps; count training tokens",
    ),
    "has smaller batches": (
        "row(500)",
        "its last result at 500 tokens, and D is 1,000, 2 times that: has a step training.batch × training.context = "
        "100 tokens?",
    ),
    "calls a language something else": (
        r"""write('{"tokens": 400, "loss.python": 2.0, "loss.jav\\u001ba": 2.0}\n'); row(1000)""",
        r"loss.java is missing at 400 tokens; there is 'loss.jav\x1ba'",
    ),
    "says that its end is not annealed": (
        "row(1000, annealed=False)",
        "ended well, but no result of the 1,000 tokens says that it is annealed; it has printed nothing",
    ),
    "breaks off in a line": (
        'row(400); write(\'{"tokens": 1000, "loss.py\')',
        'results.jsonl breaks off in the middle of line 2: {"tokens": 1000, "loss.py; end each line with a new line',
    ),
    "writes what is not JSON": (
        "write('step 400 loss 2.1\\n'); time.sleep(60)",
        "results.jsonl, line 1 is not JSON: step 400 loss 2.1",
    ),
    "nests endlessly": (
        "write('[' * 100000 + '\\n')",
        "results.jsonl, line 1 is not JSON: [[[",
    ),
    "writes a list": (
        "write('[400, 2.0, 1.5]\\n')",
        'results.jsonl, line 1 is no object: [400, 2.0, 1.5]; write {"tokens": …, "loss.python": …}',
    ),
    "writes text for a loss": (
        "row(400, python='2.0')",
        "results.jsonl, line 1, loss.python is '2.0', not a number",
    ),
    "writes a negative loss": (
        "row(400, java=-1.5)",
        "results.jsonl, line 1, loss.java is -1.5; a loss is above 0",
    ),
    "leaves a language out": (
        'write(\'{"tokens": 400, "loss.python": 2.0}\\n\'); row(1000)',
        "loss.java is missing at 400 tokens",
    ),
    "leaves tokens out": (
        'write(\'{"loss.python": 2.0, "loss.java": 2.0}\\n\')',
        "results.jsonl, line 1 has losses and no tokens, which tells after how much training",
    ),
    "writes half a token": (
        "row(400.5)",
        "results.jsonl, line 1, tokens is 400.5, not a count",
    ),
    "counts steps": (
        "row(4); row(10, annealed=True)",
        "the annealed result is at 10 tokens and the run is of 1,000; count training tokens, not steps or samples",
    ),
    "counts bytes": (
        "row(400); row(4000)",
        "a result is at 4,000 tokens, beyond the 1,000 of the run",
    ),
    "counts anew": (
        "row(600); row(200); row(1000)",
        "tokens fall from 600 to 200; count them from the run's start",
    ),
    "reports perplexities": (
        "row(400, python=2500.0); row(1000, python=1800.0)",
        "loss.python is 1800 at the end, more than guessing costs in nats per token; is it a perplexity, or a sum?",
    ),
    "hangs before a result": (
        "print('waiting for rank 1', flush=True); time.sleep(600)",
        "no result for 1 s (trainer.silence: 0.5), so it hangs; its output ends: waiting for rank 1",
    ),
    "hangs after its last result": (
        GOOD + "time.sleep(600)",
        "no result for 1 s (trainer.silence: 0.5), so it hangs; it has printed nothing",
    ),
    "removes its results": (
        "row(400); time.sleep(0.5); os.remove(RESULTS); time.sleep(60)",
        "results.jsonl was removed; add lines to it, and keep the folder",
    ),
    "removes its folder": (
        "import shutil; row(400); time.sleep(0.5); shutil.rmtree(FOLDER); time.sleep(60)",
        "results.jsonl was removed; add lines to it, and keep the folder",
    ),
    "begins its results anew": (
        "row(400); row(500); time.sleep(0.5); open(RESULTS, 'w').close(); time.sleep(60)",
        "results.jsonl has become shorter; add lines to it and change none",
    ),
    "makes its results a pipe": (
        "os.mkfifo(RESULTS); time.sleep(60)",
        "results.jsonl is no ordinary file",
    ),
    "links its results elsewhere": (
        "os.symlink('/etc/passwd', RESULTS); time.sleep(60)",
        "results.jsonl is a link out of the run's folder",
    ),
    "writes a line without end": (
        "write('x' * 3 * 2**20); time.sleep(60)",
        "results.jsonl has a line of more than 1 MiB",
    ),
    "writes without end": (
        "row(400)\nwith open(RESULTS, 'ab') as file: file.truncate(2**27)\ntime.sleep(60)",
        "results.jsonl is longer than 64 MiB",
    ),
    "prints what steers a terminal": (
        "print('\\x1b[2J\\x1b[31mred'); sys.exit(1)",
        "its output ends: \\x1b[2J\\x1b[31mred",
    ),
}
"""By what it does: a program, and a part of the message."""


@pytest.mark.parametrize("name", MISBEHAVIOURS)
def test_a_command_that_misbehaves_fails_with_a_message(name: str, tmp_path: Path) -> None:
    program, message = MISBEHAVIOURS[name]
    silence = 0.5 if "hangs" in name else 60
    session = finished(python_study(program, silence=silence), tmp_path)
    assert (session.outcome, session.failed, session.diverged) == ("failed", True, False)
    assert message in session.failure
    record = session.record(session.outcome)
    assert (record.status, record.note) == ("failed", session.failure)
    assert "\n" not in record.note
    assert len(record.note) < 700
    assert not left_over(tmp_path)


@pytest.mark.parametrize(("loss", "shown"), [("nan", "NaN"), ("inf", "Infinity")])
def test_a_loss_that_is_not_finite_is_a_run_that_diverged(loss: str, shown: str, tmp_path: Path) -> None:
    session = finished(python_study(f"row(400); row(600, python=float('{loss}')); time.sleep(60)"), tmp_path)
    assert shown in (session.folder / "results.jsonl").read_text()
    assert session.outcome == "diverged"
    assert session.failure == "a loss was not finite at 600 tokens; it has printed nothing"
    assert [one.n_tokens for one in session.evaluations] == [400]
    assert not left_over(tmp_path)


def test_a_loss_that_rises_far_is_a_run_that_diverged(tmp_path: Path) -> None:
    session = finished(python_study("row(400); row(600, python=6.0); time.sleep(60)"), tmp_path)
    assert session.outcome == "diverged"
    assert "the mean loss rose from 1.750 to 3.750 at 600 tokens" in session.failure
    assert not left_over(tmp_path)


def test_a_program_that_is_not_there_is_the_study_files_fault(tmp_path: Path) -> None:
    session = open_session(own_study(["no-such-program", "{mixture}"]), tmp_path)
    with pytest.raises(UserError, match=r"trainer\.command: 'no-such-program' could not be started \(No such file"):
        session.advance()


def test_a_directory_that_is_not_there_is_the_study_files_fault(tmp_path: Path) -> None:
    session = open_session(own_study(["sh"], directory="nowhere"), tmp_path)
    with pytest.raises(UserError, match=r"trainer\.directory: .*nowhere cannot be entered"):
        session.advance()


def test_one_that_fails_once_goes_on_in_its_folder(tmp_path: Path) -> None:
    program = """
if os.path.exists(FOLDER + "/checkpoint"):
    row(400); row(1000)
else:
    open(FOLDER + "/checkpoint", "w").close()
    row(400)
    sys.exit(1)
"""
    session = finished(python_study(program, retries=1), tmp_path)
    assert session.outcome == "ok", session.failure
    assert [one.n_tokens for one in session.evaluations] == [400, 1000]


def test_one_that_always_fails_is_tried_as_often_as_the_study_says(tmp_path: Path) -> None:
    program = "open(FOLDER + '/tries', 'a').write('x'); sys.exit(1)"
    session = finished(python_study(program, retries=2), tmp_path)
    assert session.outcome == "failed"
    assert (session.folder / "tries").read_text() == "xxx"


def test_the_message_is_of_the_last_attempt_alone(tmp_path: Path) -> None:
    program = (
        "open(FOLDER + '/tries', 'a').write('x'); print('attempt', os.path.getsize(FOLDER + '/tries')); sys.exit(1)"
    )
    session = finished(python_study(program, retries=1), tmp_path)
    assert session.failure == "ended with exit code 1; its output ends: attempt 2"


def test_one_that_ignores_sigterm_is_killed_after_the_grace(tmp_path: Path) -> None:
    program = "import signal; signal.signal(15, signal.SIG_IGN); row(400); time.sleep(600)"
    session = open_session(python_study(program, grace=0.3), tmp_path)
    assert session.advance() is not None
    assert left_over(tmp_path)
    session.close()
    assert not left_over(tmp_path)


def test_one_that_saves_on_sigterm_has_the_grace_for_it(tmp_path: Path) -> None:
    program = """
import signal
def save(*_):
    time.sleep(0.3)
    open(FOLDER + "/saved", "w").close()
    sys.exit(0)
signal.signal(15, save)
row(400)
time.sleep(600)
"""
    session = open_session(python_study(program, grace=30), tmp_path)
    session.advance()
    session.close()
    assert (session.folder / "saved").exists()
    assert not left_over(tmp_path)


DAEMON = """
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    os.close(1); os.close(2)
    time.sleep(600)
    os._exit(0)
time.sleep(0.3)
"""


@pytest.mark.parametrize("cleared", [False, True], ids=["daemon", "daemon that clears its environment"])
def test_a_daemon_that_it_leaves_behind_is_ended(cleared: bool, tmp_path: Path) -> None:
    clear = "os.execve(sys.executable, [sys.executable, '-c', 'import time; time.sleep(600)'], {})"
    program = DAEMON.replace("time.sleep(600)", clear) if cleared else DAEMON
    begun = children_of_anybody()
    session = finished(python_study(program + GOOD, grace=0.3), tmp_path)
    assert session.outcome == "ok", session.failure
    assert not left_over(tmp_path)
    assert not (children_of_anybody() - begun)


def test_one_that_goes_into_the_background_fails_and_is_ended(tmp_path: Path) -> None:
    session = finished(python_study("if os.fork():\n    os._exit(0)\ntime.sleep(600)", grace=0.3), tmp_path)
    assert "ended well without a result" in session.failure
    assert not left_over(tmp_path)


def test_one_that_prints_without_end_fills_no_disk(tmp_path: Path) -> None:
    program = "print('x' * 99, flush=True)\nfor _ in range(60000): print('y' * 99)\nprint('the last line')\n" + GOOD
    session = finished(python_study(program), tmp_path)
    assert session.outcome == "ok", session.failure
    log = (session.folder / LOG).read_text()
    assert supervisor.LOG_BYTES // 4 < len(log) <= supervisor.LOG_BYTES
    assert log.endswith("the last line\n")


def test_the_whole_log_of_one_that_failed_stays(tmp_path: Path) -> None:
    session = finished(python_study("print('a'); print('b'); print('c'); print('d'); sys.exit(1)"), tmp_path)
    assert session.failure.endswith("its output ends: b | c | d")
    session.discard_checkpoint()
    assert not session.folder.exists()
    assert (tmp_path / "logs" / "run.log").read_text() == "a\nb\nc\nd\n"


def left_over(root: Path) -> set[int]:
    """The processes that bear the mark of the run's folder."""
    return supervisor.processes_of(-1, str(root / "run.run"))


def children_of_anybody() -> set[str]:
    """Processes that sleep as the daemon of the test does."""
    found = set()
    for one in Path("/proc").iterdir():
        try:
            if one.name.isdigit() and b"import time; time.sleep(600)" in (one / "cmdline").read_bytes().split(b"\0"):
                found.add(one.name)
        except OSError:
            continue
    return found

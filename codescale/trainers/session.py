"""One run by a command: started in a folder of its own, evaluated as results come, and ended with all its processes.

The same interface as :class:`~codescale.training.loop.session.TrainingSession`, so that a sweep's worker, a search's
trial and the comparison do not know which of the two trains. Opened again after a kill, the command is given its folder
again; what the results say already is not reported twice, and a command that had come to its end is not started.
"""

from __future__ import annotations

import math
import shutil
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from codescale.errors import UserError
from codescale.files import read_json, write_json, writing
from codescale.runs.records import Evaluation, RunRecord, RunSpec, Status
from codescale.study.trainer import TRAINERS_CORPUS
from codescale.trainers.command import CommandTemplate
from codescale.trainers.measurements import TEST, Measurement, Measurements, ResultError
from codescale.trainers.process import LOG, Ending, RunningCommand, Start, last_lines, start_here
from codescale.trainers.result_files import harness_metrics, result_file
from codescale.training.flops import training_flops
from codescale.training.loop.claim import Claim
from codescale.training.loop.run_log import failure_after, record_note

STATE = ".codescale.json"
_LOOK_SECONDS = {"jsonl": 0.1, "tensorboard": 1.0, "trainer_state": 1.0}
"""How often results are looked at; those in several files have to be searched for."""
_CLAIM_SECONDS = 5.0
"""How often a run's claim is looked at while its command trains."""


class CommandSession:
    """The training of one :class:`RunSpec` by a command; ``finished`` once its last result is there and the command
    has ended well, or it was given up.

    Parameters
    ----------
    spec
        The run, of one D.
    template
        Makes the command.
    folder
        The run's own: it goes on from what is there.
    logs
        Where the output of commands that failed stays.
    claim
        Is held while this session may go on; None: nobody else has the run.
    start
        Starts the command.

    Raises
    ------
    UserError
        Where the folder cannot be written.
    """

    def __init__(
        self,
        spec: RunSpec,
        template: CommandTemplate,
        folder: Path,
        logs: Path,
        claim: Claim | None = None,
        start: Start = start_here,
    ) -> None:
        self.spec, self.folder, self._logs = spec, folder, logs
        self.evaluations: list[Evaluation] = []
        self.test: dict[str, float] = {}
        self.failure, self.diverged, self.failed = "", False, False
        self._template, self._claim, self._start_command = template, claim, start
        self._section = template.section
        self._process: RunningCommand | None = None
        self._began = self._heard = self._claimed = 0.0
        self._seconds, self._failures, self._ended = 0.0, 0, False
        self._waiting: list[Measurement] = []
        self._open_folder()
        self._read_again()

    @property
    def finished(self) -> bool:
        """Whether the run has come to its end, or was given up."""
        return self._ended or self.diverged or self.failed

    @property
    def outcome(self) -> Status:
        """How the run ended."""
        return "failed" if self.failed else "diverged" if self.diverged else "ok"

    @property
    def tokens_trained(self) -> int:
        """Training tokens up to the last result."""
        return self.evaluations[-1].n_tokens if self.evaluations else 0

    def advance(self) -> Evaluation | None:
        """Waits for the next evaluation; the last one comes when the command has ended. None where the run has ended
        before, or is given up: ``failure`` says why.

        Raises :class:`UserError` where the command cannot be started, and where another worker has the run.
        """
        if self.finished:
            return None
        try:
            found = self._next()
            evaluation = None if found is None else self._evaluation(found)
        except ResultError as error:
            self._give_up(str(error))
            return None
        except BaseException:
            self.close()
            raise
        if found is None or evaluation is None:
            return None
        if not found.finite:
            self._give_up(f"a loss was not finite at {found.tokens:,} tokens", diverged=True)
            return None
        self.evaluations.append(evaluation)
        why = failure_after(self.evaluations[:-1], evaluation, self._template.config.training.spike)
        if why:
            self._give_up(why, diverged=True)
            return None
        self._ended = evaluation.annealed
        self._save()
        return evaluation

    def check_test_losses(self) -> None:
        """Gives up a run that ended well where a language's loss on the test split is missing: a proof needs text that
        nothing was chosen by.
        """
        missing = [name for name in self._template.config.languages if not math.isfinite(self.test.get(name, math.nan))]
        if self.outcome == "ok" and missing:
            key = self._section.results.test.get(missing[0], TEST + missing[0])
            self._give_up(f"the last result has no {key}, the loss on test text, which the comparison judges by")

    def record(self, status: Status, note: str = "") -> RunRecord:
        """What the run has done so far, as a record."""
        tokens = self.tokens_trained
        return RunRecord(
            spec=self.spec,
            status="failed" if self.failed else status,
            evaluations=tuple(self.evaluations),
            corpus_id=TRAINERS_CORPUS,
            tokens_trained=tokens,
            flops=self._flops(tokens),
            seconds=self._running_seconds,
            finished=time.time(),
            worker=socket.gethostname(),
            note=record_note(self.spec, note, self.failure),
        )

    def close(self) -> None:
        """Ends the command and all that it started; returns when none of its processes is left."""
        if self._process is not None:
            self._process.stop()
            self._seconds = self._running_seconds
            self._process = None
            if not (self.folder / STATE).exists():  # the driver has no need of a stopped run's folder any more
                shutil.rmtree(self.folder, ignore_errors=True)

    def discard_checkpoint(self) -> None:
        """Removes the folder of a run that ended."""
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _open_folder(self) -> None:
        state = self._state()
        if self.folder.exists() and state.get("spec") != self.spec.model_dump(mode="json"):
            shutil.rmtree(self.folder, ignore_errors=True)  # of another plan
            state = {}
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        self._seconds, self._failures = float(state.get("seconds", 0.0)), int(state.get("failures", 0))
        self._was_done = bool(state.get("done"))
        self._save()

    def _state(self) -> dict[str, Any]:
        try:
            found = read_json(self.folder / STATE)
        except UserError:
            return {}
        return found if isinstance(found, dict) else {}

    def _save(self, done: bool = False) -> None:
        """Notes what of the session outlives this process; results do so themselves."""
        self._was_done = self._was_done or done
        spec = self.spec.model_dump(mode="json")
        state = {"spec": spec, "seconds": self._running_seconds, "failures": self._failures, "done": self._was_done}
        if self.folder.exists():  # a command may have removed it, which is told where results are read
            write_json(self.folder / STATE, state)

    def _read_again(self) -> None:
        """The evaluations of an earlier attempt, as far as they are whole."""
        self._restart_reading()
        try:
            found = self._new_measurements()
            for one in (*map(self._on_the_way, found[:-1]), *found[-1:]):
                last = self._measurements.is_last(one)
                if not one.finite or (last and not self._was_done):
                    break  # its command has to end well first
                self.evaluations.append(self._evaluation(one))
        except ResultError as error:
            if self._was_done:
                self._give_up(str(error))
            return  # the command goes on, and what is wrong then is said then
        self._ended = self._was_done and bool(self.evaluations) and self.evaluations[-1].annealed

    def _restart_reading(self) -> None:
        config, section = self._template.config, self._section
        self._results = result_file(section.results, self.folder)
        batch = self._template.batch_tokens(self.spec)
        self._measurements = Measurements(section.results, config.languages, self.spec.token_points[-1], batch)
        self._newest, self._reported = 0, 0

    def _start(self) -> None:
        self._restart_reading()
        self._reported = self.tokens_trained
        self._save()
        process = self._start_command(self._template, self.spec, self.folder)
        self._began = self._heard = self._claimed = time.monotonic()
        self._process = process

    def _next(self) -> Measurement | None:
        """The next measurement; the last one only when the command has ended well."""
        if self._process is None:
            self._start()
        while True:
            assert self._process is not None
            if self._waiting and not (self._waiting[0].finite and self._measurements.is_last(self._waiting[0])):
                return self._waiting.pop(0)
            if len(self._waiting) > 1:
                return self._on_the_way(self._waiting.pop(0))
            ending = self._process.poll(_LOOK_SECONDS[self._section.results.format])
            found = self._new_measurements()
            if found:
                self._waiting += found
                continue
            if ending is not None:
                return self._after(ending)
            self._check_silence()
            self._check_claim()

    def _new_measurements(self) -> list[Measurement]:
        """Those that have become whole since the last look and were not reported before."""
        found: list[Measurement] = []
        for row in self._results.rows():
            self._heard = time.monotonic()
            one = self._measurements.add(row.figures, row.where)
            if one is None:
                continue
            if not row.earlier:
                self._check_order(one)
            if not self._measurements.is_whole(one) or one.tokens <= self._reported:
                continue
            self._measurements.check_tokens(one)
            if one.finite and self._measurements.is_last(one):
                self._measurements.check_last(one)
            self._reported = one.tokens
            found.append(one)
        return found

    def _on_the_way(self, one: Measurement) -> Measurement:
        """``one``, which another follows: however near to D, it is not the last."""
        one.annealed = False
        return one

    def _check_order(self, one: Measurement) -> None:
        """Refuses tokens that fall within one attempt; a new one may begin before the last result of an earlier one."""
        if one.tokens < self._newest:
            raise ResultError(
                f"tokens fall from {self._newest:,} to {one.tokens:,}; count them from the run's start, also in one "
                "that goes on"
            )
        self._newest = one.tokens

    def _after(self, ending: Ending) -> Measurement | None:
        """The command has ended: the last measurement where all is well; else it is started again, or given up."""
        assert self._process is not None
        self.close()
        if ending.refused:
            raise UserError(
                "study.yaml, trainer.command",
                f"{self._section.command[0]!r} {ending.why}",
                "name a program that every machine has, or the path of one",
            )
        if not ending.well:
            self._failures += 1
            if self._failures <= self._section.retries:
                self._waiting = []
                return self._next()
            self._give_up(ending.why, log=ending.log)
            return None
        self._results.close()
        self._measurements.check_whole()
        if not self._waiting:
            raise ResultError(self._too_early())
        self._save(done=True)
        return self._waiting.pop(0)

    def _too_early(self) -> str:
        path = self._section.results.path
        if not self.evaluations:
            return f"ended well without a result in {path if path != '.' else 'its folder'}"
        end = self.spec.token_points[-1]
        last, batch = self.tokens_trained, self._template.batch_tokens(self.spec)
        if last >= end:
            return f"ended well, but no result of the {last:,} tokens says that it is annealed"
        said = f"ended well with its last result at {last:,} tokens, and D is {end:,}"
        if last * batch == end:
            return f"{said}: these are its steps; count training tokens"
        if end % last == 0:
            step = f"has a step training.batch × training.context = {batch:,} tokens?"
            return f"{said}, {end // last} times that: {step}"
        return f"{said}; evaluate after the last step too"

    def _check_silence(self) -> None:
        silent = time.monotonic() - self._heard
        if silent > self._section.silence:
            raise ResultError(f"no result for {silent:.0f} s (trainer.silence: {self._section.silence:g}), so it hangs")

    def _check_claim(self) -> None:
        now = time.monotonic()
        if self._claim is not None and now - self._claimed > _CLAIM_SECONDS:
            self._claimed = now
            self._claim.check()

    def _evaluation(self, one: Measurement) -> Evaluation:
        last = self._measurements.is_last(one)
        if last:
            self.test = dict(one.test)
            if self._section.results.lm_eval is not None:
                one.metrics |= harness_metrics(self.folder / self._section.results.lm_eval, self.folder)
        return Evaluation(
            n_tokens=one.tokens,
            losses={name: one.losses[name] for name in self._template.config.languages},
            annealed=last,
            branch=self.spec.token_points[-1] if last else None,
            flops=self._flops(one.tokens),
            metrics=dict(one.metrics),
        )

    def _flops(self, tokens: int) -> float:
        config = self._template.config
        return training_flops(config.sizes[self.spec.size], config.corpus.vocabulary, config.training.context, tokens)

    @property
    def _running_seconds(self) -> float:
        return self._seconds + (time.monotonic() - self._began if self._process is not None else 0.0)

    def _give_up(self, why: str, diverged: bool = False, log: str = LOG) -> None:
        """Ends the command; the last lines of its output, in the file ``log``, are a part of the reason."""
        self.close()
        said = last_lines(self.folder / log)
        self.failure = f"{why}; its output ends: {said}" if said else f"{why}; it has printed nothing"
        if said:
            with suppress(OSError):
                self._logs.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self.folder / log, self._logs / f"{self.spec.run_id}.log")
        self.diverged, self.failed = diverged, not diverged

"""A drill: stages of a study on a cluster of this machine, whose machines, driver and head are killed at random.

    .venv/bin/python scripts/chaos.py --kills 20
    .venv/bin/python scripts/chaos.py --kills 5 --seed 3 --stages search --kinds head worker

Real Ray nodes run as processes here: a head that trains nothing, and two workers with a core each. A corpus, a sweep
and a search are begun one after the other; what is killed, and when, the seed says: a worker's raylet, the driver, or
the head together with the driver (kill -9), or a worker is drained and goes when its notice runs out. Whatever ends the
command, it is given again. At the end of each stage it is asserted that nothing that was done was done or written
again, that nothing is missing or there twice, that the corpus is to the last bit that of an undisturbed build; and at
the end of all, that no process is left. Each kill is a line of JSON, also in ``--output``.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chaos_machines import Machines, on_loopback, wait_for_the_last_process
from chaos_stages import Corpus, Disturbed, Runs

STAGES = ("corpus", "sweep", "search")
KINDS = ("worker", "worker", "driver", "head", "drain")
NOTICE_SECONDS = 15
"""From a drain notice to the machine's end: shorter than clouds give, so that runs are cut off too."""
LIMIT_SECONDS = 200
"""A stage that has not gone on for so long never will."""


class Drill:
    """Stages that are disturbed so many times.

    Parameters
    ----------
    root
        The folder of all that the drill needs.
    kills
        What is killed in each stage, by its name, in order.
    chance
        Draws when and whom.
    tokens
        Of a run.
    """

    def __init__(self, root: Path, kills: dict[str, list[str]], chance: random.Random, tokens: int) -> None:
        self._root, self._kills, self._chance, self._tokens = root, kills, chance, tokens
        self._machines = Machines(root / "ray")
        self._log = (root / "commands.log").open("ab")
        self._driver: subprocess.Popen[bytes] | None = None
        self._going: list[tuple[float, Any]] = []
        self.lines: list[dict[str, Any]] = []
        self.commands = 0

    def run(self) -> None:
        """Each stage, killed as planned and given again until it ends well."""
        try:
            for name, kinds in self._kills.items():
                tokens = self._tokens
                stage = Corpus(self._root) if name == "corpus" else Runs(self._root, name, len(kinds), tokens)
                if self.commands == 0:
                    self._machines.begin(2)
                self._disturb(stage, list(kinds))
                stage.look()
                assert not stage.faults, stage.faults
                self._line({"stage": name, "holds": stage.check()})
        finally:
            self._kill_driver()
            self._machines.end()
            self._log.close()

    def _disturb(self, stage: Disturbed, kinds: list[str]) -> None:
        self._command(stage)
        wait, since = stage.look() + self._chance.randint(1, 3), time.monotonic()
        while not self._ended(stage):
            assert time.monotonic() - since < LIMIT_SECONDS, f"{stage.name} goes on no more"
            if kinds and stage.look() >= wait:
                time.sleep(self._chance.uniform(0.0, 1.5))
                if self._ended(stage):
                    break
                self._kill(kinds.pop(0), stage)
                wait, since = stage.look() + self._chance.randint(1, 3), time.monotonic()
            self._rest(stage)
        for kind in kinds:
            self._line({"stage": stage.name, "kill": kind, "left_out": "the stage had ended"})

    def _ended(self, stage: Disturbed) -> bool:
        """Whether the command came to its end; it is given again where it was cut off."""
        assert self._driver is not None
        code = self._driver.poll()
        if code:
            self._line({"stage": stage.name, "the command ended with": code})
            self._command(stage)
        return code == 0

    def _rest(self, stage: Disturbed) -> None:
        """Looks on for a moment; machines whose notice has run out go."""
        stage.look()
        for moment, node in list(self._going):
            if time.monotonic() >= moment:
                self._going.remove((moment, node))
                self._machines.kill(node)
        time.sleep(0.1)

    def _kill(self, kind: str, stage: Disturbed) -> None:
        before, begun = stage.look(), time.monotonic()
        if kind == "worker":
            self._machines.kill(self._staying())
            self._machines.add()
        elif kind == "drain":
            node = self._staying()
            self._machines.drain(node, NOTICE_SECONDS)
            self._machines.add()
            self._going.append((time.monotonic() + NOTICE_SECONDS, node))
        else:
            self._kill_driver()
            if kind == "head":
                self._machines.kill_head()
                self._going.clear()  # these go with it
                self._machines.begin(2)
            self._command(stage)
        while stage.look() == before and not self._ended(stage):
            assert time.monotonic() - begun < LIMIT_SECONDS, f"{stage.name} goes on no more after {kind}"
            self._rest(stage)
        seconds = round(time.monotonic() - begun, 1)
        self._line({"stage": stage.name, "kill": kind, "done_before": before, "seconds_to_the_next": seconds})

    def _staying(self) -> Any:
        """A worker that was not told to go."""
        going = [node for _, node in self._going]
        while (node := self._machines.worker(self._chance)) in going:
            pass
        return node

    def _command(self, stage: Disturbed) -> None:
        command = [sys.executable, "-m", "codescale.cli", stage.name, str(stage.folder.root)]
        environment = os.environ | {"RAY_ADDRESS": self._machines.address}
        self._driver = subprocess.Popen(command, env=environment, stdout=self._log, stderr=self._log)
        self.commands += 1

    def _kill_driver(self) -> None:
        if self._driver is not None and self._driver.poll() is None:
            self._driver.kill()
            self._driver.wait()

    def _line(self, line: dict[str, Any]) -> None:
        self.lines.append(line)
        print(json.dumps(line), flush=True)


def drawn_kills(stages: Sequence[str], kinds: Sequence[str], kills: int, chance: random.Random) -> dict[str, list[str]]:
    """What of ``kinds`` is killed in each of ``stages``, about as often in each."""
    drawn = [(stages[k % len(stages)], chance.choice(kinds)) for k in range(kills)]
    return {stage: [kind for where, kind in drawn if where == stage] for stage in stages}


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="Kills a study's machines, driver and head at random.")
    parser.add_argument("--kills", type=int, default=20, help="how many (20)")
    parser.add_argument("--seed", type=int, default=None, help="says what is killed when (default: a new one)")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=STAGES, help="which (all, in this order)")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="of what is killed (all, by chance)")
    parser.add_argument("--tokens", type=int, default=8_000, help="of a run (8,000)")
    parser.add_argument("--output", type=Path, default=None, help="lines of JSON are added to it")
    given = parser.parse_args()
    seed = secrets.randbelow(10**6) if given.seed is None else given.seed
    chance = random.Random(seed)
    stages = [stage for stage in STAGES if stage in given.stages]
    root, begun = Path(tempfile.mkdtemp(prefix="chaos-")), time.monotonic()
    print(f"seed {seed}", flush=True)
    (root / "ray").mkdir()
    on_loopback(root)
    drill = Drill(root, drawn_kills(stages, given.kinds, given.kills, chance), chance, given.tokens)
    try:
        drill.run()
        ended = wait_for_the_last_process(root)
    except BaseException:
        print(f"what the commands said: {root}/commands.log; the studies are beside it", flush=True)
        raise
    found = {"seed": seed, "commands": drill.commands, "seconds": round(time.monotonic() - begun)}
    found |= {"processes_left": 0, "the_last_ended_after": round(ended)}
    print(json.dumps(found), flush=True)
    if given.output:
        with given.output.open("a", encoding="utf-8") as lines:
            lines.writelines(json.dumps({"seed": seed} | line) + "\n" for line in [*drill.lines, found])
    shutil.rmtree(root)


if __name__ == "__main__":
    main()

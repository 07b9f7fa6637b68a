"""A study of two languages whose runs a command of the test's own trains, and what opens the session of one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from codescale.runs.records import RunSpec
from codescale.study.config import StudyConfig, parse_study
from codescale.trainers.command import CommandTemplate
from codescale.trainers.session import CommandSession

TOKENS = 1_000
HEAD = """
import json, os, sys, time
FOLDER = os.environ["CODESCALE_FOLDER"]
RESULTS = os.environ["CODESCALE_RESULTS"]
def write(text):
    with open(RESULTS, "a") as file:
        file.write(text)
def row(tokens, python=2.0, java=1.5, **more):
    write(json.dumps({"tokens": tokens, "loss.python": python, "loss.java": java} | more) + "\\n")
"""


def own_study(command: list[str], training: dict[str, Any] | None = None, **trainer: Any) -> StudyConfig:
    """A study whose runs ``command`` trains, steps of 100 tokens."""
    return parse_study(
        {
            "name": "own",
            "languages": ["python", "java"],
            "sizes": {"small": {"n_params": 1_000_000}},
            "training": {"batch": 2, "context": 50} | (training or {}),
            "trainer": {"command": command, "grace": 1, "silence": 60, "retries": 0} | trainer,
            "target": {"size": "small", "n_tokens": TOKENS},
            "search": {"size": "small", "tokens": TOKENS},
            "comparison": {"size": "small", "tokens": TOKENS},
        },
        "study.yaml",
    )


def python_study(program: str, **trainer: Any) -> StudyConfig:
    """A study whose runs the Python ``program`` trains, which :data:`HEAD` gives ``row`` and ``write``."""
    return own_study([sys.executable, "-c", HEAD + program], **trainer)


def run_spec(run_id: str = "run", **changes: Any) -> RunSpec:
    """A run of the study."""
    return RunSpec.model_validate(
        {
            "run_id": run_id,
            "stage": "mixture",
            "size": "small",
            "n_params": 1_000_000,
            "token_points": (TOKENS,),
            "proportions": {"python": 0.25, "java": 0.75},
            "seed": 0,
        }
        | changes
    )


def open_session(config: StudyConfig, root: Path, spec: RunSpec | None = None) -> CommandSession:
    """The session of ``spec`` in the study's folder ``root``."""
    one = spec or run_spec()
    return CommandSession(one, CommandTemplate.of(config, root), root / f"{one.run_id}.run", root / "logs")


def finished(config: StudyConfig, root: Path, spec: RunSpec | None = None) -> CommandSession:
    """The same, advanced to its end."""
    session = open_session(config, root, spec)
    while not session.finished:
        session.advance()
    return session

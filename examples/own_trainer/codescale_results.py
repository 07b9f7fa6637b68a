"""Copy this file beside your trainer: it tells CodeScale how far a run is. It needs Python's standard library alone."""

import json
import os


def report(tokens: int, losses: dict[str, float], test=None, metrics=None, annealed=None, path=None) -> None:
    """Adds a result: losses by language in nats per token, after ``tokens`` training tokens of this run."""
    row = {"tokens": tokens} if annealed is None else {"tokens": tokens, "annealed": annealed}
    for kind, figures in (("loss", losses), ("test", test or {}), ("metric", metrics or {})):
        row |= {f"{kind}.{name}": float(value) for name, value in figures.items()}
    with open(path or os.environ["CODESCALE_RESULTS"], "a") as file:  # noqa: PTH123
        file.write(json.dumps(row) + "\n")

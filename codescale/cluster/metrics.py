"""How far a stage is, as metrics of Ray: its own agent on the driver's machine exports them to Prometheus.

Names, labels and how to read them: docs/status.md. Where nothing exports them (``ray`` without its extra ``default``)
they go nowhere, and cost microseconds.
"""

from __future__ import annotations

from collections.abc import Mapping

from ray.util.metrics import Counter, Gauge

STATES = ("done", "running", "waiting", "failed", "diverged", "pruned")


class StageMetrics:
    """The metrics of one stage of a study; Ray runs.

    Parameters
    ----------
    study, stage
        Their names, the labels of all metrics.
    """

    def __init__(self, study: str, stage: str) -> None:
        labels = {"study": study, "stage": stage}
        keys = tuple(labels)
        self._runs = Gauge(
            "codescale_runs", "Runs of the stage by state; failed, diverged and pruned ones are done.", (*keys, "state")
        ).set_default_tags(labels)
        self._tokens = Gauge(
            "codescale_tokens_trained", "Training tokens of the stage's runs that are done.", keys
        ).set_default_tags(labels)
        self._flops = Gauge(
            "codescale_flops_trained", "Counted training FLOPs of the stage's runs that are done.", keys
        ).set_default_tags(labels)
        self._best = Gauge(
            "codescale_best_objective", "The lowest objective that the search has measured, nats per token.", keys
        ).set_default_tags(labels)
        self._restarts = Counter(
            "codescale_restarts", "Runs that went on elsewhere since this command began, by cause.", (*keys, "cause")
        ).set_default_tags(labels)

    def set_progress(self, runs: Mapping[str, int], tokens: float, flops: float) -> None:
        """``runs`` by :data:`STATES`, of which those that are not named are none; what those that are done cost."""
        for state in STATES:
            self._runs.set(runs.get(state, 0), {"state": state})
        self._tokens.set(tokens)
        self._flops.set(flops)

    def set_best(self, objective: float) -> None:
        """The lowest objective of the search so far, nats per token."""
        self._best.set(objective)

    def count_restarts(self, cause: str, runs: int = 1) -> None:
        """So many ``runs`` lost their worker by ``cause`` and go on elsewhere."""
        if runs:
            self._restarts.inc(runs, {"cause": cause})

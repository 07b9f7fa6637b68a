"""A commented ``search_space.yaml`` to begin with, made from a study."""

from __future__ import annotations

from codescale.errors import UserError
from codescale.files import write_text
from codescale.study import StudyConfig, StudyFolder

RANGES = {
    "learning_rate_factor": ("{low: 0.5, high: 2.0, scale: log}", "on all learning rates"),
    "batch": ("{low: 2, high: 8, scale: log}", "whole numbers of sequences"),
    "warmup_share": ("{low: 0.0, high: 0.1}", "of a run's steps"),
    "cooldown_share": ("{low: 0.1, high: 0.4}", "of a run's steps"),
    "weight_decay": ("{low: 0.0, high: 0.2}", ""),
}


def write_starting_space(config: StudyConfig, folder: StudyFolder) -> None:
    """Writes the study's own space. Raises :class:`UserError` where there is one already."""
    if folder.space_file.exists():
        raise UserError(folder.space_file, "exists already", "edit it, or delete it to have a new one written")
    write_text(folder.space_file, starting_space(config))


def starting_space(config: StudyConfig) -> str:
    """The text of a space in which the study's languages keep its bounds and weights; the rest is commented."""
    lines = [
        f"# What `codescale search` may vary in {config.name}. It wins over search.space in study.yaml.",
        "# Every key is explained in docs/search.md; remove a # to use what stands behind it.",
        "",
        "# Shares of training tokens: free (0 to 1), two bounds, one number (fixed), or tied to another language.",
        "# A language that is not named gets no tokens.",
        "languages:",
    ]
    width = max(map(len, config.languages)) + 1
    for name in config.languages:
        bound = config.target.bounds.get(name)
        share = (
            "free" if bound is None else f"[{bound[0]:g}, {bound[1]:g}]" if isinstance(bound, tuple) else f"{bound:g}"
        )
        lines.append(f"  {f'{name}:':<{width}} {share}")
    first, last = config.languages[0], config.languages[-1]
    lines += [
        f"  # {last}: [0.05, 0.4]",
        f"  # {last}: {{tied_to: {first}, ratio: 0.5}} # half as much of it as of {first}, whatever that is",
        "",
        "# No share may ask for more tokens at the target's D than there are, each seen so many times.",
        f"# available: {{max_epochs: {config.target.max_epochs:g}, tokens: {{{first}: 30e9}}}}",
        "",
        "# How trials are trained; what is not named is as study.yaml says.",
        "# hyperparameters:",
    ]
    for name, (limits, note) in RANGES.items():
        lines.append(f"#   {name}: {limits}" + (f" # {note}" if note else ""))
    weights = ", ".join(f"{name}: {weight:g}" for name, weight in config.weights().items() if weight)
    search, target = config.search, config.target
    size = f"size: {target.size}" if target.size else f"n_params: {target.n_params}"
    lines += [
        "",
        "# What is minimised: weighted losses, and metric.* columns (a negative weight: the more, the better).",
        "# Several objectives, as a list of {name, weights, metrics}, ask for their Pareto front.",
        f"# objective: {{weights: {{{weights}}}}}",
        "",
        "# The scale that the mixture is for, and the smaller one at which trials run.",
        f"# target: {{{size}, n_tokens: {target.n_tokens}}}",
        f"# proxy: {{size: {search.size}, tokens: {search.tokens}}}",
    ]
    return "\n".join(lines) + "\n"

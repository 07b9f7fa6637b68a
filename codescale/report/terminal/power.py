"""What is to be expected of the proof, for the terminal: one table, and what would have it answer."""

from __future__ import annotations

from rich.console import Group
from rich.table import Table

from codescale.comparison.power.expectation import in_words
from codescale.comparison.power.result import BaselinePower, NoiseResult, PowerResult, QuestionPower
from codescale.report.quantities import DASH, count, interval, signed
from codescale.terminal import plain


def power_table(found: PowerResult) -> Group:
    """A row a question and baseline, what is said of each question, and the advice."""
    chosen = f", chosen within {found.budget_tokens:,} tokens" if found.budget_tokens else ""
    table = Table(
        title=f"What the proof can tell: {found.seeds} seeds of each mixture{chosen}, nats per token",
        title_justify="left",
    )
    table.add_column("question", min_width=8)
    table.add_column("against", min_width=8)
    table.add_column("gain", justify="right", no_wrap=True)
    table.add_column("90 % interval", justify="right", no_wrap=True)
    table.add_column("chance", justify="right", no_wrap=True)
    table.add_column("seeds", justify="right", no_wrap=True)
    for question in found.questions:
        for k, (words, one) in enumerate(by_mixture(question).items()):
            table.add_row(plain("" if k else question.name), plain(words), *_cells(question, one))
        table.add_section()
    notes = [one.statement for one in found.questions if one.outlook != "unknown"]
    notes += [found.missing or found.advice, *([found.caution] if found.caution else [])]
    return Group(table, *(plain(line) for line in (*notes, noise_line(found.noise), _key(found))))


def by_mixture(question: QuestionPower) -> dict[str, BaselinePower]:
    """By the words of a baseline and of all that are the same mixture."""
    twins: dict[str, list[str]] = {}
    for word, one in question.baselines.items():
        twins.setdefault(one.same_as or word, []).append(word)
    return {" = ".join(words): question.baselines[first] for first, words in twins.items()}


def _cells(question: QuestionPower, one: BaselinePower) -> tuple[str, ...]:
    if one.gain is None or one.chance is None:
        return (DASH, DASH, DASH, DASH)
    bounds = interval(one.gain.low, one.gain.high, 4) or DASH
    return (signed(one.gain.value, 4), bounds, in_words(one.chance), seeds_needed(one))


def seeds_needed(one: BaselinePower) -> str:
    """The seeds that would resolve the gain that is expected."""
    if one.gain is None or one.gain.value <= 0:
        return DASH
    return f"{one.seeds_needed:,}" if one.seeds_needed else "over 1,000"


def noise_line(noise: NoiseResult) -> str:
    """What the noise is, how it is known, and what pairs gain."""
    freedom = f", {noise.degrees_of_freedom:g} degrees of freedom"
    where = noise.source + ("" if noise.measured else freedom)
    said = (
        f"Noise: two runs with one seed differ by a standard deviation of {noise.deviation:.4f} nats per token beside "
        f"what their mixtures do, one run by {noise.between_seeds:.4f} between seeds ({where})."
    )
    if noise.correlation is None:
        return f"{said} What pairs of one seed gain is not known, and not counted on."
    said += f" Runs with one seed are correlated by {noise.correlation:.2f}, which pairs take out"
    if noise.correlation > 0:
        said += f" (common random numbers: worth {1 / (1 - noise.correlation):.1f} times the seeds)"
    if noise.text_share is None:
        return f"{said}."
    return f"{said}; {100 * noise.text_share:.0f} % of the variance of a difference is the test text's."


def _key(found: PowerResult) -> str:
    scale = f"N = {count(found.n_params)}, D = {count(found.n_tokens)}"
    return (
        f"Resolved: told in {100 * found.power:.0f} % of proofs of {scale} by paired t tests at "
        f"{100 * found.level:.0f} %, corrected for the baselines (Holm). Chance: that the proof says beats, over all "
        "gains and noises that law and runs hold possible. Seeds: the fewest that resolve the expected gain."
    )

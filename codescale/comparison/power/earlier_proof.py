"""The noise of a proof that the study has had: of its mixtures, seeds and test text, and what of it is the text's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from codescale.comparison.documents.layout import document_layout
from codescale.comparison.documents.text_noise import ProofNoise, proof_noise
from codescale.comparison.power.noise import FEWEST_PAIRED, DifferenceNoise, TextPart
from codescale.directions import is_direction
from codescale.runs.document_losses import document_losses_file
from codescale.runs.records import RunRecord
from codescale.search.objective.objective import Objective


def earlier_proof_noise(
    records: Iterable[RunRecord], test_losses: Path, objective: Objective, n_params: int
) -> DifferenceNoise | None:
    """By the comparison's runs of ``n_params`` parameters at the objective's D.

    None where too few mixtures were trained with the same seeds, ``test_losses`` does not keep what each document cost
    them on one text, or the objective weighs translations, which are not kept by document. Raises
    :class:`~codescale.errors.UserError` where a file of it is broken.
    """
    if any(map(is_direction, objective.weights)):
        return None
    runs = _largest_block(records, test_losses, objective.n_tokens, n_params)
    layout = document_layout({str(k): one for k, one in enumerate(runs)}, test_losses)
    noise = None if layout is None else proof_noise(layout, objective.weights)
    if noise is None or noise.objective.freedom < FEWEST_PAIRED or noise.objective.variance <= 0:
        return None
    return _difference_noise(noise, objective)


def _largest_block(
    records: Iterable[RunRecord], test_losses: Path, n_tokens: int, n_params: int
) -> list[Sequence[RunRecord]]:
    """Each mixture's runs in one order of the seeds: of all that share their seeds those of most degrees of freedom."""
    recipes: dict[tuple[object, ...], list[RunRecord]] = {}
    for record in records:
        spec = record.spec
        here = (spec.stage, spec.n_params, spec.token_points) == ("comparison", n_params, (n_tokens,))
        if here and record.status == "ok" and document_losses_file(test_losses, spec.run_id).exists():
            recipe = spec.model_dump(mode="json", exclude={"run_id", "seed"})
            recipes.setdefault((str(recipe), record.corpus_id), []).append(record)
    blocks: dict[tuple[int, ...], list[Sequence[RunRecord]]] = {}
    for runs in recipes.values():
        ordered = sorted(runs, key=lambda record: record.spec.seed)
        blocks.setdefault(tuple(record.spec.seed for record in ordered), []).append(ordered)
    return max(blocks.values(), key=lambda block: (len(block) - 1) * (len(block[0]) - 1), default=[])


def _difference_noise(noise: ProofNoise, objective: Objective) -> DifferenceNoise:
    one = noise.objective
    languages = {name: noise.languages[name] for name in objective.weights}
    # The parts are estimated more surely than the whole, and may not be larger than it.
    shrunk = one.share * one.variance / one.text if one.text > 0 else 0.0
    text = TextPart(
        {name: shrunk * objective.weights[name] ** 2 * each.text for name, each in languages.items()},
        {name: each.tokens for name, each in languages.items()},
    )
    correlation = 1.0 - one.variance / (2.0 * one.single) if one.single > 0 else None
    known = f"{one.freedom} degrees of freedom of the mixtures and seeds of the study's own proof"
    return DifferenceNoise(one.variance**0.5, float(one.freedom), one.single**0.5, correlation, True, known, text)

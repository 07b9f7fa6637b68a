"""A mixture as another trainer's file: what is checked of every export, and which file writes which format."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, get_args

from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.smallest_share import SEQUENCE_LENGTH, said_of, without_less_than_a_sequence
from codescale.mixtures.trainer_formats import (
    hf_datasets,
    levanter,
    litdata,
    megatron,
    mosaicml_streaming,
    nanotron,
    olmo_core,
    torchtitan,
)
from codescale.mixtures.trainer_formats.shares import rounded
from codescale.mixtures.trainer_formats.sources import DataSource, WeightedSources
from codescale.mixtures.warning import warn

Format = Literal["megatron", "torchtitan", "nanotron", "datasets", "levanter", "olmo-core", "streaming", "litdata"]
FORMATS: tuple[Format, ...] = get_args(Format)

_WRITERS: Mapping[Format, Callable[[WeightedSources], str]] = {
    "megatron": megatron.data_path_arguments,
    "torchtitan": torchtitan.dataloader_config,
    "nanotron": nanotron.data_stage,
    "datasets": hf_datasets.interleaving_arguments,
    "levanter": levanter.data_config,
    "olmo-core": olmo_core.source_mixture,
    "streaming": mosaicml_streaming.dataset_arguments,
    "litdata": litdata.combined_dataset_arguments,
}

_WHERE_DATA_RUNS_OUT: Mapping[Format, str] = {
    "megatron": "Megatron repeats it",
    "torchtitan": "torchtitan repeats it",
    "nanotron": "nanotron repeats it",
    "datasets": "the mix ends where the first source does, unless each is repeated",
    "levanter": "Levanter repeats it",
    "olmo-core": "OLMo-core repeats it, max_repetition_ratio says how often at most",
    "streaming": "streaming repeats it",
    "litdata": "an epoch ends where the first source does, for all of them",
}


def export_mixture(
    mixture: Mixture,
    sources: Mapping[str, DataSource],
    form: Format,
    seed: int = 0,
    *,
    n_tokens: float | None = None,
    sequence_length: int = SEQUENCE_LENGTH,
    batch_size: int | None = None,
) -> str:
    """A mixture as the text of another trainer's file.

    Warns (:class:`~codescale.mixtures.warning.MixtureWarning`) of shares that become 0, of data that is repeated, and
    of what the trainer's sampler makes of the file that it does not say (docs/export.md).

    Parameters
    ----------
    mixture
        Shares of tokens; languages without a share are left out.
    sources
        Language to where its data is.
    form
        One of :data:`FORMATS`.
    seed
        Of the trainer's own draws, where its file has one.
    n_tokens
        D: the budget in tokens; a share that buys less than a sequence of it is left out. None: nobody knows.
    sequence_length
        Tokens of a training sequence.
    batch_size
        Sequences of a global batch, where the file has it (``olmo-core``). None: its default.

    Raises
    ------
    UserError
        For a language that has a share and no source, where only some of the sources say how many tokens a row has,
        where no share buys a sequence, and for what the format cannot hold.
    """
    if n_tokens is not None:
        whole, lost = without_less_than_a_sequence(mixture, n_tokens, sequence_length)
        if lost:
            warn(said_of(lost, mixture, n_tokens, sequence_length))
        mixture = whole
    languages = list(mixture.support)
    _check_sources(languages, sources)
    shares = rounded(languages, [mixture[name] for name in languages])
    weighted = WeightedSources(
        languages, [sources[name] for name in languages], shares, seed, n_tokens, sequence_length, batch_size
    )
    for language, epochs in weighted.epochs().items():
        if epochs > 1:
            warn(f"{language}: its share is {epochs:.3g} times the tokens that it has: {_WHERE_DATA_RUNS_OUT[form]}")
    return _WRITERS[form](weighted)


def _check_sources(languages: Sequence[str], sources: Mapping[str, DataSource]) -> None:
    """Raises :class:`UserError` for a language without a source; warns of two that share one."""
    missing = [name for name in languages if name not in sources]
    if missing:
        named = f"{missing[0]} has" if len(missing) == 1 else f"{' and '.join(missing)} have"
        raise UserError(
            "--paths", f"{named} a share and no path", f"add it to the file, which has {', '.join(sources)}"
        )
    homes: dict[str, str] = {}
    for name in languages:
        other = homes.setdefault(sources[name].path, name)
        if other != name:
            warn(f"{other} and {name} have one path, {sources[name].path}: its data is drawn for both")

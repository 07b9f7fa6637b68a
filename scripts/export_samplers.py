"""The trainers' own samplers, run on our exported files: (language, tokens) of what they draw, in training order.

Each function imports its package when it is called, writes its data in that package's own format where the file has its
paths, and opens the exported text as docs/export.md says. The tokens of a document are all the number of its language,
so what comes out of a sampler tells where it came from.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import yaml

Draw = tuple[int, int]
"""The number of a language, and how many tokens of it."""


_END, _PAD = 99, 98
"""Tokens beyond any language's number."""


@dataclass(frozen=True)
class Corpus:
    """Documents of each language, the sequence length and global batch of the training, and D in tokens."""

    documents: Mapping[str, list[np.ndarray]]
    sequence_length: int
    batch_size: int
    n_tokens: int

    def tokens(self, language: str) -> np.ndarray:
        """All tokens of a language, document after document."""
        return np.concatenate(self.documents[language])

    def sequences(self, language: str) -> np.ndarray:
        """(sequences, sequence length): a language's tokens, packed."""
        tokens = self.tokens(language)
        whole = len(tokens) // self.sequence_length * self.sequence_length
        return tokens[:whole].reshape(-1, self.sequence_length)


def megatron(text: str, corpus: Corpus) -> Iterator[Draw]:
    """BlendedMegatronDatasetBuilder over GPTDatasets of indexed files."""
    import torch
    from megatron.core.datasets.blended_megatron_dataset_builder import BlendedMegatronDatasetBuilder
    from megatron.core.datasets.gpt_dataset import GPTDataset, GPTDatasetConfig
    from megatron.core.datasets.indexed_dataset import IndexedDatasetBuilder

    words = text.split()
    for path in words[1::2]:
        builder = IndexedDatasetBuilder(f"{path}.bin", dtype=np.uint16)
        for document in corpus.documents[Path(path).name]:
            builder.add_document(torch.from_numpy(document), [len(document)])
        builder.finalize(f"{path}.idx")
    config = GPTDatasetConfig(
        random_seed=1,
        sequence_length=corpus.sequence_length,
        blend=(words[1::2], [float(one) for one in words[::2]]),
        split="1,0,0",
        tokenizer=SimpleNamespace(vocab_size=100, eod=_END, pad=_PAD, unique_identifiers={}),
        reset_position_ids=False,
        reset_attention_mask=False,
        eod_mask_loss=False,
        create_attention_mask=False,
    )
    count = corpus.n_tokens // corpus.sequence_length
    train = BlendedMegatronDatasetBuilder(GPTDataset, [count, 0, 0], lambda: True, config).build()[0]
    for k in range(count):
        yield int(train[k]["tokens"][0]), corpus.sequence_length


def torchtitan(text: str, corpus: Corpus, rank: int = 0, ranks: int = 1, own_seed: bool = True) -> Iterator[Draw]:
    """InterleavedHuggingFaceTextDataLoader, a seed a rank."""
    from datasets import Dataset
    from torchtitan.hf_datasets import DatasetConfig
    from torchtitan.hf_datasets.text_datasets import DATASETS, HFDataSource, InterleavedHuggingFaceTextDataLoader

    class Tokenizer:
        def encode(self, tokens: list[int], **_: Any) -> list[int]:
            return tokens

    content = yaml.safe_load(text)["dataloader"]
    lower = {language.lower(): language for language in corpus.documents}
    for source in content["sources"]:
        data = Dataset.from_dict({"text": corpus.documents[lower[source["dataset"]]]})
        DATASETS[source["dataset"]] = DatasetConfig(
            path="", loader=lambda path, data=data: data, sample_processor=lambda sample: sample["text"]
        )
    sources = [HFDataSource(**source) for source in content.pop("sources")]
    config = InterleavedHuggingFaceTextDataLoader.Config(sources=sources, **content)
    loader = InterleavedHuggingFaceTextDataLoader(
        dataclasses.replace(config, seed=config.seed + rank * own_seed),
        dp_world_size=ranks,
        dp_rank=rank,
        tokenizer=Tokenizer(),  # type: ignore[arg-type]
        seq_len=corpus.sequence_length,
        local_batch_size=4,
    )
    for inputs, _ in loader:
        for row in inputs["input"]:
            yield int(row[0]), len(row)


def nanotron(text: str, corpus: Corpus) -> Iterator[Draw]:
    """Nanoset over folders of datatrove's token files.

    Its file alone is imported, since the package around it needs flash-attn, and datatrove's reader is called by the
    names that its present release has.
    """
    import nanotron as package
    import torch.distributed
    from datatrove.utils.dataset import DatatroveFolderDataset

    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    room = ModuleType("nanotron.data")
    room.__path__ = [str(Path(package.__path__[0]) / "data")]
    sys.modules["nanotron.data"] = room
    from nanotron.data import nanoset

    nanoset.DatatroveFolderDataset = lambda folder_path, seq_len, token_size, **_: DatatroveFolderDataset(
        folder_path, seq_len, token_size=token_size, recursive=False
    )

    stage = yaml.safe_load(text)["data_stages"][0]["data"]
    for path in stage["dataset"]["dataset_folder"]:
        Path(path).mkdir(parents=True)
        corpus.tokens(Path(path).name).astype(np.uint16).tofile(Path(path) / "000.ds")
        ends = np.cumsum([len(one) for one in corpus.documents[Path(path).name]])
        ends.astype(np.uint64).tofile(Path(path) / "000.ds.index")
    count = corpus.n_tokens // corpus.sequence_length
    data = nanoset.Nanoset(
        dataset_folders=stage["dataset"]["dataset_folder"],
        dataset_weights=stage["dataset"]["dataset_weights"],
        sequence_length=corpus.sequence_length,
        token_size=2,
        train_split_num_samples=count,
        random_seed=stage["seed"],
        return_positions=False,
        eos_token_id=_END,
    )
    for k in range(count):
        yield int(data[k]["input_ids"][0]), corpus.sequence_length


def datasets(text: str, corpus: Corpus, rank: int = 0, ranks: int = 1, own_seed: bool = True) -> Iterator[Draw]:
    """interleave_datasets over sources that repeat, each split by rank first, with a seed a rank."""
    from datasets import Dataset, interleave_datasets
    from datasets.distributed import split_dataset_by_node

    content = json.loads(text)
    parts = []
    for language in content["languages"]:
        data = Dataset.from_dict({"input_ids": corpus.documents[language]}).to_iterable_dataset(num_shards=ranks)
        parts.append(split_dataset_by_node(data, rank, ranks).repeat(None))
    mix = interleave_datasets(
        parts,
        probabilities=content["probabilities"],
        seed=content["seed"] + rank * own_seed,
        stopping_strategy=content["stopping_strategy"],
    )
    for row in mix:
        yield int(row["input_ids"][0]), len(row["input_ids"])


def levanter(text: str, corpus: Corpus) -> Iterator[Draw]:
    """MixtureDataset as LmDataConfig makes it, over packed sequences."""
    import asyncio

    import draccus
    from levanter.data.dataset import ListAsyncDataset
    from levanter.data.mixture import MixtureDataset
    from levanter.data.text import LmDataConfig

    config = draccus.decode(LmDataConfig, yaml.safe_load(text)["data"])
    mixture = MixtureDataset(
        datasets={name: ListAsyncDataset(list(corpus.sequences(name))) for name in config.components},
        weights=config.train_weights,
        stop_strategy=config.stop_strategy,
        block_size=config.mixture_block_size,
        key=0,
    )
    for first in itertools.count(0, 4096):
        for sequence in asyncio.run(mixture.get_batch(range(first, first + 4096))):
            yield int(sequence[0]), len(sequence)


def olmo_core(text: str, corpus: Corpus) -> Iterator[Draw]:
    """NumpyFSLDatasetMixture of a SourceMixtureDatasetConfig, in the order of its data loader."""
    from olmo_core.data import NumpyDataLoaderBase, NumpyFSLDatasetConfig, TokenizerConfig
    from olmo_core.data.collator import DataCollator
    from olmo_core.data.source_mixture import SourceMixtureDatasetConfig

    content = yaml.safe_load(text)
    for source in content["source_list"]["sources"]:
        ended = [np.append(one, _END) for one in corpus.documents[source["source_name"]]]
        np.concatenate(ended).astype(np.uint16).tofile(source["paths"][0])
    mixture = SourceMixtureDatasetConfig.from_dict(content)
    work = tempfile.mkdtemp()
    data = NumpyFSLDatasetConfig.from_src_mix(
        mixture,
        tokenizer=TokenizerConfig(vocab_size=50_000, eos_token_id=_END, pad_token_id=_PAD),
        sequence_length=corpus.sequence_length,
        work_dir=work,
    ).build()
    data.prepare()
    loader = NumpyDataLoaderBase.wrap_numpy_dataset(
        data, global_batch_size=mixture.global_batch_size, collator=DataCollator(pad_token_id=_PAD), work_dir=work
    )
    loader.reshuffle(1)
    for k in loader.get_global_indices().reshape(-1):
        sequence = data[int(k)]["input_ids"]
        yield int(sequence.min()), len(sequence)


def streaming(text: str, corpus: Corpus) -> Iterator[Draw]:
    """StreamingDataset over MDS shards, epoch after epoch."""
    from streaming import MDSWriter, Stream, StreamingDataset

    content = yaml.safe_load(text)
    for language, stream in content["streams"].items():
        with MDSWriter(out=stream["local"], columns={"tokens": "ndarray:int64"}, size_limit=1 << 20) as writer:
            for document in corpus.documents[language]:
                writer.write({"tokens": document})
    streams = [Stream(**stream) for stream in content.pop("streams").values()]
    data = StreamingDataset(streams=streams, batch_size=4, **content)
    while True:
        for row in data:
            yield int(row["tokens"][0]), len(row["tokens"])


def litdata(text: str, corpus: Corpus, rank: int = 0, ranks: int = 1, own_seed: bool = True) -> Iterator[Draw]:
    """CombinedStreamingDataset over LitData's chunks, with a seed a rank and an epoch."""
    import torch
    from litdata import CombinedStreamingDataset, StreamingDataset
    from litdata.streaming import Cache

    content = json.loads(text)
    for language, path in zip(content["languages"], content["paths"], strict=True):
        if not Path(path).exists():
            cache = Cache(path, chunk_bytes=1 << 20)
            for k, document in enumerate(corpus.documents[language]):
                cache[k] = torch.from_numpy(document)
            cache.done()
            cache.merge()
    for epoch in itertools.count():
        data = CombinedStreamingDataset(
            [StreamingDataset(path, shuffle=True) for path in content["paths"]],
            weights=content["weights"],
            seed=content["seed"] + epoch * ranks + rank * own_seed,
            iterate_over_all=content["iterate_over_all"],
            batching_method=content["batching_method"],
        )
        data.set_epoch(epoch)
        for row in data:
            yield int(row[0]), len(row)


SAMPLERS: Mapping[str, tuple[Callable[..., Iterator[Draw]], str]] = {
    "megatron": (megatron, "megatron-core"),
    "torchtitan": (torchtitan, "torchtitan"),
    "nanotron": (nanotron, "nanotron"),
    "datasets": (datasets, "datasets"),
    "levanter": (levanter, "marin-levanter"),
    "olmo-core": (olmo_core, "ai2-olmo-core"),
    "streaming": (streaming, "mosaicml-streaming"),
    "litdata": (litdata, "litdata"),
}
"""Format to its sampler, and the package that it is part of."""

RANKED = ("torchtitan", "datasets", "litdata")
"""Formats whose samplers draw apart on every rank, by one seed."""

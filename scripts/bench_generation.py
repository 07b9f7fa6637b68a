"""Greedy generation: our batch beside one prompt after another, and beside transformers' batch; and whether all agree.

    .venv/bin/python scripts/bench_generation.py [--hidden 64 --layers 3 --heads 4] [--new-tokens 64] [--repeats 3]

A LLaMA with random weights in fp32 on one thread continues the prompts of held-out programs, cut to 96 tokens; nothing
ends early, so that every side writes as many tokens. Processor seconds, the median of repeats taken in turns.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from codescale.corpus.tokenizer import END_OF_DOCUMENT, train_tokenizer
from codescale.evaluation.generation.opening import open_model
from codescale.evaluation.generation.settings import Decoding
from codescale.evaluation.programs.forms.registry import FORMS
from codescale.evaluation.programs.library import load_programs
from codescale.evaluation.programs.prompts import prompt
from codescale.stages.timings import machine
from codescale.study.training import Shape
from codescale.training.model.hf_export import write_model
from codescale.training.model.llama import LanguageModel, initialise

CONTEXT, PROMPT = 512, 96


def written(folder: Path, shape: Shape) -> None:
    """A model with random weights, and a tokenizer trained on the held-out programs."""
    texts = [text for one in load_programs() for text in one.references.values()]
    tokenizer = train_tokenizer(texts, 2048)
    path = folder / "trained.json"
    tokenizer.save(str(path))
    model = LanguageModel(shape, tokenizer.get_vocab_size(), CONTEXT)
    initialise(model, 0.2, 0)
    end = tokenizer.token_to_id(END_OF_DOCUMENT)
    with torch.no_grad():
        model.lm_head.weight[end] = 0  # never the likeliest, so that no row ends early
    write_model(folder, dict(model.named_parameters()), shape, CONTEXT, end, path)


def main() -> None:
    """Prints the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    torch.set_num_threads(1)
    shape = Shape(hidden=given.hidden, layers=given.layers, heads=given.heads, intermediate=11 * given.hidden // 4)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        written(folder, shape)
        measured(folder, shape, given.batch, given.new_tokens, given.repeats)


def measured(folder: Path, shape: Shape, batch: int, new_tokens: int, repeats: int) -> None:
    """Generates on every side and prints what came of it."""
    from transformers import AutoModelForCausalLM

    ours = open_model(folder, torch.device("cpu"))
    theirs = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    shown = [prompt(one.references[name], FORMS[name], one.specification) for one in load_programs() for name in FORMS]
    prompts = [ours.tokenizer.encode(text).ids[-PROMPT:] for text in shown[:: len(shown) // batch]][:batch]

    def by_ours(rows: list[list[int]]) -> list[list[int]]:
        draws = np.zeros((len(rows), new_tokens))
        return ours.continuations(rows, Decoding(new_tokens), draws, lambda row, tokens: False)

    def by_theirs(rows: list[list[int]]) -> list[list[int]]:
        longest = max(map(len, rows))
        tokens, mask = torch.zeros((len(rows), longest), dtype=torch.long), torch.zeros((len(rows), longest))
        for row, ids in enumerate(rows):
            tokens[row, longest - len(ids) :], mask[row, longest - len(ids) :] = torch.tensor(ids), 1
        made = theirs.generate(
            input_ids=tokens, attention_mask=mask, do_sample=False, pad_token_id=0, max_new_tokens=new_tokens
        )
        return made[:, longest:].tolist()

    sides: dict[str, Callable[[], list[list[int]]]] = {
        "ours, one batch": lambda: by_ours(prompts),
        "ours, one after another": lambda: [by_ours([one])[0] for one in prompts],
        "transformers, one batch": lambda: by_theirs(prompts),
    }
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    outputs = {}
    by_ours(prompts[:2])
    by_theirs(prompts[:2])
    for _ in range(repeats):
        for name, side in sides.items():
            began = time.process_time()
            outputs[name] = side()
            seconds[name].append(time.process_time() - began)
    medians = {name: statistics.median(found) for name, found in seconds.items()}
    reference = outputs["transformers, one batch"]
    found = {
        "machine": machine(),
        "model": shape.model_dump() | {"n_params": shape.n_params},
        "rows": len(prompts),
        "new_tokens": new_tokens,
        "cpu_seconds": {name: round(value, 3) for name, value in medians.items()},
        "of_each_repeat": {name: [round(value, 3) for value in values] for name, values in seconds.items()},
        "batch_over_one_after_another": medians["ours, one after another"] / medians["ours, one batch"],
        "ours_over_transformers_batch": medians["transformers, one batch"] / medians["ours, one batch"],
        "rows_equal_to_transformers": {
            name: sum(row == other for row, other in zip(rows, reference, strict=True))
            for name, rows in outputs.items()
        },
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()

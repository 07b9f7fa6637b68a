"""Measures the training core side by side with what it stands beside, and writes docs/benchmarks/training.md.

    .venv/bin/python scripts/bench_training.py [--runs 60] [--repetitions 7] [--compile] [--page PAGE]

Everything that is compared alternates within one run of this script, so that other work on the machine meets both;
figures are medians, spreads the lowest and highest repetition. Needs the extra `bench` (transformers' Trainer wants
accelerate). Text is the Python standard library's.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from codescale.corpus.build import build_corpus
from codescale.progress import Silent
from codescale.runs.records import RunRecord, RunSpec
from codescale.stages.timings import machine
from codescale.study.config import StudyConfig, parse_study
from codescale.study.folder import StudyFolder
from codescale.study.training import Shape
from codescale.training.data.batches import Batches
from codescale.training.flops import training_flops
from codescale.training.metrics.throughput import utilisation
from codescale.training.model.llama import LanguageModel, initialise
from codescale.training.optim.optimizers import ADAM_BETAS
from codescale.training.session_factory import SessionFactory, session_factory

VOCABULARY, CONTEXT, BATCH = 1024, 256, 16
SHAPES = {
    "0.16 M": Shape(hidden=64, layers=3, heads=4, intermediate=192),
    "0.9 M": Shape(hidden=128, layers=4, heads=4, intermediate=416),
}
STEPS = {"0.16 M": 20, "0.9 M": 8}
GPU_SHAPE = Shape(hidden=2048, layers=20, heads=16, intermediate=5504)
"""1.01 B parameters."""
LIBRARY = ("asyncio", "email", "http", "idlelib", "json", "lib2to3", "logging", "multiprocessing", "unittest", "xml")
RATE = 1e-3
WORKER_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**30), "MALLOC_TRIM_THRESHOLD_": str(2**31)}
"""What the sweep gives its workers; here every side has it."""


def key(size: str) -> str:
    """The study's name for ``size`` (a name of ``SHAPES``)."""
    return size.replace(" ", "").replace(".", "-").lower()


def study(folder: Path) -> tuple[StudyConfig, StudyFolder]:
    """A study on the standard library's text, its corpus built."""
    standard = Path(sysconfig.get_paths()["stdlib"])
    for name in LIBRARY:
        if (standard / name).is_dir():
            shutil.copytree(standard / name, folder / "code" / name, ignore=shutil.ignore_patterns("__pycache__"))
    content = {
        "name": "benchmark",
        "languages": ["python"],
        "sizes": {key(name): shape.model_dump() for name, shape in SHAPES.items()},
        "corpus": {"sources": [{"kind": "folder", "path": "code"}], "vocabulary": VOCABULARY},
        "training": {
            "context": CONTEXT, "batch": BATCH, "optimizer": "adamw", "adamw_learning_rate": RATE,
            "evaluations": 1, "evaluation_tokens": 8_192, "schedule": "stable",
        },
        "target": {"n_params": 10**6, "n_tokens": 10**6},
        "search": {"size": "0-16m", "tokens": 10**5},
        "comparison": {"size": "0-16m", "tokens": 10**5},
    }  # fmt: skip
    config, paths = parse_study(content, "benchmark"), StudyFolder(folder)
    build_corpus(config, paths, Silent())
    return config, paths


def spec(config: StudyConfig, size: str, tokens: int, seed: int = 0) -> RunSpec:
    """A run of ``size`` (a name of ``SHAPES``) over ``tokens`` tokens."""
    return RunSpec(
        run_id=f"bench-{key(size)}-s{seed}", stage="mixture", size=key(size), n_params=config.sizes[key(size)].n_params,
        token_points=(tokens,), proportions={"python": 1.0}, seed=seed,
    )  # fmt: skip


def finished(factory: SessionFactory, run: RunSpec) -> RunRecord:
    """Trains ``run`` to its end."""
    session = factory(run)
    while not session.finished:
        session.advance()
    return session.record("ok")


def bare_loop(model: nn.Module, forward: Callable[[Tensor], Tensor], batches: list[Tensor]) -> float:
    """Tokens a second of the loop that one would write by hand."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, betas=ADAM_BETAS, weight_decay=0.0, fused=True)
    begun = time.perf_counter()
    for batch in batches:
        loss = forward(batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return len(batches) * BATCH * CONTEXT / (time.perf_counter() - begun)


def transformers_model(shape: Shape) -> Any:
    """transformers' own model of ``shape``."""
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCABULARY, hidden_size=shape.hidden, intermediate_size=shape.intermediate,
            num_hidden_layers=shape.layers, num_attention_heads=shape.heads, num_key_value_heads=shape.heads,
            max_position_embeddings=CONTEXT, tie_word_embeddings=False, use_cache=False, attn_implementation="sdpa",
        )
    )  # fmt: skip


def trainer_loop(shape: Shape, sequences: list[Tensor], folder: Path) -> float:
    """Tokens a second of transformers' ``Trainer``, from its first step to its last, on texts that are in memory."""
    from transformers import Trainer, TrainerCallback, TrainingArguments
    from transformers.utils.logging import set_verbosity_error

    class Clock(TrainerCallback):
        seconds = 0.0

        def on_train_begin(self, *_: Any, **__: Any) -> None:
            self.begun = time.perf_counter()

        def on_train_end(self, *_: Any, **__: Any) -> None:
            self.seconds = time.perf_counter() - self.begun

    set_verbosity_error()
    steps = len(sequences) // BATCH
    clock = Clock()
    arguments = TrainingArguments(
        str(folder / "trainer"), per_device_train_batch_size=BATCH, max_steps=steps, optim="adamw_torch_fused",
        learning_rate=RATE, adam_beta2=ADAM_BETAS[1], report_to=[], save_strategy="no", logging_strategy="no",
        disable_tqdm=True, use_cpu=True,
    )  # fmt: skip
    rows = [{"input_ids": row, "labels": row} for row in sequences]
    trainer = Trainer(model=transformers_model(shape), args=arguments, train_dataset=rows, callbacks=[clock])
    trainer.train()
    return steps * BATCH * CONTEXT / clock.seconds


@dataclass(frozen=True)
class Measured:
    """One side's figure, repetition by repetition."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The figure."""
        return statistics.median(self.values)

    def over(self, other: Measured) -> Measured:
        """The ratio to ``other``, of repetitions that stood beside each other."""
        return Measured(tuple(a / b for a, b in zip(self.values, other.values, strict=True)))

    def ratio(self) -> str:
        """Median and spread of a ratio."""
        return f"{self.median:.2f} ({min(self.values):.2f} to {max(self.values):.2f})"


def alternating(sides: dict[str, Callable[[], float]], repetitions: int) -> dict[str, Measured]:
    """Every side once for warming up, then ``repetitions`` times in turn; every other round in reverse order."""
    found: dict[str, list[float]] = {name: [] for name in sides}
    for repetition in range(repetitions + 1):
        for name in list(sides) if repetition % 2 else list(reversed(sides)):
            value = sides[name]()
            if repetition:
                found[name].append(value)
                print(f"{name}: {value:,.0f} tokens/s", flush=True)
    return {name: Measured(tuple(values)) for name, values in found.items()}


def throughput(
    size: str, config: StudyConfig, folder: StudyFolder, repetitions: int, compiled: bool
) -> tuple[dict[str, Measured], float]:
    """Tokens a second of every side at ``size``; the loader's alone."""
    shape, steps = SHAPES[size], STEPS[size]
    run = spec(config, size, steps * BATCH * CONTEXT)
    factory = session_factory(config, folder.corpus, None)
    torch.set_num_threads(os.cpu_count() or 1)
    opened = factory(run)
    batches = [torch.from_numpy(opened.batches[step]) for step in range(steps)]
    sequences = [row[:CONTEXT] for batch in batches for row in batch]

    def ours() -> float:
        torch.set_num_threads(os.cpu_count() or 1)
        return finished(factory, run).metrics["tokens_per_second"]

    def bare() -> float:
        model = LanguageModel(shape, VOCABULARY, CONTEXT)
        initialise(model, config.training.initial_deviation, 0)
        return bare_loop(model, model, batches)

    def bare_transformers() -> float:
        model = transformers_model(shape)
        return bare_loop(model, lambda rows: model(input_ids=rows[:, :-1], labels=rows[:, :-1]).loss, batches)

    def bare_compiled() -> float:
        model = LanguageModel(shape, VOCABULARY, CONTEXT)
        return bare_loop(model, torch.compile(model), batches)

    sides: dict[str, Callable[[], float]] = {
        "CodeScale": ours,
        "bare loop, CodeScale's model": bare,
        "bare loop, transformers' model": bare_transformers,
        "transformers' Trainer": lambda: trainer_loop(shape, sequences, folder.root),
    }
    if compiled:
        sides["bare loop, CodeScale's model compiled"] = bare_compiled
    return alternating(sides, repetitions), loader_speed(config, folder, size)


def loader_speed(config: StudyConfig, folder: StudyFolder, size: str) -> float:
    """Tokens a second that the loader makes by itself: what ``loader.batches_of`` does on a CPU, over 300 batches."""
    factory, steps = session_factory(config, folder.corpus, None), 300
    batches: Batches = factory(spec(config, size, steps * BATCH * CONTEXT)).batches
    rows = range(BATCH)
    torch.from_numpy(batches.rows(0, rows))
    begun = time.perf_counter()
    for step in range(steps):
        torch.from_numpy(batches.rows(step, rows))
    return steps * BATCH * CONTEXT / (time.perf_counter() - begun)


def plain(folder: Path, first: int, last: int, tokens: int, threads: int) -> float:
    """Seconds of runs ``first`` to ``last`` one after another in a plain loop, in a fresh process, its start apart."""
    command = [sys.executable, __file__, "--plain", str(folder), str(first), str(last), str(tokens), str(threads)]
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    output = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    return float(output.splitlines()[-1])


def plain_loop(folder: Path, first: int, last: int, tokens: int, threads: int) -> float:
    """What :func:`plain`'s process does."""
    torch.set_num_threads(threads)
    config = parse_study(json.loads((folder / "plain.json").read_text()), "benchmark")
    config = config.model_copy(update={"ray": config.ray.model_copy(update={"threads": threads})})
    factory = session_factory(config, StudyFolder(folder).corpus, None)
    begun = time.perf_counter()
    for seed in range(first, last):
        finished(factory, spec(config, "0.16 M", tokens, seed))
    return time.perf_counter() - begun


def through_ray(config: StudyConfig, folder: StudyFolder, count: int, tokens: int) -> tuple[float, float]:
    """Seconds of the same runs as a sweep on Ray, and of starting Ray."""
    from codescale.cluster.ray_cluster import started_ray
    from codescale.sweeps.execute import execute

    shutil.rmtree(folder.runs, ignore_errors=True)
    specs = [spec(config, "0.16 M", tokens, seed) for seed in range(count)]
    begun = time.perf_counter()
    with started_ray(config.ray) as workers:
        ready = time.perf_counter()
        execute(specs, config, folder, workers, Silent(), lambda _: "", "benchmark")
        done = time.perf_counter()
    return done - ready, ready - begun


def sweep_lines(config: StudyConfig, folder: StudyFolder, count: int, tokens: int) -> list[str]:
    """Many runs through Ray and without it, one way after another."""
    cores = os.cpu_count() or 1
    (folder.root / "plain.json").write_text(config.model_dump_json())
    one = plain(folder.root, 0, count, tokens, cores)
    print(f"plain loop: {one:.1f} s", flush=True)
    ray, start = through_ray(config, folder, count, tokens)
    print(f"Ray: {ray:.1f} s and {start:.1f} s to start", flush=True)
    ends = [count * k // cores for k in range(cores + 1)]
    with ThreadPoolExecutor(cores) as pool:
        each = list(pool.map(lambda k: plain(folder.root, ends[k], ends[k + 1], tokens, 1), range(cores)))
    print(f"plain processes: {max(each):.1f} s", flush=True)
    return [
        f"## {count} runs of 0.16 M parameters and {tokens / 1e6:.2g} M tokens", "",
        "| way | seconds | against one plain loop |", "| --- | ---: | ---: |",
        f"| one plain Python loop, {cores} threads | {one:.1f} | 1.00 |",
        f"| `sweeps.execute` on Ray, {cores} workers of one thread | {ray:.1f} | {ray / one:.2f} |",
        f"| the same with starting Ray | {ray + start:.1f} | {(ray + start) / one:.2f} |",
        f"| {cores} plain Python processes of one thread, the slower one | {max(each):.1f} | {max(each) / one:.2f} |",
        "", "Goal: at most 1.10 through Ray. Starting a plain process (importing torch) is not in its figure.", "",
    ]  # fmt: skip


def throughput_lines(size: str, found: dict[str, Measured], loader: float, compiling: float | None) -> list[str]:
    """The table of one size."""
    ours = found["CodeScale"]
    lines = [f"## {size} parameters", "", "| side | tokens/s | CodeScale against it |", "| --- | ---: | ---: |"]
    for name, measured in found.items():
        ratio = "" if name == "CodeScale" else ours.over(measured).ratio()
        lines.append(f"| {name} | {measured.median:,.0f} | {ratio} |")
    lines += [
        "",
        f"The loader alone makes {loader:,.0f} tokens/s, {loader / ours.median:.0f} times what CodeScale takes.",
    ]
    if compiling is not None:
        lines.append(f"Compiling takes {compiling:.0f} s, once for each process and shape.")
    return [*lines, ""]


def compile_seconds(size: str) -> float:
    """Seconds of the first compiled pass forward and back, without what an earlier process left on the disk."""
    torch.compiler.reset()
    model = LanguageModel(SHAPES[size], VOCABULARY, CONTEXT)
    rows = torch.randint(0, VOCABULARY, (BATCH, CONTEXT + 1))
    begun = time.perf_counter()
    with torch._inductor.utils.fresh_cache():
        torch.compile(model)(rows).backward()
    return time.perf_counter() - begun


def exactness_lines(config: StudyConfig, folder: StudyFolder) -> list[str]:
    """How far one batch and its two halves are apart after a few steps, by optimizer."""
    lines = [
        "## One batch, or two half batches", "",
        "The largest difference in a validation loss of the 0.16 M model after 5 steps, nats per token.", "",
        "| optimizer | difference |", "| --- | ---: |",
    ]  # fmt: skip
    ways: dict[str, dict[str, Any]] = {
        "AdamW": {"optimizer": "adamw"},
        "Muon in fp32": {"optimizer": "muon", "muon_precision": "float32"},
        "Muon in bf16": {"optimizer": "muon", "muon_precision": "bfloat16"},
    }
    for name, way in ways.items():
        losses = []
        for rows in (None, BATCH // 2):
            training = config.training.model_copy(update=way | {"micro_batch": rows})
            changed = config.model_copy(update={"training": training})
            record = finished(
                session_factory(changed, folder.corpus, None), spec(config, "0.16 M", 5 * BATCH * CONTEXT)
            )
            losses.append(record.evaluations[-1].losses["python"])
        lines.append(f"| {name} | {abs(losses[0] - losses[1]):.1e} |")
    return [*lines, ""]


def gpu_lines() -> list[str]:
    """Model FLOPs utilisation of a 1 B model in bf16, compiled, where there is a GPU."""
    title = ["## On a GPU", ""]
    if not torch.cuda.is_available():
        return [*title, "Not measured: the machine has no CUDA device.", ""]
    from codescale.study.training import TrainingSection
    from codescale.training.loop.step import Stepper
    from codescale.training.parallel import SingleProcess

    context, batch, vocabulary, steps = 2048, 16, 32_768, 20
    parallel = SingleProcess()
    training = TrainingSection(context=context, batch=batch, micro_batch=8, optimizer="adamw", compile=True)
    model = LanguageModel(GPU_SHAPE, vocabulary, context)
    initialise(model, 0.02, 0)
    stepper = Stepper(model.to(parallel.device), training, 1.0, parallel, 1e20)
    rows = torch.randint(0, vocabulary, (batch, context + 1), device=parallel.device)
    for _ in range(3):
        stepper.step(rows, 1.0)
    torch.cuda.synchronize()
    begun = time.perf_counter()
    for _ in range(steps):
        stepper.step(rows, 1.0)
    torch.cuda.synchronize()
    seconds = time.perf_counter() - begun
    tokens = steps * batch * context
    share = utilisation(training_flops(GPU_SHAPE, vocabulary, context, tokens), seconds, parallel.device)
    shown = "of an unknown peak" if share is None else f"{share:.1%} model FLOPs utilisation (goal: 50 % on an H200)"
    return [
        *title, f"{torch.cuda.get_device_name()}: {GPU_SHAPE.n_params / 1e9:.2f} B parameters, context {context}, "
        f"batch {batch}, bf16, {'compiled' if stepper.compiled else 'not compiled'}: {tokens / seconds:,.0f} tokens/s, "
        f"{shown}; {torch.cuda.max_memory_allocated() / 1e9:.1f} GB.", "",
    ]  # fmt: skip


def page(sections: Iterable[list[str]], command: str, load: tuple[float, float]) -> str:
    """The benchmark page, in Markdown."""
    here = machine()
    return "\n".join([
        "# The training core, side by side", "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `{command}`: {here['cpu']}, {here['cores']} cores, "
        f"{here['memory_gb']} GB; Python {here['python']}, torch {here['torch']}, transformers "
        f"{version('transformers')}, Ray {here['ray']}. Load of the machine (1 minute) before: {load[0]:.1f}, after: "
        f"{load[1]:.1f}.", "",
        f"Vocabulary {VOCABULARY:,}, context {CONTEXT}, batch {BATCH}, AdamW (fused), fp32, all cores. Sides "
        "alternate; medians, and the lowest and highest ratio of two neighbours in time.", "",
        *(line for section in sections for line in section),
    ])  # fmt: skip


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=60, help="runs through Ray and without (0: leave them out)")
    parser.add_argument("--run-tokens", type=int, default=300_000, help="tokens of each of them")
    parser.add_argument("--repetitions", type=int, default=7, help="of every side, after one to warm up (0: none)")
    parser.add_argument("--compile", action="store_true", help="the compiled model too (a C++ compiler is needed)")
    parser.add_argument("--page", type=Path, default=Path(__file__).parents[1] / "docs" / "benchmarks" / "training.md")
    parser.add_argument("--plain", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.plain:
        folder, *numbers = options.plain
        print(plain_loop(Path(folder), *map(int, numbers)))
        return
    if any(os.environ.get(name) != value for name, value in WORKER_MEMORY.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | WORKER_MEMORY)
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="codescale-bench-") as temporary:
        config, folder = study(Path(temporary))
        sections = []
        for size in SHAPES if options.repetitions else ():
            found, loader = throughput(size, config, folder, options.repetitions, options.compile)
            compiling = compile_seconds(size) if options.compile else None
            sections.append(throughput_lines(size, found, loader, compiling))
        if options.runs:
            sections.append(sweep_lines(config, folder, options.runs, options.run_tokens))
        sections += [exactness_lines(config, folder), gpu_lines()]
    command = shlex.join(["scripts/bench_training.py", *sys.argv[1:]])
    text = page(sections, command, (before, os.getloadavg()[0]))
    options.page.parent.mkdir(parents=True, exist_ok=True)
    options.page.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()

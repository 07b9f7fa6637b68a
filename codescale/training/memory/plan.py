"""How much memory a run needs, computed before it starts, and a refusal with the numbers where the device has less.

Counted, not tried: the tensors that training holds at its fullest moment, from the shape alone. What a layer keeps for
its backward pass is what torch saves of ``model/llama.py`` without compiling (a test holds this file to it), so a
compiled run needs less. Korthikanti et al. (2022, arXiv 2205.05198, section 4) count likewise.

The fullest moment is one of four: the end of a forward pass, with all activations and the logits and their gradient;
a layer's backward pass; the optimizer's update, with all gradients and Muon's workspace; an evaluation. Text that is
mapped into memory is not counted, since the system gives it up when memory is short.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from codescale.errors import UserError
from codescale.study.training import Shape, TrainingSection
from codescale.training.memory.available import available_memory, process_memory
from codescale.training.metrics.evaluation import evaluation_rows
from codescale.training.parallel import FullySharded, ParallelKind, SingleProcess
from codescale.training.precision import muon_precision, precision_of

FLOAT, HALF, INTEGER = 4, 2, 8
HEAP_SHARE, HEAP_SHARE_RECOMPUTED = 1.2, 2.0
"""On a CPU, what a step takes of the system over its live arrays: glibc's heap keeps the gaps between them. Measured
from 0.16 M to 85 M parameters: 1.05 to 1.3, and about twice where layers are recomputed, whose arrays come and go in
another order.
"""

ERROR = 0.15
"""How far a plan may be from what is then measured (tests hold it to that)."""

GATHERED_LAYERS = 3
"""Layers whose weights a sharded worker holds whole at once: one in use, one on its way, one not yet let go."""


@dataclass(frozen=True)
class MemoryDemand:
    """What is to be held in memory.

    Parameters
    ----------
    shape, vocabulary, training
        The model, the rows of its embedding, and how it is trained.
    device
        What the workers compute on.
    world
        How many workers share a run.
    kind
        Whether each has the whole model or a part of it.
    packed
        Models of one shape on each worker.
    """

    shape: Shape
    vocabulary: int
    training: TrainingSection
    device: Literal["cpu", "cuda"] = "cpu"
    world: int = 1
    kind: ParallelKind = "replicated"
    packed: int = 1

    @property
    def parameters(self) -> int:
        """All of them, embedding and logits included."""
        return self.shape.n_params + self.ends

    @property
    def ends(self) -> int:
        """Weights of the embedding and the logits, which may share them."""
        return (1 if self.shape.tied else 2) * self.shape.hidden * self.vocabulary

    @property
    def shards(self) -> int:
        """Parts into which weights, gradients and the optimizer's state are divided."""
        return self.world if self.kind == "sharded" else 1

    @property
    def rows(self) -> int:
        """Sequences of one model in one forward pass of a worker."""
        most = -(-self.training.batch // self.world)
        passes = -(-most // (self.training.micro_batch or most))
        return -(-most // passes)

    @property
    def accumulates(self) -> bool:
        """Whether a step has several passes, so that gradients are there during a forward pass."""
        return self.rows < -(-self.training.batch // self.world)

    @property
    def half(self) -> bool:
        """Whether the model computes in bf16."""
        return precision_of(self.training.precision, torch.device(self.device)) is torch.bfloat16


@dataclass(frozen=True)
class MemoryPlan:
    """Bytes of one worker. ``process`` is the interpreter and its libraries; 0 on a GPU, which has only tensors.

    ``trunk`` is the copy of weights and optimizer state while a branch is trained. The rest are what the four moments
    hold beside these: gradients where there are any, activations, logits, workspace.
    """

    process: int
    weights: int
    optimizer: int
    trunk: int
    forward: int
    backward: int
    update: int
    evaluation: int

    @property
    def fullest_moment(self) -> int:
        """What the fullest of the four moments holds."""
        return max(self.forward, self.backward, self.update, self.evaluation)

    @property
    def total(self) -> int:
        """The peak."""
        return self.process + self.weights + self.optimizer + self.trunk + self.fullest_moment

    def description(self) -> str:
        """The peak and what it is made of."""
        moments = {
            "activations and logits": self.forward,
            "activations and a layer's backward pass": self.backward,
            "gradients and the optimizer's workspace": self.update,
            "an evaluation": self.evaluation,
        }
        fullest = max(moments, key=lambda name: moments[name])
        parts = {"process": self.process, "weights": self.weights, "optimizer": self.optimizer}
        parts |= {"the trunk behind a branch": self.trunk, fullest: moments[fullest]}
        return f"{size(self.total)} ({', '.join(f'{name} {size(part)}' for name, part in parts.items() if part)})"


def size(count: int) -> str:
    """Bytes as a person reads them, in MB of 10^6 or GB of 10^9."""
    if count < 10**8:
        return f"{count / 1e6:.1f} MB"
    return f"{count / 1e9:,.1f} GB" if count >= 10**10 else f"{count / 1e9:.2f} GB"


def memory_plan(demand: MemoryDemand) -> MemoryPlan:
    """The memory that one worker of ``demand`` needs, in bytes."""
    weights = FLOAT * demand.packed * demand.parameters
    hidden = FLOAT * demand.packed * _hidden(demand)
    moments = hidden + 2 * (weights - hidden) if demand.training.optimizer == "muon" else 2 * weights
    gradients = weights // demand.shards
    buckets = gradients if demand.world > 1 and demand.kind == "replicated" else 0
    kept = gradients if demand.accumulates else buckets
    gathered = _gathered(demand)
    activations = demand.packed * demand.rows * demand.training.context * saved_per_token(demand) + _cast_weights(
        demand
    )
    moments_of_a_step = {
        "forward": activations + gathered + kept + _logits(demand, demand.rows, trained=True),
        "backward": gathered + max(activations + kept + _first_backward(demand), _last_backward(demand, gradients)),
        "update": gradients + _workspace(demand),
        "evaluation": gathered + buckets + _evaluation(demand),
    }
    heap = 1.0
    if demand.device == "cpu":
        heap = HEAP_SHARE_RECOMPUTED if demand.training.checkpoint_activations else HEAP_SHARE
    return MemoryPlan(
        process=process_memory() if demand.device == "cpu" else 0,
        weights=weights // demand.shards,
        optimizer=moments // demand.shards,
        trunk=(weights + moments) // demand.shards,
        **{name: round(heap * held) for name, held in moments_of_a_step.items()},
    )


def saved_per_token(demand: MemoryDemand) -> int:
    """Bytes that a forward pass saves for the backward pass, per token, besides the logits' gradient and weights in
    lower precision.

    ``h`` is the residual stream's width, ``f`` the feed-forward layer's.
    """
    h, layers = demand.shape.hidden, demand.shape.layers
    layer = layer_saved_per_token(demand)
    kept = layers * (FLOAT * h if demand.training.checkpoint_activations else layer)
    last_norm = _norm(demand) + (HALF if demand.half else FLOAT) * h
    mask = demand.training.context if demand.training.attention == "document" else 0
    return kept + last_norm + 2 * INTEGER + mask


def layer_saved_per_token(demand: MemoryDemand) -> int:
    """Bytes that one layer keeps for its backward pass, per token: two norms, attention, and SwiGLU's four arrays."""
    h, f, heads = demand.shape.hidden, demand.shape.intermediate, demand.shape.heads
    attention = 2 * demand.shape.head_width * (heads + demand.shape.key_heads)  # turned queries, mixed; keys, values
    products = 4 * f  # gate, up, the gate's SiLU, their product
    width = HALF if demand.half else FLOAT
    inputs = 5 * h if demand.half else 2 * h  # autocast turns a norm's output to bf16 once for each matrix
    mask = FLOAT * demand.training.context if demand.training.attention == "document" else 0
    return 2 * _norm(demand) + width * (attention + products + inputs) + FLOAT * heads + mask


def _norm(demand: MemoryDemand) -> int:
    """Per token: the norm's input, on CPUs also that scaled, and a scale."""
    return FLOAT * demand.shape.hidden * (1 if demand.device == "cuda" else 2) + FLOAT


def _hidden(demand: MemoryDemand) -> int:
    """Elements of the layers' matrices, which Muon is for."""
    return demand.shape.layers * demand.shape.layer_weights


def _cast_weights(demand: MemoryDemand) -> int:
    """The matrices in bf16, which autocast keeps until the backward pass; sharded ones are gathered in bf16 already."""
    if not demand.half or demand.kind == "sharded":
        return 0
    return HALF * demand.packed * (_hidden(demand) + demand.shape.hidden * demand.vocabulary)


def _gathered(demand: MemoryDemand) -> int:
    """What a sharded worker holds whole: embedding and logits throughout, and a few layers, with their gradients."""
    if demand.kind != "sharded":
        return 0
    width = HALF if demand.half else FLOAT
    layers = GATHERED_LAYERS * _hidden(demand) // demand.shape.layers
    return (width + FLOAT) * (demand.ends + layers)


def _logits(demand: MemoryDemand, rows: int, trained: bool) -> int:
    """The logits and, in fp32, their gradient or log-probabilities; in bf16 also the logits in fp32."""
    width = HALF + FLOAT if demand.half and trained else FLOAT
    return demand.packed * rows * demand.training.context * demand.vocabulary * (width + FLOAT)


def _layer_backward(demand: MemoryDemand) -> int:
    """Gradients of SwiGLU's arrays and of the residual stream, while a layer's backward pass goes on; where layers
    forget what they computed, also that, computed again.
    """
    tokens = demand.packed * demand.rows * demand.training.context
    arrays = 3 * demand.shape.intermediate + 2 * demand.shape.hidden
    again = layer_saved_per_token(demand) if demand.training.checkpoint_activations else 0
    return tokens * ((HALF if demand.half else FLOAT) * arrays + again)


def _first_backward(demand: MemoryDemand) -> int:
    """Beside all activations: the logits' gradient, or once that is gone the last layer's backward pass."""
    tokens = demand.packed * demand.rows * demand.training.context
    return max(_layer_backward(demand), tokens * FLOAT * (demand.vocabulary + demand.shape.hidden))


def _last_backward(demand: MemoryDemand, gradients: int) -> int:
    """The first layer's backward pass: all other layers' gradients are there and only its own activations are left."""
    tokens = demand.packed * demand.rows * demand.training.context
    layer = FLOAT * demand.packed * _hidden(demand) // demand.shape.layers // demand.shards
    own = 0 if demand.training.checkpoint_activations else tokens * layer_saved_per_token(demand)
    return gradients - layer + own + _layer_backward(demand)


def _workspace(demand: MemoryDemand) -> int:
    """Beside the gradients: Muon's matrices of one shape, whole and twice in its precision, with two Gram matrices."""
    if demand.training.optimizer != "muon":
        return 0
    h, f, layers = demand.shape.hidden, demand.shape.intermediate, demand.shape.layers
    lower = muon_precision(demand.training.muon_precision, demand.device) is torch.bfloat16
    width = HALF if lower else FLOAT
    queries, keys = (heads * demand.shape.head_width for heads in (demand.shape.heads, demand.shape.key_heads))
    alike = queries == keys == h
    groups = [(4 * layers, h, h)] if alike else [(2 * layers, h, queries), (2 * layers, h, keys)]
    groups.append((2 * layers, h, f))
    return demand.packed * max(
        count * (2 * (FLOAT + width) * rows * columns + 2 * width * min(rows, columns) ** 2)
        for count, rows, columns in groups
    )


def _evaluation(demand: MemoryDemand) -> int:
    """Logits and log-probabilities of a few sequences, in fp32."""
    rows = evaluation_rows(demand.vocabulary, demand.training.context)
    working = FLOAT * (3 * demand.shape.intermediate + 3 * demand.shape.hidden)
    return _logits(demand, rows, trained=False) + demand.packed * rows * demand.training.context * working


def alternatives(demand: MemoryDemand) -> list[tuple[str, int]]:
    """Settings under which the same run needs less memory, its losses the same but for rounding.

    Returns
    -------
    list
        Setting, as it is written in ``study.yaml``, and the bytes that the run then needs; the most first.
    """
    rows = demand.rows
    changes: list[tuple[str, dict[str, object]]] = []
    if rows > 1:
        changes.append((f"training.micro_batch: {rows // 2}", {"micro_batch": rows // 2}))
        changes.append(("training.micro_batch: 1", {"micro_batch": 1}))
    if not demand.training.checkpoint_activations:
        changes.append(("training.checkpoint_activations: true", {"checkpoint_activations": True}))
        changes.append(
            (
                "training.micro_batch: 1 with training.checkpoint_activations: true",
                {"micro_batch": 1, "checkpoint_activations": True},
            ),
        )
    now = memory_plan(demand).total
    found = {}
    for name, change in changes:
        total = memory_plan(_with_training(demand, change)).total
        if total < now:
            found[name] = total
    return sorted(found.items(), key=lambda entry: -entry[1])


def _with_training(demand: MemoryDemand, change: dict[str, object]) -> MemoryDemand:
    changed = {name: getattr(demand, name) for name in MemoryDemand.__dataclass_fields__}
    return MemoryDemand(**(changed | {"training": demand.training.model_copy(update=change)}))


def hint_to_fit(demand: MemoryDemand, available: int, others: Sequence[str] = ()) -> str:
    """What a person can change so that a run fits.

    Parameters
    ----------
    demand
        The run.
    available
        Bytes that there are.
    others
        Other ways out, to be named as well.

    Returns
    -------
    str
        The first setting that is enough, or the one that needs least; in words of an error's hint.
    """
    less = alternatives(demand)
    enough = [(name, total) for name, total in less if total <= available]
    shown = enough[:1] or less[-1:]
    settings = [f"set {name} ({size(total)})" for name, total in shown]
    return ", or ".join([*settings, *others, "train a smaller model"])


def check_fits(demand: MemoryDemand, parallel: SingleProcess, where: str) -> MemoryPlan:
    """The plan of a run that this process is about to open.

    Parameters
    ----------
    demand
        What the run needs.
    parallel
        This worker's part, with its device.
    where
        The run's name in an error.

    Raises
    ------
    UserError
        Where it does not fit; with the numbers, and what to change.
    """
    plan, available = memory_plan(demand), available_memory(parallel.device)
    if plan.total > available:
        raise UserError(
            where,
            f"needs {plan.description()} of memory, and {size(available)} are left on {parallel.device.type}",
            hint_to_fit(demand, available, ["share its weights out over several devices (codescale train --sharded)"]),
        )
    return plan


def models_that_fit(demand: MemoryDemand, available: int) -> int:
    """How many models like ``demand``'s one a pack may have in ``available`` bytes; one at least.

    A plan is true to 15 %, and as much is left free.
    """
    alone = memory_plan(demand)
    return max(1, int((1 - ERROR) * available - alone.process) // (alone.total - alone.process))


def demand_of(
    shape: Shape, vocabulary: int, training: TrainingSection, parallel: SingleProcess, packed: int = 1
) -> MemoryDemand:
    """What a worker of ``parallel`` is to hold."""
    return MemoryDemand(
        shape,
        vocabulary,
        training,
        "cuda" if parallel.device.type == "cuda" else "cpu",
        parallel.world,
        "sharded" if isinstance(parallel, FullySharded) else "replicated",
        packed,
    )

"""How one run is shared out over workers: not at all, by the batch (DDP), or by the batch and the weights (FSDP2).

The model does not know of it, and neither do the data: a batch is a pure function of the step, and each worker takes
its rows. What is added up over workers is weighted by rows, so that the gradient is the batch's mean on any number of
them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import torch
import torch.distributed as dist
from torch import Tensor, nn

from codescale.errors import UserError

ParallelKind = Literal["replicated", "sharded"]


class SingleProcess:
    """One worker has the whole batch; also the base of the others.

    Parameters
    ----------
    device
        Where the worker's tensors are. Default: the GPU where there is one, else the CPU.
    """

    rank, world = 0, 1

    def __init__(self, device: torch.device | None = None) -> None:
        self.device = device or torch.device("cuda" if torch.cuda.is_available() else "cpu")

    def rows(self, batch: int) -> range:
        """This worker's part of a batch.

        Parameters
        ----------
        batch
            Sequences of a whole batch.

        Returns
        -------
        range
            The rows that are this worker's, in order; every row is one worker's.

        Raises
        ------
        UserError
            Where a worker would have none.
        """
        if batch < self.world:
            raise UserError(
                "training.batch",
                f"{batch} sequences cannot be shared out over {self.world} workers",
                f"use {batch} workers or fewer, or a larger batch",
            )
        return range(self.rank * batch // self.world, (self.rank + 1) * batch // self.world)

    def place(self, model: nn.Module) -> None:
        """Moves ``model`` to where training wants it before :meth:`prepare`."""
        model.to(self.device)

    def prepare(self, model: nn.Module, precision: torch.dtype) -> nn.Module:
        """Wraps ``model`` for training.

        Parameters
        ----------
        model
            The model, where :meth:`place` put it. Its parameters may become shards.
        precision
            What forward and backward passes compute in.

        Returns
        -------
        nn.Module
            What training calls instead of ``model``.
        """
        return model

    @contextmanager
    def accumulate_gradients(self, forward: nn.Module, last: bool) -> Iterator[None]:
        """Surrounds one of several backward passes of a step: gradients are added up over workers after the ``last``
        only. ``forward`` is what :meth:`prepare` returned.
        """
        yield

    def reshard(self, model: nn.Module) -> None:
        """Puts the parameters back as training keeps them, after forward passes that no backward pass followed."""

    def all_reduce_sum(self, values: Tensor) -> Tensor:
        """The sum of every worker's ``values``, of the same shape; every worker gets it."""
        return values

    def broadcast_decision(self, decision: bool) -> bool:
        """The first worker's ``decision``: clocks differ, and all have to act at the same step."""
        return decision


class DataParallel(SingleProcess):
    """Every worker has the whole model and a part of the batch (``DistributedDataParallel``)."""

    def __init__(self, device: torch.device | None = None) -> None:
        super().__init__(device)
        self.rank, self.world = dist.get_rank(), dist.get_world_size()

    def prepare(self, model: nn.Module, precision: torch.dtype) -> nn.Module:
        """``model`` behind DDP; its parameters stay the same tensors."""
        return nn.parallel.DistributedDataParallel(model, gradient_as_bucket_view=True)

    @contextmanager
    def accumulate_gradients(self, forward: nn.Module, last: bool) -> Iterator[None]:
        """Leaves out the reduction of all but the last pass."""
        if last:
            yield
            return
        with forward.no_sync():  # type: ignore[operator]
            yield

    def all_reduce_sum(self, values: Tensor) -> Tensor:
        """By ``all_reduce``."""
        result = values.clone()
        dist.all_reduce(result)
        return result

    def broadcast_decision(self, decision: bool) -> bool:
        """The first worker's decision, sent to all."""
        flag = torch.tensor([int(decision)], device=self.device)
        dist.broadcast(flag, 0)
        return bool(flag.item())


class FullySharded(DataParallel):
    """Every worker keeps a part of each weight, of its gradient and of the optimizer's state (FSDP2)."""

    def place(self, model: nn.Module) -> None:
        """Leaves ``model`` where it is: sharding moves layer by layer, for a device may be too small for all of it."""

    def prepare(self, model: nn.Module, precision: torch.dtype) -> nn.Module:
        """``model`` with sharded parameters: layer by layer, then what is left."""
        from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard, register_fsdp_forward_method

        mixed: dict[str, Any] = {}
        if precision is not torch.float32:
            mixed["mp_policy"] = MixedPrecisionPolicy(param_dtype=precision, reduce_dtype=torch.float32)
        for layer in model.model.layers:  # type: ignore[union-attr]
            fully_shard(layer, **mixed)
        fully_shard(model, **mixed)
        register_fsdp_forward_method(model, "token_losses")  # a forward pass too: it needs the weights whole
        return model

    @contextmanager
    def accumulate_gradients(self, forward: nn.Module, last: bool) -> Iterator[None]:
        """Gradients stay whole until the last pass."""
        forward.set_requires_gradient_sync(last)  # type: ignore[operator]
        yield

    def reshard(self, model: nn.Module) -> None:
        """Lets go of the weights that a forward pass gathered and that its backward pass would have."""
        from torch.distributed.fsdp import FSDPModule

        for module in model.modules():
            if isinstance(module, FSDPModule):
                module.reshard()


def parallel_of(kind: ParallelKind) -> SingleProcess:
    """How this process takes part in training.

    Parameters
    ----------
    kind
        Whether each worker has the whole model or a part of it.

    Returns
    -------
    SingleProcess
        Alone, where no process group was started, or where it has one member and nothing is to be sharded.
    """
    if not dist.is_initialized() or (dist.get_world_size() == 1 and kind == "replicated"):
        return SingleProcess()
    return FullySharded() if kind == "sharded" else DataParallel()

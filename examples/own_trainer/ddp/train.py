"""A torchrun DDP script: each of its processes trains on its part of the batch; the first one reports.

torchrun --nproc-per-node 2 train.py --mixture mixture.json --tokens 20000 --seed 0 --folder out
"""

import argparse
import json
import sys
from pathlib import Path

import torch
import torch.distributed
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1]))
from codescale_results import report

BATCH, CONTEXT, VOCABULARY = 8, 32, 64


def sequences(language: str, count: int, draw: torch.Generator) -> torch.Tensor:
    """(count, CONTEXT + 1) ids: each language counts on in steps of its own, with some noise."""
    step = {"python": 1, "java": 3}[language]
    start = torch.randint(VOCABULARY, (count, 1), generator=draw)
    noise = torch.rand((count, CONTEXT + 1), generator=draw) < 0.1
    clean = (start + step * torch.arange(CONTEXT + 1)) % VOCABULARY
    return torch.where(noise, torch.randint(VOCABULARY, clean.shape, generator=draw), clean)


def loss_on(model: nn.Module, ids: torch.Tensor) -> torch.Tensor:
    """Cross-entropy in nats per token."""
    return nn.functional.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())


def evaluate(model: nn.Module, languages: list[str], seed: int) -> dict[str, float]:
    """Losses by language, on other text for another seed."""
    with torch.no_grad():
        made = {name: torch.Generator().manual_seed(seed) for name in languages}
        return {name: float(loss_on(model, sequences(name, 128, draw))) for name, draw in made.items()}


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("--mixture", "--folder"):
        parser.add_argument(name, type=Path, required=True)
    for name in ("--tokens", "--seed"):
        parser.add_argument(name, type=int, required=True)
    given = parser.parse_args()
    torch.distributed.init_process_group("gloo")
    rank, world = torch.distributed.get_rank(), torch.distributed.get_world_size()
    shares = json.loads(given.mixture.read_text())
    torch.manual_seed(given.seed)
    network = nn.Sequential(nn.Embedding(VOCABULARY, 32), nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, VOCABULARY))
    model = nn.parallel.DistributedDataParallel(network)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    steps, begin, saved = max(1, given.tokens // (BATCH * CONTEXT)), 0, given.folder / "checkpoint.pt"
    if saved.exists():
        state = torch.load(saved, weights_only=True)
        model.load_state_dict(state["model"]), optimizer.load_state_dict(state["optimizer"])
        begin = state["step"]
    for step in range(begin, steps):
        for group in optimizer.param_groups:
            group["lr"] = 1e-2 * (1 - step / steps)
        draw = torch.Generator().manual_seed(given.seed * 1_000_003 + step * world + rank)
        counts = torch.multinomial(torch.tensor(list(shares.values())), BATCH // world, True, generator=draw)
        ids = torch.cat([sequences(list(shares)[k], 1, draw) for k in counts.tolist()])
        optimizer.zero_grad()
        loss_on(model, ids).backward()
        optimizer.step()
        last = step + 1 == steps
        if rank == 0 and ((step + 1) % max(1, steps // 4) == 0 or last):
            tests = evaluate(network, list(shares), 2) if last else None
            report((step + 1) * BATCH * CONTEXT, evaluate(network, list(shares), 1), tests, annealed=last)
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step + 1}
            torch.save(state, saved.with_suffix(".part"))
            saved.with_suffix(".part").replace(saved)
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()

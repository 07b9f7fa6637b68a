"""The price table: what machines cost an hour and what their GPUs can do, ours (``prices.yaml``) and the user's own."""

from __future__ import annotations

import datetime
from difflib import get_close_matches
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from codescale.errors import UserError
from codescale.files import read_yaml
from codescale.validation import Number, WholeNumber, checked

Dollars = Annotated[Number, Field(ge=0, allow_inf_nan=False)]
"""US dollars an hour."""


class Gpu(BaseModel):
    """``peak``: FLOPs a second in bfloat16, dense."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    peak: Number = Field(gt=0, allow_inf_nan=False)
    source: str = Field(min_length=1)


class NodeType(BaseModel):
    """A kind of machine; prices are US dollars an hour, None where they are not known."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    cpus: WholeNumber = Field(gt=0, le=100_000)
    memory_gb: Number = Field(gt=0, allow_inf_nan=False)
    gpus: WholeNumber = Field(default=0, ge=0, le=1_000)
    gpu: str | None = None
    region: str | None = None
    on_demand: Dollars | None = None
    spot: Dollars | None = None
    date: datetime.date | None = None
    source: str | None = None

    @model_validator(mode="after")
    def _says_where_a_price_is_from(self) -> Self:
        if (self.on_demand is not None or self.spot is not None) and (self.date is None or not self.source):
            raise ValueError("has a price without a date or a source: write date: 2026-01-31 and source: where it is")
        if bool(self.gpus) != (self.gpu is not None):
            raise ValueError("names a GPU and not how many, or the other way round: write gpus: 8, gpu: H100")
        return self

    def price(self, *, spot: bool) -> float | None:
        """Dollars an hour. A spot machine whose price is not known counts at its on-demand price, the most it costs."""
        return self.spot if spot and self.spot is not None else self.on_demand


class PriceTable(BaseModel):
    """GPUs and machines by name, such as ``aws/p5.48xlarge``."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    gpus: dict[str, Gpu] = {}
    nodes: dict[str, NodeType] = {}

    def with_more(self, gpus: dict[str, Gpu], nodes: dict[str, NodeType]) -> PriceTable:
        """This table and further entries, which replace those of the same name."""
        return PriceTable(gpus=self.gpus | gpus, nodes=self.nodes | nodes)

    def node(self, name: str, where: str | Path) -> NodeType:
        """The machine called ``name``. Raises :class:`UserError` that names ``where`` it was asked for."""
        if name not in self.nodes:
            near = get_close_matches(name, self.nodes, n=3, cutoff=0.3) or sorted(self.nodes)[:3]
            raise UserError(
                where, f"there is no node type {name!r} in the price table", f"use one such as {', '.join(near)}"
            )
        return self.nodes[name]

    def peak(self, node: NodeType, where: str | Path) -> float:
        """FLOPs a second of one GPU of ``node``. Raises :class:`UserError` where the table does not know it."""
        if node.gpu not in self.gpus:
            raise UserError(
                where, f"the GPU {node.gpu!r} is not in the price table", f"use one of {', '.join(sorted(self.gpus))}"
            )
        return self.gpus[node.gpu].peak


def read_prices(own: str | Path | None = None) -> PriceTable:
    """The packaged table, with the entries of the user's file ``own`` added.

    Raises :class:`UserError` that names file and entry for a negative price, a price without date or source, and a
    machine whose GPU nobody knows.
    """
    with as_file(files("codescale.cluster.planning") / "prices.yaml") as packaged:
        table = _read(packaged)
    if own is not None:
        more = _read(Path(own))
        table = table.with_more(more.gpus, more.nodes)
        for name, node in more.nodes.items():
            if node.gpus:
                table.peak(node, f"{own}, nodes.{name}")
    return table


def _read(path: Path) -> PriceTable:
    content = read_yaml(path)
    hint = "write it as codescale/cluster/planning/prices.yaml is written: gpus and nodes by name"
    if not isinstance(content, dict):
        raise UserError(path, "is no price table", hint)
    return checked(TypeAdapter(PriceTable), content, path, hint)

"""What the terminal shows of one trained model: its validation loss on each language."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from codescale.directions import is_direction
from codescale.errors import visible
from codescale.report.quantities import count, duration, number, percent
from codescale.runs.records import RunRecord
from codescale.terminal import plain


def trained_table(record: RunRecord, model: Path, labels: Mapping[str, str]) -> RenderableType:
    """The last losses of ``record``, in nats per token and bits per byte, beside each language's share.

    Raises ``IndexError`` for a run that was not evaluated at all.
    """
    last = record.evaluations[-1]
    table = Table(title=f"Validation loss at {last.n_tokens:,} tokens", title_justify="left")
    table.add_column("language", no_wrap=True)
    for heading in ("share", "nats per token", "bits per byte"):
        table.add_column(heading, justify="right")
    for language, loss in last.losses.items():
        if is_direction(language):
            continue
        bits = last.metrics.get(f"bits_per_byte.{language}")
        name, share = labels.get(language, language), record.spec.proportions.get(language)
        table.add_row(plain(name), percent(share), number(loss), number(bits))
    if record.status != "ok":
        return Group(table, plain("There is no model."))
    speed = record.metrics.get("tokens_per_second")
    cost = f"{count(record.tokens_trained)} tokens, {count(record.flops, 'FLOP')}, {duration(record.seconds)}"
    return Group(table, plain(f"{cost}, {count(speed)} tokens a second"), Text(visible(f"Wrote {model}"), no_wrap=True))

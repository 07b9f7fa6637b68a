"""What cannot be right is said in a line: losses in two units, a law that foretells nothing, an exponent at an end."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np

from codescale.laws.fitting.fit import fit_law
from codescale.laws.warning import LawWarning
from codescale.runs.table import RunsTable
from codescale.runs.table_reader import read_runs

SIZES, LENGTHS = np.geomspace(1e6, 1e8, 5), np.geomspace(1e8, 1e10, 5)


def grid(folder: Path, twice: bool = False) -> RunsTable:
    """A law of one domain at five N by five D, noise 0.3 %; every run with two seeds where ``twice``."""
    generator = np.random.default_rng(0)
    lines = ["run_id,seed,n_params,n_tokens,proportion.text,loss.text"]
    for seed in range(1 + twice):
        for size in SIZES:
            for length in LENGTHS:
                loss = 1.7 + 400 * size**-0.34 + 410 * length**-0.28
                loss *= np.exp(0.003 * generator.standard_normal())
                lines.append(f"r{len(lines)},{seed},{size:.0f},{length:.0f},1,{loss:.6f}")
    path = folder / "runs.csv"
    path.write_text("\n".join(lines) + "\n")
    return read_runs(path)


def said(table: RunsTable, law: str = "chinchilla") -> str:
    """The warnings of a fit."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", LawWarning)
        fit_law(table, law, bootstrap=0)
    return "\n".join(str(one.message) for one in caught)


def test_a_sound_table_is_not_warned_of(tmp_path: Path) -> None:
    spoken = said(grid(tmp_path, twice=True))
    assert not any(word in spoken for word in ("unit", "foretells nothing", "range"))


def test_a_fit_says_what_is_doubted_of_its_rows(tmp_path: Path) -> None:
    table = grid(tmp_path)
    spoken = said(replace(table, losses=np.exp(table.losses)))
    assert "losses (of text) are above 15 nats per token, worse than guessing" in spoken
    assert "n_tokens counts steps" in said(replace(table, n_tokens=table.n_tokens / 1e6))


def test_equal_runs_in_two_units_are_named(tmp_path: Path) -> None:
    table = grid(tmp_path, twice=True)
    in_bits = np.where(table.seed[:, None] == 1, 1 / (3.5 * np.log(2)), 1.0)
    assert "loss.text: equal runs have losses of" in said(replace(table, losses=table.losses * in_bits))


def test_losses_in_two_units_are_seen_where_no_run_is_repeated(tmp_path: Path) -> None:
    table = grid(tmp_path)
    odd = np.arange(len(table)) % 2 == 1
    mixed = replace(table, losses=np.where(odd[:, None], table.losses * 0.41, table.losses))
    assert "foretells nothing" in said(mixed)


def test_an_exponent_at_the_end_of_its_range_is_named(tmp_path: Path) -> None:
    """No loss falls as D^-6."""
    table = grid(tmp_path)
    steep = 2.0 + (table.n_tokens / 3e8) ** -6.0
    assert "text.beta: at the end of the exponent's range" in said(replace(table, losses=steep[:, None]))

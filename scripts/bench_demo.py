"""Runs the demo from nothing in a new folder and writes what it took to docs/benchmarks/demo.md.

    .venv/bin/python scripts/bench_demo.py [--quick] [--folder FOLDER] [--page PAGE]

Wall time by stage, orchestration, and the peak of the memory of all its processes together (proportional set size, so
that shared pages count once). The download is timed apart. Other work on the machine makes the figures worse: leave it
idle.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

SAMPLE_SECONDS = 2.0


def tree_memory(process: psutil.Process) -> int:
    """Bytes of memory of ``process`` and all that it started, each shared page counted once over its users."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return total


def measured(command: list[str]) -> tuple[float, int]:
    """Seconds that ``command`` took and its peak of memory in bytes. Raises ``SystemExit`` where it fails."""
    begun = time.monotonic()
    process = subprocess.Popen(command)
    watched, peak = psutil.Process(process.pid), 0
    while process.poll() is None:
        try:
            peak = max(peak, tree_memory(watched))
        except psutil.NoSuchProcess:
            break
        time.sleep(SAMPLE_SECONDS)
    if process.wait():
        raise SystemExit(f"{' '.join(command)} failed with exit code {process.returncode}")
    return time.monotonic() - begun, peak


def page(title: str, folder: Path, corpus_seconds: float, seconds: float, peak: int) -> str:
    """The benchmark page, in Markdown."""
    timings: dict[str, Any] = json.loads((folder / "timings.json").read_text())
    comparison: dict[str, Any] = json.loads((folder / "comparison.json").read_text())
    machine, stages = timings["machine"], timings["stages"]
    lines = [
        f"# {title}",
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `scripts/bench_demo.py`: {machine['cpu']}, {machine['cores']} "
        f"cores, {machine['memory_gb']} GB; Python {machine['python']}, torch {machine['torch']}, "
        f"Ray {machine['ray']}, Optuna {machine['optuna']}.",
        "",
        "| what | figure |",
        "| --- | --- |",
        f"| corpus, download included | {corpus_seconds:.0f} s |",
        f"| everything after the corpus | {seconds / 60:.1f} min |",
        f"| peak memory of all processes | {peak / 2**30:.2f} GiB |",
        "",
        "| stage | seconds | of which orchestration | runs | tokens | FLOPs |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, cost in stages.items():
        lines.append(
            f"| {name} | {cost['seconds']:.1f} | {cost['orchestration_seconds']:.1f} | {cost['runs']} "
            f"| {cost['tokens']:,} | {cost['flops']:.3g} |"
        )
    share = sum(cost["orchestration_seconds"] for cost in stages.values()) / sum(c["seconds"] for c in stages.values())
    return "\n".join([*lines, "", f"Orchestration: {share:.1%} of all stages.", "", comparison["verdict"]["statement"]])


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the quick demo of three languages")
    parser.add_argument("--folder", type=Path, help="the study's folder (default: a temporary one)")
    parser.add_argument("--page", type=Path, help="where the page goes (default: docs/benchmarks/demo[-quick].md)")
    options = parser.parse_args()
    name = "demo-quick" if options.quick else "demo"
    folder = options.folder or Path(tempfile.mkdtemp(prefix="codescale-")) / name
    codescale = [sys.executable, "-m", "codescale.cli"]
    subprocess.run([*codescale, "init", str(folder), "--preset", "quick" if options.quick else "demo"], check=True)
    corpus_seconds, corpus_peak = measured([*codescale, "corpus", str(folder)])
    seconds, peak = measured([*codescale, "demo", str(folder)])
    target = options.page or Path(__file__).parents[1] / "docs" / "benchmarks" / f"{name}.md"
    target.parent.mkdir(parents=True, exist_ok=True)
    text = page(f"The {name.replace('-', ', ')}, from nothing", folder, corpus_seconds, seconds, max(peak, corpus_peak))
    target.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()

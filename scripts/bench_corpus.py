"""What building a corpus costs, beside an earlier version and beside `datasets.map`, on code that lies on this machine.

    .venv/bin/python scripts/bench_corpus.py --megabytes 20 100 --before CHECKOUT --datasets-python VENV/bin/python

Each side is a process of its own with everything that it takes, started one after the other on the same tables: `now`
and `before` read, clean, remove duplicates, split, train a tokenizer, tokenize and write shards; `datasets` reads,
cleans by the same rules, tokenizes with the tokenizer that `now` trained and writes Arrow files, with `datasets.map` in
as many processes as there are cores; `ray` is `now` by tasks of a Ray on this machine. Prints tokens a second, by wall
time and cores and by processor time, and the peak of memory of all processes of a side together (what they share counts
for each), and compares the corpora.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from corpus_material import write_material

_CORES = len(os.sched_getaffinity(0))

_BUILD = """
import json, sys
from pathlib import Path
from codescale.corpus.build import build_corpus
from codescale.progress import Silent
from codescale.stages.study import Study
from codescale.study.corpus import CorpusSection, TableSource
from codescale.study.folder import StudyFolder
folder = StudyFolder(Path(sys.argv[1]))
Study.create(folder.root, "quick", Silent())
tables = TableSource(kind="table", path=sys.argv[2], path_column="path", repository_column="repository")
section = CorpusSection(sources=(tables,), max_bytes_per_language=10**12)
config = folder.config().model_copy(update={"languages": ("python", "go"), "corpus": section})
more = []
if len(sys.argv) > 3:
    from codescale.cluster.ordered_tasks import OrderedTasks
    more = [OrderedTasks()]
manifest = build_corpus(config, folder, Silent(), *more)
tokens = sum(sum(entry.tokens.values()) for entry in manifest.languages.values())
print(json.dumps({"tokens": tokens, "corpus_id": manifest.corpus_id}))
"""

_DATASETS = """
import json, sys
import datasets
from pathlib import Path
from tokenizers import Tokenizer
from codescale.corpus.cleaning import clean
from codescale.corpus.record import Record
from codescale.study.corpus import CorpusSection
tables, tokenizer_file, out, cores = sys.argv[1:]
datasets.disable_progress_bars()
section = CorpusSection()
tokenizer = Tokenizer.from_file(tokenizer_file)
tokenizer.encode_special_tokens = True
languages = {".py": "python", ".go": "go"}
def work(rows):
    texts = []
    for text, repository, path in zip(rows["text"], rows["repository"], rows["path"]):
        record = Record(languages[path[path.rfind("."):]], repository, path, text.encode())
        cleaned, reason = clean(record, True, section)
        if cleaned is not None:
            texts.append(cleaned)
    return {"tokens": [encoding.ids + [0] for encoding in tokenizer.encode_batch_fast(texts)]}
table = datasets.load_dataset("parquet", data_dir=tables, split="train", cache_dir=f"{out}/cache")
found = table.map(work, batched=True, batch_size=256, remove_columns=table.column_names, num_proc=int(cores),
                  features=datasets.Features({"tokens": datasets.Sequence(datasets.Value("uint16"))}))
found.save_to_disk(f"{out}/tokens")
print(json.dumps({"tokens": sum(len(batch.column("tokens").combine_chunks().flatten()) for batch in
                                found.with_format("arrow").iter(1000))}))
"""


@dataclass(frozen=True)
class Cost:
    """What a side took: seconds of wall and of processor time, and the peak of its memory in MB."""

    answer: dict[str, object]
    wall: float
    processor: float
    memory: float


def _memory(process: psutil.Process) -> float:
    """Resident memory of a process and all below it, in MB."""
    total = 0
    for one in (process, *process.children(recursive=True)):
        try:
            total += one.memory_info().rss
        except psutil.Error:
            continue
    return total / 1e6


def measure(command: list[str], path: Path) -> Cost:
    """Runs ``command`` with the package in the checkout ``path``."""
    before, begun, peak = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic(), 0.0
    environment = os.environ | {"PYTHONPATH": str(path), "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        watched, said = psutil.Process(process.pid), []
        assert process.stdout is not None
        reader = threading.Thread(target=lambda: said.append(process.stdout.read()))
        reader.start()
        while process.poll() is None:
            try:
                peak = max(peak, _memory(watched))
            except psutil.Error:
                break
            time.sleep(0.1)
        reader.join()
    if process.returncode:
        raise SystemExit(f"a side ended with {process.returncode}: {command[:2]}")
    wall, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(json.loads(said[0].strip().splitlines()[-1]), wall, used, peak)


def _commands(given: argparse.Namespace, tables: Path, place: Path) -> dict[str, tuple[list[str], Path]]:
    here = Path(__file__).resolve().parents[1]

    def build(side: str) -> list[str]:
        return [sys.executable, "-c", _BUILD, str(place / side), str(tables.resolve())]

    sides = {"now": (build("now"), here)}
    if given.ray:
        sides["ray"] = ([*build("ray"), "ray"], here)
    if given.before is not None:
        sides["before"] = (build("before"), given.before.resolve())
    if given.datasets_python is not None:
        tokenizer = str(place / "now" / "corpus" / "tokenizer.json")
        out = str(place / "datasets")
        arguments = ["-c", _DATASETS, str(tables), tokenizer, out, str(_CORES)]
        sides["datasets"] = ([given.datasets_python, *arguments], here)
    return sides


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, nargs="+", default=[20, 100], help="of input (20 100)")
    parser.add_argument("--before", type=Path, help="a checkout of an earlier version")
    parser.add_argument("--datasets-python", help="the Python of an environment with datasets and what codescale needs")
    parser.add_argument("--ray", action="store_true", help="by tasks of Ray on this machine, too")
    parser.add_argument("--sources", type=Path, nargs="+", default=[Path(sys.prefix) / "lib", Path("/usr/lib")])
    parser.add_argument("--material", type=Path, help="folder that keeps the tables for the next time")
    given = parser.parse_args()
    print("   MB side            tokens  wall s   CPU s  tok/s/core  tok/CPU s  peak MB")
    if given.material is not None:
        given.material.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=given.material) as temporary:
        for megabytes in given.megabytes:
            tables = (given.material or Path(temporary)) / f"tables-{megabytes}"
            if not tables.exists():
                write_material(tables, given.sources, megabytes * 1_000_000)
            place = Path(temporary) / str(megabytes)
            place.mkdir()
            corpora = {}
            for side, (command, path) in _commands(given, tables, place).items():
                cost = measure(command, path)
                tokens = int(str(cost.answer["tokens"]))
                corpora[side] = cost.answer.get("corpus_id")
                print(
                    f"{megabytes:5} {side:9} {tokens:12,} {cost.wall:7.1f} {cost.processor:7.1f} "
                    f"{tokens / cost.wall / _CORES:11,.0f} {tokens / cost.processor:10,.0f} {cost.memory:8,.0f}",
                    flush=True,
                )
            built = {name: found for name, found in corpora.items() if found is not None}
            print(f"      corpora: {'the same' if len(set(built.values())) == 1 else built}", flush=True)


if __name__ == "__main__":
    main()

"""Near duplicates by four ways, side by side on the same texts: our signatures, datasketch, rensa and datatrove.

    VENV/bin/python scripts/bench_near_duplicates.py TABLES --megabytes 10

``VENV`` has datasketch, rensa, datatrove and what codescale needs; ``TABLES`` is a folder that `bench_corpus.py
--material` wrote. Each has the same sets of five words, and 128 permutations where it lets one choose (datatrove: 14
bands of 9). Prints processor seconds for each MB, and how many documents each finds that resemble an earlier one.
"""

from __future__ import annotations

import argparse
import re
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from datasketch import MinHash, MinHashLSH

from codescale.corpus.document import Document
from codescale.corpus.near_duplicates import near_duplicates, signatures_of_texts

SIMILARITY = 0.8
_WORD = re.compile(rb"\w+|[^\w\s]+")


def words_of(text: str) -> list[str]:
    """Every five consecutive words, as strings."""
    words = [word.decode(errors="replace") for word in _WORD.findall(text.encode())]
    return [" ".join(words[k : k + 5]) for k in range(max(1, len(words) - 4))] if words else []


def ours(texts: list[str]) -> int:
    """Signatures of all texts at once."""
    documents = [Document("r", str(k), "", text) for k, text in enumerate(texts)]
    return len(near_duplicates(signatures_of_texts(documents, SIMILARITY), SIMILARITY))


def with_datasketch(texts: list[str]) -> int:
    """datasketch with a fast hash of its strings."""
    index, kept, found = MinHashLSH(threshold=0.9 * SIMILARITY, num_perm=128), {}, 0
    for position, text in enumerate(texts):
        one = MinHash(num_perm=128, seed=1, hashfunc=zlib.crc32)
        one.update_batch([words.encode() for words in words_of(text)])
        if any(one.jaccard(kept[other]) >= SIMILARITY for other in index.query(one)):
            found += 1
        else:
            kept[position] = one
            index.insert(position, one)
    return found


def with_rensa(texts: list[str]) -> int:
    """rensa's R-MinHash and its index."""
    from rensa import RMinHash, RMinHashLSH

    index, kept, found = RMinHashLSH(threshold=0.9 * SIMILARITY, num_perm=128, num_bands=16), {}, 0
    for position, text in enumerate(texts):
        one = RMinHash(num_perm=128, seed=1)
        one.update(words_of(text))
        if any(one.jaccard(kept[other]) >= SIMILARITY for other in index.query(one)):
            found += 1
        else:
            kept[position] = one
            index.insert(position, one)
    return found


def with_datatrove(texts: list[str]) -> int:
    """datatrove's signatures; its buckets, which it sorts on the disk, are a dictionary here."""
    from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature

    config = MinhashConfig(n_grams=5, num_buckets=14, hashes_per_bucket=9)
    step = MinhashDedupSignature("unused", config, language="ace_Arab")  # its tokenizer is never asked: words are ours
    hash_words = step._hash_func
    buckets: list[set[tuple[int, ...]]] = [set() for _ in range(14)]
    found = 0
    for text in texts:
        shingles = np.fromiter((hash_words(words.encode()) for words in words_of(text)), dtype=np.uint64).reshape(-1, 1)
        if not len(shingles):
            continue
        bands = [tuple(band) for band in step.get_signature(shingles)]
        found += any(band in bucket for band, bucket in zip(bands, buckets, strict=True))
        for band, bucket in zip(bands, buckets, strict=True):
            bucket.add(band)
    return found


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", type=Path)
    parser.add_argument("--megabytes", type=int, default=10, help="of text (10)")
    given = parser.parse_args()
    texts, size = [], 0
    for table in sorted(given.tables.glob("*.parquet")):
        for text in pq.read_table(table, columns=["text"]).column("text").to_pylist():
            if size < given.megabytes * 1e6:
                texts.append(text)
                size += len(text.encode())
    print(f"{len(texts)} texts, {size / 1e6:.1f} MB")
    ways: dict[str, Callable[[list[str]], int]] = {
        "ours": ours,
        "datasketch": with_datasketch,
        "rensa": with_rensa,
        "datatrove": with_datatrove,
    }
    begun = time.process_time()
    for text in texts:
        words_of(text)
    print(f"{'the strings of five words':26} {(time.process_time() - begun) / size * 1e9:7.1f} ms/MB")
    for name, way in ways.items():
        begun = time.process_time()
        found = way(texts)
        print(f"{name:26} {(time.process_time() - begun) / size * 1e9:7.1f} ms/MB   {found:5} found", flush=True)


if __name__ == "__main__":
    main()

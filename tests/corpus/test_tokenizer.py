"""The tokenizer: even over languages, the same every time, loses nothing, readable by transformers."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from codescale.corpus.document import Document
from codescale.corpus.encoding import encode_texts
from codescale.corpus.tokenizer import (
    END_OF_DOCUMENT,
    beginning,
    even_share,
    load_tokenizer,
    save_tokenizer,
    train_tokenizer,
)
from tests.corpus.corpus_material import code

TEXTS = [code("python", seed) for seed in range(5)]


@cache
def tokenizer() -> Tokenizer:
    with tempfile.TemporaryDirectory() as folder:
        save_tokenizer(train_tokenizer(TEXTS, 300), Path(folder) / "tokenizer.json")
        return load_tokenizer(Path(folder) / "tokenizer.json")


def ids(text: str) -> list[int]:
    end = tokenizer().token_to_id(END_OF_DOCUMENT)
    (found,) = encode_texts(tokenizer(), [text], end)
    return [int(token) for token in found]


@given(st.text())
def test_nothing_is_lost(text: str) -> None:
    assert tokenizer().decode(ids(text)[:-1]) == text


@pytest.mark.parametrize("text", ["", f"a {END_OF_DOCUMENT} b", "héllo\tworld"])
def test_only_the_end_is_the_end(text: str) -> None:
    found = ids(text)
    assert found[-1] == 0
    assert 0 not in found[:-1]


def test_vocabulary_and_determinism(tmp_path: Path) -> None:
    assert tokenizer().get_vocab_size() == 300
    save_tokenizer(train_tokenizer(TEXTS, 300), tmp_path / "a.json")
    program = (
        "import sys\n"
        "from pathlib import Path; from codescale.corpus.tokenizer import *\n"
        "from tests.corpus.corpus_material import code\n"
        "save_tokenizer(train_tokenizer([code('python', s) for s in range(5)], 300), Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path / "b.json"], check=True)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_as_many_bytes_of_each_language() -> None:
    documents = {
        "python": [Document("r", f"{n}.py", "MIT", "p" * 100) for n in range(5)],
        "java": [Document("r", f"{n}.java", "MIT", "j" * 70) for n in range(3)],
    }
    for most, expected in ((10**9, 210), (150, 150)):
        share = even_share(documents, most)
        taken = {name: [beginning(documents[name][at].text, size) for at, size in rows] for name, rows in share.items()}
        assert {name: len("".join(texts)) for name, texts in taken.items()} == {"java": expected, "python": expected}


def test_a_beginning_has_no_half_of_a_character() -> None:
    assert [beginning("aéb", size) for size in range(1, 6)] == ["a", "a", "aé", "aéb", "aéb"]


def test_transformers_can_load_it(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    save_tokenizer(tokenizer(), tmp_path / "tokenizer.json")
    fast = transformers.PreTrainedTokenizerFast(tokenizer_file=str(tmp_path / "tokenizer.json"))
    assert fast(TEXTS[0])["input_ids"] == ids(TEXTS[0])[:-1]
    assert load_tokenizer(tmp_path / "tokenizer.json").get_vocab_size() == len(fast)

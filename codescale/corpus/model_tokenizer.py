"""The tokenizer of the model that a study's runs start from, with which its corpus is then tokenized."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from codescale.corpus.tokenizer import load_tokenizer
from codescale.errors import UserError
from codescale.files import read_json

TOKENIZER = "tokenizer.json"

_CONVERT = "write it with AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)"


def model_tokenizer(folder: Path, vocabulary: int) -> tuple[Tokenizer, int]:
    """The tokenizer of the model in ``folder`` and the id of the token that ends a document.

    Raises :class:`UserError` where there is no readable ``tokenizer.json``, where no token ends a text, and where it
    has tokens beyond the ``vocabulary`` rows of the model's embedding.
    """
    path = folder / TOKENIZER
    if not path.is_file():
        raise UserError(path, "no such file", _CONVERT)
    try:
        tokenizer = load_tokenizer(path)
    except Exception as error:  # the library raises nothing narrower
        reason = " ".join(str(error).split())[:120]
        raise UserError(path, f"is not a tokenizer ({reason})", _CONVERT) from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    highest = max(tokenizer.get_vocab(with_added_tokens=True).values(), default=0)
    if highest >= vocabulary:
        problem = f"has the token {highest:,}, beyond the model's {vocabulary:,}"
        raise UserError(path, problem, "use the tokenizer that the model was trained with")
    end = _end(folder, tokenizer)
    if end is None or not 0 <= end <= highest:
        raise UserError(
            folder,
            "no token ends a text: neither its tokenizer nor its configuration names one",
            "add eos_token to tokenizer_config.json",
        )
    return tokenizer, end


def _end(folder: Path, tokenizer: Tokenizer) -> int | None:
    """The tokenizer's end-of-text token, else the configuration's."""
    named = _content(folder / "tokenizer_config.json").get("eos_token")
    text = named.get("content") if isinstance(named, dict) else named
    if isinstance(text, str):
        return tokenizer.token_to_id(text)
    ids = _content(folder / "config.json").get("eos_token_id")
    first = next(iter(ids), None) if isinstance(ids, list) else ids
    return first if isinstance(first, int) else None


def _content(path: Path) -> dict[str, Any]:
    content = read_json(path) if path.is_file() else {}
    return content if isinstance(content, dict) else {}

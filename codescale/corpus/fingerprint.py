"""Tells whether a corpus was made from this configuration: everything that decides its content, hashed."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from codescale.corpus.model_tokenizer import TOKENIZER
from codescale.files import file_sha256
from codescale.parallel_programs.languages import VERSION
from codescale.study.config import StudyConfig
from codescale.study.corpus import CorpusSection

FORMAT = 1
"""Raised when the same configuration gives another corpus, because the code that makes it has changed."""

_DATA = ("catalogue.yaml", "npm_catalogue.yaml", "unwanted.yaml")

_LATER = (
    "translations",
    "program_column",
    "layout",
    "language_labels",
    "path_column",
    "license_column",
    "generated_column",
    "vendored_column",
    "contents",
    "encoding_column",
)
"""Keys of a source that came after the first corpora: where they say nothing a corpus is what it was without them."""


def corpus_content(section: CorpusSection) -> dict[str, Any]:
    """``section`` as it is hashed."""
    content = section.model_dump(mode="json")
    for source in content["sources"]:
        for key in _LATER:
            if source.get(key, "") is None:
                del source[key]
    return content


def fingerprint(config: StudyConfig) -> str:
    """A hash of the corpus section, the languages with their file endings, the lists that come with CodeScale, the
    version of generated programs where there are some, and what a model that runs start from brings: its tokenizer and
    the texts that it is to keep.

    What lies in a folder or a table of the user's own is not looked at: a corpus that changed under finished runs
    would make them worthless, so it is built anew only when the study's file says so, or its folder is deleted.
    """
    registry = config.registry()
    content: dict[str, Any] = {
        "format": FORMAT,
        "corpus": corpus_content(config.corpus),
        "languages": {name: [registry[name].kind, *registry[name].endings] for name in config.languages},
        "data": [(files("codescale.corpus") / name).read_text(encoding="utf-8") for name in _DATA],
    }
    if any(source.kind == "generated_programs" for source in config.corpus.sources):
        content["generated_programs"] = VERSION
    start = config.training.start
    if start is not None:
        tokenizer = Path(start.model) / TOKENIZER
        content["start"] = {"keep": start.keep, "tokenizer": file_sha256(tokenizer) if tokenizer.exists() else None}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

"""``codescale corpus``: sources in, token shards and their manifest out."""

from __future__ import annotations

import time

from codescale.corpus.build import build_corpus
from codescale.corpus.fetch import fetch_corpus
from codescale.corpus.manifest import Manifest
from codescale.stages.inputs import StageContext, refuse_trainer


def make_corpus(context: StageContext) -> Manifest:
    """Fetches, cleans, splits and tokenizes the sources. Returns the manifest."""
    refuse_trainer(context, "makes no corpus: the trainer reads data of its own", "go on with codescale sweep")
    begun = time.monotonic()
    fetch_corpus(context.folder)
    fresh = not context.folder.manifest.exists()
    manifest = build_corpus(context.config, context.folder, context.progress)
    context.forget_corpus()
    if fresh:
        context.timings.add("corpus", seconds=time.monotonic() - begun)
    return manifest

"""``codescale corpus``: sources in, token shards and their manifest out."""

from __future__ import annotations

import os
import time

from codescale.corpus.build import build_corpus
from codescale.corpus.fetch import fetch_corpus
from codescale.corpus.manifest import Manifest
from codescale.corpus.spread import Spread
from codescale.stages.inputs import StageContext, refuse_trainer


def make_corpus(context: StageContext) -> Manifest:
    """Fetches, cleans, splits and tokenizes the sources. Returns the manifest."""
    refuse_trainer(context, "makes no corpus: the trainer reads data of its own", "go on with codescale sweep")
    begun = time.monotonic()
    fetch_corpus(context.folder)
    fresh = not context.folder.manifest.exists()
    manifest = build_corpus(context.config, context.folder, context.progress, _spread())
    context.forget_corpus()
    if fresh:
        context.timings.add("corpus", seconds=time.monotonic() - begun)
    return manifest


def _spread() -> Spread | None:
    """Where the work goes that there is much of: to the cluster that Ray is told of; None: to this machine's cores."""
    if "RAY_ADDRESS" not in os.environ:
        return None
    from codescale.cluster.ordered_tasks import OrderedTasks

    return OrderedTasks()

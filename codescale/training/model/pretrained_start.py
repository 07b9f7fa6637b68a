"""The pretrained model that a study's runs start from: found or fetched, checked, its shape and vocabulary taken over.

What is found stands in the study's ``start.json``, so that a checksum of many gigabytes is made once, not by each
command.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from codescale.errors import UserError
from codescale.files import file_sha256, read_json, write_json
from codescale.progress import Progress
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from codescale.study.training import START_SIZE, StartSection
from codescale.training.model.hf_config import CONFIGURATION, Architecture, read_architecture
from codescale.training.model.hf_weights import INDEX, check_weights, weight_files

_FETCHED = (CONFIGURATION, "*.safetensors", INDEX, "tokenizer.json", "tokenizer_config.json")
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")


def with_start(config: StudyConfig, folder: StudyFolder, progress: Progress) -> StudyConfig:
    """Completes what a study says of the model to start from.

    Parameters
    ----------
    config
        The study.
    folder
        Its folder, into which a model of the hub is fetched.
    progress
        Shows fetching and checking.

    Returns
    -------
    StudyConfig
        ``config`` with what its ``training.start`` leaves open: the model's folder and checksum, the one size and the
        vocabulary. As it is where runs start from random weights.

    Raises
    ------
    UserError
        Where the model cannot be found or fetched, is not one that ours would equal, or is not the one that
        ``training.start.sha256`` asks for.
    """
    start = config.training.start
    if start is None:
        return config
    where = f"{folder.config_file}, training.start"
    model = _folder_of(start, folder, where, progress)
    found = read_architecture(model)
    sha256 = _checksum(start, model, found, folder, progress)
    if start.sha256 not in (None, sha256):
        raise UserError(f"{where}.sha256", f"{model} is another model: its checksum is {sha256}", "correct one of them")
    complete = start.model_copy(update={"model": str(model), "sha256": sha256})
    return _completed(config, complete, found)


def with_known_start(config: StudyConfig, folder: StudyFolder) -> StudyConfig | None:
    """``config`` with the shape and vocabulary of the model that :func:`with_start` has found before, as far as a plan
    of runs needs them; nothing is fetched, checked or written. None where it was not found yet, or is not here.
    """
    start, facts = config.training.start, _facts(folder)
    if start is None:
        return config
    local = folder.root / Path(start.model).expanduser()
    model = local if local.is_dir() else _fetched_folder(start, folder)
    if facts is None or not (model / CONFIGURATION).is_file():
        return None
    found = read_architecture(model)
    complete = start.model_copy(update={"model": str(model), "sha256": str(facts["sha256"])})
    return _completed(config, complete, found)


def _completed(config: StudyConfig, start: StartSection, found: Architecture) -> StudyConfig:
    return config.model_copy(
        update={
            "sizes": {START_SIZE: found.shape},
            "training": config.training.model_copy(update={"start": start}),
            "corpus": config.corpus.model_copy(update={"vocabulary": found.vocabulary}),
        }
    )


def _fetched_folder(start: StartSection, folder: StudyFolder) -> Path:
    return folder.start / f"{start.model.replace('/', '--')}@{start.revision or 'main'}"


def _folder_of(start: StartSection, folder: StudyFolder, where: str, progress: Progress) -> Path:
    local = folder.root / Path(start.model).expanduser()
    if local.is_dir():
        return local.resolve()
    if not _HUB_NAME.fullmatch(start.model):
        raise UserError(f"{where}.model", f"no such folder: {local}", "correct the path, or name a model of the hub")
    model, facts = _fetched_folder(start, folder), _facts(folder)
    whole = facts is not None and (facts["model"], facts["revision"]) == (start.model, start.revision)
    if not whole or not (model / CONFIGURATION).is_file():
        _fetch(start, model, where, progress)
    return model


def _fetch(start: StartSection, model: Path, where: str, progress: Progress) -> None:
    """Fetches the model into the study folder, where all workers find it; what is there of it already is kept."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    try:
        with progress.bar(f"Fetching {start.model}", None):
            snapshot_download(
                start.model,
                revision=start.revision,
                local_dir=model,
                allow_patterns=list(_FETCHED),
                ignore_patterns=["*/*"],
            )
    except (HfHubHTTPError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        hint = "correct the name, log in with: hf auth login, or name a folder that holds the model"
        raise UserError(f"{where}.model", f"{start.model} cannot be fetched ({reason})", hint) from None


def _facts(folder: StudyFolder) -> dict[str, Any] | None:
    facts = read_json(folder.start_facts) if folder.start_facts.exists() else None
    whole = isinstance(facts, dict) and {"model", "revision", "files", "sha256"} <= facts.keys()
    return facts if whole else None


def _checksum(start: StartSection, model: Path, found: Architecture, folder: StudyFolder, progress: Progress) -> str:
    """The SHA-256 of shape, vocabulary and weights; known already while the files are those that it was made from."""
    paths = weight_files(model)
    files = {path.name: [path.stat().st_size, path.stat().st_mtime_ns] for path in paths}
    content = f"{found.shape.model_dump_json()} {found.vocabulary}"
    known = {
        "model": start.model,
        "revision": start.revision,
        "files": files,
        "configuration": hashlib.sha256(content.encode()).hexdigest(),
    }
    facts = _facts(folder)
    if facts is not None and {name: facts.get(name) for name in known} == known:
        return str(facts["sha256"])
    check_weights(model, found)
    digest = hashlib.sha256(content.encode())
    with progress.bar(f"Checking {start.model}", sum(path.stat().st_size for path in paths)) as advance:
        for path in paths:
            digest.update(file_sha256(path).encode())
            advance(path.stat().st_size)
    write_json(folder.start_facts, known | {"sha256": digest.hexdigest()})
    return digest.hexdigest()
